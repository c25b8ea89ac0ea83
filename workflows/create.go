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
		if e.Unknown && !p.Weak.Without(ReadBack) {
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
	missing, gone := p.withheld(missing)
	settlements = append(settlements, gone...)
	create = append(missing, create...) // first what was to be there long ago
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
	deals, err := p.dealCalls(entries)
	if err != nil {
		return nil, err
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
