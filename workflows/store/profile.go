package store

import (
	"context"
	"fmt"
	"slices"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

const findUnprofiled = `SELECT u.contact FROM {rows} CROSS JOIN unprofiled u WHERE u.portal = ? AND u.contact = j.value->>0`

// unprofiled gives those of the contacts that must not be profiled.
func (in *session) unprofiled(
	ctx context.Context, portal connector.PortalID, contacts []connector.ObjectID,
) (map[connector.ObjectID]bool, error) {
	found := []connector.ObjectID{}
	if err := in.lookup(ctx, &found, findUnprofiled, idRows(contacts), portal); err != nil {
		return nil, fmt.Errorf("look for contacts that must not be profiled: %w", err)
	}
	private := make(map[connector.ObjectID]bool, len(found))
	for _, id := range found {
		private[id] = true
	}
	return private, nil
}

func idRows(ids []connector.ObjectID) rows {
	many := make(rows, 0, len(ids))
	for _, id := range ids {
		many = append(many, []any{string(id)})
	}
	return many
}

const saveUnprofiled = `INSERT INTO unprofiled (portal, contact, since_at)
SELECT ?, j.value->>0, CAST(j.value->>1 AS BIGINT) FROM {rows} WHERE true
ON CONFLICT (portal, contact) DO UPDATE SET since_at = excluded.since_at`

const saveViolations = `INSERT INTO violations (portal, contact, invariant, since_at)
SELECT ?, j.value->>0, j.value->>1, CAST(j.value->>2 AS BIGINT) FROM {rows} WHERE true
ON CONFLICT (portal, contact, invariant) DO UPDATE SET since_at = excluded.since_at`

// putProfiles brings the tables that are counted and looked up in line with lead states.
func (in *session) putProfiles(
	ctx context.Context, portal connector.PortalID, ids []connector.ObjectID, states map[connector.ObjectID]workflows.LeadState,
) error {
	var all, allowed, private, broken rows
	for _, id := range ids {
		state := states[id]
		all = append(all, []any{string(id)})
		if state.Unprofiled.IsZero() {
			allowed = append(allowed, []any{string(id)})
		} else {
			private = append(private, []any{string(id), micros(state.Unprofiled)})
		}
		for _, v := range state.Violations {
			broken = append(broken, []any{string(id), v.Invariant, micros(v.Since)})
		}
	}
	for _, step := range []struct {
		query string
		many  rows
	}{
		{`DELETE FROM unprofiled WHERE portal = ? AND contact` + byContact, allowed},
		{saveUnprofiled, private},
		{`DELETE FROM violations WHERE portal = ? AND contact` + byContact, all},
		{saveViolations, broken},
	} {
		if err := in.bulk(ctx, step.query, step.many, portal); err != nil {
			return fmt.Errorf("store what may not be: %w", err)
		}
	}
	return nil
}

// forgetProfile takes a contact that is not there any more out of what is counted. One that is only archived can be
// restored: until then nothing is collected about it either.
func (in *session) forgetProfile(ctx context.Context, portal connector.PortalID, gone, survivor connector.ObjectID) error {
	queries := []string{`DELETE FROM violations WHERE portal = ? AND contact = ?`, `DELETE FROM frozen WHERE portal = ? AND contact = ?`}
	if survivor != "" {
		queries = append(queries, `DELETE FROM unprofiled WHERE portal = ? AND contact = ?`)
	}
	for _, query := range queries {
		if _, err := in.exec(ctx, query, portal, gone); err != nil {
			return fmt.Errorf("forget what may not be: %w", err)
		}
	}
	return nil
}

const countUnprofiled = `SELECT COUNT(*) FROM unprofiled u JOIN objects o ON o.portal = u.portal AND o.type = 'contact' AND o.id = u.contact
WHERE u.portal = ? AND o.removed_at IS NULL`

const countViolations = `SELECT invariant, COUNT(*) AS n, MIN(since_at) AS since FROM violations WHERE portal = ?
GROUP BY invariant ORDER BY invariant`

type violationCount struct {
	Invariant string `db:"invariant"`
	Count     int    `db:"n"`
	Since     *int64 `db:"since"`
}

// ProfileCount counts the contacts that must not be profiled and those that break invariants, whatever the model is
// now: a contact that no newer model has looked at counts as it was.
func (s *Store) ProfileCount(ctx context.Context, portal connector.PortalID) (workflows.ProfileCount, error) {
	var count workflows.ProfileCount
	err := s.read(ctx, "count profiles", func(in *session) error {
		if err := in.get(ctx, &count.Unprofiled, countUnprofiled, portal); err != nil {
			return err
		}
		var found []violationCount
		err := in.list(ctx, &found, countViolations, portal)
		for _, row := range found {
			count.Violations = append(count.Violations, workflows.ViolationCount{
				Invariant: row.Invariant, Contacts: row.Count, Since: fromMicros(row.Since),
			})
		}
		return err
	})
	return count, err
}

type violatingRow struct {
	Contact   connector.ObjectID `db:"contact"`
	Invariant string             `db:"invariant"`
	Since     int64              `db:"since_at"`
}

const findViolations = `SELECT contact, invariant, since_at FROM violations
WHERE portal = ? AND (invariant = ? OR ? = '') ORDER BY invariant, since_at, contact LIMIT ?`

// Violations lists up to limit contacts that break an invariant (any if it is empty), by invariant, longest first.
func (s *Store) Violations(
	ctx context.Context, portal connector.PortalID, invariant string, limit int,
) ([]workflows.Violating, error) {
	var found []violatingRow
	err := s.read(ctx, "list violations", func(in *session) error {
		return in.list(ctx, &found, findViolations, portal, invariant, invariant, limit)
	})
	list := make([]workflows.Violating, 0, len(found))
	for _, row := range found {
		list = append(list, workflows.Violating{Contact: row.Contact, Invariant: row.Invariant, Since: fromMicros(&row.Since)})
	}
	return list, err
}

const decidedThen = `SELECT d.contact, d.reason FROM {rows} CROSS JOIN decisions d
WHERE d.portal = ? AND d.contact = j.value->>0 AND d.decided_at = CAST(j.value->>1 AS BIGINT)`

type decidedRow struct {
	Contact connector.ObjectID `db:"contact"`
	Reason  string             `db:"reason"`
}

// saveAsides stores what decisions say beside their plans, as records behind theirs. Saved twice it is there once.
func (d *decisionSaver) saveAsides(ctx context.Context) error {
	var ids []connector.ObjectID
	var moments rows
	for _, one := range d.decided {
		if one.Again {
			d.marks.raise(connector.Ref{Type: connector.TypeContact, ID: one.ID})
		}
		if len(one.Notes) > 0 {
			ids = append(ids, one.ID)
			moments = append(moments, []any{string(one.ID), micros(one.State.EvaluatedAt)})
		}
	}
	var then []decidedRow
	if err := d.lookup(ctx, &then, decidedThen, moments, d.portal); err != nil {
		return fmt.Errorf("read decisions of the moment: %w", err)
	}
	last, err := d.lastDecisions(ctx, d.portal, ids)
	if err != nil {
		return err
	}
	var many rows
	for _, one := range d.decided {
		for _, note := range one.Notes {
			reason, err := encode(note)
			if err != nil {
				return err
			}
			if slices.Contains(then, decidedRow{one.ID, reason}) {
				continue
			}
			last[one.ID]++
			many = append(many, []any{string(one.ID), last[one.ID], micros(one.State.EvaluatedAt), one.State.Model, reason, "null"})
		}
	}
	if err := d.bulk(ctx, saveReasons, many, d.portal, d.worker); err != nil {
		return fmt.Errorf("store notes: %w", err)
	}
	return nil
}

// redact gives a stored reason without values, and whether that is another one.
func redact(text string) (string, bool, error) {
	var reason scoring.Reason
	if err := decode(text, &reason); err != nil {
		return "", false, err
	}
	next, err := encode(workflows.Redacted(reason))
	return next, next != text, err
}
