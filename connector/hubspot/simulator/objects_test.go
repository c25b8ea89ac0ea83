package simulator_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector/hubspot/simulator"
)

func TestReadOneShowsDefaultsNullsAndHeaders(t *testing.T) {
	w := newWorld(t, func(o *simulator.Options) { o.RateLimits = simulator.ProfessionalLimits() })
	id := w.contact("email", "Ada@Example.org", "firstname", "Ada")
	r := w.ask(200, "GET", contacts+"/"+id, "")
	want := `{"id":"` + id + `","properties":{"createdate":"2026-11-02T09:00:00.000Z","email":"ada@example.org","firstname":"Ada",` +
		`"hs_object_id":"` + id + `","lastmodifieddate":"2026-11-02T09:00:00.000Z","lastname":null},` +
		`"createdAt":"2026-11-02T09:00:00.000Z","updatedAt":"2026-11-02T09:00:00.000Z","archived":false}`
	if r.raw != want {
		t.Errorf("got  %s\nwant %s", r.raw, want)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/json;charset=utf-8", "Date": "Mon, 02 Nov 2026 09:00:00 GMT",
		"X-Simulator-World-Time": "2026-11-02T09:00:00Z", "X-Hubspot-Ratelimit-Max": "190", "X-Hubspot-Ratelimit-Remaining": "189",
		"X-Hubspot-Ratelimit-Interval-Milliseconds": "10000", "X-Hubspot-Ratelimit-Daily": "625000", "X-Hubspot-Ratelimit-Daily-Remaining": "624999",
	} {
		if got := r.header.Get(name); got != want {
			t.Errorf("header %s = %q, want %q", name, got, want)
		}
	}
	named := w.ask(200, "GET", contacts+"/ada@example.org?idProperty=email&properties=jobtitle,no_such_name", "")
	props := named.body["properties"].(map[string]any)
	if v, there := props["jobtitle"]; !there || v != nil || props["email"] != nil || len(props) != 4 {
		t.Errorf("named properties: %v", props)
	}
}

func TestUnknownRecordIsAPage(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{contacts + "/1", contacts + "/nobody@example.org?idProperty=email", "/crm/objects/2025-03/contacts/1", "/nothing"} {
		r := w.ask(404, "GET", path, "")
		if !strings.Contains(r.raw, "Resource not found") || r.header.Get("X-Hubspot-Notfound") != "true" {
			t.Errorf("%s: %s %v", path, r.raw, r.header)
		}
	}
	if r := w.ask(404, "PATCH", contacts+"/1", `{"properties":{"firstname":"x"}}`); r.body["category"] != "OBJECT_NOT_FOUND" {
		t.Errorf("patch: %s", r.raw)
	}
}

func TestCreateByAPI(t *testing.T) {
	w := newWorld(t)
	r := w.ask(201, "POST", contacts, `{"properties":{"email":"new@example.org","lastname":"Neu","numemployees":"5-25"}}`)
	p := r.body["properties"].(map[string]any)
	for name, want := range map[string]string{
		"lifecyclestage": "lead", "hs_email_domain": "example.org", "hs_object_source": "INTEGRATION",
		"hs_lifecyclestage_lead_date": "2026-11-02T09:00:00.000Z",
	} {
		if p[name] != want {
			t.Errorf("%s = %v, want %s", name, p[name], want)
		}
	}
	if got := w.prop("contacts", r.body["id"].(string), "hs_v2_date_entered_lead"); got != "2026-11-02T09:00:00.000Z" || p["hs_v2_date_entered_lead"] != nil {
		t.Errorf("entered the stage %q; the answer to the create does not know yet: %v", got, p["hs_v2_date_entered_lead"])
	}
	if !strings.HasSuffix(r.header.Get("Location"), "/contacts/"+r.body["id"].(string)) {
		t.Errorf("location %q", r.header.Get("Location"))
	}
	again := w.ask(409, "POST", contacts, `{"properties":{"email":"NEW@example.org"}}`)
	if want := "Contact already exists. Existing ID: " + r.body["id"].(string); again.body["message"] != want || again.body["category"] != "CONFLICT" {
		t.Errorf("conflict: %s", again.raw)
	}
	if id := w.contact("email", "by-hand@example.org"); w.prop("contacts", id, "lifecyclestage") != "" {
		t.Error("a contact made by a person got a stage by itself")
	}
}

func TestValuesAreChecked(t *testing.T) {
	w := newWorld(t)
	id := w.contact("email", "ada@example.org")
	for name, c := range map[string]struct{ prop, value, code string }{
		"unknown":      {"no_such", "1", "PROPERTY_DOESNT_EXIST"},
		"read only":    {"num_conversion_events", "3", "READ_ONLY_VALUE"},
		"id":           {"hs_object_id", "3", "READ_ONLY_VALUE"},
		"option":       {"hs_lead_status", "ANGRY", "INVALID_OPTION"},
		"option case":  {"hs_lead_status", "new", "INVALID_OPTION"},
		"number":       {"followercount", "many", "INVALID_LONG"},
		"not a number": {"followercount", "NaN", "INVALID_LONG"},
		"date":         {"closedate", "tomorrow", "INVALID_DATE"},
		"bool":         {"hs_facebook_ad_clicked", "yes", "INVALID_OPTION"},
		"owner":        {"hubspot_owner_id", "12", "INVALID_OPTION"},
		"email":        {"email", "nobody", "INVALID_EMAIL"},
	} {
		t.Run(name, func(t *testing.T) {
			r := w.ask(400, "PATCH", contacts+"/"+id, fmt.Sprintf(`{"properties":{%q:%q}}`, c.prop, c.value))
			msg := r.body["message"].(string)
			if !strings.HasPrefix(msg, `Property values were not valid: [{"isValid":false,`) || !strings.Contains(msg, `"error":"`+c.code+`","name":"`+c.prop+`"`) {
				t.Errorf("message %s", msg)
			}
		})
	}
	owner := w.CreateOwner("Olga Ost", "olga@example.org", true)
	w.ask(200, "PATCH", contacts+"/"+id, `{"properties":{"hubspot_owner_id":"`+owner+`","followercount":12.5,"closedate":1793577600000,"hs_facebook_ad_clicked":true,"jobtitle":null}}`)
	o, _ := w.Object("contacts", id)
	if o.Properties["followercount"] != "12.5" || o.Properties["closedate"] != "2026-11-02T00:00:00.000Z" || o.Properties["hubspot_owner_assigneddate"] == "" {
		t.Errorf("stored %v", o.Properties)
	}
}

func TestStageMovesForwardOnly(t *testing.T) {
	w := newWorld(t)
	must(t, w.AddStage("153180554", "Sales Accepted", "salesqualifiedlead"))
	id := w.contact("email", "ada@example.org", "lifecyclestage", "salesqualifiedlead")
	stage := func(value string) string {
		t.Helper()
		w.ask(200, "PATCH", contacts+"/"+id, `{"properties":{"lifecyclestage":"`+value+`"}}`)
		return w.prop("contacts", id, "lifecyclestage")
	}
	if got := stage("lead"); got != "salesqualifiedlead" {
		t.Errorf("moved back to %s by API", got)
	}
	if got := stage("153180554"); got != "153180554" {
		t.Errorf("custom stage: %s", got)
	}
	if got := stage("salesqualifiedlead"); got != "153180554" {
		t.Errorf("moved back from the custom stage to %s", got)
	}
	if w.prop("contacts", id, "hs_v2_date_exited_salesqualifiedlead") == "" || w.prop("contacts", id, "hs_v2_date_entered_153180554") == "" {
		t.Error("stage dates are missing")
	}
	if got := stage(""); got != "" {
		t.Errorf("cleared: %s", got)
	}
	if got := stage("lead"); got != "lead" {
		t.Errorf("after clearing: %s", got)
	}
	must(t, w.Set(other, "contacts", id, map[string]string{"lifecyclestage": "subscriber"}))
	if got := w.prop("contacts", id, "lifecyclestage"); got != "lead" {
		t.Errorf("another integration moved back to %s", got)
	}
	must(t, w.Set(rep, "contacts", id, map[string]string{"lifecyclestage": "subscriber"}))
	if got := w.prop("contacts", id, "lifecyclestage"); got != "subscriber" {
		t.Errorf("a person cannot move back: %s", got)
	}
}

func TestDealsMoveTheStage(t *testing.T) {
	w := newWorld(t)
	id := w.contact("email", "ada@example.org", "lifecyclestage", "lead")
	r := w.ask(201, "POST", "/crm/objects/2026-09/deals", `{"properties":{"dealname":"Pumps","dealstage":"147110231","pipeline":"74230118","amount":"1200"},
		"associations":[{"to":{"id":"`+id+`"},"types":[{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":3}]}]}`)
	deal := r.body["id"].(string)
	if got := w.prop("contacts", id, "lifecyclestage"); got != "opportunity" {
		t.Errorf("after a deal: %s", got)
	}
	if w.prop("deals", deal, "hs_is_closed") != "false" || w.prop("contacts", id, "num_associated_deals") != "1" {
		t.Error("figures of the open deal")
	}
	must(t, w.WinDeal(rep, deal))
	if got := w.prop("contacts", id, "lifecyclestage"); got != "customer" {
		t.Errorf("after winning: %s", got)
	}
	if w.prop("deals", deal, "dealstage") != "147110233" || w.prop("deals", deal, "hs_is_closed_won") != "true" || w.prop("contacts", id, "total_revenue") != "1200" {
		t.Error("figures of the won deal")
	}
	evangelist := w.contact("lifecyclestage", "evangelist")
	_, err := w.CreateDeal(rep, evangelist, map[string]string{"dealname": "More"})
	must(t, err)
	if got := w.prop("contacts", evangelist, "lifecyclestage"); got != "evangelist" {
		t.Errorf("moved back to %s", got)
	}
}

func TestListPagesThroughEverything(t *testing.T) {
	w := newWorld(t)
	var want []string
	for i := range 25 {
		want = append(want, w.contact("email", fmt.Sprintf("c%d@example.org", i)))
	}
	must(t, w.Archive(rep, "contacts", want[3]))
	archived := want[3]
	want = slices.Delete(want, 3, 4)
	var got []string
	for after, pages := "", 0; ; pages++ {
		r := w.ask(200, "GET", contacts+"?limit=10&properties=email&after="+after, "")
		got = append(got, r.ids()...)
		next, ok := r.body["paging"].(map[string]any)
		if !ok {
			break
		}
		page := next["next"].(map[string]any)
		if !strings.Contains(page["link"].(string), "/crm/v3/") {
			t.Errorf("link %v should carry an old version", page["link"])
		}
		after = page["after"].(string)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if r := w.ask(200, "GET", contacts+"?archived=true", ""); !slices.Equal(r.ids(), []string{archived}) || r.list("results")[0]["archivedAt"] == nil {
		t.Errorf("archived: %s", r.raw)
	}
	for _, bad := range []string{"limit=101", "limit=0", "limit=x", "after=x"} {
		w.ask(400, "GET", contacts+"?"+bad, "")
	}
}

func TestMergeMakesANewRecord(t *testing.T) {
	w := newWorld(t)
	x, y := w.contact("email", "x@example.org", "firstname", "X"), w.contact("email", "y@example.org", "lastname", "Y")
	call, err := w.LogCall(rep, y, simulator.Call{Disposition: simulator.CallNoAnswer})
	must(t, err)
	id, err := w.Merge(rep, "contacts", x, y)
	must(t, err)
	for _, old := range []string{x, y} {
		if r := w.ask(200, "GET", contacts+"/"+old+"?properties=lastname,email,hs_merged_object_ids", ""); r.body["id"] != id {
			t.Errorf("old id %s gives %v, want %s", old, r.body["id"], id)
		} else if p := r.body["properties"].(map[string]any); p["lastname"] != "Y" || p["email"] != "x@example.org" || p["hs_merged_object_ids"] != x+";"+y {
			t.Errorf("merged %v", p)
		}
	}
	up := w.ask(200, "POST", contacts+"/batch/update", `{"inputs":[{"id":"`+x+`","properties":{"firstname":"Z"}}]}`)
	if len(up.ids()) != 0 || up.body["numErrors"] != nil {
		t.Errorf("update of a merged-away id should be silently absent: %s", up.raw)
	}
	if l := w.Associations("calls", call, "contacts"); len(l) != 1 || l[0].ID != id {
		t.Errorf("links of the call: %v", l)
	}
	if n := w.Count("contacts"); n != 1 {
		t.Errorf("%d live contacts", n)
	}
}

func TestTasks(t *testing.T) {
	w := newWorld(t)
	id := w.contact("email", "ada@example.org")
	r := w.ask(400, "POST", tasks, `{"properties":{"hs_task_subject":"Call"}}`)
	if r.body["message"] != "Error creating TASK. Some required properties were not set." || !strings.Contains(r.raw, `"context":{"properties":["hs_timestamp"]}`) {
		t.Errorf("missing due date: %s", r.raw)
	}
	w.ask(400, "POST", tasks, `{"properties":{"hs_timestamp":"2026-11-04T09:00:00Z","hs_task_reminders":"2026-11-04T09:00:00Z"}}`)
	body := `{"properties":{"hs_timestamp":"2026-11-04T09:00:00Z","hs_task_subject":"Call again","hs_task_type":"CALL","hs_task_reminders":"1793782800000"},
		"associations":[{"to":{"id":"` + id + `"},"types":[{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":%d}]}]}`
	w.ask(400, "POST", tasks, fmt.Sprintf(body, 203))
	task := w.ask(201, "POST", tasks, fmt.Sprintf(body, 204)).body["id"].(string)
	if got := w.prop("contacts", id, "notes_next_activity_date"); got != "2026-11-04T09:00:00.000Z" {
		t.Errorf("next activity %q", got)
	}
	if w.prop("contacts", id, "num_notes") != "" {
		t.Error("a task counts as an activity")
	}
	must(t, w.CompleteTask(rep, task))
	if w.prop("tasks", task, "hs_task_completion_date") == "" || w.prop("contacts", id, "notes_next_activity_date") != "" {
		t.Error("a done task leaves its due date behind")
	}
	must(t, w.DeleteTask(rep, task))
	if r := w.do("GET", tasks+"/"+task, ""); r.status != http.StatusNotFound {
		t.Errorf("deleted task: %d", r.status)
	}
}

func TestRollupsMoveTheModifiedTime(t *testing.T) {
	w := newWorld(t)
	id := w.contact("email", "ada@example.org")
	at := w.now.now().Add(-time.Hour)
	steps := map[string]func() error{
		"num_conversion_events":       func() error { return w.SubmitForm(id, "Pricing", at) },
		"hs_email_click":              func() error { return w.ClickMail(id, at) },
		"hs_email_open":               func() error { return w.OpenMail(id, at) },
		"hs_email_replied":            func() error { return w.ReplyMail(id, at) },
		"hs_email_delivered":          func() error { return w.SendMail(id, at) },
		"hs_analytics_num_page_views": func() error { return w.ViewPages(id, 1, at) },
		"num_contacted_notes":         func() error { _, err := w.LogCall(rep, id, simulator.Call{At: at}); return err },
	}
	for name, step := range steps {
		before, _ := w.Object("contacts", id)
		must(t, step())
		after, _ := w.Object("contacts", id)
		if after.Properties[name] != "1" || !after.UpdatedAt.After(before.UpdatedAt) {
			t.Errorf("%s = %q, modified %s then %s", name, after.Properties[name], before.UpdatedAt, after.UpdatedAt)
		}
	}
	for name, want := range map[string]string{
		"recent_conversion_event_name": "Pricing", "first_conversion_date": "2026-11-02T08:00:00.000Z",
		"hs_email_last_click_date": "2026-11-02T08:00:00.000Z", "notes_last_contacted": "2026-11-02T08:00:00.000Z", "hs_sa_first_engagement_object_type": "CALL",
		"hs_analytics_first_url": "https://www.example.com/pricing", "hs_email_first_open_date": "2026-11-02T08:00:00.000Z",
	} {
		if got := w.prop("contacts", id, name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
}
