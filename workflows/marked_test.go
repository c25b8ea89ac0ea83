package workflows_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/workflows"
)

// loose is the scripted CRM without unique keys: it makes whatever it is told to, as often as it is told.
type loose struct {
	*crm
	made     map[string][]connector.ObjectID
	archived []connector.ObjectID
	late     map[string]bool // made only when time has passed, after its answer was lost
	refuse   error           // of archiving
}

func newLoose(b *bench) *loose {
	l := &loose{crm: b.crm, made: map[string][]connector.ObjectID{}, late: map[string]bool{}}
	b.pusher.CRM, b.pusher.Look, b.pusher.Copies = l, l, l
	b.pusher.Portal.Marked = map[connector.ObjectType]bool{connector.TypeTask: true}
	return l
}

func (l *loose) CreateTasks(_ context.Context, tasks []connector.Task) []connector.CreateResult {
	var out []connector.CreateResult
	for _, t := range tasks {
		err := l.ask("create " + t.Key)
		r := connector.CreateResult{Key: t.Key, Err: err}
		if err == nil || l.applied["create "+t.Key] {
			r.ID = l.make(t.Key)
		}
		if err != nil {
			r.ID = ""
		}
		out = append(out, r)
	}
	return out
}

func (l *loose) make(key string) connector.ObjectID {
	id := connector.ObjectID(strings.Repeat("9", len(l.made[key])+1))
	l.made[key] = append(l.made[key], id)
	return id
}

func (l *loose) FindByKey(_ context.Context, _ connector.ObjectType, refs []connector.KeyRef) (map[string]connector.KeyState, error) {
	found := map[string]connector.KeyState{}
	for _, ref := range refs {
		l.calls = append(l.calls, "find "+ref.Key+" of "+string(ref.Contact))
		there := slices.DeleteFunc(slices.Clone(l.made[ref.Key]), func(id connector.ObjectID) bool { return slices.Contains(l.archived, id) })
		if len(there) > 0 {
			found[ref.Key] = connector.KeyState{ID: there[0], Open: true, Copies: there[1:]}
		}
	}
	return found, l.fail["FindByKey"]
}

func (l *loose) Archive(_ context.Context, _ connector.ObjectType, ids []connector.ObjectID) error {
	if l.refuse == nil {
		l.archived = append(l.archived, ids...)
	}
	return l.refuse
}

// Without a unique key: a quiet period, a look, a creation only of what is absent, and a second look.
func TestPush_marked(t *testing.T) {
	lost := func(_ *bench, l *loose) { l.crm.fail["create k"] = fault(connector.ErrAmbiguous) }
	for name, tc := range map[string]struct {
		first func(b *bench, l *loose)
		then  func(b *bench, l *loose) // before the quiet period has passed
		asked []string                 // all that is asked
		made  int
		notes int
	}{
		"straight": {asked: []string{"create k"}, made: 1},
		"the answer is lost, it is there": {
			first: func(b *bench, l *loose) { lost(b, l); l.applied["create k"] = true }, made: 1,
			asked: []string{"create k", "find k of 1"},
		},
		"the answer is lost, it is not there": {
			first: lost, made: 1, asked: []string{"create k", "find k of 1", "create k", "find k of 1"},
		},
		"a crash": {
			first: func(b *bench, _ *loose) { b.crash(workflows.KindTask) }, made: 1,
			asked: []string{"find k of 1", "create k", "find k of 1"},
		},
		"it appears after the second one was made": {
			first: func(b *bench, l *loose) { lost(b, l); l.late["k"] = true }, made: 2, notes: 1,
			asked: []string{"create k", "find k of 1", "create k", "find k of 1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			l := newLoose(b)
			b.plan(task("k", "1"))
			if tc.first != nil {
				tc.first(b, l)
			}
			b.must(b.push())
			clear(l.crm.fail)
			for range 6 {
				b.clock = b.clock.Add(time.Minute)
				b.must(b.push())
				if l.late["k"] && len(l.made["k"]) == 1 {
					l.make("k") // the lost creation is carried out after all
					l.late["k"] = false
				}
			}
			if diff := cmp.Diff(tc.asked, l.asked()); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
			e := b.entry("k")
			if e.State != settled || e.RemoteID != "9" || len(l.made["k"]) != tc.made || len(l.archived) != tc.made-1 {
				t.Errorf("%s with id %q; made %v, archived %v", e.State, e.RemoteID, l.made["k"], l.archived)
			}
			decisions, err := b.store.Decisions(t.Context(), portalID, "1", 10)
			b.must(err)
			if len(decisions) != tc.notes {
				t.Fatalf("decisions %+v", decisions)
			}
			if tc.notes > 0 && (decisions[0].Reason.Code != workflows.ReasonCopyArchived || decisions[0].Reason.Params["ids"] != "99") {
				t.Errorf("decision %+v", decisions[0].Reason)
			}
		})
	}
}

func TestPush_markedWaits(t *testing.T) {
	b := newBench(t)
	l := newLoose(b)
	l.crm.fail["create k"] = fault(connector.ErrAmbiguous)
	b.plan(task("k", "1"))
	b.must(b.push())
	b.wants("k", sending, 1, 2*time.Minute)
	l.crm.fail["FindByKey"] = fault(connector.ErrUnavailable)
	l.asked()
	b.clock = b.clock.Add(119 * time.Second)
	b.must(b.push())
	if early := l.asked(); len(early) != 0 {
		t.Errorf("asked too early: %v", early)
	}
	b.clock = b.clock.Add(time.Second)
	b.must(b.push()) // looks, and cannot
	if n := len(l.made["k"]); n != 0 {
		t.Errorf("not knowing was taken for absent: %d made", n)
	}
	clear(l.crm.fail)
	l.make("k")
	l.make("k")
	l.refuse = fault(connector.ErrUnavailable)
	b.clock = b.clock.Add(10 * time.Minute)
	b.must(b.push())
	b.clock = b.clock.Add(3 * time.Minute)
	b.must(b.push())
	if e := b.entry("k"); e.State != sending {
		t.Errorf("%s although a copy could not be archived", e.State)
	}
	l.refuse = nil
	for range 4 {
		b.clock = b.clock.Add(3 * time.Minute)
		b.must(b.push())
	}
	if e := b.entry("k"); e.State != settled || !slices.Equal(l.archived, []connector.ObjectID{"99"}) {
		t.Errorf("%s, archived %v", e.State, l.archived)
	}
}

// A person who deletes what was made before the second look has the last word.
func TestPush_markedDeleted(t *testing.T) {
	b := newBench(t)
	l := newLoose(b)
	b.plan(task("k", "1"))
	b.crash(workflows.KindTask)
	b.clock = b.clock.Add(3 * time.Minute)
	b.must(b.push())
	if n := len(l.made["k"]); n != 1 {
		t.Fatalf("%d made", n)
	}
	l.archived = append(l.archived, l.made["k"]...)
	b.clock = b.clock.Add(3 * time.Minute)
	b.must(b.push())
	if e := b.entry("k"); e.State != settled || len(l.made["k"]) != 1 {
		t.Errorf("%s, made %v", e.State, l.made["k"])
	}
}

// What the account's own rules refuse of a deal parks with what to do; mended and retried it goes through with
// the configuration of now.
func TestPush_dealIsMended(t *testing.T) {
	b := newBench(t)
	seen := &dealsSeen{crm: b.crm}
	b.pusher.CRM = seen
	b.crm.fail["create d"] = fault(connector.ErrInvalid, "deal_source", "region")
	b.plan(dealEntry("d", "1"), dealEntry("e", "2"))
	b.must(b.push())
	e := b.entry("d")
	for _, want := range []string{"as scripted", "deal_properties.deal_source", "deal_properties.region", "leadsync outbox retry d"} {
		if e.State != parked || !strings.Contains(e.Error, want) {
			t.Errorf("%s with %q, want parked with %q", e.State, e.Error, want)
		}
	}
	if other := b.entry("e"); other.State != settled {
		t.Errorf("the neighbour is %s", other.State)
	}
	clear(b.crm.fail)
	b.pusher.Portal.DealProperties = map[string]string{"deal_source": "leadsync"}
	_, err := b.store.RetryEntry(t.Context(), portalID, "d", workflows.Order{})
	b.must(err)
	b.crm.asked()
	b.must(b.push())
	if diff := cmp.Diff([]string{"find d", "create d"}, b.crm.asked()); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	if e := b.entry("d"); e.State != settled || seen.extra["d"]["deal_source"] != "leadsync" {
		t.Errorf("%s (%s), sent with %v", e.State, e.Error, seen.extra["d"])
	}
}

type dealsSeen struct {
	*crm
	extra map[string]map[string]string
}

func (c *dealsSeen) CreateDeals(ctx context.Context, deals []connector.Deal) []connector.CreateResult {
	c.extra = map[string]map[string]string{}
	for _, d := range deals {
		c.extra[d.Key] = d.Extra
	}
	return c.crm.CreateDeals(ctx, deals)
}
