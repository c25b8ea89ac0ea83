package hubspot_test

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/connector/hubspot"
)

func TestAccount(t *testing.T) {
	c, _ := documented(t, "account")
	got, err := c.Account(t.Context())
	want := connector.Account{
		ID: "33", TimeZone: "Europe/Berlin", Currency: "EUR", RecordURL: "https://app-eu1.hubspot.com/contacts/33/record/0-1/%s",
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("account %v (-want +got):\n%s", err, diff)
	}
}

func TestListFollowsAfterOnly(t *testing.T) {
	c, _ := documented(t, "list")
	props := []string{"email", "jobtitle", "hs_email_last_open_date"}
	first, err := c.List(t.Context(), connector.TypeContact, "", props)
	if err != nil {
		t.Fatal(err)
	}
	want := connector.Page{Next: "102", Total: -1, Objects: []connector.Object{{
		Type: connector.TypeContact, ID: "101", CreatedAt: at(t, "2026-09-01T08:00:00Z"), UpdatedAt: at(t, "2026-11-02T09:30:00.123Z"),
		Properties: map[string]string{ // jobtitle is null: absent, as is what nobody asked for; the date-time's zone is gone
			"email": "ada@example.com", "hs_email_last_open_date": "2026-11-01T10:00:00.5Z",
		},
	}}}
	if diff := cmp.Diff(want, first); diff != "" {
		t.Errorf("first page (-want +got):\n%s", diff)
	}
	second, err := c.List(t.Context(), connector.TypeContact, first.Next, props)
	if err != nil || second.Next != "" || len(second.Objects) != 1 {
		t.Fatalf("second page %+v, %v", second, err)
	}
	if _, ok := second.Objects[0].Properties["jobtitle"]; ok {
		t.Error("an empty property is present")
	}
}

func TestChangedDocumented(t *testing.T) {
	c, _ := documented(t, "search")
	q := connector.ChangedQuery{Type: connector.TypeCall, Since: time.UnixMilli(1793440800000), Properties: []string{"hs_call_status"}}
	var ids []connector.ObjectID
	for range 3 { // pages
		page, err := c.Changed(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page.Objects {
			ids = append(ids, o.ID)
		}
		if q.Cursor = page.Next; q.Cursor == "" {
			break
		}
	}
	if diff := cmp.Diff([]connector.ObjectID{"5001", "5002"}, ids); diff != "" {
		t.Errorf("walked (-want +got):\n%s", diff)
	}
}

func TestRead(t *testing.T) {
	c, _ := documented(t, "read")
	got, err := c.Read(t.Context(), connector.TypeContact, []connector.ObjectID{"101", "404", "101", "150", "151"}, []string{"email"})
	if err != nil {
		t.Fatal(err)
	}
	found := map[connector.ObjectID]connector.ObjectID{}
	for asked, o := range got.Found {
		found[asked] = o.ID
	}
	if diff := cmp.Diff(map[connector.ObjectID]connector.ObjectID{"101": "101", "150": "190"}, found); diff != "" {
		t.Errorf("found (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]connector.ObjectID{"404", "151"}, got.Missing); diff != "" {
		t.Errorf("missing (-want +got):\n%s", diff)
	}
}

func TestCompaniesOfContacts(t *testing.T) {
	c, _ := documented(t, "companies")
	links, err := c.Links(t.Context(), connector.TypeContact, connector.TypeCompany, []connector.ObjectID{"101"})
	if err != nil || len(links) != 1 {
		t.Fatalf("links %v, %v", links, err)
	}
	got, err := c.Read(t.Context(), connector.TypeCompany, []connector.ObjectID{links[0].ToID}, []string{"industry", "numberofemployees"})
	if err != nil || got.Found["900"].Properties["numberofemployees"] != "120" || got.Found["900"].Type != connector.TypeCompany {
		t.Errorf("company %+v, %v", got, err)
	}
}

func TestLinks(t *testing.T) {
	c, _ := documented(t, "associations")
	got, err := c.Links(t.Context(), connector.TypeContact, connector.TypeCall, []connector.ObjectID{"101", "102", "103", "101"})
	if err != nil {
		t.Fatal(err)
	}
	var pairs []string
	for _, l := range got {
		if l.FromType != connector.TypeContact || l.ToType != connector.TypeCall {
			t.Errorf("kinds of %+v", l)
		}
		pairs = append(pairs, string(l.FromID+">"+l.ToID))
	}
	want := []string{"101>5001", "101>874716779721", "101>5003", "103>5009"}
	if diff := cmp.Diff(want, pairs); diff != "" {
		t.Errorf("links (-want +got):\n%s", diff)
	}
	err = c.AssertLinks(t.Context(), []connector.Link{
		{FromType: connector.TypeTask, FromID: "7001", ToType: connector.TypeContact, ToID: "101"},
		{FromType: connector.TypeTask, FromID: "7002", ToType: connector.TypeContact, ToID: "102"}, // unnamed, but there
		{FromType: connector.TypeTask, FromID: "7001", ToType: connector.TypeContact, ToID: "101"},
	})
	if err != nil {
		t.Error(err)
	}
}

func TestUpdate(t *testing.T) {
	c, _ := documented(t, "update")
	score := func(id connector.ObjectID, v string) connector.Update {
		return connector.Update{ID: id, Properties: map[string]string{"leadsync_score": v}}
	}
	got := c.Update(t.Context(), connector.TypeContact, []connector.Update{
		score("101", "82"), score("102", "many"), score("404", "3"), score("150", "4"), score("105", "5"),
		{ID: "106"},
		score("", "6"),
	})
	wants := []struct {
		id      connector.ObjectID
		kind    error
		message string
	}{
		{"101", nil, ""},
		{"102", connector.ErrInvalid, "leadsync_score INVALID_LONG"},
		{"404", connector.ErrNotFound, "Could not get some CONTACT"},
		{"150", connector.ErrNotFound, `merged into "190"`},
		{"105", connector.ErrAmbiguous, "left out"},
		{"106", connector.ErrInvalid, "needs the id"},
		{"", connector.ErrInvalid, "needs the id"},
	}
	for i, w := range wants {
		r := got[i]
		if r.ID != w.id || !errors.Is(r.Err, w.kind) || r.Err != nil && !strings.Contains(r.Err.Error(), w.message) {
			t.Errorf("result %d: %+v, want %v with %q", i, r, w.kind, w.message)
		}
	}
	if !got[0].UpdatedAt.Equal(at(t, "2026-11-02T10:00:00.321Z")) {
		t.Errorf("updated at %v", got[0].UpdatedAt)
	}
	if e := detail(t, got[1].Err); !slices.Equal(e.Properties, []string{"leadsync_score"}) || strings.Contains(e.Error(), "many") {
		t.Errorf("error %v with properties %v must name the property and not the value", e, e.Properties)
	}
}

func task(key string, contact connector.ObjectID) connector.Task {
	return connector.Task{
		Key: key, Kind: connector.TaskCall, Subject: "Call again", Contact: contact,
		DueAt: time.Date(2026, 11, 23, 10, 0, 0, 0, time.FixedZone("", 3600)),
	}
}

func TestCreateTasks(t *testing.T) {
	c, _ := documented(t, "create-tasks")
	full, orphan := task("k-1", "101"), task("k-3", "103")
	full.BodyHTML, full.Priority, full.OwnerID, full.Company = "Score 82", "high", "64492917", "900"
	orphan.OwnerID = "1"
	unfit := map[string]func(*connector.Task){
		"no key": func(k *connector.Task) { k.Key = "" }, "no due time": func(k *connector.Task) { k.DueAt = time.Time{} },
		"unknown kind": func(k *connector.Task) { k.Kind = "dance" }, "unknown priority": func(k *connector.Task) { k.Priority = "urgent" },
	}
	tasks := []connector.Task{full, task("k-2", "102"), orphan, task("k-4", "104")}
	for _, name := range slices.Sorted(maps.Keys(unfit)) {
		bad := task("k-"+name, "105")
		unfit[name](&bad)
		tasks = append(tasks, bad)
	}
	got := c.CreateTasks(t.Context(), tasks)
	kinds := []error{nil, connector.ErrConflict, connector.ErrInvalid, connector.ErrAmbiguous}
	for i, r := range got {
		kind := connector.ErrInvalid
		if i < len(kinds) {
			kind = kinds[i]
		}
		if r.Key != tasks[i].Key || !errors.Is(r.Err, kind) || (r.Err == nil) != (r.ID != "") {
			t.Errorf("result %d of %q: %+v, want %v", i, tasks[i].Key, r, kind)
		}
	}
	if got[0].ID != "7001" {
		t.Errorf("created %q", got[0].ID)
	}
	if text := got[1].Err.Error(); strings.Contains(text, "k-2") {
		t.Errorf("error %q shows a property value", text)
	}
}

func TestCreateDeals(t *testing.T) {
	c, _ := documented(t, "create-deals")
	deal := connector.Deal{
		Key: "d-1", Name: "Example Ltd", Pipeline: "default", Stage: "appointmentscheduled", Amount: "1200.50",
		CloseAt: time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC), OwnerID: "64492917", Contact: "101", Company: "900",
	}
	refused := c.CreateDeals(t.Context(), []connector.Deal{deal})[0]
	if e := detail(t, refused.Err); !errors.Is(e, connector.ErrInvalid) || !slices.Equal(e.Properties, []string{"deal_source"}) ||
		!strings.Contains(e.Message, "MISSING_REQUIRED_PROPERTY") {
		t.Errorf("refused with %+v", e)
	}
	deal.Extra = map[string]string{"deal_source": "leadsync", "dealname": "not this one"}
	nowhere := deal
	nowhere.Key, nowhere.Stage = "d-2", ""
	got := c.CreateDeals(t.Context(), []connector.Deal{deal, nowhere})
	if got[0].Err != nil || got[0].ID != "8001" || !errors.Is(got[1].Err, connector.ErrInvalid) {
		t.Errorf("created %+v", got)
	}
}

func TestKeys(t *testing.T) {
	c, p := documented(t, "keys")
	got, err := c.FindByKey(t.Context(), connector.TypeTask, refs("k-1", "k-2", "k-3", "k-4", ""))
	if err != nil {
		t.Fatal(err)
	}
	when := at(t, "2026-11-02T10:00:00Z")
	want := map[string]connector.KeyState{
		"k-1": {ID: "7001", Open: true, UpdatedAt: when},
		"k-2": {ID: "7002", UpdatedAt: when},
		"k-3": {ID: "7003", Archived: true, UpdatedAt: when},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tasks (-want +got):\n%s", diff)
	}
	deals, err := c.FindByKey(t.Context(), connector.TypeDeal, refs("d-1"))
	if diff := cmp.Diff(map[string]connector.KeyState{"d-1": {ID: "8001", UpdatedAt: when}}, deals); diff != "" || err != nil {
		t.Errorf("deals %v (-want +got):\n%s", err, diff)
	}
	if left := p.Unplayed(); len(left) != 1 {
		t.Fatalf("unplayed %v", left)
	}
	closer, _ := documented(t, "keys")
	results := closer.CloseTasks(t.Context(), closes("k-1", "k-2", "k-3", "k-4"))
	wantClosed := []connector.CloseResult{
		{Key: "k-1", Outcome: connector.CloseArchived},
		{Key: "k-2", Outcome: connector.CloseLeft},
		{Key: "k-3", Outcome: connector.CloseGone},
		{Key: "k-4", Outcome: connector.CloseGone},
	}
	if diff := cmp.Diff(wantClosed, results); diff != "" {
		t.Errorf("closed (-want +got):\n%s", diff)
	}
	if _, err := closer.FindByKey(t.Context(), connector.TypeDeal, refs("d-1")); err != nil {
		t.Error(err)
	}
	if res := c.CloseTasks(t.Context(), closes("k-9")); res[0].Err == nil || res[0].Outcome != "" {
		t.Errorf("a failed look closed %+v", res) // and would be a lie: nothing is recorded for k-9
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
		"https://api.hubapi.com/crm/objects/2026-09/tasks/batch/archive", strings.NewReader(`{"inputs":[{"id":"7001"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := p.RoundTrip(req) // FindByKey alone must not have archived
	if err != nil || resp.StatusCode != http.StatusNoContent {
		t.Errorf("archive was played already: %v", err)
	}
}

func TestOwners(t *testing.T) {
	c, _ := documented(t, "owners")
	got, err := c.Owners(t.Context())
	want := []connector.Owner{
		{ID: "64492917", Name: "Ada Example", Email: "ada@example.com", Active: true, Person: true},
		{ID: "64492918", Name: "Queue", Email: "queue@example.com", Active: true},
		{ID: "64492900", Name: "Bo Former", Email: "bo@example.com", Person: true},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("owners %v (-want +got):\n%s", err, diff)
	}
}

func TestProperties(t *testing.T) {
	c, _ := documented(t, "properties")
	got, err := c.Properties(t.Context(), connector.TypeContact)
	want := []connector.Property{
		{Name: "lifecyclestage", Label: "lifecyclestage", Type: "enumeration", Options: []connector.Option{
			{Value: "subscriber", Label: "Subscriber", Hidden: true},
			{Value: "lead", Label: "Lead", Order: 1},
			{Value: "153180554", Label: "Ours", Order: -1},
		}},
		{Name: "hs_object_id", Label: "hs object id", Type: "number", ReadOnly: true},
		{Name: "num_notes", Label: "num notes", Type: "number", ReadOnly: true},
		{Name: "leadsync_key", Label: "leadsync key", Type: "string", Unique: true},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("properties %v (-want +got):\n%s", err, diff)
	}
	score := hubspot.PropertySpec{Name: "leadsync_score", Label: "leadsync score", Type: "number"}
	key := hubspot.PropertySpec{Name: "leadsync_key", Label: "leadsync key", Type: "string", Unique: true}
	if err := c.CreateProperty(t.Context(), connector.TypeContact, score); err != nil {
		t.Errorf("new property: %v", err)
	}
	if err := c.CreateProperty(t.Context(), connector.TypeTask, key); err != nil {
		t.Errorf("property that exists: %v", err)
	}
	err = c.CreateProperty(t.Context(), connector.TypeDeal, key)
	if !errors.Is(err, connector.ErrInvalid) || !strings.Contains(err.Error(), "unique: false") {
		t.Errorf("property that is not unique: %v", err)
	}
	if err := c.CreateProperty(t.Context(), connector.TypeDeal, hubspot.PropertySpec{Name: "x", Type: "colour"}); !errors.Is(err, connector.ErrInvalid) {
		t.Errorf("unknown type: %v", err)
	}
}

func TestPipelines(t *testing.T) {
	c, _ := documented(t, "pipelines")
	got, err := c.Pipelines(t.Context())
	want := []connector.Pipeline{
		{ID: "default", Label: "Sales", Stages: []connector.PipelineStage{
			{ID: "appointmentscheduled", Label: "Appointment"}, {ID: "closedwon", Label: "Won", Won: true}, {ID: "closedlost", Label: "Lost", Lost: true},
		}},
		{ID: "7788", Label: "Renewals", Stages: []connector.PipelineStage{{ID: "99", Label: "Parked"}}},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("pipelines %v (-want +got):\n%s", err, diff)
	}
}

func TestErrors(t *testing.T) {
	_, p := documented(t, "errors")
	cfg := quick(p)
	cfg.Now = func() time.Time { return at(t, "2026-11-21T22:00:00Z") }
	c := newClient(t, cfg)
	steps := []struct {
		kind        error
		status      int
		message     string
		policy      string
		after       time.Duration
		correlation string
		properties  []string
	}{
		{kind: connector.ErrUnauthorized, status: 401, message: "credentials not found", correlation: "401"},
		{kind: connector.ErrForbidden, status: 403, message: "account-info.security.read, oauth", correlation: "403"},
		{kind: connector.ErrNotFound, status: 404},
		{kind: connector.ErrInvalid, status: 400, message: "lifecyclestage INVALID_OPTION", correlation: "400", properties: []string{"lifecyclestage"}},
		{kind: connector.ErrConflict, status: 409, message: "Existing ID: 123", correlation: "409"},
		{kind: connector.ErrThrottled, status: 429, policy: "DAILY", after: 2 * time.Hour, correlation: "429"},
		{kind: connector.ErrThrottled, status: 429, policy: "TEN_SECONDLY_ROLLING", after: 10 * time.Second, correlation: "431"},
		{kind: connector.ErrThrottled, status: 429, policy: "SECONDLY", after: time.Second, correlation: "432"},
		{kind: connector.ErrThrottled, status: 423, after: 2 * time.Second},
		{kind: connector.ErrThrottled, status: 477, after: 2 * time.Hour},
		{kind: connector.ErrUnavailable, status: 500},
		{kind: connector.ErrUnavailable, status: 200, message: "not the expected JSON"},
	}
	for _, s := range steps {
		_, err := c.Account(t.Context())
		e := detail(t, err)
		if !errors.Is(err, s.kind) || e.Status != s.status || e.Policy != s.policy || e.RetryAfter != s.after ||
			!strings.Contains(e.Message, s.message) || !strings.HasSuffix(e.CorrelationID, s.correlation) || !slices.Equal(e.Properties, s.properties) {
			t.Errorf("got %+v\nwant %+v", e, s)
		}
		for _, secret := range []string{token, "banana", "ada@", "<html>"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("error %q shows %q", err, secret)
			}
		}
	}
}
