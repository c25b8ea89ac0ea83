package service_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"leadsync/connector/hubspot/simulator"
)

// remodel is the model of the demo with something replaced, as a file.
func (r *rig) remodel(replace ...string) {
	r.t.Helper()
	text, err := os.ReadFile("../../../fixtures/models/demo.yaml")
	if err != nil {
		r.t.Fatal(err)
	}
	changed := strings.NewReplacer(replace...).Replace(string(text))
	if changed == string(text) {
		r.t.Fatalf("the model has nothing of %q", replace)
	}
	path := filepath.Join(r.t.TempDir(), "changed.yaml")
	if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
		r.t.Fatal(err)
	}
	r.options.Model = loadModel(r.t, path)
}

func (r *rig) restart() {
	r.t.Helper()
	r.stop()
	r.again()
	r.cancelableRun()
}

type walkShown struct {
	Portals []struct {
		Reevaluation *struct {
			Contacts, Done, Planned int
			Complete                bool
		}
		PausedClasses []string `json:"paused_classes"`
	}
}

func (r *rig) shown() walkShown {
	r.t.Helper()
	var out walkShown
	if err := json.Unmarshal([]byte(r.get("/readyz")), &out); err != nil || len(out.Portals) != 1 {
		r.t.Fatalf("/readyz: %v", err)
	}
	return out
}

// Another model at the next start: every stored contact is scored anew without a single reading, and what due work
// there is meanwhile is not held up. People see how far it has come.
func TestReevaluation_afterAnotherModel(t *testing.T) {
	const n = 400
	r := newRig(t, rigOptions{bulk: true, webhooks: true, populate: load(n, func(i int) map[string]string {
		p := numbered(i)
		p["jobtitle"] = "CEO"
		return p
	})})
	r.start()
	if shown := r.shown(); shown.Portals[0].Reevaluation != nil {
		t.Errorf("after the first load there is nothing to evaluate again: %+v", shown)
	}
	id := r.account.Objects(contacts)[n-1].ID
	old := r.prop(id, "leadsync_fit")
	r.remodel("points: 30}", "points: 37}")
	before := r.account.Calls()
	r.restart()
	// A demo request in the middle of it is an SQL long before everybody is evaluated.
	r.eventually("the walk", func() bool { w := r.shown().Portals[0].Reevaluation; return w != nil && w.Done > 0 })
	r.must(r.account.LogCall(user(), id, simulator.Call{At: r.world(), Disposition: connected, Direction: "OUTBOUND"}))
	r.settle()
	spent := r.spent(before)
	if reads := calls(spent, "/objects/{v}/contacts/batch/read"); reads > 2 {
		t.Errorf("%d readings of contacts, want at most those of the one that changed: %v", reads, spent)
	}
	// A step ends after a tenth of a second, so that a slow machine has fewer than a hundred in one; never one by one.
	if updates := calls(spent, "/contacts/batch/update"); updates < n/100 || updates > n/2 {
		t.Errorf("%d updates of contacts, want %d for the scores, or some more", updates, n/100)
	}
	for _, o := range r.account.Objects(contacts) {
		if got := o.Properties["leadsync_fit"]; got == old || got == "" {
			t.Fatalf("contact %s has the score %q, as with the model before", o.ID, got)
		}
	}
	if w := r.shown().Portals[0].Reevaluation; w == nil || w.Contacts != n || w.Done != n || !w.Complete || w.Planned < n-1 {
		t.Errorf("/readyz shows %+v", w)
	}
	if got := r.metric(`leadsync_reevaluated_contacts_total{outcome="evaluated",portal="rig"}`); got < n-1 {
		t.Errorf("the metric counts %v", got)
	}
	if got := r.metric(`leadsync_reevaluation_contacts_left{portal="rig"}`); got != 0 {
		t.Errorf("%v are left", got)
	}
	for _, line := range []string{"evaluated again in the background", "stored contacts are evaluated again"} {
		if !strings.Contains(r.logs.String(), line) {
			t.Errorf("the log does not say %q", line)
		}
	}
	before = r.account.Calls()
	r.restart()
	r.settle()
	if updates := calls(r.spent(before), "/contacts/batch/update"); updates != 0 {
		t.Errorf("%d updates after a restart with the same model", updates)
	}
}

// A model that moves everybody is stopped by the limit of the class, and people see it; the first load's contacts do
// not move at all.
func TestReevaluation_blastRadius(t *testing.T) {
	r := newRig(t, rigOptions{bulk: true, limits: "tasks_per_hour: 100000, deals_per_hour: 100000, stage_moves_per_hour: 20, "})
	r.start()
	for i := range 60 {
		p := numbered(i)
		p["jobtitle"], p["country"], p["budget"], p["num_conversion_events"], p["recent_conversion_event_name"] = "CEO", "Germany", "50000", "1", "Demo request"
		r.must(r.account.CreateContact(user(), p))
	}
	r.settle()
	moved := func() int {
		n := 0
		for _, e := range r.account.Journal() {
			if e.Actor.Kind == simulator.API && e.Property == "lifecyclestage" {
				n++
			}
		}
		return n
	}
	before := moved()
	if before > 20 {
		t.Fatalf("%d moves before", before)
	}
	if paused := r.shown().Portals[0].PausedClasses; len(paused) != 1 || paused[0] != "stage" {
		t.Errorf("paused %v", paused)
	}
	r.advance(time.Hour)
	r.remodel("points: 30}", "points: 37}")
	r.restart()
	r.settle()
	if n := moved(); n != before {
		t.Errorf("%d moves, want none beyond the limit", n)
	}
	if w := r.shown().Portals[0].Reevaluation; w == nil || !w.Complete || w.Done != 60 {
		t.Errorf("the walk waits for nobody: %+v", w)
	}
}
