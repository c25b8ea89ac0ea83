package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"leadsync/workflows"
)

const findPaused = `SELECT class FROM effect_pauses WHERE portal = ?`

// Behind a pause a hundred thousand entries may wait. With a class in the condition, or the release, the others are
// found without a walk past all of those.
const openEntries = selectEntries + `FROM outbox o
WHERE o.portal = ? AND o.kind = ? AND o.class = ? AND o.state IN ('ready', 'sending') AND o.next_at <= ?` + unawaited + `ORDER BY o.next_at, o.entry_key LIMIT ?`

const releasedEntries = selectEntries + `FROM outbox o
WHERE o.portal = ? AND o.kind = ? AND o.state IN ('ready', 'sending') AND o.released_at IS NOT NULL AND o.next_at <= ?` +
	unawaited + `ORDER BY o.next_at, o.entry_key LIMIT ?`

// pausedClasses are the classes that their limit has stopped.
func (t *taker) pausedClasses(ctx context.Context) ([]workflows.Class, error) {
	var paused []workflows.Class
	if err := t.list(ctx, &paused, findPaused, t.portal); err != nil {
		return nil, fmt.Errorf("read paused classes: %w", err)
	}
	return paused, nil
}

// beside gives up to limit entries that may be sent while some classes are paused, in the order in which they wait:
// those of the other classes, and those that an operator has released.
func (t *taker) beside(ctx context.Context, paused []workflows.Class, limit int) ([]entryColumns, error) {
	var found []entryColumns
	now := micros(t.now)
	for _, class := range workflows.Classes() {
		if slices.Contains(paused, class) {
			continue
		}
		var some []entryColumns
		if err := t.list(ctx, &some, t.inOrder(openEntries), t.portal, t.take.Kind, class, now, limit); err != nil {
			return nil, fmt.Errorf("find entries of class %q: %w", class, err)
		}
		found = append(found, some...)
	}
	var released []entryColumns
	if err := t.list(ctx, &released, t.inOrder(releasedEntries), t.portal, t.take.Kind, now, limit); err != nil {
		return nil, fmt.Errorf("find released entries: %w", err)
	}
	found = append(found, released...)
	slices.SortFunc(found, func(a, b entryColumns) int { return cmp.Or(cmp.Compare(a.NextAt, b.NextAt), cmp.Compare(a.Key, b.Key)) })
	found = slices.CompactFunc(found, func(a, b entryColumns) bool { return a.Key == b.Key })
	return found[:min(limit, len(found))], nil
}

// nextContacts gives the contacts of the updates that wait longest, each as often as it has updates.
func (t *taker) nextContacts(ctx context.Context, paused []workflows.Class, limit int) ([]string, error) {
	var contacts []string
	if len(paused) == 0 {
		err := t.list(ctx, &contacts, t.inOrder(nextContacts)+fmt.Sprint(limit), t.portal, t.take.Kind, micros(t.now))
		return contacts, wrap("find contacts with entries", err)
	}
	found, err := t.beside(ctx, paused, limit)
	for _, row := range found {
		contacts = append(contacts, string(row.Contact))
	}
	return contacts, err
}

// nextEntries gives the entries that wait longest.
func (t *taker) nextEntries(ctx context.Context, paused []workflows.Class, limit int) ([]entryColumns, error) {
	if len(paused) > 0 {
		return t.beside(ctx, paused, limit)
	}
	var found []entryColumns
	err := t.list(ctx, &found, t.inOrder(nextEntries)+fmt.Sprint(limit), t.portal, t.take.Kind, micros(t.now))
	return found, wrap("find entries", err)
}
