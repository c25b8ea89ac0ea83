package store

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"leadsync/connector"
)

// eraseStep is how many deliveries are rewritten in one go.
const eraseStep = 50

// The survivor of an id is first looked up: a person who is forgotten is forgotten under every id.
const findLineage = `SELECT CAST(? AS TEXT) AS id UNION SELECT id FROM aliases WHERE portal = ? AND survivor = ? ORDER BY id`

const findSurvivor = `SELECT survivor FROM aliases WHERE portal = ? AND id = ?`

// Of the ids of a lineage only the survivor's links are there, so another contact with a link that is there
// is another person.
const findOwnActivities = `SELECT DISTINCT l.from_type AS type, l.from_id AS id FROM {rows} CROSS JOIN links l
WHERE l.portal = ? AND l.to_type = 'contact' AND l.to_id = j.value->>0 AND l.from_type IN ('call', 'meeting', 'task', 'email', 'note', 'communication')
    AND NOT EXISTS (SELECT 1 FROM links x WHERE x.portal = l.portal AND x.from_type = l.from_type
        AND x.from_id = l.from_id AND x.to_type = 'contact' AND x.to_id <> ? AND x.removed_at IS NULL)
ORDER BY 1, 2`

// Erase deletes everything of a contact, for good: what is left is a tombstone with its id, which keeps late
// readings and events from storing it again. Ids that were merged into it go with it, and so do calls,
// meetings, mails, notes, messages and tasks that no other contact shares. Stored deliveries lose every event that names one of the
// ids. It needs no lease and may be repeated.
func (s *Store) Erase(ctx context.Context, portal connector.PortalID, id connector.ObjectID) error {
	return s.alone(ctx, "erase contact", portal, func(in *session) error {
		var ids, survivors []string
		if err := in.list(ctx, &survivors, findSurvivor, portal, string(id)); err != nil {
			return fmt.Errorf("find survivor: %w", err)
		}
		if len(survivors) > 0 {
			id = connector.ObjectID(survivors[0])
		}
		if err := in.list(ctx, &ids, findLineage, string(id), portal, string(id)); err != nil {
			return fmt.Errorf("find merged ids: %w", err)
		}
		var contacts rows
		for _, one := range ids {
			contacts = append(contacts, []any{one})
		}
		var found []refRow
		if err := in.lookup(ctx, &found, findOwnActivities, contacts, portal, id); err != nil {
			return fmt.Errorf("find activities: %w", err)
		}
		refs := make([]connector.Ref, 0, len(ids)+len(found))
		for _, one := range ids {
			refs = append(refs, connector.Ref{Type: connector.TypeContact, ID: connector.ObjectID(one)})
		}
		for _, row := range found {
			refs = append(refs, connector.Ref(row))
		}
		slices.SortFunc(refs, compareRefs)
		if err := in.lockDue(ctx, portal, refs); err != nil {
			return fmt.Errorf("lock due rows: %w", err)
		}
		if err := in.eraseRows(ctx, portal, contacts, refRows(refs)); err != nil {
			return err
		}
		return in.eraseDeliveries(ctx, portal, ids)
	})
}

const bury = `INSERT INTO tombstones (portal, type, id, erased_at)
SELECT ?, j.value->>0, j.value->>1, CAST(? AS BIGINT) FROM {rows} WHERE true
ON CONFLICT (portal, type, id) DO NOTHING`

const byContact = ` IN (SELECT j.value->>0 FROM {rows})`

const byRef = ` IN (SELECT j.value->>0, j.value->>1 FROM {rows})`

const eraseLedger = `DELETE FROM sendings WHERE portal = ? AND entry_key IN (
    SELECT o.entry_key FROM {rows} CROSS JOIN outbox o WHERE o.portal = ? AND o.contact = j.value->>0)`

// eraseRows empties every table that knows contacts.
func (in *session) eraseRows(ctx context.Context, portal connector.PortalID, contacts, refs rows) error {
	if err := in.bulk(ctx, bury, refs, portal, micros(in.now)); err != nil {
		return fmt.Errorf("bury: %w", err)
	}
	if err := in.eraseSources(ctx, portal, contacts); err != nil {
		return err
	}
	// The ledger goes before the outbox, which says whose it is.
	if err := in.bulk(ctx, eraseLedger, contacts, portal, portal); err != nil {
		return fmt.Errorf("erase ledger: %w", err)
	}
	for _, query := range []string{
		`DELETE FROM outbox WHERE portal = ? AND contact` + byContact,
		`DELETE FROM leads WHERE portal = ? AND id` + byContact,
		`DELETE FROM unprofiled WHERE portal = ? AND contact` + byContact,
		`DELETE FROM violations WHERE portal = ? AND contact` + byContact,
		`DELETE FROM frozen WHERE portal = ? AND contact` + byContact,
		`DELETE FROM task_days WHERE portal = ? AND contact` + byContact,
		`DELETE FROM clocks WHERE portal = ? AND contact` + byContact,
		`DELETE FROM qualifications WHERE portal = ? AND contact` + byContact,
		`DELETE FROM judgements WHERE portal = ? AND contact` + byContact,
		`DELETE FROM observations WHERE portal = ? AND contact` + byContact,
		`DELETE FROM versions WHERE portal = ? AND contact` + byContact,
		`DELETE FROM decisions WHERE portal = ? AND contact` + byContact,
		`DELETE FROM backfills WHERE portal = ? AND contact` + byContact,
		`DELETE FROM answers WHERE portal = ? AND contact` + byContact,
		`DELETE FROM aliases WHERE portal = ? AND id` + byContact,
	} {
		if err := in.bulk(ctx, query, contacts, portal); err != nil {
			return fmt.Errorf("erase: %w", err)
		}
	}
	for _, query := range []string{
		`DELETE FROM due WHERE portal = ? AND (type, id)` + byRef,
		`DELETE FROM objects WHERE portal = ? AND (type, id)` + byRef,
		`DELETE FROM pushes WHERE portal = ? AND (type, id)` + byRef,
		`DELETE FROM announcements WHERE portal = ? AND (type, id)` + byRef,
		`DELETE FROM unannounced WHERE portal = ? AND (type, id)` + byRef,
		`DELETE FROM unannounced WHERE portal = ? AND (other_type, other_id)` + byRef,
		`DELETE FROM links WHERE portal = ? AND (from_type, from_id)` + byRef,
		`DELETE FROM links WHERE portal = ? AND (to_type, to_id)` + byRef,
	} {
		if err := in.bulk(ctx, query, refs, portal); err != nil {
			return fmt.Errorf("erase: %w", err)
		}
	}
	return nil
}

type deliveryRow struct {
	Key  string `db:"delivery_key"`
	Body string `db:"body"`
}

const findDeliveries = `SELECT delivery_key, body FROM deliveries
WHERE portal = ? AND delivery_key > ? AND body LIKE ? ORDER BY delivery_key LIMIT ?`

// eraseDeliveries takes the events that name an id out of the stored bodies.
func (in *session) eraseDeliveries(ctx context.Context, portal connector.PortalID, ids []string) error {
	for _, id := range ids {
		after := ""
		for {
			var found []deliveryRow
			err := in.list(ctx, &found, findDeliveries, portal, after, "%"+id+"%", eraseStep)
			if err != nil {
				return fmt.Errorf("find deliveries: %w", err)
			}
			for _, row := range found {
				after = row.Key
				body, changed := withoutID(row.Body, id)
				if !changed {
					continue
				}
				_, err := in.exec(ctx, `UPDATE deliveries SET body = ? WHERE portal = ? AND delivery_key = ?`,
					body, portal, row.Key)
				if err != nil {
					return fmt.Errorf("rewrite delivery: %w", err)
				}
			}
			if len(found) < eraseStep {
				break
			}
		}
	}
	return nil
}

// withoutID leaves out the elements of a JSON array in which the id stands as a number or as a text. A body
// that cannot be read is emptied: rather a lost hint than a kept name.
func withoutID(body, id string) (string, bool) {
	var events []json.RawMessage
	if err := json.Unmarshal([]byte(body), &events); err != nil {
		return "[]", true
	}
	kept := slices.DeleteFunc(slices.Clone(events), func(event json.RawMessage) bool { return mentions(event, id) })
	if len(kept) == len(events) {
		return body, false
	}
	raw := make([][]byte, 0, len(kept))
	for _, event := range kept {
		raw = append(raw, event)
	}
	return "[" + string(bytes.Join(raw, []byte(","))) + "]", true
}

func mentions(event json.RawMessage, id string) bool {
	decoder := json.NewDecoder(bytes.NewReader(event))
	decoder.UseNumber()
	for {
		token, err := decoder.Token()
		if err != nil {
			return false // the end: the element was read as JSON before
		}
		if fmt.Sprint(token) == id {
			return true
		}
	}
}
