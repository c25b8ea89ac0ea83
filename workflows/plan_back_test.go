package workflows_test

import (
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

// recyclingModel is the model of the other tests with a way back and static lists.
func recyclingModel(t fail) *scoring.Model {
	t.Helper()
	text, err := os.ReadFile("testdata/model.yaml")
	if err != nil {
		t.Fatalf("%v", err)
	}
	text = append(text, `
  - {name: recycle, on_status: bad_timing, back_to: mql}
  - {name: start over, on_status: unqualified, back_to: lead}
  - {name: sales takes over, on_stage: sql, lists: {add: [with_sales], remove: [newsletter]}}
  - {name: marketing again, on_stage: mql, lists: {add: [newsletter, unmapped], remove: [with_sales]}}
`...)
	m, err := scoring.Parse("recycling.yaml", text)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return m
}

// recycled is a contact in SQL, whose first talk was at a bad time.
func recycled(t fail) *person {
	t.Helper()
	p := newPerson(t, reach("sql"))
	p.model = recyclingModel(t)
	p.portal.Lists = map[string]string{"newsletter": "11", "with_sales": "12"}
	p.portal.Modes[workflows.ClassList] = workflows.ModeOn
	p.carry()
	p.after(time.Hour).status("BAD_TIMING")
	return p
}

// carry plans and carries everything out, moves back too.
func (p *person) carry() workflows.Planned {
	p.t.Helper()
	planned := p.step()
	for _, e := range planned.Entries {
		if e.Kind == workflows.KindBack && e.State == workflows.StateReady {
			b := decoded[workflows.BackPayload](p.t, e)
			p.set(map[string]string{b.Property: b.To})
		}
	}
	return planned
}

func wantsPlan(t *testing.T, planned workflows.Planned, want ...string) {
	t.Helper()
	if want == nil {
		want = []string{}
	}
	if diff := cmp.Diff(want, brief(planned)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPlan_wayBack(t *testing.T) {
	p := recycled(t)
	planned := p.plan()
	wantsPlan(t, planned, "stage mql", "list newsletter", "list ", "close first contact", "task try later")
	back := entryOf(t, planned, workflows.KindBack, workflows.ClassStage)
	want := workflows.BackPayload{Property: "lifecyclestage", From: []string{"salesqualifiedlead"}, To: "marketingqualifiedlead"}
	if diff := cmp.Diff(want, decoded[workflows.BackPayload](t, back)); diff != "" || back.Key != "contact/101/back" {
		t.Errorf("%s: intention (-want +got):\n%s", back.Key, diff)
	}
	remembered := &workflows.Recycled{At: p.now, From: "sql", To: "mql", Status: "bad_timing"}
	if diff := cmp.Diff(remembered, planned.State.Recycled); diff != "" || planned.State.Stage != "mql" || planned.State.Furthest != "sql" {
		t.Errorf("stage %s, furthest %s, way back (-want +got):\n%s", planned.State.Stage, planned.State.Furthest, diff)
	}
	p.carry()
	wantsPlan(t, p.after(time.Hour).plan()) // the criteria of SQL are still met, and nothing has happened since
}

func TestPlan_forwardAgain(t *testing.T) {
	visit := func(p *person, at string) {
		p.record.Observations = append(slices.Clone(p.record.Observations), observations(workflows.KnownReading, p.now,
			"hs_analytics_num_visits", "1", "hs_analytics_last_visit_timestamp", at)...)
	}
	for name, tc := range map[string]struct {
		happens func(p *person)
		want    []string
		lookAt  time.Duration // of the next look, from now; zero: not looked at here
	}{
		"something from before": {happens: func(p *person) { p.call(connected, 25*time.Hour) }},
		"at an uncertain time":  {happens: func(p *person) { visit(p, "") }},
		"in the future":         {happens: func(p *person) { p.call(connected, -30*time.Minute) }, lookAt: 30 * time.Minute},
		"since then": {
			happens: func(p *person) { visit(p, p.now.Add(-time.Hour).Format(time.RFC3339)) },
			want:    []string{"stage sql", "status new", "close try later", "task first contact", "list with_sales", "list "},
		},
		"a person moves it up": {
			happens: func(p *person) { p.stage("salesqualifiedlead") },
			want:    []string{"status new", "close try later", "task first contact", "list with_sales", "list "},
		},
		"a person moves it up and says how it stands": {
			happens: func(p *person) { p.stage("salesqualifiedlead").status("IN_PROGRESS") },
			want:    []string{"close try later", "list with_sales", "list "},
		},
		"a person moves it up, and the model on": {
			happens: func(p *person) { p.stage("salesqualifiedlead").deal(false, false) },
			want:    []string{"stage opportunity"},
		},
		"a person moves it on":           {happens: func(p *person) { p.stage("opportunity") }, want: []string{}},
		"a person moves it further back": {happens: func(p *person) { p.stage("lead") }},
	} {
		t.Run(name, func(t *testing.T) {
			p := recycled(t)
			p.carry()
			p.after(24 * time.Hour)
			tc.happens(p)
			planned := p.carry()
			got := brief(planned)
			slices.Sort(got)
			want := slices.Sorted(slices.Values(tc.want))
			if !slices.Equal(got, want) {
				t.Errorf("planned %q, want %q", got, want)
			}
			if tc.lookAt > 0 && !planned.LookAt.Equal(p.now.Add(tc.lookAt)) {
				t.Errorf("looks again at %v, want %v", planned.LookAt, p.now.Add(tc.lookAt))
			}
			if on := planned.State.Recycled == nil; on != (tc.want != nil) {
				t.Errorf("way back %+v", planned.State.Recycled)
			}
			wantsPlan(t, p.plan())
		})
	}
}

// What the contact had reached beyond the stage it was recycled from stays closed to the model.
func TestPlan_wayBackKeepsTheMark(t *testing.T) {
	p := newPerson(t, reach("sql"))
	p.model = recyclingModel(t)
	p.carry()
	p.after(time.Hour).stage("customer").carry()
	p.after(time.Hour).stage("salesqualifiedlead").carry() // a person took it back
	p.after(time.Hour).status("BAD_TIMING").carry()
	p.after(24*time.Hour).deal(false, false).call("guid-other", time.Hour) // the criteria of opportunity are met
	wantsPlan(t, p.carry())
	p.after(time.Hour).record.Deals = nil
	wantsPlan(t, p.carry(), "stage sql", "status new", "close try later", "task first contact")
}

func TestPlan_wayBackTwice(t *testing.T) {
	p := recycled(t)
	p.carry()
	p.after(time.Hour).status("UNQUALIFIED")
	p.record.Returning = &workflows.BackPayload{Property: "lifecyclestage", From: []string{"salesqualifiedlead"}, To: "marketingqualifiedlead"}
	planned := p.plan()
	b := decoded[workflows.BackPayload](t, entryOf(t, planned, workflows.KindBack, workflows.ClassStage))
	want := workflows.BackPayload{Property: "lifecyclestage", From: []string{"salesqualifiedlead", "marketingqualifiedlead", "marketingqualifiedlead"}, To: "lead"}
	if diff := cmp.Diff(want, b); diff != "" {
		t.Errorf("intention (-want +got):\n%s", diff)
	}
	if r := planned.State.Recycled; r == nil || r.From != "sql" || r.To != "lead" || r.Status != "unqualified" {
		t.Errorf("way back %+v", r)
	}
}

func TestPlan_wayBackModes(t *testing.T) {
	for mode, want := range map[workflows.Mode][]string{
		workflows.ModeOff:    {"close first contact", "task try later"},
		workflows.ModeShadow: {"stage mql (shadow)", "close first contact", "task try later"},
	} {
		p := recycled(t)
		p.portal.Modes[workflows.ClassStage] = mode
		planned := p.carry()
		wantsPlan(t, planned, want...)
		if planned.State.Recycled != nil || planned.State.Stage != "sql" {
			t.Errorf("%s had consequences: %+v", mode, planned.State)
		}
		wantsPlan(t, p.after(time.Hour).plan())
	}
	p := recycled(t)
	delete(p.portal.Stages, "mql")
	p.portal.Order = []string{"lead", "sql", "opportunity", "customer", "evangelist"}
	wantsPlan(t, p.plan(), "close first contact", "task try later")
	p = newPerson(t, with(reach("lead"), "lifecyclestage", "lead", "hs_lead_status", "BAD_TIMING"))
	p.model = recyclingModel(t)
	wantsPlan(t, p.plan(), "task try later") // MQL is not behind
}

// While a move back is under way nothing moves forward, and one that the CRM refused has not happened.
func TestPlan_wayBackUnderWay(t *testing.T) {
	p := recycled(t)
	p.step() // planned, not carried out
	p.record.Returning = &workflows.BackPayload{Property: "lifecyclestage", From: []string{"salesqualifiedlead"}, To: "marketingqualifiedlead"}
	p.record.Pending = map[string]string{"lifecyclestage": "marketingqualifiedlead"}
	p.after(time.Hour).stage("").call(connected, time.Minute) // cleared, and set in a moment
	wantsPlan(t, p.plan())
	p.record.Refused, p.record.Returning, p.record.Pending = p.record.Returning, nil, nil
	planned := p.stage("salesqualifiedlead").plan()
	wantsPlan(t, planned, "status in_progress", "close try later")
	if planned.State.Recycled != nil || planned.State.Stage != "sql" {
		t.Errorf("the contact has not left SQL: %+v", planned.State)
	}
}

func TestPlan_lists(t *testing.T) {
	p := recycled(t)
	planned := p.record.State
	if planned == nil {
		t.Fatal("nothing planned")
	}
	first := newPerson(t, reach("sql"))
	first.model, first.portal.Lists = p.model, p.portal.Lists
	first.portal.Modes[workflows.ClassList] = workflows.ModeOn
	got := map[string]workflows.ListPayload{}
	for _, e := range first.plan().Entries {
		if e.Kind == workflows.KindList {
			got[e.Key] = decoded[workflows.ListPayload](t, e)
			if e.Class != workflows.ClassList || e.Contact != connector.ObjectID("101") || e.Reason.Code == "" {
				t.Errorf("entry %+v", e)
			}
		}
	}
	want := map[string]workflows.ListPayload{
		"contact/101/list/12": {List: "12", Name: "with_sales", Add: true}, "contact/101/list/11": {List: "11", Name: "newsletter"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("memberships (-want +got):\n%s", diff)
	}
	first.portal.Modes[workflows.ClassList] = workflows.ModeShadow
	wantsPlan(t, first.plan(), "stage sql", "status new", "list with_sales (shadow)", "list  (shadow)", "task first contact")
	first.portal.Modes[workflows.ClassList] = workflows.ModeOff
	wantsPlan(t, first.plan(), "stage sql", "status new", "task first contact")
}
