package store

import (
	"context"
	"fmt"
	"slices"

	"leadsync/workflows"
)

const noteUnheard = `UPDATE outbox SET next_at = w.next_at, unheard_at = w.unheard_at
FROM (SELECT j.value->>0 AS portal, j.value->>1 AS entry_key, CAST(j.value->>2 AS BIGINT) AS next_at,
    CAST(j.value->>3 AS BIGINT) AS unheard_at FROM {rows}) AS w
WHERE outbox.portal = w.portal AND outbox.entry_key = w.entry_key`

// outrun leaves out the absolute entries that say something else than what was sent last, while the CRM may still carry out a
// sending of that of which nobody heard: it would come after the new one and undo it. The same payload may be sent again at
// any time. Of those that a worker has left behind it is noted that nobody heard, whether or not they wait.
func (t *taker) outrun(ctx context.Context, found []entryColumns) ([]entryColumns, error) {
	if !t.take.Kind.Absolute() || t.weak.Without(workflows.LastWins) {
		return found, nil
	}
	waiting := map[string]bool{}
	var many rows
	for _, row := range found {
		at, noticed := t.unheard(row)
		next := row.NextAt
		if until := at + t.take.Quiet.Microseconds(); at > 0 && row.Generation != row.SentGeneration && until > t.now.UnixMicro() {
			waiting[row.Key], next = true, until
		}
		if noticed || waiting[row.Key] {
			many = append(many, []any{string(t.portal), row.Key, next, at})
		}
	}
	if err := t.bulk(ctx, noteUnheard, many); err != nil {
		return nil, fmt.Errorf("note of what nobody heard: %w", err)
	}
	return slices.DeleteFunc(found, func(row entryColumns) bool { return waiting[row.Key] }), nil
}

// unheard is when it was noticed that of a sending nobody heard, in microseconds (0: never), and whether that is now: a worker
// that ended while it was sending may have gone on until the lease was over.
func (t *taker) unheard(row entryColumns) (at int64, noticed bool) {
	if row.UnheardAt != nil {
		at = *row.UnheardAt
	}
	if row.SentPayload != "" && row.SentAt != nil && at < *row.SentAt {
		return t.now.UnixMicro(), true
	}
	return at, false
}
