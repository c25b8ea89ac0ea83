package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

const saveClocks = `INSERT INTO clocks (portal, contact, rule, started_at, due_at, state, met_at, took, team, source)
SELECT ?, j.value->>0, j.value->>1, CAST(j.value->>2 AS BIGINT), CAST(j.value->>3 AS BIGINT), j.value->>4,
    CAST(j.value->>5 AS BIGINT), CAST(j.value->>6 AS BIGINT), j.value->>7, j.value->>8
FROM {rows} WHERE true
ON CONFLICT (portal, contact, rule, started_at) DO UPDATE SET due_at = excluded.due_at, state = excluded.state,
    met_at = excluded.met_at, took = excluded.took, team = excluded.team, source = excluded.source`

const saveQualified = `INSERT INTO qualifications (portal, contact, stage, entered_at, carrier, source, judged_at, ending, outcome, reason)
SELECT ?, j.value->>0, j.value->>1, CAST(j.value->>2 AS BIGINT), j.value->>3, j.value->>4, CAST(j.value->>5 AS BIGINT),
    j.value->>6, j.value->>7, j.value->>8
FROM {rows} WHERE true
ON CONFLICT (portal, contact, stage, entered_at) DO UPDATE SET carrier = excluded.carrier, source = excluded.source,
    judged_at = excluded.judged_at, ending = excluded.ending, outcome = excluded.outcome, reason = excluded.reason`

const saveJudgements = `INSERT INTO judgements (portal, contact, ending, outcome, reason, judged_at)
SELECT ?, j.value->>0, j.value->>1, j.value->>2, j.value->>3, CAST(j.value->>4 AS BIGINT) FROM {rows} WHERE true
ON CONFLICT (portal, contact) DO UPDATE SET ending = excluded.ending, outcome = excluded.outcome, reason = excluded.reason,
    judged_at = excluded.judged_at`

// putOutcomes brings the tables of measurements in line with lead states. What a state does not remember any more, the
// runs of a clock before the last, stays as it was measured; of contacts that must not be profiled nothing stays.
func (in *session) putOutcomes(
	ctx context.Context, portal connector.PortalID, ids []connector.ObjectID, states map[connector.ObjectID]workflows.LeadState,
) error {
	var all, private, clocks, qualified, judged rows
	for _, id := range ids {
		state := states[id]
		all = append(all, []any{string(id)})
		if !state.Unprofiled.IsZero() {
			private = append(private, []any{string(id)})
			continue
		}
		for _, c := range state.Clocks {
			clocks = append(clocks, clockRow(id, c))
		}
		for _, q := range state.Qualified {
			qualified = append(qualified, []any{
				string(id), q.Stage, micros(q.At), q.Carrier, cleanText([]byte(q.Source)), micros(q.JudgedAt), q.End, string(q.Outcome), q.Reason,
			})
		}
		if j := state.Judged; j != nil {
			judged = append(judged, []any{string(id), j.End, string(j.Outcome), j.Reason, micros(j.At)})
		}
	}
	for _, step := range []struct {
		query string
		many  rows
	}{
		{`DELETE FROM clocks WHERE portal = ? AND contact` + byContact, private},
		{`DELETE FROM qualifications WHERE portal = ? AND contact` + byContact, private},
		{`DELETE FROM judgements WHERE portal = ? AND contact` + byContact, all},
		{saveClocks, clocks},
		{saveQualified, qualified},
		{saveJudgements, judged},
	} {
		if err := in.bulk(ctx, step.query, step.many, portal); err != nil {
			return fmt.Errorf("store measurements: %w", err)
		}
	}
	return nil
}

func clockRow(id connector.ObjectID, c workflows.Clock) []any {
	var took any
	if !c.MetAt.IsZero() {
		took = c.Took.Microseconds()
	}
	return []any{
		string(id), c.Rule, micros(c.StartedAt), micros(c.DueAt), string(c.State), micros(c.MetAt), took,
		cleanText([]byte(c.Team)), cleanText([]byte(c.Source)),
	}
}

// moveOutcomes gives the survivor of a merge what was measured of the other one. A clock of it that still ran ends: the
// state of the survivor says which one goes on.
func (in *session) moveOutcomes(ctx context.Context, portal connector.PortalID, loser, survivor connector.ObjectID) error {
	for _, query := range []string{
		`INSERT INTO clocks (portal, contact, rule, started_at, due_at, state, met_at, took, team, source)
SELECT portal, CAST(? AS TEXT), rule, started_at, due_at, CASE state WHEN 'due' THEN 'ended' ELSE state END, met_at, took, team, source
FROM clocks WHERE portal = ? AND contact = ? ON CONFLICT (portal, contact, rule, started_at) DO NOTHING`,
		`INSERT INTO qualifications (portal, contact, stage, entered_at, carrier, source, judged_at, ending, outcome, reason)
SELECT portal, CAST(? AS TEXT), stage, entered_at, carrier, source, judged_at, ending, outcome, reason
FROM qualifications WHERE portal = ? AND contact = ? ON CONFLICT (portal, contact, stage, entered_at) DO NOTHING`,
	} {
		if _, err := in.exec(ctx, query, survivor, portal, loser); err != nil {
			return fmt.Errorf("move measurements: %w", err)
		}
	}
	for _, query := range []string{
		`DELETE FROM clocks WHERE portal = ? AND contact = ?`,
		`DELETE FROM qualifications WHERE portal = ? AND contact = ?`,
	} {
		if _, err := in.exec(ctx, query, portal, loser); err != nil {
			return fmt.Errorf("move measurements: %w", err)
		}
	}
	return nil
}

// closeOutcomes ends what runs for a contact that is not there any more. If it is restored, its state goes on.
func (in *session) closeOutcomes(ctx context.Context, portal connector.PortalID, gone connector.ObjectID) error {
	for _, query := range []string{
		`UPDATE clocks SET state = 'ended' WHERE portal = ? AND contact = ? AND state = 'due'`,
		`DELETE FROM judgements WHERE portal = ? AND contact = ?`,
	} {
		if _, err := in.exec(ctx, query, portal, gone); err != nil {
			return fmt.Errorf("end measurements: %w", err)
		}
	}
	return nil
}

// inheritOutcomes joins what the two contacts of a merge remember: of each clock and stage the survivor's own goes before
// the other's, the longer cool-down holds, and each recycling counts.
func inheritOutcomes(next, old workflows.Outcomes) workflows.Outcomes {
	next.Clocks, next.Qualified = slices.Clone(next.Clocks), slices.Clone(next.Qualified)
	for _, c := range old.Clocks {
		if !slices.ContainsFunc(next.Clocks, func(o workflows.Clock) bool { return o.Rule == c.Rule }) {
			next.Clocks = append(next.Clocks, c)
		}
	}
	for _, q := range old.Qualified {
		if !slices.ContainsFunc(next.Qualified, func(o workflows.Qualified) bool { return o.Stage == q.Stage }) {
			next.Qualified = append(next.Qualified, q)
		}
	}
	if old.Cooling != nil && (next.Cooling == nil || old.Cooling.Until.After(next.Cooling.Until)) {
		next.Cooling = old.Cooling
	}
	next.Recycles += old.Recycles
	return next
}

type clockColumns struct {
	Rule      string               `db:"rule"`
	Team      string               `db:"team"`
	Source    string               `db:"source"`
	State     workflows.ClockState `db:"state"`
	StartedAt int64                `db:"started_at"`
	Took      *int64               `db:"took"`
}

const findClocks = `SELECT rule, team, source, state, started_at, took FROM clocks
WHERE portal = ? AND started_at >= ? ORDER BY rule, started_at, contact`

// Clocks gives the runs of response clocks that started since a moment (business time), without whose they were.
func (s *Store) Clocks(ctx context.Context, portal connector.PortalID, since time.Time) ([]workflows.Measured, error) {
	var found []clockColumns
	err := s.read(ctx, "read clocks", func(in *session) error {
		return in.list(ctx, &found, findClocks, portal, since.UnixMicro())
	})
	list := make([]workflows.Measured, 0, len(found))
	for _, row := range found {
		m := workflows.Measured{
			Rule: row.Rule, Team: row.Team, Source: row.Source, State: row.State, StartedAt: fromMicros(&row.StartedAt), Answered: row.Took != nil,
		}
		if row.Took != nil {
			m.Took = time.Duration(*row.Took) * time.Microsecond
		}
		list = append(list, m)
	}
	return list, err
}

type clockCountRow struct {
	Rule  string               `db:"rule"`
	State workflows.ClockState `db:"state"`
	Count int                  `db:"n"`
}

// ClockCount counts the runs of the response clocks by clock and state.
func (s *Store) ClockCount(ctx context.Context, portal connector.PortalID) ([]workflows.ClockCount, error) {
	var found []clockCountRow
	err := s.read(ctx, "count clocks", func(in *session) error {
		return in.list(ctx, &found, `SELECT rule, state, COUNT(*) AS n FROM clocks WHERE portal = ? GROUP BY rule, state ORDER BY rule, state`, portal)
	})
	list := make([]workflows.ClockCount, 0, len(found))
	for _, row := range found {
		list = append(list, workflows.ClockCount(row))
	}
	return list, err
}

type qualifiedRow struct {
	Stage    string                   `db:"stage"`
	At       int64                    `db:"entered_at"`
	Carrier  string                   `db:"carrier"`
	Source   string                   `db:"source"`
	JudgedAt *int64                   `db:"judged_at"`
	End      string                   `db:"ending"`
	Outcome  scoring.MisjudgedOutcome `db:"outcome"`
	Reason   string                   `db:"reason"`
}

const findQualified = `SELECT stage, entered_at, carrier, source, judged_at, ending, outcome, reason FROM qualifications
WHERE portal = ? AND entered_at >= ? ORDER BY entered_at, contact, stage`

// Qualified gives the enterings of stages that leads are measured by since a moment (business time), and how they turned
// out.
func (s *Store) Qualified(ctx context.Context, portal connector.PortalID, since time.Time) ([]workflows.Qualified, error) {
	var found []qualifiedRow
	err := s.read(ctx, "read qualifications", func(in *session) error {
		return in.list(ctx, &found, findQualified, portal, since.UnixMicro())
	})
	list := make([]workflows.Qualified, 0, len(found))
	for _, row := range found {
		list = append(list, workflows.Qualified{
			Stage: row.Stage, At: fromMicros(&row.At), Carrier: row.Carrier, Source: row.Source,
			JudgedAt: fromMicros(row.JudgedAt), End: row.End, Outcome: row.Outcome, Reason: row.Reason,
		})
	}
	return list, err
}

type proposalRow struct {
	Contact connector.ObjectID `db:"contact"`
	End     string             `db:"ending"`
	Reason  string             `db:"reason"`
	Since   int64              `db:"judged_at"`
}

const findProposals = `SELECT contact, ending, reason, judged_at FROM judgements
WHERE portal = ? AND outcome = 'delete' ORDER BY judged_at, contact LIMIT ?`

// Proposals lists up to limit contacts that are proposed for deletion, longest first, and how many there are in all.
func (s *Store) Proposals(ctx context.Context, portal connector.PortalID, limit int) (list []workflows.Proposal, all int, err error) {
	var found []proposalRow
	err = s.read(ctx, "list proposals", func(in *session) error {
		if err := in.get(ctx, &all, `SELECT COUNT(*) FROM judgements WHERE portal = ? AND outcome = 'delete'`, portal); err != nil {
			return err
		}
		return in.list(ctx, &found, findProposals, portal, limit)
	})
	list = make([]workflows.Proposal, 0, len(found))
	for _, row := range found {
		list = append(list, workflows.Proposal{Contact: row.Contact, End: row.End, Reason: row.Reason, Since: fromMicros(&row.Since)})
	}
	return list, all, err
}
