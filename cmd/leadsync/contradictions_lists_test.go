package main

import (
	"strings"
	"testing"

	"leadsync/cmd/leadsync/config"
	"leadsync/scoring"
)

// A list that a follow-up speaks of must be mapped, in every portal.
func TestContradictions_lists(t *testing.T) {
	text := append(demoModel(), "\n  - {name: sales takes over, on_stage: sql, lists: {add: [with_sales], remove: [newsletter]}}\n"...)
	model, err := scoring.Parse("model.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	file := []byte("model: model.yaml\nportals:\n  - {name: acme, account: \"1\", token_env: T, queues: {calls: 1}, lists: {newsletter: 12, with_sales: 13}}\n" +
		"  - name: other\n    account: \"2\"\n    token_env: T\n    lists: {newsletter: 12}\n    queues: {calls: 1}\n")
	c, err := config.Parse("leadsync.yaml", file)
	if err != nil {
		t.Fatal(err)
	}
	err = config.Place("leadsync.yaml", file, contradictions(c, model))
	const want = `leadsync.yaml:7:5: portals[1].lists.with_sales: follow-up "sales takes over" speaks of the list with_sales, which is not mapped; map it to the id`
	if err == nil || !strings.Contains(err.Error(), want) || strings.Count(err.Error(), "leadsync.yaml:") != 1 {
		t.Errorf("want only %q in:\n%v", want, err)
	}
}
