package scoring_test

import (
	"os"
	"strings"
	"testing"

	"leadsync/scoring"
)

func withCompanies(t *testing.T, text string) (*scoring.Model, error) {
	t.Helper()
	model, err := os.ReadFile("../fixtures/models/small.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return scoring.Parse("model.yaml", []byte(strings.TrimRight(string(model), "\n")+"\n"+text))
}

func TestCompanyStages(t *testing.T) {
	plain, err := withCompanies(t, "")
	if err != nil {
		t.Fatal(err)
	}
	furthest, err := withCompanies(t, "companies: {lifecycle: furthest}\n")
	if err != nil {
		t.Fatal(err)
	}
	if plain.CompanyStages() != scoring.CompaniesAlone || furthest.CompanyStages() != scoring.CompaniesFurthest {
		t.Errorf("%q, %q", plain.CompanyStages(), furthest.CompanyStages())
	}
	if plain.Version() == furthest.Version() {
		t.Error("the version does not tell them apart")
	}
}

func TestCompanyStages_mistakes(t *testing.T) {
	for name, tc := range map[string]struct{ text, want string }{
		"another way":  {"companies: {lifecycle: furthst}\n", `"furthst" is not possible for lifecycle`},
		"no way":       {"companies: {}\n", "companies says nothing about their stages"},
		"another key":  {"companies: {lifecycles: furthest}\n", "lifecycles"},
		"not a map":    {"companies: furthest\n", "companies"},
		"no value":     {"companies: {lifecycle: }\n", "lifecycle"},
		"a yes and no": {"companies: {lifecycle: true}\n", "lifecycle"},
	} {
		_, err := withCompanies(t, tc.text)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
		if err != nil && strings.Count(err.Error(), "\n") > 2 && name != "another key" {
			t.Errorf("%s: one mistake is one report: %v", name, err)
		}
	}
}
