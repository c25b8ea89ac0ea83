package scoring_test

import (
	"testing"
	"time"

	"leadsync/scoring"
)

// After a panic the model says what of it panics.
func TestFailing(t *testing.T) {
	text := `model: failing
facts:
  title: {from: [contact.jobtitle]}
scores:
  fit:
    rules:
      - {name: manager, when: 'title == "Manager"', points: 10}
      - {name: chief, when: 'title == "Chief"', points: 20}
lifecycle:
  - {stage: lead, when: 'title == "Lead"'}
  - {stage: mql, scores: {fit: 30}}
invariants:
  - {name: no title, never: 'title == "Never"'}
`
	now := time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)
	for source, want := range map[string]string{
		"": "", `title == "Manager"`: "manager", `title == "Chief"`: "chief", `title == "Lead"`: "stage lead", `title == "Never"`: "invariant no title",
	} {
		t.Run(source, func(t *testing.T) {
			m, err := scoring.Parse("failing.yaml", []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			lead := scoring.Lead{}
			if source != "" {
				m.Break(source)
				func() {
					defer func() {
						if recover() == nil {
							t.Error("the broken model evaluates")
						}
					}()
					m.Evaluate(lead, now)
				}()
			}
			if got := m.Failing(lead, now); got != want {
				t.Errorf("failing: %q, want %q", got, want)
			}
		})
	}
}
