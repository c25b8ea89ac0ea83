package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"leadsync/connector"
	"leadsync/workflows"
)

const ensurePortal = `INSERT INTO portals (portal, crm, name, pause_reason, model) VALUES (?, ?, ?, '', '')
ON CONFLICT (portal) DO UPDATE SET crm = excluded.crm, name = excluded.name`

const ensureLease = `INSERT INTO leases (portal, epoch, worker) VALUES (?, 0, '') ON CONFLICT (portal) DO NOTHING`

// EnsurePortal makes the portal known, or renames it. It needs no lease.
func (s *Store) EnsurePortal(ctx context.Context, portal connector.PortalID, crm, name string) error {
	return s.write(ctx, "ensure portal", func(in *session) error {
		if _, err := in.exec(ctx, ensurePortal, portal, crm, name); err != nil {
			return fmt.Errorf("store portal %q: %w", portal, err)
		}
		if _, err := in.exec(ctx, ensureLease, portal); err != nil {
			return fmt.Errorf("store lease of portal %q: %w", portal, err)
		}
		return nil
	})
}

type portalRow struct {
	Portal      connector.PortalID `db:"portal"`
	Name        string             `db:"name"`
	GoLiveAt    *int64             `db:"go_live_at"`
	PausedSince *int64             `db:"paused_since"`
	PausedUntil *int64             `db:"paused_until"`
	PauseReason string             `db:"pause_reason"`
	Model       string             `db:"model"`
	FirstRunAt  *int64             `db:"first_run_at"`
}

func (r portalRow) state() workflows.PortalState {
	return workflows.PortalState{
		Portal: r.Portal, Name: r.Name, GoLiveAt: fromMicros(r.GoLiveAt), PausedSince: fromMicros(r.PausedSince),
		PausedUntil: fromMicros(r.PausedUntil), PauseReason: r.PauseReason, Model: r.Model, FirstRunAt: fromMicros(r.FirstRunAt),
	}
}

const portalColumns = `SELECT portal, name, go_live_at, paused_since, paused_until, pause_reason, model, first_run_at FROM portals `

// Portal gives the state of a portal, or ErrNoRecord.
func (s *Store) Portal(ctx context.Context, portal connector.PortalID) (workflows.PortalState, error) {
	var row portalRow
	err := s.read(ctx, "read portal", func(in *session) error {
		return noRecord(in.get(ctx, &row, portalColumns+`WHERE portal = ?`, portal), "portal", string(portal))
	})
	return row.state(), err
}

// Portals gives the state of every portal, by id.
func (s *Store) Portals(ctx context.Context) ([]workflows.PortalState, error) {
	var found []portalRow
	err := s.read(ctx, "read portals", func(in *session) error {
		return in.list(ctx, &found, portalColumns+`ORDER BY portal`)
	})
	states := make([]workflows.PortalState, 0, len(found))
	for _, row := range found {
		states = append(states, row.state())
	}
	return states, err
}

// noRecord turns an empty result into ErrNoRecord.
func noRecord(err error, what, id string) error {
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("find %s %q: %w", what, id, workflows.ErrNoRecord)
	}
	return err
}

// SetGoLive records the instant (business time) from which transitions have effects.
func (s *Store) SetGoLive(ctx context.Context, fence workflows.Fence, at time.Time) error {
	return s.fenced(ctx, "set go-live", fence, func(in *session) error {
		_, err := in.exec(ctx, `UPDATE portals SET go_live_at = ? WHERE portal = ?`, micros(at), fence.Portal)
		return err
	})
}

// SetFirstRun notes that a process begins to work an account that nobody has worked, unless somebody has noted it.
func (s *Store) SetFirstRun(ctx context.Context, fence workflows.Fence) error {
	return s.fenced(ctx, "note first run", fence, func(in *session) error {
		_, err := in.exec(ctx, `UPDATE portals SET first_run_at = ? WHERE portal = ? AND first_run_at IS NULL`, micros(in.now), fence.Portal)
		return err
	})
}

const keepModel = `INSERT INTO models (portal, version, canonical, first_used_at) VALUES (?, ?, ?, ?)
ON CONFLICT (portal, version) DO NOTHING`

// SetModel records which model the portal uses, and reports whether it is another one than before. Every
// version is kept with its canonical text.
func (s *Store) SetModel(ctx context.Context, fence workflows.Fence, version string, canonical []byte) (bool, error) {
	changed := 0
	err := s.fenced(ctx, "set model", fence, func(in *session) error {
		_, err := in.exec(ctx, keepModel, fence.Portal, version, string(canonical), micros(in.now))
		if err != nil {
			return fmt.Errorf("keep model %q: %w", version, err)
		}
		changed, err = in.exec(ctx, `UPDATE portals SET model = ? WHERE portal = ? AND model <> ?`,
			version, fence.Portal, version)
		return err
	})
	return changed > 0, err
}

// Pause keeps the portal from working for a while, or until Resume if wait is 0. It reports whether the
// portal was not paused before; since when it is paused does not change if it was.
func (s *Store) Pause(ctx context.Context, fence workflows.Fence, wait time.Duration, reason string) (bool, error) {
	first := false
	err := s.fenced(ctx, "pause", fence, func(in *session) error {
		var row portalRow
		if err := in.get(ctx, &row, portalColumns+`WHERE portal = ?`, fence.Portal); err != nil {
			return err
		}
		since, until := fromMicros(row.PausedSince), time.Time{}
		over := row.PausedUntil != nil && !fromMicros(row.PausedUntil).After(in.now)
		if first = since.IsZero() || over; first {
			since = in.now
		}
		if wait > 0 {
			until = in.now.Add(wait)
		}
		_, err := in.exec(ctx, `UPDATE portals SET paused_since = ?, paused_until = ?, pause_reason = ? WHERE portal = ?`,
			micros(since), micros(until), reason, fence.Portal)
		return err
	})
	return first, err
}

const resume = `UPDATE portals SET paused_since = NULL, paused_until = NULL, pause_reason = ''
WHERE portal = ? AND paused_since IS NOT NULL`

// Resume ends a pause and reports whether there was one.
func (s *Store) Resume(ctx context.Context, fence workflows.Fence) (bool, error) {
	n := 0
	err := s.fenced(ctx, "resume", fence, func(in *session) (err error) {
		n, err = in.exec(ctx, resume, fence.Portal)
		return err
	})
	return n > 0, err
}

type modeRow struct {
	Class workflows.Class `db:"class"`
	Mode  workflows.Mode  `db:"mode"`
}

const saveModes = `INSERT INTO modes (portal, class, mode) SELECT ?, j.value->>0, j.value->>1 FROM {rows} WHERE true
ON CONFLICT (portal, class) DO UPDATE SET mode = excluded.mode`

// RecordModes stores the modes of effect and gives those recorded before; a class never recorded is absent.
func (s *Store) RecordModes(
	ctx context.Context, fence workflows.Fence, modes map[workflows.Class]workflows.Mode,
) (map[workflows.Class]workflows.Mode, error) {
	portal, before := fence.Portal, map[workflows.Class]workflows.Mode{}
	err := s.fenced(ctx, "record modes", fence, func(in *session) error {
		var found []modeRow
		if err := in.list(ctx, &found, `SELECT class, mode FROM modes WHERE portal = ?`, portal); err != nil {
			return err
		}
		for _, row := range found {
			before[row.Class] = row.Mode
		}
		var many rows
		for _, class := range slices.Sorted(maps.Keys(modes)) {
			many = append(many, []any{string(class), string(modes[class])})
		}
		err := in.bulk(ctx, saveModes, many, portal)
		return err
	})
	return before, err
}

// Modes gives the recorded modes of effect; a class never recorded is absent.
func (s *Store) Modes(ctx context.Context, portal connector.PortalID) (map[workflows.Class]workflows.Mode, error) {
	modes := map[workflows.Class]workflows.Mode{}
	err := s.read(ctx, "read modes", func(in *session) error {
		var found []modeRow
		err := in.list(ctx, &found, `SELECT class, mode FROM modes WHERE portal = ?`, portal)
		for _, row := range found {
			modes[row.Class] = row.Mode
		}
		return err
	})
	return modes, err
}

// flag gives the column value of a truth: the two databases share no other type for it.
func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
