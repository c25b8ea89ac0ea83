package workflows

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"leadsync/connector"
	"leadsync/scoring"
)

// reevaluateChunk is how many contacts a step of the walk takes at most, and reevaluateSpan how long it may go on
// evaluating them: what becomes due meanwhile waits no longer than that and one transaction.
const (
	reevaluateChunk = 100
	reevaluateSpan  = 100 * time.Millisecond
)

// Reevaluation is the walk that evaluates every stored contact again.
type Reevaluation struct {
	// Basis names what the contacts are evaluated with (EvaluationBasis).
	Basis string
	// Position is the last contact that was done; empty at the beginning, and when the walk has ended.
	Position connector.ObjectID
	// Total is how many contacts there were when the walk began, Done how many it has passed, Planned for how many
	// of them something was to do.
	Total, Done, Planned int
	// BeganAt and EndedAt are operating time; EndedAt is zero as long as the walk is under way.
	BeganAt, EndedAt time.Time
}

// UnderWay reports whether there are contacts left to be evaluated.
func (r Reevaluation) UnderWay() bool { return !r.BeganAt.IsZero() && r.EndedAt.IsZero() }

// Left is how many contacts are about to be evaluated; contacts that came after the beginning are not counted.
func (r Reevaluation) Left() int {
	if !r.UnderWay() {
		return 0
	}
	return max(0, r.Total-r.Done)
}

// EvaluationBasis names everything that decides an evaluation and its plan beside the contact itself: the model, what the
// portal reads and how it maps it, the account's order of stages, and which classes of effect are on. If another one
// comes, every contact is to be looked at again.
func EvaluationBasis(p *Portal, m *scoring.Model) string {
	var on []Class
	for _, class := range slices.Sorted(maps.Keys(p.Modes)) {
		if p.Modes[class] == ModeOn {
			on = append(on, class)
		}
	}
	return basisOf(p, m) + "-" + short(fmt.Sprint(p.Order, p.CompanyOrder, on, p.Written, p.Lists, p.Pipelines))[:8]
}

type reevaluationStore interface {
	BeginReevaluation(ctx context.Context, f Fence, basis string) (Reevaluation, bool, error)
	WalkContacts(ctx context.Context, portal connector.PortalID, after connector.ObjectID, limit int) ([]DueRow, error)
	SaveReevaluated(ctx context.Context, f Fence, d []Decided, next Reevaluation, ended bool) error
}

// Reevaluator evaluates every stored contact again when what decides evaluations has changed: from the mirror,
// without asking the CRM, a few contacts at a time, and only while nothing else is to do. Its position is stored with
// what each step decided, behind the fence: a restart goes on where it stopped, a newer basis begins anew, and
// nobody but the holder of the lease walks. A nil Reevaluator walks nowhere.
type Reevaluator struct {
	Reconciler *Reconciler
	Store      reevaluationStore
	Clock      func() time.Time // operating time
	Log        *slog.Logger
	// Walked is told how many contacts a step has passed, and how many of them it evaluated; may be nil.
	Walked func(passed, evaluated int)

	walk  Reevaluation
	known bool // walk is what the store has
}

// Begin takes up the walk: a new one if the contacts were evaluated with another basis.
func (r *Reevaluator) Begin(ctx context.Context, f Fence) error {
	if r == nil {
		return nil
	}
	basis := EvaluationBasis(r.Reconciler.Portal, r.Reconciler.Model)
	walk, begun, err := r.Store.BeginReevaluation(ctx, f, basis)
	if err != nil {
		return fmt.Errorf("begin to evaluate contacts again: %w", err)
	}
	r.walk, r.known = walk, true
	switch {
	case begun:
		r.Log.Info("model, mapping or switches changed: stored contacts are evaluated again in the background",
			"portal", f.Portal, "model", r.Reconciler.Model.Version(), "basis", basis, "contacts", walk.Total)
	case walk.UnderWay():
		r.Log.Info("evaluating stored contacts again goes on", "portal", f.Portal, "basis", basis, "done", walk.Done, "contacts", walk.Total)
	}
	return nil
}

// UnderWay reports whether a walk is under way, or the last step left that open.
func (r *Reevaluator) UnderWay() bool { return r != nil && (!r.known || r.walk.UnderWay()) }

// Step evaluates the next contacts if a walk is under way, and reports whether one was.
func (r *Reevaluator) Step(ctx context.Context, f Fence) (bool, error) {
	if r == nil {
		return false, nil
	}
	if !r.known { // the step before failed: what it left behind stands in the store
		if err := r.Begin(ctx, f); err != nil {
			return false, err
		}
	}
	if !r.walk.UnderWay() {
		return false, nil
	}
	next, ended, err := r.step(ctx, f)
	if r.known = err == nil; err != nil {
		return true, fmt.Errorf("evaluate contacts again after %q: %w", r.walk.Position, err)
	}
	if r.walk = next; ended {
		r.walk.EndedAt = r.Clock()
		r.Log.Info("stored contacts are evaluated again", "portal", f.Portal, "basis", next.Basis, "contacts", next.Done, "planned", next.Planned,
			"took", r.walk.EndedAt.Sub(next.BeganAt).Round(time.Millisecond))
	}
	return true, nil
}

func (r *Reevaluator) step(ctx context.Context, f Fence) (next Reevaluation, ended bool, err error) {
	next = r.walk
	rows, err := r.Store.WalkContacts(ctx, f.Portal, next.Position, reevaluateChunk)
	if err != nil {
		return next, false, fmt.Errorf("list contacts: %w", err)
	}
	until := r.Clock().Add(reevaluateSpan)
	decided, passed, err := r.Reconciler.again(ctx, f, rows, func() bool { return !r.Clock().Before(until) })
	if err != nil {
		return next, false, err
	}
	for _, d := range decided {
		if d.Decision != nil {
			next.Planned++
		}
	}
	if passed > 0 {
		next.Position, next.Done = rows[passed-1].ID, next.Done+passed
	}
	ended = passed == len(rows) && len(rows) < reevaluateChunk
	if err := r.Store.SaveReevaluated(ctx, f, decided, next, ended); err != nil {
		return next, false, fmt.Errorf("save %d contacts: %w", len(decided), err)
	}
	if r.Walked != nil {
		r.Walked(passed, len(decided))
	}
	return next, ended, nil
}

// again decides contacts once more from the mirror, until it has had enough time, and says how many it has passed. It
// passes over contacts that wait to be read, which are decided then, and over those that never were decided, which
// wait for the same.
func (r *Reconciler) again(ctx context.Context, f Fence, rows []DueRow, enough func() bool) (decided []Decided, passed int, err error) {
	if len(rows) == 0 {
		return nil, 0, nil
	}
	records, err := r.Store.Leads(ctx, f.Portal, rowIDs(rows))
	if err != nil {
		return nil, 0, fmt.Errorf("load %d leads: %w", len(rows), err)
	}
	owners, err := r.owners(ctx, f.Portal)
	if err != nil {
		return nil, 0, err
	}
	mirror := freshly{at: r.Now(), basis: EvaluationBasis(r.Portal, r.Model), walk: true}
	var failed []Failure
	for i, row := range rows {
		if i > 0 && enough() {
			return decided, i, r.aside(ctx, f, failed)
		}
		if row.Hinted || records[i].State == nil {
			continue
		}
		d, bad := r.guarded(func() Decided { return r.decide(row, records[i], mirror, owners) }, row)
		if bad != nil {
			bad.Row.Revision = noRevision // it was not due
			failed = append(failed, *bad)
			continue
		}
		decided = append(decided, d)
	}
	return decided, len(rows), r.aside(ctx, f, failed)
}
