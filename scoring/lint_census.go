package scoring

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// The kinds of finding that only leads, or an account, can tell.
const (
	FindingUnmet       FindingKind = "met-by-nobody"         // a criterion that no stored lead or activity meets
	FindingWordless    FindingKind = "text-without-word"     // texts of a worded fact that have no word in the model
	FindingNoOption    FindingKind = "no-option"             // a text that is no option of the property in the account
	FindingNotFillable FindingKind = "nobody-can-fill-it-in" // a gate asks people for what only the CRM can write
)

// Census counts which criteria of a model are met by leads. It is not safe for concurrent use.
type Census struct {
	linter   *linter
	criteria []counted
	leads    int
	values   []tallied                     // by fact
	acts     map[string]int                // by kind with a source
	names    map[string]map[string]tallied // by kind and attribute
}

// counted is a criterion and how many leads meet it.
type counted struct {
	what       string
	at         field
	by         map[*ruleset]cause // what it is for the leads that a ruleset decides about
	asked, met int                // of how many it is asked, and how many meet it
}

// cause is a condition, or a stream that is not empty.
type cause struct {
	of     *condition // nil: the stream
	stream int
}

// tallied is how often there were which values.
type tallied struct {
	known, wordless int
	number          bool
	texts           map[string]int
	lacking         map[string]int // texts without a word
	least, most     float64
}

// mostValues bounds the memory for the values of a fact: an address is another one for everybody.
const mostValues = 2000

// NewCensus reads a model file for counting. The error is that of Parse.
func NewCensus(name string, text []byte) (*Census, error) {
	l, err := newLinter(name, text, LintOptions{})
	if err != nil {
		return nil, err
	}
	c := &Census{linter: l, values: make([]tallied, l.model.declared), acts: map[string]int{}, names: map[string]map[string]tallied{}}
	places := map[*yaml.Node]int{}
	add := func(at field, what string, rules *ruleset, of cause) {
		if !at.present() {
			return
		}
		i, known := places[at.node]
		if !known {
			i, places[at.node] = len(c.criteria), len(c.criteria)
			c.criteria = append(c.criteria, counted{what: what, at: at, by: map[*ruleset]cause{}})
		}
		c.criteria[i].by[rules] = of
	}
	sets := l.rulesets()
	for _, s := range sets {
		l.census(s, add)
	}
	for i, f := range l.root.at("variants").list() {
		for _, s := range sets {
			add(f.at("when"), "the variant "+l.model.variants[i].name, s.ruleset, cause{of: l.model.variants[i].when})
		}
	}
	return c, nil
}

// census lists the criteria of a ruleset. What forbids something, and what takes points away, is not among them: that
// nobody is a competitor is as it should be.
func (l *linter) census(s placed, add func(field, string, *ruleset, cause)) {
	for i := range s.scores {
		fields := ruleFields(s.fields["scores"].at(s.scores[i].name).at("rules"))
		for j := range s.scores[i].rules {
			r, f := &s.scores[i].rules[j], fields[j]
			what := fmt.Sprintf("the rule %q", r.name)
			switch where := f.at("where"); {
			case r.points < 0:
			case r.when != nil:
				add(f.at("when"), what, s.ruleset, cause{of: r.when})
			case where.present():
				add(where, what, s.ruleset, cause{stream: r.stream})
			default:
				add(f.at("activity"), what, s.ruleset, cause{stream: r.stream})
			}
		}
	}
	for i, f := range s.fields["lifecycle"].list() {
		stage := &s.stages[i]
		add(f.at("when"), "the stage "+stage.Name, s.ruleset, cause{of: stage.when})
		add(f.at("direct"), "the stage "+stage.Name+" (direct)", s.ruleset, cause{of: stage.direct})
		for _, g := range stage.gates {
			gate := s.fields["gates"].at(g.name)
			for _, form := range []string{"requires", "complete"} {
				add(gate.at(form), "the gate "+g.name, s.ruleset, cause{of: g.opens})
			}
		}
	}
}

// Add counts a lead as it is at a moment. Nothing is counted of one that must not be profiled.
func (c *Census) Add(lead Lead, now time.Time) {
	f := c.linter.model.prepare(&lead, now)
	defer f.release()
	if hidden := c.linter.model.unprofiled; hidden != nil && f.truth(hidden) == mayTrue {
		return
	}
	f.settle(lead.Activities)
	c.leads++
	for i := range c.criteria {
		of, asked := c.criteria[i].by[f.rules]
		if !asked {
			continue
		}
		if c.criteria[i].asked++; of.of == nil && len(f.streams[of.stream]) > 0 || of.of != nil && f.truth(of.of) == mayTrue {
			c.criteria[i].met++
		}
	}
	for i := range c.values {
		c.values[i].add(f.fact(i))
	}
	for _, d := range f.acts {
		c.activity(&lead.Activities[d.act])
	}
}

func (t *tallied) add(s *slot) {
	if !s.Known() {
		if s.original != "" {
			t.wordless++
			count(&t.lacking, s.original)
		}
		return
	}
	if t.known++; s.Type == TypeNumber {
		if t.known == 1 {
			t.least, t.most = s.Number, s.Number
		}
		t.number = true
		t.least, t.most = min(t.least, s.Number), max(t.most, s.Number)
		return
	}
	if s.Type == TypeText {
		count(&t.texts, s.Text)
	}
}

// count counts a text, unless there are too many others.
func count(counts *map[string]int, text string) {
	if *counts == nil {
		*counts = map[string]int{}
	}
	if _, known := (*counts)[text]; known || len(*counts) < mostValues {
		(*counts)[text]++
	}
}

func (c *Census) activity(a *Activity) {
	c.acts[a.Kind]++
	if c.names[a.Kind] == nil {
		c.names[a.Kind] = map[string]tallied{}
	}
	for name, value := range a.Attributes {
		t := c.names[a.Kind][name]
		t.known++
		count(&t.texts, value)
		c.names[a.Kind][name] = t
	}
}

// Leads is how many have been counted.
func (c *Census) Leads() int { return c.leads }

// Findings are the criteria that none of the leads meets and the texts that have no word, in the order of the file;
// none before a lead has been counted. They tell values that several leads have, so they are for the people of the
// account and not for a log.
func (c *Census) Findings() []Finding {
	if c.leads == 0 {
		return nil
	}
	l := c.linter
	l.findings = nil
	for _, one := range c.criteria {
		if one.met > 0 || one.asked == 0 {
			continue
		}
		l.find(one.at, Finding{
			Kind: FindingUnmet, Text: fmt.Sprintf("none of %d contacts meets what %s asks for", one.asked, one.what), Why: c.why(one),
			Remedy: "compare it with what the CRM has; if it is right, wait for the first one",
		})
	}
	for i, f := range l.root.at("facts").pairs() {
		t := &c.values[i]
		if t.wordless == 0 || l.model.facts[i].wording == nil {
			continue
		}
		l.find(field{f.key, f.mark}, Finding{
			Kind: FindingWordless, Text: fmt.Sprintf("%d of %d contacts have a text that is none of the model's words, and counts as unknown", t.wordless, c.leads),
			Why: f.name + " is translated, and these texts lead to no word: " + frequent(t.lacking, 1), Remedy: "add them to the options, give it otherwise, or correct them in the CRM",
		})
	}
	slices.SortStableFunc(l.findings, func(a, b Finding) int { return cmp.Or(a.Line-b.Line, a.Column-b.Column) })
	return l.findings
}

// why says what the leads have in place of what is asked for.
func (c *Census) why(one counted) string {
	m := c.linter.model
	var parts []string
	var kinds, facts []int
	for _, set := range c.linter.rulesets() {
		switch of, asked := one.by[set.ruleset]; {
		case !asked:
		case of.of == nil:
			kinds = append(kinds, m.streams[of.stream].kind)
		default:
			kinds, facts = append(kinds, of.of.kinds...), append(facts, of.of.facts...)
		}
	}
	slices.Sort(facts)
	for _, fact := range slices.Compact(facts) {
		if fact < m.declared {
			parts = append(parts, c.values[fact].tell(m.facts[fact].Name, c.leads))
		}
	}
	slices.Sort(kinds)
	for _, kind := range slices.Compact(kinds) {
		parts = append(parts, c.tellKind(kind))
	}
	return strings.Join(parts, "; ")
}

// tell says what values a fact has.
func (t *tallied) tell(name string, leads int) string {
	text := fmt.Sprintf("%s is known of %d of %d", name, t.known, leads)
	if t.known == 0 {
		return text
	}
	if t.number {
		return text + fmt.Sprintf(", from %g to %g", t.least, t.most)
	}
	if most := frequent(t.texts, 2); most != "" {
		text += ", most often " + most
	}
	return text
}

// tellKind says what activities of a kind there are.
func (c *Census) tellKind(kind int) string {
	m := c.linter.model
	var parts []string
	for _, base := range m.kinds[kind].bases {
		name := m.kinds[base].Kind
		told := []string{fmt.Sprintf("%d activities of the kind %s are stored", c.acts[name], name)}
		for _, attribute := range slices.Sorted(maps.Keys(c.names[name])) {
			t := c.names[name][attribute]
			if most := frequent(t.texts, 2); most != "" {
				told = append(told, attribute+" most often "+most)
			}
		}
		parts = append(parts, strings.Join(told, ", "))
	}
	return strings.Join(parts, ", ")
}

// frequent are the five most frequent texts that come at least so often. What only one has may name that one.
func frequent(texts map[string]int, least int) string {
	const few = 5
	keys := slices.DeleteFunc(slices.Sorted(maps.Keys(texts)), func(text string) bool { return texts[text] < least })
	slices.SortStableFunc(keys, func(a, b string) int { return texts[b] - texts[a] })
	var parts []string
	for _, key := range keys[:min(few, len(keys))] {
		parts = append(parts, fmt.Sprintf("%q (%d)", key, texts[key]))
	}
	return strings.Join(parts, ", ")
}
