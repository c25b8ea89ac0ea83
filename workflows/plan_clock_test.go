package workflows_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/fixtures"
	"leadsync/scoring"
	"leadsync/workflows"
)

// answered is a contact in an account whose model is the sample with a response clock.
func answered(t *testing.T, props map[string]string) *person {
	t.Helper()
	text, err := fs.ReadFile(fixtures.Models(), "models/sales.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p := newPerson(t, with(map[string]string{"email": "p@example.org", "hubspot_owner_id": "jana"}, flat(props)...))
	if p.model, err = scoring.Parse("sales.yaml", text); err != nil {
		t.Fatal(err)
	}
	p.portal.Statuses = map[string]string{}
	for _, s := range p.model.Statuses() {
		p.portal.Statuses[s] = strings.ToUpper(s)
	}
	return p
}

func flat(props map[string]string) []string {
	var list []string
	for k, v := range props {
		list = append(list, k, v)
	}
	return list
}

func (p *person) clockState() workflows.ClockState {
	if p.record.State == nil || len(p.record.State.Clocks) == 0 {
		return ""
	}
	return p.record.State.Clocks[0].State
}

func notes(planned workflows.Planned) []string {
	list := []string{}
	for _, n := range planned.Notes {
		list = append(list, string(n.Code))
	}
	return list
}

// Monday is 2026-11-02 09:00 UTC, when people begin to work; the limit is four working hours.
func TestClock_start(t *testing.T) {
	const sql = "salesqualifiedlead"
	for name, tc := range map[string]struct {
		happen func(p *person)
		want   workflows.ClockState
		start  time.Duration // after monday
	}{
		"entering the stage starts it":        {func(p *person) { p.stage(sql) }, workflows.ClockDue, 2 * time.Hour},
		"a call in the hour before is answer": {func(p *person) { p.call(connected, time.Hour).stage(sql) }, workflows.ClockMet, 2 * time.Hour},
		"one further back is not":             {func(p *person) { p.call(connected, time.Hour+time.Second).stage(sql) }, workflows.ClockDue, 2 * time.Hour},
		"what nobody answered is no contact":  {func(p *person) { p.call(noAnswer, time.Minute).stage(sql) }, workflows.ClockDue, 2 * time.Hour},
		"the history tells when it was entered": {func(p *person) {
			p.stage(sql)
			p.record.Told = true
			p.record.Observations = append(p.record.Observations, workflows.Observation{
				Property: "lifecyclestage", Value: sql, At: monday.Add(20 * time.Minute), Known: workflows.KnownHistory, Origin: connector.OriginPerson,
			})
		}, workflows.ClockDue, 20 * time.Minute},
		"another stage starts none": {func(p *person) { p.stage("customer") }, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			p := answered(t, nil)
			p.step()
			tc.happen(p.after(2 * time.Hour))
			p.step()
			if got := p.clockState(); got != tc.want {
				t.Fatalf("the clock is %q, want %q", got, tc.want)
			}
			if tc.want != "" && !p.record.State.Clocks[0].StartedAt.Equal(monday.Add(tc.start)) {
				t.Errorf("it started at %s, want %s", p.record.State.Clocks[0].StartedAt, monday.Add(tc.start))
			}
			if again := p.plan(); len(again.Notes) > 0 || len(again.Actions) > 0 {
				t.Errorf("planned again: %v %v", notes(again), brief(again))
			}
		})
	}
}

// Whether a call before the start is the answer is said once, by when the owner worked whom the run began with: who takes
// the lead over later, and works at other times, does not turn a missed clock into a met one.
func TestClock_ofAnotherOwner(t *testing.T) {
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	p := answered(t, nil)
	p.portal.People = map[string]workflows.Person{"abroad": {Owner: "abroad", Zone: newYork}}
	p.owners["abroad"] = connector.Owner{ID: "abroad", Active: true, Person: true}
	p.step()
	p.after(2*time.Hour).call(connected, 90*time.Minute) // in New York nobody works yet
	p.stage("salesqualifiedlead").step()
	p.after(6 * time.Hour).step()
	if got := p.clockState(); got != workflows.ClockMissed {
		t.Fatalf("the clock is %q", got)
	}
	p.set(map[string]string{"hubspot_owner_id": "abroad"}).after(time.Hour)
	if planned := p.step(); p.clockState() != workflows.ClockMissed {
		t.Errorf("with another owner the clock is %q: %v", p.clockState(), notes(planned))
	}
}

// The daily budget carries neither reminder nor escalation past the limit (rule 25); the call that was asked for before it
// may be carried.
func TestClock_keepsItsDay(t *testing.T) {
	p := answered(t, nil)
	p.step()
	p.stage("salesqualifiedlead").after(time.Minute)
	keeps := map[string]bool{}
	for range 8 {
		for _, e := range p.after(time.Hour).step().Entries {
			if e.Class == workflows.ClassTask && e.Kind != workflows.KindClose {
				keeps[string(e.Reason.Code)+" "+e.Reason.Params["rule"]] = workflows.KeepsDay(e.Reason)
			}
		}
	}
	want := map[string]bool{"follow_up first call": false, "response_reminder first contact": true, "amended first contact": true}
	if diff := cmp.Diff(want, keeps); diff != "" {
		t.Error(diff)
	}
}

func TestClock_ofHeld(t *testing.T) {
	p := answered(t, map[string]string{"lifecyclestage": "salesqualifiedlead"})
	state := workflows.Baseline(p.portal, p.model, p.record, p.now)
	p.record.State = &state
	p.step()
	p.after(time.Hour).set(map[string]string{"email": "q@example.org"}).step()
	if p.record.State.Held || p.clockState() != "" {
		t.Errorf("a loaded contact that was released has the clock %q (held %v)", p.clockState(), p.record.State.Held)
	}
}

// A call that is logged late counts by when it was: the missed clock is met, and the escalation is archived.
func TestClock_lateNews(t *testing.T) {
	p := answered(t, nil)
	p.step()
	p.stage("salesqualifiedlead").step()
	p.after(3 * time.Hour)
	if got := brief(p.step()); !cmp.Equal(got, []string{"amend first contact: reminder"}) && !cmp.Equal(got, []string{"task first contact: reminder"}) {
		t.Errorf("reminder: %v", got)
	}
	p.after(time.Hour)
	missed := p.step()
	if p.clockState() != workflows.ClockMissed || !cmp.Equal(notes(missed), []string{"response_missed"}) {
		t.Fatalf("the clock is %q: %v", p.clockState(), notes(missed))
	}
	if s := p.record.State; s.Tasks["todo"].Rule != "first contact: escalation" {
		t.Errorf("open task %+v", s.Tasks)
	}
	if again := p.after(time.Hour).step(); len(again.Actions) > 0 {
		t.Errorf("asked again: %v", brief(again))
	}
	late := p.call(connected, 3*time.Hour).step()
	if c := p.record.State.Clocks[0]; c.State != workflows.ClockMet || c.Took != 2*time.Hour {
		t.Errorf("the clock is %s after %s", c.State, c.Took)
	}
	if _, open := p.record.State.Tasks["todo"]; open || !cmp.Equal(notes(late), []string{"response_met"}) {
		t.Errorf("open %v, notes %v", p.record.State.Tasks, notes(late))
	}
}

func TestClock_entersAgain(t *testing.T) {
	p := answered(t, nil)
	p.step()
	p.stage("salesqualifiedlead").step()
	first := p.record.State.Clocks[0].StartedAt
	p.after(time.Hour).stage("lead").step()
	if p.clockState() != workflows.ClockEnded {
		t.Errorf("who left the stage has the clock %q", p.clockState())
	}
	p.after(time.Hour).stage("salesqualifiedlead").step()
	if c := p.record.State.Clocks; len(c) != 1 || c[0].State != workflows.ClockDue || !c[0].StartedAt.Equal(first.Add(2*time.Hour)) {
		t.Errorf("clocks %+v", c)
	}
}

// Without tasks the clock is measured all the same, and nothing is asked.
func TestClock_tasksOff(t *testing.T) {
	p := answered(t, nil)
	p.portal.Modes[workflows.ClassTask] = workflows.ModeOff
	p.step()
	p.stage("salesqualifiedlead").step()
	p.after(4 * time.Hour).step()
	if c := p.record.State.Clocks[0]; c.State != workflows.ClockMissed || c.Escalated || c.Reminded || len(p.record.State.Tasks) > 0 {
		t.Errorf("clock %+v, tasks %v", c, p.record.State.Tasks)
	}
}

// What is remembered to be counted names nobody.
func TestOutcomes_nameNobody(t *testing.T) {
	p := answered(t, nil)
	p.portal.People = map[string]workflows.Person{"jana-p": {Owner: "jana", Team: "inside"}}
	p.step()
	p.stage("salesqualifiedlead").step()
	p.after(5 * time.Hour).status("UNQUALIFIED").step()
	text, err := json.Marshal(p.record.State.Outcomes)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "jana") || p.record.State.Clocks[0].Team != "inside" {
		t.Errorf("a person in %s", text)
	}
}

func TestMisjudged(t *testing.T) {
	p := answered(t, map[string]string{"hs_analytics_source": "PAID_SEARCH", "num_conversion_events": "1", "recent_conversion_date": "2026-11-01T09:00:00Z"})
	p.record.Observations = p.readings()
	p.step()
	want := workflows.Qualified{Stage: "mql", At: monday, Carrier: "rule: engagement: form filled in", Source: "PAID_SEARCH"}
	if diff := cmp.Diff([]workflows.Qualified{want}, p.record.State.Qualified); diff != "" {
		t.Fatalf("qualified (-want +got):\n%s", diff)
	}
	planned := p.after(time.Hour).status("UNQUALIFIED").step()
	if !cmp.Equal(notes(planned), []string{"misjudged"}) || p.record.State.Tasks["todo"].Rule != "unqualified: reason" {
		t.Errorf("notes %v, tasks %v", notes(planned), p.record.State.Tasks)
	}
	want.JudgedAt, want.End, want.Outcome = p.now, "unqualified", scoring.OutcomeMark
	p.after(time.Hour).set(map[string]string{"unqualified_reason": "Kein Budget"}).step()
	want.Reason = "no budget"
	if diff := cmp.Diff([]workflows.Qualified{want}, p.record.State.Qualified); diff != "" {
		t.Errorf("judged (-want +got):\n%s", diff)
	}
	if len(p.record.State.Tasks) > 0 {
		t.Errorf("open tasks %v", p.record.State.Tasks)
	}
	// A wrong click: the status goes where it was set.
	p.after(time.Hour).status("").step()
	if st := p.record.State; st.Judged != nil || st.Cooling != nil || !st.Qualified[0].JudgedAt.IsZero() {
		t.Errorf("after it was taken back: %+v", st.Outcomes)
	}
}

func TestMisjudged_byHand(t *testing.T) {
	p := answered(t, nil)
	p.step()
	p.after(time.Hour).stage("salesqualifiedlead").step()
	if q := p.record.State.Qualified; len(q) != 1 || q[0].Carrier != workflows.CarrierHand {
		t.Errorf("qualified %+v", q)
	}
}

func TestCoolDown(t *testing.T) {
	p := answered(t, map[string]string{"num_conversion_events": "1", "recent_conversion_date": "2026-11-01T09:00:00Z"})
	p.record.Observations = p.readings()
	p.record.Companies = []connector.Object{{Type: connector.TypeCompany, ID: "9", Properties: map[string]string{"numberofemployees": "100"}}}
	p.step()
	p.after(time.Hour)
	end := p.now.Add(90 * 24 * time.Hour)
	// The status and the points come at once: the status goes first.
	p.status("UNQUALIFIED").set(map[string]string{"unqualified_reason": "Kein Budget", "num_conversion_events": "2", "recent_conversion_date": "2026-11-02T09:30:00Z"})
	p.record.Observations = p.readings()
	if p.step(); p.record.State.Stage != "mql" {
		t.Fatalf("stage %q", p.record.State.Stage)
	}
	idle := p.after(time.Hour).step()
	if idle.Reason.Code != workflows.ReasonCoolingDown || idle.Reason.Params["until"] != end.Format(time.RFC3339) || idle.Reason.Params["stage"] != "sql" {
		t.Errorf("reason %+v", idle.Reason)
	}
	if !idle.LookAt.Equal(end) && !idle.LookAt.Before(end) {
		t.Errorf("looks again at %s, the cool-down ends at %s", idle.LookAt, end)
	}
	p.now = end
	if p.step(); p.record.State.Stage != "sql" || p.record.State.Cooling != nil {
		t.Errorf("after the end: stage %q, %+v", p.record.State.Stage, p.record.State.Cooling)
	}
}

func TestMeasureResponse_folds(t *testing.T) {
	teams := map[string]int{"north": 8, "south": 6, "west": 3, "east": 4, "solo": 1}
	run := func(team, source string, state workflows.ClockState) workflows.Measured {
		return workflows.Measured{Rule: "c", Team: team, Source: source, State: state, Answered: state == workflows.ClockMet, Took: time.Hour}
	}
	for name, tc := range map[string]struct {
		by   string
		runs []workflows.Measured
		want []string
	}{
		"teams of five or more are shown": {"team", []workflows.Measured{run("north", "", "met"), run("south", "", "missed")}, []string{"north 1", "south 1"}},
		"two small ones are folded":       {"team", []workflows.Measured{run("north", "", "met"), run("west", "", "met"), run("east", "", "met")}, []string{"north 1", "others of 2: 2"}},
		"one small one takes the smallest shown with it": {
			"team",
			[]workflows.Measured{run("north", "", "met"), run("south", "", "met"), run("west", "", "met")},
			[]string{"north 1", "others of 2: 2"},
		},
		"so do two that are still fewer than five people": {
			"team",
			[]workflows.Measured{run("north", "", "met"), run("south", "", "met"), run("west", "", "met"), run("solo", "", "met")},
			[]string{"north 1", "others of 3: 3"},
		},
		"with one team beside there is one group":   {"team", []workflows.Measured{run("north", "", "met"), run("solo", "", "met")}, []string{"others of 2: 2"}},
		"fewer than five in all have no figures":    {"team", []workflows.Measured{run("west", "", "met")}, []string{"others of 1: withheld"}},
		"a team that nobody knows counts as nobody": {"team", []workflows.Measured{run("", "", "met"), run("other", "", "met")}, []string{"others of 2: withheld"}},
		"a source has the people of its teams": {"source", []workflows.Measured{
			run("north", "ads", "met"), run("west", "fair", "met"), run("east", "fair", "met"), run("solo", "web", "met"), run("west", "mail", "met"),
		}, []string{"ads 1", "others of 3: 4"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := []string{}
			for _, g := range workflows.MeasureResponse(tc.runs, tc.by, teams) {
				got = append(got, groupText(g))
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("groups (-want +got):\n%s", diff)
			}
		})
	}
}

func groupText(g workflows.ResponseGroup) string {
	switch {
	case g.Withheld && g.Figures == nil:
		return fmt.Sprintf("others of %d: withheld", g.Folded)
	case g.Others:
		return fmt.Sprintf("others of %d: %d", g.Folded, g.Figures.Met+g.Figures.Missed)
	}
	return fmt.Sprintf("%s %d", g.Group, g.Figures.Met+g.Figures.Missed)
}

func TestMeasureResponse_figures(t *testing.T) {
	var runs []workflows.Measured
	for i := range 10 { // 1 to 10 hours
		runs = append(runs, workflows.Measured{Rule: "c", Team: "north", State: workflows.ClockMet, Answered: true, Took: time.Duration(10-i) * time.Hour})
	}
	runs = append(runs, workflows.Measured{Rule: "c", Team: "north", State: workflows.ClockMissed}, workflows.Measured{Rule: "c", Team: "north", State: workflows.ClockDue})
	got := workflows.MeasureResponse(runs, "", map[string]int{"north": 5})
	share, median, slow := 10.0/11, int64(5*3600), int64(9*3600)
	want := []workflows.ResponseGroup{{Rule: "c", Folded: 1, Runs: 12, Figures: &workflows.ResponseFigures{
		Met: 10, Missed: 1, Due: 1, Share: &share, Median: &median, Slow: &slow,
	}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("figures (-want +got):\n%s", diff)
	}
}

// How many of the leads that qualified were misjudged is told by rule, source and stage, with the reasons that sales
// gave (S95, S107).
func TestMeasureMisjudged(t *testing.T) {
	bad := workflows.Qualified{Stage: "mql", Carrier: "rule: fit: a", Source: "ads", JudgedAt: monday, Outcome: scoring.OutcomeMark, Reason: "no budget"}
	good := workflows.Qualified{Stage: "sql", Carrier: "rule: fit: b", Source: "ads"}
	got := workflows.MeasureMisjudged([]workflows.Qualified{good, bad, good}, "rule")
	want := []workflows.MisjudgedGroup{
		{Group: "rule: fit: a", Leads: 1, Misjudged: 1, Rate: 1, Few: true, Reasons: map[string]int{"no budget": 1}, Outcomes: map[scoring.MisjudgedOutcome]int{"mark": 1}},
		{Group: "rule: fit: b", Leads: 2, Few: true, Reasons: map[string]int{}, Outcomes: map[scoring.MisjudgedOutcome]int{}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("groups (-want +got):\n%s", diff)
	}
	if by := workflows.MeasureMisjudged([]workflows.Qualified{good, bad, good}, "source"); len(by) != 1 || by[0].Leads != 3 || by[0].Misjudged != 1 {
		t.Errorf("by source: %+v", by)
	}
	if by := workflows.MeasureMisjudged([]workflows.Qualified{good, bad, good}, "stage"); len(by) != 2 || by[0].Group != "mql" {
		t.Errorf("by stage: %+v", by)
	}
}
