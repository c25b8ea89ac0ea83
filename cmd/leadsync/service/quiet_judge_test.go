//go:build !race

// Thousands of records are counted here, which the race detector cannot change and makes slow.

package service_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"leadsync/connector/hubspot/simulator"
	"leadsync/scoring"
	"leadsync/workflows"
)

// quietModel asks for everything that must not happen by itself: a task, a deal, a membership and a clock.
const quietModel = `model: quiet
facts:
  email: {from: [contact.email]}
  budget: {from: [contact.budget], type: number}
activities:
  call: {object: call, attributes: {direction: hs_call_direction}}
scores:
  fit: {maximum: 100, rules: [{name: budget, when: budget >= 10000, points: 40}]}
lifecycle:
  - {stage: lead, when: known(email)}
  - {stage: mql, scores: {fit: 40}}
  - {stage: sql, owner: sales, direct: 'budget >= BUDGET'}
lead_status:
  - {status: new, on_stage: sql}
  - {status: open_deal}
response:
  - {name: first answer, stage: sql, within: 4wh, first: call}
follow_ups:
  - {name: first contact, on_status: new, task: {kind: call, due: 1wd, subject: "Call {name}"}}
  - {name: early deal, on_stage: sql, deal: {name: "{name}", pipeline: sales, close_in: 30d}}
  - {name: nurture, on_stage: sql, lists: {add: [nurture]}}
`

func (r *rig) quietModel(budget int) *scoring.Model {
	r.t.Helper()
	m, err := scoring.Parse("quiet.yaml", []byte(strings.ReplaceAll(quietModel, "BUDGET", strconv.Itoa(budget))))
	if err != nil {
		r.t.Fatal(err)
	}
	return m
}

// quietSize is how many leads are there before: fewer in the gate than in the night.
func quietSize(t *testing.T) int {
	t.Helper()
	text := os.Getenv("LEADSYNC_QUIET_LEADS")
	if text == "" {
		return 8_000
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("LEADSYNC_QUIET_LEADS: %v", err)
	}
	return n
}

// nothingReleased fails if anything is there that the operator did not ask for.
func (r *rig) nothingReleased(after string, want int) {
	r.t.Helper()
	if n := r.account.Count(simulator.Tasks); n != want {
		r.t.Errorf("%s: %d tasks, want %d", after, n, want)
	}
	if n := r.account.Count(simulator.Deals); n != 0 {
		r.t.Errorf("%s: %d deals", after, n)
	}
	effects, err := r.store.Effects(r.t.Context(), "48000001")
	if err != nil {
		r.t.Fatal(err)
	}
	for _, e := range effects {
		if e.Class == workflows.ClassList || e.Class == workflows.ClassDeal || e.Class == workflows.ClassTask && want == 0 {
			r.t.Errorf("%s: %d entries of class %s are %s", after, e.Count, e.Class, e.State)
		}
	}
}

// Issue 5, how it is judged: going live on many leads, importing more, and a model that moves some start nothing; what
// the operator orders happens, and exactly that.
func TestQuiet(t *testing.T) {
	n := quietSize(t)
	path := filepath.Join(t.TempDir(), "model.yaml")
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(quietModel, "BUDGET", "1000000")), 0o600); err != nil {
		t.Fatal(err)
	}
	moved := n / 40
	r := newRig(t, rigOptions{
		bulk: true, model: path, patience: 20 * time.Minute, modes: "{score: on, stage: on, status: on, task: on, deal: on, list: shadow}",
		portal: "    lists: {nurture: \"12\"}\n",
		populate: func(a *simulator.Account) {
			err := a.Load(func(add func(string, map[string]string, ...simulator.Link) string) {
				for i := range n {
					add(contacts, map[string]string{
						"email": fmt.Sprintf("p%d@example.org", i), "lastname": fmt.Sprintf("Person-%d", i), "lifecyclestage": "lead", "budget": "0",
						"createdate": "2026-05-01T08:00:00Z", "lastmodifieddate": "2026-10-20T10:00:00Z", "hs_object_source": "IMPORT",
					})
				}
			})
			if err != nil {
				panic(err)
			}
		},
	})
	moves, phase := &stages{rig: r, of: map[string]string{}}, &phases{t: t, began: time.Now()}
	r.start()
	r.settle()
	r.nothingReleased("going live", 0)
	phase.done("live with %d leads", n)

	importer := simulator.Actor{Kind: simulator.Import, ID: "9"}
	for i := range n / 20 {
		r.advance(time.Millisecond)
		if _, err := r.account.CreateContact(importer, map[string]string{
			"email": fmt.Sprintf("i%d@example.org", i), "lastname": fmt.Sprintf("Import-%d", i), "lifecyclestage": "lead", "budget": "2000000",
		}); err != nil {
			t.Fatal(err)
		}
	}
	r.settle()
	r.eventually("the import is there", func() bool { return r.states(func(workflows.LeadState) bool { return true }) == n+n/20 })
	r.nothingReleased("the import", 0)
	phase.done("%d imported", n/20)

	for i, o := range r.account.Objects(contacts)[:moved] { // released, and what the next model wants
		r.advance(time.Millisecond)
		if err := r.account.Set(user(), contacts, o.ID, map[string]string{"budget": strconv.Itoa(60000 + i), "jobtitle": "CEO"}); err != nil {
			t.Fatal(err)
		}
	}
	r.settle()
	r.eventually("they are leads of a budget", func() bool { return moves.in("marketingqualifiedlead") == moved })
	r.nothingReleased("the changes", 0)
	phase.done("%d changed by people", moved)
	r.options.Model = r.quietModel(50000)
	r.restart()
	r.eventually("the model has moved them", func() bool { return moves.in("salesqualifiedlead") == moved })
	r.settle()
	r.nothingReleased("the model", 0)
	if n := r.states(func(s workflows.LeadState) bool { return len(s.Clocks) > 0 }); n != 0 {
		t.Errorf("%d clocks", n)
	}
	phase.done("%d moved by another model", moved)

	rule := r.quietModel(50000).FollowUps()[0]
	ids, total, err := r.store.Standing(t.Context(), "48000001", rule.Name, 10, func(s workflows.LeadState) bool { return workflows.Backfills(rule, s) })
	if err != nil || total != moved || len(ids) != 10 {
		t.Fatalf("%d of %d (want %d) contacts can be ordered: %v", len(ids), total, moved, err)
	}
	if err := r.store.OrderBackfill(t.Context(), "48000001", rule.Name, ids); err != nil {
		t.Fatal(err)
	}
	r.eventually("ten tasks", func() bool { return r.account.Count(simulator.Tasks) >= 10 })
	r.settle()
	r.nothingReleased("the order", 10)
	phase.done("10 ordered")
}

// states counts the contacts that are decided and of which something is true.
func (r *rig) states(are func(workflows.LeadState) bool) int {
	r.t.Helper()
	_, n, err := r.store.Standing(r.t.Context(), "48000001", "", 1, are)
	if err != nil {
		r.t.Fatal(err)
	}
	return n
}

// stages follows the journal, so that whoever asks again and again what was moved pays for what is new only.
type stages struct {
	rig  *rig
	read int
	of   map[string]string // of the contacts whose stage was ever changed
}

// in counts the contacts that were moved to a stage and are there.
func (s *stages) in(stage string) (n int) {
	for _, e := range s.rig.account.JournalSince(s.read) {
		if s.read = e.Seq; e.Type == contacts && e.Property == "lifecyclestage" {
			s.of[e.ID] = e.New
		}
	}
	for _, at := range s.of {
		if at == stage {
			n++
		}
	}
	return n
}

// phases says what a run of many minutes has come to, and how long each part took.
type phases struct {
	t     *testing.T
	began time.Time
}

func (p *phases) done(format string, args ...any) {
	p.t.Helper()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	p.t.Logf("%s (%s, %d MB of memory)", fmt.Sprintf(format, args...), time.Since(p.began).Round(100*time.Millisecond), m.Sys>>20)
	p.began = time.Now()
}
