package scoring_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/scoring"
)

// segments is a model with a variant for each kind of topic.
const segments = `model: segments
facts:
  n: {from: [contact.n], type: number}
  s: {from: [contact.s]}
activities:
  form: {counter: contact.f, last: contact.g}
scores:
  fit: {rules: [{name: n, when: n >= 1, points: 30}]}
  engagement: {rules: [{name: forms, activity: form, points: 10}]}
grades:
  letter: {score: fit, A: 30}
  number: {score: engagement, 1: 10}
tiers: {hot: [A1], warm: [A2, B1]}
gates:
  enough: {requires: n >= 10, ask: At the top.}
lifecycle:
  - {stage: lead, when: n >= 0}
  - {stage: mql, scores: {fit: 30}}
  - {stage: sql, owner: sales, gates: [enough]}
  - {stage: customer, manual: true}
  - {stage: other, side_track: true, manual: true}
variants:
  - name: scored
    when: s in ["scored", "both"]
    scores:
      fit: {rules: [{name: double, when: n >= 1, points: 60}]}
      engagement: {rules: [{name: forms, activity: form, points: 1}]}
  - name: gated
    when: s in ["gated", "both"]
    gates: {enough: {requires: n >= 2, ask: In the variant.}}
  - name: ranked
    when: s == "ranked"
    grades: {letter: {score: engagement, A: 50, B: 20}}
    tiers: {top: [A], hot: [B], cold: [C]}
  - name: staged
    when: s == "staged"
    lifecycle:
      - {stage: lead, when: n >= 5}
      - {stage: mql, scores: {fit: 31}}
      - {stage: sql, when: n >= 7}
      - {stage: customer, when: n >= 8}
      - {stage: other, side_track: true, when: n >= 9}
`

func TestEvaluate_variants(t *testing.T) {
	m := parse(t, segments)
	forms := []scoring.Activity{{ID: "1", Kind: "form", At: start().Add(-time.Hour)}, {ID: "2", Kind: "form", At: start()}}
	type verdict struct {
		Variant         string
		Fit, Engagement int64
		Grade, Tier     string
		Stage, Next     string
	}
	for name, tc := range map[string]struct {
		facts map[string]scoring.Value
		want  verdict
	}{
		"none, for lack of knowledge":       {values("n", 2), verdict{"", 30, 20, "A1", "hot", "mql", "sql"}},
		"none":                              {values("n", 10, "s", "x"), verdict{"", 30, 20, "A1", "hot", "sql", "customer"}},
		"scores":                            {values("n", 2, "s", "scored"), verdict{"scored", 60, 2, "A2", "warm", "mql", "sql"}},
		"the first of two":                  {values("n", 2, "s", "both"), verdict{"scored", 60, 2, "A2", "warm", "mql", "sql"}},
		"gates, which the stages above use": {values("n", 2, "s", "gated"), verdict{"gated", 30, 20, "A1", "hot", "sql", "customer"}},
		"grades and tiers":                  {values("n", 2, "s", "ranked"), verdict{"ranked", 30, 20, "B", "hot", "mql", "sql"}},
		"lifecycle":                         {values("n", 7, "s", "staged"), verdict{"staged", 30, 20, "A1", "hot", "sql", "customer"}},
		"a stage that is manual above":      {values("n", 8, "s", "staged"), verdict{"staged", 30, 20, "A1", "hot", "customer", ""}},
		"a side track of the variant":       {values("n", 9, "s", "staged"), verdict{"staged", 30, 20, "A1", "hot", "other", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			e := m.Evaluate(scoring.Lead{Facts: tc.facts, Activities: forms}, start())
			got := verdict{e.Variant, e.Scores[0].Whole, e.Scores[1].Whole, e.Grade, e.Tier, e.Stage, e.Next}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if said := strings.Contains(e.Text("de"), "Variante: "+e.Variant); said != (e.Variant != "") {
				t.Errorf("the text names another variant:\n%s", e.Text("de"))
			}
		})
	}
}

func TestModel_ofVariants(t *testing.T) {
	m := parse(t, segments)
	got := map[string][]string{"variants": m.Variants(), "grades": m.Grades(), "tiers": m.Tiers(), "scores": m.ScoreNames()}
	want := map[string][]string{
		"variants": {"scored", "gated", "ranked", "staged"}, "scores": {"fit", "engagement"},
		"grades": {"A", "A1", "A2", "B", "B1", "B2", "C"}, "tiers": {"top", "hot", "cold", "warm"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	stages := []scoring.Stage{
		{Name: "lead", Owner: scoring.SideMarketing},
		{Name: "mql", Owner: scoring.SideMarketing},
		{Name: "sql", Owner: scoring.SideSales},
		{Name: "customer", Owner: scoring.SideSales}, // a variant has criteria for it, and for the side track
		{Name: "other", Owner: scoring.SideSales, SideTrack: true},
	}
	if diff := cmp.Diff(stages, m.Stages()); diff != "" {
		t.Errorf("stages (-want +got):\n%s", diff)
	}
	if len(funnel(t).Variants()) != 0 {
		t.Error("a model without variants has some")
	}
}

func TestCriteria_ofVariants(t *testing.T) {
	m := parse(t, segments+"do_not_profile: n < 0\ninvariants: [{name: odd, never: stage == \"mql\" and n == 1}]\n")
	var got []string
	for _, c := range m.Criteria() {
		got = append(got, c.What+" "+c.Name+": "+strings.Join(append(c.Facts, c.Activities...), " "))
	}
	want := []string{
		"score rule fit: n: n", "score rule engagement: forms: form", "stage lead: n", "gate enough: n",
		"variant scored: s", "score rule fit: double: n",
		"variant gated: s", "variant ranked: s", "variant staged: s", "stage sql: n", "stage customer: n", "stage other: n",
		"do not profile n < 0: n", "invariant odd: n",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The order of the scores decides in which order they are evaluated, in a variant too.
func TestCanonical_ofVariants(t *testing.T) {
	m := parse(t, segments)
	again, err := scoring.Parse("canonical.yaml", m.Canonical())
	if err != nil || again.Version() != m.Version() {
		t.Fatalf("the canonical text is another model: %v\n%s", err, m.Canonical())
	}
	lead := scoring.Lead{Facts: values("n", 2, "s", "scored")}
	if diff := cmp.Diff(m.Evaluate(lead, start()), again.Evaluate(lead, start())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestEvaluate_change(t *testing.T) {
	text := func(s string) *string { return &s }
	m := parse(t, `model: fading
push_step: 3
facts: {n: {from: [contact.n], type: number}, since: {from: [contact.since], type: time}}
activities:
  form: {counter: contact.f, last: contact.g}
scores:
  fit: {rules: [{name: n, when: n >= 1, points: 30}]}
  engagement: {rules: [{name: forms, activity: form, points: 20, window: 2d}, {name: late, when: days_since(since) >= 4, points: 1}]}
grades: {letter: {score: fit, A: 30}, number: {score: engagement, 1: 20}}
tiers: {hot: [A1], other: [B1]}
lifecycle:
  - {stage: lead, when: n >= 0}
  - {stage: mql, scores: {fit: 30}}
  - {stage: sql, scores: {fit: 30, engagement: 20}}
  - {stage: customer, when: days_since(since) > 9}
`)
	morning := start().Truncate(24 * time.Hour)
	form := []scoring.Activity{{ID: "1", Kind: "form", At: morning}}
	since := scoring.Value{Type: scoring.TypeTime, Time: morning}
	known := values("n", 1)
	known["since"] = since
	for name, tc := range map[string]struct {
		lead   scoring.Lead
		want   *scoring.Change
		en, de string
	}{
		"score, grade, tier and stage": {
			scoring.Lead{Facts: values("n", 1), Activities: form},
			&scoring.Change{At: morning.AddDate(0, 0, 2), Scores: []scoring.ScoreChange{{Name: "engagement", From: 20, To: 0}}, Grade: text("A2"), Tier: text(""), Lost: []string{"sql"}},
			"2026-03-04 00:00 UTC: engagement 20 → 0, grade A1 → A2, tier hot → none, no longer sql\n",
			"04.03.2026 00:00 UTC: engagement 20 → 0, Note A1 → A2, Klasse hot → keine, nicht mehr sql\n",
		},
		"what is not worth writing alone is told with the rest": {
			scoring.Lead{Facts: known},
			&scoring.Change{At: morning.AddDate(0, 0, 10), Scores: []scoring.ScoreChange{{Name: "engagement", From: 0, To: 1}}, Gained: []string{"customer"}},
			"2026-03-12 00:00 UTC: engagement 0 → 1, then customer\n", "12.03.2026 00:00 UTC: engagement 0 → 1, dann customer\n",
		},
		"nothing": {scoring.Lead{Facts: values("n", 1)}, nil, "Time alone changes nothing within a year.\n", "Durch bloßen Zeitablauf ändert sich binnen eines Jahres nichts.\n"},
	} {
		t.Run(name, func(t *testing.T) {
			e := m.Evaluate(tc.lead, start())
			if diff := cmp.Diff(tc.want, e.Change); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			for lang, want := range map[string]string{"en": tc.en, "de": tc.de} {
				if got := e.Text(lang); !strings.HasSuffix(got, want) {
					t.Errorf("%s: %s does not end in %s", lang, got, want)
				}
			}
		})
	}
}
