package service

import (
	"context"
	"sync"
	"time"

	"leadsync/connector"
	"leadsync/connector/hubspot"
	"leadsync/workflows"
)

// flushCalls is how often counted calls are stored; a killed process forgets at most so much.
const flushCalls = 20 * time.Second

// ledger gathers the counts of calls between two flushes.
type ledger struct {
	mu     sync.Mutex
	counts map[ledgerKey]workflows.CallCount
}

type ledgerKey struct {
	portal           connector.PortalID
	purpose          connector.Purpose
	endpoint, bucket string
}

func (l *ledger) add(portal connector.PortalID, c hubspot.Call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.counts == nil {
		l.counts = map[ledgerKey]workflows.CallCount{}
	}
	key := ledgerKey{portal, c.Purpose, c.Endpoint, c.Bucket}
	n := l.counts[key]
	n.Purpose, n.Endpoint, n.Bucket = c.Purpose, c.Endpoint, c.Bucket
	n.Calls++
	if c.Status < 200 || c.Status > 299 {
		n.Refused++
	}
	l.counts[key] = n
}

// take empties the ledger.
func (l *ledger) take() map[connector.PortalID][]workflows.CallCount {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := map[connector.PortalID][]workflows.CallCount{}
	for key, n := range l.counts {
		out[key.portal] = append(out[key.portal], n)
	}
	l.counts = nil
	return out
}

// keepCalls stores the counts now and then, and at the end.
func (s *Service) keepCalls(ctx context.Context) error {
	for workflows.Wait(ctx, flushCalls) == nil {
		s.storeCalls(ctx)
	}
	s.storeCalls(context.WithoutCancel(ctx))
	return nil
}

// storeCalls stores what was counted. What cannot be stored is lost: counts are no promise.
func (s *Service) storeCalls(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	for portal, counts := range s.ledger.take() {
		if ctx.Err() != nil {
			s.Log.Warn("not all counts of calls could be stored in time", "error", ctx.Err())
			return
		}
		if err := s.Store.AddCalls(ctx, portal, counts); err != nil {
			s.Log.Warn("store counts of calls", "portal", portal, "error", err)
		}
	}
}
