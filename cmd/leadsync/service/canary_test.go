package service_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"leadsync/cmd/leadsync/service"
	"leadsync/fixtures/canary"
)

// listen fails the test if the service said something that belongs to a person or opens a door: in its log, its metrics,
// its health pages, or in what it stores about what went wrong. Every test of the rig ends with it.
func (r *rig) listen() {
	r.t.Helper()
	var cage canary.Cage
	cage.Keep("token", token, secret)
	for _, o := range r.account.Objects(contacts) {
		cage.KeepPerson(o.Properties)
	}
	for _, o := range r.account.Owners() { // no metric and no log tells what a single person does (S84)
		cage.Keep("owner", o.ID, o.UserID, o.Email, o.FirstName+" "+o.LastName)
	}
	for where, text := range r.said() {
		for _, heard := range cage.Listen(where, text) {
			r.t.Error(heard)
		}
	}
}

// said is everything that the service says to those who run it.
func (r *rig) said() map[string]string {
	out := map[string]string{"log": r.logs.String()}
	for _, page := range []string{"/metrics", "/readyz", "/healthz"} {
		w := httptest.NewRecorder()
		r.serving.Load().Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, page, nil))
		out[page] = w.Body.String()
	}
	return out
}

// The log of the rig is listened to: what a handler or a step would say of a person fails the test.
func TestCanariesAreHeard(t *testing.T) {
	r := newRig(t, rigOptions{})
	r.must(r.account.CreateContact(user(), map[string]string{"firstname": "Kanarina", "lastname": "Vogelsang", "email": "k.vogelsang@example.com", "phone": "+49 30 23125 555"}))
	var cage canary.Cage
	cage.Keep("last name", "Vogelsang")
	r.options.Log.Warn("a mistake in the making", "contact", "Vogelsang", "email", "k.vogelsang@example.com")
	if heard := cage.Listen("log", r.said()["log"]); len(heard) != 2 {
		t.Errorf("heard %q, want a name and an address", heard)
	}
	r.logs.mu.Lock()
	r.logs.b.Reset() // it was planted
	r.logs.mu.Unlock()
}

// A handler that panics answers 500 and says where, without what it was working on.
func TestPanicInHandler(t *testing.T) {
	r := newRig(t, rigOptions{webhooks: true})
	r.options.Connections = map[string]service.Connection{"rig": breaking(r.conn)}
	r.again()
	if err := r.store.EnsurePortal(t.Context(), "48000001", "hubspot", "rig"); err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	r.svc.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/readyz", nil))
	if log := r.logs.String(); w.Code != http.StatusInternalServerError || !strings.Contains(log, "panic=") || !strings.Contains(log, "canary_test.go") ||
		strings.Contains(w.Body.String()+log, "Vogelsang") {
		t.Errorf("answer %d %q, log %s", w.Code, w.Body, log)
	}
}

// breaking is a connection whose clock cannot be read.
func breaking(c service.Connection) service.Connection {
	c.Now = func() time.Time { panic("the clock of Kanarina Vogelsang") }
	return c
}
