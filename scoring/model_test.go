package scoring_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"leadsync/fixtures"
	"leadsync/fixtures/hostile"
	"leadsync/scoring"
)

func TestModel_tellsWhatTheFileSays(t *testing.T) {
	m := parse(t, `model: everything
approved_by: {marketing: Ada, sales: Grace}
grid: 30m
push_step: 3
facts:
  size:  {from: [company.size, contact.size], type: number}
  later: {from: [contact.later], type: time}
  host:  {from: [contact.email@domain]}
  deals: {count: open_deals}
activities:
  form: {counter: contact.forms, last: contact.last_form, first: contact.first_form, attributes: {name: contact.form_name}}
  call: {object: call, attributes: {outcome: hs_outcome}}
scores:
  zeta: {rules: [{name: r, when: size > 1, points: 1}]}
  alpha: {rules: [{name: r, when: size > 1, points: 1}]}
lifecycle:
  - {stage: lead, when: known(size)}
  - {stage: mql, scores: {zeta: 1}}
  - {stage: sql, owner: sales, scores: {zeta: 1}}
  - {stage: evangelist, manual: true}
  - {stage: other, owner: marketing, side_track: true, when: size < 0}
lead_status:
  - {status: new, on_stage: sql}
  - {status: attempted, activity: call, where: outcome == "busy"}
  - {status: attempted, activity: form}
  - {status: unqualified}
follow_ups:
  - {name: again, on_status: attempted, task: {due: 2wd, subject: "Call {name}", body: {de: "Größe {fact.size}"}}}
  - {name: later, on_stage: sql, task: {kind: email, priority: low, due: 3w, due_fact: later, subject: {en: E, de: D}}}
  - {name: deal, on_status: new, deal: {name: "{company}", pipeline: sales, amount: size, close_in: 60d}}
  - {name: close, on_status: unqualified, close_tasks: true}
`)
	got := []any{m.Name(), m.ApprovedBy(), m.Grid(), m.PushStep(), m.Facts(), m.ActivityKinds(), m.ScoreNames(), m.Stages(), m.Statuses(), m.StatusRules(), m.FollowUps()}
	text := func(s string) map[string]string { return map[string]string{"en": s} }
	want := []any{
		"everything",
		map[string]string{"marketing": "Ada", "sales": "Grace"},
		30 * time.Minute, int64(3),
		[]scoring.Fact{
			{Name: "size", Type: scoring.TypeNumber, From: []string{"company.size", "contact.size"}},
			{Name: "later", Type: scoring.TypeTime, From: []string{"contact.later"}},
			{Name: "host", Type: scoring.TypeText, From: []string{"contact.email@domain"}},
			{Name: "deals", Type: scoring.TypeNumber, From: []string{"count.open_deals"}, Count: "open_deals"},
		},
		[]scoring.ActivityKind{
			{
				Kind: "form", Attributes: map[string]string{"name": "form_name"},
				Counter: &scoring.Counter{Property: "forms", LastProperty: "last_form", FirstProperty: "first_form", NameProperty: "form_name"},
			},
			{Kind: "call", Object: "call", Attributes: map[string]string{"outcome": "hs_outcome"}},
		},
		[]string{"zeta", "alpha"},
		[]scoring.Stage{
			{Name: "lead", Owner: scoring.SideMarketing},
			{Name: "mql", Owner: scoring.SideMarketing},
			{Name: "sql", Owner: scoring.SideSales},
			{Name: "evangelist", Manual: true, Owner: scoring.SideSales},
			{Name: "other", SideTrack: true, Owner: scoring.SideMarketing},
		},
		[]string{"new", "attempted", "unqualified"},
		[]scoring.StatusRule{{Status: "new", OnStage: "sql"}, {Status: "attempted", Activity: "call"}, {Status: "attempted", Activity: "form"}},
		[]scoring.FollowUp{
			{Name: "again", OnStatus: "attempted", Task: &scoring.TaskRule{
				Kind: "todo", Priority: "medium", Subject: text("Call {name}"), Body: map[string]string{"de": "Größe {fact.size}"},
				Due: scoring.Due{Span: scoring.Span{N: 2, Unit: scoring.UnitWorkingDays}},
			}},
			{Name: "later", OnStage: "sql", Task: &scoring.TaskRule{
				Kind: "email", Priority: "low", Subject: map[string]string{"en": "E", "de": "D"}, Due: scoring.Due{Span: scoring.Span{N: 21, Unit: scoring.UnitDays}, DateFact: "later"},
			}},
			{Name: "deal", OnStatus: "new", Deal: &scoring.DealRule{Name: text("{company}"), Pipelines: []scoring.DealPipeline{{Pipeline: "sales"}}, Amount: "size", CloseIn: scoring.Span{N: 60, Unit: scoring.UnitDays}, UnlessOpen: scoring.OpenAny}},
			{Name: "close", OnStatus: "unqualified", CloseTasks: true},
		},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(scoring.Fact{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestModel_isNotChangedThroughItsAccessors(t *testing.T) {
	m := sample(t, "demo.yaml")
	before := m.ActivityKinds()
	m.Facts()[0].From[0] = "x"
	m.ActivityKinds()[0].Attributes["name"] = "x"
	m.ActivityKinds()[0].Counter.Property = "x"
	m.ApprovedBy()["sales"] = "x"
	m.Statuses()[0] = "x"
	m.Canonical()[0] = 'x'
	if diff := cmp.Diff(before, m.ActivityKinds()); diff != "" || m.Facts()[0].From[0] != "contact.email" || m.ApprovedBy()["sales"] == "x" || m.Statuses()[0] == "x" || m.Canonical()[0] == 'x' {
		t.Errorf("a caller changed the model: %s", diff)
	}
}

func TestVersion_isTheMeaning(t *testing.T) {
	const text = "model: m\nfacts: {b: {from: [contact.b]}, a: {from: [contact.a]}}\nscores: {fit: {rules: [{name: r, points: 1.50, when: known(a)}]}}\nlifecycle: [{stage: mql, scores: {fit: 1}}]\n"
	version := parse(t, text).Version()
	for name, tc := range map[string]struct {
		old, changed string
		same         bool
	}{
		"a comment":      {"model: m\n", "# hello\nmodel: m  # there\n\n", true},
		"quotes":         {"when: known(a)", `when: "known(a)"`, true},
		"a number":       {"1.50", "1.5", true},
		"order of keys":  {"b: {from: [contact.b]}, a: {from: [contact.a]}", "a: {from: [contact.a]}, b: {from: [contact.b]}", true},
		"block":          {"facts: {b: {from: [contact.b]}, a: {from: [contact.a]}}", "facts:\n  b: {from: [contact.b]}\n  a:\n    from:\n    - contact.a", true},
		"line ends":      {"\n", "\r\n", true},
		"another number": {"1.50", "1.51", false},
		"a source":       {"[contact.a]", "[company.a]", false},
		"a name":         {"name: r", "name: s", false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := parse(t, strings.ReplaceAll(text, tc.old, tc.changed)).Version(); (got == version) != tc.same {
				t.Errorf("%s and %s", version, got)
			}
		})
	}
	two := "model: m\nfacts: {a: {from: [contact.a]}}\nscores: {x: {rules: [{name: r, points: 1, when: known(a)}]}, y: {rules: [{name: r, points: 1, when: known(a)}]}}\nlifecycle: [{stage: mql, scores: {x: 1}}]\n"
	swapped := strings.NewReplacer("{x: {", "{y: {", "y: {", "x: {").Replace(two)
	if parse(t, two).Version() == parse(t, swapped).Version() {
		t.Error("the order of the scores is the order of the explanation, yet the version is the same")
	}
}

// A model that is written otherwise is the same, one that means something else is another; and each can be read again.
func TestVersion_ofEveryMeaning(t *testing.T) {
	for name, tc := range map[string]struct {
		one, other string // facts
		same       bool
	}{
		"keys of a fact called options":    {"options: {type: number, from: [contact.o]}", "options: {from: [contact.o], type: number}", true},
		"keys of a fact called scores":     {"scores: {type: number, from: [contact.o]}", "scores: {from: [contact.o], type: number}", true},
		"keys of a fact called activities": {"activities: {otherwise: x, options: {a: [b]}, from: [contact.o]}", "activities: {from: [contact.o], otherwise: x, options: {a: [b]}}", true},
		"the order of facts":               {"o: {from: [contact.o]}, p: {from: [contact.p]}", "p: {from: [contact.p]}, o: {from: [contact.o]}", true},
		"the order of options":             {"o: {from: [contact.o], options: {a: [b], c: [d]}}", "o: {from: [contact.o], options: {c: [d], a: [b]}}", false},
		"the order of labels' keys":        {"o: {options: {steps: [b]}, from: [contact.o]}", "o: {from: [contact.o], options: {steps: [b]}}", true},
		"a label that looks like a number": {"o: {from: [contact.o], options: {a: [1.10]}}", "o: {from: [contact.o], options: {a: [1.1]}}", false},
		"two labels like one number":       {"o: {from: [contact.o], options: {a: [1.10, 1.1]}}", "o: {from: [contact.o], options: {a: [1.1]}}", false},
		"a label with quotes or without":   {`o: {from: [contact.o], options: {a: ["5", 'true']}}`, "o: {from: [contact.o], options: {a: [5, true]}}", true},
		"a word that looks like a truth":   {"o: {from: [contact.o], options: {a: [b]}, otherwise: TRUE}", "o: {from: [contact.o], options: {a: [b]}, otherwise: true}", false},
	} {
		t.Run(name, func(t *testing.T) {
			version := func(facts string) string {
				m := parse(t, "model: x\nfacts: {email: {from: [contact.email]}, "+facts+"}\n"+
					"scores: {fit: {rules: [{name: a, when: known(email), points: 1}]}}\nlifecycle: [{stage: mql, when: known(email)}]\n")
				if again := parse(t, string(m.Canonical())); again.Version() != m.Version() {
					t.Errorf("read again it is another model: %s", m.Canonical())
				}
				return m.Version()
			}
			if same := version(tc.one) == version(tc.other); same != tc.same {
				t.Errorf("%s and %s: the same is %t, want %t", tc.one, tc.other, same, tc.same)
			}
		})
	}
}

func TestCanonical_meansTheSame(t *testing.T) {
	m := sample(t, "demo.yaml")
	again, err := scoring.Parse("canonical", m.Canonical())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m.FollowUps(), again.FollowUps()); diff != "" {
		t.Errorf("other follow-ups:\n%s", diff)
	}
	if diff := cmp.Diff(m.Evaluate(visitor(), start()), again.Evaluate(visitor(), start())); diff != "" {
		t.Errorf("another evaluation:\n%s", diff)
	}
	rapid.Check(t, func(rt *rapid.T) {
		m, lead := randomModel(rt, "1h"), randomLead(rt)
		again, err := scoring.Parse("canonical", m.Canonical())
		if err != nil {
			rt.Fatal(err)
		}
		if diff := cmp.Diff(m.Evaluate(lead, start()), again.Evaluate(lead, start())); diff != "" {
			rt.Fatalf("another evaluation:\n%s", diff)
		}
	})
}

func TestPosition_findsCharactersInEveryStyle(t *testing.T) {
	for name, tc := range map[string]struct {
		text         string
		offset       int
		line, column int
	}{
		"plain":                 {"k: äbc", 1, 1, 5},
		"single quotes":         {"k: 'a''bc'", 2, 1, 8},
		"double quotes":         {`k: "a\"bc"`, 2, 1, 8},
		"hexadecimal escape":    {`k: "\x41bc"`, 1, 1, 9},
		"short unicode escape":  {`k: "\u0041bc"`, 1, 1, 11},
		"long unicode escape":   {`k: "\U00000041bc"`, 1, 1, 15},
		"literal, second line":  {"k: |\n  ab\n  cd\n", 4, 3, 4},
		"folded, second line":   {"k: >\n  ab\n  cd\n", 4, 3, 4},
		"plain, second line":    {"k: ab\n   cd\n", 3, 2, 4},
		"first line is empty":   {"k: |-\n\n  ab\n", 1, 3, 3}, // the value begins with a line end
		"beyond the end":        {"k: ab", 99, 1, 1},
		"space before the line": {"k: 'ab   \n   cd'\n", 3, 2, 4},
	} {
		t.Run(name, func(t *testing.T) {
			line, column := scoring.Position(tc.text, tc.offset)
			if tc.offset == 99 {
				if line < 1 || column < 1 {
					t.Errorf("%d:%d is nowhere", line, column)
				}
				return
			}
			if line != tc.line || column != tc.column {
				t.Errorf("%d:%d, want %d:%d", line, column, tc.line, tc.column)
			}
		})
	}
}

func TestParse_refusesWhatWouldNotEnd(t *testing.T) {
	small, err := fixtures.Models().ReadFile("models/small.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, condition := range map[string]string{
		"brackets":   strings.Repeat("(", 3_000_000),
		"long":       "known(email)" + strings.Repeat(" or known(email)", 400),
		"many nodes": "known(email)" + strings.Repeat(" or email==\"\"", 300),
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(string(small), "when: known(email)", "when: '"+condition+"'", 1)
			if _, err := scoring.Parse("m", []byte(text)); err == nil {
				t.Error("accepted")
			}
		})
	}
	if _, err := scoring.Parse("m", append(small, strings.Repeat("# long\n", 200_000)...)); err == nil || !strings.Contains(err.Error(), "longer than a megabyte") {
		t.Errorf("a file without end: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	for _, folder := range []string{"models", "models/broken"} {
		entries, err := fixtures.Models().ReadDir(folder)
		if err != nil {
			f.Fatal(err)
		}
		for _, entry := range entries {
			if text, err := fixtures.Models().ReadFile(folder + "/" + entry.Name()); err == nil {
				f.Add(text)
			}
		}
	}
	for _, file := range []string{"reference.yaml", "reference_bounds.yaml"} {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	w := hostile.New(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		w.Run(t, func() {
			m, err := scoring.Parse("fuzz.yaml", text)
			if err != nil {
				if err.Error() == "" {
					t.Error("an error without words")
				}
				return
			}
			if e := m.Evaluate(visitor(), start()); e.Model != m.Version() {
				t.Error("the evaluation names another model")
			}
			again, err := scoring.Parse("canonical.yaml", m.Canonical())
			if err != nil || again.Version() != m.Version() {
				t.Errorf("the canonical text is another model: %v\n%s", err, m.Canonical())
			}
		})
	})
}

func FuzzCondition(f *testing.F) {
	for _, condition := range []string{
		`size >= 50 and country in ["DE", "AT"]`, `has_word(title, "*leiter", "a b") or not (known(size))`, `count("form", name contains "x", 3) * 2 - 1 < days_since(since)`,
		`title matches "(?i)^a.*b$"`, `days_since_last("form") == 1.5e3`, `member == (title != "\u00e4")`, `{"a": [1, size?.x ?? 3]} | all(#)`, `let x = 1; x`, `1 < size <= 3 ? a : b`,
	} {
		f.Add(condition)
	}
	w := hostile.New(f)
	f.Fuzz(func(t *testing.T, condition string) {
		w.Run(t, func() {
			quoted, err := json.Marshal(condition)
			if err != nil {
				t.Fatal(err)
			}
			m, err := scoring.Parse("fuzz.yaml", []byte(`{"model": "m", "facts": {"title": {"from": ["contact.a"]}, "size": {"from": ["contact.b"], "type": "number"},
			"member": {"from": ["contact.c"], "type": "bool"}, "since": {"from": ["contact.d"], "type": "time"}, "country": {"from": ["contact.e"]}},
			"activities": {"form": {"counter": "contact.f", "last": "contact.g", "attributes": {"name": "contact.h"}}},
			"scores": {"fit": {"rules": [{"name": "r", "points": 1, "when": `+string(quoted)+`}]}}, "lifecycle": [{"stage": "mql", "scores": {"fit": 1}}]}`))
			if err != nil {
				return
			}
			for _, lead := range []scoring.Lead{{}, conditionLead()} {
				e := m.Evaluate(lead, start())
				if want := bruteForceDaily(m, lead, e); !want.IsZero() && (e.NextChange.IsZero() || e.NextChange.After(want)) {
					t.Errorf("next change %s, yet it differs at %s", e.NextChange, want)
				}
			}
		})
	})
}

// bruteForceDaily tries one step a day: what differs there must have been foreseen.
func bruteForceDaily(m *scoring.Model, lead scoring.Lead, e scoring.Evaluation) time.Time {
	lead.Pushed, lead.PushedReached = map[string]int64{"fit": e.Scores[0].Whole}, e.Reached
	for day := 1; day <= 40; day++ {
		at := e.At.Add(time.Duration(day) * 24 * time.Hour)
		if later := m.EvaluateOnly(lead, at); later.Push {
			return at
		}
	}
	return time.Time{}
}
