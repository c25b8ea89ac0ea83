package workflows

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"leadsync/connector"
)

// creations follows the protocol of hubspot-api 7.3: entries whose outcome is unknown are looked up by key
// in the primary store first and adopted if they exist; only what is missing is created.
func (p *Pusher) creations(ctx context.Context, t connector.ObjectType, entries []OutboxEntry) ([]Settlement, error) {
	settlements, entries := p.tooFresh(t, entries)
	var unknown, create []OutboxEntry
	for _, e := range entries {
		if e.Unknown {
			unknown = append(unknown, e)
			continue
		}
		create = append(create, e)
	}
	adopted, missing, err := p.adopt(ctx, t, unknown)
	settlements = append(settlements, adopted...)
	if err != nil {
		for _, e := range create { // nothing was sent for these: they go back as they were
			settlements = append(settlements, Settlement{Key: e.Key, Attempt: e.Attempt, State: StateReady, Wait: lookAgain, Free: true})
		}
		return settlements, err
	}
	create = append(create, missing...)
	if t == connector.TypeDeal {
		var skipped []Settlement
		if create, skipped, err = p.withoutOpenDeal(ctx, create); err != nil {
			return append(settlements, skipped...), err
		}
		settlements = append(settlements, skipped...)
	}
	created, err := p.create(ctx, t, create)
	return append(settlements, created...), err
}

// create sends the creations and adopts those whose key exists already.
func (p *Pusher) create(ctx context.Context, t connector.ObjectType, entries []OutboxEntry) ([]Settlement, error) {
	if len(entries) == 0 {
		return nil, nil
	}
	results, err := p.call(ctx, t, entries)
	if err != nil {
		return nil, err
	}
	byKey := map[string]connector.CreateResult{}
	for _, r := range results {
		byKey[r.Key] = r
	}
	var settlements []Settlement
	var conflicts []OutboxEntry
	var first error
	for _, e := range entries {
		r, ok := byKey[e.Key]
		if !ok {
			r.Err = fmt.Errorf("create %s %q: no answer for this key: %w", t, e.Key, connector.ErrAmbiguous)
		}
		if errors.Is(r.Err, connector.ErrConflict) {
			conflicts = append(conflicts, e)
			continue
		}
		s, err := p.outcome(e, r.ID, mendable(e, r.Err))
		settlements = append(settlements, p.lookLater(t, e, s))
		if first == nil {
			first = err
		}
	}
	adopted, lost, err := p.adopt(ctx, t, conflicts)
	for _, e := range lost { // the CRM says the key exists and does not show it: look again later
		s, _ := p.outcome(e, "", fmt.Errorf("create %s %q: the key exists but cannot be read: %w", t, e.Key, connector.ErrAmbiguous))
		adopted = append(adopted, p.lookLater(t, e, s))
	}
	return append(settlements, adopted...), errors.Join(first, err)
}

func (p *Pusher) call(ctx context.Context, t connector.ObjectType, entries []OutboxEntry) ([]connector.CreateResult, error) {
	if t == connector.TypeTask {
		tasks, err := payloads[connector.Task](entries)
		if err != nil {
			return nil, err
		}
		return p.CRM.CreateTasks(ctx, tasks), nil
	}
	deals, err := payloads[connector.Deal](entries)
	if err != nil {
		return nil, err
	}
	for i := range deals { // as the configuration is now: a refusal may have been mended there
		deals[i].Extra = withDefaults(deals[i].Extra, p.Portal.DealProperties)
	}
	return p.CRM.CreateDeals(ctx, deals), nil
}

func payloads[T any](entries []OutboxEntry) ([]T, error) {
	out := make([]T, len(entries))
	for i, e := range entries {
		if err := json.Unmarshal(e.Payload, &out[i]); err != nil {
			return nil, fmt.Errorf("decode payload of %q: %w", e.Key, err)
		}
	}
	return out, nil
}

// withoutOpenDeal drops creations for contacts that have an open deal by now: the mirror may be seconds
// old, and a rep may have been faster (hubspot-api 8).
func (p *Pusher) withoutOpenDeal(ctx context.Context, entries []OutboxEntry) (keep []OutboxEntry, skipped []Settlement, err error) {
	if len(entries) == 0 {
		return nil, nil, nil
	}
	open, err := p.openDeals(ctx, entries)
	for _, e := range entries {
		switch {
		case err != nil:
			s, _ := p.outcome(e, "", err)
			if s.State != StateParked {
				s.State, s.Wait = StateReady, max(s.Wait, lookAgain) // nothing was sent
			}
			skipped = append(skipped, s)
		case open[e.Contact]:
			skipped = append(skipped, Settlement{Key: e.Key, Attempt: e.Attempt, State: StateCancelled, Error: string(ReasonDealExists)})
		default:
			keep = append(keep, e)
		}
	}
	return keep, skipped, onlyPortalWide(err)
}

func (p *Pusher) openDeals(ctx context.Context, entries []OutboxEntry) (map[connector.ObjectID]bool, error) {
	ctx = connector.For(ctx, connector.PurposeVerify)
	contacts := make([]connector.ObjectID, len(entries))
	for i, e := range entries {
		contacts[i] = e.Contact
	}
	links, err := p.Look.Links(ctx, connector.TypeContact, connector.TypeDeal, contacts)
	if err != nil || len(links) == 0 {
		return nil, err
	}
	ids := make([]connector.ObjectID, len(links))
	for i, l := range links {
		ids[i] = l.ToID
	}
	deals, err := p.Look.Read(ctx, connector.TypeDeal, ids, p.Portal.DealNames())
	if err != nil {
		return nil, err
	}
	open := map[connector.ObjectID]bool{}
	for _, l := range links {
		if d, ok := deals.Found[l.ToID]; ok && d.Properties[p.Portal.Names.DealClosed] != "true" {
			open[l.FromID] = true
		}
	}
	return open, nil
}
