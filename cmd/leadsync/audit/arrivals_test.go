package audit_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"leadsync/cmd/leadsync/audit"
	"leadsync/connector/hubspot/simulator"
)

var (
	importer = simulator.Actor{Kind: simulator.Import, ID: "9"}
	program  = simulator.Actor{Kind: simulator.Integration, ID: "31"}
)

// arriving is a story of contacts that come together, each with what the model asks of an SQL.
func arriving(t *testing.T, wrong string, by simulator.Actor, n int) *decision {
	t.Helper()
	s := newDecision(t, "", wrong)
	var ids []string
	s.at("2026-03-03 10:00")
	for i := range n {
		id, err := s.account.CreateContact(by, map[string]string{
			"email": fmt.Sprintf("n%d@muster.example", i), "lifecyclestage": backward, "jobtitle": "Planner", "city": "Angenommen", "hubspot_owner_id": s.owner,
		})
		s.must(err)
		ids = append(ids, id)
	}
	for _, id := range ids {
		s.eva = id
		s.fit(30)
		if s.is("an arrival is moved") {
			s.moved()
		}
	}
	return s
}

// moved is what leadsync does to a new contact that it may move.
func (s *decision) moved() {
	s.we(map[string]string{"lifecyclestage": toSales, "hs_lead_status": "NEW", "responsible": "sales"})
}

// Rule 26: who comes by an import, or with too many of another program, is held until something about it changes.
func TestAuditFollowsArrivals(t *testing.T) {
	take := func(in *audit.Input) { in.Mapping.TakeImports = true }
	few := func(n int) func(*audit.Input) { return func(in *audit.Input) { in.Mapping.NewContacts = n } }
	later := func(s *decision) {
		s.at("2026-03-03 12:00")
		s.they(map[string]string{"jobtitle": "Head of planning"})
		if !s.is("not moved by news") {
			s.moved()
		}
	}
	at := func(s *decision) { s.moved() }
	for name, tc := range map[string]struct {
		by       simulator.Actor
		n        int
		in       func(*audit.Input)
		tell     func(s *decision)
		mistakes []string // each is a stage that is wrong
	}{
		"an import":                {importer, 2, nil, nil, []string{"an arrival is moved"}},
		"an import, changed later": {importer, 1, nil, later, []string{"an arrival is moved", "not moved by news"}},
		"an import that is taken":  {importer, 1, take, at, nil},
		"as many as are news":      {program, 1, few(1), at, nil},
		"more of a program":        {program, 2, few(1), nil, []string{"an arrival is moved"}},
		"of a program, no limit":   {program, 1, nil, at, nil},
		"more of people":           {person, 1, few(1), at, nil},
	} {
		t.Run(name, func(t *testing.T) {
			for _, wrong := range append([]string{""}, tc.mistakes...) {
				s := arriving(t, wrong, tc.by, tc.n)
				if tc.tell != nil {
					tc.tell(s)
				}
				report := s.runWith(decidedText, tc.in)
				if wrong == "" && !report.OK() {
					t.Fatalf("%v", report.Findings)
				}
				if wrong != "" && (!s.met || report.OK() || report.Findings[0].What != "stage") {
					t.Errorf("%s: %v", wrong, report.Findings)
				}
			}
			if tc.tell != nil && tc.mistakes == nil { // what is news has to be moved
				s := arriving(t, "", tc.by, tc.n)
				if report := s.runWith(decidedText, tc.in); report.OK() || report.Findings[0].What != "stage" {
					t.Errorf("not moved: %v", report.Findings)
				}
			}
		})
	}
}

// What an account links to an imported contact within a quarter of an hour is no news; afterwards it is.
func TestAuditLetsImportsSettle(t *testing.T) {
	text := strings.Replace(decidedText, "need:     {from: [contact.jobtitle]}", "need:     {from: [company.city, contact.jobtitle]}", 1)
	for name, tc := range map[string]struct {
		after time.Duration
		moved bool
		ok    bool
	}{
		"at once":              {10 * time.Minute, false, true},
		"at once, but moved":   {10 * time.Minute, true, false},
		"later":                {20 * time.Minute, true, true},
		"later, but not moved": {20 * time.Minute, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := arriving(t, "", importer, 1)
			s.now = s.now.Add(tc.after)
			s.steps = append(s.steps, s.now)
			company, err := s.account.Create(person, simulator.Companies, map[string]string{"name": "Probe AG", "city": "Bern"})
			s.must(err)
			s.they(map[string]string{"associatedcompanyid": company})
			if tc.moved {
				s.moved()
			}
			if report := s.runWith(text, nil); report.OK() != tc.ok {
				t.Errorf("%v", report.Findings)
			}
		})
	}
}

// Rule 24: what a rule of statuses enters rests the contact from the next plan on; the plan itself moves it as ever.
func TestAuditCoolsByRules(t *testing.T) {
	text := strings.Replace(decidedText, "{status: unqualified}", `{status: unqualified, activity: call, where: 'outcome == "busy"'}`, 1)
	text = strings.Replace(text, "  - {stage: sql, owner: sales, scores: {fit: 20}, gates: [need_known, taken_over]}\n",
		"  - {stage: sql, owner: sales, scores: {fit: 20}, gates: [need_known, taken_over]}\n  - {stage: opportunity, scores: {fit: 20}, gates: [deal_near]}\n", 1)
	text = strings.Replace(text, "gates:\n", "gates:\n  deal_near: {requires: reason == \"no budget\", ask: {en: \"How near?\"}}\n", 1)
	judging := "misjudged: {stages: [mql, sql], ends: [{status: unqualified, cool_down: 30d}]}\n"
	for wrong, want := range map[string]string{"": "", "moved inside the cool-down": "stage", "not moved after the cool-down": "stage", "the call is not heard": "status"} {
		t.Run(wrong, func(t *testing.T) {
			s := newDecision(t, judging, wrong)
			s.mql("2026-03-03 10:00")
			s.sql("2026-03-03 11:00")
			s.at("2026-03-04 10:00")
			s.call(s.eva, simulator.CallBusy)
			if !s.is("the call is not heard") {
				s.we(map[string]string{"hs_lead_status": "UNQUALIFIED"})
			}
			s.at("2026-03-10 10:00")
			s.they(map[string]string{"state": "Kein Budget"})
			if s.is("moved inside the cool-down") {
				s.we(map[string]string{"lifecyclestage": "opportunity"})
			}
			s.at("2026-04-03 10:00")
			if !s.is("not moved after the cool-down") {
				s.we(map[string]string{"lifecyclestage": "opportunity"})
			}
			report := s.runWith(text+judging, func(in *audit.Input) {
				in.Mapping.Outcomes[simulator.CallBusy] = "busy"
			})
			switch {
			case want == "" && !report.OK():
				t.Fatalf("%v", report.Findings)
			case want != "" && (!s.met || report.OK() || !strings.HasPrefix(report.Findings[0].What, want)):
				t.Errorf("%v", report.Findings)
			}
		})
	}
}
