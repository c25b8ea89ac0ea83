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
	parse := func(more string) *config.Config {
		c, err := config.Parse("leadsync.yaml", []byte("model: model.yaml\nportals:\n  - {name: acme, account: \"1\", token_env: T"+more+"}\n"))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	if err := contradictions("leadsync.yaml", parse(", pipelines: {sales: {id: default, stage: contractsent}}"), model); err != nil {
		t.Errorf("files that agree: %v", err)
	}
	err = contradictions("leadsync.yaml", parse(`, facts: {budgett: contact.budget_2026}, stages: {mql: ""}, pipelines: {partners: {id: "7", stage: "8"}}`), model)
	if err == nil {
		t.Fatal("contradictions were not found")
	}
	for _, want := range []string{
		"leadsync.yaml: portals.acme.facts.budgett: the model has no fact of this name; take one of ",
		"leadsync.yaml: portals.acme.stages.mql: the model's stage is not mapped to a value of the account; map it, or take it out of ",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in:\n%v", want, err)
		}
	}
}
