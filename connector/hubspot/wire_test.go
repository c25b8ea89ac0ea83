package hubspot_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
)

// TestOverRealHTTP goes through net/http's own transport: prefix of the base URL, lost answers, refused
// connections and compressed bodies are its business.
func TestOverRealHTTP(t *testing.T) {
	var mu sync.Mutex // an aborted answer orders nothing between two connections
	var seen []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		seen = append(seen, r.Method+" "+r.URL.RequestURI())
		mu.Unlock()
		switch {
		case strings.HasSuffix(r.URL.Path, "/batch/create"):
			panic(http.ErrAbortHandler) // taken and lost
		case strings.HasSuffix(r.URL.Path, "/details"):
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte(`{"portalId":33}`)) // breaks off
		default:
			_, _ = w.Write([]byte(`{"results":[{"id":"1","archived":false}],"paging":{}}`))
		}
	}))
	cfg := quick(nil)
	cfg.BaseURL = server.URL + "/proxy/"
	cfg.RetryWait = time.Millisecond
	c := newClient(t, cfg)
	page, err := c.List(t.Context(), connector.TypeDeal, "a b", []string{"dealname"})
	if err != nil || len(page.Objects) != 1 {
		t.Fatalf("%+v, %v", page, err)
	}
	if r := c.CreateTasks(t.Context(), []connector.Task{task("k", "1")})[0]; !errors.Is(r.Err, connector.ErrAmbiguous) {
		t.Errorf("lost answer: %v", r.Err)
	}
	if _, err := c.Account(t.Context()); !errors.Is(err, connector.ErrUnavailable) {
		t.Errorf("answer that breaks off: %v", err)
	}
	want := []string{
		"GET /proxy/crm/objects/2026-09/deals?after=a+b&archived=false&limit=100&properties=dealname",
		"POST /proxy/crm/objects/2026-09/tasks/batch/create",
		"GET /proxy/account-info/2026-09/details",
	}
	server.Close()
	mu.Lock()
	defer mu.Unlock()
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("seen (-want +got):\n%s", diff)
	}
	if r := c.CreateTasks(t.Context(), []connector.Task{task("k", "1")})[0]; !errors.Is(r.Err, connector.ErrUnavailable) {
		t.Errorf("refused connection: %v", r.Err)
	}
}

func TestIdsCannotLeaveTheirPlaceInThePath(t *testing.T) {
	c := newClient(t, quick(roundTrip(func(r *http.Request) (*http.Response, error) {
		if !strings.HasSuffix(r.URL.Path, "/batch/read") {
			t.Errorf("sent %s %s", r.Method, r.URL)
		}
		return answerWith(200, `{"results":[]}`), nil
	})))
	ids := []connector.ObjectID{"", "..", "../1", "1/../2", "-1", "1e3", "99999999999999999999"}
	got, err := c.Read(t.Context(), connector.TypeContact, ids, nil)
	if diff := cmp.Diff(ids, got.Missing); diff != "" || err != nil {
		t.Errorf("%v, missing (-want +got):\n%s", err, diff)
	}
}

func TestWalksThatStandStillEnd(t *testing.T) {
	page := func(first, n int, ms int64) string {
		results := make([]string, n)
		for i := range results {
			results[i] = fmt.Sprintf(`{"id":"%d","properties":{"lastmodifieddate":"%d"}}`, first+i, ms)
		}
		return `{"total":1000,"results":[` + strings.Join(results, ",") + `]}`
	}
	tests := map[string]struct {
		cursor connector.Cursor
		answer string
	}{
		"time runs backwards":   {`{"at":2000}`, page(1, 3, 1000)},
		"same id again":         {`{"at":2000,"tied":true,"last_id":"7"}`, page(7, 1, 2000)},
		"record without a time": {`{"at":2000}`, `{"total":9,"results":[{"id":"1","properties":{}}]}`},
		"listing":               {"x", `{"results":[],"paging":{"next":{"after":"x"}}}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, quick(roundTrip(func(*http.Request) (*http.Response, error) { return answerWith(200, tt.answer), nil })))
			_, err := c.Changed(t.Context(), connector.ChangedQuery{Type: connector.TypeContact, Cursor: tt.cursor})
			if name == "listing" {
				_, err = c.List(t.Context(), connector.TypeContact, tt.cursor, nil)
			}
			if !errors.Is(err, connector.ErrUnavailable) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestCloseTasksPartly(t *testing.T) {
	answers := map[string]func() *http.Response{
		"one refused, one gone meanwhile": func() *http.Response {
			return answerWith(207, `{"errors":[{"category":"OBJECT_NOT_FOUND","context":{"ids":["2"]}},{"category":"VALIDATION_ERROR","context":{"id":["3"]}}]}`)
		},
		"named in a refusal": nil,
	}
	wants := map[string][]connector.CloseOutcome{
		"one refused, one gone meanwhile": {connector.CloseArchived, connector.CloseGone, ""},
		"named in a refusal":              {connector.CloseArchived, connector.CloseArchived, ""},
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, quick(roundTrip(func(r *http.Request) (*http.Response, error) {
				if strings.HasSuffix(r.URL.Path, "/batch/read") {
					return answerWith(200, `{"results":[{"id":"1","properties":{"leadsync_key":"a"}},{"id":"2","properties":{"leadsync_key":"b"}},{"id":"3","properties":{"leadsync_key":"c"}}]}`), nil
				}
				if answer != nil {
					return answer(), nil
				}
				for _, in := range bodyOf[wireInputs](t, r).Inputs {
					if in.ID == "3" {
						return answerWith(400, `{"category":"VALIDATION_ERROR","context":{"ids":["3"]}}`), nil
					}
				}
				return answerWith(204, ""), nil
			})))
			for i, r := range c.CloseTasks(t.Context(), closes("a", "b", "c")) {
				if r.Outcome != wants[name][i] || (r.Err == nil) == (r.Outcome == "") {
					t.Errorf("result %d: %+v", i, r)
				}
			}
		})
	}
}

func TestProbeScopes(t *testing.T) {
	var asked []string
	c := newClient(t, quick(roundTrip(func(r *http.Request) (*http.Response, error) {
		asked = append(asked, r.Method+" "+r.URL.Path)
		switch {
		case strings.Contains(r.URL.Path, "/deals") && strings.Contains(r.URL.Path, "/objects/"):
			return answerWith(403, `{"category":"MISSING_SCOPES","message":"no","errors":[{"context":{"requiredGranularScopes":["crm.objects.deals.read"]}}]}`), nil
		case strings.Contains(r.URL.Path, "/owners/"), strings.Contains(r.URL.Path, "/lists/"), strings.Contains(r.URL.Path, "/forms"),
			strings.Contains(r.URL.Path, "/emails"), strings.Contains(r.URL.Path, "/flows"):
			return answerWith(403, ``), nil
		case strings.Contains(r.URL.Path, "/tasks"), strings.Contains(r.URL.Path, "/notes"):
			return answerWith(500, ``), nil
		}
		return answerWith(200, `{"results":[]}`), nil
	})))
	type outcome struct {
		Optional bool
		Missing  []string
	}
	got := map[string]outcome{}
	reads := []connector.ObjectType{connector.TypeCall, connector.TypeEmail, connector.TypeNote, "payment"}
	for _, p := range c.ProbeScopes(t.Context(), reads) {
		got[p.Need] = outcome{p.Optional, p.Missing}
		if (p.Need == "tasks" || p.Need == "notes" || len(p.Missing) > 0) != (p.Err != nil) {
			t.Errorf("probe %+v", p)
		}
	}
	want := map[string]outcome{
		"account": {}, "contacts": {}, "companies": {}, "deals": {false, []string{"crm.objects.deals.read"}}, "calls": {}, "meetings": {},
		"tasks": {}, "owners": {false, []string{"crm.objects.owners.read"}}, "properties of contacts": {}, "properties of deals": {}, "pipelines": {},
		"emails": {true, []string{"sales-email-read"}}, "notes": {true, nil}, "lists": {true, []string{"crm.lists.read"}},
		"workflows": {true, []string{"automation"}}, "forms": {true, []string{"forms"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("probes (-want +got):\n%s", diff)
	}
	if len(asked) != len(want) || slices.ContainsFunc(asked, func(s string) bool { return strings.Contains(s, "communications") }) {
		t.Errorf("asked %v", asked)
	}
	few, all := len(c.ProbeScopes(t.Context(), nil)), len(c.ProbeScopes(t.Context(), []connector.ObjectType{connector.TypeCommunication, connector.TypeEmail, connector.TypeNote}))
	if few != 14 || all != 17 {
		t.Errorf("%d probes for a model that reads none of them, %d for one that reads all", few, all)
	}
}
