package simulator_test

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"leadsync/connector/hubspot/simulator"
)

// controls calls the control API of a world.
func controls(t *testing.T, w *world) func(status int, method, path, body string) string {
	t.Helper()
	h := w.Control()
	return func(status int, method, path, body string) string {
		t.Helper()
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), method, "/control/"+path, strings.NewReader(body)))
		if rec.Code != status {
			t.Fatalf("%s %s: %d, want %d: %s", method, path, rec.Code, status, rec.Body)
		}
		return strings.TrimSpace(rec.Body.String())
	}
}

func idOf(t *testing.T, body string) string {
	t.Helper()
	var x struct {
		ID string `json:"id"`
	}
	must(t, json.Unmarshal([]byte(body), &x))
	if x.ID == "" {
		t.Fatalf("no id in %s", body)
	}
	return x.ID
}

func TestControlPlaysPeople(t *testing.T) {
	w := newWorld(t)
	do := controls(t, w)
	company := idOf(t, do(200, "POST", "companies", `{"properties":{"name":"Pumpen AG"}}`))
	id := idOf(t, do(200, "POST", "contacts", `{"properties":{"email":"ada@example.org"},"links":[{"type":"companies","id":"`+company+`"}]}`))
	do(200, "POST", "calls", `{"contact":"`+id+`","disposition":"`+simulator.CallConnected+`","duration":"3m","at":"2026-11-01T10:00:00Z"}`)
	do(200, "POST", "meetings", `{"contact":"`+id+`","outcome":"COMPLETED","duration":"30m"}`)
	do(200, "POST", "set", `{"id":"`+id+`","properties":{"hs_lead_status":"CONNECTED"},"actor":{"kind":"integration","id":"12"}}`)
	do(200, "POST", "forms", `{"contact":"`+id+`","form":"Pricing"}`)
	for _, kind := range []string{"click", "open", "reply", "send", "pages"} {
		do(200, "POST", "marketing", `{"contact":"`+id+`","kind":"`+kind+`"}`)
	}
	deal := idOf(t, do(200, "POST", "deals", `{"contact":"`+id+`","properties":{"dealname":"Pumps"}}`))
	do(200, "POST", "deals/"+deal+"/move", `{"stage":"contractsent"}`)
	do(200, "POST", "deals/"+deal+"/win", `{}`)
	task := idOf(t, do(200, "POST", "objects/tasks", `{"properties":{"hs_timestamp":"2026-11-04T09:00:00Z"},"links":[{"type":"contacts","id":"`+id+`"}]}`))
	do(200, "POST", "tasks/"+task+"/done", `{}`)
	for name, want := range map[string]string{
		"lifecyclestage": "customer", "hs_lead_status": "CONNECTED", "recent_conversion_event_name": "Pricing", "hs_email_replied": "1",
		"hs_analytics_num_page_views": "1", "num_contacted_notes": "2", "associatedcompanyid": company,
	} {
		if got := w.prop("contacts", id, name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	if s := do(200, "GET", "objects/contacts/"+id, ""); !strings.Contains(s, `"type":"calls"`) || !strings.Contains(s, `"hs_lead_status":"CONNECTED"`) {
		t.Errorf("object: %s", s)
	}
	if s := do(200, "GET", "objects/calls", ""); !strings.Contains(s, `"hs_call_duration":"180000"`) {
		t.Errorf("calls: %s", s)
	}
	twin := idOf(t, do(200, "POST", "contacts", `{"properties":{"lastname":"L"}}`))
	merged := idOf(t, do(200, "POST", "merge", `{"id":"`+id+`","contact":"`+twin+`"}`))
	do(200, "POST", "archive", `{"id":"`+merged+`"}`)
	again := idOf(t, do(200, "POST", "contacts", `{}`))
	do(200, "POST", "privacy-delete", `{"id":"`+again+`"}`)
	if w.Count("contacts") != 0 {
		t.Error("contacts are left")
	}
}

func TestControlOfTheAccount(t *testing.T) {
	var w *world
	w = newWorld(t, func(o *simulator.Options) {
		o.Advance = func(to time.Time) error { w.now.add(to.Sub(w.now.now())); return nil }
	})
	do := controls(t, w)
	if s := do(200, "POST", "advance", `{"by":"48h"}`); !strings.Contains(s, "2026-11-04T09:00:00Z") {
		t.Errorf("advance: %s", s)
	}
	do(200, "POST", "advance", `{"to":"2026-11-05T00:00:00Z"}`)
	do(200, "POST", "token", `{"state":"revoked"}`)
	w.ask(401, "GET", contacts, "")
	do(200, "POST", "token", `{"state":"valid"}`)
	do(200, "POST", "faults", `{"kind":"slow","delay":"1ms","count":1}`)
	do(200, "POST", "faults", `{"kind":"503","endpoint":"GET /crm/objects/{v}/contacts","count":1,"retryAfter":"2s"}`)
	w.ask(200, "GET", contacts, "")
	if r := w.ask(503, "GET", contacts, ""); r.header.Get("Retry-After") != "2" {
		t.Errorf("retry after %q", r.header.Get("Retry-After"))
	}
	if s := do(200, "GET", "faults", ""); strings.Count(s, `"fired":1`) != 2 {
		t.Errorf("faults: %s", s)
	}
	do(200, "DELETE", "faults", "")
	if s := do(200, "GET", "calls", ""); !strings.Contains(s, `"GET /crm/objects/{v}/contacts":3`) {
		t.Errorf("calls: %s", s)
	}
	do(200, "POST", "webhook", `{"url":"https://leadsync.test/hook","secret":"s"}`)
	owner := idOf(t, do(200, "POST", "owners", `{"name":"Olga Ost","email":"olga@example.org"}`))
	do(200, "POST", "contacts", `{"properties":{"hubspot_owner_id":"`+owner+`"}}`)
	if s := do(200, "GET", "pending", ""); strings.Contains(s, `"total":0`) {
		t.Errorf("pending: %s", s)
	}
	all := w.Journal()
	if s := do(200, "GET", "journal?since=1", ""); strings.Contains(s, `"seq":1,`) || !strings.Contains(s, `"seq":2,`) || len(all) < 2 {
		t.Errorf("journal: %s", s)
	}
	do(200, "GET", "world", "")
}

func TestControlSaysWhatIsWrong(t *testing.T) {
	w := newWorld(t)
	do := controls(t, w)
	for name, c := range map[string]struct {
		status                   int
		method, path, body, text string
	}{
		"json":     {400, "POST", "contacts", `{`, "send one object"},
		"field":    {400, "POST", "contacts", `{"propertys":{}}`, "propertys"},
		"property": {400, "POST", "contacts", `{"properties":{"nope":"1"}}`, "nope"},
		"contact":  {404, "POST", "calls", `{"contact":"1"}`, "not found"},
		"actor":    {400, "POST", "contacts", `{"actor":{"kind":"ghost"}}`, "use user"},
		"kind":     {400, "POST", "marketing", `{"kind":"wink"}`, "use click"},
		"token":    {400, "POST", "token", `{"state":"lost"}`, "use revoked or valid"},
		"fault":    {400, "POST", "faults", `{"kind":"flood"}`, "kinds"},
		"clock":    {400, "POST", "advance", `{"by":"1h"}`, "cannot be moved"},
		"duration": {400, "POST", "advance", `{"by":"soon"}`, "48h"},
		"since":    {400, "GET", "journal?since=x", "", "seq"},
		"type":     {400, "GET", "objects/ghosts", "", "use contacts"},
		"id":       {404, "GET", "objects/contacts/1", "", "GET /control/objects/contacts"},
		"path":     {404, "GET", "nothing", "", "no control"},
	} {
		t.Run(name, func(t *testing.T) {
			s := do(c.status, c.method, c.path, c.body)
			var e map[string]string
			must(t, json.Unmarshal([]byte(s), &e))
			if !strings.Contains(e["error"], c.text) {
				t.Errorf("%s", s)
			}
		})
	}
}
