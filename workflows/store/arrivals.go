package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"leadsync/connector"
)

// keepArrivals is how long arrivals are counted, at least.
const keepArrivals = 2 * time.Hour

const countArrivals = `SELECT COALESCE(SUM(contacts), 0) FROM arrivals WHERE portal = ? AND minute >= ?`

const countUnseen = `SELECT COUNT(*) FROM (SELECT 1 AS one FROM due d WHERE d.portal = ? AND d.type = 'contact' AND d.hinted_at IS NOT NULL
    AND NOT EXISTS (SELECT l.id FROM leads l WHERE l.portal = d.portal AND l.id = d.id) LIMIT ?) AS unseen`

// Arrivals counts the new contacts that other programs made and that were decided since a business time, to the minute,
// and the contacts that are due and were never decided, up to one more than most.
func (s *Store) Arrivals(ctx context.Context, portal connector.PortalID, since time.Time, most int) (seen, waiting int, err error) {
	err = s.read(ctx, "count arrivals", func(in *session) error {
		if err := in.get(ctx, &seen, countArrivals, portal, since.Truncate(time.Minute).UnixMicro()); err != nil {
			return err
		}
		return in.get(ctx, &waiting, countUnseen, portal, most+1)
	})
	return seen, waiting, err
}

const addArrivals = `INSERT INTO arrivals (portal, minute, contacts)
SELECT ?, CAST(j.value->>0 AS BIGINT), CAST(j.value->>1 AS INTEGER) FROM {rows} WHERE true
ON CONFLICT (portal, minute) DO UPDATE SET contacts = arrivals.contacts + excluded.contacts`

// saveArrivals counts the contacts of the batch that arrived with it.
func (d *decisionSaver) saveArrivals(ctx context.Context) error {
	counts := map[int64]int{}
	for _, one := range d.decided {
		if !one.ArrivedAt.IsZero() {
			counts[one.ArrivedAt.Truncate(time.Minute).UnixMicro()]++
		}
	}
	if len(counts) == 0 {
		return nil
	}
	var many rows
	minutes := slices.Sorted(maps.Keys(counts))
	for _, minute := range minutes {
		many = append(many, []any{minute, counts[minute]})
	}
	if err := d.bulk(ctx, addArrivals, many, d.portal); err != nil {
		return fmt.Errorf("count arrivals: %w", err)
	}
	_, err := d.exec(ctx, `DELETE FROM arrivals WHERE portal = ? AND minute < ?`, d.portal, minutes[0]-keepArrivals.Microseconds())
	return wrap("forget arrivals", err)
}
