package scoring

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"go.yaml.in/yaml/v4"
)

// FindingKind names what is doubtful about a model that is well-formed. The same word stands in JSON.
type FindingKind string

// The kinds of finding.
const (
	FindingNeverTrue    FindingKind = "never-true"            // a condition, or one of its alternatives, that no lead can meet
	FindingAlwaysTrue   FindingKind = "always-true"           // a condition that holds nobody back
	FindingUnreachable  FindingKind = "threshold-unreachable" // more points are asked for than the rules can give
	FindingAlwaysMet    FindingKind = "threshold-always-met"  // everybody has the points that are asked for
	FindingTogether     FindingKind = "always-together"       // two rules of a score ask for the same thing (S48)
	FindingCancelled    FindingKind = "always-cancelled"      // what a rule gives another one always takes
	FindingStageNever   FindingKind = "stage-never-reached"   // the criteria of a stage exclude each other
	FindingStageOrder   FindingKind = "stage-out-of-order"    // who reaches a stage has reached a later one too
	FindingVariantNever FindingKind = "variant-never-chosen"  // a variant above it takes all its leads
	FindingWindow       FindingKind = "window-too-short"      // what it counts is over before it is read
	FindingWorthless    FindingKind = "worthless-too-soon"    // hardly anything is left when somebody can act on it
	FindingLoss         FindingKind = "loses-more-than-it-has"
	FindingCap          FindingKind = "cap-out-of-reach"
	FindingAtLeast      FindingKind = "at-least-out-of-reach"
	FindingOwner        FindingKind = "stage-without-owner"    // S21, S22
	FindingOneSided     FindingKind = "mql-one-sided"          // S26
	FindingOneActivity  FindingKind = "one-activity-qualifies" // S33, S35
	FindingUnused       FindingKind = "unused"
)

// FindingKinds are all kinds, in the order of their declaration.
func FindingKinds() []FindingKind {
	return []FindingKind{
		FindingNeverTrue, FindingAlwaysTrue, FindingUnreachable, FindingAlwaysMet, FindingTogether, FindingCancelled,
		FindingStageNever, FindingStageOrder, FindingVariantNever, FindingWindow, FindingWorthless, FindingLoss, FindingCap,
		FindingAtLeast, FindingOwner, FindingOneSided, FindingOneActivity, FindingUnused,
	}
}

// Finding is something in a well-formed model that is hardly what its authors mean.
type Finding struct {
	Kind   FindingKind `json:"kind"`
	File   string      `json:"file"`
	Line   int         `json:"line"`   // from 1
	Column int         `json:"column"` // from 1, in characters
	Key    string      `json:"key"`    // path of keys in the file
	// Text says what is found about what, Why how that follows from the file, Example shows it, and Remedy says
	// what to do. Example is empty if Why has said it all.
	Text    string `json:"text"`
	Why     string `json:"why"`
	Example string `json:"example,omitempty"`
	Remedy  string `json:"remedy"`
}

// String renders the finding as file:line:column: kind: text; why.
func (f Finding) String() string {
	return fmt.Sprintf("%s:%d:%d: %s: %s; %s", f.File, f.Line, f.Column, f.Kind, f.Text, f.Why)
}

// LintOptions are what a model alone does not say.
type LintOptions struct {
	// Contacts is how often the contacts are read, from whose roll-ups activities are told, and Records how often
	// calls, meetings and the like are. 0 is not known: then no window is too short.
	Contacts, Records time.Duration
}

// Lint reads a model file and finds what is well-formed and yet wrong, in the order of the file. The error is that of
// Parse. It is pure, and its work is bounded.
//
// Conditions are decided by trying values: of every fact the literals that it is compared with, a value between any
// two and one beyond each end, every word of a worded fact, and unknown, in all combinations. A text that is none of
// the literals may pass any of the tests contains, startsWith, endsWith, matches, has_word and domain_in and fail any
// other, matches even of a literal. What counts activities is a number of its own, whatever it counts; comparisons of
// two facts, and arithmetic, may come out either way. So what is said never to be true is never true, but not
// everything that can never be true is found: not what follows from two tests of one text, from two counts, or from
// sums. Where there are more than 16,384 combinations nothing is said.
//
// That one rule implies another is said only if the other takes all that the first gives: employees >= 1000 and
// employees >= 50 with points each are a ladder, which is common practice. Rules with equivalent conditions are
// always told (S48).
func Lint(name string, text []byte, o LintOptions) ([]Finding, error) {
	l, err := newLinter(name, text, o)
	if err != nil {
		return nil, err
	}
	l.lintConditions()
	l.lintVariants()
	for _, s := range l.rulesets() {
		l.lintRules(s)
		l.lintThresholds(s)
		l.lintStages(s)
	}
	l.lintOwner()
	l.lintUnused()
	slices.SortStableFunc(l.findings, func(a, b Finding) int { return cmp.Or(a.Line-b.Line, a.Column-b.Column) })
	return l.findings, nil
}

// linter collects findings about one model.
type linter struct {
	model     *Model
	reader    *reader
	root      field
	options   LintOptions
	language  *language
	variables map[string]*variable
	read      map[*yaml.Node]*formula // conditions by their place
	told      map[*yaml.Node]bool     // conditions about which there is a finding
	findings  []Finding
}

func newLinter(name string, text []byte, o LintOptions) (*linter, error) {
	m, err := Parse(name, text)
	if err != nil {
		return nil, err
	}
	r := &reader{file: name, lines: splitLines(text)}
	return &linter{
		model: m, reader: r, root: field{"file", r.load(text)}, options: o, language: newLanguage(),
		variables: map[string]*variable{}, read: map[*yaml.Node]*formula{}, told: map[*yaml.Node]bool{},
	}, nil
}

// find notes a finding at a field.
func (l *linter) find(at field, f Finding) {
	f.File, f.Line, f.Column, f.Key = l.reader.file, at.node.Line, at.node.Column, at.key
	same := func(other Finding) bool {
		return other.Kind == f.Kind && other.Line == f.Line && other.Column == f.Column && (f.Kind != FindingNeverTrue || other.Text == f.Text)
	}
	if !slices.ContainsFunc(l.findings, same) { // what variants share is told once
		l.findings = append(l.findings, f)
	}
}

// at is the value of a key, absent if there is none.
func (f field) at(name string) field {
	if f.node == nil || f.node.Kind != yaml.MappingNode {
		return field{}
	}
	for i := 0; i+1 < len(f.node.Content); i += 2 {
		if f.node.Content[i].Value == name {
			return field{join(f.key, name), f.node.Content[i+1]}
		}
	}
	return field{}
}

// mark is the key itself of a value.
func (f field) mark(name string) field {
	for i := 0; i+1 < len(f.node.Content); i += 2 {
		if f.node.Content[i].Value == name {
			return field{join(f.key, name), f.node.Content[i]}
		}
	}
	return f
}

// pairs are the keys of a mapping with their values.
func (f field) pairs() []entry {
	if f.node == nil {
		return nil
	}
	var list []entry
	for i := 0; i+1 < len(f.node.Content); i += 2 {
		key := f.node.Content[i]
		list = append(list, entry{name: key.Value, mark: key, field: field{join(f.key, key.Value), f.node.Content[i+1]}})
	}
	return list
}

// list are the entries of a list.
func (f field) list() []field {
	if f.node == nil {
		return nil
	}
	list := make([]field, len(f.node.Content))
	for i, node := range f.node.Content {
		list[i] = field{fmt.Sprintf("%s[%d]", f.key, i+1), node}
	}
	return list
}

// placed is a ruleset with the fields of the file that it was read from.
type placed struct {
	*ruleset
	variant string // empty for the top of the file
	fields  map[string]field
	own     map[string]bool // the topics that are its own, not those of the top of the file
}

// rulesets are the top of the file and the variants.
func (l *linter) rulesets() []placed {
	top := placed{ruleset: &l.model.ruleset, fields: map[string]field{}, own: map[string]bool{}}
	for _, name := range topicNames() {
		top.fields[name], top.own[name] = l.root.at(name), true
	}
	all := []placed{top}
	for i, f := range l.root.at("variants").list() {
		v := placed{ruleset: &l.model.variants[i].rules, variant: l.model.variants[i].name, fields: map[string]field{}, own: map[string]bool{}}
		for _, name := range topicNames() {
			if v.fields[name] = f.at(name); v.fields[name].present() {
				v.own[name] = true
			} else {
				v.fields[name] = top.fields[name]
			}
		}
		all = append(all, v)
	}
	return all
}

// ruleFields are the fields of the rules of a score, those of groups among them, as they stand in the score.
func ruleFields(rules field) []field {
	var list []field
	for _, f := range rules.list() {
		if group := f.at("rules"); group.present() {
			list = append(list, group.list()...)
			continue
		}
		list = append(list, f)
	}
	return list
}

// ofVariant says in which variant something is, if in one.
func (s placed) ofVariant() string {
	if s.variant == "" {
		return ""
	}
	return " in the variant " + s.variant
}
