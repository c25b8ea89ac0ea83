package scoring

import (
	"slices"

	"go.yaml.in/yaml/v4"
)

// responses reads the response clocks (S84).
func (p *modelParser) responses(f field) {
	for _, item := range p.items(f) {
		keys := p.fields(item, "name", "stage", "first", "within", "remind", "escalate_to", "reminder", "escalation", "team", "source")
		if item.node.Kind != yaml.MappingNode {
			continue
		}
		p.needs(item, keys, "the clock", [2]string{"name", "add name:, it stands in every measurement"},
			[2]string{"stage", "add stage: with the stage whose entering starts it"},
			[2]string{"first", "add first: with the kind of activity that stops it"},
			[2]string{"within", "add within: with the working time until then, such as 4wh"})
		rule := ClockRule{
			Name: p.text(keys["name"]), Stage: p.forwardStage(keys["stage"]), First: p.kindOf(keys["first"]),
			Within: p.span(keys["within"], "wh", "wd"), Remind: p.span(keys["remind"], "wh", "wd"),
			EscalateTo: p.personName(keys["escalate_to"]), Team: p.textFact(keys["team"]), Source: p.textFact(keys["source"]),
			Reminder:   p.clockText(keys["reminder"], reminderText()),
			Escalation: p.clockText(keys["escalation"], escalationText()),
		}
		p.clockTimes(keys, rule)
		for _, text := range [][2]string{{"reminder", "remind"}, {"escalation", "escalate_to"}} {
			if keys[text[0]].present() && !keys[text[1]].present() {
				p.fail(keys[text[0]], "add "+text[1]+":, or remove it", "nobody is told, since %s is missing", text[1])
			}
		}
		if slices.ContainsFunc(p.model.clocks, func(c ClockRule) bool { return c.Name == rule.Name && rule.Name != "" }) {
			p.fail(keys["name"], "give every clock its own name", "the name %q is used twice", rule.Name)
		}
		p.model.clocks = append(p.model.clocks, rule)
		if rule.EscalateTo != "" {
			p.model.workers = append(p.model.workers, rule.EscalateTo)
		}
	}
}

// needs reports every key that is missing, with its remedy.
func (p *modelParser) needs(f field, keys map[string]field, what string, needed ...[2]string) {
	for _, key := range needed {
		if !keys[key[0]].present() {
			p.fail(f, key[1], "%s has no %s", what, key[0])
		}
	}
}

// clockTimes refuses a limit of no time and a reminder that would not come before the end.
func (p *modelParser) clockTimes(keys map[string]field, rule ClockRule) {
	switch {
	case keys["within"].present() && keys["remind"].present() && rule.Within.Unit == rule.Remind.Unit && rule.Remind.N >= rule.Within.N:
		p.fail(keys["remind"], "write how long before the end the reminder comes, less than "+rule.Within.String(), "the reminder would come before the start")
	case rule.Within.Unit == UnitWorkingHours && rule.Remind.Unit == UnitWorkingDays:
		p.fail(keys["remind"], "write both in working hours", "the limit is in working hours, the reminder in working days")
	}
}

// forwardStage reads the name of a stage of the forward order.
func (p *modelParser) forwardStage(f field) string {
	name := p.stageOf(f)
	if i, ok := p.model.stageIndex[name]; ok && p.model.stages[i].SideTrack {
		p.fail(f, "name a stage of the forward order", "%s is a side track", name)
	}
	return name
}

// kindOf reads the name of a kind of activity.
func (p *modelParser) kindOf(f field) string {
	name := p.text(f)
	if _, ok := p.model.kindIndex[name]; !ok && name != "" {
		if len(p.model.kinds) == 0 {
			p.fail(f, "declare the kind under activities:", "unknown activity %q", name)
		} else {
			p.fail(f, didYouMean(name, p.model.kindNames()), "unknown activity %q", name)
		}
	}
	return name
}

// personName reads a name of the portal's people.
func (p *modelParser) personName(f field) string {
	name := p.text(f)
	if name != "" {
		p.named(f, name, label)
	}
	return name
}

// textFact reads the name of a text fact that measurements are grouped by.
func (p *modelParser) textFact(f field) string { return p.factOf(f, TypeText) }

// clockText reads subject and body of a task, or takes those that everybody can use.
func (p *modelParser) clockText(f field, fallback ClockText) ClockText {
	if !f.present() {
		return fallback
	}
	keys := p.fields(f, "subject", "body")
	if f.node.Kind == yaml.MappingNode && !keys["subject"].present() && !keys["body"].present() {
		p.fail(f, "add subject: or body:, or leave "+last(f.key)+": out", "%s says nothing", last(f.key))
	}
	text := fallback
	if keys["subject"].present() {
		text.Subject = p.templates(keys["subject"])
	}
	if keys["body"].present() {
		text.Body = p.templates(keys["body"])
	}
	return text
}

func reminderText() ClockText {
	return ClockText{
		Subject: map[string]string{"en": "Contact {name} now: the response time is nearly over", "de": "{name} jetzt ansprechen: die Reaktionszeit läuft ab"},
		Body:    map[string]string{"en": "Nobody has contacted this lead yet. {reasons}", "de": "Diesen Lead hat noch niemand angesprochen. {reasons}"},
	}
}

func escalationText() ClockText {
	return ClockText{
		Subject: map[string]string{"en": "Nobody contacted {name} in time", "de": "{name} wurde nicht rechtzeitig angesprochen"},
		Body: map[string]string{
			"en": "The response time is over. Please see that somebody contacts this lead. {reasons}",
			"de": "Die Reaktionszeit ist abgelaufen. Bitte dafür sorgen, dass jemand diesen Lead anspricht. {reasons}",
		},
	}
}
