package scoring_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/scoring"
)

// sources of kinds for the tests of what is made of them.
const kindsOfTest = `
  form: {counter: contact.forms, last: contact.form_last, attributes: {name: contact.form_name}}
  click: {counter: contact.clicks, last: contact.click_last, attributes: {name: contact.click_name, url: contact.click_url}}
  call: {object: call, attributes: {outcome: result}}
  paper: {of: form, where: 'has_word(name, "paper", "handbook")'}
  touch: {any_of: [paper, click, form]}
  it: {of: touch, where: 'has_word(name, "it")'}
  contacted: {any_of: [it, call]}
`

// kindsModel has the kinds above, a score with a rule and stages that ask for a condition.
func kindsModel(tb testing.TB, head, rule, condition string) *scoring.Model {
	tb.Helper()
	return parse(tb, "model: kinds\n"+head+"facts:\n  x: {from: [contact.x]}\nactivities:"+kindsOfTest+
		"scores:\n  engagement:\n    rules:\n      - {name: r, points: 10"+rule+"}\nlifecycle:\n  - {stage: mql, when: '"+condition+"'}\n"+
		"lead_status:\n  - {status: handbook, activity: it, where: 'has_word(name, \"handbook\")'}\n  - {status: contacted, activity: contacted}\n  - {status: open}\n")
}

func kindsLead() scoring.Lead {
	act := func(id, kind, name string, ago time.Duration) scoring.Activity {
		a := scoring.Activity{ID: id, Kind: kind, At: start().Truncate(time.Hour).Add(-ago)}
		if name != "" {
			a.Attributes = map[string]string{"name": name}
		}
		return a
	}
	const day = 24 * time.Hour
	return scoring.Lead{Activities: []scoring.Activity{
		act("f1", "form", "IT handbook", 40*day), act("f2", "form", "Contact", 30*day), act("f3", "form", "", 20*day),
		act("c1", "click", "IT news", 30*day), act("c2", "click", "News", 10*day), act("p", "call", "", 5*day),
		act("made", "paper", "paper", day), act("none", "fair", "paper", day),
	}}
}

func TestMadeKinds_count(t *testing.T) {
	for condition, want := range map[string]bool{
		`count("paper") == 1`: true, `count("touch") == 5`: true, `count("it") == 2`: true, `count("contacted") == 3`: true,
		`count("touch", name == "news") == 1`: true, `count("touch", known(url)) == 0`: true, `count("touch", not known(name)) == 1`: true,
		`count("contacted", outcome == "x") == 0`: true, `count("it", "", 35) == 1`: true,
		`days_since_last("paper") == 40`: true, `days_since_last("contacted") == 5`: true, `days_since_last("it") == 30`: true,
		`days_with("touch") == 4`: true, `days_with("touch", "", 31) == 3`: true, `days_with("touch", name contains "it") == 2`: true,
		`days_with("it", "", 1) == 0`:        true,
		`count_after("touch", "paper") == 4`: true, `count_after("touch", "paper", 30) == 2`: true, `count_after("paper", "touch") == 0`: true,
		`count_after("touch", "touch") == 4`: true, `count_after("click", "call") == 0`: true, `count_after("form", "click") == 1`: true,
	} {
		t.Run(condition, func(t *testing.T) {
			e := kindsModel(t, "", ", activity: form", condition).Evaluate(kindsLead(), start())
			if got := e.Stage == "mql"; got != want {
				t.Errorf("%v, want %v", got, want)
			}
		})
	}
}

func TestMadeKinds_linesShowTheSource(t *testing.T) {
	e := kindsModel(t, "", ", activity: contacted", "known(x)").Evaluate(kindsLead(), start())
	var got []string
	for _, line := range e.Scores[0].Lines {
		got = append(got, line.Activity+" "+line.Kind+" "+line.Reason.Params["kind"])
	}
	if diff := cmp.Diff([]string{"p call contacted", "c1 click contacted", "f1 form contacted"}, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

func TestMadeKinds_accessors(t *testing.T) {
	m := kindsModel(t, "", ", activity: contacted", "known(x)")
	var sources []string
	for _, k := range m.ActivityKinds() {
		sources = append(sources, k.Kind)
	}
	if diff := cmp.Diff([]string{"form", "click", "call"}, sources); diff != "" {
		t.Errorf("kinds with a source (-want +got):\n%s", diff)
	}
	want := []scoring.MadeKind{
		{Kind: "paper", Of: "form", Where: `has_word(name, "paper", "handbook")`, Bases: []string{"form"}},
		{Kind: "touch", AnyOf: []string{"paper", "click", "form"}, Bases: []string{"form", "click"}},
		{Kind: "it", Of: "touch", Where: `has_word(name, "it")`, Bases: []string{"form", "click"}},
		{Kind: "contacted", AnyOf: []string{"it", "call"}, Bases: []string{"form", "click", "call"}},
	}
	if diff := cmp.Diff(want, m.MadeKinds()); diff != "" {
		t.Errorf("made kinds (-want +got):\n%s", diff)
	}
}

func TestMadeKinds_setAStatus(t *testing.T) {
	m := kindsModel(t, "", ", activity: contacted", "known(x)")
	for name, tc := range map[string]struct {
		activity scoring.Activity
		want     string
	}{
		"part of a part":     {scoring.Activity{Kind: "form", Attributes: map[string]string{"name": "IT handbook"}}, "handbook"},
		"one of several":     {scoring.Activity{Kind: "click", Attributes: map[string]string{"name": "IT news"}}, "contacted"},
		"the other of them":  {scoring.Activity{Kind: "call"}, "contacted"},
		"none of them":       {scoring.Activity{Kind: "form", Attributes: map[string]string{"name": "News"}}, ""},
		"named by its made":  {scoring.Activity{Kind: "contacted"}, ""},
		"of no kind we know": {scoring.Activity{Kind: "fair"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got, ok := m.StatusOf(tc.activity); got != tc.want || ok != (tc.want != "") {
				t.Errorf("%q, %v, want %q", got, ok, tc.want)
			}
		})
	}
}

func TestMadeKinds_criteriaNameSources(t *testing.T) {
	m := kindsModel(t, "", ", activity: paper", `count("contacted") > 1 and count_after("call", "paper") > 0 and days_with("it") > 0 and count("it") > 0`)
	want := []scoring.Criterion{
		{What: "score rule", Name: "engagement: r", Activities: []string{"form"}},
		{What: "stage", Name: "mql", Activities: []string{"call", "form"}, Either: [][]string{{"form", "click"}, {"form", "click", "call"}}},
		{What: "lead status", Name: "handbook", Either: [][]string{{"form", "click"}}},
		{What: "lead status", Name: "contacted", Either: [][]string{{"form", "click", "call"}}},
	}
	if diff := cmp.Diff(want, m.Criteria()); diff != "" {
		t.Errorf("criteria (-want +got):\n%s", diff)
	}
}

// A made kind can have attributes of its own, which its where and whoever uses the kind can see.
func TestMadeKinds_attributesOfTheirOwn(t *testing.T) {
	m := parse(t, `model: own
facts: {x: {from: [contact.x]}}
activities:
  form: {counter: contact.forms, last: contact.form_last, attributes: {name: contact.form_name}}
  click: {counter: contact.clicks, last: contact.click_last, attributes: {name: contact.click_name}}
  paper:
    of: form
    attributes: {topic: {of: name, options: {crane: ["kran*", "crane*"], lift: ["*stapler"]}}}
    where: 'topic in ["crane", "lift"]'
  lifts: {of: paper, where: topic == "lift"}
  any: {any_of: [paper, click]}
scores: {fit: {rules: [{name: r, activity: paper, where: topic == "crane", points: 1}]}}
lifecycle: [{stage: mql, when: 'count("paper") == 2 and count("lifts") == 1 and count("any", known(topic)) == 3 and count("any") == 4'}]
lead_status: [{status: s, activity: lifts}]
`)
	act := func(id, kind, name string) scoring.Activity {
		return scoring.Activity{ID: id, Kind: kind, At: start(), Attributes: map[string]string{"name": name}}
	}
	lift := act("2", "form", "Gabelstapler")
	e := m.Evaluate(scoring.Lead{Activities: []scoring.Activity{
		act("1", "form", "Kranbau"), lift, act("3", "form", "News"), act("4", "click", "Crane of the year"), act("5", "click", "News"),
	}}, start())
	if e.Stage != "mql" || e.Scores[0].Points != 1000 {
		t.Errorf("stage %q, %s points\n%+v", e.Stage, e.Scores[0].Points, e.Stages)
	}
	if status, ok := m.StatusOf(lift); status != "s" || !ok {
		t.Errorf("status %q, %v", status, ok)
	}
}

// A mistake of a made kind is reported once, not at every use of an attribute that it would have had.
func TestMadeKinds_mistakesAreReportedOnce(t *testing.T) {
	_, err := scoring.Parse("m", []byte(`model: m
facts: {x: {from: [contact.x]}}
activities:
  form: {counter: contact.forms, attributes: {name: contact.name}}
  paper: {of: fom, where: name == "x"}
  part: {of: paper, where: name == "y"}
scores:
  fit: {rules: [{name: r, activity: part, where: name == "z", points: 1}]}
lifecycle:
  - {stage: mql, when: 'count("paper", nme == "u") > 1'}
lead_status:
  - {status: s, activity: paper, where: name == "v"}
`))
	if err == nil || strings.Count(err.Error(), "\n") != 0 || !strings.Contains(err.Error(), `m:5:15: activities.paper.of: unknown activity "fom"`) {
		t.Errorf("got %v", err)
	}
}

// The number of kinds that are made of each other bounds the work, not the number of ways through them.
func TestMadeKinds_nestedWithoutEnd(t *testing.T) {
	var b strings.Builder
	b.WriteString("model: nested\nfacts: {x: {from: [contact.x]}}\nactivities:\n  k0: {object: call}\n  l0: {object: email}\n")
	const depth = 60
	for i := range depth {
		n, o := string(rune('0'+(i+1)/10))+string(rune('0'+(i+1)%10)), string(rune('0'+i/10))+string(rune('0'+i%10))
		if i == 0 {
			o = "0"
		}
		b.WriteString("  k" + n + ": {any_of: [k" + o + ", l" + o + "]}\n  l" + n + ": {any_of: [l" + o + ", k" + o + "]}\n")
	}
	b.WriteString("scores: {fit: {rules: [{name: r, activity: k60, points: 1}]}}\nlifecycle: [{stage: mql, scores: {fit: 2}}]\n")
	m := parse(t, b.String())
	lead := scoring.Lead{Activities: []scoring.Activity{{ID: "1", Kind: "k0", At: start()}, {ID: "2", Kind: "l0", At: start()}}}
	if e := m.Evaluate(lead, start()); e.Scores[0].Points != 2000 {
		t.Errorf("%s points, want 2", e.Scores[0].Points)
	}
}

func TestTimeZone(t *testing.T) {
	if zone := kindsModel(t, "", ", activity: form", "known(x)").TimeZone(); zone != time.UTC {
		t.Errorf("%s unless given", zone)
	}
	if zone := kindsModel(t, "time_zone: Europe/Vienna\n", ", activity: form", "known(x)").TimeZone(); zone.String() != "Europe/Vienna" {
		t.Errorf("got %s", zone)
	}
}

func TestDaysWith_followTheZone(t *testing.T) {
	at := func(text string) time.Time {
		moment, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return moment
	}
	for name, tc := range map[string]struct {
		zone  string
		times []string
		want  string
	}{
		"one evening in UTC":             {"UTC", []string{"2026-02-10T22:30:00Z", "2026-02-10T23:30:00Z"}, "1"},
		"over midnight in Berlin":        {"Europe/Berlin", []string{"2026-02-10T22:30:00Z", "2026-02-10T23:30:00Z"}, "2"},
		"the same day in Berlin":         {"Europe/Berlin", []string{"2026-02-10T23:30:00Z", "2026-02-11T22:59:59Z"}, "1"},
		"summer begins two hours before": {"Europe/Berlin", []string{"2025-06-10T21:59:59Z", "2025-06-10T22:00:00Z"}, "2"},
		"the long day of October":        {"Europe/Berlin", []string{"2025-10-25T22:00:00Z", "2025-10-26T22:59:59Z", "2025-10-26T23:00:00Z"}, "2"},
		// Clocks went from 00:01 on 7 November back to 23:01 on the 6th: the 7th began, then the 6th went on.
		"a day that comes twice":  {"America/St_Johns", []string{"2010-11-07T02:00:00Z", "2010-11-07T02:30:30Z", "2010-11-07T02:40:00Z", "2010-11-07T04:00:00Z"}, "2"},
		"before 1970":             {"UTC", []string{"1969-12-31T23:59:59Z", "1970-01-01T00:00:00Z", "1969-12-31T00:00:00Z"}, "2"},
		"the odd zone of Nepal":   {"Asia/Kathmandu", []string{"2026-02-10T18:14:59Z", "2026-02-10T18:15:00Z"}, "2"},
		"begun and not to come":   {"UTC", []string{"2026-03-01T10:00:00Z", "2026-03-02T10:19:00Z", "2026-03-02T10:21:00Z", "2026-03-03T10:00:00Z"}, "2"},
		"what does not count yet": {"UTC", []string{"2026-03-02T10:21:00Z"}, "0"},
		"never":                   {"UTC", nil, "0"},
	} {
		t.Run(name, func(t *testing.T) {
			var lead scoring.Lead
			for _, text := range tc.times {
				lead.Activities = append(lead.Activities, scoring.Activity{ID: text, Kind: "form", At: at(text)})
			}
			m := kindsModel(t, "time_zone: "+tc.zone+"\n", ", activity: form", `days_with("form") == `+tc.want)
			if e := m.Evaluate(lead, start()); e.Stage != "mql" {
				t.Errorf("not %s days: %v", tc.want, e.Stages)
			}
			slices.Reverse(lead.Activities)
			if e := m.Evaluate(lead, start()); e.Stage != "mql" {
				t.Errorf("not %s days the other way round", tc.want)
			}
		})
	}
}

// S34: a handbook download alone is no engagement; what comes after it is, also on the same day.
func TestCountAfter_firstConversion(t *testing.T) {
	form, click := scoring.Activity{ID: "f", Kind: "form", At: start().Add(-48 * time.Hour)}, scoring.Activity{ID: "c", Kind: "click"}
	for name, tc := range map[string]struct {
		click time.Time
		want  bool
	}{
		"before":              {form.At.Add(-time.Hour), false},
		"at the same moment":  {form.At, false},
		"a microsecond after": {form.At.Add(time.Microsecond), true},
		"to come":             {start().Add(time.Minute), false},
	} {
		t.Run(name, func(t *testing.T) {
			click.At = tc.click
			m := kindsModel(t, "", ", activity: form", `count_after("click", "form") >= 1`)
			e := m.Evaluate(scoring.Lead{Activities: []scoring.Activity{form, click}}, start())
			if got := e.Stage == "mql"; got != tc.want {
				t.Errorf("%v, want %v", got, tc.want)
			}
			later := form
			later.ID, later.At = "g", start()
			e = m.Evaluate(scoring.Lead{Activities: []scoring.Activity{later, form, click}}, start())
			if got := e.Stage == "mql"; got != tc.want {
				t.Errorf("with a later form %v, want %v: the earliest counts", got, tc.want)
			}
			if e = m.Evaluate(scoring.Lead{Activities: []scoring.Activity{click}}, start()); e.Stage == "mql" {
				t.Error("without a form")
			}
		})
	}
}
