package simulator_test

import (
	"net/http"
	"strings"
	"testing"

	"leadsync/connector/hubspot/simulator"
)

func TestVersionsAndPaths(t *testing.T) {
	w := newWorld(t)
	id := w.contact("email", "ada@example.com")
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		allow                    string
	}{
		{"current", "GET", "/crm/objects/2026-09/contacts/" + id, "", 200, ""},
		{"before", "GET", "/crm/objects/2026-03/contacts/" + id, "", 200, ""},
		{"v3", "GET", "/crm/v3/objects/contacts/" + id, "", 200, ""},
		{"by the type's id", "GET", "/crm/v3/objects/0-1/" + id, "", 200, ""},
		{"slash at the end", "GET", "/crm/v3/owners/", "", 200, ""},
		{"lists with a slash", "GET", "/crm/v3/lists/", "", 200, ""},
		{"account", "GET", "/account-info/v3/details", "", 200, ""},
		{"limits", "GET", "/crm/v3/limits/records", "", 200, ""},
		{"pipeline stages", "GET", "/crm/v3/pipelines/deals/default/stages", "", 200, ""},
		{"unknown pipeline", "GET", "/crm/v3/pipelines/deals/nope/stages", "", 404, ""},
		{"unknown version", "GET", "/crm/objects/2027-03/contacts/" + id, "", 404, ""},
		{"beta", "GET", "/crm/objects/2027-03-beta/contacts/" + id, "", 404, ""},
		{"v3 in the place of a date", "GET", "/crm/objects/v3/contacts/" + id, "", 404, ""},
		{"date in the place of v3", "GET", "/crm/2026-09/objects/contacts/" + id, "", 404, ""},
		{"v5", "GET", "/crm/v5/objects/contacts/" + id, "", 404, ""},
		{"unknown path", "GET", "/crm/nothing", "", 404, ""},
		{"root", "GET", "/", "", 404, ""},
		{"unknown type", "GET", "/crm/objects/2026-09/birds", "", 400, ""},
		{"wrong method on a record", "POST", "/crm/objects/2026-09/contacts/" + id, "{}", 405, "DELETE, GET, PATCH"},
		{"wrong method on search", "GET", "/crm/objects/2026-09/contacts/search", "", 405, "POST"},
		{"wrong method of v3", "PUT", "/crm/v3/objects/contacts/batch/read", "{}", 405, "POST"},
		{"wrong method on usage", "POST", "/account-info/2026-09/details", "{}", 405, "GET"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.t = t
			got := w.ask(c.status, c.method, c.path, c.body)
			if got.header.Get("Allow") != c.allow {
				t.Errorf("Allow = %q, want %q", got.header.Get("Allow"), c.allow)
			}
		})
	}
	if w.Calls()["GET /crm/v3/objects/contacts/{id}"] != 2 {
		t.Errorf("older spellings are counted by their own templates: %v", w.Calls())
	}
}

func TestContentTypeIsAsked(t *testing.T) {
	w := newWorld(t)
	for kind, want := range map[string]int{"": 415, "text/plain": 415, "application/x-www-form-urlencoded": 415, "application/json": 201, "application/json; charset=utf-8": 201} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+contacts, strings.NewReader(`{"properties":{}}`))
		must(t, err)
		req.Header.Set("Authorization", "Bearer "+w.Token())
		if kind != "" {
			req.Header.Set("Content-Type", kind)
		}
		resp, err := w.client.Do(req)
		must(t, err)
		must(t, resp.Body.Close())
		if resp.StatusCode != want {
			t.Errorf("Content-Type %q: status %d, want %d", kind, resp.StatusCode, want)
		}
	}
	w.ask(400, "POST", contacts, `{"properties":{}} {}`)
}

// Admins' rules came with 2026-09: the versions before write past them (hubspot-api 1.2).
func TestRulesOfOlderVersions(t *testing.T) {
	w := newWorld(t)
	w.RequireProperties(simulator.Contacts, "company")
	for path, want := range map[string]int{contacts: 400, "/crm/objects/2026-03/contacts": 201, "/crm/v3/objects/contacts": 201} {
		w.ask(want, "POST", path, `{"properties":{"firstname":"Ada"}}`)
	}
	for _, v := range []string{"/crm/objects/2026-09/", "/crm/objects/2026-03/", "/crm/v3/objects/"} { // live they all send 207 (hubspot-api 11.2)
		got := w.ask(207, "POST", v+"contacts/batch/read", `{"inputs":[{"id":"1"}]}`)
		if got.body["numErrors"] != 1.0 {
			t.Errorf("%s: %s", v, got.raw)
		}
	}
}

func TestScopesOfBothEnds(t *testing.T) {
	w := newWorld(t)
	id := w.contact()
	for scope, calls := range map[string][][3]string{
		"crm.objects.deals.read": {
			{"POST", links + "contacts/deals/batch/read", inputs(`{"id":"` + id + `"}`)},
			{"GET", links + "deals/contacts/labels", ""},
			{"GET", "/crm/v4/objects/contacts/" + id + "/associations/deals", ""},
			{"GET", "/crm/v3/objects/deals", ""},
		},
		"crm.objects.deals.write": {
			{"POST", links + "deals/contacts/batch/create", "{}"},
			{"POST", links + "contacts/deals/batch/archive", "{}"},
			{"PUT", contacts + "/" + id + "/associations/default/deals/1", ""},
			{"DELETE", contacts + "/" + id + "/associations/deals/1", ""},
		},
		"crm.objects.owners.read": {{"GET", "/crm/v3/owners", ""}},
		"crm.schemas.deals.read":  {{"GET", "/crm/v3/pipelines/deals", ""}},
	} {
		w.DenyScope(scope)
		for _, c := range calls {
			got := w.ask(403, c[0], c[1], c[2])
			if v, _ := at(got.body, "errors.0.context.requiredGranularScopes.0"); v != scope {
				t.Errorf("%v without %s: %s", c, scope, got.raw)
			}
		}
		w.AllowScope(scope)
	}
	if n := w.Calls()["DELETE /crm/objects/{v}/contacts/{id}/associations/deals/{toId}"]; n != 1 {
		t.Errorf("calls are counted by the types of both ends: %v", w.Calls())
	}
}
