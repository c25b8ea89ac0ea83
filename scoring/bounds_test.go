package scoring_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"leadsync/scoring"
)

// cancelling is a model whose rules give and take the same: nothing ever changes, but over every span the bounds of
// the score are far apart, so the look ahead can skip nothing until it has come to single steps.
func cancelling(pairs int) string {
	var rules strings.Builder
	for i := range pairs {
		fmt.Fprintf(&rules, "      - {name: give %d, activity: call, points: 99999, half_life: 365d}\n      - {name: take %d, activity: call, points: -99999, half_life: 365d}\n", i, i)
	}
	return "model: m\npush_step: 1\nfacts: {email: {from: [contact.email]}}\nactivities: {call: {object: call}}\nscores:\n  fit:\n    rules:\n" +
		rules.String() + "lifecycle:\n  - {stage: mql, scores: {fit: 1}}\n"
}

func calls(n int) scoring.Lead {
	lead := scoring.Lead{Pushed: map[string]int64{"fit": 0}}
	for i := range n {
		lead.Activities = append(lead.Activities, scoring.Activity{ID: fmt.Sprint(i), Kind: "call", At: start().Add(-time.Duration(i) * time.Hour)})
	}
	return lead
}

func TestNextChange_costsAtMostWhatTheDocumentationSays(t *testing.T) {
	const horizon = 365 * 24
	t.Run("nothing can be skipped", func(t *testing.T) {
		e, spans, spent := parse(t, cancelling(1)).EvaluateCounting(calls(5), start())
		if !e.NextChange.IsZero() || e.Change != nil {
			t.Errorf("it changes at %s: %+v", e.NextChange, e.Change)
		}
		if spans <= horizon || spans > 2*horizon {
			t.Errorf("%d spans: the model is not the worst, or the bound of %d is wrong", spans, 2*horizon)
		}
		if most := spans * 2 * (1 + 2*5); spent > most { // two rules that look at five activities at both ends
			t.Errorf("spent %d, at most %d", spent, most)
		}
	})
	t.Run("too long", func(t *testing.T) {
		m, lead := parse(t, cancelling(500)), calls(400)
		e, spans, spent := m.EvaluateCounting(lead, start())
		if one := int64(1000 * (1 + 2*400)); spent < scoring.MostAhead || spent > scoring.MostAhead+one {
			t.Errorf("spent %d of %d, where a span costs %d", spent, scoring.MostAhead, one)
		}
		if !e.NextChange.After(e.At) || e.Change != nil {
			t.Errorf("after %d spans the next change is %s, now is %s: %+v", spans, e.NextChange, e.At, e.Change)
		}
	})
	t.Run("a model as people write them", func(t *testing.T) {
		m, r, most := fifty(t), rand.New(rand.NewPCG(5, 6)), int64(0)
		for range 50 {
			lead := fiftyLead(r, 200, false)
			e := m.Evaluate(lead, start())
			lead.Pushed, lead.PushedReached, lead.PushedGrade, lead.PushedTier = map[string]int64{}, e.Reached, e.Grade, e.Tier
			for _, score := range e.Scores {
				lead.Pushed[score.Name] = score.Whole
			}
			_, _, spent := m.EvaluateCounting(lead, start())
			most = max(most, spent)
		}
		t.Logf("a look ahead spends at most %d", most)
		if most == 0 || most > scoring.MostAhead/100 {
			t.Errorf("a look ahead spends %d of %d", most, scoring.MostAhead)
		}
	})
}

func TestParse_refusesWhatIsTooMuch(t *testing.T) {
	stages, variants := strings.Builder{}, strings.Builder{}
	for i := range 101 {
		fmt.Fprintf(&stages, "  - {stage: s%d, manual: true}\n", i)
	}
	for i := range 51 {
		fmt.Fprintf(&variants, "  - {name: v%d, when: known(email), lifecycle: [{stage: mql, manual: true, when: known(email)}]}\n", i)
	}
	for name, c := range map[string]struct{ text, want string }{
		"rules":    {cancelling(501), ":6:3: scores: the scores have 1002 rules; keep the 1000 that matter most"},
		"stages":   {cancelling(1) + stages.String(), ": lifecycle: there are 102 stages; keep 100"},
		"variants": {cancelling(1) + "variants:\n" + strings.ReplaceAll(variants.String(), "manual: true, ", ""), ": variants: there are 51 variants; keep 50, and"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := scoring.Parse("m", []byte(c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Count(err.Error(), "\n") > 0 {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	if _, err := scoring.Parse("m", []byte(cancelling(500))); err != nil {
		t.Errorf("a thousand rules are not too many: %v", err)
	}
}

// Whatever happens at a step of a span lies within the bounds of the span, and those of one step are what it is.
func TestBounds_holdAtEveryStep(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m, lead := randomModel(rt, "24h", "12h", "4h", "1h"), randomLead(rt)
		first := rapid.Int64Range(1, 400).Draw(rt, "first")
		last := first + rapid.Int64Range(0, 60).Draw(rt, "longer")
		spans := [][2]int64{{first, last}}
		for step := first; step <= last; step++ {
			spans = append(spans, [2]int64{step, step})
		}
		scores, stages := m.BoundsOver(lead, start(), spans)
		for i := 1; i < len(spans); i++ {
			for j, s := range scores[i] {
				if s[0] != s[1] || s[0] < scores[0][j][0] || s[0] > scores[0][j][1] {
					rt.Fatalf("%s at step %d is %v, over %v it is %v\n%s", m.ScoreNames()[j], spans[i][0], s, spans[0], scores[0][j], m.Canonical())
				}
			}
			for j, s := range stages[i] {
				if s[0] == s[1] || s[0] && !stages[0][j][0] || s[1] && !stages[0][j][1] {
					rt.Fatalf("%s at step %d is %v, over %v it is %v\n%s", m.Stages()[j].Name, spans[i][0], s, spans[0], stages[0][j], m.Canonical())
				}
			}
		}
	})
}
