package service

import (
	"context"
)

// checkStandStill says once, when the process starts, that a process that vanishes in the middle of a transaction would keep
// its portals longer than a lease: its transaction holds the row that says who has the portal, and nobody waits for that.
func (h *share) checkStandStill(ctx context.Context) {
	asking, cancel := h.soon(ctx)
	defer cancel()
	still, known, err := h.svc.Store.StandStill(asking)
	switch {
	case err != nil && ctx.Err() == nil:
		h.svc.Log.Warn("read the database's settings", "error", err)
	case known && (still == 0 || still >= h.lease):
		h.svc.Log.Warn("the database lets a transaction stand still for as long as a lease or longer: the portals of a process that "+
			"vanishes may be taken over late", "idle_in_transaction_session_timeout", still, "zero_means", "for ever", "lease", h.lease,
			"remedy", "set idle_in_transaction_session_timeout below `limits: {lease}`, in the address of the database or for its role")
	}
}
