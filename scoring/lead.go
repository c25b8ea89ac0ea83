package scoring

import "time"

// FactType is the declared type of a fact.
type FactType string

// The types a model can declare.
const (
	TypeText   FactType = "text"
	TypeNumber FactType = "number"
	TypeBool   FactType = "bool"
	TypeTime   FactType = "time" // dates and date-times
)

// Value is one known fact. The zero Value is unknown, which is neither zero nor empty.
type Value struct {
	Type   FactType  `json:"type"`
	Text   string    `json:"text,omitempty"`
	Number float64   `json:"number"`
	Bool   bool      `json:"bool,omitempty"`
	Time   time.Time `json:"time,omitzero"`
}

// Known reports whether there is a value at all.
func (v Value) Known() bool { return v.Type != "" }

// Activity is one engagement of the lead: a form, a click, a call.
type Activity struct {
	// ID is the identity: the same activity told twice has the same ID and counts once.
	ID   string
	Kind string // a kind that the model declares
	At   time.Time
	// Uncertain says that At is not the CRM's own date of it (roll-up counters tell how often something
	// happened, but only when it last did): it happened between NotBefore and NotAfter as far as anybody
	// knows. A zero NotBefore is At, a zero NotAfter an open end. Both are zero if At is certain.
	Uncertain           bool
	NotBefore, NotAfter time.Time
	// Attributes such as name, outcome, url; values are the model's words, translated by the caller.
	Attributes map[string]string
}

// Lead is everything known about one contact at one moment, in the model's own words.
type Lead struct {
	Facts      map[string]Value
	Activities []Activity // any order, duplicates allowed
	Stage      string     // the stage in the CRM, as a name of the model; empty if none
	Status     string     // the lead status in the CRM, as a name of the model; empty if none
	// Order is the account's own order of the model's stages, first to last, side tracks left out.
	Order []string
	// Pushed are the score values (whole points, by score name) last written to the CRM; nil if never.
	Pushed map[string]int64
	// PushedReached are the stages whose criteria were met when the scores were last written.
	PushedReached []string
	// PushedGrade and PushedTier are those last written to the CRM; empty if none.
	PushedGrade, PushedTier string
}
