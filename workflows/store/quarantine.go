package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lib/pq"
	"modernc.org/sqlite"

	"leadsync/connector"
	"leadsync/workflows"
)

const keepQuarantined = `INSERT INTO quarantine (portal, type, id, kind, rule, reason, times, since_at, last_at)
SELECT ?, j.value->>0, j.value->>1, j.value->>2, j.value->>3, j.value->>4, 1, CAST(? AS BIGINT), CAST(? AS BIGINT) FROM {rows} WHERE true
ON CONFLICT (portal, type, id) DO UPDATE SET kind = excluded.kind, rule = excluded.rule, reason = excluded.reason,
    times = quarantine.times + 1, last_at = excluded.last_at`

// Quarantine keeps why records cannot be worked on and settles them at the revision that failed, so that only a newer hint
// makes them due. A record with a negative revision was not due. Erased records are left out.
func (s *Store) Quarantine(ctx context.Context, fence workflows.Fence, failed []workflows.Failure) error {
	return s.fenced(ctx, "quarantine", fence, func(in *session) error {
		var refs []connector.Ref
		for _, one := range failed {
			refs = append(refs, connector.Ref{Type: one.Row.Type, ID: one.Row.ID})
		}
		erased, err := in.tombstones(ctx, fence.Portal, refs)
		if err != nil {
			return err
		}
		var many rows
		marks := dueMarks{}
		for i, one := range failed {
			if one.Row.Revision >= 0 {
				marks.settle(refs[i], one.Row.Revision, time.Time{})
			}
			if !erased[refs[i]] {
				many = append(many, []any{string(one.Row.Type), string(one.Row.ID), string(one.Kind), one.Rule, one.Reason})
			}
		}
		now := micros(in.now)
		if err := in.bulk(ctx, keepQuarantined, many, fence.Portal, now, now); err != nil {
			return fmt.Errorf("keep reasons: %w", err)
		}
		return in.markDue(ctx, fence.Portal, marks)
	})
}

const waitingQuarantined = `SELECT type, id FROM quarantine WHERE portal = ? AND kind = ? AND last_at <= ? ORDER BY type, id LIMIT 1000`

const touchQuarantined = `UPDATE quarantine SET last_at = ? WHERE portal = ? AND kind = ? AND last_at <= ? AND EXISTS
    (SELECT 1 FROM {rows} WHERE j.value->>0 = quarantine.type AND j.value->>1 = quarantine.id)`

// RetryQuarantined makes the records of a kind due again that were put here, or tried again, so long ago. They stay until
// they succeed. It gives their number, a thousand at most.
func (s *Store) RetryQuarantined(
	ctx context.Context, fence workflows.Fence, kind workflows.FailureKind, after time.Duration,
) (int, error) {
	n := 0
	err := s.fenced(ctx, "retry quarantined", fence, func(in *session) error {
		before := micros(in.now.Add(-after))
		var found []refRow
		if err := in.list(ctx, &found, waitingQuarantined, fence.Portal, kind, before); err != nil {
			return fmt.Errorf("find them: %w", err)
		}
		marks := dueMarks{}
		var refs []connector.Ref
		for _, row := range found {
			ref := connector.Ref(row)
			marks.raise(ref)
			refs = append(refs, ref)
		}
		n = len(refs)
		if err := in.bulk(ctx, touchQuarantined, refRows(refs), micros(in.now), fence.Portal, kind, before); err != nil {
			return fmt.Errorf("note the attempt: %w", err)
		}
		return in.markDue(ctx, fence.Portal, marks)
	})
	return n, err
}

const deleteQuarantined = `DELETE FROM quarantine WHERE portal = ? AND EXISTS
    (SELECT 1 FROM {rows} WHERE j.value->>0 = quarantine.type AND j.value->>1 = quarantine.id)`

// recovered takes records out that were worked on after all. The table is empty, or nearly so, in all but bad days.
func (in *session) recovered(ctx context.Context, portal connector.PortalID, refs []connector.Ref) error {
	var some []int
	if err := in.list(ctx, &some, `SELECT 1 FROM quarantine WHERE portal = ? LIMIT 1`, portal); err != nil || len(some) == 0 {
		return wrap("look into the quarantine", err)
	}
	return wrap("end the quarantine", in.bulk(ctx, deleteQuarantined, refRows(refs), portal))
}

func contactRefs(decided []workflows.Decided) []connector.Ref {
	refs := make([]connector.Ref, len(decided))
	for i, one := range decided {
		refs[i] = connector.Ref{Type: connector.TypeContact, ID: one.ID}
	}
	return refs
}

func settledRefs(settled []workflows.DueRow) []connector.Ref {
	refs := make([]connector.Ref, len(settled))
	for i, row := range settled {
		refs[i] = connector.Ref{Type: row.Type, ID: row.ID}
	}
	return refs
}

type quarantinedRow struct {
	Type   connector.ObjectType  `db:"type"`
	ID     connector.ObjectID    `db:"id"`
	Kind   workflows.FailureKind `db:"kind"`
	Rule   string                `db:"rule"`
	Reason string                `db:"reason"`
	Times  int                   `db:"times"`
	Since  int64                 `db:"since_at"`
	Last   int64                 `db:"last_at"`
}

const listQuarantined = `SELECT type, id, kind, rule, reason, times, since_at, last_at FROM quarantine
WHERE portal = ? AND (id = ? OR ? = '') ORDER BY since_at, type, id LIMIT ?`

// Quarantined lists the records that are left alone, those that have been here longest first; of one id if it is given.
func (s *Store) Quarantined(
	ctx context.Context, portal connector.PortalID, id connector.ObjectID, limit int,
) ([]workflows.Quarantined, error) {
	var out []workflows.Quarantined
	err := s.read(ctx, "list quarantine", func(in *session) error {
		var found []quarantinedRow
		if err := in.list(ctx, &found, listQuarantined, portal, id, id, limit); err != nil {
			return err
		}
		for _, r := range found {
			out = append(out, workflows.Quarantined{
				Type: r.Type, ID: r.ID, Kind: r.Kind, Rule: r.Rule, Reason: r.Reason, Times: r.Times,
				Since: fromMicros(&r.Since), Last: fromMicros(&r.Last),
			})
		}
		return nil
	})
	return out, err
}

type quarantineCount struct {
	Kind  workflows.FailureKind `db:"kind"`
	Rule  string                `db:"rule"`
	Count int                   `db:"n"`
}

// QuarantineCounts counts the records that are left alone, by kind of failure and rule.
func (s *Store) QuarantineCounts(ctx context.Context, portal connector.PortalID) ([]workflows.QuarantineCount, error) {
	var out []workflows.QuarantineCount
	err := s.read(ctx, "count quarantine", func(in *session) error {
		var found []quarantineCount
		err := in.list(ctx, &found, `SELECT kind, rule, COUNT(*) AS n FROM quarantine WHERE portal = ? GROUP BY kind, rule ORDER BY kind, rule`, portal)
		for _, row := range found {
			out = append(out, workflows.QuarantineCount(row))
		}
		return err
	})
	return out, err
}

const releasable = `SELECT type, id FROM quarantine WHERE portal = ? AND (id = ? OR ? = '') ORDER BY type, id LIMIT 1000`

// ReleaseQuarantined makes records due again, as a change of them would, and takes them out: one, or all if the id is
// empty. It gives their number.
func (s *Store) ReleaseQuarantined(ctx context.Context, portal connector.PortalID, id connector.ObjectID) (int, error) {
	n := 0
	for {
		var found []refRow
		err := s.alone(ctx, "release from quarantine", portal, func(in *session) error {
			found = nil
			if err := in.list(ctx, &found, releasable, portal, id, id); err != nil {
				return fmt.Errorf("find them: %w", err)
			}
			marks := dueMarks{}
			var refs []connector.Ref
			for _, row := range found {
				marks.raise(connector.Ref(row))
				refs = append(refs, connector.Ref(row))
			}
			if err := in.bulk(ctx, deleteQuarantined, refRows(refs), portal); err != nil {
				return fmt.Errorf("take them out: %w", err)
			}
			return in.markDue(ctx, portal, marks)
		})
		if n += len(found); err != nil || len(found) == 0 {
			return n, err
		}
	}
}

// probeBytes is more than fits into what a full database has left in its last page.
const probeBytes = 32 << 10

// Probe writes a row that needs room and deletes it. The error says why the database takes no writes, and what to do.
func (s *Store) Probe(ctx context.Context, worker string) error {
	err := s.timed(ctx, "probe", func(in *session) error {
		_, err := in.exec(ctx, `INSERT INTO probes (worker, written_at, filler) VALUES (?, ?, ?)
			ON CONFLICT (worker) DO UPDATE SET written_at = excluded.written_at, filler = excluded.filler`,
			worker, micros(in.now), strings.Repeat("0123456789abcdef", probeBytes/16))
		return err
	})
	if err != nil {
		return noWrites(err)
	}
	err = s.timed(ctx, "probe", func(in *session) error {
		_, err := in.exec(ctx, `DELETE FROM probes WHERE worker = ? OR written_at < ?`, worker, micros(in.now.Add(-time.Hour)))
		return err
	})
	return noWrites(err)
}

// dropProbes deletes what processes left behind that died while they asked.
func dropProbes(ctx context.Context, p pruning) (pruned, error) {
	n := 0
	err := p.store.fenced(ctx, "prune probes", p.fence, func(in *session) (err error) {
		n, err = in.exec(ctx, `DELETE FROM probes WHERE written_at < ?`, micros(in.now.Add(-time.Hour)))
		return err
	})
	return pruned{rows: n, over: true}, err
}

// SQLite's primary result codes (sqlite.org/rescode.html).
const (
	sqliteReadOnly   = 8
	sqliteIOError    = 10
	sqliteFull       = 13
	sqliteCantOpen   = 14
	sqliteTooBig     = 18
	sqliteConstraint = 19
	sqliteMismatch   = 20
)

// noWrites adds to an error why the database takes no writes, and what to do.
func noWrites(err error) error {
	if err == nil {
		return nil
	}
	judged := judge(err)
	if errors.Is(judged, workflows.ErrNoWrites) {
		return judged
	}
	return fmt.Errorf("%w: %w; look at the database: leadsync goes on by itself when it answers", workflows.ErrNoWrites, err)
}

// judge adds to a database's error whether it is about the values of a record or about the database as a whole, and what
// to do then; other errors stay as they are.
func judge(err error) error {
	if err == nil || errors.Is(err, workflows.ErrUnstorable) || errors.Is(err, workflows.ErrNoWrites) {
		return err
	}
	if remedy := databaseTrouble(err); remedy != "" {
		return fmt.Errorf("%w: %w; %s, leadsync goes on by itself", workflows.ErrNoWrites, err, remedy)
	}
	if aboutValues(err) {
		return fmt.Errorf("%w: %w", workflows.ErrUnstorable, err)
	}
	return err
}

// databaseTrouble is what to do about an error of the database as a whole; empty if it is none that is known.
func databaseTrouble(err error) string {
	if refused, ok := errors.AsType[*pq.Error](err); ok {
		switch refused.Code {
		case "25006":
			return "it is read-only: point the address at the primary, or end default_transaction_read_only"
		case "53100":
			return "its disk is full: make room"
		}
		return ""
	}
	refused, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return ""
	}
	switch refused.Code() & 0xff {
	case sqliteFull:
		return "the disk of the database file is full: make room"
	case sqliteReadOnly:
		return "the database file is read-only: give leadsync the right to write it and its folder"
	case sqliteIOError:
		return "its disk fails or is full: look at the disk of the database file"
	case sqliteCantOpen:
		return "the database file cannot be opened: look at its folder and its rights"
	}
	return ""
}

// aboutValues reports whether the database refuses values, or what it holds cannot be read.
func aboutValues(err error) bool {
	if refused, ok := errors.AsType[*pq.Error](err); ok {
		class := string(refused.Code.Class())
		return class == "22" || class == "23" || class == "54"
	}
	if refused, ok := errors.AsType[*sqlite.Error](err); ok {
		code := refused.Code() & 0xff
		return code == sqliteTooBig || code == sqliteConstraint || code == sqliteMismatch
	}
	if _, ok := errors.AsType[*json.SyntaxError](err); ok {
		return true
	}
	_, ok := errors.AsType[*json.UnmarshalTypeError](err)
	return ok
}
