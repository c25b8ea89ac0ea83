package service_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"leadsync/cmd/leadsync/service"
	"leadsync/connector/hubspot/simulator"
	"leadsync/scoring"
	"leadsync/workflows"
)

const everythingOn = "{score: on, stage: on, status: on, task: on, deal: on, company: on}"

// b2bWith is the model of the demo with one more key.
func b2bWith(t *testing.T, more string) *scoring.Model {
	t.Helper()
	if more == "" {
		return loadModel(t, "../../../fixtures/models/demo.yaml")
	}
	text := loadModel(t, "../../../fixtures/models/demo.yaml").Canonical()
	m, err := scoring.Parse("more.yaml", []byte(strings.Replace(string(text), "{", "{"+more+",", 1)))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

const followContacts = `"companies":{"lifecycle":"furthest"}`

func (r *rig) companyStage(id string) string {
	r.t.Helper()
	o, ok := r.account.Object(simulator.Companies, id)
	if !ok {
		r.t.Fatalf("no company %s", id)
	}
	return o.Properties["lifecyclestage"]
}

// employee is a contact of a company, by the CRM's own primary association.
func (r *rig) employee(company string, props map[string]string) string {
	r.t.Helper()
	id := r.must(r.account.CreateContact(user(), props))
	if err := r.account.Associate(user(), contacts, id, simulator.Companies, company); err != nil {
		r.t.Fatal(err)
	}
	return id
}

// S9: a company goes where the furthest of its contacts went, once, and stays where a person puts it afterwards.
func TestStory_companyFollowsItsContacts(t *testing.T) {
	r := newRig(t, rigOptions{webhooks: true, modes: everythingOn, account: simulator.Options{NoCompanyStageSync: true}})
	r.options.Model = b2bWith(t, followContacts)
	r.again()
	before := r.must(r.account.CreateCompany(user(), map[string]string{"name": "Altwerk", "lifecyclestage": "lead"}))
	old := r.employee(before, decisionMaker("Alt")) // there before go-live: it moves nothing
	r.start()
	company := r.must(r.account.CreateCompany(user(), map[string]string{"name": "Nordlicht", "lifecyclestage": "lead"}))
	colleague := r.employee(company, map[string]string{"email": "colleague@nordlicht.example", "lastname": "Kahl", "lifecyclestage": "lead"})
	id := r.employee(company, decisionMaker("Schröder"))
	r.settle()
	if err := r.account.SubmitForm(id, "Demo anfordern", r.world()); err != nil {
		t.Fatal(err)
	}
	r.settle()
	if r.prop(id, "lifecyclestage") != "salesqualifiedlead" || r.companyStage(company) != "salesqualifiedlead" {
		t.Fatalf("contact %s, company %s; log:\n%s", r.prop(id, "lifecyclestage"), r.companyStage(company), r.logs.String())
	}
	if got := r.prop(colleague, "lifecyclestage"); got != "lead" || r.companyStage(before) != "lead" || r.prop(old, "lifecyclestage") != "lead" {
		t.Errorf("others moved: %s, %s, %s", got, r.companyStage(before), r.prop(old, "lifecyclestage"))
	}
	// Somebody puts the company back: that is their word, until a contact enters another stage.
	if err := r.account.Set(user(), simulator.Companies, company, map[string]string{"lifecyclestage": "subscriber"}); err != nil {
		t.Fatal(err)
	}
	r.advance(time.Hour)
	r.must(r.account.LogCall(user(), id, simulator.Call{At: r.world(), Disposition: noAnswer, Direction: "OUTBOUND"}))
	r.settle()
	if got := r.companyStage(company); got != "subscriber" {
		t.Errorf("the company was moved again, to %s", got)
	}
	r.advance(time.Hour)
	if err := r.account.Set(user(), contacts, colleague, map[string]string{"lifecyclestage": "opportunity"}); err != nil {
		t.Fatal(err)
	}
	r.settle()
	if got := r.companyStage(company); got != "opportunity" {
		t.Errorf("after a person's move of another contact the company is %s", got)
	}
	moves := 0
	for _, e := range r.account.Journal() {
		if e.Type == simulator.Companies && e.Property == "lifecyclestage" && e.Actor.Kind == simulator.API {
			moves++
		}
	}
	if moves != 2 {
		t.Errorf("%d writes of company stages, want 2", moves)
	}
	if n := r.metric(`leadsync_effects_total{class="company",portal="rig",state="settled"}`); n != 2 {
		t.Errorf("the metric counts %v", n)
	}
}

// Where the account hands the stage of a company on, one contact moves all of them. leadsync takes it as another
// machine's doing, and it ends.
func TestStory_companyHandsItsStageOn(t *testing.T) {
	r := newRig(t, rigOptions{webhooks: true, modes: everythingOn})
	r.options.Model = b2bWith(t, followContacts)
	r.again()
	r.start()
	company := r.must(r.account.CreateCompany(user(), map[string]string{"name": "Nordlicht", "lifecyclestage": "lead"}))
	colleague := r.employee(company, map[string]string{"email": "colleague@nordlicht.example", "lastname": "Kahl", "lifecyclestage": "lead"})
	id := r.employee(company, decisionMaker("Schröder"))
	if err := r.account.SubmitForm(id, "Demo anfordern", r.world()); err != nil {
		t.Fatal(err)
	}
	r.settle()
	if r.companyStage(company) != "salesqualifiedlead" || r.prop(colleague, "lifecyclestage") != "salesqualifiedlead" {
		t.Errorf("company %s, colleague %s", r.companyStage(company), r.prop(colleague, "lifecyclestage"))
	}
}

// What a description says about companies, and what it does to their class. A model without companies has nothing
// to do with it.
func TestDescribe_companies(t *testing.T) {
	for name, tc := range map[string]struct {
		more, facts string
		mode        workflows.Mode
		says        string
		order       bool
	}{
		"all is well":                 {followContacts, "", workflows.ModeOn, "hands a company's stage on", true},
		"a fact of the stage":         {followContacts, "    facts: {industry: company.lifecyclestage}\n", workflows.ModeShadow, `fact "industry" is made of the stage of the company`, true},
		"the model does without them": {"", "    facts: {industry: company.lifecyclestage}\n", workflows.ModeOn, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, rigOptions{modes: everythingOn, portal: tc.facts})
			found, err := service.Describe(t.Context(), r.options.Config, r.options.Config.Portals[0], b2bWith(t, tc.more), r.conn)
			if err != nil {
				t.Fatal(err)
			}
			if got := found.Portal.Mode(workflows.ClassCompany); got != tc.mode {
				t.Errorf("the class is %s, want %s", got, tc.mode)
			}
			says := func(text string) bool {
				return slices.ContainsFunc(found.Findings, func(f service.Finding) bool { return strings.Contains(f.Text, text) && f.Remedy != "" })
			}
			if tc.says != "" && !says(tc.says) || tc.says == "" && says("compan") {
				t.Errorf("%+v", found.Findings)
			}
			if want := []string{"subscriber", "lead", "mql", "sql", "opportunity", "customer", "evangelist"}; tc.order && !slices.Equal(found.Portal.CompanyOrder, want) || !tc.order && found.Portal.CompanyOrder != nil {
				t.Errorf("order %v", found.Portal.CompanyOrder)
			}
			acting, err := service.ActingOn(t.Context(), r.conn.CRM, found.Portal)
			if err != nil {
				t.Fatal(err)
			}
			if text := strings.Join(acting.Checklist, "\n"); strings.Contains(text, "sync the stages of companies") != tc.order {
				t.Errorf("checklist: %s", text)
			}
		})
	}
}
