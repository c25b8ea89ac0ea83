package store

import (
	"context"
	"fmt"

	"leadsync/connector"
	"leadsync/workflows"
)

// A plan knows when a task is due before the budget has carried it over, and is not asked again. So what it remembers as
// written is brought in line with the days wherever it is read.

// print is what was written of a task, as it was sent.
func (r dayRow) print(was connector.TaskPrint) connector.TaskPrint {
	if was != (connector.TaskPrint{}) && r.DueAt != r.AskedAt {
		was.Due = fromMicros(&r.DueAt).Unix()
	}
	return was
}

// asWritten brings amendments and closings in line with the days of the tasks that they are about.
func (t *taker) asWritten(ctx context.Context, chosen []entryColumns) ([]entryColumns, error) {
	var keys []string
	old := make([]string, len(chosen))
	for i, row := range chosen {
		key, _, err := earlier(row.Kind, []byte(row.Payload))
		if err != nil {
			return nil, fmt.Errorf("read entry %q: %w", row.Key, err)
		}
		old[i] = key
		keys = append(keys, key)
		for _, e := range t.earlier[row.Key] {
			keys = append(keys, e.Key)
		}
	}
	days, err := t.days(ctx, t.portal, keys)
	if err != nil {
		return nil, err
	}
	for i := range chosen {
		for j, e := range t.earlier[chosen[i].Key] {
			t.earlier[chosen[i].Key][j].Was = days[e.Key].print(e.Was)
		}
		if at := days[old[i]]; at.DueAt != at.AskedAt {
			if chosen[i].Payload, err = at.about(chosen[i]); err != nil {
				return nil, err
			}
		}
	}
	return chosen, nil
}

// about is the payload of an amendment or closing of the task.
func (r dayRow) about(row entryColumns) (string, error) {
	if row.Kind == workflows.KindClose {
		var p workflows.ClosePayload
		if err := decode(row.Payload, &p); err != nil {
			return "", fmt.Errorf("read entry %q: %w", row.Key, err)
		}
		p.Was = r.print(p.Was)
		return encode(p)
	}
	var p workflows.AmendPayload
	if err := decode(row.Payload, &p); err != nil {
		return "", fmt.Errorf("read entry %q: %w", row.Key, err)
	}
	p.Was = r.print(p.Was)
	return encode(p)
}

const findMoved = `SELECT d.contact, d.entry_key, d.owner, d.day, d.due_at, d.asked_at FROM {rows} CROSS JOIN task_days d
WHERE d.portal = ? AND d.contact = j.value->>0 AND d.due_at <> d.asked_at ORDER BY d.entry_key`

type movedRow struct {
	dayRow

	Contact connector.ObjectID `db:"contact"`
}

// fillDays brings what lead states remember of tasks in line with the days that they were carried over to.
func (in *session) fillDays(
	ctx context.Context, portal connector.PortalID, many rows, at map[connector.ObjectID]*workflows.LeadRecord,
) error {
	var found []movedRow
	if err := in.lookup(ctx, &found, findMoved, many, portal); err != nil {
		return fmt.Errorf("read tasks carried over: %w", err)
	}
	for _, row := range found {
		if st := at[row.Contact].State; st != nil {
			st.Carried(row.Key, fromMicros(&row.DueAt))
		}
	}
	return nil
}

// OverBudget counts the open tasks of ours that had no room on any day of their owner (rule 25).
func (s *Store) OverBudget(ctx context.Context, portal connector.PortalID, names connector.Names) (int, error) {
	count := 0
	err := s.read(ctx, "count tasks over budget", func(in *session) error {
		var found []placeRow
		if err := in.list(ctx, &found, placesOverBudget, portal); err != nil {
			return err
		}
		for _, row := range found {
			ended, err := row.ended(names)
			if err != nil {
				return err
			}
			if !ended {
				count++
			}
		}
		return nil
	})
	return count, err
}

const moveDays = `UPDATE task_days SET contact = ? WHERE portal = ? AND contact = ?`

func ownersOf(found []ownerRow) []connector.Owner {
	owners := make([]connector.Owner, 0, len(found))
	for _, row := range found {
		owners = append(owners, connector.Owner{
			ID: row.ID, Name: row.Name, Email: row.Email, Active: row.Active, Person: row.Person, Zone: row.Zone, Hours: row.Hours,
		})
	}
	return owners
}
