package agreement

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"leadsync/scoring"
)

// stages says which stage is reached by what, and who answers for it (S8, S18, S21 to S24, S36).
func (w *writer) stages() Section {
	s := Section{ID: "stages", Title: w.say("Stages, and who is responsible", "Phasen und Zuständigkeit"), Intro: Cell{{Text: w.say(
		"The last stage whose requirements are met counts, and a contact only moves forward. A direct way needs neither points nor gates.",
		"Es zählt die letzte Phase, deren Bedingungen erfüllt sind, und ein Kontakt rückt nur vor. Ein direkter Weg braucht weder Punkte noch Mindestanforderungen.")}}}
	head := []string{w.say("Stage", "Phase"), w.say("Responsible", "Zuständig"), w.say("Reached by", "Erreicht durch")}
	for _, topic := range w.topics() {
		var rows [][]Cell
		for _, st := range topic.Lifecycle {
			rows = append(rows, []Cell{text(st.Stage, w.when(st.SideTrack, "outside of the order", "außerhalb der Reihenfolge")), text(w.answers(st.Stage)), w.reached(st)})
		}
		s.table(w.forWhom(w.say("Stages", "Phasen"), topic, func(v variant) bool { return v.Lifecycle != nil }), head, rows)
	}
	if c := w.file.Companies; c != nil && c.Lifecycle == "furthest" {
		s.Intro = append(s.Intro, Line{Text: w.say("A company goes where the furthest of its contacts goes.", "Ein Unternehmen rückt dorthin vor, wohin sein am weitesten vorgerückter Kontakt kommt.")})
	}
	return s
}

func (w *writer) when(holds bool, english, german string) string {
	if !holds {
		return ""
	}
	return w.say(english, german)
}

func (w *writer) answers(stage string) string {
	i := slices.IndexFunc(w.model.Stages(), func(s scoring.Stage) bool { return s.Name == stage })
	if i < 0 {
		return ""
	}
	return w.side(string(w.model.Stages()[i].Owner))
}

func (w *writer) reached(st stage) Cell {
	if st.Manual {
		return text(w.say("people only", "nur durch Menschen"))
	}
	var needs []string
	for _, name := range w.model.ScoreNames() {
		if want, ok := st.Scores[name]; ok {
			needs = append(needs, fmt.Sprintf("%s ≥ %s", name, number(want)))
		}
	}
	return join(
		text(prefix(w.say("points: ", "Punkte: "), strings.Join(needs, w.say(" and ", " und ")))),
		under(w.say("condition: ", "Bedingung: "), st.When),
		text(prefix(w.say("gates: ", "Mindestanforderungen: "), list(st.Gates))),
		under(w.say("or directly: ", "oder direkt: "), st.Direct),
	)
}

// gates are the minimum requirements with what to ask (S28 to S31).
func (w *writer) gates() Section {
	s := Section{ID: "gates", Title: w.say("Minimum requirements (gates)", "Mindestanforderungen"), Intro: Cell{{Text: w.say(
		"A gate holds a stage back whatever the points say. What is not known keeps it shut.",
		"Eine Mindestanforderung hält eine Phase zurück, was immer die Punkte sagen. Was nicht bekannt ist, gilt als nicht erfüllt.")}}}
	head := []string{w.say("Gate", "Anforderung"), w.say("Open if", "Erfüllt, wenn"), w.say("Otherwise", "Sonst")}
	for _, topic := range w.topics() {
		var rows [][]Cell
		for _, name := range sorted(topic.Gates) {
			g := topic.Gates[name]
			rows = append(rows, []Cell{
				text(name, w.when(g.Confirmation, "a person confirms it", "ein Mensch bestätigt es")),
				join(code(g.Requires), under(w.say("not: ", "nicht: "), g.Forbids), text(prefix(w.say("known: ", "bekannt: "), list(g.Complete)))),
				text(w.in(g.Ask)),
			})
		}
		s.table(w.forWhom(w.say("Gates", "Anforderungen"), topic, func(v variant) bool { return v.Gates != nil }), head, rows)
	}
	if len(s.Tables) == 0 {
		s.Intro = nil
	}
	return s
}

// scores are the rules with their points (S27, S41 to S75).
func (w *writer) scores() Section {
	s := Section{ID: "scores", Title: w.say("What earns points", "Was Punkte bringt")}
	head := []string{w.say("Rule", "Regel"), w.say("Points", "Punkte"), w.say("For", "Wofür"), w.say("Limits", "Grenzen")}
	for _, topic := range w.topics() {
		for _, name := range w.model.ScoreNames() {
			score, ok := topic.Scores[name]
			if !ok {
				continue
			}
			title := name + w.bounds(" (", ")", score.Minimum, score.Maximum)
			s.table(w.forWhom(title, topic, func(v variant) bool { _, has := v.Scores[name]; return has }), head, w.rules("", score.Rules))
		}
	}
	return s
}

// bounds are floor and ceiling in words, nothing if there is neither.
func (w *writer) bounds(before, after string, least, most json.Number) string {
	var said []string
	if least != "" {
		said = append(said, w.say("at least ", "mindestens ")+number(least))
	}
	if most != "" {
		said = append(said, w.say("at most ", "höchstens ")+number(most))
	}
	if len(said) == 0 {
		return ""
	}
	return before + strings.Join(said, ", ") + after
}

func (w *writer) rules(group string, rules []rule) [][]Cell {
	var rows [][]Cell
	for _, r := range rules {
		if r.Group != "" {
			rows = append(rows, w.rules(r.Group+w.bounds(w.say(": together ", ": zusammen "), "", r.Minimum, r.Maximum), r.Rules)...)
			continue
		}
		rows = append(rows, []Cell{
			text(r.Name, prefix(w.say("group ", "Gruppe "), group)), text(points(r.Points)), w.counts(r), text(w.limitsOf(r)...),
		})
	}
	return rows
}

// counts is what a rule gives points for.
func (w *writer) counts(r rule) Cell {
	if r.Silence != "" {
		return text(w.say("nothing of the kind ", "nichts von der Art ")+r.Silence+w.say(" for ", " seit ")+w.within(r.After),
			prefix(w.say("and again every ", "und erneut alle "), w.spanOf(r.Every)))
	}
	if r.Activity != "" {
		return join(text(w.say("each ", "je ")+r.Activity), under(w.say("with ", "mit "), r.Where))
	}
	return code(r.When)
}

func (w *writer) spanOf(text string) string {
	if text == "" {
		return ""
	}
	return w.span(text)
}

func (w *writer) limitsOf(r rule) []string {
	said := []string{
		prefix(w.say("at most in all: ", "insgesamt höchstens: "), number(r.Cap)),
		prefix(w.say("not older than ", "nicht älter als "), w.spanOf(r.Window)),
		prefix(w.say("halves every ", "halbiert sich alle "), w.spanOf(r.HalfLife)),
		prefix(w.say("fewest: ", "mindestens so viele: "), number(r.AtLeast)),
	}
	if m := r.AtMost; m != nil && m.Per != "" {
		period := map[string]string{"day": w.say("day", "Tag"), "week": w.say("week", "Woche"), "month": w.say("month", "Monat")}[m.Per]
		said = append(said, fmt.Sprintf(w.say("the first %s per %s", "die ersten %s je %s"), m.Times, period))
	} else if m != nil {
		said = append(said, fmt.Sprintf(w.say("the latest %s", "die letzten %s"), m.Times))
	}
	if r.Loses != nil {
		said = append(said, fmt.Sprintf(w.say("loses %s every %s", "verliert %s alle %s"), r.Loses.Points, w.span(r.Loses.Every)))
	}
	for _, one := range r.Steps {
		said = append(said, fmt.Sprintf(w.say("%s %% from %s on", "%s %% ab %s"), one.value, w.within(one.name)))
	}
	return append(said, w.when(r.Supporting, "not alone", "nicht für sich allein"))
}

// grades are the names of scores (S100).
func (w *writer) grades() Section {
	s := Section{ID: "grades", Title: w.say("Grades and tiers", "Noten und Klassen")}
	for _, topic := range w.topics() {
		var rows [][]Cell
		for _, name := range []string{"letter", "number"} {
			if a, ok := topic.Grades[name]; ok {
				rows = append(rows, w.axis(name, a))
			}
		}
		s.table(w.forWhom(w.say("Grades", "Noten"), topic, func(v variant) bool { return v.Grades != nil }), []string{w.say("Mark", "Zeichen"), w.say("From the score", "Aus der Punktzahl"), w.say("At least", "Mindestens")}, rows)
		rows = nil
		for _, name := range w.model.Tiers() {
			if t, ok := topic.Tiers[name]; ok {
				rows = append(rows, []Cell{text(name), text(list(t.grades), prefix(w.say("sum of the scores ≥ ", "Summe der Punktzahlen ≥ "), number(t.sum)))})
			}
		}
		s.table(w.forWhom(w.say("Tiers", "Klassen"), topic, func(v variant) bool { return v.Tiers != nil }), []string{w.say("Tier", "Klasse"), w.say("Who belongs to it", "Wer dazugehört")}, rows)
	}
	return s
}

func (w *writer) axis(name string, a axis) []Cell {
	var score string
	var marks []string
	for _, key := range sorted(a) {
		if key == "score" {
			_ = json.Unmarshal(a[key], &score) // the parser has read it
			continue
		}
		marks = append(marks, fmt.Sprintf("%s: %s", key, a[key]))
	}
	label := map[string]string{"letter": w.say("letter", "Buchstabe"), "number": w.say("number", "Ziffer")}[name]
	return []Cell{text(label), text(score), text(list(marks))}
}
