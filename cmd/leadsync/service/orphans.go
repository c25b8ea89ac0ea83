package service

import (
	"context"
	"fmt"
	"sync"
	"time"

	"leadsync/workflows"
)

// orphansFor is how long a count of orphaned leads serves: each reads every contact from MQL on.
const orphansFor = 5 * time.Minute

// orphanage remembers the last count of a portal.
type orphanage struct {
	mu      sync.Mutex
	counted time.Time
	counts  []workflows.OrphanCount
}

// orphans counts the leads that nobody works on, by the reason.
func (r *Runner) orphans(ctx context.Context) ([]workflows.OrphanCount, error) {
	r.mu.Lock()
	portal := r.portal
	r.mu.Unlock()
	o := &r.orphanage
	o.mu.Lock()
	defer o.mu.Unlock()
	if portal == nil || r.State() != StateWorking { // its words are not known yet, or not all of its contacts
		return o.counts, nil
	}
	now := r.svc.Now()
	if !o.counted.IsZero() && now.Sub(o.counted) < orphansFor && !now.Before(o.counted) {
		return o.counts, nil
	}
	found, err := r.svc.Store.OrphanCounts(ctx, r.cfg.Account, portal.Orphans(r.svc.Model))
	if err != nil {
		return nil, fmt.Errorf("count orphaned leads: %w", err)
	}
	o.counted, o.counts = now, found
	return o.counts, nil
}

// orphanLine says how many leads nobody works on, and why.
func orphanLine(o workflows.OrphanCount) string {
	why := map[workflows.OrphanWhy]string{
		workflows.OrphanLeft: "their owner has left", workflows.OrphanUnknown: "the account does not have their owner",
		workflows.OrphanNone: "they have no owner",
	}[o.Why]
	return fmt.Sprintf("orphaned leads, %s: contacts %d (`leadsync orphans` lists them)", why, o.Contacts)
}
