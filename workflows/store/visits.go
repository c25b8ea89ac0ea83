package store

import (
	"context"
	"fmt"

	"leadsync/connector"
	"leadsync/workflows"
)

const saveWanted = `INSERT INTO visits_wanted (portal, contact, since_at, position)
SELECT ?, j.value->>0, CAST(j.value->>1 AS BIGINT), '' FROM {rows} WHERE true
ON CONFLICT (portal, contact) DO UPDATE SET position = '',
    since_at = CASE WHEN excluded.since_at < visits_wanted.since_at THEN excluded.since_at ELSE visits_wanted.since_at END`

// saveWanted notes the contacts whose visits are to be read.
func (d *decisionSaver) saveWanted(ctx context.Context) error {
	var many rows
	for _, one := range d.decided {
		if !one.VisitsSince.IsZero() && !one.Gone {
			many = append(many, []any{string(one.ID), micros(one.VisitsSince)})
		}
	}
	if err := d.bulk(ctx, saveWanted, many, d.portal); err != nil {
		return fmt.Errorf("note wanted visits: %w", err)
	}
	return nil
}

type wantedRow struct {
	Contact  connector.ObjectID `db:"contact"`
	SinceAt  int64              `db:"since_at"`
	Position string             `db:"position"`
}

const findWanted = `SELECT contact, since_at, position FROM visits_wanted WHERE portal = ? ORDER BY contact LIMIT ?`

// WantedVisits gives up to limit contacts whose visits are to be read.
func (s *Store) WantedVisits(
	ctx context.Context, portal connector.PortalID, limit int,
) ([]workflows.WantedVisits, error) {
	var found []wantedRow
	err := s.read(ctx, "read wanted visits", func(in *session) error {
		return in.list(ctx, &found, findWanted, portal, limit)
	})
	wanted := make([]workflows.WantedVisits, 0, len(found))
	for _, row := range found {
		wanted = append(wanted, workflows.WantedVisits{
			Contact: row.Contact, Since: fromMicros(&row.SinceAt), Position: connector.Cursor(row.Position),
		})
	}
	return wanted, err
}

const saveVisits = `INSERT INTO visits (portal, id, contact, at, page, kept_at)
SELECT ?, j.value->>0, CAST(? AS TEXT), CAST(j.value->>1 AS BIGINT), j.value->>2, CAST(? AS BIGINT)
FROM {rows} WHERE true ON CONFLICT (portal, id) DO NOTHING`

// SaveVisits stores one page of a contact's visits and the place behind it in one transaction. The contact is
// looked at again; if it was erased meanwhile or must not be profiled, nothing is stored.
func (s *Store) SaveVisits(ctx context.Context, fence workflows.Fence, page workflows.VisitPage) error {
	return s.fenced(ctx, "save visits", fence, func(in *session) error {
		unwelcome, err := in.unwelcome(ctx, fence.Portal, page.Contact)
		if err != nil {
			return err
		}
		var many rows
		seen := map[string]bool{}
		for _, v := range page.Visits {
			if v.ID == "" {
				v.ID = workflows.VisitID(page.Contact, v)
			}
			if !seen[v.ID] && !unwelcome {
				seen[v.ID] = true
				many = append(many, []any{v.ID, micros(v.At), v.Page})
			}
		}
		if err := in.bulk(ctx, saveVisits, many, fence.Portal, string(page.Contact), micros(in.now)); err != nil {
			return fmt.Errorf("store visits: %w", err)
		}
		if len(many) > 0 {
			if err := in.look(ctx, fence.Portal, rows{{string(page.Contact)}}, page.At); err != nil {
				return err
			}
		}
		if page.Next == "" || unwelcome {
			_, err = in.exec(ctx, `DELETE FROM visits_wanted WHERE portal = ? AND contact = ?`, fence.Portal, page.Contact)
		} else {
			_, err = in.exec(ctx, `UPDATE visits_wanted SET position = ? WHERE portal = ? AND contact = ?`,
				string(page.Next), fence.Portal, page.Contact)
		}
		if err != nil {
			return fmt.Errorf("move visits of contact %q: %w", page.Contact, err)
		}
		return nil
	})
}

// mergeSources hands over what optional sources told of the loser.
func (d *decisionSaver) mergeSources(ctx context.Context, loser, survivor connector.ObjectID) error {
	for _, query := range []string{
		`UPDATE submissions SET contact = ? WHERE portal = ? AND contact = ?`,
		`UPDATE visits SET contact = ? WHERE portal = ? AND contact = ?`,
	} {
		if _, err := d.exec(ctx, query, survivor, d.portal, loser); err != nil {
			return fmt.Errorf("move what sources told: %w", err)
		}
	}
	// The survivor's counter is another one; when it moves, its visits are read.
	if _, err := d.exec(ctx, `DELETE FROM visits_wanted WHERE portal = ? AND contact = ?`, d.portal, loser); err != nil {
		return fmt.Errorf("drop wanted visits: %w", err)
	}
	return nil
}
