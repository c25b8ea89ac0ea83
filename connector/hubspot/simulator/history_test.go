package simulator_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector/hubspot/simulator"
)

// versions reads a property's history from an answer, as value sourceType sourceId.
func versions(t *testing.T, record map[string]any, property string) []string {
	t.Helper()
	all, ok := record["propertiesWithHistory"].(map[string]any)
	if !ok {
		t.Fatalf("no history in %v", record)
	}
	var out []string
	last := "9999"
	for _, v := range all[property].([]any) {
		m := v.(map[string]any)
		at := m["timestamp"].(string)
		if at > last {
			t.Errorf("%s: %s comes after %s: newest first", property, at, last)
		}
		last = at
		out = append(out, strings.TrimSpace(fmt.Sprint(m["value"], " ", m["sourceType"], " ", m["sourceId"])))
	}
	return out
}

func TestHistoryOfAProperty(t *testing.T) {
	w := newWorld(t)
	owner := w.CreateOwner("Jana Vogt", "jana@example.org", true)
	user := w.Owners()[0].UserID
	id := w.contact("hs_lead_status", "NEW")
	for _, step := range []struct {
		by     simulator.Actor
		status string
	}{{simulator.Actor{Kind: simulator.User, ID: user}, "OPEN"}, {other, "IN_PROGRESS"}, {rep, ""}} {
		w.now.add(time.Minute)
		must(t, w.Set(step.by, "contacts", id, map[string]string{"hs_lead_status": step.status, "hubspot_owner_id": owner}))
	}
	w.now.add(time.Minute)
	w.ask(200, "PATCH", contacts+"/"+id, `{"properties":{"hs_lead_status":"CONNECTED"}}`)
	want := []string{"CONNECTED INTEGRATION 4100001", "  CRM_UI userId:7", "IN_PROGRESS INTEGRATION 99", "OPEN CRM_UI userId:" + user, "NEW CRM_UI userId:7"}
	for i := range want {
		want[i] = strings.TrimSpace(want[i])
	}
	reads := map[string]map[string]any{
		"one":   w.ask(200, "GET", contacts+"/"+id+"?propertiesWithHistory=hs_lead_status", "").body,
		"list":  w.ask(200, "GET", contacts+"?limit=50&propertiesWithHistory=hs_lead_status", "").list("results")[0],
		"batch": w.ask(200, "POST", contacts+"/batch/read", `{"propertiesWithHistory":["hs_lead_status"],`+inputs(`{"id":"` + id + `"}`)[1:]).list("results")[0],
	}
	for name, r := range reads {
		if d := cmp.Diff(want, versions(t, r, "hs_lead_status")); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
	raw := w.ask(200, "GET", contacts+"/"+id+"?propertiesWithHistory=hs_lead_status", "").raw
	if !strings.Contains(raw, `"sourceLabel":"Jana Vogt","updatedByUserId":`+user) || !strings.Contains(raw, `"sourceLabel":"App 99"`) {
		t.Errorf("who it was: %s", raw)
	}
}

func TestHistoryBounds(t *testing.T) {
	w := newWorld(t)
	id := w.contact("email", "ada@example.org")
	many := make([]string, 101)
	for i := range many {
		many[i] = fmt.Sprintf(`{"id":"%d"}`, i+1)
	}
	r := w.ask(400, "POST", contacts+"/batch/read", `{"propertiesWithHistory":["email"],`+inputs(many[:51]...)[1:])
	if want := "The maximum number of inputs supported in a batch request for property histories is 50. Please reduce the number of items and try again"; r.body["message"] != want {
		t.Errorf("%s", r.raw)
	}
	w.ask(207, "POST", contacts+"/batch/read", inputs(many[:100]...))
	w.ask(400, "POST", contacts+"/batch/read", inputs(many...))
	w.ask(400, "GET", contacts+"?limit=51&propertiesWithHistory=email", "")
	w.ask(200, "GET", contacts+"?limit=50&propertiesWithHistory=email", "")

	// Twenty versions are kept of each property, the newest; the stage's are not pushed out by page views.
	must(t, w.Set(rep, "contacts", id, map[string]string{"lifecyclestage": "lead"}))
	for n := range 500 {
		w.now.add(time.Minute)
		must(t, w.ViewPages(id, 1, time.Time{}))
		must(t, w.Set(rep, "contacts", id, map[string]string{"jobtitle": fmt.Sprint("title ", n)}))
	}
	one := w.ask(200, "GET", contacts+"/"+id+"?propertiesWithHistory=jobtitle,lifecyclestage,hs_analytics_num_page_views,no_such_name", "").body
	titles, views := versions(t, one, "jobtitle"), versions(t, one, "hs_analytics_num_page_views")
	if len(titles) != 20 || titles[0] != "title 499 CRM_UI userId:7" || titles[19] != "title 480 CRM_UI userId:7" {
		t.Errorf("titles: %q", titles)
	}
	if len(views) != 20 || !strings.HasPrefix(views[0], "500 CALCULATED") {
		t.Errorf("a roll-up has versions too: %q", views)
	}
	if got := versions(t, one, "lifecyclestage"); !slices.Equal(got, []string{"lead CRM_UI userId:7"}) {
		t.Errorf("stage: %q", got)
	}
	if _, there := one["propertiesWithHistory"].(map[string]any)["no_such_name"]; there {
		t.Error("an unknown name has no history")
	}
}

func TestHistoryOfLoadedAndMergedRecords(t *testing.T) {
	w := newWorld(t)
	var loaded string
	must(t, w.Load(func(add func(string, map[string]string, ...simulator.Link) string) {
		loaded = add("contacts", map[string]string{"hs_lead_status": "OPEN", "jobtitle": "CTO", "createdate": "2026-05-01T08:00:00Z"})
	}))
	must(t, w.Set(rep, "contacts", loaded, map[string]string{"hs_lead_status": "CONNECTED"}))
	read := func(id string) map[string]any {
		return w.ask(200, "GET", contacts+"/"+id+"?propertiesWithHistory=hs_lead_status,jobtitle,city", "").body
	}
	if got := versions(t, read(loaded), "hs_lead_status"); !slices.Equal(got, []string{"CONNECTED CRM_UI userId:7", "OPEN IMPORT <nil>"}) {
		t.Errorf("changed after the load: %q", got)
	}
	if got := versions(t, read(loaded), "jobtitle"); !slices.Equal(got, []string{"CTO IMPORT <nil>"}) {
		t.Errorf("only loaded: %q", got)
	}
	loser := w.contact("jobtitle", "CEO", "city", "Ulm")
	id, err := w.Merge(rep, "contacts", loaded, loser)
	must(t, err)
	if got := read(id); len(versions(t, got, "hs_lead_status")) != 2 || !slices.Equal(versions(t, got, "city"), []string{"Ulm CRM_UI userId:7"}) ||
		!slices.Equal(versions(t, got, "jobtitle"), []string{"CTO IMPORT <nil>"}) {
		t.Errorf("survivor: %v", got["propertiesWithHistory"])
	}
}
