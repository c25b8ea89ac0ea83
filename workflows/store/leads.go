package store

import (
	"context"
	"fmt"
	"maps"

	"leadsync/connector"
	"leadsync/workflows"
)

type linkedRow struct {
	objectRow
	Contact connector.ObjectID `db:"contact"`
}

type aliasRow struct {
	ID       connector.ObjectID `db:"id"`
	Survivor connector.ObjectID `db:"survivor"`
}

const findAliases = `SELECT a.id, a.survivor FROM {rows} CROSS JOIN aliases a WHERE a.portal = ? AND a.id = j.value->>0`

const linkedObjects = `SELECT l.to_id AS contact, ` + objectColumns + `
FROM {rows} CROSS JOIN links l CROSS JOIN objects o
WHERE l.portal = ? AND l.to_type = 'contact' AND l.to_id = j.value->>0 AND l.removed_at IS NULL
    AND l.from_type IN ('company', 'deal', 'call', 'meeting', 'email', 'note', 'communication', 'task')
    AND o.portal = l.portal AND o.type = l.from_type AND o.id = l.from_id AND o.removed_at IS NULL
ORDER BY l.to_id, o.type, o.id`

type observationRow struct {
	Contact  connector.ObjectID `db:"contact"`
	Property string             `db:"property"`
	At       int64              `db:"at"`
	Value    string             `db:"value"`
	Known    workflows.Known    `db:"known"`
	Origin   connector.Origin   `db:"origin"`
	Source   string             `db:"source"`
}

const findObservations = `SELECT v.contact, v.property, v.at, v.value, v.known, v.origin, v.source
FROM {rows} CROSS JOIN versions v
WHERE v.portal = ? AND v.contact = j.value->>0 ORDER BY v.contact, v.property, v.at, v.value`

type leadRow struct {
	ID    connector.ObjectID `db:"id"`
	Root  connector.ObjectID `db:"root"`
	State string             `db:"state"`
}

const findLeads = `SELECT l.id, l.root, l.state FROM {rows} CROSS JOIN leads l WHERE l.portal = ? AND l.id = j.value->>0`

type changesRow struct {
	ID        connector.ObjectID `db:"id"`
	ChangesAt int64              `db:"changes_at"`
}

const findChanges = `SELECT d.id, d.changes_at FROM {rows} CROSS JOIN due d
WHERE d.portal = ? AND d.type = 'contact' AND d.id = j.value->>0 AND d.changes_at IS NOT NULL`

// Leads gives everything known about the contacts, in the order of the ids, with a constant number of
// queries. A contact that the mirror does not have, or that was removed, has a zero Contact. Ids of
// contacts that were merged away are not followed.
func (s *Store) Leads(
	ctx context.Context, portal connector.PortalID, ids []connector.ObjectID,
) ([]workflows.LeadRecord, error) {
	records := make([]workflows.LeadRecord, len(ids))
	at := make(map[connector.ObjectID]*workflows.LeadRecord, len(ids))
	var many rows
	for i, id := range ids {
		records[i].ID = id
		if at[id] == nil {
			at[id] = &records[i]
			many = append(many, []any{string(id)})
		}
	}
	err := s.read(ctx, "read leads", func(in *session) error {
		if err := in.fillObjects(ctx, portal, many, at); err != nil {
			return err
		}
		if err := in.fillObservations(ctx, portal, many, at); err != nil {
			return err
		}
		if err := in.fillSources(ctx, portal, many, at); err != nil {
			return err
		}
		if err := in.fillPending(ctx, portal, many, at); err != nil {
			return err
		}
		if err := in.fillMoving(ctx, portal, at); err != nil {
			return err
		}
		if err := in.fillAliases(ctx, portal, many, at); err != nil {
			return err
		}
		if err := in.fillOrders(ctx, portal, many, at); err != nil {
			return err
		}
		return in.fillStates(ctx, portal, many, at)
	})
	for i, id := range ids { // an id that was asked for twice
		records[i] = *at[id]
	}
	return records, err
}

func (in *session) fillObjects(
	ctx context.Context, portal connector.PortalID, many rows, at map[connector.ObjectID]*workflows.LeadRecord,
) error {
	refs := make([]connector.Ref, 0, len(many))
	for id := range at {
		refs = append(refs, connector.Ref{Type: connector.TypeContact, ID: id})
	}
	known, err := in.objects(ctx, portal, refs)
	if err != nil {
		return err
	}
	for ref, object := range known {
		if at[ref.ID].Removed = object.removed; !object.removed {
			at[ref.ID].Contact = object.Object
		}
	}
	var linked []linkedRow
	if err := in.lookup(ctx, &linked, linkedObjects, many, portal); err != nil {
		return fmt.Errorf("read linked records: %w", err)
	}
	for _, row := range linked {
		object, err := row.object()
		if err != nil {
			return fmt.Errorf("read %s %q: %w", row.Type, row.ID, err)
		}
		record := at[row.Contact]
		switch object.Type {
		case connector.TypeCompany:
			record.Companies = append(record.Companies, object)
		case connector.TypeDeal:
			record.Deals = append(record.Deals, object)
		case connector.TypeCall, connector.TypeMeeting, connector.TypeTask, connector.TypeEmail, connector.TypeNote,
			connector.TypeCommunication, connector.TypeContact:
			// The query asks for no contacts.
			record.Activities = append(record.Activities, object)
		}
	}
	return in.fillCompanyDeals(ctx, portal, at)
}

func (in *session) fillAliases(
	ctx context.Context, portal connector.PortalID, many rows, at map[connector.ObjectID]*workflows.LeadRecord,
) error {
	var aliases []aliasRow
	if err := in.lookup(ctx, &aliases, findAliases, many, portal); err != nil {
		return fmt.Errorf("read aliases: %w", err)
	}
	for _, row := range aliases {
		at[row.ID].MergedInto = row.Survivor
	}
	return nil
}

func (in *session) fillObservations(
	ctx context.Context, portal connector.PortalID, many rows, at map[connector.ObjectID]*workflows.LeadRecord,
) error {
	var found []observationRow
	if err := in.lookup(ctx, &found, findObservations, many, portal); err != nil {
		return fmt.Errorf("read observations: %w", err)
	}
	for _, row := range found {
		at[row.Contact].Observations = append(at[row.Contact].Observations, workflows.Observation{
			Property: row.Property, Value: row.Value, At: fromMicros(&row.At), Known: row.Known,
			Origin: row.Origin, Source: row.Source,
		})
	}
	return nil
}

func (in *session) fillStates(
	ctx context.Context, portal connector.PortalID, many rows, at map[connector.ObjectID]*workflows.LeadRecord,
) error {
	var states []leadRow
	if err := in.lookup(ctx, &states, findLeads, many, portal); err != nil {
		return fmt.Errorf("read lead states: %w", err)
	}
	for _, row := range states {
		at[row.ID].State = &workflows.LeadState{}
		if err := decode(row.State, at[row.ID].State); err != nil {
			return fmt.Errorf("read state of contact %q: %w", row.ID, err)
		}
	}
	if err := in.fillDays(ctx, portal, many, at); err != nil {
		return err
	}
	var changes []changesRow
	if err := in.lookup(ctx, &changes, findChanges, many, portal); err != nil {
		return fmt.Errorf("read next changes: %w", err)
	}
	for _, row := range changes {
		at[row.ID].ChangesAt = fromMicros(&row.ChangesAt)
	}
	return nil
}

type pendingRow struct {
	Contact connector.ObjectID   `db:"contact"`
	Kind    workflows.EntryKind  `db:"kind"`
	State   workflows.EntryState `db:"state"`
	Payload string               `db:"payload"`
	Key     string               `db:"entry_key"`
	Run     string               `db:"run"`

	Attempt    int    `db:"attempt"`
	ReleasedAt *int64 `db:"released_at"`
}

const findPending = `SELECT o.contact, o.kind, o.state, o.payload, o.entry_key, o.run, o.attempt, o.released_at FROM {rows} CROSS JOIN outbox o
WHERE o.portal = ? AND o.contact = j.value->>0 AND o.kind IN ('update', 'back', 'close', 'list')
    AND (o.state IN ('ready', 'sending')
        OR o.kind = 'back' AND (o.state = 'parked' OR o.state = 'cancelled' AND o.error = '` + dropped + `'))
ORDER BY o.contact, o.kind DESC, o.entry_key`

// fillPending adds what updates under way will make of the contacts, and which tasks are to be closed. Each class writes properties of its own,
// so the order of updates does not matter; a move back waits for the move forward before it and comes last.
func (in *session) fillPending(
	ctx context.Context, portal connector.PortalID, many rows, at map[connector.ObjectID]*workflows.LeadRecord,
) error {
	var found []pendingRow
	if err := in.lookup(ctx, &found, findPending, many, portal); err != nil {
		return fmt.Errorf("read pending updates: %w", err)
	}
	for _, row := range found {
		record := at[row.Contact]
		if row.Kind == workflows.KindList {
			gather(record, row, nil)
			continue
		}
		if row.Kind == workflows.KindClose {
			gather(record, row, nil)
			task, _, err := earlier(row.Kind, []byte(row.Payload))
			if err != nil {
				return fmt.Errorf("read waiting closing of contact %q: %w", row.Contact, err)
			}
			if record.Closings == nil {
				record.Closings = map[string]bool{}
			}
			record.Closings[task] = true
			continue
		}
		var payload workflows.UpdatePayload
		if row.Kind == workflows.KindBack {
			back := &workflows.BackPayload{}
			if err := decode(row.Payload, back); err != nil {
				return fmt.Errorf("read pending move back of contact %q: %w", row.Contact, err)
			}
			if final(row.State) {
				record.Refused = back
				continue
			}
			record.Returning = back
			payload.Properties = map[string]string{back.Property: back.To}
		} else if err := decode(row.Payload, &payload); err != nil {
			return fmt.Errorf("read pending update of contact %q: %w", row.Contact, err)
		}
		if record.Pending == nil {
			record.Pending = map[string]string{}
		}
		maps.Copy(record.Pending, payload.Properties)
		gather(record, row, payload.Properties)
	}
	return nil
}
