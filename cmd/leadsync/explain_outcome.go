package main

import (
	"fmt"

	"leadsync/workflows"
)

// answering are the notes about a cool-down under way and the response clocks (rules 19 and 24); no person stands in them.
func (e *explanation) answering(language string) []string {
	var notes []string
	if c := e.Outcomes.Cooling; c != nil && e.Evaluation.At.Before(c.Until) {
		notes = append(notes, fmt.Sprintf(say(language, "After %s points lead to no further stage until %s; direct ways do.",
			"Nach %s führen Punkte bis %s in keine weitere Phase; direkte Wege schon."), c.End, c.Until.In(e.zone).Format(stampIn(language))))
	}
	for _, c := range e.Outcomes.Clocks {
		notes = append(notes, fmt.Sprintf(say(language, "Response clock %s: %s, limit %s.", "Reaktionszeit %s: %s, Frist %s."),
			c.Rule, clockWord(language, c.State), c.DueAt.In(e.zone).Format(stampIn(language))))
	}
	return notes
}

func clockWord(language string, state workflows.ClockState) string {
	switch state {
	case workflows.ClockMet:
		return say(language, "met", "eingehalten")
	case workflows.ClockMissed:
		return say(language, "missed", "versäumt")
	case workflows.ClockEnded:
		return say(language, "ended without a verdict", "ohne Ergebnis beendet")
	case workflows.ClockDue:
	}
	return say(language, "running", "läuft")
}
