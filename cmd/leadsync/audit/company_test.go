package audit_test

import (
	"testing"

	"leadsync/cmd/leadsync/audit"
	"leadsync/connector/hubspot/simulator"
)

const companiesText = modelText + `
companies: {lifecycle: furthest}
`

// firm tells how the company of Ada and Dora followed them, with Ben beside it, who is held.
type firm struct {
	*story
	still, handsOn                bool // no company is moved; the account hands the stage of a company on
	dora, other, partner, unknown string
}

// join makes a colleague.
func (s *firm) join(first, company string) string {
	id, err := s.account.CreateContact(person, map[string]string{"email": first + "@" + company + ".example", "firstname": first, "lastname": "Kollege"})
	s.must(err)
	s.must(s.account.Associate(person, simulator.Contacts, id, simulator.Companies, company))
	return id
}

func (s *firm) employ(contact, company string) {
	s.must(s.account.Associate(person, simulator.Contacts, contact, simulator.Companies, company))
}

func (s *firm) moveCompany(company, stage string) {
	if !s.still {
		s.companyAt(leadsync, company, stage)
	}
}

func (s *firm) companyAt(actor simulator.Actor, company, stage string) {
	s.must(s.account.Set(actor, simulator.Companies, company, map[string]string{"lifecyclestage": stage}))
}

func (s *firm) tell() {
	s.load()
	settings := s.account.Automation()
	settings.CompanyToContacts = s.handsOn
	err := s.account.SetAutomation(settings)
	s.must(err)
	s.other, err = s.account.CreateCompany(person, map[string]string{"name": "Andere AG", "lifecyclestage": "lead"})
	s.must(err)
	s.partner, err = s.account.CreateCompany(person, map[string]string{"name": "Partner KG", "lifecyclestage": "other"})
	s.must(err)
	s.unknown, err = s.account.CreateCompany(person, map[string]string{"name": "Fremd SE", "lifecyclestage": "evangelist"})
	s.must(err)
	s.employ(s.ben, s.other)
	journal := s.account.Journal()
	s.goLive = journal[len(journal)-1].Seq
	s.score(s.ada, 30)
	s.score(s.ben, 0)
	if s.is("held") {
		s.moveCompany(s.other, "salesqualifiedlead")
	}
	s.enter()
	s.after()
}

// enter: Ada becomes a lead of marketing, and two at one time go to sales.
func (s *firm) enter() {
	s.now = at("2026-03-03 10:00") // Tuesday
	s.form(s.ada)
	s.set(leadsync, s.ada, map[string]string{"lifecyclestage": "marketingqualifiedlead"})
	s.score(s.ada, 30)
	switch {
	case s.is("not moved"):
	case s.is("ahead of what is right"):
		s.moveCompany(s.company, "opportunity")
	case s.is("to a side track"):
		s.moveCompany(s.company, "other")
	case s.is("behind what is right"):
		s.moveCompany(s.company, "lead")
	case s.is("a fact written"):
		s.moveCompany(s.company, "marketingqualifiedlead")
		s.must(s.account.Set(leadsync, simulator.Companies, s.company, map[string]string{"numberofemployees": "250"}))
	default:
		s.moveCompany(s.company, "marketingqualifiedlead")
	}

	s.now = at("2026-03-04 10:00")
	s.dora = s.join("Dora", s.company)
	cleo := s.join("Cleo", s.company)
	s.set(person, s.dora, map[string]string{"lifecyclestage": "opportunity"})
	s.set(person, cleo, map[string]string{"lifecyclestage": "salesqualifiedlead", "hs_lead_status": "UNQUALIFIED"})
	for _, id := range []string{s.dora, cleo} {
		s.score(id, 0)
	}
	if s.is("in two strides") || s.is("not to the furthest") {
		s.moveCompany(s.company, "salesqualifiedlead")
	}
	if s.wrong != "not to the furthest" {
		s.moveCompany(s.company, "opportunity")
	}
}

// after: what a person does with the company counts, and companies on other ways are left alone.
func (s *firm) after() {
	s.now = at("2026-03-05 10:00")
	s.companyAt(person, s.company, "lead")
	if s.is("moved twice") {
		s.moveCompany(s.company, "opportunity")
	}
	s.now = at("2026-03-06 10:00") // Dora changes to another company, for which she has entered nothing
	s.must(s.account.Disassociate(person, simulator.Contacts, s.dora, simulator.Companies, s.company))
	s.employ(s.dora, s.other)
	if s.is("for an earlier entering") {
		s.moveCompany(s.other, "opportunity")
	}
	s.now = at("2026-03-07 10:00") // Dora enters what lies behind where the company is
	s.companyAt(person, s.other, "opportunity")
	if s.handsOn { // Ben is moved by that, and held no longer
		s.set(leadsync, s.ben, map[string]string{"lifecyclestage": "other"})
	}
	s.set(person, s.dora, map[string]string{"lifecyclestage": "marketingqualifiedlead"})
	if s.is("backward") {
		s.companyAt(leadsync, s.other, "") // or the account would not take it
		s.moveCompany(s.other, "marketingqualifiedlead")
	}

	for i, company := range []string{s.partner, s.unknown} {
		s.now = at("2026-03-09 10:00").AddDate(0, 0, i)
		id := s.join([]string{"Emil", "Flora"}[i], company)
		s.set(person, id, map[string]string{"lifecyclestage": "opportunity"})
		s.score(id, 0)
		if s.is([]string{"from a side track", "from a stage unknown"}[i]) {
			s.companyAt(leadsync, company, "") // or the account would not take it
			s.moveCompany(company, "opportunity")
		}
	}
}

func (s *firm) input(text, class string) audit.Input {
	in := s.story.input(text)
	in.Mapping.CompanyOrder, in.Mapping.CompanyClass = []string{"lead", "mql", "sql", "opportunity"}, class
	return in
}

func TestAuditPassesCompanies(t *testing.T) {
	for name, wrong := range map[string]string{"by one write": "", "in two strides": "in two strides"} {
		t.Run(name, func(t *testing.T) {
			s := &firm{story: newStory(t, wrong)}
			s.tell()
			report := audit.Run(s.input(companiesText, "on"))
			if !report.OK() || report.CompanyMoves != 2+yes(wrong != "") {
				t.Errorf("%d moves; found %v", report.CompanyMoves, report.Findings)
			}
		})
	}
}

func yes(b bool) int { return map[bool]int{true: 1}[b] }

func TestAuditFindsAWrongCompany(t *testing.T) {
	for wrong, want := range map[string][2]string{ // what is found, and about whom
		"not moved":               {"company stage", "Muster GmbH"},
		"ahead of what is right":  {"company stage", "Muster GmbH"},
		"behind what is right":    {"company stage", "Muster GmbH"},
		"to a side track":         {"company stage", "Muster GmbH"},
		"not to the furthest":     {"company stage", "Muster GmbH"},
		"moved twice":             {"company stage", "Muster GmbH"},
		"a fact written":          {"company property", "Muster GmbH"},
		"backward":                {"company stage", "Andere AG"},
		"held":                    {"company stage", "Andere AG"},
		"for an earlier entering": {"company stage", "Andere AG"},
		"from a side track":       {"company stage", "Partner KG"},
		"from a stage unknown":    {"company stage", "Fremd SE"},
	} {
		t.Run(wrong, func(t *testing.T) {
			s := &firm{story: newStory(t, wrong)}
			s.tell()
			if !s.met {
				t.Fatal("the story never came to this")
			}
			report := audit.Run(s.input(companiesText, "on"))
			if len(report.Findings) != 1 {
				t.Fatalf("found %v", report.Findings)
			}
			if f := report.Findings[0]; f.What != want[0] || f.Name != want[1] || f.Company == "" || f.Why == "" || f.Want == "" {
				t.Errorf("found %+v", f)
			}
		})
	}
}

// Where the class is not on, or the model does not ask for it, no company is moved, and one that is moved is found.
func TestAuditKnowsTheClassOfCompanies(t *testing.T) {
	for name, test := range map[string]struct {
		text, class, what string
	}{
		"in shadow":               {companiesText, "shadow", "company stage"},
		"off":                     {companiesText, "off", "company stage"},
		"not configured":          {companiesText, "", "company stage"},
		"without the model's key": {modelText, "on", "company stage"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, still := range []bool{true, false} {
				s := &firm{story: newStory(t, ""), still: still}
				s.tell()
				report := audit.Run(s.input(test.text, test.class))
				if still && !report.OK() || !still && (len(report.Findings) != 1 || report.Findings[0].What != test.what) {
					t.Errorf("nothing moved: %v; found %v", still, report.Findings)
				}
			}
		})
	}
	s := &firm{story: newStory(t, "")}
	s.tell()
	if report := audit.Run(s.input(companiesText, "perhaps")); len(report.Findings) != 1 || report.Findings[0].What != "mapping" {
		t.Errorf("found %v", report.Findings)
	}
}

// An account that hands the stage of a company on moves its contacts, which then have entered it.
func TestAuditFollowsAStageThatIsHandedOn(t *testing.T) {
	s := &firm{story: newStory(t, ""), handsOn: true}
	s.tell()
	if report := audit.Run(s.input(companiesText, "on")); !report.OK() {
		t.Errorf("found %v", report.Findings)
	}
	if o, _ := s.account.Object(simulator.Contacts, s.ada); o.Properties["lifecyclestage"] != "opportunity" {
		t.Errorf("nothing was handed on: %s", o.Properties["lifecyclestage"])
	}
}
