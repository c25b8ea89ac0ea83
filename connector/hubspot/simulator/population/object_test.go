package population_test

import (
	"testing"
	"time"

	"leadsync/connector/hubspot/simulator"
	"leadsync/connector/hubspot/simulator/population"
)

// Some people object to profiling before the account goes live, some afterwards, and some take it back. Whoever objects
// does not object again.
func TestPeopleObjectToProfiling(t *testing.T) {
	s := open(t, population.Options{Seed: 3})
	objecting := map[string]bool{}
	for _, o := range s.account.Objects(simulator.Contacts) {
		if o.Properties["no_profiling"] == "true" {
			objecting[o.ID] = true
		}
	}
	if n := len(objecting); n < 4 || n > 25 {
		t.Errorf("%d of 500 object in the beginning", n)
	}
	ended := 0
	for _, d := range s.live(20*24*time.Hour, 6*time.Hour, nil) {
		switch d.Kind { //nolint:exhaustive // what else people do is not looked at
		case population.Objection:
			if objecting[d.Contact] {
				t.Errorf("%s objects twice", d.Name)
			}
			objecting[d.Contact] = true
		case population.ObjectionEnded:
			if !objecting[d.Contact] {
				t.Errorf("%s takes back what was never said", d.Name)
			}
			delete(objecting, d.Contact)
			ended++
		}
	}
	if ended == 0 || len(objecting) < 10 {
		t.Errorf("%d took it back, %d object", ended, len(objecting))
	}
	for _, o := range s.account.Objects(simulator.Contacts) {
		if objecting[o.ID] != (o.Properties["no_profiling"] == "true") {
			t.Errorf("contact %s: objects %v, and the account says %q", o.ID, objecting[o.ID], o.Properties["no_profiling"])
		}
	}
}

// Companies have several contacts and are at all sorts of stages, none among them; a salesperson moves one back now and
// then, never forward.
func TestCompaniesHaveStages(t *testing.T) {
	s := open(t, population.Options{Seed: 3})
	stages, several := map[string]int{}, 0
	for _, o := range s.account.Objects(simulator.Companies) {
		stages[o.Properties["lifecyclestage"]]++
		if len(s.account.Associations(simulator.Companies, o.ID, simulator.Contacts)) > 1 {
			several++
		}
	}
	if several < 50 {
		t.Errorf("%d companies have several contacts", several)
	}
	for _, stage := range []string{"", "lead", "opportunity", "customer", "other"} {
		if stages[stage] == 0 {
			t.Errorf("no company at %q: %v", stage, stages)
		}
	}
	seen := len(s.account.Journal())
	s.live(20*24*time.Hour, 6*time.Hour, nil)
	back := 0
	for _, e := range s.account.JournalSince(seen) {
		if e.Type == simulator.Companies && e.Property == "lifecyclestage" && e.Actor.Kind == simulator.User {
			back++
			if e.New != "lead" || e.Old == "" || e.Old == "lead" || e.Old == "other" {
				t.Errorf("a company was moved from %q to %q", e.Old, e.New)
			}
		}
	}
	if back == 0 {
		t.Error("no company was moved back")
	}
}
