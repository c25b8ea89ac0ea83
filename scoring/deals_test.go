package scoring_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/scoring"
)

const dealModel = `model: deals
facts:
  email: {from: [contact.email]}
  interest: {from: [contact.interest]}
  size: {from: [company.size], type: number}
  because: {deals: lost_reason, options: {no_budget: [Kein Budget]}, otherwise: other_reason}
  lost_at: {deals: last_lost_at}
  revenue: {deals: won_amount}
scores: {fit: {rules: [{name: known, when: known(email), points: 5}]}}
lifecycle:
  - {stage: lead, when: known(email)}
  - {stage: mql, scores: {fit: 50}}
  - {stage: lost, when: because == "no_budget" and days_since(lost_at) < 30 and revenue < 10.5}
lead_status: [{status: open_deal, on_stage: lead}]
follow_ups:
  - name: open
    on_status: open_deal
    deal:
      name: {en: "{company}", de: "{company}: {name}"}
      pipeline:
        - {when: interest == "crane", pipeline: machines, stage: first_talk}
        - {when: size >= 50, pipeline: key_accounts}
        - {when: not known(size), pipeline: sales}
      amount: "{fact.size}"
      close_in: 20wd
      unless_open: company
      properties: {dealtype: newbusiness, description: "{reasons}", probability: 5}
`

func TestDealPipeline_isTheFirstWhoseConditionIsTrue(t *testing.T) {
	m, err := scoring.Parse("deals.yaml", []byte(dealModel))
	if err != nil {
		t.Fatal(err)
	}
	rule := m.FollowUps()[0]
	text := func(v string) scoring.Value { return scoring.Value{Type: scoring.TypeText, Text: v} }
	number := func(v float64) scoring.Value { return scoring.Value{Type: scoring.TypeNumber, Number: v} }
	for name, c := range map[string]struct {
		facts    map[string]scoring.Value
		pipeline string
		ok       bool
	}{
		"the first, case makes no difference": {map[string]scoring.Value{"interest": text("Crane"), "size": number(80)}, "machines", true},
		"the second, the first is unknown":    {map[string]scoring.Value{"size": number(80)}, "key_accounts", true},
		"the third, the others are unknown":   {nil, "sales", true},
		"none":                                {map[string]scoring.Value{"size": number(8)}, "", false},
	} {
		got, ok := m.DealPipeline(rule, scoring.Lead{Facts: c.facts}, time.Now())
		if got.Pipeline != c.pipeline || ok != c.ok {
			t.Errorf("%s: %v %v, want %q %v", name, got, ok, c.pipeline, c.ok)
		}
	}
	want := &scoring.DealRule{
		Name: map[string]string{"en": "{company}", "de": "{company}: {name}"},
		Pipelines: []scoring.DealPipeline{
			{When: `interest == "crane"`, Pipeline: "machines", Stage: "first_talk"},
			{When: "size >= 50", Pipeline: "key_accounts"},
			{When: "not known(size)", Pipeline: "sales"},
		},
		Amount: "size", CloseIn: scoring.Span{N: 20, Unit: scoring.UnitWorkingDays}, UnlessOpen: scoring.OpenCompany,
		Properties: []scoring.DealProperty{
			{Name: "dealtype", Text: map[string]string{"en": "newbusiness"}},
			{Name: "description", Text: map[string]string{"en": "{reasons}"}},
			{Name: "probability", Text: map[string]string{"en": "5"}},
		},
	}
	if diff := cmp.Diff(want, rule.Deal); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Facts of deals have the type of what the deals say, and words where the model gives them.
func TestFactsOfDeals_areTyped(t *testing.T) {
	m, err := scoring.Parse("deals.yaml", []byte(dealModel))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	facts := map[string]scoring.Value{
		"email":   {Type: scoring.TypeText, Text: "anna@example.com"},
		"because": {Type: scoring.TypeText, Text: " kein  budget"},
		"lost_at": {Type: scoring.TypeTime, Time: now.AddDate(0, 0, -10)},
		"revenue": {Type: scoring.TypeNumber, Number: 10.25},
	}
	if e := m.Evaluate(scoring.Lead{Facts: facts}, now); e.Stage != "lost" {
		t.Errorf("stage %q of a lead lost for no budget ten days ago", e.Stage)
	}
	if e := m.Evaluate(scoring.Lead{Facts: facts}, now.AddDate(0, 0, 30)); e.Stage != "lead" {
		t.Errorf("stage %q thirty days later", e.Stage)
	}
	for i, want := range []scoring.Fact{
		3: {Name: "because", Type: scoring.TypeText, From: []string{"deals.lost_reason"}, Count: "lost_reason", Otherwise: "other_reason"},
		4: {Name: "lost_at", Type: scoring.TypeTime, From: []string{"deals.last_lost_at"}, Count: "last_lost_at"},
		5: {Name: "revenue", Type: scoring.TypeNumber, From: []string{"deals.won_amount"}, Count: "won_amount"},
	} {
		got := m.Facts()[i]
		if want.Name != "" && (got.Name != want.Name || got.Type != want.Type || got.Count != want.Count || got.From[0] != want.From[0] || got.Otherwise != want.Otherwise) {
			t.Errorf("fact %+v, want %+v", got, want)
		}
	}
}
