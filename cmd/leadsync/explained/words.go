package explained

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"leadsync/scoring"
)

// longest is how much of a text the page shows, in characters.
const longest = 300

// Plain is a text with everything that would change how the text around it is shown written out: control characters
// and those that reverse the direction of writing. Long texts are cut.
func Plain(text string) string {
	var b strings.Builder
	n := 0
	for _, r := range text {
		if n++; n > longest {
			b.WriteString("…")
			break
		}
		switch {
		case r == '\n' || r == '\t':
			b.WriteString(" ")
		case r == unicode.ReplacementChar, r != '\u200c' && r != '\u200d' && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co):
			fmt.Fprintf(&b, "\\u%04x", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// value is a fact's value for people.
func (v viewer) value(value scoring.Value) string {
	switch value.Type {
	case scoring.TypeText:
		return v.say("“", "„") + Plain(value.Text) + v.say("”", "“")
	case scoring.TypeNumber:
		return v.number(strconv.FormatFloat(value.Number, 'f', -1, 64))
	case scoring.TypeBool:
		if value.Bool {
			return v.say("yes", "ja")
		}
		return v.say("no", "nein")
	case scoring.TypeTime:
		return v.when(value.Time)
	default:
		return v.say("unknown", "unbekannt")
	}
}

// number writes a number as the language does: thousands in groups, a minus that is one.
func (v viewer) number(text string) string {
	sign, digits := "", text
	if rest, ok := strings.CutPrefix(text, "-"); ok {
		sign, digits = "−", rest
	}
	whole, part, fraction := strings.Cut(digits, ".")
	var b strings.Builder
	for i, r := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 && len(whole) > 4 {
			b.WriteString(v.say(",", "."))
		}
		b.WriteRune(r)
	}
	if fraction {
		b.WriteString(v.say(".", ",") + part)
	}
	return sign + b.String()
}

func (v viewer) points(p scoring.Points) string { return v.number(p.String()) }

// signed is points with their sign and so many decimals, so that they align; nothing is empty.
func (v viewer) signed(p scoring.Points, decimals int) string {
	text := strconv.FormatFloat(float64(p)/1000, 'f', decimals, 64)
	switch text = v.number(text); {
	case p > 0:
		return "+" + text
	default:
		return text
	}
}

// decimals are as many as the points need.
func decimals(p scoring.Points) int {
	switch {
	case p%1000 == 0:
		return 0
	case p%100 == 0:
		return 1
	case p%10 == 0:
		return 2
	}
	return 3
}

// happened says what happened and when, and how well that is known.
func (v viewer) happened(l scoring.Line) string {
	if l.Activity == "" {
		return ""
	}
	from, until := l.Between()
	at := v.when(l.At)
	switch {
	case !l.Uncertain:
	case until.IsZero():
		at = v.say("not before ", "frühestens ") + v.when(from)
	case until.Equal(l.At):
		at += v.say(", not before ", ", frühestens ") + v.when(from)
	default:
		at = v.say("between ", "zwischen ") + v.when(from) + v.say(" and ", " und ") + v.when(until)
	}
	return l.Kind + ", " + at
}

// why is the reason of a line. Ages are told in days where that is shorter.
func (v viewer) why(l scoring.Line) string {
	p := l.Reason.Params
	switch l.Reason.Code { //nolint:exhaustive // the others have their sentences
	case scoring.ReasonDecayed:
		return fmt.Sprintf(v.say("%s old, half-life %s", "%s alt, Halbwertszeit %s"), v.span(p["age_hours"]), v.span(p["half_life_hours"]))
	case scoring.ReasonLinear:
		return fmt.Sprintf(v.say("%s old, loses %s every %s", "%s alt, verliert %s je %s"), v.span(p["age_hours"]), v.number(p["loses"]), v.span(p["every_hours"]))
	case scoring.ReasonStepped:
		return fmt.Sprintf(v.say("%s old, %s %% of the points", "%s alt, %s %% der Punkte"), v.span(p["age_hours"]), p["percent"])
	case scoring.ReasonSilent:
		return fmt.Sprintf(v.say("nothing since, for %s; %s ×", "seither nichts, %s lang; %s ×"), v.span(p["age_hours"]), p["times"])
	case scoring.ReasonOutside:
		return fmt.Sprintf(v.say("not counted: %s × outside the window of %s", "nicht gezählt: %s × außerhalb des Zeitfensters (%s)"), p["times"], v.span(p["window_hours"]))
	case scoring.ReasonActivityCounted, scoring.ReasonFactMatched:
		return ""
	default:
		return scoring.RenderReason(v.lang, l.Reason)
	}
}

// span is a number of hours as people say it.
func (v viewer) span(hours string) string {
	n, err := strconv.ParseFloat(hours, 64)
	const day, twoDays = 24, 48
	switch {
	case err != nil:
		return Plain(hours)
	case n >= twoDays:
		return v.number(strings.TrimSuffix(strconv.FormatFloat(n/day, 'f', 1, 64), ".0")) + v.say(" days", " Tage")
	}
	return v.number(hours) + " h"
}
