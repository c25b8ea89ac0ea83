package scoringtest

import (
	"fmt"
	"math"
	"time"

	"pgregory.net/rapid"

	"leadsync/scoring"
)

// Start is the moment around which random leads live.
func Start() time.Time { return time.Date(2026, 3, 2, 10, 20, 0, 0, time.UTC) }

// Time is near Start, often exactly on the grid.
func Time(t *rapid.T, label string) time.Time {
	const day = 24 * 60
	minutes := rapid.IntRange(-400*day, 0).Draw(t, label)
	if rapid.IntRange(0, 2).Draw(t, label+" crowded?") == 0 {
		minutes %= 10 * day // so that much lies within a window or a few steps
	}
	if rapid.IntRange(0, 3).Draw(t, label+" to come?") == 0 {
		minutes = -minutes / 10
		if rapid.Bool().Draw(t, label+" soon") {
			minutes %= 3 * day
		}
	}
	at := Start().Add(time.Duration(minutes) * time.Minute)
	if rapid.Bool().Draw(t, label+" aligned") {
		at = at.Truncate(time.Hour)
	}
	switch rapid.IntRange(0, 23).Draw(t, label+" odd") {
	case 0:
		return at.AddDate(-60, 0, 0) // before 1970
	case 1:
		return at.Add(time.Duration(rapid.SampledFrom([]int{1, 999, 1000, -1, -1000}).Draw(t, label+" nanoseconds")))
	}
	return at
}

// Lead is somebody with facts and activities in the words of ModelText.
func Lead(t *rapid.T) scoring.Lead {
	lead := scoring.Lead{Facts: map[string]scoring.Value{}, Activities: activities(t)}
	given := func(name string, value scoring.Value) {
		if rapid.IntRange(0, 3).Draw(t, name+"?") > 0 {
			lead.Facts[name] = value
		}
	}
	for _, fact := range []string{"n1", "n2", "t1", "t2", "yes", "d1", "d2", "w1", "w2", "level", "country", "mail"} {
		given(fact, value(t, fact))
	}
	lead.Stage = rapid.SampledFrom([]string{"", "lead", "mql", "other", "theirs"}).Draw(t, "stage")
	lead.Status = rapid.SampledFrom([]string{"", "", "new", "NEW", "open"}).Draw(t, "status")
	if rapid.Bool().Draw(t, "own order") {
		lead.Order = rapid.SampledFrom([][]string{{"lead", "mql", "sql", "evangelist"}, {"mql", "lead", "sal", "sql"}, {"sql", "sql", "other", "lead"}}).Draw(t, "order")
	}
	if rapid.Bool().Draw(t, "pushed") {
		lead.Pushed = map[string]int64{"fit": int64(rapid.IntRange(-10, 60).Draw(t, "pushed fit")), "engagement": int64(rapid.IntRange(0, 60).Draw(t, "pushed engagement"))}
		lead.PushedReached = rapid.SampledFrom([][]string{nil, {"lead"}, {"lead", "mql"}}).Draw(t, "pushed reached")
	}
	return lead
}

// value is one of a fact; once in a while it is of another type than the fact, or no number at all.
func value(t *rapid.T, fact string) scoring.Value {
	if rapid.IntRange(0, 15).Draw(t, "strange") == 0 {
		fact = rapid.SampledFrom([]string{"n1", "t1", "yes", "d1", "nan", "infinity"}).Draw(t, "another type")
	}
	switch fact {
	case "n1":
		return scoring.Value{Type: scoring.TypeNumber, Number: float64(rapid.IntRange(-50, 400).Draw(t, "n1")) / 10}
	case "n2":
		return scoring.Value{Type: scoring.TypeNumber, Number: float64(rapid.IntRange(0, 5).Draw(t, "n2"))}
	case "nan":
		return scoring.Value{Type: scoring.TypeNumber, Number: math.NaN()}
	case "infinity":
		return scoring.Value{Type: scoring.TypeNumber, Number: math.Inf(1)}
	case "yes":
		return scoring.Value{Type: scoring.TypeBool, Bool: rapid.Bool().Draw(t, "yes")}
	case "d1", "d2":
		return scoring.Value{Type: scoring.TypeTime, Time: Time(t, fact)}
	case "w1", "w2", "level", "country", "mail":
		return scoring.Value{Type: scoring.TypeText, Text: rapid.SampledFrom(wordedTexts(fact)).Draw(t, fact)}
	}
	return scoring.Value{Type: scoring.TypeText, Text: rapid.SampledFrom(texts()).Draw(t, fact)}
}

// texts are such as people write, in several spellings and compositions.
func texts() []string {
	return []string{
		"Head of IT", "x", "Vertriebsleiter", "head", "", "Geschäftsführer", "GESCHA\u0308FTSFUEHRER", "Geschaftsfuhrer, Head (of Sales)",
		"Bahnhofstraße", "BAHNHOFSTRASSE 3", "Ärztin", "a\u0308rztin", "Tankstellen-Größe", "  x ", "Nº 5 İstanbul", "head\u00a0of",
	}
}

func activities(t *rapid.T) []scoring.Activity {
	var list []scoring.Activity
	for i := range rapid.IntRange(0, 8).Draw(t, "activities") {
		a := scoring.Activity{
			ID: fmt.Sprintf("%d", rapid.IntRange(0, i).Draw(t, "id")), Kind: rapid.SampledFrom([]string{"a", "a", "b", "unheard of"}).Draw(t, "kind"),
			At: Time(t, "at"), Uncertain: rapid.Bool().Draw(t, "uncertain"),
		}
		if a.Uncertain {
			bounds(t, &a)
		}
		if rapid.Bool().Draw(t, "attribute") {
			a.Attributes = map[string]string{"outcome": rapid.SampledFrom([]string{"x", "X", "y"}).Draw(t, "outcome")}
		}
		if a.Kind == "b" && rapid.Bool().Draw(t, "topic?") {
			a.Attributes = map[string]string{"topic": rapid.SampledFrom(topics()).Draw(t, "topic"), "outcome": rapid.SampledFrom([]string{"x", "", "y"}).Draw(t, "outcome")}
		}
		list = append(list, a)
		if rapid.IntRange(0, 4).Draw(t, "repeat") == 0 {
			list = append(list, a)
		}
	}
	for range rapid.IntRange(0, 2).Draw(t, "bursts") {
		list = append(list, burst(t, len(list))...)
	}
	return list
}

// Written is the lead after what an evaluation of it says was written some time ago and drifted less than the
// model's step, in whole points.
func Written(t *rapid.T, lead scoring.Lead, e scoring.Evaluation, step int64) scoring.Lead {
	lead.Pushed, lead.PushedReached, lead.PushedGrade, lead.PushedTier = map[string]int64{}, e.Reached, e.Grade, e.Tier
	for _, s := range e.Scores {
		lead.Pushed[s.Name] = s.Whole + rapid.Int64Range(1-step, step-1).Draw(t, "drift of "+s.Name)
	}
	return lead
}

// Now is a moment of evaluation: Start, or some time around it that need not lie on the grid.
func Now(t *rapid.T) time.Time {
	if rapid.Bool().Draw(t, "now is start") {
		return Start()
	}
	return Time(t, "now").Add(time.Duration(rapid.SampledFrom([]int{0, 0, 1, 999, 1000, -1}).Draw(t, "nanoseconds")))
}
