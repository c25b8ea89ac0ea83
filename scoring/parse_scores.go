package scoring

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v4"
)

func (p *modelParser) scoreSet(f field) {
	p.notEmpty(f)
	for _, item := range p.entries(f) {
		p.named(field{item.key, item.mark}, item.name, label)
		keys := p.fields(item.field, "maximum", "minimum", "rules")
		score := scoreRule{name: item.name, limits: p.limits(keys)}
		switch {
		case keys["rules"].present():
			r := ruleReader{modelParser: p, score: &score}
			r.read(keys["rules"], nil)
		case item.node.Kind == yaml.MappingNode:
			p.fail(item.field, "add rules:", "the score %s has no rules", item.name)
		}
		p.model.scores = append(p.model.scores, score)
	}
	p.fewRules(f)
}

// fewRules refuses more rules than people can agree on: they bound the work of an evaluation.
func (p *modelParser) fewRules(f field) {
	const most = 1000
	rules := 0
	for i := range p.model.scores {
		rules += len(p.model.scores[i].rules)
	}
	if rules > most {
		p.fail(f, fmt.Sprintf("keep the %d that matter most", most), "the scores have %d rules", rules)
	}
}

// limits reads minimum and maximum.
func (p *modelParser) limits(keys map[string]field) limits {
	l := limits{minimum: p.limit(keys["minimum"]), maximum: p.limit(keys["maximum"])}
	if l.minimum != nil && l.maximum != nil && *l.minimum >= *l.maximum {
		p.fail(keys["minimum"], "put the minimum below the maximum", "the minimum %s is not below the maximum %s", l.minimum, l.maximum)
	}
	return l
}

// limit reads a minimum or maximum, nil if there is none.
func (p *modelParser) limit(f field) *Points {
	if !f.present() {
		return nil
	}
	if points, ok := p.points(f); ok {
		return &points
	}
	return nil
}

// languages are those in which a model can speak.
func languages() []string { return []string{"en", "de"} }

// texts reads a text, or texts by language.
func (p *modelParser) texts(f field) map[string]string {
	if !f.present() {
		return nil
	}
	p.seen(f).texts = languages()
	if f.node.Kind == yaml.ScalarNode {
		return map[string]string{"en": p.text(f)}
	}
	p.notEmpty(f)
	texts := map[string]string{}
	for _, item := range p.entries(f) {
		if !slices.Contains(languages(), item.name) {
			p.fail(field{item.key, item.mark}, "use en and de", "there is no language %q", item.name)
		}
		texts[item.name] = p.text(item.field)
	}
	return texts
}
