package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

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
// handed out yet.
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
	t.earlier = map[string][]workflows.EarlierTask{}
	waiting := map[string]bool{}
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
	return slices.DeleteFunc(found, func(row entryColumns) bool { return waiting[row.Key] }), nil
}

// back takes every trace one key further back, and gives those that go on from there. Entries that have to wait
// are noted.
func (t *taker) back(ctx context.Context, at map[string]string, waiting map[string]bool) (map[string]string, error) {
	known, err := t.entriesUnder(ctx, at)
	if err != nil {
		return nil, err
	}
	next := map[string]string{}
	for entry, key := range at {
		row, has := known[key]
		if has && (row.State == workflows.StateReady || row.State == workflows.StateSending) {
			waiting[entry] = true
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

// entriesUnder reads the entries that traces have come to.
func (t *taker) entriesUnder(ctx context.Context, at map[string]string) (map[string]entryColumns, error) {
	var keys rows
	seen := map[string]bool{}
	for _, key := range at {
		if !seen[key] {
			seen[key] = true
			keys = append(keys, []any{key})
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
