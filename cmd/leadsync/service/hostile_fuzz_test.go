package service_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"leadsync/cmd/leadsync/config"
	"leadsync/cmd/leadsync/service"
	"leadsync/connector/hubspot"
	"leadsync/connector/hubspot/simulator"
	"leadsync/fixtures/hostile"
	"leadsync/scoring"
	"leadsync/workflows/store"
)

const fuzzTarget = "https://leadsync.example.com/webhooks/hubspot"

// doorman is a service whose routes answer, with nothing behind them but its database.
type doorman struct {
	svc  *service.Service
	logs *lockedBuffer
	now  time.Time
}

func newDoorman(tb testing.TB) *doorman {
	tb.Helper()
	folder := tb.TempDir()
	if shared, err := os.MkdirTemp("/dev/shm", "leadsync-fuzz"); err == nil { //nolint:usetesting // no disk: a disk is slow now and then
		folder = shared
		tb.Cleanup(func() { os.RemoveAll(shared) })
	}
	d := &doorman{logs: &lockedBuffer{}, now: time.UnixMilli(1790000000000)}
	now := func() time.Time { return d.now }
	cfg, err := config.Parse(filepath.Join(folder, "leadsync.yaml"), []byte(`database: leadsync.db
limits: {body_bytes: 64 kB}
portals:
  - name: door
    account: "48000001"
    token_env: T
    webhooks: {enabled: true, target_url: `+fuzzTarget+`, client_secret_env: S, previous_client_secret_env: P}
`))
	if err != nil {
		tb.Fatal(err)
	}
	text, err := os.ReadFile("../../../fixtures/models/demo.yaml")
	if err != nil {
		tb.Fatal(err)
	}
	model, err := scoring.Parse("demo.yaml", text)
	if err != nil {
		tb.Fatal(err)
	}
	st, err := store.Open(tb.Context(), cfg.Database.File, store.Options{Now: now, Migrate: true})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { st.Close() })
	if err := st.EnsurePortal(tb.Context(), "48000001", "hubspot", "door"); err != nil {
		tb.Fatal(err)
	}
	gone := errors.New("no network")
	client, err := hubspot.New(hubspot.Config{
		Token: func(context.Context) (string, error) { return hostile.Canary, nil }, Now: now, Jitter: func() float64 { return 0 },
		Transport: wire(func(*http.Request) (*http.Response, error) { return nil, gone }),
	})
	if err != nil {
		tb.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(d.logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	d.svc, err = service.New(service.Options{
		Config: cfg, Model: model, Store: st, Log: log, Now: now, Jitter: func() float64 { return 0 }, Worker: "w",
		Connections: map[string]service.Connection{"door": {
			CRM: client, Now: now, Names: names(),
			Verifier: &hubspot.Verifier{Secrets: []string{secret, "the-previous-secret"}, TargetURL: fuzzTarget, Now: now},
		}},
	})
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

type wire func(*http.Request) (*http.Response, error)

func (w wire) RoundTrip(r *http.Request) (*http.Response, error) { return w(r) }

// ask answers a request as the server would; nil if it is none.
func (d *doorman) ask(ctx context.Context, head, body string, signed bool) *httptest.ResponseRecorder {
	req, err := http.ReadRequest(bufio.NewReader(strings.NewReader(head + "\r\n\r\n" + body)))
	if err != nil {
		return nil
	}
	if req.ContentLength <= 0 && len(req.TransferEncoding) == 0 {
		req.Body, req.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	}
	if signed {
		stamp := strconv.FormatInt(d.now.UnixMilli(), 10)
		uri := fuzzTarget
		if req.URL.RawQuery != "" {
			uri += "?" + req.URL.RawQuery
		}
		req.Header.Set("X-HubSpot-Request-Timestamp", stamp)
		req.Header.Set("X-HubSpot-Signature-v3", simulator.SignatureV3(secret, req.Method, uri, []byte(body), stamp))
	}
	req.Header.Set("User-Agent", hostile.Canary)
	rec := httptest.NewRecorder()
	d.svc.Handler().ServeHTTP(rec, req.WithContext(ctx))
	return rec
}

// FuzzRoutes sends any request to any route: it is answered with one of the statuses that the route has, never with
// success unless it is rightly signed, and neither answer nor log repeats what was sent.
func FuzzRoutes(f *testing.F) {
	event := `[{"eventId":1,"subscriptionId":2,"portalId":48000001,"appId":4,"occurredAt":1790000000000,"subscriptionType":"contact.propertyChange","objectId":101,"propertyName":"email","propertyValue":"` + hostile.Canary + `"}]`
	for _, seed := range []struct {
		head, body string
		signed     bool
	}{
		{"POST /webhooks/hubspot HTTP/1.1\r\nHost: x", event, true},
		{"POST /webhooks/hubspot?a=%28 HTTP/1.1\r\nHost: x", event, true},
		{"POST /webhooks/hubspot HTTP/1.1\r\nHost: x", strings.Replace(event, "propertyChange", "privacyDeletion", 1), true},
		{"POST /webhooks/hubspot HTTP/1.1\r\nHost: x", strings.Replace(event, "contact.propertyChange", "contact.merge", 1), true},
		{"POST /webhooks/hubspot HTTP/1.1\r\nHost: x\r\nX-HubSpot-Signature-v3: x\r\nX-HubSpot-Request-Timestamp: 1790000000000", event, false},
		{"POST /webhooks/hubspot HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip", "\x1f\x8b", true},
		{"POST /webhooks/hubspot HTTP/1.1\r\nContent-Length: 99999999\r\nHost: x", event, true},
		{"POST /webhooks/hubspot HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: x", "5\r\n[{\"a\"\r\n0\r\n\r\n", false},
		{"POST /webhooks/hubspot HTTP/1.1\r\nHost: x", "[[[[[[[[[[", true},
		{"GET /metrics HTTP/1.1\r\nHost: x\r\nAccept: application/openmetrics-text; version=1.0.0", "", false},
		{"GET /readyz?x HTTP/1.1\r\nHost: x", "", false},
		{"GET /healthz HTTP/1.0", "", false},
		{"DELETE /webhooks/hubspot HTTP/1.1\r\nHost: x", "", true},
		{"GET //webhooks/../metrics HTTP/1.1\r\nHost: x", "", false},
		{"GET /metrics HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip, zstd, br;q=x", "", false},
		{"CONNECT x:1 HTTP/1.1\r\nHost: x", "", false},
		{"OPTIONS * HTTP/1.1\r\nHost: x", "", false},
	} {
		f.Add(seed.head, seed.body, seed.signed)
	}
	d := newDoorman(f)
	w := hostile.New(f)
	f.Fuzz(func(t *testing.T, head, body string, signed bool) {
		w.Run(t, func() {
			before := len(d.logs.String())
			rec := d.ask(t.Context(), head, body, signed)
			if rec == nil {
				return
			}
			allowed := []int{200, 204, 301, 307, 308, 400, 401, 404, 405, 406, 413, 415, 503}
			if !slices.Contains(allowed, rec.Code) {
				t.Errorf("status %d for %.200q", rec.Code, head)
			}
			if rec.Code == http.StatusNoContent && !signed {
				t.Errorf("accepted without a signature: %.300q", head)
			}
			hostile.Quiet(t, "answer", rec.Body.String())
			logged := d.logs.String()
			hostile.Quiet(t, "log", logged[min(before, len(logged)):])
			d.logs.mu.Lock()
			d.logs.b.Reset()
			d.logs.mu.Unlock()
		})
	})
}

// TestRoutesWithEitherSecret: while a secret is being replaced, deliveries signed with either are taken; a signature of
// an older version is not, however right.
func TestRoutesWithEitherSecret(t *testing.T) {
	d := newDoorman(t)
	body := `[{"portalId":48000001,"subscriptionType":"contact.creation","objectId":101}]`
	stamp := strconv.FormatInt(d.now.UnixMilli(), 10)
	for name, tt := range map[string]struct {
		header map[string]string
		want   int
	}{
		"the secret":          {map[string]string{"X-HubSpot-Signature-v3": simulator.SignatureV3(secret, "POST", fuzzTarget, []byte(body), stamp)}, 204},
		"the previous secret": {map[string]string{"X-HubSpot-Signature-v3": simulator.SignatureV3("the-previous-secret", "POST", fuzzTarget, []byte(body), stamp)}, 204},
		"another secret":      {map[string]string{"X-HubSpot-Signature-v3": simulator.SignatureV3("x", "POST", fuzzTarget, []byte(body), stamp)}, 401},
		"version 1":           {map[string]string{"X-HubSpot-Signature": simulator.SignatureV1(secret, []byte(body)), "X-HubSpot-Signature-Version": "v1"}, 401},
		"version 1 as 3":      {map[string]string{"X-HubSpot-Signature-v3": simulator.SignatureV1(secret, []byte(body)), "X-HubSpot-Signature-Version": "v1"}, 401},
	} {
		head := "POST /webhooks/hubspot HTTP/1.1\r\nHost: x\r\nX-HubSpot-Request-Timestamp: " + stamp
		for key, value := range tt.header {
			head += "\r\n" + key + ": " + value
		}
		if rec := d.ask(t.Context(), head, body, false); rec.Code != tt.want {
			t.Errorf("%s: %d %s", name, rec.Code, rec.Body)
		}
	}
}

// unread is a body that nobody may read.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) { u.t.Error("the body was read"); return 0, io.EOF }
func (u unread) Close() error             { return nil }

// TestUnwanted: what the header alone gives away is refused before a byte of the body is read.
func TestUnwanted(t *testing.T) {
	d := newDoorman(t)
	stamp := strconv.FormatInt(d.now.UnixMilli(), 10)
	formed := strings.Repeat("A", 43) + "="
	for name, tt := range map[string]struct {
		header http.Header
		length int64
		want   int
	}{
		"compressed":              {http.Header{"Content-Encoding": {"gzip"}}, 10, 415},
		"compressed by any name":  {http.Header{"Content-Encoding": {"identity, br"}}, 10, 415},
		"says that it is too big": {http.Header{}, 64_001, 413},
		"no signature":            {http.Header{"X-Hubspot-Signature-V3": nil}, 10, 401},
		"no time":                 {http.Header{"X-Hubspot-Request-Timestamp": nil}, 10, 401},
		"an old time":             {http.Header{"X-Hubspot-Request-Timestamp": {"1780000000000"}}, 10, 401},
		"no form of a signature":  {http.Header{"X-Hubspot-Signature-V3": {"abc"}}, 10, 401},
		"two signatures":          {http.Header{"X-Hubspot-Signature-V3": {formed, formed}}, 10, 401},
	} {
		t.Run(name, func(t *testing.T) {
			req := httptest.NewRequestWithContext(t.Context(), "POST", fuzzTarget, unread{t})
			req.ContentLength = tt.length
			req.Header.Set("X-HubSpot-Signature-v3", formed)
			req.Header.Set("X-HubSpot-Request-Timestamp", stamp)
			maps.Copy(req.Header, tt.header)
			rec := httptest.NewRecorder()
			d.svc.Handler().ServeHTTP(rec, req)
			if rec.Code != tt.want {
				t.Errorf("%d %s", rec.Code, rec.Body)
			}
		})
	}
	// And a body that is longer than its header says is never more than what was said; one that is shorter is refused.
	body := bytes.Repeat([]byte(" "), 70_000)
	req := httptest.NewRequestWithContext(t.Context(), "POST", fuzzTarget, io.NopCloser(bytes.NewReader(body)))
	req.ContentLength = -1
	req.Header.Set("X-HubSpot-Signature-v3", formed)
	req.Header.Set("X-HubSpot-Request-Timestamp", stamp)
	rec := httptest.NewRecorder()
	if d.svc.Handler().ServeHTTP(rec, req); rec.Code != 413 {
		t.Errorf("a body of unknown length: %d", rec.Code)
	}
}

// TestReplayInsideTheWindow: a delivery that somebody has seen and sends again while its signature still counts has no
// second effect, nor has it under another attempt's number.
func TestReplayInsideTheWindow(t *testing.T) {
	r := newRig(t, rigOptions{webhooks: true})
	r.start()
	id := r.must(r.account.Create(user(), contacts, map[string]string{"email": "replay@example.com", "firstname": "Replay"}))
	r.settle()
	r.advance(time.Hour)
	call := r.must(r.account.LogCall(user(), id, simulator.Call{At: r.world(), Disposition: noAnswer, Direction: "OUTBOUND"}))
	r.settle()
	before, tasks := len(r.account.Journal()), len(r.open())
	target := r.hooks.URL + "/webhooks/hubspot"
	body := []byte(`[{"eventId":77,"subscriptionId":2,"portalId":48000001,"appId":4,"occurredAt":` + strconv.FormatInt(r.world().UnixMilli(), 10) +
		`,"subscriptionType":"object.creation","attemptNumber":0,"objectId":` + call + `,"objectTypeId":"0-48","changeSource":"CRM_UI"}]`)
	stamp := strconv.FormatInt(time.Now().UnixMilli(), 10)
	for range 5 {
		for _, b := range [][]byte{body, bytes.Replace(body, []byte(`"attemptNumber":0`), []byte(`"attemptNumber":3`), 1)} {
			req := httptest.NewRequestWithContext(t.Context(), "POST", target, bytes.NewReader(b))
			req.Header.Set("X-HubSpot-Signature-v3", simulator.SignatureV3(secret, "POST", target, b, stamp))
			req.Header.Set("X-HubSpot-Request-Timestamp", stamp)
			rec := httptest.NewRecorder()
			if r.svc.Handler().ServeHTTP(rec, req); rec.Code != 204 {
				t.Fatalf("%d %s", rec.Code, rec.Body)
			}
		}
		r.settle()
	}
	for _, e := range r.account.JournalSince(before) {
		if e.Actor.Kind == simulator.API {
			t.Errorf("a replayed delivery made leadsync write: %+v", e)
		}
	}
	if len(r.open()) != tasks || r.prop(id, "leadsync_score") == "" {
		t.Errorf("%d tasks before, %d after; score %q", tasks, len(r.open()), r.prop(id, "leadsync_score"))
	}
	if n := r.metric(`leadsync_webhook_events_total{outcome="duplicate"}`); n < 9 {
		t.Errorf("%v events counted as seen before, want 9 of 10", n)
	}
}
