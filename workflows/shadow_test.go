package workflows_test

import (
	"encoding/json"
	"testing"
	"time"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

// What was recorded in shadow is held against what people did, as far as the mirror tells.
func TestCompareShadow(t *testing.T) {
	payload := func(v any) []byte {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	update := func(class workflows.Class, property, value string) workflows.OutboxEntry {
		return workflows.OutboxEntry{
			Kind: workflows.KindUpdate, Class: class, Contact: "101", State: workflows.StateShadow, PlannedAt: monday,
			Payload: payload(workflows.UpdatePayload{Properties: map[string]string{property: value}}),
		}
	}
	mql := update(workflows.ClassStage, "lifecyclestage", "marketingqualifiedlead")
	attempted := update(workflows.ClassStatus, "hs_lead_status", "ATTEMPTED_TO_CONTACT")
	task := workflows.OutboxEntry{
		Kind: workflows.KindTask, Class: workflows.ClassTask, Contact: "101", PlannedAt: monday,
		Reason:  scoring.Reason{Params: map[string]string{"rule": "call again"}},
		Payload: payload(connector.Task{Kind: connector.TaskCall, DueAt: monday.Add(48 * time.Hour)}),
	}
	deal := workflows.OutboxEntry{Kind: workflows.KindDeal, Class: workflows.ClassDeal, Contact: "101", PlannedAt: monday, Payload: payload(connector.Deal{})}
	version := func(property, value string, after time.Duration, origin connector.Origin) func(*person) {
		return func(p *person) {
			p.record.Observations = append(p.record.Observations, workflows.Observation{
				Property: property, Value: value, At: monday.Add(after), Known: workflows.KnownHistory, Origin: origin,
			})
		}
	}
	stage := func(value string) func(*person) { return func(p *person) { p.stage(value) } }
	for name, tc := range map[string]struct {
		entry   workflows.OutboxEntry
		happen  []func(*person)
		later   time.Duration
		want    workflows.Verdict
		rule    string
		instead string
	}{
		"nobody moved it":         {entry: mql, want: workflows.VerdictNothing, rule: "mql", instead: "lead"},
		"it stands there":         {entry: mql, happen: []func(*person){stage("marketingqualifiedlead")}, want: workflows.VerdictSame, rule: "mql", instead: "mql"},
		"it passed there":         {entry: mql, happen: []func(*person){version("lifecyclestage", "marketingqualifiedlead", time.Hour, connector.OriginPerson), stage("customer")}, want: workflows.VerdictSame, rule: "mql", instead: "customer"},
		"further":                 {entry: mql, happen: []func(*person){stage("customer")}, want: workflows.VerdictFurther, rule: "mql", instead: "customer"},
		"aside":                   {entry: mql, happen: []func(*person){version("lifecyclestage", "other", time.Hour, connector.OriginPerson), stage("other")}, want: workflows.VerdictOther, rule: "mql", instead: "other"},
		"what was before":         {entry: mql, happen: []func(*person){version("lifecyclestage", "marketingqualifiedlead", -time.Hour, connector.OriginPerson)}, want: workflows.VerdictNothing, rule: "mql", instead: "lead"},
		"our own":                 {entry: mql, happen: []func(*person){version("lifecyclestage", "marketingqualifiedlead", time.Hour, connector.OriginOwn)}, want: workflows.VerdictNothing, rule: "mql", instead: "lead"},
		"texts are not kept":      {entry: workflows.OutboxEntry{Kind: workflows.KindUpdate, Class: workflows.ClassStage, Payload: []byte(`{}`)}, want: workflows.VerdictUnknown},
		"nobody set a status":     {entry: attempted, want: workflows.VerdictNothing, rule: "attempted"},
		"another status":          {entry: attempted, happen: []func(*person){version("hs_lead_status", "UNQUALIFIED", time.Hour, connector.OriginPerson), func(p *person) { p.status("UNQUALIFIED") }}, want: workflows.VerdictOther, rule: "attempted", instead: "unqualified"},
		"the same status":         {entry: attempted, happen: []func(*person){func(p *person) { p.status("ATTEMPTED_TO_CONTACT") }}, want: workflows.VerdictSame, rule: "attempted", instead: "attempted"},
		"a status that is passed": {entry: attempted, happen: []func(*person){version("hs_lead_status", "ATTEMPTED_TO_CONTACT", time.Hour, connector.OriginPerson), func(p *person) { p.status("NEW") }}, want: workflows.VerdictSame, rule: "attempted", instead: "new"},
		"not due yet":             {entry: task, later: time.Hour, want: workflows.VerdictEarly, rule: "call again"},
		"never called":            {entry: task, later: 50 * time.Hour, want: workflows.VerdictNothing, rule: "call again"},
		"called by hand":          {entry: task, later: 50 * time.Hour, happen: []func(*person){func(p *person) { p.call("guid-connected", time.Hour) }}, want: workflows.VerdictSame, rule: "call again", instead: "call"},
		"called before":           {entry: task, later: 50 * time.Hour, happen: []func(*person){func(p *person) { p.call("guid-connected", 51*time.Hour) }}, want: workflows.VerdictNothing, rule: "call again"},
		"no deal":                 {entry: deal, want: workflows.VerdictNothing},
		"a deal from before":      {entry: deal, happen: []func(*person){func(p *person) { p.deal(false, false); p.record.Deals[0].CreatedAt = monday.Add(-time.Hour) }}, want: workflows.VerdictNothing},
		"a deal by hand":          {entry: deal, happen: []func(*person){func(p *person) { p.deal(false, false); p.record.Deals[0].CreatedAt = monday.Add(time.Hour) }}, want: workflows.VerdictSame, instead: "deal 701"},
		"a list":                  {entry: workflows.OutboxEntry{Kind: workflows.KindList, Class: workflows.ClassList}, want: workflows.VerdictUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPerson(t, map[string]string{"email": "ada@example.com", "lifecyclestage": "lead"})
			p.after(tc.later)
			for _, happen := range tc.happen {
				happen(p)
			}
			got := workflows.CompareShadow(p.portal, p.model, p.record, tc.entry, p.now)
			if got.Verdict != tc.want || got.Rule != tc.rule || got.Instead != tc.instead {
				t.Errorf("verdict %s of %q, instead %q", got.Verdict, got.Rule, got.Instead)
			}
		})
	}
}
