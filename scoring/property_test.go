package scoring_test

import (
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"leadsync/fixtures"
	"leadsync/scoring"
)

// bruteForce tries every step of the horizon.
func bruteForce(m *scoring.Model, lead scoring.Lead, e scoring.Evaluation) time.Time {
	if e.Push {
		lead.Pushed, lead.PushedReached, lead.PushedGrade, lead.PushedTier = map[string]int64{}, e.Reached, e.Grade, e.Tier
		for _, s := range e.Scores {
			lead.Pushed[s.Name] = s.Whole
		}
	}
	const horizon = 365 * 24 * time.Hour
	for at := e.At.Add(m.Grid()); !at.After(e.At.Add(horizon)); at = at.Add(m.Grid()) {
		later := m.EvaluateOnly(lead, at)
		if later.Push || later.Grade != e.Grade || later.Tier != e.Tier || later.Stage != e.Stage || !slices.Equal(later.Reached, e.Reached) {
			return at
		}
	}
	return time.Time{}
}

func TestNextChange_equalsBruteForce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := randomModel(rt, "24h", "12h", "6h", "4h")
		lead := randomLead(rt)
		if rapid.Bool().Draw(rt, "written") {
			lead = written(rt, m, lead)
		}
		e := m.Evaluate(lead, start())
		if want := bruteForce(m, lead, e); !e.NextChange.Equal(want) {
			rt.Fatalf("next change %s, trying every step gives %s\n%s", e.NextChange, want, m.Canonical())
		}
	})
}

func TestNextChange_equalsBruteForceOnSamples(t *testing.T) {
	lead := visitor()
	for _, name := range []string{"demo.yaml", "small.yaml"} {
		m := sample(t, name)
		found := 0
		for day := range 40 {
			now := start().Add(time.Duration(day) * 37 * time.Hour)
			e := m.Evaluate(lead, now)
			if want := bruteForce(m, lead, e); !e.NextChange.Equal(want) {
				t.Errorf("%s at %s: next change %s, trying every step gives %s", name, now, e.NextChange, want)
			}
			if !e.NextChange.IsZero() {
				found++
			}
		}
		if found == 0 {
			t.Errorf("%s never changes: the test shows nothing", name)
		}
	}
}

func TestEvaluate_linesSumToTheScore(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		e := randomModel(rt, "1h", "24h").Evaluate(randomLead(rt), start())
		for _, score := range e.Scores {
			var sum scoring.Points
			for _, line := range score.Lines {
				sum += line.Result
			}
			if sum != score.Points {
				rt.Fatalf("%s: lines sum to %d, points are %d", score.Name, sum, score.Points)
			}
			if whole := int64(math.Round(float64(score.Points) / 1000)); whole != score.Whole {
				rt.Fatalf("%s: %d thousandths are %d whole points, not %d", score.Name, score.Points, whole, score.Whole)
			}
		}
	})
}

func TestEvaluate_ignoresOrderAndRepetition(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m, lead := randomModel(rt, "1h"), randomLead(rt)
		want := m.Evaluate(lead, start())
		// The lists must not share their memory: a sort inside would go unseen.
		mixed := rapid.Permutation(slices.Concat(lead.Activities, lead.Activities)).Draw(rt, "mixed")
		before := slices.Clone(mixed)
		lead.Activities = mixed
		if diff := cmp.Diff(want, m.Evaluate(lead, start())); diff != "" {
			rt.Fatalf("mixed and doubled (-before +after):\n%s", diff)
		}
		if diff := cmp.Diff(before, mixed); diff != "" {
			rt.Fatalf("the lead was changed:\n%s", diff)
		}
	})
}

func TestEvaluate_isTheSameTwice(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m, lead := randomModel(rt, "1h"), randomLead(rt)
		first := m.Evaluate(lead, start())
		m.Evaluate(randomLead(rt), start().Add(time.Hour)) // another lead leaves nothing behind
		if diff := cmp.Diff(first, m.Evaluate(lead, start())); diff != "" {
			rt.Fatalf("(-first +second):\n%s", diff)
		}
	})
}

func TestEvaluate_inManyGoroutines(t *testing.T) {
	text, err := fixtures.Models().ReadFile("models/demo.yaml")
	if err != nil {
		t.Fatal(err)
	}
	// A text in the condition itself is shared by all evaluations.
	m := parse(t, strings.Replace(string(text), "when: budget >= 10000", `when: 'has_word("Vertriebsleiter", "*leiter") and budget >= 10000'`, 1))
	lead := almost()
	want := sample(t, "demo.yaml").Evaluate(lead, start())
	want.Model = m.Version()
	m = parse(t, string(m.Canonical())) // never used before
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 50 {
				if diff := cmp.Diff(want, m.Evaluate(lead, start())); diff != "" {
					t.Errorf("(-alone +together):\n%s", diff)
					return
				}
			}
		})
	}
	group.Wait()
}

func TestEvaluate_dependsOnTheGridOnly(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m, lead := randomModel(rt, "24h"), randomLead(rt)
		lead.Activities = slices.DeleteFunc(lead.Activities, func(a scoring.Activity) bool { return a.At.After(start().Truncate(24 * time.Hour)) })
		for _, fact := range []string{"d1", "d2"} {
			if lead.Facts[fact].Time.After(start().Truncate(24 * time.Hour)) {
				delete(lead.Facts, fact)
			}
		}
		early, late := m.Evaluate(lead, start().Truncate(24*time.Hour)), m.Evaluate(lead, start().Truncate(24*time.Hour).Add(24*time.Hour-time.Microsecond))
		if diff := cmp.Diff(early, late); diff != "" {
			rt.Fatalf("one step gives two answers:\n%s", diff)
		}
	})
}

func TestDecay_neverRaises(t *testing.T) {
	m := sample(t, "small.yaml")
	rapid.Check(t, func(rt *rapid.T) {
		points := scoring.Points(rapid.Int64Range(0, 100_000_000).Draw(rt, "points"))
		halfLife := rapid.Int64Range(1, 100_000).Draw(rt, "half-life")
		age := rapid.Int64Range(0, 5_000_000).Draw(rt, "age")
		now, later := m.Decay(points, age, halfLife), m.Decay(points, age+1, halfLife)
		if now > points || later > now || later < 0 {
			rt.Fatalf("%d points, half-life %d: %d after %d steps, %d after one more", points, halfLife, now, age, later)
		}
		if m.Decay(-points, age, halfLife) != -now {
			rt.Fatalf("negative points decay otherwise than positive ones")
		}
	})
}

func TestDecay_followsTheDocumentation(t *testing.T) {
	m := sample(t, "small.yaml")
	factors := scoring.Factors()
	for i, got := range factors {
		if want := uint64(math.Floor(math.Exp2(32-float64(i)/1024) + 0.5)); got != want {
			t.Fatalf("T[%d] = %d, want %d", i, got, want)
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		points := rapid.Int64Range(1, 100_000_000).Draw(rt, "points")
		halfLife := rapid.Int64Range(1, 10_000).Draw(rt, "half-life")
		age := rapid.Int64Range(0, 300_000).Draw(rt, "age")
		exact := float64(points) * math.Exp2(-float64(age)/float64(halfLife))
		// The table is up to 1/1024 of a half-life behind, and the result is rounded.
		if got := float64(m.Decay(scoring.Points(points), age, halfLife)); got < exact-0.51 || got > exact*math.Exp2(1.0/1024)+0.51 {
			rt.Fatalf("%d points, half-life %d, age %d: %v, exactly %v", points, halfLife, age, got, exact)
		}
	})
}

// visitor is a lead with a believable history in the terms of demo.yaml.
func visitor() scoring.Lead {
	text := func(s string) scoring.Value { return scoring.Value{Type: scoring.TypeText, Text: s} }
	number := func(n float64) scoring.Value { return scoring.Value{Type: scoring.TypeNumber, Number: n} }
	lead := scoring.Lead{Facts: map[string]scoring.Value{
		"email": text("erika@example.com"), "email_domain": text("example.com"), "job_title": text("Leiterin Einkauf"),
		"industry": text("MACHINERY"), "country": text("Germany"), "employees": number(230), "budget": number(25_000),
		"known_properties": number(7), "open_deals": number(0), "won_deals": number(0),
	}}
	kinds := []string{"form", "page_view", "visit", "email_open", "email_click", "email_click", "page_view", "visit", "email_open", "page_view"}
	for i := range 50 {
		a := scoring.Activity{ID: string(rune('A' + i)), Kind: kinds[i%len(kinds)], At: start().Add(-time.Duration(i*i) * 47 * time.Minute)}
		if a.Kind == "form" {
			a.Attributes = map[string]string{"name": "Whitepaper"}
		}
		lead.Activities = append(lead.Activities, a)
	}
	return lead
}
