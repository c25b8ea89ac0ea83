//go:build !race

package scoring_test

import (
	"testing"

	"leadsync/scoring"
)

// A word is found once in an evaluation, and costs no memory. (The race detector empties the pools of frames at random.)
func TestWords_oncePerEvaluationWithoutAllocating(t *testing.T) {
	text := func(fact string) string {
		return "model: x\nfacts:\n  role: " + fact + "\nscores:\n  fit: {rules: [{name: a, when: 'role == \"user\"', points: 1}, {name: b, when: 'role != \"user\"', points: 1}]}\n" +
			"lifecycle: [{stage: mql, when: 'role in [\"user\"]'}]\n"
	}
	allocations := func(fact, label string) float64 {
		m, err := scoring.Parse("x", []byte(text(fact)))
		if err != nil {
			t.Fatal(err)
		}
		lead := scoring.Lead{Facts: words("role", label)}
		m.EvaluateOnly(lead, start())
		return testing.AllocsPerRun(100, func() { m.EvaluateOnly(lead, start()) })
	}
	raw, worded := allocations("{from: [contact.role]}", "user"), allocations("{from: [contact.role], options: {user: [END_USER], buyer: [BUYER]}}", "END_USER")
	if worded > raw {
		t.Errorf("%v allocations with words, %v without", worded, raw)
	}
}
