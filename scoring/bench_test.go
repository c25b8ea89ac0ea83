package scoring_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"leadsync/scoring"
)

// twentyRules is a model of 20 rules, half of them over activities.
func twentyRules(b *testing.B) *scoring.Model {
	b.Helper()
	var rules, clicks strings.Builder
	for i := range 10 {
		fmt.Fprintf(&rules, "      - {name: r%d, points: %d, when: '%s'}\n", i, i+1, []string{
			"size >= 50", `country in ["DE", "AT", "CH"]`, `has_word(title, "head", "*leiter")`, `title contains "head"`, "not known(budget)",
		}[i%5])
		fmt.Fprintf(&clicks, "      - {name: c%d, points: %d, activity: a%d, cap: 60%s}\n", i, i+1, i%5, []string{"", ", window: 90d", ", half_life: 30d"}[i%3])
	}
	return parse(b, `model: bench
facts:
  size: {from: [contact.size], type: number}
  budget: {from: [contact.budget], type: number}
  country: {from: [contact.country]}
  title: {from: [contact.title]}
activities:
  a0: {object: call, attributes: {outcome: x}}
  a1: {object: meeting}
  a2: {object: email}
  a3: {object: note}
  a4: {object: task}
scores:
  fit:
    rules:
`+rules.String()+"  engagement:\n    rules:\n"+clicks.String()+`
lifecycle:
  - {stage: lead, when: known(title)}
  - {stage: mql, scores: {fit: 20, engagement: 20}}
  - {stage: sql, scores: {fit: 40}, direct: 'count("a0", outcome == "connected") >= 1'}
`)
}

func benchLead() scoring.Lead {
	lead := scoring.Lead{Facts: map[string]scoring.Value{
		"size": {Type: scoring.TypeNumber, Number: 80}, "country": {Type: scoring.TypeText, Text: "DE"}, "title": {Type: scoring.TypeText, Text: "Head of Sales"},
	}}
	for i := range 50 {
		lead.Activities = append(lead.Activities, scoring.Activity{
			ID: fmt.Sprintf("activity/%d", i), Kind: fmt.Sprintf("a%d", i%5), At: start().Add(-time.Duration(i*37) * time.Hour),
			Attributes: map[string]string{"outcome": "busy"},
		})
	}
	return lead
}

func BenchmarkEvaluate_withoutLookingAhead(b *testing.B) {
	m, lead := twentyRules(b), benchLead()
	b.ReportAllocs()
	for b.Loop() {
		m.EvaluateOnly(lead, start())
	}
}

func BenchmarkEvaluate(b *testing.B) {
	m, lead := twentyRules(b), benchLead()
	b.ReportAllocs()
	for b.Loop() {
		m.Evaluate(lead, start())
	}
}

func BenchmarkEvaluate_sample(b *testing.B) {
	m, lead := sample(b, "demo.yaml"), visitor()
	b.ReportAllocs()
	for b.Loop() {
		m.Evaluate(lead, start())
	}
}
