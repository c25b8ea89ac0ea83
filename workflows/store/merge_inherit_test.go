package store_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

func dealFor(contact connector.ObjectID, key string) workflows.OutboxEntry {
	payload, _ := json.Marshal(workflows.DealPayload{
		Deal: connector.Deal{Key: key, Name: "New business", Contact: contact, Company: "77"},
		Own:  map[string]string{"region": "north"}, UnlessOpen: scoring.OpenCompany,
	})
	return workflows.OutboxEntry{
		Key: key, Kind: workflows.KindDeal, Class: workflows.ClassDeal, Contact: contact, State: workflows.StateReady,
		Payload: payload, PlannedAt: business,
	}
}

// A deal that waits when its contact or company is merged is still the one that the rule asked for: with the properties of
// the rule, and not beside an open deal of the company.
func TestMergedDealIsComplete(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.plan("1", dealFor("1", "d1"))
		b.plan("1", amendFor("1", "k0", "k1", "7", ""))
		amended := func() (a workflows.AmendPayload) {
			b.must(json.Unmarshal(b.entry("k1").Payload, &a))
			return a
		}
		before := amended()
		before.Task.Company = "77"
		b.merged()
		want := workflows.DealPayload{
			Deal: connector.Deal{Key: "d1", Name: "New business", Contact: "2", Company: "77"},
			Own:  map[string]string{"region": "north"}, UnlessOpen: scoring.OpenCompany,
		}
		check := func(when string) {
			b.Helper()
			var got workflows.DealPayload
			b.must(json.Unmarshal(b.entry("d1").Payload, &got))
			if diff := cmp.Diff(want, got); diff != "" {
				b.Errorf("%s (-want +got):\n%s", when, diff)
			}
		}
		check("after the merge of the contact")
		b.exec(`UPDATE outbox SET payload = REPLACE(payload, '"Company":""', '"Company":"77"') WHERE entry_key = 'k1'`)
		b.page(workflows.PulledPage{Type: connector.TypeCompany, Objects: []connector.Object{object(connector.TypeCompany, "77", 0)}, Quiet: true})
		b.page(workflows.PulledPage{
			Type: connector.TypeCompany, Objects: []connector.Object{object(connector.TypeCompany, "90", 5)},
			Merged: map[connector.ObjectID]connector.ObjectID{"77": "90"},
		})
		want.Company = "90"
		check("after the merge of the company")
		before.Task.Company, before.Task.Contact = "90", "2"
		if diff := cmp.Diff(before, amended()); diff != "" {
			b.Errorf("the amendment (-want +got):\n%s", diff)
		}
	})
}

// What the survivor still makes has a key that neither of the two has used: keys are made of the root, which both have from
// now on, and the count.
func TestMergedCountsAreNotUsedTwice(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		waits := map[string]workflows.Waiting{"wait": {Since: business, Until: business.Add(time.Hour), What: "status", Name: "new"}}
		state := func(root connector.ObjectID, f workflows.Following, passed, clock int) workflows.LeadState {
			return workflows.LeadState{
				Root: root, Following: f, Owning: workflows.Owning{Passed: map[string]int{"call": passed}},
				Episodes: map[string]int{"call": 2, "wait": 1, "clock/a": clock}, Outcomes: workflows.Outcomes{Clocks: []workflows.Clock{running("a", business)}},
			}
		}
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{
			{ID: "1", State: state("1", workflows.Following{}, 2, 1)},
			{ID: "2", State: state("2", workflows.Following{Waits: waits}, 1, 3)},
		}))
		b.merged()
		got := b.lead("2").State
		if diff := cmp.Diff(map[string]int{"call": 2, "wait": 2, "clock/a": 4}, got.Episodes); diff != "" || got.Root != "1" {
			b.Errorf("root %s, episodes (-want +got):\n%s", got.Root, diff)
		}
		if diff := cmp.Diff(map[string]int{"call": 2}, got.Passed); diff != "" {
			b.Errorf("passed on (-want +got):\n%s", diff)
		}
	})
}

// What an older process leaves of a contact that it erased, since it does not know the table, goes with the next pruning.
func TestPruneErasesFromTheNewestTables(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		tables := []string{"clocks", "qualifications", "judgements", "task_days", "frozen", "backfills", "answers"}
		for _, table := range tables {
			b.plant(table, "contact")
		}
		b.exec(`INSERT INTO tombstones (portal, type, id, erased_at) VALUES ('4711', 'contact', '815', 1)`)
		b.prune()
		for _, table := range tables {
			if n := b.count("SELECT COUNT(*) FROM " + table); n != 0 {
				b.Errorf("%s keeps %d rows", table, n)
			}
		}
	})
}
