package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"leadsync/scoring"
	"leadsync/workflows"
)

// say picks the sentence of a language.
func say(language, english, german string) string {
	if language == "de" {
		return german
	}
	return english
}

// clock is a moment as people of a zone write it.
func (a *asOf) clock(language string, t time.Time) string {
	return t.In(a.zone).Format(say(language, "2006-01-02 15:04 MST", "02.01.2006 15:04 MST"))
}

// heading says which moment and which model the evaluation is of.
func (a *asOf) heading(language string) []string {
	var lines []string
	at := a.clock(language, a.At)
	switch {
	case a.Asked == "":
	case a.Ahead:
		lines = append(lines, fmt.Sprintf(say(language, "What will be on %s if nothing happens until then", "Was am %s sein wird, wenn bis dahin nichts geschieht"), at))
	default:
		lines = append(lines, fmt.Sprintf(say(language, "As it was on %s", "Wie es am %s war"), at))
	}
	if a.closing {
		lines[0] += say(language, " (the end of the day)", " (Ende des Tages)")
	}
	model := fmt.Sprintf("%.8s", a.Model.Version)
	switch a.Model.Choice {
	case modelCurrent:
		model = fmt.Sprintf(say(language, "Model: the one of now (%s)", "Modell: das von jetzt (%s)"), model)
	case modelThen:
		model = fmt.Sprintf(say(language, "Model: the one in force then (%s, seen since %s)", "Modell: das damals gültige (%s, gesehen seit %s)"), model, a.clock(language, a.Model.Since))
	default:
		model = fmt.Sprintf(say(language, "Model: the file %s (%s)", "Modell: die Datei %s (%s)"), a.Model.Choice, model)
	}
	return append(lines, model)
}

func deniedPast(language string) string {
	return say(language, "The contact must not be profiled, so no other moment and no other model is evaluated; this is the present.",
		"Für den Kontakt ist Profiling ausgeschlossen, deshalb wird kein anderer Zeitpunkt und kein anderes Modell ausgewertet; dies ist die Gegenwart.")
}

// knownGroup is what is known in one way.
type knownGroup struct {
	Basis workflows.Basis
	Title string
	Items []string
}

// groups are the parts of the lead by how well they are known, the best first.
func (a *asOf) groups(language string) []knownGroup {
	groups := []knownGroup{
		{Basis: workflows.OfThen, Title: say(language, "As it was then", "Wie es damals war")},
		{Basis: workflows.Inferred, Title: say(language, "Probably so then", "Wahrscheinlich damals so")},
		{Basis: workflows.OfToday, Title: say(language, "As it is today, since no history is stored", "Wie es heute ist, denn kein Verlauf ist gespeichert")},
		{Basis: workflows.Unknown, Title: say(language, "Not known of that time", "Von damals nicht bekannt")},
	}
	if a.Asked == "" || a.Ahead {
		groups[0].Title, groups[3].Title = say(language, "As it is now", "Wie es jetzt ist"), say(language, "Not known", "Nicht bekannt")
		groups[2].Title = groups[0].Title
	}
	var list []knownGroup
	for _, g := range groups {
		for _, k := range a.Known {
			if k.Basis == g.Basis {
				g.Items = append(g.Items, a.item(language, k))
			}
		}
		if len(g.Items) > 0 {
			list = append(list, g)
		}
	}
	return list
}

// item names one part of the lead, and how it is known where that says more than its group.
func (a *asOf) item(language string, k workflows.Knowledge) string {
	name := k.Name
	switch k.What {
	case workflows.KnownStage:
		name = say(language, "the stage", "die Phase")
	case workflows.KnownStatus:
		name = say(language, "the lead status", "der Leadstatus")
	case workflows.KnownWritten:
		name = say(language, "the scores written to the CRM", "die ins CRM geschriebenen Punkte")
	}
	if slices.Contains([]scoring.ReasonCode{workflows.ReasonUnmodified, workflows.ReasonFuture, workflows.ReasonNoHistory}, k.Reason.Code) {
		return name
	}
	return name + " (" + workflows.RenderKnowledge(language, k, a.zone) + ")"
}

// limits are what an evaluation of the past never knows.
func (a *asOf) limits(language string) []string {
	var lines []string
	if a.Unasked != "" {
		lines = append(lines, say(language, "The CRM could not be asked for histories: ", "Das CRM konnte nicht nach Verläufen gefragt werden: ")+a.Unasked)
	}
	if a.Asked != "" && !a.Ahead {
		lines = append(lines, say(language,
			"The order of the stages, the mapping and what is switched off are today's; what the CRM has deleted since is missing.",
			"Reihenfolge der Phasen, Zuordnung und Abgeschaltetes sind die von heute; was im CRM seither gelöscht wurde, fehlt."))
	}
	return lines
}

// writeKnown says of each part of the lead of which time it is.
func (e *explanation) writeKnown(w io.Writer, language string) {
	if e.AsOf == nil {
		return
	}
	tellLine(w)
	for _, g := range e.AsOf.groups(language) {
		tell(w, "%s: %s\n", g.Title, strings.Join(g.Items, ", "))
	}
	for _, line := range e.AsOf.limits(language) {
		tellLine(w, line)
	}
}
