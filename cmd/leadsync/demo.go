package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"leadsync/cmd/leadsync/audit"
	"leadsync/cmd/leadsync/config"
	"leadsync/cmd/leadsync/service"
	"leadsync/connector/hubspot"
	"leadsync/connector/hubspot/simulator"
	"leadsync/connector/hubspot/simulator/population"
	"leadsync/workflows"
	"leadsync/workflows/store"
)

type demoOptions struct {
	lasts    time.Duration
	turns    int           // steps instead of a time, as fast as they go; 0: as long as lasts
	speed    time.Duration // simulated time per second
	contacts int
	seed     uint64
	keep     bool
}

func demoCommand(env *environment) *cobra.Command {
	var o demoOptions
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Watch a simulated account being scored, staged and followed up, then audit it",
		Long: "Starts a simulated HubSpot account with people in it, and leadsync beside it on SQLite, and lets the people behave.\n" +
			"Nothing leaves this machine. At the end an auditor who knows only the account's own journal and the model file\n" +
			"decides, with an evaluator of its own, whether every contact is as it should be (exit code 3 if not).",
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case o.contacts < 1:
				return usageError{fmt.Errorf("--contacts must be at least 1, not %d", o.contacts)}
			case o.speed < time.Minute:
				return usageError{fmt.Errorf("--speed must be at least 1m (simulated time per second), not %s", o.speed)}
			case o.lasts < 0:
				return usageError{fmt.Errorf("--for cannot be negative: %s", o.lasts)}
			}
			return runDemo(cmd.Context(), env, o)
		},
	}
	cmd.Flags().DurationVar(&o.lasts, "for", 30*time.Second, "how long people behave, counted from the end of the first load")
	cmd.Flags().DurationVar(&o.speed, "speed", 12*time.Hour, "simulated time that passes in a second")
	cmd.Flags().IntVar(&o.contacts, "contacts", 500, "contacts in the account at the start")
	cmd.Flags().Uint64Var(&o.seed, "seed", 1, "the same seed gives the same account and the same behaviour")
	cmd.Flags().BoolVar(&o.keep, "keep", false, "leave account and service running at the end, and their files in place")
	return cmd
}

// demo is one run.
type demo struct {
	cfg config.Portal // of the simulated account
	demoOptions
	env     *environment
	screen  *screen
	clock   *worldClock
	account *simulator.Account
	people  *population.World
	store   *store.Store
	svc     *service.Service
	runner  *service.Runner
	model   []byte

	live, idle chan struct{}
	park       chan chan struct{} // hands the idle worker a channel to wait on
	apiURL     string
	goLive     int // journal position
	goLiveAt   time.Time
	steps      []time.Time
	tamper     func(*simulator.Account) // tests break something before the audit
}

// demoStart is the world's time when the demo begins: a Monday morning, the same in every run.
func demoStart() time.Time { return time.Date(2026, time.November, 2, 7, 0, 0, 0, time.UTC) }

func runDemo(ctx context.Context, env *environment, o demoOptions) error {
	d := &demo{demoOptions: o, env: env, screen: newScreen(env), model: demoModel()}
	return d.run(ctx)
}

func (d *demo) run(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "leadsync-demo-")
	if err != nil {
		return fmt.Errorf("make a folder for the demo: %w", err)
	}
	if !d.keep {
		defer func() { _ = os.RemoveAll(dir) }() // temporary files; the system clears what stays
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop, err := d.build(ctx, dir)
	if err != nil {
		return err
	}
	g, run := errgroup.WithContext(ctx)
	g.Go(func() error { return d.svc.Run(run) })
	err = d.story(run, dir)
	cancel()
	err = errors.Join(err, g.Wait(), stop())
	return err
}

// story is what a spectator sees.
func (d *demo) story(ctx context.Context, dir string) error {
	if err := d.firstLoad(ctx); err != nil {
		return err
	}
	if err := d.behave(ctx); err != nil {
		return err
	}
	report := d.audit()
	d.screen.summary(d, report)
	if d.keep {
		d.screen.kept(d, dir)
		<-ctx.Done()
	}
	if len(report.Findings) > 0 {
		return errFound
	}
	return nil
}

// build makes the account, its people, and the service beside it, all on the loopback address.
func (d *demo) build(ctx context.Context, dir string) (stop func() error, err error) {
	api, err := listen(ctx, "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	hooks, err := listen(ctx, "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	target := "http://" + hooks.Addr().String() + "/webhooks/hubspot"
	d.apiURL = "http://" + api.Addr().String()
	d.clock = standingClock(demoStart())
	d.account = simulator.New(simulator.Options{
		PortalID: simulatedPortal, AppID: simulatedApp, Token: simulatedToken, Now: d.clock.Now, Wall: d.env.now, Seed: d.seed,
		Webhook: simulator.WebhookTarget{URL: target, Secret: simulatedSecret},
	})
	if err := addProperties(d.account); err != nil {
		return nil, err
	}
	d.people = population.Populate(d.account, population.Options{Seed: d.seed, Contacts: d.contacts, Start: demoStart()})
	if err := d.wire(ctx, dir, api, hooks, target); err != nil {
		return nil, err
	}
	d.account.Start(ctx)
	stopAPI := serveHandler(ctx, d.env.now, api, d.apiHandler())
	stopHooks := serveHandler(ctx, d.env.now, hooks, d.svc.Handler())
	return func() error {
		d.account.Close()
		return errors.Join(stopHooks(), stopAPI(), d.store.Close())
	}, nil
}

func (d *demo) apiHandler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/control/", d.account.Control()) // people at the keyboard, with --keep
	mux.Handle("/", d.account.Handler())         // leadsync
	return mux
}

// wire writes the installation as a user would and starts the service from it.
func (d *demo) wire(ctx context.Context, dir string, api, hooks net.Listener, target string) error {
	text := installationFor("http://"+api.Addr().String(), hooks.Addr().String(), target, "on")
	if err := writeFiles(dir, text, d.model); err != nil {
		return err
	}
	env := d.env
	cfg, err := config.Load(filepath.Join(dir, "leadsync.yaml"))
	if err != nil {
		return err
	}
	model, err := loadModel(env, cfg.Model, namedByConfiguration)
	if err != nil {
		return err
	}
	d.cfg = cfg.Portals[0]
	in := &installation{cfg: cfg, model: model}
	if d.store, err = in.open(ctx, env); err != nil {
		return err
	}
	log := newLog(env, config.Log{Level: slog.LevelError.String()})
	conn, _, err := connect(env, cfg, cfg.Portals[0], log, func(c hubspot.Call) { d.svc.Calls("demo")(c) })
	if err != nil {
		return err
	}
	conn.Now = d.clock.Now
	d.live, d.idle, d.park = make(chan struct{}, 1), make(chan struct{}, 1), make(chan chan struct{})
	d.svc, err = service.New(service.Options{
		Config: cfg, Model: model, Store: d.store, Connections: map[string]service.Connection{"demo": conn}, Log: log,
		Now: d.env.now, Jitter: jitter, Worker: workerName(env), Idle: 20 * time.Millisecond,
		Observer: service.Observer{
			Progress: d.screen.progress, Planned: d.screen.planned, Settled: d.screen.settled,
			Live: func(string) { notify(d.live) }, Idle: func(string) { d.rest() },
		},
	})
	if err != nil {
		return err
	}
	d.runner = d.svc.Runner("demo")
	return nil
}

func notify(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// firstLoad waits for the baseline and for the scores that follow from it.
func (d *demo) firstLoad(ctx context.Context) error {
	d.screen.opening(d)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-d.live:
	}
	d.goLiveAt = d.clock.Now()
	d.goLive = d.baselineEnd()
	if err := d.drain(ctx); err != nil {
		return err
	}
	d.screen.loaded(d)
	return nil
}

// baselineEnd is the position in the journal before leadsync's first write.
func (d *demo) baselineEnd() int {
	for _, e := range d.account.Journal() {
		if e.Actor.Kind == simulator.API {
			return e.Seq - 1
		}
	}
	return len(d.account.Journal())
}

// behave lets people behave in lock-step: the next step begins when everything that the last one caused has
// been seen and done, so that every state is seen and the audit can be exact.
func (d *demo) behave(ctx context.Context) error {
	began := d.env.now()
	const perSecond = 4 // steps, so that the screen moves
	stride := max(d.speed/perSecond, time.Minute).Truncate(time.Minute)
	for n := 1; ; n++ {
		if d.turns > 0 && n > d.turns || d.turns == 0 && d.env.now().Sub(began) >= d.lasts {
			return nil
		}
		if err := d.step(ctx, stride); err != nil {
			return err
		}
		if err := d.drain(ctx); err != nil {
			return err
		}
		d.screen.settle()
		if d.turns > 0 {
			continue
		}
		if err := workflows.Wait(ctx, began.Add(time.Duration(n)*time.Second/perSecond).Sub(d.env.now())); err != nil {
			return err
		}
	}
}

// step lets the world's time pass and people behave while the worker stands still, and asks for sweeps before
// it goes on: everything that happened at one instant is known before anything is decided at that instant.
func (d *demo) step(ctx context.Context, stride time.Duration) error {
	release := make(chan struct{})
	defer close(release)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case d.park <- release:
	}
	from := d.clock.Now()
	to := from.Add(stride)
	if err := d.clock.Move(to); err != nil {
		return err
	}
	d.steps = append(d.steps, to)
	d.screen.step(to, d.people.Step(from, to))
	d.runner.Sweep()
	return nil
}

// rest is where the worker comes when it has nothing to do.
func (d *demo) rest() {
	select {
	case release := <-d.park:
		<-release
	default:
		notify(d.idle)
	}
}

// drainLimit is how long one step may take to settle before the demo gives up and says what is stuck.
const drainLimit = 60 * time.Second

// drain waits until nothing is under way: no webhook waits, a sweep that began after the last change in the
// account found nothing new, no record is due and the outbox is empty.
func (d *demo) drain(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, drainLimit)
	defer cancel()
	for {
		before := len(d.account.Journal())
		d.runner.Sweep()
		for {
			select {
			case <-ctx.Done():
				return d.stuck(ctx)
			case <-d.idle:
			}
			if d.runner.Wanted() == 0 && d.account.Pending().Total() == 0 {
				break
			}
			d.runner.Wake()
		}
		b, err := d.store.Backlog(ctx, simulatedPortalID, d.clock.Now())
		if err != nil {
			return err
		}
		waiting := b.Due + b.Waiting + b.Outbox[workflows.StateReady] + b.Outbox[workflows.StateSending]
		if waiting == 0 && len(d.account.Journal()) == before && d.account.Pending().Total() == 0 {
			return nil
		}
	}
}

const simulatedPortalID = "48000001"

func (d *demo) stuck(ctx context.Context) error {
	b, err := d.store.Backlog(context.WithoutCancel(ctx), simulatedPortalID, d.clock.Now())
	if err != nil || !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return errors.Join(ctx.Err(), err)
	}
	return fmt.Errorf("the demo did not settle within %s: %d records due, outbox %v, paused classes %v, account %+v, service %q",
		drainLimit, b.Due, b.Outbox, b.PausedClass, d.account.Pending(), d.runner.State())
}

// audit decides from the account's own journal and the model file alone.
func (d *demo) audit() audit.Report {
	if d.tamper != nil {
		d.tamper(d.account)
	}
	return audit.Run(audit.Input{
		Model: d.model, Journal: d.account.Journal(), Account: d.account, GoLive: d.goLive, GoLiveAt: d.goLiveAt,
		Steps: d.steps, Mapping: withCalendar(auditMapping(d.runner.Portal()), d.cfg, d.account.Owners()), Words: auditWords(),
	})
}

// auditMapping tells the auditor how the account calls things.
func auditMapping(p *workflows.Portal) audit.Mapping {
	m := audit.Mapping{
		Stages: p.Stages, Statuses: p.Statuses, Order: p.Order, Outcomes: p.Outcomes, Scores: p.Written.Scores,
		Grade: p.Written.Grade, Tier: p.Written.Tier, RankProperty: p.Written.Rank,
		ReasonsProperty: p.Written.Reasons, KeyProperty: "leadsync_key", Sources: p.Sources,
		ScoredAtProperty: p.Written.ScoredAt, LastReasonProperty: p.Written.LastReason,
		ResponsibleProperty: p.Written.Responsible, MissingProperty: p.Written.Missing,
		CompanyOrder: p.CompanyOrder, CompanyClass: string(p.Mode(workflows.ClassCompany)), TakeImports: !p.HoldImports, NewContacts: p.NewContacts,
		Pipelines: map[string]string{}, DealStages: map[string]string{}, LostReason: p.Names.DealLostReason, Lists: p.Lists, Queues: p.Queues, Language: p.Language, FallbackOwner: p.FallbackOwner,
	}
	for name, target := range p.Pipelines {
		m.Pipelines[name], m.DealStages[name] = target.ID, target.Stage
		for stage, id := range target.Stages {
			m.DealStages[name+"/"+stage] = id
		}
	}
	return m
}
