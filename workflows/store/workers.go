package store

import (
	"context"
	"fmt"
	"time"

	"leadsync/connector"
	"leadsync/workflows"
)

// Presence is what a process says of itself with every beat.
type Presence struct {
	Worker string
	// Fellowship is shared by those who work the same portals.
	Fellowship string
	TTL        time.Duration
	// Held are the leases to renew.
	Held []workflows.Fence
}

const announce = `INSERT INTO workers (worker, fellowship, joined_at, expires_at) VALUES (?, ?, ?, ?)
ON CONFLICT (worker) DO UPDATE SET fellowship = excluded.fellowship, expires_at = excluded.expires_at`

// buryDead leaves out the rows that somebody else is about to bury, or that come back to life at this moment. Who would live
// longer than anybody may was announced by a clock that was wrong.
const buryDead = `DELETE FROM workers WHERE worker IN (SELECT worker FROM workers WHERE (expires_at <= ? OR expires_at > ?) {skip})`

// forgetDeadAfter is how many lives a dead worker's row is kept, so that people can see who was there.
const forgetDeadAfter = 10

const lockHeld = `SELECT l.portal FROM leases l
WHERE l.worker = ? AND l.portal IN (SELECT j.value->>0 FROM {rows}) ORDER BY l.portal {skip}`

const renewHeld = `UPDATE leases SET expires_at = p.expires_at
FROM (SELECT j.value->>0 AS portal, CAST(j.value->>1 AS BIGINT) AS epoch, j.value->>2 AS worker,
        CAST(j.value->>3 AS BIGINT) AS expires_at FROM {rows}) AS p
WHERE leases.portal = p.portal AND leases.epoch = p.epoch AND leases.worker = p.worker
RETURNING leases.portal`

// Beat announces a worker for its TTL and renews the leases that it holds, all in one transaction that waits for nobody.
// It gives those that were renewed. Of the others it is not known whether they are lost or only in use at this
// moment (a fenced transaction holds the row): ask for each with Renew, which waits.
func (s *Store) Beat(ctx context.Context, p Presence) (map[connector.PortalID]bool, error) {
	renewed := map[connector.PortalID]bool{}
	err := s.timed(ctx, "beat", func(in *session) error {
		clear(renewed)
		until := micros(in.now.Add(p.TTL))
		if _, err := in.exec(ctx, announce, p.Worker, p.Fellowship, micros(in.now), until); err != nil {
			return fmt.Errorf("announce worker: %w", err)
		}
		if _, err := in.exec(ctx, buryDead, micros(in.now.Add(-forgetDeadAfter*p.TTL)), micros(in.now.Add(longestLease))); err != nil {
			return fmt.Errorf("forget dead workers: %w", err)
		}
		return in.renewFree(ctx, p, until, renewed)
	})
	return renewed, err
}

func (in *session) renewFree(ctx context.Context, p Presence, until any, renewed map[connector.PortalID]bool) error {
	var asked rows
	epochs := map[string]int64{}
	for _, f := range p.Held {
		asked = append(asked, []any{string(f.Portal)})
		epochs[string(f.Portal)] = f.Epoch
	}
	var free []string
	if err := in.lookup(ctx, &free, lockHeld, asked, p.Worker); err != nil {
		return fmt.Errorf("lock leases: %w", err)
	}
	var many rows
	for _, portal := range free {
		many = append(many, []any{portal, epochs[portal], p.Worker, until})
	}
	var done []connector.PortalID
	if err := in.lookup(ctx, &done, renewHeld, many); err != nil {
		return fmt.Errorf("renew leases: %w", err)
	}
	for _, portal := range done {
		renewed[portal] = true
	}
	return nil
}

// Leave takes a worker's announcement back, so that the others share its portals at once.
func (s *Store) Leave(ctx context.Context, worker string) error {
	return s.write(ctx, "leave", func(in *session) error {
		_, err := in.exec(ctx, `DELETE FROM workers WHERE worker = ?`, worker)
		return err
	})
}

// Asked is a portal that a look is about. With Business set it is also told whether it has something to do
// at that instant of business time.
type Asked struct {
	Portal   connector.PortalID
	Business time.Time
}

// Glance is what one look found.
type Glance struct {
	// Alive are the workers of the fellowship that are alive, by name.
	Alive []string
	// Leases are those of the portals asked about that are known.
	Leases map[connector.PortalID]Lease
	// Busy are the portals that have something to do.
	Busy []connector.PortalID
}

// Lease says who has a portal. Free: nobody, or nobody any more.
type Lease struct {
	Epoch  int64
	Worker string
	Free   bool
}

type glanceRow struct {
	Kind      string `db:"kind"`
	Name      string `db:"name"`
	Epoch     int64  `db:"epoch"`
	Worker    string `db:"worker"`
	ExpiresAt *int64 `db:"expires_at"`
}

// The whole look is one query, whatever the number of portals. What makes a portal busy is what Due and Take would hand out.
const glance = `WITH asked AS (SELECT j.value->>0 AS portal, CAST(j.value->>1 AS BIGINT) AS business FROM {rows}),
    clock AS (SELECT CAST(? AS BIGINT) AS now)
SELECT 'lease' AS kind, l.portal AS name, l.epoch AS epoch, l.worker AS worker, l.expires_at AS expires_at
FROM asked a JOIN leases l ON l.portal = a.portal
UNION ALL SELECT 'worker', w.worker, 0, '', w.expires_at FROM workers w CROSS JOIN clock c
WHERE w.fellowship = ? AND w.expires_at > c.now
UNION ALL SELECT 'busy', a.portal, 0, '', NULL FROM asked a CROSS JOIN clock c WHERE a.business IS NOT NULL AND (
    EXISTS (SELECT 1 FROM due d WHERE d.portal = a.portal AND d.hinted_at IS NOT NULL
        AND (d.retry_at IS NULL OR d.retry_at <= c.now))
    OR EXISTS (SELECT 1 FROM due d WHERE d.portal = a.portal AND d.changes_at <= a.business AND d.hinted_at IS NULL
        AND (d.retry_at IS NULL OR d.retry_at <= c.now))
    OR EXISTS (SELECT 1 FROM outbox o WHERE o.portal = a.portal AND o.state IN ('ready', 'sending') AND o.next_at <= c.now` +
	unhindered + `))
ORDER BY 1, 2`

// Look tells, for all portals of a process in one query, who has them, who else is alive, and which have something to do. It
// locks nothing.
func (s *Store) Look(ctx context.Context, fellowship string, asked []Asked) (Glance, error) {
	found := Glance{Leases: map[connector.PortalID]Lease{}}
	if err := s.hook.at(ctx, MomentRead, "look"); err != nil {
		return found, fmt.Errorf("look: %w", err)
	}
	in := &session{db: s.reader, dialect: s.dialect}
	if err := s.setNow(ctx, in); err != nil {
		return found, fmt.Errorf("look: %w", err)
	}
	var many rows
	for _, a := range asked {
		many = append(many, []any{string(a.Portal), micros(a.Business)})
	}
	var seen []glanceRow
	if err := in.lookup(ctx, &seen, glance, many, micros(in.now), fellowship); err != nil {
		return found, fmt.Errorf("look: %w", err)
	}
	for _, row := range seen {
		switch row.Kind {
		case "lease":
			held := heldAt(in.now, row.Worker, row.ExpiresAt)
			found.Leases[connector.PortalID(row.Name)] = Lease{Epoch: row.Epoch, Worker: row.Worker, Free: !held}
		case "worker":
			if heldAt(in.now, row.Name, row.ExpiresAt) {
				found.Alive = append(found.Alive, row.Name)
			}
		case "busy":
			found.Busy = append(found.Busy, connector.PortalID(row.Name))
		}
	}
	return found, nil
}

const lockFree = `SELECT l.portal, l.epoch, l.worker, l.expires_at FROM leases l
WHERE l.portal IN (SELECT j.value->>0 FROM {rows}) ORDER BY l.portal {skip}`

const takeFree = `UPDATE leases SET epoch = p.epoch, worker = p.worker, expires_at = p.expires_at
FROM (SELECT j.value->>0 AS portal, CAST(j.value->>1 AS BIGINT) AS epoch, j.value->>2 AS worker,
        CAST(j.value->>3 AS BIGINT) AS expires_at FROM {rows}) AS p
WHERE leases.portal = p.portal`

// AcquireAll takes, in one transaction, the leases of those of the portals that Acquire would take, and gives them in the order
// of the portals.
func (s *Store) AcquireAll(
	ctx context.Context, portals []connector.PortalID, worker string, ttl time.Duration,
) ([]workflows.Fence, error) {
	var fences []workflows.Fence
	err := s.timed(ctx, "acquire leases", func(in *session) error {
		fences = nil
		var asked, many rows
		for _, portal := range portals {
			asked = append(asked, []any{string(portal)})
		}
		var found []struct {
			Portal connector.PortalID `db:"portal"`
			leaseRow
		}
		if err := in.lookup(ctx, &found, lockFree, asked); err != nil {
			return fmt.Errorf("lock leases: %w", err)
		}
		for _, row := range found {
			if heldAt(in.now, row.Worker, row.ExpiresAt) && row.Worker != worker {
				continue
			}
			fences = append(fences, workflows.Fence{Portal: row.Portal, Epoch: row.Epoch + 1, Worker: worker})
			many = append(many, []any{string(row.Portal), row.Epoch + 1, worker, micros(in.now.Add(ttl))})
		}
		return in.bulk(ctx, takeFree, many)
	})
	if err != nil {
		return nil, err
	}
	return fences, nil
}
