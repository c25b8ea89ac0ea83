package workflows_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/scoring"
	"leadsync/workflows"
)

// forbid is somebody saying in the CRM that the contact must not be profiled.
func (p *person) forbid() *person { return p.set(map[string]string{"no_profiling": "true"}) }

// allow is somebody taking that back; from the next plan on the contact is read from the CRM.
func (p *person) allow() { p.read().set(map[string]string{"no_profiling": "false"}) }

// read makes the next plan a look at the CRM itself.
func (p *person) read() *person {
	p.record.ReadAt = p.now
	return p
}

// cleared are the properties that the plan empties.
func cleared(t *testing.T, planned workflows.Planned) map[string]string {
	t.Helper()
	return decoded[workflows.UpdatePayload](t, entryOf(t, planned, workflows.KindUpdate, workflows.ClassScore)).Properties
}

func worked(t *testing.T, props map[string]string) *person {
	p := newPerson(t, props)
	p.step()
	return p.after(time.Hour).call(noAnswer, time.Minute)
}

func TestUnprofiled_takesBackOnce(t *testing.T) {
	p := worked(t, reach("sql"))
	p.portal.Written.LastReason = "leadsync_last_reason"
	p.step()
	if len(p.record.State.Tasks) != 1 || p.record.State.Pushed == nil {
		t.Fatalf("nothing to take back: %+v", p.record.State)
	}
	p.after(time.Hour).forbid()
	planned := p.step()
	if planned.Reason.Code != scoring.ReasonUnprofiled || planned.Reason.Params != nil {
		t.Errorf("reason %+v", planned.Reason)
	}
	if diff := cmp.Diff([]string{"close call again"}, brief(planned)); diff != "" {
		t.Errorf("actions (-want +got):\n%s", diff)
	}
	want := map[string]string{
		"leadsync_score": "", "leadsync_fit": "", "leadsync_engagement": "", "leadsync_reasons": "", "leadsync_scored_at": "",
		"leadsync_last_reason": "",
	}
	if diff := cmp.Diff(want, cleared(t, planned)); diff != "" {
		t.Errorf("cleared (-want +got):\n%s", diff)
	}
	for range 2 {
		p.after(time.Hour).status("BAD_TIMING").call(connected, time.Minute)
		if again := p.step(); len(again.Actions) != 0 || again.Reason.Code != scoring.ReasonUnprofiled || !again.LookAt.IsZero() {
			t.Errorf("planned again: %v, %+v, look at %v", brief(again), again.Reason, again.LookAt)
		}
	}
	if s := p.record.State; s.Stage != "sql" || s.Status != "bad_timing" || s.StatusActivity != "" || !s.Unprofiled.Equal(monday.Add(2*time.Hour)) {
		t.Errorf("remembered %+v", s)
	}
}

// The grade and tier of the last writing are cleared too, also when the model has lost them since.
func TestUnprofiled_clearsGrades(t *testing.T) {
	p := newPerson(t, reach("mql"))
	p.portal.Written.Grade, p.portal.Written.Tier = "leadsync_grade", "leadsync_tier"
	p.step()
	p.record.State.GradeProperty, p.record.State.TierProperty = "leadsync_grade", "leadsync_tier"
	p.record.State.Pushed["retired"] = 3
	p.portal.Written.Scores["retired"] = "leadsync_retired"
	props := cleared(t, p.after(time.Hour).forbid().step())
	for _, name := range []string{"leadsync_grade", "leadsync_tier", "leadsync_retired"} {
		if value, named := props[name]; !named || value != "" {
			t.Errorf("%s is left: %v", name, props)
		}
	}
}

func TestUnprofiled_modes(t *testing.T) {
	for name, c := range map[string]struct {
		before, then workflows.Mode
		never        bool // it never had scores
		clears       int  // plans with an action of class score in three looks, the last of them switched on
		want         bool // the last look writes
	}{
		"never scored":                        {before: workflows.ModeOn, then: workflows.ModeOn, never: true},
		"scored":                              {before: workflows.ModeOn, then: workflows.ModeOn, clears: 1},
		"scored, then off":                    {before: workflows.ModeOn, then: workflows.ModeOff, clears: 1, want: true},
		"scored, then in shadow":              {before: workflows.ModeOn, then: workflows.ModeShadow, clears: 2, want: true},
		"scored in shadow, and still":         {before: workflows.ModeShadow, then: workflows.ModeShadow, clears: 1},
		"scored in shadow, then switched on":  {before: workflows.ModeShadow, then: workflows.ModeOn},
		"never scored, and switched on later": {before: workflows.ModeOff, then: workflows.ModeOff},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPerson(t, reach("mql"))
			p.portal.Modes[workflows.ClassScore] = c.before
			if c.never {
				p.forbid()
			}
			p.step()
			p.forbid()
			clears, last := 0, false
			for _, mode := range []workflows.Mode{c.then, c.then, workflows.ModeOn} {
				p.portal.Modes[workflows.ClassScore] = mode
				last = false
				for _, a := range p.after(time.Hour).step().Actions {
					if a.Class == workflows.ClassScore {
						clears++
						last = a.Mode == workflows.ModeOn
					}
				}
			}
			if clears != c.clears || last != c.want {
				t.Errorf("%d plans cleared, the last one %v; want %d, %v", clears, last, c.clears, c.want)
			}
		})
	}
}

func TestUnprofiled_tasksObeyTheirClass(t *testing.T) {
	for mode, want := range map[workflows.Mode][]string{
		workflows.ModeOn: {"close first contact"}, workflows.ModeShadow: {"close first contact (shadow)"}, workflows.ModeOff: {},
	} {
		t.Run(string(mode), func(t *testing.T) {
			p := newPerson(t, reach("sql"))
			p.step()
			p.portal.Modes[workflows.ClassTask] = mode
			if diff := cmp.Diff(want, brief(p.forbid().step())); diff != "" {
				t.Errorf("actions (-want +got):\n%s", diff)
			}
		})
	}
}

// What happened meanwhile starts nothing and counts for nothing; what happens from then on does.
func TestUnprofiled_allowedAgain(t *testing.T) {
	p := known(reach("lead"))(t)
	p.forbid().step()
	p.after(time.Hour).stage("customer").status("BAD_TIMING").call(connected, time.Minute).step()
	p.after(time.Hour).stage("salesqualifiedlead").call(noAnswer, time.Minute).step()
	p.after(time.Hour).set(map[string]string{"num_conversion_events": "9", "recent_conversion_date": p.now.Add(-time.Minute).Format(time.RFC3339)})
	p.status("ATTEMPTED_TO_CONTACT").allow()
	p.record.Observations = p.readings()
	planned := p.step()
	if diff := cmp.Diff([]string{}, brief(planned)); diff != "" {
		t.Errorf("actions (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]scoring.Reason{{Code: workflows.ReasonProfiledAgain}}, planned.Notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
	s := p.record.State
	if !s.Unprofiled.IsZero() || !s.ProfiledFrom.Equal(p.now) || s.Furthest != "customer" || s.Stage != "sql" || s.Status != "attempted" {
		t.Errorf("remembered %+v", s)
	}
	if score := s.Pushed["engagement"]; score != 0 {
		t.Errorf("forms of before count %d points", score)
	}
	p.after(time.Hour).read()
	if again := p.step(); len(again.Actions) != 0 || len(again.Notes) != 0 {
		t.Errorf("the old calls were considered: %v %v", brief(again), again.Notes)
	}
	p.after(time.Hour).set(map[string]string{"num_conversion_events": "10", "recent_conversion_date": p.now.Format(time.RFC3339)})
	p.record.Observations = p.readings()
	p.call(connected, 0)
	if diff := cmp.Diff([]string{"status in_progress"}, brief(p.step())); diff != "" {
		t.Errorf("from then on (-want +got):\n%s", diff)
	}
	if score := p.record.State.Pushed["engagement"]; score != 20 {
		t.Errorf("one form counts %d points", score)
	}
}

// The mirror has nothing of the time in which the contact was not to be profiled: it is read first.
func TestUnprofiled_endsWithALookAtTheCRM(t *testing.T) {
	p := known(reach("sql"))(t)
	p.forbid().step()
	p.after(time.Hour).set(map[string]string{"no_profiling": ""})
	if planned := p.step(); planned.Reason.Code != scoring.ReasonUnprofiled || len(planned.Actions)+len(planned.Notes) != 0 {
		t.Errorf("decided from the mirror: %+v %v", planned.Reason, brief(planned))
	}
	if planned := p.read().step(); len(planned.Notes) != 1 || p.record.State.Pushed == nil {
		t.Errorf("not allowed by a look at the CRM: %+v", planned.Reason)
	}
}

// A held contact that another model forbids and allows again stays held: nothing about it has changed.
func TestUnprofiled_held(t *testing.T) {
	p := loaded(t, with(reach("sql"), "no_profiling", "true"))
	p.call(noAnswer, time.Hour)
	p.record.Activities = nil // the decision deletes them
	for range 2 {
		if planned := p.after(time.Hour).step(); len(planned.Actions) != 0 || !p.record.State.Held {
			t.Fatalf("%v, held %v", brief(planned), p.record.State.Held)
		}
	}
	p.after(time.Hour).allow()
	if planned := p.step(); p.record.State.Held || len(brief(planned)) == 0 {
		t.Errorf("a fact has changed, and it is held: %v", brief(planned))
	}
}

func TestInvariants(t *testing.T) {
	p := newPerson(t, with(reach("mql"), "lifecyclestage", "marketingqualifiedlead"))
	if planned := p.step(); len(planned.Notes) != 0 || len(p.record.State.Violations) != 0 {
		t.Fatalf("broken from the start: %v", planned.Notes)
	}
	const won = "a won deal and no customer"
	p.portal.Modes[workflows.ClassStage] = workflows.ModeShadow // on, it would be moved to customer at once
	p.after(time.Hour).deal(true, true)
	since := p.now
	planned := p.step()
	if diff := cmp.Diff([]scoring.Reason{{Code: workflows.ReasonInvariantBroken, Params: map[string]string{"invariant": won}}}, planned.Notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
	p.after(time.Hour).forbid()
	if planned = p.step(); len(planned.Notes) != 0 {
		t.Errorf("noted again: %v", planned.Notes)
	}
	if diff := cmp.Diff([]workflows.Violation{{Invariant: won, Since: since}}, p.record.State.Violations); diff != "" {
		t.Errorf("violations (-want +got):\n%s", diff)
	}
	p.after(time.Hour).stage("customer").status("BAD_TIMING")
	var codes []scoring.ReasonCode
	for _, note := range p.step().Notes {
		codes = append(codes, note.Code)
	}
	if diff := cmp.Diff([]scoring.ReasonCode{workflows.ReasonInvariantBroken, workflows.ReasonInvariantHeld}, codes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
}

// What the plan itself mends is no violation.
func TestInvariants_afterThePlan(t *testing.T) {
	p := newPerson(t, with(reach("mql"), "lifecyclestage", "marketingqualifiedlead"))
	p.step()
	planned := p.after(time.Hour).deal(true, true).step()
	if diff := cmp.Diff([]string{"stage customer", "task welcome"}, brief(planned)); diff != "" || len(planned.Notes) != 0 {
		t.Errorf("%s%v", diff, planned.Notes)
	}
}

func TestRedacted(t *testing.T) {
	actions := []workflows.Action{{
		Class: workflows.ClassStatus, Key: "contact/1/status", Rule: "r", From: "new", To: "attempted", DueAt: "2026-11-02T09:00:00Z",
		Reason: scoring.Reason{Code: workflows.ReasonActivityStatus, Params: map[string]string{"activity": "call/7", "status": "attempted"}},
	}}
	want := []workflows.Action{{
		Class: workflows.ClassStatus, Key: "contact/1/status", Rule: "r", From: "…", To: "…",
		Reason: scoring.Reason{Code: workflows.ReasonActivityStatus, Params: map[string]string{"activity": "…", "status": "…"}},
	}}
	if diff := cmp.Diff(want, workflows.RedactedActions(actions)); diff != "" {
		t.Errorf("actions (-want +got):\n%s", diff)
	}
	if actions[0].To != "attempted" {
		t.Error("what was handed over has changed")
	}
	seen := scoring.Reason{Code: workflows.ReasonPlanned, Params: map[string]string{"origin": "person", "source": "CRM_UI", "seen": "new …"}}
	if got := workflows.Redacted(seen); got.Params != nil {
		t.Errorf("kept %v", got.Params)
	}
	kept := scoring.Reason{Code: workflows.ReasonInvariantBroken, Params: map[string]string{"invariant": "x"}}
	if diff := cmp.Diff(kept, workflows.Redacted(kept)); diff != "" {
		t.Errorf("an invariant is a word of the model:\n%s", diff)
	}
}

func TestPortal_behaviour(t *testing.T) {
	p := newPortal()
	p.Sources = map[string][]string{"budget": {"contact.hs_analytics_num_visits"}}
	want := []string{
		"first_conversion_date", "hs_analytics_last_visit_timestamp", "leadsync_engagement", "leadsync_fit", "leadsync_reasons",
		"leadsync_score", "leadsync_scored_at", "num_conversion_events", "recent_conversion_date", "recent_conversion_event_name",
	}
	if diff := cmp.Diff(want, p.Behaviour(parseModel(t))); diff != "" {
		t.Errorf("a fact needs the visits (-want +got):\n%s", diff)
	}
}
