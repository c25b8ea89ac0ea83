package store

import (
	"context"
	"fmt"

	"leadsync/connector"
	"leadsync/workflows"
)

// standingStep is how many lead states are read in one go.
const standingStep = 500

const walkLeads = `SELECT l.id, l.state FROM leads l WHERE l.portal = ? AND l.id > ?
    AND EXISTS (SELECT o.id FROM objects o WHERE o.portal = l.portal AND o.type = 'contact' AND o.id = l.id AND o.removed_at IS NULL)
    AND NOT EXISTS (SELECT b.contact FROM backfills b WHERE b.portal = l.portal AND b.contact = l.id AND b.rule = ?)
ORDER BY l.id LIMIT ?`

// Standing gives the contacts that are there and that a follow-up applies to as they stand, by id (as text), but for
// those for which it is ordered already: at most limit of them (0: all), and how many there are in all.
func (s *Store) Standing(
	ctx context.Context, portal connector.PortalID, rule string, limit int, applies func(workflows.LeadState) bool,
) (ids []connector.ObjectID, total int, err error) {
	err = s.read(ctx, "find contacts to backfill", func(in *session) error {
		after := connector.ObjectID("")
		for {
			var found []leadRow
			if err := in.list(ctx, &found, walkLeads, portal, after, rule, standingStep); err != nil {
				return err
			}
			for _, row := range found {
				var state workflows.LeadState
				if err := decode(row.State, &state); err != nil {
					return fmt.Errorf("read state of contact %q: %w", row.ID, err)
				}
				if after = row.ID; !applies(state) {
					continue
				}
				if total++; limit == 0 || len(ids) < limit {
					ids = append(ids, row.ID)
				}
			}
			if len(found) < standingStep {
				return nil
			}
		}
	})
	return ids, total, err
}

const orderBackfills = `INSERT INTO backfills (portal, contact, rule, ordered_at)
SELECT ?, l.id, CAST(? AS TEXT), CAST(? AS BIGINT) FROM {rows} CROSS JOIN leads l
WHERE l.portal = ? AND l.id = j.value->>0 ON CONFLICT (portal, contact, rule) DO NOTHING`

// OrderBackfill orders a follow-up for contacts and makes them due, in one transaction: at their next look each has the
// rule caused once, or the order is dropped. Ordering once more what is ordered changes nothing.
func (s *Store) OrderBackfill(ctx context.Context, portal connector.PortalID, rule string, ids []connector.ObjectID) error {
	return s.alone(ctx, "order backfill", portal, func(in *session) error {
		var many rows
		marks := dueMarks{}
		for _, id := range ids {
			many = append(many, []any{string(id)})
			marks.raise(connector.Ref{Type: connector.TypeContact, ID: id})
		}
		if err := in.bulk(ctx, orderBackfills, many, portal, rule, micros(in.now), portal); err != nil {
			return fmt.Errorf("store orders: %w", err)
		}
		return in.markDue(ctx, portal, marks)
	})
}

// Backfills counts the orders that are not carried out yet, by follow-up.
func (s *Store) Backfills(ctx context.Context, portal connector.PortalID) (map[string]int, error) {
	counts := map[string]int{}
	err := s.read(ctx, "count backfills", func(in *session) error {
		var found []struct {
			Rule  string `db:"rule"`
			Count int    `db:"n"`
		}
		err := in.list(ctx, &found, `SELECT rule, COUNT(*) AS n FROM backfills WHERE portal = ? GROUP BY rule ORDER BY rule`, portal)
		for _, row := range found {
			counts[row.Rule] = row.Count
		}
		return err
	})
	return counts, err
}

type orderRow struct {
	Contact connector.ObjectID `db:"contact"`
	Rule    string             `db:"rule"`
}

const findOrders = `SELECT b.contact, b.rule FROM {rows} CROSS JOIN backfills b
WHERE b.portal = ? AND b.contact = j.value->>0 ORDER BY b.contact, b.rule`

// fillOrders adds the follow-ups that are ordered.
func (in *session) fillOrders(
	ctx context.Context, portal connector.PortalID, many rows, at map[connector.ObjectID]*workflows.LeadRecord,
) error {
	var found []orderRow
	if err := in.lookup(ctx, &found, findOrders, many, portal); err != nil {
		return fmt.Errorf("read backfill orders: %w", err)
	}
	for _, row := range found {
		at[row.Contact].Orders = append(at[row.Contact].Orders, row.Rule)
	}
	return nil
}

const endOrders = `DELETE FROM backfills WHERE portal = ? AND (contact, rule) IN (SELECT j.value->>0, j.value->>1 FROM {rows})`

// saveOrders ends the orders that the batch has carried out or dropped, and those of contacts that are gone.
func (d *decisionSaver) saveOrders(ctx context.Context) error {
	var done, gone rows
	for _, one := range d.decided {
		for _, rule := range one.Ordered {
			done = append(done, []any{string(one.ID), rule})
		}
		if one.Gone {
			gone = append(gone, []any{string(one.ID)})
		}
	}
	if err := d.bulk(ctx, endOrders, done, d.portal); err != nil {
		return fmt.Errorf("end backfill orders: %w", err)
	}
	if err := d.bulk(ctx, `DELETE FROM backfills WHERE portal = ? AND contact`+byContact, gone, d.portal); err != nil {
		return fmt.Errorf("drop backfill orders: %w", err)
	}
	return nil
}
