package scoring_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"leadsync/scoring"
)

// worded is a model whose stage mql has one condition, over worded facts and an activity with a made attribute.
func worded(t *testing.T, condition string) *scoring.Model {
	t.Helper()
	m, err := scoring.Parse("worded.yaml", []byte(wordedText(condition)))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func wordedText(condition string) string {
	return fmt.Sprintf(`model: worded
facts:
  country: {from: [company.country, contact.country], vocabulary: country}
  level: {from: [contact.jobtitle], vocabulary: job_level, otherwise: Nobody}
  role: {from: [contact.role], options: {decision_maker: [DECISION_MAKER, "Trifft die  Entscheidung"], user: [END_USER, "Straße"]}}
  size: {from: [company.size], options: {small: ["1-9"], large: ["10+"]}, otherwise: large}
  region: {from: [company.region], options: {DE: [Nord, Süd], AT: [Ost]}}
  email: {from: [contact.email]}
  note: {from: [contact.note]}
  amount: {from: [contact.number], type: number}
words:
  rivals: [rival.example, Competitor.Test]
  dach: [DE, AT, CH]
  gone: [XX]
activities:
  form:
    counter: contact.forms
    last: contact.form_on
    attributes:
      product: {of: name, options: {crane: ["kran*", "crane*"], lift: ["*stapler"]}}
      name: contact.form_name
scores:
  fit: {rules: [{name: a, when: known(email), points: 1}]}
lifecycle:
  - {stage: mql, when: %q}
`, condition)
}

// words are facts as texts.
func words(pairs ...string) map[string]scoring.Value {
	facts := map[string]scoring.Value{}
	for i := 0; i < len(pairs); i += 2 {
		facts[pairs[i]] = scoring.Value{Type: scoring.TypeText, Text: pairs[i+1]}
	}
	return facts
}

// mql is how the stage's condition is.
func mql(t *testing.T, m *scoring.Model, lead scoring.Lead) scoring.Check {
	t.Helper()
	return m.Evaluate(lead, start()).Stages[0].Checks[0]
}

func TestWords_conditionsSeeTheWord(t *testing.T) {
	for _, tc := range []struct {
		name, condition, fact, text string
		want                        scoring.Truth
	}{
		{"vocabulary", `country == "DE"`, "country", "Deutschland", scoring.True},
		{"vocabulary, case of the literal", `country == "de"`, "country", "Germany", scoring.True},
		{"vocabulary, another", `country != "AT"`, "country", "Austria", scoring.False},
		{"no word", `country == "DE"`, "country", "Atlantis", scoring.Unknown},
		{"no word is not known", `known(country)`, "country", "Atlantis", scoring.False},
		{"a word is known", `known(country)`, "country", "BRD", scoring.True},
		{"vocabulary and otherwise", `level == "Nobody"`, "level", "Zauberkönig von Irgendwo", scoring.True},
		{"vocabulary before otherwise", `level == "c_level"`, "level", "Geschaeftsfuehrerin", scoring.True},
		{"option", `role == "decision_maker"`, "role", "DECISION_MAKER", scoring.True},
		{"option, case", `role == "decision_maker"`, "role", "decision_MAKER", scoring.True},
		{"option, spaces", `role == "decision_maker"`, "role", " Trifft  die\tEntscheidung ", scoring.True},
		{"option, the word itself", `role == "user"`, "role", "User", scoring.True},
		{"option, case folding", `role == "user"`, "role", "STRASSE", scoring.True},
		{"option, decomposed", `region in ["DE"]`, "region", "Su\u0308d", scoring.True},
		{"option, accents count", `known(region)`, "region", "Sud", scoring.False},
		{"options without otherwise", `role == "user"`, "role", "somebody", scoring.Unknown},
		{"otherwise", `size == "large"`, "size", "very", scoring.True},
		{"otherwise is an option too", `size == "small"`, "size", "1-9", scoring.True},
		{"blank is unknown", `size == "large"`, "size", " \t", scoring.Unknown},
		{"in", `role in ["user", "decision_maker"]`, "role", "END_USER", scoring.True},
		{"contains sees the word", `role contains "decision"`, "role", "DECISION_MAKER", scoring.True},
		{"startsWith sees the word", `role startsWith "us"`, "role", "END_USER", scoring.True},
		{"endsWith sees the word", `role endsWith "maker"`, "role", "END_USER", scoring.False},
		{"matches sees the word", `role matches "^user$"`, "role", "END_USER", scoring.True},
		{"has_word sees the word", `has_word(role, "maker")`, "role", "DECISION_MAKER", scoring.True},
		{"a part of a literal", `"user or so" contains role`, "role", "END_USER", scoring.True},
		{"two worded facts", `country == region or known(email)`, "country", "DE", scoring.Unknown},
		{"list", `note in rivals`, "note", "RIVAL.example", scoring.True},
		{"list, not in it", `note in rivals`, "note", "rival.example ", scoring.False},
		{"list, unknown", `note in rivals`, "email", "x", scoring.Unknown},
		{"list of words of a fact", `country in dach`, "country", "Schweiz (CH)", scoring.True},
		{"domain", `domain_in(email, rivals)`, "email", "a@competitor.test", scoring.True},
		{"domain, case", `domain_in(email, rivals)`, "email", "A@RIVAL.Example", scoring.True},
		{"domain, subdomain", `domain_in(email, rivals)`, "email", "a@mail.eu.rival.example", scoring.True},
		{"domain, not a subdomain", `domain_in(email, rivals)`, "email", "a@notrival.example", scoring.False},
		{"domain, above an entry", `domain_in(email, rivals)`, "email", "a@example", scoring.False},
		{"domain, alone", `domain_in(note, rivals)`, "note", "www.rival.example", scoring.True},
		{"domain, the last @", `domain_in(email, rivals)`, "email", `"a@b"@rival.example`, scoring.True},
		{"domain, none", `domain_in(email, rivals)`, "email", "a@", scoring.False},
		{"domain, space", `domain_in(email, rivals)`, "email", " a@rival.example\n", scoring.True},
		{"domain, unknown", `domain_in(email, rivals)`, "note", "x", scoring.Unknown},
		{"domain, free mail", `domain_in(email, rivals, free_mail)`, "email", "somebody@GMX.de", scoring.True},
		{"domain, no free mail", `domain_in(email, free_mail)`, "email", "somebody@firma.example", scoring.False},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := mql(t, worded(t, tc.condition), scoring.Lead{Facts: words(tc.fact, tc.text)}); got.State != tc.want {
				t.Errorf("%s of %s %q is %d, want %d", tc.condition, tc.fact, tc.text, got.State, tc.want)
			}
		})
	}
}

func TestWords_otherTypesAreUnknown(t *testing.T) {
	lead := scoring.Lead{Facts: map[string]scoring.Value{"country": {Type: scoring.TypeNumber, Number: 276}}}
	if got := mql(t, worded(t, `country == "DE"`), lead); got.State != scoring.Unknown || got.Seen[0].Original != "" {
		t.Errorf("%+v", got)
	}
}

func TestWords_theListCanBeReplaced(t *testing.T) {
	text := strings.Replace(wordedText(`domain_in(email, free_mail)`), "  gone: [XX]", "  free_mail: [ours.example]", 1)
	m, err := scoring.Parse("x", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for email, want := range map[string]scoring.Truth{"a@gmx.de": scoring.False, "a@ours.example": scoring.True} {
		if got := mql(t, m, scoring.Lead{Facts: words("email", email)}); got.State != want {
			t.Errorf("%s is %d", email, got.State)
		}
	}
}

func TestWords_explanationShowsBoth(t *testing.T) {
	m := worded(t, `country == "DE" and role == "user"`)
	e := m.Evaluate(scoring.Lead{Facts: words("country", "Deutschland", "role", "user")}, start())
	got := scoring.RenderCheck("en", e.Stages[0].Checks[0])
	if want := `country = "DE" (from "Deutschland"), role = "user"`; !strings.HasSuffix(got, want) {
		t.Errorf("%s, want %s", got, want)
	}
	e = m.Evaluate(scoring.Lead{Facts: words("country", "Atlantis\x1b")}, start())
	got = scoring.RenderCheck("de", e.Stages[0].Checks[0])
	if want := `unbekannt: country ("Atlantis\x1b" ist keines der Wörter des Modells), role`; !strings.HasSuffix(got, want) {
		t.Errorf("%s, want %s", got, want)
	}
}

// product is how a count over the made attribute comes out.
func product(t *testing.T, condition string, names ...string) scoring.Truth {
	t.Helper()
	lead := scoring.Lead{}
	for i, name := range names {
		a := scoring.Activity{ID: fmt.Sprint(i), Kind: "form", At: start().Add(-1)}
		if name != "" {
			a.Attributes = map[string]string{"name": name}
		}
		lead.Activities = append(lead.Activities, a)
	}
	return mql(t, worded(t, condition), lead).State
}

func TestWords_madeAttributes(t *testing.T) {
	for _, tc := range []struct {
		name, condition string
		forms           []string
		want            scoring.Truth
	}{
		{"found", `count("form", product == "crane") == 2`, []string{"Kranhandbuch", "Ein CRANE", "Gabelstapler"}, scoring.True},
		{"the first word of the file", `count("form", product == "crane") == 1`, []string{"Stapler oder Kran, Gabelstapler"}, scoring.True},
		{"not the second", `count("form", product == "lift") == 0`, []string{"Stapler oder Kran, Gabelstapler"}, scoring.True},
		{"none found is unknown", `count("form", product != "crane") == 0`, []string{"Bagger"}, scoring.True},
		{"none found is not known", `count("form", not known(product)) == 1`, []string{"Bagger"}, scoring.True},
		{"no attribute is unknown", `count("form", known(product)) == 0`, []string{""}, scoring.True},
		{"the pattern is whole words", `count("form", known(product)) == 0`, []string{"staplerfahrer"}, scoring.True},
		{"each activity by itself", `count("form", product == "lift") == 2`, []string{"stapler", "Kran", "", "Stapler", "Bagger"}, scoring.True},
		{"beside the one it is made of", `count("form", product == "lift" and name contains "neu") == 1`, []string{"Stapler neu", "Stapler"}, scoring.True},
		{"in", `count("form", product in ["lift", "crane"]) == 1`, []string{"Stapler", "Bagger"}, scoring.True},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := product(t, tc.condition, tc.forms...); got != tc.want {
				t.Errorf("%s of %q is %d", tc.condition, tc.forms, got)
			}
		})
	}
}

func TestFact_Word(t *testing.T) {
	m := worded(t, `known(country)`)
	facts := map[string]scoring.Fact{}
	for _, f := range m.Facts() {
		facts[f.Name] = f
	}
	for _, tc := range []struct {
		fact, text, want string
		ok               bool
	}{
		{"country", "Deutschland", "DE", true},
		{"country", "Atlantis", "", false},
		{"level", "Atlantis", "Nobody", true},
		{"role", "end_user", "user", true},
		{"role", "x", "", false},
		{"size", "x", "large", true},
		{"note", "Anything", "Anything", true},
	} {
		if got, ok := facts[tc.fact].Word(tc.text); got != tc.want || ok != tc.ok {
			t.Errorf("%s of %q is %q, %v", tc.fact, tc.text, got, ok)
		}
	}
	if diff := cmp.Diff([]string{"small", "large"}, facts["size"].Words()); diff != "" {
		t.Error(diff)
	}
	level := facts["level"].Words()
	if level[0] != "owner" || level[len(level)-1] != "Nobody" || facts["note"].Words() != nil || facts["note"].Options() != nil {
		t.Errorf("%q", level)
	}
	want := []scoring.Option{{Word: "decision_maker", Labels: []string{"DECISION_MAKER", "Trifft die  Entscheidung"}}, {Word: "user", Labels: []string{"END_USER", "Straße"}}}
	if diff := cmp.Diff(want, facts["role"].Options()); diff != "" {
		t.Error(diff)
	}
	facts["role"].Options()[0].Labels[0] = "x"
	if facts["role"].Options()[0].Labels[0] == "x" {
		t.Error("the options can be changed")
	}
	if facts["country"].Vocabulary != "country" || facts["level"].Otherwise != "Nobody" || facts["size"].Otherwise != "large" {
		t.Errorf("%+v", facts)
	}
}

func TestModel_WordLists(t *testing.T) {
	got := worded(t, `domain_in(email, rivals, free_mail)`).WordLists()
	want := []scoring.WordList{
		{Name: "rivals", Words: []string{"rival.example", "Competitor.Test"}, Used: true},
		{Name: "dach", Words: []string{"DE", "AT", "CH"}},
		{Name: "gone", Words: []string{"XX"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Whatever the case of a label and the space in and around it, nothing changes but the CRM's text in the explanation.
func TestWords_caseAndSpaceChangeNothing(t *testing.T) {
	m := worded(t, `role == "decision_maker" and size != "small" or region in ["AT"] or country == "DE"`)
	spaces := rapid.SampledFrom([]string{"", " ", "\t", "\u00a0", " \n "})
	rapid.Check(t, func(t *rapid.T) {
		lead, other := map[string]scoring.Value{}, map[string]scoring.Value{}
		for fact, labels := range map[string][]string{
			"role": {"DECISION_MAKER", "Trifft die Entscheidung", "END_USER", "Straße", "user", "unheard of"}, "size": {"1-9", "10+", "large", "x y"},
			"region": {"Nord", "Süd", "Ost", "AT", "West"}, "country": {"Deutschland", "de", "Nirgendwo im Süden"},
		} {
			label := rapid.SampledFrom(labels).Draw(t, fact)
			lead[fact] = scoring.Value{Type: scoring.TypeText, Text: label}
			var b strings.Builder
			b.WriteString(spaces.Draw(t, "before"))
			for _, r := range label {
				switch {
				case r == ' ':
					b.WriteString(" " + spaces.Draw(t, "between"))
				case rapid.Bool().Draw(t, "case") && r != 'ß':
					b.WriteString(strings.ToUpper(string(r)))
				default:
					b.WriteString(strings.ToLower(string(r)))
				}
			}
			b.WriteString(spaces.Draw(t, "after"))
			other[fact] = scoring.Value{Type: scoring.TypeText, Text: b.String()}
		}
		a, b := m.Evaluate(scoring.Lead{Facts: lead}, start()), m.Evaluate(scoring.Lead{Facts: other}, start())
		if diff := cmp.Diff(a, b, cmpopts.IgnoreFields(scoring.Seen{}, "Original")); diff != "" {
			t.Errorf("%v and %v differ:\n%s", lead, other, diff)
		}
	})
}

// Made attributes work wherever a condition over an activity stands.
func TestWords_madeAttributesEverywhere(t *testing.T) {
	m, err := scoring.Parse("x", []byte(`model: x
facts: {email: {from: [contact.email]}}
activities:
  call: {object: call, attributes: {title: hs_title, product: {of: title, options: {crane: ["kran*"], lift: [stapler]}}}}
  visit: {object: meeting, attributes: {title: hs_title, product: {of: title, options: {crane: ["kran*"], lift: [stapler]}}}}
  crane_call: {of: call, where: product == "crane"}
  touch: {any_of: [call, visit]}
scores:
  fit: {rules: [{name: a, activity: crane_call, points: 1}, {name: b, activity: touch, where: product == "lift", points: 10}, {name: c, activity: call, where: 'product in ["lift"]', points: 100}]}
lifecycle: [{stage: mql, when: known(email)}]
lead_status: [{status: keen, activity: call, where: product == "crane"}, {status: other, activity: touch, where: known(product)}]
`))
	if err != nil {
		t.Fatal(err)
	}
	activity := func(id, kind, title string) scoring.Activity {
		return scoring.Activity{ID: id, Kind: kind, At: start(), Attributes: map[string]string{"title": title}}
	}
	lead := scoring.Lead{Activities: []scoring.Activity{
		activity("1", "call", "Kran"), activity("2", "call", "Stapler"), activity("3", "visit", "ein Stapler"), activity("4", "visit", "Kran"), activity("5", "call", "Bagger"),
	}}
	if got := m.Evaluate(lead, start()).Scores[0].Whole; got != 121 {
		t.Errorf("%d points, want 121", got)
	}
	for i, want := range []string{"keen", "other", "other", "other", ""} {
		if got, _ := m.StatusOf(lead.Activities[i]); got != want {
			t.Errorf("activity %d sets %q, want %q", i+1, got, want)
		}
	}
	if _, told := m.ActivityKinds()[0].Attributes["product"]; told {
		t.Error("a made attribute is told to the caller as a property")
	}
}

// A gate that wants facts to be known wants words: a text of the CRM that has none is still to be found out.
func TestWords_completeGate(t *testing.T) {
	m, err := scoring.Parse("x", []byte("model: x\nfacts: {country: {from: [contact.country], vocabulary: country}, email: {from: [contact.email]}}\n"+
		"scores: {fit: {rules: [{name: a, when: known(email), points: 1}]}}\ngates: {basics: {complete: [country]}}\nlifecycle: [{stage: mql, gates: [basics]}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]scoring.Truth{"Deutschland": scoring.True, "Atlantis": scoring.False} {
		e := m.Evaluate(scoring.Lead{Facts: words("country", text)}, start())
		if check := e.Stages[0].Checks[0]; check.State != want || (len(check.Unknown) == 0) != (want == scoring.True) {
			t.Errorf("%s: %+v", text, check)
		}
	}
}
