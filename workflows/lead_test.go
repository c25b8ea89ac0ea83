package workflows_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

func TestLeadOf_facts(t *testing.T) {
	text := func(s string) scoring.Value { return scoring.Value{Type: scoring.TypeText, Text: s} }
	number := func(n float64) scoring.Value { return scoring.Value{Type: scoring.TypeNumber, Number: n} }
	unknown := scoring.Value{}
	for name, tc := range map[string]struct {
		contact map[string]string
		company map[string]string
		fact    string
		want    scoring.Value
	}{
		"text":                    {map[string]string{"jobtitle": "Head of IT"}, nil, "job_title", text("Head of IT")},
		"absent text":             {nil, nil, "job_title", unknown},
		"number":                  {map[string]string{"budget": "10000.50"}, nil, "budget", number(10000.5)},
		"zero is known":           {map[string]string{"budget": "0"}, nil, "budget", number(0)},
		"no number":               {map[string]string{"budget": "10k"}, nil, "budget", unknown},
		"not a number":            {map[string]string{"budget": "NaN"}, nil, "budget", unknown},
		"beyond all numbers":      {map[string]string{"budget": "1e16"}, nil, "budget", unknown},
		"beyond all, negative":    {map[string]string{"budget": "-Inf"}, nil, "budget", unknown},
		"true":                    {map[string]string{"vip": "true"}, nil, "vip", scoring.Value{Type: scoring.TypeBool, Bool: true}},
		"false is known":          {map[string]string{"vip": "false"}, nil, "vip", scoring.Value{Type: scoring.TypeBool}},
		"neither":                 {map[string]string{"vip": "perhaps"}, nil, "vip", unknown},
		"time":                    {map[string]string{"call_back_on": "2026-11-02T10:00:00+01:00"}, nil, "call_back_on", scoring.Value{Type: scoring.TypeTime, Time: monday}},
		"date":                    {map[string]string{"call_back_on": "2026-11-02"}, nil, "call_back_on", scoring.Value{Type: scoring.TypeTime, Time: monday.Add(-9 * time.Hour)}},
		"milliseconds":            {map[string]string{"call_back_on": fmt.Sprint(monday.UnixMilli())}, nil, "call_back_on", scoring.Value{Type: scoring.TypeTime, Time: monday}},
		"a short number is none":  {map[string]string{"call_back_on": "20261102"}, nil, "call_back_on", unknown},
		"no time":                 {map[string]string{"call_back_on": "soon"}, nil, "call_back_on", unknown},
		"domain":                  {map[string]string{"email": "p@Example.ORG"}, nil, "email_domain", text("example.org")},
		"domain of no address":    {map[string]string{"email": "example.org"}, nil, "email_domain", unknown},
		"the company first":       {map[string]string{"industry": "RETAIL"}, map[string]string{"industry": "MACHINERY"}, "industry", text("MACHINERY")},
		"else the contact":        {map[string]string{"industry": "RETAIL"}, map[string]string{"name": "X"}, "industry", text("RETAIL")},
		"without a company":       {map[string]string{"industry": "RETAIL"}, nil, "industry", text("RETAIL")},
		"how many are known":      {map[string]string{"email": "p@example.org", "budget": "many", "vip": "no"}, nil, "known_properties", number(2)},
		"none of them":            {nil, nil, "known_properties", number(0)},
		"no deals are zero deals": {nil, nil, "open_deals", number(0)},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPerson(t, tc.contact)
			if tc.company != nil {
				p.record.Companies = []connector.Object{{Type: connector.TypeCompany, ID: "9", Properties: tc.company}, {Type: connector.TypeCompany, ID: "10", Properties: map[string]string{"industry": "SECOND"}}}
			}
			if diff := cmp.Diff(tc.want, workflows.LeadOf(p.portal, p.model, p.record).Facts[tc.fact]); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.fact, diff)
			}
		})
	}
}

func TestLeadOf_deals(t *testing.T) {
	p := newPerson(t, nil).deal(false, false).deal(false, false).deal(true, true).deal(true, false).deal(true, false).deal(true, false)
	facts := workflows.LeadOf(p.portal, p.model, p.record).Facts
	got := []float64{facts["open_deals"].Number, facts["won_deals"].Number, facts["lost_deals"].Number}
	if !slices.Equal(got, []float64{2, 1, 3}) {
		t.Errorf("open, won, lost = %v, want 2, 1, 3", got)
	}
}

func TestLeadOf_portalsWords(t *testing.T) {
	p := newPerson(t, map[string]string{"lifecyclestage": "salesqualifiedlead", "hs_lead_status": "BAD_TIMING", "budget": "1", "budget_2026": "20000", "email": "p@example.org"})
	p.portal.Sources = map[string][]string{"budget": {"contact.budget_2026"}}
	p.call(connected, time.Hour).call("Left_Message", 2*time.Hour)
	p.record.Activities = append(p.record.Activities,
		connector.Object{Type: connector.TypeCall, ID: "1", Properties: map[string]string{"hs_call_disposition": noAnswer}},
		connector.Object{Type: connector.TypeMeeting, ID: "2", Properties: map[string]string{"hs_timestamp": "2026-11-02T09:00:00Z"}})
	lead := workflows.LeadOf(p.portal, p.model, p.record)
	if lead.Stage != "sql" || lead.Status != "bad_timing" || lead.Facts["budget"].Number != 20000 {
		t.Errorf("stage %q, status %q, budget %v", lead.Stage, lead.Status, lead.Facts["budget"])
	}
	want := []scoring.Activity{
		{ID: "call/501", Kind: "call", At: monday.Add(-time.Hour), Attributes: map[string]string{"outcome": "connected", "direction": "outbound"}},
		{ID: "call/502", Kind: "call", At: monday.Add(-2 * time.Hour), Attributes: map[string]string{"outcome": "left_message", "direction": "outbound"}},
		{ID: "meeting/2", Kind: "meeting", At: monday, Attributes: map[string]string{}},
	}
	if diff := cmp.Diff(want, lead.Activities); diff != "" { // the call without a time cannot be placed
		t.Errorf("activities (-want +got):\n%s", diff)
	}
}

// What releases a held contact (rule 1), whatever the fact or activity is made of.
func TestPrints(t *testing.T) {
	base := func() *person {
		p := newPerson(t, with(reach("sql"), "lifecyclestage", "lead", "budget", "5", "call_back_on", "2026-12-01", "num_conversion_events", "2", "recent_conversion_date", "2026-11-01T08:00:00Z"))
		p.record.Observations = p.readings()
		p.call(noAnswer, time.Hour).call(connected, 2*time.Hour)
		p.record.Companies = company("MACHINERY")
		state := workflows.Baseline(p.portal, p.model, p.record, p.now)
		p.record.State = &state
		return p
	}
	for name, tc := range map[string]struct {
		happen func(p *person)
		same   bool
	}{
		"nothing":            {func(*person) {}, true},
		"time":               {func(p *person) { p.after(100 * time.Hour) }, true},
		"our own properties": {func(p *person) { p.set(map[string]string{"leadsync_score": "1"}) }, true},
		"order":              {func(p *person) { slices.Reverse(p.record.Activities) }, true},
		"unreadable":         {func(p *person) { p.set(map[string]string{"jobtitle": ""}) }, true},
		"a fact":             {func(p *person) { p.set(map[string]string{"budget": "6"}) }, false},
		"a source behind":    {func(p *person) { p.set(map[string]string{"industry": "SOFTWARE"}) }, true},
		"a company's fact":   {func(p *person) { p.record.Companies = company("SOFTWARE") }, false},
		"another company":    {func(p *person) { p.record.Companies = company("MACHINERY") }, true},
		"a source comes up": {func(p *person) {
			p.set(map[string]string{"industry": "SOFTWARE"})
			p.record.Companies = nil
		}, false},
		"a number otherwise": {func(p *person) { p.set(map[string]string{"budget": "5.0"}) }, true},
		"a fact goes":        {func(p *person) { p.set(map[string]string{"budget": ""}) }, false},
		"a date":             {func(p *person) { p.set(map[string]string{"call_back_on": "2026-12-02"}) }, false},
		"a stage":            {func(p *person) { p.stage("customer") }, false},
		"a status":           {func(p *person) { p.status("NEW") }, false},
		"a call":             {func(p *person) { p.call(noAnswer, 0) }, false},
		"another outcome":    {func(p *person) { p.record.Activities[0].Properties["hs_call_disposition"] = connected }, false},
		"a form": {func(p *person) {
			p.set(map[string]string{"num_conversion_events": "3"})
			p.record.Observations = p.readings()
		}, false},
		"a deal": {func(p *person) { p.deal(false, false) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := base()
			tc.happen(p)
			if got := p.plan().State; got.Held != tc.same || len(got.Prints) == 0 || got.FactsHash != "" {
				t.Errorf("held: %v, want %v; prints %d", got.Held, tc.same, len(got.Prints))
			}
		})
	}
}

func company(industry string) []connector.Object {
	return []connector.Object{{Type: connector.TypeCompany, ID: "9", Properties: map[string]string{"industry": industry}}}
}
