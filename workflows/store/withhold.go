package store

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

// withhold deletes what is stored of the past of contacts that must not be profiled, and keeps what was planned for
// them from being sent (package workflows, rule 14). What decides whether they may be profiled again stays: the
// contact's facts, its companies and its deals.
func (d *decisionSaver) withhold(ctx context.Context) error {
	var contacts, stopped []connector.ObjectID
	behaviour := map[connector.ObjectID][]string{}
	for _, one := range d.decided {
		if one.Gone || one.State.Unprofiled.IsZero() {
			continue
		}
		contacts = append(contacts, one.ID)
		behaviour[one.ID] = one.Behaviour
		if one.Stopped {
			stopped = append(stopped, one.ID)
		}
	}
	if len(contacts) == 0 {
		return nil
	}
	for _, step := range []func() error{
		func() error { return d.withholdContacts(ctx, contacts, behaviour) },
		func() error { return d.withholdActivities(ctx, contacts) },
		func() error { return d.withholdPast(ctx, contacts) },
		func() error { return d.withholdEntries(ctx, contacts) },
		func() error { return d.withholdReasons(ctx, contacts) },
		func() error { return d.withholdEvents(ctx, stopped) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// withholdContacts takes the properties that tell what people did out of the mirror.
func (d *decisionSaver) withholdContacts(
	ctx context.Context, contacts []connector.ObjectID, behaviour map[connector.ObjectID][]string,
) error {
	refs := make([]connector.Ref, 0, len(contacts))
	for _, id := range contacts {
		refs = append(refs, connector.Ref{Type: connector.TypeContact, ID: id})
	}
	known, err := d.objects(ctx, d.portal, refs)
	if err != nil {
		return err
	}
	var changed []connector.Object
	for _, ref := range refs {
		if o, has := known[ref]; has && !o.removed {
			next := withoutProperties(o.Object, behaviour[ref.ID])
			if len(next.Properties) != len(o.Properties) {
				changed = append(changed, next)
			}
		}
	}
	return d.saveObjects(ctx, d.portal, changed)
}

// withoutProperties is a record without some of its properties.
func withoutProperties(o connector.Object, names []string) connector.Object {
	o.Properties = maps.Clone(o.Properties)
	for _, name := range names {
		delete(o.Properties, name)
	}
	return o
}

const activityKinds = `('call', 'meeting', 'task', 'email', 'note', 'communication')`

// What another contact has part in is that one's as well.
const blankActivities = `UPDATE objects SET properties = '{}'
WHERE portal = ? AND type IN ` + activityKinds + ` AND (type, id) IN (
    SELECT l.from_type, l.from_id FROM {rows} CROSS JOIN links l
    WHERE l.portal = ? AND l.to_type = 'contact' AND l.to_id = j.value->>0 AND l.from_type IN ` + activityKinds + `
        AND NOT EXISTS (SELECT 1 FROM links x WHERE x.portal = l.portal AND x.from_type = l.from_type AND x.from_id = l.from_id
            AND x.to_type = 'contact' AND x.removed_at IS NULL
            AND NOT EXISTS (SELECT 1 FROM unprofiled u WHERE u.portal = x.portal AND u.contact = x.to_id)))`

// withholdActivities leaves of activities that they are there: not whose they are, nor what or when they were.
func (d *decisionSaver) withholdActivities(ctx context.Context, contacts []connector.ObjectID) error {
	many := idRows(contacts)
	if err := d.bulk(ctx, blankActivities, many, d.portal, d.portal); err != nil {
		return fmt.Errorf("blank activities: %w", err)
	}
	const unlink = `DELETE FROM links WHERE portal = ? AND to_type = 'contact' AND from_type IN ` + activityKinds + ` AND to_id` + byContact
	if err := d.bulk(ctx, unlink, many, d.portal); err != nil {
		return fmt.Errorf("unlink activities: %w", err)
	}
	return nil
}

// withholdPast deletes observations, what optional sources told, and what we wrote last, by which echoes are known.
func (d *decisionSaver) withholdPast(ctx context.Context, contacts []connector.ObjectID) error {
	for _, query := range []string{
		`DELETE FROM observations WHERE portal = ? AND contact` + byContact,
		`DELETE FROM versions WHERE portal = ? AND contact` + byContact,
		`DELETE FROM submissions WHERE portal = ? AND contact` + byContact,
		`DELETE FROM visits WHERE portal = ? AND contact` + byContact,
		`DELETE FROM visits_wanted WHERE portal = ? AND contact` + byContact,
		`UPDATE answers SET answer = '' WHERE portal = ? AND contact` + byContact,
		`DELETE FROM pushes WHERE portal = ? AND type = 'contact' AND id` + byContact,
	} {
		if err := d.bulk(ctx, query, idRows(contacts), d.portal); err != nil {
			return fmt.Errorf("delete the past: %w", err)
		}
	}
	return nil
}

const entriesOfContacts = selectEntries + `FROM {rows} CROSS JOIN outbox o
WHERE o.portal = ? AND o.contact = j.value->>0 AND o.state <> 'sending' ORDER BY o.entry_key`

const withholdEntries = `UPDATE outbox SET state = m.state, state_at = m.state_at, settled_at = m.settled_at, reason = m.reason, payload = m.payload
FROM (SELECT j.value->>0 AS portal, j.value->>1 AS entry_key, j.value->>2 AS state, CAST(j.value->>3 AS BIGINT) AS state_at,
        CAST(j.value->>4 AS BIGINT) AS settled_at, j.value->>5 AS reason, j.value->>6 AS payload FROM {rows}) AS m
WHERE outbox.portal = m.portal AND outbox.entry_key = m.entry_key`

// withholdEntries cancels what was not sent yet, unless this plan says so or it ends a task of ours, and empties what
// is left of texts and scores. What is being sent may have arrived and is left to its settlement.
func (d *decisionSaver) withholdEntries(ctx context.Context, contacts []connector.ObjectID) error {
	planned := map[string]bool{}
	for _, one := range d.decided {
		for _, entry := range one.Entries {
			planned[entry.Key] = true
		}
	}
	var found []entryColumns
	if err := d.lookup(ctx, &found, entriesOfContacts, idRows(contacts), d.portal); err != nil {
		return fmt.Errorf("read entries: %w", err)
	}
	var many rows
	for _, row := range found {
		if planned[row.Key] || strings.Contains(row.Reason, string(scoring.ReasonUnprofiled)) {
			continue // it takes back what was written
		}
		next, changed, err := d.withholdEntry(row)
		if err != nil {
			return fmt.Errorf("empty entry %q: %w", row.Key, err)
		}
		if changed {
			many = append(many, next)
		}
	}
	if err := d.bulk(ctx, withholdEntries, many); err != nil {
		return fmt.Errorf("withhold entries: %w", err)
	}
	return nil
}

// withholdEntry gives the row of withholdEntries for one entry, and whether it is another one.
func (d *decisionSaver) withholdEntry(row entryColumns) (next []any, changed bool, err error) {
	state, stateAt, settledAt := row.State, row.StateAt, any(row.SettledAt)
	keeps, err := ends(row)
	if err != nil {
		return nil, false, err
	}
	if !keeps && (state == workflows.StateReady || state == workflows.StateParked) {
		state, stateAt, settledAt = workflows.StateCancelled, d.now.UnixMicro(), micros(d.now)
	}
	payload, err := withheld(row)
	if err != nil {
		return nil, false, err
	}
	reason, changed, err := redact(row.Reason)
	return []any{string(d.portal), row.Key, string(state), stateAt, settledAt, reason, payload},
		changed || state != row.State || payload != row.Payload, err
}

// ends reports whether an entry ends something of ours, and is sent all the same: a task, or a place on a list.
func ends(row entryColumns) (bool, error) {
	if row.Kind != workflows.KindList {
		return row.Kind == workflows.KindClose, nil
	}
	var list workflows.ListPayload
	if err := json.Unmarshal([]byte(row.Payload), &list); err != nil {
		return false, fmt.Errorf("decode payload: %w", err)
	}
	return !list.Add, nil
}

// withheld is the payload of an entry without the texts and scores in it. Deals are the company's own business.
func withheld(row entryColumns) (string, error) {
	switch row.Kind {
	case workflows.KindUpdate:
		return encode(workflows.UpdatePayload{Properties: map[string]string{}})
	case workflows.KindTask:
		var task connector.Task
		if err := json.Unmarshal([]byte(row.Payload), &task); err != nil {
			return "", err
		}
		task.Subject, task.BodyHTML = "", ""
		return encode(task)
	case workflows.KindAmend: // which task it was, and how to tell that nobody edited it, is still needed
		var amend workflows.AmendPayload
		if err := json.Unmarshal([]byte(row.Payload), &amend); err != nil {
			return "", err
		}
		amend.Task.Subject, amend.Task.BodyHTML = "", ""
		return encode(amend)
	case workflows.KindDeal, workflows.KindClose, workflows.KindBack, workflows.KindList, workflows.KindCompany, workflows.KindDelete:
	}
	return row.Payload, nil
}

const reasonsOfContacts = `SELECT d.contact, d.number, d.reason, d.actions FROM {rows} CROSS JOIN decisions d
WHERE d.portal = ? AND d.contact = j.value->>0 ORDER BY d.contact, d.number`

const redactDecisions = `UPDATE decisions SET reason = m.reason, actions = m.actions
FROM (SELECT j.value->>0 AS portal, j.value->>1 AS contact, CAST(j.value->>2 AS INTEGER) AS number,
        j.value->>3 AS reason, j.value->>4 AS actions FROM {rows}) AS m
WHERE decisions.portal = m.portal AND decisions.contact = m.contact AND decisions.number = m.number`

// withholdReasons leaves of decisions what was decided and by which rule, without values.
func (d *decisionSaver) withholdReasons(ctx context.Context, contacts []connector.ObjectID) error {
	var found []decisionRow
	if err := d.lookup(ctx, &found, reasonsOfContacts, idRows(contacts), d.portal); err != nil {
		return fmt.Errorf("read decisions: %w", err)
	}
	var many rows
	for _, row := range found {
		reason, changed, err := redact(row.Reason)
		if err != nil {
			return err
		}
		var actions []workflows.Action
		if err := decode(row.Actions, &actions); err != nil {
			return err
		}
		text, err := encode(workflows.RedactedActions(actions))
		if err != nil {
			return err
		}
		if changed || text != row.Actions {
			many = append(many, []any{string(d.portal), string(row.Contact), row.Number, reason, text})
		}
	}
	if err := d.bulk(ctx, redactDecisions, many); err != nil {
		return fmt.Errorf("redact decisions: %w", err)
	}
	return nil
}

const walkDeliveries = `SELECT delivery_key, body FROM deliveries
WHERE portal = ? AND delivery_key > ? ORDER BY delivery_key LIMIT ?`

// withholdEvents takes the events that name contacts out of the stored deliveries, in one walk for all of them.
func (d *decisionSaver) withholdEvents(ctx context.Context, contacts []connector.ObjectID) error {
	ids := map[string]bool{}
	for _, id := range contacts {
		ids[string(id)] = true
	}
	for after, more := "", len(ids) > 0; more; {
		var found []deliveryRow
		if err := d.list(ctx, &found, walkDeliveries, d.portal, after, withholdStep); err != nil {
			return fmt.Errorf("read deliveries: %w", err)
		}
		for _, row := range found {
			after = row.Key
			body := row.Body
			if mentions(body, ids) {
				body, _ = idSet{contacts: ids}.without(body)
			}
			if body == row.Body {
				continue
			}
			if _, err := d.exec(ctx, `UPDATE deliveries SET body = ? WHERE portal = ? AND delivery_key = ?`, body, d.portal, row.Key); err != nil {
				return fmt.Errorf("rewrite delivery: %w", err)
			}
		}
		more = len(found) == withholdStep
	}
	return nil
}

// withholdStep is how many deliveries are looked through in one go.
const withholdStep = 500

// named are the ids that a body may name, each once.
func named(body string, ids map[string]bool) []string {
	var out []string
	for _, word := range strings.FieldsFunc(body, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' && r != '_' }) {
		if ids[word] && !slices.Contains(out, word) {
			out = append(out, word)
		}
	}
	return out
}
