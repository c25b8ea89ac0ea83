package store

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"leadsync/connector"
)

// eraseStep is how many deliveries are rewritten in one go.
const eraseStep = 50

// The survivor of an id is first looked up: a person who is forgotten is forgotten under every id.
const findMerged = `SELECT a.id FROM {rows} CROSS JOIN aliases a WHERE a.portal = ? AND a.survivor = j.value->>0`

const findToldMerged = `SELECT m.id FROM {rows} CROSS JOIN told_merges m WHERE m.portal = ? AND m.survivor = j.value->>0`

const findSurvivor = `SELECT survivor FROM aliases WHERE portal = ? AND id = ?`

// A contact with a link that is there, and with none of the ids, is another person.
const findOwnActivities = `SELECT DISTINCT l.from_type AS type, l.from_id AS id FROM {rows} CROSS JOIN links l
WHERE l.portal = ? AND l.to_type = 'contact' AND l.to_id = j.value->>0 AND l.from_type IN ('call', 'meeting', 'task', 'email', 'note', 'communication')
    AND NOT EXISTS (SELECT 1 FROM links x WHERE x.portal = l.portal AND x.from_type = l.from_type
        AND x.from_id = l.from_id AND x.to_type = 'contact' AND x.removed_at IS NULL
        AND x.to_id NOT IN (SELECT j.value->>0 FROM {rows}))
ORDER BY 1, 2`

// Erase deletes everything of a contact, for good: what is left is a keyed hash of its id, which keeps late
// readings and events from storing it again. Ids that were merged into it go with it, and so do calls,
// meetings, mails, notes, messages and tasks that no other contact shares. Stored deliveries lose every event that names one of the
// ids. It needs no lease and may be repeated.
func (s *Store) Erase(ctx context.Context, portal connector.PortalID, id connector.ObjectID) error {
	return s.eraseContact(ctx, portal, id, byCRM)
}

// EraseHere is Erase by an operator's order, while the CRM still has the contact.
func (s *Store) EraseHere(ctx context.Context, portal connector.PortalID, id connector.ObjectID) error {
	return s.eraseContact(ctx, portal, id, byOperator)
}

func (s *Store) eraseContact(ctx context.Context, portal connector.PortalID, id connector.ObjectID, by string) error {
	seen, err := s.sight(ctx, portal, id)
	if err != nil {
		return err
	}
	err = s.alone(ctx, "erase contact", portal, func(in *session) error {
		e := erasing{session: in, portal: portal, by: by, seen: seen}
		if err := e.find(ctx, id); err != nil {
			return err
		}
		if err := in.lockDue(ctx, portal, e.refs); err != nil {
			return fmt.Errorf("lock due rows: %w", err)
		}
		return e.erase(ctx)
	})
	if err != nil {
		return err
	}
	return s.forgetBytes(ctx)
}

// erasing is the erasure of contacts.
type erasing struct {
	*session
	portal   connector.PortalID
	by       string
	contacts rows            // every id that they ever had
	refs     []connector.Ref // the same, and the activities that nobody shares; sorted
	told     []connector.Ref // records linked to the contact: events about them may carry its name
	seen     sighting
}

// find looks up under which ids the contact stands, and what belongs to it alone.
func (e *erasing) find(ctx context.Context, id connector.ObjectID) error {
	ids, err := e.lineage(ctx, e.portal, id)
	if err != nil {
		return err
	}
	for _, one := range ids {
		e.contacts = append(e.contacts, []any{string(one)})
		e.refs = append(e.refs, connector.Ref{Type: connector.TypeContact, ID: one})
	}
	own, err := e.contacts.json()
	if err != nil {
		return fmt.Errorf("encode ids: %w", err)
	}
	var found []refRow
	if err := e.lookup(ctx, &found, findOwnActivities, e.contacts, e.portal, own); err != nil {
		return fmt.Errorf("find activities: %w", err)
	}
	for _, row := range found {
		e.refs = append(e.refs, connector.Ref(row))
	}
	slices.SortFunc(e.refs, compareRefs)
	return nil
}

// lineage gives every id of a contact, the one that it has now first: those that were merged into it, and those of
// which a webhook told that, decided or not.
func (in *session) lineage(
	ctx context.Context, portal connector.PortalID, id connector.ObjectID,
) ([]connector.ObjectID, error) {
	var survivors []connector.ObjectID
	if err := in.list(ctx, &survivors, findSurvivor, portal, string(id)); err != nil {
		return nil, fmt.Errorf("find survivor: %w", err)
	}
	if len(survivors) > 0 {
		id = survivors[0]
	}
	known := map[connector.ObjectID]bool{id: true}
	for last := (rows{{string(id)}}); len(last) > 0; {
		var merged []connector.ObjectID
		for _, query := range []string{findMerged, findToldMerged} {
			var some []connector.ObjectID
			if err := in.lookup(ctx, &some, query, last, portal); err != nil {
				return nil, fmt.Errorf("find merged ids: %w", err)
			}
			merged = append(merged, some...)
		}
		last = nil
		for _, one := range merged {
			if !known[one] {
				known[one], last = true, append(last, []any{string(one)})
			}
		}
	}
	delete(known, id)
	return append([]connector.ObjectID{id}, slices.Sorted(maps.Keys(known))...), nil
}

const byContact = ` IN (SELECT j.value->>0 FROM {rows})`

const byRef = ` IN (SELECT j.value->>0, j.value->>1 FROM {rows})`

const eraseLedger = `DELETE FROM sendings WHERE portal = ? AND entry_key IN (
    SELECT o.entry_key FROM {rows} CROSS JOIN outbox o WHERE o.portal = ? AND o.contact = j.value->>0)`

// standing are the tables in which contacts stand by their id, and the column; outbox is told before it.
func standing() [][2]string {
	return [][2]string{
		{"outbox", "contact"},
		{"leads", "id"},
		{"unprofiled", "contact"},
		{"violations", "contact"},
		{"frozen", "contact"},
		{"task_days", "contact"},
		{"clocks", "contact"},
		{"qualifications", "contact"},
		{"judgements", "contact"},
		{"observations", "contact"},
		{"versions", "contact"},
		{"decisions", "contact"},
		{"backfills", "contact"},
		{"answers", "contact"},
		{"visits", "contact"},
		{"visits_wanted", "contact"},
		{"aliases", "id"},
		{"told_merges", "id"},
	}
}

// recorded are the tables in which records of any kind stand, and the columns of kind and id.
func recorded() [][3]string {
	return [][3]string{
		{"due", "type", "id"},
		{"objects", "type", "id"},
		{"pushes", "type", "id"},
		{"quarantine", "type", "id"},
		{"announcements", "type", "id"},
		{"unannounced", "type", "id"},
		{"unannounced", "other_type", "other_id"},
		{"links", "from_type", "from_id"},
		{"links", "to_type", "to_id"},
	}
}

// erase empties every table that knows the contacts, and leaves the marks.
func (e *erasing) erase(ctx context.Context) error {
	if err := e.findTold(ctx); err != nil {
		return err
	}
	if err := e.bury(ctx, e.portal, e.refs, e.by); err != nil {
		return err
	}
	if err := e.eraseSubmissions(ctx); err != nil {
		return err
	}
	// The ledger goes before the outbox, which says whose it is.
	if err := e.bulk(ctx, eraseLedger, e.contacts, e.portal, e.portal); err != nil {
		return fmt.Errorf("erase ledger: %w", err)
	}
	for _, t := range standing() {
		if err := e.bulk(ctx, `DELETE FROM `+t[0]+` WHERE portal = ? AND `+t[1]+byContact, e.contacts, e.portal); err != nil {
			return fmt.Errorf("erase from %s: %w", t[0], err)
		}
	}
	for _, t := range recorded() {
		if err := e.bulk(ctx, `DELETE FROM `+t[0]+` WHERE portal = ? AND (`+t[1]+`, `+t[2]+`)`+byRef, refRows(e.refs), e.portal); err != nil {
			return fmt.Errorf("erase from %s: %w", t[0], err)
		}
	}
	if err := e.erasePositions(ctx); err != nil {
		return err
	}
	if err := e.eraseMentions(ctx); err != nil {
		return err
	}
	return e.eraseDeliveries(ctx)
}

// A submission may wait under an address that the contact has, or that an operator names since there is no contact.
const findOwnSubmissions = `SELECT DISTINCT s.id AS id FROM {rows} CROSS JOIN submissions s
WHERE s.portal = ? AND (s.contact = j.value->>0 OR s.email <> '' AND (s.email = j.value->>0 OR s.email IN (
    SELECT o.email FROM objects o WHERE o.portal = s.portal AND o.type = 'contact' AND o.id = j.value->>0))) ORDER BY 1`

// eraseSubmissions goes before the mirror, which knows the addresses. A mark stays of each, because a form may list
// them a while longer; visits are only stored for a contact that was not erased.
func (e *erasing) eraseSubmissions(ctx context.Context) error {
	var ids []string
	if err := e.lookup(ctx, &ids, findOwnSubmissions, e.contacts, e.portal); err != nil {
		return fmt.Errorf("find submissions: %w", err)
	}
	many := make(rows, 0, len(ids))
	refs := make([]connector.Ref, 0, len(ids))
	for _, id := range ids {
		many = append(many, []any{id})
		refs = append(refs, connector.Ref{Type: typeSubmission, ID: connector.ObjectID(id)})
	}
	if err := e.bury(ctx, e.portal, refs, e.by); err != nil {
		return err
	}
	if err := e.bulk(ctx, `DELETE FROM submissions WHERE portal = ? AND id IN (SELECT j.value->>0 FROM {rows})`, many, e.portal); err != nil {
		return fmt.Errorf("erase submissions: %w", err)
	}
	return nil
}

// A walk that stands at a contact goes on from the one before it, or from the beginning: 0 comes before every id, and
// is no end.
const stepBack = `UPDATE reevaluations SET position = COALESCE((SELECT MAX(o.id) FROM objects o
    WHERE o.portal = reevaluations.portal AND o.type = 'contact' AND o.id < reevaluations.position), '0')
WHERE portal = ? AND position` + byContact

const startBaselineAgain = `UPDATE feeds SET position = COALESCE((SELECT MAX(o.id) FROM objects o
    WHERE o.portal = feeds.portal AND o.type = 'contact' AND o.id < feeds.position), '0')
WHERE portal = ? AND feed = 'baseline' AND position` + byContact

// erasePositions takes the contacts out of what says where a walk stands. Cursors of the CRM may be ids: such a
// listing begins again.
func (e *erasing) erasePositions(ctx context.Context) error {
	for _, query := range []string{
		stepBack, startBaselineAgain,
		`UPDATE feeds SET position = '' WHERE portal = ? AND position` + byContact,
		`UPDATE fills SET position = '' WHERE portal = ? AND position` + byContact,
	} {
		if err := e.bulk(ctx, query, e.contacts, e.portal); err != nil {
			return fmt.Errorf("erase positions: %w", err)
		}
	}
	return nil
}

// mentioned are the texts about other things in which an id may stand: what went wrong with a batch, why a portal
// pauses.
func mentioned() []string {
	return []string{
		`UPDATE due SET error = 'erased' WHERE portal = ? AND error <> ''`,
		`UPDATE outbox SET error = 'erased' WHERE portal = ? AND error <> ''`,
		`UPDATE portals SET pause_reason = 'erased' WHERE portal = ? AND pause_reason <> ''`,
	}
}

func (e *erasing) eraseMentions(ctx context.Context) error {
	for _, query := range mentioned() {
		column := "error"
		if strings.Contains(query, "pause_reason") {
			column = "pause_reason"
		}
		query += ` AND EXISTS (SELECT 1 FROM {rows} WHERE ` + column + ` LIKE '%' || (j.value->>0) || '%')`
		if err := e.bulk(ctx, query, e.contacts, e.portal); err != nil {
			return fmt.Errorf("erase mentions: %w", err)
		}
	}
	return nil
}

// idSet are the ids of records that an event may name: those of contacts anywhere in it, those of other records
// where an event names its objects.
type idSet struct{ contacts, others map[string]bool }

func namesOf(refs []connector.Ref) idSet {
	n := idSet{contacts: map[string]bool{}, others: map[string]bool{}}
	for _, ref := range refs {
		if ref.Type == connector.TypeContact {
			n.contacts[string(ref.ID)] = true
		} else {
			n.others[string(ref.ID)] = true
		}
	}
	return n
}

func (n idSet) all() map[string]bool {
	all := maps.Clone(n.contacts)
	maps.Copy(all, n.others)
	return all
}

// without leaves out the elements of a JSON array that name a record. A body that cannot be read is emptied:
// rather a lost hint than a kept name.
func (n idSet) without(body string) (string, bool) {
	var events []json.RawMessage
	if err := json.Unmarshal([]byte(body), &events); err != nil {
		return "[]", true
	}
	kept := slices.DeleteFunc(slices.Clone(events), n.in)
	if len(kept) == len(events) {
		return body, false
	}
	raw := make([][]byte, 0, len(kept))
	for _, event := range kept {
		raw = append(raw, event)
	}
	return "[" + string(bytes.Join(raw, []byte(","))) + "]", true
}

func (n idSet) in(event json.RawMessage) bool {
	decoder := json.NewDecoder(bytes.NewReader(event))
	decoder.UseNumber()
	var v any
	if decoder.Decode(&v) != nil {
		return true // it was read as JSON before
	}
	return n.found("", v)
}

func (n idSet) found(key string, v any) bool {
	switch v := v.(type) {
	case []any:
		return slices.ContainsFunc(v, func(item any) bool { return n.found(key, item) })
	case map[string]any:
		for name, item := range v {
			if n.contacts[name] || n.found(name, item) {
				return true
			}
		}
	case json.Number:
		return n.text(key, v.String())
	case string:
		return n.text(key, v)
	}
	return false
}

// text looks at a value: whole, and at the numbers in it, since ids stand in lists and keys too.
func (n idSet) text(key, s string) bool {
	if n.contacts[s] || n.others[s] && strings.HasSuffix(strings.ToLower(key), "objectid") {
		return true
	}
	return slices.ContainsFunc(strings.FieldsFunc(s, func(r rune) bool { return r < '0' || r > '9' }), func(number string) bool {
		return n.contacts[number]
	})
}
