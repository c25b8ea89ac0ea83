package scoring

import "slices"

// Overrides says how long a person's choice against the model holds (C7), and when leadsync stops writing what another
// machine keeps setting back (C12).
type Overrides struct {
	// Given says that the model has the key at all.
	Given bool
	// Keep is how long a lease holds, in UnitHours or UnitDays; zero: only until FactsChange.
	Keep Span
	// FactsChange ends a lease as soon as a fact of the model changes.
	FactsChange bool
	// Notice is how long before its end the owner is told; zero: not at all.
	Notice Span
	// Rounds is after how many rounds within a day a property is left alone.
	Rounds int
}

// Leases reports whether what a person chose against the model ends at all; else it holds for ever.
func (o Overrides) Leases() bool { return !o.Keep.IsZero() || o.FactsChange }

// Overrides are those of the model; without the key there are no leases, and the rounds are the default.
func (m *Model) Overrides() Overrides {
	if m.overrides == nil {
		return Overrides{Rounds: defaultRounds}
	}
	return *m.overrides
}

// defaultRounds is how often another machine may set something back before it is left alone.
const defaultRounds = 3

// Handover says how sales answers for a lead that marketing hands over (S12, S19, S82, S83), and what follows.
type Handover struct {
	// Confirm is the fact that sales sets, empty if there is none; Accepted and Rejected are its values for either answer.
	Confirm            string
	Accepted, Rejected []string
	// Reason and Problem are facts that say why (S107); empty: nobody asks.
	Reason, Problem string
	// BackTo is the stage that a rejected contact goes back to; empty: it stays.
	BackTo string
	// EscalateAfter is how long sales may be silent; EscalateTo, a name of the portal's people, is asked then with the
	// text Ask. Zero: nobody is.
	EscalateAfter Span
	EscalateTo    string
	Ask           ClockText
	// Strict takes a contact back from a stage that a person set while its gates do not hold; Missing shows on the
	// record which they are.
	Strict, Missing bool
}

// Handover is that of the model, nil if it has none. What is inside is shared: do not change it.
func (m *Model) Handover() *Handover { return m.handover }

// Answer is what sales says of a lead.
type Answer string

// The answers; none as long as sales is silent.
const (
	AnswerNone     Answer = ""
	AnswerAccepted Answer = "accepted"
	AnswerRejected Answer = "rejected"
)

// Answered is the answer in the fact of a handover: the fact's word, or its text if it is not worded, compared as
// conditions compare. A value that is neither is none.
func (m *Model) Answered(facts map[string]Value) Answer {
	h := m.handover
	if h == nil || h.Confirm == "" || !facts[h.Confirm].Known() {
		return AnswerNone
	}
	word, ok := m.facts[m.factIndex[h.Confirm]].Word(facts[h.Confirm].Text)
	if !ok {
		return AnswerNone
	}
	same := func(value string) bool { return foldCase(value) == foldCase(word) }
	switch {
	case slices.ContainsFunc(h.Accepted, same):
		return AnswerAccepted
	case slices.ContainsFunc(h.Rejected, same):
		return AnswerRejected
	}
	return AnswerNone
}

// ClosedGates are the gates of a stage that do not hold, without those that a person has to confirm: who sets the stage
// confirms them by that. None if the stage is reached all the same, or is not there.
func ClosedGates(e Evaluation, stage string) []Check {
	var closed []Check
	for _, v := range e.Stages {
		if v.Stage != stage || v.Reached {
			continue
		}
		for _, c := range v.Checks {
			if c.Kind == CheckGate && c.State != True {
				closed = append(closed, c)
			}
		}
	}
	return closed
}
