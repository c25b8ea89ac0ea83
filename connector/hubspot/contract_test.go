package hubspot_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"leadsync/connector"
	"leadsync/connector/connectortest"
	"leadsync/connector/hubspot"
	"leadsync/connector/hubspot/simulator"
	"leadsync/fixtures/hubspot/contract"
)

// held is traffic that is held against the published descriptions.
type held struct {
	*contract.Contract
	http.RoundTripper
}

func newContract(tb testing.TB, next http.RoundTripper) held {
	tb.Helper()
	c, err := contract.New()
	if err != nil {
		tb.Fatal(err)
	}
	return held{c, c.Transport(next)}
}

func (w held) verify(tb testing.TB) {
	tb.Helper()
	for _, p := range w.Problems() {
		tb.Error(p)
	}
}

// TestContract runs the conformance suite and every other endpoint of the client with the contract between client
// and simulator.
func TestContract(t *testing.T) {
	seen := map[string]int{}
	connectortest.Run(t, func(t *testing.T) connectortest.Subject {
		t.Helper()
		var c held
		s := openSubjectThrough(t, func(next http.RoundTripper) http.RoundTripper {
			c = newContract(t, next)
			return c
		})
		t.Cleanup(func() {
			c.verify(t)
			maps.Copy(seen, c.Seen())
		})
		return s
	})
	for name, o := range map[string]simulator.Options{
		"the rest":          {Enterprise: true},
		"the rest, refused": {},
		"the rest, richer":  {Enterprise: true, RecordURLs: true, AsDescribed: true},
	} {
		t.Run(name, func(t *testing.T) {
			o.Seed, o.Token = 3, token
			sim := simulator.New(o)
			t.Cleanup(sim.Close)
			c := newContract(t, sim.Transport())
			exerciseRest(t, newClient(t, quick(c)), sim)
			c.verify(t)
			maps.Copy(seen, c.Seen())
		})
	}
	for _, op := range contract.Operations() {
		if seen[op] == 0 && !strings.Contains(op, "/oauth/") { // TestContractOAuth
			t.Errorf("nothing was said to %s", op)
		}
	}
}

// exerciseRest calls what the conformance suite does not.
func exerciseRest(t *testing.T, client *hubspot.Client, sim *simulator.Account) {
	t.Helper()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	for _, typ := range []string{"number", "string", "datetime", "date", "bool", "enumeration"} {
		spec := hubspot.PropertySpec{Name: "leadsync_" + typ, Label: typ, Type: typ}
		if typ == "enumeration" {
			spec.Options = []connector.Option{{Value: "A", Label: "A", Order: 0}, {Value: "B", Label: "B", Order: 1}}
		}
		must(client.CreateProperty(ctx, connector.TypeContact, spec))
	}
	must(client.CreateProperty(ctx, connector.TypeContact, hubspot.PropertySpec{Name: "leadsync_score", Label: "Score", Type: "number"}))
	must(client.CreateProperty(ctx, connector.TypeContact, hubspot.PropertySpec{Name: "leadsync_score", Label: "Score", Type: "number"}))
	list, err := client.CreateList(ctx, "Newsletter")
	must(err)
	_, err = client.CreateList(ctx, "Newsletter") // there already: found by name
	must(err)
	_, err = client.StaticList(ctx, list.ID)
	must(err)
	_, err = client.StaticLists(ctx, "News")
	must(err)
	contact, err := sim.CreateContact(simulator.Actor{Kind: simulator.User, ID: "7"}, map[string]string{"email": "a@example.com"})
	must(err)
	must(sim.ViewPage(contact, 2, time.Now(), "https://example.com/pricing"))
	// Dates are normalised, with warnings (1.2); what cannot be written is an error inside the answer.
	for _, r := range client.Update(ctx, connector.TypeContact, []connector.Update{
		{ID: connector.ObjectID(contact), Properties: map[string]string{"leadsync_date": "1793577600000", "leadsync_datetime": "1793577600000"}},
	}) {
		must(r.Err)
	}
	_ = client.Update(ctx, connector.TypeContact, []connector.Update{
		{ID: connector.ObjectID(contact), Properties: map[string]string{"leadsync_number": "many"}},
		{ID: "999999999", Properties: map[string]string{"city": "Kiel"}},
	})
	_, err = client.Usage(ctx)
	must(err)
	_, _ = client.Occurrences(ctx, connector.ObjectID(contact), "e_visited_page", time.Now().Add(-time.Hour), "") // refused without Enterprise
	for _, probe := range client.ProbeScopes(ctx, []connector.ObjectType{connector.TypeEmail, connector.TypeNote, connector.TypeCommunication}) {
		must(probe.Err)
	}
}

// openSubjectThrough is openSubject with a transport in between.
func openSubjectThrough(t *testing.T, between func(http.RoundTripper) http.RoundTripper) connectortest.Subject {
	t.Helper()
	sim := newSubjectAccount(t)
	return subjectOf(t, sim, between(sim.Transport()))
}

// TestContractErrors has every error of the simulator as its answer: each status, each refusal of a value, each fault
// that answers JSON.
func TestContractErrors(t *testing.T) {
	o := simulator.Options{Seed: 3, Token: token}
	sim := simulator.New(o)
	t.Cleanup(sim.Close)
	id, err := sim.CreateContact(rep, map[string]string{"email": "ada@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	c := newContract(t, sim.Transport())
	ask := func(t *testing.T, bearer, method, path, body string) (int, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, "https://api.example.com"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+bearer)
		if body != "" {
			req.Header.Set("Content-Type", "application/json")
		}
		resp, err := c.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(b)
	}
	const objects = "/crm/objects/2026-09/contacts"
	update := func(props string) string {
		return `{"inputs":[{"id":"` + id + `","properties":` + props + `}]}`
	}
	search := func(filters, sorts, after string) string {
		return `{"filterGroups":[{"filters":[` + filters + `]}],"sorts":[` + sorts + `],"properties":[],"limit":10,"after":"` + after + `"}`
	}
	for name, tc := range map[string]struct {
		method, path, body string
		status             int
	}{
		"unknown property":   {"POST", objects + "/batch/update", update(`{"colour":"red"}`), 400},
		"read-only property": {"POST", objects + "/batch/update", update(`{"createdate":"2026-11-02"}`), 400},
		"unknown option":     {"POST", objects + "/batch/update", update(`{"lifecyclestage":"gold"}`), 400},
		"bad email":          {"POST", objects + "/batch/update", update(`{"email":"nobody"}`), 400},
		"bad number":         {"POST", objects + "/batch/update", update(`{"num_employees_none":"a"}`), 400},
		"id property":        {"POST", objects + "/batch/read", `{"inputs":[{"id":"1"}],"properties":[],"propertiesWithHistory":[],"idProperty":"city"}`, 400},
		"twice in a batch":   {"POST", objects + "/batch/update", `{"inputs":[{"id":"1","properties":{}},{"id":"1","properties":{}}]}`, 400},
		"too many":           {"POST", objects + "/batch/archive", `{"inputs":[` + strings.Repeat(`{"id":"1"},`, 100) + `{"id":"1"}]}`, 400},
		"email taken": {
			"POST", objects + "/batch/create", `{"inputs":[{"properties":{"email":"ada@example.com"},"associations":[]}]}`, 409,
		},
		"unknown association type": {
			"POST", objects + "/batch/create",
			`{"inputs":[{"properties":{"email":"bo@example.com"},"associations":[{"to":{"id":"1"},"types":[{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":99999}]}]}]}`, 400,
		},
		"search for nothing there":  {"POST", objects + "/search", search(`{"propertyName":"colour","operator":"EQ","value":"red"}`, "", "0"), 400},
		"search beyond 10,000":      {"POST", objects + "/search", search(`{"propertyName":"city","operator":"HAS_PROPERTY"}`, "", "10000"), 400},
		"search with a bad range":   {"POST", objects + "/search", search(`{"propertyName":"createdate","operator":"BETWEEN","value":"1"}`, "", "0"), 400},
		"limit of a list":           {"GET", objects + "?limit=101", "", 400},
		"cursor of a list":          {"GET", objects + "?after=x", "", 400},
		"property there":            {"POST", "/crm/properties/2026-09/contacts", `{"name":"city","label":"c","type":"string","fieldType":"text","groupName":"contactinformation"}`, 409},
		"property without group":    {"POST", "/crm/properties/2026-09/contacts", `{"name":"x1","label":"c","type":"string","fieldType":"text","groupName":"nothing"}`, 400},
		"group there":               {"POST", "/crm/properties/2026-09/contacts/groups", `{"name":"contactinformation","label":"c"}`, 409},
		"no such property":          {"GET", "/crm/properties/2026-09/contacts/colour", "", 404},
		"no such list":              {"GET", "/crm/lists/2026-09/999999", "", 404},
		"no such list by name":      {"GET", "/crm/lists/2026-09/object-type-id/0-1/name/nothing", "", 404},
		"members that are no ids":   {"PUT", "/crm/lists/2026-09/999999/memberships/add", `["x"]`, 404},
		"list of nothing":           {"POST", "/crm/lists/2026-09", `{"name":"n","objectTypeId":"9-9","processingType":"MANUAL"}`, 400},
		"no Enterprise":             {"GET", "/events/event-occurrences/2026-09?objectType=contact&objectId=" + id, "", 403},
		"no such record":            {"GET", objects + "/999999", "", 404},
		"unknown object type":       {"GET", "/crm/objects/2026-09/colours", "", 400},
		"unknown submissions":       {"GET", "/form-integrations/v1/submissions/forms/nothing", "", 404},
		"unknown workflow":          {"GET", "/automation/v4/flows/1", "", 404},
		"association of wrong type": {"POST", "/crm/associations/2026-09/contacts/colours/batch/read", `{"inputs":[{"id":"1"}]}`, 400},
	} {
		t.Run(name, func(t *testing.T) {
			if status, body := ask(t, token, tc.method, tc.path, tc.body); status != tc.status {
				t.Errorf("status %d, want %d: %s", status, tc.status, body)
			}
		})
	}
	t.Run("wrong token", func(t *testing.T) {
		if status, body := ask(t, "wrong", "GET", objects, ""); status != 401 {
			t.Errorf("status %d: %s", status, body)
		}
	})
	t.Run("scopes", func(t *testing.T) {
		for path, scope := range map[string]string{
			objects: "crm.objects.contacts.read", "/crm/owners/2026-09": "crm.objects.owners.read", "/marketing/v3/forms": "forms",
			"/crm/properties/2026-09/contacts": "crm.schemas.contacts.read", "/crm/lists/2026-09/1": "crm.lists.read",
		} {
			sim.DenyScope(scope)
			defer sim.AllowScope(scope)
			if status, body := ask(t, token, "GET", path, ""); status != 403 || !strings.Contains(body, "requiredGranularScopes") {
				t.Errorf("%s: status %d: %s", path, status, body)
			}
		}
	})
	for _, kind := range simulator.FaultKinds() {
		if slices.Contains([]simulator.FaultKind{
			simulator.FaultHTMLOK, simulator.FaultEmpty, simulator.FaultAppliedEmpty, simulator.FaultAppliedHalf, simulator.FaultNumbers, // not the API's answers
			simulator.FaultReset, simulator.FaultAppliedReset, simulator.FaultSlow, simulator.FaultLate, simulator.FaultOmit, // no answer, or a good one
		}, kind) || strings.HasPrefix(string(kind), "webhook-") {
			continue
		}
		t.Run("fault "+string(kind), func(t *testing.T) {
			sim.Faults().Add(simulator.Fault{Kind: kind, Count: 1})
			defer sim.RestoreToken()
			if status, body := ask(t, token, "GET", objects, ""); status < 400 {
				t.Errorf("status %d: %s", status, body)
			}
		})
	}
	c.verify(t)
	for _, status := range []string{"400", "401", "403", "404", "409", "423", "429", "477", "500", "502", "503", "504", "521", "526"} {
		if c.Seen()["error "+status] == 0 {
			t.Errorf("no error %s was seen", status)
		}
	}
}

// TestContractOAuth holds installing, refreshing, asking and revoking, and what is refused, against the contract.
func TestContractOAuth(t *testing.T) {
	o := newOffice(t, simulator.OAuthApp{Rotate: true})
	c := newContract(t, o.wire)
	o.wire = c
	o.connect("crm.objects.contacts.read")
	src := o.source()
	for range 2 {
		if _, err := src.Token(t.Context()); err != nil {
			t.Fatal(err)
		}
		o.pass(time.Hour)
	}
	kept, err := o.keeper.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{kept.Grant.AccessToken, kept.Grant.RefreshToken, "unknown"} {
		if _, err := src.Introspect(t.Context(), word, "refresh_token"); err != nil {
			t.Error(err)
		}
	}
	if err := src.Revoke(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := src.Exchange(t.Context(), "no-such-code"); err == nil {
		t.Error("an unknown code was good")
	}
	c.verify(t)
	for _, op := range contract.Operations() {
		if strings.Contains(op, "/oauth/") && c.Seen()[op] == 0 {
			t.Errorf("nothing was said to %s", op)
		}
	}
}

// TestContractSees makes sure that the contract can fail.
func TestContractSees(t *testing.T) {
	const one, form = "/crm/objects/2026-09/contacts/1", "grant_type=refresh_token&client_id=a&client_secret=b&refresh_token=c"
	good := `{"id":"1","properties":{},"createdAt":"2026-11-02T08:00:00Z","updatedAt":"2026-11-02T08:00:00Z","archived":false}`
	refusal := `{"status":"error","message":"m","correlationId":"aeb5f871-7f07-4993-9211-075dc63e7cbf","category":"VALIDATION_ERROR"}`
	without := func(s, field string) string { return strings.Replace(s, `"`+field+`"`, `"colour"`, 1) }
	for name, tc := range map[string]struct {
		method, path, body string
		status             int
		answer, want       string
	}{
		"unknown field":       {"GET", one, "", 200, strings.Replace(good, `"archived"`, `"colour":1,"archived"`, 1), "colour"},
		"missing field":       {"GET", one, "", 200, strings.Replace(good, `"archived":false`, `"url":"x"`, 1), "archived"},
		"number for a string": {"GET", one, "", 200, strings.Replace(good, `"id":"1"`, `"id":1`, 1), "/id"},
		"no time":             {"GET", one, "", 200, strings.Replace(good, `2026-11-02T08:00:00Z`, `yesterday`, 1), "createdAt"},
		"unknown parameter":   {"GET", one + "?colour=red", "", 200, good, "colour"},
		"parameter's type":    {"GET", "/crm/owners/2026-09?limit=many", "", 200, `{"results":[]}`, "no int32"},
		"unknown endpoint":    {"GET", one + "/colour", "", 200, good, "no such endpoint"},
		"incomplete search":   {"POST", "/crm/objects/2026-09/contacts/search", `{"limit":1}`, 200, `{"total":0,"results":[]}`, "filterGroups"},
		"body where none is":  {"GET", "/crm/owners/2026-09", `{}`, 200, `{"results":[]}`, "none is published"},
		"wrong good status":   {"POST", "/crm/lists/2026-09", `{"name":"n","objectTypeId":"0-1","processingType":"MANUAL"}`, 201, `{}`, "status 201"},
		"too large for int32": {"POST", "/crm/objects/2026-09/contacts/search", `{"limit":1,"after":"0","filterGroups":[],"properties":[],"sorts":[]}`, 200, `{"total":3000000000,"results":[]}`, "32 bits"},
		"spelling": {
			"PUT", "/crm/lists/2026-09/1/memberships/add", `["1"]`, 200, `{"recordsIdsAdded":[],"recordsIdsRemoved":[],"recordIdsMissing":[]}`, "recordIdsRemoved",
		},
		"body of a 204": {
			"POST", "/crm/objects/2026-09/contacts/batch/archive", `{"inputs":[]}`, 204, `{}`, "has a body",
		},
		"error without category": {"GET", one, "", 400, without(refusal, "category"), "category"},
		"error with a field":     {"GET", one, "", 403, strings.Replace(refusal, `"message"`, `"colour":1,"message"`, 1), "colour"},
		"correlation":            {"GET", one, "", 409, strings.Replace(refusal, "aeb5f871", "x", 1), "uuid"},
		"own 429":                {"GET", one, "", 429, without(refusal, "message"), "message"},
		"own 500":                {"GET", one, "", 500, without(refusal, "message"), "message"},
		"error of an old API":    {"GET", "/marketing/v3/forms", "", 403, without(refusal, "message"), "message"},
		"unknown grant":          {"POST", "/oauth/2026-09/token", strings.Replace(form, "refresh_token", "password", 1), 200, `{"access_token":"x","expires_in":1,"token_type":"bearer"}`, "grant_type"},
		"unknown form field":     {"POST", "/oauth/2026-09/token", form + "&colour=red", 200, `{"access_token":"x","expires_in":1,"token_type":"bearer"}`, "colour"},
		"token without life":     {"POST", "/oauth/2026-09/token", form, 200, `{"access_token":"x","token_type":"bearer"}`, "expires_in"},
		"OAuth error":            {"POST", "/oauth/2026-09/token", form, 400, refusal, "error_description"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newContract(t, roundTrip(func(*http.Request) (*http.Response, error) {
				resp := answerWith(tc.status, tc.answer)
				resp.Header.Set("Content-Type", "application/json")
				return resp, nil
			}))
			req, err := http.NewRequestWithContext(t.Context(), tc.method, "https://api.example.com"+tc.path, strings.NewReader(tc.body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/json")
			if strings.Contains(tc.path, "/oauth/") {
				req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			}
			resp, err := c.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			if b, err := io.ReadAll(resp.Body); err != nil || !json.Valid(b) {
				t.Errorf("the answer was not passed on: %s, %v", b, err)
			}
			if p := c.Problems(); len(p) != 1 || !strings.Contains(p[0], tc.want) {
				t.Errorf("problems are %v, want one about %q", p, tc.want)
			}
		})
	}
}

// TestContractSeesEvents makes sure that the contract can fail for webhooks.
func TestContractSeesEvents(t *testing.T) {
	const good = `{"eventId":1,"subscriptionId":2,"portalId":3,"appId":4,"occurredAt":1790000000000,"subscriptionType":"object.propertyChange",` +
		`"attemptNumber":0,"changeSource":"CRM","objectId":5,"objectTypeId":"0-1","propertyName":"city","propertyValue":""}`
	for name, tc := range map[string]struct{ body, want string }{
		"good":                 {"[" + good + "]", ""},
		"no array":             {good, "no array"},
		"nothing":              {"[]", "no array"},
		"unknown event":        {"[" + strings.Replace(good, "propertyChange", "birthday", 1) + "]", "not published"},
		"unknown field":        {"[" + strings.Replace(good, `"portalId"`, `"colour":1,"portalId"`, 1) + "]", "colour"},
		"text for a number":    {"[" + strings.Replace(good, `"objectId":5`, `"objectId":"5"`, 1) + "]", "objectId"},
		"without a value":      {"[" + strings.Replace(good, `,"propertyValue":""`, "", 1) + "]", "propertyValue"},
		"seconds":              {"[" + strings.Replace(good, "1790000000000", "1790000000", 1) + "]", "occurredAt"},
		"generic without type": {"[" + strings.Replace(good, `"objectTypeId":"0-1",`, "", 1) + "]", "objectTypeId"},
		"classic with type":    {"[" + strings.Replace(good, "object.property", "contact.property", 1) + "]", "objectTypeId"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newContract(t, nil)
			r := httptest.NewRequest("POST", "https://leadsync.example.com/webhooks/hubspot", strings.NewReader(tc.body))
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("X-Hubspot-Signature-V3", "x")
			r.Header.Set("X-Hubspot-Request-Timestamp", "1")
			c.Receiver(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				if b, err := io.ReadAll(r.Body); string(b) != tc.body || err != nil {
					t.Errorf("passed on: %s, %v", b, err)
				}
			})).ServeHTTP(httptest.NewRecorder(), r)
			if p := c.Problems(); (len(p) == 0) != (tc.want == "") || !strings.Contains(strings.Join(p, "\n"), tc.want) {
				t.Errorf("problems are %v, want one about %q", p, tc.want)
			}
		})
	}
}
