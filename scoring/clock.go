package scoring

import (
	"slices"
	"time"
)

// In is the evaluation with all its moments in a zone: the texts made of it (Text, RenderLine, RenderCheck) then show
// them as the people there do. What it says is the same.
func (e Evaluation) In(zone *time.Location) Evaluation {
	e.At, e.NextChange = in(zone, e.At), in(zone, e.NextChange)
	if e.Change != nil {
		change := *e.Change
		change.At = in(zone, change.At)
		e.Change = &change
	}
	e.Scores = slices.Clone(e.Scores)
	for i, s := range e.Scores {
		e.Scores[i].Lines = slices.Clone(s.Lines)
		for j, l := range s.Lines {
			e.Scores[i].Lines[j] = l.In(zone)
		}
	}
	e.Stages = slices.Clone(e.Stages)
	for i, s := range e.Stages {
		e.Stages[i].Checks = checksIn(zone, s.Checks)
	}
	e.Missing, e.Violations = checksIn(zone, e.Missing), checksIn(zone, e.Violations)
	return e
}

// In is the line with all its moments in a zone.
func (l *Line) In(zone *time.Location) Line {
	out := *l
	out.At, out.NotBefore, out.NotAfter, out.Facts = in(zone, l.At), in(zone, l.NotBefore), in(zone, l.NotAfter), seenIn(zone, l.Facts)
	return out
}

// In is the check with all its moments in a zone.
func (c Check) In(zone *time.Location) Check {
	c.Seen, c.Failing = seenIn(zone, c.Seen), seenIn(zone, c.Failing)
	return c
}

func checksIn(zone *time.Location, checks []Check) []Check {
	checks = slices.Clone(checks)
	for i, c := range checks {
		checks[i] = c.In(zone)
	}
	return checks
}

func seenIn(zone *time.Location, facts []Seen) []Seen {
	facts = slices.Clone(facts)
	for i := range facts {
		facts[i].Value.Time = in(zone, facts[i].Value.Time)
	}
	return facts
}

// in leaves a moment that is not there as it is.
func in(zone *time.Location, t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.In(zone)
}
