package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

const outboxValues = `INSERT INTO outbox (portal, entry_key, kind, class, contact, state, state_at, next_at, attempt,
    generation, sent_generation, planned_at, waits_for, remote_id, error, reason, payload, sent_payload, run, released_at)
SELECT ?, j.value->>0, j.value->>1, j.value->>2, j.value->>3, j.value->>4, CAST(? AS BIGINT), CAST(j.value->>10 AS BIGINT), 0,
    1, 0, CAST(j.value->>5 AS BIGINT), j.value->>6, '', '', j.value->>7, j.value->>8, '', j.value->>9, CAST(j.value->>11 AS BIGINT)
FROM {rows} WHERE true
`

const planOnce = outboxValues + `ON CONFLICT (portal, entry_key) DO NOTHING`

// A closing that was cancelled before it was sent, because its run was dropped, can be planned once more.
const planClosings = outboxValues + `ON CONFLICT (portal, entry_key) DO UPDATE SET
    contact = excluded.contact, state = excluded.state, state_at = excluded.state_at, next_at = excluded.next_at,
    generation = outbox.generation + 1, planned_at = excluded.planned_at, waits_for = excluded.waits_for, settled_at = NULL,
    error = '', reason = excluded.reason, payload = excluded.payload, run = excluded.run
WHERE outbox.state = 'cancelled' AND outbox.attempt = 0`

// What is absolute is planned again: the row takes the new payload and begins anew. A row that is just being sent
// keeps counting its attempts, so that the settlement under way cannot be taken for one of the next sending;
// if what is being sent is what is planned, there is nothing to do.
const planAgain = outboxValues + `ON CONFLICT (portal, entry_key) DO UPDATE SET
    class = excluded.class, contact = excluded.contact, state = excluded.state, state_at = excluded.state_at,
    next_at = excluded.next_at, generation = outbox.generation + 1,
    attempt = CASE WHEN outbox.sent_payload <> '' THEN outbox.attempt ELSE 0 END,
    planned_at = excluded.planned_at, waits_for = excluded.waits_for, settled_at = NULL, released_at = excluded.released_at, remote_id = '', error = '',
    reason = excluded.reason, payload = excluded.payload, run = excluded.run
WHERE outbox.payload <> excluded.payload OR (excluded.released_at IS NOT NULL AND outbox.released_at IS NULL AND outbox.state = 'ready')
    OR (outbox.state <> excluded.state AND NOT (outbox.state = 'sending' AND excluded.state = 'ready'))`

// What is being sent when somebody decides was left over by a worker that is gone. An update would be sent once more, over
// what asks for its end; anything else has to be looked for first.
const cancelEntries = `UPDATE outbox SET state = 'cancelled', state_at = ?, settled_at = ?
WHERE portal = ? AND (state = 'ready' OR state = 'sending' AND kind = 'update') AND entry_key IN (SELECT j.value->>0 FROM {rows})`

// planning is what a batch plans and cancels.
type planning struct{ once, again, closings, cancel rows }

// saveOutbox plans the entries of the batch and cancels what became obsolete.
func (d *decisionSaver) saveOutbox(ctx context.Context) error {
	p, err := d.planned(ctx)
	if err != nil {
		return err
	}
	if p.again, err = d.furthestMoves(ctx, p.again); err != nil {
		return err
	}
	now := micros(d.now)
	if err := d.bulk(ctx, cancelEntries, p.cancel, now, now, d.portal); err != nil {
		return fmt.Errorf("cancel entries: %w", err)
	}
	if err := d.bulk(ctx, planOnce, p.once, d.portal, now); err != nil {
		return fmt.Errorf("plan entries: %w", err)
	}
	if err := d.bulk(ctx, planClosings, lastByKey(p.closings), d.portal, now); err != nil {
		return fmt.Errorf("plan closings: %w", err)
	}
	if err := d.bulk(ctx, planAgain, lastByKey(p.again), d.portal, now); err != nil {
		return fmt.Errorf("plan updates: %w", err)
	}
	return nil
}

// planned gives the rows of the batch by how they are planned.
func (d *decisionSaver) planned(ctx context.Context) (planning, error) {
	var p planning
	running, err := d.running(ctx, d.portal)
	if err != nil {
		return p, err
	}
	for _, one := range d.decided {
		for _, key := range one.CancelKeys {
			p.cancel = append(p.cancel, []any{key})
		}
		for _, entry := range one.Entries {
			if !running && entry.Run != "" { // nothing to wait for
				entry.Run = ""
				p.cancel = append(p.cancel, shut(entry)...)
			}
			row, err := d.entryRow(one, entry)
			if err != nil {
				return p, fmt.Errorf("plan entry %q: %w", entry.Key, err)
			}
			switch {
			case entry.Kind.Absolute():
				p.again = append(p.again, row)
			case entry.Kind == workflows.KindClose:
				p.closings = append(p.closings, row)
			default:
				p.once = append(p.once, row)
			}
		}
	}
	return p, nil
}

func (d *decisionSaver) entryRow(one workflows.Decided, e workflows.OutboxEntry) ([]any, error) {
	if e.Contact == "" {
		e.Contact = one.ID
	}
	waitsFor, _, err := earlier(e.Kind, e.Payload)
	if err != nil {
		return nil, fmt.Errorf("decode payload: %w", err)
	}
	if e.Kind == workflows.KindBack || e.Kind == workflows.KindCompany { // the contact's move forward that is under way arrives first
		waitsFor = "contact/" + string(e.Contact) + "/" + string(workflows.ClassStage)
	}
	next := micros(d.now)
	if e.Run != "" {
		next = waitingForRun()
		if e.Class == workflows.ClassStatus && one.Moves() { // where its limit stops the move, the status waits with it
			waitsFor = "contact/" + string(e.Contact) + "/" + string(workflows.ClassStage)
		}
	}
	reason, err := encode(e.Reason)
	if err != nil {
		return nil, err
	}
	payload, err := encode(e.Payload)
	if err != nil {
		return nil, err
	}
	var released any // by the plan: no limit holds it up
	if e.Released {
		released = micros(d.now)
	}
	return []any{
		e.Key, string(e.Kind), string(e.Class), string(e.Contact), string(e.State), micros(e.PlannedAt), waitsFor,
		reason, payload, e.Run, next, released,
	}, nil
}

// lastByKey keeps the last row of each key, in the order of the keys: one statement may not change a row
// twice.
func lastByKey(many rows) rows {
	key := func(row []any) string { return fmt.Sprint(row[0]) }
	slices.Reverse(many)
	slices.SortStableFunc(many, func(a, b []any) int { return strings.Compare(key(a), key(b)) })
	return slices.CompactFunc(many, func(a, b []any) bool { return key(a) == key(b) })
}

type entryColumns struct {
	Key            string               `db:"entry_key"`
	Kind           workflows.EntryKind  `db:"kind"`
	Class          workflows.Class      `db:"class"`
	Contact        connector.ObjectID   `db:"contact"`
	State          workflows.EntryState `db:"state"`
	StateAt        int64                `db:"state_at"`
	NextAt         int64                `db:"next_at"`
	Attempt        int                  `db:"attempt"`
	Generation     int64                `db:"generation"`
	SentGeneration int64                `db:"sent_generation"`
	PlannedAt      *int64               `db:"planned_at"`
	SentAt         *int64               `db:"sent_at"`
	SettledAt      *int64               `db:"settled_at"`
	ReleasedAt     *int64               `db:"released_at"`
	UnheardAt      *int64               `db:"unheard_at"`
	RemoteID       connector.ObjectID   `db:"remote_id"`
	Error          string               `db:"error"`
	Reason         string               `db:"reason"`
	Payload        string               `db:"payload"`
	SentPayload    string               `db:"sent_payload"`
}

const selectEntries = `SELECT o.entry_key, o.kind, o.class, o.contact, o.state, o.state_at, o.next_at, o.attempt, o.generation,
    o.sent_generation, o.planned_at, o.sent_at, o.settled_at, o.released_at, o.unheard_at, o.remote_id, o.error, o.reason,
    o.payload, o.sent_payload `

func (r entryColumns) entry() (workflows.OutboxEntry, error) {
	e := workflows.OutboxEntry{
		Key: r.Key, Kind: r.Kind, Class: r.Class, Contact: r.Contact, State: r.State, Attempt: r.Attempt,
		Payload: json.RawMessage(r.Payload), RemoteID: r.RemoteID, Error: r.Error,
		PlannedAt: fromMicros(r.PlannedAt), SentAt: fromMicros(r.SentAt), SettledAt: fromMicros(r.SettledAt),
		NextAt: fromMicros(&r.NextAt), Reason: scoring.Reason{},
	}
	if err := decode(r.Reason, &e.Reason); err != nil {
		return e, fmt.Errorf("read entry %q: %w", r.Key, err)
	}
	return e, nil
}

func entriesOf(found []entryColumns) ([]workflows.OutboxEntry, error) {
	entries := make([]workflows.OutboxEntry, 0, len(found))
	for _, row := range found {
		entry, err := row.entry()
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry)
	}
	return entries, nil
}
