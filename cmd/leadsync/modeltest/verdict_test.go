package modeltest_test

import (
	"fmt"
	"strings"
	"testing"

	"leadsync/cmd/leadsync/modeltest"
	"leadsync/scoring"
)

// judging is a model with a variant, invariants and a condition against profiling.
const judging = `model: judging
facts:
  size: {from: [contact.size], type: number}
  hands_off: {from: [contact.hands_off], type: bool}
  won_deals: {count: won_deals}
scores:
  fit: {rules: [{name: size, when: size >= 1, points: 30}]}
gates:
  agreed: {requires: size >= 5, confirmation: true}
lifecycle:
  - {stage: mql, scores: {fit: 30}}
  - {stage: sql, gates: [agreed]}
variants:
  - {name: large, when: size >= 100, scores: {fit: {rules: [{name: size, when: size >= 1, points: 50}]}}}
do_not_profile: hands_off
invariants:
  - {name: mql with a deal, never: stage == "mql" and won_deals > 0}
  - {name: too large, never: size > 1000}
`

const growing = `model: judging.yaml
stories:
  - name: a company that grows
    facts: {size: 3}
    story:
      - {on: 2026-03-02%s}
      - {on: 2026-03-03, facts: {size: 2000}%s}
      - {on: 2026-03-04, facts: {hands_off: true}%s}
`

func judged(text string) (modeltest.Report, error) {
	f, err := modeltest.Parse("judging_test.yaml", []byte(text), func(string) (*scoring.Model, error) {
		return scoring.Parse("judging.yaml", []byte(judging))
	})
	if err != nil {
		return modeltest.Report{}, err
	}
	return modeltest.Play([]*modeltest.File{f}, names()), nil
}

// expecting is the story with an expectation after one step, from 1.
func expecting(step int, what string) string {
	steps := []any{"", "", ""}
	steps[step-1] = ", expect: {" + what + "}"
	return fmt.Sprintf(growing, steps...)
}

func TestVerdicts(t *testing.T) {
	for name, test := range map[string]struct {
		step                int
		right, wrong, found string
	}{
		"no variant":        {1, "variant: none", "variant: large", "none"},
		"variant":           {2, "variant: large", "variant: none", "large"},
		"no violation":      {1, "violations: none", "violations: too large", "none"},
		"violation":         {2, "violations: [too large]", "violations: none", "too large"},
		"all violations":    {2, "violations: too large", "violations: [too large, mql with a deal]", "too large"},
		"profiled":          {2, "unprofiled: false", "unprofiled: true", "false"},
		"unprofiled":        {3, "unprofiled: true", "unprofiled: false", "true"},
		"a confirmation":    {1, "missing: agreed", "missing: fit", "missing for sql:"},
		"nothing but these": {3, "violations: too large, variant: none", "variant: large", "none"},
	} {
		t.Run(name, func(t *testing.T) {
			if r, err := judged(expecting(test.step, test.right)); err != nil || r.Failed > 0 {
				t.Errorf("%s: %v, %+v", test.right, err, r.Files)
			}
			r, err := judged(expecting(test.step, test.wrong))
			if err != nil || r.Failed != 1 || len(r.Files[0].Stories[0].Differences) != 1 {
				t.Fatalf("%s: %v, %+v", test.wrong, err, r.Files)
			}
			if d := r.Files[0].Stories[0].Differences[0]; d.Found != test.found || d.Expected == "" {
				t.Errorf("%+v, want found %q", d, test.found)
			}
		})
	}
}

func TestVerdicts_mistakes(t *testing.T) {
	for what, want := range map[string]string{
		"variant: lage":             `did you mean "large"`,
		"violations: to large":      `did you mean "too large"`,
		"violations: []":            "name invariants, or write none",
		"unprofiled: yes of course": "true",
	} {
		if _, err := judged(expecting(1, what)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v does not say %s", what, err, want)
		}
	}
}

// A variant is reached by a story that it decides in; a rule that several variants have is one to reach.
func TestCoverage_ofVariants(t *testing.T) {
	for step, want := range map[string]bool{"size: 2000": false, "size: 20": true} {
		r, err := judged(strings.Replace(expecting(1, "fit: 30"), "size: 2000", step, 1))
		if err != nil {
			t.Fatal(err)
		}
		unreached, rules := false, 0
		for _, item := range r.Coverage[0].Unreached {
			unreached = unreached || item == modeltest.Item{What: "variant", Name: "large"}
			if item.What == "score rule" {
				rules++
			}
		}
		if unreached != want || rules > 0 || r.Coverage[0].Items != 1+2+1+2 {
			t.Errorf("%s: %+v", step, r.Coverage)
		}
	}
}
