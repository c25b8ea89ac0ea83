package workflows

import "leadsync/scoring"

// Action is one intended change with its reason, as it stands in the decision record.
type Action struct {
	Class  Class          `json:"class"`
	Mode   Mode           `json:"mode"`
	Kind   EntryKind      `json:"kind"`
	Key    string         `json:"key"`
	Rule   string         `json:"rule,omitempty"`
	From   string         `json:"from,omitempty"` // stage or status before
	To     string         `json:"to,omitempty"`   // stage or status after
	DueAt  string         `json:"due_at,omitempty"`
	Reason scoring.Reason `json:"reason"`
	// Assigned says how the work came to its owner, if that is not simply the contact's (rule 18).
	Assigned []scoring.Reason `json:"assigned,omitempty"`
	// Lacks says what the effect goes without although its rule asks for it, and why (rule 23).
	Lacks []scoring.Reason `json:"lacks,omitempty"`
}
