package scoring_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/scoring"
)

// verdicts is a model with a condition against profiling and invariants.
const verdicts = `model: verdicts
facts:
  n: {from: [contact.n], type: number}
  hands_off: {from: [contact.hands_off], type: bool}
  won_deals: {count: won_deals}
activities:
  form: {counter: contact.f, last: contact.g}
do_not_profile: hands_off
invariants:
  - {name: customer without a deal, never: stage == "customer" and won_deals == 0, ask: {en: Ask sales., de: Den Vertrieb fragen.}}
  - {name: deal at an mql, never: 'stage in ["lead", "mql"] and won_deals > 0'}
  - {name: status at no mql, never: 'status == "new" and (not known(stage) or stage != "mql")', ask: Look.}
scores:
  fit: {rules: [{name: n, when: n >= 1, points: 30}]}
lifecycle:
  - {stage: lead, when: n >= 0}
  - {stage: mql, scores: {fit: 30}}
  - {stage: customer, when: won_deals >= 1}
lead_status: [{status: new}]
`

func TestEvaluate_doNotProfile(t *testing.T) {
	m := parse(t, verdicts)
	if m.DoNotProfile() != "hands_off" || funnel(t).DoNotProfile() != "" {
		t.Errorf("conditions %q and %q", m.DoNotProfile(), funnel(t).DoNotProfile())
	}
	lead := scoring.Lead{Facts: facts(2, "hands_off"), Stage: "mql", Activities: []scoring.Activity{{ID: "1", Kind: "form", At: start()}}}
	lead.Facts["won_deals"] = scoring.Value{Type: scoring.TypeNumber, Number: 1}
	e := m.Evaluate(lead, start())
	want := scoring.Evaluation{
		Model: m.Version(), At: e.At, Unprofiled: true,
		StageReason: scoring.Reason{Code: scoring.ReasonUnprofiled, Params: map[string]string{"condition": "hands_off"}},
		Violations: []scoring.Check{{
			Kind: scoring.CheckInvariant, Name: "deal at an mql", State: scoring.True,
			Seen: []scoring.Seen{{Fact: "stage", Value: scoring.Value{Type: scoring.TypeText, Text: "mql"}}, {Fact: "won_deals", Value: lead.Facts["won_deals"]}},
		}},
	}
	if diff := cmp.Diff(want, e); diff != "" || e.At.IsZero() {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for name, f := range map[string]map[string]scoring.Value{"unknown": facts(2), "no": {"n": facts(2)["n"], "hands_off": {Type: scoring.TypeBool}}} {
		if e := m.Evaluate(scoring.Lead{Facts: f}, start()); e.Unprofiled || e.Stage != "mql" || e.Violations != nil {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

func TestEvaluate_invariants(t *testing.T) {
	m := parse(t, verdicts)
	if diff := cmp.Diff([]string{"customer without a deal", "deal at an mql", "status at no mql"}, m.Invariants()); diff != "" {
		t.Error(diff)
	}
	won := func(n float64) map[string]scoring.Value {
		return map[string]scoring.Value{"won_deals": {Type: scoring.TypeNumber, Number: n}}
	}
	for name, tc := range map[string]struct {
		lead scoring.Lead
		want []string
	}{
		"no stage":                     {scoring.Lead{Facts: won(1)}, nil},
		"fine":                         {scoring.Lead{Facts: won(1), Stage: "customer"}, nil},
		"none won":                     {scoring.Lead{Facts: won(0), Stage: "CUSTOMER"}, []string{"customer without a deal"}},
		"unknown is no violation":      {scoring.Lead{Stage: "customer"}, nil},
		"several, in the file's order": {scoring.Lead{Facts: won(2), Stage: "lead", Status: "new"}, []string{"deal at an mql", "status at no mql"}},
		"the fact is not the stage":    {scoring.Lead{Facts: map[string]scoring.Value{"stage": {Type: scoring.TypeText, Text: "customer"}, "won_deals": won(0)["won_deals"]}}, nil},
		"a status without a stage":     {scoring.Lead{Status: "new"}, []string{"status at no mql"}},
	} {
		t.Run(name, func(t *testing.T) {
			e := m.Evaluate(tc.lead, start())
			var got []string
			for _, check := range e.Violations {
				got = append(got, check.Name)
				if check.Kind != scoring.CheckInvariant || check.State != scoring.True || len(check.Seen) == 0 {
					t.Errorf("%+v", check)
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			tc.lead.Stage, tc.lead.Status = "", ""
			again := m.Evaluate(tc.lead, start())
			if e.Violations = nil; e.Stage != again.Stage || !slices.Equal(e.Reached, again.Reached) {
				t.Error("a violation changes something else")
			}
		})
	}
	e := m.Evaluate(scoring.Lead{Facts: won(0), Stage: "customer"}, start())
	if check := e.Violations[0]; check.Ask != "Ask sales." || !strings.Contains(scoring.RenderCheck("de", check), "Den Vertrieb fragen.") {
		t.Errorf("%+v: %s", check, scoring.RenderCheck("de", check))
	}
}

// The names that invariants see are none of the facts.
func TestFacts_withoutStageAndStatus(t *testing.T) {
	for _, fact := range parse(t, verdicts).Facts() {
		if fact.Name == "stage" || fact.Name == "status" {
			t.Errorf("%s is listed", fact.Name)
		}
	}
}

// gated is a model with gates of every form.
const gated = `model: gated
facts:
  n: {from: [contact.n], type: number}
  m: {from: [contact.m], type: number}
  t: {from: [contact.t]}
  a: {from: [contact.a], type: bool}
  b: {from: [contact.b], type: bool}
activities:
  form: {counter: contact.f, last: contact.g}
scores:
  fit: {rules: [{name: n, when: n >= 1, points: 30}]}
gates:
  enough: {requires: n >= 10 and (m >= 5 or t == "x") and not (a or b)}
  stranger: {forbids: 't in ["own", "rival"] or count("form") > 3', ask: Ask where it works.}
  told: {complete: [m, t, a], ask: {en: Find out., de: Herausfinden.}}
  agreed: {requires: b, confirmation: true}
lifecycle:
  - {stage: lead, gates: [enough]}
  - {stage: mql, gates: [stranger]}
  - {stage: sql, gates: [told]}
  - {stage: customer, gates: [agreed], direct: n > 100 and not (known(t) and m == n)}
`

// values makes facts from pairs of name and value.
func values(pairs ...any) map[string]scoring.Value {
	list := map[string]scoring.Value{}
	for i := 0; i < len(pairs); i += 2 {
		name := pairs[i].(string)
		switch v := pairs[i+1].(type) {
		case int:
			list[name] = scoring.Value{Type: scoring.TypeNumber, Number: float64(v)}
		case string:
			list[name] = scoring.Value{Type: scoring.TypeText, Text: v}
		case bool:
			list[name] = scoring.Value{Type: scoring.TypeBool, Bool: v}
		}
	}
	return list
}

func TestEvaluate_gates(t *testing.T) {
	m := parse(t, gated)
	forms := []scoring.Activity{}
	for _, id := range []string{"1", "2", "3", "4"} {
		forms = append(forms, scoring.Activity{ID: id, Kind: "form", At: start()})
	}
	for name, tc := range map[string]struct {
		lead    scoring.Lead
		stage   string
		check   int
		state   scoring.Truth
		unknown []string
		failing []string
	}{
		"open":                           {scoring.Lead{Facts: values("n", 10, "m", 5, "a", false, "b", false)}, "lead", 0, scoring.True, nil, nil},
		"open by the other side":         {scoring.Lead{Facts: values("n", 10, "m", 4, "t", "x", "a", false, "b", false)}, "lead", 0, scoring.True, nil, nil},
		"only the false side of an and":  {scoring.Lead{Facts: values("n", 9, "m", 5, "a", false, "b", false)}, "lead", 0, scoring.False, nil, []string{"n"}},
		"all false sides of an and":      {scoring.Lead{Facts: values("n", 9, "m", 5, "a", true, "b", false)}, "lead", 0, scoring.False, nil, []string{"n", "a"}},
		"both sides of an or":            {scoring.Lead{Facts: values("n", 10, "m", 4, "t", "y", "a", false, "b", false)}, "lead", 0, scoring.False, nil, []string{"m", "t"}},
		"what makes a not false":         {scoring.Lead{Facts: values("n", 10, "m", 5, "b", true)}, "lead", 0, scoring.False, nil, []string{"b"}},
		"false although some is unknown": {scoring.Lead{Facts: values("n", 9)}, "lead", 0, scoring.False, nil, []string{"n"}},
		"unknown":                        {scoring.Lead{Facts: values("n", 10, "m", 4, "a", false)}, "lead", 0, scoring.Unknown, []string{"t", "b"}, nil},
		"not forbidden":                  {scoring.Lead{Facts: values("t", "z")}, "mql", 0, scoring.True, nil, nil},
		"forbidden":                      {scoring.Lead{Facts: values("t", "Rival")}, "mql", 0, scoring.False, nil, []string{"t"}},
		"forbidden by what it did":       {scoring.Lead{Activities: forms}, "mql", 0, scoring.False, nil, nil},
		"perhaps forbidden":              {scoring.Lead{}, "mql", 0, scoring.Unknown, []string{"t"}, nil},
		"complete":                       {scoring.Lead{Facts: values("m", 0, "t", "", "a", false)}, "sql", 0, scoring.True, nil, nil},
		"incomplete":                     {scoring.Lead{Facts: values("t", "x")}, "sql", 0, scoring.False, []string{"m", "a"}, nil},
		"nothing known":                  {scoring.Lead{}, "sql", 0, scoring.False, []string{"m", "t", "a"}, nil},
		"confirmed":                      {scoring.Lead{Facts: values("b", true)}, "customer", 0, scoring.True, nil, nil},
		"refused":                        {scoring.Lead{Facts: values("b", false)}, "customer", 0, scoring.False, nil, []string{"b"}},
		"not confirmed yet":              {scoring.Lead{}, "customer", 0, scoring.Unknown, []string{"b"}, nil},
		"a direct way":                   {scoring.Lead{Facts: values("n", 101, "t", "x", "m", 101)}, "customer", 1, scoring.False, nil, []string{"t", "m", "n"}},
		"a direct way, the other side":   {scoring.Lead{Facts: values("n", 100, "t", "x", "m", 101)}, "customer", 1, scoring.False, nil, []string{"n"}},
	} {
		t.Run(name, func(t *testing.T) {
			e := m.Evaluate(tc.lead, start())
			i := slices.IndexFunc(e.Stages, func(v scoring.StageVerdict) bool { return v.Stage == tc.stage })
			check := e.Stages[i].Checks[tc.check]
			var failing []string
			for _, seen := range check.Failing {
				failing = append(failing, seen.Fact)
				if diff := cmp.Diff(tc.lead.Facts[seen.Fact], seen.Value); diff != "" {
					t.Errorf("value of %s: %s", seen.Fact, diff)
				}
			}
			if diff := cmp.Diff([]any{tc.state, tc.unknown, failing}, []any{check.State, check.Unknown, failing}); diff != "" {
				t.Errorf("state, unknown (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.failing, failing); diff != "" {
				t.Errorf("failing (-want +got):\n%s", diff)
			}
			if confirm := check.Kind == scoring.CheckConfirmation; confirm != (tc.stage == "customer" && tc.check == 0) {
				t.Errorf("kind %s", check.Kind)
			}
		})
	}
}

func TestText_ofGates(t *testing.T) {
	m := parse(t, gated)
	for name, tc := range map[string]struct {
		lead   scoring.Lead
		en, de string
	}{
		"fails": {
			scoring.Lead{Facts: values("n", 9)},
			"Missing for lead:\n  - gate enough; fails because of n = 9\n", "Es fehlt für lead:\n  - Bedingung enough; scheitert an n = 9\n",
		},
		"missing": {
			scoring.Lead{Facts: values("t", "x"), Stage: "mql"},
			"Missing for sql:\n  - gate told; unknown: m, a; Find out.\n", "Es fehlt für sql:\n  - Bedingung told; unbekannt: m, a; Herausfinden.\n",
		},
		"waits for a person": {
			scoring.Lead{Facts: values("n", 1), Stage: "sql"},
			"customer waits for a person to confirm:\n  - gate agreed, which a person confirms; unknown: b\n  - or directly: n > 100 and not (known(t) and m == n); fails because of n = 1\n",
			"customer wartet auf die Bestätigung durch einen Menschen:\n  - Bedingung agreed, die ein Mensch bestätigt; unbekannt: b\n  - oder direkt: n > 100 and not (known(t) and m == n); scheitert an n = 1\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := m.Evaluate(tc.lead, start())
			for lang, want := range map[string]string{"en": tc.en, "de": tc.de} {
				if got := e.Text(lang); !strings.Contains(got, want) {
					t.Errorf("%s:\n%s\ndoes not contain\n%s", lang, got, want)
				}
			}
			if e.WaitsForPerson() != (name == "waits for a person") {
				t.Error("WaitsForPerson says otherwise")
			}
		})
	}
}

func TestText_ofUnprofiled(t *testing.T) {
	e := parse(t, verdicts).Evaluate(scoring.Lead{Facts: values("hands_off", true, "won_deals", 0), Stage: "customer"}, start())
	for lang, want := range map[string][2]string{
		"en": {"\nnot profiled, because hands_off\nShould not be:\n  - customer without a deal; stage = \"customer\", won_deals = 0; Ask sales.\n", "Not profiled."},
		"de": {"\nkein Profiling, denn hands_off\nSollte nicht sein:\n  - customer without a deal; stage = \"customer\", won_deals = 0; Den Vertrieb fragen.\n", "Kein Profiling."},
	} {
		if got := e.Text(lang); !strings.HasSuffix(got, want[0]) {
			t.Errorf("%s does not end in %s", got, want[0])
		}
		if got := e.Short(lang, 100); got != want[1] {
			t.Errorf("%q, want %q", got, want[1])
		}
	}
	if got := e.Short("en", 5); got != "Not …" {
		t.Errorf("%q", got)
	}
}

// What is known is not asked for, whatever else keeps a comparison from being decided.
func TestUnknown_asksForNothingKnown(t *testing.T) {
	for name, tc := range map[string]struct {
		condition string
		want      []string
	}{
		"a time":                      {"days_since(d) > n", []string{"n"}},
		"a time that is not there":    {"days_since(gone) > n", []string{"gone", "n"}},
		"an activity":                 {`days_since_last("call") + n > 3`, []string{"n"}},
		"an activity that is to come": {`days_since_last("mail") > n`, []string{`days_since_last("mail")`, "n"}},
		"no activity":                 {`days_since_last("note") > 3 or n > 3`, []string{`days_since_last("note")`, "n"}},
	} {
		t.Run(name, func(t *testing.T) {
			m := parse(t, "model: x\nfacts: {n: {from: [contact.n], type: number}, d: {from: [contact.d], type: time}, gone: {from: [contact.gone], type: time}}\n"+
				"activities: {call: {object: call}, mail: {object: email}, note: {object: note}}\nscores: {fit: {rules: [{name: a, when: known(n), points: 1}]}}\n"+
				"lifecycle: [{stage: mql, when: '"+tc.condition+"'}]\n")
			lead := scoring.Lead{
				Facts:      map[string]scoring.Value{"d": {Type: scoring.TypeTime, Time: start()}},
				Activities: []scoring.Activity{{ID: "1", Kind: "call", At: start()}, {ID: "2", Kind: "mail", At: start().Add(1000)}},
			}
			if diff := cmp.Diff(tc.want, m.Evaluate(lead, start()).Stages[0].Checks[0].Unknown); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Of two versions of an activity in one microsecond the same one counts, in whatever order they come.
func TestEvaluate_versionsWithinAMicrosecond(t *testing.T) {
	m := parse(t, "model: x\nfacts: {n: {from: [contact.n]}}\nactivities: {call: {object: call}}\n"+
		"scores: {fit: {rules: [{name: a, activity: call, points: 1}]}}\nlifecycle: [{stage: mql, when: known(n)}]\n")
	early, late := scoring.Activity{ID: "1", Kind: "call", At: start()}, scoring.Activity{ID: "1", Kind: "call", At: start().Add(7)}
	one := m.Evaluate(scoring.Lead{Activities: []scoring.Activity{early, late}}, start().Add(time.Hour))
	two := m.Evaluate(scoring.Lead{Activities: []scoring.Activity{late, early}}, start().Add(time.Hour))
	if diff := cmp.Diff(one, two); diff != "" || !one.Scores[0].Lines[0].At.Equal(late.At) {
		t.Errorf("%s %s", one.Scores[0].Lines[0].At, diff)
	}
}
