package simulator_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"leadsync/connector/hubspot/simulator"
)

// Who calls DeliverNext decides when a webhook travels: one attempt a call, and none before it is due.
func TestDeliverNext_oneAttemptACall(t *testing.T) {
	now := time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)
	calls, status := 0, http.StatusServiceUnavailable
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		calls++
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	clock := func() time.Time { return now }
	a := simulator.New(simulator.Options{
		Now: clock, Wall: clock, Webhook: simulator.WebhookTarget{URL: server.URL, Secret: "s", RetryDelay: time.Minute, MaxAttempts: 3},
	})
	if ok, wait := a.DeliverNext(t.Context()); ok || wait >= 0 {
		t.Errorf("nothing happened, but there is mail: %v, in %s", ok, wait)
	}
	if _, err := a.CreateContact(simulator.Actor{Kind: simulator.User, ID: "7"}, map[string]string{"email": "ada@example.org"}); err != nil {
		t.Fatal(err)
	}
	if ok, _ := a.DeliverNext(t.Context()); !ok || calls != 1 {
		t.Errorf("delivered %v, %d requests, want the first attempt", ok, calls)
	}
	ok, wait := a.DeliverNext(t.Context())
	if ok || wait <= 0 || wait > 2*time.Minute {
		t.Errorf("the second attempt is due already (%v), or in %s", ok, wait)
	}
	now, status = now.Add(wait), http.StatusNoContent
	if ok, _ := a.DeliverNext(t.Context()); !ok || calls != 2 || a.Pending().Total() != 0 {
		t.Errorf("delivered %v, %d requests, %+v left", ok, calls, a.Pending())
	}
}
