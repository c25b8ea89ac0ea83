package workflows

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"leadsync/connector"
)

type creator interface {
	Update(ctx context.Context, t connector.ObjectType, u []connector.Update) []connector.UpdateResult
	CreateTasks(ctx context.Context, t []connector.Task) []connector.CreateResult
	CreateDeals(ctx context.Context, d []connector.Deal) []connector.CreateResult
	keeper
}

// keeper looks after tasks that exist.
type keeper interface {
	CloseTasks(ctx context.Context, c []connector.Close) []connector.CloseResult
	AmendTasks(ctx context.Context, a []connector.Amend) []connector.AmendResult
}

type looker interface {
	FindByKey(ctx context.Context, t connector.ObjectType, refs []connector.KeyRef) (map[string]connector.KeyState, error)
	AssertLinks(ctx context.Context, l []connector.Link) error
	Links(ctx context.Context, from, to connector.ObjectType, ids []connector.ObjectID) ([]connector.Link, error)
	Read(ctx context.Context, t connector.ObjectType, ids []connector.ObjectID, props []string) (connector.ReadResult, error)
}

type outbox interface {
	Take(ctx context.Context, f Fence, t Take) (Taken, error)
	Settle(ctx context.Context, f Fence, s []Settlement) error
}

type lister interface {
	ChangeList(ctx context.Context, c connector.ListChange) (connector.ListResult, error)
}

// Pusher sends the outbox. Every entry handed out by the store is written ahead as being sent.
//
// A call of which nobody heard may be carried out up to two minutes later (quietPeriod). The key of a creation refuses it as
// long as what was made has the key. So what takes the key away, an amendment or a closing, waits that long after a task
// that took more than one sending; a creation that nobody wants any more is not given up before; a deal waits for another
// one of which nobody heard and that would stand in its way; and an update that was cancelled since is not repeated. What is
// absolute is sent again at once, but other values for the same entry wait until the older ones cannot come over them any
// more (overtaking); so it is too where the client has made the call again, and was answered then.
type Pusher struct {
	CRM    creator
	Look   looker
	Lists  lister
	Copies archiver
	Store  outbox
	Portal *Portal
	Jitter func() float64 // in [0, 1)
	Pass   Pass
	// Settled is told what became of every entry, Paused which classes the blast radius stopped; may be nil.
	Settled func(OutboxEntry, Settlement)
	Paused  func(Class)
	// Weak switches defences off, in the simulation only.
	Weak Weakness
}

// Push sends what is ready, one batch of each kind, and returns how many entries it took. Creations go
// before amendments, and both before closings, so that a task is never closed before it exists. The first error that
// concerns the portal as a whole (unauthorised, throttled, down, fenced, database) is returned as soon as what can be
// settled was settled: nothing more is taken, and nothing more is asked of the CRM.
func (p *Pusher) Push(ctx context.Context, f Fence) (int, error) {
	ctx = connector.For(ctx, connector.PurposePush)
	n := 0
	var errs []error
	for _, kind := range []EntryKind{KindList, KindUpdate, KindBack, KindTask, KindAmend, KindDeal, KindClose, KindCompany, KindDelete} {
		taken, err := p.Store.Take(ctx, f, p.take(kind))
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
		settlements, err := p.hearing(ctx, kind, taken.Entries)
		errs = append(errs, err)
		p.Pass.at(PointSent)
		if err := p.Store.Settle(ctx, f, settlements); err != nil {
			return n, fmt.Errorf("settle %d %s entries: %w", len(settlements), kind, err)
		}
		p.Pass.at(PointSettled)
		p.tell(taken.Entries, settlements)
		if portalWide(err) {
			break
		}
	}
	return n, errors.Join(errs...)
}

// take asks for one batch of a kind.
func (p *Pusher) take(kind EntryKind) Take {
	t := Take{Kind: kind, Contacts: batchOf(kind), Limits: p.Portal.Limits, Shares: p.Portal.Shares, Portal: p.Portal, Quiet: quietPeriod}
	switch {
	case kind.Absolute():
		t.Quiet = overtaking
	case p.Weak.Without(QuietPeriod):
		t.Quiet = 0
	}
	return t
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

// hearing sends, and notes with what the answer to an attempt was lost. A call may have been made again until there was an
// answer, and the CRM carries out what it still has of the earlier attempts whenever it likes.
func (p *Pusher) hearing(ctx context.Context, kind EntryKind, entries []OutboxEntry) ([]Settlement, error) {
	ctx = connector.Hearing(ctx)
	settlements, err := p.send(ctx, kind, entries)
	if connector.Unheard(ctx) && kind.Absolute() {
		for i := range settlements {
			settlements[i].Unheard = true
		}
	}
	return settlements, err
}

func (p *Pusher) send(ctx context.Context, kind EntryKind, entries []OutboxEntry) ([]Settlement, error) {
	switch kind {
	case KindUpdate:
		return p.updates(ctx, entries)
	case KindTask:
		return p.creations(ctx, connector.TypeTask, entries)
	case KindDeal:
		return p.creations(ctx, connector.TypeDeal, entries)
	case KindAmend:
		return p.amends(ctx, entries)
	case KindClose:
		return p.closings(ctx, entries)
	case KindBack:
		return p.backs(ctx, entries)
	case KindList:
		return p.lists(ctx, entries)
	case KindCompany:
		return p.companies(ctx, entries)
	case KindDelete:
		return p.deletions(ctx, entries)
	}
	return nil, fmt.Errorf("send %d entries of unknown kind %q", len(entries), kind)
}

// outcome is the settlement of one entry, and the error if it concerns the whole portal.
func (p *Pusher) outcome(e OutboxEntry, id connector.ObjectID, err error) (Settlement, error) {
	state, wait, free := Next(err, e.Attempt, p.Jitter())
	s := Settlement{Key: e.Key, Attempt: e.Attempt, State: state, Wait: wait, RemoteID: id, Free: free}
	if err == nil {
		return s, nil
	}
	s.Error = refusal(err)
	return s, onlyPortalWide(err)
}

// updates sends one input per contact: the properties of all its entries together. If the CRM refuses the
// whole for one property, the entries that do not name it go out again on their own.
func (p *Pusher) updates(ctx context.Context, entries []OutboxEntry) ([]Settlement, error) {
	entries, settlements, first := p.standing(ctx, entries)
	order, byContact := grouped(entries)
	updates := make([]connector.Update, len(order))
	for i, id := range order {
		updates[i] = connector.Update{ID: id, Properties: map[string]string{}}
		payloads, err := payloads[UpdatePayload](byContact[id])
		if err != nil {
			return nil, err
		}
		for _, payload := range payloads {
			maps.Copy(updates[i].Properties, payload.Properties)
		}
	}
	if len(updates) == 0 {
		return settlements, first
	}
	results := p.stagesMoved(ctx, updates, p.CRM.Update(ctx, connector.TypeContact, updates))
	results = p.ownersWritten(ctx, updates, results)
	for _, r := range results {
		mine := byContact[r.ID]
		for _, e := range mine {
			s, err := p.updated(e, r, len(mine) > 1)
			settlements = append(settlements, s)
			first = cmp.Or(first, err)
		}
		delete(byContact, r.ID)
	}
	for _, id := range order { // nothing came back for these; absolute values may be sent again
		for _, e := range byContact[id] {
			s, _ := p.outcome(e, id, fmt.Errorf("update contact %q: no answer for this id: %w", id, connector.ErrUnavailable))
			settlements = append(settlements, s)
		}
	}
	return settlements, first
}

func grouped(entries []OutboxEntry) (order []connector.ObjectID, byContact map[connector.ObjectID][]OutboxEntry) {
	byContact = map[connector.ObjectID][]OutboxEntry{}
	for _, e := range entries {
		if byContact[e.Contact] == nil {
			order = append(order, e.Contact)
		}
		byContact[e.Contact] = append(byContact[e.Contact], e)
	}
	return order, byContact
}

// updated is the settlement of one entry of a contact's update.
func (p *Pusher) updated(e OutboxEntry, r connector.UpdateResult, neighbours bool) (Settlement, error) {
	s, err := p.outcome(e, r.ID, r.Err)
	if errors.Is(r.Err, connector.ErrInvalid) && neighbours && !names(r.Err, e) {
		s.State, s.Wait = StateReady, 0 // not this entry's fault: once more without its neighbour
	}
	if s.State == StateSending {
		s.State = StateReady // absolute values: doing it again is the way to find out
	}
	return s, err
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
