package store

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"leadsync/connector"
	"leadsync/workflows"
)

const findEntries = selectEntries + `FROM {rows} CROSS JOIN outbox o WHERE o.portal = ? AND o.entry_key = j.value->>0`

const settleEntries = `UPDATE outbox SET state = s.state, state_at = s.state_at, next_at = s.next_at, attempt = s.attempt,
    settled_at = s.settled_at, remote_id = s.remote_id, error = s.error, sent_payload = '',
    unheard_at = COALESCE(s.unheard_at, outbox.unheard_at)
FROM (SELECT j.value->>0 AS portal, j.value->>1 AS entry_key, j.value->>2 AS state,
        CAST(j.value->>3 AS BIGINT) AS state_at, CAST(j.value->>4 AS BIGINT) AS next_at,
        CAST(j.value->>5 AS INTEGER) AS attempt, CAST(j.value->>6 AS BIGINT) AS settled_at,
        j.value->>7 AS remote_id, j.value->>8 AS error, CAST(j.value->>9 AS BIGINT) AS unheard_at FROM {rows}) AS s
WHERE outbox.portal = s.portal AND outbox.entry_key = s.entry_key`

// Settle records what became of entries that Take handed out. A settlement changes nothing unless its
// attempt is the entry's last one and has no outcome yet. What an update has written is applied to the
// mirror. An entry whose outcome stays unknown (sending) is handed out again after its wait, with Unknown set.
// An entry that was planned anew while it was being sent keeps its new plan and is sent again.
func (s *Store) Settle(ctx context.Context, fence workflows.Fence, settlements []workflows.Settlement) error {
	return s.fenced(ctx, "settle", fence, func(in *session) error {
		if err := in.writeLate(ctx, fence.Portal, settlements); err != nil {
			return err
		}
		known, err := in.sentEntries(ctx, fence.Portal, settlements)
		if err != nil {
			return err
		}
		out := outcomes{written: map[connector.Ref]map[string]string{}, ended: dueMarks{}}
		for _, one := range settlements {
			row, has := known[one.Key]
			if !has || row.Attempt != one.Attempt {
				continue
			}
			delete(known, one.Key) // a second settlement of the same attempt comes too late
			if err := out.add(in, fence.Portal, row, one); err != nil {
				return err
			}
		}
		if err := in.bulk(ctx, settleEntries, out.entries); err != nil {
			return fmt.Errorf("store outcomes: %w", err)
		}
		if err := in.saveAnswers(ctx, fence, out.answers); err != nil {
			return err
		}
		if err := in.applyWritten(ctx, fence.Portal, out.written); err != nil {
			return err
		}
		if err := in.saveNotes(ctx, fence.Portal, out.notes); err != nil {
			return err
		}
		return in.markDue(ctx, fence.Portal, out.ended)
	})
}

// outcomes are what a batch of settlements changes.
type outcomes struct {
	entries, answers rows
	written          map[connector.Ref]map[string]string
	ended            dueMarks
	notes            []note
}

func (o *outcomes) add(in *session, portal connector.PortalID, row entryColumns, one workflows.Settlement) error {
	o.entries = append(o.entries, in.settled(portal, row, one))
	if row.Class != workflows.ClassScore {
		o.answers = append(o.answers, answerRow(row, one))
	}
	if err := collectWritten(row, one, o.written); err != nil {
		return err
	}
	// Look again at where the contact stands, or whether it is there at all.
	if (row.Kind == workflows.KindBack || row.Kind == workflows.KindDelete) && final(outcome(row, one)) {
		o.ended.raise(connector.Ref{Type: connector.TypeContact, ID: row.Contact})
	}
	if one.Note.Code != "" {
		o.notes = append(o.notes, note{contact: row.Contact, reason: one.Note, action: actionOf(row)})
	}
	return nil
}

// sentEntries gives those of the entries whose last sending has no outcome yet.
func (in *session) sentEntries(
	ctx context.Context, portal connector.PortalID, settlements []workflows.Settlement,
) (map[string]entryColumns, error) {
	outcomes := []workflows.EntryState{
		workflows.StateSettled, workflows.StateParked, workflows.StateReady, workflows.StateSending,
		workflows.StateCancelled,
	}
	var keys rows
	for _, one := range settlements {
		if !slices.Contains(outcomes, one.State) {
			return nil, fmt.Errorf("settle entry %q: no settlement can have the state %q", one.Key, one.State)
		}
		keys = append(keys, []any{one.Key})
	}
	var found []entryColumns
	if err := in.lookup(ctx, &found, findEntries, keys, portal); err != nil {
		return nil, fmt.Errorf("read entries: %w", err)
	}
	known := map[string]entryColumns{}
	for _, row := range found {
		if row.SentPayload != "" {
			known[row.Key] = row
		}
	}
	return known, nil
}

// outcome gives the state after a settlement. An entry that was planned anew keeps its new plan; a creation
// that was cancelled too late has happened all the same.
func outcome(row entryColumns, one workflows.Settlement) workflows.EntryState {
	late := row.State == workflows.StateCancelled && !row.Kind.Absolute() &&
		one.State == workflows.StateSettled
	if row.State == workflows.StateSending || late {
		return one.State
	}
	return row.State
}

// settled gives the row of settleEntries for one outcome.
func (in *session) settled(portal connector.PortalID, row entryColumns, one workflows.Settlement) []any {
	state, nextAt, settledAt := outcome(row, one), row.NextAt, micros(in.now)
	switch state {
	case workflows.StateReady, workflows.StateSending:
		settledAt = nil
		if one.State == state {
			nextAt = max(nextAt, in.now.Add(one.Wait).UnixMicro()) // what a run has gathered meanwhile waits for its end
		}
	case workflows.StateShadow:
		settledAt = nil
	case workflows.StateSettled, workflows.StateParked, workflows.StateCancelled:
	}
	attempt := row.Attempt
	if one.Free {
		attempt = max(0, attempt-1)
	}
	remote, failure := row.RemoteID, one.Error
	if one.RemoteID != "" {
		remote = one.RemoteID
	}
	if row.State != workflows.StateSending && one.State == workflows.StateParked {
		failure = "" // the refusal of a payload that is not wanted any more
	}
	var unheard any
	if one.Unheard {
		unheard = micros(in.now)
	}
	return []any{
		string(portal), row.Key, string(state), micros(in.now), nextAt, attempt, settledAt, string(remote), failure, unheard,
	}
}

// collectWritten adds what a settled update has written to the properties per record.
func collectWritten(
	row entryColumns, one workflows.Settlement, written map[connector.Ref]map[string]string,
) error {
	if one.State != workflows.StateSettled {
		return nil
	}
	var payload workflows.UpdatePayload
	ref := connector.Ref{Type: connector.TypeContact, ID: row.Contact}
	switch row.Kind {
	case workflows.KindCompany:
		var err error
		if ref, payload, err = companyUpdate(row.Key, row.SentPayload); err != nil {
			return err
		}
	case workflows.KindUpdate:
		if err := decode(row.SentPayload, &payload); err != nil {
			return fmt.Errorf("read entry %q: %w", row.Key, err)
		}
	case workflows.KindBack:
		var back workflows.BackPayload
		if err := decode(row.SentPayload, &back); err != nil {
			return fmt.Errorf("read entry %q: %w", row.Key, err)
		}
		payload.Properties = map[string]string{back.Property: back.To}
	case workflows.KindTask, workflows.KindDeal, workflows.KindClose, workflows.KindList, workflows.KindAmend, workflows.KindDelete:
		return nil
	}
	if written[ref] == nil {
		written[ref] = map[string]string{}
	}
	maps.Copy(written[ref], payload.Properties)
	return nil
}

// applyWritten brings the mirror up to what we wrote; an empty value has cleared the property.
func (in *session) applyWritten(
	ctx context.Context, portal connector.PortalID, written map[connector.Ref]map[string]string,
) error {
	refs := slices.SortedFunc(maps.Keys(written), compareRefs)
	known, err := in.objects(ctx, portal, refs)
	if err != nil {
		return err
	}
	var objects []connector.Object
	for _, ref := range refs {
		object, has := known[ref]
		if !has || object.removed {
			continue
		}
		next := maps.Clone(object.Properties)
		if next == nil {
			next = map[string]string{}
		}
		for name, value := range written[ref] {
			if next[name] = value; value == "" {
				delete(next, name)
			}
		}
		object.Properties = next
		objects = append(objects, object.Object)
	}
	return in.saveObjects(ctx, portal, objects)
}
