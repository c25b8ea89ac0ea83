package audit_test

import (
	"testing"
	"time"

	"leadsync/cmd/leadsync/audit"
	"leadsync/connector/hubspot/simulator"
)

// privateText: people object to profiling, and companies follow their contacts.
const privateText = modelText + `
do_not_profile: objection == "yes"
companies: {lifecycle: furthest}
`

// objector tells how Ada, at sales, objected to profiling and took it back, with Ben beside her, who objected before he
// was loaded.
type objector struct {
	*story
	first string
}

func (s *objector) clear(contact string) {
	empty := map[string]string{
		"leadsync_fit": "", "leadsync_engagement": "", "leadsync_score": "", "leadsync_reasons": "", "leadsync_grade": "", "leadsync_tier": "",
	}
	switch {
	case s.is("not cleared"):
		return
	case s.is("reasons kept"):
		delete(empty, "leadsync_reasons")
	case s.is("cleared by two updates"):
		delete(empty, "leadsync_reasons")
		s.set(leadsync, contact, map[string]string{"leadsync_reasons": ""})
	}
	s.set(leadsync, contact, empty)
}

func (s *objector) tell() {
	s.load()
	s.set(person, s.ben, map[string]string{"industry": "yes"})
	journal := s.account.Journal()
	s.goLive = journal[len(journal)-1].Seq
	s.score(s.ada, 30)
	if s.is("scored from the beginning") {
		s.score(s.ben, 0)
	}

	s.now = at("2026-03-04 11:30") // Wednesday
	s.call(s.ada, simulator.CallConnected)
	s.set(leadsync, s.ada, map[string]string{"lifecyclestage": "salesqualifiedlead", "hs_lead_status": "NEW"})
	s.score(s.ada, 30)
	s.first = s.task(taskOf{s.ada, "First call: Ada Beispiel", "CALL", "2026-03-05T08:00:00Z", s.owner, "HIGH"})
	s.must(s.account.Set(leadsync, simulator.Companies, s.company, map[string]string{"lifecyclestage": "salesqualifiedlead"}))

	s.now = at("2026-03-05 09:00")
	s.set(person, s.ada, map[string]string{"industry": "yes"})
	s.clear(s.ada)
	if !s.is("task left open") {
		s.archive(s.first)
	}
	s.meanwhile()
	s.back()
}

// meanwhile nothing follows from anything.
func (s *objector) meanwhile() {
	s.now = at("2026-03-06 09:00")
	s.call(s.ada, simulator.CallNoAnswer)
	switch {
	case s.is("scored although opted out"):
		s.score(s.ada, 30)
	case s.is("status although opted out"):
		s.set(leadsync, s.ada, map[string]string{"hs_lead_status": "ATTEMPTED_TO_CONTACT"})
	case s.is("task although opted out"):
		s.task(taskOf{s.ada, "Call Ada Beispiel again", "CALL", "2026-03-09T08:00:00Z", s.owner, ""})
	}
	s.now = at("2026-03-06 12:00") // a rep writes a number into a property of ours: it is theirs
	s.set(person, s.ada, map[string]string{"leadsync_fit": "3"})
	if s.is("cleared twice") {
		s.set(leadsync, s.ada, map[string]string{"leadsync_fit": ""})
	}
	s.now = at("2026-03-06 15:00")
	s.form(s.ada)
	s.now = at("2026-03-09 09:00")
	s.set(person, s.ada, map[string]string{"lifecyclestage": "opportunity"})
	if s.is("company although opted out") {
		s.must(s.account.Set(leadsync, simulator.Companies, s.company, map[string]string{"lifecyclestage": "opportunity"}))
	}
	if s.is("stage although opted out") {
		s.set(leadsync, s.ben, map[string]string{"lifecyclestage": "other"})
	}
}

// back: both may be profiled again, and begin where they stand.
func (s *objector) back() {
	s.now = at("2026-03-10 09:00")
	s.set(person, s.ada, map[string]string{"industry": "no"})
	forms := s.forms[s.ada]
	if !s.is("form of the meantime counted") {
		s.forms[s.ada] = nil // of the time before nothing counts
	}
	if !s.is("not scored again") {
		s.score(s.ada, 30)
	}
	s.forms[s.ada] = forms[1:]
	switch {
	case s.is("restarted"):
		s.task(taskOf{s.ada, "First call: Ada Beispiel", "CALL", "2026-03-11T08:00:00Z", s.owner, "HIGH"})
	case s.is("company by standing"):
		s.must(s.account.Set(leadsync, simulator.Companies, s.company, map[string]string{"lifecyclestage": "opportunity"}))
	}

	s.now = at("2026-03-10 11:00") // Ben's facts alone lead him to a side track: he is held no longer
	s.set(person, s.ben, map[string]string{"industry": ""})
	if !s.is("held for ever") {
		s.set(leadsync, s.ben, map[string]string{"lifecyclestage": "other"})
	}
	s.score(s.ben, 0)

	s.now = at("2026-03-11 09:00") // what happens from now on counts
	s.form(s.ada)
	if !s.is("form of now not counted") {
		s.score(s.ada, 30)
	}
}

func TestAuditPassesWhoMustNotBeProfiled(t *testing.T) {
	s := &objector{story: newStory(t, "")}
	s.tell()
	if report := s.run(); !report.OK() {
		t.Errorf("found %v", report.Findings)
	}
}

func (s *objector) run() audit.Report {
	in := s.input(privateText)
	in.Model = []byte(replaced(s.t, privateText, "facts:\n", "facts:\n  objection:  {from: [contact.industry]}\n"))
	in.Mapping.CompanyOrder, in.Mapping.CompanyClass = []string{"lead", "mql", "sql", "opportunity"}, "on"
	return audit.Run(in)
}

func TestAuditFindsWhoWasProfiledAllTheSame(t *testing.T) {
	for wrong, want := range map[string][2]string{
		"not cleared":                  {"profile", "Ada Beispiel"},
		"reasons kept":                 {"profile", "Ada Beispiel"},
		"cleared by two updates":       {"profile", "Ada Beispiel"},
		"cleared twice":                {"profile", "Ada Beispiel"},
		"task left open":               {"obsolete task", "Ada Beispiel"},
		"scored although opted out":    {"profile", "Ada Beispiel"},
		"scored from the beginning":    {"profile", "Ben Probe"},
		"status although opted out":    {"status", "Ada Beispiel"},
		"task although opted out":      {"task", "Ada Beispiel"},
		"stage although opted out":     {"stage", "Ben Probe"},
		"company although opted out":   {"company stage", "Muster GmbH"},
		"not scored again":             {"score", "Ada Beispiel"},
		"form of the meantime counted": {"score", "Ada Beispiel"},
		"restarted":                    {"task", "Ada Beispiel"},
		"company by standing":          {"company stage", "Muster GmbH"},
		"held for ever":                {"stage", "Ben Probe"},
		"form of now not counted":      {"score", "Ada Beispiel"},
	} {
		t.Run(wrong, func(t *testing.T) {
			s := &objector{story: newStory(t, wrong)}
			s.tell()
			if !s.met {
				t.Fatal("the story never came to this")
			}
			report := s.run()
			if len(report.Findings) == 0 || report.Findings[0].What != want[0] || report.Findings[0].Name != want[1] || report.Findings[0].Why == "" {
				t.Errorf("found %v", report.Findings)
			}
		})
	}
}

// Of the time until a contact may be profiled again nothing counts, and nothing that may be of this time.
func TestAuditCountsWhatSurelyCameAfterwards(t *testing.T) {
	since := at("2026-03-10 09:00")
	before, after := since.Add(-time.Hour), since.Add(time.Hour)
	for name, test := range map[string]struct {
		since, at, notBefore time.Time
		certain, want        bool
	}{
		"never forbidden":            {time.Time{}, before, time.Time{}, true, true},
		"before":                     {since, before, time.Time{}, true, false},
		"at this very look":          {since, since, time.Time{}, true, false},
		"afterwards":                 {since, after, time.Time{}, true, true},
		"afterwards, or before":      {since, after, before, false, false},
		"afterwards, or at the look": {since, after, since, false, false},
		"some time afterwards":       {since, after, after, false, true},
		"from before on":             {since, before, time.Time{}, false, false},
	} {
		if got := audit.CountsFrom(test.since, test.at, test.certain, test.notBefore); got != test.want {
			t.Errorf("%s: counts is %v", name, got)
		}
	}
}
