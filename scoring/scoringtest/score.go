package scoringtest

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"
)

// rules writes the rules of a score, some of them in groups.
func rules(t *rapid.T) string {
	var b strings.Builder
	b.WriteString("    rules:\n")
	list := ruleList(t)
	for groups := 0; len(list) > 0; {
		n := 1
		if rapid.IntRange(0, 3).Draw(t, "group?") == 0 {
			n = rapid.IntRange(1, len(list)).Draw(t, "size of group")
			fmt.Fprintf(&b, "      - {group: g%d, %s, rules: [%s]}\n", groups, groupLimits(t), strings.Join(list[:n], ", "))
			groups++
		} else {
			fmt.Fprintf(&b, "      - %s\n", list[0])
		}
		list = list[n:]
	}
	return b.String()
}

// groupLimits writes one limit or both.
func groupLimits(t *rapid.T) string {
	low := rapid.SampledFrom([]string{"0", "-5", "-30.5", "3"}).Draw(t, "group minimum")
	high := rapid.SampledFrom([]string{"5", "12.125", "40"}).Draw(t, "group maximum")
	return rapid.SampledFrom([]string{"minimum: " + low, "maximum: " + high, "minimum: " + low + ", maximum: " + high}).Draw(t, "group limits")
}

// ruleList writes some rules. A supporting one comes up only if another one can make it count.
func ruleList(t *rapid.T) []string {
	var list []string
	evidence := false
	for i := range rapid.IntRange(1, 5).Draw(t, "rules") {
		if rapid.IntRange(0, 5).Draw(t, "silence?") == 0 {
			list = append(list, silence(t, i))
			continue
		}
		text, positive := rule(t, i)
		if evidence && positive && rapid.IntRange(0, 2).Draw(t, "supporting?") == 0 {
			text += ", supporting: true"
		} else {
			evidence = evidence || positive
		}
		list = append(list, "{"+text+"}")
	}
	return rapid.Permutation(list).Draw(t, "order of rules")
}

// silence writes a rule that punishes inactivity.
func silence(t *rapid.T, i int) string {
	text := fmt.Sprintf("{name: r%d, points: %s, silence: %s, after: %dd", i, rapid.SampledFrom([]string{"-5", "-0.125", "-12"}).Draw(t, "silent points"),
		rapid.SampledFrom(kindsOfActivity()).Draw(t, "silent kind"), rapid.IntRange(1, 60).Draw(t, "after"))
	if rapid.IntRange(0, 3).Draw(t, "every?") > 0 {
		text += fmt.Sprintf(", every: %dd", rapid.IntRange(1, 40).Draw(t, "every"))
	}
	if rapid.Bool().Draw(t, "silent cap?") {
		text += fmt.Sprintf(", cap: %d", rapid.IntRange(12, 50).Draw(t, "silent cap"))
	}
	return text + "}"
}

// rule writes the i-th rule of a score without braces, and says whether its points are above 0.
func rule(t *rapid.T, i int) (text string, positive bool) {
	points := rapid.SampledFrom([]string{"30", "12.5", "7", "1", "-10", "-0.125", "20", "3.333", "-2.007"}).Draw(t, "points")
	positive = points[0] != '-'
	if rapid.IntRange(0, 2).Draw(t, "kind of rule") == 0 {
		return fmt.Sprintf("name: r%d, points: %s, when: '%s'", i, points, Condition(t, 2)), positive
	}
	kind := rapid.SampledFrom(kindsOfActivity()).Draw(t, "activity")
	parts := []string{fmt.Sprintf("name: r%d, points: %s, activity: %s", i, points, kind)}
	if hasOutcome(kind) && rapid.Bool().Draw(t, "where?") {
		where := rapid.SampledFrom(append(products(), `outcome != "x"`, `outcome != "x"`)).Draw(t, "where")
		parts = append(parts, "where: '"+where+"'")
	}
	if rapid.Bool().Draw(t, "cap?") {
		parts = append(parts, fmt.Sprintf("cap: %d", rapid.IntRange(30, 80).Draw(t, "cap")))
	}
	if rapid.Bool().Draw(t, "window?") {
		parts = append(parts, fmt.Sprintf("window: %dd", rapid.IntRange(1, 200).Draw(t, "window")))
	}
	if rapid.IntRange(0, 2).Draw(t, "at least?") == 0 {
		parts = append(parts, fmt.Sprintf("at_least: %d", rapid.IntRange(2, 4).Draw(t, "at least")))
	}
	return strings.Join(append(append(parts, frequency(t)...), aging(t)...), ", "), positive
}

// frequency writes how many activities count, of all or of each period of the calendar, or nothing.
func frequency(t *rapid.T) []string {
	times := rapid.IntRange(1, 4).Draw(t, "at most")
	switch rapid.IntRange(0, 4).Draw(t, "at most?") {
	case 0:
		return []string{fmt.Sprintf("at_most: %d", times)}
	case 1, 2:
		per := rapid.SampledFrom([]string{"day", "week", "month"}).Draw(t, "per")
		return []string{fmt.Sprintf("at_most: {times: %d, per: %s}", times, per)}
	default:
		return nil
	}
}

// aging writes one way to age, or none.
func aging(t *rapid.T) []string {
	switch rapid.IntRange(0, 4).Draw(t, "aging") {
	case 0, 1:
		return []string{fmt.Sprintf("half_life: %dd", rapid.IntRange(1, 100).Draw(t, "half-life"))}
	case 2:
		lost := rapid.SampledFrom([]string{"1", "0.125", "2.5", "40"}).Draw(t, "lost")
		return []string{fmt.Sprintf("loses: {points: %s, every: %dd}", lost, rapid.IntRange(1, 60).Draw(t, "interval"))}
	case 3:
		return []string{"steps: {" + ageSteps(t) + "}"}
	default:
		return nil
	}
}

// ageSteps writes rising ages with falling percents.
func ageSteps(t *rapid.T) string {
	var parts []string
	age, percent := 0, 100
	for percent > 0 && len(parts) < 3 {
		age += rapid.IntRange(1, 90).Draw(t, "age")
		percent = rapid.IntRange(0, percent-1).Draw(t, "percent")
		parts = append(parts, fmt.Sprintf("%dd: %d", age, percent))
	}
	return strings.Join(parts, ", ")
}
