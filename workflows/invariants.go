package workflows

import (
	"slices"
	"time"

	"leadsync/connector"
	"leadsync/scoring"
)

// Violation is an invariant of the model that a contact breaks (S17), and since when that is known.
type Violation struct {
	Invariant string    `json:"invariant"`
	Since     time.Time `json:"since"` // business time
}

// Violating is a contact that breaks an invariant.
type Violating struct {
	Contact   connector.ObjectID `json:"contact"`
	Invariant string             `json:"invariant"`
	Since     time.Time          `json:"since"` // business time
}

// ProfileCount counts the contacts that must not be profiled, and those that break each invariant.
type ProfileCount struct {
	Unprofiled int              `json:"must_not_be_profiled"`
	Violations []ViolationCount `json:"invariants,omitempty"` // broken ones, by name
}

// ViolationCount counts the contacts that break an invariant.
type ViolationCount struct {
	Invariant string    `json:"invariant"`
	Contacts  int       `json:"contacts"`
	Since     time.Time `json:"since,omitzero"` // of the first of them, business time
}

// Of is the count of one invariant.
func (c ProfileCount) Of(invariant string) ViolationCount {
	if i := slices.IndexFunc(c.Violations, func(v ViolationCount) bool { return v.Invariant == invariant }); i >= 0 {
		return c.Violations[i]
	}
	return ViolationCount{Invariant: invariant}
}

// violations remembers which invariants the contact breaks when the plan is carried out, and notes those that it
// begins or ceases to break (rule 15). Nothing is repaired.
func (pl *planner) violations() {
	st := &pl.out.State
	broken := pl.Evaluation.Violations
	if len(pl.Model.Invariants()) > 0 && (st.Stage != pl.Lead.Stage || st.Status != pl.Lead.Status) {
		lead := pl.Lead
		lead.Stage, lead.Status, lead.Activities = st.Stage, st.Status, nil // invariants see no activities
		broken = pl.Model.Evaluate(lead, pl.Now).Violations
	}
	before := st.Violations
	st.Violations = nil
	for _, check := range slices.Concat(broken, pl.unplaced()) { // deals without a pipeline are shown likewise (rule 23)
		v := Violation{Invariant: check.Name, Since: pl.Now}
		if i := slices.IndexFunc(before, v.same); i >= 0 {
			v.Since = before[i].Since
		} else {
			pl.out.Notes = append(pl.out.Notes, invariantReason(ReasonInvariantBroken, v))
		}
		st.Violations = append(st.Violations, v)
	}
	for _, v := range before {
		if !slices.ContainsFunc(st.Violations, v.same) {
			pl.out.Notes = append(pl.out.Notes, invariantReason(ReasonInvariantHeld, v))
		}
	}
}

func (v Violation) same(other Violation) bool { return v.Invariant == other.Invariant }

func invariantReason(code scoring.ReasonCode, v Violation) scoring.Reason {
	return scoring.Reason{Code: code, Params: map[string]string{"invariant": v.Invariant}}
}
