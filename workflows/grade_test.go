package workflows_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

// graded is a contact with 40 points of fit under the rig's model with these grades.
func graded(t *testing.T, grades string) *person {
	t.Helper()
	p := newPerson(t, with(reach("mql"), "lifecyclestage", "lead"))
	p.model = gradedModel(t, grades)
	p.portal.Written.Grade, p.portal.Written.Tier = "leadsync_grade", "leadsync_tier"
	return p
}

func gradedModel(t *testing.T, grades string) *scoring.Model {
	t.Helper()
	text, err := os.ReadFile("testdata/model.yaml")
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(text), "\nlifecycle:", "\n"+grades+"\nlifecycle:", 1)
	m, err := scoring.Parse("model.yaml", []byte(changed))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

const fewGrades = "grades: {letter: {score: fit, A: 42}}\ntiers: {hot: [A]}"

// rankWritten is what a plan writes of grade and tier; nil if it writes no scores.
func rankWritten(t *testing.T, pl workflows.Planned) map[string]string {
	t.Helper()
	if !slices.ContainsFunc(pl.Entries, func(e workflows.OutboxEntry) bool { return e.Class == workflows.ClassScore }) {
		return nil
	}
	props := decoded[workflows.UpdatePayload](t, entryOf(t, pl, workflows.KindUpdate, workflows.ClassScore)).Properties
	out := map[string]string{}
	for _, name := range []string{"leadsync_grade", "leadsync_tier"} {
		if value, ok := props[name]; ok {
			out[name] = value
		}
	}
	return out
}

func TestPlan_grades(t *testing.T) {
	rank := func(grade, tier string) map[string]string {
		return map[string]string{"leadsync_grade": grade, "leadsync_tier": tier}
	}
	head := func(p *person) { p.set(map[string]string{"jobtitle": "Head of IT"}) } // three points more, less than a step
	for name, tc := range map[string]struct {
		grades string
		before func(p *person)
		happen func(p *person)
		first  map[string]string
		then   map[string]string
	}{
		"nothing happened":               {grades: fewGrades, first: rank("B", "")},
		"a better grade":                 {grades: fewGrades, happen: head, first: rank("B", ""), then: rank("A", "hot")},
		"a worse grade empties the tier": {grades: fewGrades, before: head, happen: func(p *person) { p.set(map[string]string{"jobtitle": "-"}) }, first: rank("A", "hot"), then: rank("B", "")},
		"a tier alone":                   {grades: "tiers: {hot: 42}", happen: head, first: map[string]string{"leadsync_tier": ""}, then: map[string]string{"leadsync_tier": "hot"}},
		"a model without":                {happen: head, first: map[string]string{}},
		"grades come":                    {happen: func(p *person) { p.model = gradedModel(t, fewGrades) }, first: map[string]string{}, then: rank("B", "")},
		"grades go":                      {grades: fewGrades, before: head, happen: func(p *person) { p.model = gradedModel(t, "") }, first: rank("A", "hot"), then: rank("", "")},
		"no property":                    {grades: fewGrades, before: func(p *person) { p.portal.Written.Grade, p.portal.Written.Tier = "", "" }, first: map[string]string{}},
		"the property comes": {
			grades: fewGrades, before: func(p *person) { p.portal.Written.Grade = "" }, first: map[string]string{"leadsync_tier": ""},
			happen: func(p *person) { p.portal.Written.Grade = "leadsync_grade" }, then: rank("B", ""),
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := graded(t, tc.grades)
			for i, act := range []func(*person){tc.before, tc.happen, nil} {
				if act != nil {
					act(p)
				}
				want := []map[string]string{tc.first, tc.then, nil}[i]
				if diff := cmp.Diff(want, rankWritten(t, p.step())); diff != "" {
					t.Errorf("look %d writes (-want +got):\n%s", i+1, diff)
				}
				p.after(time.Hour)
			}
		})
	}
}

func TestPlan_gradeInTexts(t *testing.T) {
	p := graded(t, fewGrades)
	text, err := os.ReadFile("testdata/model.yaml")
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.NewReplacer("\nlifecycle:", "\n"+fewGrades+"\nlifecycle:", "Welcome {name}", "Welcome {name}, {grade} {tier}").Replace(string(text))
	if p.model, err = scoring.Parse("model.yaml", []byte(changed)); err != nil {
		t.Fatal(err)
	}
	p.set(map[string]string{"jobtitle": "Head of IT", "lifecyclestage": "opportunity"})
	p.step()
	p.after(time.Hour).stage("customer")
	if got := decoded[connector.Task](t, entryOf(t, p.step(), workflows.KindTask, workflows.ClassTask)).Subject; !strings.HasSuffix(got, ", A hot") {
		t.Errorf("subject %q", got)
	}
}
