package workflows

import (
	"context"
	"encoding/json"

	"leadsync/connector"
)

// adopt settles the entries whose key the CRM holds, archived ones too: a person put it away, that is done.
// Associations are asserted once more, which is idempotent.
func (p *Pusher) adopt(ctx context.Context, t connector.ObjectType, entries []OutboxEntry) (settled []Settlement, missing []OutboxEntry, err error) {
	if len(entries) == 0 {
		return nil, nil, nil
	}
	found, err := p.find(ctx, t, entries)
	if err != nil {
		return p.unknown(entries, err), nil, onlyPortalWide(err)
	}
	var links []connector.Link
	for _, e := range entries {
		state, ok := found[e.Key]
		if !ok && e.RemoteID == "" {
			missing = append(missing, e)
			continue
		}
		// What was made before, and is looked for once more in vain, a person has deleted for good.
		settled = append(settled, Settlement{Key: e.Key, Attempt: e.Attempt, State: StateSettled, RemoteID: state.ID, Note: copiesNote(e.Key, state)})
		if ok && !state.Archived {
			links = append(links, p.linksOf(t, state.ID, e)...)
		}
	}
	if err := p.Look.AssertLinks(ctx, links); err != nil {
		if len(entries) > 1 && !portalWide(err) {
			return p.adoptEach(ctx, t, entries)
		}
		return p.unknown(entries, err), nil, onlyPortalWide(err)
	}
	return settled, missing, nil
}

// find asks what there is under the keys of the entries, and archives what is there twice.
func (p *Pusher) find(ctx context.Context, t connector.ObjectType, entries []OutboxEntry) (map[string]connector.KeyState, error) {
	refs := make([]connector.KeyRef, len(entries))
	for i, e := range entries {
		refs[i] = connector.KeyRef{Key: e.Key, Contact: e.Contact}
	}
	found, err := p.Look.FindByKey(connector.For(ctx, connector.PurposeVerify), t, refs)
	if err != nil {
		return nil, err
	}
	return found, p.archiveCopies(ctx, t, found)
}

// adoptEach adopts entries one by one, so that one whose links are refused does not hold up the others.
func (p *Pusher) adoptEach(ctx context.Context, t connector.ObjectType, entries []OutboxEntry) (settled []Settlement, missing []OutboxEntry, err error) {
	for i := range entries {
		s, m, err := p.adopt(ctx, t, entries[i:i+1])
		settled, missing = append(settled, s...), append(missing, m...)
		if err != nil {
			// Also those that are missing were only looked for: they are looked for again.
			return append(settled, p.unknown(append(missing, entries[i+1:]...), err)...), nil, err
		}
	}
	return settled, missing, nil
}

// unknown leaves entries as being sent, to be looked up again, unless looking is refused for good or too often.
func (p *Pusher) unknown(entries []OutboxEntry, err error) []Settlement {
	out := make([]Settlement, len(entries))
	for i, e := range entries {
		state, wait, free := Next(err, e.Attempt, p.Jitter())
		if state != StateParked {
			state, wait = StateSending, max(wait, lookAgain)
		}
		out[i] = Settlement{Key: e.Key, Attempt: e.Attempt, State: state, Wait: wait, Error: err.Error(), Free: free}
	}
	return out
}

func (p *Pusher) linksOf(t connector.ObjectType, id connector.ObjectID, e OutboxEntry) []connector.Link {
	var both struct{ Contact, Company connector.ObjectID }
	if json.Unmarshal(e.Payload, &both) != nil {
		return nil
	}
	links := []connector.Link{{FromType: t, FromID: id, ToType: connector.TypeContact, ToID: both.Contact}}
	if both.Company != "" {
		links = append(links, connector.Link{FromType: t, FromID: id, ToType: connector.TypeCompany, ToID: both.Company})
	}
	return links
}
