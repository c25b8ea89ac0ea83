package scoring

import (
	"slices"

	"go.yaml.in/yaml/v4"
)

// ruleReader reads the rules of one score.
type ruleReader struct {
	*modelParser
	score  *scoreRule
	groups []string
	// evidence says that a rule can make supporting ones count, held is the first supporting one.
	evidence bool
	held     field
}

// read reads the rules of the score (group is nil) or of a group.
func (p *ruleReader) read(f field, group *groupRule) {
	if f.node.Kind == yaml.SequenceNode && len(f.node.Content) == 0 {
		p.fail(f, "add a rule", "rules is empty")
	}
	for _, item := range p.items(f) {
		keys := p.fields(item, "name", "when", "activity", "where", "silence", "after", "every", "points", "cap", "window",
			"at_least", "at_most", "half_life", "loses", "steps", "supporting", "group", "minimum", "maximum", "rules")
		switch {
		case !keys["group"].present() && !keys["rules"].present():
			p.rule(item, keys, group)
		case group != nil:
			p.fail(item, "put its rules beside the group", "a group stands in the group %s", group.name)
		default:
			p.group(item, keys)
		}
	}
	if group == nil && p.held.present() && !p.evidence {
		p.fail(p.held, "add a rule that is not supporting and gives points above 0", "no rule of the score %s makes a supporting one count", p.score.name)
	}
}

// group reads rules whose sum is kept between limits.
func (p *ruleReader) group(item field, keys map[string]field) {
	group := &groupRule{name: p.text(keys["group"]), limits: p.limits(keys)}
	for _, name := range ruleKeys() {
		if keys[name].present() {
			p.fail(keys[name], "write it in the rules of the group", "%s belongs to a rule, not to a group", name)
		}
	}
	switch {
	case !keys["group"].present():
		p.fail(keys["rules"], "add group: with a name, it stands in every explanation", "the group has no name")
	case slices.Contains(p.groups, group.name):
		p.fail(keys["group"], "give every group of a score its own name", "the name %q is used twice", group.name)
	case group.name != "":
		p.groups = append(p.groups, group.name)
	}
	if !keys["minimum"].present() && !keys["maximum"].present() {
		p.fail(item, "add maximum: or minimum:, or put its rules beside it", "the group has no limit")
	}
	if !keys["rules"].present() {
		p.fail(keys["group"], "add rules:", "the group has no rules")
		return
	}
	p.seen(keys["rules"]).same = "#/properties/scores/additionalProperties/properties/rules"
	first := len(p.score.rules)
	p.read(keys["rules"], group)
	if last := len(p.score.rules) - 1; last >= first {
		p.score.rules[last].closes = true
	}
}

// ruleKeys are the keys of a rule, without those of a group.
func ruleKeys() []string {
	return append([]string{"name", "when", "activity", "silence", "after", "every", "points", "cap", "supporting"}, activityKeys()...)
}

// activityKeys are those that only a rule over activities has, where first.
func activityKeys() []string {
	return append([]string{"where", "window", "at_least", "at_most"}, agingKeys()...)
}

func agingKeys() []string { return []string{"half_life", "loses", "steps"} }

func (p *ruleReader) rule(item field, keys map[string]field, group *groupRule) {
	r := rule{name: p.text(keys["name"]), group: group}
	if !keys["name"].present() && item.node.Kind == yaml.MappingNode {
		p.fail(item, "add name:, it stands in every explanation", "the rule has no name")
	}
	if slices.ContainsFunc(p.score.rules, func(other rule) bool { return other.name == r.name && r.name != "" }) {
		p.fail(keys["name"], "give every rule of a score its own name", "the name %q is used twice", r.name)
	}
	for _, name := range []string{"minimum", "maximum"} {
		if keys[name].present() {
			p.fail(keys[name], "use cap: for a rule, or put it into a group", "%s belongs to a score or to a group", name)
		}
	}
	p.rulePoints(item, keys, &r)
	p.ruleAge(keys, &r)
	p.ruleCause(item, keys, &r)
	p.ruleSupport(keys, &r)
	p.score.rules = append(p.score.rules, r)
}

func (p *ruleReader) rulePoints(item field, keys map[string]field, r *rule) {
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

// ruleSupport reads whether the rule is worth nothing alone.
func (p *ruleReader) ruleSupport(keys map[string]field, r *rule) {
	r.supporting = p.yes(keys["supporting"])
	switch {
	case r.silence != nil:
		return
	case r.supporting && r.points < 0:
		p.fail(keys["supporting"], "remove it, or give points above 0", "supporting has no meaning for a rule that takes points away")
	case r.supporting && p.held.node == nil:
		p.held = keys["supporting"]
	}
	p.score.supporting = p.score.supporting || r.supporting
	p.evidence = p.evidence || !r.supporting && r.points >= 0 // what is not a number is reported already
}
