package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"leadsync/connector"
	"leadsync/workflows"
)

// Subject is everything that is stored about a contact, to answer a request for access (GDPR article 15).
type Subject struct {
	Portal connector.PortalID `json:"portal"`
	// Contact is the id that it has now, Merged are those that were merged into it.
	Contact connector.ObjectID   `json:"contact"`
	Merged  []connector.ObjectID `json:"merged,omitempty"`
	// Tables has the rows by table, those alone in which something stands. Times are in UTC, and columns that hold JSON are
	// JSON.
	Tables map[string][]map[string]any `json:"tables"`
}

// Rows counts the rows.
func (s Subject) Rows() int {
	n := 0
	for _, rows := range s.Tables {
		n += len(rows)
	}
	return n
}

// Objects linked to the contact, other contacts' too: companies are named by their links alone.
const findLinked = `SELECT DISTINCT l.from_type AS type, l.from_id AS id FROM {rows} CROSS JOIN links l
WHERE l.portal = ? AND l.to_type = 'contact' AND l.to_id = j.value->>0 AND l.from_type <> 'company' ORDER BY 1, 2`

// Subject gives what is stored about a contact, under every id that it had; under an address for which there is no contact, the
// submissions of forms that wait there. ErrNoRecord: nothing is.
func (s *Store) Subject(ctx context.Context, portal connector.PortalID, id connector.ObjectID) (Subject, error) {
	out := Subject{Portal: portal, Tables: map[string][]map[string]any{}}
	if text := strings.TrimSpace(string(id)); strings.Contains(text, "@") {
		id = connector.ObjectID(strings.ToLower(text)) // as addresses are stored
	}
	err := s.read(ctx, "read what is stored about a contact", func(in *session) error {
		ids, err := in.lineage(ctx, portal, id)
		if err != nil {
			return err
		}
		out.Contact, out.Merged = ids[0], ids[1:]
		g := gathering{session: in, portal: portal, into: out.Tables}
		if err := g.gather(ctx, ids); err != nil {
			return err
		}
		if out.Rows() == 0 {
			return fmt.Errorf("contact: %w", workflows.ErrNoRecord)
		}
		return nil
	})
	return out, err
}

// gathering is the search for one contact through the tables, the same that an erasure empties.
type gathering struct {
	*session
	portal   connector.PortalID
	into     map[string][]map[string]any
	contacts rows
	own      []connector.Ref
	all      []connector.Ref
}

func (g *gathering) gather(ctx context.Context, ids []connector.ObjectID) error {
	for _, id := range ids {
		g.contacts = append(g.contacts, []any{string(id)})
		g.own = append(g.own, connector.Ref{Type: connector.TypeContact, ID: id})
	}
	var found []refRow
	if err := g.lookup(ctx, &found, findLinked, g.contacts, g.portal); err != nil {
		return fmt.Errorf("find linked records: %w", err)
	}
	g.all = slices.Clone(g.own)
	for _, row := range found {
		g.all = append(g.all, connector.Ref(row))
	}
	for _, t := range standing() {
		if err := g.take(ctx, t[0], `t.`+t[1]+byContact, g.contacts); err != nil {
			return err
		}
	}
	for _, t := range recorded() {
		refs := g.all
		if t[0] == "links" { // those of the contact, not those of a deal to others
			refs = g.own
		}
		if err := g.take(ctx, t[0], `(t.`+t[1]+`, t.`+t[2]+`)`+byRef, refRows(refs)); err != nil {
			return err
		}
	}
	if err := g.take(ctx, "sendings", `t.entry_key IN (SELECT o.entry_key FROM {rows} CROSS JOIN outbox o
    WHERE o.portal = t.portal AND o.contact = j.value->>0)`, g.contacts); err != nil {
		return err
	}
	if err := g.take(ctx, "submissions", `t.id IN (SELECT s.id FROM {rows} CROSS JOIN submissions s WHERE s.portal = t.portal
    AND (s.contact = j.value->>0 OR s.email <> '' AND (s.email = j.value->>0 OR s.email IN (SELECT o.email FROM objects o
    WHERE o.portal = s.portal AND o.type = 'contact' AND o.id = j.value->>0))))`, g.contacts); err != nil {
		return err
	}
	return g.takeDeliveries(ctx)
}

// take reads rows of a table. All columns are meant, also those that a later migration adds: what is stored is told.
func (g *gathering) take(ctx context.Context, table, where string, many rows) error {
	if len(many) == 0 {
		return nil
	}
	query := `SELECT t.* FROM ` + table + ` t WHERE t.portal = ? AND ` + where + ` ORDER BY 1, 2, 3`
	args, err := many.among(query, []any{g.portal})
	if err != nil {
		return err
	}
	found, err := g.db.QueryxContext(ctx, g.dialect.text(query), args...)
	if err != nil {
		return fmt.Errorf("read %s: %w", table, err)
	}
	defer func() { _ = found.Close() }() // Err says what went wrong
	for found.Next() {
		row := map[string]any{}
		if err := found.MapScan(row); err != nil {
			return fmt.Errorf("read %s: %w", table, err)
		}
		delete(row, "portal")
		for column, value := range row {
			row[column] = readable(column, value)
		}
		g.into[table] = append(g.into[table], row)
	}
	return found.Err()
}

// readable is a column's value for people: times as such, JSON as such.
func readable(column string, value any) any {
	if raw, ok := value.([]byte); ok {
		value = string(raw)
	}
	switch value := value.(type) {
	case string:
		if text := strings.TrimSpace(value); strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[") {
			if json.Valid([]byte(text)) {
				return json.RawMessage(text)
			}
		}
	case int64:
		if column == "at" || strings.HasSuffix(column, "_at") {
			return fromMicros(&value).Format(time.RFC3339Nano)
		}
	}
	return value
}

// takeDeliveries reads the events of stored webhooks that name the contact, without those that they came with.
func (g *gathering) takeDeliveries(ctx context.Context) error {
	wanted := namesOf(g.own)
	for after := ""; ; {
		var found []deliveryRow
		if err := g.lookup(ctx, &found, findDeliveries, g.contacts, g.portal, after, eraseStep); err != nil {
			return fmt.Errorf("find deliveries: %w", err)
		}
		for _, row := range found {
			after = row.Key
			var events []json.RawMessage
			if json.Unmarshal([]byte(row.Body), &events) != nil {
				continue // it names nobody that could be told from others
			}
			for _, event := range events {
				if wanted.in(event) {
					g.into["deliveries"] = append(g.into["deliveries"], map[string]any{"delivery_key": row.Key, "event": event})
				}
			}
		}
		if len(found) < eraseStep {
			return nil
		}
	}
}
