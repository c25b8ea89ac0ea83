package scoring

import (
	"slices"
	"time"
)

// StatusRule says what sets a lead status by itself (S87 to S90). Exactly one of OnStage and Activity is set.
type StatusRule struct {
	Status   string
	OnStage  string // entering this stage sets the status if the lead has none
	Activity string // an activity of this kind that meets the condition sets it (see Model.StatusOf)
}

// FollowUp is what follows from entering a lead status or a stage, or from an activity. Exactly one of OnStatus, OnStage
// and OnActivity is set, and exactly one of Task, Deal, CloseTasks, BackTo and Lists.
type FollowUp struct {
	Name     string
	OnStatus string
	OnStage  string
	// OnActivity is a kind of activity; OnWhere the condition that the activity has to meet, as it stands in the file,
	// empty if there is none. Model.Causes tells whether an activity does.
	OnActivity string
	OnWhere    string
	// After is how long what follows waits after its cause; zero: not at all.
	After Span
	// While and ObsoleteWhen are conditions as they stand in the file, empty if there are none: Model.FollowUpTruths
	// says what they are. ObsoleteWhen is one that time alone does not change.
	While        string
	ObsoleteWhen string
	Task         *TaskRule
	Deal         *DealRule
	// CloseTasks closes every open task of ours for the contact (S92).
	CloseTasks bool
	// BackTo is the stage that the contact is moved back to (S25, S78): one of the forward order, never a side
	// track, never one that only people set. A CRM that moves stages forward only is made to do it by clearing
	// the stage first, which may reset the dates that the CRM keeps of it (hubspot-api 6.1).
	BackTo string
	Lists  *ListRule
}

// ListRule puts the contact on static lists of the account and takes it off others (S22). The names are those
// of the portal's mapping.
type ListRule struct {
	Add    []string
	Remove []string
}

// TaskRule says which task to create. Texts are templates with {placeholders}, checked when parsed:
// {name}, {first_name}, {last_name}, {company}, {stage}, {status}, {score}, {reasons}, every fact as {fact.NAME}, and
// in a task with a ladder {attempt}. They contain plain text; whoever sends them escapes.
type TaskRule struct {
	Kind     string            // todo, call, email
	For      string            // owner, deal_owner, a person of the portal or an assignment; empty: owner
	Priority string            // low, medium, high
	Subject  map[string]string // by language
	Body     map[string]string // by language
	Due      Due
	Queue    string        // a queue of tasks, a name of the portal's mapping; empty: none
	Remind   time.Duration // how long before it is due the person is reminded; zero: not at all
	Ladder   []Step        // of the first, second, ... episode in a row; empty: they are all alike
	Then     *Then         // what happens once the steps are used up; nil: the last step goes on
}

// Step is what differs in one episode of a ladder; what it leaves out is the task's own.
type Step struct {
	Due      Span
	Priority string
	Subject  map[string]string
	Body     map[string]string
}

// Then is what one more episode than a ladder has steps leads to. Exactly one of both is set.
type Then struct {
	Status string // a lead status
	BackTo string // a stage behind
}

// At is the task of the n-th episode in a row, from 1. Without a ladder, and beyond its end, it is that of the last.
func (t *TaskRule) At(n int) TaskRule {
	at := *t
	at.Ladder, at.Then = nil, nil
	if len(t.Ladder) == 0 {
		return at
	}
	step := t.Ladder[min(max(n, 1), len(t.Ladder))-1]
	if !step.Due.IsZero() {
		at.Due.Span = step.Due
	}
	if step.Priority != "" {
		at.Priority = step.Priority
	}
	if step.Subject != nil {
		at.Subject = step.Subject
	}
	if step.Body != nil {
		at.Body = step.Body
	}
	return at
}

// Due is when a task is due: the span after the cause, or at the value of the fact DateFact if that is known and
// in the future. The result never lies outside the working time of the owner (C8).
type Due struct {
	Span
	DateFact string
	// At is the moment itself: of work that goes from one person to another. Zero for what a model says.
	At time.Time
}

// FollowUpTruth is what the conditions of a follow-up say of a lead at a moment: While is true if there is none, Obsolete
// false.
type FollowUpTruth struct {
	While    Truth
	Obsolete Truth
}

// FollowUpTruths are the conditions of all follow-ups, in their order in the file; nil if none has any.
func (m *Model) FollowUpTruths(lead Lead, now time.Time) []FollowUpTruth {
	if !slices.ContainsFunc(m.followUpConditions, func(c followUpConditions) bool { return c.while != nil || c.obsolete != nil }) {
		return nil
	}
	f := m.prepare(&lead, now)
	defer f.release()
	f.rules = &m.following
	f.settle(lead.Activities)
	truths := make([]FollowUpTruth, len(m.followUps))
	for i, c := range m.followUpConditions {
		truths[i] = FollowUpTruth{While: True, Obsolete: False}
		if c.while != nil {
			truths[i].While = f.truth(c.while).truth()
		}
		if c.obsolete != nil {
			truths[i].Obsolete = f.truth(c.obsolete).truth()
		}
	}
	return truths
}

// Causes reports whether an activity is a cause of a follow-up on an activity, given by its name.
func (m *Model) Causes(rule string, a Activity) bool {
	i := slices.IndexFunc(m.followUps, func(f FollowUp) bool { return f.Name == rule && f.OnActivity != "" })
	kind, ok := m.kindIndex[a.Kind]
	if i < 0 || !ok {
		return false
	}
	f := frame{model: m, attributes: a.Attributes}
	f.of = f.kindsOf(kind)
	where := m.followUpConditions[i].where
	return f.of[m.kindIndex[m.followUps[i].OnActivity]] && (where == nil || where.root.at(&f) == mayTrue)
}

// followUpStreams are the streams of activities that the conditions of follow-ups and audiences look at, ascending.
func (m *Model) followUpStreams() []int {
	var list []int
	for _, c := range m.followUpConditions {
		for _, one := range []*condition{c.while, c.obsolete} {
			if one != nil {
				list = append(list, one.streams...)
			}
		}
	}
	list = append(list, m.audienceStreams()...)
	slices.Sort(list)
	return slices.Compact(list)
}
