package scoringtest

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"
)

// Standing writes a condition over the facts of ModelText that neither time nor activities change, and over the names
// besides.
func Standing(t *rapid.T, besides ...string) string {
	simple := append(factual(t), besides...)
	condition := rapid.SampledFrom(simple).Draw(t, "standing")
	for range rapid.IntRange(0, 2).Draw(t, "junctions") {
		word := rapid.SampledFrom([]string{" and ", " or ", " and not "}).Draw(t, "word")
		condition = "(" + condition + ")" + word + "(" + rapid.SampledFrom(simple).Draw(t, "standing") + ")"
	}
	return condition
}

// gates writes the gates g and h in every form.
func gates(t *rapid.T) string {
	var b strings.Builder
	b.WriteString("gates:\n")
	for _, name := range []string{"g", "h"} {
		fmt.Fprintf(&b, "  %s: {%s", name, gateForm(t))
		if rapid.Bool().Draw(t, "confirmed") {
			b.WriteString(", confirmation: true")
		}
		b.WriteString(rapid.SampledFrom([]string{"}\n", ", ask: somebody}\n"}).Draw(t, "ask"))
	}
	return b.String()
}

func gateForm(t *rapid.T) string {
	switch rapid.IntRange(0, 3).Draw(t, "form of gate") {
	case 0:
		return fmt.Sprintf("forbids: '%s'", Condition(t, 1))
	case 1:
		facts := rapid.SampledFrom([]string{"n1", "n1, t1", "d1, yes, n2"}).Draw(t, "complete")
		return "complete: [" + facts + "]"
	default:
		return fmt.Sprintf("requires: '%s'", Condition(t, 1))
	}
}

// lifecycle writes the stages.
func lifecycle(t *rapid.T) string {
	var b strings.Builder
	b.WriteString("lifecycle:\n")
	fmt.Fprintf(&b, "  - {stage: lead, when: '%s'}\n", Condition(t, 2))
	fmt.Fprintf(&b, "  - {stage: mql, scores: {fit: %d, engagement: %d}%s}\n", rapid.IntRange(1, 40).Draw(t, "fit"), rapid.IntRange(1, 60).Draw(t, "engagement"),
		rapid.SampledFrom([]string{"", "", ", gates: [h]"}).Draw(t, "gate of mql"))
	fmt.Fprintf(&b, "  - {stage: sql, scores: {engagement: 20}, gates: [%s], direct: '%s'}\n", rapid.SampledFrom([]string{"g", "h, g"}).Draw(t, "gates of sql"), Condition(t, 1))
	fmt.Fprintf(&b, "  - {stage: evangelist, manual: true}\n  - {stage: other, side_track: true, when: '%s'}\n", Condition(t, 1))
	fmt.Fprintf(&b, "  - {stage: rival, side_track: true, gates: [g], direct: '%s'}\n", Standing(t))
	return b.String()
}

// variants writes up to two variants, each with other topics. What they rank by must be there at the top too.
func variants(t *rapid.T, grades string) string {
	var b strings.Builder
	for i := range rapid.IntRange(0, 2).Draw(t, "variants") {
		var topics strings.Builder
		if rapid.Bool().Draw(t, "other scores") {
			topics.WriteString(scores(t))
		}
		if other := Grades(t); sameKeys(other, grades) {
			topics.WriteString(other)
		}
		if rapid.Bool().Draw(t, "other gates") {
			topics.WriteString(gates(t))
		}
		if topics.Len() == 0 || rapid.Bool().Draw(t, "other lifecycle") {
			topics.WriteString(lifecycle(t))
		}
		if b.Len() == 0 {
			b.WriteString("variants:\n")
		}
		fmt.Fprintf(&b, "  - name: v%d\n    when: '%s'\n", i, Standing(t))
		for line := range strings.Lines(topics.String()) {
			b.WriteString("    " + line)
		}
	}
	return b.String()
}

func sameKeys(a, b string) bool {
	for _, key := range []string{"grades:", "tiers:"} {
		if strings.Contains(a, key) != strings.Contains(b, key) {
			return false
		}
	}
	return a != ""
}

// watches writes when nothing is computed, and what should not be.
func watches(t *rapid.T) string {
	var b strings.Builder
	if rapid.IntRange(0, 5).Draw(t, "do not profile") == 0 {
		fmt.Fprintf(&b, "do_not_profile: '%s'\n", Standing(t))
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "invariants") {
		if i == 0 {
			b.WriteString("invariants:\n")
		}
		never := Standing(t, `stage == "mql"`, `stage in ["lead", "mql"]`, "not known(stage)", `status != "new"`, "known(status)", `stage endsWith "r"`)
		fmt.Fprintf(&b, "  - {name: i%d, never: '%s'%s}\n", i, never, rapid.SampledFrom([]string{"", ", ask: {en: look, de: sieh}"}).Draw(t, "ask"))
	}
	return b.String()
}
