package simulator_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector/hubspot/simulator"
)

const (
	forms       = "/marketing/v3/forms"
	submissions = "/form-integrations/v1/submissions/forms/"
	events      = "/events/event-occurrences/2026-09"
	flows       = "/automation/v4/flows"
)

func TestFormSubmissions(t *testing.T) {
	w := newWorld(t)
	guid, err := w.AddForm(simulator.Form{Name: "Demo", Fields: []string{"email", "company"}})
	must(t, err)
	a := w.contact("email", "a@example.org", "company", "Example Works")
	b := w.contact("email", "b@example.org")
	start := w.now.now()
	for i, id := range []string{a, b, a} {
		must(t, w.SubmitForm(id, "Demo", start.Add(time.Duration(i)*time.Hour)))
	}
	must(t, w.SubmitForm(b, "Newsletter", start)) // comes into being by itself
	page := w.ask(200, "GET", submissions+guid+"?limit=2", "")
	after, _ := at(page.body, "paging.next.after")
	rest := w.ask(200, "GET", submissions+guid+"?limit=2&after="+after.(string), "")
	var times []float64
	for _, r := range [][]map[string]any{page.list("results"), rest.list("results")} {
		for _, s := range r {
			times = append(times, s["submittedAt"].(float64))
		}
	}
	h := float64(start.UnixMilli())
	if diff := cmp.Diff([]float64{h + 7_200_000, h + 3_600_000, h}, times); diff != "" {
		t.Errorf("newest first (-want +got):\n%s", diff)
	}
	values, _ := at(page.body, "results.0.values")
	want := []any{
		map[string]any{"name": "email", "value": "a@example.org", "objectTypeId": "0-1"},
		map[string]any{"name": "company", "value": "Example Works", "objectTypeId": "0-1"},
	}
	if diff := cmp.Diff(want, values); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
	if rest.body["paging"] != nil || page.list("results")[0]["conversionId"] == page.list("results")[1]["conversionId"] {
		t.Errorf("pages: %s then %s", page.raw, rest.raw)
	}
	must(t, w.PrivacyDelete(rep, simulator.Contacts, a))
	if got := w.ask(200, "GET", submissions+guid, "").list("results"); len(got) != 1 {
		t.Errorf("%d submissions are left after one person was erased, want 1", len(got))
	}
	if w.prop("contacts", b, "num_conversion_events") != "2" {
		t.Error("the roll-up does not count submissions")
	}
}

func TestFormList(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"A", "B", "C"} {
		_, err := w.AddForm(simulator.Form{Name: name})
		must(t, err)
	}
	_, err := w.AddForm(simulator.Form{Name: "Old", Archived: true})
	must(t, err)
	var names []string
	path := forms + "?limit=2"
	for path != "" {
		got := w.ask(200, "GET", path, "")
		for _, f := range got.list("results") {
			names = append(names, f["name"].(string))
			w.ask(200, "GET", forms+"/"+f["id"].(string), "")
		}
		path = ""
		if after, ok := at(got.body, "paging.next.after"); ok {
			path = forms + "/?limit=2&after=" + after.(string)
		}
	}
	slices.Sort(names)
	if diff := cmp.Diff([]string{"A", "B", "C"}, names); diff != "" {
		t.Errorf("forms (-want +got):\n%s", diff)
	}
	if got := w.ask(200, "GET", forms+"?archived=true", "").list("results"); len(got) != 1 || got[0]["name"] != "Old" {
		t.Errorf("archived: %v", got)
	}
	for path, want := range map[string]int{
		forms + "?limit=501": 400, forms + "/nope": 404, submissions + "nope": 404, submissions + w.Forms()[0].ID + "?limit=51": 400,
		submissions + w.Forms()[0].ID + "?after=x": 400,
	} {
		w.ask(want, "GET", path, "")
	}
	w.ask(405, "POST", forms, "{}")
	w.DenyScope("forms")
	w.ask(403, "GET", forms, "")
	w.ask(403, "GET", submissions+w.Forms()[0].ID, "")
	if _, err := w.AddForm(simulator.Form{Name: "A"}); !errors.Is(err, simulator.ErrConflict) {
		t.Errorf("taken name: %v", err)
	}
	for _, f := range []simulator.Form{{}, {Name: "X", Fields: []string{"nope"}}} {
		if _, err := w.AddForm(f); !errors.Is(err, simulator.ErrInvalid) {
			t.Errorf("%v: %v", f, err)
		}
	}
}

func TestEventOccurrences(t *testing.T) {
	w := newWorld(t, func(o *simulator.Options) { o.Enterprise = true })
	a, b := w.contact("email", "a@example.org"), w.contact("email", "b@example.org")
	noon := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	must(t, w.ViewPage(a, 3, noon, "https://www.example.com/pricing"))
	must(t, w.ViewPage(b, 1, noon, "https://www.example.com/other"))
	must(t, w.SubmitForm(a, "Demo", noon.Add(time.Minute)))
	of := events + "?objectType=contact&objectId=" + a
	all := w.ask(200, "GET", of, "").list("results")
	if len(all) != 4 || all[0]["occurredAt"] != "2026-11-01T11:59:58.000Z" || all[3]["eventType"] != simulator.EventFormSubmitted || all[0]["objectId"] != a {
		t.Errorf("all: %v", all)
	}
	if v, _ := at(all[0], "properties.hs_url"); v != "https://www.example.com/pricing" {
		t.Errorf("page = %v", v)
	}
	for query, want := range map[string]int{
		"&eventType=e_visited_page": 3, "&eventType=e_submitted_form": 1, "&occurredAfter=2026-11-01T11:59:59Z": 2,
		"&occurredBefore=2026-11-01T11:59:59Z": 1, "&occurredAfter=2026-11-01T11:59:58Z&occurredBefore=2026-11-01T12:00:00Z": 1, "&limit=3": 3, "&limit=3&after=3": 1,
	} {
		if got := w.ask(200, "GET", of+query, "").list("results"); len(got) != want {
			t.Errorf("%s: %d occurrences, want %d", query, len(got), want)
		}
	}
	if got := w.ask(200, "GET", of+"&sort=-occurredAt", "").list("results"); got[0]["eventType"] != simulator.EventFormSubmitted {
		t.Errorf("newest first: %v", got)
	}
	if v, _ := at(w.ask(200, "GET", of+"&limit=3", "").body, "paging.next.after"); v != "3" {
		t.Errorf("after = %v", v)
	}
	types, _ := at(w.ask(200, "GET", events+"/event-types", "").body, "eventTypes")
	if diff := cmp.Diff([]any{simulator.EventFormSubmitted, simulator.EventPageVisited}, types); diff != "" {
		t.Errorf("types (-want +got):\n%s", diff)
	}
	for _, query := range []string{"", "?objectType=contact", "?objectType=deal&objectId=1"} {
		w.ask(400, "GET", events+query, "")
	}
	for _, query := range []string{"&eventType=nope", "&occurredAfter=yesterday", "&occurredBefore=1", "&sort=id", "&limit=1001", "&limit=x", "&after=x", "&after=-1"} {
		w.ask(400, "GET", of+query, "")
	}
	must(t, w.PrivacyDelete(rep, simulator.Contacts, a))
	if got := w.ask(200, "GET", of, "").list("results"); len(got) != 0 {
		t.Errorf("after erasure: %v", got)
	}
	w.ask(200, "GET", "/events/v3/events/?objectType=contact&objectId="+b, "")
}

func TestEventsNeedEnterprise(t *testing.T) {
	w := newWorld(t)
	id := w.contact()
	must(t, w.ViewPages(id, 2, time.Time{}))
	for _, path := range []string{events + "?objectType=contact&objectId=" + id, events + "/event-types"} {
		if got := w.ask(403, "GET", path, ""); got.body["category"] == "MISSING_SCOPES" {
			t.Errorf("%s blames the scopes: %s", path, got.raw)
		}
	}
}

func TestWorkflows(t *testing.T) {
	w := newWorld(t)
	old := w.contact("lifecyclestage", "marketingqualifiedlead")
	nurture, err := w.AddWorkflow(rep, simulator.Workflow{
		Name: "Nurture", Enabled: true, When: []simulator.ListCondition{{Property: "lifecyclestage", Operator: "IN", Values: []string{"marketingqualifiedlead"}}},
		Sets: map[string]string{"hs_lead_status": "OPEN", "jobtitle": "Nurtured"},
	})
	must(t, err)
	chained, err := w.AddWorkflow(rep, simulator.Workflow{Name: "Chained", Enabled: true, OnChange: []string{"hs_lead_status"}, Sets: map[string]string{"company": "Chained"}})
	must(t, err)
	off, err := w.AddWorkflow(rep, simulator.Workflow{Name: "Off", Type: "deal", OnChange: []string{"dealstage", "amount"}})
	must(t, err)
	id := w.contact("lifecyclestage", "lead")
	w.ask(200, "PATCH", contacts+"/"+id, `{"properties":{"lifecyclestage":"marketingqualifiedlead"}}`)
	for name, want := range map[string]string{"hs_lead_status": "OPEN", "jobtitle": "Nurtured", "company": "Chained"} {
		if got := w.prop("contacts", id, name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	if w.prop("contacts", old, "jobtitle") != "" || w.Enrolled(nurture) != 2 || w.Enrolled(chained) != 1 {
		t.Errorf("enrolled %d and %d, want 2 (one of them before) and 1", w.Enrolled(nurture), w.Enrolled(chained))
	}
	must(t, w.Set(rep, "contacts", id, map[string]string{"jobtitle": "Buyer", "hs_lead_status": "NEW"}))
	if w.prop("contacts", id, "jobtitle") != "Buyer" {
		t.Error("a record was enrolled twice")
	}
	deal, err := w.CreateDeal(rep, id, map[string]string{"dealname": "Pumps"})
	must(t, err)
	if must(t, w.MoveDeal(rep, deal, "contractsent")); w.Enrolled(off) != 0 {
		t.Error("a workflow that is off enrolled a deal")
	}
	must(t, w.SetWorkflowEnabled(rep, off, true))
	if must(t, w.MoveDeal(rep, deal, "closedwon")); w.Enrolled(off) != 1 {
		t.Error("a workflow that was switched on did not enrol a deal")
	}
	list := w.ask(200, "GET", flows+"?limit=2", "")
	after, _ := at(list.body, "paging.next.after")
	if len(list.list("results")) != 2 || after != off {
		t.Errorf("list: %s", list.raw)
	}
	if got := w.ask(200, "GET", flows+"?after="+off, "").list("results"); len(got) != 1 || got[0]["type"] != "PLATFORM_FLOW" || got[0]["objectTypeId"] != "0-3" || got[0]["revisionId"] != "2" {
		t.Errorf("second page: %v", got)
	}
	one := w.ask(200, "GET", flows+"/"+nurture, "")
	for path, want := range map[string]any{
		"type": "CONTACT_FLOW", "isEnabled": true, "flowType": "WORKFLOW", "startActionId": "1", "nextAvailableActionId": "3",
		"actions.0.actionTypeId": "0-5", "actions.0.fields.property_name": "hs_lead_status", "actions.0.fields.value.staticValue": "OPEN",
		"actions.0.connection.nextActionId": "2", "actions.1.fields.property_name": "jobtitle", "enrollmentCriteria.type": "LIST_BASED",
		"enrollmentCriteria.listFilterBranch.filterBranches.0.filters.0.property":           "lifecyclestage",
		"enrollmentCriteria.listFilterBranch.filterBranches.0.filters.0.operation.operator": "IS_ANY_OF",
		"enrollmentCriteria.listFilterBranch.filterBranches.0.filters.0.operation.values.0": "marketingqualifiedlead",
	} {
		if got, _ := at(one.body, path); got != want {
			t.Errorf("%s = %v, want %v", path, got, want)
		}
	}
	byEvent := w.ask(200, "GET", flows+"/"+off, "")
	if v, _ := at(byEvent.body, "enrollmentCriteria.eventFilterBranches.1.filters.0.operation.value"); v != "amount" {
		t.Errorf("by event: %s", byEvent.raw)
	}
}

func TestWorkflowsRefuse(t *testing.T) {
	w := newWorld(t)
	when := []simulator.ListCondition{{Property: "lifecyclestage", Operator: "EQ", Value: "lead"}}
	for name, flow := range map[string]simulator.Workflow{
		"no name":               {When: when},
		"no trigger":            {Name: "W"},
		"two triggers":          {Name: "W", When: when, OnChange: []string{"email"}},
		"unknown type":          {Name: "W", Type: "birds", When: when},
		"unknown property":      {Name: "W", OnChange: []string{"nope"}},
		"unknown condition":     {Name: "W", When: []simulator.ListCondition{{Property: "nope", Operator: "EQ", Value: "x"}}},
		"operator of search":    {Name: "W", When: []simulator.ListCondition{{Property: "email", Operator: "NOT_CONTAINS_TOKEN", Value: "x"}}},
		"sets an unknown value": {Name: "W", When: when, Sets: map[string]string{"lifecyclestage": "nope"}},
		"sets what is derived":  {Name: "W", When: when, Sets: map[string]string{"hs_object_id": "1"}},
	} {
		if _, err := w.AddWorkflow(rep, flow); !errors.Is(err, simulator.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := w.SetWorkflowEnabled(rep, "1", true); !errors.Is(err, simulator.ErrNotFound) {
		t.Errorf("unknown workflow: %v", err)
	}
	w.ask(404, "GET", flows+"/1", "")
	w.ask(400, "GET", flows+"?limit=101", "")
	w.ask(405, "POST", flows, "{}")
	w.DenyScope("automation")
	w.ask(403, "GET", flows, "")
}

func TestLimitsAndUninstall(t *testing.T) {
	w := newWorld(t)
	w.contact()
	archived := w.contact()
	must(t, w.Archive(rep, "contacts", archived))
	w.ask(201, "POST", contactProps, `{"groupName":"contactinformation","name":"points","label":"P","type":"number","fieldType":"number"}`)
	records := w.ask(200, "GET", "/crm/limits/2026-09/records", "")
	if v, _ := at(records.body, "hubspotDefinedObjectTypes.0"); v.(map[string]any)["usage"] != 1.0 || v.(map[string]any)["objectTypeId"] != "0-1" {
		t.Errorf("records: %s", records.raw)
	}
	props := w.ask(200, "GET", "/crm/limits/2026-03/custom-properties", "")
	if v, _ := at(props.body, "byObjectType.0.usage"); v != 1.0 || props.body["overallUsage"] != 1.0 {
		t.Errorf("properties: %s", props.raw)
	}
	w.ask(405, "GET", "/appinstalls/2026-09/external-install", "")
	access, _ := w.install("oauth crm.objects.contacts.read")
	w.wantStatus(w.send("GET", contacts, "", "", access), 200, "results")
	w.ask(204, "DELETE", "/appinstalls/2026-09/external-install", "")
	w.ask(401, "GET", contacts, "")
	w.wantStatus(w.send("GET", contacts, "", "", access), 401, "INVALID_AUTHENTICATION")
	if j := w.Journal(); j[len(j)-1].Op != simulator.OpUninstall {
		t.Errorf("journal ends with %v", j[len(j)-1])
	}
}
