package connector

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
)

// TaskPrint is what people can change about a task and a CRM gives back as it got it: the due time, the owner, the
// priority, the kind and the subject. Two prints are equal if nobody changed any of them. The body is not part of it,
// since CRMs rewrite HTML, and neither are queue and reminder, which CRMs change by themselves. The zero value is no print.
type TaskPrint struct {
	Due      int64    `json:"due"` // seconds since the epoch
	Owner    string   `json:"owner,omitempty"`
	Priority string   `json:"priority,omitempty"` // in small letters; empty for none
	Kind     TaskKind `json:"kind,omitempty"`
	Subject  string   `json:"subject,omitempty"` // a hash: the words themselves are kept nowhere
}

// PrintOf is the print of a task as it is written, or as the CRM has it: whole seconds, "none" is no priority, and
// white space in the subject counts as one space.
func PrintOf(t Task) TaskPrint {
	p := TaskPrint{
		Due: t.DueAt.Unix(), Owner: t.OwnerID, Priority: strings.ToLower(t.Priority), Kind: TaskKind(strings.ToLower(string(t.Kind))),
	}
	if p.Priority == "none" {
		p.Priority = ""
	}
	if words := strings.Join(strings.Fields(t.Subject), " "); words != "" {
		sum := sha256.Sum256([]byte(words))
		p.Subject = hex.EncodeToString(sum[:8])
	}
	return p
}

// DueAt is the due time of a print, in UTC.
func (p TaskPrint) DueAt() time.Time { return time.Unix(p.Due, 0).UTC() }

// Amend asks for the open task of ours under the key Old to become Task, its new key included: subject, body, due
// time, owner, priority, kind, queue and reminder. It never touches the task's status: a person who completed it in
// the same moment keeps what they did.
type Amend struct {
	Old string
	ID  ObjectID // of the task, as far as it is known; see KeyRef
	// Was is what was written there last: a task that looks otherwise was edited by a person and is left. The zero
	// value says that nobody knows: then the CRM's history of the task decides.
	Was  TaskPrint
	Task Task
}

// AmendResult tells what became of one Amend. Exactly one of Outcome and Err is set. Err is ErrAmbiguous when it may
// have happened (the new key tells), ErrConflict when the new key belongs to another record.
type AmendResult struct {
	Key     string   // the new one
	ID      ObjectID // of the task under the old key, if there is one
	Outcome AmendOutcome
	Err     error
}

// AmendOutcome says what an amend found.
type AmendOutcome string

// What an amend can find. Only a task that nobody completed, archived or edited is amended.
const (
	AmendDone   AmendOutcome = "amended"
	AmendLeft   AmendOutcome = "left_completed"
	AmendGone   AmendOutcome = "gone_already"
	AmendEdited AmendOutcome = "left_edited"
)
