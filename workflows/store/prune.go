package store

import (
	"context"
	"fmt"
	"time"

	"leadsync/connector"
)

// pruneStep is how many rows one transaction deletes: nobody waits long for it.
const pruneStep = 500

const pruneDeliveries = `DELETE FROM deliveries WHERE portal = ? AND delivery_key IN (
    SELECT d.delivery_key FROM deliveries d WHERE d.portal = ? AND d.received_at < ? ORDER BY d.received_at LIMIT ?)`

const pruneEventKeys = `DELETE FROM event_keys WHERE portal = ? AND event_key IN (
    SELECT k.event_key FROM event_keys k WHERE k.portal = ? AND k.received_at < ? ORDER BY k.received_at LIMIT ?)`

const pruneUpdates = `DELETE FROM outbox WHERE portal = ? AND entry_key IN (
    SELECT o.entry_key FROM outbox o WHERE o.portal = ? AND o.state_at < ? AND o.class IN ('score', 'stage', 'status')
        AND o.state IN ('settled', 'cancelled') AND o.kind = 'update' AND o.sent_payload = '' LIMIT ?)`

const pruneSendings = `DELETE FROM sendings WHERE portal = ? AND (entry_key, generation) IN (
    SELECT x.entry_key, x.generation FROM sendings x WHERE x.portal = ? AND x.first_sent_at < ?
        AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.portal = x.portal AND o.entry_key = x.entry_key
            AND o.generation = x.generation AND o.state IN ('ready', 'sending'))
    ORDER BY x.first_sent_at LIMIT ?)`

// keepCalls is how long the daily counts of calls are kept: a year can be compared with the one before.
const keepCalls = 400 * 24 * time.Hour

const pruneCalls = `DELETE FROM calls WHERE portal = ? AND day IN (
    SELECT DISTINCT c.day FROM calls c WHERE c.portal = ? AND c.day * 86400000000 < ? ORDER BY c.day LIMIT ?)`

// A contact that is in the CRM's archive can be restored for 90 days and is deleted for good afterwards, of which
// no event tells (hubspot-api 5.5). So after that time the CRM is asked again, and as long as it still has the
// contact in its archive, once a week.
const (
	keepArchived = 90 * 24 * time.Hour
	askAgain     = 7 * 24 * time.Hour
)

const findLongRemoved = `SELECT o.id FROM objects o
WHERE o.portal = ? AND o.type = 'contact' AND o.removed_at < ?
    AND NOT EXISTS (SELECT 1 FROM aliases a WHERE a.portal = o.portal AND a.id = o.id)
    AND NOT EXISTS (SELECT 1 FROM due d WHERE d.portal = o.portal AND d.type = o.type AND d.id = o.id AND d.raised_at > ?)
ORDER BY o.removed_at, o.id LIMIT ?`

// raiseLongRemoved makes contacts due that were removed so long ago that the CRM may have deleted them for good;
// who works on them reads them and erases what is nowhere any more.
func (s *Store) raiseLongRemoved(ctx context.Context, portal connector.PortalID) error {
	for n := pruneStep; n == pruneStep; {
		err := s.alone(ctx, "ask about removed contacts", portal, func(in *session) error {
			var ids []connector.ObjectID
			err := in.list(ctx, &ids, findLongRemoved, portal, micros(in.now.Add(-keepArchived)), micros(in.now.Add(-askAgain)), pruneStep)
			if n = len(ids); err != nil {
				return fmt.Errorf("find contacts removed long ago: %w", err)
			}
			marks := dueMarks{}
			for _, id := range ids {
				marks.raise(connector.Ref{Type: connector.TypeContact, ID: id})
			}
			return in.markDue(ctx, portal, marks)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Rows of what was erased: of contacts, and of records of any type.
const (
	ofBuried = ` WHERE portal = ? AND contact IN (
    SELECT t.id FROM tombstones t WHERE t.portal = ? AND t.type = 'contact')`

	ofBuriedRecords = ` WHERE portal = ? AND (type, id) IN (
    SELECT t.type, t.id FROM tombstones t WHERE t.portal = ?)`
)

// A process of the release before, which runs beside this one while it is being replaced, erases contacts from the
// tables that it knows. These are the others.
const (
	pruneBuriedVersions = `DELETE FROM versions` + ofBuried

	pruneBuriedSubmissions = `DELETE FROM submissions` + ofBuried

	pruneBuriedVisits = `DELETE FROM visits` + ofBuried

	pruneBuriedWishes = `DELETE FROM visits_wanted` + ofBuried

	pruneBuriedAnnouncements = `DELETE FROM announcements` + ofBuriedRecords

	pruneBuriedFinds = `DELETE FROM unannounced` + ofBuriedRecords

	pruneBuriedFrozen = `DELETE FROM frozen` + ofBuried

	pruneBuriedOrders = `DELETE FROM backfills` + ofBuried

	pruneBuriedAnswers = `DELETE FROM answers` + ofBuried

	pruneBuriedEnds = `DELETE FROM unannounced WHERE portal = ? AND (other_type, other_id) IN (
    SELECT t.type, t.id FROM tombstones t WHERE t.portal = ?)`
)

func (s *Store) pruneBuried(ctx context.Context, portal connector.PortalID) (int, error) {
	total := 0
	err := s.alone(ctx, "prune what is erased", portal, func(in *session) error {
		for _, query := range []string{
			pruneBuriedVersions, pruneBuriedSubmissions, pruneBuriedVisits, pruneBuriedWishes, pruneBuriedAnnouncements, pruneBuriedFinds,
			pruneBuriedEnds, pruneBuriedClocks, pruneBuriedQualified, pruneBuriedJudgements, pruneBuriedDays,
			pruneBuriedFrozen, pruneBuriedOrders, pruneBuriedAnswers,
		} {
			n, err := in.exec(ctx, query, portal, portal)
			if total += n; err != nil {
				return fmt.Errorf("delete what is erased: %w", err)
			}
		}
		return nil
	})
	return total, err
}

// Prune deletes deliveries, event keys, finished property updates and the ledger of sendings that are older
// than keep, and counts of calls and feeds after 400 days, in small transactions. Contacts that were removed more
// than 90 days ago become due, to be erased if the CRM has deleted them for good. It gives the number of rows that
// were deleted; if it fails half-way, what is gone is gone. Tasks, deals and decisions stay. keep must be longer than the CRM repeats deliveries, or a repetition
// counts as new (which is harmless, but costs a read).
func (s *Store) Prune(ctx context.Context, portal connector.PortalID, keep time.Duration) (int, error) {
	if err := s.raiseLongRemoved(ctx, portal); err != nil {
		return 0, err
	}
	total, err := s.pruneBuried(ctx, portal)
	if err != nil {
		return total, err
	}
	for _, table := range []struct {
		query string
		keep  time.Duration
	}{
		{pruneDeliveries, keep},
		{pruneEventKeys, keep},
		{pruneUpdates, max(keep, limitWindow)}, // a new row of that key must not find its own old sendings
		{pruneSendings, max(keep, limitWindow)},
		{pruneCalls, keepCalls},
		{pruneAnnouncements, keepMatches},
		{pruneUnannounced, keepMatches},
		{pruneHours, keepCounts},
		{pruneSubmissions, keepUnmatched},
		{pruneVisits, keepVisits},
		{pruneClocks, keepMeasured},
		{pruneQualified, keepMeasured},
	} {
		for {
			n, err := s.pruneSome(ctx, portal, table.query, table.keep)
			total += n
			if err != nil {
				return total, err
			}
			if n < pruneStep {
				break
			}
		}
	}
	return total, nil
}

func (s *Store) pruneSome(ctx context.Context, portal connector.PortalID, query string, keep time.Duration) (int, error) {
	n := 0
	err := s.alone(ctx, "prune", portal, func(in *session) (err error) {
		n, err = in.exec(ctx, query, portal, portal, micros(in.now.Add(-keep)), pruneStep)
		if err != nil {
			return fmt.Errorf("delete old rows: %w", err)
		}
		return nil
	})
	return n, err
}
