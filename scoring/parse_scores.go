package scoring

import (
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

func (p *modelParser) activities(f field) {
	for _, item := range p.entries(f) {
		p.named(field{item.key, item.mark}, item.name, label)
		p.model.kindIndex[item.name] = len(p.model.kinds)
		p.model.kinds = append(p.model.kinds, p.kind(item))
	}
}

func (p *modelParser) kind(item entry) ActivityKind {
	kind := ActivityKind{Kind: item.name}
	keys := p.fields(item.field, "counter", "last", "first", "object", "attributes")
	switch {
	case keys["counter"].present() && keys["object"].present():
		p.fail(keys["object"], "give either counter or object", "%s is both a counter and an object", item.name)
	case keys["counter"].present() || keys["last"].present() && !keys["object"].present():
		kind.Counter = p.counter(keys)
	case keys["object"].present():
		kind.Object = p.choice(keys["object"], "", "call", "meeting", "email", "note", "task", "communication")
		for _, name := range []string{"last", "first"} {
			if keys[name].present() {
				p.fail(keys[name], "leave it out: objects have times of their own", "%s belongs to a counter", name)
			}
		}
	case item.node.Kind == yaml.MappingNode:
		p.fail(item.field, "add counter: contact.PROPERTY or last: contact.PROPERTY (best both), or object: call", "%s has no source", item.name)
	}
	if attributes := keys["attributes"]; attributes.present() {
		kind.Attributes = p.attributes(attributes, kind.Counter != nil)
	}
	if kind.Counter != nil {
		kind.Counter.NameProperty = kind.Attributes["name"]
	}
	return kind
}

// attributes reads what an activity is described by: properties of the record, or of the contact.
func (p *modelParser) attributes(f field, ofContact bool) map[string]string {
	properties := map[string]string{}
	for _, attribute := range p.entries(f) {
		p.named(field{attribute.key, attribute.mark}, attribute.name, identifier)
		property := p.text(attribute.field)
		if ofContact {
			property = p.contactProperty(attribute.field)
		}
		properties[attribute.name] = property
	}
	return properties
}

// counter reads the properties of a roll-up: how often, when last, or both.
func (p *modelParser) counter(keys map[string]field) *Counter {
	return &Counter{
		Property:      p.contactProperty(keys["counter"]),
		LastProperty:  p.contactProperty(keys["last"]),
		FirstProperty: p.contactProperty(keys["first"]),
	}
}

// contactSource is contact.PROPERTY as a pattern.
var contactSource = regexp.MustCompile(`^contact\.[a-z][a-z0-9_]*$`)

// contactProperty reads contact.PROPERTY and returns the property.
func (p *modelParser) contactProperty(f field) string {
	name := p.text(f)
	p.seen(f).pattern = contactSource
	property := strings.TrimPrefix(name, "contact.")
	if name != "" && !contactSource.MatchString(name) {
		p.fail(f, "write contact.PROPERTY with the internal name of the property", "%q is not a property of the contact", name)
	}
	return property
}

func (p *modelParser) scoreSet(f field) {
	p.notEmpty(f)
	for _, item := range p.entries(f) {
		p.named(field{item.key, item.mark}, item.name, label)
		keys := p.fields(item.field, "maximum", "minimum", "rules")
		score := scoreRule{name: item.name}
		score.maximum, score.minimum = p.limit(keys["maximum"]), p.limit(keys["minimum"])
		if score.minimum != nil && score.maximum != nil && *score.minimum >= *score.maximum {
			p.fail(keys["minimum"], "put the minimum below the maximum", "the minimum %s is not below the maximum %s", score.minimum, score.maximum)
		}
		switch {
		case keys["rules"].present():
			score.rules = p.rules(keys["rules"])
		case item.node.Kind == yaml.MappingNode:
			p.fail(item.field, "add rules:", "the score %s has no rules", item.name)
		}
		p.model.scores = append(p.model.scores, score)
	}
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

func (p *modelParser) rules(f field) []rule {
	var rules []rule
	for _, item := range p.items(f) {
		keys := p.fields(item, "name", "when", "activity", "where", "points", "cap", "window", "half_life")
		r := rule{name: p.text(keys["name"]), window: p.steps(keys["window"]), halfLife: p.steps(keys["half_life"])}
		r.halfLifeHours = p.model.hours(r.halfLife)
		if !keys["name"].present() && item.node.Kind == yaml.MappingNode {
			p.fail(item, "add name:, it stands in every explanation", "the rule has no name")
		}
		if slices.ContainsFunc(rules, func(other rule) bool { return other.name == r.name && r.name != "" }) {
			p.fail(keys["name"], "give every rule of a score its own name", "the name %q is used twice", r.name)
		}
		p.rulePoints(item, keys, &r)
		p.ruleCause(item, keys, &r)
		rules = append(rules, r)
	}
	return rules
}

func (p *modelParser) rulePoints(item field, keys map[string]field, r *rule) {
	if !keys["points"].present() {
		if item.node.Kind == yaml.MappingNode {
			p.fail(item, "add points:", "the rule gives no points")
		}
		return
	}
	var ok bool
	if r.points, ok = p.points(keys["points"]); ok && r.points == 0 {
		p.fail(keys["points"], "give points other than 0, or remove the rule", "the rule is worth nothing")
	}
	if !keys["cap"].present() {
		return
	}
	if r.cap, ok = p.points(keys["cap"]); ok && r.cap < max(r.points, -r.points) {
		p.fail(keys["cap"], "use a cap of at least the points of one activity, without a sign", "the cap of %s is below the rule's %s points", r.cap, r.points)
	}
}

// ruleCause reads what a rule gives points for: either facts or activities.
func (p *modelParser) ruleCause(item field, keys map[string]field, r *rule) {
	r.counted = Reason{ReasonFactMatched, map[string]string{"rule": r.name}}
	switch {
	case keys["when"].present() && keys["activity"].present():
		p.fail(keys["activity"], "split it into two rules", "the rule has both when and activity")
	case keys["when"].present():
		r.when = p.condition(keys["when"], scope{model: p.model})
		for _, name := range []string{"where", "cap", "window", "half_life"} {
			if keys[name].present() {
				p.fail(keys[name], "remove it, or give points for an activity", "%s has no meaning for a rule over facts", name)
			}
		}
	case keys["activity"].present():
		kind, where, ok := p.occasion(keys)
		if ok {
			r.stream = p.model.addStream(kind, where)
		}
		r.counted = Reason{ReasonActivityCounted, map[string]string{"rule": r.name, "kind": p.text(keys["activity"])}}
	case item.node.Kind == yaml.MappingNode:
		p.fail(item, "add when: with a condition over facts, or activity: with a kind of activity", "the rule has no cause")
	}
}

// occasion reads activity and where.
func (p *modelParser) occasion(keys map[string]field) (kind int, where *condition, ok bool) {
	name := p.text(keys["activity"])
	if kind, ok = p.model.kindIndex[name]; !ok {
		if name != "" {
			p.fail(keys["activity"], didYouMean(name, p.model.kindNames()), "unknown activity %q", name)
		}
		return 0, nil, false
	}
	return kind, p.condition(keys["where"], p.model.attributeScope(kind)), true
}

func (p *modelParser) gates(f field) {
	for _, item := range p.entries(f) {
		p.named(field{item.key, item.mark}, item.name, label)
		keys := p.fields(item.field, "requires", "ask")
		gate := gateRule{name: item.name, requires: p.condition(keys["requires"], scope{model: p.model}), ask: p.texts(keys["ask"])}
		if !keys["requires"].present() && item.node.Kind == yaml.MappingNode {
			p.fail(item.field, "add requires: with a condition", "the gate %s requires nothing", item.name)
		}
		p.model.gates[item.name] = gate
	}
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
