package service_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"leadsync/cmd/leadsync/config"
	"leadsync/cmd/leadsync/service"
	"leadsync/connector"
	"leadsync/connector/hubspot"
	"leadsync/connector/hubspot/simulator"
	"leadsync/workflows"
	"leadsync/workflows/store"
)

// Sizes of the two accounts whose memory is compared, and for how long each is worked.
func memorySizes(t *testing.T) (small, large int, load time.Duration) {
	t.Helper()
	number := func(name string, otherwise int) int {
		text := os.Getenv(name)
		if text == "" {
			return otherwise
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			t.Fatalf("%s=%s: want a number from 1", name, text)
		}
		return n
	}
	return number("LEADSYNC_MEM_SMALL", 300), number("LEADSYNC_MEM_LARGE", 1500), time.Duration(number("LEADSYNC_MEM_SECONDS", 1)) * time.Second
}

// memoryFloor is what the peak of a large account may be over that of a small one. In a run of a second the noise of two
// processes is more than what is looked for.
func memoryFloor(large int) float64 {
	if large < 100000 {
		return 1.5
	}
	return 1.2
}

// The memory of a process does not grow with the account: the real worker and receiver run on stores of two sizes under
// the same load, each in a process of its own, and the peaks of what the kernel had to give them are compared.
func TestMemory(t *testing.T) {
	if database := os.Getenv("LEADSYNC_MEM_WORK"); database != "" {
		workMemory(t, database)
		return
	}
	t.Run("sqlite", func(t *testing.T) {
		compareMemory(t, func() string { return filepath.Join(t.TempDir(), "leadsync.db") })
	})
	address := postgresServer(t)
	if address == "" {
		return
	}
	t.Run("postgres", func(t *testing.T) { compareMemory(t, func() string { return schemaIn(t, address) }) })
}

// compareMemory compares the peaks over two new databases.
func compareMemory(t *testing.T, newDatabase func() string) {
	small, large, load := memorySizes(t)
	peaks := map[int]int{}
	for _, n := range []int{small, large} {
		crm := newEndless(t, n)
		database := newDatabase()
		begun := time.Now()
		fillMemory(t, database, n)
		filled := time.Since(begun)
		kib, webhooks, again := runMemory(t, crm, database, load)
		if crm.reads == 0 || crm.updates == 0 || webhooks == 0 {
			t.Fatalf("%d contacts: %d reads, %d updates and %d webhooks are no load", n, crm.reads, crm.updates, webhooks)
		}
		if load >= 30*time.Second && again == 0 {
			t.Errorf("%d contacts: none was evaluated again", n)
		}
		peaks[n] = kib
		t.Logf("%d contacts (filled in %s): peak %d MiB, %d reads, %d updates, %d webhooks, %d evaluated again", n,
			filled.Round(time.Millisecond), kib>>10, crm.reads, crm.updates, webhooks, again)
	}
	ratio := float64(peaks[large]) / float64(peaks[small])
	t.Logf("peak at %d contacts over that at %d: %.2f", large, small, ratio)
	if ratio > memoryFloor(large) {
		t.Errorf("the peak at %d contacts is %.2f times that at %d, want at most %.1f", large, ratio, small, memoryFloor(large))
	}
}

// endless is a HubSpot account that keeps nothing: what a contact looks like follows from its id and the second.
type endless struct {
	server  *httptest.Server
	sim     http.Handler // answers what is not about contacts
	n       int
	mu      sync.Mutex
	reads   int
	updates int
}

func newEndless(t *testing.T, n int) *endless {
	t.Helper()
	sim := simulator.New(simulator.Options{PortalID: portalID, Token: token, Now: time.Now, Wall: time.Now})
	(&rig{t: t, account: sim}).properties()
	sim.CreateOwner("Jana Vogt", "jana@leadsync.example", true)
	e := &endless{n: n, sim: sim.Handler()}
	e.server = httptest.NewServer(e)
	t.Cleanup(e.server.Close)
	return e
}

// ServeHTTP answers reads and updates of contacts by itself, and lets the simulator do everything else.
func (e *endless) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	read, update := strings.HasSuffix(r.URL.Path, "/contacts/batch/read"), strings.HasSuffix(r.URL.Path, "/contacts/batch/update")
	if !read && !update {
		e.sim.ServeHTTP(w, r)
		return
	}
	var in struct {
		Inputs []struct {
			ID         string            `json:"id"`
			Properties map[string]string `json:"properties"`
		} `json:"inputs"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	now := time.Now().UTC()
	results := make([]map[string]any, len(in.Inputs))
	for i, one := range in.Inputs {
		props := one.Properties
		if read {
			props = memoryContact(one.ID, int(now.Unix()))
		}
		results[i] = map[string]any{
			"id": one.ID, "properties": props, "archived": false,
			"createdAt": "2026-01-01T00:00:00Z", "updatedAt": now.Format(time.RFC3339Nano),
		}
	}
	e.mu.Lock()
	if read {
		e.reads += len(in.Inputs)
	} else {
		e.updates += len(in.Inputs)
	}
	e.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"status": "COMPLETE", "results": results})
}

// memoryContact is a contact of about 600 bytes; the salt changes its score.
func memoryContact(id string, salt int) map[string]string {
	titles := []string{"Head of Operations", "Intern", "Chief Executive Officer", "Engineer", "Purchasing"}
	return map[string]string{
		"email": "c" + id + "@example.com", "firstname": "Petra", "lastname": "Wolf " + id, "jobtitle": titles[salt%len(titles)],
		"country": []string{"Germany", "France"}[salt%2], "lifecyclestage": []string{"subscriber", "marketingqualifiedlead"}[len(id)%2],
		"company": strings.Repeat("Nordlicht ", 20), "hs_object_id": id, "budget": strconv.Itoa(salt % 30000),
	}
}

// fillMemory fills a store with contacts, their states and decisions, as a finished first load leaves them.
func fillMemory(t *testing.T, database string, n int) {
	t.Helper()
	ctx := t.Context()
	st, err := store.Open(ctx, database, store.Options{Now: time.Now, Migrate: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(st.EnsurePortal(ctx, "48000001", "hubspot", "mem"))
	f, ok, err := st.Acquire(ctx, "48000001", "filler", time.Hour)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	now := time.Now().UTC()
	const page = 2000
	for first := 0; first < n; first += page {
		var objects []connector.Object
		var decided []workflows.Decided
		for i := first; i < min(first+page, n); i++ {
			id := connector.ObjectID(strconv.Itoa(memoryFirst + i))
			objects = append(objects, connector.Object{Type: connector.TypeContact, ID: id, CreatedAt: now, UpdatedAt: now, Properties: memoryContact(string(id), 1)})
			decided = append(decided, workflows.Decided{ID: id, State: workflows.LeadState{
				Held: true, Root: id, Model: "m", Stage: "lead", Furthest: "lead", StageSince: now, EvaluatedAt: now, LookedAt: now,
			}})
		}
		_, err := st.SavePage(ctx, f, workflows.PulledPage{Type: connector.TypeContact, Objects: objects, Quiet: true})
		must(err)
		must(st.SaveDecisions(ctx, f, decided))
	}
	for _, typ := range []string{"company", "call", "meeting", "email", "note", "communication", "task", "deal", "contact"} {
		_, err := st.SavePage(ctx, f, workflows.PulledPage{
			Feed: "load/" + typ, Type: connector.ObjectType(typ), Quiet: true,
			Next: workflows.FeedState{Since: now, Seen: now, Done: n, Total: n, Complete: true},
		})
		must(err)
	}
	must(st.SetGoLive(ctx, f, now.Add(-time.Hour)))
	must(st.Release(ctx, f))
}

// memoryFirst is the first id; all have the same number of digits.
const memoryFirst = 10000000

// runMemory lets another process work the store under load and gives its peak in KiB, how many webhooks it took,
// and how many contacts it evaluated again.
func runMemory(t *testing.T, crm *endless, database string, load time.Duration) (kib, webhooks, again int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestMemory$", "-test.v")
	cmd.Env = append(os.Environ(), "LEADSYNC_MEM_WORK="+database, "LEADSYNC_MEM_API="+crm.server.URL, "LEADSYNC_MEM_COUNT="+strconv.Itoa(crm.n), "LEADSYNC_MEM_LOAD="+load.String())
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("work: %v\n%s", err, out)
	}
	found := regexp.MustCompile(`peak_kib=(\d+) webhooks=(\d+) again=(\d+)`).FindSubmatch(out)
	if found == nil {
		t.Fatalf("no peak in\n%s", out)
	}
	if os.Getenv("LEADSYNC_MEM_PROFILES") != "" {
		t.Logf("%s", out)
	}
	kib, _ = strconv.Atoi(string(found[1]))
	webhooks, _ = strconv.Atoi(string(found[2]))
	again, _ = strconv.Atoi(string(found[3]))
	return kib, webhooks, again
}

// workMemory is the other process: the real service over HTTP, webhooks from ten senders, and somebody who asks /readyz
// and /metrics.
func workMemory(t *testing.T, database string) {
	n, err := strconv.Atoi(os.Getenv("LEADSYNC_MEM_COUNT"))
	if err != nil {
		t.Fatal(err)
	}
	load, err := time.ParseDuration(os.Getenv("LEADSYNC_MEM_LOAD"))
	if err != nil {
		t.Fatal(err)
	}
	svc, target := memoryService(t, database, os.Getenv("LEADSYNC_MEM_API"))
	server := httptest.NewServer(svc.Handler())
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- svc.Run(ctx) }()
	o := &overloaded{rig: &rig{t: t, hooks: &httptest.Server{URL: strings.TrimSuffix(target, "/webhooks/hubspot")}}, server: server}
	var wg sync.WaitGroup
	taken := make([]int, 10)
	// Ten senders at once, first without a pause and then at one post a second in all, so that the worker keeps up; in the
	// last third nobody sends, so that it comes to what it does in the background: it evaluates all that is stored again.
	until, sending := time.Now().Add(load), time.Now().Add(load*2/3)
	for sender := range taken {
		wg.Go(func() {
			for i := 0; i < 2 || time.Now().Before(sending); i++ {
				if o.post(memoryEvents(sender, i, n)) == http.StatusNoContent {
					taken[sender]++
				}
				if i > 0 {
					time.Sleep(min(10*time.Second, max(0, time.Until(sending))))
				}
			}
		})
	}
	wg.Go(func() {
		for i := 0; i < 2 || time.Now().Before(until); i++ {
			for _, path := range []string{"/readyz", "/metrics"} {
				resp, err := server.Client().Get(server.URL + path)
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
			}
		}
	})
	wg.Wait()
	profileMemory(t, n)
	st := svc.Store
	for end := time.Now().Add(1500 * time.Millisecond); time.Now().Before(end); { // a little of what they asked for is done in any case
		b, err := st.Backlog(t.Context(), "48000001", time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if b.Due == 0 || load > 5*time.Second {
			break
		}
		if err := workflows.Wait(t.Context(), 50*time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
	again, err := st.Reevaluation(t.Context(), "48000001")
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	all := 0
	for _, k := range taken {
		all += k
	}
	fmt.Printf("peak_kib=%d webhooks=%d again=%d\n", peakKiB(t), all, again.Done)
}

// profileMemory keeps what is on the heap at the end of the load in the folder of LEADSYNC_MEM_PROFILES, for go tool pprof.
func profileMemory(t *testing.T, n int) {
	t.Helper()
	dir := os.Getenv("LEADSYNC_MEM_PROFILES")
	if dir == "" {
		return
	}
	var b bytes.Buffer
	if err := pprof.WriteHeapProfile(&b); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("heap-%d.pprof", n)), b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	t.Logf("%d contacts: heap in use %d MiB, idle %d MiB, released %d MiB, stacks %d MiB, from the system %d MiB, next collection at %d MiB", n,
		m.HeapInuse>>20, m.HeapIdle>>20, m.HeapReleased>>20, m.StackInuse>>20, m.Sys>>20, m.NextGC>>20)
	smaps, err := os.ReadFile("/proc/self/smaps_rollup")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s", smaps)
}

// memoryEvents are a hundred changes of contacts all over the account.
func memoryEvents(sender, i, n int) []byte {
	var b bytes.Buffer
	b.WriteByte('[')
	for j := range 100 {
		if j > 0 {
			b.WriteByte(',')
		}
		id := memoryFirst + (sender*7919+i*104729+j*15485863)%n
		fmt.Fprintf(&b, `{"eventId":%d,"subscriptionId":1,"portalId":48000001,"appId":4100001,"occurredAt":%d,"subscriptionType":"contact.propertyChange","attemptNumber":0,"objectId":%d,"propertyName":"jobtitle","propertyValue":"x","changeSource":"CRM"}`,
			sender*1e9+i*100+j+1, time.Now().UnixMilli(), id)
	}
	b.WriteByte(']')
	return b.Bytes()
}

func memoryService(t *testing.T, database, api string) (*service.Service, string) {
	t.Helper()
	target := "http://127.0.0.1:9/webhooks/hubspot"
	text := `listen: 127.0.0.1:0
model: model.yaml
limits: {tasks_per_hour: 1000000, stage_moves_per_hour: 1000000, batch_window: 1ms}
portals:
  - name: mem
    crm: hubspot
    account: "48000001"
    token_env: T
    base_url: ` + api + `
    clock: simulator
    webhooks: {enabled: true, target_url: ` + target + `, app_id: "4100001", client_secret_env: S}
    effects: {score: on, stage: shadow, status: shadow, task: shadow}
    time_zone: Europe/Berlin
    calendar: {country: DE, region: BY, due_at: "09:00"}
`
	cfg, err := config.Parse(filepath.Join(t.TempDir(), "leadsync.yaml"), []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(t.Context(), database, store.Options{Now: time.Now, Migrate: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	log := slog.New(slog.DiscardHandler)
	client, err := hubspot.New(hubspot.Config{
		BaseURL: api, Token: func(context.Context) (string, error) { return token, nil }, Now: time.Now, Logger: log,
		Jitter: func() float64 { return 0.5 }, GeneralPerSecond: 10000, SearchPerSecond: 10000,
	})
	if err != nil {
		t.Fatal(err)
	}
	svc, err := service.New(service.Options{
		Config: cfg, Model: loadModel(t, "../../../fixtures/models/demo.yaml"), Store: st, Log: log,
		Connections: map[string]service.Connection{"mem": {
			CRM: client, Now: time.Now, Names: names(), Verifier: &hubspot.Verifier{Secrets: []string{secret}, TargetURL: target, Now: time.Now},
		}},
		Now: time.Now, Jitter: func() float64 { return 0.5 }, Worker: "mem", Idle: 20 * time.Millisecond, AnswerWithin: 30 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	return svc, target
}

// peakKiB is the most memory that this process ever had resident.
func peakKiB(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatalf("read the peak (needs Linux): %v", err)
	}
	found := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(text)
	if found == nil {
		t.Fatal("no peak in /proc/self/status")
	}
	n, err := strconv.Atoi(string(found[1]))
	if err != nil {
		t.Fatal(err)
	}
	return n
}
