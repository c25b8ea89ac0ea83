package scoring

import (
	"slices"

	"go.yaml.in/yaml/v4"
)

// consequences are the keys of a follow-up of which exactly one is given.
func consequences() []string { return []string{"task", "deal", "close_tasks", "back_to", "lists"} }

// backTo reads the stage that a follow-up moves back to. It must be possible to move there: the stage lies in
// the forward order, behind every stage from which the follow-up can start that the model knows of.
func (p *modelParser) backTo(f field, rule FollowUp) string {
	name := p.stageOf(f)
	i, ok := p.model.stageIndex[name]
	if !ok {
		return name // reported where the stage was read, or where the stages should be
	}
	to := p.model.stages[i].Stage
	switch {
	case to.SideTrack:
		p.fail(f, "name a stage of the forward order", "%s is a side track, nothing lies behind a stage there", name)
	case to.Manual:
		p.fail(f, "name a stage that criteria can reach", "only people set %s", name)
	case rule.OnStage != "":
		p.behind(f, to, []string{rule.OnStage})
	case rule.OnStatus != "", rule.OnActivity != "":
		p.behind(f, to, p.talking())
	}
	for _, other := range p.model.followUps {
		if other.BackTo != "" && other.OnStage == rule.OnStage && other.OnStatus == rule.OnStatus && other.OnActivity == rule.OnActivity && other.OnWhere == rule.OnWhere {
			p.fail(f, "keep one of them", "%q goes back from the same cause", other.Name)
		}
	}
	return name
}

// behind reports a stage that does not lie behind one of those from which it is to be reached.
func (p *modelParser) behind(f field, to Stage, from []string) {
	for _, name := range from {
		i, ok := p.model.stageIndex[name]
		if !ok {
			continue
		}
		if p.model.stages[i].SideTrack {
			p.fail(f, "let people move the contact", "%s is a side track, which nothing leaves by itself", name)
			return
		}
		if p.model.stageIndex[to.Name] < i {
			return
		}
	}
	p.fail(f, "name a stage before "+from[0]+" in the order of lifecycle:", "%s does not lie behind %s", to.Name, from[0])
}

// talking are the stages in which a lead status is in use, the furthest first: those that a status rule names,
// else the last one of the forward order.
func (p *modelParser) talking() []string {
	var named []string
	last := ""
	for _, stage := range p.model.stages {
		if slices.ContainsFunc(p.model.statusRules, func(r statusRule) bool { return r.OnStage == stage.Name }) {
			named = append(named, stage.Name)
		}
		if !stage.SideTrack {
			last = stage.Name
		}
	}
	if len(named) == 0 {
		return []string{last}
	}
	slices.Reverse(named)
	return named
}

func (p *modelParser) lists(f field) *ListRule {
	keys := p.fields(f, "add", "remove")
	rule := &ListRule{Add: p.listNames(keys["add"]), Remove: p.listNames(keys["remove"])}
	if f.node.Kind == yaml.MappingNode && !keys["add"].present() && !keys["remove"].present() {
		p.fail(f, "add add: or remove: with names of lists", "lists names no list")
	}
	for _, name := range rule.Add {
		if slices.Contains(rule.Remove, name) {
			p.fail(keys["remove"], "keep it in one of the two", "the list %s is added to and removed from at once", name)
		}
	}
	return rule
}

// listNames reads the names of lists, each a plain word that the portal's mapping can have as a key.
func (p *modelParser) listNames(f field) []string {
	if !f.present() {
		return nil
	}
	if f.node.Kind == yaml.SequenceNode && len(f.node.Content) == 0 {
		p.fail(f, "name a list or leave the key out", "%s names no list", last(f.key))
	}
	var names []string
	for _, item := range p.items(f) {
		name := p.text(item)
		if name == "" {
			continue
		}
		p.named(item, name, identifier)
		if slices.Contains(names, name) {
			p.fail(item, "name every list once", "the list %s is named twice", name)
		}
		names = append(names, name)
	}
	return names
}
