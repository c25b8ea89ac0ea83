package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"leadsync/connector"
	"leadsync/workflows"
)

type leaseRow struct {
	Epoch     int64  `db:"epoch"`
	Worker    string `db:"worker"`
	ExpiresAt *int64 `db:"expires_at"`
}

// longestLease is the longest that a lease may be (`limits: {lease}`).
const longestLease = time.Hour

// heldAt reports whether a worker has a lease. One that would last longer than any may was taken by a clock that was wrong,
// and would keep the portal until that time has really come.
func heldAt(now time.Time, worker string, expires *int64) bool {
	if worker == "" || expires == nil {
		return false
	}
	left := fromMicros(expires).Sub(now)
	return left > 0 && left <= longestLease
}

// Acquire takes the lease of a portal that nobody holds, whose lease has expired, or that the worker holds
// itself, and raises the epoch: whoever held it before is fenced off from that moment. It reports false if
// somebody else holds it or is just about to. ErrNoRecord: the portal is unknown.
func (s *Store) Acquire(
	ctx context.Context, portal connector.PortalID, worker string, ttl time.Duration,
) (workflows.Fence, bool, error) {
	fence := workflows.Fence{Portal: portal, Worker: worker}
	taken := false
	err := s.timed(ctx, "acquire lease", func(in *session) error {
		var row leaseRow
		err := in.get(ctx, &row, `SELECT epoch, worker, expires_at FROM leases WHERE portal = ? {skip}`, portal)
		if errors.Is(err, sql.ErrNoRows) { // unknown, or locked by somebody
			var epoch int64
			err := in.get(ctx, &epoch, `SELECT epoch FROM leases WHERE portal = ?`, portal)
			return noRecord(err, "portal", string(portal))
		}
		if err != nil {
			return fmt.Errorf("read lease of portal %q: %w", portal, err)
		}
		if heldAt(in.now, row.Worker, row.ExpiresAt) && row.Worker != worker {
			return nil
		}
		fence.Epoch, taken = row.Epoch+1, true
		_, err = in.exec(ctx, `UPDATE leases SET epoch = ?, worker = ?, expires_at = ? WHERE portal = ?`,
			fence.Epoch, worker, micros(in.now.Add(ttl)), portal)
		return err
	})
	if err != nil || !taken {
		return workflows.Fence{}, false, err
	}
	return fence, true, nil
}

// Renew prolongs the lease by ttl from now. ErrFenced: it was lost.
func (s *Store) Renew(ctx context.Context, fence workflows.Fence, ttl time.Duration) error {
	return s.timed(ctx, "renew lease", func(in *session) error {
		return in.changeLease(ctx, fence, `UPDATE leases SET expires_at = ? WHERE portal = ? AND epoch = ? AND worker = ?`,
			micros(in.now.Add(ttl)))
	})
}

// Release gives the lease back, so that the next worker need not wait for it to expire. ErrFenced: it was
// lost already.
func (s *Store) Release(ctx context.Context, fence workflows.Fence) error {
	return s.timed(ctx, "release lease", func(in *session) error {
		return in.changeLease(ctx, fence, `UPDATE leases SET worker = '', expires_at = ?
			WHERE portal = ? AND epoch = ? AND worker = ?`, nil)
	})
}

// changeLease updates the row itself, so its condition is the fence; FOR SHARE first could deadlock.
func (in *session) changeLease(ctx context.Context, fence workflows.Fence, query string, expires any) error {
	n, err := in.exec(ctx, query, expires, fence.Portal, fence.Epoch, fence.Worker)
	if err != nil {
		return fmt.Errorf("change lease of portal %q: %w", fence.Portal, err)
	}
	if n == 0 {
		return fmt.Errorf("change lease of portal %q: %w", fence.Portal, workflows.ErrFenced)
	}
	return nil
}
