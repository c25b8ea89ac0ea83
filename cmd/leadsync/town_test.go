package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"leadsync/connector/hubspot/simulator"
	"leadsync/connector/hubspot/simulator/population"
)

// town is a simulated account in the test's process, which `leadsync serve` in a process of its own works
// over real HTTP. Its world's clock stands still until the test moves it.
type town struct {
	account *simulator.Account
	people  *population.World
	clock   *worldClock
	dir     string // the installation
	listen  string // where serve listens
	client  *http.Client
	lists   map[string]string // ids of the lists, by name

	mu         sync.Mutex
	open       map[string]*sweep // under way, by type
	beginnings map[string]int    // sweeps begun, by type
	swept      map[string]int    // length of the journal at the beginning of the last whole sweep
	trap       *trap
}

// trap springs at a request of the program.
type trap struct {
	in     int  // springs at the in-th request from now
	before bool // the request is not carried out; otherwise it is, and only its answer is lost
	spring func()
}

type townOptions struct {
	contacts int
	seed     uint64
	start    time.Time
	webhooks bool
	database string   // empty: SQLite
	every    string   // schedule of all sweeps
	model    []byte   // nil: the demo's
	lists    []string // names of static lists that the account has and the installation maps
	account  simulator.Options
	// between gives the address under which the program finds the account instead of its own; nil: its own.
	between func(address string) string
}

// newTown builds an account with people in it, and the files of an installation for it, as simulate
// --install writes them.
func newTown(t *testing.T, o townOptions) *town {
	t.Helper()
	w := &town{
		clock: standingClock(o.start), dir: t.TempDir(), listen: quietAddress(t),
		client: &http.Client{Timeout: 5 * time.Second}, open: map[string]*sweep{}, swept: map[string]int{}, beginnings: map[string]int{},
	}
	target := ""
	if o.webhooks {
		target = "http://" + w.listen + "/webhooks/hubspot"
		o.account.Webhook.URL, o.account.Webhook.Secret = target, simulatedSecret
	}
	o.account.PortalID, o.account.AppID, o.account.Token, o.account.Seed = simulatedPortal, simulatedApp, simulatedToken, o.seed
	o.account.Now, o.account.Wall = w.clock.Now, time.Now
	w.account = simulator.New(o.account)
	if err := addProperties(w.account); err != nil {
		t.Fatal(err)
	}
	if o.contacts > 0 {
		w.people = population.Populate(w.account, population.Options{Seed: o.seed, Contacts: o.contacts, Start: o.start})
	}
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	address := server.URL
	if o.between != nil {
		address = o.between(address)
	}
	w.lists = map[string]string{}
	for _, name := range o.lists {
		id, err := w.account.CreateList(salesperson(), simulator.List{Name: name})
		if err != nil {
			t.Fatal(err)
		}
		w.lists[name] = id
	}
	w.install(t, address, target, o)
	w.account.Start(t.Context())
	t.Cleanup(w.account.Close)
	return w
}

func (w *town) install(t *testing.T, url, target string, o townOptions) {
	t.Helper()
	env := environment{stdout: io.Discard}
	if err := writeInstallation(&env, simulateOptions{install: w.dir, serveOn: w.listen}, url, target); err != nil {
		t.Fatal(err)
	}
	if o.model != nil {
		if err := os.WriteFile(filepath.Join(w.dir, "model.yaml"), o.model, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(w.dir, "leadsync.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	out := string(text)
	for from, to := range map[string]string{
		`"@every 2s"`:           `"` + o.every + `"`,
		`"@every 10m"`:          `"` + o.every + `"`,
		"batch_window: 5ms":     "batch_window: 5ms, lease: 2s, list_changes_per_hour: 100000", // a killed worker's portal is free again soon
		"database: leadsync.db": "database: " + orWord(o.database, "leadsync.db"),
	} {
		if !strings.Contains(out, from) {
			t.Fatalf("the installation of simulate has no %q any more:\n%s", from, out)
		}
		out = strings.ReplaceAll(out, from, to)
	}
	if len(w.lists) > 0 {
		ids, err := json.Marshal(w.lists)
		if err != nil {
			t.Fatal(err)
		}
		const from = "deal: on}\n"
		if !strings.Contains(out, from) {
			t.Fatalf("the installation of simulate has no %q any more:\n%s", from, out)
		}
		out = strings.Replace(out, from, "deal: on, list: on}\n    lists: "+string(ids)+"\n", 1)
	}
	if err := os.WriteFile(path, []byte(out), 0o600); err != nil {
		t.Fatal(err)
	}
}

// quietAddress is a loopback address that nobody listens on, below the ports that the kernel gives to
// clients, so that nobody takes it while serve is dead.
func quietAddress(t *testing.T) string {
	t.Helper()
	for range 100 {
		address := fmt.Sprintf("127.0.0.1:%d", 20_000+rand.IntN(12_000))
		l, err := net.Listen("tcp", address)
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		return address
	}
	t.Fatal("no free port among 100")
	return ""
}

// ServeHTTP is the account's API, with a trap in it.
func (w *town) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	look := w.look(r)
	answer := httptest.NewRecorder()
	sprung := w.step()
	if sprung == nil || !sprung.before {
		w.account.Handler().ServeHTTP(answer, r)
	}
	if sprung != nil {
		sprung.spring()
		panic(http.ErrAbortHandler) // the connection breaks without an answer
	}
	look.answered(answer.Body.Bytes())
	maps.Copy(rw.Header(), answer.Header())
	rw.WriteHeader(answer.Code)
	_, _ = rw.Write(answer.Body.Bytes()) // the program may have gone
}

// sweep is a walk of the program over what changed, of one type.
type sweep struct {
	began int  // length of the journal at its first request; -1: it may have begun before a kill
	over  bool // its last page has been answered
}

// look takes notes of sweeps. The program does one thing at a time, so a further search shows that the page
// before it has been stored.
func (w *town) look(r *http.Request) glance {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	g := glance{town: w}
	switch {
	case parts[len(parts)-1] == "search" && len(parts) > 1:
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return g
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		g.of, g.tied = parts[len(parts)-2], bytes.Contains(body, []byte(`"sorts":[{"propertyName":"hs_object_id"`))
		if bytes.Contains(body, []byte("leadsync_key")) && bytes.Contains(body, []byte(`"operator":"IN"`)) {
			g.of = "" // looks for keys
		}
	case strings.Contains(r.URL.Path, "/owners"):
		g.of = "owners"
	}
	if g.of == "" {
		return g
	}
	now := len(w.account.Journal())
	w.mu.Lock()
	defer w.mu.Unlock()
	for what, s := range w.open {
		if s.over {
			w.swept[what] = s.began
			delete(w.open, what)
		}
	}
	if w.open[g.of] == nil {
		w.open[g.of] = &sweep{began: now}
		w.beginnings[g.of]++
	}
	return g
}

// glance is a request of a sweep.
type glance struct {
	town *town
	of   string // the type; empty if it is another request
	tied bool   // it walks along records of one time, after which the sweep goes on
}

func (g glance) answered(body []byte) {
	if g.of == "" {
		return
	}
	var page struct {
		Total   int               `json:"total"`
		Results []json.RawMessage `json:"results"`
	}
	if json.Unmarshal(body, &page) != nil {
		return
	}
	g.town.mu.Lock()
	defer g.town.mu.Unlock()
	if s := g.town.open[g.of]; s != nil {
		s.over = !g.tied && page.Total <= len(page.Results)
	}
}

// unsure forgets the sweeps under way: a new process goes on with them where the old one stopped.
func (w *town) unsure() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, what := range sweeps() {
		w.open[what], w.swept[what] = &sweep{began: -1}, -1
	}
}

// begun counts the sweeps of a type that have begun.
func (w *town) begun(what string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.beginnings[what]
}

// unswept names the kinds of sweep that have not been made from beginning to end since the account's last
// change.
func (w *town) unswept() []string {
	now := len(w.account.Journal())
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []string
	for _, what := range sweeps() {
		if n, ok := w.swept[what]; !ok || n < now {
			out = append(out, what)
		}
	}
	return out
}

func (w *town) step() *trap {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.trap == nil {
		return nil
	}
	w.trap.in--
	if w.trap.in > 0 {
		return nil
	}
	sprung := w.trap
	w.trap = nil
	return sprung
}

func (w *town) arm(x *trap) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.trap = x
}

// serve starts the service.
func (w *town) serve(t *testing.T, env ...string) *process {
	t.Helper()
	w.unsure()
	return launch(t, w.dir, env, "serve", "--config", "leadsync.yaml")
}

// readyz is the service's page about its readiness; empty if it does not answer.
func (w *town) readyz() string {
	resp, err := w.client.Get("http://" + w.listen + "/readyz")
	if err != nil {
		return ""
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return ""
	}
	return string(body)
}

// ready is the service's own word on its only portal; not ok if it does not answer, or says that it could not find out.
func (w *town) ready() (portal struct {
	State         string `json:"state"`
	Live          bool   `json:"live"`
	Due, Unsent   int
	Parked        int
	Contacts      int
	PauseReason   string   `json:"pause_reason"`
	PausedClasses []string `json:"paused_classes"`
}, ok bool,
) {
	var answer struct {
		Ready   bool              `json:"ready"`
		Portals []json.RawMessage `json:"portals"`
	}
	if json.Unmarshal([]byte(w.readyz()), &answer) != nil || len(answer.Portals) != 1 {
		return portal, false
	}
	err := json.Unmarshal(answer.Portals[0], &portal)
	return portal, err == nil && answer.Ready
}

// sweeps are the kinds of sweep that the service makes.
func sweeps() []string {
	return []string{"contacts", "calls", "meetings", "tasks", "companies", "deals", "owners"}
}

// settled reports whether everything that happened has been seen and done: no webhook is under way, every
// kind of sweep has been made since the account's last change, and the service has nothing to do.
func (w *town) settled() bool {
	if w.account.Pending().Total() > 0 || len(w.unswept()) > 0 {
		return false
	}
	n := len(w.account.Journal())
	p, ok := w.ready()
	return ok && p.State == "working" && p.Due == 0 && p.Unsent == 0 && len(w.account.Journal()) == n && len(w.unswept()) == 0
}
