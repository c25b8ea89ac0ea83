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
	Model  string    // version of the model: hash of its canonical text
	At     time.Time // the moment evaluated, floored to the model's grid
	Scores []Score   // in the model's order
	// Stages has one entry per stage of the model in the lead's order, then the side tracks.
	Stages []StageVerdict
	// Stage is the furthest stage whose criteria are met (a side track wins over all); empty if none is.
	Stage       string
	StageReason Reason
	// Next is the first stage after the further of Stage and Lead.Stage; empty at the end of the order.
	Next string
	// Missing is what keeps the lead from Next, one entry per unmet check.
	Missing []Check
	// Push says that the scores differ enough from Lead.Pushed to be written: never written, a step apart,
	// or a stage's criteria were crossed.
	Push bool
	// Reached are the stages whose criteria are met, in order.
	Reached []string
	// NextChange is the first grid point at which Push, Stage or Reached differ by time alone, assuming
	// that the scores are written now if Push; zero if they do not within the horizon (one year).
	NextChange time.Time
}

// Score is one score with its derivation. The sum of the lines is exactly Points.
type Score struct {
	Name   string
	Points Points
	Whole  int64 // Points in whole points, rounded half away from zero
	Lines  []Line
}

// Line is one contribution.
type Line struct {
	Rule string // name of the rule; empty for a line of the score itself (floor, ceiling)
	// Activity is the activity's ID; empty for a rule over facts and for lines that cut.
	Activity  string
	Kind      string
	At        time.Time
	Uncertain bool
	Raw       Points // before decay
	Result    Points // what counts
	Reason    Reason // why: matched, decayed, capped, floored
	Facts     []Seen // the facts a rule over facts looked at
}

// Seen is a value that a condition saw.
type Seen struct {
	Fact  string
	Value Value // unknown if the lead has none
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
)

// Check is one criterion of a stage with what it saw.
type Check struct {
	Stage   string
	Kind    CheckKind
	Name    string // score or gate name; the source text of a condition
	State   Truth
	Want    Points // CheckScore only
	Got     Points // CheckScore only
	Seen    []Seen
	Unknown []string // facts that would have to be known
	Ask     string   // whom or what to ask, from the model; English if the model has several languages
	// Asks is Ask by language, see TextIn.
	Asks map[string]string
}

// StageVerdict is one stage with all its checks.
type StageVerdict struct {
	Stage     string
	SideTrack bool
	Reached   bool
	Checks    []Check
}
