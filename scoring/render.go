package scoring

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// say picks the sentence of a language: German for "de", English for everything else.
func say(lang, english, german string) string {
	if lang == "de" {
		return german
	}
	return english
}

// oneLine keeps names, texts and conditions of the model, which can have several lines, in one.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || hidden(r) {
			return ' '
		}
		return r
	}, text)
}

// RenderReason says a reason in English, or in German for "de". A code that is not of this package is shown
// as it is, with its parameters.
func RenderReason(lang string, r Reason) string {
	if pattern := r.Code.sentence(lang); pattern != "" {
		return oneLine(Expand(pattern, worded(lang, r)))
	}
	parts := make([]string, 0, len(r.Params))
	for _, name := range slices.Sorted(maps.Keys(r.Params)) {
		parts = append(parts, fmt.Sprintf("%s=%q", name, r.Params[name]))
	}
	if len(parts) == 0 {
		return string(r.Code)
	}
	return string(r.Code) + " (" + strings.Join(parts, ", ") + ")"
}

// RenderLine says one contribution: its points, its rule, and why.
func RenderLine(lang string, l Line) string {
	name := l.Name(lang)
	why := []string{RenderReason(lang, l.Reason)}
	if l.Activity != "" {
		why = slices.Insert(why, 0, l.Kind+" "+renderTime(lang, l))
	}
	if seen := renderSeen(lang, l.Facts); seen != "" {
		why = append(why, seen)
	}
	return oneLine(fmt.Sprintf("%s %s (%s)", signed(lang, l.Result), name, strings.Join(why, "; ")))
}

// renderTime says when something happened, and how well that is known.
func renderTime(lang string, l Line) string {
	from, until := l.Between()
	switch {
	case !l.Uncertain:
		return clock(lang, l.At)
	case until.IsZero():
		return say(lang, "not before ", "frühestens ") + clock(lang, from)
	case until.Equal(l.At):
		return clock(lang, l.At) + say(lang, ", not before ", ", frühestens ") + clock(lang, from)
	}
	return say(lang, "between ", "zwischen ") + clock(lang, from) + say(lang, " and ", " und ") + clock(lang, until)
}

// signed is points with their sign, "+30" or "-2.5", in German with a comma.
func signed(lang string, p Points) string {
	text := p.String()
	if p > 0 {
		text = "+" + text
	}
	return decimal(lang, text)
}

func decimal(lang, number string) string {
	if lang == "de" {
		return strings.Replace(number, ".", ",", 1)
	}
	return number
}

// clock is a moment in the zone that it is given in: UTC, unless somebody has put it in another (Evaluation.In).
func clock(lang string, t time.Time) string {
	return t.Format(say(lang, "2006-01-02 15:04 MST", "02.01.2006 15:04 MST"))
}

// renderSeen lists facts with their values; texts are quoted, so nothing in them reaches a terminal as it is.
func renderSeen(lang string, facts []Seen) string {
	parts := make([]string, len(facts))
	for i, seen := range facts {
		parts[i] = seen.Fact + " = " + renderValue(lang, seen.Value) + renderOriginal(lang, seen)
	}
	return strings.Join(parts, ", ")
}

func renderValue(lang string, v Value) string {
	switch v.Type {
	case TypeText:
		return fmt.Sprintf("%q", v.Text)
	case TypeNumber:
		return decimal(lang, fmt.Sprintf("%v", v.Number))
	case TypeBool:
		if v.Bool {
			return say(lang, "yes", "ja")
		}
		return say(lang, "no", "nein")
	case TypeTime:
		return clock(lang, v.Time)
	default:
		return say(lang, "unknown", "unbekannt")
	}
}

// Text is the whole evaluation for a person: every line with its points, the sums, stage and why, what is
// missing for the next stage and whom to ask, and when it next changes by itself. lang is "en" or "de".
func (e Evaluation) Text(lang string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s, %s %.12s\n", say(lang, "As of", "Stand"), clock(lang, e.At), say(lang, "model", "Modell"), e.Model)
	if e.Variant != "" {
		fmt.Fprintf(&b, "%s: %s\n", say(lang, "Variant", "Variante"), e.Variant)
	}
	if e.Unprofiled {
		fmt.Fprintf(&b, "\n%s\n", RenderReason(lang, e.StageReason))
		e.writeViolations(&b, lang)
		return b.String()
	}
	for _, score := range e.Scores {
		fmt.Fprintf(&b, "\n%s: %d\n", score.Name, score.Whole)
		writeLines(&b, lang, score.Lines)
		fmt.Fprintf(&b, "  = %s\n", decimal(lang, score.Points.String()))
	}
	e.writeRank(&b, lang)
	stage := e.Stage
	if stage == "" {
		stage = say(lang, "none", "keine")
	}
	fmt.Fprintf(&b, "\n%s: %s (%s)\n", say(lang, "Stage", "Phase"), stage, RenderReason(lang, e.StageReason))
	e.writeDecided(&b, lang)
	e.writeMissing(&b, lang)
	e.writeViolations(&b, lang)
	e.writeChange(&b, lang)
	return b.String()
}

// writeRank writes grade and tier, if the model has them.
func (e Evaluation) writeRank(b *strings.Builder, lang string) {
	if e.Grade != "" || e.Tier != "" {
		b.WriteString("\n")
	}
	if e.Grade != "" {
		fmt.Fprintf(b, "%s: %s\n", say(lang, "Grade", "Note"), e.Grade)
	}
	if e.Tier != "" {
		fmt.Fprintf(b, "%s: %s\n", say(lang, "Tier", "Klasse"), e.Tier)
	}
}

// writeLines writes contributions, equal ones that follow each other once, with their number.
func writeLines(b *strings.Builder, lang string, lines []Line) {
	for i := 0; i < len(lines); {
		text, n := RenderLine(lang, lines[i]), 1
		for i+n < len(lines) && RenderLine(lang, lines[i+n]) == text {
			n++
		}
		if i += n; n > 1 {
			text = fmt.Sprintf("%d × %s", n, text)
		}
		fmt.Fprintf(b, "  %s\n", text)
	}
}

// Short is the scores and their main reasons as plain text for a field of the CRM, at most limit characters:
// "Fit 40: decision maker +30, right size +10. Engagement 12: form filled in +12." Rules are summed up,
// rounded to a tenth and ordered by weight.
func (e Evaluation) Short(lang string, limit int) string {
	var parts []string
	if e.Unprofiled {
		parts = append(parts, say(lang, "Not profiled.", "Kein Profiling."))
	}
	for _, score := range e.Scores {
		name := []rune(score.Name)
		text := fmt.Sprintf("%s%s %d", strings.ToUpper(string(name[:1])), string(name[1:]), score.Whole)
		if reasons := summary(lang, score.Lines); len(reasons) > 0 {
			text += ": " + strings.Join(reasons, ", ")
		}
		parts = append(parts, text+".")
	}
	text := []rune(oneLine(strings.Join(parts, " ")))
	if len(text) <= limit {
		return string(text)
	}
	if limit < 1 {
		return ""
	}
	return string(text[:limit-1]) + "…"
}

// summary is one item per rule with the sum of its lines, the weightiest first.
func summary(lang string, lines []Line) []string {
	type item struct {
		name string
		sum  Points
	}
	var items []item
	for _, line := range lines {
		name := line.Rule
		if name == "" {
			name = strings.TrimSpace(say(lang, "limit", "Grenze") + " " + line.Group)
		}
		i := slices.IndexFunc(items, func(other item) bool { return other.name == name })
		if i < 0 {
			items = append(items, item{name: name})
			i = len(items) - 1
		}
		items[i].sum += line.Result
	}
	slices.SortStableFunc(items, func(a, b item) int { return cmp.Compare(max(b.sum, -b.sum), max(a.sum, -a.sum)) })
	var texts []string
	for _, it := range items {
		if tenths := it.sum.tenths(); tenths != 0 {
			texts = append(texts, it.name+" "+signed(lang, tenths))
		}
	}
	return texts
}

// tenths rounds to a tenth of a point, half away from zero.
func (p Points) tenths() Points {
	const tenth, half = 100, 50
	if p < 0 {
		return -((-p + half) / tenth * tenth)
	}
	return (p + half) / tenth * tenth
}
