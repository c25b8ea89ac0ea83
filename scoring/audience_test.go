package scoring_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"leadsync/scoring"
	"leadsync/scoring/scoringtest"
)

const audienceModel = `model: outreach
facts:
  email:    {from: [contact.email]}
  consent:  {from: [contact.consent], options: {given: [Ja]}}
  left:     {from: [contact.opted_out], type: bool}
activities:
  form: {counter: contact.forms, last: contact.last_form}
scores: {fit: {rules: [{name: address, when: known(email), points: 100}]}}
tiers: {hot: 60, cold: 0}
lifecycle: [{stage: mql, scores: {fit: 50}}, {stage: sql, manual: true}]
audiences:
  nurture: {when: 'count("form", "", 10) >= 1', stages: [mql]}
  address: {tiers: [hot]}
advertising: {consent: consent == "given", never: left == true}
rank: {stages: [mql, sql], tiers: {hot: 90}, otherwise: 5}
`

func outreach(t *testing.T) *scoring.Model {
	t.Helper()
	m, err := scoring.Parse("outreach.yaml", []byte(audienceModel))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestAudiences_areRead(t *testing.T) {
	m := outreach(t)
	want := []scoring.Audience{
		{Name: "nurture", When: `count("form", "", 10) >= 1`, Stages: []string{"mql"}},
		{Name: "address", Tiers: []string{"hot"}},
	}
	if diff := cmp.Diff(want, m.Audiences()); diff != "" {
		t.Errorf("audiences (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(&scoring.Advertising{Consent: `consent == "given"`, Never: "left == true"}, m.Advertising()); diff != "" {
		t.Errorf("advertising (-want +got):\n%s", diff)
	}
}

// A condition with a window turns false on the step at which the window is over, and the model says when.
func TestModel_Audience_saysWhenTimeAloneTurnsIt(t *testing.T) {
	m, at := outreach(t), time.Date(2026, 3, 2, 10, 20, 0, 0, time.UTC)
	lead := scoring.Lead{Activities: []scoring.Activity{{ID: "1", Kind: "form", At: at}}}
	over := time.Date(2026, 3, 12, 11, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		now  time.Time
		want scoring.AudienceTruth
	}{
		"before it":       {at.Add(-time.Second), scoring.AudienceTruth{When: []bool{false, true}, NextChange: time.Date(2026, 3, 2, 11, 0, 0, 0, time.UTC)}},
		"in the window":   {at.Add(time.Hour), scoring.AudienceTruth{When: []bool{true, true}, NextChange: over}},
		"at its last":     {over.Add(-time.Second), scoring.AudienceTruth{When: []bool{true, true}, NextChange: over}},
		"when it is over": {over, scoring.AudienceTruth{When: []bool{false, true}}},
	} {
		if diff := cmp.Diff(tc.want, m.Audience(lead, tc.now)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestModel_MayAdvertise(t *testing.T) {
	m := outreach(t)
	word := func(s string) scoring.Value { return scoring.Value{Type: scoring.TypeText, Text: s} }
	yes := func(b bool) scoring.Value { return scoring.Value{Type: scoring.TypeBool, Bool: b} }
	for name, tc := range map[string]struct {
		facts map[string]scoring.Value
		want  bool
	}{
		"nothing known":           {nil, false},
		"given":                   {map[string]scoring.Value{"consent": word("Ja")}, true},
		"another word":            {map[string]scoring.Value{"consent": word("vielleicht")}, false},
		"given, and not left":     {map[string]scoring.Value{"consent": word("Ja"), "left": yes(false)}, true},
		"given, and left":         {map[string]scoring.Value{"consent": word("Ja"), "left": yes(true)}, false},
		"not left is no consent":  {map[string]scoring.Value{"left": yes(false)}, false},
		"consent of another type": {map[string]scoring.Value{"consent": yes(true)}, false},
	} {
		if got := m.MayAdvertise(scoring.Lead{Facts: tc.facts}); got != tc.want {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
		}
	}
	without, _, _ := strings.Cut(audienceModel, "audiences:")
	plain, err := scoring.Parse("plain.yaml", []byte(without))
	if err != nil || plain.MayAdvertise(scoring.Lead{Facts: map[string]scoring.Value{"consent": word("Ja")}}) {
		t.Errorf("a model without audiences allows to address somebody: %v", err)
	}
}

func TestRanking_Priority(t *testing.T) {
	r := outreach(t).Ranking()
	for name, tc := range map[string]struct {
		e     scoring.Evaluation
		stage string
		want  int64
		ok    bool
	}{
		"of the table":       {scoring.Evaluation{Tier: "hot"}, "mql", 90, true},
		"of another tier":    {scoring.Evaluation{Tier: "cold"}, "sql", 5, true},
		"of no tier":         {scoring.Evaluation{}, "sql", 5, true},
		"in another stage":   {scoring.Evaluation{Tier: "hot"}, "lead", 0, false},
		"not to be profiled": {scoring.Evaluation{Tier: "hot", Unprofiled: true}, "mql", 0, false},
	} {
		if got, ok := r.Priority(tc.e, tc.stage); got != tc.want || ok != tc.ok {
			t.Errorf("%s: %d %v, want %d %v", name, got, ok, tc.want, tc.ok)
		}
	}
	if _, ok := (*scoring.Ranking)(nil).Priority(scoring.Evaluation{}, "mql"); ok {
		t.Error("a model without rank gives a priority")
	}
}

// Trying every step gives the same next change.
func TestModel_Audience_nextChangeEqualsBruteForce(t *testing.T) {
	turned := 0
	rapid.Check(t, func(rt *rapid.T) {
		text := scoringtest.ModelText(rt, "24h", "12h")
		text += "audiences:\n  one: {when: '" + scoringtest.Condition(rt, 2) + "'}\n  two: {stages: [mql]}\nadvertising: {consent: 'yes'}\n"
		m, err := scoring.Parse("random.yaml", []byte(text))
		if err != nil {
			rt.Fatalf("%v\n%s", err, text)
		}
		lead, now := scoringtest.Lead(rt), scoringtest.Now(rt)
		got := m.Audience(lead, now)
		want := time.Time{}
		for at := now.Truncate(m.Grid()).Add(m.Grid()); !at.After(now.AddDate(0, 0, 365)); at = at.Add(m.Grid()) {
			if m.Audience(lead, at).When[0] != got.When[0] {
				want = at.UTC()
				turned++
				break
			}
		}
		if !got.NextChange.Equal(want) {
			rt.Fatalf("next change %s, trying every step gives %s\n%s", got.NextChange, want, text)
		}
	})
	if turned == 0 {
		t.Error("time never turned a condition: the test shows nothing")
	}
}
