package scoring_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"leadsync/scoring"
)

// gradedModel has a fit of n1 points and an engagement that halves every day, with whatever is given in between.
func gradedModel(t interface{ Fatalf(string, ...any) }, grades string) *scoring.Model {
	var b strings.Builder
	b.WriteString("model: graded\ngrid: 1h\npush_step: 1000\nfacts:\n  n1: {from: [contact.n1], type: number}\n")
	b.WriteString("activities:\n  a: {counter: contact.a, last: contact.a_last}\nscores:\n  fit:\n    rules:\n")
	for i := 1; i <= 64; i *= 2 {
		fmt.Fprintf(&b, "      - {name: n%d, when: n1 >= %d, points: %d}\n", i, i, i)
	}
	b.WriteString("  engagement:\n    rules:\n      - {name: a, activity: a, points: 80, half_life: 1d}\n")
	b.WriteString(grades + "lifecycle:\n  - {stage: mql, scores: {fit: 1000}}\n")
	m, err := scoring.Parse("graded.yaml", []byte(b.String()))
	if err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	return m
}

const matrix = "grades:\n  letter: {score: fit, A: 75, B: 50, C: 25}\n  number: {score: engagement, 1: 60, 2: 30, 3: 10}\n"

// gradedLead has 2n-1 points of fit (n a power of two) and, if something happened, engagement.
func gradedLead(n float64, ago ...time.Duration) scoring.Lead {
	lead := scoring.Lead{Facts: map[string]scoring.Value{"n1": {Type: scoring.TypeNumber, Number: n}}}
	for i, d := range ago {
		lead.Activities = append(lead.Activities, scoring.Activity{ID: fmt.Sprint(i), Kind: "a", At: start().Add(-d)})
	}
	return lead
}

func TestEvaluate_gradesAndTiers(t *testing.T) {
	const day = 24 * time.Hour
	for name, tc := range map[string]struct {
		model       string
		lead        scoring.Lead
		grade, tier string
	}{
		"none":                        {"", gradedLead(64, 0), "", ""},
		"best":                        {matrix, gradedLead(64, 0), "A1", ""},
		"worst":                       {matrix, gradedLead(0), "D4", ""},
		"letter without number":       {"grades: {letter: {score: fit, A: 75}}\n", gradedLead(32), "B", ""},
		"on the bound":                {"grades: {letter: {score: fit, A: 63, B: 0}}\n", gradedLead(32), "A", ""},
		"one below the bound":         {"grades: {letter: {score: fit, A: 64, B: 0}}\n", gradedLead(32), "B", ""},
		"what is written counts":      {matrix, gradedLead(32, 10*time.Hour), "B1", ""}, // 59.9 points are written as 60
		"less than half a point":      {"grades: {letter: {score: engagement, A: 1}}\n", gradedLead(0, 8*day), "B", ""},
		"tier of grades":              {matrix + "tiers: {hot: [A1, B2], cold: [D4]}\n", gradedLead(32, day), "B2", "hot"},
		"grade in no tier":            {matrix + "tiers: {hot: [A1], cold: [D4]}\n", gradedLead(32, day), "B2", ""},
		"tier of a sum":               {"tiers: {cold: 0, hot: 104, warm: 50}\n", gradedLead(32, day), "", "hot"},
		"sum one below":               {"tiers: {cold: 0, hot: 105, warm: 50}\n", gradedLead(32, day), "", "warm"},
		"sum below the lowest":        {"tiers: {hot: 104, warm: 50}\n", gradedLead(0), "", ""},
		"tier of a sum, grade beside": {matrix + "tiers: {hot: 100}\n", gradedLead(64, 0), "A1", "hot"},
	} {
		t.Run(name, func(t *testing.T) {
			e := gradedModel(t, tc.model).Evaluate(tc.lead, start())
			if e.Grade != tc.grade || e.Tier != tc.tier {
				t.Errorf("%q %q, want %q %q; scores %d and %d", e.Grade, e.Tier, tc.grade, tc.tier, e.Scores[0].Whole, e.Scores[1].Whole)
			}
		})
	}
}

func TestModel_gradesBestFirst(t *testing.T) {
	m := gradedModel(t, "grades:\n  number: {2: 30, 1: 60, score: engagement}\n  letter: {score: fit, B: 10, A: 20}\ntiers: {cool: [C3], hot: [B1, A1], mild: [A2]}\n")
	if diff := cmp.Diff([]string{"A1", "A2", "A3", "B1", "B2", "B3", "C1", "C2", "C3"}, m.Grades()); diff != "" {
		t.Errorf("grades (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"hot", "mild", "cool"}, m.Tiers()); diff != "" {
		t.Errorf("tiers (-want +got):\n%s", diff)
	}
	again, err := scoring.Parse("canonical", m.Canonical())
	if err != nil || again.Version() != m.Version() || !slices.Equal(again.Tiers(), m.Tiers()) {
		t.Errorf("the canonical text is another model: %v", err)
	}
	if diff := cmp.Diff([]string{"hot", "warm", "cold"}, gradedModel(t, "tiers: {cold: 0, hot: 100, warm: 50}\n").Tiers()); diff != "" {
		t.Errorf("tiers of sums (-want +got):\n%s", diff)
	}
	if m := gradedModel(t, ""); len(m.Grades()) != 0 || len(m.Tiers()) != 0 {
		t.Errorf("%v and %v of nothing", m.Grades(), m.Tiers())
	}
}

// A grade that time lowers is worth writing, and foreseen, however small the step of the score is.
func TestNextChange_isThatOfTheGrade(t *testing.T) {
	m := gradedModel(t, matrix+"tiers: {hot: [A1, A2], warm: [A3]}\n")
	lead := gradedLead(64, 0)
	var story []string
	for now := start(); !now.IsZero() && len(story) < 10; {
		e := m.Evaluate(lead, now)
		story = append(story, fmt.Sprintf("%s %s %d after %s push %t", e.Grade, e.Tier, e.Scores[1].Whole, e.At.Sub(start().Truncate(time.Hour)), e.Push))
		lead.Pushed, lead.PushedReached, lead.PushedGrade, lead.PushedTier = map[string]int64{"fit": 127, "engagement": e.Scores[1].Whole}, e.Reached, e.Grade, e.Tier
		now = e.NextChange
	}
	want := []string{"A1 hot 80 after 0s push true", "A2 hot 58 after 12h0m0s push true", "A3 warm 29 after 36h0m0s push true", "A4  9 after 75h0m0s push true"}
	if diff := cmp.Diff(want, story); diff != "" {
		t.Errorf("story (-want +got):\n%s", diff)
	}
}

func TestNextChange_ofGradesEqualsBruteForce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := gradedModel(rt, randomGrades(rt))
		var ago []time.Duration
		for range rapid.IntRange(0, 4).Draw(rt, "activities") {
			ago = append(ago, time.Duration(rapid.IntRange(-500, 300).Draw(rt, "minutes"))*7*time.Minute)
		}
		lead := gradedLead(float64(rapid.IntRange(0, 70).Draw(rt, "n")), ago...)
		if rapid.Bool().Draw(rt, "written") {
			lead = written(rt, m, lead)
		}
		e := m.Evaluate(lead, start())
		if want := bruteForce(m, lead, e); !e.NextChange.Equal(want) {
			rt.Fatalf("next change %s, trying every step gives %s\n%s", e.NextChange, want, m.Canonical())
		}
	})
}

func TestPush_gradeOrTierDiffers(t *testing.T) {
	m := gradedModel(t, matrix+"tiers: {hot: [A1]}\n")
	lead := gradedLead(64, 0)
	e := m.Evaluate(lead, start())
	for name, tc := range map[string]struct {
		grade, tier string
		want        bool
	}{
		"as written": {"A1", "hot", false}, "another grade": {"A2", "hot", true}, "another tier": {"A1", "warm", true}, "never written": {"", "", true},
	} {
		t.Run(name, func(t *testing.T) {
			lead := lead
			lead.Pushed, lead.PushedReached, lead.PushedGrade, lead.PushedTier = map[string]int64{"fit": 127, "engagement": 80}, e.Reached, tc.grade, tc.tier
			if got := m.Evaluate(lead, start()).Push; got != tc.want {
				t.Errorf("push %t", got)
			}
		})
	}
}

func TestText_showsGradeAndTier(t *testing.T) {
	e := gradedModel(t, matrix+"tiers: {hot: [A1]}\n").Evaluate(gradedLead(64, 0), start())
	for lang, want := range map[string]string{"en": "\nGrade: A1\nTier: hot\n\nStage: none", "de": "\nNote: A1\nKlasse: hot\n\nPhase: keine"} {
		if got := e.Text(lang); !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
	if got := gradedModel(t, "").Evaluate(gradedLead(64, 0), start()).Text("en"); strings.Contains(got, "Grade") || strings.Contains(got, "Tier") {
		t.Errorf("a model without grades shows one:\n%s", got)
	}
}

// Grades of scores that are missing altogether are no mistake of their own, and nothing to stumble over.
func TestParse_gradesWithoutScores(t *testing.T) {
	for _, scores := range []string{"", "scores: {}\n", "scores: [fit]\n"} {
		text := "model: none\nfacts: {email: {from: [contact.email]}}\n" + scores +
			"grades: {letter: {score: fit, A: 1}, number: {score: engagement, 1: 1}}\ntiers: {hot: [A1]}\nlifecycle: [{stage: lead, when: known(email)}]\n"
		_, err := scoring.Parse("none.yaml", []byte(text))
		if err == nil || strings.Contains(err.Error(), " score \"") || strings.Contains(err.Error(), "same score") {
			t.Errorf("%q: %v", scores, err)
		}
	}
}
