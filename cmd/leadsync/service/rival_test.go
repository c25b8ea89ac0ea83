package service_test

import (
	"strings"
	"testing"
	"time"

	"leadsync/connector"
	"leadsync/connector/hubspot/simulator"
	"leadsync/workflows"
)

// Another automation sets the stage back each time (C12): at most three rounds, then a report that names property, values
// and rival. A contact that it is not after is moved as ever, and a person who sets a stage back is no rival.
func TestStory_rival(t *testing.T) {
	for name, webhooks := range map[string]bool{"with webhooks": true, "polling": false} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, rigOptions{webhooks: webhooks, dir: t.TempDir(), model: "testdata/rival.yaml"})
			r.start()
			fought := r.must(r.account.CreateContact(user(), map[string]string{"email": "ada@example.com", "lifecyclestage": "lead"}))
			held := r.must(r.account.CreateContact(user(), map[string]string{"email": "ben@example.com", "lifecyclestage": "lead"}))
			r.settle()
			r.advance(time.Hour)
			if err := r.account.SetRivals(simulator.Rival{Name: "old scoring", Property: "lifecyclestage", Percent: 100, After: time.Minute}); err != nil {
				t.Fatal(err)
			}
			r.set(fought, "jobtitle", "Head of Sales")
			for range 12 {
				r.settle()
				r.advance(10 * time.Minute)
				r.account.ActRivals()
			}
			r.settle()
			if got := r.prop(fought, "lifecyclestage"); got != "lead" {
				t.Errorf("the stage is %q, want what the rival wants", got)
			}
			if n := r.wrote(fought, "lifecyclestage"); n != 3 {
				t.Errorf("leadsync wrote the stage %d times, want 3", n)
			}
			list, err := r.store.Frozen(t.Context(), "48000001", workflows.FrozenRival, 10)
			if err != nil || len(list) != 1 {
				t.Fatalf("rivals: %+v (%v), want one", list, err)
			}
			f := list[0]
			if f.Contact != connector.ObjectID(fought) || f.Property != workflows.ChosenStage || f.Value != "lead" || f.Would != "mql" || f.Rounds != 3 ||
				!strings.HasPrefix(f.Source, "AUTOMATION_PLATFORM flow-") || !f.Until.After(r.world()) {
				t.Errorf("the report is %+v", f)
			}
			if page := r.get("/metrics"); !strings.Contains(page, `leadsync_frozen_contacts{kind="rival",portal="rig",property="stage"} 1`) {
				t.Error("no metric names the rival")
			}

			if err := r.account.SetRivals(); err != nil {
				t.Fatal(err)
			}
			r.set(held, "jobtitle", "Head of Sales")
			r.settle()
			if got := r.prop(held, "lifecyclestage"); got != "marketingqualifiedlead" {
				t.Errorf("a contact without a rival stands at %q", got)
			}
			r.advance(time.Hour)
			r.set(held, "lifecyclestage", "lead")
			r.settle()
			if got := r.prop(held, "lifecyclestage"); got != "lead" {
				t.Errorf("what a person set back was moved to %q", got)
			}
			if list, err := r.store.Frozen(t.Context(), "48000001", workflows.FrozenLease, 10); err != nil || len(list) != 1 || list[0].Contact != connector.ObjectID(held) {
				t.Errorf("leases: %+v (%v), want that of the person", list, err)
			}
			r.advance(25 * time.Hour) // the pause is over
			r.settle()
			if got := r.prop(fought, "lifecyclestage"); got != "marketingqualifiedlead" {
				t.Errorf("after the pause the contact stands at %q", got)
			}
		})
	}
}

// wrote counts how often an app wrote a property of a contact.
func (r *rig) wrote(id, property string) int {
	n := 0
	for _, e := range r.account.Journal() {
		if e.ID == id && e.Property == property && e.Op == simulator.OpSet && (e.Actor.Kind == simulator.API || e.Actor.Kind == simulator.Integration) && e.New != "" {
			n++
		}
	}
	return n
}
