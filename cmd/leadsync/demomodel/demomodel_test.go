package demomodel_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"leadsync/cmd/leadsync/demomodel"
	"leadsync/fixtures"
	"leadsync/scoring"
)

func TestText_isTheSampleModel(t *testing.T) {
	sample, err := fixtures.Models().ReadFile("models/b2b.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(sample), string(demomodel.Text())); diff != "" {
		t.Errorf("copy fixtures/models/b2b.yaml to cmd/leadsync/demomodel/model.yaml (-sample +demo):\n%s", diff)
	}
	if _, err := scoring.Parse(demomodel.Name, demomodel.Text()); err != nil {
		t.Error(err)
	}
}
