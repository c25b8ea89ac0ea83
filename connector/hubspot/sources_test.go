package hubspot_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
)

const demoForm = "4a5b6c7d-0000-4000-8000-000000000001"

func TestForms(t *testing.T) {
	c, _ := documented(t, "forms")
	forms, err := c.Forms(t.Context())
	want := []connector.Form{
		{ID: demoForm, Name: "Request a demo"}, {ID: "4a5b6c7d-0000-4000-8000-000000000002", Name: "Old newsletter", Archived: true},
	}
	if diff := cmp.Diff(want, forms); diff != "" || err != nil {
		t.Errorf("forms %v (-want +got):\n%s", err, diff)
	}
	page, err := c.Submissions(t.Context(), demoForm, "")
	wantPage := connector.SubmissionPage{Next: "NTA=", Submissions: []connector.Submission{
		{ID: "c-2", At: time.UnixMilli(1793440800000).UTC(), Email: "ada@example.com", Page: "https://www.example.com/demo"},
		{At: time.UnixMilli(1793440700000).UTC()},
	}}
	if diff := cmp.Diff(wantPage, page); diff != "" || err != nil {
		t.Errorf("submissions %v (-want +got):\n%s", err, diff)
	}
	last, err := c.Submissions(t.Context(), demoForm, page.Next)
	if diff := cmp.Diff(connector.SubmissionPage{}, last); diff != "" || err != nil {
		t.Errorf("last page %v (-want +got):\n%s", err, diff)
	}
	if _, err := c.Submissions(t.Context(), "../../x", ""); !errors.Is(err, connector.ErrInvalid) {
		t.Errorf("odd form: %v", err)
	}
}

func TestOccurrences(t *testing.T) {
	c, _ := documented(t, "occurrences")
	since := at(t, "2026-11-01T01:00:00+01:00")
	page, err := c.Occurrences(t.Context(), "101", "e_visited_page", since, "")
	want := connector.OccurrencePage{Next: "b2YtMQ", Occurrences: []connector.Occurrence{
		{ID: "o-1", Type: "e_visited_page", At: at(t, "2026-11-02T09:30:00.123Z"), Page: "https://www.example.com/pricing"},
	}}
	if diff := cmp.Diff(want, page); diff != "" || err != nil {
		t.Errorf("occurrences %v (-want +got):\n%s", err, diff)
	}
	if _, err := c.Occurrences(t.Context(), "101", "e_visited_page", since, page.Next); !errors.Is(err, connector.ErrForbidden) {
		t.Errorf("account without the plan: %v", err)
	}
	if _, err := c.Occurrences(t.Context(), "", "e_visited_page", since, ""); !errors.Is(err, connector.ErrInvalid) {
		t.Errorf("no contact: %v", err)
	}
}

func TestDispositions(t *testing.T) {
	c, _ := documented(t, "dispositions")
	got, err := c.Dispositions(t.Context())
	want := []connector.Option{
		{Value: "f240bbac-87c9-4f6e-bf70-924b57d47db7", Label: "Connected"},
		{Value: "0f000000-0000-4000-8000-000000000001", Label: "Old outcome", Order: 1, Hidden: true},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("dispositions %v (-want +got):\n%s", err, diff)
	}
}

func TestSourcesThatStandStillEnd(t *testing.T) {
	answer := `{"results":[],"paging":{"next":{"after":"x"}},"lists":[],"hasMore":true,"offset":0}`
	c := newClient(t, quick(roundTrip(func(*http.Request) (*http.Response, error) { return answerWith(200, answer), nil })))
	_, forms := c.Forms(t.Context())
	_, submissions := c.Submissions(t.Context(), demoForm, "x")
	_, occurrences := c.Occurrences(t.Context(), "1", "e", time.Unix(1, 0), "x")
	_, flows := c.Automations(t.Context())
	_, lists := c.StaticLists(t.Context(), "")
	for name, err := range map[string]error{"forms": forms, "submissions": submissions, "occurrences": occurrences, "flows": flows, "lists": lists} {
		if !errors.Is(err, connector.ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	answer = `{"results":[{"id":"1"}]}`
	_, submissions = c.Submissions(t.Context(), demoForm, "")
	_, occurrences = c.Occurrences(t.Context(), "1", "e", time.Unix(1, 0), "")
	if submissions == nil || occurrences == nil {
		t.Errorf("what has no time was taken: %v, %v", submissions, occurrences)
	}
}

func TestAutomations(t *testing.T) {
	c, _ := documented(t, "automations")
	if _, err := c.Account(t.Context()); err != nil {
		t.Fatal(err)
	}
	got, err := c.Automations(t.Context())
	address := "https://app-eu1.hubspot.com/workflows/33/platform/flow/"
	want := []connector.Automation{
		{
			ID: "51", Name: "Nurture", Active: true, Type: connector.TypeContact, Address: address + "51/edit",
			Enrols: []string{"hs_lead_status", "lifecyclestage"}, Sets: []string{"hs_lead_status", "lifecyclestage"},
		},
		{
			ID: "52", Name: "Owner notice", Type: connector.TypeContact, Address: address + "52/edit",
			Enrols: []string{"country", "leadsync_score"}, Sets: []string{"hs_marketable_status", "hubspot_owner_id"},
		},
		{
			ID: "53", Name: "Something new", Active: true, Type: connector.TypeContact, Address: address + "53/edit",
			Unread: []string{"action 0-5 without the property it sets", "action 1-179507819", "action CUSTOM_CODE", "an action", "filter HOROSCOPE", "list 7"},
		},
		{ID: "54", Name: "Company sync", Active: true, Type: connector.TypeCompany, Address: address + "54/edit", Sets: []string{"industry"}},
		{ID: "55", Name: "Vanished", Active: true, Type: connector.TypeContact, Address: address + "55/edit", Unread: []string{"whether it is on", "its definition"}},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("automations %v (-want +got):\n%s", err, diff)
	}
}

func TestAutomationsRefused(t *testing.T) {
	c, _ := documented(t, "automations-refused")
	if got, err := c.Automations(t.Context()); !errors.Is(err, connector.ErrForbidden) || !strings.Contains(err.Error(), "automation") || got != nil {
		t.Errorf("%v, %v", got, err)
	}
}

// TestNoWorkflowIsLost: whatever the definition looks like, the workflow is reported, and what is not understood
// is named.
func TestNoWorkflowIsLost(t *testing.T) {
	const plain = `"actions":[]`
	manual := `"enrollmentCriteria":{"type":"MANUAL"}`
	list := func(branch string) string {
		return plain + `,"enrollmentCriteria":{"type":"LIST_BASED","listFilterBranch":` + branch + `}`
	}
	event := func(branch string) string {
		return plain + `,"enrollmentCriteria":{"type":"EVENT_BASED","eventFilterBranches":[` + branch + `]}`
	}
	for name, tt := range map[string]struct{ definition, unread string }{
		"understood":                  {plain + `,` + manual, ""},
		"no enrolment":                {plain, "enrolment"},
		"enrolment of another type":   {plain + `,"enrollmentCriteria":[]`, "enrolment"},
		"enrolment of unknown kind":   {plain + `,"enrollmentCriteria":{"type":"LUNAR"}`, "enrolment LUNAR"},
		"enrolment without a kind":    {plain + `,"enrollmentCriteria":{}`, "enrolment without a type"},
		"enrolment without filters":   {plain + `,"enrollmentCriteria":{"type":"LIST_BASED"}`, "enrolment LIST_BASED without filters"},
		"enrolment without events":    {plain + `,"enrollmentCriteria":{"type":"EVENT_BASED"}`, "enrolment EVENT_BASED without events"},
		"enrolment by a date":         {plain + `,` + manual + `,"eventAnchor":{"contactProperty":"x"}`, "enrolment by a date"},
		"branch of another shape":     {list(`7`), "a branch of filters"},
		"branch of unknown kind":      {list(`{"filterBranchType":"XOR","filters":[]}`), "branch XOR"},
		"filter of another shape":     {list(`{"filterBranchType":"OR","filters":["x"]}`), "a filter"},
		"filter without a property":   {list(`{"filterBranchType":"OR","filters":[{"filterType":"PROPERTY"}]}`), "filter PROPERTY without a name"},
		"deep filter of unknown kind": {list(`{"filterBranchType":"OR","filterBranches":[{"filterBranchType":"AND","filters":[{"filterType":"NEW"}]}]}`), "filter NEW"},
		"event of unknown kind":       {event(`{"filterBranchType":"UNIFIED_EVENTS","eventTypeId":"4-1"}`), "event 4-1"},
		"change of what":              {event(`{"filterBranchType":"UNIFIED_EVENTS","eventTypeId":"4-655002"}`), "change of a property that is not named"},
		"odd filter of a change":      {event(`{"filterBranchType":"UNIFIED_EVENTS","eventTypeId":"4-655002","filters":[3,{"filterType":"PROPERTY","property":"a"}]}`), "a filter of a property change"},
		"no actions":                  {manual, "its actions"},
		"action of unknown kind":      {manual + `,"actions":[{"type":"SINGLE_CONNECTION","actionTypeId":"0-999"}]`, "action 0-999"},
		"set without fields":          {manual + `,"actions":[{"type":"SINGLE_CONNECTION","actionTypeId":"0-5"}]`, "action 0-5"},
		"webhook":                     {manual + `,"actions":[{"type":"WEBHOOK"}]`, "action WEBHOOK"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, quick(roundTrip(func(r *http.Request) (*http.Response, error) {
				flow := `{"id":"9","name":"n","isEnabled":true,"objectTypeId":"0-1",` + tt.definition + `}`
				if r.Method == http.MethodPost {
					return answerWith(400, `{"category":"VALIDATION_ERROR"}`), nil // then one by one
				}
				if strings.HasSuffix(r.URL.Path, "/flows") {
					return answerWith(200, `{"results":[{"id":"9","name":"n","isEnabled":true,"objectTypeId":"0-1"},"not even an object"]}`), nil
				}
				return answerWith(200, flow), nil
			})))
			got, err := c.Automations(t.Context())
			if err != nil || len(got) != 2 || strings.Join(got[0].Unread, "; ") != tt.unread || !got[0].Active {
				t.Errorf("%+v, %v", got, err)
			}
			if len(got) == 2 && (len(got[1].Unread) == 0 || !got[1].Active) {
				t.Errorf("the odd one looks understood: %+v", got[1])
			}
		})
	}
}
