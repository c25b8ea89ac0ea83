package sim_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing/synctest"
	"time"

	"leadsync/cmd/leadsync/service"
	"leadsync/connector/hubspot"
	"leadsync/workflows/store"
)

// worker is one process of leadsync, from its start to its end.
type worker struct {
	*play
	name    string
	dead    bool
	frozen  time.Time    // it sleeps until then
	skew    atomic.Int64 // nanoseconds by which its clocks are wrong
	store   *store.Store
	svc     *service.Service
	cancel  context.CancelFunc
	done    chan struct{}
	seen    map[string]int // by contact: how much of the journal it knows
	refused bool           // the CRM has rejected its token, and it was told

	mu   sync.Mutex
	dice *rand.Rand
}

type actorKey struct{}

// actor names the goroutine that acts: the worker, or the delivery that it takes.
func (w *worker) actor(ctx context.Context) string {
	if name, ok := ctx.Value(actorKey{}).(string); ok {
		return name
	}
	return w.name
}

// hire starts a process on the common database.
func (p *play) hire(name string) {
	w := &worker{play: p, name: name, seen: map[string]int{}, done: make(chan struct{}), dice: rand.New(rand.NewPCG(p.o.Seed, uint64(p.hired)+1000))}
	p.hired++
	if p.storm && p.dice.skew > 0 {
		p.fired["clock"]++
		w.skew.Store(int64(time.Duration(p.rng.Int64N(int64(2*p.dice.skew))) - p.dice.skew))
	}
	var err error
	kept := store.Options{Now: w.clock, MaxConns: 1, Weak: p.o.Weak, Hook: w.hook, Connector: p.slot.connector}
	if w.store, err = store.Open(context.Background(), p.slot.path, kept); err != nil {
		p.violate(checkRun, "open the database: %v", err)
		return
	}
	log := slog.New(slog.DiscardHandler)
	if p.o.Story != nil {
		log = slog.New(slog.NewTextHandler(storyLog{w}, &slog.HandlerOptions{Level: slog.LevelWarn}))
	}
	settings := hubspot.Config{
		Token: func(context.Context) (string, error) { return p.account.Token(), nil }, Transport: wire{w},
		Now: w.clock, Jitter: w.jitter, Logger: log, GeneralPerSecond: 50, SearchPerSecond: 20, AppID: appID,
		Weak: weakClient(p.o.Weak),
	}
	client, err := hubspot.New(settings)
	if err != nil {
		p.violate(checkRun, "make the client: %v", err)
		return
	}
	conn := service.Connection{
		CRM: client, Marked: marked(settings), Now: p.now, Names: hubspot.Names(),
		Verifier: &hubspot.Verifier{Secrets: []string{secret}, TargetURL: target, Now: w.clock},
	}
	w.svc, err = service.New(service.Options{
		Config: p.config(), Model: p.kit.model, Store: w.store, Connections: map[string]service.Connection{portalName: conn}, Log: log,
		Now: w.clock, Jitter: w.jitter, Worker: name, Idle: 40*time.Second + w.odd(), Probe: 20*time.Second + w.odd(), Weak: p.o.Weak,
		Observer: service.Observer{Idle: func(string) {
			if !w.dead {
				p.rested = time.Now()
			}
		}},
	})
	if err != nil {
		p.violate(checkRun, "make the service: %v", err)
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	w.cancel = cancel
	p.workers = append(p.workers, w)
	go func() {
		defer close(w.done)
		if err := w.svc.Run(ctx); err != nil && !w.dead {
			p.violate(checkRun, "%s gave up: %v", w.name, err)
		}
		_ = w.store.Close()
	}()
}

// kill ends a process at once: what it does from now on fails, and nobody sees it.
func (p *play) kill(w *worker) {
	p.gates.bury(w)
	w.cancel()
	for i, x := range p.workers {
		if x == w {
			p.workers = append(p.workers[:i:i], p.workers[i+1:]...)
		}
	}
	p.graves = append(p.graves, w)
	p.killed++
}

// await waits until a killed process has ended all its goroutines. Only the scheduler may.
func (p *play) await() {
	for _, w := range p.graves {
		<-w.done
	}
	p.graves = nil
	synctest.Wait()
}

func (w *worker) clock() time.Time { return time.Now().Add(time.Duration(w.skew.Load())) }

func (w *worker) jitter() float64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.dice.Float64()
}

// odd is a bit of time that no other worker has.
func (w *worker) odd() time.Duration { return time.Duration(w.jitter()*1e9) + 1 }

// hook is the gate of the database.
func (w *worker) hook(ctx context.Context, m store.Moment, what string) error {
	switch m {
	case store.MomentRead, store.MomentBegin:
		return w.gates.pass(w, w.actor(ctx), string(m)+" "+what)
	case store.MomentCommit, store.MomentCommitted:
		err := w.commit(w.actor(ctx), m, what)
		w.watchCommit(w, m, what)
		return err
	}
	return nil
}

// commit lets a commit fail: before it took effect, or after, with the answer lost. Nobody waits here, since the
// database is held.
func (w *worker) commit(actor string, m store.Moment, what string) error {
	if w.dead {
		return errKilled
	}
	if !w.storm {
		return nil
	}
	if w.chance(w.play.dice.crashInside) {
		w.tell(actor, fmt.Sprintf("is killed at %s of: %s", m, what))
		w.fired["kill in a commit"]++
		w.kill(w)
		return errKilled
	}
	if w.chance(w.play.dice.commit) {
		w.tell(actor, fmt.Sprintf("loses the database at %s of: %s", m, what))
		w.fired["commit "+string(m)]++
		return errLostDatabase
	}
	return nil
}

// wire is a worker's way to the account.
type wire struct{ w *worker }

// RoundTrip waits at the gate twice: before the account sees the request, and before the worker sees the answer.
func (x wire) RoundTrip(req *http.Request) (*http.Response, error) {
	w, ctx := x.w, req.Context()
	actor, what := w.actor(ctx), req.Method+" "+req.URL.Path
	if err := w.gates.pass(w, actor, "call "+what); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	body, err := payload(req)
	if err != nil {
		return nil, err
	}
	w.called(req)
	w.watchCall(w, req, body)
	mark := len(w.account.Journal())
	type answer struct {
		resp *http.Response
		err  error
	}
	answered := make(chan answer, 1)
	w.aloft.Add(1)
	w.flying.Go(func() { // the account goes on when nobody waits for its answer any more
		defer w.aloft.Add(-1)
		in := req.Clone(context.WithoutCancel(ctx))
		in.Body = io.NopCloser(bytes.NewReader(body))
		resp, err := w.transport.RoundTrip(in)
		w.written(req, mark)
		answered <- answer{resp, err}
	})
	var got answer
	select {
	case got = <-answered:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	text := "no answer"
	if got.err == nil {
		text = got.resp.Status
	}
	if err := w.gates.pass(w, actor, "answer "+text+" to "+what); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if got.err == nil {
		w.answered(req, got.resp, body, mark)
		if got.resp.StatusCode < 300 && strings.HasSuffix(req.URL.Path, "/contacts/batch/read") {
			w.hurry(inputsOf(body))
		}
	}
	return got.resp, got.err
}

func payload(req *http.Request) ([]byte, error) {
	if req.Body == nil {
		return nil, nil
	}
	defer req.Body.Close()
	return io.ReadAll(req.Body)
}

// door is the way of webhooks to whoever listens.
type door struct{ *play }

// RoundTrip hands a delivery to one of the workers that live.
func (d door) RoundTrip(req *http.Request) (*http.Response, error) {
	if len(d.workers) == 0 {
		return nil, fmt.Errorf("nobody listens: %w", io.ErrUnexpectedEOF)
	}
	w := d.workers[d.rng.IntN(len(d.workers))]
	d.deliveries++ // the handler may have given up while its transaction still waits: every request has a name of its own
	name := fmt.Sprintf("%s takes %d", w.name, d.deliveries)
	ctx := context.WithValue(req.Context(), actorKey{}, name)
	body := peek(req)
	events := eventsOf(body)
	d.attempt(events)
	out := httptest.NewRecorder()
	w.svc.Handler().ServeHTTP(out, req.Clone(ctx))
	if w.dead {
		return nil, fmt.Errorf("%s is gone: %w", w.name, io.ErrUnexpectedEOF)
	}
	d.tell(name, fmt.Sprintf("answers %d", out.Code))
	if out.Code < 300 {
		d.accept(body, events)
	}
	return out.Result(), nil
}

// postman delivers webhooks, one at a time.
type postman struct {
	next time.Time // nothing is due before
	seen int       // of what was queued when it looked last
}

func (p *play) deliver(name string) {
	for {
		if p.gates.pass(nil, name, "looks for mail") != nil {
			return
		}
		ok, wait := p.account.DeliverNext(context.WithValue(context.Background(), actorKey{}, name))
		m := p.mail[name]
		m.seen, m.next = p.account.Pending().Queued, time.Time{}
		switch {
		case ok:
		case wait < 0:
			m.next = time.Now().Add(1000 * time.Hour)
		default:
			m.next = time.Now().Add(wait)
		}
	}
}

// storyLog puts what a worker logs into the story.
type storyLog struct{ w *worker }

func (l storyLog) Write(b []byte) (int, error) {
	if !l.w.dead {
		_, text, _ := strings.Cut(strings.TrimSpace(string(b)), " ")
		l.w.tell(l.w.name, "says "+text)
	}
	return len(b), nil
}
