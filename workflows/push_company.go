package workflows

import (
	"context"
	"fmt"

	"leadsync/connector"
)

// companies moves the stages of companies forward. What was planned may be old by now, and a company has many contacts
// and other hands on it, so each batch begins with a look: a company that is there already is settled, one that is
// ahead, on a side track or on a stage that the mapping does not know is left alone, and one that is gone parks its
// entry. What is written is read back where the answer does not prove it, as with contacts.
func (p *Pusher) companies(ctx context.Context, entries []OutboxEntry) ([]Settlement, error) {
	wanted, err := payloads[CompanyPayload](entries)
	if err != nil {
		return nil, err
	}
	ids := make([]connector.ObjectID, len(entries))
	for i := range wanted {
		ids[i] = wanted[i].Company
	}
	name := p.Portal.Names.CompanyStage
	found, err := p.Look.Read(connector.For(ctx, connector.PurposeVerify), connector.TypeCompany, ids, []string{name})
	if err != nil {
		return p.unmoved(entries, fmt.Errorf("read stages of %d companies: %w", len(ids), err))
	}
	var settlements []Settlement
	var updates []connector.Update
	byID := map[connector.ObjectID]OutboxEntry{}
	for i, e := range entries {
		if state, why := p.companyStands(found, wanted[i]); state != StateReady {
			settlements = append(settlements, Settlement{Key: e.Key, Attempt: e.Attempt, State: state, RemoteID: ids[i], Error: why})
			continue
		}
		byID[ids[i]] = e
		updates = append(updates, connector.Update{ID: ids[i], Properties: map[string]string{wanted[i].Property: wanted[i].To}})
	}
	var first error
	for _, r := range p.companiesMoved(ctx, updates) {
		e := byID[r.ID]
		s, err := p.outcome(e, r.ID, r.Err)
		if s.State == StateSending {
			s.State = StateReady // the next attempt looks
		}
		settlements = append(settlements, s)
		delete(byID, r.ID)
		if first == nil {
			first = err
		}
	}
	var silent []OutboxEntry
	for _, u := range updates {
		if e, left := byID[u.ID]; left {
			silent = append(silent, e)
		}
	}
	some, _ := p.unmoved(silent, fmt.Errorf("update company: no answer for its id: %w", connector.ErrUnavailable))
	return append(settlements, some...), first
}

// companyStands says what becomes of an entry by where its company stands: ready if it is to be moved.
func (p *Pusher) companyStands(found connector.ReadResult, want CompanyPayload) (EntryState, string) {
	o, has := found.Found[want.Company]
	value := o.Properties[want.Property]
	switch {
	case !has:
		return StateParked, string(ReasonCompanyGone) + ": the CRM does not have the company any more"
	case o.ID != want.Company:
		return StateCancelled, string(ReasonCompanyMerged) + ": the company was merged into another"
	case value == want.To:
		return StateSettled, ""
	case !p.Portal.companyAhead(p.Portal.stageName(want.To), value):
		return StateCancelled, string(ReasonMoved)
	}
	return StateReady, ""
}

// companiesMoved updates stages, and reads back those whose answer does not prove them.
func (p *Pusher) companiesMoved(ctx context.Context, updates []connector.Update) []connector.UpdateResult {
	if len(updates) == 0 {
		return nil
	}
	results := p.CRM.Update(ctx, connector.TypeCompany, updates)
	return p.moved(ctx, stageOf{connector.TypeCompany, p.Portal.Names.CompanyStage}, updates, results)
}

// unmoved settles entries of which nothing is known to have happened.
func (p *Pusher) unmoved(entries []OutboxEntry, err error) ([]Settlement, error) {
	var settlements []Settlement
	for _, e := range entries {
		s, _ := p.outcome(e, "", err)
		if s.State == StateSending {
			s.State = StateReady
		}
		settlements = append(settlements, s)
	}
	return settlements, onlyPortalWide(err)
}
