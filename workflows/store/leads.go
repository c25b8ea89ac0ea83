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

const linkedObjects = `SELECT l.to_id AS contact, ` + objectColumns + `
FROM {rows} CROSS JOIN links l CROSS JOIN objects o
WHERE l.portal = ? AND l.to_type = 'contact' AND l.to_id = j.value->>0 AND l.removed_at IS NULL
    AND l.from_type IN ('company', 'deal', 'call', 'meeting')
    AND o.portal = l.portal AND o.type = l.from_type AND o.id = l.from_id AND o.removed_at IS NULL
ORDER BY l.to_id, o.type, o.id`

type observationRow struct {
	Contact    connector.ObjectID `db:"contact"`
	Kind       string             `db:"kind"`
	Count      int64              `db:"count"`
	FirstAt    *int64             `db:"first_at"`
	LastAt     *int64             `db:"last_at"`
	Name       string             `db:"name"`
	ObservedAt int64              `db:"observed_at"`
}

const findObservations = `SELECT b.contact, b.kind, b.count, b.first_at, b.last_at, b.name, b.observed_at
FROM {rows} CROSS JOIN observations b
WHERE b.portal = ? AND b.contact = j.value->>0 ORDER BY b.contact, b.kind, b.observed_at`

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
		if err := in.fillPending(ctx, portal, many, at); err != nil {
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
		if !object.removed {
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
		case connector.TypeCall, connector.TypeMeeting, connector.TypeTask, connector.TypeContact:
			// The query asks for calls and meetings only.
			record.Activities = append(record.Activities, object)
		}
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
			Kind: row.Kind, Count: row.Count, LastAt: fromMicros(row.LastAt), FirstAt: fromMicros(row.FirstAt),
			Name: row.Name, ObservedAt: fromMicros(&row.ObservedAt),
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
	Contact connector.ObjectID `db:"contact"`
	Payload string             `db:"payload"`
}

const findPending = `SELECT o.contact, o.payload FROM {rows} CROSS JOIN outbox o
WHERE o.portal = ? AND o.contact = j.value->>0 AND o.kind = 'update' AND o.state IN ('ready', 'sending')
ORDER BY o.contact, o.entry_key`

// fillPending adds what updates under way will make of the contacts. Each class writes properties of its own,
// so the order of entries does not matter.
func (in *session) fillPending(
	ctx context.Context, portal connector.PortalID, many rows, at map[connector.ObjectID]*workflows.LeadRecord,
) error {
	var found []pendingRow
	if err := in.lookup(ctx, &found, findPending, many, portal); err != nil {
		return fmt.Errorf("read pending updates: %w", err)
	}
	for _, row := range found {
		var payload workflows.UpdatePayload
		if err := decode(row.Payload, &payload); err != nil {
			return fmt.Errorf("read pending update of contact %q: %w", row.Contact, err)
		}
		record := at[row.Contact]
		if record.Pending == nil {
			record.Pending = map[string]string{}
		}
		maps.Copy(record.Pending, payload.Properties)
	}
	return nil
}
