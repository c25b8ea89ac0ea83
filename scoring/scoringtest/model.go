package scoringtest

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"
)

// facts that conditions, rules and leads share.
const vocabulary = `facts:
  n1: {from: [contact.n1], type: number}
  n2: {from: [contact.n2, company.n2], type: number}
  t1: {from: [contact.t1]}
  t2: {from: [contact.t2]}
  yes: {from: [contact.yes], type: bool}
  d1: {from: [contact.d1], type: time}
  d2: {from: [contact.d2], type: time}
`

// ModelText writes a model with two scores, five stages and whatever rules come up. Its grid is one of those given.
func ModelText(t *rapid.T, grids ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "model: random\ngrid: %s\npush_step: %d\n", rapid.SampledFrom(grids).Draw(t, "grid"), rapid.IntRange(1, 10).Draw(t, "step"))
	b.WriteString(timeZone(t))
	b.WriteString(vocabulary)
	b.WriteString(wordedFacts(t))
	b.WriteString(activityKinds(t))
	b.WriteString(scores(t))
	grades := Grades(t)
	b.WriteString(grades)
	b.WriteString(gates(t))
	b.WriteString(lifecycle(t))
	b.WriteString(variants(t, grades))
	b.WriteString(watches(t))
	return b.String()
}

// scores writes the two scores.
func scores(t *rapid.T) string {
	var b strings.Builder
	b.WriteString("scores:\n")
	for _, name := range []string{"fit", "engagement"} {
		fmt.Fprintf(&b, "  %s:\n", name)
		if rapid.Bool().Draw(t, "limits") {
			b.WriteString("    minimum: 0\n    maximum: 100\n")
		}
		b.WriteString(rules(t))
	}
	return b.String()
}
