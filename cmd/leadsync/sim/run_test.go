package sim_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"leadsync/cmd/leadsync/config"
	"leadsync/cmd/leadsync/demomodel"
	"leadsync/connector/hubspot/simulator"
	"leadsync/scoring"
	"leadsync/workflows"
	"leadsync/workflows/store"
)

const (
	portalName = "sim"
	portalID   = 48000001
	appID      = "4100001"
	secret     = "simulated-client-secret"
	target     = "https://leadsync.example/webhooks/hubspot"
)

// The checks, by what they promise.
const (
	checkRun      = "run"      // the simulation itself goes on as it should
	checkReplay   = "replay"   // a seed is one story
	checkLost     = "lost"     // what happened in the account is known in the end
	checkDoubled  = "doubled"  // nothing is there twice
	checkWrong    = "wrong"    // every contact is as the model says
	checkPeople   = "people"   // what people chose stands
	checkRevoked  = "revoked"  // nothing is written after the account has said no
	checkPrivacy  = "privacy"  // who was deleted for good is forgotten
	checkLiveness = "liveness" // it settles in time
	checkFence    = "fence"    // who has lost the lease changes nothing
	checkCounts   = "counts"   // what is known of the feeds is right
)

var errLostDatabase = errors.New("the connection to the database broke")

// Options say what is played.
type Options struct {
	Seed  uint64             // everything that is left to chance
	Weak  workflows.Weakness // defences that are switched off; the zero value is what is sold
	Story io.Writer          // the story, as it happens; nil: only kept for Outcome.Trace
}

// Outcome is what became of it.
type Outcome struct {
	Seed       uint64
	Violations []Violation // empty: everything held
	Trace      []string    // the story
	Fired      map[string]int
}

// Violation is a promise that was broken.
type Violation struct{ Check, Text string }

// kit is what all plays of a process share; nothing of it changes.
type kit struct {
	model    *scoring.Model
	dir      string
	template []byte   // an empty database, migrated
	tables   []string // that stories write
}

var kitOnce = sync.OnceValues(func() (*kit, error) {
	model, err := scoring.Parse("model.yaml", demomodel.Text())
	if err != nil {
		return nil, err
	}
	root := ""
	if _, err := os.Stat("/dev/shm"); err == nil {
		root = "/dev/shm"
	}
	dir, err := os.MkdirTemp(root, "leadsync-sim-")
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "template.db")
	s, err := store.Open(context.Background(), path, store.Options{Now: time.Now, Migrate: true})
	if err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	k := &kit{model: model, dir: dir}
	if k.tables, err = tablesOf(path); err != nil {
		return nil, err
	}
	k.template, err = os.ReadFile(path)
	return k, err
})

func TestMain(m *testing.M) {
	debug.SetGCPercent(400) // there is memory enough, and time is what counts
	code := m.Run()
	if k, err := kitOnce(); err == nil {
		_ = os.RemoveAll(k.dir)
	}
	os.Exit(code)
}

// play is one story: the account, the workers beside it, and what goes wrong.
type play struct {
	o     Options
	t     *testing.T
	kit   *kit
	rng   *rand.Rand // of the scheduler and the story; whoever moves may draw
	dice  dice
	gates *gates
	slot  *slot

	began     time.Time
	jump      atomic.Int64 // nanoseconds by which the world is ahead of the bubble's time
	account   *simulator.Account
	transport http.RoundTripper
	store     *store.Store // the judge's own handle
	cfg       *config.Config

	workers    []*worker // that live, in the order in which they were hired
	graves     []*worker // that were killed and have not ended yet
	hired      int
	killed     int
	deliveries int
	mail       map[string]*postman
	events     []event
	storm      bool
	flying     sync.WaitGroup // calls that the account carries out
	aloft      atomic.Int64   // how many of them

	mu         sync.Mutex
	trace      []string
	violations []Violation
	fired      map[string]int

	people
	wild
	watch
	promises
}

// Run plays the story of one seed.
func Run(t *testing.T, o Options) Outcome {
	t.Helper()
	k, err := kitOnce()
	if err != nil {
		t.Fatal(err)
	}
	slot, err := k.slot()
	if err != nil {
		t.Fatal(err)
	}
	p := &play{
		o: o, t: t, kit: k, slot: slot, rng: rand.New(rand.NewPCG(o.Seed, 1)), mail: map[string]*postman{}, fired: map[string]int{},
	}
	synctest.Test(t, func(*testing.T) { p.play() })
	if err := slot.free(); err != nil {
		p.violate(checkRun, "%v", err)
	}
	return Outcome{Seed: o.Seed, Violations: p.violations, Trace: p.trace, Fired: p.fired}
}

// play is the whole story.
func (p *play) play() {
	p.began, p.gates = time.Now(), newGates()
	p.jump.Store(int64(time.Date(2026, time.November, 2, 7, 30, 0, 0, time.UTC).Sub(p.began)))
	p.throw()
	p.build()
	defer p.end()
	p.load()
	for n := range p.dice.rounds {
		if p.broken() {
			return
		}
		p.round(n)
	}
	if !p.broken() {
		p.judge()
		p.touch()
	}
}

// build makes the account and starts the first workers.
func (p *play) build() {
	var err error
	p.account = simulator.New(simulator.Options{
		PortalID: portalID, Seed: p.o.Seed, Now: p.now, Wall: time.Now, SearchLag: p.dice.lag, ArchivedKeepUnique: p.o.Seed%2 == 0, Lean: true,
	})
	p.transport = p.account.Transport()
	if p.store, err = store.Open(context.Background(), p.slot.path, store.Options{Now: time.Now, MaxConns: 1, Connector: p.slot.connector}); err != nil {
		p.violate(checkRun, "open the database: %v", err)
		return
	}
	p.properties()
	p.settle()
	for n := range 2 {
		name := fmt.Sprintf("post%d", n+1)
		p.mail[name] = &postman{}
		go p.deliver(name)
	}
}

// webhook is where the account tells what happens.
func (p *play) webhook() simulator.WebhookTarget {
	return simulator.WebhookTarget{
		URL: target, Secret: secret, Client: &http.Client{Transport: door{p}}, RetryDelay: 10 * time.Second, MaxAttempts: 3, BatchSize: p.dice.batch,
	}
}

// end stops everything, so that no goroutine is left in the bubble.
func (p *play) end() {
	for len(p.workers) > 0 {
		p.kill(p.workers[0])
	}
	for _, t := range p.gates.list() {
		p.gates.open(t, errKilled)
	}
	p.closing = true
	p.flying.Wait()
	p.await()
	for _, t := range p.gates.list() { // the post has come back
		p.gates.open(t, errKilled)
	}
	synctest.Wait()
	if p.store != nil {
		_ = p.store.Close()
	}
}

// now is the world's time.
func (p *play) now() time.Time { return time.Now().Add(time.Duration(p.jump.Load())).UTC() }

func (p *play) chance(one float64) bool { return one > 0 && p.rng.Float64() < one }

func (p *play) between(least, most time.Duration) time.Duration {
	if most <= least {
		return least
	}
	return least + time.Duration(p.rng.Int64N(int64(most-least)))
}

// tell adds a line to the story.
func (p *play) tell(who, what string) {
	line := fmt.Sprintf("%s %-14s %s", p.now().Format("02 15:04:05.000000"), who, what)
	p.mu.Lock()
	p.trace = append(p.trace, line)
	p.mu.Unlock()
	if p.o.Story != nil {
		_, _ = fmt.Fprintln(p.o.Story, line)
	}
}

// violate notes a broken promise.
func (p *play) violate(check, format string, args ...any) {
	v := Violation{Check: check, Text: fmt.Sprintf(format, args...)}
	p.tell("VIOLATION", v.Check+": "+v.Text)
	p.mu.Lock()
	p.violations = append(p.violations, v)
	p.mu.Unlock()
}

// broken reports whether the story is over because something is wrong.
func (p *play) broken() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.violations) > 0
}

func (p *play) must(err error) {
	if err != nil {
		p.violate(checkRun, "the account refuses what people do: %v", err)
	}
}

// config is the configuration of a worker. Every worker has its own, as every process reads its own.
func (p *play) config() *config.Config {
	if p.cfg != nil {
		return p.cfg
	}
	every := p.dice.topic.every()
	text := `database: leadsync.db
listen: 127.0.0.1:0
model: model.yaml
schedules: {contacts: "@every ` + every + `", activities: "@every ` + every + `", companies: "@every ` + every + `", deals: "@every ` + every + `", owners: "@every 30m", catch_up_overlap: 15m}
limits: {tasks_per_hour: 100000, deals_per_hour: 100000, stage_moves_per_hour: 100000, company_moves_per_hour: 100000, batch_window: 1s, lease: ` + p.dice.lease.String() + `}
portals:
  - name: ` + portalName + `
    crm: hubspot
    account: "48000001"
    token_env: T
    base_url: http://127.0.0.1:1
    clock: simulator
    webhooks: {enabled: true, target_url: ` + target + `, app_id: "` + appID + `", client_secret_env: S}
    effects: {score: on, stage: on, status: on, task: on, company: on, deal: on}
    language: en
    time_zone: Europe/Berlin
    calendar: {country: DE, region: BY, due_at: "09:00"}
    pipelines: {sales: {id: default, stage: appointmentscheduled}}
` + p.world().settings()
	cfg, err := config.Parse("leadsync.yaml", []byte(text))
	if err != nil {
		p.violate(checkRun, "read the configuration: %v", err)
		return &config.Config{}
	}
	p.cfg = cfg
	return cfg
}

func (p *play) properties() {
	add := func(typ string, x simulator.Property) { p.must(p.account.AddProperty(typ, x)) }
	for _, name := range []string{"leadsync_score", "leadsync_fit", "leadsync_engagement", "budget"} {
		add(contacts, simulator.Property{Name: name, Label: name, Type: "number"})
	}
	for _, name := range []string{"leadsync_reasons", "leadsync_last_reason", "leadsync_grade", "leadsync_tier"} {
		add(contacts, simulator.Property{Name: name, Label: name, Type: "string"})
	}
	add(contacts, simulator.Property{Name: "leadsync_scored_at", Label: "s", Type: "datetime"})
	add(contacts, simulator.Property{Name: "call_back_on", Label: "c", Type: "date"})
	add(contacts, simulator.Property{Name: "no_profiling", Label: "n", Type: "bool"})
	for _, typ := range []string{simulator.Tasks, simulator.Deals} {
		add(typ, simulator.Property{Name: "leadsync_key", Label: "k", Type: "string", HasUniqueValue: !p.world().marked})
	}
}
