package scoring

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// Model is a parsed model file. It is immutable and safe for concurrent use. Make one with Parse.
type Model struct {
	name      string
	version   string
	canonical []byte
	approved  map[string]string

	grid     int64 // microseconds per step
	perDay   int64 // steps per day
	pushStep int64 // whole points

	facts     []Fact
	factIndex map[string]int
	lists     []wordList // those of the file, then what needs no declaration and is used
	ownLists  int        // how many are the file's

	attributes     []string // names of those that conditions see, across kinds
	madeAttributes int      // how many attributes are made of others: the size of a frame's memory of them
	declared       int      // facts of the file; what the CRM says of the lead itself follows

	kinds     []kindRule
	kindIndex map[string]int
	watched   []int // kinds in which machines are looked for
	streams   []stream
	thinnings []*thinning // streams in which not all of a calendar period count
	zone      *time.Location

	ruleset            // what stands at the top of the file
	variants           []variant
	unprofiled         *condition
	invariants         []invariant
	statuses           []string
	statusRules        []statusRule
	followUps          []FollowUp
	followUpConditions []followUpConditions    // of each of them
	dealWhens          map[string][]*condition // by deal rule, of each of its pipelines; nil: always
	following          ruleset                 // where activities go for these conditions
	assignments        []assignment
	workers            []string // people whom a for names
	dealOwner          bool     // a for names the owner of the deal

	companyStages CompanyStages
	clocks        []ClockRule
	misjudged     Misjudged
	overrides     *Overrides
	handover      *Handover
	outreach      outreach

	language   *language // of the conditions
	conditions int       // how many conditions there are: the size of a frame's memory
	factors    *[factorCount]uint64
	frames     sync.Pool // *frame, scratch space between evaluations
}

// Fact is a declared fact: a name of the model and where the CRM keeps it.
type Fact struct {
	Name string
	Type FactType
	// From are the CRM properties, "contact.jobtitle" or "company.industry", tried in order until one has a
	// value. For a computed fact it is the one entry "count." or "deals." + Count.
	From []string
	// Count names what the caller counts in its mirror: open_deals, won_deals, lost_deals,
	// known_properties or recycled (how often the lead was recycled), or what it makes of the contact's deals
	// (DealsLostReason and the like). It is empty for a fact that is read.
	Count string
	// Vocabulary is the name of the vocabulary that the fact's texts are translated by, empty if there is none.
	Vocabulary string
	// Otherwise is the word of texts that have none of their own, empty if they are unknown. See Word.
	Otherwise string

	wording *wording // nil: conditions see the text
}

// Side is who answers for a contact in a stage (S21 to S24).
type Side string

// The two sides.
const (
	SideMarketing Side = "marketing"
	SideSales     Side = "sales"
)

// Stage is a lifecycle stage of the model.
type Stage struct {
	Name      string
	SideTrack bool // outside the forward order (S16)
	Manual    bool // only people set it
	Owner     Side // from the nearest stage at or before it that names one, marketing at first (S21, S22)
}

// Name is the model's own name for itself.
func (m *Model) Name() string { return m.name }

// Version identifies the meaning of the model: the hexadecimal SHA-256 of Canonical.
func (m *Model) Version() string { return m.version }

// Canonical is the model without comments and layout. Parsing it gives the same model and version.
func (m *Model) Canonical() []byte { return slices.Clone(m.canonical) }

// ApprovedBy says who agreed to the definitions, by side (S106).
func (m *Model) ApprovedBy() map[string]string { return maps.Clone(m.approved) }

// Grid is the step in which time passes for decay and windows.
func (m *Model) Grid() time.Duration { return time.Duration(m.grid) * time.Microsecond }

// PushStep is the smallest drift of a score, in whole points, that is worth writing.
func (m *Model) PushStep() int64 { return m.pushStep }

// Facts are the declared facts in the order of the file.
func (m *Model) Facts() []Fact {
	facts := slices.Clone(m.facts[:m.declared])
	for i := range facts {
		facts[i].From = slices.Clone(facts[i].From)
	}
	return facts
}

// ScoreNames are the names of the scores in the order of the file.
func (m *Model) ScoreNames() []string {
	return scoreNames(m.scores)
}

// Stages are the lifecycle stages in the order of the file, side tracks included. They are the same in every variant;
// Manual are those that only people set whatever the variant.
func (m *Model) Stages() []Stage {
	stages := make([]Stage, len(m.stages))
	for i := range m.stages {
		stages[i] = m.stages[i].Stage
		stages[i].Manual = m.manual(i)
	}
	return stages
}

// Statuses are the lead statuses in the order of the file.
func (m *Model) Statuses() []string { return slices.Clone(m.statuses) }

// StatusRules are the rules that set a lead status by themselves, in the order of the file.
func (m *Model) StatusRules() []StatusRule {
	var rules []StatusRule
	for _, rule := range m.statusRules {
		if rule.OnStage != "" || rule.Activity != "" {
			rules = append(rules, rule.StatusRule)
		}
	}
	return rules
}

// FollowUps are what follows from entering a status or stage, in the order of the file. The maps inside are
// shared: do not change them.
func (m *Model) FollowUps() []FollowUp { return slices.Clone(m.followUps) }

// StatusOf is the status that the activity sets: that of the first status rule for its kind whose condition
// is true of it (S87 to S90); ok is false if there is none.
func (m *Model) StatusOf(a Activity) (status string, ok bool) {
	kind, ok := m.kindIndex[a.Kind]
	if !ok {
		return "", false
	}
	f := frame{model: m, attributes: a.Attributes}
	f.of = f.kindsOf(kind)
	for i := range m.statusRules {
		rule := &m.statusRules[i]
		if rule.Activity != "" && f.of[m.kindIndex[rule.Activity]] && (rule.where == nil || rule.where.root.at(&f) == mayTrue) {
			return rule.Status, true
		}
	}
	return "", false
}

type statusRule struct {
	StatusRule
	where *condition
}
