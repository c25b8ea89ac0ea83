package scoring

import (
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"go.yaml.in/yaml/v4"
)

// lintUnused finds what is declared and never asked for.
func (l *linter) lintUnused() {
	used := l.mentions()
	// Of what a contact is known by, every fact that is read is one: known_properties asks for all of them.
	counted := slices.ContainsFunc(l.model.facts, func(f Fact) bool { return f.Count == "known_properties" && used.facts[f.Name] })
	for i, f := range l.root.at("facts").pairs() {
		if asked := counted && l.model.facts[i].Count == ""; !asked && !used.facts[f.name] {
			l.unused(f, "fact", "no rule, gate, stage, condition or text asks for it", "a lead is the same to the model whatever its "+f.name+" is")
		}
	}
	for _, list := range l.model.WordLists() {
		if !list.Used {
			l.unused(entry{name: list.Name, field: l.root.at("words").mark(list.Name)}, "list of words", "no condition names it", "nobody is told apart by it")
		}
	}
	l.unusedKinds(used)
	l.unusedGates()
	l.unusedScores()
}

func (l *linter) unusedKinds(used mentioned) {
	for _, f := range l.root.at("activities").pairs() {
		if !used.kinds[f.name] {
			l.unused(f, "kind of activity", "no rule, condition, lead status or other kind asks for it", "it is read from the CRM for nothing")
			continue
		}
		for _, attribute := range f.at("attributes").pairs() {
			// One that is read tells people what the activity was; one that is made is made for conditions.
			if attribute.node.Kind == yaml.MappingNode && !used.attributes[attribute.name] {
				l.unused(attribute, "attribute", "no condition over activities asks for it", "an activity counts the same whatever its "+attribute.name+" is")
			}
		}
	}
}

func (l *linter) unused(f entry, what, why, shown string) {
	at := field{f.key, f.mark}
	if f.mark == nil {
		at = f.field
	}
	l.find(at, Finding{Kind: FindingUnused, Text: fmt.Sprintf("the %s %s is declared and never used", what, f.name), Why: why, Example: shown, Remedy: "remove it, or use it"})
}

func (l *linter) unusedGates() {
	for _, s := range l.rulesets() {
		for _, f := range s.fields["gates"].pairs() {
			uses := func(other placed) bool {
				return other.fields["gates"].node == s.fields["gates"].node && slices.ContainsFunc(other.stages, func(stage stageRule) bool {
					return slices.ContainsFunc(stage.gates, func(g gateRule) bool { return g.name == f.name })
				})
			}
			if !slices.ContainsFunc(l.rulesets(), uses) {
				l.unused(f, "gate", "no stage has it in its gates", "a lead that it would hold back passes all stages")
			}
		}
	}
}

func (l *linter) unusedScores() {
	for i, f := range l.root.at("scores").pairs() {
		uses := func(s placed) bool {
			return slices.ContainsFunc(s.tiers, func(t tierRule) bool { return t.grades == nil }) ||
				slices.ContainsFunc(s.grades, func(g gradeAxis) bool { return g.score == i }) ||
				slices.ContainsFunc(s.stages, func(stage stageRule) bool {
					return slices.ContainsFunc(stage.scores, func(t threshold) bool { return t.score == i })
				})
		}
		if !slices.ContainsFunc(l.rulesets(), uses) {
			l.unused(f, "score", "no stage, grade or tier asks for it", "its points decide nothing")
		}
	}
}

// mentioned is what the model asks for.
type mentioned struct {
	facts, kinds, attributes map[string]bool
	language                 *language
}

// mentions walks through the whole file: every condition, and every text in which a fact can stand.
func (l *linter) mentions() mentioned {
	m := mentioned{facts: map[string]bool{}, kinds: map[string]bool{}, attributes: map[string]bool{}, language: l.language}
	for _, f := range l.root.pairs() {
		if f.name != "facts" && f.name != "words" {
			m.walk(f.name, f.node)
		}
	}
	return m
}

// walk notes what stands below a key.
func (m *mentioned) walk(key string, n *yaml.Node) {
	if n.Kind == yaml.ScalarNode {
		m.text(key, n.Value)
		return
	}
	for i, item := range n.Content {
		switch {
		case n.Kind != yaml.MappingNode:
			m.walk(key, item)
		case i%2 == 1 && key == "on_activity" && n.Content[i-1].Value == "kind":
			m.walk("activity", item)
		case i%2 == 1: // a value, after its key
			m.walk(n.Content[i-1].Value, item)
		}
	}
}

// text notes what one text names, by the key that it stands under.
func (m *mentioned) text(key, text string) {
	for _, name := range placeholdersIn(text) {
		if fact, ok := strings.CutPrefix(name, "fact."); ok {
			m.facts[fact] = true
		}
	}
	switch key {
	case "when", "where", "requires", "forbids", "direct", "never", "do_not_profile", "while", "obsolete_when", "consent":
		if tree, bad := m.language.parse(text); bad == nil {
			ast.Walk(&tree, nameFinder{m})
		}
	case "complete", "amount", "due_fact", "confirm", "reason", "problem", "wants", "source", "team":
		m.facts[text] = true
	case "activity", "silence", "any_of":
		m.kinds[text] = true
	case "of": // a kind, or an attribute of which another one is made
		m.kinds[text], m.attributes[text] = true, true
	}
}

type nameFinder struct{ of *mentioned }

// Visit is called by ast.Walk with every node. A name is noted as a fact and as an attribute: what it is depends on
// where it stands, and a word too many hides a finding, while one too few makes a false one.
func (v nameFinder) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		v.of.facts[n.Value], v.of.attributes[n.Value] = true, true
	case *ast.CallNode:
		for _, argument := range n.Arguments {
			if literal, ok := argument.(*ast.StringNode); ok {
				v.of.kinds[literal.Value] = true
			}
		}
	}
}
