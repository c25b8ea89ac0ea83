package service_test

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"leadsync/cmd/leadsync/config"
	"leadsync/cmd/leadsync/service"
	"leadsync/connector"
	"leadsync/connector/hubspot"
	"leadsync/connector/hubspot/simulator"
	"leadsync/fixtures/hubspot/contract"
	"leadsync/scoring"
	"leadsync/workflows"
	"leadsync/workflows/store"
)

const (
	portalID = 48000001
	secret   = "harness-client-secret"
	token    = "harness-token"
	contacts = simulator.Contacts
)

func user() simulator.Actor { return simulator.Actor{Kind: simulator.User, ID: "7"} }

// rig is a simulated account with leadsync beside it, in one process, over real HTTP on loopback.
type rig struct {
	t        *testing.T
	account  *simulator.Account
	api      *httptest.Server
	hooks    *httptest.Server
	store    *store.Store
	svc      *service.Service
	conn     service.Connection
	serving  atomic.Pointer[service.Service]
	options  service.Options
	cancel   context.CancelFunc
	done     chan error
	logs     *lockedBuffer
	patience time.Duration
	held     *contract.Contract // what crosses the wire, against the published descriptions

	mu  sync.Mutex
	now time.Time
}

type rigOptions struct {
	modes    string // "on" for all classes unless given
	limits   string
	portal   string // further keys of the portal, indented, each line ended
	model    string // path of the model; that of the demo unless given
	people   string // of the calendar: ", people: {...}"
	webhooks bool
	account  simulator.Options
	populate func(*simulator.Account)
	dir      string
	baseURL  string        // in the configuration; the account's own unless given
	patience time.Duration // how long eventually waits; 3 min unless given (the race detector is slow)
	// bulk is an account of thousands of records: what crosses the wire is held against HubSpot's descriptions in
	// the other tests, and costs more than the work here.
	bulk    bool
	spoiled bool // faults make answers that HubSpot does not give: they are not held against its descriptions
}

// lockedBuffer takes log lines from many goroutines.
type lockedBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (r *rig) world() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

func (r *rig) advance(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = r.now.Add(d)
}

// newRig makes account and receiver; start starts the service.
func newRig(t *testing.T, o rigOptions) *rig {
	t.Helper()
	r := &rig{t: t, now: time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC), logs: &lockedBuffer{}, patience: max(o.patience, 3*time.Minute)}
	r.held = holding(t, o.spoiled)
	r.hooks = httptest.NewServer(r.held.Receiver(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		svc := r.serving.Load() // deliveries come from other goroutines
		if svc == nil {
			http.Error(w, "not there yet", http.StatusServiceUnavailable)
			return
		}
		svc.Handler().ServeHTTP(w, req)
	})))
	t.Cleanup(r.hooks.Close)
	target := r.hooks.URL + "/webhooks/hubspot"
	o.account.PortalID, o.account.Token, o.account.Now = portalID, token, r.world
	if o.account.Wall == nil {
		o.account.Wall = time.Now
	}
	if o.webhooks {
		o.account.Webhook.URL, o.account.Webhook.Secret = target, secret
	}
	r.account = simulator.New(o.account)
	r.properties()
	if o.populate != nil {
		o.populate(r.account)
	}
	r.api = httptest.NewServer(r.account.Handler())
	t.Cleanup(r.api.Close)
	r.account.Start(t.Context())
	t.Cleanup(r.account.Close)
	r.wire(o, target)
	t.Cleanup(r.listen)
	return r
}

func (r *rig) properties() {
	r.t.Helper()
	add := func(typ string, p simulator.Property) {
		if err := r.account.AddProperty(typ, p); err != nil {
			r.t.Fatal(err)
		}
	}
	for _, name := range []string{"leadsync_score", "leadsync_fit", "leadsync_engagement", "budget"} {
		add(contacts, simulator.Property{Name: name, Label: name, Type: "number"})
	}
	add(contacts, simulator.Property{Name: "leadsync_reasons", Label: "r", Type: "string"})
	add(contacts, simulator.Property{Name: "leadsync_grade", Label: "g", Type: "string"})
	add(contacts, simulator.Property{Name: "leadsync_tier", Label: "t", Type: "string"})
	add(contacts, simulator.Property{Name: "leadsync_scored_at", Label: "s", Type: "datetime"})
	add(contacts, simulator.Property{Name: "call_back_on", Label: "c", Type: "date"})
	for _, typ := range []string{simulator.Tasks, simulator.Deals} {
		add(typ, simulator.Property{Name: "leadsync_key", Label: "k", Type: "string", HasUniqueValue: true})
	}
}

func (r *rig) wire(o rigOptions, target string) {
	r.t.Helper()
	if o.dir == "" {
		o.dir = r.t.TempDir()
	}
	if o.modes == "" {
		o.modes = "{score: on, stage: on, status: on, task: on, deal: on}"
	}
	if o.limits == "" {
		o.limits = "tasks_per_hour: 100000, deals_per_hour: 100000, stage_moves_per_hour: 100000, "
	}
	text := `database: leadsync.db
listen: 127.0.0.1:0
model: model.yaml
schedules: {contacts: "@every 1h", activities: "@every 1h", companies: "@every 1h", deals: "@every 1h", owners: "@every 1h"}
limits: {` + o.limits + `general_per_second: 1000, search_per_second: 1000, batch_window: 1ms, lease: 5s, body_bytes: 64 kB}
portals:
  - name: rig
    crm: hubspot
    account: "48000001"
    token_env: T
    base_url: ` + cmp.Or(o.baseURL, r.api.URL+"\n    clock: simulator") + `
    webhooks: {enabled: true, target_url: ` + target + `, app_id: "4100001", client_secret_env: S}
    effects: ` + o.modes + `
    time_zone: Europe/Berlin
    calendar: {country: DE, region: BY, due_at: "09:00"` + o.people + `}
    pipelines: {sales: {id: default, stage: appointmentscheduled}}
` + o.portal
	cfg, err := config.Parse(filepath.Join(o.dir, "leadsync.yaml"), []byte(text))
	if err != nil {
		r.t.Fatal(err)
	}
	model := loadModel(r.t, cmp.Or(o.model, "../../../fixtures/models/demo.yaml"))
	if r.store, err = store.Open(r.t.Context(), cfg.Database.File, store.Options{Now: time.Now, Migrate: true}); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = r.store.Close() })
	log := slog.New(slog.NewTextHandler(r.logs, nil))
	client, err := hubspot.New(hubspot.Config{
		BaseURL: r.api.URL, Token: func(context.Context) (string, error) { return token, nil }, Now: time.Now, Logger: log,
		Jitter: func() float64 { return 0.5 }, GeneralPerSecond: 10000, SearchPerSecond: 10000, RetryWait: 10 * time.Millisecond,
		Observe: func(c hubspot.Call) { r.svc.Calls("rig")(c) }, Transport: r.wireOf(o),
	})
	if err != nil {
		r.t.Fatal(err)
	}
	r.conn = service.Connection{
		CRM: client, Now: r.world, Names: names(),
		Verifier: &hubspot.Verifier{Secrets: []string{secret}, TargetURL: target, Now: time.Now},
	}
	r.options = service.Options{
		Config: cfg, Model: model, Store: r.store, Connections: map[string]service.Connection{"rig": r.conn}, Log: log,
		Now: time.Now, Jitter: func() float64 { return 0.5 }, Worker: "w1", Idle: 20 * time.Millisecond, Probe: 50 * time.Millisecond,
	}
	r.again()
}

// again makes a service on the same database, as a restarted process would.
func (r *rig) again() {
	r.t.Helper()
	svc, err := service.New(r.options)
	if err != nil {
		r.t.Fatal(err)
	}
	r.svc = svc
	r.serving.Store(svc)
}

func loadModel(t *testing.T, path string) *scoring.Model {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	m, err := scoring.Parse("demo.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func names() connector.Names {
	return connector.Names{
		Stage: "lifecyclestage", Status: "hs_lead_status", Owner: "hubspot_owner_id", FirstName: "firstname", LastName: "lastname",
		Email: "email", Company: "company", CompanyID: "associatedcompanyid", MergedIDs: "hs_merged_object_ids", CompanyName: "name", CompanyStage: "lifecyclestage", ActivityTime: "hs_timestamp",
		DealStage: "dealstage", DealPipeline: "pipeline", DealClosed: "hs_is_closed", DealWon: "hs_is_closed_won",
		Submissions: "num_conversion_events", PageVisits: "hs_analytics_num_page_views", VisitEvent: "e_visited_page",
		Source: "hs_object_source", Imported: "IMPORT", Integrated: "INTEGRATION",
		TaskKind: "hs_task_type", TaskStatus: "hs_task_status", TaskOwner: "hubspot_owner_id", TaskPriority: "hs_task_priority",
		TaskNew: "NOT_STARTED", TaskDone: "COMPLETED", MeetingOutcome: "hs_meeting_outcome", MeetingOff: "CANCELED", Sequence: "hs_sequences_is_enrolled",
	}
}

// start runs the service and waits until the account is loaded and everything due is done.
func (r *rig) start() {
	r.t.Helper()
	r.cancelableRun()
	r.settle()
}

func (r *rig) cancelableRun() {
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel, r.done = cancel, make(chan error, 1)
	go func() { r.done <- r.svc.Run(ctx) }()
	r.t.Cleanup(r.stop)
}

func (r *rig) stop() {
	if r.cancel == nil {
		return
	}
	r.cancel()
	if err := <-r.done; err != nil {
		r.t.Errorf("service: %v", err)
	}
	r.cancel = nil
}

// eventually waits for a condition, by the clock of the machine, at most as long as its patience lasts.
func (r *rig) eventually(what string, ok func() bool) {
	r.t.Helper()
	deadline := time.NewTimer(r.patience)
	defer deadline.Stop()
	for {
		asked := time.Now()
		if ok() {
			return
		}
		tick := time.NewTimer(max(20*time.Millisecond, 3*time.Since(asked))) // who asks must not be who keeps it waiting
		select {
		case <-deadline.C:
			tick.Stop()
			r.t.Fatalf("%s did not happen within %s; log:\n%s", what, r.patience, r.logs.String())
		case <-tick.C:
		}
	}
}

// settle waits until a sweep that began after everything that happened has found nothing more to do.
func (r *rig) settle() {
	r.t.Helper()
	r.eventually("working", func() bool { return r.svc.Runner("rig").State() == service.StateWorking })
	for {
		before := len(r.account.Journal())
		r.svc.Runner("rig").Sweep()
		r.eventually("sweep", func() bool { return r.svc.Runner("rig").Wanted() == 0 })
		r.eventually("empty queues", func() bool { return r.waiting() == 0 })
		if len(r.account.Journal()) == before {
			return
		}
	}
}

func (r *rig) waiting() int {
	b, err := r.store.Backlog(r.t.Context(), "48000001", r.world())
	if err != nil {
		r.t.Fatal(err)
	}
	walk, err := r.store.Reevaluation(r.t.Context(), "48000001")
	if err != nil {
		r.t.Fatal(err)
	}
	held := -walk.Left()
	if walk.UnderWay() {
		held--
	}
	if len(b.PausedClass) > 0 { // what a pause holds back is not under way
		held += b.Outbox[workflows.StateReady]
	}
	return b.Due + b.Waiting + b.Outbox[workflows.StateReady] + b.Outbox[workflows.StateSending] + r.account.Pending().Total() - held
}

func (r *rig) must(id string, err error) string {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
	return id
}

func (r *rig) prop(id, name string) string {
	r.t.Helper()
	o, ok := r.account.Object(contacts, id)
	if !ok {
		r.t.Fatalf("no contact %s", id)
	}
	return o.Properties[name]
}

// open are the account's tasks that are not archived and not completed, with their subject.
func (r *rig) open() []simulator.Object {
	var out []simulator.Object
	for _, o := range r.account.Objects(simulator.Tasks) {
		if !o.Archived && o.Properties["hs_task_status"] != "COMPLETED" {
			out = append(out, o)
		}
	}
	return out
}

// spent are the calls made since, by endpoint.
func (r *rig) spent(before map[string]int) map[string]int {
	out := map[string]int{}
	for call, n := range r.account.Calls() {
		if n > before[call] {
			out[call] = n - before[call]
		}
	}
	return out
}

// calls sums what matches: every part must be in the endpoint.
func calls(spent map[string]int, parts ...string) int {
	n := 0
	for call, times := range spent {
		all := true
		for _, part := range parts {
			all = all && strings.Contains(call, part)
		}
		if all {
			n += times
		}
	}
	return n
}
