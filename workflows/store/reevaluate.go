package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"leadsync/connector"
	"leadsync/workflows"
)

type reevaluationRow struct {
	Basis    string             `db:"basis"`
	Position connector.ObjectID `db:"position"`
	Total    int                `db:"total"`
	Done     int                `db:"done"`
	Planned  int                `db:"planned"`
	BeganAt  int64              `db:"began_at"`
	EndedAt  *int64             `db:"ended_at"`
}

const findReevaluation = `SELECT basis, position, total, done, planned, began_at, ended_at FROM reevaluations WHERE portal = ?`

const beginReevaluation = `INSERT INTO reevaluations (portal, basis, position, total, done, planned, began_at, ended_at)
VALUES (?, ?, '', CAST(? AS BIGINT), 0, 0, CAST(? AS BIGINT), CAST(? AS BIGINT))
ON CONFLICT (portal) DO UPDATE SET basis = excluded.basis, position = excluded.position, total = excluded.total,
    done = excluded.done, planned = excluded.planned, began_at = excluded.began_at, ended_at = excluded.ended_at`

// Reevaluation gives the latest walk that evaluates the stored contacts again; the zero value if there never was
// one.
func (s *Store) Reevaluation(ctx context.Context, portal connector.PortalID) (workflows.Reevaluation, error) {
	var walk workflows.Reevaluation
	err := s.read(ctx, "read re-evaluation", func(in *session) (err error) {
		walk, _, err = in.reevaluation(ctx, portal)
		return err
	})
	return walk, err
}

func (in *session) reevaluation(ctx context.Context, portal connector.PortalID) (walk workflows.Reevaluation, known bool, err error) {
	var row reevaluationRow
	err = in.get(ctx, &row, findReevaluation, portal)
	if errors.Is(err, sql.ErrNoRows) {
		return workflows.Reevaluation{}, false, nil
	}
	if err != nil {
		return workflows.Reevaluation{}, false, fmt.Errorf("read position: %w", err)
	}
	return workflows.Reevaluation{
		Basis: row.Basis, Position: row.Position, Total: row.Total, Done: row.Done, Planned: row.Planned,
		BeganAt: fromMicros(&row.BeganAt), EndedAt: fromMicros(row.EndedAt),
	}, true, nil
}

// BeginReevaluation says what decides evaluations from now on, and gives the walk as it stands: the one that is
// under way or has ended for this basis, else a new one from the beginning, whatever walk was under way before. A
// portal without contacts, or one that is not live and never had a walk, has nothing to evaluate again: its walk has
// ended.
func (s *Store) BeginReevaluation(
	ctx context.Context, fence workflows.Fence, basis string,
) (walk workflows.Reevaluation, begun bool, err error) {
	err = s.fenced(ctx, "begin re-evaluation", fence, func(in *session) error {
		var known bool
		if walk, known, err = in.reevaluation(ctx, fence.Portal); err != nil || known && walk.Basis == basis {
			return err
		}
		var row portalRow
		if err := in.get(ctx, &row, portalColumns+`WHERE portal = ?`, fence.Portal); err != nil {
			return fmt.Errorf("read portal %q: %w", fence.Portal, err)
		}
		walk = workflows.Reevaluation{Basis: basis, BeganAt: in.now}
		if known || row.GoLiveAt != nil {
			if err := in.get(ctx, &walk.Total, countContacts, fence.Portal); err != nil {
				return fmt.Errorf("count contacts: %w", err)
			}
		}
		if begun = walk.Total > 0; !begun {
			walk.EndedAt = in.now
			if err := in.releaseRun(ctx, fence.Portal); err != nil {
				return err
			}
		}
		_, err := in.exec(ctx, beginReevaluation, fence.Portal, basis, walk.Total, micros(in.now), micros(walk.EndedAt))
		return err
	})
	return walk, begun, err
}

// A removed contact is not walked. One that is hinted is, so that the walk is done in so many steps whatever happens
// meanwhile; the caller leaves it to the reading that is due.
const walkContacts = `SELECT o.type, o.id, COALESCE(d.revision, 0) AS revision, d.hinted_at, COALESCE(d.attempts, 0) AS attempts,
    COALESCE(d.watched, 0) AS watched
FROM objects o LEFT JOIN due d ON d.portal = o.portal AND d.type = o.type AND d.id = o.id
WHERE o.portal = ? AND o.type = 'contact' AND o.removed_at IS NULL AND o.id > ? ORDER BY o.id LIMIT ?`

// WalkContacts gives up to limit contacts that are there, by id (as text), after the given one, each as a due row:
// with the revision to settle, and whether it waits to be read.
func (s *Store) WalkContacts(
	ctx context.Context, portal connector.PortalID, after connector.ObjectID, limit int,
) ([]workflows.DueRow, error) {
	var found []dueRow
	err := s.read(ctx, "walk contacts", func(in *session) error {
		return in.list(ctx, &found, walkContacts, portal, after, limit)
	})
	walked := make([]workflows.DueRow, 0, len(found))
	for _, row := range found {
		walked = append(walked, row.due())
	}
	return walked, err
}

const advanceReevaluation = `UPDATE reevaluations SET position = ?, done = ?, planned = ?, ended_at = CAST(? AS BIGINT)
WHERE portal = ? AND basis = ? AND ended_at IS NULL`

// SaveReevaluated saves what a step of the walk decided together with its new position; ended says that there is no
// contact after it. ErrNoRecord if another walk has taken its place.
func (s *Store) SaveReevaluated(
	ctx context.Context, fence workflows.Fence, decided []workflows.Decided, next workflows.Reevaluation, ended bool,
) error {
	return s.fenced(ctx, "save re-evaluation", fence, func(in *session) error {
		if err := in.saveDecisions(ctx, fence.Portal, decided); err != nil {
			return err
		}
		endedAt := any(nil)
		if ended {
			endedAt, next.Position = micros(in.now), ""
			if err := in.releaseRun(ctx, fence.Portal); err != nil {
				return err
			}
		}
		n, err := in.exec(ctx, advanceReevaluation, next.Position, next.Done, next.Planned, endedAt, fence.Portal, next.Basis)
		if err == nil && n == 0 {
			err = workflows.ErrNoRecord
		}
		if err != nil {
			return fmt.Errorf("advance re-evaluation %q: %w", next.Basis, err)
		}
		return nil
	})
}
