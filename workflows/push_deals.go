package workflows

import (
	"context"
	"maps"
	"slices"

	"leadsync/connector"
	"leadsync/scoring"
)

// dealCalls are the deals of entries as they are sent.
func (p *Pusher) dealCalls(entries []OutboxEntry) ([]connector.Deal, error) {
	payloads, err := payloads[DealPayload](entries)
	if err != nil {
		return nil, err
	}
	deals := make([]connector.Deal, len(payloads))
	for i, one := range payloads {
		deals[i] = one.Deal
		// As the configuration is now: a refusal may have been mended there. What the rule says itself goes before it.
		deals[i].Extra = withDefaults(withDefaults(one.Extra, p.Portal.DealProperties), one.Own)
	}
	return deals, nil
}

// withoutOpenDeal drops creations beside which there is an open deal by now that their rule counts: the mirror may be
// seconds old, and a rep may have been faster (hubspot-api 8). Of several for one contact or company only the first goes
// out; the others look again when it is there.
func (p *Pusher) withoutOpenDeal(ctx context.Context, entries []OutboxEntry) (keep []OutboxEntry, skipped []Settlement, err error) {
	if len(entries) == 0 {
		return nil, nil, nil
	}
	wanted, err := payloads[DealPayload](entries)
	if err != nil {
		return nil, nil, err
	}
	open, err := p.openDeals(ctx, wanted)
	under := map[connector.Ref]bool{} // whose deal is being made in this very batch
	for i, e := range entries {
		id, exists := p.inTheWay(wanted[i], open)
		switch {
		case err != nil:
			s, _ := p.outcome(e, "", err)
			if s.State != StateParked {
				s.State, s.Wait = unsent(e), max(s.Wait, lookAgain)
			}
			skipped = append(skipped, s)
		case exists:
			note := scoring.Reason{Code: ReasonDealExists, Params: map[string]string{"rule": e.Reason.Params["rule"], "deal": string(id)}}
			skipped = append(skipped, p.givenUp(e, Settlement{State: StateCancelled, Error: string(ReasonDealExists), Note: note}))
		case claimed(under, wanted[i]):
			skipped = append(skipped, Settlement{Key: e.Key, Attempt: e.Attempt, State: unsent(e), Wait: lookAgain, Free: true})
		default:
			keep = append(keep, e)
		}
	}
	return keep, skipped, onlyPortalWide(err)
}

// unsent is the state of an entry for which nothing was sent this time: what was unknown before is so still.
func unsent(e OutboxEntry) EntryState {
	if e.Unknown {
		return StateSending
	}
	return StateReady
}

// claimed reports whether a deal before it is made for the same contact, or for the same company if that counts, and
// claims both.
func claimed(under map[connector.Ref]bool, d DealPayload) bool {
	contact, company := connector.Ref{Type: connector.TypeContact, ID: d.Contact}, connector.Ref{Type: connector.TypeCompany, ID: d.Company}
	if under[contact] || d.UnlessOpen == scoring.OpenCompany && d.Company != "" && under[company] {
		return true
	}
	under[contact], under[company] = true, true
	return false
}

// inTheWay is the open deal that a deal is not made beside: the one with the lowest id, those of the contact first.
func (p *Pusher) inTheWay(d DealPayload, open map[connector.Ref][]connector.Object) (connector.ObjectID, bool) {
	whose := []connector.Ref{{Type: connector.TypeContact, ID: d.Contact}}
	if d.UnlessOpen == scoring.OpenCompany && d.Company != "" {
		whose = append(whose, connector.Ref{Type: connector.TypeCompany, ID: d.Company})
	}
	for _, ref := range whose {
		deals := slices.DeleteFunc(slices.Clone(open[ref]), func(o connector.Object) bool {
			return !p.Portal.satisfies(o, d.UnlessOpen, d.Pipeline)
		})
		if len(deals) > 0 {
			return slices.MinFunc(deals, byNumber).ID, true
		}
	}
	return "", false
}

// ownersOf are the contacts of deals, and the companies whose deals count too.
func ownersOf(wanted []DealPayload) map[connector.ObjectType]map[connector.ObjectID]bool {
	owners := map[connector.ObjectType]map[connector.ObjectID]bool{connector.TypeContact: {}, connector.TypeCompany: {}}
	for _, d := range wanted {
		owners[connector.TypeContact][d.Contact] = true
		if d.UnlessOpen == scoring.OpenCompany && d.Company != "" {
			owners[connector.TypeCompany][d.Company] = true
		}
	}
	return owners
}

// openDeals are the open deals of the contacts, and of the companies where they count, as the CRM has them now.
func (p *Pusher) openDeals(ctx context.Context, wanted []DealPayload) (map[connector.Ref][]connector.Object, error) {
	ctx = connector.For(ctx, connector.PurposeVerify)
	owners := ownersOf(wanted)
	var links []connector.Link
	ids := map[connector.ObjectID]bool{}
	for _, t := range slices.Sorted(maps.Keys(owners)) {
		if len(owners[t]) == 0 {
			continue
		}
		found, err := p.Look.Links(ctx, t, connector.TypeDeal, slices.Sorted(maps.Keys(owners[t])))
		if err != nil {
			return nil, err
		}
		for _, l := range found {
			links, ids[l.ToID] = append(links, l), true
		}
	}
	open := map[connector.Ref][]connector.Object{}
	for chunk := range slices.Chunk(slices.Sorted(maps.Keys(ids)), batchSize) {
		deals, err := p.Look.Read(ctx, connector.TypeDeal, chunk, p.Portal.DealNames())
		if err != nil {
			return nil, err
		}
		for _, l := range links {
			if d, ok := deals.Found[l.ToID]; ok && p.Portal.open(d) {
				ref := connector.Ref{Type: l.FromType, ID: l.FromID}
				open[ref] = append(open[ref], d)
			}
		}
	}
	return open, nil
}
