package scoring_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"leadsync/scoring"
)

// What an evaluation announces for the next change is what an evaluation at that moment finds.
func TestChange_comesTrue(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m, lead := randomModel(rt, "1h", "6h", "24h"), randomLead(rt)
		if rapid.Bool().Draw(rt, "written") {
			lead = written(rt, m, lead)
		}
		e := m.Evaluate(lead, start())
		if (e.Change == nil) != e.NextChange.IsZero() {
			rt.Fatalf("next change %s, change %v", e.NextChange, e.Change)
		}
		if e.Change == nil {
			return
		}
		if e.Push {
			lead.Pushed, lead.PushedReached, lead.PushedGrade, lead.PushedTier = map[string]int64{}, e.Reached, e.Grade, e.Tier
			for _, s := range e.Scores {
				lead.Pushed[s.Name] = s.Whole
			}
		}
		later := m.EvaluateOnly(lead, e.NextChange)
		if diff := cmp.Diff(difference(e, later), e.Change); diff != "" {
			rt.Fatalf("(-what came +what was announced):\n%s", diff)
		}
		if len(e.Change.Scores)+len(e.Change.Gained)+len(e.Change.Lost) == 0 && e.Change.Grade == nil && e.Change.Tier == nil {
			rt.Fatal("a change in which nothing differs")
		}
	})
}

// difference compares two evaluations as Change is documented.
func difference(now, then scoring.Evaluation) *scoring.Change {
	c := &scoring.Change{At: then.At}
	for i, s := range then.Scores {
		if s.Whole != now.Scores[i].Whole {
			c.Scores = append(c.Scores, scoring.ScoreChange{Name: s.Name, From: now.Scores[i].Whole, To: s.Whole})
		}
	}
	if then.Grade != now.Grade {
		c.Grade = &then.Grade
	}
	if then.Tier != now.Tier {
		c.Tier = &then.Tier
	}
	for _, v := range then.Stages {
		switch was := slices.Contains(now.Reached, v.Stage); {
		case v.Reached && !was:
			c.Gained = append(c.Gained, v.Stage)
		case !v.Reached && was:
			c.Lost = append(c.Lost, v.Stage)
		}
	}
	return c
}

// What fails is enough: whatever else were known about the lead, the check would be false.
func TestFailing_isEnough(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m, lead, other := randomModel(rt, "1h"), randomLead(rt), randomLead(rt)
		e := m.EvaluateOnly(lead, start())
		for i, stage := range e.Stages {
			for j, check := range stage.Checks {
				if check.State != scoring.False && check.Failing != nil {
					rt.Fatalf("%s: not false, yet it fails because of %v", check.Name, check.Failing)
				}
				if check.State != scoring.False || check.Kind == scoring.CheckScore || check.Kind == scoring.CheckManual {
					continue
				}
				kept := slices.Clone(check.Unknown)
				for _, seen := range check.Failing {
					kept = append(kept, seen.Fact)
				}
				changed := lead
				changed.Facts = mixed(lead.Facts, other.Facts, kept)
				then := m.EvaluateOnly(changed, start())
				if then.Variant == e.Variant && !then.Unprofiled && then.Stages[i].Checks[j].State != scoring.False {
					rt.Fatalf("%s %s is false because of %v, yet with other facts it is %d\n%s", stage.Stage, check.Name, kept, then.Stages[i].Checks[j].State, m.Canonical())
				}
			}
		}
	})
}

// What a check names as unknown the lead does not have.
func TestUnknown_isUnknown(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m, lead := randomModel(rt, "1h", "24h"), randomLead(rt)
		e := m.EvaluateOnly(lead, start())
		for _, stage := range e.Stages {
			for _, check := range stage.Checks {
				if check.State == scoring.True && len(check.Unknown) > 0 {
					rt.Fatalf("%s is true, and %q unknown", check.Name, check.Unknown)
				}
				for _, name := range check.Unknown {
					known := func(s scoring.Seen) bool { return s.Fact == name && s.Value.Known() }
					if slices.ContainsFunc(check.Seen, known) {
						rt.Fatalf("%s: %s is known\n%s", check.Name, name, m.Canonical())
					}
				}
			}
		}
	})
}

// mixed are other facts, but for those that are kept.
func mixed(facts, other map[string]scoring.Value, kept []string) map[string]scoring.Value {
	result := map[string]scoring.Value{}
	for name, value := range other {
		if !slices.Contains(kept, name) {
			result[name] = value
		}
	}
	for _, name := range kept {
		if value, ok := facts[name]; ok {
			result[name] = value
		}
	}
	return result
}

// The variant is that of the first condition that is true, and time alone never changes it; nor does it change
// whether the lead is profiled or what it violates.
func TestVariant_standsStill(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m, lead := randomModel(rt, "1h"), randomLead(rt)
		now := m.EvaluateOnly(lead, start())
		then := m.EvaluateOnly(lead, start().AddDate(0, 0, rapid.IntRange(-300, 300).Draw(rt, "days")))
		if now.Variant != then.Variant || now.Unprofiled != then.Unprofiled {
			rt.Fatalf("variant %q, later %q; unprofiled %t, later %t", now.Variant, then.Variant, now.Unprofiled, then.Unprofiled)
		}
		if diff := cmp.Diff(now.Violations, then.Violations); diff != "" {
			rt.Fatal(diff)
		}
		if now.Variant != "" && !slices.Contains(m.Variants(), now.Variant) {
			rt.Fatalf("no such variant: %s", now.Variant)
		}
	})
}
