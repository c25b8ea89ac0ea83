package service

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
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
	lease  *tenure

	resting   atomic.Bool // the last step found nothing to do
	orphanage orphanage
}

// State is what a runner is doing, for people.
type State string

// The states of a runner.
const (
	StateWaiting State = "waiting for the lease" // another worker has the portal
	// StateReceiving is that of a process that only receives.
	StateReceiving State = "receiving"
	StateLoading   State = "loading"
	StateWorking   State = "working"
	StatePaused    State = "paused"
	// StateDisconnected is a pause that only a person can end.
	StateDisconnected State = "disconnected"
)

func newRunner(s *Service, cfg config.Portal, conn Connection) (*Runner, error) {
	if conn.CRM == nil && s.works() {
		return nil, errors.New("no connection to its CRM")
	}
	sch := s.Config.Schedules
	specs := map[workflows.Chore]string{
		workflows.SweepOf(connector.TypeContact): sch.Contacts,
		workflows.SweepOf(connector.TypeCompany): sch.Companies,
		workflows.SweepOf(connector.TypeDeal):    sch.Deals,
		workflows.ChoreOwners:                    sch.Owners,
		workflows.ChorePrune:                     sch.Prune,
		workflows.ChoreRetry:                     "@every 10m",
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
	r := &Runner{svc: s, cfg: cfg, conn: conn, schedule: schedule, state: StateWaiting}
	if !s.works() {
		r.state = StateReceiving
	}
	return r, nil
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

// tenure is the lease that this process holds, nil if it holds none.
func (r *Runner) tenure() *tenure {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lease
}

// hold notes the lease; nil: it is gone.
func (r *Runner) hold(t *tenure) {
	r.mu.Lock()
	r.lease = t
	r.mu.Unlock()
}

// held works while the lease is held and gives it back at the end. Every call of the CRM ends while the lease certainly
// holds. It returns an error only for what waiting cannot mend.
func (r *Runner) held(ctx context.Context, t *tenure) error {
	work, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	t.mu.Lock()
	t.lost = cancel
	t.mu.Unlock()
	err := r.work(r.tenured(work, t), t)
	cancel(nil)
	r.set(StateWaiting)
	// The lease is given back even when the process is told to stop, so that another takes over at once.
	rel, done := r.svc.share.soon(context.WithoutCancel(ctx))
	defer done()
	if rerr := r.svc.Store.Release(rel, t.fence); rerr != nil && !errors.Is(rerr, workflows.ErrFenced) {
		r.svc.Log.Warn("release lease", "portal", t.fence.Portal, "error", rerr)
	}
	r.hold(nil)
	switch {
	case ctx.Err() != nil, errors.Is(err, workflows.ErrLeft):
		return nil
	case errors.Is(err, workflows.ErrFenced), errors.Is(context.Cause(work), workflows.ErrFenced):
		r.svc.Log.Warn("lost the lease", "portal", t.fence.Portal)
		return nil
	}
	return err
}

// work describes, prepares and works the portal, pausing and trying again for what passes. It ends with ErrLeft when the
// portal is to be given back.
func (r *Runner) work(ctx context.Context, t *tenure) error {
	for failures := 1; ; failures++ {
		err := workflows.Guard(r.svc.Log, "work", func() error { return r.attempt(ctx, t) })
		if err != nil && over(ctx, err) {
			return err
		}
		if r.State() == StateWorking {
			failures = 1
		}
		if waited, err := r.withoutDatabase(ctx, t, err, failures); err != nil {
			return err
		} else if waited {
			continue
		}
		if err := r.pause(ctx, t, err); err != nil && over(ctx, err) {
			return err
		} else if err != nil { // the database is gone; the portal is not worse off for trying again
			r.svc.Log.Error("record the pause; trying again", "portal", t.fence.Portal, "error", err)
			if err := t.wait(ctx, r.svc.Idle); err != nil {
				return err
			}
		}
	}
}

// over reports whether the work has ended for this process.
func over(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errors.Is(err, workflows.ErrFenced) || errors.Is(err, workflows.ErrLeft)
}

// attempt works the portal until something ends it.
func (r *Runner) attempt(ctx context.Context, t *tenure) error {
	f := t.fence
	if !r.svc.Weak.Without(workflows.PauseRevoked) {
		ctx = connector.UntilRejected(ctx)
	}
	found, err := Describe(ctx, r.svc.Config, r.cfg, r.svc.Model, r.conn)
	if err != nil {
		return err
	}
	portal := found.Portal
	if err := r.shadowFirst(ctx, f, portal); err != nil {
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
	crm, err := r.conn.keyed(found, r.svc.Weak)
	if err != nil {
		return err
	}
	w := r.worker(portal, crm)
	w.Leave = t.leave
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
// nobody has seen yet what they would do. A process that is started afterwards obeys the switches; one that ran already
// and takes the portal over is still the first run.
func (r *Runner) shadowFirst(ctx context.Context, f workflows.Fence, portal *workflows.Portal) error {
	if r.cfg.Simulated() {
		return nil
	}
	modes, err := r.svc.Store.Modes(ctx, portal.ID)
	if err != nil {
		return fmt.Errorf("read effect switches: %w", err)
	}
	if len(modes) == 0 {
		if err := r.svc.Store.SetFirstRun(ctx, f); err != nil {
			return err
		}
	}
	state, err := r.svc.Store.Portal(ctx, portal.ID)
	if err != nil {
		return fmt.Errorf("read first run: %w", err)
	}
	if state.FirstRunAt.IsZero() || r.svc.started.After(state.FirstRunAt) {
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
	if _, err := r.svc.Store.RecordModes(ctx, f, portal.Modes); err != nil {
		return fmt.Errorf("record effect switches: %w", err)
	}
	return nil
}

// pause records why the portal stands still, says so once, and waits until it is worth trying again.
func (r *Runner) pause(ctx context.Context, t *tenure, cause error) error {
	f := t.fence
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
	return t.wait(ctx, d)
}

func (r *Runner) worker(portal *workflows.Portal, crm CRM) *workflows.Worker {
	s, name := r.svc, r.cfg.Name
	w := &workflows.Worker{
		Puller: &workflows.Puller{
			CRM: r.conn.CRM, Store: s.Store, Portal: portal, Model: s.Model, Now: r.conn.Now,
			Overlap: s.Config.Schedules.CatchUpOverlap, Announced: r.conn.Verifier != nil, Pass: s.Pass, Weak: s.Weak,
		},
		Reconciler: &workflows.Reconciler{CRM: r.conn.CRM, Store: s.Store, Portal: portal, Model: s.Model, Now: r.conn.Now, Pass: s.Pass, Arrivals: s.Store, Weak: s.Weak},
		Pusher: &workflows.Pusher{
			CRM: crm, Look: crm, Lists: crm, Copies: crm, Store: s.Store, Portal: portal, Jitter: s.Jitter, Pass: s.Pass, Weak: s.Weak,
			Paused: func(c workflows.Class) {
				s.Log.Error("class of effect paused by its limit", "portal", portal.ID, "class", c,
					"remedy", "look at `leadsync effects`, then `leadsync effects release`")
			},
		},
		Store: s.Store, Baseline: s.Store, Schedule: r.schedule, Log: s.Log, Now: r.conn.Now, Jitter: s.Jitter,
		Window: s.Config.Limits.BatchWindow, Idle: s.Idle, Rest: s.Rest, Weak: s.Weak,
	}
	w.Pruner = &workflows.Pruner{Store: s.Store, Retention: s.Config.Retention, Now: r.conn.Now, Clock: s.Now, Log: s.Log}
	w.Storage, w.Reconciler.Quarantine = s.Store, s.Store
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
	w.Stepped = func(worked bool) {
		r.resting.Store(!worked)
		if f := s.Observer.Idle; f != nil && !worked {
			f(name)
		}
	}
	return w
}
