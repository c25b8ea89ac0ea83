package service_test

import (
	"database/sql"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"leadsync/cmd/leadsync/service"
	"leadsync/connector"
	"leadsync/connector/hubspot/simulator"
	"leadsync/workflows"
)

// privateRig has the model in which a contact may ask to be left alone, and every source switched on.
func privateRig(t *testing.T, webhooks bool) (*rig, *sql.DB) {
	t.Helper()
	dir := t.TempDir()
	r := newRig(t, rigOptions{
		webhooks: webhooks, dir: dir, model: "testdata/private.yaml", portal: "    sources: {form_submissions: on, page_visits: on}\n",
	})
	if err := r.account.AddProperty(contacts, simulator.Property{Name: "no_profiling", Label: "n", Type: "bool"}); err != nil {
		t.Fatal(err)
	}
	db := databaseIn(t, dir)
	r.start()
	return r, db
}

// databaseIn opens the database of a rig beside the service.
func databaseIn(t *testing.T, dir string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: filepath.Join(dir, "leadsync.db")}).EscapedPath()+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func (r *rig) set(id, name, value string) {
	r.t.Helper()
	if err := r.account.Set(user(), contacts, id, map[string]string{name: value}); err != nil {
		r.t.Fatal(err)
	}
}

// busy is everything that a contact can do here.
func (r *rig) busy(id, form string) {
	r.t.Helper()
	r.submit(id, form, r.world())
	if err := r.account.ViewPages(id, 2, r.world()); err != nil {
		r.t.Fatal(err)
	}
	r.must(r.account.LogCall(user(), id, simulator.Call{At: r.world(), Disposition: noAnswer, Direction: "OUTBOUND"}))
}

// traces counts what the database has of what a contact did.
func traces(t *testing.T, db *sql.DB, id string) map[string]int {
	t.Helper()
	out := map[string]int{}
	for what, query := range map[string]string{
		"readings": "SELECT COUNT(*) FROM versions WHERE contact = ?", "submissions": "SELECT COUNT(*) FROM submissions WHERE contact = ? OR email <> ''",
		"visits": "SELECT COUNT(*) FROM visits WHERE contact = ?", "wanted": "SELECT COUNT(*) FROM visits_wanted WHERE contact = ?",
		"links":      "SELECT COUNT(*) FROM links WHERE to_type = 'contact' AND to_id = ? AND from_type = 'call'",
		"activities": "SELECT COUNT(*) FROM objects WHERE type = 'call' AND properties <> '{}' AND ? <> ''",
		"roll-ups":   "SELECT COUNT(*) FROM objects WHERE type = 'contact' AND id = ? AND (properties LIKE '%conversion%' OR properties LIKE '%analytics%' OR properties LIKE '%leadsync%')",
		"texts":      "SELECT COUNT(*) FROM outbox WHERE contact = ? AND (payload LIKE '%Call again%' OR payload LIKE '%Decision%')",
		"events":     "SELECT COUNT(*) FROM deliveries WHERE body LIKE '%' || ? || '%'",
		"values":     "SELECT COUNT(*) FROM decisions WHERE contact = ? AND (actions LIKE '%form/%' OR actions LIKE '%call/%' OR actions LIKE '%attempted%')",
	} {
		n := 0
		if err := db.QueryRowContext(t.Context(), query, id).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			out[what] = n
		}
	}
	return out
}

// Somebody objects to being profiled (S4, GDPR article 21): what leadsync wrote vanishes, tasks go, and what the person
// does from then on is in no table. Later it is allowed again.
func TestStory_doNotProfile(t *testing.T) {
	for name, webhooks := range map[string]bool{"with webhooks": true, "polling": false} {
		t.Run(name, func(t *testing.T) {
			r, db := privateRig(t, webhooks)
			id := r.must(r.account.CreateContact(user(), decisionMaker("Weber")))
			r.busy(id, "Demo anfordern")
			r.settle()
			r.advance(time.Minute)
			r.settle()
			before := traces(t, db, id)
			if len(before) < 8 || r.prop(id, "leadsync_score") == "" || len(r.open()) != 1 {
				t.Fatalf("there is nothing to take back: %v, score %q, %d tasks", before, r.prop(id, "leadsync_score"), len(r.open()))
			}

			r.advance(time.Hour)
			r.set(id, "no_profiling", "true")
			r.settle()
			for _, prop := range []string{"leadsync_score", "leadsync_fit", "leadsync_engagement", "leadsync_reasons", "leadsync_scored_at"} {
				if got := r.prop(id, prop); got != "" {
					t.Errorf("%s is still %q", prop, got)
				}
			}
			if tasks := r.open(); len(tasks) != 0 {
				t.Errorf("open tasks: %v", tasks)
			}
			if left := traces(t, db, id); len(left) != 0 {
				t.Errorf("left in the database: %v", left)
			}

			stage, status := r.prop(id, "lifecyclestage"), r.prop(id, "hs_lead_status")
			for range 3 {
				r.advance(20 * time.Minute)
				r.busy(id, "Geheim")
				r.settle()
			}
			if left := traces(t, db, id); len(left) != 0 {
				t.Errorf("collected: %v", left)
			}
			if r.prop(id, "lifecyclestage") != stage || r.prop(id, "hs_lead_status") != status || r.prop(id, "leadsync_score") != "" || len(r.open()) != 0 {
				t.Errorf("something was done: stage %q, status %q, %d tasks", r.prop(id, "lifecyclestage"), r.prop(id, "hs_lead_status"), len(r.open()))
			}
			if p := r.profiles(); p.Unprofiled != 1 {
				t.Errorf("health says %+v", p)
			}

			r.advance(time.Hour)
			r.set(id, "no_profiling", "false")
			r.settle()
			if got := r.prop(id, "leadsync_engagement"); got != "0" || r.prop(id, "leadsync_fit") != "30" || len(r.open()) != 0 {
				t.Errorf("allowed again: engagement %q, fit %q, %d tasks", got, r.prop(id, "leadsync_fit"), len(r.open()))
			}
			r.advance(time.Hour)
			r.busy(id, "Newsletter")
			r.settle()
			if got := r.prop(id, "leadsync_engagement"); got != "21" || len(r.open()) != 1 {
				// Of the two pages one was seen somewhere between two looks, of which the first ended the objection.
				t.Errorf("one form and one page that surely were later: engagement %q, %d tasks", got, len(r.open()))
			}
			if p := r.profiles(); p.Unprofiled != 0 {
				t.Errorf("health says %+v", p)
			}
		})
	}
}

func (r *rig) profiles() service.Profiles {
	r.t.Helper()
	count, err := r.store.ProfileCount(r.t.Context(), "48000001")
	if err != nil {
		r.t.Fatal(err)
	}
	return service.Profiles{Unprofiled: count.Unprofiled}
}

// An account may have contacts that must not be profiled before leadsync comes.
func TestStory_doNotProfileFromTheStart(t *testing.T) {
	dir := t.TempDir()
	var id string
	r := newRig(t, rigOptions{
		dir: dir, model: "testdata/private.yaml", portal: "    sources: {form_submissions: on, page_visits: on}\n    history: {first_load: on}\n",
		populate: func(a *simulator.Account) {
			if err := a.AddProperty(contacts, simulator.Property{Name: "no_profiling", Label: "n", Type: "bool"}); err != nil {
				t.Fatal(err)
			}
			person := decisionMaker("Weber")
			person["no_profiling"] = "true"
			id, _ = a.CreateContact(user(), person)
		},
	})
	r.busy(id, "Geheim")
	r.start()
	db := databaseIn(t, dir)
	r.advance(time.Hour)
	r.busy(id, "Geheim")
	r.settle()
	if left := traces(t, db, id); len(left) != 0 {
		t.Errorf("in the database: %v", left)
	}
	if n := calls(r.account.Calls(), "/event-occurrences/"); n != 1 { // whether the account has the source at all
		t.Errorf("%d calls asked for visits", n-1)
	}
	if r.prop(id, "leadsync_score") != "" {
		t.Errorf("score %q", r.prop(id, "leadsync_score"))
	}
}

// What should never be is reported, in the history of the contact, to the operator and to the monitoring, and stays.
func TestStory_invariant(t *testing.T) {
	r, _ := privateRig(t, true)
	id := r.must(r.account.CreateContact(user(), decisionMaker("Weber")))
	r.set(id, "lifecyclestage", "customer")
	r.settle()
	list, err := r.store.Violations(t.Context(), "48000001", "customer without a deal", 10)
	if err != nil || len(list) != 1 || list[0].Contact != connector.ObjectID(id) {
		t.Fatalf("violations %+v (%v)", list, err)
	}
	if page := r.get("/readyz"); !strings.Contains(page, `"name": "customer without a deal"`) || !strings.Contains(page, `"contacts": 1`) {
		t.Errorf("readyz: %s", page)
	}
	if page := r.get("/metrics"); !strings.Contains(page, `leadsync_invariant_violations{invariant="customer without a deal",portal="rig"} 1`) {
		t.Error("no metric")
	}
	if got := r.prop(id, "lifecyclestage"); got != "customer" {
		t.Errorf("stage %q: nothing is to be repaired", got)
	}
	r.advance(time.Hour)
	r.must(r.account.Create(user(), simulator.Deals, map[string]string{"dealname": "d", "pipeline": "default", "dealstage": "closedwon"},
		simulator.Link{Type: contacts, ID: id}))
	r.settle()
	decisions, err := r.store.Decisions(t.Context(), "48000001", connector.ObjectID(id), 50)
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]int{}
	for _, d := range decisions {
		if d.Reason.Params["invariant"] == "customer without a deal" {
			told[string(d.Reason.Code)]++
		}
	}
	if told[string(workflows.ReasonInvariantBroken)] != 1 || told[string(workflows.ReasonInvariantHeld)] != 1 {
		t.Errorf("told %v", told)
	}
}
