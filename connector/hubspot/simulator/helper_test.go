package simulator_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"leadsync/connector/hubspot/simulator"
)

var (
	rep   = simulator.Actor{Kind: simulator.User, ID: "7"}
	other = simulator.Actor{Kind: simulator.Integration, ID: "99"}
)

// clock is a clock that a test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// world is an account behind a real server.
type world struct {
	*simulator.Account
	t      *testing.T
	url    string
	now    *clock
	wall   *clock
	client *http.Client
}

func newWorld(t *testing.T, change ...func(*simulator.Options)) *world {
	t.Helper()
	w := &world{t: t, now: newClock(), wall: newClock()}
	o := simulator.Options{Now: w.now.now, Wall: w.wall.now, Seed: 11}
	for _, f := range change {
		f(&o)
	}
	w.Account = simulator.New(o)
	srv := httptest.NewServer(w.Handler())
	t.Cleanup(srv.Close)
	w.url, w.client = srv.URL, srv.Client()
	return w
}

type reply struct {
	status int
	header http.Header
	raw    string
	body   map[string]any
}

func (w *world) try(method, path, body string) (reply, error) {
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.url+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+w.Token())
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := w.client.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return reply{}, err
	}
	r := reply{status: resp.StatusCode, header: resp.Header, raw: string(b)}
	if bytes.HasPrefix(b, []byte("{")) {
		if err := json.Unmarshal(b, &r.body); err != nil {
			w.t.Fatalf("%s %s: %v in %s", method, path, err, b)
		}
	}
	return r, nil
}

func (w *world) do(method, path, body string) reply {
	w.t.Helper()
	r, err := w.try(method, path, body)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// ask does and requires a status.
func (w *world) ask(status int, method, path, body string) reply {
	w.t.Helper()
	r := w.do(method, path, body)
	if r.status != status {
		w.t.Fatalf("%s %s: status %d, want %d: %s", method, path, r.status, status, r.raw)
	}
	return r
}

func (w *world) contact(props ...string) string {
	w.t.Helper()
	m := map[string]string{}
	for i := 0; i+1 < len(props); i += 2 {
		m[props[i]] = props[i+1]
	}
	id, err := w.CreateContact(rep, m)
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

func (w *world) prop(typ, id, name string) string {
	w.t.Helper()
	o, ok := w.Object(typ, id)
	if !ok {
		w.t.Fatalf("no %s %s", typ, id)
	}
	return o.Properties[name]
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// ids lists the ids of results, in order.
func (r reply) ids() []string {
	var out []string
	for _, x := range r.list("results") {
		out = append(out, x["id"].(string))
	}
	return out
}

func (r reply) list(name string) []map[string]any {
	var out []map[string]any
	all, _ := r.body[name].([]any)
	for _, x := range all {
		out = append(out, x.(map[string]any))
	}
	return out
}

const (
	contacts = "/crm/objects/2026-09/contacts"
	tasks    = "/crm/objects/2026-09/tasks"
)
