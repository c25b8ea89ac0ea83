package scoring

import (
	"slices"
	"strconv"
	"time"
)

// Evaluate is the model's verdict on the lead at now. It is pure: the same model, lead and time give the
// same evaluation, whatever the order or repetition of the activities. The maps inside the result are shared
// with the model and the lead: do not change them.
func (m *Model) Evaluate(lead Lead, now time.Time) Evaluation {
	return m.evaluate(&lead, now, true)
}

// evaluate leaves NextChange out unless asked for.
func (m *Model) evaluate(lead *Lead, now time.Time, ahead bool) Evaluation {
	f := m.prepare(lead, now)
	defer f.release()
	e := Evaluation{Model: m.version, At: m.moment(f.step)}
	record := &recorder{values: make([]Seen, 0, f.rules.values)}
	e.Violations = f.violations(record)
	if f.unprofiled(&e) {
		return e
	}
	f.settle(lead.Activities)
	e.Variant, e.Scores = f.variant, make([]Score, len(m.scores))
	scores := make([]bounds, len(m.scores))
	for i := range m.scores {
		e.Scores[i] = f.score(&f.rules.scores[i], lead.Activities, record)
		scores[i] = bounds{e.Scores[i].Points, e.Scores[i].Points}
	}
	stages, inOrder := m.order(lead.Order)
	f.rules.rank(&e)
	f.decide(&e, stages, scores, record)
	e.place(lead.Stage, inOrder)
	e.Push = m.push(lead, &e)
	if ahead {
		m.look(f, lead, &e, stages)
	}
	return e
}

// look fills NextChange and Change.
func (m *Model) look(f *frame, lead *Lead, e *Evaluation, stages []int) {
	base := written{whole: make([]int64, len(m.scores)), reached: make([]bool, len(m.stages)), rank: f.rules.rankedAs(e)}
	for i, score := range e.Scores {
		base.whole[i] = score.Whole
		if !e.Push {
			base.whole[i] = lead.Pushed[score.Name]
		}
	}
	for _, name := range e.Reached {
		base.reached[m.stageIndex[name]] = true
	}
	if step, found := f.nextChange(stages, base); found {
		e.NextChange = m.moment(step)
		e.Change = f.change(e, stages)
	}
}

// order is the model's stages in the account's order (the first inOrder), then the side tracks. Without an
// account's order it is the model's own. Stages that the account does not have cannot be entered and are
// left out.
func (m *Model) order(account []string) (stages []int, inOrder int) {
	stages = make([]int, 0, len(m.stages))
	for _, name := range account {
		if i, ok := m.stageIndex[name]; ok && !m.stages[i].SideTrack && !slices.Contains(stages, i) {
			stages = append(stages, i)
		}
	}
	for i := range m.stages {
		if len(account) == 0 && !m.stages[i].SideTrack {
			stages = append(stages, i)
		}
	}
	inOrder = len(stages)
	for i := range m.stages {
		if m.stages[i].SideTrack {
			stages = append(stages, i)
		}
	}
	return stages, inOrder
}

// hours is a number of steps in hours, as short as it is exact.
func (m *Model) hours(steps int64) string {
	const hour = int64(time.Hour / time.Microsecond)
	if length := steps * m.grid; length%hour == 0 {
		return strconv.FormatInt(length/hour, 10)
	}
	return strconv.FormatFloat(float64(steps*m.grid)/float64(hour), 'f', -1, 64)
}

// decide fills Stages and Reached.
func (f *frame) decide(e *Evaluation, stages []int, scores []bounds, record *recorder) {
	e.Stages = make([]StageVerdict, 0, len(stages))
	for _, i := range stages {
		s := &f.rules.stages[i]
		verdict := StageVerdict{
			Stage: s.Name, SideTrack: s.SideTrack,
			Reached: f.reach(s, scores).yes, Checks: f.checks(s, scores, record),
		}
		if verdict.Reached {
			e.Reached = append(e.Reached, s.Name)
		}
		e.Stages = append(e.Stages, verdict)
	}
}

// place fills Stage, StageReason, Next and Missing. The first inOrder of Stages are the forward order.
func (e *Evaluation) place(current string, inOrder int) {
	e.StageReason = Reason{Code: ReasonNoStage}
	next := 0
	for i, verdict := range e.Stages {
		if verdict.Reached {
			e.Stage, e.StageReason = verdict.Stage, stageReason(verdict)
			if verdict.SideTrack {
				return // outside the order, nothing comes next
			}
		}
		if i < inOrder && (verdict.Reached || verdict.Stage == current) {
			next = i + 1
		}
	}
	if next == inOrder {
		return
	}
	e.Next = e.Stages[next].Stage
	for _, check := range e.Stages[next].Checks {
		if check.State != True {
			e.Missing = append(e.Missing, check)
		}
	}
}

// stageReason names why a stage is reached: by all its criteria, or else by the direct way.
func stageReason(v StageVerdict) Reason {
	params := map[string]string{"stage": v.Stage}
	last := v.Checks[len(v.Checks)-1]
	met := func(c Check) bool { return c.State == True }
	criteria := !slices.ContainsFunc(v.Checks, func(c Check) bool { return c.Kind != CheckDirect && !met(c) })
	switch {
	case v.SideTrack:
		params["condition"] = v.Checks[slices.IndexFunc(v.Checks, met)].Name
		return Reason{ReasonSideTrack, params}
	case last.Kind == CheckDirect && (!criteria || len(v.Checks) == 1):
		params["condition"] = last.Name
		return Reason{ReasonDirect, params}
	default:
		return Reason{ReasonCriteriaMet, params}
	}
}

// push decides whether the scores are worth writing.
func (m *Model) push(lead *Lead, e *Evaluation) bool {
	for _, score := range e.Scores {
		before, ok := lead.Pushed[score.Name]
		if !ok || max(score.Whole-before, before-score.Whole) >= m.pushStep {
			return true
		}
	}
	return e.Grade != lead.PushedGrade || e.Tier != lead.PushedTier || !sameMembers(e.Reached, lead.PushedReached)
}

// sameMembers compares two short lists as sets.
func sameMembers(a, b []string) bool {
	missing := func(from, in []string) bool {
		return slices.ContainsFunc(from, func(name string) bool { return !slices.Contains(in, name) })
	}
	return !missing(a, b) && !missing(b, a)
}
