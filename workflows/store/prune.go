package store

import (
	"context"
	"fmt"
	"time"

	"leadsync/connector"
	"leadsync/workflows"
)

// pruneStep is how many rows one transaction deletes, and pruneBodies how many of those that hold whole requests: nobody
// waits long for it.
const (
	pruneStep   = 500
	pruneBodies = 100
)

// pruning is one step: what it may use, and where it is.
type pruning struct {
	store    *Store
	fence    workflows.Fence
	keep     workflows.Retention
	business time.Time
	after    string
}

// pruned is what a step did: how many rows went, and where to go on; over says that the shelf is done.
type pruned struct {
	rows int
	next string
	over bool
}

// shelf is something that a round of pruning comes by.
type shelf struct {
	what string
	step func(context.Context, pruning) (pruned, error)
}

// shelves are the stations of a round, in an order that matters: what is asked or erased first, then what others
// refer to last. Days of tasks go before the outbox, which they keep.
func shelves() []shelf {
	list := []shelf{{"contacts removed long ago", askLongRemoved}, {"erased by an older process", eraseBuried}, {"probes", dropProbes}}
	for _, a := range agedShelves() {
		list = append(list, shelf{a.table, a.step})
	}
	for _, w := range walkedShelves() {
		list = append(list, shelf{w.table, w.step})
	}
	return append(list, shelf{"free pages of the file", giveBack})
}

// PruneStep does one small step of a round of pruning: a transaction that deletes at most a few hundred rows, or a look
// at so many without a lock. Tables() says what goes when. Business is the portal's time. Rows that something refers
// to stay, whatever their age. ErrFenced: somebody else works the portal.
func (s *Store) PruneStep(
	ctx context.Context, f workflows.Fence, keep workflows.Retention, business time.Time, at workflows.PrunePlace,
) (workflows.PruneStep, error) {
	all := shelves()
	if at.Shelf < 0 || at.Shelf >= len(all) {
		return workflows.PruneStep{Done: true}, nil
	}
	one := all[at.Shelf]
	got, err := one.step(ctx, pruning{store: s, fence: f, keep: keep, business: business, after: at.After})
	if err != nil {
		return workflows.PruneStep{}, fmt.Errorf("prune %s: %w", one.what, err)
	}
	done := workflows.PruneStep{What: one.what, Deleted: got.rows, Next: workflows.PrunePlace{Shelf: at.Shelf, After: got.next}}
	if got.over {
		done.Next = workflows.PrunePlace{Shelf: at.Shelf + 1}
		done.Done = done.Next.Shelf == len(all)
	}
	return done, nil
}

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

// askLongRemoved makes contacts due that were removed so long ago that the CRM may have deleted them for good;
// who works on them reads them and erases what is nowhere any more.
func askLongRemoved(ctx context.Context, p pruning) (pruned, error) {
	n := 0
	err := p.store.fenced(ctx, "ask about removed contacts", p.fence, func(in *session) error {
		var ids []connector.ObjectID
		err := in.list(ctx, &ids, findLongRemoved, p.fence.Portal, micros(in.now.Add(-keepArchived)), micros(in.now.Add(-askAgain)), pruneStep)
		if n = len(ids); err != nil {
			return fmt.Errorf("find contacts removed long ago: %w", err)
		}
		marks := dueMarks{}
		for _, id := range ids {
			marks.raise(connector.Ref{Type: connector.TypeContact, ID: id})
		}
		return in.markDue(ctx, p.fence.Portal, marks)
	})
	return pruned{over: n < pruneStep}, err
}

// eraseBuried finishes what an older process erased from the tables that it knew.
func eraseBuried(ctx context.Context, p pruning) (pruned, error) {
	n, err := p.store.pruneBuried(ctx, p.fence.Portal)
	return pruned{rows: n, over: true}, err
}

// aged is a table of which every row goes that is old enough, oldest first along an index. The parameters of the query
// are the portal twice, the oldest moment that stays, and how many rows.
type aged struct {
	table, query string
	keep         func(workflows.Retention) time.Duration
	rows         int
	business     bool // its time is business time
}

func (a aged) step(ctx context.Context, p pruning) (pruned, error) {
	n := 0
	err := p.store.fenced(ctx, "prune", p.fence, func(in *session) (err error) {
		oldest := in.now
		if a.business {
			oldest = p.business
		}
		n, err = in.exec(ctx, a.query, p.fence.Portal, p.fence.Portal, micros(oldest.Add(-a.keep(p.keep))), a.rows)
		return err
	})
	return pruned{rows: n, over: n < a.rows}, err
}

const pruneDeliveries = `DELETE FROM deliveries WHERE portal = ? AND delivery_key IN (
    SELECT d.delivery_key FROM deliveries d WHERE d.portal = ? AND d.received_at < ? ORDER BY d.received_at LIMIT ?)`

const pruneEventKeys = `DELETE FROM event_keys WHERE portal = ? AND event_key IN (
    SELECT k.event_key FROM event_keys k WHERE k.portal = ? AND k.received_at < ? ORDER BY k.received_at LIMIT ?)`

const pruneToldMerges = `DELETE FROM told_merges WHERE portal = ? AND id IN (
    SELECT m.id FROM told_merges m WHERE m.portal = ? AND m.told_at < ? ORDER BY m.told_at LIMIT ?)`

// What may still be sent again is known to have been sent: it does not count towards its limit twice.
const pruneSendings = `DELETE FROM sendings WHERE portal = ? AND (entry_key, generation) IN (
    SELECT x.entry_key, x.generation FROM sendings x WHERE x.portal = ? AND x.first_sent_at < ?
        AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.portal = x.portal AND o.entry_key = x.entry_key
            AND o.generation = x.generation AND o.state IN ('ready', 'sending'))
    ORDER BY x.first_sent_at LIMIT ?)`

const pruneCalls = `DELETE FROM calls WHERE portal = ? AND day IN (
    SELECT DISTINCT c.day FROM calls c WHERE c.portal = ? AND c.day * 86400000000 < ? ORDER BY c.day LIMIT ?)`

const pruneArrivals = `DELETE FROM arrivals WHERE portal = ? AND minute IN (
    SELECT a.minute FROM arrivals a WHERE a.portal = ? AND a.minute < ? ORDER BY a.minute LIMIT ?)`

// keepSent is how long the ledger of sendings is kept; the limits look back for an hour.
const keepSent = 24 * limitWindow

// keepOld is how long what no release reads any more is kept.
const keepOld = 0

func fixed(d time.Duration) func(workflows.Retention) time.Duration {
	return func(workflows.Retention) time.Duration { return d }
}

func agedShelves() []aged {
	deliveries := func(r workflows.Retention) time.Duration { return r.Deliveries }
	measurements := func(r workflows.Retention) time.Duration { return r.Measurements }
	return []aged{
		{table: "deliveries", query: pruneDeliveries, keep: deliveries, rows: pruneBodies},
		{table: "event_keys", query: pruneEventKeys, keep: deliveries, rows: pruneStep},
		{table: "told_merges", query: pruneToldMerges, keep: deliveries, rows: pruneStep},
		{table: "sendings", query: pruneSendings, keep: fixed(keepSent), rows: pruneStep},
		{table: "announcements", query: pruneAnnouncements, keep: fixed(keepMatches), rows: pruneStep},
		{table: "unannounced", query: pruneUnannounced, keep: fixed(keepMatches), rows: pruneStep},
		{table: "arrivals", query: pruneArrivals, keep: fixed(keepArrivals), rows: pruneStep, business: true},
		{table: "calls", query: pruneCalls, keep: measurements, rows: 1}, // a day has a row for each endpoint
		{table: "feed_hours", query: pruneHours, keep: measurements, rows: pruneStep, business: true},
	}
}

// freePages is how many pages one step gives back, and spare how much of the file may be free before any is: what is
// free is written again first.
const (
	freePages = 256
	spare     = 10 // percent
)

// giveBack lets a SQLite file shrink when much of it is free; PostgreSQL has its own way. A file that an older release
// made cannot shrink in small steps: what is free in it is used again.
func giveBack(ctx context.Context, p pruning) (pruned, error) {
	if p.store.dialect.clock != "" {
		return pruned{over: true}, nil
	}
	var mode, pages, free int64
	in := &session{db: p.store.writer, dialect: p.store.dialect}
	for pragma, into := range map[string]*int64{"auto_vacuum": &mode, "page_count": &pages, "freelist_count": &free} {
		if err := in.get(ctx, into, "PRAGMA "+pragma); err != nil {
			return pruned{}, fmt.Errorf("read %s: %w", pragma, err)
		}
	}
	const incremental = 2
	if mode != incremental || free*100 < pages*spare {
		return pruned{over: true}, nil
	}
	// No parameter can stand in a PRAGMA. It gives a row for each page, and works only as far as they are read.
	found, err := p.store.writer.QueryContext(ctx, fmt.Sprintf("PRAGMA incremental_vacuum(%d)", freePages))
	if err != nil {
		return pruned{}, fmt.Errorf("give back pages: %w", err)
	}
	defer func() { _ = found.Close() }() // its error is in Err
	for found.Next() {                   // reading is what makes it work
	}
	return pruned{next: "on"}, found.Err()
}
