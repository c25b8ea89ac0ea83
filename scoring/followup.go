package scoring

import "time"

// StatusRule says what sets a lead status by itself (S87 to S90). Exactly one of OnStage and Activity is set.
type StatusRule struct {
	Status   string
	OnStage  string // entering this stage sets the status if the lead has none
	Activity string // an activity of this kind that meets the condition sets it (see Model.StatusOf)
}

// FollowUp is what follows from entering a lead status or a stage. Exactly one of OnStatus and OnStage is
// set, and exactly one of Task, Deal, CloseTasks, BackTo and Lists.
type FollowUp struct {
	Name     string
	OnStatus string
	OnStage  string
	Task     *TaskRule
	Deal     *DealRule
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
// {name}, {first_name}, {last_name}, {company}, {stage}, {status}, {score}, {reasons} and every fact as
// {fact.NAME}. They contain plain text; whoever sends them escapes.
type TaskRule struct {
	Kind     string            // todo, call, email
	Priority string            // low, medium, high
	Subject  map[string]string // by language
	Body     map[string]string // by language
	Due      Due
}

// Due is when a task is due: After the cause, or at the value of the fact DateFact if that is known and
// in the future. WorkingDays counts working days instead of calendar days. The result never lies on a
// weekend, holiday or closed day: it moves to the next working day (C8).
type Due struct {
	Days        int
	WorkingDays bool
	DateFact    string
}

// DealRule says which deal to create (S91).
type DealRule struct {
	Name     map[string]string // template by language
	Pipeline string            // name in the portal's mapping
	Amount   string            // name of a number fact, or empty
	CloseIn  time.Duration     // close date from now
}

// Truths about the follow-ups: a rule fires once per episode. An episode is one entering of the status or
// stage, counted by the transaction that decides, or one more activity that would set a status again.
