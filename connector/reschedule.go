package connector

import "time"

// Reschedule asks for one task of ours to be moved to another due time. It never touches the task's status:
// a person who completed it in the same moment keeps what they did.
type Reschedule struct {
	Key      string
	Contact  ObjectID // whom the task was made for; see KeyRef
	DueAt    time.Time
	Priority string // "low", "medium", "high"; empty: stays as it is
}

// RescheduleResult tells what became of one Reschedule. Exactly one of Outcome and Err is set.
type RescheduleResult struct {
	Key     string
	Outcome RescheduleOutcome
	Err     error
}

// RescheduleOutcome says what a reschedule found.
type RescheduleOutcome string

// What a reschedule can find. Only a task that nobody completed or archived is moved.
const (
	RescheduleMoved RescheduleOutcome = "moved"
	RescheduleLeft  RescheduleOutcome = "left_completed"
	RescheduleGone  RescheduleOutcome = "gone_already"
)
