package scoring_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/scoring"
)

// truthOf evaluates one condition as the gate of a stage, over facts and activities made for it.
func truthOf(t *testing.T, condition string, lead scoring.Lead) scoring.Check {
	t.Helper()
	m, err := scoring.Parse("condition.yaml", []byte(`model: one condition
facts:
  title:   {from: [contact.jobtitle]}
  country: {from: [contact.country]}
  size:    {from: [contact.size], type: number}
  budget:  {from: [contact.budget], type: number}
  member:  {from: [contact.member], type: bool}
  since:   {from: [contact.since], type: time}
  none:    {from: [contact.none]}
  no_size: {from: [contact.no_size], type: number}
  no_yes:  {from: [contact.no_yes], type: bool}
  no_time: {from: [contact.no_time], type: time}
activities:
  form: {counter: contact.forms, last: contact.form_last, attributes: {name: contact.form_name}}
  call: {object: call, attributes: {outcome: x, direction: y}}
scores:
  fit: {rules: [{name: r, when: known(title), points: 1}]}
lifecycle:
  - stage: mql
    when: '`+strings.ReplaceAll(condition, "'", "''")+"'\n"))
	if err != nil {
		t.Fatal(err)
	}
	return m.Evaluate(lead, start()).Stages[0].Checks[0]
}

func conditionLead() scoring.Lead {
	text := func(s string) scoring.Value { return scoring.Value{Type: scoring.TypeText, Text: s} }
	number := func(n float64) scoring.Value { return scoring.Value{Type: scoring.TypeNumber, Number: n} }
	ago := func(d time.Duration) time.Time { return start().Add(-d) }
	const day = 24 * time.Hour
	return scoring.Lead{
		Facts: map[string]scoring.Value{
			"title": text("Geschäftsführer & Head of Sales"), "country": text("Germany"), "size": number(50), "budget": number(-2.5),
			"member": {Type: scoring.TypeBool, Bool: true}, "since": {Type: scoring.TypeTime, Time: ago(49 * time.Hour)},
			"no_time": number(3), "no_size": number(math.NaN()),
		},
		Activities: []scoring.Activity{
			{ID: "f1", Kind: "form", At: ago(2 * day), Attributes: map[string]string{"name": "Demo request"}},
			{ID: "f2", Kind: "form", At: ago(40 * day)},
			{ID: "c1", Kind: "call", At: ago(time.Minute), Attributes: map[string]string{"outcome": "Connected", "direction": ""}},
			{ID: "c2", Kind: "call", At: ago(-time.Minute), Attributes: map[string]string{"outcome": "busy"}},
		},
	}
}

func TestConditions(t *testing.T) {
	const (
		yes     = scoring.True
		no      = scoring.False
		unknown = scoring.Unknown
	)
	for condition, want := range map[string]scoring.Truth{
		// Text, without regard to case.
		`country == "germany"`: yes, `country != "GERMANY"`: no, `country == "France"`: no, `country == title`: no,
		`none == "x"`: unknown, `none != "x"`: unknown, `"x" == "X"`: yes,
		`country contains "MAN"`: yes, `country startsWith "ger"`: yes, `country endsWith "ger"`: no, `none contains "x"`: unknown,
		`country in ["DE", "germany"]`: yes, `country in ["DE"]`: no, `country not in ["DE"]`: yes, `none in ["DE"]`: unknown,
		`country matches "^Ger"`: yes, `country matches "^ger"`: no, `country matches "(?i)^ger"`: yes, `none matches "x"`: unknown,
		`title contains "GESCHÄFTS"`: yes,
		// Numbers.
		`size == 50`: yes, `size != 50`: no, `size < 50`: no, `size <= 50`: yes, `size > 49.5`: yes, `size >= 51`: no,
		`budget == -2.5`: yes, `size + budget * 2 == 45`: yes, `size - +1 == 49`: yes, `-size < 0`: yes, `10 < size < 100`: yes,
		`no_size > 1`: unknown, `no_size + size > 1`: unknown, `no_size in [1]`: unknown, `size in [1, 50.0]`: yes, `size in [1, 2]`: no, `-size in [-1, -50]`: yes, `size - 51 in [-1, 3]`: yes, `size in [-50, -1.5]`: no,
		`size * 1e308 * 10 > 1`: unknown,
		// Yes/no.
		`member`: yes, `not member`: no, `!member`: no, `member == true`: yes, `member != false`: yes, `no_yes`: unknown,
		`no_yes == true`: unknown, `true`: yes, `false`: no, `member == (size > 50)`: no,
		// Kleene.
		`no_yes and false`: no, `no_yes and true`: unknown, `no_yes or true`: yes, `no_yes or false`: unknown, `not no_yes`: unknown,
		`no_yes && member`: unknown, `no_yes || member`: yes, `not (no_size > 3)`: unknown,
		// known.
		`known(title)`: yes, `known(none)`: no, `not known(no_size)`: yes, `known(no_time)`: no,
		// Words.
		`has_word(title, "geschaeftsfuehrer")`: yes, `has_word(title, "GESCHÄFTSFÜHRER")`: yes, `has_word(title, "geschaftsfuhrer")`: yes,
		`has_word(title, "ceo", "head of")`: yes, `has_word(title, "sale")`: no, `has_word(title, "sale*")`: yes, `has_word(title, "*ead")`: yes,
		`has_word(title, "of head")`: no, `has_word(none, "x")`: unknown, `has_word("Vertriebsleiter", "*leiter")`: yes, `has_word("x", "*y*", "z")`: no,
		`has_word("Großkunden", "grosskunden")`: yes, `has_word("ガラス", "カラス")`: no, `has_word("Cafe\u0301", "cafe")`: yes,
		// Time.
		`days_since(since) == 2`: yes, `days_since(since) > 2`: no, `days_since(no_time) > 0`: unknown,
		`days_since_last("form") == 1`: yes, `days_since_last("call") == 0`: yes,
		// Counting.
		`count("form") == 2`: yes, `count("form", name contains "demo") == 1`: yes, `count("form", "", 30) == 1`: yes, `count("form", not (name contains "demo")) == 0`: yes,
		`count("form", name contains "demo", 2) == 0`: no, `count("form", name contains "demo", 1) == 0`: yes, `count("form", known(name)) == 1`: yes,
		`count("call") == 1`: yes, `count("call", outcome == "connected") == 1`: yes, `count("call", outcome == "busy") == 0`: yes,
		`count("call", direction == "") == 1`: yes, `count("call", has_word(outcome, "connected")) == 1`: yes, `count("call", outcome in ["connected"]) + count("form") == 3`: yes,
	} {
		t.Run(condition, func(t *testing.T) {
			if check := truthOf(t, condition, conditionLead()); check.State != want {
				t.Errorf("%d, want %d", check.State, want)
			}
		})
	}
}

func TestConditions_unknownActivityTime(t *testing.T) {
	lead := conditionLead()
	lead.Activities = lead.Activities[3:] // only a call to come
	check := truthOf(t, `days_since_last("call") < 3 and size > 3`, lead)
	if diff := cmp.Diff([]string{`days_since_last("call")`}, check.Unknown); diff != "" || check.State != scoring.Unknown {
		t.Errorf("state %d, unknown (-want +got):\n%s", check.State, diff)
	}
}

func TestChecks_listOnlyWhatMatters(t *testing.T) {
	for condition, want := range map[string][]string{
		`no_size > 3 and none == "x"`:                            {"no_size", "none"},
		`no_size > 3 or (none == "x" and size < 0)`:              {"no_size"},
		`(no_size > 3 and size < 0) or no_yes`:                   {"no_yes"},
		`none in ["a"] or none in ["b"] or has_word(none, "c")`:  {"none"},
		`not (days_since(no_time) > 3) and none matches "x"`:     {"no_time", "none"},
		`no_size + size > 3 and no_size in [1, 2]`:               {"no_size"},
		`known(none) or no_yes == (size > 3) or none == country`: {"no_yes", "none"},
		`size > 3`:                 nil,
		`no_size > 3 and size < 0`: nil,
	} {
		t.Run(condition, func(t *testing.T) {
			check := truthOf(t, condition, conditionLead())
			if diff := cmp.Diff(want, check.Unknown); diff != "" {
				t.Errorf("unknown (-want +got):\n%s", diff)
			}
		})
	}
}

func TestChecks_showWhatTheySaw(t *testing.T) {
	check := truthOf(t, `none == "x" or size > 60 and known(size)`, conditionLead())
	want := []scoring.Seen{{Fact: "none"}, {Fact: "size", Value: scoring.Value{Type: scoring.TypeNumber, Number: 50}}}
	if diff := cmp.Diff(want, check.Seen); diff != "" {
		t.Errorf("seen (-want +got):\n%s", diff)
	}
}

func TestConditions_futureTimeIsNegative(t *testing.T) {
	lead := conditionLead()
	for after, want := range map[time.Duration]string{
		0: "days_since(since) == 0", 10 * time.Minute: "days_since(since) == -1", 24 * time.Hour: "days_since(since) == -2", -10 * time.Minute: "days_since(since) == 0",
	} {
		lead.Facts["since"] = scoring.Value{Type: scoring.TypeTime, Time: start().Add(after)}
		if check := truthOf(t, want, lead); check.State != scoring.True {
			t.Errorf("%s after now: not %s", after, want)
		}
	}
}
