package scoring_test

import (
	"strings"
	"testing"
	"time"

	"leadsync/scoring"
)

// almost is a lead with something of everything that an explanation can show.
func almost() scoring.Lead {
	lead := visitor()
	delete(lead.Facts, "budget")
	delete(lead.Facts, "industry")
	lead.Facts["job_title"] = scoring.Value{Type: scoring.TypeText, Text: "CEO \x1b[31mred"}
	lead.Activities = lead.Activities[:18]
	lead.Activities[3].Uncertain = true
	lead.Activities = append(lead.Activities,
		scoring.Activity{ID: "m1", Kind: "meeting", At: start().Add(-50 * time.Hour), Attributes: map[string]string{"outcome": "completed"}},
		scoring.Activity{ID: "m2", Kind: "meeting", At: start().Add(-70 * time.Hour), Attributes: map[string]string{"outcome": "completed"}},
		scoring.Activity{ID: "m3", Kind: "meeting", At: start().Add(-90 * time.Hour), Attributes: map[string]string{"outcome": "completed"}},
	)
	return lead
}

func TestText(t *testing.T) {
	var b strings.Builder
	for _, lang := range []string{"en", "de"} {
		e := sample(t, "demo.yaml").Evaluate(almost(), start())
		e.Model = "0123456789abcdef" // the version changes with every word of the sample
		b.WriteString(e.Text(lang) + "\n" + e.Short(lang, 500) + "\n\n")
		empty := sample(t, "small.yaml").Evaluate(scoring.Lead{}, start())
		empty.Model = "0123456789abcdef"
		b.WriteString(empty.Text(lang) + "\n" + empty.Short(lang, 500) + "\n\n")
		short := funnel(t).Evaluate(scoring.Lead{Facts: facts(1, "a")}, start())
		short.Model = "0123456789abcdef"
		b.WriteString(short.Text(lang) + "\n" + short.Short(lang, 500) + "\n\n")
		top := funnel(t).Evaluate(scoring.Lead{Facts: facts(2, "a", "side")}, start())
		top.Model = "0123456789abcdef"
		b.WriteString(top.Text(lang) + "\n" + top.Short(lang, 500) + "\n\n")
		last := funnel(t).Evaluate(scoring.Lead{Facts: facts(-1), Stage: "customer"}, start())
		last.Model = "0123456789abcdef"
		b.WriteString(last.Text(lang) + "\n" + last.Short(lang, 500) + "\n\n")
	}
	if strings.ContainsRune(b.String(), '\x1b') {
		t.Error("a value reaches the terminal unescaped")
	}
	golden(t, "text.txt", b.String())
}

func TestShort_keepsItsLimit(t *testing.T) {
	e := sample(t, "demo.yaml").Evaluate(almost(), start())
	whole := len([]rune(e.Short("de", 10_000)))
	for limit := -1; limit <= whole+1; limit++ {
		text := []rune(e.Short("de", limit))
		if len(text) != min(max(limit, 0), whole) {
			t.Fatalf("limit %d gives %d characters: %q", limit, len(text), string(text))
		}
		if limit > 0 && limit < whole && text[limit-1] != '…' {
			t.Fatalf("limit %d: %q does not say that it was cut", limit, string(text))
		}
	}
}

func TestRenderReason(t *testing.T) {
	for name, tc := range map[string]struct {
		lang   string
		reason scoring.Reason
		want   string
	}{
		"English":                    {"en", scoring.Reason{Code: scoring.ReasonCriteriaMet, Params: map[string]string{"stage": "mql"}}, "all criteria of mql are met"},
		"German":                     {"de", scoring.Reason{Code: scoring.ReasonCriteriaMet, Params: map[string]string{"stage": "mql"}}, "alle Kriterien für mql sind erfüllt"},
		"unknown language":           {"fr", scoring.Reason{Code: scoring.ReasonNoStage}, "the criteria of no stage are met"},
		"somebody else's":            {"en", scoring.Reason{Code: "paused", Params: map[string]string{"b": "2", "a": "x y"}}, `paused (a="x y", b="2")`},
		"without parameter":          {"en", scoring.Reason{Code: "paused"}, "paused"},
		"an age in days, to a tenth": {"en", scoring.Reason{Code: scoring.ReasonDecayed, Params: map[string]string{"age_hours": "78", "half_life_hours": "1080"}}, "3.2 days old, half-life 45 days"},
		"below two days in hours":    {"de", scoring.Reason{Code: scoring.ReasonDecayed, Params: map[string]string{"age_hours": "47.75", "half_life_hours": "36"}}, "47,75 h alt, Halbwertszeit 36 h"},
		"what is stated is exact":    {"en", scoring.Reason{Code: scoring.ReasonOutside, Params: map[string]string{"times": "2", "window_hours": "49"}}, "not counted: 2 × outside the window of 49 h"},
		"days in German":             {"de", scoring.Reason{Code: scoring.ReasonOutside, Params: map[string]string{"times": "2", "window_hours": "720"}}, "nicht gezählt: 2 × außerhalb des Zeitfensters (30 Tage)"},
		"values stay as they are": {
			"en", scoring.Reason{Code: scoring.ReasonDirect, Params: map[string]string{"stage": "{condition}", "condition": "{stage}"}}, "{condition} directly, because {stage}",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := scoring.RenderReason(tc.lang, tc.reason); got != tc.want {
				t.Errorf("%q, want %q", got, tc.want)
			}
		})
	}
}

func TestRenderLine_showsEveryTypeOfValue(t *testing.T) {
	line := scoring.Line{Rule: "r", Result: -2500, Reason: scoring.Reason{Code: scoring.ReasonFactMatched}, Facts: []scoring.Seen{
		{Fact: "text", Value: scoring.Value{Type: scoring.TypeText, Text: "a\nb"}},
		{Fact: "number", Value: scoring.Value{Type: scoring.TypeNumber, Number: 2.5}},
		{Fact: "yes", Value: scoring.Value{Type: scoring.TypeBool, Bool: true}},
		{Fact: "no", Value: scoring.Value{Type: scoring.TypeBool}},
		{Fact: "time", Value: scoring.Value{Type: scoring.TypeTime, Time: start()}},
		{Fact: "nothing"},
	}}
	want := `-2,5 r (die Bedingung trifft zu; text = "a\nb", number = 2,5, yes = ja, no = nein, time = 02.03.2026 10:20 UTC, nothing = unbekannt)`
	if got := scoring.RenderLine("de", line); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestExpand(t *testing.T) {
	values := map[string]string{"name": "{company}", "company": "Example GmbH", "fact.size": "50"}
	for template, want := range map[string]string{
		"{name} of {company}":  "{company} of Example GmbH",
		"{fact.size} {fact.x}": "50 {fact.x}",
		"{unknown} { name }":   "{unknown} { name }",
		"{{name}}":             "{{company}}",
		"{name":                "{name",
		"":                     "",
	} {
		if got := scoring.Expand(template, values); got != want {
			t.Errorf("%q gives %q, want %q", template, got, want)
		}
	}
}

func TestTextIn(t *testing.T) {
	for name, tc := range map[string]struct {
		texts map[string]string
		lang  string
		want  string
	}{
		"the language":  {map[string]string{"en": "yes", "de": "ja"}, "de", "ja"},
		"else English":  {map[string]string{"en": "yes", "de": "ja"}, "fr", "yes"},
		"else anything": {map[string]string{"fr": "oui", "it": "si"}, "de", "oui"},
		"nothing":       {nil, "de", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := scoring.TextIn(tc.texts, tc.lang); got != tc.want {
				t.Errorf("%q, want %q", got, tc.want)
			}
		})
	}
}
