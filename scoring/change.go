package scoring

import (
	"slices"
	"time"
)

// horizonDays is how far NextChange looks ahead.
const horizonDays = 365

// written is what the CRM holds after this evaluation's push, against which a later moment is compared.
type written struct {
	whole   []int64
	reached []bool // by stage of the model
	rank    ranked
}

// nextChange is the first step after the frame's within the horizon at which scores, grade or tier would be pushed or
// another set of stages is reached. It bounds scores and conditions over a span of steps; a span that cannot
// contain a change is skipped as a whole, any other is halved, the earlier half first. A span of one step is
// decided exactly, so the result is that of trying every step, in at most twice as many evaluations.
func (f *frame) nextChange(stages []int, base written) (int64, bool) {
	return f.firstChange(f.step+1, f.step+horizonDays*f.model.perDay, stages, base)
}

func (f *frame) firstChange(a, b int64, stages []int, base written) (int64, bool) {
	f.a, f.b = a, b
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

// mayChange reports whether some step of the span can differ from what was written; exact for one step.
func (f *frame) mayChange(stages []int, base written) bool {
	step := f.model.pushStep
	for i := range f.model.scores {
		score := f.scoreBounds(&f.model.scores[i])
		f.scores[i] = score
		if score.lo.whole() <= base.whole[i]-step || score.hi.whole() >= base.whole[i]+step {
			return true
		}
	}
	if f.mayRank(base.rank) {
		return true
	}
	return slices.ContainsFunc(stages, func(s int) bool {
		can := f.reach(&f.model.stages[s], f.scores)
		return base.reached[s] && can.no || !base.reached[s] && can.yes
	})
}

// moment is the time of a step.
func (m *Model) moment(step int64) time.Time {
	return time.UnixMicro(step * m.grid).UTC()
}
