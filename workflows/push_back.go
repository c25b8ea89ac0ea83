package workflows

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"leadsync/connector"
)

// errStopped is a move back that stopped between its two requests.
var errStopped = errors.New("the move back is not finished")

// backing is one batch of moves backward. The account moves stages forward only: a value that lies behind is
// answered as if it were written, and is not. So the stage is cleared in one request and set in the next
// (no order holds inside one), and read back, since no answer proves it (hubspot-api 6.1). The intention is in
// the outbox before anything is cleared, and everything begins with a look: wherever a crash or a lost answer
// left a contact, the look tells what is still to do, and that a person or the CRM itself moved it meanwhile.
type backing struct {
	pusher      *Pusher
	entries     map[connector.ObjectID]OutboxEntry
	payloads    map[connector.ObjectID]BackPayload
	stood       map[connector.ObjectID]string // the value that was there before it was cleared
	property    string
	settlements []Settlement
	wide        error // concerns the portal as a whole
}

// backs carries out moves backward, at most one per contact in a batch.
func (p *Pusher) backs(ctx context.Context, entries []OutboxEntry) ([]Settlement, error) {
	if len(entries) == 0 {
		return nil, nil
	}
	ctx = connector.For(ctx, connector.PurposePush)
	payloads, err := payloads[BackPayload](entries)
	if err != nil {
		return nil, err
	}
	b := &backing{
		pusher: p, entries: map[connector.ObjectID]OutboxEntry{}, payloads: map[connector.ObjectID]BackPayload{},
		stood: map[connector.ObjectID]string{}, property: payloads[0].Property,
	}
	order := make([]connector.ObjectID, len(entries))
	for i, e := range entries {
		order[i], b.entries[e.Contact], b.payloads[e.Contact] = e.Contact, e, payloads[i]
	}
	clearing, setting := b.look(ctx, order)
	cleared := b.clear(ctx, clearing)
	if len(clearing) > 0 {
		p.Pass.at(PointCleared)
	}
	set := b.set(ctx, append(setting, cleared...))
	if len(set) > 0 {
		p.Pass.at(PointReturned)
	}
	b.verify(ctx, set)
	return b.settlements, b.wide
}

// look sorts the contacts by where they stand. Those that are nowhere the move can go on from are settled.
func (b *backing) look(ctx context.Context, ids []connector.ObjectID) (clearing, setting []connector.ObjectID) {
	found, err := b.read(ctx, ids)
	for _, id := range ids {
		o, has := found.Found[id]
		value := o.Properties[b.property]
		switch {
		case err != nil:
			b.postpone(id, err)
		case !has:
			b.settle(id, StateParked, "the CRM does not have the contact any more")
		case o.ID != id:
			b.settle(id, StateCancelled, "the contact was merged into another")
		case value == b.payloads[id].To:
			b.settle(id, StateSettled, "")
		case value == "":
			setting = append(setting, id)
		case slices.Contains(b.payloads[id].From, value):
			b.stood[id] = value
			clearing = append(clearing, id)
		default:
			b.settle(id, StateCancelled, string(ReasonMoved))
		}
	}
	return clearing, setting
}

func (b *backing) read(ctx context.Context, ids []connector.ObjectID) (connector.ReadResult, error) {
	if len(ids) == 0 {
		return connector.ReadResult{}, nil
	}
	return b.pusher.Look.Read(connector.For(ctx, connector.PurposeVerify), connector.TypeContact, ids, []string{b.property})
}

// clear empties the stages and gives those for which the CRM said that it has.
func (b *backing) clear(ctx context.Context, ids []connector.ObjectID) []connector.ObjectID {
	var done []connector.ObjectID
	for id, err := range b.write(ctx, ids, func(connector.ObjectID) string { return "" }) {
		if err == nil {
			done = append(done, id)
			continue
		}
		b.postpone(id, fmt.Errorf("clear stage: %w", err))
	}
	slices.Sort(done)
	return done
}

// set sets the stages of contacts that have none, and gives those for which the CRM said that it has. Where
// it refuses the value for good, the contact gets the stage back that it had.
func (b *backing) set(ctx context.Context, ids []connector.ObjectID) []connector.ObjectID {
	slices.Sort(ids)
	var done, refused []connector.ObjectID
	why := map[connector.ObjectID]error{}
	for id, err := range b.write(ctx, ids, func(id connector.ObjectID) string { return b.payloads[id].To }) {
		switch {
		case err == nil:
			done = append(done, id)
		case errors.Is(err, connector.ErrInvalid), errors.Is(err, connector.ErrForbidden):
			refused, why[id] = append(refused, id), err
		default:
			b.postpone(id, fmt.Errorf("set stage: %w", err))
		}
	}
	slices.Sort(done)
	slices.Sort(refused)
	for id, err := range b.write(ctx, refused, b.before) {
		if err != nil { // the stage is empty as long as this lasts: it must not be given up
			if !portalWide(err) {
				err = errStopped
			}
			b.postpone(id, fmt.Errorf("set stage: %s; then give back the one before: %w", why[id].Error(), err))
			continue
		}
		b.settle(id, StateParked, fmt.Sprintf("set stage: %v; the contact has the stage back that it had", why[id]))
	}
	return done
}

// before is the value that the contact had.
func (b *backing) before(id connector.ObjectID) string {
	if value := b.stood[id]; value != "" {
		return value
	}
	return b.payloads[id].From[0]
}

// write sends one value per contact and gives what became of each.
func (b *backing) write(ctx context.Context, ids []connector.ObjectID, value func(connector.ObjectID) string) map[connector.ObjectID]error {
	if len(ids) == 0 {
		return nil
	}
	updates := make([]connector.Update, len(ids))
	out := make(map[connector.ObjectID]error, len(ids))
	for i, id := range ids {
		updates[i] = connector.Update{ID: id, Properties: map[string]string{b.property: value(id)}}
		out[id] = fmt.Errorf("update contact %q: no answer for this id: %w", id, connector.ErrAmbiguous)
	}
	for _, r := range b.pusher.CRM.Update(ctx, connector.TypeContact, updates) {
		out[r.ID] = r.Err
	}
	return out
}

// verify reads back what was set: only that proves it.
func (b *backing) verify(ctx context.Context, ids []connector.ObjectID) {
	found, err := b.read(ctx, ids)
	for _, id := range ids {
		value := found.Found[id].Properties[b.property]
		switch {
		case err != nil:
			b.postpone(id, fmt.Errorf("read stage back: %w", err))
		case value == b.payloads[id].To:
			b.settle(id, StateSettled, "")
		case value == "" || slices.Contains(b.payloads[id].From, value):
			b.postpone(id, fmt.Errorf("read stage back: %s: %w", ReasonStageRefused, connector.ErrAmbiguous))
		default:
			b.settle(id, StateCancelled, string(ReasonMoved))
		}
	}
}

func (b *backing) settle(id connector.ObjectID, state EntryState, why string) {
	e := b.entries[id]
	b.settlements = append(b.settlements, Settlement{Key: e.Key, Attempt: e.Attempt, State: state, RemoteID: id, Error: why})
}

// postpone leaves a move as being sent, for the next attempt to look where the contact stands, unless the CRM
// refuses it for good or too often.
func (b *backing) postpone(id connector.ObjectID, err error) {
	s := b.pusher.unknown([]OutboxEntry{b.entries[id]}, err)[0]
	s.RemoteID = id
	b.settlements = append(b.settlements, s)
	if b.wide == nil {
		b.wide = onlyPortalWide(err)
	}
}
