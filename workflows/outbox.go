package workflows

import (
	"encoding/json"
	"time"

	"leadsync/connector"
	"leadsync/scoring"
)

// EntryKind is how an outbox entry is carried out.
type EntryKind string

// The kinds of outbox entry.
const (
	KindUpdate EntryKind = "update" // set properties of the contact: absolute values, repeatable
	KindTask   EntryKind = "task"   // create a task under its key
	KindDeal   EntryKind = "deal"   // create a deal under its key
	KindClose  EntryKind = "close"  // close our task with the key in the payload
	KindBack   EntryKind = "back"   // move the stage backward: clear, set, read back
	KindList   EntryKind = "list"   // put the contact on a static list or take it off: absolute, repeatable

	KindCompany EntryKind = "company" // move the stage of the contact's company forward: absolute, repeatable

	KindAmend EntryKind = "amend" // make our open task another one, under a new key; create that if there is none

	KindDelete EntryKind = "delete" // archive the contact: repeatable
)

// Absolute reports whether an entry says how things shall be, so that a newer plan replaces the row's payload.
// The others happen once under their key and are never replaced.
func (k EntryKind) Absolute() bool {
	return k == KindUpdate || k == KindBack || k == KindList || k == KindCompany
}

// EntryState is where an outbox entry stands.
type EntryState string

// The states. Ready and sending are unfinished, the others final until an operator says otherwise.
const (
	StateShadow    EntryState = "shadow"
	StateReady     EntryState = "ready"
	StateSending   EntryState = "sending" // written ahead of the call: from here the outcome may be unknown
	StateSettled   EntryState = "settled"
	StateParked    EntryState = "parked"    // the CRM refuses it for good; Error says why
	StateCancelled EntryState = "cancelled" // obsolete before it was sent
)

// OutboxEntry is one intended effect. Key is unique in the portal. For absolute kinds the key is
// "contact/<id>/<class>" (KindUpdate), "contact/<id>/back", "contact/<id>/list/<list>" or "company/<id>/stage", and a
// newer plan replaces the payload of the row, whatever its state; for the other kinds the key is the idempotency key and
// a row is never replaced.
type OutboxEntry struct {
	Key     string             `json:"key,omitempty"`
	Kind    EntryKind          `json:"kind"`
	Class   Class              `json:"class"`
	Contact connector.ObjectID `json:"contact,omitempty"`
	State   EntryState         `json:"state"` // shadow or ready when planned
	Reason  scoring.Reason     `json:"reason"`
	Payload json.RawMessage    `json:"payload"` // UpdatePayload, connector.Task, connector.Deal, ClosePayload, BackPayload, ListPayload, CompanyPayload, AmendPayload or DeletePayload
	// Attempt counts sendings; a settlement names the attempt it belongs to.
	Attempt int `json:"attempt"`
	// Run names the run that it was gathered by, and that is to be over before it is sent; empty: it is sent by itself.
	Run string `json:"run,omitempty"`
	// Unknown is true on an entry handed out again after a sending whose outcome nobody recorded.
	Unknown bool `json:"unknown,omitempty"`
	// Earlier are further keys of the task of an amendment or closing, newest first: those of amendments in between
	// that did not happen, or may not have.
	Earlier []EarlierTask `json:"-"`
	// Task is the id of the task of an amendment or closing, as it was answered when that was made; empty if nobody knows.
	Task connector.ObjectID `json:"-"`
	// UnknownFor is operating time since that sending was written ahead; zero unless Unknown.
	UnknownFor time.Duration `json:"-"`
	// Released says that no limit and no pause of its class holds it up; it is set by the plan, and not given back.
	Released bool               `json:"-"`
	RemoteID connector.ObjectID `json:"remote_id,omitempty"`
	Error    string             `json:"error,omitempty"`
	// PlannedAt is business time; SentAt, SettledAt and NextAt are operating time; zero if never.
	PlannedAt time.Time `json:"planned_at,omitzero"`
	SentAt    time.Time `json:"sent_at,omitzero"`
	SettledAt time.Time `json:"settled_at,omitzero"`
	NextAt    time.Time `json:"next_at,omitzero"`
}

// UpdatePayload is the payload of KindUpdate.
type UpdatePayload struct {
	Properties map[string]string `json:"properties"`
	// Only are properties with the values that they must still have when it is sent, or have by then what is to be
	// written; otherwise somebody was faster, and nothing is written. Nil: whatever they have.
	Only map[string]string `json:"only,omitempty"`
}

// ClosePayload is the payload of KindClose: the key of a task of ours, and what was written there last: a task that
// looks otherwise is left. Without Was (entries of earlier releases) it is closed as it is.
type ClosePayload struct {
	TaskKey string              `json:"task_key"`
	Was     connector.TaskPrint `json:"was,omitzero"`
}

// BackPayload is the payload of KindBack, the intention that is stored before anything is cleared: the stage
// property, the account's values that the contact may stand at (the stage it leaves, and those that earlier
// moves back which are still under way lead through), and the value to set.
type BackPayload struct {
	Property string   `json:"property"`
	From     []string `json:"from"`
	To       string   `json:"to"`
}

// Settlement is what became of one sent entry. It changes nothing unless Attempt is the entry's.
type Settlement struct {
	Key     string
	Attempt int
	// State is settled, parked or cancelled; ready to try again after Wait; or sending if the outcome is
	// unknown: the entry is then handed out again after Wait with Unknown set.
	State    EntryState
	Wait     time.Duration
	RemoteID connector.ObjectID
	// Error is the CRM's refusal, or for a settled closing or amendment what it found (connector.CloseOutcome,
	// connector.AmendOutcome).
	Error string
	// Free says that the attempt was not the entry's fault (throttled, unauthorised): it is not counted.
	Free bool
	// Unheard says that the CRM may still carry out a sending of this payload of which nobody heard, whatever came of the
	// others. Another payload of an absolute kind waits for that (Take.Quiet).
	Unheard bool
	// Note is something done on the way that has to stand in the contact's decisions (a copy archived); a zero
	// Code is none.
	Note scoring.Reason
}

// Take asks the outbox for entries to send.
type Take struct {
	Kind     EntryKind
	Contacts int           // at most so many contacts (KindUpdate) or entries (others)
	Limits   map[Class]int // per rolling hour; a class over its limit is paused instead of handed out
	Shares   map[Class]int // percent of the stored contacts, at least one contact: lowers a class's limit
	// Portal says how many tasks its people may have on a day (rule 25); nil: nobody counts them.
	Portal *Portal
	// Quiet is how long a closing or an amendment waits after the task before it was sent for the last time, if that took
	// more than one sending: until then the CRM may still carry out one of which nobody heard. A deal waits for another whose
	// outcome is unknown, and an entry of an absolute kind that says something else than was sent under its key waits as long
	// after it was noticed that nobody heard of that. Operating time; 0: nothing waits.
	Quiet time.Duration
}

// Taken is the answer: entries now marked as being sent, and classes that this call paused.
type Taken struct {
	Entries []OutboxEntry
	Paused  []Class
}
