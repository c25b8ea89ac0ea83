package agreement

import (
	"fmt"
	"slices"
	"strings"
)

// statuses are the results of the first talks, and what follows from each (S86 to S93).
func (w *writer) statuses() Section {
	s := Section{ID: "statuses", Title: w.say("Lead status", "Leadstatus")}
	var rows [][]Cell
	for _, name := range w.model.Statuses() {
		var causes Cell
		for _, rule := range w.file.LeadStatus {
			if rule.Status != name {
				continue
			}
			causes = append(causes, text(prefix(w.say("entering ", "Eintritt in "), rule.OnStage))...)
			if rule.Activity != "" {
				causes = append(causes, Line{Text: rule.Activity + w.when(rule.Where != "", " with ", " mit "), Code: rule.Where})
			}
		}
		if len(causes) == 0 {
			causes = text(w.say("people", "Menschen"))
		}
		var follows []string
		for _, f := range w.file.FollowUps {
			if f.OnStatus == name {
				follows = append(follows, f.Name)
			}
		}
		if m := w.file.Misjudged; m != nil {
			for _, e := range m.Ends {
				if e.Status == name {
					follows = append(follows, w.say("misjudged", "Fehleinschätzung"))
				}
			}
		}
		rows = append(rows, []Cell{text(name), causes, text(follows...)})
	}
	s.table("", []string{w.say("Status", "Status"), w.say("Set by", "Gesetzt durch"), w.say("What follows", "Was folgt")}, rows)
	return s
}

// handover is how sales answers (S12, S19, S83, S107).
func (w *writer) handover() Section {
	s := Section{ID: "handover", Title: w.say("Handover from marketing to sales", "Übergabe von Marketing an den Vertrieb")}
	h := w.file.Handover
	if h == nil {
		return s
	}
	add := func(holds bool, english, german string, args ...any) {
		if holds {
			s.Intro = append(s.Intro, Line{Text: fmt.Sprintf(w.say(english, german), args...)})
		}
	}
	add(h.Confirm != "", "Sales answers in %s: accepted by %s, rejected by %s.", "Der Vertrieb antwortet in %s: angenommen mit %s, abgelehnt mit %s.", h.Confirm, list(h.Accepted), list(h.Rejected))
	add(h.BackTo != "", "A rejected contact goes back to %s.", "Ein abgelehnter Kontakt geht zurück in %s.", h.BackTo)
	add(h.Reason != "", "The reason of a rejection stands in %s.", "Der Grund einer Ablehnung steht in %s.", h.Reason)
	add(h.Problem != "", "The problem of the lead stands in %s, for marketing.", "Das Problem des Leads steht in %s, für das Marketing.", h.Problem)
	if h.EscalateAfter != "" {
		add(true, "After %s without an answer %s is asked.", "Nach %s ohne Antwort wird %s gefragt.", w.within(h.EscalateAfter), h.EscalateTo)
	}
	add(h.Ask != nil, "The question: %s", "Die Frage: %s", w.asked(h.Ask))
	add(h.Strict, "A stage that a person sets while its gates do not hold is taken back.", "Eine Phase, die ein Mensch setzt, obwohl Mindestanforderungen fehlen, wird zurückgenommen.")
	add(h.Missing, "What such a stage lacks is shown on the record.", "Was einer solchen Phase fehlt, steht am Datensatz.")
	return s
}

// followUps is what is done after what, by whom and by when (S76 to S95).
func (w *writer) followUps() Section {
	s := Section{ID: "follow_ups", Title: w.say("Follow-ups", "Nachfassen"), Intro: Cell{{Text: w.say(
		"A contact has at most one open task of a kind; a new cause changes the open one. Nothing is due outside of working time.",
		"Ein Kontakt hat von jeder Art höchstens eine offene Aufgabe; ein neuer Anlass ändert die offene. Nichts wird außerhalb der Arbeitszeit fällig.")}}}
	head := []string{w.say("Follow-up", "Folge"), w.say("After", "Anlass"), w.say("What", "Was"), w.say("Who", "Wer"), w.say("By when", "Bis wann")}
	var rows [][]Cell
	for _, f := range w.file.FollowUps {
		rows = append(rows, []Cell{text(f.Name), w.cause(f), w.consequence(f), text(w.doer(f)), text(w.deadline(f)...)})
	}
	if s.table("", head, rows); len(rows) == 0 {
		s.Intro = nil
	}
	return s
}

func (w *writer) cause(f followUp) Cell {
	c := text(prefix(w.say("status ", "Status "), f.OnStatus), prefix(w.say("stage ", "Phase "), f.OnStage))
	if on := f.OnActivity; on != nil {
		c = append(c, Line{Text: on.Kind + w.when(on.Where != "", " with ", " mit "), Code: on.Where})
	}
	return join(c, text(w.after(f.After)), under(w.say("only if ", "nur wenn "), f.While), under(w.say("not if ", "nicht wenn "), f.ObsoleteWhen))
}

func (w *writer) after(span string) string {
	if span == "" {
		return ""
	}
	return w.say(w.span(span)+" later", w.span(span)+" später")
}

func (w *writer) consequence(f followUp) Cell {
	switch {
	case f.Task != nil:
		return w.task(f.Task)
	case f.Deal != nil:
		return w.deal(f.Deal)
	case f.CloseTasks:
		return text(w.say("close our open tasks", "unsere offenen Aufgaben schließen"))
	case f.BackTo != "":
		return text(w.say("back to ", "zurück in ") + f.BackTo)
	case f.Lists != nil:
		return text(prefix(w.say("onto the lists ", "auf die Listen "), list(f.Lists.Add)), prefix(w.say("off the lists ", "von den Listen "), list(f.Lists.Remove)))
	}
	return nil
}

func (w *writer) task(t *task) Cell {
	name := map[string]string{"call": w.say("call", "Anruf"), "email": w.say("e-mail", "E-Mail"), "todo": w.say("to-do", "Aufgabe"), "": w.say("to-do", "Aufgabe")}[t.Kind]
	c := text(name+": "+w.in(t.Subject), w.in(t.Body), w.say("priority: ", "Priorität: ")+w.priority(t.Priority), prefix(w.say("queue: ", "Warteschlange: "), t.Queue))
	if t.Remind != "" {
		c = append(c, Line{Text: w.say("reminder ", "Erinnerung ") + w.span(t.Remind) + w.say(" before", " vorher")})
	}
	for i, step := range t.Ladder {
		own := prefix(": ", w.in(step.Subject)) + prefix(" – ", w.in(step.Body)) + prefix(w.say(", priority ", ", Priorität "), w.given(step.Priority))
		c = append(c, text(prefix(fmt.Sprintf(w.say("attempt %d", "Versuch %d"), i+1), own))...)
	}
	if t.Then != nil {
		c = append(c, text(prefix(w.say("then status ", "danach Status "), t.Then.Status), prefix(w.say("then back to ", "danach zurück in "), t.Then.BackTo))...)
	}
	return c
}

// asked is what a task of a clock or a question says.
func (w *writer) asked(s *said) string {
	if s == nil {
		return ""
	}
	return w.in(s.Subject) + prefix(" – ", w.in(s.Body))
}

// given is a priority that a step names.
func (w *writer) given(priority string) string {
	if priority == "" {
		return ""
	}
	return w.priority(priority)
}

func (w *writer) deal(d *deal) Cell {
	c := text(w.say("deal: ", "Deal: ") + w.in(d.Name))
	for _, p := range d.Pipeline {
		said := w.say("pipeline ", "Pipeline ") + p.Pipeline + prefix(w.say(", stage ", ", Phase "), p.Stage+d.Stage)
		c = append(c, Line{Text: said + w.when(p.When != "", ", if ", ", wenn "), Code: p.When})
	}
	c = append(c, text(prefix(w.say("amount: ", "Betrag: "), d.Amount))...)
	for _, name := range sorted(d.Properties) {
		c = append(c, Line{Text: name + ": " + w.in(d.Properties[name])})
	}
	open := map[string]string{
		"any": w.say("the contact", "des Kontakts"), "": w.say("the contact", "des Kontakts"),
		"same_pipeline": w.say("the contact in the same pipeline", "des Kontakts in derselben Pipeline"), "company": w.say("the contact or its company", "des Kontakts oder seines Unternehmens"),
	}[d.UnlessOpen]
	return append(c, Line{Text: w.say("an open deal of "+open+" is used instead", "ein offener Deal "+open+" wird stattdessen genutzt")})
}

func (w *writer) doer(f followUp) string {
	switch {
	case f.Task != nil:
		return w.whom(f.Task.For)
	case f.Deal != nil:
		return w.whom(f.Deal.For)
	}
	return "leadsync"
}

func (w *writer) deadline(f followUp) []string {
	switch {
	case f.Task != nil:
		said := []string{prefix("", w.spanOf(f.Task.Due)), prefix(w.say("or on the date in ", "oder am Datum in "), f.Task.DueFact)}
		for i, step := range f.Task.Ladder {
			if step.Due != "" {
				said = append(said, fmt.Sprintf(w.say("attempt %d: %s", "Versuch %d: %s"), i+1, w.span(step.Due)))
			}
		}
		return said
	case f.Deal != nil:
		return []string{prefix(w.say("at once; close date in ", "sofort; Abschluss in "), w.withinOf(f.Deal.CloseIn))}
	}
	return []string{w.say("at once", "sofort")}
}

func (w *writer) withinOf(text string) string {
	if text == "" {
		return ""
	}
	return w.within(text)
}

// response are the goals of how fast sales answers (S84).
func (w *writer) response() Section {
	s := Section{ID: "response", Title: w.say("Goals: how fast sales answers", "Ziele: wie schnell der Vertrieb antwortet")}
	head := []string{w.say("Clock", "Uhr"), w.say("From", "Ab"), w.say("Until the first", "Bis zum ersten"), w.say("Goal", "Ziel"), w.say("If it is missed", "Wenn es verfehlt wird")}
	var rows [][]Cell
	for _, c := range w.file.Response {
		remind := prefix(w.say("the owner is reminded ", "Erinnerung "), w.spanOf(c.Remind))
		if remind != "" {
			remind += w.say(" before", " vorher")
		}
		rows = append(rows, []Cell{
			text(c.Name), text(w.say("stage ", "Phase ") + c.Stage), text(c.First), text(w.say("within ", "innerhalb von ")+w.within(c.Within), remind, w.asked(c.Reminder)),
			text(prefix(w.say("a task for ", "Aufgabe für "), c.EscalateTo), w.asked(c.Escalation)),
		})
	}
	s.table("", head, rows)
	return s
}

// people is who gets the work (S20 and the assignments).
func (w *writer) people() Section {
	s := Section{ID: "assignments", Title: w.say("Who gets the work", "Wer die Arbeit bekommt")}
	for _, name := range sorted(w.file.Assignments) {
		a := w.file.Assignments[name]
		var rows [][]Cell
		for _, entry := range a.Entries {
			whom := code(entry.When)
			if entry.When == "" {
				whom = text(w.say("everybody else", "alle anderen"))
			}
			rows = append(rows, []Cell{whom, text(list(entry.People))})
		}
		s.table(name+w.when(a.SetsOwner, " (becomes owner of the contact)", " (wird für den Kontakt zuständig)"), []string{w.say("Leads", "Leads"), w.say("People", "Personen")}, rows)
	}
	return s
}

// misjudged is what happens to leads that were judged wrongly (S94, S95).
func (w *writer) misjudged() Section {
	s := Section{ID: "misjudged", Title: w.say("Misjudged leads", "Fehleinschätzungen")}
	m := w.file.Misjudged
	if m == nil {
		return s
	}
	outcome := map[string]string{
		"": w.say("stays, marked by its status", "bleibt, vom Status gekennzeichnet"), "mark": w.say("stays, marked by its status", "bleibt, vom Status gekennzeichnet"),
		"recycle": w.say("may come again; is counted", "darf wiederkommen; wird gezählt"), "delete": w.say("proposed for deletion; people decide", "zum Löschen vorgeschlagen; Menschen entscheiden"),
	}
	var rows [][]Cell
	for _, e := range m.Ends {
		var wants string
		if e.Wants != "" {
			due := e.Due
			if due == "" {
				due = "1wd"
			}
			wants = fmt.Sprintf(w.say("%s, within %s", "%s, innerhalb von %s"), e.Wants, w.within(due))
		}
		rows = append(rows, []Cell{
			text(prefix(w.say("status ", "Status "), e.Status), prefix(w.say("falls back to ", "fällt zurück in "), e.BackTo)), text(outcome[e.Outcome]), text(wants, w.asked(e.Ask)), text(w.spanOf(e.CoolDown)),
		})
	}
	s.table("", []string{w.say("It shows by", "Es zeigt sich durch"), w.say("What becomes of the lead", "Was aus dem Lead wird"), w.say("Reason wanted in", "Grund verlangt in"), w.say("No new attempt by points for", "Kein neuer Anlauf durch Punkte für")}, rows)
	return s
}

// outreach is who is on which list, and in which order sales works (S46, S96, S100, S102).
func (w *writer) outreach() Section {
	s := Section{ID: "outreach", Title: w.say("Lists, advertising and the order of calls", "Listen, Werbung und Reihenfolge der Anrufe")}
	var rows [][]Cell
	for _, name := range sorted(w.file.Audiences) {
		a := w.file.Audiences[name]
		rows = append(rows, []Cell{text(name), join(code(a.When), text(prefix(w.say("stages: ", "Phasen: "), list(a.Stages)), prefix(w.say("tiers: ", "Klassen: "), list(a.Tiers))))})
	}
	s.table(w.say("Lists", "Listen"), []string{w.say("List", "Liste"), w.say("Who is on it", "Wer darauf steht")}, rows)
	if a := w.file.Advertising; a != nil {
		s.Intro = append(s.Intro, join(under(w.say("Addressed are only those with ", "Angesprochen wird nur, wer zugestimmt hat: "), a.Consent), under(w.say("and never those with ", "und nie, wer gesperrt ist: "), a.Never))...)
	}
	if r := w.file.Rank; r != nil {
		rows = nil
		names := w.model.Tiers()
		given := r.Tiers
		if len(r.Grades) > 0 {
			names, given = w.model.Grades(), r.Grades
		}
		for _, name := range names {
			if n, ok := given[name]; ok {
				rows = append(rows, []Cell{text(name), text(number(n))})
			}
		}
		otherwise := "0"
		if r.Otherwise != "" {
			otherwise = number(r.Otherwise)
		}
		rows = append(rows, []Cell{text(w.say("all others", "alle anderen")), text(otherwise)})
		s.table(w.say("Order of calls, in ", "Reihenfolge der Anrufe, in ")+list(r.Stages), []string{w.say("Leads", "Leads"), w.say("Priority", "Priorität")}, rows)
	}
	return s
}

// choices says how long a person's choice holds (C7), and when leadsync gives way to another machine (C12).
func (w *writer) choices(o *overrides) Cell {
	until := []string{prefix(w.say("for ", "für "), w.spanOf(o.Keep)), w.when(o.Until == "facts_change", "until a fact changes", "bis sich ein Merkmal ändert")}
	until = slices.DeleteFunc(until, func(s string) bool { return s == "" })
	c := text(w.say("What a person sets against the model holds", "Was ein Mensch gegen das Modell setzt, gilt") + prefix(" ", strings.Join(until, w.say(" or ", " oder "))) + ".")
	if o.Notice != "" {
		c = append(c, Line{Text: w.say(w.span(o.Notice)+" before its end the owner is asked.", w.span(o.Notice)+" vor dem Ende wird gefragt, wer zuständig ist.")})
	}
	rounds := "3"
	if o.Rounds != "" {
		rounds = string(o.Rounds)
	}
	return append(c, Line{Text: fmt.Sprintf(w.say("After %s rounds with another machine within a day leadsync leaves a property alone.", "Nach %s Runden mit einer anderen Maschine an einem Tag lässt leadsync ein Feld in Ruhe."), rounds)})
}

// limits are what holds whatever else is said: people's choices, bans, invariants (C7, C12, S17).
func (w *writer) limits() Section {
	s := Section{ID: "limits", Title: w.say("What always holds", "Was immer gilt")}
	add := func(c Cell) { s.Intro = append(s.Intro, c...) }
	add(under(w.say("Nothing is computed for contacts with ", "Nichts berechnet wird für Kontakte mit "), w.file.DoNotProfile))
	if o := w.file.Overrides; o == nil {
		add(text(w.say("What a person sets against the model holds.", "Was ein Mensch gegen das Modell setzt, gilt.")))
	} else {
		add(w.choices(o))
	}
	var rows [][]Cell
	for _, i := range w.file.Invariants {
		rows = append(rows, []Cell{text(i.Name), code(i.Never), text(w.in(i.Ask))})
	}
	s.table(w.say("What should never be", "Was nie sein soll"), []string{w.say("Name", "Name"), w.say("Never", "Nie"), w.say("What to do", "Was zu tun ist")}, rows)
	return s
}
