package demomodel_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"leadsync/cmd/leadsync/demomodel"
	"leadsync/fixtures"
	"leadsync/scoring"
)

// added are the lines that the sample does not have.
func added() []string {
	return strings.Split(`  no_profiling:     {from: [contact.no_profiling], type: bool}

# Whose data must not be evaluated is not: no points, no stage, and what was written is taken back.
do_not_profile: no_profiling == true

# The company goes where the furthest of its contacts goes (S9).
companies: {lifecycle: furthest}

# What should never be. It is reported, and people put it right (S17).
invariants:
  - {name: customer without a won deal, never: stage == "customer" and won_deals == 0, ask: Ask sales which deal it was.}`, "\n")
}

// lines are those of a model from its name on: the comment above says what it is for.
func lines(t *testing.T, text []byte) []string {
	t.Helper()
	_, model, found := strings.Cut(string(text), "\nmodel: ")
	if !found {
		t.Fatal("the model has no name")
	}
	return strings.Split(model, "\n")
}

func TestText_isTheSampleModelAndMore(t *testing.T) {
	sample, err := fixtures.Models().ReadFile("models/demo.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want := lines(t, sample)
	after := func(start string, more ...string) {
		i := slices.IndexFunc(want, func(line string) bool { return strings.HasPrefix(line, start) })
		if i < 0 {
			t.Fatalf("the sample has no line %q", start)
		}
		want = slices.Insert(want, i+1, more...)
	}
	after("  call_back_on:", added()[0])
	after("  won_deals:", added()[1:]...)
	again := slices.Index(want, "  - name: call again")
	want = slices.Insert(want, again+4, "      queue: calls") // the demo's installation maps it
	if diff := cmp.Diff(want, lines(t, demomodel.Text())); diff != "" {
		t.Errorf("copy what was changed in fixtures/models/demo.yaml to cmd/leadsync/demomodel/model.yaml (-sample +demo):\n%s", diff)
	}
	m, err := scoring.Parse(demomodel.Name, demomodel.Text())
	if err != nil {
		t.Fatal(err)
	}
	if m.DoNotProfile() == "" || m.CompanyStages() == scoring.CompaniesAlone {
		t.Error("the demo has nobody who objects, or no company that follows")
	}
}
