package scoring

import (
	"slices"

	"github.com/expr-lang/expr/ast"
)

// Demand is a place in a model where a fact that is read must have one of some texts, or where people are asked for it.
type Demand struct {
	Finding          // where it stands; without kind and texts
	Fact    string   // a fact that is read
	Texts   []string // the texts that it is held against; nil if Gate is given
	Gate    string   // the gate that asks people for the fact, empty if none does
}

// Demands lists, in the order of the file, the texts with which the model compares facts that have no words of its own
// (== and in, no parts of texts), and the facts that people are asked for because a gate with ask, confirmation or
// complete needs them. Whoever knows the account's options and what can be written there compares. The error is that
// of Parse.
func Demands(name string, text []byte) ([]Demand, error) {
	l, err := newLinter(name, text, LintOptions{})
	if err != nil {
		return nil, err
	}
	var all []Demand
	add := func(at field, d Demand) {
		d.File, d.Line, d.Column, d.Key = l.reader.file, at.node.Line, at.node.Column, at.key
		same := func(o Demand) bool {
			return o.Line == d.Line && o.Column == d.Column && o.Fact == d.Fact && o.Gate == d.Gate && slices.Equal(o.Texts, d.Texts)
		}
		if !slices.ContainsFunc(all, same) {
			all = append(all, d)
		}
	}
	l.eachCondition(func(at field) {
		finder := &literalFinder{model: l.model}
		tree, _ := l.language.parse(at.node.Value)
		ast.Walk(&tree, finder)
		for _, d := range finder.found {
			add(at, d)
		}
	})
	l.asking(add)
	slices.SortStableFunc(all, func(a, b Demand) int { return a.Line - b.Line })
	return all, nil
}

// asking lists the facts that people are asked for by gates.
func (l *linter) asking(add func(field, Demand)) {
	for _, s := range l.rulesets() {
		for _, f := range s.fields["gates"].pairs() {
			gate := s.gates[f.name]
			if !gate.complete && !gate.confirmation && len(gate.ask) == 0 {
				continue
			}
			for _, fact := range gate.opens.facts {
				add(field{f.key, f.mark}, Demand{Fact: l.model.facts[fact].Name, Gate: f.name})
			}
		}
	}
}

// eachCondition visits every condition over facts.
func (l *linter) eachCondition(visit func(field)) {
	show := func(f field) {
		if f.present() {
			visit(f)
		}
	}
	for _, s := range l.rulesets() {
		for _, score := range s.fields["scores"].pairs() {
			for _, f := range ruleFields(score.at("rules")) {
				show(f.at("when"))
			}
		}
		for _, f := range s.fields["gates"].pairs() {
			show(f.at("requires"))
			show(f.at("forbids"))
		}
		for _, f := range s.fields["lifecycle"].list() {
			show(f.at("when"))
			show(f.at("direct"))
		}
	}
	for _, f := range l.root.at("variants").list() {
		show(f.at("when"))
	}
	show(l.root.at("do_not_profile"))
	for _, f := range l.root.at("invariants").list() {
		show(f.at("never"))
	}
}

// literalFinder collects what facts without words are compared with.
type literalFinder struct {
	model *Model
	found []Demand
}

// Visit is called by ast.Walk with every node, the sides of a node before itself.
func (v *literalFinder) Visit(node *ast.Node) {
	if call, ok := (*node).(*ast.CallNode); ok && callType(call) == TypeNumber && len(call.Arguments) > 1 {
		inner := &literalFinder{model: v.model}
		ast.Walk(&call.Arguments[1], inner)
		v.found = v.found[:len(v.found)-len(inner.found)] // they are attributes of what is counted
		return
	}
	n, ok := (*node).(*ast.BinaryNode)
	if !ok || !slices.Contains([]string{"==", "!=", "in"}, n.Operator) {
		return
	}
	for _, sides := range [][2]ast.Node{{n.Left, n.Right}, {n.Right, n.Left}} {
		name, ok := sides[0].(*ast.IdentifierNode)
		if !ok {
			continue
		}
		fact, known := v.model.factIndex[name.Value]
		if !known || fact >= v.model.declared || v.model.facts[fact].wording != nil {
			continue
		}
		if texts := textsOf(v.model, sides[1]); len(texts) > 0 {
			v.found = append(v.found, Demand{Fact: name.Value, Texts: texts})
		}
	}
}

// textsOf are the texts of a literal, of a list of them, or of a list of words.
func textsOf(m *Model, n ast.Node) []string {
	switch n := n.(type) {
	case *ast.StringNode:
		return []string{n.Value}
	case *ast.IdentifierNode:
		i := slices.IndexFunc(m.lists, func(l wordList) bool { return l.Name == n.Value })
		if i >= 0 && i < m.ownLists {
			return m.lists[i].Words
		}
	case *ast.ArrayNode:
		var texts []string
		for _, item := range n.Nodes {
			if literal, ok := item.(*ast.StringNode); ok {
				texts = append(texts, literal.Value)
			}
		}
		return texts
	}
	return nil
}
