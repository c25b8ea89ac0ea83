package scoring

import "time"

// StatusRule says what sets a lead status by itself (S87 to S90). Exactly one of OnStage and Activity is set.
type StatusRule struct {
	Status   string
	OnStage  string // entering this stage sets the status if the lead has none
	Activity string // an activity of this kind that meets the condition sets it (see Model.StatusOf)
}

// FollowUp is what follows from entering a lead status or a stage. Exactly one of OnStatus and OnStage is
// set, and exactly one of Task, Deal and CloseTasks.
type FollowUp struct {
	Name     string
	OnStatus string
	OnStage  string
	Task     *TaskRule
	Deal     *DealRule
	// CloseTasks closes every open task of ours for the contact (S92).
	CloseTasks bool
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
