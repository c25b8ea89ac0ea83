package connector

import "time"

// TaskKind is what the rep is asked to do.
type TaskKind string

// The kinds of task every CRM of this field knows.
const (
	TaskToDo  TaskKind = "todo"
	TaskCall  TaskKind = "call"
	TaskEmail TaskKind = "email"
)

// Task is a follow-up that leadsync creates under its idempotency key: creating the same key twice is
// refused by the CRM, never done twice (hubspot-api 7.3).
type Task struct {
	Key      string
	Kind     TaskKind
	Subject  string
	BodyHTML string // already escaped
	Priority string // "low", "medium", "high"; empty for none
	DueAt    time.Time
	OwnerID  string // empty: nobody
	Contact  ObjectID
	Company  ObjectID // empty: none
	// Queue is the account's own id of the queue that the task stands in; empty: none.
	Queue string `json:",omitempty"`
	// RemindAt is when the CRM reminds the owner; zero: never.
	RemindAt time.Time `json:",omitzero"`
}

// Deal is an opportunity that leadsync creates under its idempotency key.
type Deal struct {
	Key      string
	Name     string
	Pipeline string // the account's own id
	Stage    string // the account's own id
	Amount   string // decimal; empty for none
	CloseAt  time.Time
	OwnerID  string
	Contact  ObjectID
	Company  ObjectID          // empty: none
	Extra    map[string]string // properties that the account's own rules require
}

// CreateResult tells what became of one creation. Exactly one of ID and Err is set. Err is ErrConflict
// when the key exists already (adopt it through FindByKey), ErrAmbiguous when it may have happened.
type CreateResult struct {
	Key string
	ID  ObjectID
	Err error
}

// KeyRef names one thing of ours: its idempotency key and the contact it was made for. The contact is what a
// connector looks under where the account refuses unique properties (hubspot-api 7.3); elsewhere the key is
// enough.
type KeyRef struct {
	Key     string
	Contact ObjectID
	// ID is what the CRM called it when it was made; empty if nobody knows. Where the contact leads to nothing under the
	// key (one in the bin leads nowhere), what has this id counts if it bears the key.
	ID ObjectID
}

// KeyState is what the primary store of the CRM holds under one idempotency key.
type KeyState struct {
	ID       ObjectID
	Archived bool
	// Open is true for a task that nobody completed, or a deal that is not closed.
	Open      bool
	UpdatedAt time.Time
	// Copies are further records under the same key that no person touched, so that they can be archived
	// without anybody losing anything. Only an account that refuses unique properties can have any.
	Copies []ObjectID
}

// Close asks for one task of ours to be put away, since it is not needed any more.
type Close struct {
	Key     string
	Contact ObjectID // whom the task was made for; see KeyRef
	ID      ObjectID // of the task, as far as it is known; see KeyRef
	// Was is what was written there last: a task that looks otherwise was edited by a person and is left. The zero
	// value closes whatever the task looks like.
	Was TaskPrint
}

// CloseResult tells what became of closing one task by its key.
type CloseResult struct {
	Key string
	// Outcome is one of CloseArchived, CloseLeft, CloseGone and CloseEdited when Err is nil.
	Outcome CloseOutcome
	Err     error
}

// CloseOutcome says what a close found.
type CloseOutcome string

// What closing an obsolete task can find. A task that a person completed or edited is left as it is.
const (
	CloseArchived CloseOutcome = "archived"
	CloseLeft     CloseOutcome = "left_completed"
	CloseGone     CloseOutcome = "gone_already"
	CloseEdited   CloseOutcome = "left_edited"
)
