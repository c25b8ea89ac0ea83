package store

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"leadsync/connector"
	"leadsync/workflows"
)

// The classes of change that a feed can find without an announcement.
const (
	findChange = "change" // the record is different, or new
	findGone   = "gone"   // the record is not there any more
	findLink   = "link"   // it belongs to other contacts
)

// announces says which kinds of event announce which class of find.
const announces = `(class = 'change' OR class = 'gone' AND kind IN ('deleted', 'privacy_deleted', 'merged')
    OR class = 'link' AND kind IN ('association', 'created', 'merged', 'restored', 'deleted', 'privacy_deleted'))`

// hourCount names one row of feed_hours.
type hourCount struct {
	Hour   int64                `db:"hour"`
	Source workflows.FeedSource `db:"source"`
	Type   connector.ObjectType `db:"type"`
	Bucket int64                `db:"bucket"`
}

type hourCounts map[hourCount][2]int // changes, late

func (h hourCounts) add(at hourCount, changes, late int) {
	n := h[at]
	h[at] = [2]int{n[0] + changes, n[1] + late}
}

func hourOf(at time.Time) int64 { return at.Truncate(time.Hour).UnixMicro() }

func bucketOf(delay time.Duration) int64 {
	return int64(workflows.DelayBucket(delay) / time.Second)
}

const countHours = `INSERT INTO feed_hours (portal, hour, source, type, bucket, changes, late)
SELECT ?, CAST(j.value->>0 AS BIGINT), j.value->>1, j.value->>2, CAST(j.value->>3 AS BIGINT),
    CAST(j.value->>4 AS BIGINT), CAST(j.value->>5 AS BIGINT) FROM {rows} WHERE true
ON CONFLICT (portal, hour, source, type, bucket) DO UPDATE SET changes = feed_hours.changes + excluded.changes,
    late = feed_hours.late + excluded.late`

// countFeeds adds to the counts, as the last statement of its transaction: everybody writes these rows, in one
// order.
func (in *session) countFeeds(ctx context.Context, portal connector.PortalID, counts hourCounts) error {
	keys := slices.SortedFunc(maps.Keys(counts), func(a, b hourCount) int {
		return cmp.Or(cmp.Compare(a.Hour, b.Hour), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Type, b.Type),
			cmp.Compare(a.Bucket, b.Bucket))
	})
	var many rows
	for _, k := range keys {
		many = append(many, []any{k.Hour, string(k.Source), string(k.Type), k.Bucket, counts[k][0], counts[k][1]})
	}
	if err := in.bulk(ctx, countHours, many, portal); err != nil {
		return fmt.Errorf("count what feeds showed: %w", err)
	}
	return nil
}

const keepAnnouncements = `INSERT INTO announcements (portal, type, id, kind, occurred_at, received_at)
SELECT ?, j.value->>0, j.value->>1, j.value->>2, CAST(j.value->>3 AS BIGINT), CAST(? AS BIGINT) FROM {rows} WHERE true
ON CONFLICT (portal, type, id, kind, occurred_at) DO NOTHING`

const announceLate = `UPDATE unannounced SET announced_at = CAST(? AS BIGINT)
FROM (SELECT j.value->>0 AS event_type, j.value->>1 AS event_id, j.value->>2 AS kind,
        CAST(j.value->>3 AS BIGINT) AS occurred_at, j.value->>4 AS event_portal FROM {rows}) AS e
WHERE portal = event_portal AND announced_at IS NULL
    AND (type = event_type AND id = event_id OR other_type = event_type AND other_id = event_id)
    AND occurred_at BETWEEN from_at AND to_at AND ` + announces + `
RETURNING hour, source, type, bucket, id, other_type, other_id`

// Receivers update these rows beside each other, so they lock them in one order first.
const lockFound = `SELECT u.id FROM {rows} CROSS JOIN unannounced u
WHERE u.portal = j.value->>4 AND u.announced_at IS NULL
    AND (u.type = j.value->>0 AND u.id = j.value->>1 OR u.other_type = j.value->>0 AND u.other_id = j.value->>1)
ORDER BY u.type, u.id, u.class, u.to_at {update u}`

type lateRow struct {
	hourCount
	ID        connector.ObjectID   `db:"id"`
	OtherType connector.ObjectType `db:"other_type"`
	OtherID   connector.ObjectID   `db:"other_id"`
}

// announce remembers what events announced, and finds what a feed had found before them. Echoes of our own
// writes announce nothing and are not counted.
func (in *session) announce(
	ctx context.Context, d workflows.Delivery, events []connector.Event, echo map[int]bool,
) (hourCounts, error) {
	counts := hourCounts{}
	if d.At.IsZero() {
		return counts, nil
	}
	counted := telling(events, echo)
	many := announcementRows(d.Portal, counted)
	if err := in.bulk(ctx, keepAnnouncements, many, d.Portal, micros(in.now)); err != nil {
		return nil, fmt.Errorf("keep announcements: %w", err)
	}
	var locked []string
	if err := in.lookup(ctx, &locked, lockFound, many); err != nil {
		return nil, fmt.Errorf("lock what feeds found: %w", err)
	}
	var found []lateRow
	if err := in.lookup(ctx, &found, announceLate, many, micros(in.now)); err != nil {
		return nil, fmt.Errorf("find late announcements: %w", err)
	}
	late := map[connector.Ref]bool{}
	for _, row := range found {
		late[connector.Ref{Type: row.Type, ID: row.ID}] = true
		late[connector.Ref{Type: row.OtherType, ID: row.OtherID}] = true
		counts.add(row.hourCount, 0, 1)
	}
	for _, event := range counted {
		if event.Own {
			continue
		}
		after := 0
		if slices.ContainsFunc(refsOf(event), func(ref connector.Ref) bool { return late[ref] }) {
			after = 1
		}
		counts.add(hourCount{
			Hour: hourOf(d.At), Source: workflows.SourceWebhook, Type: event.Type,
			Bucket: bucketOf(d.At.Sub(event.OccurredAt)),
		}, 1, after)
	}
	return counts, nil
}

// telling are the events that announce something.
func telling(events []connector.Event, echo map[int]bool) []connector.Event {
	var counted []connector.Event
	for i, event := range events {
		if !echo[i] && event.Kind != connector.EventOther && len(refsOf(event)) > 0 && !event.OccurredAt.IsZero() {
			counted = append(counted, event)
		}
	}
	return counted
}

// announcementRows names each record of the events once per kind and instant, in one order for everybody.
func announcementRows(portal connector.PortalID, events []connector.Event) rows {
	type named struct {
		ref  connector.Ref
		kind connector.EventKind
		at   int64
	}
	all := map[named]bool{}
	for _, event := range events {
		for _, ref := range refsOf(event) {
			all[named{ref, event.Kind, event.OccurredAt.UnixMicro()}] = true
		}
	}
	sorted := slices.SortedFunc(maps.Keys(all), func(a, b named) int {
		return cmp.Or(compareRefs(a.ref, b.ref), cmp.Compare(a.kind, b.kind), cmp.Compare(a.at, b.at))
	})
	many := make(rows, 0, len(sorted))
	for _, n := range sorted {
		many = append(many, []any{string(n.ref.Type), string(n.ref.ID), string(n.kind), n.at, string(portal)})
	}
	return many
}

// find is one change that a feed's page shows, and when an event that announces it can have occurred.
type find struct {
	ref      connector.Ref
	other    connector.Ref // the other end of a link, whose event announces it as well
	class    string
	from, to time.Time
	since    time.Time         // when the change happened; the earliest that is possible if nobody says
	values   map[string]string // what is different about a contact that was known
	fresh    bool              // the mirror did not have the record
}

// find notes that a record is different from the mirror. A change moves the modification time, which says when
// it happened; one that does not, such as of a calculated property, happened since the last look.
func (p *pageSaver) find(o connector.Object, old mirrored, has bool) {
	ref := connector.Ref{Type: p.page.Type, ID: o.ID}
	if has && sameMicros(o.UpdatedAt, old.UpdatedAt) {
		p.findOther(find{ref: ref, class: findChange}, old)
		return
	}
	f := find{
		ref: ref, class: findChange, since: o.UpdatedAt, fresh: !has,
		from: o.UpdatedAt.Add(-workflows.AnnouncedWithin), to: o.UpdatedAt.Add(workflows.AnnouncedWithin),
	}
	if has && !old.removed && ref.Type == connector.TypeContact {
		f.values = differing(o.Properties, old.Properties)
	}
	p.finds = append(p.finds, f)
}

// findOther notes a change that has no modification time of its own.
func (p *pageSaver) findOther(f find, old mirrored) {
	f.since = old.UpdatedAt
	if old.checked.After(f.since) {
		f.since = old.checked
	}
	f.from, f.to = f.since.Add(-workflows.AnnouncedWithin), p.page.Find.At.Add(workflows.AnnouncedWithin)
	if f.class == findChange {
		f.from = f.since.Add(workflows.AnnouncedWithin) // what was announced before then was the change before
	}
	p.finds = append(p.finds, f)
}

func differing(now, before map[string]string) map[string]string {
	values := map[string]string{}
	for name, value := range now {
		if before[name] != value {
			values[name] = value
		}
	}
	for name := range before {
		if _, has := now[name]; !has {
			values[name] = ""
		}
	}
	return values
}

type pushRow struct {
	ID       connector.ObjectID `db:"id"`
	Property string             `db:"property"`
	Value    string             `db:"value"`
}

const findPushes = `SELECT p.id, p.property, p.value FROM {rows} CROSS JOIN pushes p
WHERE p.portal = ? AND p.type = 'contact' AND p.id = j.value->>0`

const findMade = `SELECT o.remote_id AS id FROM {rows} CROSS JOIN outbox o
WHERE o.portal = ? AND o.remote_id = j.value->>0 AND o.remote_id <> '' AND o.kind IN (?, ?)`

// count counts the finds of a page, without what we did ourselves.
func (p *pageSaver) count(ctx context.Context) (hourCounts, error) {
	if p.page.Find.By == "" || p.page.Quiet || len(p.finds) == 0 {
		return hourCounts{}, nil
	}
	var contacts, ours rows
	for _, f := range p.finds {
		if len(f.values) > 0 {
			contacts = append(contacts, []any{string(f.ref.ID)})
		}
		if f.ref.Type == connector.TypeDeal || f.ref.Type == connector.TypeTask {
			ours = append(ours, []any{string(f.ref.ID)})
		}
	}
	var pushes, made []pushRow
	if err := p.lookup(ctx, &pushes, findPushes, contacts, p.portal); err != nil {
		return nil, fmt.Errorf("look for our own writes: %w", err)
	}
	if err := p.lookup(ctx, &made, findMade, ours, append([]any{p.portal}, makers(p.page.Type)...)...); err != nil {
		return nil, fmt.Errorf("look for our own deals and tasks: %w", err)
	}
	own := ownDoings{written: map[pushRow]bool{}, made: map[connector.ObjectID]bool{}}
	for _, row := range pushes {
		own.written[row] = true
	}
	for _, row := range made {
		own.made[row.ID] = true
	}
	return p.unannounced(ctx, p.portal, p.page.Find, slices.DeleteFunc(p.finds, own.is))
}

// makers are the kinds of entry that make records of a type, or tasks out of others.
func makers(t connector.ObjectType) []any {
	if t == connector.TypeTask {
		return []any{workflows.KindTask, workflows.KindAmend}
	}
	return []any{workflows.KindDeal, workflows.KindDeal}
}

// ownDoings are our own last writes on contacts and the deals and tasks that we made. Our tasks are amended again and
// again, so whatever is found about them is ours.
type ownDoings struct {
	written map[pushRow]bool
	made    map[connector.ObjectID]bool
}

func (own ownDoings) is(f find) bool {
	if own.made[f.ref.ID] && (f.fresh || f.ref.Type == connector.TypeTask) {
		return true
	}
	if len(f.values) == 0 {
		return false
	}
	for name, value := range f.values {
		if !own.written[pushRow{ID: f.ref.ID, Property: name, Value: value}] {
			return false
		}
	}
	return true
}

const keepFound = `INSERT INTO unannounced (portal, type, id, class, from_at, to_at, found_at, hour, source, bucket,
    other_type, other_id)
SELECT ?, f.type, f.id, f.class, f.from_at, f.to_at, CAST(? AS BIGINT), CAST(? AS BIGINT), ?, f.bucket,
    f.other_type, f.other_id
FROM (SELECT j.value->>0 AS type, j.value->>1 AS id, j.value->>2 AS class, CAST(j.value->>3 AS BIGINT) AS from_at,
        CAST(j.value->>4 AS BIGINT) AS to_at, CAST(j.value->>5 AS BIGINT) AS bucket,
        j.value->>6 AS other_type, j.value->>7 AS other_id FROM {rows}) AS f
WHERE NOT EXISTS (SELECT 1 FROM announcements a
    WHERE a.portal = ? AND (a.type = f.type AND a.id = f.id OR a.type = f.other_type AND a.id = f.other_id)
    AND a.occurred_at BETWEEN f.from_at AND f.to_at AND ` + announces + `)
    AND NOT EXISTS (SELECT 1 FROM due d WHERE d.portal = ? AND d.type = f.type AND d.id = f.id AND d.hinted_at IS NOT NULL)
ON CONFLICT (portal, type, id, class, to_at) DO NOTHING
RETURNING hour, source, type, bucket`

// unannounced keeps those of the changes that no event has announced, each once, and counts them. A record that
// is due already is known to have changed: what moved its modification time since then is no news.
func (in *session) unannounced(
	ctx context.Context, portal connector.PortalID, by workflows.Find, changes []find,
) (hourCounts, error) {
	counts := hourCounts{}
	slices.SortFunc(changes, func(a, b find) int {
		return cmp.Or(compareRefs(a.ref, b.ref), cmp.Compare(a.class, b.class), a.to.Compare(b.to))
	})
	var many rows
	for _, c := range changes {
		many = append(many, []any{
			string(c.ref.Type), string(c.ref.ID), c.class, c.from.UnixMicro(), c.to.UnixMicro(), bucketOf(by.At.Sub(c.since)),
			string(c.other.Type), string(c.other.ID),
		})
	}
	var kept []hourCount
	err := in.lookup(ctx, &kept, keepFound, many, portal, micros(in.now), hourOf(by.At), string(by.By), portal, portal)
	if err != nil {
		return nil, fmt.Errorf("keep what nobody announced: %w", err)
	}
	for _, row := range kept {
		counts.add(row, 1, 0)
	}
	return counts, nil
}

type countRow struct {
	Source  workflows.FeedSource `db:"source"`
	Type    connector.ObjectType `db:"type"`
	Bucket  int64                `db:"bucket"`
	Changes int                  `db:"changes"`
	Late    int                  `db:"late"`
}

const sumHours = `SELECT source, type, bucket, SUM(changes) AS changes, SUM(late) AS late FROM feed_hours
WHERE portal = ? AND hour >= ? GROUP BY source, type, bucket ORDER BY source, type, bucket`

// Completeness gives what the feeds brought since a business time, counted by whole hours.
func (s *Store) Completeness(
	ctx context.Context, portal connector.PortalID, since time.Time,
) (workflows.Completeness, error) {
	var counts workflows.Completeness
	err := s.read(ctx, "read counts of feeds", func(in *session) error {
		var sums []countRow
		err := in.list(ctx, &sums, sumHours, portal, hourOf(since))
		for _, row := range sums {
			counts = append(counts, workflows.FeedCount{
				Source: row.Source, Type: row.Type, Within: time.Duration(row.Bucket) * time.Second,
				Changes: row.Changes, Late: row.Late,
			})
		}
		return err
	})
	return counts, err
}

// The announcements of a change must be there when the slowest sweep finds it, and the change when its last
// delivery comes, a day later (hubspot-api 3.1).
const keepMatches = 72 * time.Hour

const pruneAnnouncements = `DELETE FROM announcements WHERE portal = ? AND (type, id, kind, occurred_at) IN (
    SELECT a.type, a.id, a.kind, a.occurred_at FROM announcements a
    WHERE a.portal = ? AND a.received_at < ? ORDER BY a.received_at LIMIT ?)`

const pruneUnannounced = `DELETE FROM unannounced WHERE portal = ? AND (type, id, class, to_at) IN (
    SELECT u.type, u.id, u.class, u.to_at FROM unannounced u
    WHERE u.portal = ? AND u.found_at < ? ORDER BY u.found_at LIMIT ?)`

const pruneHours = `DELETE FROM feed_hours WHERE portal = ? AND (hour, source, type, bucket) IN (
    SELECT h.hour, h.source, h.type, h.bucket FROM feed_hours h WHERE h.portal = ? AND h.hour < ? ORDER BY h.hour LIMIT ?)`
