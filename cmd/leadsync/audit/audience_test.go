package audit_test

import (
	"strings"
	"testing"

	"leadsync/cmd/leadsync/audit"
	"leadsync/connector/hubspot/simulator"
)

const outreachText = modelText + `
audiences:
  sold: {stages: [sql]}
  best: {tiers: [hot]}
advertising: {consent: 'domain == "muster.example"', never: budget > 50000}
rank: {stages: [sql], tiers: {hot: 90}, otherwise: 5}
`

// addressing tells how Ada got onto two lists and opted out again; Ben is held.
type addressing struct {
	*story
	sold, best string
}

func (s *addressing) tell() {
	s.must(s.account.AddProperty(simulator.Contacts, simulator.Property{Name: "leadsync_rank", Type: "number", FieldType: "number"}))
	s.load()
	var err error
	s.sold, err = s.account.CreateList(person, simulator.List{Name: "Sold"})
	s.must(err)
	s.best, err = s.account.CreateList(person, simulator.List{Name: "Best"})
	s.must(err)
	journal := s.account.Journal()
	s.goLive = journal[len(journal)-1].Seq
	s.score(s.ada, 30)
	s.score(s.ben, 0)
	if !s.is("rank of a held contact missing") {
		s.set(leadsync, s.ben, map[string]string{"leadsync_rank": "5"})
	}

	s.now = at("2026-03-04 11:30")
	s.call(s.ada, simulator.CallConnected)
	s.set(leadsync, s.ada, map[string]string{"lifecyclestage": "salesqualifiedlead"})
	s.set(leadsync, s.ada, map[string]string{"hs_lead_status": "NEW"})
	s.score(s.ada, 30)
	s.task(taskOf{s.ada, "First call: Ada Beispiel", "CALL", "2026-03-05T08:00:00Z", s.owner, "HIGH"})
	if !s.is("not added") {
		s.must(s.account.AddToList(leadsync, s.sold, s.ada))
	}
	s.must(s.account.AddToList(leadsync, s.best, s.ada))
	if s.is("held and added") {
		s.must(s.account.AddToList(leadsync, s.sold, s.ben))
	}
	rank := "90"
	if s.is("wrong rank") {
		rank = "5"
	}
	s.set(leadsync, s.ada, map[string]string{"leadsync_rank": rank})

	s.now = at("2026-03-05 12:00")
	s.set(person, s.ada, map[string]string{"annualrevenue": "60000"})
	if !s.is("kept without consent") {
		s.must(s.account.RemoveFromList(leadsync, s.sold, s.ada))
	}
	s.must(s.account.RemoveFromList(leadsync, s.best, s.ada))
}

func (s *addressing) run() audit.Report {
	in := s.input(outreachText)
	in.Mapping.Lists, in.Mapping.RankProperty = map[string]string{"sold": s.sold, "best": s.best}, "leadsync_rank"
	return audit.Run(in)
}

func TestAuditPassesAudiences(t *testing.T) {
	s := &addressing{story: newStory(t, "")}
	s.tell()
	if report := s.run(); !report.OK() {
		var b strings.Builder
		report.Write(&b)
		t.Error(b.String())
	}
}

func TestAuditFindsWrongAudiences(t *testing.T) {
	for wrong, want := range map[string]string{
		"not added": "list", "kept without consent": "list", "held and added": "list", "wrong rank": "rank", "rank of a held contact missing": "rank",
	} {
		t.Run(wrong, func(t *testing.T) {
			s := &addressing{story: newStory(t, wrong)}
			s.tell()
			report := s.run()
			if !s.met || len(report.Findings) != 1 || report.Findings[0].What != want || report.Findings[0].Why == "" {
				t.Errorf("met %v, found %v", s.met, report.Findings)
			}
		})
	}
}
