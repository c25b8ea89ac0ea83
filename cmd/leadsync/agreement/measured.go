package agreement

import (
	"encoding/json"

	"leadsync/scoring"
)

// made are the kinds of activity: the words for what leads do that both sides agreed on (S7).
func (w *writer) made() Section {
	s := Section{ID: "activities", Title: w.say("What the kinds of activity mean", "Was die Arten von Aktivität bedeuten")}
	var rows [][]Cell
	for _, name := range w.kinds() {
		a := w.file.Activities[name]
		is := text(list(a.AnyOf), prefix(w.say("count in ", "Zähler in "), a.Counter), prefix(w.say("latest in ", "zuletzt in "), a.Last), prefix(w.say("first in ", "zuerst in "), a.First),
			prefix(w.say("records: ", "Datensätze: "), a.Object))
		if a.Of != "" {
			is = Cell{{Text: a.Of + w.when(a.Where != "", " with ", " mit "), Code: a.Where}}
		}
		if m := a.Machine; m != nil {
			is = append(is, Line{Text: w.say(string(m.Times)+" within "+w.within(m.Within)+" are a machine, and count nowhere", string(m.Times)+" innerhalb von "+w.within(m.Within)+" sind eine Maschine und zählen nirgends")})
		}
		var attributes []string
		for _, one := range sorted(a.Attributes) {
			attributes = append(attributes, one+": "+w.attribute(a.Attributes[one]))
		}
		rows = append(rows, []Cell{text(name), is, text(attributes...)})
	}
	s.table("", []string{w.say("Kind", "Art"), w.say("Is", "Ist"), w.say("Described by", "Beschrieben durch")}, rows)
	return s
}

// kinds are the names of the kinds, those with a source first, each in the order of the file.
func (w *writer) kinds() []string {
	var names []string
	for _, kind := range w.model.ActivityKinds() {
		names = append(names, kind.Kind)
	}
	for _, kind := range w.model.MadeKinds() {
		names = append(names, kind.Kind)
	}
	return names
}

func (w *writer) attribute(a attribute) string {
	if a.Of == "" {
		return a.From
	}
	return w.say("a word found in ", "ein Wort aus ") + a.Of + ": " + wordsOf(a.Options)
}

// wordsOf are the words of options, each with the texts that mean it.
func wordsOf(options pairs) string {
	said := make([]string, len(options))
	for i, one := range options {
		var texts []string
		_ = json.Unmarshal(one.value, &texts) // the parser has read it
		said[i] = one.name + " (" + list(texts) + ")"
	}
	return list(said)
}

// facts are what is known about a lead, and the lists of words that conditions compare with.
func (w *writer) facts() Section {
	s := Section{ID: "facts", Title: w.say("What is known about a lead", "Was über einen Lead bekannt ist")}
	var rows [][]Cell
	for _, f := range w.model.Facts() {
		x, declared := w.file.Facts[f.Name]
		if !declared {
			continue
		}
		rows = append(rows, []Cell{
			text(f.Name), text(list(x.From), prefix(w.say("counted: ", "gezählt: "), x.Count), prefix(w.say("from deals: ", "aus Deals: "), x.Deals)),
			text(prefix(w.say("type: ", "Typ: "), x.Type), prefix(w.say("vocabulary: ", "Vokabular: "), x.Vocabulary), wordsOf(x.Options), prefix(w.say("all others: ", "alle anderen: "), x.Otherwise)),
		})
	}
	s.table("", []string{w.say("Fact", "Merkmal"), w.say("Where it stands", "Wo es steht"), w.say("Words", "Wörter")}, rows)
	rows = nil
	for _, name := range sorted(w.file.Words) {
		rows = append(rows, []Cell{text(name), text(list(w.file.Words[name]))})
	}
	s.table(w.say("Lists of words", "Wortlisten"), []string{w.say("List", "Liste"), w.say("Words", "Wörter")}, rows)
	return s
}

// metrics are what is measured, and where it is read (S95, S105).
func (w *writer) metrics() Section {
	s := Section{ID: "metrics", Title: w.say("Metrics", "Messzahlen"), Intro: Cell{{Text: w.say(
		"No figure is about a person; those about how fast people answer are of teams of at least five.",
		"Keine Zahl betrifft eine einzelne Person; Zahlen darüber, wie schnell geantwortet wird, gelten für Gruppen ab fünf.")}}}
	var rows [][]Cell
	add := func(what, by, command string) { rows = append(rows, []Cell{text(what), text(by), code(command)}) }
	for _, c := range w.file.Response {
		var by []string
		for _, fact := range []string{c.Team, c.Source} {
			if fact != "" {
				by = append(by, fact)
			}
		}
		if c.Team == "" {
			by = append([]string{w.say("team of the owner", "Team")}, by...)
		}
		add(w.say("share of goals met, and time until the first answer: ", "Anteil erreichter Ziele und Zeit bis zur ersten Antwort: ")+c.Name, list(by), "leadsync response")
	}
	if m := w.file.Misjudged; m != nil {
		add(w.say("share of misjudged leads among those in ", "Anteil der Fehleinschätzungen unter denen in ")+list(m.Stages), w.say("rule", "Regel")+prefix(", ", m.Source), "leadsync misjudged")
	}
	if w.file.Rank != nil {
		add(w.say("share that got beyond ", "Anteil, der weiterkam als ")+list(w.file.Rank.Stages), w.say("band of scores", "Punktebereich"), "leadsync rank --bands")
	}
	for _, f := range w.model.Facts() {
		if f.Count == scoring.DealsLostReason {
			add(w.say("reasons of lost deals", "Gründe verlorener Deals"), f.Name, "leadsync lost")
		}
	}
	if len(w.file.Invariants) > 0 {
		add(w.say("contacts that should not be as they are", "Kontakte, die nicht so sein sollten"), w.say("name", "Name"), "leadsync violations")
	}
	add(w.say("contacts that people or other machines keep where the model would not", "Kontakte, die Menschen oder andere Maschinen anders halten als das Modell"), w.say("cause", "Ursache"), "leadsync overrides")
	add(w.say("contacts without anybody responsible", "Kontakte ohne jemanden, der zuständig ist"), "", "leadsync orphans")
	s.table("", []string{w.say("What is measured", "Was gemessen wird"), w.say("By", "Nach"), w.say("Read with", "Abgelesen mit")}, rows)
	return s
}
