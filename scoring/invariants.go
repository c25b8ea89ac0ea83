package scoring

import (
	"slices"

	"github.com/expr-lang/expr/ast"
	"go.yaml.in/yaml/v4"
)

// invariant is something that should never be (S17).
type invariant struct {
	name  string
	never *condition
	ask   map[string]string
}

// Invariants are the names of what should never be, in the order of the file (S17).
func (m *Model) Invariants() []string {
	names := make([]string, len(m.invariants))
	for i := range m.invariants {
		names[i] = m.invariants[i].name
	}
	return names
}

// violations are the invariants that the lead breaks.
func (f *frame) violations(record *recorder) []Check {
	var list []Check
	for i := range f.model.invariants {
		rule := &f.model.invariants[i]
		if f.truth(rule.never) != mayTrue {
			continue
		}
		list = append(list, Check{
			Kind: CheckInvariant, Name: rule.name, State: True, Seen: record.seen(f, rule.never),
			Asks: rule.ask, Ask: TextIn(rule.ask, "en"),
		})
	}
	return list
}

// What an invariant calls the stage and the lead status that the lead has in the CRM.
const (
	currentStage  = "stage"
	currentStatus = "status"
)

// locate gives the frame the stage and the status of the lead, which only invariants ask for.
func (f *frame) locate(lead *Lead) {
	for i, word := range []string{lead.Stage, lead.Status} {
		at := f.model.declared + i
		if at >= len(f.facts) {
			return
		}
		f.facts[at] = slot{}
		if word != "" {
			f.facts[at].Value = Value{Type: TypeText, Text: word}
			f.facts[at].text.raw = word
		}
	}
}

// invariants reads what should never be. Its conditions see stage and status like facts.
func (p *modelParser) invariants(f field) {
	for _, name := range []string{currentStage, currentStatus} {
		if _, taken := p.model.factIndex[name]; taken {
			p.fail(f, "give the fact another name", "the fact %s has the name under which invariants see the %s of the lead", name, name)
			return
		}
	}
	for _, name := range []string{currentStage, currentStatus} {
		p.model.factIndex[name] = len(p.model.facts)
		p.model.facts = append(p.model.facts, Fact{Name: name, Type: TypeText})
	}
	if f.node.Kind == yaml.SequenceNode && len(f.node.Content) == 0 {
		p.fail(f, "add an invariant, or leave the key out", "invariants is empty")
	}
	for _, item := range p.items(f) {
		if rule, ok := p.invariant(item); ok {
			p.model.invariants = append(p.model.invariants, rule)
		}
	}
}

func (p *modelParser) invariant(item field) (invariant, bool) {
	keys := p.fields(item, "name", "never", "ask")
	if item.node.Kind != yaml.MappingNode {
		return invariant{}, false
	}
	rule := invariant{name: p.text(keys["name"]), ask: p.texts(keys["ask"])}
	if !keys["name"].present() {
		p.fail(item, "add name:, it stands in the report", "the invariant has no name")
	}
	if rule.name != "" && slices.Contains(p.model.Invariants(), rule.name) {
		p.fail(keys["name"], "give every invariant its own name", "the name %q is used twice", rule.name)
	}
	if !keys["never"].present() {
		p.fail(item, "add never: with a condition that should not be true", "the invariant says nothing")
	}
	words := map[string][]string{currentStage: p.stageNames(), currentStatus: p.model.statuses}
	rule.never = p.condition(keys["never"], scope{model: p.model, standing: true, words: words})
	return rule, rule.never != nil
}

// refuseOtherWords reports every comparison of a name that has only certain words with another word.
func (c *compiler) refuseOtherWords(tree ast.Node) {
	ast.Walk(&tree, wordFinder{c})
}

type wordFinder struct{ c *compiler }

// Visit is called by ast.Walk with every node.
func (v wordFinder) Visit(node *ast.Node) {
	binary, ok := (*node).(*ast.BinaryNode)
	if !ok || !slices.Contains([]string{"==", "!=", "in"}, binary.Operator) {
		return
	}
	for _, sides := range [][2]ast.Node{{binary.Left, binary.Right}, {binary.Right, binary.Left}} {
		name, ok := sides[0].(*ast.IdentifierNode)
		if !ok || v.c.words[name.Value] == nil {
			continue
		}
		literals := []ast.Node{sides[1]}
		if list, ok := sides[1].(*ast.ArrayNode); ok {
			literals = list.Nodes
		}
		for _, one := range literals {
			v.check(name.Value, one)
		}
	}
}

func (v wordFinder) check(name string, n ast.Node) {
	literal, ok := n.(*ast.StringNode)
	words := v.c.words[name]
	if ok && !slices.ContainsFunc(words, func(word string) bool { return foldCase(word) == foldCase(literal.Value) }) {
		v.c.fail(literal, didYouMean(literal.Value, words), "there is no %s %q", name, literal.Value)
	}
}
