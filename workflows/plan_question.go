package workflows

import (
	"time"

	"leadsync/connector"
	"leadsync/scoring"
)

// question is a task that a clock or an outcome asks for, not a follow-up rule. Its name is unique among the rules of
// the tasks of a contact: a task of that name is archived by pl.moot.
type question struct {
	name    string
	episode int // of what caused it
	code    scoring.ReasonCode
	rule    string // the clock or end, for the reason

	text     scoring.ClockText
	to       string // as the for of a task rule
	priority string
	due      scoring.Span
}

// wonder asks for the task of a question. Nothing else satisfies it (rules 19 and 23).
func (pl *planner) wonder(q question) {
	delete(pl.moot, q.name)
	pl.wishFor(pl.wishFrom(q))
}

// wishFrom is the task that a question asks for.
func (pl *planner) wishFrom(q question) wish {
	params := map[string]string{"rule": q.rule}
	if q.code == ReasonClockReminded || q.code == ReasonClockEscalated {
		params[paramKeeps] = "day"
	}
	return wish{
		rule: q.name, key: Key(pl.Portal.ID, pl.out.State.Root, q.name, q.episode), values: pl.placeholders(), surely: true,
		task: scoring.TaskRule{
			Kind: string(connector.TaskToDo), Priority: q.priority, Subject: q.text.Subject, Body: q.text.Body, For: q.to,
			Due: scoring.Due{Span: q.due},
		},
		reason: scoring.Reason{Code: q.code, Params: params},
	}
}

// questions are those that may be open now: whether one was asked is known by its task.
func (pl *planner) questions() []question {
	st := &pl.out.State
	var all []question
	for _, rule := range pl.Model.Clocks() {
		all = append(all, pl.reminder(rule), pl.escalation(rule))
	}
	if h := pl.Model.Handover(); h != nil && st.Choices.Waiting != nil {
		all = append(all, pl.silence(*h, st.Choices.Waiting.Stage))
	}
	for _, l := range st.Choices.Leases {
		all = append(all, pl.leaseEnds(l))
	}
	for _, end := range pl.Model.Misjudged().Ends {
		if st.Judged != nil && st.Judged.End == end.Name() {
			all = append(all, pl.wanting(end))
		}
	}
	return all
}

// wonderAt asks for the task of a question that a moment gives rise to.
func (pl *planner) wonderAt(at time.Time, q question) {
	if !pl.timely(at) {
		pl.leaveOut(q.name)
		return
	}
	pl.wonder(q)
}

// answered says that the tasks of questions are obsolete, if they are open: what they asked for is there, or moot.
func (pl *planner) answered(rule string, names ...string) {
	if pl.moot == nil {
		pl.moot = map[string]scoring.Reason{}
	}
	for _, name := range names {
		pl.moot[name] = scoring.Reason{Code: ReasonAnswered, Params: map[string]string{"rule": rule}}
	}
}
