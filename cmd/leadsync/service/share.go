package service

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"leadsync/connector"
	"leadsync/workflows"
	"leadsync/workflows/store"
)

// share is this process's part in the sharing of portals. Its loop is the only one that looks at the database while there
// is nothing to do: one query a look for all portals of the process, and a beat every third of a lease that says that the
// process is alive and renews all its leases.
type share struct {
	svc        *Service
	lease      time.Duration
	fellowship string

	last     time.Time // when the last beat that came through was begun
	cautious time.Time // nothing is taken before: the others may not have said yet that they are alive
	rich     time.Time // since when there is something to give back
	failing  bool      // the last look or beat failed; said once

	mu       sync.Mutex
	alive    int
	ended    chan struct{} // a portal came back
	renewals sync.WaitGroup
}

func newShare(s *Service) *share {
	accounts := make([]string, 0, len(s.order))
	for _, r := range s.order {
		accounts = append(accounts, string(r.cfg.Account))
	}
	slices.Sort(accounts)
	sum := sha256.Sum256([]byte(strings.Join(accounts, "\n")))
	const digits = 8 // bytes of the digest: enough to tell a few configurations apart
	return &share{
		svc: s, lease: s.Config.Limits.Lease, fellowship: hex.EncodeToString(sum[:digits]), ended: make(chan struct{}, 1),
	}
}

// beatsPerLease is how often in a lease a process says that it is alive: two beats may be lost.
const beatsPerLease = 3

// asksPerLease is into how many parts of a lease a question about leases must fit. What has no answer by then is asked again,
// which harms nothing, and in time: a network that has swallowed an answer must not cost the leases too.
const asksPerLease = 4

// soon gives a context for one question about leases. A second is given to it even by a lease of a few.
func (h *share) soon(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, max(h.lease/asksPerLease, time.Second))
}

// between is the time between two looks.
func (h *share) between() time.Duration { return min(h.svc.Idle, h.lease/beatsPerLease) }

// run shares the portals until the context ends, and gives all of them back then. It returns an error only for what
// waiting cannot mend.
func (h *share) run(ctx context.Context) error {
	if err := h.svc.register(ctx); err != nil {
		return err
	}
	h.checkStandStill(ctx)
	for _, r := range h.svc.order {
		r.schedule.Start()
		defer r.schedule.Stop()
	}
	g, work := errgroup.WithContext(ctx)
	for work.Err() == nil {
		h.round(work, g)
		h.wait(work)
	}
	h.leave(ctx) // before the portals come free, so that the others know at once how many there are to share them
	defer h.renewals.Wait()
	return g.Wait()
}

// wait waits for the next look; a portal that was given back is looked at without delay.
func (h *share) wait(ctx context.Context) {
	timer := time.NewTimer(h.between())
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-h.ended:
		_ = workflows.Wait(ctx, min(h.between(), lookAgain)) // the loop sees the end of the context
	}
}

// lookAgain bounds how often a look follows another because portals came back.
const lookAgain = 50 * time.Millisecond

// round is one look, with a beat before it if it is time.
func (h *share) round(ctx context.Context, g *errgroup.Group) {
	if err := h.beat(ctx); err != nil {
		h.failed(ctx, err)
		return
	}
	began := h.svc.Now()
	asking, cancel := h.soon(ctx)
	seen, err := h.svc.Store.Look(asking, h.fellowship, h.asked())
	cancel()
	if err != nil {
		h.failed(ctx, err)
		return
	}
	h.failing = false
	h.mu.Lock()
	h.alive = len(seen.Alive)
	h.mu.Unlock()
	for _, portal := range seen.Busy {
		h.svc.wake(portal)
	}
	take, give := workflows.Share(h.standing(seen))
	if h.svc.Now().Before(h.cautious) {
		take = nil
	}
	if len(take) > 0 && ctx.Err() == nil {
		h.take(ctx, g, take)
	}
	h.give(began, give)
}

// failed says once that the database does not answer; the next look tries again.
func (h *share) failed(ctx context.Context, err error) {
	if h.failing || ctx.Err() != nil {
		return
	}
	h.failing = true
	h.svc.Log.Error("the database does not answer; trying again", "error", err)
}

// beat announces the process and renews its leases, if a third of the lease has passed since the last one. What it could not
// renew because a transaction is using it is renewed beside it.
func (h *share) beat(ctx context.Context) error {
	began := h.svc.Now()
	since := began.Sub(h.last)
	if !h.last.IsZero() && since < h.lease/beatsPerLease {
		return nil
	}
	held := h.svc.held()
	presence := store.Presence{Worker: h.svc.Worker, Fellowship: h.fellowship, TTL: h.lease}
	for _, t := range held {
		presence.Held = append(presence.Held, t.fence)
	}
	asking, cancel := h.soon(ctx)
	defer cancel()
	renewed, err := h.svc.Store.Beat(asking, presence)
	if err != nil {
		return err
	}
	if !h.last.IsZero() && since > h.lease {
		// The process, or the database for everybody, stood still: the others get the time of a beat to speak up.
		h.cautious = h.svc.Now().Add(h.lease / beatsPerLease)
	}
	h.last = began
	for _, t := range held {
		if renewed[t.fence.Portal] {
			t.prolong(began.Add(h.lease))
			continue
		}
		if t.renewing(true) {
			h.renewals.Go(func() { h.renew(ctx, t) })
		}
	}
	return nil
}

// renew renews a lease that was in use, or learns that it is lost.
func (h *share) renew(ctx context.Context, t *tenure) {
	defer t.renewing(false)
	began := h.svc.Now()
	asking, cancel := h.soon(ctx)
	defer cancel()
	err := h.svc.Store.Renew(asking, t.fence, h.lease)
	switch {
	case err == nil:
		t.prolong(began.Add(h.lease))
	case errors.Is(err, workflows.ErrFenced):
		t.fenced()
	case ctx.Err() == nil:
		h.svc.Log.Error("renew lease", "portal", t.fence.Portal, "error", err)
	}
}

// asked are all portals; those whose worker is at rest are also asked about for work.
func (h *share) asked() []store.Asked {
	asked := make([]store.Asked, 0, len(h.svc.order))
	for _, r := range h.svc.order {
		a := store.Asked{Portal: r.cfg.Account}
		if r.State() == StateWorking && r.resting.Load() {
			a.Business = r.conn.Now()
		}
		asked = append(asked, a)
	}
	return asked
}

func (h *share) standing(seen store.Glance) workflows.Fellowship {
	s := workflows.Fellowship{Self: h.svc.Worker, Alive: seen.Alive, Portals: map[connector.PortalID]string{}}
	for portal, lease := range seen.Leases {
		switch {
		case h.svc.runners[portal].tenure() != nil:
			s.Portals[portal] = h.svc.Worker
		case lease.Free || lease.Worker == h.svc.Worker: // ours, but nobody here works it: an acquisition whose answer was lost
			s.Portals[portal] = ""
		default:
			s.Portals[portal] = lease.Worker
		}
	}
	return s
}

// take acquires portals and works those that it got.
func (h *share) take(ctx context.Context, g *errgroup.Group, portals []connector.PortalID) {
	began := h.svc.Now()
	asking, cancel := h.soon(ctx)
	defer cancel()
	fences, err := h.svc.Store.AcquireAll(asking, portals, h.svc.Worker, h.lease)
	if err != nil {
		h.failed(ctx, err)
		return
	}
	for _, fence := range fences {
		r := h.svc.runners[fence.Portal]
		t := newTenure(fence, began.Add(h.lease), h.svc.Now)
		r.hold(t)
		g.Go(func() error {
			defer h.came()
			return r.held(ctx, t)
		})
	}
}

// came says that a portal came back.
func (h *share) came() {
	select {
	case h.ended <- struct{}{}:
	default:
	}
}

// give gives portals back, between two steps, when there has been something to give for a third of a lease: somebody who
// comes and goes at once moves nothing.
func (h *share) give(now time.Time, n int) {
	atRest := map[connector.PortalID]bool{}
	for _, r := range h.svc.order {
		t := r.tenure()
		switch {
		case t == nil:
		case t.isLeaving():
			n-- // on its way already
		default:
			atRest[r.cfg.Account] = r.State() != StateLoading && (r.State() != StateWorking || r.resting.Load())
		}
	}
	if n <= 0 {
		h.rich = time.Time{}
		return
	}
	if h.rich.IsZero() {
		h.rich = now
	}
	if now.Sub(h.rich) < h.lease/beatsPerLease {
		return
	}
	h.rich = time.Time{}
	giving := workflows.LeavesFirst(atRest)
	giving = giving[:min(n, len(giving))]
	h.svc.Log.Info("giving portals back to share them", "portals", len(giving), "workers", h.workers())
	for _, portal := range giving {
		if t := h.svc.runners[portal].tenure(); t != nil {
			t.give()
		}
	}
}

// workers is how many processes were alive at the last look.
func (h *share) workers() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.alive
}

// leave takes the announcement back, also when the process is told to stop.
func (h *share) leave(ctx context.Context) {
	ctx, cancel := h.soon(context.WithoutCancel(ctx))
	defer cancel()
	if err := h.svc.Store.Leave(ctx, h.svc.Worker); err != nil {
		h.svc.Log.Warn("take the announcement back", "error", err)
	}
}

// register makes the portals known; a database that is gone for a moment is waited for.
func (s *Service) register(ctx context.Context) error {
	for attempt := 1; ; attempt++ {
		err := s.registerOnce(ctx)
		if err == nil || ctx.Err() != nil {
			return nil //nolint:nilerr // told to stop
		}
		if attempt == registerAttempts {
			return err
		}
		s.Log.Error("register portals; trying again", "error", err)
		if workflows.Wait(ctx, s.Idle) != nil {
			return nil //nolint:nilerr // told to stop
		}
	}
}

// registerAttempts is how often a process that starts tries to reach its database before it gives up.
const registerAttempts = 30

// registerOnce writes only what is not there yet: 16 processes with 200 portals start with one query each.
func (s *Service) registerOnce(ctx context.Context) error {
	states, err := s.Store.Portals(ctx)
	if err != nil {
		return fmt.Errorf("read portals: %w", err)
	}
	if s.started.IsZero() {
		if s.started, err = s.Store.Now(ctx); err != nil {
			return fmt.Errorf("read the time: %w", err)
		}
	}
	known := map[connector.PortalID]string{}
	for _, state := range states {
		known[state.Portal] = state.Name
	}
	for _, r := range s.order {
		if name, ok := known[r.cfg.Account]; ok && name == r.cfg.Name {
			continue
		}
		if err := s.Store.EnsurePortal(ctx, r.cfg.Account, r.cfg.CRM, r.cfg.Name); err != nil {
			return fmt.Errorf("register portal %q: %w", r.cfg.Name, err)
		}
	}
	return nil
}

// held are the leases that this process holds, in the order of the configuration.
func (s *Service) held() []*tenure {
	var out []*tenure
	for _, r := range s.order {
		if t := r.tenure(); t != nil {
			out = append(out, t)
		}
	}
	return out
}
