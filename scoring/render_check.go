package scoring

import (
	"fmt"
	"slices"
	"strings"
)

// writeMissing writes what keeps the lead from the next stage.
func (e Evaluation) writeMissing(b *strings.Builder, lang string) {
	if e.Next == "" {
		return
	}
	heading := say(lang, "Missing for %s:\n", "Es fehlt für %s:\n")
	if e.WaitsForPerson() {
		heading = say(lang, "%s waits for a person to confirm:\n", "%s wartet auf die Bestätigung durch einen Menschen:\n")
	}
	fmt.Fprintf(b, heading, e.Next)
	for _, check := range e.Missing {
		fmt.Fprintf(b, "  - %s\n", RenderCheck(lang, check))
	}
}

// WaitsForPerson reports whether all that is missing for the next stage is that people confirm it (S12). A direct way
// that is not open does not count: it is another way, not a want.
func (e Evaluation) WaitsForPerson() bool {
	confirmation := func(c Check) bool { return c.Kind == CheckConfirmation }
	return slices.ContainsFunc(e.Missing, confirmation) &&
		!slices.ContainsFunc(e.Missing, func(c Check) bool { return !confirmation(c) && c.Kind != CheckDirect })
}

// writeViolations writes what should not be.
func (e Evaluation) writeViolations(b *strings.Builder, lang string) {
	if len(e.Violations) == 0 {
		return
	}
	b.WriteString(say(lang, "Should not be:\n", "Sollte nicht sein:\n"))
	for _, check := range e.Violations {
		fmt.Fprintf(b, "  - %s\n", RenderCheck(lang, check))
	}
}

// RenderCheck says one criterion of a stage: what it wants, what it saw, what would have to be known, what fails and
// whom to ask.
func RenderCheck(lang string, c Check) string {
	var text string
	switch c.Kind {
	case CheckScore:
		text = fmt.Sprintf(say(lang, "%s: %s of %s points", "%s: %s von %s Punkten"), c.Name, decimal(lang, c.Got.String()), decimal(lang, c.Want.String()))
	case CheckGate:
		text = fmt.Sprintf(say(lang, "gate %s", "Bedingung %s"), c.Name)
	case CheckConfirmation:
		text = fmt.Sprintf(say(lang, "gate %s, which a person confirms", "Bedingung %s, die ein Mensch bestätigt"), c.Name)
	case CheckDirect:
		text = say(lang, "or directly: ", "oder direkt: ") + c.Name
	case CheckManual:
		return say(lang, "only people set this stage", "diese Phase setzen nur Menschen")
	case CheckCondition, CheckInvariant:
		text = c.Name
	}
	if saw := c.saw(lang); saw != "" {
		text += "; " + saw
	}
	if ask := TextIn(c.Asks, lang); ask != "" && (c.State != True || c.Kind == CheckInvariant) {
		text += "; " + ask
	}
	return oneLine(text)
}

// saw says what decided: what is unknown and what fails, or else all that was looked at.
func (c Check) saw(lang string) string {
	missing := slices.Clone(c.Unknown)
	var failing []Seen
	for _, seen := range c.Failing {
		if seen.Value.Known() {
			failing = append(failing, seen)
		} else {
			missing = append(missing, seen.Fact)
		}
	}
	var parts []string
	if len(missing) > 0 {
		parts = append(parts, say(lang, "unknown: ", "unbekannt: ")+strings.Join(wordless(lang, missing, c.Seen), ", "))
	}
	if len(failing) > 0 {
		parts = append(parts, say(lang, "fails because of ", "scheitert an ")+renderSeen(lang, failing))
	}
	if len(parts) == 0 {
		return renderSeen(lang, c.Seen)
	}
	asked := slices.DeleteFunc(slices.Clone(c.Seen), func(s Seen) bool { return !s.Value.Known() || !strings.Contains(s.Fact, "(") })
	if len(asked) > 0 {
		parts = append(parts, renderSeen(lang, asked))
	}
	return strings.Join(parts, "; ")
}

// writeDecided writes the criteria that made the stage.
func (e Evaluation) writeDecided(b *strings.Builder, lang string) {
	for _, verdict := range e.Stages {
		for _, check := range verdict.Checks {
			if verdict.Stage == e.Stage && check.State == True {
				fmt.Fprintf(b, "  - %s\n", RenderCheck(lang, check))
			}
		}
	}
}

// writeChange writes when time alone changes something, and what.
func (e Evaluation) writeChange(b *strings.Builder, lang string) {
	if e.NextChange.IsZero() {
		b.WriteString(say(lang, "Time alone changes nothing within a year.\n", "Durch bloßen Zeitablauf ändert sich binnen eines Jahres nichts.\n"))
		return
	}
	fmt.Fprintf(b, "%s: %s", say(lang, "Next change by time alone", "Nächste Änderung durch bloßen Zeitablauf"), clock(lang, e.NextChange))
	if e.Change != nil {
		b.WriteString(": " + RenderChange(lang, *e.Change, e))
	}
	b.WriteString("\n")
}

// RenderChange says what time alone will have changed, compared with the evaluation that foresees it: "engagement
// 45 → 39, no longer sql".
func RenderChange(lang string, c Change, from Evaluation) string {
	var parts []string
	for _, score := range c.Scores {
		parts = append(parts, fmt.Sprintf("%s %d → %d", score.Name, score.From, score.To))
	}
	ranks := []struct {
		name, before string
		after        *string
	}{{say(lang, "grade", "Note"), from.Grade, c.Grade}, {say(lang, "tier", "Klasse"), from.Tier, c.Tier}}
	for _, rank := range ranks {
		if rank.after != nil {
			none := say(lang, "none", "keine")
			parts = append(parts, fmt.Sprintf("%s %s → %s", rank.name, orElse(rank.before, none), orElse(*rank.after, none)))
		}
	}
	for _, stage := range c.Gained {
		parts = append(parts, say(lang, "then ", "dann ")+stage)
	}
	for _, stage := range c.Lost {
		parts = append(parts, say(lang, "no longer ", "nicht mehr ")+stage)
	}
	return strings.Join(parts, ", ")
}

func orElse(text, fallback string) string {
	if text == "" {
		return fallback
	}
	return text
}
