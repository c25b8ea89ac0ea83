package service_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"leadsync/cmd/leadsync/config"
	"leadsync/cmd/leadsync/service"
	"leadsync/connector"
	"leadsync/connector/hubspot/simulator"
	"leadsync/scoring"
	"leadsync/workflows"
)

const dealsModel = `
model: deals
facts:
  email:   {from: [contact.email]}
  because: {deals: lost_reason}
scores:
  fit: {rules: [{name: address, when: known(email), points: 10}]}
lifecycle:
  - {stage: mql, scores: {fit: 10}}
lead_status: [{status: open_deal}]
follow_ups:
  - name: open it
    on_status: open_deal
    deal: {name: "{name}", pipeline: sales, close_in: 30d}
`

// describeDeals describes an account in which deals are on and could be made.
func (a *acting) describeDeals(extra string) *service.Description {
	a.t.Helper()
	cfg, err := config.Parse("leadsync.yaml", []byte(`portals: [{name: a, account: "48000001", token_env: T, effects: {deal: on}, `+extra+`}]`))
	if err != nil {
		a.t.Fatal(err)
	}
	names := connector.Names{Stage: "lifecyclestage", Status: "hs_lead_status", Owner: "hubspot_owner_id", Email: "email"}
	d, err := service.Describe(a.t.Context(), cfg, cfg.Portals[0], a.model, service.Connection{CRM: a.client, Names: names, Now: time.Now})
	if err != nil {
		a.t.Fatal(err)
	}
	return d
}

// What the model and the configuration say of deals has to be there in the account, before the first deal fails.
func TestDescribe_deals(t *testing.T) {
	a := newActing(t)
	for _, p := range []simulator.Property{
		{Name: "leadsync_key", Type: "string", FieldType: "text", HasUniqueValue: true},
		{Name: "computed", Type: "string", FieldType: "text", ReadOnly: true},
	} {
		if err := a.account.AddProperty(simulator.Deals, p); err != nil {
			t.Fatal(err)
		}
	}
	const open = "pipeline: sales, close_in: 30d"
	for name, c := range map[string]struct {
		deal    string // in place of open; empty: as it is
		portal  string
		finding string // empty: nothing is wrong with deals
		remedy  string
		blocks  bool
	}{
		"as it should be":        {"", "", "", "", false},
		"a stage of the mapping": {"pipeline: sales, stage: talk, close_in: 30d", "pipelines: {sales: {id: default, stage: appointmentscheduled, stages: {talk: qualifiedtobuy}}}", "", "", false},
		"a pipeline that is not mapped": {
			"pipeline: partners, close_in: 30d", "", `pipeline "partners" of the model is not mapped in portal "a"`, "map it under `pipelines`", true,
		},
		"a pipeline that the account does not have": {"", "pipelines: {sales: {id: 7, stage: x}}", `pipeline "7" does not exist in the account`, "choose one of: 74230118, default", true},
		"a stage that the account does not have": {
			"", "pipelines: {sales: {id: default, stage: x}}", `pipeline "default" has no stage "x" in which a deal is open`,
			"choose one of: appointmentscheduled, qualifiedtobuy, presentationscheduled, decisionmakerboughtin, contractsent", true,
		},
		"a stage in which deals are won":  {"", "pipelines: {sales: {id: default, stage: closedwon}}", `has no stage "closedwon" in which a deal is open`, "contractsent", true},
		"a stage in which deals are lost": {"", "pipelines: {sales: {id: 74230118, stage: \"147110234\"}}", `has no stage "147110234" in which a deal is open`, "choose one of: 147110231, 147110232", true},
		"a stage of another pipeline":     {"", "pipelines: {sales: {id: default, stage: \"147110231\"}}", `pipeline "default" has no stage "147110231"`, "contractsent", true},
		"a stage that is not mapped": {
			"pipeline: sales, stage: talk, close_in: 30d", "", `stage "talk" of pipeline "sales" is not mapped in portal "a"`, "map it under `pipelines.sales.stages`, to one of: appointmentscheduled", true,
		},
		"of several pipelines the second": {
			"close_in: 30d, pipeline: [{when: known(email), pipeline: sales}, {pipeline: partners}]", "", `pipeline "partners" of the model is not mapped`, "", true,
		},
		"a property of the rule that is missing": {
			open + ", properties: {deal_source: x}", "", `follow-up "open it" sets the deal property "deal_source", which the account does not have`, "create it, or take it out", true,
		},
		"a property of the portal that is missing": {"", "deal_properties: {deal_source: x}", `deal_properties sets the deal property "deal_source", which the account does not have`, "create it", true},
		"a property that the account computes":     {open + ", properties: {computed: x}", "", `"computed", which the account computes itself`, "take it out", true},
		"a value that is none of the options": {
			open + ", properties: {dealtype: new}", "", `sets the deal property "dealtype" to a value that is none of its options`, "choose one of: newbusiness, existingbusiness", true,
		},
		"a value that is an option":               {open + ", properties: {dealtype: newbusiness, description: anything}", "", "", "", false},
		"a value that only the contact can tell":  {open + ", properties: {dealtype: \"{fact.because}\"}", "", "", "", false},
		"the property of the reason is not there": {"", "lost_reason: why", `the fact "because" has no source: the account has no deal property "why"`, "set `lost_reason`", false},
	} {
		t.Run(name, func(t *testing.T) {
			text := dealsModel
			if c.deal != "" {
				text = strings.Replace(text, open, c.deal, 1)
			}
			m, err := scoring.Parse("model.yaml", []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			a.model = m
			d := a.describeDeals(orLanguage(c.portal))
			about := func(f service.Finding) bool {
				return f.Blocking && strings.Contains(f.Text, `"deal"`) || strings.Contains(f.Text, "deal property") || strings.Contains(f.Text, "pipeline")
			}
			found := slices.DeleteFunc(slices.Clone(d.Findings), func(f service.Finding) bool { return !about(f) })
			want := workflows.ModeOn
			if c.blocks {
				want = workflows.ModeShadow
			}
			if got := d.Portal.Mode(workflows.ClassDeal); got != want {
				t.Errorf("deals are %s, want %s: %v", got, want, found)
			}
			if c.finding == "" {
				if len(found) != 0 {
					t.Errorf("found %v", found)
				}
				return
			}
			if len(found) != 1 || !strings.Contains(found[0].Text, c.finding) || !strings.Contains(found[0].Remedy, c.remedy) || found[0].Blocking != c.blocks {
				t.Errorf("found %+v, want %q with the remedy %q", found, c.finding, c.remedy)
			}
		})
	}
}

// A model without deals asks nothing of the account, whatever the configuration maps.
func TestDescribe_withoutDeals(t *testing.T) {
	a := newActing(t)
	m, err := scoring.Parse("model.yaml", []byte(strings.Split(dealsModel, "lead_status:")[0]))
	if err != nil {
		t.Fatal(err)
	}
	a.model = m
	for _, f := range a.describeDeals("pipelines: {sales: {id: 7, stage: x}}, deal_properties: {deal_source: x}").Findings {
		if strings.Contains(f.Text, "pipeline") || strings.Contains(f.Text, "deal_source") {
			t.Errorf("found %v", f)
		}
	}
}

func orLanguage(extra string) string {
	if extra == "" {
		return "language: en"
	}
	return extra
}
