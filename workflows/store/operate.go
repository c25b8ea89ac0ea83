package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

const releaseEntries = `UPDATE outbox SET released_at = ?
WHERE portal = ? AND class = ? AND state IN ('ready', 'sending') AND released_at IS NULL AND run = ''`

// ReleaseClass ends the pause of a class. The entries that wait now are released: they will be sent and do
// not count towards the limit. It gives their number.
func (s *Store) ReleaseClass(ctx context.Context, portal connector.PortalID, class workflows.Class) (int, error) {
	n := 0
	err := s.alone(ctx, "release class", portal, func(in *session) (err error) {
		_, err = in.exec(ctx, `DELETE FROM effect_pauses WHERE portal = ? AND class = ?`, portal, class)
		if err != nil {
			return fmt.Errorf("end pause of %q: %w", class, err)
		}
		n, err = in.exec(ctx, releaseEntries, micros(in.now), portal, class)
		return err
	})
	return n, err
}

type effectRow struct {
	Class  workflows.Class      `db:"class"`
	State  workflows.EntryState `db:"state"`
	Count  int                  `db:"n"`
	Oldest *int64               `db:"oldest"`
}

const countEffects = `SELECT class, state, COUNT(*) AS n, MIN(state_at) AS oldest FROM outbox
WHERE portal = ? GROUP BY class, state ORDER BY class, state`

type pauseRow struct {
	Class workflows.Class `db:"class"`
	Since int64           `db:"paused_since"`
}

const findPauses = `SELECT class, paused_since FROM effect_pauses WHERE portal = ? ORDER BY class`

// Effects counts the outbox by class and state. Oldest is when the longest-standing entry came into its
// state; LastHour counts everything sent for the first time in the rolling hour.
func (s *Store) Effects(ctx context.Context, portal connector.PortalID) ([]workflows.EffectCount, error) {
	var effects []workflows.EffectCount
	err := s.read(ctx, "read effects", func(in *session) error {
		var found []effectRow
		if err := in.list(ctx, &found, countEffects, portal); err != nil {
			return err
		}
		var pauses []pauseRow
		if err := in.list(ctx, &pauses, findPauses, portal); err != nil {
			return err
		}
		since := map[workflows.Class]time.Time{}
		for _, row := range pauses {
			since[row.Class] = fromMicros(&row.Since)
		}
		gathered, err := in.gathered(ctx, portal)
		if err != nil {
			return err
		}
		lately, err := in.sentLately(ctx, portal)
		for _, row := range found {
			effects = append(effects, workflows.EffectCount{
				Class: row.Class, State: row.State, Count: row.Count, Oldest: fromMicros(row.Oldest),
				PausedSince: since[row.Class], LastHour: lately[row.Class],
			})
			if row.State == workflows.StateReady {
				effects[len(effects)-1].Gathered = gathered[row.Class]
			}
		}
		return err
	})
	return effects, err
}

const countDue = `SELECT
    (SELECT COUNT(*) FROM due WHERE portal = ? AND hinted_at IS NOT NULL AND (retry_at IS NULL OR retry_at <= ?))
    + (SELECT COUNT(*) FROM due WHERE portal = ? AND changes_at <= ? AND hinted_at IS NULL
        AND (retry_at IS NULL OR retry_at <= ?))`

type stateCount struct {
	State workflows.EntryState `db:"state"`
	Count int                  `db:"n"`
}

// Both halves are answered by a partial index, however many entries are settled.
const countUnfinished = `SELECT state, COUNT(*) AS n FROM outbox WHERE portal = ? AND state IN ('ready', 'sending') GROUP BY state
UNION ALL SELECT state, COUNT(*) AS n FROM outbox WHERE portal = ? AND state = 'parked' GROUP BY state`

const countBackoff = `SELECT COUNT(*) FROM due WHERE portal = ? AND hinted_at IS NOT NULL AND retry_at > ?`

const countContacts = `SELECT COUNT(*) FROM objects WHERE portal = ? AND type = 'contact' AND removed_at IS NULL`

// Backlog says how much is waiting. Due counts what Due would give, without a limit; OldestDue is the age of
// the oldest hint, records in backoff included.
func (s *Store) Backlog(
	ctx context.Context, portal connector.PortalID, business time.Time,
) (workflows.Backlog, error) {
	backlog := workflows.Backlog{Outbox: map[workflows.EntryState]int{}}
	err := s.read(ctx, "read backlog", func(in *session) error {
		now := micros(in.now)
		if err := in.get(ctx, &backlog.Due, countDue, portal, now, portal, business.UnixMicro(), now); err != nil {
			return fmt.Errorf("count due records: %w", err)
		}
		if err := in.get(ctx, &backlog.Waiting, countBackoff, portal, now); err != nil {
			return fmt.Errorf("count records in backoff: %w", err)
		}
		var oldest *int64
		err := in.get(ctx, &oldest, `SELECT MIN(hinted_at) FROM due WHERE portal = ? AND hinted_at IS NOT NULL`, portal)
		if err != nil {
			return fmt.Errorf("find oldest hint: %w", err)
		}
		if oldest != nil {
			backlog.OldestDue = in.now.Sub(fromMicros(oldest))
		}
		var found []stateCount
		if err := in.list(ctx, &found, countUnfinished, portal, portal); err != nil {
			return fmt.Errorf("count outbox: %w", err)
		}
		for _, row := range found {
			backlog.Outbox[row.State] = row.Count
		}
		var pauses []pauseRow
		if err := in.list(ctx, &pauses, findPauses, portal); err != nil {
			return fmt.Errorf("read paused classes: %w", err)
		}
		for _, row := range pauses {
			backlog.PausedClass = append(backlog.PausedClass, row.Class)
		}
		return in.get(ctx, &backlog.Contacts, countContacts, portal)
	})
	return backlog, err
}

// ShadowCounts counts by class what was recorded in shadow.
func (s *Store) ShadowCounts(ctx context.Context, portal connector.PortalID) (map[workflows.Class]int, error) {
	counts := map[workflows.Class]int{}
	err := s.read(ctx, "count shadow", func(in *session) error {
		var found []classCount
		err := in.list(ctx, &found,
			`SELECT class, COUNT(*) AS n FROM outbox WHERE portal = ? AND state = 'shadow' GROUP BY class`, portal)
		for _, row := range found {
			counts[row.Class] = row.Count
		}
		return err
	})
	return counts, err
}

// Only contacts have an address in the column email.
const findContact = `SELECT o.id FROM objects o WHERE o.portal = ? AND o.email = ? AND o.email <> ''
    AND NOT EXISTS (SELECT 1 FROM aliases a WHERE a.portal = o.portal AND a.id = o.id)
UNION SELECT o.id FROM objects o WHERE o.portal = ? AND o.type = 'contact' AND o.id = ?
    AND NOT EXISTS (SELECT 1 FROM aliases a WHERE a.portal = o.portal AND a.id = o.id)
UNION SELECT survivor FROM aliases WHERE portal = ? AND id = ? ORDER BY 1`

// FindContact gives the contacts of the mirror with this id or this e-mail address (in any case of letters).
// The id of a contact that was merged away finds the survivor instead.
func (s *Store) FindContact(ctx context.Context, portal connector.PortalID, text string) ([]connector.ObjectID, error) {
	var ids []connector.ObjectID
	text = strings.TrimSpace(text)
	err := s.read(ctx, "find contact", func(in *session) error {
		return in.list(ctx, &ids, findContact, portal, strings.ToLower(text), portal, text, portal, text)
	})
	return ids, err
}

type decisionRow struct {
	Contact   connector.ObjectID `db:"contact"`
	Number    int                `db:"number"`
	DecidedAt *int64             `db:"decided_at"`
	Model     string             `db:"model"`
	Reason    string             `db:"reason"`
	Actions   string             `db:"actions"`
	Worker    string             `db:"worker"`
}

const findDecisions = `SELECT contact, number, decided_at, model, reason, actions, worker FROM decisions
WHERE portal = ? AND (contact = ? OR contact IN (SELECT id FROM aliases WHERE portal = ? AND survivor = ?))
ORDER BY CASE WHEN contact = ? THEN number ELSE 0 END DESC, decided_at DESC, contact DESC, number DESC LIMIT ?`

// Decisions gives the last decisions about a contact, newest first: its own, and after them those about the
// contacts that were merged into it. Each names its contact.
func (s *Store) Decisions(
	ctx context.Context, portal connector.PortalID, contact connector.ObjectID, limit int,
) ([]workflows.Decision, error) {
	var decisions []workflows.Decision
	err := s.read(ctx, "read decisions", func(in *session) error {
		var found []decisionRow
		if err := in.list(ctx, &found, findDecisions, portal, contact, portal, contact, contact, limit); err != nil {
			return err
		}
		for _, row := range found {
			d := workflows.Decision{
				Contact: row.Contact, No: row.Number, At: fromMicros(row.DecidedAt), Model: row.Model, Reason: scoring.Reason{},
				Worker: row.Worker,
			}
			if err := decode(row.Reason, &d.Reason); err != nil {
				return err
			}
			if err := decode(row.Actions, &d.Actions); err != nil {
				return err
			}
			decisions = append(decisions, d)
		}
		return nil
	})
	return decisions, err
}

const outboxOfState = selectEntries + `FROM outbox o
WHERE o.portal = ? AND o.state = ? ORDER BY o.state_at DESC, o.entry_key LIMIT ?`

const outboxOfContact = selectEntries + `FROM outbox o
WHERE o.portal = ? AND o.contact = ? AND (o.state = ? OR ? = '') ORDER BY o.state_at DESC, o.entry_key LIMIT ?`

// Outbox gives entries of a state (all if empty) and a contact (all if empty), those first whose state
// changed last.
func (s *Store) Outbox(
	ctx context.Context, portal connector.PortalID, state workflows.EntryState, contact connector.ObjectID, limit int,
) ([]workflows.OutboxEntry, error) {
	var entries []workflows.OutboxEntry
	err := s.read(ctx, "read outbox", func(in *session) error {
		var found []entryColumns
		if contact != "" {
			err := in.list(ctx, &found, outboxOfContact, portal, contact, state, state, limit)
			if err != nil {
				return err
			}
		} else if err := in.listStates(ctx, &found, portal, state, limit); err != nil {
			return err
		}
		var err error
		entries, err = entriesOf(found)
		return err
	})
	return entries, err
}

// listStates lists one state, or the newest of all: each state by itself is one walk along an index.
func (in *session) listStates(
	ctx context.Context, found *[]entryColumns, portal connector.PortalID, state workflows.EntryState, limit int,
) error {
	if state != "" {
		return in.list(ctx, found, outboxOfState, portal, state, limit)
	}
	for _, one := range []workflows.EntryState{
		workflows.StateShadow, workflows.StateReady, workflows.StateSending, workflows.StateSettled,
		workflows.StateParked, workflows.StateCancelled,
	} {
		var some []entryColumns
		if err := in.list(ctx, &some, outboxOfState, portal, one, limit); err != nil {
			return err
		}
		*found = append(*found, some...)
	}
	slices.SortStableFunc(*found, func(a, b entryColumns) int { return cmp.Compare(b.StateAt, a.StateAt) })
	*found = (*found)[:min(limit, len(*found))]
	return nil
}

const listContacts = `SELECT id FROM objects
WHERE portal = ? AND type = 'contact' AND removed_at IS NULL AND id > ? ORDER BY id LIMIT ?`

// Contacts walks the contacts that are there by id (as text): up to limit of those after the given one.
func (s *Store) Contacts(
	ctx context.Context, portal connector.PortalID, after connector.ObjectID, limit int,
) ([]connector.ObjectID, error) {
	var ids []connector.ObjectID
	err := s.read(ctx, "list contacts", func(in *session) error {
		return in.list(ctx, &ids, listContacts, portal, after, limit)
	})
	return ids, err
}
