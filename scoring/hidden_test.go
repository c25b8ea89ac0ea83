package scoring_test

import (
	"regexp"
	"strings"
	"testing"

	"leadsync/scoring"
)

// withTexts is a model with texts of its own in every place that people read.
func withTexts(rule, ask, when string) string {
	return "model: x\nfacts: {n: {from: [contact.n], type: number}, t: {from: [contact.t]}}\n" +
		"scores: {fit: {rules: [{group: g, maximum: 1, rules: [{name: \"" + rule + "\", when: known(t), points: 2}]}]}}\n" +
		"gates: {g: {requires: known(n), ask: \"" + ask + "\"}}\n" +
		"invariants: [{name: \"" + rule + "\", never: known(t)}]\n" +
		"lifecycle:\n  - {stage: mql, gates: [g]}\n  - stage: sql\n    direct: |\n" + when
}

// What nobody can see is a mistake: it makes one text look like another, or does something to a terminal.
func TestParse_refusesHiddenCharacters(t *testing.T) {
	for name, escape := range map[string]string{
		"escape": `\e[31m`, "null": `\0`, "delete": `\x7f`, "control of two bytes": `\x9b`, "carriage return": `\r`,
		"override of the direction": `\u202e`, "isolate": `\u2066`, "no character": `\ufffe`,
	} {
		t.Run(name, func(t *testing.T) {
			for _, text := range []string{withTexts("a"+escape+"b", "ask", "      known(n)\n"), withTexts("a", "b"+escape, "      known(n)\n"), "model: x\n\"a" + escape + "\": 1\n"} {
				_, err := scoring.Parse("m", []byte(text))
				if err == nil || !strings.Contains(err.Error(), "a character that nobody can see") {
					t.Fatalf("%v", err)
				}
				if strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' && r != '\n' || r == 0x7f || r == 0x9b || r == 0x202e }) {
					t.Errorf("the message has the character itself: %q", err.Error())
				}
			}
		})
	}
	if _, err := scoring.Parse("m", []byte(withTexts("Größe – 10 €", "„Wer?“\\n\\tWann", "      known(n)\n"))); err != nil {
		t.Errorf("umlauts, line ends and tabs are texts: %v", err)
	}
}

// Texts of a model that have several lines stand in one, and nothing that a CRM has reaches a terminal as it is.
func TestText_oneLineEach(t *testing.T) {
	lines := func(rule, ask, when string) (text, short string) {
		m := parse(t, withTexts(rule, ask, when))
		lead := scoring.Lead{Facts: words("t", "\x1b[2J\n\u202e")}
		e := m.Evaluate(lead, start())
		lead.Facts["n"] = scoring.Value{Type: scoring.TypeNumber, Number: 5} // then the direct way is open
		return e.Text("en") + m.Evaluate(lead, start()).Text("en"), e.Short("de", 1000)
	}
	one, _ := lines("a b", "c d", "      known(n) and n > 3\n")
	two, short := lines(`a\nb`, `c\td`, "      known(n)\n      and n > 3\n")
	withoutVersion := func(text string) string { return regexp.MustCompile(`model \w+`).ReplaceAllString(text, "") }
	if withoutVersion(one) != withoutVersion(two) || !strings.Contains(one, "sql directly, because known(n) and n > 3") {
		t.Errorf("%s\nis not\n%s", two, one)
	}
	if strings.ContainsAny(two+short, "\x1b\t\u202e") || strings.Contains(short, "\n") {
		t.Errorf("%q %q", two, short)
	}
}
