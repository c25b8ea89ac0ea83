package service

import (
	"context"
	"time"

	"leadsync/workflows"
	"leadsync/workflows/store"
)

// databaseSoon is the longest wait before a portal is tried again whose work the database has ended.
const databaseSoon = 3 * time.Second

// withoutDatabase waits, if the database has ended the work of a portal, until it is worth trying again; n is how often it
// has in a row. The account has no part in it, so the portal is not paused, which could not be recorded either. It
// reports whether that was the cause.
func (r *Runner) withoutDatabase(ctx context.Context, t *tenure, cause error, n int) (bool, error) {
	if !store.IsOutage(cause) {
		return false, nil
	}
	r.svc.Log.Error("the database has failed; trying again", "portal", t.fence.Portal, "attempt", n, "error", cause)
	return true, t.wait(ctx, min(workflows.Backoff(n, r.svc.Jitter()), databaseSoon))
}
