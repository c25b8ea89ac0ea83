package service_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"leadsync/connector/hubspot/simulator"
	"leadsync/fixtures/hubspot/contract"
)

// holding makes everything that is said through it keep to HubSpot's published descriptions; the answers of a spoiled
// account do not.
func holding(t *testing.T, spoiled bool) *contract.Contract {
	t.Helper()
	c, err := contract.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, p := range c.Problems() {
			if answer := strings.Contains(p, ": the answer") || strings.Contains(p, ": status ") || strings.Contains(p, ": error "); !spoiled || !answer {
				t.Error(p)
			}
		}
	})
	return c
}

// transport is a connection pool of the rig's own.
func (r *rig) transport() http.RoundTripper {
	pool := &http.Transport{MaxIdleConnsPerHost: 100}
	r.t.Cleanup(pool.CloseIdleConnections)
	return pool
}

// wireOf is the wire of a rig.
func (r *rig) wireOf(o rigOptions) http.RoundTripper {
	if o.bulk {
		return r.transport()
	}
	return r.held.Transport(r.transport())
}

// One story says everything that the service ever says: loading, webhooks, stages and the way back, tasks, deals,
// lists, the property history, the optional sources and the repair walk.
func TestContract_theWholeStory(t *testing.T) {
	for name, more := range map[string]simulator.Options{
		"as observed":  {RecordURLs: true},
		"as described": {AsDescribed: true, Enterprise: true},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, rigOptions{
				webhooks: true, account: more, portal: "    sources: {form_submissions: on, page_visits: on}\n",
				modes: "{score: on, stage: on, status: on, task: on, deal: on, list: on}", limits: "repair_calls_per_minute: 6000, ",
			})
			newsletter := r.must(r.account.CreateList(user(), simulator.List{Name: "Newsletter"}))
			r.recycles(t, newsletter)
			r.account.CreateOwner("Jana Vogt", "jana@leadsync.example", true)
			for _, n := range []string{"Arndt", "Bauer"} { // there before leadsync is
				r.must(r.account.CreateContact(user(), decisionMaker(n)))
			}
			r.start()
			r.lives(newsletter)
			r.svc.Runner("rig").Repair()
			r.eventually("repair walk", func() bool {
				walk, err := r.store.Feed(t.Context(), "48000001", "repair")
				return err == nil && walk.Complete
			})
			r.settle()
			said := r.held.Seen()
			for _, what := range []string{
				"GET /crm/objects/{v}/{type}", "POST /crm/objects/{v}/{type}/search", "POST /crm/objects/{v}/{type}/batch/read",
				"POST /crm/objects/{v}/{type}/batch/create", "POST /crm/objects/{v}/{type}/batch/update",
				"POST /crm/associations/{v}/{type}/{type}/batch/read", "GET /crm/properties/{v}/{type}", "GET /crm/pipelines/{v}/{type}",
				"PUT /crm/lists/{v}/{id}/memberships/add", "PUT /crm/lists/{v}/{id}/memberships/remove", "GET /crm/owners/{v}",
				"object.creation", "object.propertyChange", "object.associationChange", "object.merge", "object.deletion", "contact.privacyDeletion",
			} {
				if said[what] == 0 {
					t.Errorf("nothing was said of %s", what)
				}
			}
			if len(r.account.Objects(simulator.Deals)) == 0 || len(r.account.Objects(simulator.Tasks)) == 0 {
				t.Error("the story made no deal or no task")
			}
		})
	}
}

// lives is the life of a lead, and what happens to others.
func (r *rig) lives(newsletter string) {
	r.t.Helper()
	good := func(errs ...error) {
		r.t.Helper()
		if i := slices.IndexFunc(errs, func(err error) bool { return err != nil }); i >= 0 {
			r.t.Fatal(errs[i])
		}
		r.settle()
		r.advance(time.Hour)
	}
	var ids []string
	for _, n := range []string{"Maurer", "Schulz", "Winter", "Sommer"} {
		ids = append(ids, r.must(r.account.CreateContact(user(), decisionMaker(n))))
	}
	good(r.account.AddToList(user(), newsletter, ids[0]))
	good(r.account.SubmitForm(ids[0], "Demo anfordern", r.world()), r.account.ViewPage(ids[0], 3, r.world(), "https://www.example.com/pricing"))
	r.must(r.account.LogCall(user(), ids[0], simulator.Call{At: r.world(), Disposition: noAnswer, Direction: "OUTBOUND"}))
	good()
	for _, status := range []string{"OPEN_DEAL", "BAD_TIMING"} {
		good(r.account.Set(user(), contacts, ids[0], map[string]string{"hs_lead_status": status}))
	}
	// Changed twice between two looks: the property history tells of both.
	good(r.account.Set(user(), contacts, ids[0], map[string]string{"hs_lead_status": "IN_PROGRESS"}),
		r.account.Set(user(), contacts, ids[0], map[string]string{"hs_lead_status": "ATTEMPTED_TO_CONTACT"}))
	_, err := r.account.Merge(user(), contacts, ids[1], ids[2])
	good(err)
	good(r.account.Archive(user(), contacts, ids[3]))
	good(r.account.PrivacyDelete(user(), contacts, ids[0]))
}
