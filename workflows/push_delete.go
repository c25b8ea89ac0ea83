package workflows

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"leadsync/connector"
)

// deletions archives the contacts whose deletion an operator has confirmed, after a look at each: one that is another by
// now, was merged, or stands in another stage or status than when it was confirmed is left, and that is recorded. The
// CRM keeps who was archived for 90 days (hubspot-api 5.5). Archiving once more changes nothing, so what nobody
// answered for is looked at and sent again.
func (p *Pusher) deletions(ctx context.Context, entries []OutboxEntry) ([]Settlement, error) {
	wanted, err := payloads[DeletePayload](entries)
	if err != nil {
		return nil, err
	}
	named, ids := map[string]bool{}, make([]connector.ObjectID, 0, len(entries))
	for _, w := range wanted {
		ids = append(ids, w.Contact)
		for name := range w.Only {
			named[name] = true
		}
	}
	found, err := p.Look.Read(connector.For(ctx, connector.PurposeVerify), connector.TypeContact, ids, slices.Sorted(maps.Keys(named)))
	if err != nil {
		return p.unmoved(entries, fmt.Errorf("read %d contacts before they are deleted: %w", len(ids), err))
	}
	var settlements []Settlement
	var going []OutboxEntry
	ids = ids[:0]
	for i, e := range entries {
		if state, why := deletable(found, e, wanted[i]); state != StateReady {
			settlements = append(settlements, Settlement{Key: e.Key, Attempt: e.Attempt, State: state, RemoteID: wanted[i].Contact, Error: why})
			continue
		}
		going, ids = append(going, e), append(ids, wanted[i].Contact)
	}
	if len(ids) == 0 {
		return settlements, nil
	}
	err = p.Copies.Archive(ctx, connector.TypeContact, ids)
	var first error
	for i, e := range going {
		s, wide := p.outcome(e, ids[i], err)
		if s.State == StateSending {
			s.State = StateReady
		}
		settlements = append(settlements, s)
		if first == nil {
			first = wide
		}
	}
	return settlements, first
}

// deletable says what becomes of a deletion by what the CRM has: ready if it is to be sent.
func deletable(found connector.ReadResult, e OutboxEntry, want DeletePayload) (EntryState, string) {
	o, has := found.Found[want.Contact]
	if e.Contact != want.Contact || has && o.ID != want.Contact {
		return StateCancelled, string(ReasonOvertaken)
	}
	if !has {
		return StateSettled, "" // it is gone already
	}
	for name, value := range want.Only {
		if o.Properties[name] != value {
			return StateCancelled, string(ReasonOvertaken)
		}
	}
	return StateReady, ""
}
