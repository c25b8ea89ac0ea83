package store

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"leadsync/connector"
	"leadsync/workflows"
)

// withhold leaves out of a page what must not be kept of contacts that must not be profiled: the properties that tell
// what they did, and that an activity is theirs. An activity of nobody else is kept without its properties.
func (p *pageSaver) withhold(ctx context.Context) error {
	if p.page.Type == connector.TypeContact {
		return p.withholdContacts(ctx)
	}
	if p.page.Type == connector.TypeCompany || p.page.Type == connector.TypeDeal {
		return nil // facts are made of them
	}
	var ids []connector.ObjectID
	for _, l := range p.page.Links {
		if l.ToType == connector.TypeContact {
			ids = append(ids, l.ToID)
		}
	}
	private, err := p.unprofiled(ctx, p.portal, ids)
	if err == nil && len(private) > 0 {
		p.withholdLinks(private)
	}
	return err
}

// withholdLinks leaves out the links to contacts that must not be profiled, and of activities of nobody else the
// properties.
func (p *pageSaver) withholdLinks(private map[connector.ObjectID]bool) {
	theirs, others := map[connector.ObjectID]bool{}, map[connector.ObjectID]bool{}
	links := make([]connector.Link, 0, len(p.page.Links))
	for _, l := range p.page.Links {
		if l.ToType == connector.TypeContact && private[l.ToID] {
			theirs[l.FromID] = true
			continue
		}
		links = append(links, l)
		others[l.FromID] = others[l.FromID] || l.ToType == connector.TypeContact
	}
	p.page.Links = links
	for i, o := range p.page.Objects { // the slice is the saver's own
		if theirs[o.ID] && !others[o.ID] {
			p.page.Objects[i].Properties = nil
		}
	}
}

func (p *pageSaver) withholdContacts(ctx context.Context) error {
	if len(p.page.Behaviour) == 0 {
		return nil
	}
	ids := make([]connector.ObjectID, len(p.page.Objects))
	for i, o := range p.page.Objects {
		ids[i] = o.ID
	}
	private, err := p.unprofiled(ctx, p.portal, ids)
	for i, o := range p.page.Objects {
		if private[o.ID] {
			p.page.Objects[i] = withoutProperties(o, p.page.Behaviour)
		}
	}
	return err
}

const dropSubmissions = `DELETE FROM submissions WHERE portal = ? AND email <> '' AND email IN (SELECT j.value->>0 FROM {rows})`

// privateOwners are those owners of waiting submissions that must not be profiled. What waited for the address of one
// of them is deleted, unless another contact has the address first.
func (in *session) privateOwners(
	ctx context.Context, portal connector.PortalID, found []addressRow,
) (map[connector.ObjectID]bool, error) {
	ids := make([]connector.ObjectID, 0, len(found))
	for _, row := range found {
		ids = append(ids, row.ID)
	}
	private, err := in.unprofiled(ctx, portal, ids)
	if err != nil {
		return nil, err
	}
	var many rows
	for i, row := range found {
		if private[row.ID] && (i == 0 || row.Email != found[i-1].Email) {
			many = append(many, []any{row.Email})
		}
	}
	if err := in.bulk(ctx, dropSubmissions, many, portal); err != nil {
		return nil, fmt.Errorf("delete waiting submissions: %w", err)
	}
	return private, nil
}

// withoutPrivate is the body of a delivery without the events that name contacts that must not be profiled. The events
// are worked on like all others: one of them may say that the contact may be profiled again.
func (in *session) withoutPrivate(
	ctx context.Context, portal connector.PortalID, body []byte, events []connector.Event,
) ([]byte, error) {
	var ids []connector.ObjectID
	for _, ref := range eventRefs(events) {
		if ref.Type == connector.TypeContact {
			ids = append(ids, ref.ID)
		}
	}
	private, err := in.unprofiled(ctx, portal, ids)
	if err != nil || len(private) == 0 {
		return body, err
	}
	hidden := make(map[connector.Ref]bool, len(private))
	for id := range private {
		hidden[connector.Ref{Type: connector.TypeContact, ID: id}] = true
	}
	body, _ = withoutErased(workflows.Delivery{Body: body, Events: events}, hidden)
	return body, nil
}

// submitters are the contacts with the addresses of submissions, and the submissions but for those of contacts that
// must not be profiled.
func (in *session) submitters(
	ctx context.Context, portal connector.PortalID, subs []connector.Submission,
) (map[string]connector.ObjectID, []connector.Submission, error) {
	owners, err := in.contactsByEmail(ctx, portal, subs)
	if err != nil {
		return nil, nil, err
	}
	private, err := in.unprofiled(ctx, portal, slices.Collect(maps.Values(owners)))
	return owners, slices.DeleteFunc(subs, func(sub connector.Submission) bool { return private[owners[sub.Email]] }), err
}

// unwelcome reports whether nothing is to be stored of a contact: it was erased, or must not be profiled.
func (in *session) unwelcome(ctx context.Context, portal connector.PortalID, contact connector.ObjectID) (bool, error) {
	ref := connector.Ref{Type: connector.TypeContact, ID: contact}
	erased, err := in.tombstones(ctx, portal, []connector.Ref{ref})
	if err != nil || erased[ref] {
		return true, err
	}
	private, err := in.unprofiled(ctx, portal, []connector.ObjectID{contact})
	return private[contact], err
}
