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
    settled_at = s.settled_at, remote_id = s.remote_id, error = s.error, sent_payload = ''
FROM (SELECT j.value->>0 AS portal, j.value->>1 AS entry_key, j.value->>2 AS state,
        CAST(j.value->>3 AS BIGINT) AS state_at, CAST(j.value->>4 AS BIGINT) AS next_at,
        CAST(j.value->>5 AS INTEGER) AS attempt, CAST(j.value->>6 AS BIGINT) AS settled_at,
        j.value->>7 AS remote_id, j.value->>8 AS error FROM {rows}) AS s
WHERE outbox.portal = s.portal AND outbox.entry_key = s.entry_key`

// Settle records what became of entries that Take handed out. A settlement changes nothing unless its
// attempt is the entry's last one and has no outcome yet. What an update has written is applied to the
// mirror. An entry whose outcome stays unknown (sending) is handed out again after its wait, with Unknown set.
// An entry that was planned anew while it was being sent keeps its new plan and is sent again.
func (s *Store) Settle(ctx context.Context, fence workflows.Fence, settlements []workflows.Settlement) error {
	return s.fenced(ctx, "settle", fence, func(in *session) error {
		var keys rows
		for _, one := range settlements {
			switch one.State {
			case workflows.StateSettled, workflows.StateParked, workflows.StateReady, workflows.StateSending, workflows.StateCancelled:
				keys = append(keys, []any{one.Key})
			case workflows.StateShadow:
				fallthrough
			default:
				return fmt.Errorf("settle entry %q: no settlement can have the state %q", one.Key, one.State)
			}
		}
		var found []entryColumns
		if err := in.lookup(ctx, &found, findEntries, keys, fence.Portal); err != nil {
			return fmt.Errorf("read entries: %w", err)
		}
		known := map[string]entryColumns{}
		for _, row := range found {
			known[row.Key] = row
		}
		var many rows
		written := map[connector.ObjectID]map[string]string{}
		for _, one := range settlements {
			row, has := known[one.Key]
			if !has || row.SentPayload == "" || row.Attempt != one.Attempt {
				continue
			}
			delete(known, one.Key) // a second settlement of the same attempt comes too late
			many = append(many, in.settled(fence.Portal, row, one))
			if err := collectWritten(row, one, written); err != nil {
				return err
			}
		}
		if err := in.bulk(ctx, settleEntries, many); err != nil {
			return fmt.Errorf("store outcomes: %w", err)
		}
		return in.applyWritten(ctx, fence.Portal, written)
	})
}

// settled gives the row of settleEntries for one outcome.
func (in *session) settled(portal connector.PortalID, row entryColumns, one workflows.Settlement) []any {
	state, stateAt, nextAt := one.State, in.now, row.NextAt
	current := row.State == workflows.StateSending
	created := row.State == workflows.StateCancelled && row.Kind != workflows.KindUpdate &&
		one.State == workflows.StateSettled // cancelled too late: it is there
	if !current && !created {
		state = row.State
	}
	waits := one.State == workflows.StateReady || one.State == workflows.StateSending
	if waits && state == one.State {
		nextAt = in.now.Add(one.Wait).UnixMicro()
	}
	attempt := row.Attempt
	if one.Free && attempt > 0 {
		attempt--
	}
	remote, failure := row.RemoteID, one.Error
	if one.RemoteID != "" {
		remote = one.RemoteID
	}
	settledAt := any(nil)
	if state == workflows.StateSettled || state == workflows.StateParked || state == workflows.StateCancelled {
		settledAt = micros(in.now)
	}
	if !current && one.State == workflows.StateParked {
		failure = "" // the refusal of a payload that is not wanted any more
	}
	return []any{
		string(portal), row.Key, string(state), micros(stateAt), nextAt, attempt, settledAt, string(remote), failure,
	}
}

// collectWritten adds what a settled update has written to the properties per contact.
func collectWritten(
	row entryColumns, one workflows.Settlement, written map[connector.ObjectID]map[string]string,
) error {
	if row.Kind != workflows.KindUpdate || one.State != workflows.StateSettled {
		return nil
	}
	var payload workflows.UpdatePayload
	if err := decode(row.SentPayload, &payload); err != nil {
		return fmt.Errorf("read entry %q: %w", row.Key, err)
	}
	if written[row.Contact] == nil {
		written[row.Contact] = map[string]string{}
	}
	maps.Copy(written[row.Contact], payload.Properties)
	return nil
}

// applyWritten brings the mirror up to what we wrote; an empty value has cleared the property.
func (in *session) applyWritten(
	ctx context.Context, portal connector.PortalID, written map[connector.ObjectID]map[string]string,
) error {
	refs := make([]connector.Ref, 0, len(written))
	for _, id := range slices.Sorted(maps.Keys(written)) {
		refs = append(refs, connector.Ref{Type: connector.TypeContact, ID: id})
	}
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
		for name, value := range written[ref.ID] {
			if next[name] = value; value == "" {
				delete(next, name)
			}
		}
		object.Properties = next
		objects = append(objects, object.Object)
	}
	return in.saveObjects(ctx, portal, objects)
}
