package store_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/workflows"
)

func companyMove(contact connector.ObjectID, to string, rank int) workflows.OutboxEntry {
	text, err := json.Marshal(workflows.CompanyPayload{Company: "77", Property: "stage", To: to, Rank: rank})
	if err != nil {
		panic(err)
	}
	return workflows.OutboxEntry{
		Key: workflows.CompanyKey("77"), Kind: workflows.KindCompany, Class: workflows.ClassCompany, Contact: contact,
		State: workflows.StateReady, Payload: text, PlannedAt: business,
	}
}

func (b *bench) companyEntry() (workflows.EntryState, string) {
	b.Helper()
	e, err := b.store.Entry(b.ctx, portal, workflows.CompanyKey("77"))
	b.must(err)
	var move workflows.CompanyPayload
	b.must(json.Unmarshal(e.Payload, &move))
	return e.State, move.To
}

func (b *bench) takeCompanies() []workflows.OutboxEntry {
	b.Helper()
	taken, err := b.store.Take(b.ctx, b.fence, workflows.Take{Kind: workflows.KindCompany, Contacts: 100})
	b.must(err)
	return taken.Entries
}

// Of several moves of one company that are not done yet the furthest counts: in one batch, over an entry that waits,
// and over one that is being sent. One that is done is no hindrance.
func TestCompanyMoves_furthest(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		save := func(entries ...workflows.OutboxEntry) {
			b.Helper()
			var decided []workflows.Decided
			for _, e := range entries {
				decided = append(decided, workflows.Decided{ID: e.Contact, Entries: []workflows.OutboxEntry{e}})
			}
			b.must(b.store.SaveDecisions(b.ctx, b.fence, decided))
		}
		wants := func(state workflows.EntryState, to string) {
			b.Helper()
			if s, got := b.companyEntry(); s != state || got != to {
				b.Errorf("%s to %s, want %s to %s", s, got, state, to)
			}
		}
		save(companyMove("1", "sql", 2), companyMove("2", "mql", 1))
		wants(workflows.StateReady, "sql")
		save(companyMove("3", "mql", 1))
		wants(workflows.StateReady, "sql")
		taken := b.takeCompanies()
		if len(taken) != 1 || taken[0].Contact != "1" {
			t.Fatalf("taken %+v", taken)
		}
		save(companyMove("3", "lead", 0))
		wants(workflows.StateSending, "sql")
		save(companyMove("4", "customer", 3))
		wants(workflows.StateReady, "customer")
		b.must(b.store.Settle(b.ctx, b.fence, []workflows.Settlement{{Key: taken[0].Key, Attempt: taken[0].Attempt, State: workflows.StateSettled}}))
		wants(workflows.StateReady, "customer")
		taken = b.takeCompanies()
		b.must(b.store.Settle(b.ctx, b.fence, []workflows.Settlement{{Key: taken[0].Key, Attempt: taken[0].Attempt, State: workflows.StateSettled}}))
		save(companyMove("5", "sql", 2)) // somebody has moved the company back meanwhile, or it would not be planned
		wants(workflows.StateReady, "sql")
	})
}

// What is on its way is known with every contact of the company, and what has arrived stands in the mirror of the
// company; our own event about it is an echo, and nobody becomes due.
func TestCompanyMoves_areNoNews(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.page(workflows.PulledPage{Type: connector.TypeContact, Quiet: true, Objects: []connector.Object{person("1", 0), person("2", 0)}})
		company := object(connector.TypeCompany, "77", 0, "stage", "lead", "name", "Nordlicht")
		link := func(id connector.ObjectID) workflows.Decided {
			return workflows.Decided{
				ID: id, Objects: []connector.Object{company}, LinkTypes: []connector.ObjectType{connector.TypeCompany},
				Links: []connector.Link{{FromType: connector.TypeContact, FromID: id, ToType: connector.TypeCompany, ToID: "77"}},
			}
		}
		first, second := link("1"), link("2")
		first.Entries = []workflows.OutboxEntry{companyMove("1", "sql", 2)}
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{first, second}))
		for _, id := range []connector.ObjectID{"1", "2"} {
			if diff := cmp.Diff(map[connector.ObjectID]string{"77": "sql"}, b.lead(id).CompaniesMoving); diff != "" {
				t.Errorf("contact %s: %s", id, diff)
			}
		}
		taken := b.takeCompanies()
		if diff := cmp.Diff(map[connector.ObjectID]string{"77": "sql"}, b.lead("2").CompaniesMoving); diff != "" {
			t.Errorf("while it is being sent: %s", diff)
		}
		got, err := b.store.Receive(b.ctx, workflows.Delivery{Portal: portal, Key: "d", Body: []byte("[]"), At: business, Events: []connector.Event{{
			Key: "e", Kind: connector.EventChanged, Type: connector.TypeCompany, ID: "77", Property: "stage", Value: "sql", Own: true, OccurredAt: business,
		}}})
		b.must(err)
		if got.Echo != 1 || got.Fresh != 0 {
			t.Errorf("received %+v", got)
		}
		b.must(b.store.Settle(b.ctx, b.fence, []workflows.Settlement{{Key: taken[0].Key, Attempt: taken[0].Attempt, State: workflows.StateSettled, RemoteID: "77"}}))
		lead := b.lead("2")
		if lead.CompaniesMoving != nil || lead.Companies[0].Properties["stage"] != "sql" || lead.Companies[0].Properties["name"] != "Nordlicht" {
			t.Errorf("afterwards: %+v %+v", lead.CompaniesMoving, lead.Companies)
		}
		if due := b.dueIDs(); len(due) != 0 {
			t.Errorf("due %v", due)
		}
		company.Properties["stage"], company.UpdatedAt = "sql", business.Add(time.Hour) // and as a sweep shows it
		b.page(workflows.PulledPage{Type: connector.TypeCompany, Objects: []connector.Object{company}, Properties: []string{"stage", "name"}})
		if due := b.dueIDs(); len(due) != 0 {
			t.Errorf("after the sweep due %v", due)
		}
	})
}

// A move waits for its contact's, also when another contact has planned it anew.
func TestCompanyMoves_wait(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		for i, id := range []connector.ObjectID{"1", "2"} {
			b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{
				ID: id, Entries: []workflows.OutboxEntry{update(id, workflows.ClassStage, "stage", "sql"), companyMove(id, "sql", 2+i)},
			}}))
		}
		if taken := b.takeCompanies(); len(taken) != 0 {
			t.Fatalf("taken %+v", taken)
		}
		settle := func(id connector.ObjectID) {
			b.Helper()
			taken, err := b.store.Take(b.ctx, b.fence, workflows.Take{Kind: workflows.KindUpdate, Contacts: 100})
			b.must(err)
			for _, e := range taken.Entries {
				one := workflows.Settlement{Key: e.Key, Attempt: e.Attempt, State: workflows.StateReady}
				if e.Contact == id {
					one.State = workflows.StateSettled
				}
				b.must(b.store.Settle(b.ctx, b.fence, []workflows.Settlement{one}))
			}
		}
		settle("1")
		if taken := b.takeCompanies(); len(taken) != 0 {
			t.Errorf("it is contact 2 that it waits for: %+v", taken)
		}
		settle("2")
		if taken := b.takeCompanies(); len(taken) != 1 {
			t.Errorf("taken %+v", taken)
		}
	})
}
