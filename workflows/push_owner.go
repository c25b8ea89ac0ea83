package workflows

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"leadsync/connector"
)

// standing takes out of a batch of updates those that somebody was faster than (UpdatePayload.Only), after one look at
// their contacts: what has by now what is to be written is settled, what has anything else is cancelled. A look that
// fails postpones them and holds up no other update.
func (p *Pusher) standing(ctx context.Context, entries []OutboxEntry) (rest []OutboxEntry, settlements []Settlement, first error) {
	wanted, ids, names := conditional(entries)
	if len(ids) == 0 {
		return entries, nil, nil
	}
	found, err := p.Look.Read(connector.For(ctx, connector.PurposeVerify), connector.TypeContact, ids, names)
	for i, e := range entries {
		state, why := StateReady, ""
		if wanted[i].Only != nil && err == nil {
			state, why = stands(found, e.Contact, wanted[i])
		}
		switch {
		case wanted[i].Only != nil && err != nil:
			some, wide := p.unmoved([]OutboxEntry{e}, fmt.Errorf("read %d contacts: %w", len(ids), err))
			settlements, first = append(settlements, some...), errors.Join(first, wide)
		case state == StateReady:
			rest = append(rest, e)
		default:
			settlements = append(settlements, Settlement{Key: e.Key, Attempt: e.Attempt, State: state, RemoteID: e.Contact, Error: why})
		}
	}
	return rest, settlements, first
}

// conditional says what updates want, of which contacts that hangs on what they have (UpdatePayload.Only), and on which
// properties. Of what cannot be read it says nothing: the update itself reports it.
func conditional(entries []OutboxEntry) (wanted []UpdatePayload, ids []connector.ObjectID, names []string) {
	wanted, err := payloads[UpdatePayload](entries)
	if err != nil {
		return nil, nil, nil
	}
	named := map[string]bool{}
	for i, w := range wanted {
		for name := range w.Only {
			named[name] = true
		}
		if w.Only != nil {
			ids = append(ids, entries[i].Contact)
		}
	}
	return wanted, ids, slices.Sorted(maps.Keys(named))
}

// stands says what becomes of an update by what the contact has: ready if it is to be sent. Of a contact that is gone
// the update itself finds out.
func stands(found connector.ReadResult, id connector.ObjectID, want UpdatePayload) (EntryState, string) {
	o, has := found.Found[id]
	if !has || o.ID != id {
		return StateReady, ""
	}
	state, why := StateSettled, ""
	for name, before := range want.Only {
		switch o.Properties[name] {
		case want.Properties[name]:
		case before:
			state = StateReady
		default:
			return StateCancelled, string(ReasonOvertaken)
		}
	}
	return state, why
}

// ownersWritten reads back the owners whose answer does not prove them.
func (p *Pusher) ownersWritten(ctx context.Context, updates []connector.Update, results []connector.UpdateResult) []connector.UpdateResult {
	name := p.Portal.Names.Owner
	want := map[connector.ObjectID]string{}
	for _, u := range updates {
		if value := u.Properties[name]; value != "" {
			want[u.ID] = value
		}
	}
	var unproven []connector.ObjectID
	for _, r := range results {
		if value := want[r.ID]; value != "" && r.Err == nil && r.Properties[name] != value {
			unproven = append(unproven, r.ID)
		}
	}
	if len(unproven) == 0 {
		return results
	}
	read, err := p.Look.Read(connector.For(ctx, connector.PurposeVerify), connector.TypeContact, unproven, []string{name})
	for i, r := range results {
		switch {
		case !slices.Contains(unproven, r.ID):
		case err != nil:
			results[i].Err = fmt.Errorf("read owner back: %w", err)
		case read.Found[r.ID].Properties[name] != want[r.ID]:
			results[i].Err = &connector.Error{
				Kind: connector.ErrInvalid, Op: "update contact", Properties: []string{name},
				Message: string(ReasonOwnerRefused) + ": the CRM answered as if it had set the owner, and the contact has another",
			}
		}
	}
	return results
}
