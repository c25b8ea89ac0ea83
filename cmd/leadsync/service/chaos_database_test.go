package service_test

import (
	"context"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"leadsync/cmd/leadsync/config"
	"leadsync/cmd/leadsync/service"
	"leadsync/connector/hubspot"
	"leadsync/connector/hubspot/simulator"
	"leadsync/workflows/store"
)

// A database that breaks the connections of the worker now and then, while probes of it succeed, is no fault of the
// account: whether in the first load or at work, the worker goes on within 5 seconds after the last failure, and
// no pause of the portal is on record.
func TestDatabaseFails_workerGoesOnSoon(t *testing.T) {
	for _, c := range []struct {
		name, what string
		atWork     bool
	}{
		{"in the first load", "save page", false},
		{"while the model is recorded", "set model", false},
		{"at work", "save page", true},
		{"so that the lease is not renewed", "beat", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				w := newWeak(t, dir)
				defer w.stop()
				working := func() bool { return w.svc.Runner("weak").State() == service.StateWorking }
				if c.atWork {
					w.start()
					w.until(working, time.Minute)
					time.Sleep(30 * time.Second)
				}
				w.fails.Store(&c.what)
				if !c.atWork {
					w.start()
				}
				time.Sleep(140 * time.Second)
				if w.failed.Load() == 0 {
					t.Fatalf("nothing failed; log:\n%s", w.logs)
				}
				w.fails.Store(nil)
				before := w.done.Load()
				w.until(func() bool { return w.done.Load() > before && working() }, 5*time.Second)
				state, err := w.store.Portal(t.Context(), portalOf)
				if err != nil || !state.PausedSince.IsZero() {
					t.Errorf("paused since %s: %s (%v)", state.PausedSince, state.PauseReason, err)
				}
				if strings.Contains(w.logs.String(), "portal paused") {
					t.Error("the portal was paused for the database's sake")
				}
				if n := strings.Count(w.logs.String(), "level=ERROR"); n > 70 {
					t.Errorf("%d errors in the log of 140 seconds", n)
				}
			})
		})
	}
}

// Whatever is asked about leases must have its answer, or be asked again, before they could be lost for want of it.
func TestLeases_askedInTime(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newWeak(t, dir)
		w.start()
		time.Sleep(time.Minute)
		w.stop()
		for _, what := range []string{"beat", "look", "acquire leases", "release lease", "leave"} {
			longest, ok := w.asked.Load(what)
			if lease := 30 * time.Second; !ok || longest.(time.Duration) >= lease/3 {
				t.Errorf("%s may take %v of a lease of %s", what, longest, lease)
			}
		}
	})
}

const portalOf = "48000001"

// weak is a service on a database that fails a named unit of work whenever it is told to.
type weak struct {
	t      *testing.T
	store  *store.Store
	svc    *service.Service
	logs   *lockedBuffer
	fails  atomic.Pointer[string] // the unit of work that fails
	failed atomic.Int64
	done   atomic.Int64 // pages that were saved
	asked  sync.Map     // questions about leases: how long each may take at most
	cancel context.CancelFunc
	ended  chan error
}

func newWeak(t *testing.T, dir string) *weak {
	t.Helper()
	w := &weak{t: t, logs: &lockedBuffer{}, ended: make(chan error, 1)}
	account := simulator.New(simulator.Options{PortalID: portalID, Token: token, Now: time.Now, Wall: time.Now})
	(&rig{t: t, account: account}).properties()
	if _, err := account.CreateContact(user(), map[string]string{"email": "c@example.com"}); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(w.logs, nil))
	client, err := hubspot.New(hubspot.Config{
		Token: func(context.Context) (string, error) { return token, nil }, Now: time.Now, Logger: log, Transport: account.Transport(),
		Jitter: func() float64 { return 0.5 },
	})
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Parse(filepath.Join(dir, "leadsync.yaml"), []byte(`database: leadsync.db
listen: 127.0.0.1:0
model: model.yaml
schedules: {contacts: "@every 2s", activities: "@every 2s", companies: "@every 2s", deals: "@every 2s", owners: "@every 1h"}
portals:
  - name: weak
    crm: hubspot
    account: "48000001"
    token_env: T
    base_url: http://127.0.0.1:9
    clock: simulator
    effects: {score: on, stage: on, status: on, task: on}
    time_zone: Europe/Berlin
    calendar: {country: DE, region: BY, due_at: "09:00"}
`))
	if err != nil {
		t.Fatal(err)
	}
	if w.store, err = store.Open(t.Context(), cfg.Database.File, store.Options{Now: time.Now, Migrate: true, Hook: w.hook}); err != nil {
		t.Fatal(err)
	}
	w.svc, err = service.New(service.Options{
		Config: cfg, Model: loadModel(t, "../../../fixtures/models/demo.yaml"), Store: w.store, Log: log, Now: time.Now,
		Connections: map[string]service.Connection{"weak": {CRM: client, Now: time.Now, Names: names()}},
		Jitter:      func() float64 { return 0.5 }, Worker: "w1",
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *weak) hook(ctx context.Context, m store.Moment, what string) error {
	if m == store.MomentBegin || m == store.MomentRead {
		longest := time.Hour // there is no end
		if end, ok := ctx.Deadline(); ok {
			longest = time.Until(end)
		}
		if was, ok := w.asked.Load(what); !ok || was.(time.Duration) < longest {
			w.asked.Store(what, longest)
		}
	}
	if f := w.fails.Load(); f != nil && m == store.MomentBegin && strings.HasPrefix(what, *f) {
		w.failed.Add(1)
		return &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	}
	if m == store.MomentCommitted && strings.HasPrefix(what, "save page") {
		w.done.Add(1)
	}
	return nil
}

func (w *weak) start() {
	ctx, cancel := context.WithCancel(w.t.Context())
	w.cancel = cancel
	go func() { w.ended <- w.svc.Run(ctx) }()
}

func (w *weak) until(ok func() bool, within time.Duration) {
	w.t.Helper()
	for end := time.Now().Add(within); !ok(); time.Sleep(100 * time.Millisecond) {
		select {
		case err := <-w.ended:
			w.ended <- err
			w.t.Fatalf("the service ended: %v; log:\n%s", err, w.logs)
		default:
		}
		if time.Now().After(end) {
			w.t.Fatalf("not within %s: %s; log:\n%s", within, w.svc.Runner("weak").State(), w.logs)
		}
	}
}

func (w *weak) stop() {
	w.t.Helper()
	if w.cancel == nil {
		w.start()
	}
	w.cancel()
	if err := <-w.ended; err != nil {
		w.t.Errorf("service: %v", err)
	}
	if err := w.store.Close(); err != nil {
		w.t.Error(err)
	}
}
