package service_test

import (
	"strings"
	"testing"
	"time"

	"leadsync/connector/hubspot/simulator"
)

const (
	noAnswer  = "73a0d17f-1163-4015-bdd5-ec830791da20"
	connected = "f240bbac-87c9-4f6e-bf70-924b57d47db7"
)

// decisionMaker is a contact that fits: a German decision maker with a budget.
func decisionMaker(name string) map[string]string {
	return map[string]string{
		"firstname": "Petra", "lastname": name, "email": strings.ToLower(name) + "@nordlicht.example", "jobtitle": "Geschäftsführerin",
		"country": "Germany", "budget": "25000", "lifecyclestage": "lead",
	}
}

func TestStory_fromFormToDeal(t *testing.T) {
	r := newRig(t, rigOptions{webhooks: true})
	r.account.CreateOwner("Jana Vogt", "jana@leadsync.example", true)
	owner := r.account.Owners()[0].ID
	r.start()

	// S80: somebody asks for a demo and becomes an SQL at once; S87: with the status "new".
	person := decisionMaker("Schröder")
	person["hubspot_owner_id"] = owner
	id := r.must(r.account.CreateContact(user(), person))
	if err := r.account.SubmitForm(id, "Demo anfordern", r.world()); err != nil {
		t.Fatal(err)
	}
	r.settle()
	if got := r.prop(id, "lifecyclestage"); got != "salesqualifiedlead" {
		t.Fatalf("stage = %q, want salesqualifiedlead", got)
	}
	if got := r.prop(id, "hs_lead_status"); got != "NEW" {
		t.Fatalf("status = %q, want NEW", got)
	}
	if r.prop(id, "leadsync_score") == "" || !strings.Contains(r.prop(id, "leadsync_reasons"), "decision maker") {
		t.Errorf("score %q with reasons %q", r.prop(id, "leadsync_score"), r.prop(id, "leadsync_reasons"))
	}

	// S88: nobody answers; the status follows, and a task says to call again in two days.
	r.advance(time.Hour)
	r.must(r.account.LogCall(user(), id, simulator.Call{At: r.world(), Disposition: noAnswer, Direction: "OUTBOUND"}))
	r.settle()
	if got := r.prop(id, "hs_lead_status"); got != "ATTEMPTED_TO_CONTACT" {
		t.Fatalf("status = %q, want ATTEMPTED_TO_CONTACT", got)
	}
	tasks := r.open()
	if len(tasks) != 1 {
		t.Fatalf("%d open tasks, want the one to call again: %v", len(tasks), tasks)
	}
	task := tasks[0].Properties
	if !strings.HasPrefix(task["hs_task_subject"], "Call again: Petra Schröder") || task["hs_task_type"] != "CALL" || task["hubspot_owner_id"] != owner {
		t.Errorf("task = %v", task)
	}
	if due, err := time.Parse(time.RFC3339, task["hs_timestamp"]); err != nil || !due.Equal(time.Date(2026, 11, 4, 8, 0, 0, 0, time.UTC)) {
		t.Errorf("due %q (%v), want Wednesday 4 November, 9:00 in Berlin", task["hs_timestamp"], err)
	}
	if links := r.account.Associations(simulator.Tasks, tasks[0].ID, contacts); len(links) != 1 || links[0].ID != id {
		t.Errorf("task is associated with %v, want contact %s", links, id)
	}

	// S89: bad timing moves the reminder; S91: an open deal is created once; S92: unqualified closes it all.
	r.advance(time.Hour)
	if err := r.account.Set(user(), contacts, id, map[string]string{"hs_lead_status": "BAD_TIMING"}); err != nil {
		t.Fatal(err)
	}
	r.settle()
	if tasks = r.open(); len(tasks) != 1 || !strings.HasPrefix(tasks[0].Properties["hs_task_subject"], "Ask again") {
		t.Fatalf("open tasks after bad timing: %v", tasks)
	}
	for range 2 { // twice: the second time there is an open deal already
		r.advance(time.Hour)
		for _, status := range []string{"OPEN_DEAL", "IN_PROGRESS"} {
			if err := r.account.Set(user(), contacts, id, map[string]string{"hs_lead_status": status}); err != nil {
				t.Fatal(err)
			}
			r.settle()
		}
	}
	if deals := r.account.Objects(simulator.Deals); len(deals) != 1 || deals[0].Properties["pipeline"] != "default" {
		t.Fatalf("deals = %v, want one in the default pipeline", deals)
	}
	if got := r.prop(id, "lifecyclestage"); got != "opportunity" {
		t.Errorf("stage with an open deal = %q", got)
	}
	if err := r.account.Set(user(), contacts, id, map[string]string{"hs_lead_status": "BAD_TIMING"}); err != nil {
		t.Fatal(err)
	}
	r.settle()
	if err := r.account.Set(user(), contacts, id, map[string]string{"hs_lead_status": "UNQUALIFIED"}); err != nil {
		t.Fatal(err)
	}
	r.settle()
	if tasks = r.open(); len(tasks) != 0 {
		t.Errorf("open tasks of an unqualified lead: %v", tasks)
	}
}

func TestStory_pollingAloneIsComplete(t *testing.T) {
	r := newRig(t, rigOptions{webhooks: false})
	r.start()
	id := r.must(r.account.CreateContact(user(), decisionMaker("Weber")))
	r.must(r.account.LogCall(user(), id, simulator.Call{At: r.world(), Disposition: connected, Direction: "OUTBOUND"}))
	r.settle()
	if got := r.prop(id, "lifecyclestage"); got != "salesqualifiedlead" {
		t.Errorf("stage = %q, want salesqualifiedlead (S79)", got)
	}
	if got := r.prop(id, "hs_lead_status"); got != "IN_PROGRESS" {
		t.Errorf("status = %q, want IN_PROGRESS (S90)", got)
	}
}
