package scoring_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"leadsync/scoring"
)

const recycling = `
model: recycling
facts: {email: {from: [contact.email]}}
scores: {fit: {rules: [{name: known, when: known(email), points: 1}]}}
lifecycle:
  - {stage: lead, when: known(email)}
  - {stage: mql, scores: {fit: 1}}
  - {stage: sql, when: known(email)}
  - {stage: customer, when: known(email)}
lead_status:
  - {status: new, on_stage: sql}
  - {status: bad_timing}
follow_ups:
  - {name: recycle, on_status: bad_timing, back_to: mql}
  - {name: lost, on_stage: customer, back_to: sql}
  - {name: sales takes over, on_stage: sql, lists: {add: [with_sales], remove: [newsletter, nurture]}}
`

func TestParse_backAndLists(t *testing.T) {
	m, err := scoring.Parse("recycling.yaml", []byte(recycling))
	if err != nil {
		t.Fatal(err)
	}
	want := []scoring.FollowUp{
		{Name: "recycle", OnStatus: "bad_timing", BackTo: "mql"},
		{Name: "lost", OnStage: "customer", BackTo: "sql"},
		{Name: "sales takes over", OnStage: "sql", Lists: &scoring.ListRule{Add: []string{"with_sales"}, Remove: []string{"newsletter", "nurture"}}},
	}
	if diff := cmp.Diff(want, m.FollowUps()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	again, err := scoring.Parse("canonical", m.Canonical())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, again.FollowUps()); diff != "" || again.Version() != m.Version() {
		t.Errorf("the canonical text says something else (-want +got):\n%s", diff)
	}
}

// Where no status rule names a stage, a status can be entered anywhere: the way back must lie behind the last
// stage.
func TestParse_backFromAnywhere(t *testing.T) {
	text := []byte(`
model: anywhere
facts: {email: {from: [contact.email]}}
scores: {fit: {rules: [{name: known, when: known(email), points: 1}]}}
lifecycle: [{stage: mql, scores: {fit: 1}}, {stage: sql, when: known(email)}]
lead_status: [{status: bad_timing}]
follow_ups: [{name: recycle, on_status: bad_timing, back_to: mql}]
`)
	if _, err := scoring.Parse("anywhere.yaml", text); err != nil {
		t.Error(err)
	}
}
