package workflows_test

import (
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

// furthest is the model of the tests with companies that follow their contacts.
func furthest(t fail) *scoring.Model {
	t.Helper()
	text, err := os.ReadFile("testdata/model.yaml")
	if err != nil {
		t.Fatalf("%v", err)
	}
	m, err := scoring.Parse("companies.yaml", append(text, "\ncompanies: {lifecycle: furthest}\n"...))
	if err != nil {
		t.Fatalf("%v", err)
	}
	return m
}

// employed puts a contact into a company that has a stage, in a portal that moves companies.
func employed(p *person, stage string) *person {
	p.model = furthest(p.t)
	p.portal.Modes[workflows.ClassCompany] = workflows.ModeOn
	p.portal.CompanyOrder = []string{"lead", "mql", "sql", "opportunity", "customer"} // no evangelists
	props := map[string]string{"name": "Nordlicht"}
	if stage != "" {
		props["lifecyclestage"] = stage
	}
	p.record.Companies = []connector.Object{
		{Type: connector.TypeCompany, ID: "70", Properties: map[string]string{"name": "Another one"}},
		{Type: connector.TypeCompany, ID: "77", Properties: props},
	}
	return p.set(map[string]string{"associatedcompanyid": "77"})
}

// companyMoves are the moves of companies of a plan: "mql → sql", "(shadow)" where they are not on.
func companyMoves(planned workflows.Planned) []string {
	moves := []string{}
	for _, a := range planned.Actions {
		if a.Class != workflows.ClassCompany {
			continue
		}
		text := a.From + " → " + a.To
		if a.Mode != workflows.ModeOn {
			text += " (" + string(a.Mode) + ")"
		}
		moves = append(moves, text)
	}
	return moves
}

// Rule 16: what a contact enters, and where its company stands, decide whether the company moves.
func TestPlan_company(t *testing.T) {
	for name, tc := range map[string]struct {
		person func() *person
		want   []string
	}{
		"the model moves the contact":     {func() *person { return employed(newPerson(t, reach("sql")), "lead") }, []string{"lead → sql"}},
		"the company has no stage":        {func() *person { return employed(newPerson(t, reach("mql")), "") }, []string{" → mql"}},
		"the company is there":            {func() *person { return employed(newPerson(t, reach("mql")), "marketingqualifiedlead") }, nil},
		"the company is ahead":            {func() *person { return employed(newPerson(t, reach("mql")), "customer") }, nil},
		"the company is on a side track":  {func() *person { return employed(newPerson(t, reach("mql")), "other") }, nil},
		"its stage is not mapped":         {func() *person { return employed(newPerson(t, reach("mql")), "8812345") }, nil},
		"companies do not have the stage": {func() *person { return employed(newPerson(t, reach("lead")).stage("evangelist"), "lead") }, nil},
		"the contact leaves for aside":    {func() *person { return employed(newPerson(t, reach("other")), "lead") }, nil},
		"a held contact":                  {func() *person { return employed(before(t, reach("sql")), "lead") }, nil},
		"a person moves the contact":      {func() *person { return longIn(t, "lead").stage("opportunity") }, []string{"lead → opportunity"}},
		"a person moves it back": {func() *person {
			p := longIn(t, "sql").stage("marketingqualifiedlead")
			p.record.Companies[1].Properties["lifecyclestage"] = "salesqualifiedlead"
			return p
		}, nil},
		"a person moves it back, ahead of the company": {func() *person { return longIn(t, "sql").stage("marketingqualifiedlead") }, []string{"lead → mql"}},
		"it enters what it was in":                     {func() *person { return longIn(t, "sql") }, nil},
		"no company":                                   {func() *person { p := employed(newPerson(t, reach("sql")), "lead"); p.record.Companies = nil; return p }, nil},
		"the mirror lacks the primary one": {func() *person {
			return employed(newPerson(t, reach("sql")), "lead").set(map[string]string{"associatedcompanyid": "78"})
		}, nil},
		"the class is off": {func() *person {
			p := employed(newPerson(t, reach("sql")), "lead")
			p.portal.Modes[workflows.ClassCompany] = workflows.ModeOff
			return p
		}, nil},
		"the class is in shadow": {func() *person {
			p := employed(newPerson(t, reach("sql")), "lead")
			p.portal.Modes[workflows.ClassCompany] = workflows.ModeShadow
			return p
		}, []string{"lead → sql (shadow)"}},
		"nobody configured the class": {func() *person {
			p := employed(newPerson(t, reach("sql")), "lead")
			delete(p.portal.Modes, workflows.ClassCompany)
			return p
		}, []string{"lead → sql (shadow)"}},
		"stages are in shadow": {func() *person {
			p := employed(newPerson(t, reach("sql")), "lead")
			p.portal.Modes[workflows.ClassStage] = workflows.ModeShadow
			return p
		}, nil},
		"the model says nothing about them": {func() *person { p := employed(newPerson(t, reach("sql")), "lead"); p.model = parseModel(t); return p }, nil},
		"a move is under way that is ahead": {func() *person { return under(employed(newPerson(t, reach("mql")), "lead"), "salesqualifiedlead") }, nil},
		"one is under way that is behind":   {func() *person { return under(employed(newPerson(t, reach("sql")), "lead"), "marketingqualifiedlead") }, []string{"mql → sql"}},
	} {
		t.Run(name, func(t *testing.T) {
			planned := tc.person().plan()
			if diff := cmp.Diff(append([]string{}, tc.want...), companyMoves(planned)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func before(t fail, props map[string]string) *person {
	p := employed(newPerson(t, props), "lead")
	state := workflows.Baseline(p.portal, p.model, p.record, p.now)
	p.record.State = &state
	return p
}

// longIn is a contact that has been in a stage for long, with a company that is still a lead.
func longIn(t fail, stage string) *person {
	p := employed(newPerson(t, reach(stage)), "lead")
	p.step()
	return p.after(time.Hour)
}

func under(p *person, value string) *person {
	p.record.CompaniesMoving = map[connector.ObjectID]string{"77": value, "70": "customer"}
	return p
}

// The entry names the company, what is written and why, and once the contact is there nothing follows again, whoever
// moves the company back.
func TestPlan_companyOnce(t *testing.T) {
	p := employed(newPerson(t, reach("sql")), "lead")
	planned := p.step()
	e := entryOf(t, planned, workflows.KindCompany, workflows.ClassCompany)
	want := workflows.CompanyPayload{Company: "77", Property: "lifecyclestage", To: "salesqualifiedlead", Rank: 2}
	if diff := cmp.Diff(want, decoded[workflows.CompanyPayload](t, e)); diff != "" {
		t.Error(diff)
	}
	if e.Key != "company/77/stage" || e.Contact != "101" || e.State != workflows.StateReady || e.Reason.Code != workflows.ReasonCompanyForward {
		t.Errorf("%+v", e)
	}
	if text := workflows.RenderReason("en", e.Reason); text != "a contact of the company entered sql" {
		t.Errorf("reason %q", text)
	}
	p.after(time.Hour)
	if moves := companyMoves(p.step()); len(moves) != 0 { // the company is still a lead: somebody moved it back
		t.Errorf("moved once more: %v", moves)
	}
}

// The stage of companies is read if the model moves them, and only then.
func TestPortal_companyProperties(t *testing.T) {
	p := newPortal()
	if props := p.CompanyProperties(parseModel(t)); slices.Contains(props, "lifecyclestage") {
		t.Errorf("%v", props)
	}
	if props := p.CompanyProperties(furthest(t)); !slices.Contains(props, "lifecyclestage") {
		t.Errorf("%v", props)
	}
}
