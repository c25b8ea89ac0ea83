package main

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"leadsync/connector/hubspot/simulator"
	"leadsync/workflows/store"
)

// herd is many real processes on one PostgreSQL database, with an account of its own for each portal, all served by one
// server, which knows each process by the token that it sends.
type herd struct {
	*testing.T
	lease    time.Duration
	address  string // of the database
	db       *sql.DB
	accounts []*simulator.Account
	server   *httptest.Server
	listen   string // of the receiver
	members  []*herdsman

	mu   sync.Mutex
	hits []hit
}

// herdsman is one process.
type herdsman struct {
	*process
	token   string
	stopped bool
}

// hit is one request of a process to an account.
type hit struct {
	at      time.Time
	token   string
	account int
}

// ownDatabase makes a database for the test and drops it afterwards: what is counted in it is the test's alone.
func ownDatabase(t *testing.T, address string) string {
	t.Helper()
	admin, err := sql.Open("postgres", address)
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("leadsync_many_%d_%d", os.Getpid(), time.Now().UnixNano())
	if _, err := admin.ExecContext(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := admin.ExecContext(context.WithoutCancel(t.Context()), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
		_ = admin.Close()
	})
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

func newHerd(t *testing.T, address string, portals int, lease time.Duration) *herd {
	t.Helper()
	h := &herd{T: t, lease: lease, address: ownDatabase(t, address), listen: quietAddress(t)}
	var err error
	if h.db, err = sql.Open("postgres", h.address); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.db.Close() })
	migrated, err := store.Open(t.Context(), h.address, store.Options{Now: time.Now, Migrate: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := migrated.Close(); err != nil {
		t.Fatal(err)
	}
	for i := range portals {
		a := simulator.New(simulator.Options{
			PortalID: int64(simulatedPortal + i), AppID: simulatedApp, Token: simulatedToken, Now: time.Now, Wall: time.Now, Seed: uint64(i),
			Webhook: simulator.WebhookTarget{URL: "http://" + h.listen + "/webhooks/hubspot", Secret: simulatedSecret, RetryDelay: 200 * time.Millisecond, MaxAttempts: 50},
		})
		if err := addProperties(a); err != nil {
			t.Fatal(err)
		}
		if err := a.AddProperty(simulator.Contacts, simulator.Property{Name: "no_profiling", Label: "No profiling", Type: "bool", Options: []simulator.Option{{Label: "Yes", Value: "true"}, {Label: "No", Value: "false"}}}); err != nil {
			t.Fatal(err)
		}
		for n := range 2 {
			h.contact(a, fmt.Sprintf("ada%d.%d@example.com", i, n))
		}
		h.accounts = append(h.accounts, a)
	}
	h.server = httptest.NewServer(h)
	t.Cleanup(h.server.Close)
	for _, a := range h.accounts {
		a.Start(t.Context())
		t.Cleanup(a.Close)
	}
	h.watch()
	return h
}

func (h *herd) contact(a *simulator.Account, mail string) string {
	h.Helper()
	id, err := a.CreateContact(simulator.Actor{Kind: simulator.User, ID: "7"}, map[string]string{"email": mail, "lastname": "Lovelace"})
	if err != nil {
		h.Fatal(err)
	}
	return id
}

// ServeHTTP is all accounts: /a/ and the number of the account before the path.
func (h *herd) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	at := time.Now()
	head, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/a/"), "/")
	n, err := strconv.Atoi(head)
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if err != nil || n >= len(h.accounts) || token == "" {
		http.NotFound(w, r)
		return
	}
	h.mu.Lock()
	h.hits = append(h.hits, hit{at, token, n})
	h.mu.Unlock()
	r.Header.Set("Authorization", "Bearer "+simulatedToken)
	r.URL.Path, r.URL.RawPath = "/"+path, ""
	h.accounts[n].Handler().ServeHTTP(w, r)
}

// fenced are the tables that only the worker of a portal writes.
func fenced() []string {
	return []string{"objects", "links", "decisions", "outbox", "sendings", "feeds", "leads", "modes", "models", "owners", "observations", "pushes"}
}

// watch has the database take notes: of every epoch of every lease, and of who writes what while who has the lease.
func (h *herd) watch() {
	h.Helper()
	for _, query := range []string{
		"CREATE UNLOGGED TABLE many_epochs (portal TEXT, epoch BIGINT, worker TEXT, at BIGINT)",
		"CREATE UNLOGGED TABLE many_writes (app TEXT, holder TEXT, tab TEXT)",
		`CREATE FUNCTION many_epoch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			INSERT INTO many_epochs VALUES (NEW.portal, NEW.epoch, NEW.worker, EXTRACT(EPOCH FROM clock_timestamp()) * 1000000); RETURN NULL; END $$`,
		`CREATE FUNCTION many_write() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE holder TEXT; BEGIN
			SELECT l.worker INTO holder FROM leases l WHERE l.portal = COALESCE(NEW.portal, OLD.portal);
			INSERT INTO many_writes VALUES (current_setting('application_name'), holder, TG_TABLE_NAME); RETURN NULL; END $$`,
		"CREATE TRIGGER many_epoch AFTER UPDATE ON leases FOR EACH ROW WHEN (OLD.epoch <> NEW.epoch) EXECUTE FUNCTION many_epoch()",
	} {
		h.exec(query)
	}
	watched := 0
	for _, table := range fenced() {
		there := 0
		h.one(&there, "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'public' AND table_name = '"+table+"'")
		if there == 1 {
			watched++
			h.exec("CREATE TRIGGER many_write AFTER INSERT OR UPDATE OR DELETE ON " + table + " FOR EACH ROW EXECUTE FUNCTION many_write()")
		}
	}
	if watched < 8 {
		h.Fatalf("only %d of the tables are there: their names have changed", watched)
	}
}

func (h *herd) exec(query string) {
	h.Helper()
	if _, err := h.db.ExecContext(h.Context(), query); err != nil {
		h.Fatalf("%s: %v", query, err)
	}
}

func (h *herd) one(into any, query string) {
	h.Helper()
	if err := h.db.QueryRowContext(h.Context(), query).Scan(into); err != nil {
		h.Fatalf("%s: %v", query, err)
	}
}

// start launches a process. Its installation differs from the others' in the token, the address and the name that it gives to
// the database. A receiver has no token at all.
func (h *herd) start(role string) {
	h.Helper()
	n := len(h.members)
	m := &herdsman{token: fmt.Sprintf("token-of-%d", n)}
	dir, listen := h.TempDir(), quietAddress(h.T)
	if role == "receiver" {
		listen = h.listen
	}
	var text strings.Builder
	fmt.Fprintf(&text, `database: %s
listen: %s
model: model.yaml
schedules: {contacts: "@every 1h", activities: "@every 1h", companies: "@every 1h", deals: "@every 1h", owners: "@every 1h"}
limits: {tasks_per_hour: 100000, general_per_second: 1000, search_per_second: 1000, batch_window: 5ms, database_connections: 3, lease: %s}
portals:
`, h.address+"&application_name=many-"+strconv.Itoa(n), listen, h.lease)
	for i, a := range h.accounts {
		fmt.Fprintf(&text, `  - {name: p%d, crm: hubspot, account: "%d", token_file: token, base_url: %s/a/%d,
     webhooks: {enabled: true, target_url: "http://%s/webhooks/hubspot", app_id: "%d", client_secret_file: secret},
     effects: {score: on, stage: on, status: on, task: on, deal: on}, clock: simulator, time_zone: Europe/Berlin,
     calendar: {country: DE, region: BY, due_at: "09:00"}, queues: {calls: "4711"},
     pipelines: {sales: {id: default, stage: appointmentscheduled}}}
`, i, a.PortalID(), h.server.URL, i, h.listen, simulatedApp)
	}
	if err := writeFiles(dir, text.String(), demoModel()); err != nil {
		h.Fatal(err)
	}
	file := filepath.Join(dir, "token")
	err := os.WriteFile(file, []byte(m.token), 0o600)
	if role == "receiver" {
		err = os.Remove(file)
	}
	if err != nil {
		h.Fatal(err)
	}
	m.process = launch(h.T, dir, nil, "serve", "--config", "leadsync.yaml", "--role", role)
	h.members = append(h.members, m)
}

// division counts the portals by the processes that have them; nobody's and dead processes' under -1.
func (h *herd) division() map[int]int {
	h.Helper()
	rows, err := h.db.QueryContext(h.Context(), `SELECT worker, COUNT(*) FROM leases
		WHERE worker <> '' AND expires_at > EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 GROUP BY worker`)
	if err != nil {
		h.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	out, held := map[int]int{}, 0
	for rows.Next() {
		var worker string
		var n int
		if err := rows.Scan(&worker, &n); err != nil {
			h.Fatal(err)
		}
		if who := h.who(worker); who >= 0 && h.members[who].alive() && !h.members[who].stopped {
			out[who] += n
			held += n
		}
	}
	if err := rows.Err(); err != nil {
		h.Fatal(err)
	}
	if left := len(h.accounts) - held; left > 0 {
		out[-1] = left
	}
	return out
}

// who is the process of a worker's name, which has its number in the second place.
func (h *herd) who(worker string) int {
	parts := strings.Split(worker, "/")
	if len(parts) != 3 {
		return -1
	}
	pid, err := strconv.Atoi(parts[1])
	if err != nil {
		return -1
	}
	return slices.IndexFunc(h.members, func(m *herdsman) bool { return m.cmd.Process.Pid == pid })
}

// shared waits until living processes have all portals, so many each, give or take one. It gives how long somebody was
// without a worker, and logs when the division was fair.
func (h *herd) shared(what string, workers int) (worked time.Duration) {
	h.Helper()
	began, fair := time.Now(), time.Duration(0)
	least := len(h.accounts) / workers
	eventually(h.T, 5*time.Minute, func() string { return fmt.Sprintf("%s: %v", what, h.division()) }, func() bool {
		got := h.division()
		if got[-1] == 0 && worked == 0 {
			worked = time.Since(began)
		}
		if len(got) != workers || got[-1] > 0 {
			return false
		}
		for _, n := range got {
			if n < least || n > least+1 {
				return false
			}
		}
		fair = time.Since(began)
		return true
	})
	h.Logf("%s: all %d portals are worked after %s, %d to %d by each of %d after %s", what, len(h.accounts), worked.Round(time.Millisecond),
		slices.Min(slices.Collect(maps.Values(h.division()))), slices.Max(slices.Collect(maps.Values(h.division()))), workers, fair.Round(time.Millisecond))
	return worked
}

// live waits until every account is loaded, by somebody.
func (h *herd) live() {
	h.Helper()
	began := time.Now()
	n := 0
	eventually(h.T, 10*time.Minute, func() string { return fmt.Sprintf("%d accounts are loaded", n) }, func() bool {
		h.one(&n, "SELECT COUNT(*) FROM portals WHERE go_live_at IS NOT NULL")
		return n == len(h.accounts)
	})
	h.Logf("all %d accounts are loaded after %s", n, time.Since(began).Round(time.Millisecond))
}

// deeds creates a contact in each of so many accounts and waits until it has its scores. Nobody sweeps: what the receiver stored
// is noticed by the worker of another process, at its next look.
func (h *herd) deeds(name string, accounts int) {
	h.Helper()
	began := time.Now()
	h.done(began, h.asked(name, accounts))
}

// asked creates the contacts.
func (h *herd) asked(name string, accounts int) map[int]string {
	h.Helper()
	open := map[int]string{}
	for i := range accounts {
		open[i] = h.contact(h.accounts[i], fmt.Sprintf("%s%d@example.com", name, i))
	}
	return open
}

// done waits for their scores.
func (h *herd) done(began time.Time, open map[int]string) {
	h.Helper()
	accounts := len(open)
	var took []time.Duration
	eventually(h.T, 2*time.Minute, func() string { return fmt.Sprintf("%d contacts have no score", len(open)) }, func() bool {
		for i, id := range open {
			if o, ok := h.accounts[i].Object(simulator.Contacts, id); ok && o.Properties["leadsync_score"] != "" {
				took = append(took, time.Since(began))
				delete(open, i)
			}
		}
		return len(open) == 0
	})
	slices.Sort(took)
	h.Logf("%d contacts were scored by other processes than the one that took the webhook: half within %s, all within %s", accounts,
		took[len(took)/2].Round(time.Millisecond), took[len(took)-1].Round(time.Millisecond))
}

// transactions counts the transactions of the database, which the server tells a little late.
func (h *herd) transactions() (n int64) {
	h.Helper()
	h.one(&n, "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()")
	return n
}

// audit decides what never may be: an epoch of two processes, a write by a process that does not have the lease.
func (h *herd) audit() {
	h.Helper()
	twice, epochs := 0, 0
	h.one(&epochs, "SELECT COUNT(*) FROM many_epochs")
	h.one(&twice, "SELECT COUNT(*) FROM (SELECT 1 FROM many_epochs GROUP BY portal, epoch HAVING COUNT(*) > 1) AS t")
	if twice > 0 || epochs < len(h.accounts) {
		h.Errorf("%d of %d epochs were given twice", twice, epochs)
	}
	rows, err := h.db.QueryContext(h.Context(), "SELECT app, holder, tab, COUNT(*) FROM many_writes GROUP BY app, holder, tab")
	if err != nil {
		h.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	writes := 0
	for rows.Next() {
		var app, holder, table string
		var n int
		if err := rows.Scan(&app, &holder, &table, &n); err != nil {
			h.Fatal(err)
		}
		if app != fmt.Sprintf("many-%d", h.who(holder)) {
			h.Errorf("%s wrote %d rows of %s while %s had the lease", app, n, table, holder)
		}
		writes += n
	}
	if err := rows.Err(); err != nil {
		h.Fatal(err)
	}
	if writes == 0 {
		h.Error("nothing was written, so nothing was proven")
	}
	h.Logf("%d epochs, none of two processes; %d writes, all by who had the lease", epochs, writes)
}

// calls counts the requests of a process since, by account.
func (h *herd) calls(m *herdsman, since time.Time) map[int]int {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := map[int]int{}
	for _, x := range h.hits {
		if x.token == m.token && x.at.After(since) {
			out[x.account]++
		}
	}
	return out
}

// takenBy are the portals that somebody took since, by number of the account.
func (h *herd) takenBy(who int, since time.Time) map[int]bool {
	h.Helper()
	rows, err := h.db.QueryContext(h.Context(), "SELECT portal, worker FROM many_epochs WHERE at > $1", since.UnixMicro())
	if err != nil {
		h.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	out := map[int]bool{}
	for rows.Next() {
		var portal int
		var worker string
		if err := rows.Scan(&portal, &worker); err != nil {
			h.Fatal(err)
		}
		if h.who(worker) == who {
			out[portal-simulatedPortal] = true
		}
	}
	if err := rows.Err(); err != nil {
		h.Fatal(err)
	}
	return out
}

// Real processes share portals on one PostgreSQL: they join without configuration, some are killed, one is stopped by a signal for
// longer than the lease and wakes up, all are told to end. LEADSYNC_MANY says how many processes and portals, and that the
// machine is theirs: then the times are held to what is promised (`make many`: 16x200).
func TestServe_manyProcesses(t *testing.T) {
	address := os.Getenv("LEADSYNC_TEST_POSTGRES")
	if address == "" {
		if os.Getenv("LEADSYNC_REQUIRE_POSTGRES") != "" {
			t.Fatal("LEADSYNC_REQUIRE_POSTGRES is set, but LEADSYNC_TEST_POSTGRES names no server")
		}
		return
	}
	processes, portals, strict := 2, 4, false
	if text := os.Getenv("LEADSYNC_MANY"); text != "" {
		if n, err := fmt.Sscanf(text, "%dx%d", &processes, &portals); err != nil || n != 2 || processes < 3 || portals < processes {
			t.Fatalf("LEADSYNC_MANY=%q: write processes x portals, such as 16x200", text)
		}
		strict = true
	}
	lease := 2 * time.Second
	if strict {
		lease = 6 * time.Second
	}
	h := newHerd(t, address, portals, lease)
	h.start("receiver")
	for range processes {
		h.start("worker")
	}
	h.shared("all at once", processes)
	h.live()
	h.deeds("first", min(portals, 50))
	killed := 0
	if strict {
		h.idle(processes)
		killed = h.kill(processes)
	}
	h.pause(h.members[1+killed], processes-killed)
	h.deeds("afterpause", min(portals, 50))
	last := h.members[len(h.members)-1]
	for _, m := range h.members[1+killed : len(h.members)-1] {
		m.stop(t)
	}
	if worked := h.shared("all but one stopped", 1); strict && worked > lease/2 {
		t.Errorf("the portals of processes that were told to stop came back after %s: not at once", worked)
	}
	h.deeds("afterstop", min(portals, 50))
	last.stop(t)
	h.members[0].stop(t)
	h.audit()
	for _, m := range h.members {
		m.sound(t)
	}
}

// kill kills a quarter of the processes and waits until the others have their portals, for as long as a lease and a look at
// most. It gives how many it killed.
func (h *herd) kill(processes int) int {
	h.Helper()
	killed := max(1, processes/4)
	for _, m := range h.members[1 : 1+killed] {
		m.process.kill()
		<-m.dead
	}
	worked := h.shared(fmt.Sprintf("%d killed", killed), processes-killed)
	const look, slack = time.Second, 2 * time.Second // 17 processes on few cores
	if worked > h.lease+look+slack {
		h.Errorf("the portals of killed processes came back after %s, the lease is %s and a look %s", worked, h.lease, look)
	}
	h.deeds("afterkill", min(len(h.accounts), 50))
	return killed
}

// idle measures what a fleet without work asks of the database.
func (h *herd) idle(processes int) {
	h.Helper()
	const span = 20 * time.Second
	timer := time.NewTimer(5 * time.Second) // what the deeds left behind
	<-timer.C
	before := h.transactions()
	timer.Reset(span)
	<-timer.C
	perSecond := float64(h.transactions()-before) / span.Seconds()
	// Of each process two queries a look and a beat each third of the lease; of each portal a look of its own a minute, of some
	// twenty transactions; the rest is the server's statistics and this test.
	bound := 3*float64(processes) + 25*float64(len(h.accounts))/60
	h.Logf("idle: %.1f transactions per second of %d processes with %d portals, bound %.0f", perSecond, processes, len(h.accounts), bound)
	if perSecond > bound {
		h.Errorf("an idle fleet makes %.1f transactions per second, more than %.0f", perSecond, bound)
	}
}

// pause stops a process by a signal, in the middle of its work, for longer than the lease, lets its portals be worked by others, and wakes it up: it changes
// nothing and calls no account that it has not taken again.
func (h *herd) pause(m *herdsman, workers int) {
	h.Helper()
	who := slices.Index(h.members, m)
	began := time.Now()
	open := h.asked("halfway", len(h.accounts))
	eventually(h.T, time.Minute, func() string { return "the process that is to be paused does nothing" }, func() bool {
		return len(h.calls(m, began)) > 0 // it is in the middle of something
	})
	if err := m.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		h.Fatal(err)
	}
	m.stopped = true
	h.shared("one paused", workers-1)
	h.done(time.Now(), open)
	woken := time.Now()
	m.stopped = false
	if err := m.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		h.Fatal(err)
	}
	h.shared("it woke up", workers)
	taken := h.takenBy(who, woken)
	for account, n := range h.calls(m, woken) {
		if !taken[account] {
			h.Errorf("%d calls to account %d by a process that lost it while it was paused", n, account)
		}
	}
	h.Logf("after it woke up it called %d accounts and had taken %d again", len(h.calls(m, woken)), len(taken))
}
