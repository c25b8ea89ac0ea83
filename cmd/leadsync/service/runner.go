package service

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"leadsync/cmd/leadsync/config"
	"leadsync/connector"
	"leadsync/connector/hubspot"
	"leadsync/workflows"
)

// Runner works one portal.
type Runner struct {
	svc      *Service
	cfg      config.Portal
	conn     Connection
	schedule *workflows.Schedule

	mu     sync.Mutex
	state  State
	portal *workflows.Portal
	first  bool // this process is the first to work the account

	orphanage orphanage
}

// State is what a runner is doing, for people.
type State string

// The states of a runner.
const (
	StateWaiting State = "waiting for the lease" // another worker has the portal
	StateLoading State = "loading"
	StateWorking State = "working"
	StatePaused  State = "paused"
	// StateDisconnected is a pause that only a person can end.
	StateDisconnected State = "disconnected"
)

func newRunner(s *Service, cfg config.Portal, conn Connection) (*Runner, error) {
	if conn.CRM == nil {
		return nil, errors.New("no connection to its CRM")
	}
	sch := s.Config.Schedules
	specs := map[workflows.Chore]string{
		workflows.SweepOf(connector.TypeContact): sch.Contacts,
		workflows.SweepOf(connector.TypeCompany): sch.Companies,
		workflows.SweepOf(connector.TypeDeal):    sch.Deals,
		workflows.ChoreOwners:                    sch.Owners,
		workflows.ChorePrune:                     sch.Prune,
		workflows.ChoreRepair:                    sch.Repair,
	}
	for _, t := range workflows.ActivityTypes(s.Model) { // what the model does not read costs no search
		specs[workflows.SweepOf(t)] = sch.Activities
	}
	if cfg.Submissions {
		specs[workflows.ChoreSubmissions] = sch.Submissions
	}
	schedule, err := workflows.NewSchedule(specs, time.UTC, s.Log)
	if err != nil {
		return nil, err
	}
	return &Runner{svc: s, cfg: cfg, conn: conn, schedule: schedule, state: StateWaiting}, nil
}

// State says what the runner is doing.
func (r *Runner) State() State {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state
}

// Portal is the account as the runner knows it; nil before it has described it.
func (r *Runner) Portal() *workflows.Portal {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.portal
}

// Sweep asks for a sweep of everything now.
func (r *Runner) Sweep() {
	chores := []workflows.Chore{workflows.ChoreOwners}
	for _, t := range workflows.ReadTypes() {
		chores = append(chores, workflows.SweepOf(t))
	}
	if r.cfg.Submissions {
		chores = append(chores, workflows.ChoreAllSubmissions)
	}
	r.schedule.Want(chores...)
}

// Repair asks for a walk through the whole account, unless one is under way.
func (r *Runner) Repair() { r.schedule.Want(workflows.ChoreRepair) }

// Wanted is how many chores wait to be done.
func (r *Runner) Wanted() int { return r.schedule.Pending() }

// Wake lets the worker look at once.
func (r *Runner) Wake() { r.schedule.Wake() }

func (r *Runner) set(s State) {
	r.mu.Lock()
	r.state = s
	r.mu.Unlock()
}

// Run works the portal until the context ends: takes the lease, works while it holds, and starts over.
// It returns an error only for what waiting cannot mend.
func (r *Runner) Run(ctx context.Context) error {
	s := r.svc
	if err := s.Store.EnsurePortal(ctx, r.cfg.Account, r.cfg.CRM, r.cfg.Name); err != nil {
		return fmt.Errorf("register portal %q: %w", r.cfg.Name, err)
	}
	r.schedule.Start()
	defer r.schedule.Stop()
	lease := s.Config.Limits.Lease
	for {
		fence, ok, err := s.Store.Acquire(ctx, r.cfg.Account, s.Worker, lease)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			s.Log.Error("acquire lease", "portal", r.cfg.Account, "error", err)
		case ok:
			if err := r.held(ctx, fence, lease); err != nil {
				return err
			}
		}
		if ctx.Err() != nil {
			return nil
		}
		r.set(StateWaiting)
		if workflows.Wait(ctx, lease/3) != nil {
			return nil
		}
	}
}

// held works while the lease is held and gives it back at the end.
func (r *Runner) held(ctx context.Context, f workflows.Fence, lease time.Duration) error {
	work, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	renewed := make(chan struct{})
	go func() {
		defer close(renewed)
		r.renew(work, cancel, f, lease)
	}()
	err := r.work(work, f)
	cancel(nil)
	<-renewed
	// The lease is given back even when the process is told to stop, so that another takes over at once.
	rel, done := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer done()
	if rerr := r.svc.Store.Release(rel, f); rerr != nil && !errors.Is(rerr, workflows.ErrFenced) {
		r.svc.Log.Warn("release lease", "portal", f.Portal, "error", rerr)
	}
	if ctx.Err() != nil || errors.Is(err, workflows.ErrFenced) || errors.Is(context.Cause(work), workflows.ErrFenced) {
		return nil
	}
	return err
}

func (r *Runner) renew(ctx context.Context, cancel context.CancelCauseFunc, f workflows.Fence, lease time.Duration) {
	ticker := time.NewTicker(lease / 3)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			err := r.svc.Store.Renew(ctx, f, lease)
			if errors.Is(err, workflows.ErrFenced) {
				r.svc.Log.Warn("lost the lease", "portal", f.Portal)
				cancel(err)
				return
			}
			if err != nil && ctx.Err() == nil {
				r.svc.Log.Error("renew lease", "portal", f.Portal, "error", err)
			}
		}
	}
}

// work describes, prepares and works the portal, pausing and trying again for what passes.
func (r *Runner) work(ctx context.Context, f workflows.Fence) error {
	for {
		err := r.attempt(ctx, f)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, workflows.ErrFenced):
			return err
		}
		if err := r.pause(ctx, f, err); err != nil {
			return err
		}
	}
}

// attempt works the portal until something ends it.
func (r *Runner) attempt(ctx context.Context, f workflows.Fence) error {
	found, err := Describe(ctx, r.svc.Config, r.cfg, r.svc.Model, r.conn)
	if err != nil {
		return err
	}
	portal := found.Portal
	if err := r.shadowFirst(ctx, portal); err != nil {
		return err
	}
	for _, finding := range found.Findings {
		r.svc.Log.Warn("account", "portal", f.Portal, "finding", finding.Text, "remedy", finding.Remedy)
	}
	r.mu.Lock()
	r.portal = portal
	r.mu.Unlock()
	if was, err := r.svc.Store.Resume(ctx, f); err != nil {
		return err
	} else if was {
		r.svc.Log.Info("portal resumed", "portal", f.Portal)
	}
	if err := r.adoptModel(ctx, f, portal); err != nil {
		return err
	}
	crm, err := r.conn.keyed(found)
	if err != nil {
		return err
	}
	w := r.worker(portal, crm)
	r.set(StateLoading)
	if err := w.Prepare(ctx, f); err != nil {
		return err
	}
	if r.svc.Observer.Live != nil {
		r.svc.Observer.Live(r.cfg.Name)
	}
	r.set(StateWorking)
	return w.Run(ctx, f)
}

// shadowFirst keeps every effect in shadow in the first run against a real account, whatever the switches say:
// nobody has seen yet what they would do. The next start obeys the switches and prints the counts first.
func (r *Runner) shadowFirst(ctx context.Context, portal *workflows.Portal) error {
	modes, err := r.svc.Store.Modes(ctx, portal.ID)
	if err != nil {
		return fmt.Errorf("read effect switches: %w", err)
	}
	r.mu.Lock()
	r.first = r.first || len(modes) == 0
	first := r.first && !r.cfg.Simulated()
	r.mu.Unlock()
	if !first {
		return nil
	}
	for class, mode := range portal.Modes {
		if mode == workflows.ModeOn {
			portal.Modes[class] = workflows.ModeShadow
			r.svc.Log.Warn("first run against this account: effect stays in shadow", "portal", portal.ID, "class", class,
				"remedy", "look at `leadsync effects`, then restart")
		}
	}
	return nil
}

// adoptModel records the model and the effect switches. The contacts that were evaluated with others are evaluated
// again in the background (workflows.Reevaluator).
func (r *Runner) adoptModel(ctx context.Context, f workflows.Fence, portal *workflows.Portal) error {
	if _, err := r.svc.Store.SetModel(ctx, f, r.svc.Model.Version(), r.svc.Model.Canonical()); err != nil {
		return fmt.Errorf("record model: %w", err)
	}
	if _, err := r.svc.Store.RecordModes(ctx, f.Portal, portal.Modes); err != nil {
		return fmt.Errorf("record effect switches: %w", err)
	}
	return nil
}

// pause records why the portal stands still, says so once, and waits until it is worth trying again.
func (r *Runner) pause(ctx context.Context, f workflows.Fence, cause error) error {
	r.set(StatePaused)
	if errors.Is(cause, hubspot.ErrDisconnected) {
		r.set(StateDisconnected)
		cause = fmt.Errorf("%w; run `leadsync connect --portal %s`", cause, r.cfg.Name)
	}
	d := r.svc.Probe
	var ce *connector.Error
	if errors.As(cause, &ce) && ce.RetryAfter > 0 {
		d = ce.RetryAfter
	}
	// No end is recorded: trying again, not time, ends the pause, and the log says it once.
	first, err := r.svc.Store.Pause(ctx, f, 0, cause.Error())
	if err != nil {
		return err
	}
	if first {
		r.svc.Log.Error("portal paused", "portal", f.Portal, "wait", d, "error", cause)
	}
	return workflows.Wait(ctx, d)
}

func (r *Runner) worker(portal *workflows.Portal, crm CRM) *workflows.Worker {
	s, name := r.svc, r.cfg.Name
	w := &workflows.Worker{
		Puller: &workflows.Puller{
			CRM: r.conn.CRM, Store: s.Store, Portal: portal, Model: s.Model, Now: r.conn.Now,
			Overlap: s.Config.Schedules.CatchUpOverlap, Announced: r.conn.Verifier != nil, Pass: s.Pass,
		},
		Reconciler: &workflows.Reconciler{CRM: r.conn.CRM, Store: s.Store, Portal: portal, Model: s.Model, Now: r.conn.Now, Pass: s.Pass, Arrivals: s.Store},
		Pusher: &workflows.Pusher{
			CRM: crm, Look: crm, Lists: crm, Copies: crm, Store: s.Store, Portal: portal, Jitter: s.Jitter, Pass: s.Pass,
			Paused: func(c workflows.Class) {
				s.Log.Error("class of effect paused by its limit", "portal", portal.ID, "class", c,
					"remedy", "look at `leadsync effects`, then `leadsync effects release`")
			},
		},
		Store: s.Store, Baseline: s.Store, Schedule: r.schedule, Log: s.Log, Now: r.conn.Now, Jitter: s.Jitter,
		Window: s.Config.Limits.BatchWindow, Idle: s.Idle, Keep: 30 * 24 * time.Hour,
	}
	w.Reconciler.Past = historyOf(r.conn.CRM)
	w.Repair = &workflows.Repair{
		Puller: w.Puller, CRM: r.conn.CRM, Store: s.Store, Clock: s.Now,
		PerMinute: float64(s.Config.Limits.RepairCallsPerMinute), Log: s.Log,
	}
	w.Filler = &workflows.Filler{
		CRM: r.conn.CRM, Store: s.Store, Puller: w.Puller, Clock: s.Now, PerMinute: fillsPerMinute(s.Config.Limits.GeneralPerSecond), Log: s.Log,
	}
	w.Reconciler.Fill = w.Filler
	w.Reevaluator = &workflows.Reevaluator{
		Reconciler: w.Reconciler, Store: s.Store, Clock: s.Now, Log: s.Log, Walked: s.metrics.walked(name),
	}
	w.Sources = r.sources(portal)
	w.Reconciler.Planned = s.planned(name)
	w.Pusher.Settled = s.settled(name)
	if f := s.Observer.Progress; f != nil {
		w.Puller.Progress = func(p workflows.Progress) { f(name, p) }
	}
	if f := s.Observer.Idle; f != nil {
		w.Stepped = func(worked bool) {
			if !worked {
				f(name)
			}
		}
	}
	return w
}
