package scoring

import (
	"slices"
	"time"
)

const (
	horizonDays = 365         // how far NextChange looks ahead
	mostAhead   = 100_000_000 // what it may spend, see frame.spent: some tenths of a second
)

// written is what the CRM holds after this evaluation's push, against which a later moment is compared.
type written struct {
	whole   []int64
	reached []bool // by stage of the model
	rank    ranked
}

// nextChange is the first step after the frame's within the horizon at which scores, grade or tier would be pushed or
// another set of stages is reached. It bounds scores and conditions over a span of steps; a span that cannot
// contain a change is skipped as a whole, any other is halved, the earlier half first. A span of one step is
// decided exactly, so the result is that of trying every step, in at most twice as many evaluations. What costs more
// than mostAhead ends early: the result is the first step that is not ruled out.
func (f *frame) nextChange(stages []int, base written) (int64, bool) {
	return f.firstChange(f.step+1, f.step+horizonDays*f.model.perDay, stages, base)
}

func (f *frame) firstChange(a, b int64, stages []int, base written) (int64, bool) {
	if f.spent >= mostAhead {
		f.a, f.b = a, a
		return a, true // nothing before it: whoever evaluates the lead then looks further
	}
	f.a, f.b = a, b
	f.spans++
	f.spent += int64(f.rules.width)
	if !f.mayChange(stages, base) {
		return 0, false
	}
	if a == b {
		return a, true
	}
	middle := a + (b-a)/2
	if step, found := f.firstChange(a, middle, stages, base); found {
		return step, true
	}
	return f.firstChange(middle+1, b, stages, base)
}

// change is what differs from the evaluation at the one step that the frame looks at, nil if nothing does.
func (f *frame) change(e *Evaluation, stages []int) *Change {
	c := &Change{At: e.NextChange}
	then := Evaluation{Scores: make([]Score, len(e.Scores))}
	for i, now := range e.Scores {
		f.scores[i] = f.scoreBounds(&f.rules.scores[i]) // exact for one step
		then.Scores[i].Whole = f.scores[i].lo.whole()
		if to := then.Scores[i].Whole; to != now.Whole {
			c.Scores = append(c.Scores, ScoreChange{Name: now.Name, From: now.Whole, To: to})
		}
	}
	f.rules.rank(&then)
	if then.Grade != e.Grade {
		c.Grade = &then.Grade
	}
	if then.Tier != e.Tier {
		c.Tier = &then.Tier
	}
	f.crossed(c, e, stages)
	if len(c.Scores)+len(c.Gained)+len(c.Lost) == 0 && c.Grade == nil && c.Tier == nil {
		return nil // the look ahead has ended early
	}
	return c
}

// crossed fills Gained and Lost.
func (f *frame) crossed(c *Change, e *Evaluation, stages []int) {
	for _, i := range stages {
		s := &f.rules.stages[i]
		switch reached := f.reach(s, f.scores).yes; {
		case reached && !slices.Contains(e.Reached, s.Name):
			c.Gained = append(c.Gained, s.Name)
		case !reached && slices.Contains(e.Reached, s.Name):
			c.Lost = append(c.Lost, s.Name)
		}
	}
}

// mayChange reports whether some step of the span can differ from what was written; exact for one step.
func (f *frame) mayChange(stages []int, base written) bool {
	step := f.model.pushStep
	for i := range f.rules.scores {
		score := f.scoreBounds(&f.rules.scores[i])
		f.scores[i] = score
		if score.lo.whole() <= base.whole[i]-step || score.hi.whole() >= base.whole[i]+step {
			return true
		}
	}
	if f.mayRank(base.rank) {
		return true
	}
	return slices.ContainsFunc(stages, func(s int) bool {
		can := f.reach(&f.rules.stages[s], f.scores)
		return base.reached[s] && can.no || !base.reached[s] && can.yes
	})
}

// moment is the time of a step.
func (m *Model) moment(step int64) time.Time {
	return time.UnixMicro(step * m.grid).UTC()
}
