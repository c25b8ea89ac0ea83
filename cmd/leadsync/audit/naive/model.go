package naive

import (
	"fmt"
	"time"

	"github.com/expr-lang/expr/ast"

	"leadsync/cmd/leadsync/audit/section"
)

const (
	day      = 24 * time.Hour
	thousand = 1000
)

// Words are what the documentation of a model takes from elsewhere.
type Words struct {
	// Word is the word of one of the vocabularies for a text of the CRM, and whether it has one. A model that
	// names a vocabulary is refused if Word is nil.
	Word func(vocabulary, text string) (string, bool)
	// FreeMail are the domains where anybody has an address, unless the model has a list of its own. A condition that
	// asks for the list is not understood if FreeMail is nil.
	FreeMail []string
}

// Model is the part of a model file that scores, stages and violations depend on. Points are thousandths.
type Model struct {
	words      Words
	grid       time.Duration
	zone       *time.Location
	pushStep   int64
	facts      map[string]fact
	lists      map[string][]string
	kinds      map[string]kind
	unprofiled ast.Node
	top        topics
	variants   []variant
	invariants []invariant
}

// topics are what a variant can replace.
type topics struct {
	scores []score
	halves []half
	tiers  []tier
	gates  map[string]gate
	stages []stage
}

type variant struct {
	name string
	when ast.Node
	topics
}

type invariant struct {
	name  string
	never ast.Node
}

// fact is worded if it has a vocabulary or options.
type fact struct {
	typ, vocabulary, otherwise string
	options                    []option
}

// option is a word with the texts or patterns that mean it.
type option struct {
	word   string
	labels []string
}

// kind is told by the CRM, or made of others.
type kind struct {
	made   map[string]madeAttribute
	times  int64 // of a machine's burst, 0 if machines are not looked for
	within time.Duration
	of     string
	where  ast.Node
	anyOf  []string
}

type madeAttribute struct {
	of      string
	options []option
}

type score struct {
	name             string
	minimum, maximum *int64
	groups           []group
}

// group is one rule alone, or several with limits and a name.
type group struct {
	name             string
	minimum, maximum *int64
	rules            []rule
}

type rule struct {
	name               string
	points, limit      int64 // limit: the cap's magnitude, 0 for none
	supporting         bool
	when               ast.Node
	activity           string
	where              ast.Node
	atLeast, atMost    int64
	per                string // day, week or month; empty if atMost is for ever
	window, halfLife   time.Duration
	loses              int64
	losesEvery         time.Duration
	ages               []time.Duration
	percents           []int64
	silence            string
	after, silentEvery time.Duration
}

// gate has one of three forms.
type gate struct {
	requires, forbids ast.Node
	complete          []string
	confirmation      bool // a person establishes it
}

type stage struct {
	name         string
	side, manual bool
	scores       map[string]int64
	gates        []string
	when, direct ast.Node
}

// Parse reads a model's text. A key that this package does not know is an error: what it cannot judge must not
// pass. Lead statuses, follow-ups and what else follows from a score are the business of others and left out.
func Parse(text []byte, words Words) (*Model, error) {
	root, err := section.Load(text, "model", "model", "approved_by", "lead_status", "follow_ups", "companies", "assignments",
		"response", "misjudged", "overrides", "handover", "audiences", "advertising", "rank",
		"grid", "time_zone", "push_step", "facts", "words", "activities", "do_not_profile", "invariants", "variants",
		"scores", "grades", "tiers", "gates", "lifecycle")
	if err != nil {
		return nil, err
	}
	m := &Model{words: words, grid: time.Hour, zone: time.UTC, pushStep: 5}
	if root.Has("grid") {
		m.grid = root.Duration("grid")
	}
	if root.Has("push_step") {
		m.pushStep = root.Whole("push_step")
	}
	if root.Has("time_zone") {
		if m.zone, err = time.LoadLocation(root.Text("time_zone")); err != nil {
			root.Fail("time_zone", "%v", err)
		}
	}
	m.facts, m.lists, m.kinds = readFacts(root), readLists(root, words), readKinds(root)
	m.unprofiled = Condition(root, "do_not_profile")
	for _, s := range root.List("invariants", "name", "never", "ask") {
		m.invariants = append(m.invariants, invariant{s.Text("name"), Condition(s, "never")})
	}
	m.top = readTopics(root, topics{})
	for _, s := range root.List("variants", "name", "when", "scores", "grades", "tiers", "gates", "lifecycle") {
		m.variants = append(m.variants, variant{s.Text("name"), Condition(s, "when"), readTopics(s, m.top)})
	}
	m.refuse(root)
	if err := root.Err(); err != nil {
		return nil, fmt.Errorf("read model: %w", err)
	}
	return m, nil
}

// refuse complains about what a model would need and was not given.
func (m *Model) refuse(root section.Section) {
	for name, f := range m.facts {
		if f.vocabulary != "" && m.words.Word == nil {
			root.Fail("facts."+name, "needs the vocabulary %q, which the auditor was not given", f.vocabulary)
		}
	}
}

// Grid is the step in which the model's time passes.
func (m *Model) Grid() time.Duration { return m.grid }

// PushStep is how many whole points a score must have moved to be written.
func (m *Model) PushStep() int64 { return m.pushStep }
