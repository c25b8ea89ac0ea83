package service_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"leadsync/cmd/leadsync/service"
	"leadsync/workflows/store"
)

// receiver is a service that only receives, behind a real server.
type overloaded struct {
	*rig
	server *httptest.Server
}

func newOverloaded(t *testing.T, change func(*service.Options)) *overloaded {
	t.Helper()
	r := newRig(t, rigOptions{webhooks: true, bulk: true, spoiled: true})
	r.options.Config.Limits.BodyBytes = 1 << 20
	if change != nil {
		change(&r.options)
	}
	if err := r.store.EnsurePortal(t.Context(), "48000001", "hubspot", "rig"); err != nil {
		t.Fatal(err)
	}
	r.again()
	o := &overloaded{rig: r, server: httptest.NewServer(r.svc.Handler())}
	t.Cleanup(o.server.Close)
	return o
}

// hundred is a body of a hundred events that is nearly as large as allowed, different for every number.
func hundred(n int, padding string) []byte {
	var b bytes.Buffer
	b.WriteByte('[')
	for i := range 100 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"eventId":%d,"subscriptionId":1,"portalId":48000001,"appId":4100001,"occurredAt":1793000000000,"subscriptionType":"contact.propertyChange","attemptNumber":0,"objectId":%d,"propertyName":"jobtitle","propertyValue":%q,"changeSource":"CRM"}`,
			n*100+i+1, 1000+i, padding)
	}
	b.WriteByte(']')
	return b.Bytes()
}

// post sends a signed body and gives the status; 0: the connection was closed before an answer.
func (o *overloaded) post(body []byte) int {
	target := o.hooks.URL + "/webhooks/hubspot"
	at := strconv.FormatInt(time.Now().UnixMilli(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("POST" + target))
	mac.Write(body)
	mac.Write([]byte(at))
	req, err := http.NewRequest(http.MethodPost, o.server.URL+"/webhooks/hubspot", bytes.NewReader(body))
	if err != nil {
		return 0
	}
	req.Header.Set("X-Hubspot-Signature-V3", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	req.Header.Set("X-Hubspot-Request-Timestamp", at)
	req.Header.Set("Content-Type", "application/json")
	resp, err := o.server.Client().Do(req)
	if err != nil {
		return 0
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	if resp.StatusCode == http.StatusServiceUnavailable && resp.Header.Get("Retry-After") == "" {
		return -1
	}
	return resp.StatusCode
}

func (o *overloaded) deliveries() int {
	o.t.Helper()
	return count(o.t, o.options.Config.Database.File, "SELECT COUNT(*) FROM deliveries")
}

func count(t *testing.T, file, query string) int {
	t.Helper()
	db := openRaw(t, file)
	defer func() { _ = db.Close() }()
	n := 0
	if err := db.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func openRaw(t *testing.T, file string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(5000)&_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// A thousand posts of a megabyte at once: what is taken is stored, what is not is told so, and the memory stays bounded.
func TestOverload_memory(t *testing.T) {
	posts := 150
	if text := os.Getenv("LEADSYNC_OVERLOAD_POSTS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			t.Fatalf("LEADSYNC_OVERLOAD_POSTS=%s: want a number from 1", text)
		}
		posts = n
	}
	o := newOverloaded(t, func(op *service.Options) { op.AnswerWithin = time.Minute }) // on the slowest machine, too: how much it holds is the question
	o.server.Client().Transport.(*http.Transport).DisableKeepAlives = true
	body := hundred(0, strings.Repeat("x", 10000))
	if len(body) < 1000000 || len(body) > 1<<20 {
		t.Fatalf("the body has %d bytes", len(body))
	}
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	var peak atomic.Uint64
	stop, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				peak.Store(max(peak.Load(), m.HeapInuse+m.StackInuse))
			}
		}
	}()
	got := map[int]int{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	slowest := time.Duration(0)
	clients := min(posts, 1000)
	work := make(chan int)
	for range clients {
		wg.Go(func() {
			for range work {
				begun := time.Now()
				status := o.post(body)
				mu.Lock()
				got[status]++
				slowest = max(slowest, time.Since(begun))
				mu.Unlock()
			}
		})
	}
	for i := range posts {
		work <- i
	}
	close(work)
	wg.Wait()
	close(stop)
	<-watched
	t.Logf("%d posts of %d bytes: %v, slowest %s, heap %d MiB over %d MiB", posts, len(body), got, slowest.Round(time.Millisecond),
		(int64(peak.Load())-int64(before.HeapInuse))>>20, before.HeapInuse>>20)
	if got[http.StatusNoContent] == 0 || got[http.StatusNoContent]+got[http.StatusServiceUnavailable]+got[0] != posts {
		t.Errorf("answers %v, want some 204, and otherwise 503 with Retry-After or none", got)
	}
	if grown := int64(peak.Load()) - int64(before.HeapInuse); grown > 200<<20 {
		t.Errorf("the heap grew by %d MiB", grown>>20)
	}
	if status := o.post(hundred(7, "after")); status != http.StatusNoContent {
		t.Errorf("afterwards a post is answered with %d", status)
	}
	if n := o.deliveries(); n != 2 { // the large ones are all the same
		t.Errorf("%d deliveries are stored, want 2", n)
	}
}

// A database that hangs is answered for in time, and never with 2xx; what was under way may be stored later, once.
func TestOverload_databaseHangs(t *testing.T) {
	t.Parallel() // it waits, as the others that say so
	o := newOverloaded(t, func(op *service.Options) { op.AnswerWithin = 300 * time.Millisecond })
	db := openRaw(t, o.options.Config.Database.File)
	defer func() { _ = db.Close() }()
	tx, err := db.BeginTx(t.Context(), nil) // immediate: nobody else writes
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	begun := time.Now()
	for i := range 15 {
		wg.Go(func() {
			if status := o.post(hundred(i, "waits")); status != http.StatusServiceUnavailable {
				t.Errorf("answered with %d while the database hangs", status)
			}
		})
	}
	wg.Wait()
	if took := time.Since(begun); took > 4*time.Second {
		t.Errorf("the answers took %s", took)
	}
	// Which of both is said depends on whether the driver or the probe gives up first.
	if ready, body := o.ready(); ready || !strings.Contains(body, "no answer within") && !strings.Contains(body, "takes no writes") {
		t.Errorf("/readyz while the database hangs: %v %s", ready, body)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	o.eventually("a post is stored again", func() bool { return o.post(hundred(99, "after")) == http.StatusNoContent })
	o.eventually("ready again", func() bool { ok, _ := o.ready(); return ok })
	for i := range 15 { // HubSpot delivers again
		o.eventually("the delivery again", func() bool { return o.post(hundred(i, "waits")) == http.StatusNoContent })
	}
	if n := o.deliveries(); n != 16 {
		t.Errorf("%d deliveries are stored, want 16", n)
	}
}

func (o *overloaded) ready() (bool, string) {
	o.t.Helper()
	resp, err := o.server.Client().Get(o.server.URL + "/readyz")
	if err != nil {
		o.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		o.t.Fatal(err)
	}
	return resp.StatusCode == http.StatusOK, string(body)
}

// A client that announces a megabyte and sends little keeps nobody out, and is let go in time.
func TestOverload_dribble(t *testing.T) {
	t.Parallel()
	o := newOverloaded(t, func(op *service.Options) { op.AnswerWithin = 500 * time.Millisecond })
	var wg sync.WaitGroup
	var open []*io.PipeWriter
	for range 200 {
		r, w := io.Pipe()
		open = append(open, w)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, o.server.URL+"/webhooks/hubspot", r)
		if err != nil {
			t.Fatal(err)
		}
		req.ContentLength = 1 << 20
		req.Header.Set("X-Hubspot-Signature-V3", base64.StdEncoding.EncodeToString(make([]byte, sha256.Size))) // it cannot be checked before the end
		req.Header.Set("X-Hubspot-Request-Timestamp", strconv.FormatInt(time.Now().UnixMilli(), 10))
		wg.Go(func() {
			resp, err := o.server.Client().Do(req)
			if err == nil {
				if resp.StatusCode != http.StatusServiceUnavailable {
					t.Errorf("a dribbling client is answered with %d", resp.StatusCode)
				}
				_ = resp.Body.Close()
			}
		})
		wg.Go(func() { _, _ = w.Write([]byte("[{")) })
	}
	for i := range 20 {
		if status := o.post(hundred(i, "honest")); status != http.StatusNoContent {
			t.Errorf("an honest client is answered with %d", status)
		}
	}
	o.eventually("the dribbling clients are let go", func() bool {
		return strings.Count(o.logs.String(), "reason=busy") >= 200
	})
	for _, w := range open {
		_ = w.Close()
	}
	wg.Wait()
}

// full makes a service whose database file may not grow, with ballast in it whose removal makes room.
func full(t *testing.T) (o *overloaded, relieve func()) {
	t.Helper()
	o = newOverloaded(t, nil)
	file := o.options.Config.Database.File
	if err := o.store.Close(); err != nil {
		t.Fatal(err)
	}
	raw := openRaw(t, file)
	for _, q := range []string{"CREATE TABLE ballast (b BLOB)", "INSERT INTO ballast VALUES (zeroblob(2000000))", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"} {
		if _, err := raw.ExecContext(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	pages := 0
	if err := raw.QueryRowContext(t.Context(), "PRAGMA page_count").Scan(&pages); err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(t.Context(), file, store.Options{Now: time.Now, MaxPages: pages})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	o.store, o.options.Store = st, st
	o.again()
	o.server.Config.Handler = o.svc.Handler()
	return o, func() {
		t.Helper()
		if _, err := raw.ExecContext(t.Context(), "DELETE FROM ballast"); err != nil {
			t.Fatal(err)
		}
		_ = raw.Close()
	}
}

// A full disk acknowledges nothing, says what to do, sends nothing, and is over when there is room.
func TestOutage_full(t *testing.T) {
	t.Parallel()
	o, relieve := full(t)
	for i := range 300 { // what is left of the last pages is used up first
		if o.post(hundred(i, strings.Repeat("y", 500))) == http.StatusServiceUnavailable {
			break
		}
	}
	stored := o.deliveries()
	for i := range 5 {
		if status := o.post(hundred(1000+i, strings.Repeat("y", 500))); status != http.StatusServiceUnavailable {
			t.Errorf("answered with %d although the disk is full", status)
		}
	}
	if n := o.deliveries(); n != stored {
		t.Errorf("%d deliveries after %d", n, stored)
	}
	if ready, body := o.ready(); ready || !strings.Contains(body, "make room") {
		t.Errorf("/readyz on a full disk: %v %s", ready, body)
	}
	id := o.must(o.account.CreateContact(user(), map[string]string{"email": "full@example.com"}))
	o.cancelableRun()
	o.eventually("the worker finds out", func() bool { return strings.Contains(o.logs.String(), "full") })
	writes := calls(o.account.Calls(), "batch/update") + calls(o.account.Calls(), "batch/create")
	if writes > 0 {
		t.Errorf("%d writes were sent that could not be noted before", writes)
	}
	relieve()
	o.eventually("the account is worked", func() bool { return o.prop(id, "leadsync_score") != "" })
	o.eventually("ready again", func() bool { ok, _ := o.ready(); return ok })
	if status := o.post(hundred(5000, "room")); status != http.StatusNoContent {
		t.Errorf("answered with %d although there is room", status)
	}
}

// A PostgreSQL that was made read-only acknowledges nothing, nothing is sent, and it is over when it takes writes. Without a
// server to test with there is nothing to look at.
func TestOutage_readOnly(t *testing.T) {
	t.Parallel()
	address := os.Getenv("LEADSYNC_TEST_POSTGRES")
	if address == "" {
		return
	}
	admin, err := sql.Open("postgres", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = admin.Close() })
	name := fmt.Sprintf("leadsync_outage_%d", time.Now().UnixNano())
	exec := func(query string) {
		t.Helper()
		if _, err := admin.Exec(query); err != nil {
			t.Fatal(err)
		}
	}
	exec("CREATE DATABASE " + name)
	t.Cleanup(func() { exec("DROP DATABASE " + name + " WITH (FORCE)") })
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	o := newOverloaded(t, nil)
	st, err := store.Open(t.Context(), u.String(), store.Options{Now: time.Now, Migrate: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	if err := st.EnsurePortal(t.Context(), "48000001", "hubspot", "rig"); err != nil {
		t.Fatal(err)
	}
	o.store, o.options.Store = st, st
	o.again()
	o.server.Config.Handler = o.svc.Handler()
	o.start()
	turn := func(on string) {
		exec("ALTER DATABASE " + name + " SET default_transaction_read_only = " + on)
		exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + name + "'")
	}
	turn("on")
	posts := 0
	o.eventually("webhooks are refused", func() bool { // the server ends sessions in its own time
		posts++
		ready, body := o.ready()
		return o.post(hundred(posts, "before")) == http.StatusServiceUnavailable && !ready && strings.Contains(body, "point the address at the primary")
	})
	id := o.must(o.account.CreateContact(user(), map[string]string{"email": "ro@example.com"}))
	for i := range 5 {
		if status := o.post(hundred(1000+i, "refused")); status != http.StatusServiceUnavailable {
			t.Errorf("answered with %d although the database is read-only", status)
		}
	}
	o.eventually("the worker finds out", func() bool { return strings.Contains(o.logs.String(), "takes no writes") })
	before := o.account.Calls()
	if n := calls(before, "batch/update") + calls(before, "batch/create"); n > 0 || o.prop(id, "leadsync_score") != "" {
		t.Errorf("%d writes were sent that could not be noted before", n)
	}
	turn("off")
	o.eventually("ready again", func() bool { ok, _ := o.ready(); return ok })
	o.eventually("webhooks are taken", func() bool { return o.post(hundred(5000, "after")) == http.StatusNoContent })
	o.svc.Runner("rig").Sweep()
	o.eventually("the account is worked", func() bool { return o.prop(id, "leadsync_score") != "" })
}
