package service_test

import (
	"strings"
	"testing"

	"leadsync/connector/hubspot/simulator"
	"leadsync/scoring"
)

const gradedModel = `
model: graded
facts:
  email: {from: [contact.email]}
scores:
  fit: {rules: [{name: address, when: known(email), points: 10}]}
GRADES
lifecycle:
  - {stage: mql, scores: {fit: 10}}
`

// A score must not fail for a property of a grade that is missing or cannot hold it.
func TestDescribe_grades(t *testing.T) {
	a := newActing(t)
	options := func(values ...string) []simulator.Option {
		var list []simulator.Option
		for _, v := range values {
			list = append(list, simulator.Option{Label: v, Value: v})
		}
		return list
	}
	for _, p := range []simulator.Property{
		{Name: "all", Type: "enumeration", FieldType: "select", Options: options("A", "B", "C")},
		{Name: "some", Type: "enumeration", FieldType: "select", Options: options("A", "C")},
		{Name: "words", Type: "string", FieldType: "text"},
		{Name: "count", Type: "number", FieldType: "number"},
		{Name: "fixed", Type: "string", FieldType: "text", ReadOnly: true},
	} {
		if err := a.account.AddProperty(simulator.Contacts, p); err != nil {
			t.Fatal(err)
		}
	}
	const grades = "grades: {letter: {score: fit, A: 20, B: 10}}"
	for name, tc := range map[string]struct {
		property, model, finding string
		written                  bool
	}{
		"options":           {"all", grades, "", true},
		"text":              {"words", grades, "", true},
		"an option missing": {"some", grades, `contact property "some" has no option for B; the grade is not written`, false},
		"a number":          {"count", grades, `"count" is of type number; the grade is not written`, false},
		"read-only":         {"fixed", grades, `"fixed" is read-only; the grade is not written`, false},
		"missing":           {"nowhere", grades, `"nowhere" does not exist; the grade is not written`, false},
		"no grades":         {"nowhere", "", "", false},
		"no more grades":    {"all", "", "", true},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := scoring.Parse("model.yaml", []byte(strings.Replace(gradedModel, "GRADES", tc.model, 1)))
			if err != nil {
				t.Fatal(err)
			}
			a.model = m
			d := a.describe("properties: {grade: " + tc.property + "}")
			var found []string
			for _, f := range d.Findings {
				if strings.Contains(f.Text, "grade is not written") {
					found = append(found, f.Text)
				}
				if f.Blocking && strings.Contains(f.Text, tc.property) {
					t.Errorf("blocks: %s", f.Text)
				}
			}
			if got := strings.Join(found, "\n"); !strings.Contains(got, tc.finding) || (got == "") != (tc.finding == "") {
				t.Errorf("found %q, want %q", got, tc.finding)
			}
			if (d.Portal.Written.Grade == tc.property) != tc.written {
				t.Errorf("grades go to %q", d.Portal.Written.Grade)
			}
		})
	}
}
