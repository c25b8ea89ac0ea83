package workflows_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/workflows"
)

// oneWay is the scripted CRM with stages that move forward only: a value that lies behind is answered as done
// and not written, an empty one always is.
type oneWay struct {
	*crm
	*testing.T
	order   []string
	journal map[connector.ObjectID][]string // the values that the stage really took
	echo    bool                            // answers show the stage as it is
	refuse  string                          // a value that is invalid
	// lost are requests, by "clear" and "set" and how many of them went before, whose answer is lost; done says
	// that they were carried out all the same.
	lost   map[string]error
	done   bool
	served map[string]int
	before func(what string) // something happens just before a request
}

const stageProperty = "lifecyclestage"

func newOneWay(b *bench, stages ...string) *oneWay {
	c := &oneWay{
		crm: b.crm, T: b.T, journal: map[connector.ObjectID][]string{}, lost: map[string]error{}, served: map[string]int{},
		order: []string{"lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity"},
	}
	for i, stage := range stages {
		c.props[connector.ObjectID(fmt.Sprint(i+1))] = map[string]string{stageProperty: stage}
	}
	b.pusher.CRM, b.pusher.Look = c, c
	return c
}

func (c *oneWay) Update(_ context.Context, _ connector.ObjectType, updates []connector.Update) []connector.UpdateResult {
	what := "set"
	if updates[0].Properties[stageProperty] == "" {
		what = "clear"
	}
	if c.before != nil {
		c.before(what)
	}
	c.served[what]++
	err := c.lost[fmt.Sprintf("%s %d", what, c.served[what])]
	c.calls = append(c.calls, what)
	out := make([]connector.UpdateResult, len(updates))
	for i, u := range updates {
		out[i] = connector.UpdateResult{ID: u.ID, Err: err}
		value := u.Properties[stageProperty]
		switch {
		case err != nil && !c.done:
		case c.props[u.ID] == nil:
			out[i].Err = fault(connector.ErrNotFound)
		case value == c.refuse && value != "":
			out[i].Err = fault(connector.ErrInvalid, stageProperty)
		default:
			c.move(u.ID, value)
		}
		if c.echo && out[i].Err == nil {
			out[i].Properties = map[string]string{stageProperty: c.props[u.ID][stageProperty]}
		}
	}
	return out
}

// move is HubSpot's rule.
func (c *oneWay) move(id connector.ObjectID, value string) {
	is := c.props[id][stageProperty]
	if value == is || value != "" && slices.Index(c.order, value) < slices.Index(c.order, is) {
		return
	}
	c.props[id] = map[string]string{stageProperty: value}
	c.journal[id] = append(c.journal[id], value)
}

func backEntry(contact connector.ObjectID) workflows.OutboxEntry {
	return entry(workflows.KindBack, workflows.ClassStage, "contact/"+string(contact)+"/back", contact,
		workflows.BackPayload{Property: stageProperty, From: []string{"salesqualifiedlead"}, To: "marketingqualifiedlead"})
}

// attempt pushes; a planned death at a point ends it as a kill does.
func (b *bench) attempt(point workflows.Point) (died bool) {
	b.Helper()
	type dead struct{}
	b.pusher.Pass = func(p workflows.Point) {
		if p == point {
			panic(dead{})
		}
	}
	defer func() {
		b.pusher.Pass = nil
		if thrown := recover(); thrown != nil {
			if _, planned := thrown.(dead); !planned {
				panic(thrown)
			}
			died = true
		}
	}()
	if err := b.push(); err != nil {
		b.Logf("push: %v", err)
	}
	return false
}

// waiting are the contacts that wait to be looked at.
func (b *bench) waiting() []connector.ObjectID {
	b.Helper()
	rows, err := b.store.Due(b.Context(), portalID, monday, []connector.ObjectType{connector.TypeContact}, 1000)
	b.must(err)
	ids := []connector.ObjectID{}
	for _, r := range rows {
		ids = append(ids, r.ID)
	}
	return ids
}

// Whatever step a crash hits, the contact ends in the right stage, and takes each value exactly once.
func TestPush_backSurvivesEveryStep(t *testing.T) {
	for _, point := range []workflows.Point{
		workflows.PointTaken, workflows.PointCleared, workflows.PointReturned, workflows.PointSent, workflows.PointSettled,
	} {
		t.Run(string(point), func(t *testing.T) {
			b := newBench(t)
			c := newOneWay(b, "salesqualifiedlead", "salesqualifiedlead")
			b.plan(backEntry("1"), backEntry("2"))
			if !b.attempt(point) {
				t.Fatal("the point was not passed")
			}
			b.clock = b.clock.Add(time.Hour)
			b.must(b.push())
			for _, id := range []connector.ObjectID{"1", "2"} {
				if diff := cmp.Diff([]string{"", "marketingqualifiedlead"}, c.journal[id]); diff != "" {
					t.Errorf("stages of %s (-want +got):\n%s", id, diff)
				}
				if e := b.entry("contact/" + string(id) + "/back"); e.State != settled {
					t.Errorf("%s: %s (%s)", e.Key, e.State, e.Error)
				}
			}
			if diff := cmp.Diff([]connector.ObjectID{"1", "2"}, b.waiting()); diff != "" {
				t.Errorf("looked at again (-want +got):\n%s", diff)
			}
			c.asked()
			b.must(b.push())
			if again := c.asked(); len(again) != 0 {
				t.Errorf("asked again: %v", again)
			}
		})
	}
}

// Lost answers, refusals, and people in between.
func TestPush_backOutcomes(t *testing.T) {
	lose := func(what string, done bool) func(*oneWay) {
		return func(c *oneWay) { c.lost[what], c.done = fault(connector.ErrAmbiguous), done }
	}
	person := func(at, value string) func(*oneWay) {
		return func(c *oneWay) {
			c.before = func(what string) {
				if what == at {
					c.props["1"] = map[string]string{stageProperty: value}
				}
			}
		}
	}
	const mql = "marketingqualifiedlead"
	for name, tc := range map[string]struct {
		stands string // before; empty for SQL
		script func(*oneWay)
		first  workflows.EntryState
		then   func(*oneWay)
		last   workflows.EntryState // after another push; empty: as the first
		stage  string               // in the end
		reason string
	}{
		"straight":                       {first: settled, stage: mql},
		"the answer to clearing is lost": {script: lose("clear 1", true), first: sending, last: settled, stage: mql},
		"clearing did not happen":        {script: lose("clear 1", false), first: sending, last: settled, stage: mql},
		"the answer to setting is lost":  {script: lose("set 1", true), first: sending, last: settled, stage: mql},
		"setting did not happen":         {script: lose("set 1", false), first: sending, last: settled, stage: mql},
		"throttled in between":           {script: func(c *oneWay) { c.lost["set 1"] = fault(connector.ErrThrottled) }, first: sending, last: settled, stage: mql},
		"the look fails":                 {script: func(c *oneWay) { c.fail["Read contact"] = fault(connector.ErrUnavailable) }, first: sending, then: func(c *oneWay) { clear(c.fail) }, last: settled, stage: mql},
		"somebody was faster":            {stands: "opportunity", first: cancelled, stage: "opportunity", reason: "moved_meanwhile"},
		"somebody did it by hand":        {stands: mql, first: settled, stage: mql},
		"somebody in between":            {script: person("set", "opportunity"), first: cancelled, stage: "opportunity", reason: "moved_meanwhile"},
		"empty already":                  {stands: "-", first: settled, stage: mql},
		"the value is refused":           {script: func(c *oneWay) { c.refuse = mql }, first: parked, stage: "salesqualifiedlead", reason: "the contact has the stage back that it had"},
		"refused, and the stage before too": {script: func(c *oneWay) {
			c.refuse, c.lost["set 2"] = mql, fault(connector.ErrUnavailable)
		}, first: sending, then: func(c *oneWay) { clear(c.lost) }, last: parked, stage: "salesqualifiedlead"},
		"clearing is refused": {script: func(c *oneWay) { c.lost["clear 1"] = fault(connector.ErrForbidden) }, first: parked, stage: "salesqualifiedlead", reason: "clear stage"},
		"gone":                {script: func(c *oneWay) { delete(c.props, "1") }, first: parked, reason: "does not have the contact"},
		"the wide one":        {script: func(c *oneWay) { c.lost["clear 1"] = fault(connector.ErrUnauthorized) }, first: sending, last: settled, stage: mql},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			stands := map[string]string{"": "salesqualifiedlead", "-": ""}[tc.stands]
			if tc.stands != "" && tc.stands != "-" {
				stands = tc.stands
			}
			c := newOneWay(b, stands)
			if tc.script != nil {
				tc.script(c)
			}
			b.plan(backEntry("1"))
			b.attempt("")
			e := b.entry("contact/1/back")
			if e.State != tc.first || !strings.Contains(e.Error, tc.reason) {
				t.Fatalf("%s (%q), want %s with %q", e.State, e.Error, tc.first, tc.reason)
			}
			if tc.then != nil {
				tc.then(c)
			}
			b.clock = b.clock.Add(time.Hour)
			b.must(b.push())
			if e = b.entry("contact/1/back"); tc.last != "" && e.State != tc.last {
				t.Errorf("%s (%q) in the end, want %s", e.State, e.Error, tc.last)
			}
			if got := c.props["1"][stageProperty]; got != tc.stage {
				t.Errorf("the stage is %q, want %q; journal %v", got, tc.stage, c.journal)
			}
			if n := len(c.journal["1"]); n > 2 && tc.first != parked && tc.last != parked {
				t.Errorf("it took %v", c.journal["1"])
			}
			if len(b.waiting()) != 1 {
				t.Errorf("due %v: its end must be looked at", b.waiting())
			}
		})
	}
}

// A hundred moves back are four calls.
func TestPush_backInBatches(t *testing.T) {
	b := newBench(t)
	c := newOneWay(b, slices.Repeat([]string{"salesqualifiedlead"}, 100)...)
	var entries []workflows.OutboxEntry
	for i := range 100 {
		entries = append(entries, backEntry(connector.ObjectID(fmt.Sprint(i+1))))
	}
	b.plan(entries...)
	b.must(b.push())
	calls := slices.DeleteFunc(c.asked(), func(call string) bool { return strings.HasPrefix(call, "read contact") })
	if diff := cmp.Diff([]string{"clear", "set"}, calls); diff != "" {
		t.Errorf("writing calls (-want +got):\n%s", diff)
	}
	for i := range 100 {
		if got := c.props[connector.ObjectID(fmt.Sprint(i+1))][stageProperty]; got != "marketingqualifiedlead" {
			t.Errorf("contact %d is in %q", i+1, got)
		}
	}
}

// The CRM answers a move of the stage as done and leaves it: only reading back tells.
func TestPush_stageIsProven(t *testing.T) {
	for name, tc := range map[string]struct {
		stands, wants string
		echo          bool
		fail          error
		state         workflows.EntryState
		reads         int
	}{
		"the answer shows it":          {stands: "lead", wants: "marketingqualifiedlead", echo: true, state: settled},
		"the answer shows nothing":     {stands: "lead", wants: "marketingqualifiedlead", state: settled, reads: 1},
		"it stayed, and shows":         {stands: "opportunity", wants: "marketingqualifiedlead", echo: true, state: parked, reads: 1},
		"it stayed, and shows nothing": {stands: "opportunity", wants: "marketingqualifiedlead", state: parked, reads: 1},
		"reading back fails":           {stands: "lead", wants: "marketingqualifiedlead", fail: fault(connector.ErrUnavailable), state: ready, reads: 1},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			c := newOneWay(b, tc.stands)
			c.echo, c.fail["Read contact"] = tc.echo, tc.fail
			b.plan(update("1", workflows.ClassStage, map[string]string{stageProperty: tc.wants}))
			b.must(b.push())
			e := b.entry("contact/1/stage")
			if e.State != tc.state || (tc.state == parked) != strings.Contains(e.Error, "stage_refused") {
				t.Errorf("%s (%q), want %s", e.State, e.Error, tc.state)
			}
			reads := slices.DeleteFunc(c.asked(), func(call string) bool { return call != "read contact 1" })
			if len(reads) != tc.reads {
				t.Errorf("%d reads, want %d", len(reads), tc.reads)
			}
		})
	}
	b := newBench(t)
	c := newOneWay(b, "lead")
	b.plan(update("1", workflows.ClassScore, map[string]string{"leadsync_score": "5"}))
	b.must(b.push())
	if calls := c.asked(); slices.Contains(calls, "read contact 1") {
		t.Errorf("a score was read back: %v", calls)
	}
}
