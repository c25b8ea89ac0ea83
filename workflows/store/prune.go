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

// Prune deletes deliveries, event keys, finished property updates and the ledger of sendings that are older
// than keep, in small transactions. It gives the number of rows; if it fails half-way, what is gone is gone.
// Tasks, deals and decisions stay. keep must be longer than the CRM repeats deliveries, or a repetition
// counts as new (which is harmless, but costs a read).
func (s *Store) Prune(ctx context.Context, portal connector.PortalID, keep time.Duration) (int, error) {
	total := 0
	for _, table := range []struct {
		query string
		keep  time.Duration
	}{
		{pruneDeliveries, keep},
		{pruneEventKeys, keep},
		{pruneUpdates, max(keep, limitWindow)}, // a new row of that key must not find its own old sendings
		{pruneSendings, max(keep, limitWindow)},
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
