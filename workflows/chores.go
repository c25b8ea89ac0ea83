package workflows

import (
	"context"
	"errors"
	"slices"
	"time"

	"leadsync/connector"
)

// setbacks are the chores of one portal that failed and wait for their next time.
type setbacks struct {
	waits map[Chore]bool // until the timer wants it
	fails map[Chore]int  // in a row
}

// Again wants a chore once more that failed, after a wait that grows with every failure in a row (Backoff), and gives
// that wait. Until then wanting it asks for nothing: it comes anyway.
func (s *Schedule) Again(c Chore, jitter float64) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.set.fails[c]++
	wait := Backoff(s.set.fails[c], jitter)
	s.set.waits[c] = true
	delete(s.wanted, c)
	time.AfterFunc(wait, func() { // it only takes a note, as a tick does
		s.mu.Lock()
		delete(s.set.waits, c)
		s.wanted[c] = true
		s.mu.Unlock()
		s.Wake()
	})
	return wait
}

// succeeded forgets the failures of a chore.
func (s *Schedule) succeeded(c Chore) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.set.fails, c)
}

// choresOwn reports whether a chore failed for a reason of its own, such as an endpoint that is out of order, and the
// others may fare better: neither the portal as a whole nor the lease nor the database is concerned.
func choresOwn(ctx context.Context, err error) bool {
	_, isCall := errors.AsType[*connector.Error](err)
	return isCall && !portalWide(err) && !errors.Is(err, connector.ErrTenure) && !errors.Is(err, ErrFenced) && ctx.Err() == nil
}

// chores does what is wanted. What the account refuses for good, such as one kind of record whose scope was taken away,
// waits for its next tick, and what fails for a reason of its own waits longer each time; neither holds up anything else.
// After any other failure the chore and the rest stay wanted.
func (w *Worker) chores(ctx context.Context, f Fence) (bool, error) {
	chores := w.Schedule.Take()
	for i, c := range chores {
		err := w.chore(ctx, f, c)
		switch {
		case err == nil:
			w.Schedule.succeeded(c)
		case refused(err):
			w.Log.Warn("the account refuses a chore, the others go on", "portal", f.Portal, "chore", c, "error", err,
				"remedy", "run `leadsync doctor`")
		case choresOwn(ctx, err):
			wait := w.Schedule.Again(c, w.Jitter())
			w.Log.Warn("a chore failed and waits, the others go on", "portal", f.Portal, "chore", c, "wait", wait, "error", err)
		default:
			w.Schedule.Want(slices.Clone(chores[i:])...)
			for range chores[i:] {
				w.Schedule.Done()
			}
			return true, err
		}
		w.Schedule.Done()
	}
	return len(chores) > 0, nil
}

// sweepAtOnce is how many pages of a sweep of contacts are read in one step. While there are more due contacts than a
// batch takes, a page waits for sweepBatches batches: then the search limit of the CRM (hubspot-api 4) has passed, and
// what it allows besides is not left unused.
const (
	sweepAtOnce  = 10
	sweepBatches = 5
)

// sweepContacts goes on with a sweep of contacts, which only makes contacts due: after an outage there may be a hundred
// thousand of them, and those that are known wait for no page. Records of other kinds are swept at once, so that
// contacts are not decided before what belongs to them is there.
func (w *Worker) sweepContacts(ctx context.Context, f Fence) error {
	pages := sweepAtOnce
	if w.crowded {
		if w.batches > 0 {
			w.batches--
			w.Schedule.Want(SweepOf(connector.TypeContact))
			return nil
		}
		pages = 1
	}
	more, err := w.Puller.sweepPages(ctx, f, connector.TypeContact, pages)
	if w.batches = sweepBatches; more {
		w.Schedule.Want(SweepOf(connector.TypeContact))
	}
	return err
}
