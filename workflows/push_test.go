package workflows_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/workflows"
)

const (
	ready     = workflows.StateReady
	sending   = workflows.StateSending
	settled   = workflows.StateSettled
	parked    = workflows.StateParked
	cancelled = workflows.StateCancelled
)

func TestPush_settles(t *testing.T) {
	b := newBench(t)
	b.plan(update("1", workflows.ClassStage, map[string]string{"lifecyclestage": "lead"}), update("1", workflows.ClassScore, map[string]string{"leadsync_score": "5"}),
		task("t1", "1"), dealEntry("d1", "1"), closing("t1"))
	b.must(b.push())
	want := []string{"update 1", "create t1", "create d1", "close t1"} // one call per contact, closings last
	if diff := cmp.Diff(want, b.crm.asked()); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	for _, key := range []string{"contact/1/stage", "contact/1/score", "t1", "d1", "close/t1"} {
		b.wants(key, settled, 1, 0)
		if b.told[key] != settled {
			t.Errorf("nobody was told about %s", key)
		}
	}
	if got := b.entry("t1").RemoteID; got == "" || got != b.crm.things["t1"].ID {
		t.Errorf("remote id %q, want %q", got, b.crm.things["t1"].ID)
	}
	if got := b.entry("close/t1").Error; got != string(connector.CloseArchived) {
		t.Errorf("outcome of the closing %q", got)
	}
	if diff := cmp.Diff(map[string]string{"lifecyclestage": "lead", "leadsync_score": "5"}, b.crm.props["1"]); diff != "" {
		t.Errorf("written (-want +got):\n%s", diff)
	}
	b.must(b.push())
	if again := b.crm.asked(); len(again) != 0 {
		t.Errorf("asked again: %v", again)
	}
}

// The protocol of hubspot-api 7.3, branch by branch, for a task and for a deal.
func TestPush_protocol(t *testing.T) {
	for name, tc := range map[string]struct {
		script func(b *bench)
		first  workflows.EntryState // after the first push
		wait   time.Duration
		then   func(b *bench)
		asked  []string // in the second push
		last   workflows.EntryState
		exists bool
	}{
		"created":                 {first: settled, last: settled, exists: true},
		"conflict is adopted":     {script: func(b *bench) { b.crm.things["k"] = connector.KeyState{ID: "42", Open: true} }, first: settled, last: settled, exists: true},
		"archived counts as done": {script: func(b *bench) { b.crm.things["k"] = connector.KeyState{ID: "42", Archived: true} }, first: settled, last: settled, exists: true},
		"a crash after the call":  {script: func(b *bench) { b.crash(b.entry("k").Kind); b.crm.things["k"] = connector.KeyState{ID: "42"} }, first: settled, last: settled, exists: true},
		"a crash before the call": {script: func(b *bench) { b.crash(b.entry("k").Kind) }, first: settled, last: settled, exists: true},
		"ambiguous and done": {script: func(b *bench) {
			b.crm.fail["create k"] = fault(connector.ErrAmbiguous)
			b.crm.applied["create k"] = true
		}, first: sending, wait: 2 * time.Second, asked: []string{"find k"}, last: settled, exists: true},
		"ambiguous and not done":     {script: func(b *bench) { b.crm.fail["create k"] = fault(connector.ErrAmbiguous) }, first: sending, wait: 2 * time.Second, then: func(b *bench) { clear(b.crm.fail) }, asked: []string{"find k", "create k"}, last: settled, exists: true},
		"unavailable":                {script: func(b *bench) { b.crm.fail["create k"] = fault(connector.ErrUnavailable) }, first: ready, wait: time.Second, then: func(b *bench) { clear(b.crm.fail) }, asked: []string{"create k"}, last: settled, exists: true},
		"the key exists, unreadable": {script: func(b *bench) { b.crm.things["k"] = connector.KeyState{ID: "42"}; b.crm.hidden["k"] = true }, first: sending, wait: 2 * time.Second, then: func(b *bench) { clear(b.crm.hidden) }, asked: []string{"find k"}, last: settled, exists: true},
		"looking fails":              {script: func(b *bench) { b.crash(b.entry("k").Kind); b.crm.fail["FindByKey"] = fault(connector.ErrUnavailable) }, first: sending, wait: 2 * time.Second, then: func(b *bench) { clear(b.crm.fail) }, asked: []string{"find k", "create k"}, last: settled, exists: true},
		"linking fails": {script: func(b *bench) {
			b.crm.things["k"] = connector.KeyState{ID: "42"}
			b.crm.fail["AssertLinks"] = fault(connector.ErrUnavailable)
		}, first: sending, wait: 2 * time.Second, then: func(b *bench) { clear(b.crm.fail) }, asked: []string{"find k"}, last: settled, exists: true},
		"refused":   {script: func(b *bench) { b.crm.fail["create k"] = fault(connector.ErrInvalid, "subject") }, first: parked, last: parked},
		"forbidden": {script: func(b *bench) { b.crm.fail["create k"] = fault(connector.ErrForbidden) }, first: parked, last: parked},
		"a crash, then conflict, hidden": {script: func(b *bench) {
			b.crash(b.entry("k").Kind)
			b.crm.things["k"] = connector.KeyState{ID: "42"}
			b.crm.hidden["k"] = true
		}, first: sending, then: func(b *bench) { clear(b.crm.hidden) }, asked: []string{"find k"}, last: settled, exists: true},
	} {
		for _, e := range []workflows.OutboxEntry{task("k", "1"), dealEntry("k", "1")} {
			t.Run(name+"/"+string(e.Kind), func(t *testing.T) {
				b := newBench(t)
				b.plan(e)
				if tc.script != nil {
					tc.script(b)
				}
				b.must(b.push())
				if got := b.entry("k").State; got != tc.first {
					t.Fatalf("%s (%q) after the first push, want %s", got, b.entry("k").Error, tc.first)
				}
				if tc.wait > 0 {
					b.wants("k", tc.first, b.entry("k").Attempt, tc.wait)
				}
				b.crm.asked()
				b.must(b.push())
				if early := b.crm.asked(); len(early) != 0 && tc.first != settled && tc.wait > 0 {
					t.Errorf("asked before its time: %v", early)
				}
				if tc.then != nil {
					tc.then(b)
				}
				b.clock = b.clock.Add(time.Minute)
				b.must(b.push())
				if diff := cmp.Diff(tc.asked, b.crm.asked()); diff != "" {
					t.Errorf("asked (-want +got):\n%s", diff)
				}
				if got := b.entry("k"); got.State != tc.last || tc.last == settled && got.RemoteID != b.crm.things["k"].ID {
					t.Errorf("%s with id %q in the end, want %s with %q", got.State, got.RemoteID, tc.last, b.crm.things["k"].ID)
				}
				if _, exists := b.crm.things["k"]; exists != tc.exists || len(b.crm.things) > 1 {
					t.Errorf("in the CRM: %v", b.crm.things)
				}
			})
		}
	}
}

func TestPush_adoptionLinks(t *testing.T) {
	b := newBench(t)
	b.crm.things["k"], b.crm.things["gone"] = connector.KeyState{ID: "42"}, connector.KeyState{ID: "43", Archived: true}
	b.plan(task("k", "1"), task("gone", "2"))
	b.must(b.push())
	want := []connector.Link{
		{FromType: connector.TypeTask, FromID: "42", ToType: connector.TypeContact, ToID: "1"},
		{FromType: connector.TypeTask, FromID: "42", ToType: connector.TypeCompany, ToID: "77"},
	}
	if diff := cmp.Diff(want, b.crm.links); diff != "" {
		t.Errorf("what was put away is not linked again (-want +got):\n%s", diff)
	}
}

func TestPush_noAnswerForAKey(t *testing.T) {
	b := newBench(t)
	b.crm.silent["k"] = true
	b.plan(task("k", "1"), task("other", "2"))
	b.must(b.push())
	b.wants("k", sending, 1, 2*time.Second)
	b.wants("other", settled, 1, 0)
	b.clock = b.clock.Add(time.Minute)
	b.must(b.push())
	b.wants("k", settled, 2, 0)
}

// A rep opened a deal between plan and push.
func TestPush_openDealAppears(t *testing.T) {
	for name, tc := range map[string]struct {
		closed string
		fail   string
		kind   error
		state  workflows.EntryState
		err    error
	}{
		"open":                       {"false", "", nil, cancelled, nil},
		"closed":                     {"true", "", nil, settled, nil},
		"links cannot be read":       {"false", "Links", connector.ErrUnavailable, ready, nil},
		"deals cannot be read":       {"false", "Read deal", connector.ErrUnavailable, ready, nil},
		"the token has been revoked": {"false", "Links", connector.ErrUnauthorized, ready, connector.ErrUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.plan(dealEntry("k", "1"), dealEntry("l", "2"))
			b.crm.deals["7"] = connector.Object{Type: connector.TypeDeal, ID: "7", Properties: map[string]string{"hs_is_closed": tc.closed}}
			b.crm.links = []connector.Link{{FromType: connector.TypeContact, FromID: "1", ToType: connector.TypeDeal, ToID: "7"}}
			if tc.fail != "" {
				b.crm.fail[tc.fail] = fault(tc.kind)
			}
			if err := b.push(); !errors.Is(err, tc.err) {
				t.Fatalf("error %v, want %v", err, tc.err)
			}
			if got := b.entry("k"); got.State != tc.state {
				t.Errorf("%s (%q), want %s", got.State, got.Error, tc.state)
			}
			if tc.state == cancelled && b.entry("k").Error != string(workflows.ReasonDealExists) {
				t.Errorf("cancelled because %q", b.entry("k").Error)
			}
			if tc.fail == "" {
				b.wants("l", settled, 1, 0)
				return
			}
			clear(b.crm.fail)
			b.clock = b.clock.Add(time.Minute)
			b.must(b.push())
			b.wants("k", cancelled, b.entry("k").Attempt, 0)
			b.wants("l", settled, b.entry("l").Attempt, 0)
		})
	}
}

func TestPush_poisonedProperty(t *testing.T) {
	b := newBench(t)
	b.crm.refused = "poison"
	b.plan(update("1", workflows.ClassStage, map[string]string{"lifecyclestage": "lead"}), update("1", workflows.ClassScore, map[string]string{"poison": "x"}),
		update("2", workflows.ClassStage, map[string]string{"lifecyclestage": "lead"}), update("3", workflows.ClassScore, map[string]string{"poison": "x"}))
	b.must(b.push())
	b.wants("contact/1/score", parked, 1, 0)
	b.wants("contact/2/stage", settled, 1, 0)
	b.wants("contact/3/score", parked, 1, 0)
	b.wants("contact/1/stage", ready, 1, 0)
	b.must(b.push()) // at once, without its neighbour
	b.wants("contact/1/stage", settled, 2, 0)
	if diff := cmp.Diff(map[string]string{"lifecyclestage": "lead"}, b.crm.props["1"]); diff != "" {
		t.Errorf("contact 1 (-want +got):\n%s", diff)
	}
	if got := b.entry("contact/1/score").Error; !strings.Contains(got, "as scripted") {
		t.Errorf("parked without the CRM's own words: %q", got)
	}
}

func TestPush_refusalWithoutAName(t *testing.T) {
	b := newBench(t)
	b.crm.fail["update 1"] = fault(connector.ErrInvalid)
	b.plan(update("1", workflows.ClassStage, map[string]string{"a": "1"}), update("1", workflows.ClassScore, map[string]string{"b": "2"}))
	b.must(b.push())
	b.wants("contact/1/stage", parked, 1, 0)
	b.wants("contact/1/score", parked, 1, 0)
}

// Throttled and unauthorised are nobody's fault: entries come back as they were, uncounted, the error goes up.
func TestPush_portalWide(t *testing.T) {
	for _, kind := range []error{connector.ErrThrottled, connector.ErrUnauthorized} {
		for name, fail := range map[string]string{"update": "update 1", "task": "create t", "deal": "create d", "close": "close x", "looking": "FindByKey"} {
			t.Run(kind.Error()+"/"+name, func(t *testing.T) {
				b := newBench(t)
				b.plan(update("1", workflows.ClassStage, map[string]string{"lifecyclestage": "lead"}), task("t", "1"), dealEntry("d", "1"), closing("x"))
				if fail == "FindByKey" {
					b.crash(workflows.KindTask)
					b.plan(task("new", "2"))
				}
				attempts := b.entry("t").Attempt
				b.crm.fail[fail] = fault(kind)
				if err := b.push(); !errors.Is(err, kind) {
					t.Fatalf("error %v, want %v", err, kind)
				}
				failing := map[string]string{"update 1": "contact/1/stage", "create t": "t", "create d": "d", "close x": "close/x", "FindByKey": "t"}[fail]
				want := ready
				if fail == "FindByKey" {
					want = sending
					b.wants("new", ready, 0, 0)
				}
				if slices.Contains(b.crm.asked(), "create new") {
					t.Error("created something although looking was refused")
				}
				b.wants(failing, want, attempts, 0)
				clear(b.crm.fail)
				b.clock = b.clock.Add(time.Minute)
				b.must(b.push())
				for _, key := range []string{"contact/1/stage", "t", "d", "close/x"} {
					b.wants(key, settled, b.entry(key).Attempt, 0)
				}
			})
		}
	}
}

func TestPush_parkedAfterTooManyAttempts(t *testing.T) {
	for _, kind := range []error{connector.ErrUnavailable, connector.ErrAmbiguous} {
		t.Run(kind.Error(), func(t *testing.T) {
			b := newBench(t)
			b.plan(update("1", workflows.ClassStage, map[string]string{"lifecyclestage": "lead"}), task("t", "1"), dealEntry("d", "1"), closing("x"))
			for _, what := range []string{"update 1", "create t", "create d", "close x"} {
				b.crm.fail[what] = fault(kind)
			}
			keys := []string{"contact/1/stage", "t", "d", "close/x"}
			for range 11 {
				b.must(b.push())
				b.clock = b.clock.Add(time.Hour)
			}
			for _, key := range keys {
				if got := b.entry(key); got.State == parked || got.Attempt != 11 {
					t.Errorf("%s is %s after %d attempts", key, got.State, got.Attempt)
				}
			}
			b.must(b.push())
			for _, key := range keys {
				b.wants(key, parked, 12, 0)
			}
			b.clock = b.clock.Add(time.Hour)
			b.crm.asked()
			b.must(b.push())
			if again := b.crm.asked(); len(again) != 0 {
				t.Errorf("parked and asked again: %v", again)
			}
		})
	}
}

// An update whose answer was lost is sent again: the values are absolute.
func TestPush_ambiguousUpdate(t *testing.T) {
	b := newBench(t)
	b.crm.fail["update 1"] = fault(connector.ErrAmbiguous)
	b.plan(update("1", workflows.ClassStage, map[string]string{"lifecyclestage": "lead"}))
	b.must(b.push())
	b.wants("contact/1/stage", ready, 1, 2*time.Second)
	clear(b.crm.fail)
	b.clock = b.clock.Add(2 * time.Second)
	b.must(b.push())
	b.wants("contact/1/stage", settled, 2, 0)
}

// A closing waits for the creation of its task, as long as that is under way.
func TestPush_closingAndCreation(t *testing.T) {
	b := newBench(t)
	b.plan(task("k", "1"), closing("k"))
	b.crm.fail["create k"] = fault(connector.ErrAmbiguous)
	b.must(b.push())
	if asked := b.crm.asked(); slices.Contains(asked, "close k") {
		t.Errorf("closed before it was known whether it exists: %v", asked)
	}
	clear(b.crm.fail)
	b.clock = b.clock.Add(time.Minute)
	b.must(b.push())
	if b.wants("k", settled, 2, 0); b.crm.things["k"].Archived {
		t.Error("archived while a creation of which nobody heard may still come, for which the key would be free")
	}
	b.wants("close/k", ready, 0, 2*time.Minute)
	b.clock = b.clock.Add(2 * time.Minute)
	b.must(b.push())
	if !b.crm.things["k"].Archived {
		t.Error("the task is still open")
	}
	b.wants("close/k", settled, 1, 0)
}

func TestPush_closingOfACancelledCreation(t *testing.T) {
	b := newBench(t)
	b.plan(task("k", "1"))
	e := closing("k")
	e.State, e.PlannedAt = ready, monday
	b.must(b.store.SaveDecisions(b.Context(), b.fence, []workflows.Decided{
		{ID: "1", State: workflows.LeadState{Root: "1"}, CancelKeys: []string{"k"}, Entries: []workflows.OutboxEntry{e}},
	}))
	b.must(b.push())
	b.wants("k", cancelled, 0, 0)
	b.wants("close/k", settled, 1, 0)
	if got := b.entry("close/k").Error; got != string(connector.CloseGone) || len(b.crm.things) != 0 {
		t.Errorf("outcome %q, in the CRM %v", got, b.crm.things)
	}
}

func TestPush_limitPauses(t *testing.T) {
	b := newBench(t)
	var paused []workflows.Class
	b.pusher.Paused = func(c workflows.Class) { paused = append(paused, c) }
	b.pusher.Portal.Limits = map[workflows.Class]int{workflows.ClassTask: 2}
	b.plan(task("a", "1"), task("b", "2"), task("c", "3"), dealEntry("d", "1"))
	b.must(b.push())
	if len(b.crm.things) != 1 || !slices.Equal(paused, []workflows.Class{workflows.ClassTask}) {
		t.Errorf("in the CRM %v, paused %v", b.crm.things, paused)
	}
}

func TestPush_fenced(t *testing.T) {
	b := newBench(t)
	b.plan(task("k", "1"))
	b.fence.Epoch--
	if err := b.push(); !errors.Is(err, workflows.ErrFenced) || len(b.crm.asked()) != 0 {
		t.Errorf("error %v", err)
	}
}
