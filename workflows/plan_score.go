package workflows

import (
	"strconv"

	"leadsync/scoring"
)

// score plans the score properties if the evaluation says that they are worth writing.
func (pl *planner) score() {
	mode := pl.Portal.Mode(ClassScore)
	if !pl.Evaluation.Push || mode == ModeOff {
		return
	}
	st := &pl.out.State
	st.Pushed, st.PushedReached, st.PushedShadow = map[string]int64{}, pl.Evaluation.Reached, mode == ModeShadow
	props := pl.rank()
	for _, sc := range pl.Evaluation.Scores {
		st.Pushed[sc.Name] = sc.Whole
		if prop := pl.Portal.Written.Scores[sc.Name]; prop != "" {
			props[prop] = strconv.FormatInt(sc.Whole, 10)
		}
	}
	if prop := pl.Portal.Written.Scores[TotalScore]; prop != "" {
		props[prop] = strconv.FormatInt(pl.Evaluation.Total(), 10)
	}
	if prop := pl.Portal.Written.Reasons; prop != "" {
		props[prop] = pl.Evaluation.Short(pl.Portal.Language, reasonsLimit)
	}
	if prop := pl.Portal.Written.ScoredAt; prop != "" {
		props[prop] = pl.Evaluation.At.UTC().Format("2006-01-02T15:04:05.000Z") // as it comes back, so that the echo is recognised
	}
	pl.update(Action{Class: ClassScore, Mode: mode, Kind: KindUpdate, Reason: scoring.Reason{Code: ReasonScoreStep}}, props)
}

// rank are the properties of grade and tier. What was written once is written again with every score, also when
// it is empty now: the entry in the outbox is replaced as a whole.
func (pl *planner) rank() map[string]string {
	st, written, props := &pl.out.State, pl.Portal.Written, map[string]string{}
	st.PushedGrade, st.PushedTier = pl.Evaluation.Grade, pl.Evaluation.Tier
	if len(pl.Model.Grades()) == 0 && st.GradeProperty != written.Grade {
		written.Grade = ""
	}
	if len(pl.Model.Tiers()) == 0 && st.TierProperty != written.Tier {
		written.Tier = ""
	}
	if st.GradeProperty = written.Grade; written.Grade != "" {
		props[written.Grade] = st.PushedGrade
	}
	if st.TierProperty = written.Tier; written.Tier != "" {
		props[written.Tier] = st.PushedTier
	}
	return props
}
