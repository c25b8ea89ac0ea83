package scoring_test

import (
	"fmt"
	"strings"
	"time"

	"pgregory.net/rapid"

	"leadsync/scoring"
)

// start is the moment around which random leads live.
func start() time.Time { return time.Date(2026, 3, 2, 10, 20, 0, 0, time.UTC) }

// randomCondition writes a condition over the facts and activities of randomModel.
func randomCondition(t *rapid.T, depth int) string {
	n := rapid.IntRange(-3, 40).Draw(t, "n")
	w := rapid.IntRange(1, 60).Draw(t, "days")
	simple := []string{
		fmt.Sprintf("n1 >= %d", n), fmt.Sprintf("n1 * 2 - n2 < %d", n), "n1 == n2", "n2 in [1, 2, 3]", "known(n1)", "yes",
		`t1 contains "ead"`, `has_word(t1, "head", "*leiter")`, `t1 in ["x", "Head"]`, `t1 != "x"`, "known(d1)",
		fmt.Sprintf("days_since(d1) > %d", n), fmt.Sprintf("days_since(d1) - days_since(d2) <= %d", n),
		fmt.Sprintf("days_since(d1) * days_since(d2) != %d", n), fmt.Sprintf("days_since(d1) == %d", n),
		fmt.Sprintf(`count("a") >= %d`, n/8), fmt.Sprintf(`count("a", "", %d) > %d`, w, n/8),
		fmt.Sprintf(`count("b", outcome == "x", %d) < 2`, w), fmt.Sprintf(`count("a") - count("a", "", %d) == %d`, w, n/8),
		fmt.Sprintf(`days_since_last("a") <= %d`, n), fmt.Sprintf(`days_since_last("b") > %d`, w),
	}
	if depth == 0 || rapid.Bool().Draw(t, "leaf") {
		return rapid.SampledFrom(simple).Draw(t, "condition")
	}
	left, right := randomCondition(t, depth-1), randomCondition(t, depth-1)
	switch rapid.IntRange(0, 2).Draw(t, "junction") {
	case 0:
		return "(" + left + " and " + right + ")"
	case 1:
		return "(" + left + " or " + right + ")"
	default:
		return "not (" + left + ")"
	}
}

func randomRule(t *rapid.T, i int) string {
	points := rapid.SampledFrom([]string{"30", "12.5", "7", "1", "-10", "-0.125", "20"}).Draw(t, "points")
	if rapid.IntRange(0, 2).Draw(t, "kind of rule") == 0 {
		return fmt.Sprintf("      - {name: r%d, points: %s, when: '%s'}\n", i, points, randomCondition(t, 2))
	}
	parts := []string{fmt.Sprintf("name: r%d, points: %s, activity: %s", i, points, rapid.SampledFrom([]string{"a", "b"}).Draw(t, "activity"))}
	if strings.HasSuffix(parts[0], "b") && rapid.Bool().Draw(t, "where?") {
		parts = append(parts, `where: 'outcome != "x"'`)
	}
	if rapid.Bool().Draw(t, "cap?") {
		parts = append(parts, fmt.Sprintf("cap: %d", rapid.IntRange(30, 80).Draw(t, "cap")))
	}
	if rapid.Bool().Draw(t, "window?") {
		parts = append(parts, fmt.Sprintf("window: %dd", rapid.IntRange(1, 200).Draw(t, "window")))
	}
	if rapid.Bool().Draw(t, "half-life?") {
		parts = append(parts, fmt.Sprintf("half_life: %dd", rapid.IntRange(1, 100).Draw(t, "half-life")))
	}
	return "      - {" + strings.Join(parts, ", ") + "}\n"
}

// randomGrades writes grades and tiers, or none, that small scores cross often.
func randomGrades(t *rapid.T) string {
	var b strings.Builder
	top := rapid.IntRange(2, 40).Draw(t, "A")
	second := rapid.IntRange(-5, top-1).Draw(t, "B")
	switch rapid.IntRange(0, 4).Draw(t, "grades") {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf("tiers: {hot: %d, cold: %d, none: -100}\n", top, second)
	case 2:
		return fmt.Sprintf("grades: {letter: {score: engagement, A: %d, B: %d}}\ntiers: {cold: %d, hot: %d}\n", top, second, second, top+7)
	case 3:
		fmt.Fprintf(&b, "grades: {letter: {score: engagement, A: %d, B: %d}}\n", top, second)
		return b.String() + rapid.SampledFrom([]string{"", "tiers: {hot: [B], other: [C]}\n"}).Draw(t, "tiers")
	default:
		fmt.Fprintf(&b, "grades: {letter: {score: fit, A: %d, B: %d}, number: {score: engagement, 1: %d, 2: 3, 3: 1}}\n", top, second, rapid.IntRange(4, 30).Draw(t, "1"))
		return b.String() + rapid.SampledFrom([]string{"", "tiers: {warm: [A4, B1, B2], hot: [A1, A2], cold: [C4]}\n", "tiers: {hot: 30, warm: 10}\n"}).Draw(t, "tiers")
	}
}

// randomModel writes a model with two scores, five stages and whatever rules come up.
func randomModel(t *rapid.T, grids ...string) *scoring.Model {
	var b strings.Builder
	fmt.Fprintf(&b, "model: random\ngrid: %s\npush_step: %d\n", rapid.SampledFrom(grids).Draw(t, "grid"), rapid.IntRange(1, 10).Draw(t, "step"))
	b.WriteString(`facts:
  n1: {from: [contact.n1], type: number}
  n2: {from: [contact.n2, company.n2], type: number}
  t1: {from: [contact.t1]}
  yes: {from: [contact.yes], type: bool}
  d1: {from: [contact.d1], type: time}
  d2: {from: [contact.d2], type: time}
activities:
  a: {counter: contact.a, last: contact.a_last}
  b: {object: call, attributes: {outcome: result}}
scores:
`)
	for _, name := range []string{"fit", "engagement"} {
		fmt.Fprintf(&b, "  %s:\n", name)
		if rapid.Bool().Draw(t, "limits") {
			b.WriteString("    minimum: 0\n    maximum: 100\n")
		}
		b.WriteString("    rules:\n")
		for i := range rapid.IntRange(1, 4).Draw(t, "rules") {
			b.WriteString(randomRule(t, i))
		}
	}
	b.WriteString(randomGrades(t))
	fmt.Fprintf(&b, "gates:\n  g: {requires: '%s', ask: somebody}\nlifecycle:\n", randomCondition(t, 1))
	fmt.Fprintf(&b, "  - {stage: lead, when: '%s'}\n", randomCondition(t, 2))
	fmt.Fprintf(&b, "  - {stage: mql, scores: {fit: %d, engagement: %d}}\n", rapid.IntRange(1, 40).Draw(t, "fit"), rapid.IntRange(1, 60).Draw(t, "engagement"))
	fmt.Fprintf(&b, "  - {stage: sql, scores: {engagement: 20}, gates: [g], direct: '%s'}\n", randomCondition(t, 1))
	fmt.Fprintf(&b, "  - {stage: evangelist, manual: true}\n  - {stage: other, side_track: true, when: '%s'}\n", randomCondition(t, 1))
	m, err := scoring.Parse("random.yaml", []byte(b.String()))
	if err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	return m
}

// randomTime is near start, often exactly on the grid.
func randomTime(t *rapid.T, label string) time.Time {
	minutes := rapid.IntRange(-400*24*60, 0).Draw(t, label)
	if rapid.IntRange(0, 3).Draw(t, label+" to come?") == 0 {
		minutes = -minutes / 10
	}
	at := start().Add(time.Duration(minutes) * time.Minute)
	if rapid.Bool().Draw(t, label+" aligned") {
		at = at.Truncate(time.Hour)
	}
	return at
}

func randomActivities(t *rapid.T) []scoring.Activity {
	var list []scoring.Activity
	for i := range rapid.IntRange(0, 8).Draw(t, "activities") {
		a := scoring.Activity{
			ID: fmt.Sprintf("%d", rapid.IntRange(0, i).Draw(t, "id")), Kind: rapid.SampledFrom([]string{"a", "a", "b", "unheard of"}).Draw(t, "kind"),
			At: randomTime(t, "at"), Uncertain: rapid.Bool().Draw(t, "uncertain"),
		}
		if rapid.Bool().Draw(t, "attribute") {
			a.Attributes = map[string]string{"outcome": rapid.SampledFrom([]string{"x", "X", "y"}).Draw(t, "outcome")}
		}
		list = append(list, a)
		if rapid.IntRange(0, 4).Draw(t, "repeat") == 0 {
			list = append(list, a)
		}
	}
	return list
}

func randomLead(t *rapid.T) scoring.Lead {
	lead := scoring.Lead{Facts: map[string]scoring.Value{}, Activities: randomActivities(t)}
	given := func(name string, value scoring.Value) {
		if rapid.IntRange(0, 3).Draw(t, name+"?") > 0 {
			lead.Facts[name] = value
		}
	}
	given("n1", scoring.Value{Type: scoring.TypeNumber, Number: float64(rapid.IntRange(-5, 40).Draw(t, "n1"))})
	given("n2", scoring.Value{Type: scoring.TypeNumber, Number: float64(rapid.IntRange(0, 5).Draw(t, "n2"))})
	given("t1", scoring.Value{Type: scoring.TypeText, Text: rapid.SampledFrom([]string{"Head of IT", "x", "Vertriebsleiter", "head"}).Draw(t, "t1")})
	given("yes", scoring.Value{Type: scoring.TypeBool, Bool: rapid.Bool().Draw(t, "yes")})
	given("d1", scoring.Value{Type: scoring.TypeTime, Time: randomTime(t, "d1")})
	given("d2", scoring.Value{Type: scoring.TypeTime, Time: randomTime(t, "d2")})
	lead.Stage = rapid.SampledFrom([]string{"", "lead", "mql", "other", "theirs"}).Draw(t, "stage")
	if rapid.Bool().Draw(t, "own order") {
		lead.Order = rapid.SampledFrom([][]string{{"lead", "mql", "sql", "evangelist"}, {"mql", "lead", "sal", "sql"}, {"sql", "sql", "other", "lead"}}).Draw(t, "order")
	}
	if rapid.Bool().Draw(t, "pushed") {
		lead.Pushed = map[string]int64{"fit": int64(rapid.IntRange(-10, 60).Draw(t, "pushed fit")), "engagement": int64(rapid.IntRange(0, 60).Draw(t, "pushed engagement"))}
		lead.PushedReached = rapid.SampledFrom([][]string{nil, {"lead"}, {"lead", "mql"}}).Draw(t, "pushed reached")
	}
	return lead
}

// written is the lead after its scores were written some time ago and drifted less than a step.
func written(t *rapid.T, m *scoring.Model, lead scoring.Lead) scoring.Lead {
	e := m.EvaluateOnly(lead, start())
	lead.Pushed, lead.PushedReached, lead.PushedGrade, lead.PushedTier = map[string]int64{}, e.Reached, e.Grade, e.Tier
	for _, s := range e.Scores {
		lead.Pushed[s.Name] = s.Whole + rapid.Int64Range(1-m.PushStep(), m.PushStep()-1).Draw(t, "drift of "+s.Name)
	}
	return lead
}
