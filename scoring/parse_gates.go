package scoring

import (
	"slices"

	"go.yaml.in/yaml/v4"
)

func (p *modelParser) gates(f field) {
	for _, item := range p.entries(f) {
		p.named(field{item.key, item.mark}, item.name, label)
		keys := p.fields(item.field, "requires", "forbids", "complete", "confirmation", "ask")
		gate := gateRule{name: item.name, confirmation: p.yes(keys["confirmation"]), ask: p.texts(keys["ask"])}
		p.gateForm(item.field, keys, &gate)
		p.model.gates[item.name] = gate
	}
}

// gateForms are the keys of which a gate has exactly one.
func gateForms() []string { return []string{"requires", "forbids", "complete"} }

// gateForm reads what makes the gate open.
func (p *modelParser) gateForm(f field, keys map[string]field, gate *gateRule) {
	given := ""
	for _, name := range gateForms() {
		switch {
		case !keys[name].present():
		case given == "":
			given = name
		default:
			p.fail(keys[name], "keep one of them, and make a second gate of the other", "the gate %s has both %s and %s", gate.name, given, name)
			return
		}
	}
	facts := scope{model: p.model}
	switch given {
	case "requires":
		gate.opens = p.condition(keys["requires"], facts)
	case "forbids":
		if forbidden := p.condition(keys["forbids"], facts); forbidden != nil {
			gate.opens = forbidden.negated()
		}
	case "complete":
		gate.opens, gate.complete = p.complete(keys["complete"]), true
	default:
		if f.node.Kind == yaml.MappingNode {
			p.fail(f, "add requires: or forbids: with a condition, or complete: with a list of facts", "the gate %s asks for nothing", gate.name)
		}
	}
}

// complete reads the facts that must be known.
func (p *modelParser) complete(f field) *condition {
	c := &compiler{scope: scope{model: p.model}}
	for _, item := range p.items(f) {
		name := p.text(item)
		i, ok := p.model.factIndex[name]
		switch {
		case name == "" || len(p.model.facts) == 0: // reported already
		case !ok:
			p.fail(item, didYouMean(name, c.names()), "unknown fact %s", name)
		case slices.Contains(c.facts, i):
			p.fail(item, "keep one of them", "the fact %s is listed twice", name)
		default:
			c.mention(i)
		}
	}
	if f.node.Kind == yaml.SequenceNode && len(f.node.Content) == 0 {
		p.fail(f, "list the facts that must be known", "complete is empty")
	}
	return c.allKnown()
}

func (p *modelParser) stageGates(f field) []gateRule {
	if !f.present() {
		return nil
	}
	var list []gateRule
	valid := make([]string, 0, len(p.model.gates))
	for name := range p.model.gates {
		valid = append(valid, name)
	}
	for _, item := range p.items(f) {
		name := p.text(item)
		gate, ok := p.model.gates[name]
		switch {
		case !ok && name != "":
			p.fail(item, didYouMean(name, valid), "unknown gate %s", name)
		case slices.ContainsFunc(list, func(g gateRule) bool { return g.name == name }):
			p.fail(item, "keep one of them", "the gate %s is listed twice", name)
		}
		list = append(list, gate)
	}
	if f.node.Kind == yaml.SequenceNode && len(list) == 0 {
		p.fail(f, "list at least one gate", "gates is empty")
	}
	return list
}
