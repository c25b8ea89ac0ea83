package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"leadsync/connector"
	"leadsync/workflows"
)

// limitWindow is the span of the rolling limits.
const limitWindow = time.Hour

// updateClasses bounds how many update entries a contact can have: one per class of effect, what is shown, and the priority.
const updateClasses = 6

// The condition of an entry that may be sent: it is unfinished, its time has come, its class is not paused or
// an operator has released it, and the entry it waits for is final.
const sendable = `WHERE o.portal = ? AND o.kind = ? AND o.state IN ('ready', 'sending') AND o.next_at <= ?` + unhindered

const unhindered = `
    AND (o.released_at IS NOT NULL OR NOT EXISTS (SELECT p.class FROM effect_pauses p
        WHERE p.portal = o.portal AND p.class = o.class))` + unawaited

const unawaited = `
    AND (o.waits_for = '' OR NOT EXISTS (SELECT w.entry_key FROM outbox w
        WHERE w.portal = o.portal AND w.entry_key = o.waits_for AND w.state IN ('ready', 'sending')))
`

const nextEntries = selectEntries + `FROM outbox o ` + sendable + `ORDER BY o.next_at, o.entry_key LIMIT `

const nextContacts = `SELECT o.contact FROM outbox o ` + sendable + `ORDER BY o.next_at, o.entry_key LIMIT `

// The sums keep SQLite from walking along the index by time, for each contact anew.
const contactEntries = selectEntries + `FROM {rows} CROSS JOIN outbox o
WHERE o.portal = ? AND o.contact = j.value->>0 AND o.kind = ? AND o.state IN ('ready', 'sending')
    AND o.next_at + 0 <= ?` + unhindered + `ORDER BY o.next_at + 0, o.entry_key`

// Take hands out entries to send and records that they are being sent, before the call is made: an entry
// that is handed out again with Unknown set was left over by a crash. For KindUpdate it gives all entries of
// up to Contacts contacts. A class of which more waits than its rolling limit leaves is paused before any of that is handed
// out, and named in Paused; it then hands out nothing but released entries until ReleaseClass. A class that Limits does not name has no
// limit.
func (s *Store) Take(ctx context.Context, fence workflows.Fence, take workflows.Take) (workflows.Taken, error) {
	var taken workflows.Taken
	err := s.fenced(ctx, "take from outbox", fence, func(in *session) error {
		t := &taker{session: in, portal: fence.Portal, take: take}
		found, err := t.candidates(ctx)
		if err != nil {
			return err
		}
		if found, err = t.traced(ctx, found); err != nil {
			return err
		}
		if found, err = t.apart(ctx, found); err != nil {
			return err
		}
		if found, err = t.outrun(ctx, found); err != nil {
			return err
		}
		chosen, err := t.withinLimits(ctx, found)
		if err != nil {
			return err
		}
		if chosen, err = t.withinBudget(ctx, chosen); err != nil {
			return err
		}
		if !in.weak.Without(workflows.WriteAhead) {
			if err := t.writeAhead(ctx, chosen); err != nil {
				return err
			}
		}
		taken.Paused = t.paused
		taken.Entries, err = t.handOut(chosen)
		return err
	})
	if err != nil {
		return workflows.Taken{}, err
	}
	return taken, nil
}

// taker is the work of one Take.
type taker struct {
	*session
	portal connector.PortalID
	take   workflows.Take
	paused []workflows.Class
	// earlier are further keys of the tasks of amendments and closings, by entry.
	earlier map[string][]workflows.EarlierTask
	// made are the ids of those tasks, as far as an entry says them, by entry.
	made map[string]connector.ObjectID
}

func (t *taker) candidates(ctx context.Context) ([]entryColumns, error) {
	paused, err := t.pausedClasses(ctx)
	if err != nil {
		return nil, err
	}
	if t.take.Kind != workflows.KindUpdate {
		return t.nextEntries(ctx, paused, t.take.Contacts)
	}
	contacts, err := t.nextContacts(ctx, paused, t.take.Contacts*updateClasses)
	if err != nil {
		return nil, err
	}
	var found []entryColumns
	now := micros(t.now)
	var many rows
	seen := map[string]bool{}
	for _, contact := range contacts {
		if !seen[contact] && len(seen) < t.take.Contacts {
			seen[contact] = true
			many = append(many, []any{contact})
		}
	}
	err = t.lookup(ctx, &found, t.inOrder(contactEntries), many, t.portal, t.take.Kind, now)
	return found, wrap("find entries of contacts", err)
}

func wrap(what string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

type classCount struct {
	Class workflows.Class `db:"class"`
	Count int             `db:"n"`
}

const countSendings = `SELECT COUNT(*) FROM sendings WHERE portal = ? AND class = ? AND first_sent_at > ? AND counted = 1`

const sentBefore = `SELECT x.entry_key FROM {rows} CROSS JOIN sendings x
WHERE x.portal = ? AND x.entry_key = j.value->>0 AND x.generation = CAST(j.value->>1 AS BIGINT)`

const pauseClass = `INSERT INTO effect_pauses (portal, class, paused_since) VALUES (?, ?, ?)
ON CONFLICT (portal, class) DO NOTHING`

const countWaiting = `SELECT COUNT(*) FROM (SELECT 1 AS one FROM outbox WHERE portal = ? AND class = ? AND class <> 'score'
    AND state = 'ready' AND attempt = 0 AND released_at IS NULL AND run = '' LIMIT ?) AS waiting`

// withinLimits leaves out the entries of classes of which more waits than their rolling limit leaves, and pauses those
// classes: nothing of what would be too much is sent before somebody has looked at it. A payload that was sent before is the same effect once
// more; what an operator has released does not count.
func (t *taker) withinLimits(ctx context.Context, found []entryColumns) ([]entryColumns, error) {
	sent, err := t.sentBefore(ctx, found)
	if err != nil {
		return nil, err
	}
	over := map[workflows.Class]bool{}
	var chosen []entryColumns
	for _, row := range found {
		limit, limited := t.take.Limits[row.Class]
		if !limited || row.ReleasedAt != nil || sent[row.Key] {
			chosen = append(chosen, row)
			continue
		}
		if _, known := over[row.Class]; !known {
			if over[row.Class], err = t.exceeds(ctx, row.Class, limit); err != nil {
				return nil, err
			}
		}
		if !over[row.Class] {
			chosen = append(chosen, row)
		}
	}
	return chosen, nil
}

// exceeds reports whether what was sent of a class in the rolling hour and what waits now is more than its limit, and
// pauses the class then.
func (t *taker) exceeds(ctx context.Context, class workflows.Class, limit int) (bool, error) {
	done, waiting := 0, 0
	if err := t.get(ctx, &done, countSendings, t.portal, class, micros(t.now.Add(-limitWindow))); err != nil {
		return false, fmt.Errorf("count sendings of class %q: %w", class, err)
	}
	if share, ok := t.take.Shares[class]; ok {
		contacts := 0
		if err := t.get(ctx, &contacts, countContacts, t.portal); err != nil {
			return false, fmt.Errorf("count contacts: %w", err)
		}
		limit = min(limit, max(1, contacts*share/100))
	}
	room := max(0, limit-done)
	if err := t.get(ctx, &waiting, countWaiting, t.portal, class, room+1); err != nil {
		return false, fmt.Errorf("count what waits of class %q: %w", class, err)
	}
	if waiting <= room {
		return false, nil
	}
	t.paused = append(t.paused, class)
	if _, err := t.exec(ctx, pauseClass, t.portal, class, micros(t.now)); err != nil {
		return false, fmt.Errorf("pause class %q: %w", class, err)
	}
	return true, nil
}

// sentBefore gives the keys of the entries of limited classes whose payload was sent before.
func (t *taker) sentBefore(ctx context.Context, found []entryColumns) (map[string]bool, error) {
	var many rows
	for _, row := range found {
		if _, limited := t.take.Limits[row.Class]; limited {
			many = append(many, []any{row.Key, row.Generation})
		}
	}
	var before []string
	if err := t.lookup(ctx, &before, sentBefore, many, t.portal); err != nil {
		return nil, fmt.Errorf("read ledger of sendings: %w", err)
	}
	sent := map[string]bool{}
	for _, key := range before {
		sent[key] = true
	}
	return sent, nil
}

const countAllSendings = `SELECT class, COUNT(*) AS n FROM sendings WHERE portal = ? AND first_sent_at > ? GROUP BY class`

// sentLately counts the sendings of the rolling hour by class, whether they count or not.
func (in *session) sentLately(ctx context.Context, portal connector.PortalID) (map[workflows.Class]int, error) {
	var found []classCount
	if err := in.list(ctx, &found, countAllSendings, portal, micros(in.now.Add(-limitWindow))); err != nil {
		return nil, fmt.Errorf("count sendings: %w", err)
	}
	counts := map[workflows.Class]int{}
	for _, row := range found {
		counts[row.Class] = row.Count
	}
	return counts, nil
}

const markSending = `UPDATE outbox SET state = 'sending', state_at = ?, sent_at = ?, attempt = attempt + 1,
    sent_generation = generation, sent_payload = payload
WHERE portal = ? AND entry_key IN (SELECT j.value->>0 FROM {rows})`

const keepSendings = `INSERT INTO sendings (portal, entry_key, generation, class, first_sent_at, counted)
SELECT ?, j.value->>0, CAST(j.value->>1 AS BIGINT), j.value->>2, CAST(? AS BIGINT), CAST(j.value->>3 AS INTEGER)
FROM {rows} WHERE true ON CONFLICT (portal, entry_key, generation) DO NOTHING`

const keepPushes = `INSERT INTO pushes (portal, type, id, property, value, pushed_at)
SELECT ?, j.value->>0, j.value->>1, j.value->>2, j.value->>3, CAST(? AS BIGINT) FROM {rows} WHERE true
ON CONFLICT (portal, type, id, property) DO UPDATE SET value = excluded.value, pushed_at = excluded.pushed_at`

// writeAhead records the sending before it happens, for the entries, the limits and the echo filter.
func (t *taker) writeAhead(ctx context.Context, chosen []entryColumns) error {
	var keys, ledger, pushes rows
	for _, row := range chosen {
		keys = append(keys, []any{row.Key})
		ledger = append(ledger, []any{row.Key, row.Generation, string(row.Class), flag(row.ReleasedAt == nil)})
		ref, payload, err := pushed(row)
		if err != nil {
			return err
		}
		for name, value := range payload.Properties {
			pushes = append(pushes, []any{string(ref.Type) + "\n" + string(ref.ID) + "\n" + name, string(ref.Type), string(ref.ID), name, value})
		}
	}
	pushes = lastByKey(pushes)
	for i := range pushes {
		pushes[i] = pushes[i][1:]
	}
	now := micros(t.now)
	if err := t.bulk(ctx, markSending, keys, now, now, t.portal); err != nil {
		return fmt.Errorf("mark entries as being sent: %w", err)
	}
	if err := t.bulk(ctx, keepSendings, ledger, t.portal, now); err != nil {
		return fmt.Errorf("count sendings: %w", err)
	}
	if err := t.bulk(ctx, keepPushes, pushes, t.portal, now); err != nil {
		return fmt.Errorf("remember pushes: %w", err)
	}
	return nil
}

// handOut gives the entries as they stand after writeAhead.
func (t *taker) handOut(chosen []entryColumns) ([]workflows.OutboxEntry, error) {
	entries, err := entriesOf(chosen)
	for i := range entries {
		if entries[i].Unknown = chosen[i].State == workflows.StateSending; entries[i].Unknown {
			entries[i].UnknownFor = t.now.Sub(fromMicros(chosen[i].SentAt))
		}
		entries[i].Earlier, entries[i].Task = t.earlier[entries[i].Key], t.made[entries[i].Key]
		entries[i].State = workflows.StateSending
		entries[i].Attempt++
		entries[i].SentAt = t.now
	}
	return entries, err
}

// inOrder is a query for entries to send, without the condition that nothing may overtake if that is switched off.
func (t *taker) inOrder(query string) string {
	if t.weak.Without(workflows.InOrder) {
		return strings.Replace(query, unawaited, "\n", 1)
	}
	return query
}

// writeLate marks entries as being sent when their outcome is known already, which is too late; only where writing ahead is
// switched off.
func (in *session) writeLate(ctx context.Context, portal connector.PortalID, settlements []workflows.Settlement) error {
	if !in.weak.Without(workflows.WriteAhead) {
		return nil
	}
	var keys rows
	for _, one := range settlements {
		keys = append(keys, []any{one.Key})
	}
	var found []entryColumns
	if err := in.lookup(ctx, &found, findEntries, keys, portal); err != nil {
		return fmt.Errorf("read entries: %w", err)
	}
	found = slices.DeleteFunc(found, func(row entryColumns) bool {
		return row.State != workflows.StateReady && row.State != workflows.StateSending
	})
	t := &taker{session: in, portal: portal}
	return t.writeAhead(ctx, found)
}
