package main

import (
	"strings"
	"testing"

	"leadsync/cmd/leadsync/config"
	"leadsync/scoring"
)

// What the two files say against each other is reported at once, with key, portal and remedy.
func TestContradictions(t *testing.T) {
	model, err := scoring.Parse("model.yaml", demoModel())
	if err != nil {
		t.Fatal(err)
	}
	check := func(more string) error {
		text := []byte("model: model.yaml\nportals:\n  - {name: acme, account: \"1\", token_env: T, queues: {calls: 1}}\n  - name: other\n    account: \"2\"\n    token_env: T\n" + more + "    queues: {calls: 1}\n")
		c, err := config.Parse("leadsync.yaml", text)
		if err != nil {
			t.Fatal(err)
		}
		return config.Place("leadsync.yaml", text, contradictions(c, model))
	}
	if err := check("    pipelines: {sales: {id: default, stage: contractsent}}\n"); err != nil {
		t.Errorf("files that agree: %v", err)
	}
	err = check("    facts: {budgett: contact.budget_2026, email: contact.work_email}\n    stages: {mql: \"\"}\n")
	if err == nil {
		t.Fatal("contradictions were not found")
	}
	for _, want := range []string{
		"leadsync.yaml:7:13: portals[1].facts.budgett: the model has no fact of this name; take one of ",
		"leadsync.yaml:8:14: portals[1].stages.mql: the model's stage mql is not mapped to a value of the account; map it, or take it out of ",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in:\n%v", want, err)
		}
	}
	if n := strings.Count(err.Error(), "leadsync.yaml:"); n != 2 {
		t.Errorf("%d problems, want 2:\n%v", n, err)
	}
}
