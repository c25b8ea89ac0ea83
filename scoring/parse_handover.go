package scoring

import (
	"slices"

	"go.yaml.in/yaml/v4"
)

// handover reads how sales answers, and what follows from the answer or from silence.
func (p *modelParser) handover(f field) {
	keys := p.fields(f, "confirm", "accepted", "rejected", "reason", "problem", "back_to", "escalate_after", "escalate_to", "ask", "strict", "missing")
	if f.node.Kind != yaml.MappingNode {
		return
	}
	p.notEmpty(f)
	h := &Handover{
		Confirm: p.textFact(keys["confirm"]), Reason: p.textFact(keys["reason"]), Problem: p.textFact(keys["problem"]),
		BackTo: p.reachableStage(keys["back_to"]), EscalateAfter: p.span(keys["escalate_after"], "wh", "wd"),
		EscalateTo: p.personName(keys["escalate_to"]), Ask: p.clockText(keys["ask"], handoverText()),
		Strict: p.yes(keys["strict"]), Missing: p.yes(keys["missing"]),
	}
	h.Accepted = p.answers(keys["accepted"], h.Confirm, nil)
	h.Rejected = p.answers(keys["rejected"], h.Confirm, h.Accepted)
	p.handoverKeys(f, keys)
	if p.model.handover = h; h.EscalateTo != "" {
		p.model.workers = append(p.model.workers, h.EscalateTo)
	}
}

// handoverKeys reports keys that mean nothing without others.
func (p *modelParser) handoverKeys(f field, keys map[string]field) {
	for _, need := range [][2]string{
		{"confirm", "accepted"},
		{"confirm", "rejected"},
		{"accepted", "confirm"},
		{"rejected", "confirm"},
		{"reason", "confirm"},
		{"problem", "confirm"},
		{"back_to", "confirm"},
		{"escalate_after", "confirm"},
		{"escalate_to", "escalate_after"},
		{"escalate_after", "escalate_to"},
		{"ask", "escalate_to"},
	} {
		if keys[need[0]].present() && !keys[need[1]].present() {
			p.fail(keys[need[0]], "add "+need[1]+":, or remove "+need[0], "%s means nothing without %s", need[0], need[1])
			return
		}
	}
	means := slices.ContainsFunc([]string{"confirm", "strict", "missing"}, func(name string) bool {
		return keys[name].present() && keys[name].node.Value != "false"
	})
	if !means && len(f.node.Content) > 0 {
		p.fail(f, "add confirm: with the fact that sales sets, strict: true or missing: true", "the handover does nothing")
	}
}

// reachableStage reads a stage of the forward order that is not only for people to set.
func (p *modelParser) reachableStage(f field) string {
	name := p.forwardStage(f)
	if i, ok := p.model.stageIndex[name]; ok && p.model.stages[i].Manual {
		p.fail(f, "name a stage that criteria can reach", "only people set %s", name)
	}
	return name
}

// answers reads the values of a fact that mean one answer; none of them may mean the other.
func (p *modelParser) answers(f field, fact string, others []string) []string {
	if !f.present() {
		return nil
	}
	if f.node.Kind == yaml.SequenceNode && len(f.node.Content) == 0 {
		p.fail(f, "list the values that mean it", "%s is empty", last(f.key))
	}
	var list []string
	for _, item := range p.items(f) {
		value := p.text(item)
		if value == "" {
			continue
		}
		if i, ok := p.model.factIndex[fact]; ok && p.model.facts[i].wording != nil && !p.model.facts[i].wording.has(value) {
			p.fail(item, p.model.facts[i].wording.suggest(value), "%q is none of the words of %s", value, fact)
		}
		same := func(other string) bool { return foldCase(other) == foldCase(value) }
		if slices.ContainsFunc(list, same) || slices.ContainsFunc(others, same) {
			p.fail(item, "name it once: a value is one answer", "%q is named twice", value)
		}
		list = append(list, value)
	}
	return list
}

func handoverText() ClockText {
	return ClockText{
		Subject: map[string]string{"en": "Take over {name}, or say why not", "de": "{name} übernehmen oder begründet ablehnen"},
		Body: map[string]string{
			"en": "This lead is ready for sales, and nobody has answered yet. {reasons}",
			"de": "Dieser Lead ist reif für den Vertrieb, und noch hat niemand geantwortet. {reasons}",
		},
	}
}
