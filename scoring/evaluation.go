package scoring

import (
	"strconv"
	"time"
)

// Points are thousandths of a point.
type Points int64

// String is the points as people write them: "25" or "-2.5".
func (p Points) String() string {
	const thousandths = 1000
	return strconv.FormatFloat(float64(p)/thousandths, 'f', -1, 64)
}

// Evaluation is the model's verdict on a lead at a time, with every reason.
type Evaluation struct { //nolint:recvcheck // place builds it, everything after reads it
	Model string    `json:"model,omitempty"` // version of the model: hash of its canonical text
	At    time.Time `json:"at,omitzero"`     // the moment evaluated, floored to the model's grid
	// Variant is the variant of the model that decided; empty if what stands at the top of the file did.
	Variant string `json:"variant,omitempty"`
	// Unprofiled says that the lead must not be profiled: nothing was evaluated, and everything below is empty
	// but Violations.
	Unprofiled bool    `json:"unprofiled,omitempty"`
	Scores     []Score `json:"scores,omitempty"` // in the model's order
	// Grade is what the scores are called (A1 to D4), Tier the name of the grade or of the sum; empty if the
	// model has none, Tier also if none fits.
	Grade string `json:"grade,omitempty"`
	Tier  string `json:"tier,omitempty"`
	// Stages has one entry per stage of the model in the lead's order, then the side tracks.
	Stages []StageVerdict `json:"stages,omitempty"`
	// Stage is the furthest stage whose criteria are met (a side track wins over all); empty if none is.
	Stage       string `json:"stage,omitempty"`
	StageReason Reason `json:"stage_reason"`
	// Next is the first stage after the further of Stage and Lead.Stage; empty at the end of the order.
	Next string `json:"next,omitempty"`
	// Missing is what keeps the lead from Next, one entry per unmet check.
	Missing []Check `json:"missing,omitempty"`
	// Push says that the scores differ enough from Lead.Pushed to be written: never written, a step apart,
	// another grade or tier, or a stage's criteria were crossed.
	Push bool `json:"push,omitempty"`
	// Reached are the stages whose criteria are met, in order.
	Reached []string `json:"reached,omitempty"`
	// NextChange is the first grid point at which Push, Stage or Reached differ by time alone, assuming
	// that the scores are written now if Push; zero if they do not within the horizon (one year).
	NextChange time.Time `json:"next_change,omitzero"`
	// Change is what differs at NextChange; nil if that is zero, or if the look ahead became too long: then nothing
	// changes before NextChange, and it is the time to look again.
	Change *Change `json:"change,omitempty"`
	// Violations are the invariants of the model that the lead breaks, in the order of the file (S17).
	Violations []Check `json:"violations,omitempty"`
}

// Change is what time alone will have changed at a moment, if nothing else happens until then. Only what differs
// is in it.
type Change struct {
	At     time.Time     `json:"at,omitzero"`
	Scores []ScoreChange `json:"scores,omitempty"` // in the model's order
	// Grade and Tier are those of then; nil if they stay.
	Grade *string `json:"grade,omitempty"`
	Tier  *string `json:"tier,omitempty"`
	// Gained are the stages whose criteria are met then and not now, Lost those that are met now and not then.
	Gained []string `json:"gained,omitempty"`
	Lost   []string `json:"lost,omitempty"`
}

// ScoreChange is a score in whole points now and at a later moment.
type ScoreChange struct {
	Name string `json:"name,omitempty"`
	From int64  `json:"from"`
	To   int64  `json:"to"`
}

// Score is one score with its derivation. The sum of the lines is exactly Points.
type Score struct {
	Name   string `json:"name,omitempty"`
	Points Points `json:"points"`
	Whole  int64  `json:"whole"` // Points in whole points, rounded half away from zero
	Lines  []Line `json:"lines,omitempty"`
}

// Line is one contribution.
type Line struct {
	Rule  string `json:"rule,omitempty"`  // name of the rule; empty for a line of a group or of the score itself (floor, ceiling)
	Group string `json:"group,omitempty"` // the group that the rule or limit belongs to; empty if none
	// Activity is the activity's ID; empty for a rule over facts and for lines that cut.
	Activity  string    `json:"activity,omitempty"`
	Kind      string    `json:"kind,omitempty"`
	At        time.Time `json:"at,omitzero"`
	Uncertain bool      `json:"uncertain,omitempty"`
	NotBefore time.Time `json:"not_before,omitzero"` // as in Activity
	NotAfter  time.Time `json:"not_after,omitzero"`
	Raw       Points    `json:"raw"`             // before decay
	Result    Points    `json:"result"`          // what counts
	Reason    Reason    `json:"reason"`          // why: matched, decayed, capped, floored
	Facts     []Seen    `json:"facts,omitempty"` // the facts a rule over facts looked at
}

// Between are the moments between which the activity of the line happened: both At if that is certain; a zero until is
// an open end.
func (l *Line) Between() (from, until time.Time) {
	from, until = l.At, l.At
	if !l.Uncertain {
		return from, until
	}
	if !l.NotBefore.IsZero() && l.NotBefore.Before(from) {
		from = l.NotBefore
	}
	if l.NotAfter.IsZero() || l.NotAfter.After(until) {
		until = l.NotAfter
	}
	return from, until
}

// Seen is a value that a condition saw.
type Seen struct {
	// Fact is the name of a fact, or what a condition asks of activities, as it stands there: count("form").
	Fact  string `json:"fact,omitempty"`
	Value Value  `json:"value"` // unknown if the lead has none
	// Original is the CRM's text of a worded fact, empty if the fact is not worded or has none.
	Original string `json:"original,omitempty"`
}

// Truth is three-valued: what is unknown is neither true nor false.
type Truth int8

// The three values, ordered so that And is the minimum and Or the maximum.
const (
	False   Truth = -1
	Unknown Truth = 0
	True    Truth = 1
)

// CheckKind is what a stage asks for.
type CheckKind string

// The kinds of check.
const (
	CheckScore     CheckKind = "score"     // a score of at least Want
	CheckGate      CheckKind = "gate"      // a named gate
	CheckCondition CheckKind = "condition" // the stage's own condition
	CheckDirect    CheckKind = "direct"    // a way round: this alone reaches the stage (S79, S80)
	CheckManual    CheckKind = "manual"    // only people set this stage
	// CheckConfirmation is a gate that a person opens (S12), CheckInvariant something that should not be (S17).
	CheckConfirmation CheckKind = "confirmation"
	CheckInvariant    CheckKind = "invariant"
)

// Check is one criterion of a stage with what it saw.
type Check struct {
	Stage   string    `json:"stage,omitempty"`
	Kind    CheckKind `json:"kind"`
	Name    string    `json:"name,omitempty"` // score or gate name; the source text of a condition
	State   Truth     `json:"state"`
	Want    Points    `json:"want"` // CheckScore only
	Got     Points    `json:"got"`  // CheckScore only
	Seen    []Seen    `json:"seen,omitempty"`
	Unknown []string  `json:"unknown,omitempty"` // facts that would have to be known
	// Failing are the facts, with their values, in those parts of the condition that make it false; empty if it is
	// not false, or false whatever the facts are.
	Failing []Seen `json:"failing,omitempty"`
	Ask     string `json:"ask,omitempty"` // whom or what to ask, from the model; English if the model has several languages
	// Asks is Ask by language, see TextIn.
	Asks map[string]string `json:"asks,omitempty"`
}

// StageVerdict is one stage with all its checks.
type StageVerdict struct {
	Stage     string  `json:"stage,omitempty"`
	SideTrack bool    `json:"side_track,omitempty"`
	Reached   bool    `json:"reached,omitempty"`
	Checks    []Check `json:"checks,omitempty"`
}
