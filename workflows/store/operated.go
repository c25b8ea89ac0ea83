package store

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"leadsync/connector"
	"leadsync/workflows"
)

// A page of one state along its index, newest first; the contact's own index is not needed, since a state is chosen.
const outboxPage = selectEntries + `FROM outbox o
WHERE o.portal = ? AND o.state = ? AND (? = '' OR o.class = ?) AND (? = '' OR o.contact = ?)
    AND o.state_at >= ? AND o.state_at <= ? AND (o.state_at < ? OR o.state_at = ? AND o.entry_key > ?)
ORDER BY o.state_at DESC, o.entry_key LIMIT ?`

// OutboxPage gives up to limit entries that a filter chooses, those first that came into their state last, after
// another entry (nil: from the beginning).
func (s *Store) OutboxPage(
	ctx context.Context, portal connector.PortalID, f workflows.OutboxFilter, after *workflows.ListedEntry, limit int,
) ([]workflows.ListedEntry, error) {
	since, until := within(f.Since, f.Until)
	place, key := int64(math.MaxInt64), ""
	if after != nil {
		place, key = after.Since.UnixMicro(), after.Key
	}
	var found []entryColumns
	err := s.read(ctx, "list outbox", func(in *session) error {
		return in.list(ctx, &found, outboxPage, portal, string(f.State), string(f.Class), string(f.Class), string(f.Contact), string(f.Contact),
			since, until, place, place, key, limit)
	})
	if err != nil {
		return nil, err
	}
	entries := make([]workflows.ListedEntry, 0, len(found))
	for _, row := range found {
		e, err := row.entry()
		if err != nil {
			return nil, err
		}
		entries = append(entries, workflows.ListedEntry{OutboxEntry: e, Since: fromMicros(&row.StateAt)})
	}
	return entries, nil
}

// within gives both ends of a span; a zero time is no end.
func within(since, until time.Time) (from, to int64) {
	from, to = math.MinInt64, math.MaxInt64
	if !since.IsZero() {
		from = since.UnixMicro()
	}
	if !until.IsZero() {
		to = until.UnixMicro()
	}
	return from, to
}

const deliveryPage = `SELECT delivery_key, received_at, body FROM deliveries
WHERE portal = ? AND received_at >= ? AND received_at <= ? AND (? = '' OR body LIKE ?)
    AND (received_at < ? OR received_at = ? AND delivery_key > ?)
ORDER BY received_at DESC, delivery_key LIMIT ?`

type storedDelivery struct {
	Key        string `db:"delivery_key"`
	ReceivedAt int64  `db:"received_at"`
	Body       string `db:"body"`
}

func (d storedDelivery) stored() workflows.StoredDelivery {
	return workflows.StoredDelivery{Key: d.Key, ReceivedAt: fromMicros(&d.ReceivedAt), Body: []byte(d.Body)}
}

// Deliveries gives up to limit stored deliveries that a filter chooses, newest first, after another one (nil: from the
// beginning). An id is looked for in the text: whether it names a record the caller has to look.
func (s *Store) Deliveries(
	ctx context.Context, portal connector.PortalID, f workflows.DeliveryFilter, after *workflows.StoredDelivery, limit int,
) ([]workflows.StoredDelivery, error) {
	since, until := within(f.Since, f.Until)
	place, key := int64(math.MaxInt64), ""
	if after != nil {
		place, key = after.ReceivedAt.UnixMicro(), after.Key
	}
	var found []storedDelivery
	err := s.read(ctx, "list deliveries", func(in *session) error {
		return in.list(ctx, &found, deliveryPage, portal, since, until, string(f.Contact), "%"+string(f.Contact)+"%", place, place, key, limit)
	})
	list := make([]workflows.StoredDelivery, 0, len(found))
	for _, row := range found {
		list = append(list, row.stored())
	}
	return list, err
}

// atLeastOfKey is how much of a key names a delivery.
const atLeastOfKey = 8

const findDelivery = `SELECT delivery_key, received_at, body FROM deliveries WHERE portal = ? AND delivery_key LIKE ? ORDER BY delivery_key LIMIT 2`

// Delivery gives the stored delivery with a key, of which the first eight characters are enough if no other one begins
// with them. ErrNoRecord if there is none, or more than one.
func (s *Store) Delivery(ctx context.Context, portal connector.PortalID, key string) (workflows.StoredDelivery, error) {
	var found []storedDelivery
	err := s.read(ctx, "read delivery", func(in *session) error {
		pattern := key
		if len(key) >= atLeastOfKey {
			pattern += "%"
		}
		if strings.ContainsAny(key, `%_\`) {
			return nil // no key of ours
		}
		return in.list(ctx, &found, findDelivery, portal, pattern)
	})
	switch {
	case err != nil:
		return workflows.StoredDelivery{}, err
	case len(found) == 1, len(found) == 2 && found[0].Key == key:
		return found[0].stored(), nil
	}
	return workflows.StoredDelivery{}, fmt.Errorf("delivery %q: %w", key, workflows.ErrNoRecord)
}
