package scoring_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"leadsync/scoring"
)

// clickerModel looks for machines among clicks, not among forms; "any" is made of both.
func clickerModel(tb testing.TB, times int, within string) *scoring.Model {
	tb.Helper()
	return parse(tb, fmt.Sprintf(`model: clicker
facts: {x: {from: [contact.x]}}
activities:
  click: {counter: contact.clicks, last: contact.click_last, attributes: {name: contact.click_name}, machine: {times: %d, within: %s}}
  form: {counter: contact.forms, last: contact.form_last}
  any: {any_of: [click, form]}
  news: {of: any, where: name == "news"}
scores:
  engagement:
    rules:
      - {name: click, activity: click, points: 1}
      - {name: any, activity: any, points: 1}
lifecycle:
  - {stage: lead, when: 'count("any") == 0'}
  - {stage: mql, when: 'days_since_last("click") >= 0 or days_with("click") > 0 or count_after("any", "click") > 0 or count_after("form", "news") > 0'}
lead_status:
  - {status: clicked, activity: news}
`, times, within))
}

func clicksAt(offsets ...time.Duration) []scoring.Activity {
	list := make([]scoring.Activity, len(offsets))
	for i, offset := range offsets {
		list[i] = scoring.Activity{ID: fmt.Sprintf("%02d", i), Kind: "click", At: start().Add(-time.Hour + offset)}
	}
	return list
}

// around makes an activity uncertain.
func around(a scoring.Activity, before, after time.Duration) scoring.Activity {
	a.Uncertain, a.NotBefore, a.NotAfter = true, a.At.Add(-before), a.At.Add(after)
	return a
}

func TestMachines(t *testing.T) {
	const second = time.Second
	four := clicksAt(0, second, 2*second, 3*second)
	with := func(change func(list []scoring.Activity)) []scoring.Activity {
		list := slices.Clone(four)
		change(list)
		return list
	}
	for name, tc := range map[string]struct {
		activities []scoring.Activity
		want       []string // of people, the earliest first
	}{
		"a burst":                       {four, nil},
		"one too few":                   {four[1:], []string{"01", "02", "03"}},
		"at one moment":                 {clicksAt(0, 0, 0, 0), nil},
		"exactly within":                {clicksAt(0, second, second, 10*second), nil},
		"just not within":               {clicksAt(0, second, second, 10*second+time.Microsecond), []string{"00", "01", "02", "03"}},
		"a human before and after":      {clicksAt(-11*second, 0, second, 2*second, 3*second, 14*second), []string{"00", "05"}},
		"two bursts that share some":    {clicksAt(0, 6*second, 7*second, 8*second, 16*second), []string(nil)},
		"a chain that is nowhere dense": {clicksAt(0, 4*second, 8*second, 12*second, 16*second), []string{"00", "01", "02", "03", "04"}},
		"another kind does not help":    {with(func(l []scoring.Activity) { l[2].Kind = "form" }), []string{"00", "01", "02", "03"}},
		"a burst of another kind": {with(func(l []scoring.Activity) {
			l[0].Kind, l[1].Kind, l[2].Kind, l[3].Kind = "form", "form", "form", "form"
		}), []string{"00", "01", "02", "03"}},
		"told twice, counted once":     {slices.Concat(four[1:], four[1:]), []string{"01", "02", "03"}},
		"uncertain, but narrow":        {with(func(l []scoring.Activity) { l[0] = around(l[0], second, 0) }), nil},
		"uncertain and wide":           {with(func(l []scoring.Activity) { l[0] = around(l[0], time.Minute, 0) }), []string{"00", "01", "02", "03"}},
		"uncertain without an end":     {with(func(l []scoring.Activity) { l[0] = around(l[0], 0, 0); l[0].NotAfter = time.Time{} }), []string{"00", "01", "02", "03"}},
		"uncertain from its own time":  {with(func(l []scoring.Activity) { l[3] = around(l[3], 0, second); l[3].NotBefore = time.Time{} }), nil},
		"too wide to be sure together": {with(func(l []scoring.Activity) { l[3] = around(l[3], 0, 8*second) }), []string{"00", "01", "02", "03"}},
		"certain ones have no bounds":  {with(func(l []scoring.Activity) { l[0] = around(l[0], time.Hour, 0); l[0].Uncertain = false }), nil},
		"an end before its beginning":  {with(func(l []scoring.Activity) { l[0] = around(l[0], 0, -time.Hour) }), nil},
		"a human beside a burst":       {append(clicksAt(0, second, 2*second, 3*second), around(clicksAt(0, 0, 0, 0, 3*second)[4], 0, 9500*time.Millisecond)), []string{"04"}},
	} {
		t.Run(name, func(t *testing.T) {
			m := clickerModel(t, 4, "10s")
			people := m.People(tc.activities)
			slices.Reverse(people)
			var got []string
			for _, a := range people {
				got = append(got, a.ID)
			}
			slices.Sort(got)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("people (-want +got):\n%s", diff)
			}
			e := m.Evaluate(scoring.Lead{Activities: tc.activities}, start())
			if points := pointsOf(e, "any"); points != scoring.Points(1000*len(tc.want)) {
				t.Errorf("%s points for %d activities of people", points, len(tc.want))
			}
		})
	}
}

// pointsOf is the sum of a rule's lines.
func pointsOf(e scoring.Evaluation, rule string) scoring.Points {
	var sum scoring.Points
	for _, score := range e.Scores {
		for _, line := range score.Lines {
			if line.Rule == rule {
				sum += line.Result
			}
		}
	}
	return sum
}

func TestMachines_countNowhere(t *testing.T) {
	m := clickerModel(t, 4, "10s")
	burst := clicksAt(0, time.Second, 2*time.Second, 3*time.Second)
	for i := range burst {
		burst[i].Attributes = map[string]string{"name": "news"}
	}
	e := m.Evaluate(scoring.Lead{Activities: burst}, start())
	if e.Scores[0].Points != 0 || !slices.Equal(e.Reached, []string{"lead"}) {
		t.Errorf("%s points, reached %v, want none and lead alone", e.Scores[0].Points, e.Reached)
	}
	// Half of the burst has begun: the line counts what has, whoever asks.
	e = m.Evaluate(scoring.Lead{Activities: burst}, burst[1].At)
	for _, line := range e.Scores[0].Lines {
		if line.Reason.Code != scoring.ReasonMachine || line.Reason.Params["times"] != "2" || line.Result != 0 {
			t.Errorf("line %+v", line)
		}
	}
	if len(e.Scores[0].Lines) != 2 {
		t.Errorf("%d lines, want one for each rule", len(e.Scores[0].Lines))
	}
}

func TestMachines_leaveTheListAlone(t *testing.T) {
	list := clicksAt(3, 2, 0, 1)
	before := slices.Clone(list)
	clickerModel(t, 2, "1h").People(list)
	if diff := cmp.Diff(before, list); diff != "" {
		t.Errorf("changed (-before +after):\n%s", diff)
	}
	if got := funnel(t).People(list); len(got) != 4 || &got[0] != &list[0] {
		t.Error("a model without machines looks for them")
	}
}

// definition decides whether an activity is a machine's word by word, in cubic time.
func definition(list []scoring.Activity, i, times int, within time.Duration) bool {
	bounds := func(a scoring.Activity) (from, until time.Time, ok bool) {
		from, until = a.At, a.At
		if !a.Uncertain {
			return from, until, true
		}
		if !a.NotBefore.IsZero() && a.NotBefore.Before(from) {
			from = a.NotBefore
		}
		if a.NotAfter.After(until) {
			until = a.NotAfter
		}
		return from, until, !a.NotAfter.IsZero() && until.Sub(from) <= within
	}
	holds := func(begin time.Time, a scoring.Activity) bool {
		from, until, ok := bounds(a)
		return ok && !from.Before(begin) && !until.After(begin.Add(within))
	}
	for _, edge := range list {
		from, until, _ := bounds(edge)
		for _, begin := range []time.Time{from, until.Add(-within)} {
			n := 0
			for _, other := range list {
				if holds(begin, other) {
					n++
				}
			}
			if n >= times && holds(begin, list[i]) {
				return true
			}
		}
	}
	return false
}

func TestMachines_areWhatTheDefinitionSays(t *testing.T) {
	models := map[int]*scoring.Model{2: clickerModel(t, 2, "20s"), 3: clickerModel(t, 3, "20s"), 5: clickerModel(t, 5, "20s")}
	found := 0
	rapid.Check(t, func(rt *rapid.T) {
		times := rapid.SampledFrom([]int{2, 3, 5}).Draw(rt, "times")
		var list []scoring.Activity
		for i := range rapid.IntRange(0, 14).Draw(rt, "activities") {
			a := clicksAt(time.Duration(rapid.IntRange(0, 90).Draw(rt, "at")) * time.Second)[0]
			a.ID = fmt.Sprint(i)
			switch rapid.IntRange(0, 5).Draw(rt, "how certain") {
			case 0:
				a = around(a, time.Duration(rapid.IntRange(-5, 15).Draw(rt, "before"))*time.Second, time.Duration(rapid.IntRange(-5, 15).Draw(rt, "after"))*time.Second)
			case 1:
				a = around(a, 0, time.Duration(rapid.IntRange(0, 21).Draw(rt, "after"))*time.Second)
				a.NotBefore = time.Time{}
			}
			list = append(list, a)
		}
		people := models[times].People(list)
		for i := range list {
			got := !slices.ContainsFunc(people, func(a scoring.Activity) bool { return a.ID == list[i].ID })
			if want := definition(list, i, times, 20*time.Second); got != want {
				rt.Fatalf("%d of %d: a machine %v, by the definition %v", i, len(list), got, want)
			}
			if got {
				found++
			}
		}
	})
	if found == 0 {
		t.Error("no machine came up: the test shows nothing")
	}
}
