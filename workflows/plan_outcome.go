package workflows

import (
	"slices"
	"time"

	"leadsync/scoring"
)

// What carried a lead into a stage, besides a rule of a score, whose Carrier is carrierRule and its name.
const (
	CarrierDirect = "direct way" // no points were asked for
	CarrierHand   = "by hand"    // a person or another machine moved it
	CarrierNone   = "no points"  // the stage was reached, and no rule gave any
	carrierRule   = "rule: "
)

// Qualified is one entering of a stage that says that a lead is qualified, and how it turned out.
type Qualified struct {
	Stage string    `json:"stage"`
	At    time.Time `json:"at"` // business time
	// Carrier is what carried it there: the rule that gave most of the points, or one of the carriers.
	Carrier string `json:"carrier,omitempty"`
	Source  string `json:"source,omitempty"`
	// JudgedAt is when it turned out to be misjudged; zero if it did not. End, Outcome and Reason as in Judged.
	JudgedAt time.Time                `json:"judged_at,omitzero"`
	End      string                   `json:"end,omitempty"`
	Outcome  scoring.MisjudgedOutcome `json:"outcome,omitempty"`
	Reason   string                   `json:"reason,omitempty"`
}

// Judged is how a lead turned out that was misjudged.
type Judged struct {
	End     string                   `json:"end"` // scoring.MisjudgedEnd.Name
	Outcome scoring.MisjudgedOutcome `json:"outcome"`
	At      time.Time                `json:"at"`               // business time
	Stage   string                   `json:"stage,omitempty"`  // in which it turned out
	Reason  string                   `json:"reason,omitempty"` // a word of the fact that is wanted
	// Asked says that a task has asked for the reason, Counted that the lead was counted as recycled.
	Asked   bool `json:"asked,omitempty"`
	Counted bool `json:"counted,omitempty"`
}

// Cooling is the time in which points do not carry the contact forward.
type Cooling struct {
	End   string    `json:"end"`
	Until time.Time `json:"until"` // business time
}

// judgements is under which name the judgements of a contact are counted.
const judgements = "misjudged"

// ReasonOf is the name of the task that asks for the reason of an end, where others have the name of their follow-up.
func ReasonOf(end string) string { return end + ": reason" }

// reasonGiven says that nobody is to be asked for the reason any more.
func (pl *planner) reasonGiven() {
	for _, end := range pl.Model.Misjudged().Ends {
		pl.answered(end.Name(), ReasonOf(end.Name()))
	}
}

// misjudged keeps the book of qualified and misjudged leads (rule 24). was is the stage before this plan, entry says that
// the status was entered in it.
func (pl *planner) misjudged(was string, entry bool) {
	rules, st := pl.Model.Misjudged(), &pl.out.State
	st.Qualified = slices.Clone(st.Qualified)
	if slices.Contains(rules.Stages, st.Stage) && st.Stage != was && pl.after(st.Stage, was) {
		pl.qualify(rules)
	}
	now := slices.DeleteFunc(slices.Clone(rules.Ends), func(end scoring.MisjudgedEnd) bool {
		entered := end.Status != "" && entry && end.Status == st.Status
		fell := end.BackTo != "" && end.BackTo == st.Stage && pl.behind(st.Stage, was)
		return !entered && !fell
	})
	switch {
	case len(now) > 0:
		pl.judge(now, was)
	case st.Judged != nil:
		pl.withdrawn(was)
	}
	pl.reason(rules)
}

// qualify notes that the contact entered a stage, anew.
func (pl *planner) qualify(rules scoring.Misjudged) {
	st := &pl.out.State
	st.Judged = nil
	pl.reasonGiven()
	q := Qualified{Stage: st.Stage, At: pl.Now, Carrier: pl.carrier(), Source: pl.word(rules.Source)}
	st.Qualified = append(slices.DeleteFunc(st.Qualified, func(o Qualified) bool { return o.Stage == q.Stage }), q)
}

// carrier is what carried the contact into its stage.
func (pl *planner) carrier() string {
	switch {
	case pl.Lead.Stage == pl.out.State.Stage:
		return CarrierHand
	case pl.Evaluation.StageReason.Code != scoring.ReasonCriteriaMet:
		return CarrierDirect
	}
	best, most := CarrierNone, scoring.Points(0)
	for _, score := range pl.Evaluation.Scores {
		sums := map[string]scoring.Points{}
		for _, line := range score.Lines {
			if sums[line.Rule] += line.Result; line.Rule == "" {
				delete(sums, "")
			}
		}
		for _, line := range score.Lines { // in the order of the file: the first of equals
			if sum, ok := sums[line.Rule]; ok && sum > most {
				best, most = carrierRule+score.Name+": "+line.Rule, sum
			}
		}
	}
	return best
}

// judge notes that the lead was misjudged. Of several ways in one plan the first in the file counts, and the longest
// cool-down.
func (pl *planner) judge(ends []scoring.MisjudgedEnd, was string) {
	st, end := &pl.out.State, ends[0]
	next := Judged{End: end.Name(), Outcome: end.Outcome, At: pl.Now, Stage: was}
	if st.Judged != nil { // it has turned out before, and did not qualify since
		next.Counted, next.Stage = st.Judged.Counted, st.Judged.Stage
		next.Asked = st.Judged.Asked && st.Judged.End == next.End
	}
	if !next.Asked {
		pl.reasonGiven()
	}
	if recycled := slices.ContainsFunc(ends, func(e scoring.MisjudgedEnd) bool { return e.Outcome == scoring.OutcomeRecycle }); recycled && !next.Counted {
		next.Counted = true
		pl.recycled(1)
	}
	for _, e := range ends {
		pl.cool(e)
	}
	st.Judged = &next
	st.Episodes[judgements]++
	for i := range st.Qualified {
		q := &st.Qualified[i]
		q.JudgedAt, q.End, q.Outcome, q.Reason = next.At, next.End, next.Outcome, ""
	}
	params := map[string]string{"rule": next.End, "outcome": string(next.Outcome)}
	pl.out.Notes = append(pl.out.Notes, scoring.Reason{Code: ReasonMisjudged, Params: params})
}

// cool begins the cool-down of an end, unless a longer one is under way.
func (pl *planner) cool(end scoring.MisjudgedEnd) {
	c := &pl.out.State.Cooling
	if until := pl.Now.Add(end.CoolDown.Duration()); until.After(pl.Now) && (*c == nil || until.After((*c).Until)) {
		*c = &Cooling{End: end.Name(), Until: until}
	}
}

// withdrawn takes a judgement back if the status was left where it was entered: somebody corrected it.
func (pl *planner) withdrawn(was string) {
	st, before := &pl.out.State, pl.Record.State
	left := before != nil && before.Status == st.Judged.End && st.Status != before.Status // in this plan, not at some look before
	if !left || st.Stage != was || st.Stage != st.Judged.Stage {
		return
	}
	for i := range st.Qualified {
		if q := &st.Qualified[i]; q.JudgedAt.Equal(st.Judged.At) {
			*q = Qualified{Stage: q.Stage, At: q.At, Carrier: q.Carrier, Source: q.Source}
		}
	}
	if st.Judged.Counted {
		pl.recycled(-1)
	}
	params := map[string]string{"rule": st.Judged.End, "outcome": string(st.Judged.Outcome)}
	pl.out.Notes = append(pl.out.Notes, scoring.Reason{Code: ReasonJudgedAgain, Params: params})
	if st.Judged, st.Cooling = nil, nil; pl.cooledFrom != "" {
		pl.soonest = pl.Now // nothing keeps it from the stage now
	}
	pl.reasonGiven()
}

// recycled counts, and looks again if a fact depends on the count.
func (pl *planner) recycled(by int) {
	pl.out.State.Recycles = max(0, pl.out.State.Recycles+by)
	if slices.ContainsFunc(pl.Model.Facts(), func(f scoring.Fact) bool { return f.Count == countRecycled }) {
		pl.soonest = pl.Now
	}
}

// reason notes the reason that somebody gave, and asks for it once if nobody did (S107).
func (pl *planner) reason(rules scoring.Misjudged) {
	st := &pl.out.State
	if st.Judged == nil {
		return
	}
	i := slices.IndexFunc(rules.Ends, func(e scoring.MisjudgedEnd) bool { return e.Name() == st.Judged.End })
	if i < 0 || rules.Ends[i].Wants == "" {
		pl.reasonGiven()
		return
	}
	end, judged := rules.Ends[i], *st.Judged
	judged.Reason = pl.word(end.Wants)
	switch {
	case judged.Reason != "":
		pl.reasonGiven()
	case !judged.Asked && pl.Portal.Mode(ClassTask) != ModeOff:
		judged.Asked = true
		pl.wonderAt(judged.At, pl.wanting(end))
	}
	for i := range st.Qualified {
		if q := &st.Qualified[i]; q.JudgedAt.Equal(judged.At) {
			q.Reason = judged.Reason
		}
	}
	st.Judged = &judged
}

// wanting asks for the reason of an end.
func (pl *planner) wanting(end scoring.MisjudgedEnd) question {
	return question{
		name: ReasonOf(end.Name()), episode: pl.out.State.Episodes[judgements], code: ReasonReasonWanted, rule: end.Name(),
		text: end.Ask, priority: "medium", due: end.Due.Span,
	}
}

// cooled is the stage that the model may move the contact to: during a cool-down one that no points lead to (C10).
func (pl *planner) cooled() string {
	st := &pl.out.State
	if st.Cooling != nil && !pl.Now.Before(st.Cooling.Until) {
		st.Cooling = nil
	}
	if !pl.glimpse.ours && pl.Lead.Status != st.Status {
		for _, end := range pl.Model.Misjudged().Ends { // it is entered in this plan
			if end.Status != "" && end.Status == pl.Lead.Status {
				pl.cool(end)
			}
		}
	}
	to := pl.Evaluation.Stage
	if st.Cooling == nil || !pl.forward(to) {
		return to
	}
	pl.lookSoon(st.Cooling.Until)
	stage, why := scoring.WithoutPoints(pl.Evaluation)
	if stage == to {
		return to
	}
	pl.cooledFrom = to
	pl.Evaluation.Stage, pl.Evaluation.StageReason = stage, why
	return stage
}

// answering is what a planner notes of clocks and outcomes on the way.
type answering struct {
	soonest    time.Time                 // when to look again
	cooledFrom string                    // the stage that a cool-down keeps the contact from
	moot       map[string]scoring.Reason // tasks of questions that are obsolete, by name
}

// followOutcomes plans what follows for clocks and measurements from where the contact stands now.
func (pl *planner) followOutcomes(was string, entry bool) {
	pl.misjudged(was, entry)
	pl.clocks(was)
}

// lookOutcomes makes the plan look again when a clock or a cool-down wants it.
func (pl *planner) lookOutcomes() {
	if !pl.soonest.IsZero() && (pl.out.LookAt.IsZero() || pl.soonest.Before(pl.out.LookAt)) {
		pl.out.LookAt = pl.soonest
	}
}

// cooling is the reason of a plan that does nothing because of a cool-down.
func (pl *planner) cooling(reason scoring.Reason) scoring.Reason {
	c := pl.out.State.Cooling
	if pl.cooledFrom == "" || c == nil || reason.Code != ReasonUnchanged {
		return reason
	}
	return scoring.Reason{Code: ReasonCoolingDown, Params: map[string]string{
		"rule": c.End, "stage": pl.cooledFrom, "until": c.Until.UTC().Format(time.RFC3339),
	}}
}

// misjudgedBy reports whether a status says that the lead was misjudged.
func (pl *planner) misjudgedBy(status string) bool {
	return slices.ContainsFunc(pl.Model.Misjudged().Ends, func(e scoring.MisjudgedEnd) bool { return status != "" && e.Status == status })
}

// countRecycled is the count of facts that is how often the lead was recycled.
const countRecycled = "recycled"
