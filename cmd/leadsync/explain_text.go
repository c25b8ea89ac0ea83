package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"leadsync/workflows"
)

// show prints an explanation in the form that was asked for.
func (x *explainer) show(env *environment, e *explanation) error {
	language := orWord(x.options.lang, x.portal.Language)
	switch {
	case x.options.asJSON:
		return printJSON(env.stdout, e)
	case x.options.html != "":
		return x.showPage(env, e, language)
	}
	e.write(env.stdout, language)
	return nil
}

// nameOf is how people call a contact; empty if the CRM does not say.
func (x *explainer) nameOf(record workflows.LeadRecord) string {
	props, names := record.Contact.Properties, x.portal.Names
	return strings.TrimSpace(props[names.FirstName] + " " + props[names.LastName])
}

func (e *explanation) write(w io.Writer, language string) {
	tell(w, say(language, "contact %s   stage in the CRM: %s   lead status: %s\n", "Kontakt %s   Phase im CRM: %s   Leadstatus: %s\n"), e.Contact,
		orWord(e.Stage, say(language, "none", "keine")), orWord(e.Status, say(language, "none", "keiner")))
	for _, note := range e.notes(language) {
		tellLine(w, note)
	}
	if e.AsOf != nil {
		for _, line := range e.AsOf.heading(language) {
			tellLine(w, line)
		}
	}
	tell(w, "\n%s", block(e.Evaluation.In(e.zone).Text(language)))
	e.writeKnown(w, language)
	if e.barred {
		tellLine(w, e.barrier(language))
	}
	if len(e.Unfinished) > 0 {
		tellLine(w, block(say(language, "\nNot done yet:", "\nNoch nicht erledigt:")))
		for _, line := range e.unfinished(language) {
			tell(w, "  %s\n", line)
		}
	}
	if len(e.Decisions) > 0 {
		tellLine(w, block(say(language, "\nDecisions, newest first:", "\nEntscheidungen, die neueste zuerst:")))
		writeDecisions(w, e.Decisions, language, e.zone)
	}
}

// notes are what else has to be known about a contact.
func (e *explanation) notes(language string) []string {
	var notes []string
	if e.denied {
		notes = append(notes, deniedPast(language))
	}
	if e.Paused != "" {
		notes = append(notes, say(language, "The portal is paused ", "Das Portal pausiert, ")+e.Paused)
	}
	if e.Offline != "" {
		notes = append(notes, fmt.Sprintf(say(language, "The account could not be asked (%s); the order of stages is the model's.",
			"Das Konto konnte nicht gefragt werden (%s); die Reihenfolge der Phasen ist die des Modells."), e.Offline))
	}
	if note := e.Company.note(language); note != "" {
		notes = append(notes, note)
	}
	var profile strings.Builder
	if writeProfile(&profile, e.Profile, language); profile.Len() > 0 {
		notes = append(notes, strings.TrimSpace(profile.String()))
	}
	notes = append(notes, e.frozen(language)...)
	notes = append(notes, e.answering(language)...)
	if e.Held {
		notes = append(notes, say(language, "Held: it was there before go-live and has not changed since, so only its score is written.",
			"Zurückgehalten: schon vor dem Start da und seither unverändert, darum werden nur die Punkte geschrieben."))
	}
	if len(e.Off) > 0 {
		notes = append(notes, say(language, "Switched off in this portal, so they count for nothing: ",
			"In diesem Portal abgeschaltet, zählt also nicht: ")+strings.Join(e.Off, ", "))
	}
	return notes
}

// barrier says what keeps the contact from the stage whose criteria it meets.
func (e *explanation) barrier(language string) string {
	to := e.Evaluation.Stage
	if e.WayBack != nil {
		return fmt.Sprintf(say(language, "Not moved to %s: it went back from %s to %s on %s, and since then nothing certainly dated has led it forward.",
			"Nicht nach %s bewegt: Der Kontakt ging von %s nach %s zurück, am %s, und seither hat ihn nichts sicher Datiertes vorangebracht."),
			to, e.WayBack.From, e.WayBack.To, e.WayBack.At.In(e.zone).Format(stampIn(language)))
	}
	return fmt.Sprintf(say(language, "Not moved to %s: it had been as far as %s, and somebody moved it back. The model leads only to stages ahead of that one.",
		"Nicht nach %s bewegt: Der Kontakt war schon bis %s gekommen, und jemand hat ihn zurückgesetzt. Das Modell führt nur in Phasen dahinter."), to, e.Furthest)
}

// stampIn is the layout of a moment in a language.
func stampIn(language string) string {
	return say(language, "2006-01-02 15:04 MST", "02.01.2006 15:04 MST")
}

func (e *explanation) unfinished(language string) []string {
	states := map[workflows.EntryState]string{
		workflows.StateReady: say(language, "ready", "bereit"), workflows.StateSending: say(language, "sending", "wird gesendet"),
		workflows.StateParked: say(language, "parked", "geparkt"),
	}
	list := make([]string, 0, len(e.Unfinished))
	for _, o := range e.Unfinished {
		list = append(list, strings.TrimSpace(fmt.Sprintf("%-8s %-7s %s %s", states[o.State], o.Class, o.Key, o.Error)))
	}
	return list
}

func writeDecisions(w io.Writer, decisions []workflows.Decision, language string, zone *time.Location) {
	for _, d := range decisions {
		tell(w, "  #%d %s  %s %.8s\n", d.No, d.At.In(zone).Format(stampIn(language)), say(language, "model", "Modell"), d.Model)
		for _, line := range decisionLines(d, language) {
			tell(w, "     %s\n", line)
		}
	}
}

// decisionLines are what a decision saw and did.
func decisionLines(d workflows.Decision, language string) []string {
	var lines []string
	if by := d.Reason.Params["origin"]; by != "" {
		lines = append(lines, fmt.Sprintf(say(language, "the lead status was set by: %s (%s)", "den Leadstatus setzte: %s (%s)"),
			by, orWord(d.Reason.Params["source"], say(language, "no source told", "keine Quelle genannt"))))
	}
	if seen := d.Reason.Params[workflows.ParamSeen]; seen != "" {
		lines = append(lines, say(language, "lead status since the look before: ", "Leadstatus seit dem Blick davor: ")+seen)
	}
	if len(d.Actions) == 0 {
		lines = append(lines, workflows.RenderReason(language, d.Reason))
	}
	for _, a := range d.Actions {
		lines = append(lines, fmt.Sprintf("%-6s %-6s %s(%s)", a.Class, a.Mode, changeOf(a, language), workflows.RenderReason(language, a.Reason)))
		for _, why := range a.Assigned { // who got the work, if that is not simply the owner
			lines = append(lines, "              "+workflows.RenderReason(language, why))
		}
		for _, what := range a.Lacks {
			lines = append(lines, "              "+workflows.RenderReason(language, what))
		}
	}
	return lines
}

// changeOf is what an action changes, with two spaces behind; empty for scores, which say everything in their reason.
func changeOf(a workflows.Action, language string) string {
	change := a.Rule
	switch {
	case a.Kind == workflows.KindClose:
		change = say(language, "close ", "schließen: ") + a.Rule
	case a.Kind == workflows.KindDelete:
		change = say(language, "delete the contact", "den Kontakt löschen")
	case a.Kind == workflows.KindList && a.To != "":
		change = say(language, "onto ", "auf ") + a.To
	case a.Kind == workflows.KindList:
		change = say(language, "off ", "von ") + a.From
	case a.To != "":
		change = orWord(a.From, say(language, "none", "ohne")) + " → " + a.To
	case a.Kind == workflows.KindAmend && a.DueAt != "":
		change = fmt.Sprintf(say(language, "the open task becomes %s due %s", "die offene Aufgabe wird zu %s fällig %s"), a.Rule, a.DueAt)
	case a.Kind == workflows.KindAmend:
		change = say(language, "the open task becomes ", "die offene Aufgabe wird zu ") + a.Rule
	case a.DueAt != "":
		change += say(language, " due ", " fällig ") + a.DueAt
	}
	if change != "" {
		change += "  "
	}
	return change
}
