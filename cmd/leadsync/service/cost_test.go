//go:build !race

// What is counted here are calls over ten thousand records, which the race detector cannot change and makes
// slow: the gate runs this file without it, beside the first load of 200,000 contacts.

package service_test

import (
	"fmt"
	"math"
	"strconv"
	"testing"
	"time"

	"leadsync/connector/hubspot/simulator"
)

const fourActivities = "../../../fixtures/models/activities.yaml"

// activityTypes are the kinds of activity object that the model of these tests reads.
func activityTypes() []string {
	return []string{simulator.Calls, simulator.Meetings, simulator.Emails, simulator.Communications}
}

// withActivities is an account of n contacts that have so many activities of each kind.
func withActivities(n, each int) func(*simulator.Account) {
	return func(a *simulator.Account) {
		err := a.Load(func(add func(string, map[string]string, ...simulator.Link) string) {
			for i := range n {
				id := add(contacts, map[string]string{
					"email": fmt.Sprintf("p%d@example.org", i), "lastname": strconv.Itoa(i), "lifecyclestage": "salesqualifiedlead",
					"createdate": "2026-05-01T08:00:00Z", "lastmodifieddate": "2026-10-20T10:00:00Z",
				})
				for _, typ := range activityTypes() {
					for range each {
						add(typ, map[string]string{
							"hs_timestamp": "2026-10-20T10:00:00Z", "hs_createdate": "2026-10-20T10:00:00Z", "hs_lastmodifieddate": "2026-10-20T10:00:00Z",
						}, simulator.Link{Type: contacts, ID: id})
					}
				}
			}
		})
		if err != nil {
			panic(err)
		}
	}
}

// 1,000 changed contacts that have three activities each, and fifty new activities of each of four kinds: the
// table of hubspot-api 9.3, row A for the contacts and row C for the activities.
func TestCost_changedContactsAndNewActivities(t *testing.T) {
	r := newRig(t, rigOptions{bulk: true, model: fourActivities, populate: withActivities(1200, 3), modes: "{}"})
	r.start()
	r.advance(time.Hour) // beyond the overlap of the sweeps
	r.settle()
	before := r.account.Calls()
	all := r.account.Objects(contacts)[:1000]
	for _, o := range all {
		r.advance(time.Millisecond)
		if err := r.account.Set(user(), contacts, o.ID, map[string]string{"jobtitle": "CEO"}); err != nil {
			t.Fatal(err)
		}
	}
	for i, typ := range activityTypes() {
		for n := range 50 {
			link := simulator.Link{Type: contacts, ID: all[i*50+n].ID}
			if _, err := r.account.Create(user(), typ, map[string]string{"hs_timestamp": "2026-11-02T08:30:00Z"}, link); err != nil {
				t.Fatal(err)
			}
		}
	}
	r.settle()
	spent := r.spent(before)
	t.Log(spent)
	if n := calls(spent, "/contacts/search") + calls(spent, "/contacts/batch/read") - calls(spent, "associations"); n > 15 {
		t.Errorf("%d calls read the contacts, want at most 15", n)
	}
	activities := 0
	for _, typ := range activityTypes() {
		activities += calls(spent, "/"+typ+"/search") + calls(spent, "/"+typ+"/batch/read") + calls(spent, "/associations/", "/"+typ+"/")
	}
	if activities > 8 {
		t.Errorf("%d calls learned the new activities, want at most 8", activities)
	}
}

// 1,000 contacts whose lead status changes get 1,000 tasks with their associations.
func TestCost_thousandTasks(t *testing.T) {
	r := newRig(t, rigOptions{bulk: true, model: fourActivities, populate: withActivities(1000, 0)})
	r.start()
	r.advance(time.Hour)
	r.settle()
	before := r.account.Calls()
	for _, o := range r.account.Objects(contacts) {
		r.advance(time.Millisecond)
		if err := r.account.Set(user(), contacts, o.ID, map[string]string{"hs_lead_status": "ATTEMPTED_TO_CONTACT"}); err != nil {
			t.Fatal(err)
		}
	}
	r.settle()
	r.eventually("a thousand tasks", func() bool { return r.account.Count(simulator.Tasks) == 1000 })
	spent := r.spent(before)
	t.Log(spent)
	if n := calls(spent, "/tasks/batch/"); n != 10 {
		t.Errorf("%d calls made the tasks with their associations, want 10", n)
	}
	if n := calls(spent, "/associations/"); n > 10 { // the sweeps that find them again
		t.Errorf("%d calls read whose the tasks are, want at most 10", n)
	}
	for _, task := range r.account.Objects(simulator.Tasks) {
		if len(r.account.Associations(simulator.Tasks, task.ID, contacts)) != 1 {
			t.Fatalf("task %s is not linked to its contact", task.ID)
		}
	}
}

// The first load of 10,000 contacts with four kinds of activity, two of each per contact, against the formula of
// hubspot-api 9.3: rows A and B.
func TestCost_firstLoad(t *testing.T) {
	const n, each = 10_000, 2
	r := newRig(t, rigOptions{bulk: true, model: fourActivities, populate: withActivities(n, each), modes: "{}", patience: 5 * time.Minute})
	r.start()
	total := 0
	spent := r.account.Calls()
	for _, times := range spent {
		total += times
	}
	perType := math.Ceil(n/1000.0) + math.Ceil(n*each/100.0)
	formula := math.Ceil(n/200.0) + math.Ceil(n/100.0) + float64(len(activityTypes()))*perType
	t.Logf("%d calls, the formula gives %.0f: %v", total, formula, spent)
	if float64(total) > 1.1*formula {
		t.Errorf("the first load cost %d calls, want at most 10 %% more than %.0f", total, formula)
	}
}
