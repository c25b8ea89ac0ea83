package scoring

import (
	"maps"
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
	e := Evaluation{Model: m.version, At: m.moment(f.step), Scores: make([]Score, len(m.scores))}
	record := &recorder{values: make([]Seen, 0, 4*m.conditions)}
	scores := make([]bounds, len(m.scores))
	for i := range m.scores {
		e.Scores[i] = f.score(&m.scores[i], lead.Activities, record)
		scores[i] = bounds{e.Scores[i].Points, e.Scores[i].Points}
	}
	order, sides := m.order(lead.Order)
	f.decide(&e, slices.Concat(order, sides), scores, record)
	e.place(m, lead, order, sides)
	e.Push = m.push(lead, &e)
	if ahead {
		m.look(f, lead, &e, slices.Concat(order, sides))
	}
	return e
}

// look fills NextChange.
func (m *Model) look(f *frame, lead *Lead, e *Evaluation, stages []int) {
	base := written{whole: make([]int64, len(m.scores)), reached: make([]bool, len(m.stages))}
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
	}
}

// order is the model's stages in the account's order, then the side tracks. Without an account's order it is
// the model's own. Stages that the account does not have cannot be reached and are left out.
func (m *Model) order(account []string) (order, sides []int) {
	for i := range m.stages {
		if m.stages[i].SideTrack {
			sides = append(sides, i)
		} else if len(account) == 0 {
			order = append(order, i)
		}
	}
	for _, name := range account {
		if i, ok := m.stageIndex[name]; ok && !m.stages[i].SideTrack && !slices.Contains(order, i) {
			order = append(order, i)
		}
	}
	return order, sides
}

// score derives one score line by line. The lines sum to the points.
func (f *frame) score(s *scoreRule, activities []Activity, record *recorder) Score {
	score := Score{Name: s.name}
	for i := range s.rules {
		r := &s.rules[i]
		raw, capped := f.contribution(r)
		switch {
		case r.when == nil:
			score.Lines = f.occurrenceLines(score.Lines, r, activities)
		case raw.lo != 0:
			score.Lines = append(score.Lines, Line{Rule: r.name, Raw: r.points, Result: raw.lo, Reason: r.counted, Facts: record.seen(f, r.when)})
		}
		if cut := capped.lo - raw.lo; cut != 0 {
			reason := Reason{ReasonCapped, map[string]string{"rule": r.name, "cap": r.cap.String()}}
			score.Lines = append(score.Lines, Line{Rule: r.name, Raw: cut, Result: cut, Reason: reason})
		}
		score.Points += capped.lo
	}
	if cut := s.limit(score.Points) - score.Points; cut != 0 {
		reason := Reason{ReasonCeiling, map[string]string{"score": s.name}}
		if cut > 0 {
			reason.Code = ReasonFloor
			reason.Params["minimum"] = s.minimum.String()
		} else {
			reason.Params["maximum"] = s.maximum.String()
		}
		score.Lines = append(score.Lines, Line{Raw: cut, Result: cut, Reason: reason})
		score.Points += cut
	}
	score.Whole = score.Points.whole()
	return score
}

// occurrenceLines has one line per activity that still contributes, latest first.
func (f *frame) occurrenceLines(lines []Line, r *rule, activities []Activity) []Line {
	lines = slices.Grow(lines, len(f.streams[r.stream]))
	for _, o := range f.streams[r.stream] {
		result := f.worth(r, o, f.step)
		if result == 0 {
			continue
		}
		activity := &activities[o.act]
		reason := r.counted
		if result != r.points {
			reason = f.decayed(r, age(f.step, o.birth))
		}
		lines = append(lines, Line{
			Rule: r.name, Activity: activity.ID, Kind: activity.Kind, At: activity.At,
			Uncertain: activity.Uncertain, Raw: r.points, Result: result, Reason: reason,
		})
	}
	return lines
}

func (f *frame) decayed(r *rule, age int64) Reason {
	return Reason{ReasonDecayed, map[string]string{
		"rule": r.name, "kind": r.counted.Params["kind"],
		"age_hours": f.model.hours(age), "half_life_hours": f.model.hours(r.halfLife),
	}}
}

// hours is a number of steps in hours, as short as it is exact.
func (m *Model) hours(steps int64) string {
	return strconv.FormatFloat(float64(steps*m.grid)/float64(time.Hour/time.Microsecond), 'f', -1, 64)
}

// decide fills Stages and Reached.
func (f *frame) decide(e *Evaluation, stages []int, scores []bounds, record *recorder) {
	e.Stages = make([]StageVerdict, 0, len(stages))
	for _, i := range stages {
		s := &f.model.stages[i]
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

// place fills Stage, StageReason, Next and Missing.
func (e *Evaluation) place(m *Model, lead *Lead, order, sides []int) {
	e.StageReason = Reason{Code: ReasonNoStage}
	furthest := -1
	for i, verdict := range e.Stages {
		if !verdict.Reached {
			continue
		}
		if verdict.SideTrack {
			e.Stage, e.StageReason = verdict.Stage, sideTrack(verdict)
			return // outside the order nothing comes next
		}
		furthest = i
		e.Stage, e.StageReason = verdict.Stage, stageReason(verdict)
		_ = sides
	}
	current := slices.IndexFunc(order, func(i int) bool { return m.stages[i].Name == lead.Stage })
	next := max(furthest, current) + 1
	if next >= len(order) {
		return
	}
	e.Next = e.Stages[next].Stage
	for _, check := range e.Stages[next].Checks {
		if check.State != True {
			e.Missing = append(e.Missing, check)
		}
	}
}

func stageReason(v StageVerdict) Reason {
	last := v.Checks[len(v.Checks)-1]
	if last.Kind != CheckDirect || last.State != True {
		return Reason{ReasonCriteriaMet, map[string]string{"stage": v.Stage}}
	}
	return Reason{ReasonDirect, map[string]string{"stage": v.Stage, "condition": last.Name}}
}

func sideTrack(v StageVerdict) Reason {
	condition := ""
	for _, check := range v.Checks {
		if check.State == True {
			condition = check.Name
		}
	}
	return Reason{ReasonSideTrack, map[string]string{"stage": v.Stage, "condition": condition}}
}

// push decides whether the scores are worth writing.
func (m *Model) push(lead *Lead, e *Evaluation) bool {
	for _, score := range e.Scores {
		before, ok := lead.Pushed[score.Name]
		if !ok || max(score.Whole-before, before-score.Whole) >= m.pushStep {
			return true
		}
	}
	return !maps.Equal(set(e.Reached), set(lead.PushedReached))
}

func set(names []string) map[string]bool {
	members := make(map[string]bool, len(names))
	for _, name := range names {
		members[name] = true
	}
	return members
}
