package workflows

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Retention says how long what grows is kept. The shortest that each may be follows from what reads it; Shortest has it.
type Retention struct {
	// Deliveries are stored webhook requests and the keys by which a repeated event is known.
	Deliveries time.Duration
	// Outbox are effects that are over: settled or cancelled, and what was recorded in shadow once.
	Outbox time.Duration
	// Decisions are the decisions about contacts, and what the CRM answered to what followed from them.
	Decisions time.Duration
	// Removed are records other than contacts, and associations, that the CRM does not have any more.
	Removed time.Duration
	// Submissions are submissions of forms for whose address there is no contact.
	Submissions time.Duration
	// Visits are visits to pages.
	Visits time.Duration
	// Measurements are figures: response clocks, qualifications, how complete the news were, calls by day.
	Measurements time.Duration
}

const day = 24 * time.Hour

// DefaultRetention is what holds unless the configuration says otherwise.
func DefaultRetention() Retention {
	return Retention{
		Deliveries: 30 * day, Outbox: 90 * day, Decisions: 730 * day, Removed: 90 * day, Submissions: 90 * day,
		Visits: 400 * day, Measurements: 400 * day,
	}
}

// ShortestRetention is the least that the rules need: the CRM delivers an event again for a day (hubspot-api 3.1); a
// person may look at a parked effect a month later, and a removed record can be restored for 90 days (hubspot-api 5.5); what
// happened within a year and a month can decide a score, and a year is compared with the one before.
func ShortestRetention() Retention {
	return Retention{
		Deliveries: 3 * day, Outbox: 30 * day, Decisions: 90 * day, Removed: 90 * day, Submissions: day,
		Visits: 400 * day, Measurements: 30 * day,
	}
}

// PrunePlace is how far a round of pruning has come; the zero value is its beginning.
type PrunePlace struct {
	Shelf int    // of the store's list
	After string // within it
}

// PruneStep is what one step of a round did.
type PruneStep struct {
	Next    PrunePlace
	Done    bool   // the round is over
	What    string // the table, or what else it looked at
	Deleted int    // rows
}

type pruneStore interface {
	PruneStep(ctx context.Context, f Fence, r Retention, business time.Time, at PrunePlace) (PruneStep, error)
}

// Pruner deletes what is not needed any more: a round is many small steps, of which the worker takes one between its
// other work. A round that a restart ends begins anew; what is gone is gone.
type Pruner struct {
	Store     pruneStore
	Retention Retention
	Now       func() time.Time // business time
	Clock     func() time.Time // for how long steps take
	Log       *slog.Logger

	under   bool
	at      PrunePlace
	began   time.Time
	slowest time.Duration
	steps   int
	deleted map[string]int
}

// Begin starts a round, unless one is under way.
func (p *Pruner) Begin() {
	if p == nil || p.under {
		return
	}
	p.under, p.at, p.began, p.slowest, p.steps, p.deleted = true, PrunePlace{}, p.Clock(), 0, 0, map[string]int{}
}

// Step takes one step of the round under way and reports whether there was one. A round that fails ends, to begin
// anew at its next time: deleting what is old holds up no other work. Only what the worker must stop for is returned:
// ErrFenced, and the end of the context.
func (p *Pruner) Step(ctx context.Context, f Fence) (bool, error) {
	if p == nil || !p.under {
		return false, nil
	}
	start := p.Clock()
	step, err := p.Store.PruneStep(ctx, f, p.Retention, p.Now(), p.at)
	switch {
	case err == nil:
	case errors.Is(err, ErrFenced), ctx.Err() != nil:
		p.under = false
		return false, fmt.Errorf("prune: %w", err)
	default:
		p.under = false
		p.Log.Warn("pruning stopped and begins anew at its next time", "portal", f.Portal, "at", p.at.Shelf, "error", err)
		return true, nil
	}
	p.slowest = max(p.slowest, p.Clock().Sub(start))
	p.steps++
	if step.Deleted > 0 {
		p.deleted[step.What] += step.Deleted
	}
	p.at = step.Next
	if step.Done {
		p.finish(f)
	}
	return true, nil
}

func (p *Pruner) finish(f Fence) {
	p.under = false
	args := []any{"portal", f.Portal, "steps", p.steps, "took", p.Clock().Sub(p.began), "longest_step", p.slowest}
	total := 0
	for _, n := range p.deleted {
		total += n
	}
	p.Log.Info("pruned", append(args, "rows", total, "tables", p.deleted)...)
}
