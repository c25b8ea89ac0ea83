package scoring_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/scoring"
)

// parse reads a model written in a test.
func parse(tb testing.TB, text string) *scoring.Model {
	tb.Helper()
	m, err := scoring.Parse("test.yaml", []byte(text))
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// funnel is a model whose stages are switched by facts alone.
func funnel(tb testing.TB) *scoring.Model {
	tb.Helper()
	return parse(tb, `model: funnel
push_step: 5
facts:
  n: {from: [contact.n], type: number}
  a: {from: [contact.a], type: bool}
  b: {from: [contact.b], type: bool}
  side: {from: [contact.side], type: bool}
scores:
  fit:
    minimum: -5
    maximum: 50
    rules:
      - {name: n, when: n >= 1, points: 30}
      - {name: big n, when: n >= 2, points: 40.5}
      - {name: bad n, when: n < 0, points: -20}
gates:
  a: {requires: a, ask: {en: Ask for a., de: Nach a fragen.}}
lifecycle:
  - {stage: lead, when: n >= 0}
  - {stage: mql, scores: {fit: 30}, gates: [a]}
  - {stage: sql, scores: {fit: 40}, gates: [a], direct: b}
  - {stage: customer, direct: n >= 100}
  - {stage: evangelist, manual: true}
  - {stage: other, side_track: true, when: side, direct: n >= 1000}
`)
}

func facts(n float64, yes ...string) map[string]scoring.Value {
	values := map[string]scoring.Value{"n": {Type: scoring.TypeNumber, Number: n}}
	for _, name := range yes {
		values[name] = scoring.Value{Type: scoring.TypeBool, Bool: true}
	}
	return values
}

func TestEvaluate_stages(t *testing.T) {
	reason := func(code scoring.ReasonCode, params ...string) scoring.Reason {
		r := scoring.Reason{Code: code}
		for i := 0; i < len(params); i += 2 {
			if r.Params == nil {
				r.Params = map[string]string{}
			}
			r.Params[params[i]] = params[i+1]
		}
		return r
	}
	type missing struct{ Kind, Name string }
	for name, tc := range map[string]struct {
		lead    scoring.Lead
		stage   string
		reason  scoring.Reason
		reached []string
		next    string
		missing []missing
	}{
		"nothing known": {
			scoring.Lead{}, "", reason(scoring.ReasonNoStage), nil, "lead", []missing{{"condition", "n >= 0"}},
		},
		"an unknown gate holds back": {
			scoring.Lead{Facts: facts(1)}, "lead", reason(scoring.ReasonCriteriaMet, "stage", "lead"), []string{"lead"}, "mql", []missing{{"gate", "a"}},
		},
		"score and gate": {
			scoring.Lead{Facts: facts(1, "a")}, "mql", reason(scoring.ReasonCriteriaMet, "stage", "mql"), []string{"lead", "mql"}, "sql", []missing{{"score", "fit"}, {"direct", "b"}},
		},
		"directly, past mql": {
			scoring.Lead{Facts: facts(0, "b")}, "sql", reason(scoring.ReasonDirect, "stage", "sql", "condition", "b"), []string{"lead", "sql"}, "customer", []missing{{"direct", "n >= 100"}},
		},
		"directly and by criteria": {
			scoring.Lead{Facts: facts(2, "a", "b")}, "sql", reason(scoring.ReasonCriteriaMet, "stage", "sql"), []string{"lead", "mql", "sql"}, "customer", []missing{{"direct", "n >= 100"}},
		},
		"only a direct way": {
			scoring.Lead{Facts: facts(100)}, "customer", reason(scoring.ReasonDirect, "stage", "customer", "condition", "n >= 100"), []string{"lead", "customer"}, "evangelist", []missing{{"manual", "evangelist"}},
		},
		"further in the CRM than by criteria": {
			scoring.Lead{Facts: facts(1), Stage: "sql"}, "lead", reason(scoring.ReasonCriteriaMet, "stage", "lead"), []string{"lead"}, "customer", []missing{{"direct", "n >= 100"}},
		},
		"at the end": {
			scoring.Lead{Facts: facts(1), Stage: "evangelist"}, "lead", reason(scoring.ReasonCriteriaMet, "stage", "lead"), []string{"lead"}, "", nil,
		},
		"a side track wins": {
			scoring.Lead{Facts: facts(100, "side")}, "other", reason(scoring.ReasonSideTrack, "stage", "other", "condition", "side"), []string{"lead", "customer", "other"}, "", nil,
		},
		"a side track directly": {
			scoring.Lead{Facts: facts(1000)}, "other", reason(scoring.ReasonSideTrack, "stage", "other", "condition", "n >= 1000"), []string{"lead", "customer", "other"}, "", nil,
		},
		"a side track in the CRM only": {
			scoring.Lead{Facts: facts(1), Stage: "other"}, "lead", reason(scoring.ReasonCriteriaMet, "stage", "lead"), []string{"lead"}, "mql", []missing{{"gate", "a"}},
		},
		"another order": {
			scoring.Lead{Facts: facts(1, "a"), Order: []string{"mql", "lead", "sal", "sql"}}, "lead", reason(scoring.ReasonCriteriaMet, "stage", "lead"), []string{"mql", "lead"}, "sql", []missing{{"score", "fit"}, {"direct", "b"}},
		},
		"a stage that the account lacks": {
			scoring.Lead{Facts: facts(100), Order: []string{"lead", "mql"}}, "lead", reason(scoring.ReasonCriteriaMet, "stage", "lead"), []string{"lead"}, "mql", []missing{{"gate", "a"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := funnel(t).Evaluate(tc.lead, start())
			var open []missing
			for _, check := range e.Missing {
				open = append(open, missing{string(check.Kind), check.Name})
			}
			got := []any{e.Stage, e.StageReason, e.Reached, e.Next, open}
			if diff := cmp.Diff([]any{tc.stage, tc.reason, tc.reached, tc.next, tc.missing}, got); diff != "" {
				t.Errorf("stage, reason, reached, next, missing (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEvaluate_gateSaysWhomToAsk(t *testing.T) {
	e := funnel(t).Evaluate(scoring.Lead{Facts: facts(1)}, start())
	want := []scoring.Check{{
		Stage: "mql", Kind: scoring.CheckGate, Name: "a", State: scoring.Unknown, Seen: []scoring.Seen{{Fact: "a"}}, Unknown: []string{"a"},
		Ask: "Ask for a.", Asks: map[string]string{"en": "Ask for a.", "de": "Nach a fragen."},
	}}
	if diff := cmp.Diff(want, e.Missing); diff != "" {
		t.Errorf("missing (-want +got):\n%s", diff)
	}
}

func TestEvaluate_push(t *testing.T) {
	m := funnel(t)
	for name, tc := range map[string]struct {
		pushed  map[string]int64
		reached []string
		want    bool
	}{
		"never written":      {nil, nil, true},
		"equal":              {map[string]int64{"fit": 30}, []string{"lead"}, false},
		"less than a step":   {map[string]int64{"fit": 26}, []string{"lead"}, false},
		"a step up":          {map[string]int64{"fit": 25}, []string{"lead"}, true},
		"a step down":        {map[string]int64{"fit": 35}, []string{"lead"}, true},
		"a stage was lost":   {map[string]int64{"fit": 30}, []string{"lead", "mql"}, true},
		"a stage was gained": {map[string]int64{"fit": 30}, nil, true},
		"another score":      {map[string]int64{"old": 30}, []string{"lead"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := m.Evaluate(scoring.Lead{Facts: facts(1), Pushed: tc.pushed, PushedReached: tc.reached}, start()).Push; got != tc.want {
				t.Errorf("push %v", got)
			}
		})
	}
}

func TestEvaluate_limitsAreLines(t *testing.T) {
	m := funnel(t)
	for name, tc := range map[string]struct {
		n      float64
		points scoring.Points
		cut    scoring.Points
		reason scoring.Reason
	}{
		"ceiling": {2, 50_000, -20_500, scoring.Reason{Code: scoring.ReasonCeiling, Params: map[string]string{"score": "fit", "maximum": "50"}}},
		"floor":   {-1, -5_000, 15_000, scoring.Reason{Code: scoring.ReasonFloor, Params: map[string]string{"score": "fit", "minimum": "-5"}}},
	} {
		t.Run(name, func(t *testing.T) {
			score := m.Evaluate(scoring.Lead{Facts: facts(tc.n)}, start()).Scores[0]
			want := scoring.Line{Raw: tc.cut, Result: tc.cut, Reason: tc.reason}
			if diff := cmp.Diff(want, score.Lines[len(score.Lines)-1]); diff != "" || score.Points != tc.points {
				t.Errorf("%d points, last line (-want +got):\n%s", score.Points, diff)
			}
		})
	}
}

// clicks is a model with one rule over activities.
func clicks(tb testing.TB, rule string) *scoring.Model {
	tb.Helper()
	return parse(tb, `model: clicks
push_step: 1
facts: {x: {from: [contact.x]}}
activities:
  click: {counter: contact.clicks, last: contact.last_click, attributes: {name: contact.last_click_name}}
scores:
  engagement: {rules: [{name: clicked, activity: click, `+rule+`}]}
lifecycle:
  - {stage: mql, scores: {engagement: 20}}
`)
}

func TestEvaluate_activities(t *testing.T) {
	const hour, day = time.Hour, 24 * time.Hour
	at := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		rule string
		ago  []time.Duration // from 10:20
		want []scoring.Points
	}{
		"every one counts":                   {"points: 5", []time.Duration{day, 2 * day}, []scoring.Points{5000, 5000}},
		"not yet":                            {"points: 5", []time.Duration{-time.Minute}, nil},
		"within the running hour":            {"points: 8, half_life: 1h", []time.Duration{time.Minute, 20 * time.Minute}, []scoring.Points{8000, 8000}},
		"half after the half-life":           {"points: 8, half_life: 24h", []time.Duration{day + 20*time.Minute}, []scoring.Points{4000}},
		"the step begins after it":           {"points: 8, half_life: 24h", []time.Duration{day + 19*time.Minute}, []scoring.Points{4118}},
		"a quarter":                          {"points: 8, half_life: 24h", []time.Duration{2*day + 20*time.Minute}, []scoring.Points{2000}},
		"worn out":                           {"points: 8, half_life: 1h", []time.Duration{100 * day}, nil},
		"last hour of the window":            {"points: 5, window: 24h", []time.Duration{day + 20*time.Minute - hour}, []scoring.Points{5000}},
		"out of the window":                  {"points: 5, window: 24h", []time.Duration{day + 20*time.Minute}, []scoring.Points{0}},
		"capped":                             {"points: 5, cap: 12", []time.Duration{1, 2, 3}, []scoring.Points{5000, 5000, 5000, -3000}},
		"capped below zero":                  {"points: -5, cap: 12", []time.Duration{1, 2, 3}, []scoring.Points{-5000, -5000, -5000, 3000}},
		"thousandths round half from zero":   {"points: 0.001, half_life: 1h", []time.Duration{hour + 20*time.Minute}, []scoring.Points{1}},
		"negative thousandths round as well": {"points: -0.001, half_life: 1h", []time.Duration{hour + 20*time.Minute}, []scoring.Points{-1}},
		"window and decay together":          {"points: 8, half_life: 24h, window: 2d", []time.Duration{day + 20*time.Minute, 2*day + 20*time.Minute}, []scoring.Points{4000, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			lead := scoring.Lead{}
			for i, ago := range tc.ago {
				lead.Activities = append(lead.Activities, scoring.Activity{ID: string(rune('a' + i)), Kind: "click", At: start().Add(-ago)})
			}
			e := clicks(t, tc.rule).Evaluate(lead, start())
			var got []scoring.Points
			for _, line := range e.Scores[0].Lines {
				got = append(got, line.Result)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" || !e.At.Equal(at) {
				t.Errorf("at %s, lines (-want +got):\n%s", e.At, diff)
			}
		})
	}
}

func TestEvaluate_whereMustBeTrue(t *testing.T) {
	m := clicks(t, `points: 5, where: 'name != "machine"'`)
	lead := scoring.Lead{Activities: []scoring.Activity{
		{ID: "1", Kind: "click", At: start(), Attributes: map[string]string{"name": "a person"}},
		{ID: "2", Kind: "click", At: start(), Attributes: map[string]string{"name": "Machine"}},
		{ID: "3", Kind: "click", At: start()}, // unknown is not true
	}}
	if got := m.Evaluate(lead, start()).Scores[0].Points; got != 5000 {
		t.Errorf("%d thousandths, want those of one click", got)
	}
}

func TestEvaluate_ofTwoVersionsTheLatestCounts(t *testing.T) {
	m := clicks(t, `points: 5, where: 'name == "a"'`)
	version := func(kind, name string, at time.Time, uncertain bool) scoring.Activity {
		return scoring.Activity{ID: "1", Kind: kind, At: at, Uncertain: uncertain, Attributes: map[string]string{"name": name}}
	}
	for name, tc := range map[string]struct {
		versions []scoring.Activity
		want     scoring.Points
	}{
		"later time":        {[]scoring.Activity{version("click", "b", start(), false), version("click", "a", start().Add(-time.Hour), false)}, 0},
		"smaller kind":      {[]scoring.Activity{version("click", "a", start(), true), version("zzz", "b", start(), false)}, 5000},
		"certain":           {[]scoring.Activity{version("click", "a", start(), false), version("click", "b", start(), true)}, 5000},
		"smaller attribute": {[]scoring.Activity{version("click", "b", start(), false), version("click", "a", start(), false)}, 5000},
	} {
		t.Run(name, func(t *testing.T) {
			for range 2 {
				slices.Reverse(tc.versions)
				if got := m.Evaluate(scoring.Lead{Activities: tc.versions}, start()).Scores[0].Points; got != tc.want {
					t.Errorf("%d thousandths, want %d", got, tc.want)
				}
			}
		})
	}
}

func TestNextChange_seesWhatRisesAndFalls(t *testing.T) {
	const day = 24 * time.Hour
	at := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	click := func(id string, after time.Duration) scoring.Activity {
		return scoring.Activity{ID: id, Kind: "click", At: at.Add(after)}
	}
	for name, tc := range map[string]struct {
		rule       string
		activities []scoring.Activity
		want       time.Time
	}{
		"nothing moves":                       {"points: 5", []scoring.Activity{click("a", -day)}, time.Time{}},
		"an activity leaves its window":       {"points: 5, window: 7d", []scoring.Activity{click("a", -day)}, at.Add(6 * day)},
		"one is to come":                      {"points: 5", []scoring.Activity{click("a", day+time.Minute)}, at.Add(day + time.Hour)},
		"one decays by a whole point":         {"points: 1, half_life: 1d", []scoring.Activity{click("a", 0)}, at.Add(day + time.Hour)}, // 0.5 still rounds to 1
		"one leaves before the other comes":   {"points: 30, cap: 30, window: 5d", []scoring.Activity{click("a", 0), click("b", 6*day)}, at.Add(5 * day)},
		"one leaves while the other holds":    {"points: 30, cap: 30, window: 5d", []scoring.Activity{click("a", 0), click("b", 4*day)}, at.Add(9 * day)},
		"beyond the horizon":                  {"points: 5, window: 3000d", []scoring.Activity{click("a", -day)}, time.Time{}},
		"on the last step of the horizon":     {"points: 5, window: 366d", []scoring.Activity{click("a", -day)}, at.Add(365 * day)},
		"one step after the horizon":          {"points: 5, window: 366d", []scoring.Activity{click("a", -day+time.Hour)}, time.Time{}},
		"a threshold is crossed by decay":     {"points: 20.4, half_life: 100d", []scoring.Activity{click("a", 0)}, at.Add(71 * time.Hour)}, // still 20 whole points
		"a counted activity of the past hour": {"points: 5, window: 1d", []scoring.Activity{click("a", 10*time.Minute)}, at.Add(day + time.Hour)},
	} {
		t.Run(name, func(t *testing.T) {
			m, lead := clicks(t, tc.rule), scoring.Lead{Activities: tc.activities}
			e := m.Evaluate(lead, start())
			if !e.NextChange.Equal(tc.want) {
				t.Errorf("next change %s, want %s", e.NextChange, tc.want)
			}
			if want := bruteForce(m, lead, e); !want.Equal(tc.want) {
				t.Errorf("trying every step gives %s, want %s", want, tc.want)
			}
		})
	}
}

func TestStatusOf(t *testing.T) {
	m := sample(t, "demo.yaml")
	call := func(attributes ...string) scoring.Activity {
		a := scoring.Activity{Kind: "call", Attributes: map[string]string{}}
		for i := 0; i < len(attributes); i += 2 {
			a.Attributes[attributes[i]] = attributes[i+1]
		}
		return a
	}
	for name, tc := range map[string]struct {
		activity scoring.Activity
		want     string
	}{
		"nobody there":      {call("direction", "outbound", "outcome", "no_answer"), "attempted"},
		"in capitals":       {call("direction", "OUTBOUND", "outcome", "BUSY"), "attempted"},
		"they called us":    {call("direction", "inbound", "outcome", "no_answer"), ""},
		"direction unknown": {call("outcome", "no_answer"), ""},
		"talked":            {call("outcome", "connected"), "in_progress"},
		"met":               {scoring.Activity{Kind: "meeting", Attributes: map[string]string{"outcome": "completed"}}, "in_progress"},
		"a form":            {scoring.Activity{Kind: "form"}, ""},
		"no kind":           {scoring.Activity{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got, ok := m.StatusOf(tc.activity); got != tc.want || ok != (tc.want != "") {
				t.Errorf("%q, %v", got, ok)
			}
		})
	}
	if got, ok := sample(t, "small.yaml").StatusOf(call("outcome", "busy")); got != "attempted" || !ok {
		t.Errorf("small: %q, %v", got, ok)
	}
}

func TestEvaluate_story(t *testing.T) {
	m := sample(t, "demo.yaml")
	day := func(n int) time.Time { return time.Date(2026, 3, n, 9, 0, 0, 0, time.UTC) }
	lead := visitor()
	lead.Activities = nil
	step := func(n int, a scoring.Activity, facts map[string]float64, want string) {
		t.Helper()
		maps.Copy(lead.Facts, func() map[string]scoring.Value {
			values := map[string]scoring.Value{}
			for name, number := range facts {
				values[name] = scoring.Value{Type: scoring.TypeNumber, Number: number}
			}
			return values
		}())
		if a.Kind != "" {
			a.ID, a.At = a.Kind+string(rune('a'+n)), day(n)
			lead.Activities = append(lead.Activities, a)
		}
		if e := m.Evaluate(lead, day(n)); e.Stage != want {
			t.Errorf("on %d March: %q, want %q\n%s", n, e.Stage, want, e.Text("en"))
		}
	}
	step(1, scoring.Activity{}, nil, "subscriber")
	step(2, scoring.Activity{Kind: "form", Attributes: map[string]string{"name": "Whitepaper"}}, nil, "lead")
	step(3, scoring.Activity{Kind: "email_click"}, nil, "lead")
	step(4, scoring.Activity{Kind: "form", Attributes: map[string]string{"name": "Webinar"}}, nil, "mql")
	step(9, scoring.Activity{Kind: "call", Attributes: map[string]string{"outcome": "connected", "direction": "outbound"}}, nil, "sql")
	step(10, scoring.Activity{}, map[string]float64{"open_deals": 1}, "opportunity")
	step(20, scoring.Activity{}, map[string]float64{"open_deals": 0, "won_deals": 1}, "customer")
	lead.Facts["email_domain"] = scoring.Value{Type: scoring.TypeText, Text: "partner.example"}
	step(21, scoring.Activity{}, nil, "other")
}
