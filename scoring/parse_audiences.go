package scoring

import (
	"slices"

	"go.yaml.in/yaml/v4"
)

// audiences reads the static lists that follow the model.
func (p *modelParser) audiences(f field, advertising field) {
	p.notEmpty(f)
	for _, item := range p.entries(f) {
		p.named(field{item.key, item.mark}, item.name, identifier)
		keys := p.fields(item.field, "when", "stages", "tiers")
		if item.node.Kind != yaml.MappingNode {
			continue
		}
		if len(item.node.Content) == 0 {
			p.fail(item.field, "add when: with a condition, stages: or tiers:", "everybody would be on the list %s", item.name)
		}
		a := Audience{Name: item.name, Stages: p.someStages(keys["stages"]), Tiers: p.someTiers(keys["tiers"])}
		when := p.condition(keys["when"], scope{model: p.model})
		if when != nil {
			a.When = when.source
		}
		p.listOfFollowUp(item)
		p.model.outreach.audiences = append(p.model.outreach.audiences, a)
		p.model.outreach.whens = append(p.model.outreach.whens, when)
	}
	if !advertising.present() && len(p.model.outreach.audiences) > 0 {
		p.fail(f, `add advertising: {consent: …} with the condition over facts that says who may be addressed`, "nobody has given consent: the key advertising is missing")
	}
}

// listOfFollowUp refuses a list that a follow-up puts contacts on or takes them off: both would undo each other.
func (p *modelParser) listOfFollowUp(item entry) {
	for _, rule := range p.model.followUps {
		if rule.Lists != nil && slices.Contains(slices.Concat(rule.Lists.Add, rule.Lists.Remove), item.name) {
			p.fail(field{item.key, item.mark}, "give one of them another list", "the follow-up %q speaks of the list %s too", rule.Name, item.name)
			return
		}
	}
}

// someStages reads names of stages, each once.
func (p *modelParser) someStages(f field) []string {
	return p.someNames(f, p.stageOf)
}

// someTiers reads names of tiers, each once.
func (p *modelParser) someTiers(f field) []string {
	return p.someNames(f, func(item field) string {
		name := p.text(item)
		p.band(item, name, p.model.Tiers(), "tier")
		return name
	})
}

// band reports a name that is no tier or grade of the model.
func (p *modelParser) band(f field, name string, valid []string, what string) {
	switch {
	case name == "" || slices.Contains(valid, name):
	case len(valid) == 0:
		p.fail(f, "add "+what+"s: to the model, or take it out", "the model has no %ss", what)
	default:
		p.fail(f, didYouMean(name, valid), "unknown %s %q", what, name)
	}
}

func (p *modelParser) someNames(f field, read func(field) string) []string {
	if !f.present() {
		return nil
	}
	if f.node.Kind == yaml.SequenceNode && len(f.node.Content) == 0 {
		p.fail(f, "name one, or leave the key out", "%s is empty", last(f.key))
	}
	var names []string
	for _, item := range p.items(f) {
		name := read(item)
		if slices.Contains(names, name) && name != "" {
			p.fail(item, "name it once", "%s is named twice", name)
		}
		names = append(names, name)
	}
	return names
}

// advertising reads who may be addressed.
func (p *modelParser) advertising(f field) {
	keys := p.fields(f, "consent", "never")
	if f.node.Kind != yaml.MappingNode {
		return
	}
	if !keys["consent"].present() {
		p.fail(f, "add consent: with the condition over facts that says who has given it", "advertising does not say who has given consent")
	}
	o := &p.model.outreach
	o.advertising = &Advertising{}
	if o.consent = p.standing(keys["consent"]); o.consent != nil {
		o.advertising.Consent = o.consent.source
	}
	if o.never = p.standing(keys["never"]); o.never != nil {
		o.advertising.Never = o.never.source
	}
}

// rank reads how leads are put in order.
func (p *modelParser) rank(f field) {
	keys := p.fields(f, "stages", "tiers", "grades", "otherwise")
	if f.node.Kind != yaml.MappingNode {
		return
	}
	tiers, grades := keys["tiers"], keys["grades"]
	switch {
	case !keys["stages"].present():
		p.fail(f, "add stages: with those whose leads are put in order", "the rank has no stages")
	case tiers.present() == grades.present():
		p.fail(f, "give tiers: or grades: with a number from 0 to 100 each", "the rank has %s of tiers and grades", map[bool]string{true: "both", false: "none"}[tiers.present()])
		return
	}
	p.model.outreach.ranking = &Ranking{
		Stages: p.someStages(keys["stages"]), Tiers: p.priorities(tiers, p.model.Tiers(), "tier"),
		Grades: p.priorities(grades, p.model.Grades(), "grade"), Otherwise: p.priority(keys["otherwise"]),
	}
}

func (p *modelParser) priorities(f field, valid []string, what string) map[string]int64 {
	if !f.present() {
		return nil
	}
	p.notEmpty(f)
	table := map[string]int64{}
	for _, item := range p.entries(f) {
		p.band(field{item.key, item.mark}, item.name, valid, what)
		table[item.name] = p.priority(item.field)
	}
	return table
}

// mostPriority is that of the lead that comes first.
const mostPriority = 100

func (p *modelParser) priority(f field) int64 { return p.whole(f, 0, 0, mostPriority) }
