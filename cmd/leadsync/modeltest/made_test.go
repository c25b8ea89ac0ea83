package modeltest_test

import (
	"strings"
	"testing"

	"leadsync/cmd/leadsync/modeltest"
	"leadsync/scoring"
)

// A story tells what happened: nothing happens under the name of a kind that is made of others. The mistake says what
// to write, and what makes it of that kind.
func TestParse_kindMadeOfOthers(t *testing.T) {
	model := []byte(`model: made
facts: {email: {from: [contact.email]}}
activities:
  form: {counter: contact.forms, last: contact.last_form, attributes: {name: contact.form_name}}
  call: {object: call}
  touch: {any_of: [form, call]}
  paper: {of: form, where: name contains "paper"}
  handout: {of: paper, where: name contains "hand"}
scores: {fit: {rules: [{name: touched, activity: touch, points: 10}, {name: paper, activity: handout, points: 3}]}}
lifecycle: [{stage: mql, scores: {fit: 10}}]
`)
	for kind, want := range map[string]string{
		"touch":   "touch is made of other kinds; write what happened: form, call",
		"paper":   `paper is made of other kinds; write what happened: form with name contains "paper"`,
		"handout": `handout is made of other kinds; write what happened: form with name contains "hand" and name contains "paper"`,
	} {
		_, err := modeltest.Parse("f", []byte(`model: made.yaml
stories:
  - name: touched
    story:
      - {on: 2026-03-02, `+kind+`: 1, expect: {stage: mql}}
`), func(path string) (*scoring.Model, error) { return scoring.Parse(path, model) })
		want = "f:5:26: stories[1].story[1]." + kind + ": " + want
		if err == nil || strings.TrimSpace(err.Error()) != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
