package main

import (
	"strings"
	"testing"

	"leadsync/cmd/leadsync/config"
	"leadsync/scoring"
)

// A queue that a task rule names must be mapped, in every portal.
func TestContradictions_queues(t *testing.T) {
	text := append(demoModel(), "\n  - {name: ring, on_stage: sql, task: {kind: call, due: 1wd, subject: Ring, queue: phones}}\n"...)
	model, err := scoring.Parse("model.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	file := []byte("model: model.yaml\nportals:\n  - {name: acme, account: \"1\", token_env: T, queues: {phones: 12, calls: 1}}\n" +
		"  - name: other\n    account: \"2\"\n    token_env: T\n    queues: {calls: 12}\n")
	c, err := config.Parse("leadsync.yaml", file)
	if err != nil {
		t.Fatal(err)
	}
	err = config.Place("leadsync.yaml", file, contradictions(c, model))
	const want = `leadsync.yaml:7:5: portals[1].queues.phones: follow-up "ring" puts its tasks into the queue phones, which is not mapped; map it to the id`
	if err == nil || !strings.Contains(err.Error(), want) || strings.Count(err.Error(), "leadsync.yaml:") != 1 {
		t.Errorf("want only %q in:\n%v", want, err)
	}
}
