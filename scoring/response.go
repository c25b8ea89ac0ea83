package scoring

import "slices"

// ClockRule is a response clock (S84): from entering a stage to the first activity of a kind. Texts are templates as
// those of a TaskRule.
type ClockRule struct {
	Name  string
	Stage string
	// First is the kind of activity that stops the clock, a made kind or one with a source of its own.
	First string
	// Within is the limit and Remind how long before it a reminder is asked for; both in working time. A zero Remind
	// asks for none.
	Within, Remind Span
	// EscalateTo is a name of the portal's people, who is asked when the limit is over; empty: nobody.
	EscalateTo           string
	Reminder, Escalation ClockText
	// Team and Source are names of text facts that the measurements are grouped by; empty: not at all, or for the team
	// that of the owner.
	Team, Source string
}

// ClockText is what a task of a clock says, by language.
type ClockText struct {
	Subject, Body map[string]string
}

// MisjudgedOutcome is what becomes of a lead that was judged wrongly (S94): three distinct ends.
type MisjudgedOutcome string

// The outcomes.
const (
	OutcomeMark    MisjudgedOutcome = "mark"    // it stays where it is, told by its status
	OutcomeRecycle MisjudgedOutcome = "recycle" // it may come again; how often it did is counted
	OutcomeDelete  MisjudgedOutcome = "delete"  // it is proposed for deletion; nothing is deleted by that
)

// Misjudged says when a lead turned out to be judged wrongly (S94, S95), and what that is measured against.
type Misjudged struct {
	// Stages are those whose entering said that the lead is qualified, in the order of the lifecycle.
	Stages []string
	// Source is a text fact that the measurements are grouped by, empty for none.
	Source string
	Ends   []MisjudgedEnd
}

// MisjudgedEnd is one way in which a lead turns out to be misjudged: entering a status, or falling back to a stage from
// one ahead of it. Exactly one of Status and BackTo is set.
type MisjudgedEnd struct {
	Status  string
	BackTo  string
	Outcome MisjudgedOutcome
	// Wants is a worded text fact, the reason; empty if none is wanted. Ask is what a task asks for it with, Due when
	// it is due.
	Wants string
	Ask   ClockText
	Due   Due
	// CoolDown is for how long points do not carry the lead forward again; zero: not at all. Only UnitDays and UnitHours.
	CoolDown Span
}

// Name is what the end is called in measurements: its status, or the stage after "back to ".
func (e MisjudgedEnd) Name() string {
	if e.BackTo != "" {
		return "back to " + e.BackTo
	}
	return e.Status
}

// Clocks are the response clocks in the order of the file. The maps inside are shared: do not change them.
func (m *Model) Clocks() []ClockRule { return slices.Clone(m.clocks) }

// Misjudged says when leads were misjudged; without Ends if the model does not. The maps inside are shared: do not
// change them.
func (m *Model) Misjudged() Misjudged { return m.misjudged }

// OfKind gives those of the activities that people did (see People) which are of a kind, in the same order.
func (m *Model) OfKind(activities []Activity, kind string) []Activity {
	of, ok := m.kindIndex[kind]
	if !ok {
		return nil
	}
	var found []Activity
	for _, a := range m.People(activities) {
		base, known := m.kindIndex[a.Kind]
		if !known {
			continue
		}
		f := frame{model: m, attributes: a.Attributes}
		f.of = f.kindsOf(base)
		if f.of[of] {
			found = append(found, a)
		}
	}
	return found
}

// WithoutPoints is the furthest stage that an evaluation reaches without asking for points: by its direct way, or because
// it asks for no score. A side track wins, as in Evaluation.Stage. The reason says which it was; the stage is empty if
// there is none.
func WithoutPoints(e Evaluation) (stage string, why Reason) {
	for _, v := range e.Stages {
		reason, ok := v.withoutPoints()
		if !ok {
			continue
		}
		if stage, why = v.Stage, reason; v.SideTrack {
			return stage, why
		}
	}
	return stage, why
}

func (v StageVerdict) withoutPoints() (Reason, bool) {
	scored := false
	for _, c := range v.Checks {
		if c.Kind == CheckDirect && c.State == True {
			return Reason{ReasonDirect, map[string]string{"stage": v.Stage, "condition": c.Name}}, true
		}
		scored = scored || c.Kind == CheckScore
	}
	if !v.Reached || scored {
		return Reason{}, false
	}
	return stageReason(v), true
}
