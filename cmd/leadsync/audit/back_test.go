package audit_test

import (
	"strings"
	"testing"

	"leadsync/cmd/leadsync/audit"
	"leadsync/connector/hubspot/simulator"
)

const recyclingText = modelText + `
  - {name: recycle, on_status: bad_timing, back_to: mql}
  - {name: sales takes over, on_stage: sql, lists: {add: [with_sales], remove: [newsletter]}}
  - {name: marketing again, on_stage: mql, lists: {add: [newsletter], remove: [with_sales]}}
`

// recycling tells how Ada came to sales at a bad time, went back, and came again.
type recycling struct {
	*story
	newsletter, withSales string
}

func (s *recycling) move(stage, on, off string) {
	s.set(leadsync, s.ada, map[string]string{"lifecyclestage": stage})
	if !s.is("list missing") {
		s.must(s.account.AddToList(leadsync, on, s.ada))
	}
	if !s.is("list kept") {
		s.must(s.account.RemoveFromList(leadsync, off, s.ada))
	}
}

func (s *recycling) tell() {
	s.load()
	var err error
	s.newsletter, err = s.account.CreateList(person, simulator.List{Name: "Newsletter"})
	s.must(err)
	s.withSales, err = s.account.CreateList(person, simulator.List{Name: "With sales"})
	s.must(err)
	s.must(s.account.AddToList(person, s.newsletter, s.ada))
	journal := s.account.Journal()
	s.goLive = journal[len(journal)-1].Seq
	s.score(s.ada, 30)
	s.score(s.ben, 0)

	s.now = at("2026-03-04 11:30") // Wednesday
	s.call(s.ada, simulator.CallConnected)
	s.move("salesqualifiedlead", s.withSales, s.newsletter)
	s.set(leadsync, s.ada, map[string]string{"hs_lead_status": "NEW"})
	s.score(s.ada, 30)
	first := s.task(taskOf{s.ada, "First call: Ada Beispiel", "CALL", "2026-03-05T08:00:00Z", s.owner, "HIGH"})
	if s.is("list without cause") {
		s.must(s.account.AddToList(leadsync, s.newsletter, s.ben))
	}

	s.now = at("2026-03-05 12:00")
	s.set(person, s.ada, map[string]string{"hs_lead_status": "BAD_TIMING"})
	s.archive(first)
	later := s.task(taskOf{s.ada, "Ask Ada Beispiel later", "TODO", "2026-04-07T07:00:00Z", s.owner, ""})
	s.back()

	s.now = at("2026-03-10 10:00") // nothing has happened, though the criteria of SQL are still met
	s.steps = append(s.steps, s.now)
	if s.is("forward without evidence") {
		s.set(leadsync, s.ada, map[string]string{"lifecyclestage": "salesqualifiedlead"})
	}

	s.now = at("2026-03-11 10:00")
	s.call(s.ada, simulator.CallConnected)
	if !s.is("forward missing") {
		s.move("salesqualifiedlead", s.withSales, s.newsletter)
	}
	if !s.is("status kept") {
		s.set(leadsync, s.ada, map[string]string{"hs_lead_status": "NEW"})
	}
	s.archive(later)
	s.task(taskOf{s.ada, "First call: Ada Beispiel", "CALL", "2026-03-12T08:00:00Z", s.owner, "HIGH"})
}

func (s *recycling) back() {
	if s.is("way back missing") {
		return
	}
	if !s.is("not cleared") {
		s.set(leadsync, s.ada, map[string]string{"lifecyclestage": ""})
	}
	if s.is("left empty") {
		return
	}
	if s.is("cleared twice") {
		s.set(leadsync, s.ada, map[string]string{"lifecyclestage": "lead"})
		s.set(leadsync, s.ada, map[string]string{"lifecyclestage": ""})
	}
	s.move("marketingqualifiedlead", s.newsletter, s.withSales)
}

func (s *recycling) run() audit.Report {
	in := s.input(recyclingText)
	in.Mapping.Lists = map[string]string{"newsletter": s.newsletter, "with_sales": s.withSales}
	return audit.Run(in)
}

func TestAuditPassesTheWayBack(t *testing.T) {
	s := &recycling{story: newStory(t, "")}
	s.tell()
	report := s.run()
	if !report.OK() {
		var b strings.Builder
		report.Write(&b)
		t.Fatal(b.String())
	}
	if report.StageMoves != 3 || report.Tasks != 3 {
		t.Errorf("counted %+v", report)
	}
}

func TestAuditFindsAWrongWayBack(t *testing.T) {
	for wrong, want := range map[string]string{
		"way back missing": "stage", "left empty": "stage", "cleared twice": "way back",
		"forward without evidence": "stage", "forward missing": "stage", "status kept": "status",
		"list missing": "list", "list kept": "list", "list without cause": "list",
	} {
		t.Run(wrong, func(t *testing.T) {
			s := &recycling{story: newStory(t, wrong)}
			s.tell()
			if !s.met {
				t.Fatal("the story never came to this")
			}
			found := false
			report := s.run()
			for _, f := range report.Findings {
				found = found || f.What == want && f.Why != ""
			}
			if !found {
				t.Errorf("found: %v", report.Findings)
			}
		})
	}
}
