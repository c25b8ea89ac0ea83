package scoring_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"leadsync/scoring"
	"leadsync/scoring/scoringtest"
)

// tiny writes a condition over few facts and literals, so that many are never or always true.
func tiny(t *rapid.T, depth int) string {
	if depth == 0 || rapid.IntRange(0, 3).Draw(t, "leaf") == 0 {
		n := rapid.IntRange(0, 3).Draw(t, "n")
		return rapid.SampledFrom([]string{
			fmt.Sprintf("n1 >= %d", n), fmt.Sprintf("n1 < %d", n), fmt.Sprintf("n1 == %d", n), fmt.Sprintf("%d in [1]", n) + " or n1 in [1, 2.5]", fmt.Sprintf("n2 > -%d + 1", n),
			"yes", "not yes", "yes == (n1 > 2)", "known(n1)", "known(t1)", "known(w)",
			`t1 == "x"`, `t1 != "Head"`, `t1 in ["x", "y"]`, `has_word(t1, "head")`, `t1 contains "ea"`, `t1 matches "^h"`, `t1 in friends`, `t1 == t2`, `"head of" startsWith t1`,
			`w == "red"`, `w in ["red", "blue"]`, `w contains "re"`, `w matches "^g"`, `domain_in(t2, domains)`, `n1 + n2 > 2`, "open_deals < 1", "open_deals > 0.5",
		}).Draw(t, "condition")
	}
	left, right := tiny(t, depth-1), tiny(t, depth-1)
	return rapid.SampledFrom([]string{"(" + left + " and " + right + ")", "(" + left + " and " + right + ")", "(" + left + " or " + right + ")", "not (" + left + ")"}).Draw(t, "joined")
}

func tinyModel(condition string) string {
	return `model: tiny
facts:
  n1: {from: [contact.n1], type: number}
  n2: {from: [contact.n2], type: number}
  t1: {from: [contact.t1]}
  t2: {from: [contact.t2]}
  w: {from: [contact.w], options: {red: [Rot], blue: [Blau], green: [lime]}}
  yes: {from: [contact.yes], type: bool}
  open_deals: {count: open_deals}
words: {friends: [x, y], domains: [y.example]}
activities: {form: {counter: contact.form}}
scores:
  fit: {rules: [{name: a, activity: form, points: 1}]}
lifecycle:
  - {stage: lead, when: '` + condition + `'}
  - {stage: mql, scores: {fit: 1000}, gates: [g]}
gates: {g: {requires: '` + condition + `'}}
`
}

// tinyLead takes its values from a pool that has more than the literals of the conditions.
func tinyLead(pick func(n int) int) scoring.Lead {
	lead := scoring.Lead{Facts: map[string]scoring.Value{}}
	text := []string{"x", "X", "y", "Head", "head of it", "tea", "", "any", "someone@a.y.example"}
	number := []float64{-3, -2, -1, 0, 0.5, 1, 1.5, 2, 2.25, 2.5, 3, 40}
	for _, name := range []string{"n1", "n2"} {
		if i := pick(len(number) + 1); i < len(number) {
			lead.Facts[name] = scoring.Value{Type: scoring.TypeNumber, Number: number[i]}
		}
	}
	for _, name := range []string{"t1", "t2"} {
		if i := pick(len(text) + 1); i < len(text) {
			lead.Facts[name] = scoring.Value{Type: scoring.TypeText, Text: text[i]}
		}
	}
	if words := []string{"Rot", "BLAU", "green", "lila"}; pick(4) > 0 {
		lead.Facts["w"] = scoring.Value{Type: scoring.TypeText, Text: words[pick(len(words))]}
	}
	if pick(3) > 0 {
		lead.Facts["yes"] = scoring.Value{Type: scoring.TypeBool, Bool: pick(2) > 0}
	}
	lead.Facts["open_deals"] = scoring.Value{Type: scoring.TypeNumber, Number: float64(pick(3))}
	return lead
}

// What is said never to be true is true of none of 1,000 leads, and what is said never to be false of none false.
func TestLint_neverIsNever(t *testing.T) {
	t.Parallel()
	said := 0
	rapid.Check(t, func(rt *rapid.T) {
		text := tinyModel(tiny(rt, 3))
		found, err := scoring.Lint("tiny.yaml", []byte(text), scoring.LintOptions{})
		if err != nil {
			rt.Fatal(err)
		}
		kinds := map[scoring.FindingKind]bool{}
		for _, f := range found {
			kinds[f.Kind] = kinds[f.Kind] || strings.HasPrefix(f.Key, "gates.") && strings.HasPrefix(f.Text, "the condition")
		}
		if !kinds[scoring.FindingNeverTrue] && !kinds[scoring.FindingAlwaysTrue] {
			return
		}
		m, err := scoring.Parse("tiny.yaml", []byte(text))
		if err != nil {
			rt.Fatal(err)
		}
		seed := uint64(rapid.IntRange(1, 1<<30).Draw(rt, "seed"))
		pick := func(n int) int {
			seed = seed*6364136223846793005 + 1442695040888963407
			return int(seed >> 33 % uint64(n))
		}
		for range 1000 {
			lead := tinyLead(pick)
			state := stateOf(m, lead)
			if kinds[scoring.FindingNeverTrue] && state == scoring.True || kinds[scoring.FindingAlwaysTrue] && state == scoring.False {
				rt.Fatalf("%v, yet it is %v of %v", found, state, lead.Facts)
			}
		}
		said++
	})
	if said == 0 {
		t.Error("nothing was said of any of the conditions")
	}
}

// stateOf is the truth of the gate of the tiny model.
func stateOf(m *scoring.Model, lead scoring.Lead) scoring.Truth {
	for _, s := range m.EvaluateOnly(lead, start()).Stages {
		for _, c := range s.Checks {
			if c.Kind == scoring.CheckGate {
				return c.State
			}
		}
	}
	return scoring.Unknown
}

// What is decided and what is not, as the documentation of Lint says.
func TestLint_whatIsDecided(t *testing.T) {
	t.Parallel()
	tests := 12
	var many []string
	for i := range tests {
		many = append(many, fmt.Sprintf(`t1 contains "%d"`, i))
	}
	for condition, want := range map[string]string{
		`n1 > 1 and n1 < 2`:                                                    "", // numbers need not be whole
		`open_deals > 1 and open_deals < 2`:                                    "exclude each other",
		`2 < n1 and 1 >= n1`:                                                   "exclude each other",
		`n1 > 1e300 and n1 < 1e200`:                                            "exclude each other",
		`n1 in [1, 2] and n1 == 3`:                                             "exclude each other",
		`n1 < 3 and n2 > 5 and (n1 > 4 or n2 < 2)`:                             "its parts exclude each other",
		`3 > 4 and yes`:                                                        "no value makes",
		`yes and not yes`:                                                      "exclude each other",
		`known(n1) and not known(n1)`:                                          "exclude each other",
		`not known(t1) and t1 == "x"`:                                          "exclude each other",
		`t1 == "x" and t1 == "X"`:                                              "", // case makes no difference
		`t1 == "x" and not (t1 matches "x")`:                                   "", // it does for matches: the text can be X
		`t1 == "abc" and t1 contains "d"`:                                      "exclude each other",
		`"abc" startsWith t1 and t1 == "b"`:                                    "exclude each other",
		`t1 in friends and t1 in domains`:                                      "exclude each other",
		`t1 == "a@y.example" and not domain_in(t1, domains)`:                   "exclude each other",
		`w != "red" and w != "blue" and w != "green"`:                          "its parts exclude each other",
		`w matches "^r" and w == "blue"`:                                       "exclude each other",
		`has_word(t1, "a") and not has_word(t1, "a")`:                          "exclude each other",
		`t1 contains "ab" and not (t1 contains "a")`:                           "", // two tests of one text
		`n1 + 1 > 5 and n1 < 2`:                                                "", // arithmetic
		`n1 > n2 and n2 > n1`:                                                  "", // two facts
		`count("form") > 3 and count("form", "", 5) > 4 and count("form") < 2`: "exclude each other",
		`count("form") == 0 and count("form", "", 5) > 4`:                      "", // two counts
		`count("form") < 0`:                                                    "no value makes",
		`days_since_last("form") < 3 and days_since_last("form") > 2`:          "exclude each other",
		`yes and not yes and (` + strings.Join(many, " or ") + `)`:             "", // too much work
	} {
		found, err := scoring.Lint("tiny.yaml", []byte(tinyModel(condition)), scoring.LintOptions{})
		if err != nil {
			t.Errorf("%s: %v", condition, err)
		}
		got := ""
		for _, f := range found {
			if f.Kind == scoring.FindingNeverTrue {
				got = f.String()
			}
		}
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", condition, got, want)
		}
	}
}

func TestLint_brokenModel(t *testing.T) {
	t.Parallel()
	broken := []byte("model: x")
	if _, err := scoring.Lint("x.yaml", broken, scoring.LintOptions{}); err == nil {
		t.Error("a broken model is linted")
	}
	if _, err := scoring.NewCensus("x.yaml", broken); err == nil {
		t.Error("a broken model is counted")
	}
	if _, err := scoring.Demands("x.yaml", broken); err == nil {
		t.Error("a broken model makes demands")
	}
}

// Everything that can stand in a model can be linted, and its work is bounded.
func TestLint_anyModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		text := scoringtest.ModelText(rt, "1h", "24h")
		begun := time.Now()
		found, err := scoring.Lint("random.yaml", []byte(text), scoring.LintOptions{Contacts: time.Hour, Records: time.Hour})
		if err != nil {
			rt.Fatal(err)
		}
		if took := time.Since(begun); took > 10*time.Second {
			rt.Errorf("it took %s", took)
		}
		for _, f := range found {
			if f.Line < 1 || f.Column < 1 || f.Text == "" || f.Why == "" || f.Remedy == "" {
				rt.Errorf("something is missing in %+v", f)
			}
		}
		if _, err := scoring.Demands("random.yaml", []byte(text)); err != nil {
			rt.Error(err)
		}
		c, err := scoring.NewCensus("random.yaml", []byte(text))
		if err != nil {
			rt.Fatal(err)
		}
		c.Add(scoringtest.Lead(rt), scoringtest.Start())
		c.Findings()
	})
}

func TestCensusCountsWhatIsMet(t *testing.T) {
	t.Parallel()
	text := strings.Replace(sound, `when: industry == "machines"`, `when: 'industry in ["machines", "cars"]'`, 1)
	c, err := scoring.NewCensus("m.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if found := c.Findings(); len(found) > 0 {
		t.Errorf("findings without a lead: %v", found)
	}
	value := func(text string) scoring.Value { return scoring.Value{Type: scoring.TypeText, Text: text} }
	lead := func(title, industry string) scoring.Lead {
		return scoring.Lead{
			Facts: map[string]scoring.Value{
				"title": value(title), "industry": value(industry), "email": value("a@b.example"), "employees": {Type: scoring.TypeNumber, Number: 60},
				"consent": {Type: scoring.TypeBool, Bool: true}, "open_deals": {Type: scoring.TypeNumber},
			},
			Activities: []scoring.Activity{{ID: "1", Kind: "form", At: start().Add(-time.Hour), Attributes: map[string]string{"name": "demo"}}},
		}
	}
	private := lead("ceo", "MACHINERY")
	private.Facts["consent"] = scoring.Value{Type: scoring.TypeBool}
	for _, one := range []scoring.Lead{lead("intern", "Shoes"), lead("intern", "Shoes"), lead("clerk", "MACHINERY"), private} {
		c.Add(one, start())
	}
	if c.Leads() != 3 {
		t.Errorf("%d leads, want 3: one must not be profiled", c.Leads())
	}
	var got []string
	for _, f := range c.Findings() {
		got = append(got, fmt.Sprintf("%s %s | %s", f.Kind, f.Text, f.Why))
	}
	want := []string{
		`text-without-word 2 of 3 contacts have a text that is none of the model's words, and counts as unknown | industry is translated, and these texts lead to no word: "Shoes" (2)`,
		`met-by-nobody none of 3 contacts meets what the rule "decider" asks for | title is known of 3 of 3, most often "intern" (2)`,
		`met-by-nobody none of 3 contacts meets what the rule "size again" asks for | employees is known of 3 of 3, from 60 to 60`,
		`met-by-nobody none of 3 contacts meets what the rule "crane" asks for | 3 activities of the kind form are stored, name most often "demo" (3)`,
		`met-by-nobody none of 3 contacts meets what the rule "called" asks for | 0 activities of the kind call are stored`,
		`met-by-nobody none of 3 contacts meets what the stage opportunity asks for | open_deals is known of 3 of 3, from 0 to 0`,
		`met-by-nobody none of 3 contacts meets what the stage customer asks for | open_deals is known of 3 of 3, from 0 to 0`,
		`met-by-nobody none of 3 contacts meets what the stage other asks for | signed_on is known of 0 of 3`,
		`met-by-nobody none of 3 contacts meets what the variant cars asks for | industry is known of 1 of 3`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestDemands(t *testing.T) {
	t.Parallel()
	text := strings.NewReplacer(
		`has_word(title, "ceo")`, `title in ["ceo", "cto"] or "boss" == title or title in rivals`,
		`count("demo", "", 90)`, `count("demo", name == "not a fact", 90)`, "{from: [contact.email]}", "{from: [contact.email]}\n  name: {from: [contact.lastname]}",
	).Replace(sound)
	all, err := scoring.Demands("m.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range all {
		got = append(got, fmt.Sprintf("%d:%d %s %v %s", d.Line, d.Column, d.Fact, d.Texts, d.Gate))
	}
	want := []string{
		"22:31 title [ceo cto] ", "22:31 title [boss] ", "22:31 title [rival.example] ", "41:3 title [] facts", "41:3 employees [] facts", "55:7 title [] facts",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func BenchmarkLint(b *testing.B) {
	text, err := os.ReadFile("../fixtures/models/b2b.yaml")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := scoring.Lint("b2b.yaml", text, scoring.LintOptions{Contacts: time.Hour, Records: time.Hour}); err != nil {
			b.Fatal(err)
		}
	}
}
