package simulator_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"leadsync/connector/hubspot/simulator"
	"leadsync/fixtures/hostile"
)

// FuzzControl sends any two requests to the control API and to the simulated API of a small account: an answer in JSON
// each time, mistakes are the caller's, and the account still answers afterwards.
func FuzzControl(f *testing.F) {
	for _, seed := range []string{
		`POST /control/contacts {"properties":{"email":"a@example.com"},"actor":{"kind":"user","id":"7"}}`,
		`POST /control/objects/deals {"properties":{"dealname":"x"}}`, `POST /control/calls {"contact":"1","duration":"90s","at":"2026-11-02T09:00:00Z"}`,
		`POST /control/advance {"by":"48h"}`, `POST /control/advance {"by":"-1h"}`, `POST /control/faults {"status":500,"times":3}`,
		`POST /control/script on the 3rd POST tasks/batch/create: apply, then reset`, `POST /control/merge {"id":"1","other":"1"}`,
		`POST /control/set {"type":"contacts","id":"1","properties":{"lifecyclestage":"nothing"}}`, `GET /control/objects/contacts`, `GET /control/journal?since=x`,
		`POST /control/webhook {"url":"x"}`, `POST /control/tasks/1/edit {}`, `POST /control/lists {"name":"x"}`, `DELETE /control/faults`, `POST /control/workflows {`,
		`POST /control/owners/7 {"active":false,"zone":"Mars","hours":"x"}`, `POST /control/rivals [{"name":"x","percent":101}]`, `POST /control/oauth {"refuse":true}`,
		`POST /control/privacy-delete {"id":"1"}`, `POST /control/associate {"links":[{"type":"x","id":"1"}]}`, `GET /control/nothing`,
		`POST /crm/objects/2026-09/contacts/search {"filterGroups":[{"filters":[{"propertyName":"email","operator":"IN","values":["x"]}]}],"limit":-1,"after":"x"}`,
		`POST /crm/objects/2026-09/tasks/batch/create {"inputs":[{"properties":{"hs_task_subject":"x"},"associations":[{"to":{"id":"1"},"types":[]}]}]}`,
		`POST /crm/objects/2026-09/contacts/batch/update {"inputs":[{"id":"1","properties":null},{"id":"1"}]}`, `GET /crm/objects/2026-09/contacts?limit=1000&after=-1&properties=%00`,
		`POST /crm/associations/2026-09/contacts/tasks/batch/read {"inputs":[{"id":"1","after":"9"}]}`, `GET /crm/owners/2026-09?after=9`, `PUT /crm/lists/2026-09/1/memberships/add ["1",2]`,
		`POST /oauth/2026-09/token grant_type=refresh_token&refresh_token=x`, `GET /events/event-occurrences/2026-09?objectType=contact&objectId=x`,
	} {
		f.Add(seed, `GET /control/world`)
	}
	w := hostile.New(f)
	f.Fuzz(func(t *testing.T, first, second string) {
		w.Run(t, func() {
			at := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
			now := func() time.Time { return at }
			a := simulator.New(simulator.Options{Now: now, Wall: now, Seed: 3, Token: hostile.Canary, Advance: func(to time.Time) error { at = to; return nil }})
			defer a.Close()
			mux := http.NewServeMux()
			mux.Handle("/control/", a.Control())
			mux.Handle("/", a.Handler())
			for _, text := range []string{first, second} {
				head, body, _ := strings.Cut(text, " {")
				if body != "" {
					body = "{" + body
				} else if words := strings.SplitN(text, " ", 3); len(words) == 3 {
					head, body = words[0]+" "+words[1], words[2]
				}
				req, err := http.ReadRequest(bufio.NewReader(strings.NewReader(head + " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAuthorization: Bearer " + hostile.Canary + "\r\n\r\n")))
				if err != nil {
					return
				}
				again := httptest.NewRequestWithContext(t.Context(), req.Method, "http://127.0.0.1"+"/", strings.NewReader(body))
				again.URL, again.Header, again.RequestURI = req.URL, req.Header, req.RequestURI
				rec := httptest.NewRecorder()
				if dropped(func() { mux.ServeHTTP(rec, again) }) {
					continue
				}
				answered(t, text, rec)
			}
			rec := httptest.NewRecorder()
			mux.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), "GET", "/control/world", nil))
			if rec.Code != 200 {
				t.Errorf("afterwards the account answers %d: %s", rec.Code, rec.Body)
			}
		})
	})
}

// dropped reports whether the handler cut the connection on purpose, as a fault can ask for.
func dropped(do func()) (cut bool) {
	defer func() {
		r := recover()
		if err, ok := r.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			cut = true
		} else if r != nil {
			panic(r)
		}
	}()
	do()
	return false
}

func answered(t *testing.T, text string, rec *httptest.ResponseRecorder) {
	t.Helper()
	hostile.Quiet(t, "answer", rec.Body.String())
	if !strings.HasPrefix(text, "GET /control") && !strings.HasPrefix(text, "POST /control") {
		return // a simulated HubSpot may fail as the real one does
	}
	if rec.Code >= 500 || rec.Code < 200 {
		t.Errorf("%.200q is answered with %d: %.200s", text, rec.Code, rec.Body)
	}
	if b := rec.Body.Bytes(); rec.Code < 300 && len(b) > 0 && strings.Contains(rec.Header().Get("Content-Type"), "json") && !json.Valid(b) {
		t.Errorf("%.200q is answered with no JSON: %.200s", text, b)
	}
}
