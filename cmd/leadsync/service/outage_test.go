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
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"leadsync/cmd/leadsync/config"
	"leadsync/cmd/leadsync/service"
	"leadsync/connector"
	"leadsync/connector/hubspot"
	"leadsync/connector/hubspot/simulator"
	"leadsync/workflows"
	"leadsync/workflows/store"
)

// pace is the limiter of the accounts, in calls a second, and the share of it that has to be used. HubSpot allows 19. Of a
// drain that takes seconds, the two or three seconds in which the worker begins are a visible part.
func pace(contacts int) (perSecond int, share float64) {
	switch {
	case contacts < 10000:
		return 1, 0.8
	case contacts < 100000:
		return 19, 0.8
	}
	return 19, 0.95
}

// outage is some accounts with one leadsync beside them, in a bubble of virtual time.
type outage struct {
	*testing.T
	accounts []*outageAccount
	store    *store.Store
	svc      *service.Service
	logs     *lockedBuffer
	cancel   context.CancelFunc
	done     chan error
}

// outageAccount is one account and what crosses the wire to it.
type outageAccount struct {
	name    string
	id      connector.PortalID
	sim     *simulator.Account
	breaker *workflows.Breaker
	ids     []connector.ObjectID

	mu      sync.Mutex
	mode    string // "": answers; "503", "reset", "hang"
	tries   []time.Time
	general []time.Time
	written map[string]int // updates that were applied, by contact
	last    time.Time      // of them
	created int            // tasks
}

// RoundTrip is the wire of the account.
func (a *outageAccount) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	a.mu.Lock()
	mode := a.mode
	a.tries = append(a.tries, time.Now())
	if !strings.HasSuffix(r.URL.Path, "/search") {
		a.general = append(a.general, time.Now())
	}
	a.mu.Unlock()
	switch mode {
	case "503":
		return &http.Response{StatusCode: http.StatusServiceUnavailable, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("down")), Request: r}, nil
	case "reset":
		return nil, errors.New("connection reset by peer")
	case "hang":
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	resp, err := a.sim.Transport().RoundTrip(r)
	if err != nil || resp.StatusCode >= 300 {
		return resp, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	var in struct{ Inputs []struct{ ID string } }
	switch {
	case strings.HasSuffix(r.URL.Path, "/contacts/batch/update"):
		if err := json.Unmarshal(body, &in); err != nil {
			return nil, err
		}
		for _, one := range in.Inputs {
			a.written[one.ID]++
		}
		a.last = time.Now()
	case strings.HasSuffix(r.URL.Path, "/tasks/batch/create"):
		if err := json.Unmarshal(body, &in); err != nil {
			return nil, err
		}
		a.created += len(in.Inputs)
	}
	return resp, nil
}

func (a *outageAccount) set(mode string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.mode = mode
}

// since counts the attempts after an instant, all of them and those of the general bucket.
func (a *outageAccount) since(at time.Time) (tries, general int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	after := func(list []time.Time) int {
		i, _ := slices.BinarySearchFunc(list, at, time.Time.Compare)
		return len(list) - i
	}
	return after(a.tries), after(a.general)
}

func newOutage(t *testing.T, dir string, contactsEach ...int) *outage {
	t.Helper()
	return newOutageWith(t, dir, func(*service.Options) {}, contactsEach...)
}

// newOutageWith lets somebody change the options of the service before it is made.
func newOutageWith(t *testing.T, dir string, change func(*service.Options), contactsEach ...int) *outage {
	t.Helper()
	o := &outage{T: t, logs: &lockedBuffer{}, done: make(chan error, 1)}
	log := slog.New(slog.NewTextHandler(o.logs, nil))
	connections := map[string]service.Connection{}
	perSecond, _ := pace(slices.Max(contactsEach))
	text := `database: leadsync.db
listen: 127.0.0.1:0
model: model.yaml
schedules: {contacts: "@every 24h", activities: "@every 24h", companies: "@every 24h", deals: "@every 24h", owners: "@every 24h"}
limits: {tasks_per_hour: 1000000, stage_moves_per_hour: 1000000, general_per_second: ` + strconv.Itoa(perSecond) + `, repair_calls_per_minute: 0}
portals:
`
	for i, n := range contactsEach {
		a := &outageAccount{name: fmt.Sprintf("p%d", i), id: connector.PortalID(strconv.Itoa(portalID + i)), written: map[string]int{}}
		a.sim = simulator.New(simulator.Options{
			PortalID: int64(portalID + i), Token: token, Now: time.Now, Wall: time.Now,
			RateLimits: simulator.Limits{General: simulator.Limit{Max: 190, Window: 10 * time.Second}},
		})
		(&rig{t: t, account: a.sim}).properties()
		a.sim.CreateOwner("Jana Vogt", "jana@leadsync.example", true)
		for j := range n {
			id, err := a.sim.CreateContact(user(), map[string]string{"email": fmt.Sprintf("c%d@example.com", j), "lifecyclestage": "subscriber"})
			if err != nil {
				t.Fatal(err)
			}
			a.ids = append(a.ids, connector.ObjectID(id))
		}
		a.breaker = &workflows.Breaker{Now: time.Now, Jitter: func() float64 { return 0.5 }}
		reserve := 0.0
		client, err := hubspot.New(hubspot.Config{
			Token: func(context.Context) (string, error) { return token, nil }, Now: time.Now, Logger: log, Transport: a,
			Jitter: func() float64 { return 0.5 }, GeneralPerSecond: float64(perSecond), Circuit: a.breaker, Reserve: &reserve,
		})
		if err != nil {
			t.Fatal(err)
		}
		connections[a.name] = service.Connection{CRM: client, Now: time.Now, Names: names(), Breaker: a.breaker}
		text += `  - name: ` + a.name + `
    crm: hubspot
    account: "` + string(a.id) + `"
    token_env: T
    base_url: http://127.0.0.1:9
    clock: simulator
    effects: {score: on, stage: on, status: on, task: on}
    time_zone: Europe/Berlin
    calendar: {country: DE, region: BY, due_at: "09:00"}
`
		o.accounts = append(o.accounts, a)
	}
	cfg, err := config.Parse(filepath.Join(dir, "leadsync.yaml"), []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if o.store, err = store.Open(t.Context(), cfg.Database.File, store.Options{Now: time.Now, Migrate: true}); err != nil {
		t.Fatal(err)
	}
	options := service.Options{
		Config: cfg, Model: loadModel(t, "../../../fixtures/models/demo.yaml"), Store: o.store, Connections: connections, Log: log,
		Now: time.Now, Jitter: func() float64 { return 0.5 }, Worker: "w1",
	}
	change(&options)
	if o.svc, err = service.New(options); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	o.cancel = cancel
	go func() { o.done <- o.svc.Run(ctx) }()
	return o
}

func (o *outage) close() {
	o.Helper()
	o.cancel()
	if err := <-o.done; err != nil {
		o.Errorf("service: %v", err)
	}
	if err := o.store.Close(); err != nil {
		o.Error(err)
	}
}

// left is what waits in an account: records due or in backoff, and entries not sent.
func (o *outage) left(a *outageAccount) int {
	o.Helper()
	b, err := o.store.Backlog(o.Context(), a.id, time.Now())
	if err != nil {
		o.Fatal(err)
	}
	return b.Due + b.Waiting + b.Outbox[workflows.StateReady] + b.Outbox[workflows.StateSending]
}

// drained waits until nothing waits in an account; virtual time is cheap.
func (o *outage) drained(a *outageAccount, within time.Duration) {
	o.Helper()
	for end := time.Now().Add(within); time.Now().Before(end); time.Sleep(time.Second) {
		if r := o.svc.Runner(a.name); r.State() == service.StateWorking && r.Wanted() == 0 && o.left(a) == 0 {
			return
		}
	}
	o.Fatalf("account %s has %d left after %s; %s; log:\n%s", a.name, o.left(a), within, o.svc.Runner(a.name).State(), o.logs.String())
}

// change is what people do to every contact of an account while nobody can ask it.
func (o *outage) change(a *outageAccount) {
	o.Helper()
	var refs []connector.Ref
	for _, id := range a.ids {
		err := a.sim.Set(user(), contacts, string(id), map[string]string{"jobtitle": "Head of Operations", "country": "Germany", "budget": "20000"})
		if err != nil {
			o.Fatal(err)
		}
		refs = append(refs, connector.Ref{Type: connector.TypeContact, ID: id})
	}
	for part := range slices.Chunk(refs, 1000) {
		if err := o.store.Hint(o.Context(), a.id, part); err != nil {
			o.Fatal(err)
		}
	}
}

// outageSize is the number of contacts: a few hundred, or what make outage says.
func outageSize(t *testing.T) int {
	t.Helper()
	text := os.Getenv("LEADSYNC_OUTAGE_CONTACTS")
	if text == "" {
		return 300
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 100 {
		t.Fatalf("LEADSYNC_OUTAGE_CONTACTS=%s: want a number from 100", text)
	}
	return n
}

// A CRM that is away for an hour while every contact changes is asked once in ten seconds at most, and when it is back
// everything is done at the pace of the limiter, each contact written once; it does not matter how it is away, so a tenth
// of a large account is enough for the second and third way.
func TestOutage_drain(t *testing.T) {
	if _, err := os.Stat("/dev/shm"); err == nil {
		t.Setenv("TMPDIR", "/dev/shm")
	}
	n := outageSize(t)
	for i, mode := range []string{"503", "reset", "hang"} {
		if i == 1 && n >= 10000 {
			n /= 10
		}
		t.Run(mode, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				o := newOutage(t, dir, n)
				defer o.close()
				a := o.accounts[0]
				o.drained(a, 12*time.Hour)
				a.set(mode)
				down := time.Now()
				o.change(a)
				time.Sleep(time.Hour)
				tries, _ := a.since(down)
				if most := 360 + 12; tries > most || tries < 60 { // six attempts open the breaker; less than one a minute would find it late
					t.Errorf("%d calls in an hour without an answer, want 60 to %d", tries, most)
				}
				if b, open := a.breaker.Open(); !open || b.Sub(down) > 2*time.Minute {
					t.Errorf("breaker open: %v since %s, the outage since %s", open, b, down)
				}
				a.mu.Lock()
				clear(a.written)
				a.mode = ""
				a.mu.Unlock()
				back := time.Now()
				o.drained(a, 12*time.Hour)
				o.judge(a, back)
				t.Logf("%s: %d contacts, %d calls while away", mode, n, tries)
			})
		})
	}
}

// judge looks at the time from the first call after the outage until the last contact is written.
func (o *outage) judge(a *outageAccount, back time.Time) {
	o.Helper()
	first := back.Add(15 * time.Second) // the probe after the end, and the jitter
	a.mu.Lock()
	i, _ := slices.BinarySearchFunc(a.general, back, time.Time.Compare)
	begun, last := a.general[i], a.last
	after, _ := slices.BinarySearchFunc(a.general, last.Add(1), time.Time.Compare)
	general := after - i
	a.mu.Unlock()
	if begun.After(first) {
		o.Errorf("the first call after the outage came %s after its end", begun.Sub(back))
	}
	took := last.Sub(begun).Seconds()
	perSecond, want := pace(len(a.ids))
	share := float64(general) / (took * float64(perSecond))
	o.Logf("drained in %s of virtual time: %d calls, %.1f %% of the limiter", last.Sub(begun), general, 100*share)
	if share < want {
		o.Errorf("drained at %.1f %% of the limiter, want %.0f %%", 100*share, 100*want)
	}
	if share > 1.05+float64(2*perSecond)/float64(general) {
		o.Errorf("%d calls in %.0f s are more than the limiter allows", general, took)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.written) != len(a.ids) {
		o.Errorf("%d of %d contacts were written", len(a.written), len(a.ids))
	}
	for id, times := range a.written {
		if times != 1 {
			o.Errorf("contact %s was written %d times", id, times)
		}
	}
}

// One account that gives no answer slows no other, with 5xx and when it keeps its callers waiting.
func TestOutage_neighbours(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		o := newOutage(t, dir, 40, 40, 40)
		defer o.close()
		for _, a := range o.accounts {
			o.drained(a, time.Hour)
		}
		down, hung, fine := o.accounts[0], o.accounts[1], o.accounts[2]
		down.set("503")
		hung.set("hang")
		for _, a := range o.accounts {
			o.change(a)
		}
		begun := time.Now()
		o.drained(fine, time.Minute)
		if took := time.Since(begun); took > 10*time.Second {
			t.Errorf("the account that answers was done after %s", took)
		}
		time.Sleep(10 * time.Minute)
		for _, a := range []*outageAccount{down, hung} {
			if _, open := a.breaker.Open(); !open {
				t.Errorf("the breaker of %s is closed", a.name)
			}
			if got := o.svc.Runner(a.name).State(); got != service.StatePaused {
				t.Errorf("%s is %s", a.name, got)
			}
			a.set("")
		}
		if _, open := fine.breaker.Open(); open {
			t.Error("the breaker of the account that answers is open")
		}
		for _, a := range o.accounts {
			o.drained(a, time.Minute)
			if len(a.written) != 40 {
				t.Errorf("%s: %d contacts written", a.name, len(a.written))
			}
		}
	})
}
