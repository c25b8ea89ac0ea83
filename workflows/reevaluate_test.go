package workflows_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

// changedModel is the model of the tests after a meeting.
func changedModel(t fail, replace ...string) *scoring.Model {
	t.Helper()
	text, err := os.ReadFile("testdata/model.yaml")
	if err != nil {
		t.Fatalf("%v", err)
	}
	changed := strings.NewReplacer(replace...).Replace(string(text))
	if changed == string(text) {
		t.Fatalf("the model has nothing of %q", replace)
	}
	m, err := scoring.Parse("changed.yaml", []byte(changed))
	if err != nil {
		t.Fatalf("%v", err)
	}
	return m
}

// dearer gives a budget more points; generous lets a small one make an MQL.
func dearer(t fail) *scoring.Model { return changedModel(t, "points: 40}", "points: 47}") }

func generous(t fail) *scoring.Model { return changedModel(t, "budget >= 10000", "budget >= 100") }

func nth(i int) connector.ObjectID { return connector.ObjectID(fmt.Sprintf("%05d", i)) }

// someWith are leads of which every third has a budget.
func someWith(budget string) func(i int) map[string]string {
	return func(i int) map[string]string {
		props := with(reach("lead"), "email", fmt.Sprintf("p%d@example.org", i))
		if i%3 == 0 {
			props["budget"] = budget
		}
		return props
	}
}

// living is a worker on a live account of n contacts that were evaluated with the model of the tests, held ones if
// the first load brought them.
func living(b *bench, n int, held bool, props func(i int) map[string]string) *workflows.Worker {
	b.Helper()
	w := newWorker(b)
	w.Reevaluator = walkOf(b, w)
	b.must(w.Reevaluator.Begin(b.Context(), b.fence))
	var objects []connector.Object
	var ids []connector.ObjectID
	for i := range n {
		id := nth(i)
		ids = append(ids, id)
		b.crm.props[id] = props(i)
		objects = append(objects, connector.Object{Type: connector.TypeContact, ID: id, Properties: props(i), CreatedAt: monday, UpdatedAt: monday})
	}
	if held {
		_, err := b.store.SavePage(b.Context(), b.fence, workflows.PulledPage{Type: connector.TypeContact, Objects: objects, Quiet: true})
		b.must(err)
		b.must(w.Reconciler.Baseline(b.Context(), b.fence, ids))
	} else {
		b.hint(ids...)
	}
	b.finish(w)
	b.must(b.store.SetGoLive(b.Context(), b.fence, b.clock))
	b.crm.asked()
	return w
}

func walkOf(b *bench, w *workflows.Worker) *workflows.Reevaluator {
	return &workflows.Reevaluator{Reconciler: w.Reconciler, Store: b.store, Clock: func() time.Time { return b.clock }, Log: quiet()}
}

// adopt starts the worker anew with another model.
func adopt(b *bench, w *workflows.Worker, m *scoring.Model) {
	b.Helper()
	w.Reconciler.Model, w.Puller.Model = m, m
	w.Reevaluator = walkOf(b, w)
	b.must(w.Reevaluator.Begin(b.Context(), b.fence))
}

// finish steps until there is nothing to do and says how often.
func (b *bench) finish(w *workflows.Worker) int {
	b.Helper()
	for steps := range 10_000 {
		worked, err := w.Step(b.Context(), b.fence)
		b.must(err)
		if !worked {
			return steps
		}
	}
	b.Fatal("the worker does not come to rest")
	return 0
}

// once does one step, which must have something to do.
func (b *bench) once(w *workflows.Worker) {
	b.Helper()
	worked, err := w.Step(b.Context(), b.fence)
	b.must(err)
	if !worked {
		b.Fatal("nothing to do")
	}
}

func (b *bench) walked() workflows.Reevaluation {
	b.Helper()
	walk, err := b.store.Reevaluation(b.Context(), portalID)
	b.must(err)
	return walk
}

func (b *bench) state(id connector.ObjectID) workflows.LeadState {
	b.Helper()
	leads, err := b.store.Leads(b.Context(), portalID, []connector.ObjectID{id})
	b.must(err)
	if leads[0].State == nil {
		return workflows.LeadState{}
	}
	return *leads[0].State
}

// evaluatedBy counts the contacts that a model looked at last.
func (b *bench) evaluatedBy(m *scoring.Model, n int) int {
	b.Helper()
	found := 0
	for i := range n {
		if b.state(nth(i)).Model == m.Version() {
			found++
		}
	}
	return found
}

// Another model evaluates every stored contact again without asking the CRM anything, and what follows is written
// as ever.
func TestReevaluator_walksEverybody(t *testing.T) {
	b := newBench(t)
	w, m := living(b, 450, false, someWith("10000")), dearer(t)
	adopt(b, w, m)
	if walk := b.walked(); walk.Total != 450 || walk.Left() != 450 {
		t.Fatalf("at the beginning: %+v", walk)
	}
	b.finish(w)
	for _, call := range b.crm.asked() {
		if !strings.HasPrefix(call, "update ") {
			t.Fatalf("the walk asked the CRM: %q", call)
		}
	}
	if walk := b.walked(); walk.UnderWay() || walk.Done != 450 || walk.Planned != 150 || walk.Position != "" {
		t.Errorf("at the end: %+v", walk)
	}
	if n := b.evaluatedBy(m, 450); n != 450 {
		t.Errorf("%d of 450 contacts were evaluated with the new model", n)
	}
	for i := range 450 {
		want := "0"
		if i%3 == 0 {
			want = "47"
		}
		if got := b.crm.props[nth(i)]["leadsync_fit"]; got != want {
			t.Fatalf("contact %d has the score %q in the CRM, want %q", i, got, want)
		}
	}
	adopt(b, w, m)
	if steps := b.finish(w); steps != 0 {
		t.Errorf("%d steps with the same model once more", steps)
	}
}

// Rule 1: another model is no change of a contact. The walk writes scores of held contacts, and nothing else.
func TestReevaluator_heldContactsGetScores(t *testing.T) {
	b := newBench(t)
	w, m := living(b, 30, true, someWith("500")), generous(t)
	adopt(b, w, m)
	b.finish(w)
	for i := range 30 {
		props, st := b.crm.props[nth(i)], b.state(nth(i))
		if props["lifecyclestage"] != "" || props["hs_lead_status"] != "" || !st.Held || st.Model != m.Version() {
			t.Fatalf("contact %d: %v, held %v", i, props, st.Held)
		}
	}
	if got := b.crm.props[nth(0)]["leadsync_fit"]; got != "40" {
		t.Errorf("score %q, want 40", got)
	}
	b.crm.props[nth(0)]["jobtitle"] = "Head of Cranes" // and a change of the contact releases it as ever
	b.hint(nth(0), nth(3))
	b.finish(w)
	if got := b.crm.props[nth(0)]["lifecyclestage"]; got != "marketingqualifiedlead" {
		t.Errorf("a contact that changed has the stage %q", got)
	}
	if got := b.crm.props[nth(3)]["lifecyclestage"]; got != "" || !b.state(nth(3)).Held {
		t.Errorf("one that did not change has the stage %q", got)
	}
}

// What becomes due during the walk goes first: it is served in the very next step, and the walk stands still for it.
func TestReevaluator_dueWorkGoesFirst(t *testing.T) {
	b := newBench(t)
	w := living(b, 450, false, someWith("10000"))
	adopt(b, w, dearer(t))
	b.once(w) // the walk
	if walk := b.walked(); walk.Done != 100 {
		t.Fatalf("after a step: %+v", walk)
	}
	b.once(w) // what it planned is written first
	if walk := b.walked(); walk.Done != 100 || b.crm.props[nth(0)]["leadsync_fit"] != "47" {
		t.Fatalf("the outbox has to be empty before the walk goes on: %+v, %v", walk, b.crm.props[nth(0)])
	}
	b.crm.props[nth(400)]["vip"] = "true"
	b.hint(nth(400))
	b.once(w)
	if got := b.crm.props[nth(400)]["lifecyclestage"]; got != "salesqualifiedlead" {
		t.Errorf("a contact that became due during the walk has the stage %q after one step", got)
	}
	if walk := b.walked(); walk.Done != 100 {
		t.Errorf("the walk went on beside it: %+v", walk)
	}
	b.finish(w)
	if walk := b.walked(); walk.Done != 450 || walk.UnderWay() {
		t.Errorf("and afterwards: %+v", walk)
	}
}

// A restarted process goes on where the last one stopped, and a newer model begins anew.
func TestReevaluator_restarts(t *testing.T) {
	b := newBench(t)
	w, first, second := living(b, 450, false, someWith("10000")), dearer(t), generous(t)
	adopt(b, w, first)
	b.once(w)
	adopt(b, w, first)
	if walk := b.walked(); walk.Done != 100 || walk.Position != nth(99) {
		t.Fatalf("after a restart: %+v", walk)
	}
	b.once(w)
	b.once(w)
	if n := b.evaluatedBy(first, 450); n != 200 {
		t.Errorf("%d contacts are done, want 200", n)
	}
	adopt(b, w, second)
	if walk := b.walked(); walk.Done != 0 || walk.Position != "" || walk.Total != 450 {
		t.Errorf("a newer model: %+v", walk)
	}
	b.finish(w)
	if n := b.evaluatedBy(second, 450); n != 450 || b.walked().Done != 450 {
		t.Errorf("%d contacts are done with the newer model: %+v", n, b.walked())
	}
}

// A worker that has lost the lease evaluates nothing, and one whose walk was overtaken begins with what is.
func TestReevaluator_oneWalksAtATime(t *testing.T) {
	b := newBench(t)
	w, m := living(b, 10, false, someWith("10000")), dearer(t)
	adopt(b, w, m)
	stale := b.fence
	var ok bool
	var err error
	b.clock = b.clock.Add(2000 * time.Hour)
	b.fence, ok, err = b.store.Acquire(t.Context(), portalID, "other", time.Hour)
	b.must(err)
	if !ok {
		t.Fatal("no lease")
	}
	if _, err := w.Reevaluator.Step(t.Context(), stale); !errors.Is(err, workflows.ErrFenced) {
		t.Errorf("without the lease: %v", err)
	}
	if n := b.evaluatedBy(m, 10); n != 0 || b.walked().Done != 0 {
		t.Errorf("%d contacts were evaluated without the lease", n)
	}
	b.must(w.Reevaluator.Begin(t.Context(), b.fence))
	if _, _, err := b.store.BeginReevaluation(t.Context(), b.fence, "another"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Reevaluator.Step(t.Context(), b.fence); !errors.Is(err, workflows.ErrNoRecord) {
		t.Errorf("a step of a walk that was overtaken: %v", err)
	}
	if worked, err := w.Reevaluator.Step(t.Context(), b.fence); !worked || err != nil || b.evaluatedBy(m, 10) != 10 {
		t.Errorf("the step after it: %v, %v, %+v", worked, err, b.walked())
	}
}

// A step ends when its time is over, however many contacts it could take, but not without having done one.
func TestReevaluator_stepIsBounded(t *testing.T) {
	b := newBench(t)
	w := living(b, 25, false, someWith("10000"))
	adopt(b, w, dearer(t))
	now := b.clock
	w.Reevaluator.Clock = func() time.Time { now = now.Add(10 * time.Millisecond); return now }
	var steps []int
	w.Reevaluator.Walked = func(passed, evaluated int) {
		if steps = append(steps, passed); passed != evaluated {
			t.Errorf("%d of %d were evaluated", evaluated, passed)
		}
	}
	b.finish(w)
	if !slices.Equal(steps, []int{10, 10, 5}) {
		t.Errorf("contacts a step: %v", steps)
	}
	adopt(b, w, generous(t))
	w.Reevaluator.Clock = func() time.Time { now = now.Add(time.Hour); return now }
	w.Reevaluator.Walked = func(passed, _ int) { steps = append(steps, passed) }
	steps = nil
	b.finish(w)
	if len(steps) != 25 || b.walked().Done != 25 {
		t.Errorf("on a slow machine: %v", steps)
	}
}

// A contact that waits to be read is left to that reading: its mirror is old. So is one that never was decided.
func TestReevaluator_leavesToTheReading(t *testing.T) {
	b := newBench(t)
	w, m := living(b, 3, false, someWith("10000")), dearer(t)
	_, err := b.store.SavePage(t.Context(), b.fence, workflows.PulledPage{Type: connector.TypeContact, Quiet: true, Objects: []connector.Object{
		{Type: connector.TypeContact, ID: nth(3), Properties: reach("lead"), UpdatedAt: monday},
	}})
	b.must(err)
	adopt(b, w, m)
	b.hint(nth(1))
	b.must(b.store.Postpone(t.Context(), b.fence, []workflows.Postponed{{Type: connector.TypeContact, ID: nth(1), Wait: time.Hour}}))
	b.finish(w)
	if walk := b.walked(); walk.Done != 4 || walk.UnderWay() {
		t.Errorf("%+v", walk)
	}
	if b.state(nth(0)).Model != m.Version() || b.state(nth(1)).Model == m.Version() || b.state(nth(3)).Root != "" {
		t.Errorf("evaluated: %q, %q, %+v", b.state(nth(0)).Model, b.state(nth(1)).Model, b.state(nth(3)))
	}
	b.clock = b.clock.Add(2 * time.Hour)
	b.finish(w)
	if b.state(nth(1)).Model != m.Version() {
		t.Error("the reading evaluates with the new model")
	}
}

// The blast radius holds for the walk: a model that would move everybody is stopped by the limit of the class, the
// walk itself comes to its end, and what waits is there to be looked at.
func TestReevaluator_limitsHold(t *testing.T) {
	b := newBench(t)
	w := living(b, 300, false, func(int) map[string]string { return with(reach("lead"), "budget", "500") })
	b.pusher.Portal.Limits = map[workflows.Class]int{workflows.ClassStage: 7}
	b.clock = b.clock.Add(2 * time.Hour) // what made them leads is another hour's
	adopt(b, w, generous(t))
	b.finish(w)
	moved := 0
	for i := range 300 {
		if b.crm.props[nth(i)]["lifecyclestage"] == "marketingqualifiedlead" {
			moved++
		}
	}
	backlog, err := b.store.Backlog(t.Context(), portalID, b.clock)
	b.must(err)
	if moved != 0 || backlog.Outbox[workflows.StateReady] != 300 || !slices.Contains(backlog.PausedClass, workflows.ClassStage) {
		t.Errorf("%d contacts were moved, %v waits, paused %v", moved, backlog.Outbox, backlog.PausedClass)
	}
	if walk := b.walked(); walk.UnderWay() || walk.Done != 300 || walk.Planned != 300 {
		t.Errorf("%+v", walk)
	}
}

// Everything that decides an evaluation beside the contact begins a walk; what does not, does not.
func TestEvaluationBasis(t *testing.T) {
	base := func() *workflows.Portal {
		p := newPortal()
		p.Sources = map[string][]string{}
		return p
	}
	m := parseModel(t)
	want := workflows.EvaluationBasis(base(), m)
	for name, change := range map[string]func(p *workflows.Portal){
		"source":   func(p *workflows.Portal) { p.Sources["budget"] = []string{"contact.other"} },
		"off":      func(p *workflows.Portal) { p.Off = []string{"call"} },
		"outcomes": func(p *workflows.Portal) { p.Outcomes["guid-busy"] = "busy" },
		"stages":   func(p *workflows.Portal) { p.Stages["mql"] = "12345" },
		"statuses": func(p *workflows.Portal) { p.Statuses["new"] = "OPEN" },
		"order":    func(p *workflows.Portal) { p.Order = []string{"mql", "lead"} },
		"switch":   func(p *workflows.Portal) { p.Modes[workflows.ClassTask] = workflows.ModeShadow },
		"written":  func(p *workflows.Portal) { p.Written.Grade = "grade" },
		"optional": func(p *workflows.Portal) { p.Submissions = true },
	} {
		p := base()
		if change(p); workflows.EvaluationBasis(p, m) == want {
			t.Errorf("%s: nobody is evaluated again", name)
		}
	}
	for name, change := range map[string]func(p *workflows.Portal){
		"nothing":  func(*workflows.Portal) {},
		"language": func(p *workflows.Portal) { p.Language = "de" },
		"limits":   func(p *workflows.Portal) { p.Limits = map[workflows.Class]int{workflows.ClassTask: 1} },
		"off":      func(p *workflows.Portal) { p.Modes[workflows.ClassList] = workflows.ModeOff },
	} {
		p := base()
		if change(p); workflows.EvaluationBasis(p, m) != want {
			t.Errorf("%s: everybody is evaluated again for nothing", name)
		}
	}
	if workflows.EvaluationBasis(base(), dearer(t)) == want {
		t.Error("another model: nobody is evaluated again")
	}
}
