package store

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"leadsync/connector"
	"leadsync/workflows"
)

const keepDelivery = `INSERT INTO deliveries (portal, delivery_key, received_at, body) VALUES (?, ?, ?, ?)
ON CONFLICT (portal, delivery_key) DO NOTHING`

const keepEventKeys = `INSERT INTO event_keys (portal, event_key, received_at)
SELECT ?, j.value->>0, CAST(? AS BIGINT) FROM {rows} WHERE true
ON CONFLICT (portal, event_key) DO NOTHING RETURNING event_key`

const findEchoes = `SELECT j.value->>0 FROM {rows} CROSS JOIN pushes p
WHERE p.portal = ? AND p.type = j.value->>1 AND p.id = j.value->>2 AND p.property = j.value->>3
` + echoValue

const echoValue = `    AND p.value = j.value->>4`

const besideOperators = `SELECT epoch FROM leases WHERE portal = ? {key}`

// Receive stores one verified delivery and marks the records that its events name due, in one transaction:
// answer the CRM only after it. It needs no lease. A delivery or an event that was received before changes
// nothing, and the echo of our own last write makes nothing due. Events about erased records are not kept, and
// contacts that are told to have become one that was erased are erased too.
func (s *Store) Receive(ctx context.Context, d workflows.Delivery) (workflows.Received, error) {
	var count workflows.Received
	var left bereaved
	err := s.timed(ctx, "receive", func(in *session) (err error) {
		count, left, err = in.receive(ctx, d)
		return err
	})
	for _, id := range slices.Sorted(maps.Keys(left.erase)) {
		if err == nil { // a delivery that comes once more tells of them once more, so nothing is lost if this fails
			err = s.eraseContact(ctx, d.Portal, id, left.erase[id])
		}
	}
	return count, err
}

func (in *session) receive(ctx context.Context, d workflows.Delivery) (count workflows.Received, left bereaved, err error) {
	var lease []int64
	if err := in.list(ctx, &lease, besideOperators, d.Portal); err != nil {
		return count, left, fmt.Errorf("lock portal %q: %w", d.Portal, err)
	}
	erased, err := in.tombstones(ctx, d.Portal, eventRefs(d.Events))
	if err != nil {
		return count, left, err
	}
	if left, err = in.bereft(ctx, d, erased); err != nil {
		return count, left, err
	}
	body, events := withoutErased(d, erased)
	if body, err = in.withoutPrivate(ctx, d.Portal, body, events); err != nil {
		return count, left, err
	}
	n, err := in.exec(ctx, keepDelivery, d.Portal, d.Key, micros(in.now), cleanText(body))
	if err != nil {
		return count, left, fmt.Errorf("keep delivery: %w", err)
	}
	if n == 0 && !in.weak.Without(workflows.EventDedup) {
		return workflows.Received{Duplicate: len(d.Events)}, left, nil
	}
	count, err = in.hear(ctx, d, events, left.ask)
	return count, left, err
}

// hear does what the events ask for that nobody who was erased is named in, and asks for some more.
func (in *session) hear(
	ctx context.Context, d workflows.Delivery, events []connector.Event, ask []connector.Ref,
) (workflows.Received, error) {
	count := workflows.Received{Ignored: len(d.Events) - len(events)}
	fresh, err := in.freshEvents(ctx, d.Portal, events)
	if err != nil {
		return count, err
	}
	count.Duplicate = len(events) - len(fresh)
	if err := in.keepMerges(ctx, d.Portal, fresh); err != nil {
		return count, err
	}
	echo, err := in.echoes(ctx, d.Portal, fresh)
	if err != nil {
		return count, err
	}
	counts, err := in.announce(ctx, d, fresh, echo)
	if err != nil {
		return count, err
	}
	marks := countEvents(fresh, echo, d.Watched, &count)
	for _, ref := range ask {
		marks.raise(ref)
	}
	if err := in.markDue(ctx, d.Portal, marks); err != nil {
		return count, err
	}
	return count, in.countFeeds(ctx, d.Portal, counts)
}

// bereaved are those who are told to have become one with somebody who was erased, if the merge is told after the
// deletion.
type bereaved struct {
	ask   []connector.Ref               // what became of them is not known: nobody else asks for them
	erase map[connector.ObjectID]string // of whom somebody was made who was erased, and who ordered that
}

// bereft finds them. Of whom an erased survivor was made is the same person. They need not be in the mirror, so that to
// ask for them would tell nothing: who was just created may not be found either. The survivor of an erased
// contact is somebody else, unless a privacy deletion names them.
func (in *session) bereft(ctx context.Context, d workflows.Delivery, erased map[connector.Ref]bool) (bereaved, error) {
	left := bereaved{erase: map[connector.ObjectID]string{}}
	for _, event := range d.Events {
		named := refsOf(event)
		if event.Kind != connector.EventMerged || !slices.ContainsFunc(named, func(ref connector.Ref) bool { return erased[ref] }) {
			continue
		}
		named = slices.DeleteFunc(named, func(ref connector.Ref) bool { return erased[ref] })
		survivor := connector.Ref{Type: event.Type, ID: event.ID}
		if survivor.Type != connector.TypeContact || !erased[survivor] {
			left.ask = append(left.ask, named...)
			continue
		}
		by, err := in.erasedBy(ctx, d.Portal, survivor)
		if err != nil {
			return left, err
		}
		for _, ref := range named { // of a merge all are of one kind
			left.erase[ref.ID] = by
		}
	}
	return left, nil
}

const keepMerges = `INSERT INTO told_merges (portal, id, survivor, told_at)
SELECT ?, j.value->>0, j.value->>1, CAST(? AS BIGINT) FROM {rows} WHERE true
ON CONFLICT (portal, id) DO NOTHING`

// keepMerges notes whom contacts are told to be made of. The merge itself is decided when the survivor is read, which may
// be deleted for good before that.
func (in *session) keepMerges(ctx context.Context, portal connector.PortalID, fresh []connector.Event) error {
	survivors := map[string]string{}
	for _, event := range fresh {
		if event.Kind != connector.EventMerged || event.Type != connector.TypeContact {
			continue
		}
		for _, ref := range refsOf(event) {
			if ref.ID != event.ID {
				survivors[string(ref.ID)] = string(event.ID)
			}
		}
	}
	var many rows
	for _, id := range slices.Sorted(maps.Keys(survivors)) {
		many = append(many, []any{id, survivors[id]})
	}
	if err := in.bulk(ctx, keepMerges, many, portal, micros(in.now)); err != nil {
		return fmt.Errorf("keep merges: %w", err)
	}
	return nil
}

// countEvents sorts the fresh events into those that make something due and the others.
// An event that names a watched property says that its history is worth reading.
func countEvents(fresh []connector.Event, echo map[int]bool, watched []string, count *workflows.Received) dueMarks {
	marks := dueMarks{}
	for i, event := range fresh {
		named := refsOf(event)
		switch {
		case echo[i]:
			count.Echo++
		case event.Kind == connector.EventOther || len(named) == 0:
			count.Ignored++
		default:
			count.Fresh++
			for _, ref := range named {
				if event.Property != "" && slices.Contains(watched, event.Property) {
					marks.watch(ref)
					continue
				}
				marks.raise(ref)
			}
		}
	}
	return marks
}

// refsOf names the records of an event that leadsync reads.
func refsOf(event connector.Event) []connector.Ref {
	return event.Named(workflows.ReadTypes())
}

func eventRefs(events []connector.Event) []connector.Ref {
	all := map[connector.Ref]bool{}
	for _, event := range events {
		for _, ref := range refsOf(event) {
			all[ref] = true
		}
	}
	return slices.SortedFunc(maps.Keys(all), compareRefs)
}

// withoutErased leaves out what names an erased record: a late event may still carry its values.
func withoutErased(d workflows.Delivery, erased map[connector.Ref]bool) (body []byte, events []connector.Event) {
	if len(erased) == 0 {
		return d.Body, d.Events
	}
	var raw [][]byte
	for _, event := range d.Events {
		if slices.ContainsFunc(refsOf(event), func(ref connector.Ref) bool { return erased[ref] }) {
			continue
		}
		events = append(events, event)
		raw = append(raw, event.Raw)
	}
	body = append([]byte("["), bytes.Join(raw, []byte(","))...)
	return append(body, ']'), events
}

// cleanText makes bytes acceptable to a text column: both databases want UTF-8, PostgreSQL no U+0000.
func cleanText(body []byte) string {
	return string(bytes.ReplaceAll(bytes.ToValidUTF8(body, []byte("\uFFFD")), []byte{0}, nil))
}

// freshEvents leaves out events whose key was received before, in this delivery or another one.
func (in *session) freshEvents(
	ctx context.Context, portal connector.PortalID, events []connector.Event,
) ([]connector.Event, error) {
	keys := map[string]bool{}
	for _, event := range events {
		keys[cleanText([]byte(event.Key))] = true
	}
	var many rows
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		many = append(many, []any{key})
	}
	var kept []string
	if err := in.lookup(ctx, &kept, keepEventKeys, many, portal, micros(in.now)); err != nil {
		return nil, fmt.Errorf("keep event keys: %w", err)
	}
	if in.weak.Without(workflows.EventDedup) {
		return events, nil
	}
	unseen := map[string]bool{}
	for _, key := range kept {
		unseen[key] = true
	}
	var fresh []connector.Event
	for _, event := range events {
		if key := cleanText([]byte(event.Key)); unseen[key] {
			fresh = append(fresh, event)
			delete(unseen, key)
		}
	}
	return fresh, nil
}

// echoes gives the places of the events that tell us what we wrote: the CRM names our own app, and id,
// property and value equal our last push.
func (in *session) echoes(
	ctx context.Context, portal connector.PortalID, events []connector.Event,
) (map[int]bool, error) {
	var many rows
	for i, event := range events {
		if event.Own && event.Property != "" {
			many = append(many, []any{fmt.Sprint(i), string(event.Type), string(event.ID), event.Property, event.Value})
		}
	}
	var places []int
	query := findEchoes
	if in.weak.Without(workflows.EchoByValue) {
		query = strings.TrimSuffix(query, echoValue)
	}
	if err := in.lookup(ctx, &places, query, many, portal); err != nil {
		return nil, fmt.Errorf("look for echoes: %w", err)
	}
	echo := map[int]bool{}
	for _, place := range places {
		echo[place] = true
	}
	return echo, nil
}
