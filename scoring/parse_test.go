package scoring_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"leadsync/scoring"
)

// sample parses a model of fixtures/models.
func sample(tb testing.TB, name string) *scoring.Model {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join("..", "fixtures", "models", name))
	if err != nil {
		tb.Fatal(err)
	}
	model, err := scoring.Parse(name, text)
	if err != nil {
		tb.Fatalf("parse %s:\n%v", name, err)
	}
	return model
}

func TestParse_samples(t *testing.T) {
	for _, name := range []string{"b2b.yaml", "demo.yaml", "small.yaml"} {
		m := sample(t, name)
		again, err := scoring.Parse("canonical", m.Canonical())
		if err != nil {
			t.Fatalf("canonical text of %s:\n%v", name, err)
		}
		if again.Version() != m.Version() || m.Version() == "" {
			t.Errorf("%s: canonical text has version %s, model %s", name, again.Version(), m.Version())
		}
		e := m.Evaluate(scoring.Lead{}, time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC))
		if e.Stage != "" {
			t.Errorf("an empty lead is at %q", e.Stage)
		}
	}
}
