package service_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/lib/pq" // makes the schema on PostgreSQL

	"leadsync/cmd/leadsync/config"
	"leadsync/cmd/leadsync/service"
	"leadsync/connector"
	"leadsync/connector/hubspot"
	"leadsync/connector/hubspot/simulator"
	"leadsync/workflows/store"
)

// fleet is several processes' services on one database, with an account of its own for each portal.
type fleet struct {
	*testing.T
	address  string // of the database
	config   *config.Config
	accounts map[connector.PortalID]*simulator.Account
	hooks    atomic.Pointer[service.Service] // who takes the webhooks
	target   string
	logs     *lockedBuffer
	watch    *store.Store
	options  store.Options // of every member's

	mu    sync.Mutex
	epoch map[string]string // portal and epoch: the worker that had it
}

const (
	fleetPortals = 10
	fleetLease   = 2 * time.Second
)

func newFleet(t *testing.T, address string) *fleet {
	t.Helper()
	f := &fleet{T: t, address: address, accounts: map[connector.PortalID]*simulator.Account{}, logs: &lockedBuffer{}, epoch: map[string]string{}}
	hooks := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		svc := f.hooks.Load()
		if svc == nil {
			http.Error(w, "nobody is there", http.StatusServiceUnavailable)
			return
		}
		svc.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(hooks.Close)
	f.target = hooks.URL + "/webhooks/hubspot"
	var text strings.Builder
	fmt.Fprintf(&text, `database: unused.db
model: model.yaml
schedules: {contacts: "@every 1h", activities: "@every 1h", companies: "@every 1h", deals: "@every 1h", owners: "@every 1h"}
limits: {general_per_second: 1000, search_per_second: 1000, batch_window: 1ms, lease: %s}
portals:
`, fleetLease)
	for i := range fleetPortals {
		id := int64(portalID + i)
		account := simulator.New(simulator.Options{
			PortalID: id, Token: token, Now: time.Now, Wall: time.Now,
			Webhook: simulator.WebhookTarget{URL: f.target, Secret: secret},
		})
		for _, typ := range []string{simulator.Tasks, simulator.Deals} {
			f.must(account.AddProperty(typ, simulator.Property{Name: "leadsync_key", Label: "k", Type: "string", HasUniqueValue: true}))
		}
		for _, name := range []string{"leadsync_score", "leadsync_fit", "leadsync_engagement", "budget"} {
			f.must(account.AddProperty(contacts, simulator.Property{Name: name, Label: name, Type: "number"}))
		}
		for _, name := range []string{"leadsync_reasons", "leadsync_grade", "leadsync_tier"} {
			f.must(account.AddProperty(contacts, simulator.Property{Name: name, Label: name, Type: "string"}))
		}
		f.must(account.AddProperty(contacts, simulator.Property{Name: "leadsync_scored_at", Label: "s", Type: "datetime"}))
		f.must(account.AddProperty(contacts, simulator.Property{Name: "call_back_on", Label: "c", Type: "date"}))
		f.must(account.AddProperty(contacts, simulator.Property{Name: "no_profiling", Label: "n", Type: "bool", Options: []simulator.Option{{Label: "Yes", Value: "true"}, {Label: "No", Value: "false"}}}))
		_, err := account.CreateContact(user(), map[string]string{"email": fmt.Sprintf("ada%d@example.com", i), "lastname": "Lovelace"})
		f.must(err)
		api := httptest.NewServer(account.Handler())
		t.Cleanup(api.Close)
		account.Start(t.Context())
		t.Cleanup(account.Close)
		f.accounts[connector.PortalID(fmt.Sprint(id))] = account
		fmt.Fprintf(&text, `  - {name: p%d, crm: hubspot, account: "%d", token_env: T, base_url: %s, clock: simulator,
     webhooks: {enabled: true, target_url: %s, app_id: "1", client_secret_env: S},
     effects: {score: on, stage: on, status: on, task: on, deal: on}, time_zone: Europe/Berlin,
     pipelines: {sales: {id: default, stage: appointmentscheduled}}}
`, i, id, api.URL, f.target)
	}
	cfg, err := config.Parse(filepath.Join(t.TempDir(), "leadsync.yaml"), []byte(text.String()))
	f.must(err)
	f.config = cfg
	f.watch = f.open()
	return f
}

func (f *fleet) must(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

func (f *fleet) open() *store.Store {
	f.Helper()
	o := f.options
	o.Now, o.Migrate = time.Now, true
	s, err := store.Open(f.Context(), f.address, o)
	f.must(err)
	f.Cleanup(func() { _ = s.Close() })
	return s
}

// member is one process.
type member struct {
	*service.Service
	name   string
	store  *store.Store
	cut    atomic.Bool // its wire to the accounts is cut
	cancel context.CancelFunc
	done   chan error
}

// RoundTrip is the member's wire.
func (m *member) RoundTrip(r *http.Request) (*http.Response, error) {
	if m.cut.Load() {
		return nil, errors.New("the wire is cut")
	}
	return http.DefaultTransport.RoundTrip(r)
}

func (f *fleet) join(name string, role service.Role) *member {
	f.Helper()
	m := &member{name: name, store: f.open(), done: make(chan error, 1)}
	log := slog.New(slog.NewTextHandler(f.logs, nil)).With("worker", name)
	connections := map[string]service.Connection{}
	for _, p := range f.config.Portals {
		conn := service.Connection{
			Names: names(), Now: time.Now, Verifier: &hubspot.Verifier{Secrets: []string{secret}, TargetURL: f.target, Now: time.Now},
		}
		if role != service.RoleReceiver {
			client, err := hubspot.New(hubspot.Config{
				BaseURL: p.BaseURL, Token: func(context.Context) (string, error) { return token, nil }, Now: time.Now, Logger: log,
				Jitter: func() float64 { return 0.5 }, GeneralPerSecond: 10000, SearchPerSecond: 10000, RetryWait: 10 * time.Millisecond, Transport: m,
			})
			f.must(err)
			conn.CRM = client
		}
		connections[p.Name] = conn
	}
	svc, err := service.New(service.Options{
		Config: f.config, Model: loadModel(f.T, "../../../fixtures/models/demo.yaml"), Store: m.store, Connections: connections, Log: log,
		Now: time.Now, Jitter: func() float64 { return 0.5 }, Worker: name, Role: role,
		Idle: 100 * time.Millisecond, Rest: time.Minute, Probe: 50 * time.Millisecond,
	})
	f.must(err)
	m.Service = svc
	ctx, cancel := context.WithCancel(context.WithoutCancel(f.Context()))
	m.cancel = cancel
	go func() { m.done <- svc.Run(ctx) }()
	f.Cleanup(func() { m.stop(f.T) })
	return m
}

// stop asks the process to end.
func (m *member) stop(t *testing.T) {
	if m.cancel == nil {
		return
	}
	m.cancel()
	if err := <-m.done; err != nil && !m.cut.Load() {
		t.Errorf("%s ended with %v", m.name, err)
	}
	m.cancel = nil
}

// die ends the process as SIGKILL does: nothing of it reaches the database or an account any more.
func (m *member) die(t *testing.T) {
	t.Helper()
	m.cut.Store(true)
	if err := m.store.Close(); err != nil {
		t.Fatal(err)
	}
}

// held counts the portals by who has them, as the database has it, and takes notes of who had which epoch.
func (f *fleet) held() map[string]int {
	f.Helper()
	var asked []store.Asked
	for id := range f.accounts {
		asked = append(asked, store.Asked{Portal: id})
	}
	g, err := f.watch.Look(f.Context(), "", asked)
	f.must(err)
	counts := map[string]int{}
	f.mu.Lock()
	defer f.mu.Unlock()
	for portal, lease := range g.Leases {
		if lease.Worker == "" {
			continue
		}
		key := fmt.Sprintf("%s epoch %d", portal, lease.Epoch)
		if other := f.epoch[key]; other != "" && other != lease.Worker {
			f.Errorf("%s: %s and %s", key, other, lease.Worker)
		}
		f.epoch[key] = lease.Worker
		if !lease.Free {
			counts[lease.Worker]++
		}
	}
	return counts
}

// eventually waits for a division of the portals and says how long it took.
func (f *fleet) eventually(what string, want map[string]int) time.Duration {
	f.Helper()
	began := time.Now()
	deadline := time.NewTimer(2 * time.Minute)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		got := f.held()
		if maps.Equal(spread(got), spread(want)) && slices.Equal(slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want))) {
			f.Logf("%s: %v after %s", what, got, time.Since(began).Round(time.Millisecond))
			return time.Since(began)
		}
		select {
		case <-deadline.C:
			f.Fatalf("%s: the portals are divided as %v, want %v in any order; log:\n%s", what, got, want, f.logs.String())
		case <-tick.C:
		}
	}
}

// spread counts how often each number of portals occurs: who has the odd one does not matter.
func spread(counts map[string]int) map[int]int {
	out := map[int]int{}
	for _, n := range counts {
		out[n]++
	}
	return out
}

// schemaIn makes a schema for the test and drops it afterwards.
func schemaIn(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	admin, err := sql.Open("postgres", u.String())
	if err != nil {
		t.Fatal(err)
	}
	schema := fmt.Sprintf("leadsync_many_%d_%d", os.Getpid(), time.Now().UnixNano())
	if _, err := admin.ExecContext(t.Context(), "CREATE SCHEMA "+schema); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := admin.ExecContext(context.WithoutCancel(t.Context()), "DROP SCHEMA "+schema+" CASCADE"); err != nil {
			t.Error(err)
		}
		_ = admin.Close()
	})
	query := u.Query()
	query.Set("search_path", schema)
	u.RawQuery = query.Encode()
	return u.String()
}

// postgresServer is the address of the server to test with; empty if there is none and none is required.
func postgresServer(t *testing.T) string {
	t.Helper()
	address := os.Getenv("LEADSYNC_TEST_POSTGRES")
	if address == "" && os.Getenv("LEADSYNC_REQUIRE_POSTGRES") != "" {
		t.Fatal("LEADSYNC_REQUIRE_POSTGRES is set, but LEADSYNC_TEST_POSTGRES names no server")
	}
	return address
}

// Three processes share ten portals without configuration; what one leaves behind, killed or told to stop, the others take; a
// receiver without tokens wakes the worker of another process. cmd/leadsync has the same with 16 real processes and 200
// portals (`make many`).
func TestMany(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		workTogether(t, filepath.Join(t.TempDir(), "many.db"))
	})
	address := postgresServer(t)
	if address == "" {
		return
	}
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		workTogether(t, schemaIn(t, address))
	})
}

func workTogether(t *testing.T, address string) {
	f := newFleet(t, address)
	receiver := f.join("receiver", service.RoleReceiver)
	f.hooks.Store(receiver.Service)
	a := f.join("a", service.RoleAll)
	f.eventually("alone", map[string]int{"a": 10})
	b, c := f.join("b", service.RoleWorker), f.join("c", service.RoleWorker)
	f.eventually("three", map[string]int{"a": 4, "b": 3, "c": 3})
	f.atWork(a, b, c)
	f.wakes()

	a.die(t)
	took := f.eventually("one killed", map[string]int{"b": 5, "c": 5})
	if slow := 30 * time.Second; took > fleetLease+slow { // the bound that counts is measured by `make many`, on a quiet machine
		t.Errorf("a killed process's portals came back after %s, the lease is %s", took, fleetLease)
	}
	began := time.Now()
	b.stop(t)
	f.eventually("one stopped", map[string]int{"c": 10})
	t.Logf("a stopped process's portals came back after %s", time.Since(began).Round(time.Millisecond))
	f.atWork(c)
	f.wakes()
}

// atWork waits until every portal is worked by somebody.
func (f *fleet) atWork(members ...*member) {
	f.Helper()
	began := time.Now()
	for {
		n := 0
		for _, m := range members {
			for _, p := range f.config.Portals {
				if m.Runner(p.Name).State() == service.StateWorking {
					n++
				}
			}
		}
		if n == len(f.config.Portals) {
			return
		}
		if time.Since(began) > 2*time.Minute {
			f.Fatalf("%d portals are worked; log:\n%s", n, f.logs.String())
		}
		time.Sleep(10 * time.Millisecond) // by the machine's clock
	}
}

// wakes changes a contact in every account and waits until it has its scores: nobody sweeps within the test, so only the
// receiver's word can have told the worker of another process.
func (f *fleet) wakes() {
	f.Helper()
	began := time.Now()
	ids := map[connector.PortalID]string{}
	for portal, account := range f.accounts {
		id, err := account.CreateContact(user(), map[string]string{"email": fmt.Sprintf("grace%d@example.com", began.UnixNano()), "lastname": "Hopper"})
		f.must(err)
		ids[portal] = id
	}
	for portal, id := range ids {
		for {
			o, ok := f.accounts[portal].Object(contacts, id)
			if ok && o.Properties["leadsync_score"] != "" {
				break
			}
			if time.Since(began) > 2*time.Minute {
				f.Fatalf("contact %s of portal %s was not worked; log:\n%s", id, portal, f.logs.String())
			}
			time.Sleep(5 * time.Millisecond) // by the machine's clock
		}
	}
	f.Logf("ten contacts were scored within %s of the webhooks", time.Since(began).Round(time.Millisecond))
}

// A receiver has no route but those of webhooks, health and metrics, and says so; a worker has none for webhooks.
func TestRoles(t *testing.T) {
	f := newFleet(t, filepath.Join(t.TempDir(), "many.db"))
	for _, role := range service.Roles() {
		m := f.join("m-"+string(role), role)
		want := map[string]int{"POST /webhooks/hubspot": http.StatusUnauthorized, "GET /healthz": http.StatusOK, "GET /metrics": http.StatusOK, "GET /readyz?brief": http.StatusOK}
		if role == service.RoleWorker {
			want["POST /webhooks/hubspot"] = http.StatusNotFound
		}
		for route, status := range want {
			method, path, _ := strings.Cut(route, " ")
			answer := httptest.NewRecorder()
			m.Handler().ServeHTTP(answer, httptest.NewRequest(method, path, strings.NewReader("[]")))
			if answer.Code != status {
				t.Errorf("%s: %s answers %d, want %d", role, route, answer.Code, status)
			}
			if strings.HasPrefix(path, "/readyz") && !strings.Contains(answer.Body.String(), `"role": "`+string(role)+`"`) {
				t.Errorf("%s: %s says %s", role, route, answer.Body)
			}
		}
		m.stop(t)
	}
}

// A database that would keep the portals of a process that has vanished for longer than a lease is told of at the start.
func TestStandStill(t *testing.T) {
	address := os.Getenv("LEADSYNC_TEST_POSTGRES")
	if address == "" {
		return // SQLite's locks end with the process
	}
	address = schemaIn(t, address)
	for setting, want := range map[string]bool{"": false, "&idle_in_transaction_session_timeout=2000": true} {
		f := newFleet(t, address+setting)
		f.options = store.Options{Lease: fleetLease}
		m := f.join("one", service.RoleWorker)
		f.eventually("it works all", map[string]int{"one": fleetPortals})
		m.stop(t)
		if got := strings.Contains(f.logs.String(), "stand still"); got != want {
			t.Errorf("%q: warned %t, want %t; log:\n%s", setting, got, want, f.logs)
		}
	}
}

// A lease is only trusted as long as both clocks of the machine say that it holds: one can be set, the other stands still
// while the machine sleeps.
func TestTenureLeft(t *testing.T) {
	const lease = 30 * time.Second
	asked := time.Now()
	for _, tt := range []struct {
		name string
		now  time.Time
		want time.Duration
	}{
		{"at once", asked, lease},
		{"after ten seconds", asked.Add(10 * time.Second), 20 * time.Second},
		{"after the lease", asked.Add(31 * time.Second), -time.Second},
		{"the machine slept for an hour", asked.Round(0).Add(time.Hour), lease - time.Hour}, // the monotonic clock did not move
	} {
		if got := service.TenureLeft(asked, tt.now, lease); got != tt.want {
			t.Errorf("%s: %s left, want %s", tt.name, got, tt.want)
		}
	}
}
