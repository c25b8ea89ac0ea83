package scoring_test

import (
	"strings"
	"testing"
	"time"

	"leadsync/scoring"
)

// Everything that can happen to points, as people read it.
func TestText_points(t *testing.T) {
	const hour, day = time.Hour, 24 * time.Hour
	m := pointsModel(
		t, "Europe/Berlin",
		"{group: website, maximum: 20.5, rules: [{name: clicked, activity: click, points: 8, at_most: {times: 1, per: day}, window: 30d, loses: {points: 2.5, every: 7d}, cap: 15}, {name: well known, when: x > 0, points: 9}]}",
		"{group: talks, minimum: -2, rules: [{name: called in vain, activity: call, points: -4.5, at_most: 1, steps: {1d: 50}}]}",
		"{name: keeps calling, activity: call, points: 5, at_least: 4}",
		"{name: trade fair, when: x > 0, points: 10, supporting: true}",
		"{name: fell silent, silence: call, after: 1d, every: 1d, points: -5, cap: 12}",
	)
	alone := pointsModel(t, "UTC", "{name: trade fair, when: x > 0, points: 10, supporting: true}", "{name: clicked, activity: click, points: 2, window: 1d}")
	lead := scoring.Lead{Facts: map[string]scoring.Value{"x": {Type: scoring.TypeNumber, Number: 1}}}
	for id, ago := range map[string]time.Duration{
		"a": hour, "b": 2 * hour, "d": 8 * day, "e": 40 * day, "m": 3 * hour, "n": 3*hour + time.Second, "o": 3*hour + 2*time.Second,
	} {
		lead.Activities = append(lead.Activities, scoring.Activity{ID: id, Kind: "click", At: start().Add(-ago)})
	}
	for id, ago := range map[string]time.Duration{"call": 4 * day, "call 2": 5 * day, "call 3": 6 * day} {
		lead.Activities = append(lead.Activities, scoring.Activity{ID: id, Kind: "call", At: start().Add(-ago)})
	}
	var b strings.Builder
	for _, lang := range []string{"en", "de"} {
		for _, one := range []*scoring.Model{m, alone} {
			lead := lead
			if one == alone {
				lead.Activities = nil
			}
			e := one.Evaluate(lead, start())
			e.Model = "0123456789abcdef"
			b.WriteString(e.Text(lang) + "\n" + e.Short(lang, 500) + "\n\n")
		}
	}
	golden(t, "points.txt", b.String())
}

func TestRenderReason_saysHowManyAreTooMany(t *testing.T) {
	for name, tc := range map[string]struct {
		lang   string
		params map[string]string
		want   string
	}{
		"a day":           {"en", map[string]string{"times": "2", "at_most": "1", "per": "day"}, "not counted: 2 × over the limit of 1 a day"},
		"a week":          {"en", map[string]string{"times": "2", "at_most": "1", "per": "week"}, "not counted: 2 × over the limit of 1 a week"},
		"a month":         {"de", map[string]string{"times": "2", "at_most": "1", "per": "month"}, "nicht gezählt: 2 × über der Grenze von 1 im Monat"},
		"for all time":    {"de", map[string]string{"times": "2", "at_most": "1"}, "nicht gezählt: 2 × über der Grenze von 1"},
		"nothing is said": {"en", nil, "not counted: {times} × over the limit of {at_most}"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := scoring.RenderReason(tc.lang, scoring.Reason{Code: scoring.ReasonTooMany, Params: tc.params}); got != tc.want {
				t.Errorf("%q, want %q", got, tc.want)
			}
		})
	}
}
