package scoring_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/scoring"
)

// pointsModel is a model whose one score has the rules, at a grid of an hour.
func pointsModel(tb testing.TB, zone string, rules ...string) *scoring.Model {
	tb.Helper()
	return parse(tb, `model: points
push_step: 1
time_zone: `+zone+`
facts:
  x: {from: [contact.x], type: number}
  since: {from: [contact.since], type: time}
activities:
  click: {counter: contact.clicks, last: contact.last_click, attributes: {name: contact.last_click_name}, machine: {times: 3, within: 10s}}
  call: {object: call}
scores:
  engagement:
    rules:
      - `+strings.Join(rules, "\n      - ")+`
lifecycle:
  - {stage: mql, scores: {engagement: 20}}
`)
}

// told is a line in short: who, which activity, points, why.
func told(lines []scoring.Line) []string {
	list := make([]string, len(lines))
	for i, line := range lines {
		name := line.Rule
		if line.Group != "" {
			name = line.Group + "/" + name
		}
		list[i] = strings.Join(strings.Fields(fmt.Sprintf("%s %s %s %s", name, line.Activity, line.Result, line.Reason.Code)), " ")
	}
	return list
}

// points are hand-computed: at 10:20 the step is that of 10:00, and what happened so many whole days before 10:20
// was born at 11:00 of its day, so it is an hour younger.
func TestEvaluate_points(t *testing.T) {
	const hour, day = time.Hour, 24 * time.Hour
	type at map[string]time.Duration // of clicks, or calls if the name begins with c: how long ago
	for name, tc := range map[string]struct {
		rules []string
		ago   at
		x     float64
		want  []string
	}{
		"loses nothing before the first interval": {
			[]string{"{name: r, activity: click, points: 8, loses: {points: 2.5, every: 1d}}"},
			at{"a": day, "b": day + hour, "d": 3 * day, "e": 4*day + hour},
			0,
			[]string{"r a 8 activity_counted", "r b 5.5 activity_linear", "r d 3 activity_linear"},
		},
		"loses of what is taken away": {
			[]string{"{name: r, activity: click, points: -8, loses: {points: 3, every: 1d}}"},
			at{"a": 0, "b": day + hour, "d": 2*day + hour, "e": 3*day + hour},
			0,
			[]string{"r a -8 activity_counted", "r b -5 activity_linear", "r d -2 activity_linear"},
		},
		"steps begin with their age and round half away from zero": {
			[]string{"{name: r, activity: click, points: 0.01, steps: {1d: 55, 2d: 5, 3d: 4}}"}, // 10 thousandths
			at{"a": day, "b": day + hour, "d": 2*day + hour, "e": 3*day + hour},
			0,
			[]string{"r a 0.01 activity_counted", "r b 0.006 activity_stepped", "r d 0.001 activity_stepped"},
		},
		"steps of what is taken away": {
			[]string{"{name: r, activity: click, points: -0.01, steps: {1d: 55}}"}, at{"a": day + hour}, 0, []string{"r a -0.006 activity_stepped"},
		},
		"steps down to nothing": {
			[]string{"{name: r, activity: click, points: 10, steps: {1d: 0}}"}, at{"a": day, "b": day + hour}, 0, []string{"r a 10 activity_counted"},
		},
		"steps within a window": {
			[]string{"{name: r, activity: click, points: 10, steps: {1d: 50, 2d: 20}, window: 2d}"},
			at{"a": day, "b": 2 * day, "d": 2*day + hour},
			0,
			[]string{"r a 10 activity_counted", "r b 5 activity_stepped", "r 0 outside_window"},
		},
		"the latest count": {
			[]string{"{name: r, activity: click, points: 5, at_most: 2, half_life: 1d}"},
			at{"a": hour, "b": day + hour, "d": 2 * day, "to come": -hour},
			0,
			[]string{"r a 5 activity_counted", "r b 2.5 activity_decayed", "r 0 over_at_most"},
		},
		"of one moment the smaller ID counts": {
			[]string{"{name: r, activity: click, points: 5, at_most: 1}"}, at{"b": day, "a": day}, 0, []string{"r a 5 activity_counted", "r 0 over_at_most"},
		},
		"too few": {
			[]string{"{name: r, activity: click, points: 5, at_least: 3}"}, at{"a": hour, "b": day, "to come": -hour}, 0, []string{"r 0 below_at_least"},
		},
		"just enough": {
			[]string{"{name: r, activity: click, points: 5, at_least: 2}"}, at{"a": hour, "b": day}, 0, []string{"r a 5 activity_counted", "r b 5 activity_counted"},
		},
		"too few within the window": {
			[]string{"{name: r, activity: click, points: 5, at_least: 2, window: 1d}"},
			at{"a": hour, "b": day + hour},
			0,
			[]string{"r 0 outside_window", "r 0 below_at_least"},
		},
		"those worn out are enough": {
			[]string{"{name: r, activity: click, points: 5, at_least: 2, steps: {1d: 0}}"},
			at{"a": hour, "b": 2 * day},
			0,
			[]string{"r a 5 activity_counted"},
		},
		"enough, of which the latest counts": {
			[]string{"{name: r, activity: click, points: 5, at_least: 3, at_most: 1, cap: 5, window: 9d, loses: {points: 1, every: 1d}}"},
			at{"a": day + hour, "b": 2 * day, "d": 3 * day, "e": 10 * day},
			0,
			[]string{"r a 4 activity_linear", "r 0 outside_window", "r 0 over_at_most"},
		},
		"nothing to say": {
			[]string{"{name: r, activity: click, points: 5, at_least: 3, at_most: 1, window: 9d}"}, at{"to come": -hour}, 0, []string{},
		},
		"machines are told": {
			[]string{"{name: r, activity: click, points: 5}"},
			at{"a": day, "b": day + time.Second, "d": day + 10*time.Second, "e": day + time.Minute},
			0,
			[]string{"r e 5 activity_counted", "r 0 machine"},
		},
		"everything together": {
			[]string{"{name: r, activity: click, points: 5, at_most: {times: 1, per: day}, window: 3d, half_life: 1d, cap: 6, at_least: 2}"},
			at{
				"m1": hour, "m2": hour + time.Second, "m3": hour + 2*time.Second, // a machine
				"a": 30 * time.Minute, "late": 20 * time.Minute, // 09:50 and 10:00
				"b": day + hour, "d": 2*day + hour, "e": 4 * day,
			},
			0,
			[]string{
				"r a 5 activity_counted", "r b 2.5 activity_decayed", "r d 1.25 activity_decayed",
				"r -2.75 rule_capped", "r 0 outside_window", "r 0 over_at_most", "r 0 machine",
			},
		},
		"not yet silent": {
			[]string{"{name: s, silence: click, after: 2d, points: -5}"}, at{"a": 2*day + 19*time.Minute, "b": 9 * day}, 0, []string{},
		},
		"silent": {
			[]string{"{name: s, silence: click, after: 2d, points: -5}"}, at{"a": 2*day + 20*time.Minute, "b": 9 * day}, 0, []string{"s a -5 silent"},
		},
		"who never spoke fell not silent": {
			[]string{"{name: s, silence: click, after: 2d, points: -5}"}, at{"call": 9 * day, "to come": -day}, 0, []string{},
		},
		"silent again and again": {
			[]string{"{name: s, silence: click, after: 2d, every: 1d, points: -5}"}, at{"a": 4*day + 20*time.Minute}, 0, []string{"s a -15 silent"},
		},
		"silence has a cap": {
			[]string{"{name: s, silence: click, after: 2d, every: 1d, points: -5, cap: 12}"},
			at{"a": 4*day + 20*time.Minute},
			0,
			[]string{"s a -15 silent", "s 3 rule_capped"},
		},
		"a machine breaks no silence": {
			[]string{"{name: s, silence: click, after: 2d, points: -5}"},
			at{"a": 3 * day, "x": day, "y": day + time.Second, "z": day + 2*time.Second},
			0,
			[]string{"s a -5 silent"},
		},
		"worth nothing alone": {
			[]string{"{name: lottery, when: x > 0, points: 10, supporting: true}", "{name: r, activity: click, points: 5}"},
			nil, 1,
			[]string{"lottery 10 fact_matched", "lottery -10 unsupported"},
		},
		"worth something with other evidence": {
			[]string{"{name: lottery, when: x > 0, points: 10, supporting: true}", "{name: r, activity: click, points: 5}"},
			at{"a": 0},
			1,
			[]string{"lottery 10 fact_matched", "r a 5 activity_counted"},
		},
		"neither silence nor what is supporting is evidence": {
			[]string{
				"{name: lottery, when: x > 0, points: 10, supporting: true}", "{name: fair, activity: call, points: 7, cap: 9, supporting: true}",
				"{name: bad, when: x > 0, points: -1}", "{name: r, activity: click, points: 5, window: 1d}",
			},
			at{"call": 0, "call 2": 0, "call 3": 0, "a": 9 * day},
			1,
			[]string{
				"lottery 10 fact_matched", "lottery -10 unsupported",
				"fair call 7 activity_counted", "fair call 2 7 activity_counted", "fair call 3 7 activity_counted", "fair -12 rule_capped", "fair -9 unsupported",
				"bad -1 fact_matched", "r 0 outside_window",
			},
		},
		"evidence in a group counts before the limit": {
			[]string{"{group: g, maximum: 0, rules: [{name: r, activity: click, points: 5}]}", "{name: lottery, when: x > 0, points: 10, supporting: true}"},
			at{"a": 0},
			1,
			[]string{"g/r a 5 activity_counted", "g/ -5 group_ceiling", "lottery 10 fact_matched"},
		},
		"a group has a ceiling": {
			[]string{
				"{group: g, maximum: 7.5, rules: [{name: r, activity: click, points: 5, cap: 6}, {name: q, when: x > 0, points: 3}]}",
				"{name: p, when: x > 0, points: 1}",
			},
			at{"a": 0, "b": 0},
			1,
			[]string{"g/r a 5 activity_counted", "g/r b 5 activity_counted", "g/r -4 rule_capped", "g/q 3 fact_matched", "g/ -1.5 group_ceiling", "p 1 fact_matched"},
		},
		"a group has a floor": {
			[]string{"{group: g, minimum: -4, maximum: 9, rules: [{name: r, activity: click, points: -5}]}", "{group: h, minimum: 2, rules: [{name: q, when: x > 5, points: 9}]}"},
			at{"a": 0},
			1,
			[]string{"g/r a -5 activity_counted", "g/ 1 group_floor", "h/ 2 group_floor"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			lead := scoring.Lead{Facts: map[string]scoring.Value{"x": {Type: scoring.TypeNumber, Number: tc.x}}}
			for id, ago := range tc.ago {
				kind := "click"
				if strings.HasPrefix(id, "call") {
					kind = "call"
				}
				lead.Activities = append(lead.Activities, scoring.Activity{ID: id, Kind: kind, At: start().Add(-ago)})
			}
			score := pointsModel(t, "UTC", tc.rules...).Evaluate(lead, start()).Scores[0]
			if diff := cmp.Diff(tc.want, told(score.Lines)); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
			sum := scoring.Points(0)
			for _, line := range score.Lines {
				sum += line.Result
			}
			if sum != score.Points {
				t.Errorf("the lines sum to %s, the score is %s", sum, score.Points)
			}
		})
	}
}

// The periods are those of the calendar where the company is.
func TestEvaluate_atMostPerPeriod(t *testing.T) {
	moment := func(text string) time.Time {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for name, tc := range map[string]struct {
		zone, atMost string
		at           []string // named a, b, c and so on
		want         string
	}{
		"the earliest of a day":            {"UTC", "{times: 2, per: day}", []string{"2026-02-01T09:00:00Z", "2026-02-01T08:00:00Z", "2026-02-01T10:00:00Z"}, "a b"},
		"midnight in UTC":                  {"UTC", "{times: 1, per: day}", []string{"2026-02-01T23:59:59Z", "2026-02-02T00:00:00Z"}, "b a"},
		"no midnight in Berlin":            {"Europe/Berlin", "{times: 1, per: day}", []string{"2026-02-01T23:59:59Z", "2026-02-02T00:00:00Z"}, "a"},
		"midnight in Berlin":               {"Europe/Berlin", "{times: 1, per: day}", []string{"2026-02-01T22:59:59Z", "2026-02-01T23:00:00Z"}, "b a"},
		"of one moment the smaller ID":     {"UTC", "{times: 2, per: day}", []string{"2026-02-01T09:00:00Z", "2026-02-01T09:00:00Z", "2026-02-01T09:00:00Z"}, "a b"},
		"a week begins on Monday":          {"UTC", "{times: 1, per: week}", []string{"2026-02-01T23:00:00Z", "2026-02-02T01:00:00Z", "2026-02-08T23:00:00Z"}, "b a"},
		"a week over the end of the year":  {"UTC", "{times: 1, per: week}", []string{"2025-12-29T12:00:00Z", "2026-01-04T12:00:00Z", "2026-01-05T12:00:00Z"}, "c a"},
		"a month":                          {"UTC", "{times: 1, per: month}", []string{"2026-01-31T23:00:00Z", "2026-02-01T00:00:00Z", "2026-02-28T12:00:00Z"}, "b a"},
		"the same month of another year":   {"UTC", "{times: 1, per: month}", []string{"2025-02-10T00:00:00Z", "2026-02-10T00:00:00Z"}, "b a"},
		"what is to come displaces none":   {"UTC", "{times: 1, per: week}", []string{"2026-03-02T09:00:00Z", "2026-03-02T12:00:00Z"}, "a"},
		"before 1970":                      {"UTC", "{times: 1, per: week}", []string{"1969-12-28T12:00:00Z", "1969-12-29T12:00:00Z", "1970-01-04T12:00:00Z"}, "b a"},
		"a day that comes twice is one":    {"America/St_Johns", "{times: 1, per: day}", []string{"2006-10-29T02:30:30Z", "2006-10-29T02:20:00Z", "2006-10-29T02:45:00Z", "2006-10-29T03:40:00Z"}, "a b"},
		"those of another reason take one": {"UTC", "{times: 1, per: month}, window: 20d", []string{"2026-02-02T09:00:00Z", "2026-02-20T09:00:00Z"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			lead := scoring.Lead{}
			for i, text := range tc.at {
				lead.Activities = append(lead.Activities, scoring.Activity{ID: string(rune('a' + i)), Kind: "call", At: moment(text)})
			}
			m := pointsModel(t, tc.zone, "{name: r, activity: call, points: 5, at_most: "+tc.atMost+"}")
			score := m.Evaluate(lead, start()).Scores[0]
			var counted []string
			for _, line := range score.Lines {
				if line.Activity != "" {
					counted = append(counted, line.Activity)
				}
			}
			if got := strings.Join(counted, " "); got != tc.want {
				t.Errorf("counted %q, want %q: %q", got, tc.want, told(score.Lines))
			}
		})
	}
}

// The text "100d" sorts before "30d".
func TestCanonical_keepsTheOrderOfAges(t *testing.T) {
	m := pointsModel(t, "UTC", "{name: r, activity: click, points: 5, steps: {30d: 50, 100d: 10}}")
	again, err := scoring.Parse("canonical.yaml", m.Canonical())
	if err != nil || again.Version() != m.Version() {
		t.Errorf("the canonical text is another model: %v\n%s", err, m.Canonical())
	}
	const text = "model: m\nfacts: {steps: {from: [contact.a], type: number}}\nscores: {x: {rules: [{name: r, points: 1, when: steps > 1}]}}\nlifecycle: [{stage: mql, scores: {x: 1}}]\n"
	if parse(t, text).Version() != parse(t, strings.Replace(text, "from: [contact.a], type: number", "type: number, from: [contact.a]", 1)).Version() {
		t.Error("of a fact that is called steps the order of keys is part of the version")
	}
}

// A rule over silence asks for its kind, a rule in a group for its facts.
func TestCriteria_ofEveryRule(t *testing.T) {
	m := pointsModel(t, "UTC", "{name: s, silence: call, after: 1d, points: -5}", "{group: g, maximum: 5, rules: [{name: q, when: x > 0, points: 9}]}")
	want := []scoring.Criterion{
		{What: "score rule", Name: "engagement: s", Activities: []string{"call"}},
		{What: "score rule", Name: "engagement: q", Facts: []string{"x"}},
	}
	if diff := cmp.Diff(want, m.Criteria()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
