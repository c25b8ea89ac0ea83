package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"leadsync/connector"
)

// sighting is which stored deliveries name a contact or what belongs to it, found before the transaction that erases it: to look
// through all of them takes long, and in that transaction neither webhooks nor the worker get through.
type sighting struct {
	ids  map[connector.Ref]bool // what was looked for; nil: nothing was
	keys []string               // the deliveries found
	from time.Time              // what came since is not among them
}

// mayBeUnderWay is the age of a delivery when it becomes visible at most: its time is that of the beginning of its transaction.
const mayBeUnderWay = 15 * time.Minute

// sight looks, without any lock, for the deliveries that an erasure has to rewrite.
func (s *Store) sight(ctx context.Context, portal connector.PortalID, id connector.ObjectID) (sighting, error) {
	var seen sighting
	err := s.read(ctx, "look for what names a contact", func(in *session) error {
		e := erasing{session: in, portal: portal}
		if err := e.find(ctx, id); err != nil {
			return err
		}
		if err := e.findTold(ctx); err != nil {
			return err
		}
		seen = sighting{ids: map[connector.Ref]bool{}, from: in.now.Add(-mayBeUnderWay)}
		for _, ref := range e.named() {
			seen.ids[ref] = true
		}
		return e.eachDelivery(ctx, e.everywhere, func(row deliveryRow, _ string) error {
			seen.keys = append(seen.keys, row.Key)
			return nil
		})
	})
	return seen, err
}

// covers reports whether all of this was looked for.
func (s sighting) covers(refs []connector.Ref) bool {
	return s.ids != nil && !slices.ContainsFunc(refs, func(ref connector.Ref) bool { return !s.ids[ref] })
}

// findTold finds the records linked to the contact.
func (e *erasing) findTold(ctx context.Context) error {
	var linked []refRow
	if err := e.lookup(ctx, &linked, findLinked, e.contacts, e.portal); err != nil {
		return fmt.Errorf("find linked records: %w", err)
	}
	for _, row := range linked {
		e.told = append(e.told, connector.Ref(row))
	}
	return nil
}

// named is what an event must not name afterwards.
func (e *erasing) named() []connector.Ref { return append(slices.Clone(e.refs), e.told...) }

type deliveryRow struct {
	Key  string `db:"delivery_key"`
	Body string `db:"body"`
}

const findDeliveries = `SELECT d.delivery_key, d.body FROM deliveries d WHERE EXISTS (
    SELECT 1 FROM {rows} WHERE d.body LIKE '%' || (j.value->>0) || '%')
AND d.portal = ? AND d.delivery_key > ? ORDER BY d.delivery_key LIMIT ?`

const recentDeliveries = `SELECT delivery_key, body FROM deliveries
WHERE portal = ? AND received_at >= ? AND delivery_key > ? ORDER BY delivery_key LIMIT ?`

const theseDeliveries = `SELECT delivery_key, body FROM deliveries WHERE portal = ? AND delivery_key IN (SELECT j.value->>0 FROM {rows})`

// searched is up to how many ids the database searches bodies for, each in a pass of its own; for more of them one
// walk through all bodies is faster.
const searched = 4

// page gives deliveries after a key, in the order of keys, those at least that name something; fewer than eraseStep: the last.
type page func(ctx context.Context, after string) ([]deliveryRow, error)

// everywhere looks through all that are stored.
func (e *erasing) everywhere(ctx context.Context, after string) (found []deliveryRow, err error) {
	var many rows
	for _, ref := range e.named() {
		many = append(many, []any{string(ref.ID)})
	}
	if len(many) <= searched {
		err = e.lookup(ctx, &found, findDeliveries, many, e.portal, after, eraseStep)
	} else {
		err = e.list(ctx, &found, walkDeliveries, e.portal, after, eraseStep)
	}
	return found, err
}

// eachDelivery gives the deliveries of a page and all that follow which name something, and what is left of each without that.
func (e *erasing) eachDelivery(ctx context.Context, next page, do func(row deliveryRow, left string) error) error {
	wanted := namesOf(e.named())
	ids := wanted.all()
	for after := ""; ; {
		found, err := next(ctx, after)
		if err != nil {
			return fmt.Errorf("find deliveries: %w", err)
		}
		for _, row := range found {
			after = row.Key
			if !mentions(row.Body, ids) {
				continue
			}
			left, changed := wanted.without(row.Body)
			if !changed {
				continue
			}
			if err := do(row, left); err != nil {
				return err
			}
		}
		if len(found) < eraseStep {
			return nil
		}
	}
}

// mentions reports whether an id stands in a body: as a word, or as a number in one ("contact_12").
func mentions(body string, ids map[string]bool) bool {
	if len(named(body, ids)) > 0 {
		return true
	}
	for number := range strings.FieldsFuncSeq(body, func(r rune) bool { return r < '0' || r > '9' }) {
		if ids[number] {
			return true
		}
	}
	return false
}

// eraseDeliveries takes the events that name a record out of the stored bodies.
func (e *erasing) eraseDeliveries(ctx context.Context) error {
	if !e.seen.covers(e.named()) {
		return e.eachDelivery(ctx, e.everywhere, e.rewrite(ctx))
	}
	for some := range slices.Chunk(e.seen.keys, eraseStep-1) {
		these := func(ctx context.Context, _ string) (found []deliveryRow, err error) {
			var many rows
			for _, key := range some {
				many = append(many, []any{key})
			}
			err = e.lookup(ctx, &found, theseDeliveries, many, e.portal)
			return found, err
		}
		if err := e.eachDelivery(ctx, these, e.rewrite(ctx)); err != nil {
			return err
		}
	}
	return e.eachDelivery(ctx, func(ctx context.Context, after string) (found []deliveryRow, err error) {
		err = e.list(ctx, &found, recentDeliveries, e.portal, micros(e.seen.from), after, eraseStep)
		return found, err
	}, e.rewrite(ctx))
}

func (e *erasing) rewrite(ctx context.Context) func(row deliveryRow, left string) error {
	return func(row deliveryRow, left string) error {
		if _, err := e.exec(ctx, `UPDATE deliveries SET body = ? WHERE portal = ? AND delivery_key = ?`, left, e.portal, row.Key); err != nil {
			return fmt.Errorf("rewrite delivery: %w", err)
		}
		return nil
	}
}
