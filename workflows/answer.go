package workflows

import (
	"time"

	"leadsync/connector"
)

// Answer is what the CRM answered to one sending of an effect of any class but score, append-only.
type Answer struct {
	Contact connector.ObjectID `json:"contact"`
	Key     string             `json:"key"`
	Class   Class              `json:"class"`
	Kind    EntryKind          `json:"kind"`
	// Attempt is 1 for the first sending of a plan.
	Attempt int    `json:"attempt"`
	Worker  string `json:"worker"`
	// DecidedAt is the business time of the decision; zero if another plan took its place meanwhile.
	DecidedAt time.Time `json:"decided_at,omitzero"`
	// SentAt and At are operating time.
	SentAt time.Time `json:"sent_at,omitzero"`
	At     time.Time `json:"answered_at"`
	// State is settled, parked or cancelled; ready if it is tried again; sending if the outcome is unknown.
	State    EntryState         `json:"state"`
	RemoteID connector.ObjectID `json:"remote_id,omitempty"`
	// Text is the CRM's refusal, or what a closing found; empty if there was nothing to say.
	Text string `json:"answer,omitempty"`
}
