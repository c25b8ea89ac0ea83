package scoring_test

import (
	"time"

	"pgregory.net/rapid"

	"leadsync/scoring"
	"leadsync/scoring/scoringtest"
)

// start is the moment around which random leads live.
func start() time.Time { return scoringtest.Start() }

// randomModel parses whatever comes up.
func randomModel(t *rapid.T, grids ...string) *scoring.Model {
	text := scoringtest.ModelText(t, grids...)
	m, err := scoring.Parse("random.yaml", []byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return m
}

func randomLead(t *rapid.T) scoring.Lead { return scoringtest.Lead(t) }

func randomGrades(t *rapid.T) string { return scoringtest.Grades(t) }

// written is the lead after its scores were written some time ago and drifted less than a step.
func written(t *rapid.T, m *scoring.Model, lead scoring.Lead) scoring.Lead {
	return scoringtest.Written(t, lead, m.EvaluateOnly(lead, start()), m.PushStep())
}
