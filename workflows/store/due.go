package store

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"leadsync/connector"
	"leadsync/workflows"
)

// dueMark is what one transaction does to one due row.
type dueMark struct {
	raise     bool
	watch     bool // every value of a property that was named matters
	settle    bool // settled at revision; changesAt is the new one
	revision  int64
	changesAt time.Time
}

// dueMarks collects what a transaction does to due rows, so that all of it is one statement in one order:
// transactions that touch the same rows then queue and never wait for each other in a circle.
type dueMarks map[connector.Ref]dueMark

func (m dueMarks) raise(ref connector.Ref) {
	mark := m[ref]
	mark.raise = true
	m[ref] = mark
}

// watch raises a record of which an event named a property whose every value matters.
func (m dueMarks) watch(ref connector.Ref) {
	m.raise(ref)
	mark := m[ref]
	mark.watch = true
	m[ref] = mark
}

func (m dueMarks) settle(ref connector.Ref, revision int64, changesAt time.Time) {
	mark := m[ref]
	mark.settle, mark.revision, mark.changesAt = true, revision, changesAt
	m[ref] = mark
}

func (m dueMarks) raised() int {
	n := 0
	for _, mark := range m {
		if mark.raise {
			n++
		}
	}
	return n
}

// In the proposed row revision is by how much to raise, settled the revision that was worked on or -1, and
// hinted_at is now if it is raised. A hint newer than the revision worked on stays due, from the newest
// hint's time; error and attempts belong to work that did not succeed.
const markDue = `INSERT INTO due
    (portal, type, id, revision, settled, hinted_at, raised_at, changes_at, attempts, error, watched)
SELECT ?, j.value->>0, j.value->>1, CAST(j.value->>2 AS BIGINT), CAST(j.value->>3 AS BIGINT),
    CAST(j.value->>4 AS BIGINT), CAST(j.value->>4 AS BIGINT), CAST(j.value->>5 AS BIGINT), 0, '',
    CAST(j.value->>6 AS INTEGER)
FROM {rows} WHERE true
ON CONFLICT (portal, type, id) DO UPDATE SET
    revision = due.revision + excluded.revision,
    settled = CASE WHEN excluded.settled > due.settled THEN excluded.settled ELSE due.settled END,
    hinted_at = CASE
        WHEN excluded.settled < 0 THEN COALESCE(due.hinted_at, excluded.hinted_at)
        WHEN excluded.settled >= due.revision THEN excluded.hinted_at
        WHEN due.hinted_at IS NULL THEN excluded.hinted_at
        ELSE due.raised_at END,
    raised_at = COALESCE(excluded.raised_at, due.raised_at),
    retry_at = CASE WHEN excluded.settled < 0 THEN due.retry_at ELSE NULL END,
    changes_at = CASE WHEN excluded.settled < 0 THEN due.changes_at ELSE excluded.changes_at END,
    attempts = CASE WHEN excluded.settled < 0 THEN due.attempts ELSE 0 END,
    error = CASE WHEN excluded.settled < 0 THEN due.error ELSE '' END,
    watched = CASE WHEN excluded.settled >= due.revision OR excluded.watched > due.watched
        THEN excluded.watched ELSE due.watched END`

func (in *session) markDue(ctx context.Context, portal connector.PortalID, marks dueMarks) error {
	many := make(rows, 0, len(marks))
	refs := slices.SortedFunc(maps.Keys(marks), compareRefs)
	erased, err := in.tombstones(ctx, portal, refs)
	if err != nil {
		return err
	}
	for _, ref := range refs {
		mark := marks[ref]
		if erased[ref] {
			continue // whoever names somebody who was erased does not bring the id back
		}
		settled, hinted := int64(-1), any(nil)
		if mark.settle {
			settled = mark.revision
			if in.weak.Without(workflows.DueRevision) {
				settled = math.MaxInt32 // whatever was raised meanwhile
			}
		}
		if mark.raise {
			hinted = micros(in.now)
		}
		many = append(many, []any{
			string(ref.Type), string(ref.ID), flag(mark.raise), settled, hinted, micros(mark.changesAt),
			flag(mark.watch),
		})
	}
	if err := in.bulk(ctx, markDue, many, portal); err != nil {
		return fmt.Errorf("mark due: %w", err)
	}
	return in.unmarkErased(ctx, portal, erased)
}

// unmarkErased ends what a process of the release before made due of what was erased.
func (in *session) unmarkErased(ctx context.Context, portal connector.PortalID, erased map[connector.Ref]bool) error {
	refs := slices.SortedFunc(maps.Keys(erased), compareRefs)
	if err := in.bulk(ctx, `DELETE FROM due WHERE portal = ? AND (type, id)`+byRef, refRows(refs), portal); err != nil {
		return fmt.Errorf("end what is erased: %w", err)
	}
	return nil
}

func compareRefs(a, b connector.Ref) int {
	if c := strings.Compare(string(a.Type), string(b.Type)); c != 0 {
		return c
	}
	return strings.Compare(string(a.ID), string(b.ID))
}

// Hint marks records due, as a delivery would. It needs no lease.
func (s *Store) Hint(ctx context.Context, portal connector.PortalID, refs []connector.Ref) error {
	return s.timed(ctx, "hint", func(in *session) error {
		marks := dueMarks{}
		for _, ref := range refs {
			marks.raise(ref)
		}
		return in.markDue(ctx, portal, marks)
	})
}

type dueRow struct {
	Type     connector.ObjectType `db:"type"`
	ID       connector.ObjectID   `db:"id"`
	Revision int64                `db:"revision"`
	HintedAt *int64               `db:"hinted_at"`
	Attempts int                  `db:"attempts"`
	Watched  bool                 `db:"watched"`
}

func (r dueRow) due() workflows.DueRow {
	return workflows.DueRow{
		Type: r.Type, ID: r.ID, Revision: r.Revision, Hinted: r.HintedAt != nil,
		Watched: r.Watched, Attempts: r.Attempts, HintedAt: fromMicros(r.HintedAt),
	}
}

const dueHinted = `SELECT type, id, revision, hinted_at, attempts, watched FROM due
WHERE portal = ? AND hinted_at IS NOT NULL AND (retry_at IS NULL OR retry_at <= ?)
    AND type IN (SELECT j.value->>0 FROM {rows}) ORDER BY hinted_at, type, id LIMIT `

const dueByTime = `SELECT type, id, revision, hinted_at, attempts, watched FROM due
WHERE portal = ? AND changes_at <= ? AND hinted_at IS NULL AND (retry_at IS NULL OR retry_at <= ?)
    AND type IN (SELECT j.value->>0 FROM {rows}) ORDER BY changes_at, type, id LIMIT `

// Due gives up to limit records of the types that want work: first those with a hint, oldest hint first,
// then those whose time has come (business time). Records in backoff are left out.
func (s *Store) Due(
	ctx context.Context, portal connector.PortalID, business time.Time, types []connector.ObjectType, limit int,
) ([]workflows.DueRow, error) {
	var many rows
	for _, t := range types {
		many = append(many, []any{string(t)})
	}
	var found, later []dueRow
	err := s.read(ctx, "read due", func(in *session) error {
		now := micros(in.now)
		if err := in.lookup(ctx, &found, dueHinted+fmt.Sprint(limit), many, portal, now); err != nil {
			return err
		}
		if len(found) >= limit {
			return nil
		}
		return in.lookup(ctx, &later, dueByTime+fmt.Sprint(limit-len(found)), many, portal, business.UnixMicro(), now)
	})
	due := make([]workflows.DueRow, 0, len(found)+len(later))
	for _, row := range append(found, later...) {
		due = append(due, row.due())
	}
	return due, err
}

const lockDue = `SELECT d.id FROM {rows} CROSS JOIN due d
WHERE d.portal = ? AND d.type = j.value->>0 AND d.id = j.value->>1 ORDER BY d.type, d.id {update d}`

// The portal stands in the rows and not beside them: with a constant portal SQLite would walk the whole table
// and look into the rows, instead of the other way round. So it does in every UPDATE … FROM {rows}.
const postpone = `UPDATE due SET retry_at = p.retry_at, attempts = due.attempts + p.counted, error = p.error
FROM (SELECT j.value->>0 AS portal, j.value->>1 AS type, j.value->>2 AS id, CAST(j.value->>3 AS BIGINT) AS retry_at,
        CAST(j.value->>4 AS INTEGER) AS counted, j.value->>5 AS error FROM {rows}) AS p
WHERE due.portal = p.portal AND due.type = p.type AND due.id = p.id`

// Postpone keeps due records from being handed out for a while; they stay due.
func (s *Store) Postpone(ctx context.Context, fence workflows.Fence, postponed []workflows.Postponed) error {
	return s.fenced(ctx, "postpone", fence, func(in *session) error {
		var refs []connector.Ref
		var many rows
		for _, p := range postponed {
			refs = append(refs, connector.Ref{Type: p.Type, ID: p.ID})
			many = append(many, []any{
				string(fence.Portal), string(p.Type), string(p.ID), micros(in.now.Add(p.Wait)), flag(!p.Free), p.Error,
			})
		}
		if err := in.lockDue(ctx, fence.Portal, refs); err != nil {
			return err
		}
		err := in.bulk(ctx, postpone, many)
		return err
	})
}

// lockDue locks rows that are there, in the order that everybody keeps.
func (in *session) lockDue(ctx context.Context, portal connector.PortalID, refs []connector.Ref) error {
	var ids []string
	return in.lookup(ctx, &ids, lockDue, refRows(refs), portal)
}

func refRows(refs []connector.Ref) rows {
	many := make(rows, 0, len(refs))
	for _, ref := range refs {
		many = append(many, []any{string(ref.Type), string(ref.ID)})
	}
	return many
}
