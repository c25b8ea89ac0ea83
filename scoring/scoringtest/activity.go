package scoringtest

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"leadsync/scoring"
)

// kindsOfActivity are the kinds that ActivityKinds writes and conditions and rules use, with the attribute
// outcome or without.
func kindsOfActivity() []string { return []string{"a", "b", "bx", "ab", "some", "abx", "sized", "all"} }

// hasOutcome reports whether a kind has the attribute outcome.
func hasOutcome(kind string) bool { return kind != "a" }

// activityKinds writes kinds of activity: two with a source, in which machines are looked for or not, and some that
// are made of them.
func activityKinds(t *rapid.T) string {
	machine := func(label string) string {
		if rapid.Bool().Draw(t, label) {
			return ""
		}
		within := rapid.SampledFrom([]string{"2s", "1m", "45m", "24h"}).Draw(t, label+" within")
		return fmt.Sprintf(", machine: {times: %d, within: %s}", rapid.IntRange(2, 4).Draw(t, label+" times"), within)
	}
	return "activities:\n" +
		"  a: {counter: contact.a, last: contact.a_last" + machine("machine a") + "}\n" +
		"  b: {object: call, attributes: {outcome: result, topic: title, product: " + productOptions() + "}" + machine("machine b") + "}\n" +
		`  bx: {of: b, where: 'outcome == "x"'}` + "\n" +
		"  ab: {any_of: [a, b]}\n" +
		"  some: {any_of: [bx, a]}\n" +
		`  abx: {of: ab, where: 'not (outcome == "y")'}` + "\n" +
		`  sized: {of: ab, where: 'known(product) or outcome == "x"', attributes: {size: {of: topic, options: {long: ["mobil*", "gabel*"], short: [kran, stapler]}}}}` + "\n" +
		"  all: {any_of: [sized, a, bx]}\n"
}

// timeZone writes in which zone days begin: one where clocks change between February and April, one where they did
// so shortly after midnight, so that a day came twice, one with an odd offset, or none.
func timeZone(t *rapid.T) string {
	zone := rapid.SampledFrom([]string{"", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Pacific/Kiritimati"}).Draw(t, "zone")
	if zone == "" {
		return ""
	}
	return "time_zone: " + zone + "\n"
}

// daily are conditions over the days of activities and over their sequence.
func daily(t *rapid.T) []string {
	kind := func(label string) string { return rapid.SampledFrom(kindsOfActivity()).Draw(t, label) }
	k, n, w := kind("daily"), rapid.IntRange(0, 4).Draw(t, "how many"), rapid.IntRange(1, 60).Draw(t, "in days")
	conditions := []string{
		fmt.Sprintf(`days_with("%s") >= %d`, k, n), fmt.Sprintf(`days_with("%s", "", %d) == %d`, k, w, n),
		fmt.Sprintf(`count_after("%s", "%s") > %d`, k, kind("first"), n), fmt.Sprintf(`count_after("%s", "%s", %d) == %d`, k, kind("first"), w, n),
		fmt.Sprintf(`count("%s", "", %d) == %d`, k, w, n), fmt.Sprintf(`days_since_last("%s") < %d`, k, w),
	}
	if hasOutcome(k) {
		conditions = append(conditions, fmt.Sprintf(`days_with("%s", outcome == "x", %d) != %d`, k, w, n),
			fmt.Sprintf(`count("sized", size == "long" or %s) > %d`, rapid.SampledFrom(products()).Draw(t, "size"), n),
			fmt.Sprintf(`days_with("all", size != "short", %d) < %d`, w, n),
			fmt.Sprintf(`count("%s", %s) == %d`, k, rapid.SampledFrom(products()).Draw(t, "product"), n))
	}
	return conditions
}

// burst are activities within seconds or minutes of each other, such as machines make them, most of them dated.
func burst(t *rapid.T, first int) []scoring.Activity {
	kind := rapid.SampledFrom([]string{"a", "a", "b"}).Draw(t, "kind of burst")
	at := Time(t, "burst")
	if rapid.Bool().Draw(t, "midnight") {
		// Around midnight in Berlin, of a day with a change of clocks or near it.
		at = time.Date(2026, 3, 29, 22, 59, 30, 0, time.UTC).AddDate(0, 0, rapid.IntRange(-40, 1).Draw(t, "day of burst"))
	}
	apart := rapid.SampledFrom([]time.Duration{0, time.Millisecond, time.Second, 25 * time.Second, 20 * time.Minute, 5 * time.Hour, 31 * time.Hour}).Draw(t, "apart")
	var list []scoring.Activity
	for i := range rapid.IntRange(2, 5).Draw(t, "size of burst") {
		a := scoring.Activity{ID: fmt.Sprintf("burst %d", first+i), Kind: kind, At: at, Uncertain: rapid.IntRange(0, 3).Draw(t, "uncertain") == 0}
		if a.Uncertain {
			bounds(t, &a)
		}
		if rapid.Bool().Draw(t, "attribute") {
			a.Attributes = map[string]string{"outcome": rapid.SampledFrom([]string{"x", "y"}).Draw(t, "outcome")}
		}
		list = append(list, a)
		at = at.Add(apart)
	}
	return list
}

// bounds says between which moments an uncertain activity happened, or leaves it open.
func bounds(t *rapid.T, a *scoring.Activity) {
	width := func(label string) time.Duration {
		return rapid.SampledFrom([]time.Duration{-time.Second, 0, time.Second, time.Minute, time.Hour, 20 * time.Hour}).Draw(t, label)
	}
	if rapid.IntRange(0, 3).Draw(t, "open end") > 0 {
		a.NotAfter = a.At.Add(width("not after"))
	}
	if rapid.Bool().Draw(t, "not before?") {
		a.NotBefore = a.At.Add(-width("not before"))
	}
}
