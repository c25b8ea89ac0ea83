package workflows

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"leadsync/connector"
)

type creator interface {
	Update(ctx context.Context, t connector.ObjectType, u []connector.Update) []connector.UpdateResult
	CreateTasks(ctx context.Context, t []connector.Task) []connector.CreateResult
	CreateDeals(ctx context.Context, d []connector.Deal) []connector.CreateResult
	CloseTasks(ctx context.Context, keys []string) []connector.CloseResult
}

type looker interface {
	FindByKey(ctx context.Context, t connector.ObjectType, keys []string) (map[string]connector.KeyState, error)
	AssertLinks(ctx context.Context, l []connector.Link) error
	Links(ctx context.Context, from, to connector.ObjectType, ids []connector.ObjectID) ([]connector.Link, error)
	Read(ctx context.Context, t connector.ObjectType, ids []connector.ObjectID, props []string) (connector.ReadResult, error)
}

type outbox interface {
	Take(ctx context.Context, f Fence, t Take) (Taken, error)
	Settle(ctx context.Context, f Fence, s []Settlement) error
}

// Pusher sends the outbox. Every entry handed out by the store is written ahead as being sent.
type Pusher struct {
	CRM    creator
	Look   looker
	Store  outbox
	Portal *Portal
	Jitter func() float64 // in [0, 1)
	Pass   Pass
	// Settled is told what became of every entry, Paused which classes the blast radius stopped; may be nil.
	Settled func(OutboxEntry, Settlement)
	Paused  func(Class)
}

// Push sends what is ready, one batch of each kind, and returns how many entries it took. Creations go
// before closings, so that a task is never closed before it exists. An error that concerns the portal as a
// whole (unauthorised, fenced, database) is returned after what can be settled was settled.
func (p *Pusher) Push(ctx context.Context, f Fence) (int, error) {
	n := 0
	var errs []error
	for _, kind := range []EntryKind{KindUpdate, KindTask, KindDeal, KindClose} {
		taken, err := p.Store.Take(ctx, f, Take{Kind: kind, Contacts: batchSize, Limits: p.Portal.Limits})
		if err != nil {
			return n, fmt.Errorf("take %s entries: %w", kind, err)
		}
		for _, c := range taken.Paused {
			if p.Paused != nil {
				p.Paused(c)
			}
		}
		if len(taken.Entries) == 0 {
			continue
		}
		n += len(taken.Entries)
		p.Pass.at(PointTaken)
		settlements, err := p.send(ctx, kind, taken.Entries)
		errs = append(errs, err)
		p.Pass.at(PointSent)
		if err := p.Store.Settle(ctx, f, settlements); err != nil {
			return n, fmt.Errorf("settle %d %s entries: %w", len(settlements), kind, err)
		}
		p.Pass.at(PointSettled)
		p.tell(taken.Entries, settlements)
	}
	return n, errors.Join(errs...)
}

func (p *Pusher) tell(entries []OutboxEntry, settlements []Settlement) {
	if p.Settled == nil {
		return
	}
	for _, s := range settlements {
		if i := slices.IndexFunc(entries, func(e OutboxEntry) bool { return e.Key == s.Key }); i >= 0 {
			p.Settled(entries[i], s)
		}
	}
}

func (p *Pusher) send(ctx context.Context, kind EntryKind, entries []OutboxEntry) ([]Settlement, error) {
	switch kind {
	case KindUpdate:
		return p.updates(ctx, entries)
	case KindTask:
		return p.creations(ctx, connector.TypeTask, entries)
	case KindDeal:
		return p.creations(ctx, connector.TypeDeal, entries)
	default:
		return p.closings(ctx, entries)
	}
}

// outcome is the settlement of one entry, and the error if it concerns the whole portal.
func (p *Pusher) outcome(e OutboxEntry, id connector.ObjectID, err error) (Settlement, error) {
	state, wait, free := Next(err, e.Attempt, p.Jitter())
	s := Settlement{Key: e.Key, Attempt: e.Attempt, State: state, Wait: wait, RemoteID: id, Free: free}
	if err == nil {
		return s, nil
	}
	s.Error = err.Error()
	if errors.Is(err, connector.ErrUnauthorized) || errors.Is(err, connector.ErrThrottled) {
		return s, err
	}
	return s, nil
}

// updates sends one input per contact: the properties of all its entries together. If the CRM refuses the
// whole for one property, the entries that do not name it go out again on their own.
func (p *Pusher) updates(ctx context.Context, entries []OutboxEntry) ([]Settlement, error) {
	var order []connector.ObjectID
	byContact := map[connector.ObjectID][]OutboxEntry{}
	for _, e := range entries {
		if byContact[e.Contact] == nil {
			order = append(order, e.Contact)
		}
		byContact[e.Contact] = append(byContact[e.Contact], e)
	}
	updates := make([]connector.Update, len(order))
	for i, id := range order {
		updates[i] = connector.Update{ID: id, Properties: map[string]string{}}
		for _, e := range byContact[id] {
			var payload UpdatePayload
			if err := json.Unmarshal(e.Payload, &payload); err != nil {
				return nil, fmt.Errorf("decode payload of %q: %w", e.Key, err)
			}
			for k, v := range payload.Properties {
				updates[i].Properties[k] = v
			}
		}
	}
	var settlements []Settlement
	var first error
	for _, r := range p.CRM.Update(ctx, connector.TypeContact, updates) {
		mine := byContact[r.ID]
		for _, e := range mine {
			s, err := p.outcome(e, r.ID, r.Err)
			if errors.Is(r.Err, connector.ErrInvalid) && len(mine) > 1 && !names(r.Err, e) {
				s.State, s.Wait = StateReady, 0 // not this entry's fault: once more without its neighbour
			}
			if s.State == StateSending {
				s.State = StateReady // absolute values: doing it again is the way to find out
			}
			settlements = append(settlements, s)
			if first == nil {
				first = err
			}
		}
	}
	return settlements, first
}

// names reports whether the CRM's refusal names a property of this entry, or none at all.
func names(err error, e OutboxEntry) bool {
	var ce *connector.Error
	if !errors.As(err, &ce) || len(ce.Properties) == 0 {
		return true
	}
	var payload UpdatePayload
	if json.Unmarshal(e.Payload, &payload) != nil {
		return true
	}
	return slices.ContainsFunc(ce.Properties, func(name string) bool { _, ok := payload.Properties[name]; return ok })
}

// creations follows the protocol of hubspot-api 7.3: entries whose outcome is unknown are looked up by key
// in the primary store first and adopted if they exist; only what is missing is created.
func (p *Pusher) creations(ctx context.Context, t connector.ObjectType, entries []OutboxEntry) ([]Settlement, error) {
	var settlements []Settlement
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
		s, err := p.outcome(e, r.ID, r.Err)
		settlements = append(settlements, s)
		if first == nil {
			first = err
		}
	}
	adopted, lost, err := p.adopt(ctx, t, conflicts)
	for _, e := range lost { // the CRM says the key exists and does not show it: look again later
		s, _ := p.outcome(e, "", fmt.Errorf("create %s %q: the key exists but cannot be read: %w", t, e.Key, connector.ErrAmbiguous))
		adopted = append(adopted, s)
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
	return keep, skipped, p.portalWide(err)
}

func (p *Pusher) openDeals(ctx context.Context, entries []OutboxEntry) (map[connector.ObjectID]bool, error) {
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

func (p *Pusher) closings(ctx context.Context, entries []OutboxEntry) ([]Settlement, error) {
	keys := make([]string, len(entries))
	byKey := map[string]OutboxEntry{}
	for i, e := range entries {
		var payload ClosePayload
		if err := json.Unmarshal(e.Payload, &payload); err != nil {
			return nil, fmt.Errorf("decode payload of %q: %w", e.Key, err)
		}
		keys[i], byKey[payload.TaskKey] = payload.TaskKey, e
	}
	var settlements []Settlement
	var first error
	for _, r := range p.CRM.CloseTasks(ctx, keys) {
		s, err := p.outcome(byKey[r.Key], "", r.Err)
		if s.State == StateSending {
			s.State = StateReady // archiving again is harmless
		}
		if r.Err == nil {
			s.Error = string(r.Outcome)
		}
		settlements = append(settlements, s)
		if first == nil {
			first = err
		}
	}
	return settlements, first
}
