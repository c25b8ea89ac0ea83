package workflows

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"leadsync/connector"
)

type workStore interface {
	Due(ctx context.Context, portal connector.PortalID, business time.Time, types []connector.ObjectType, limit int) ([]DueRow, error)
	Postpone(ctx context.Context, f Fence, rows []Postponed) error
}

// Postponed is a due row that could not be worked on.
type Postponed struct {
	Type  connector.ObjectType
	ID    connector.ObjectID
	Wait  time.Duration
	Error string
	// Free says that it was not the record's fault; attempts are not counted.
	Free bool
}

type baselineStore interface {
	Portal(ctx context.Context, portal connector.PortalID) (PortalState, error)
	Contacts(ctx context.Context, portal connector.PortalID, after connector.ObjectID, limit int) ([]connector.ObjectID, error)
	SetGoLive(ctx context.Context, f Fence, at time.Time) error
	Feed(ctx context.Context, portal connector.PortalID, feed string) (FeedState, error)
}

// Worker does everything for one portal while it holds the lease, one thing at a time: with one thread per
// account, what was read cannot be overtaken by what was written.
type Worker struct {
	Puller     *Puller
	Reconciler *Reconciler
	Pusher     *Pusher
	Store      workStore
	Baseline   baselineStore
	Schedule   *Schedule
	Log        *slog.Logger
	Now        func() time.Time // business time
	Jitter     func() float64
	// Window lets hints gather before a batch is read; Idle is how often to look without being told, for
	// retries and for what only time changes.
	Window, Idle time.Duration
	// Pruner deletes what is old, a step between other work; nil: nothing is deleted.
	Pruner *Pruner
	// Repair is the slow walk, taken a step at a time when nothing else is to do; nil: none.
	Repair *Repair
	// Filler reads properties that were never read of stored records, before these are evaluated again; nil: none.
	Filler *Filler
	// Reevaluator evaluates stored contacts again after a change of the model, a few at a time when nothing else is to
	// do; nil: none.
	Reevaluator *Reevaluator
	// Sources are optional sources, read a few calls at a time; nil: none.
	Sources *Sources
	// Storage tells after a failure whether the database takes writes; nil: it is tried by working.
	Storage prober
	// Stepped is told after every step whether there was work; may be nil.
	Stepped func(worked bool)
	// Weak switches defences off, in the simulation only.
	Weak Weakness
	// Rest is how long to wait in the place of Idle while nothing goes on in the background: somebody else looks and wakes
	// (0: Idle). Leave is closed when the portal is to be given back: Run then ends between two steps with ErrLeft; nil: never.
	Rest  time.Duration
	Leave <-chan struct{}

	crowded bool // the last look found as many due contacts as a batch takes
	batches int  // that go before the next page of a sweep of contacts
}

// Prepare brings a portal live if it is not: owners, first load of every type, and the baseline. It resumes
// where a crash left it. Until it is done, nothing is due and nothing is written (design, "Quiet from
// day one").
func (w *Worker) Prepare(ctx context.Context, f Fence) error {
	if err := w.Puller.Owners(ctx, f); err != nil {
		return err
	}
	state, err := w.Baseline.Portal(ctx, f.Portal)
	if err != nil {
		return fmt.Errorf("load portal %q: %w", f.Portal, err)
	}
	if err := w.Filler.Begin(ctx, f); err != nil { // before the re-evaluation, whose basis tells whether anything changed
		return err
	}
	if err := w.Reevaluator.Begin(ctx, f); err != nil { // before the first load: what that evaluates is not evaluated again
		return err
	}
	live, types := !state.GoLiveAt.IsZero(), w.Puller.Types()
	if live { // a kind that the model or the portal did not track before go-live is loaded now, as quietly
		types = w.Puller.Portal.ActivityTypes(w.Puller.Model)
	}
	for _, t := range types {
		if err := w.Puller.Load(ctx, f, t); err != nil {
			return err
		}
	}
	if !live {
		if err := w.Filler.Finish(ctx, f); err != nil { // what was loaded before the model changed in the middle
			return err
		}
		if err := w.baseline(ctx, f); err != nil {
			return err
		}
		if err := w.Baseline.SetGoLive(ctx, f, w.Now()); err != nil {
			return fmt.Errorf("record go-live: %w", err)
		}
	}
	w.wantFirst()
	return nil
}

// wantFirst asks for what a worker does as soon as it is there: the sweeps of what happened while nobody was.
func (w *Worker) wantFirst() {
	for _, t := range w.Puller.Types() {
		w.Schedule.Want(SweepOf(t))
	}
	if w.Sources != nil && w.Sources.Portal.Submissions {
		w.Schedule.Want(ChoreAllSubmissions)
	}
}

// baselineChunk is how many contacts the baseline evaluates in one transaction.
const baselineChunk = 500

// baseline evaluates every loaded contact once and remembers it as handled.
func (w *Worker) baseline(ctx context.Context, f Fence) error {
	if w.Weak.Without(FirstLoad) {
		return nil
	}
	state, err := w.Baseline.Feed(ctx, f.Portal, feedBaseline)
	if err != nil {
		return fmt.Errorf("load position of the baseline: %w", err)
	}
	contacts, err := w.Baseline.Feed(ctx, f.Portal, feedLoad+string(connector.TypeContact))
	if err != nil {
		return fmt.Errorf("load position of the first load: %w", err)
	}
	state.Total = contacts.Done
	if left := state.Total - state.Done; w.Reconciler.ReadsPast() && !state.Complete {
		w.Log.Info("reading property history", "portal", f.Portal, "contacts", left, "calls", HistoryCalls(left))
	}
	for !state.Complete {
		ids, err := w.Baseline.Contacts(ctx, f.Portal, connector.ObjectID(state.Cursor), baselineChunk)
		if err != nil {
			return fmt.Errorf("list loaded contacts: %w", err)
		}
		if err := w.Reconciler.Baseline(ctx, f, ids); err != nil {
			return err
		}
		state.Done += len(ids)
		state.Complete = len(ids) < baselineChunk
		if len(ids) > 0 {
			state.Cursor = connector.Cursor(ids[len(ids)-1])
		}
		if _, err := w.Puller.Store.SavePage(ctx, f, PulledPage{Feed: feedBaseline, Type: connector.TypeContact, Next: state, Quiet: true}); err != nil {
			return fmt.Errorf("save position of the baseline: %w", err)
		}
		w.Puller.tell(feedBaseline, state)
	}
	return nil
}

// Run works until the context ends, the lease is lost or the portal as a whole cannot go on; the caller
// decides by the error (ErrFenced, connector.ErrUnauthorized, connector.ErrThrottled) what to do.
func (w *Worker) Run(ctx context.Context, f Fence) error {
	failures := 0
	for {
		if w.leaving() {
			return ErrLeft
		}
		worked := false
		err := Guard(w.Log, "step", func() (err error) {
			worked, err = w.Step(ctx, f)
			return cmp.Or(err, connector.Rejected(ctx)) // whoever heard it: the token is not accepted any more
		})
		if w.Stepped != nil && err == nil {
			w.Stepped(worked)
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, ErrFenced), portalWide(err) && !w.Weak.Without(PauseRevoked):
			return err
		case err != nil:
			if failures, err = w.stumbled(ctx, f, err, failures+1); err != nil {
				return err
			}
			continue
		}
		failures = 0
		if worked {
			continue
		}
		if err := w.rest(ctx); err != nil {
			return err
		}
	}
}

// rest waits until there may be something to do.
func (w *Worker) rest(ctx context.Context) error {
	idle := w.Idle
	if w.Rest > 0 && !w.background() {
		idle = w.Rest
	}
	timer := time.NewTimer(idle)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-w.Leave:
		return nil
	case <-timer.C:
		return nil
	case <-w.Schedule.Woken():
		return Wait(ctx, w.Window) // let a burst of hints become one batch
	}
}

func (w *Worker) leaving() bool {
	select {
	case <-w.Leave:
		return true
	default:
		return false
	}
}

// background reports whether something goes on that only the worker itself knows of, a step now and then.
func (w *Worker) background() bool {
	return w.Filler.UnderWay() || w.Reevaluator.UnderWay() || w.Repair.UnderWay() || w.Sources.UnderWay()
}

// Wait waits for a while, or until the context ends, whose error it returns then.
func Wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// Step does one round: wanted chores, due activities and companies, due contacts, one batch of each kind of
// effect; and if there was nothing of that, a step of what goes on in the background. It reports whether there was
// anything to do.
func (w *Worker) Step(ctx context.Context, f Fence) (bool, error) {
	worked, types := false, ReadTypes()
	last := len(types) - 1
	for _, part := range []func() (bool, error){
		func() (bool, error) { return w.chores(ctx, f) },
		func() (bool, error) { return w.due(ctx, f, types[:last], w.Reconciler.Objects) },
		func() (bool, error) { return w.due(ctx, f, types[last:], w.Reconciler.Contacts) },
		func() (bool, error) { n, err := w.Pusher.Push(ctx, f); return n > 0, err },
		func() (bool, error) { return w.sources(ctx, f) },
		func() (bool, error) { return w.Pruner.Step(ctx, f) },
	} {
		did, err := part()
		if worked = worked || did; err != nil {
			return worked, err
		}
	}
	if worked {
		return true, nil
	}
	if w.Filler.UnderWay() { // nobody is evaluated again, nor compared, before everything is there
		return w.Filler.Step(ctx, f)
	}
	if worked, err := w.Reevaluator.Step(ctx, f); worked || err != nil {
		return worked, err
	}
	if w.Repair == nil {
		return false, nil
	}
	return w.Repair.Step(ctx, f)
}

func (w *Worker) sources(ctx context.Context, f Fence) (bool, error) {
	if w.Sources == nil {
		return false, nil
	}
	return w.Sources.Step(ctx, f)
}

// due works on one batch of due records. If they cannot be read they are postponed, not lost.
func (w *Worker) due(ctx context.Context, f Fence, types []connector.ObjectType, do func(context.Context, Fence, []DueRow) error) (bool, error) {
	rows, err := w.Store.Due(ctx, f.Portal, w.Now(), types, batchSize)
	w.crowded = len(rows) == batchSize
	if err != nil || len(rows) == 0 {
		return false, err
	}
	if err := do(ctx, f, rows); err != nil {
		return true, w.failed(ctx, f, batch{rows, do}, err)
	}
	return true, nil
}

func (w *Worker) chore(ctx context.Context, f Fence, c Chore) error {
	switch c {
	case ChoreOwners:
		return w.Puller.Owners(ctx, f)
	case ChoreRepair:
		if w.Repair == nil {
			return nil
		}
		return w.Repair.Begin(ctx, f)
	case ChoreSubmissions, ChoreAllSubmissions:
		if w.Sources != nil {
			w.Sources.Begin(c == ChoreAllSubmissions)
		}
		return nil
	case ChoreRetry:
		return w.retryReads(ctx, f)
	case ChorePrune:
		w.Pruner.Begin()
		return nil
	default:
		t := connector.ObjectType(strings.TrimPrefix(string(c), feedSweep))
		if !w.Puller.Portal.Reads(w.Puller.Model, t) || w.Weak.Without(Sweep) {
			return nil
		}
		if t == connector.TypeContact {
			return w.sweepContacts(ctx, f)
		}
		_, err := w.Puller.Sweep(ctx, f, t)
		return err
	}
}
