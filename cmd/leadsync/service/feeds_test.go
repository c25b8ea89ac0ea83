package service_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/connector/hubspot/simulator"
	"leadsync/workflows"
)

// Without webhooks sweeps and the repair walk are complete: what no search shows is found by the walk, and what was
// deleted for good is forgotten although nobody said so.
func TestRepair_findsWhatNoFeedShows(t *testing.T) {
	c := &crowd{}
	c.rig = newRig(t, rigOptions{limits: "repair_calls_per_minute: 6000, ", modes: "{}", populate: c.people})
	c.conn.Verifier = nil // as for a service key, which has no webhooks
	c.options.Connections["rig"] = c.conn
	c.again()
	c.start()
	c.advance(2 * time.Hour)
	for _, gone := range []struct{ typ, id string }{
		{contacts, c.contacts[100]},
		{simulator.Calls, c.calls[1]},
		{simulator.Deals, c.deals[2]},
		{simulator.Companies, c.companies[3]},
		{simulator.Meetings, c.meetings[4]},
	} {
		c.change(c.account.Archive(user(), gone.typ, gone.id))
	}
	c.change(c.account.Disassociate(user(), simulator.Calls, c.calls[20], contacts, c.contacts[40]))
	c.change(c.account.Associate(user(), simulator.Calls, c.calls[20], contacts, c.contacts[299]))
	c.change(c.account.PrivacyDelete(user(), contacts, c.contacts[110]))
	for _, typ := range []string{contacts, simulator.Companies, simulator.Deals} {
		a, b := c.contacts[120], c.contacts[121]
		switch typ {
		case simulator.Companies:
			a, b = c.companies[50], c.companies[51]
		case simulator.Deals:
			a, b = c.deals[50], c.deals[51]
		}
		_, err := c.account.Merge(user(), typ, a, b)
		c.change(err)
	}
	c.advance(2 * time.Hour)
	c.settle()
	c.repair()
	c.settle()
	c.compare()
	if found, err := c.store.FindContact(t.Context(), "48000001", c.contacts[110]); err != nil || len(found) != 0 {
		t.Errorf("a contact that was deleted for good is found: %v (%v)", found, err)
	}
	if found, err := c.store.FindContact(t.Context(), "48000001", c.contacts[100]); err != nil || len(found) != 1 {
		t.Errorf("an archived contact can be restored and is kept: %v (%v)", found, err)
	}
	survivor, err := c.store.FindContact(t.Context(), "48000001", c.contacts[120])
	if err != nil || len(survivor) != 1 || string(survivor[0]) == c.contacts[120] {
		t.Errorf("a merged contact leads to %v (%v)", survivor, err)
	}
	if counts := c.completeness(); len(counts) != 0 {
		t.Errorf("counted without webhooks: %v", counts)
	}
	// Restored, everything comes back with what belongs to it.
	c.change(c.account.Restore(user(), contacts, c.contacts[100]))
	c.settle()
	c.compare()
}

// A survivor with a new id goes on where the merged contacts were: no second task, whichever feed tells of it.
func TestMerge_keepsOneTask(t *testing.T) {
	for name, webhooks := range map[string]bool{"announced": true, "found by a sweep": false} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, rigOptions{webhooks: webhooks})
			r.start()
			var ids []string
			for _, n := range []string{"Arndt", "Bauer"} {
				id := r.must(r.account.CreateContact(user(), decisionMaker(n)))
				if err := r.account.SubmitForm(id, "Demo anfordern", r.world()); err != nil {
					t.Fatal(err)
				}
				r.settle()
				r.advance(time.Minute)
				r.must(r.account.LogCall(user(), id, simulator.Call{At: r.world(), Disposition: noAnswer, Direction: "OUTBOUND"}))
				ids = append(ids, id)
				r.advance(time.Minute)
			}
			r.settle()
			if got := len(r.open()); got != 2 {
				t.Fatalf("%d open tasks before the merge, want one for each", got)
			}
			r.advance(time.Hour)
			survivor := r.must(r.account.Merge(user(), contacts, ids[0], ids[1]))
			r.settle()
			r.settle()
			tasks := r.open()
			if len(tasks) != 1 {
				t.Errorf("%d open tasks after the merge, want one: %v", len(tasks), tasks)
			}
			leads, err := r.store.Leads(t.Context(), "48000001", []connector.ObjectID{connector.ObjectID(survivor)})
			if err != nil || leads[0].State == nil || string(leads[0].State.Root) != ids[0] {
				t.Errorf("the survivor is %+v (%v)", leads[0].State, err)
			}
			decisions, err := r.store.Decisions(t.Context(), "48000001", connector.ObjectID(survivor), 100)
			about := map[string]bool{}
			for _, d := range decisions {
				about[string(d.Contact)] = true
			}
			if err != nil || !about[ids[0]] || !about[ids[1]] {
				t.Errorf("its history is about %v (%v)", about, err)
			}
		})
	}
}

// A quiet account costs one search for every kind of record that the model reads and round, and nothing else
// (hubspot-api 9.3).
func TestCost_quietAccount(t *testing.T) {
	r := newRig(t, rigOptions{webhooks: true, populate: load(300, numbered), modes: "{}"})
	r.start()
	r.advance(2 * time.Hour)
	r.settle()
	before := r.account.Calls()
	r.settle()
	spent := map[string]int{}
	for call, n := range r.account.Calls() {
		if n > before[call] {
			spent[call] = n - before[call]
		}
	}
	want := map[string]int{"GET /crm/owners/{v}": spent["GET /crm/owners/{v}"]} // users that left are asked apart
	for _, t := range append(workflows.ActivityTypes(r.options.Model), connector.TypeContact, connector.TypeCompany, connector.TypeDeal) {
		plural := string(t) + "s"
		if t == connector.TypeCompany {
			plural = "companies"
		}
		want["POST /crm/objects/{v}/"+plural+"/search"] = 1
	}
	if diff := cmp.Diff(want, spent); diff != "" {
		t.Errorf("one round of a quiet account (-want +got):\n%s", diff)
	}
	if body := r.get("/readyz"); !strings.Contains(body, `"measured": true`) || !strings.Contains(body, `"unannounced": 0`) {
		t.Errorf("/readyz does not tell the state of the feeds:\n%s", body)
	}
	if n := r.metric(`leadsync_feed_unannounced_24h{portal="rig"}`); n != 0 || !strings.Contains(r.get("/metrics"), "leadsync_feed_delay_seconds_24h") {
		t.Errorf("metrics: %v unannounced", n)
	}
}
