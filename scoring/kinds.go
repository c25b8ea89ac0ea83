package scoring

import (
	"maps"
	"slices"
)

// ActivityKind is a declared kind of activity with a source of its own. Exactly one of Counter and Object is set.
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

// MadeKind is a declared kind of activity that is made of others. An activity never names it: it has the kind of
// its source. Exactly one of Of and AnyOf is set.
type MadeKind struct {
	Kind  string
	Of    string   // the kind of which it is those that meet Where
	Where string   // the condition as it stands in the model; empty if all
	AnyOf []string // the kinds of which it is all
	Bases []string // the kinds with a source that its activities can have, in the order of the file
}

// kindRule is a declared kind of activity as evaluation needs it.
type kindRule struct {
	ActivityKind // of a made kind only the name
	machine      machineRule
	// attributes are what conditions over it see, by name. They are nil if a mistake keeps them from being known.
	attributes map[string]attribute

	from  []int      // the kinds that it is made of; empty if it has a source of its own
	anyOf bool       // it is all of them
	where *condition // of a made kind: which of them; nil if all
	bases []int      // the kinds with a source, ascending: itself, if it is not made
}

func (k *kindRule) made() bool { return len(k.from) > 0 }

// attribute is something that an activity is described by, as conditions see it.
type attribute struct {
	property string         // of the record or of the contact
	made     *madeAttribute // not nil: it is made of another attribute
}

// same reports whether two attributes of one name mean the same: nothing that conditions see depends on where
// the CRM keeps it, but much on how one is made.
func (a attribute) same(b attribute) bool { return a.made.same(b.made) }

// ActivityKinds are the declared kinds of activity with a source of their own, in the order of the file. Kinds that
// are made of others are MadeKinds.
func (m *Model) ActivityKinds() []ActivityKind {
	var kinds []ActivityKind
	for i := range m.kinds {
		if m.kinds[i].made() {
			continue
		}
		kind := m.kinds[i].ActivityKind
		kind.Attributes = maps.Clone(kind.Attributes)
		if kind.Counter != nil {
			counter := *kind.Counter
			kind.Counter = &counter
		}
		kinds = append(kinds, kind)
	}
	return kinds
}

// MadeKinds are the declared kinds of activity that are made of others, in the order of the file.
func (m *Model) MadeKinds() []MadeKind {
	var kinds []MadeKind
	for i := range m.kinds {
		k := &m.kinds[i]
		if !k.made() {
			continue
		}
		made := MadeKind{Kind: k.Kind, Bases: m.namesOf(k.bases)}
		if k.anyOf {
			made.AnyOf = m.namesOf(k.from)
		} else {
			made.Of = m.kinds[k.from[0]].Kind
		}
		if k.where != nil {
			made.Where = k.where.source
		}
		kinds = append(kinds, made)
	}
	return kinds
}

// namesOf are the names of kinds.
func (m *Model) namesOf(kinds []int) []string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = m.kinds[k].Kind
	}
	return names
}

func (m *Model) kindNames() []string {
	names := make([]string, len(m.kinds))
	for i := range m.kinds {
		names[i] = m.kinds[i].Kind
	}
	return names
}

// attributeScope is the scope of conditions over one activity of the kind; ok is false if a mistake of the kind,
// reported where it stands, keeps its attributes from being known.
func (m *Model) attributeScope(kind int) (s scope, ok bool) {
	k := &m.kinds[kind]
	return scope{model: m, attributes: k.attributes, kind: k.Kind}, k.attributes != nil
}

// stream is the occurrences of one kind that meet one condition. Rules and counters with the same kind and
// condition share a stream, so each activity is looked at once.
type stream struct {
	kind  int
	key   string     // canonical text of where
	where *condition // nil: all
	daily bool       // somebody asks for the calendar days of its occurrences
}

// addStream finds or makes the stream of a kind's activities that meet a condition.
func (m *Model) addStream(kind int, where *condition) int {
	key := whereKey(where)
	found := slices.IndexFunc(m.streams, func(s stream) bool { return s.kind == kind && s.key == key })
	if found >= 0 {
		return found
	}
	m.streams = append(m.streams, stream{kind: kind, key: key, where: where})
	return len(m.streams) - 1
}

// flow is where the activities of a kind with a source go.
type flow struct {
	steps []flowStep
	daily bool // one of the streams asks for calendar days
}

// flowStep is a kind that the activities can be of, after the kinds that it is made of, and its streams.
type flowStep struct {
	kind    int
	streams []int
}

// channel finds for every ruleset where the activities go, so that one pass over them fills all of its streams.
func (m *Model) channel() {
	m.flows = m.flowsOf(m.ruleset.streams())
	for i := range m.variants {
		m.variants[i].rules.flows = m.flowsOf(m.variants[i].rules.streams())
	}
	m.following.flows = m.flowsOf(m.followUpStreams())
}

// flowsOf finds for each kind with a source which kinds its activities can be of besides, as far as one of the
// streams wants to know.
func (m *Model) flowsOf(asked []int) []flow {
	wanted := make([]bool, len(m.kinds)) // a stream needs to know which activities are of the kind
	streams := make([][]int, len(m.kinds))
	for _, i := range asked {
		kind := m.streams[i].kind
		streams[kind] = append(streams[kind], i)
		wanted[kind] = true
	}
	for i, k := range slices.Backward(m.kinds) { // what a kind is made of stands above it
		for _, from := range k.from {
			wanted[from] = wanted[from] || wanted[i]
		}
	}
	flows := make([]flow, len(m.kinds))
	for i := range m.kinds {
		for _, base := range m.kinds[i].bases {
			if !wanted[i] {
				continue
			}
			f := &flows[base]
			f.steps = append(f.steps, flowStep{kind: i, streams: streams[i]})
			for _, s := range streams[i] {
				f.daily = f.daily || m.streams[s].daily
			}
		}
	}
	return flows
}

// isOf reports whether the activity that the frame looks at is of a kind, given of which of the kinds above it is.
func (f *frame) isOf(k *kindRule) bool {
	from := slices.ContainsFunc(k.from, func(other int) bool { return f.of[other] })
	return from && (k.where == nil || k.where.root.at(f) == mayTrue)
}

// kindsOf is for each kind of the model whether the activity that the frame looks at is of it, given the kind of its
// source. A kind that is made of others is never the kind of an activity by itself.
func (f *frame) kindsOf(source int) []bool {
	f.of = make([]bool, len(f.model.kinds))
	if f.model.kinds[source].made() {
		return f.of
	}
	f.of[source] = true
	for i := range f.model.kinds {
		k := &f.model.kinds[i]
		if k.made() && slices.Contains(k.bases, source) {
			f.of[i] = f.isOf(k)
		}
	}
	return f.of
}
