package service

import (
	"context"
	"sync"
	"time"

	"leadsync/connector"
	"leadsync/workflows"
)

// tenure is a lease that this process holds, and how long it certainly does: counted from the moment before the database was
// asked, so the database's own end of the lease is later.
type tenure struct {
	fence workflows.Fence
	leave chan struct{} // closed: give the portal back between two steps
	now   func() time.Time

	mu      sync.Mutex
	until   time.Time
	leaving bool
	asked   bool // a renewal is under way
	lost    context.CancelCauseFunc
}

func newTenure(f workflows.Fence, until time.Time, now func() time.Time) *tenure {
	return &tenure{fence: f, until: until, now: now, leave: make(chan struct{})}
}

// left is how long the lease certainly lasts from now on. It is measured on the monotonic clock, which nobody can set, and on
// the wall clock, which goes on while the machine sleeps; the shorter counts.
func (t *tenure) left() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	return min(t.until.Sub(now), t.until.Round(0).Sub(now.Round(0)))
}

// tenured marks the calls of the work with how long the lease certainly lasts.
func (r *Runner) tenured(ctx context.Context, t *tenure) context.Context {
	if r.svc.Weak.Without(workflows.LeaseCheck) {
		return ctx
	}
	return connector.WithTenure(ctx, t.left)
}

func (t *tenure) prolong(until time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.until = until
}

// give asks for the portal to be given back between two steps.
func (t *tenure) give() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.leaving {
		t.leaving = true
		close(t.leave)
	}
}

// fenced ends the work at once: somebody else has the lease.
func (t *tenure) fenced() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.lost != nil {
		t.lost(workflows.ErrFenced)
	}
}

func (t *tenure) isLeaving() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.leaving
}

// wait waits for a while, until the context ends, or until the portal is to be given back (ErrLeft).
func (t *tenure) wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.leave:
		return workflows.ErrLeft
	case <-timer.C:
		return nil
	}
}

// renewing notes that somebody asks for the lease to be renewed, and reports whether nobody did.
func (t *tenure) renewing(on bool) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	was := t.asked
	t.asked = on
	return !was
}
