package population_test

import (
	"strings"
	"testing"
	"time"

	"leadsync/connector/hubspot/simulator"
	"leadsync/connector/hubspot/simulator/population"
)

// A lean account lacks nothing that the simulator or its people ever fill, save the older names of the stages' dates.
func TestLeanAccountHasWhatIsFilled(t *testing.T) {
	s := open(t, population.Options{Seed: 33, Contacts: 200})
	r := &reactor{t: t, s: s, due: map[string]time.Time{}, made: map[string]string{}, seen: len(s.account.Journal())}
	s.live(20*24*time.Hour, 3*time.Hour, r.react)
	people := simulator.Actor{Kind: simulator.User, ID: "1"}
	found := s.account.Objects(simulator.Contacts)
	if _, err := s.account.Merge(people, simulator.Contacts, found[0].ID, found[1].ID); err != nil {
		t.Fatal(err)
	}
	lean := map[string]bool{}
	a := simulator.New(simulator.Options{Now: start, Wall: start, Lean: true})
	population.Populate(a, population.Options{Seed: 33, Contacts: 1, Start: start()}) // it adds its own properties
	for _, p := range a.Definitions(simulator.Contacts) {
		lean[p.Name] = true
	}
	filled := map[string]bool{}
	for _, o := range s.account.Objects(simulator.Contacts) {
		for name, value := range o.Properties {
			older := strings.HasPrefix(name, "hs_date_") || strings.HasPrefix(name, "hs_lifecyclestage_")
			if filled[name] = true; value != "" && !older && !lean[name] {
				t.Errorf("a lean account has no %q, but contact %s has %q there", name, o.ID, value)
				lean[name] = true
			}
		}
	}
	if all := len(s.account.Definitions(simulator.Contacts)); len(filled) < 60 || len(lean) > all/2 {
		t.Errorf("%d properties are filled, and a lean account has %d of %d", len(filled), len(lean), all)
	}
}
