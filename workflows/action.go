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
}
