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

	kinds     []ActivityKind
	kindIndex map[string]int
	byKind    [][]int // streams of a kind
	streams   []stream

	scores      []scoreRule
	grades      []gradeAxis // letter, number; empty if there are none
	tiers       []tierRule  // the best first
	gates       map[string]gateRule
	stages      []stageRule
	stageIndex  map[string]int
	statuses    []string
	statusRules []statusRule
	followUps   []FollowUp

	conditions int // how many conditions there are: the size of a frame's memory
	factors    *[factorCount]uint64
	frames     sync.Pool // *frame, scratch space between evaluations
}

// Fact is a declared fact: a name of the model and where the CRM keeps it.
type Fact struct {
	Name string
	Type FactType
	// From are the CRM properties, "contact.jobtitle" or "company.industry", tried in order until one has a
	// value. For a computed fact it is the one entry "count." + Count.
	From []string
	// Count names what the caller counts in its mirror: open_deals, won_deals, lost_deals or
	// known_properties. It is empty for a fact that is read.
	Count string
}

// ActivityKind is a declared kind of activity. Exactly one of Counter and Object is set.
type ActivityKind struct {
	Kind    string
	Counter *Counter
	// Object is the CRM's object type: call, meeting, email, note, task or communication.
	Object string
	// Attributes maps the model's attribute to the CRM property. For a counter they are properties of the
	// contact that describe the latest occurrence only.
	Attributes map[string]string
}

// Counter is a roll-up of the contact: how often, and when last, something happened. All fields are names of
// contact properties without the object in front. Property or LastProperty may be empty, not both: a counter
// alone is dated by when its values were written or seen, a last date alone is one occurrence for each value
// that it was seen to have.
type Counter struct {
	Property      string // how often; empty if the CRM does not count
	LastProperty  string // when last; empty if the CRM does not tell
	FirstProperty string // when first; empty if the CRM does not tell
	NameProperty  string // what the latest was; empty if the CRM does not tell
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
	facts := slices.Clone(m.facts)
	for i := range facts {
		facts[i].From = slices.Clone(facts[i].From)
	}
	return facts
}

// ActivityKinds are the declared kinds of activity in the order of the file.
func (m *Model) ActivityKinds() []ActivityKind {
	kinds := slices.Clone(m.kinds)
	for i := range kinds {
		kinds[i].Attributes = maps.Clone(kinds[i].Attributes)
		if kinds[i].Counter != nil {
			counter := *kinds[i].Counter
			kinds[i].Counter = &counter
		}
	}
	return kinds
}

// ScoreNames are the names of the scores in the order of the file.
func (m *Model) ScoreNames() []string {
	names := make([]string, len(m.scores))
	for i := range m.scores {
		names[i] = m.scores[i].name
	}
	return names
}

// Stages are the lifecycle stages in the order of the file, side tracks included.
func (m *Model) Stages() []Stage {
	stages := make([]Stage, len(m.stages))
	for i := range m.stages {
		stages[i] = m.stages[i].Stage
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
	f := frame{attributes: a.Attributes}
	for i := range m.statusRules {
		rule := &m.statusRules[i]
		if rule.Activity == a.Kind && rule.Activity != "" && (rule.where == nil || rule.where.root.at(&f) == mayTrue) {
			return rule.Status, true
		}
	}
	return "", false
}

// stream is the occurrences of one kind that meet one condition. Rules and counters with the same kind and
// condition share a stream, so each activity is looked at once.
type stream struct {
	kind  int
	key   string     // canonical text of where
	where *condition // nil: all
}

type scoreRule struct {
	name             string
	minimum, maximum *Points
	rules            []rule
}

// rule gives points for facts (when) or for activities (stream).
type rule struct {
	name     string
	points   Points
	when     *condition
	stream   int
	window   int64 // steps; 0: for ever
	halfLife int64 // steps; 0: no decay
	// halfLifeHours is halfLife as it stands in reasons.
	halfLifeHours string
	cap           Points // magnitude; 0: none
	counted       Reason // shared by all lines of the rule that are not decayed
}

type gateRule struct {
	name     string
	requires *condition
	ask      map[string]string
}

type stageRule struct {
	Stage
	scores []threshold
	gates  []gateRule
	when   *condition
	direct *condition
}

type threshold struct {
	score int
	want  Points
}

type statusRule struct {
	StatusRule
	where *condition
}
