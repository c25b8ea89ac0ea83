package modeltest

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

// compare says how what came of a step differs from what was expected.
func (p *player) compare(s step) []Difference {
	var differences []Difference
	for _, e := range s.expect {
		found, because, ok := p.look(e)
		if !ok {
			differences = append(differences, Difference{
				Line: e.line, At: s.at, Key: e.key, Expected: e.String(), Found: found, Because: because,
			})
		}
	}
	return differences
}

// look compares one expectation: what was found, the lines that explain it, and whether it is as expected.
func (p *player) look(e expectation) (found string, because []string, ok bool) {
	switch e.about {
	case aboutStage, aboutCompany, aboutStatus:
		return p.lookStanding(e)
	case aboutGrade, aboutTier, aboutRank:
		return p.lookGrade(e)
	case aboutScore:
		return p.lookScore(e)
	case aboutBecause, aboutNotBecause:
		return p.lookRule(e)
	case aboutMissing:
		return p.lookMissing(e)
	case aboutNextChange, aboutClock, aboutCooling:
		return p.lookAhead(e)
	case aboutVariant, aboutViolations, aboutUnprofiled:
		return p.lookVerdict(e)
	case aboutNothing:
		return strings.Join(p.whatWasPlanned(), "; "), nil, len(p.since) == 0
	case aboutHeld, aboutRival, aboutResponsible, aboutShows:
		return p.lookChoice(e)
	case aboutTask, aboutDeal, aboutClosed, aboutAmended, aboutSatisfied, aboutBack, aboutAdded, aboutRemoved:
	}
	return p.lookEffect(e)
}

// lookStanding compares the stage or the status of the lead, or the stage of its company.
func (p *player) lookStanding(e expectation) (string, []string, bool) {
	got, because := p.lead.Status, p.whatWasPlanned()
	if e.about == aboutStage {
		got, because = p.lead.Stage, p.whyStage(e.name)
	}
	if e.about == aboutCompany {
		got = p.companyStage()
	}
	return orNone(got), because, got == e.name
}

// lookAhead compares what is still to come: the next change by time alone, a clock that runs, the end of a cooling.
func (p *player) lookAhead(e expectation) (string, []string, bool) {
	if e.about == aboutClock {
		return p.lookClock(e)
	}
	if e.about == aboutCooling {
		return p.lookCooling(e)
	}
	return p.lookNext(e)
}

func (p *player) clock(t time.Time) string { return t.In(p.file.zone).Format(clockLayout) }

// on reports whether a time is on a day, or at a minute, as the file says it; empty is any.
func (p *player) on(t time.Time, want string) bool {
	return strings.HasPrefix(p.clock(t), want)
}

// lookNext compares when time alone changes something.
func (p *player) lookNext(e expectation) (string, []string, bool) {
	next := p.evaluation.NextChange
	if next.IsZero() {
		return "never", nil, e.none
	}
	return p.clock(next), nil, !e.none && p.on(next, e.due)
}

// lookGrade compares grade, tier or priority.
func (p *player) lookGrade(e expectation) (string, []string, bool) {
	if e.about == aboutRank {
		return p.lookRank(e)
	}
	got := p.evaluation.Grade
	if e.about == aboutTier {
		got = p.evaluation.Tier
	}
	return orNone(got), p.whyScores(), got == e.name
}

// whyScores says what grade and tier are made of.
func (p *player) whyScores() []string {
	var lines []string
	for _, s := range p.evaluation.Scores {
		lines = append(lines, fmt.Sprintf("%s: %d", s.Name, s.Whole))
	}
	return append(lines, "grade "+orNone(p.evaluation.Grade))
}

// lookScore compares whole points.
func (p *player) lookScore(e expectation) (string, []string, bool) {
	points, because := int64(0), []string{}
	for _, s := range p.evaluation.Scores {
		if e.name != total && e.name != s.Name {
			continue
		}
		points += s.Whole
		for _, l := range s.Lines {
			because = append(because, s.Name+": "+scoring.RenderLine(p.file.language, l.In(p.file.zone)))
		}
	}
	return fmt.Sprint(points), because, e.holds(float64(points))
}

// holds reports whether points are as the expectation has them.
func (e expectation) holds(points float64) bool {
	switch e.op {
	case ">=":
		return points >= e.bound
	case "<=":
		return points <= e.bound
	case ">":
		return points > e.bound
	case "<":
		return points < e.bound
	}
	return points == e.bound
}

// lookRule compares what a rule gives with what it was expected to give, to a tenth of a point: as people see it
// on the record.
func (p *player) lookRule(e expectation) (string, []string, bool) {
	sum := scoring.Points(0)
	var because []string
	for _, s := range p.evaluation.Scores {
		if !p.owns(s.Name, e.name) {
			continue
		}
		for _, l := range s.Lines {
			because = append(because, s.Name+": "+scoring.RenderLine(p.file.language, l.In(p.file.zone)))
			if l.Rule != "" && names(s.Name+": "+l.Rule, e.name) {
				sum += l.Result
			}
		}
	}
	const tenth = 10
	points := math.Round(float64(sum)/1000*tenth) / tenth
	found, counts := "the rule gives nothing", sum != 0 // what misses evidence is given and taken away again
	if counts {
		found = e.name + " " + signed(points)
	}
	if e.about == aboutNotBecause {
		return found, because, !counts
	}
	return found, because, counts && (e.points == nil || math.Abs(*e.points-points) < 1.0/(2*tenth))
}

// owns reports whether a score has the rule.
func (p *player) owns(score, rule string) bool {
	return slices.ContainsFunc(p.file.Model.Criteria(), func(c scoring.Criterion) bool {
		return c.What == coversRule && strings.HasPrefix(c.Name, score+": ") && names(c.Name, rule)
	})
}

// lookMissing compares what keeps the lead from the next stage.
func (p *player) lookMissing(e expectation) (string, []string, bool) {
	next := orNone(p.evaluation.Next)
	var missing []string
	ok := false
	for _, c := range p.evaluation.Missing {
		missing = append(missing, scoring.RenderCheck(p.file.language, c.In(p.file.zone)))
		direct := c.Kind == scoring.CheckDirect // a way round, not a want
		ok = ok || !direct && (c.Name == e.name || slices.Contains(c.Unknown, e.name) ||
			slices.ContainsFunc(c.Seen, func(s scoring.Seen) bool { return s.Fact == e.name }))
	}
	if e.none {
		ok = len(missing) == 0
	}
	if len(missing) == 0 {
		return "nothing is missing for " + next, nil, ok
	}
	return "missing for " + next + ":", missing, ok
}

// lookEffect finds the action that was expected among those that were planned since the step before.
func (p *player) lookEffect(e expectation) (string, []string, bool) {
	some, match := false, false
	var near []string
	for _, a := range p.since {
		if !slices.Contains(subjects(a), e.about) {
			continue
		}
		some = true
		if e.none {
			continue
		}
		match = match || p.fits(a, e)
		near = append(near, p.describe(a))
	}
	if e.none {
		return strings.Join(p.whatWasPlanned(), "; "), nil, !some
	}
	if len(near) == 0 {
		return "none", p.whatWasPlanned(), match
	}
	return strings.Join(near, "; "), p.whatWasPlanned(), match
}

// subjects are what an expectation can be about that an action answers.
func subjects(a planned) []subject {
	switch a.Kind {
	case workflows.KindTask:
		if unmade(a.Action) {
			return []subject{aboutSatisfied}
		}
		return []subject{aboutTask}
	case workflows.KindAmend:
		return []subject{aboutTask, aboutAmended}
	case workflows.KindDeal:
		return []subject{aboutDeal}
	case workflows.KindClose:
		return []subject{aboutClosed}
	case workflows.KindBack:
		return []subject{aboutBack}
	case workflows.KindList:
		if a.To == "" {
			return []subject{aboutRemoved}
		}
		return []subject{aboutAdded}
	case workflows.KindUpdate, workflows.KindCompany, workflows.KindDelete:
	}
	return nil
}

// fits reports whether an action is the one that was expected.
func (p *player) fits(a planned, e expectation) bool {
	switch e.about {
	case aboutTask:
		return a.Rule == e.name && p.on(a.task.DueAt, e.due) && strings.Contains(a.task.Subject, e.text)
	case aboutDeal:
		return a.Rule == e.name && strings.Contains(a.deal.Name, e.text) && e.isDeal(a.deal)
	case aboutClosed, aboutAmended, aboutSatisfied:
		return a.Rule == e.name
	case aboutBack, aboutAdded:
		return a.To == e.name
	case aboutRemoved:
		return a.From == e.name
	case aboutStage, aboutCompany, aboutStatus, aboutGrade, aboutTier, aboutRank, aboutScore, aboutBecause, aboutNotBecause,
		aboutMissing, aboutNextChange, aboutClock, aboutCooling, aboutVariant, aboutViolations, aboutUnprofiled, aboutNothing,
		aboutHeld, aboutRival, aboutResponsible, aboutShows:
	}
	return false
}

// describe says an action in words.
func (p *player) describe(a planned) string {
	switch a.Kind {
	case workflows.KindTask, workflows.KindAmend:
		if unmade(a.Action) {
			return "no task " + a.Rule
		}
		return fmt.Sprintf("task %s, due %s, %q", a.Rule, p.clock(a.task.DueAt), a.task.Subject)
	case workflows.KindDeal:
		return "deal " + a.Rule + dealText(a.deal)
	case workflows.KindClose:
		return "closed " + a.Rule
	case workflows.KindBack:
		return "back from " + a.From + " to " + a.To
	case workflows.KindList:
		if a.To != "" {
			return "added to " + a.To
		}
		return "removed from " + a.From
	case workflows.KindUpdate, workflows.KindCompany, workflows.KindDelete:
	}
	return fmt.Sprintf("%s %s → %s", a.Class, orNone(a.From), a.To)
}

func dealText(d connector.Deal) string {
	text := fmt.Sprintf(", %q", d.Name)
	if d.Amount != "" {
		text += ", amount " + d.Amount
	}
	if d.Pipeline != "" {
		text += ", in " + d.Pipeline + " at " + d.Stage
	}
	return text
}

// whatWasPlanned lists everything that was planned since the step before, with its reason.
func (p *player) whatWasPlanned() []string {
	lines := make([]string, len(p.since))
	for i, a := range p.since {
		lines[i] = fmt.Sprintf("%s: %s (%s)", p.clock(a.at), p.describe(a), workflows.RenderReason(p.file.language, a.Reason))
	}
	return lines
}

// whyStage lists what was planned, and the checks of the stage that was expected and of the one that was found.
func (p *player) whyStage(want string) []string {
	lines := p.whatWasPlanned()
	for _, v := range p.evaluation.Stages {
		if v.Stage != want && v.Stage != p.lead.Stage {
			continue
		}
		for _, c := range v.Checks {
			word := map[scoring.Truth]string{scoring.True: "met", scoring.False: "not met", scoring.Unknown: "unknown"}[c.State]
			lines = append(lines, fmt.Sprintf("%s: %s: %s", v.Stage, word, scoring.RenderCheck(p.file.language, c.In(p.file.zone))))
		}
	}
	return lines
}
