package store

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"leadsync/connector"
	"leadsync/workflows"
)

// longestTrace bounds how many amendments in a row that did not happen are followed back.
const longestTrace = 50

// earlier is the key of the task that an amendment or closing is about, under which the task was planned before, and
// what was written there last. It is empty for every other kind.
func earlier(kind workflows.EntryKind, payload []byte) (key string, task workflows.EarlierTask, err error) {
	switch kind { //nolint:exhaustive // the others are about no task that was planned before
	case workflows.KindClose:
		var p workflows.ClosePayload
		if err := json.Unmarshal(payload, &p); err != nil {
			return "", task, err
		}
		return p.TaskKey, workflows.EarlierTask{Key: p.TaskKey, Was: p.Was}, nil
	case workflows.KindAmend:
		var p workflows.AmendPayload
		if err := json.Unmarshal(payload, &p); err != nil {
			return "", task, err
		}
		return p.Old, workflows.EarlierTask{Key: p.Old, Was: p.Was}, nil
	}
	return "", task, nil
}

// traced finds the tasks of the closings and amendments among the candidates. The entry that each waits for is
// final, but if that is an amendment which was cancelled or parked, the task stands under the key that it had
// before, and so on back to what really happened. An entry whose task may still be on its way under an older key is not
// handed out yet, and neither is one that would take the key away from a call that the CRM may still carry out.
func (t *taker) traced(ctx context.Context, found []entryColumns) ([]entryColumns, error) {
	if t.take.Kind != workflows.KindClose && t.take.Kind != workflows.KindAmend {
		return found, nil
	}
	at := map[string]string{} // the key that the trace of an entry has come to
	for _, row := range found {
		key, _, err := earlier(row.Kind, []byte(row.Payload))
		if err != nil {
			return nil, fmt.Errorf("read entry %q: %w", row.Key, err)
		}
		at[row.Key] = key
	}
	t.earlier, t.made = map[string][]workflows.EarlierTask{}, map[string]connector.ObjectID{}
	waiting := waits{}
	for range longestTrace {
		if len(at) == 0 {
			break
		}
		var err error
		if at, err = t.back(ctx, at, waiting); err != nil {
			return nil, err
		}
	}
	if t.weak.Without(workflows.InOrder) {
		return found, nil
	}
	if err := t.putOff(ctx, waiting); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(found, func(row entryColumns) bool { _, waits := waiting[row.Key]; return waits }), nil
}

// waits are the entries that are not handed out yet, with the instant until which each waits at least, in microseconds;
// 0: until another entry is final.
type waits map[string]int64

const putOffEntries = `UPDATE outbox SET next_at = w.next_at
FROM (SELECT j.value->>0 AS portal, j.value->>1 AS entry_key, CAST(j.value->>2 AS BIGINT) AS next_at FROM {rows}) AS w
WHERE outbox.portal = w.portal AND outbox.entry_key = w.entry_key`

// putOff lets entries wait for an instant, so that they do not stand in the way of others meanwhile.
func (t *taker) putOff(ctx context.Context, waiting waits) error {
	var many rows
	for _, key := range slices.Sorted(maps.Keys(waiting)) {
		if until := waiting[key]; until > 0 {
			many = append(many, []any{string(t.portal), key, until})
		}
	}
	return wrap("put entries off", t.bulk(ctx, putOffEntries, many))
}

// unquiet gives the instant until which the CRM may still carry out a sending of a task's entry of which nobody heard, in
// microseconds; 0: no longer. Which of several sendings that was is not known, so that the last one counts. As long as the
// task has the key, a creation that comes late is refused; under a key that was taken away it makes a second task, which
// nothing knows of, and an amendment that comes late takes the key back.
func (t *taker) unquiet(row entryColumns) int64 {
	heard := 2 // from the second sending on the first was one of which nobody heard
	if row.State == workflows.StateCancelled {
		heard = 1
	}
	if row.Attempt < heard || row.SentAt == nil || row.Kind != workflows.KindTask && row.Kind != workflows.KindAmend {
		return 0
	}
	if until := *row.SentAt + t.take.Quiet.Microseconds(); until > t.now.UnixMicro() {
		return until
	}
	return 0
}

// back takes every trace one key further back, and gives those that go on from there. Entries that have to wait
// are noted.
func (t *taker) back(ctx context.Context, at map[string]string, waiting waits) (map[string]string, error) {
	known, err := t.entriesUnder(ctx, at)
	if err != nil {
		return nil, err
	}
	next := map[string]string{}
	for entry, key := range at {
		row, has := known[key]
		if t.made[entry] == "" {
			t.made[entry] = row.RemoteID
		}
		if until, waits := t.waitsFor(known, key); waits {
			waiting[entry] = until
			continue
		}
		if !has || row.Kind != workflows.KindAmend || row.State == workflows.StateSettled {
			continue
		}
		_, before, err := earlier(row.Kind, []byte(row.Payload))
		if err != nil {
			return nil, fmt.Errorf("read entry %q: %w", row.Key, err)
		}
		t.earlier[entry], next[entry] = append(t.earlier[entry], before), before.Key
	}
	return next, nil
}

// waitsFor reports whether what is about the task of a key has to wait, and until when: for the entry that makes the task,
// for what the CRM may still carry out of it, and for an archive of which nobody heard, which would take what an amendment
// makes of the task.
func (t *taker) waitsFor(known map[string]entryColumns, key string) (until int64, waits bool) {
	if known[workflows.ClosingPrefix+key].State == workflows.StateSending {
		return 0, true
	}
	row, has := known[key]
	if !has {
		return 0, false
	}
	if row.State == workflows.StateReady || row.State == workflows.StateSending {
		return 0, true
	}
	until = t.unquiet(row)
	return until, until > 0
}

// entriesUnder reads the entries that traces have come to.
func (t *taker) entriesUnder(ctx context.Context, at map[string]string) (map[string]entryColumns, error) {
	var keys rows
	seen := map[string]bool{}
	for _, key := range at {
		if seen[key] {
			continue
		}
		seen[key] = true
		keys = append(keys, []any{key})
		if t.take.Kind == workflows.KindAmend {
			keys = append(keys, []any{workflows.ClosingPrefix + key})
		}
	}
	var found []entryColumns
	if err := t.lookup(ctx, &found, findEntries, keys, t.portal); err != nil {
		return nil, fmt.Errorf("read entries of tasks: %w", err)
	}
	known := make(map[string]entryColumns, len(found))
	for _, row := range found {
		known[row.Key] = row
	}
	return known, nil
}
