package workflows

import (
	"context"
	"errors"
	"fmt"

	"leadsync/connector"
)

// listBatch is how many memberships one call changes; the CRM's own limit is not known, 500 is safe
// (hubspot-api 10).
const listBatch = 500

// batchOf is how many entries (of updates: contacts) of a kind are taken at once.
func batchOf(kind EntryKind) int {
	if kind == KindList {
		return listBatch
	}
	return batchSize
}

// membership is what entries have in common that one call can carry out.
type membership struct {
	list string
	add  bool
}

// lists changes the memberships of static lists, one call per list and direction. They are absolute, so what
// nobody answered for is simply done again.
func (p *Pusher) lists(ctx context.Context, entries []OutboxEntry) ([]Settlement, error) {
	wanted, err := payloads[ListPayload](entries)
	if err != nil {
		return nil, err
	}
	var order []membership
	groups := map[membership][]OutboxEntry{}
	for i, e := range entries {
		m := membership{list: wanted[i].List, add: wanted[i].Add}
		if groups[m] == nil {
			order = append(order, m)
		}
		groups[m] = append(groups[m], e)
	}
	var settlements []Settlement
	var first error
	for _, m := range order {
		if first != nil { // nothing was sent for these: they go back as they were
			for _, e := range groups[m] {
				settlements = append(settlements, Settlement{Key: e.Key, Attempt: e.Attempt, State: StateReady, Wait: lookAgain, Free: true})
			}
			continue
		}
		some, err := p.changeList(ctx, m, groups[m])
		settlements = append(settlements, some...)
		first = err
	}
	return settlements, first
}

func (p *Pusher) changeList(ctx context.Context, m membership, entries []OutboxEntry) ([]Settlement, error) {
	change := connector.ListChange{List: m.list, Add: m.add}
	for _, e := range entries {
		change.Member = append(change.Member, e.Contact)
	}
	result, err := p.Lists.ChangeList(ctx, change)
	if errors.Is(err, connector.ErrNotFound) {
		err = fmt.Errorf("list %q is not there, or is not one to which contacts can be added; map another under `lists`, then `leadsync outbox retry`: %w", m.list, err)
	}
	became := map[connector.ObjectID]error{}
	for _, id := range result.Done {
		became[id] = nil
	}
	for _, id := range result.Missing {
		became[id] = fmt.Errorf("list %q: the CRM does not have contact %q: %w", m.list, id, connector.ErrNotFound)
	}
	var settlements []Settlement
	var first error
	for _, e := range entries {
		one, answered := became[e.Contact]
		switch {
		case err != nil:
			one = err
		case !answered:
			one = fmt.Errorf("list %q: no answer for contact %q: %w", m.list, e.Contact, connector.ErrUnavailable)
		}
		s, wide := p.outcome(e, "", one)
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
