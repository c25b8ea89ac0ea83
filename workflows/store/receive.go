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
// nothing, and the echo of our own last write makes nothing due. Events about erased records are not kept.
func (s *Store) Receive(ctx context.Context, d workflows.Delivery) (workflows.Received, error) {
	var count workflows.Received
	err := s.timed(ctx, "receive", func(in *session) error {
		count = workflows.Received{}
		var lease []int64
		if err := in.list(ctx, &lease, besideOperators, d.Portal); err != nil {
			return fmt.Errorf("lock portal %q: %w", d.Portal, err)
		}
		erased, err := in.tombstones(ctx, d.Portal, eventRefs(d.Events))
		if err != nil {
			return err
		}
		body, events := withoutErased(d, erased)
		if body, err = in.withoutPrivate(ctx, d.Portal, body, events); err != nil {
			return err
		}
		n, err := in.exec(ctx, keepDelivery, d.Portal, d.Key, micros(in.now), cleanText(body))
		if err != nil {
			return fmt.Errorf("keep delivery: %w", err)
		}
		count.Ignored = len(d.Events) - len(events)
		if n == 0 && !in.weak.Without(workflows.EventDedup) {
			count = workflows.Received{Duplicate: len(d.Events)}
			return nil
		}
		fresh, err := in.freshEvents(ctx, d.Portal, events)
		if err != nil {
			return err
		}
		count.Duplicate = len(events) - len(fresh)
		echo, err := in.echoes(ctx, d.Portal, fresh)
		if err != nil {
			return err
		}
		counts, err := in.announce(ctx, d, fresh, echo)
		if err != nil {
			return err
		}
		marks := countEvents(fresh, echo, d.Watched, &count)
		for _, ref := range bereft(d.Events, erased) {
			marks.raise(ref)
		}
		if err := in.markDue(ctx, d.Portal, marks); err != nil {
			return err
		}
		return in.countFeeds(ctx, d.Portal, counts)
	})
	return count, err
}

// bereft are those of whom an erased survivor was made, if its merge is told after its deletion: nobody else asks for
// them, and who is asked for and gone is erased too.
func bereft(events []connector.Event, erased map[connector.Ref]bool) []connector.Ref {
	var left []connector.Ref
	for _, event := range events {
		named := refsOf(event)
		if event.Kind != connector.EventMerged || !slices.ContainsFunc(named, func(ref connector.Ref) bool { return erased[ref] }) {
			continue
		}
		for _, ref := range named {
			if !erased[ref] {
				left = append(left, ref)
			}
		}
	}
	return left
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
	var named []connector.Ref
	for _, ref := range append([]connector.Ref{{Type: event.Type, ID: event.ID}}, event.Others...) {
		if ref.ID != "" && slices.Contains(workflows.ReadTypes(), ref.Type) {
			named = append(named, ref)
		}
	}
	return named
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
