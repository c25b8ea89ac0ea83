package store

import (
	"context"
	"fmt"
	"slices"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

// note is a decision that no plan made: what an operator did to an entry, or what the pusher had to clean up.
type note struct {
	contact connector.ObjectID
	reason  scoring.Reason
	action  workflows.Action
}

// final reports whether nothing more happens to an entry of a state by itself.
func final(s workflows.EntryState) bool {
	return s == workflows.StateSettled || s == workflows.StateParked || s == workflows.StateCancelled
}

// actionOf is what stands in the decision about an entry.
func actionOf(row entryColumns) workflows.Action {
	return workflows.Action{Class: row.Class, Mode: workflows.ModeOn, Kind: row.Kind, Key: row.Key}
}

type lastRow struct {
	Contact connector.ObjectID `db:"contact"`
	Number  int                `db:"number"`
}

const lastNumbers = `SELECT d.contact, MAX(d.number) AS number FROM {rows} CROSS JOIN decisions d
WHERE d.portal = ? AND d.contact = j.value->>0 GROUP BY d.contact`

// lastDecisions gives the number of each contact's last decision.
func (in *session) lastDecisions(
	ctx context.Context, portal connector.PortalID, contacts []connector.ObjectID,
) (map[connector.ObjectID]int, error) {
	var many rows
	for _, id := range contacts {
		many = append(many, []any{string(id)})
	}
	var found []lastRow
	if err := in.lookup(ctx, &found, lastNumbers, many, portal); err != nil {
		return nil, fmt.Errorf("read numbers of decisions: %w", err)
	}
	last := map[connector.ObjectID]int{}
	for _, row := range found {
		last[row.Contact] = row.Number
	}
	return last, nil
}

// saveNotes appends decisions that no plan made. They have the contact's next numbers; a plan that counted
// without them takes a later one (decisionSaver.saveReasons). Business time is not known here: they carry
// operating time, which is the same but in a demo.
func (in *session) saveNotes(ctx context.Context, portal connector.PortalID, notes []note) error {
	if len(notes) == 0 {
		return nil
	}
	var contacts []connector.ObjectID
	for _, n := range notes {
		if !slices.Contains(contacts, n.contact) {
			contacts = append(contacts, n.contact)
		}
	}
	last, err := in.lastDecisions(ctx, portal, contacts)
	if err != nil {
		return err
	}
	var many rows
	for _, n := range notes {
		last[n.contact]++
		n.action.Reason = n.reason
		reason, err := encode(n.reason)
		if err != nil {
			return err
		}
		actions, err := encode([]workflows.Action{n.action})
		if err != nil {
			return err
		}
		many = append(many, []any{string(n.contact), last[n.contact], micros(in.now), "", reason, actions})
	}
	if err := in.bulk(ctx, saveReasons, many, portal, in.worker); err != nil {
		return fmt.Errorf("store decisions: %w", err)
	}
	return nil
}

type numberedRow struct {
	Contact   connector.ObjectID `db:"contact"`
	DecidedAt *int64             `db:"decided_at"`
	Actions   string             `db:"actions"`
}

const takenNumbers = `SELECT d.contact, d.decided_at, d.actions FROM {rows} CROSS JOIN decisions d
WHERE d.portal = ? AND d.contact = j.value->>0 AND d.number = CAST(j.value->>1 AS INTEGER)`

// decisionNumbers gives the number of each decision of the batch: the one it has counted, unless a note has
// taken that meanwhile.
func (d *decisionSaver) decisionNumbers(ctx context.Context) (map[connector.ObjectID]int, error) {
	numbers := map[connector.ObjectID]int{}
	decisions := map[connector.ObjectID]*workflows.Decision{}
	var many rows
	for _, one := range d.decided {
		if one.Decision != nil {
			numbers[one.ID], decisions[one.ID] = one.Decision.No, one.Decision
			many = append(many, []any{string(one.ID), one.Decision.No})
		}
	}
	var found []numberedRow
	if err := d.lookup(ctx, &found, takenNumbers, many, d.portal); err != nil {
		return nil, fmt.Errorf("read numbers of decisions: %w", err)
	}
	var taken []connector.ObjectID
	for _, row := range found {
		actions, err := encode(decisions[row.Contact].Actions)
		if err != nil {
			return nil, err
		}
		if actions != row.Actions || !fromMicros(row.DecidedAt).Equal(decisions[row.Contact].At) {
			taken = append(taken, row.Contact)
		}
	}
	if len(taken) == 0 {
		return numbers, nil
	}
	last, err := d.lastDecisions(ctx, d.portal, taken)
	for _, id := range taken {
		numbers[id] = last[id] + 1
	}
	return numbers, err
}
