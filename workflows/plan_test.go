package workflows_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/scoring"
	"leadsync/workflows"
)

// scene is one row of a table of plans: a person, what happens, and what is planned then.
type scene struct {
	who    func(t *testing.T) *person
	happen func(p *person)
	want   []string
	reason scoring.ReasonCode // planned unless given
}

func play(t *testing.T, scenes map[string]scene) {
	t.Helper()
	for name, s := range scenes {
		t.Run(name, func(t *testing.T) {
			p := s.who(t)
			if s.happen != nil {
				s.happen(p)
			}
			planned := p.step()
			if diff := cmp.Diff(s.want, brief(planned)); diff != "" {
				t.Errorf("actions (-want +got):\n%s", diff)
			}
			if s.reason != "" && planned.Reason.Code != s.reason {
				t.Errorf("reason %q, want %q", planned.Reason.Code, s.reason)
			}
			if again := p.plan(); again.Reason.Code != workflows.ReasonUnchanged && again.Reason.Code != workflows.ReasonHeld {
				t.Errorf("planned again at the same time: %s %v", again.Reason.Code, brief(again))
			}
		})
	}
}

func fresh(props map[string]string) func(t *testing.T) *person {
	return func(t *testing.T) *person { return newPerson(t, props) }
}

func old(props map[string]string) func(t *testing.T) *person {
	return func(t *testing.T) *person { p := loaded(t, props); p.step(); return p }
}

func known(props map[string]string) func(t *testing.T) *person {
	return func(t *testing.T) *person { p := newPerson(t, props); p.step(); return p.after(time.Hour) }
}

func TestPlan_held(t *testing.T) {
	ready := reach("sql")
	play(t, map[string]scene{
		"a loaded contact waits although the model would move it": {who: old(ready), want: []string{}, reason: workflows.ReasonHeld},
		"time alone is no change": {
			who: func(t *testing.T) *person {
				p := newPerson(t, with(ready, "num_conversion_events", "1", "recent_conversion_date", "2026-11-01T09:00:00Z"))
				p.record.Observations = p.readings()
				s := workflows.Baseline(p.portal, p.model, p.record, p.now)
				p.record.State = &s
				p.step()
				return p
			},
			happen: func(p *person) { p.after(90 * 24 * time.Hour) },
			want:   []string{}, reason: workflows.ReasonPlanned, // scores have decayed, nothing else
		},
		"our own properties are no change": {
			who: old(ready), happen: func(p *person) { p.set(map[string]string{"leadsync_score": "99", "hobby": "chess"}) },
			want: []string{}, reason: workflows.ReasonHeld,
		},
		"a fact releases": {who: old(ready), happen: func(p *person) { p.set(map[string]string{"jobtitle": "clerk"}) }, want: []string{"stage sql", "status new", "task first contact"}},
		"an activity releases": {who: old(reach("lead")), happen: func(p *person) {
			p.set(map[string]string{"hs_analytics_num_visits": "1"})
			p.record.Observations = p.readings()
		}, want: []string{"stage lead"}},
		"a status releases": {who: old(reach("lead")), happen: func(p *person) { p.status("BAD_TIMING") }, want: []string{"stage lead", "task try later"}},
		"a stage releases":  {who: old(reach("lead")), happen: func(p *person) { p.stage("salesqualifiedlead") }, want: []string{"status new", "task first contact"}},
		"what was there is handled": {
			who:    old(with(ready, "lifecyclestage", "salesqualifiedlead", "hs_lead_status", "ATTEMPTED_TO_CONTACT")),
			happen: func(p *person) { p.set(map[string]string{"jobtitle": "clerk"}) }, want: []string{},
		},
	})
}

// readings are the counters of the contact as the reconciler would add them.
func (p *person) readings() []workflows.Observation {
	return append(p.record.Observations, workflows.Readings(p.model, p.record.Contact, p.record.Observations, p.now)...)
}

func TestPlan_releasedForEver(t *testing.T) {
	p := old(reach("lead"))(t)
	p.set(map[string]string{"jobtitle": "clerk"}).step()
	p.after(time.Hour).set(map[string]string{"jobtitle": ""}) // exactly as it was loaded
	if p.step(); p.record.State.Held {
		t.Error("the contact is held again")
	}
}

func TestPlan_stage(t *testing.T) {
	play(t, map[string]scene{
		"from none":               {who: fresh(reach("lead")), want: []string{"stage lead"}, reason: workflows.ReasonPlanned},
		"over several":            {who: fresh(with(reach("mql"), "lifecyclestage", "lead")), want: []string{"stage mql"}},
		"never back":              {who: fresh(with(reach("lead"), "lifecyclestage", "customer")), want: []string{"task welcome"}},
		"nothing is met":          {who: fresh(map[string]string{"firstname": "P"}), want: []string{}},
		"people move it forward":  {who: known(reach("lead")), happen: func(p *person) { p.stage("evangelist") }, want: []string{}},
		"a person moves it back":  {who: known(reach("mql")), happen: func(p *person) { p.stage("lead") }, want: []string{}, reason: workflows.ReasonUnchanged},
		"a person clears it":      {who: known(reach("mql")), happen: func(p *person) { p.stage("") }, want: []string{}, reason: workflows.ReasonUnchanged},
		"back, then further":      {who: known(reach("mql")), happen: func(p *person) { p.stage("lead").step(); p.set(reach("sql")) }, want: []string{"stage sql", "status new", "task first contact"}},
		"back, not to the mark":   {who: known(reach("sql")), happen: func(p *person) { p.stage("lead").step(); p.set(with(reach("mql"), "vip", "false")) }, want: []string{}},
		"loaded is the mark":      {who: old(with(reach("mql"), "lifecyclestage", "salesqualifiedlead")), happen: func(p *person) { p.stage("lead") }, want: []string{}},
		"into the side track":     {who: fresh(with(reach("other"), "lifecyclestage", "customer")), want: []string{"stage other"}},
		"nothing leaves it":       {who: fresh(with(reach("sql"), "lifecyclestage", "other")), want: []string{}},
		"a person takes it out":   {who: known(with(reach("sql"), "lifecyclestage", "other")), happen: func(p *person) { p.stage("lead") }, want: []string{}, reason: workflows.ReasonUnchanged},
		"out and in by people":    {who: known(with(reach("sql"), "lifecyclestage", "other")), happen: func(p *person) { p.stage("lead").step(); p.stage("salesqualifiedlead") }, want: []string{"status new", "task first contact"}},
		"in again by people":      {who: known(with(reach("sql"), "lifecyclestage", "opportunity")), happen: func(p *person) { p.stage("salesqualifiedlead") }, want: []string{"status new", "task first contact"}},
		"unmapped stage":          {who: fresh(with(reach("sql"), "lifecyclestage", "4711")), want: []string{}},
		"out of the unmapped":     {who: known(with(reach("sql"), "lifecyclestage", "4711")), happen: func(p *person) { p.stage("lead") }, want: []string{"stage sql", "status new", "task first contact"}},
		"stage missing in portal": {who: func(t *testing.T) *person { p := newPerson(t, reach("mql")); delete(p.portal.Stages, "mql"); return p }, want: []string{}},
		"order of the account": {
			who: func(t *testing.T) *person {
				p := newPerson(t, with(reach("mql"), "lifecyclestage", "salesqualifiedlead"))
				p.portal.Order = []string{"lead", "sql", "mql", "opportunity", "customer", "evangelist"}
				return p
			},
			want: []string{"stage mql"},
		},
	})
}

func TestPlan_statusOnStage(t *testing.T) {
	play(t, map[string]scene{
		"entering without a status":    {who: fresh(reach("sql")), want: []string{"stage sql", "status new", "task first contact"}},
		"entering with a status":       {who: known(with(reach("lead"), "hs_lead_status", "IN_PROGRESS")), happen: func(p *person) { p.set(reach("sql")) }, want: []string{"stage sql"}},
		"a status the mapping lacks":   {who: known(with(reach("lead"), "hs_lead_status", "CONNECTED")), happen: func(p *person) { p.set(reach("sql")) }, want: []string{"stage sql"}},
		"people enter the stage":       {who: known(reach("lead")), happen: func(p *person) { p.stage("salesqualifiedlead") }, want: []string{"status new", "task first contact"}},
		"being in the stage is not it": {who: known(reach("sql")), happen: func(p *person) { p.status("") }, want: []string{"close first contact"}},
		"a stage without a rule":       {who: fresh(reach("mql")), want: []string{"stage mql"}},
		"status missing in portal": {who: func(t *testing.T) *person {
			p := newPerson(t, reach("sql"))
			delete(p.portal.Statuses, "new")
			return p
		}, want: []string{"stage sql"}},
		"into the side track": {who: known(with(reach("lead"), "lifecyclestage", "salesqualifiedlead")), happen: func(p *person) { p.set(reach("other")) }, want: []string{"stage other"}},
	})
}

func TestPlan_statusByActivity(t *testing.T) {
	selling := known(reach("sql")) // stage sql, status new, task "first contact" open
	play(t, map[string]scene{
		"nobody answered": {who: selling, happen: func(p *person) { p.call(noAnswer, 0) }, want: []string{"status attempted", "amend call again"}},
		"the same once more": {
			who: selling, happen: func(p *person) { p.call(noAnswer, 0).step(); p.after(time.Hour).call(noAnswer, 0) },
			want: []string{"amend call again"},
		},
		"an outcome without a status": {who: selling, happen: func(p *person) { p.call("left_message", 0) }, want: []string{}},
		"the newest decides":          {who: selling, happen: func(p *person) { p.call(connected, 2*time.Minute).call(noAnswer, time.Minute) }, want: []string{"status attempted", "amend call again"}},
		"of two at once the last id":  {who: selling, happen: func(p *person) { p.call(noAnswer, 0).call(connected, 0) }, want: []string{"status in_progress", "close first contact"}},
		"not yet":                     {who: selling, happen: func(p *person) { p.call(noAnswer, -time.Hour) }, want: []string{}},
		"when its time has come": {
			who: selling, happen: func(p *person) { p.call(noAnswer, -time.Hour).step(); p.after(time.Hour) },
			want: []string{"status attempted", "amend call again"},
		},
		"older than the status": {who: selling, happen: func(p *person) { p.call(noAnswer, 2*time.Hour) }, want: []string{}},
		"considered before":     {who: selling, happen: func(p *person) { p.call(noAnswer, 0).step(); p.after(time.Hour).status("NEW").step() }, want: []string{}},
		"considered in another stage": {
			who: known(reach("lead")), happen: func(p *person) { p.call(connected, 0).step(); p.after(time.Hour).set(reach("sql")) },
			want: []string{"stage sql", "status new", "task first contact"},
		},
		"not in this stage": {who: known(reach("lead")), happen: func(p *person) { p.call(noAnswer, 0) }, want: []string{}},
		"before rule 3": {
			who: known(reach("lead")), happen: func(p *person) { p.set(reach("sql")).call(noAnswer, 0) },
			want: []string{"stage sql", "status attempted", "task call again"},
		},
		"no stage rule, no limit": {
			who: func(t *testing.T) *person {
				p := newPerson(t, reach("lead"))
				p.model = withoutStageRule(t)
				p.step()
				return p
			},
			happen: func(p *person) { p.after(time.Hour).call(noAnswer, 0) }, want: []string{"status attempted"},
		},
		"open deal is final":   {who: selling, happen: func(p *person) { p.status("OPEN_DEAL").step(); p.after(time.Hour).call(noAnswer, 0) }, want: []string{}},
		"unqualified is final": {who: selling, happen: func(p *person) { p.status("UNQUALIFIED").step(); p.after(time.Hour).call(connected, 0) }, want: []string{}},
		"bad timing is not":    {who: selling, happen: func(p *person) { p.status("BAD_TIMING").step(); p.after(time.Hour).call(connected, 0) }, want: []string{"status in_progress", "close try later"}},
		"loaded is considered": {
			who: func(t *testing.T) *person {
				p := newPerson(t, reach("sql"))
				p.stage("salesqualifiedlead").call(noAnswer, time.Hour)
				s := workflows.Baseline(p.portal, p.model, p.record, p.now)
				p.record.State = &s
				return p
			},
			happen: func(p *person) { p.set(map[string]string{"jobtitle": "clerk"}) }, want: []string{},
		},
	})
}

func withoutStageRule(t *testing.T) *scoring.Model {
	t.Helper()
	m, err := scoring.Parse("bare.yaml", []byte(`model: bare
facts: {email: {from: [contact.email]}}
activities: {call: {object: call, attributes: {outcome: hs_call_disposition}}}
scores: {fit: {maximum: 100, rules: [{name: address, when: known(email), points: 100}]}}
lifecycle: [{stage: mql, scores: {fit: 50}}]
lead_status: [{status: attempted, activity: call, where: 'outcome == "no_answer"'}]
`))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestPlan_peopleFirst(t *testing.T) {
	selling := known(reach("sql"))
	play(t, map[string]scene{
		"a person's status is entered":   {who: selling, happen: func(p *person) { p.status("ATTEMPTED_TO_CONTACT") }, want: []string{"amend call again"}},
		"and an activity does nothing":   {who: selling, happen: func(p *person) { p.status("BAD_TIMING").call(connected, 0) }, want: []string{"close first contact", "task try later"}},
		"nor does a stage":               {who: known(reach("lead")), happen: func(p *person) { p.set(reach("sql")).status("IN_PROGRESS") }, want: []string{"stage sql"}},
		"the activity is old afterwards": {who: selling, happen: func(p *person) { p.status("BAD_TIMING").call(connected, 0).step(); p.after(time.Hour) }, want: []string{}, reason: workflows.ReasonUnchanged},
		"clearing is leaving":            {who: selling, happen: func(p *person) { p.status("") }, want: []string{"close first contact"}},
		"any stage":                      {who: known(reach("lead")), happen: func(p *person) { p.status("OPEN_DEAL") }, want: []string{"deal open the deal"}},
	})
}

// A status that is planned and not sent yet is not in the CRM: reading the contact meanwhile must not look as
// if a person had cleared or set it.
func TestPlan_pendingIsNoHumanChange(t *testing.T) {
	p := newPerson(t, reach("sql"))
	planned := p.plan()
	p.record.State = &planned.State
	p.record.Pending = map[string]string{"lifecyclestage": "salesqualifiedlead", "hs_lead_status": "NEW"}
	if again := p.plan(); again.Reason.Code != workflows.ReasonUnchanged {
		t.Errorf("between planning and sending: %v", brief(again))
	}
	p.record.Pending = nil
	if lost := p.plan(); cmp.Equal(brief(lost), []string{}) {
		t.Error("without the pending properties nothing is planned: the test above proves nothing")
	}
	p.record.Pending = map[string]string{"hs_lead_status": ""}
	if lead := workflows.LeadOf(p.portal, p.model, p.record); lead.Status != "" {
		t.Errorf("a pending empty value clears; status %q", lead.Status)
	}
}
