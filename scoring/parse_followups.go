package scoring

import (
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

func (p *modelParser) followUps(f field) {
	for _, item := range p.items(f) {
		keys := p.fields(item, "name", "on_status", "on_stage", "task", "deal", "close_tasks", "back_to", "lists")
		rule := FollowUp{Name: p.text(keys["name"])}
		if item.node.Kind != yaml.MappingNode {
			continue
		}
		if !keys["name"].present() {
			p.fail(item, "add name:, it stands in the log of decisions", "the follow-up has no name")
		}
		if slices.ContainsFunc(p.model.followUps, func(other FollowUp) bool { return other.Name == rule.Name && rule.Name != "" }) {
			p.fail(keys["name"], "give every follow-up its own name", "the name %q is used twice", rule.Name)
		}
		p.cause(item, keys, &rule)
		p.consequence(item, keys, &rule)
		p.model.followUps = append(p.model.followUps, rule)
	}
}

func (p *modelParser) cause(item field, keys map[string]field, rule *FollowUp) {
	status, stage := keys["on_status"], keys["on_stage"]
	switch {
	case status.present() && stage.present():
		p.fail(stage, "split it into two follow-ups", "the follow-up has both on_status and on_stage")
	case status.present():
		rule.OnStatus = p.text(status)
		if rule.OnStatus != "" && !slices.Contains(p.model.statuses, rule.OnStatus) {
			p.fail(status, didYouMean(rule.OnStatus, p.model.statuses), "unknown lead status %q", rule.OnStatus)
		}
	case stage.present():
		rule.OnStage = p.stageOf(stage)
	default:
		p.fail(item, "add on_status: or on_stage:", "the follow-up has no cause")
	}
}

func (p *modelParser) consequence(item field, keys map[string]field, rule *FollowUp) {
	given := 0
	for _, name := range consequences() {
		if keys[name].present() {
			given++
		}
	}
	if given != 1 {
		p.fail(item, "give exactly one of task:, deal:, close_tasks: true, back_to: and lists:", "the follow-up has %d consequences", given)
	}
	if f := keys["task"]; f.present() {
		rule.Task = p.task(f)
	}
	if f := keys["deal"]; f.present() {
		rule.Deal = p.deal(f)
	}
	if f := keys["back_to"]; f.present() {
		rule.BackTo = p.backTo(f, *rule)
	}
	if f := keys["lists"]; f.present() {
		rule.Lists = p.lists(f)
	}
	rule.CloseTasks = p.yes(keys["close_tasks"])
	if given == 1 && keys["close_tasks"].present() && !rule.CloseTasks {
		p.fail(keys["close_tasks"], "write close_tasks: true, or remove the follow-up", "the follow-up does nothing")
	}
}

func (p *modelParser) task(f field) *TaskRule {
	keys := p.fields(f, "kind", "due", "due_fact", "priority", "subject", "body")
	task := &TaskRule{
		Kind:     p.choice(keys["kind"], "todo", "todo", "call", "email"),
		Priority: p.choice(keys["priority"], "medium", "low", "medium", "high"),
		Subject:  p.templates(keys["subject"]),
		Body:     p.templates(keys["body"]),
	}
	if f.node.Kind == yaml.MappingNode && !keys["subject"].present() {
		p.fail(f, "add subject: with a text or en: and de:", "the task has no subject")
	}
	if f.node.Kind == yaml.MappingNode && !keys["due"].present() {
		p.fail(f, "add due:, such as 2d (calendar days) or 2wd (working days)", "the task has no due date")
	}
	if number, unit, ok := p.duration(keys["due"], "wd", "w", "d"); ok {
		const week = 7
		task.Due.Days, task.Due.WorkingDays = int(number), unit == "wd"
		if unit == "w" {
			task.Due.Days *= week
		}
	}
	task.Due.DateFact = p.factOf(keys["due_fact"], TypeTime)
	return task
}

// factOf reads the name of a fact of a type.
func (p *modelParser) factOf(f field, want FactType) string {
	name := p.text(f)
	if name == "" {
		return ""
	}
	i, ok := p.model.factIndex[name]
	switch {
	case !ok && len(p.model.facts) == 0: // reported where the facts should be
	case !ok:
		p.fail(f, didYouMean(name, scope{model: p.model}.names()), "unknown fact %s", name)
	case p.model.facts[i].Type != want:
		p.fail(f, "name a fact that is "+describe(want), "%s is %s", name, describe(p.model.facts[i].Type))
	}
	return name
}

func (p *modelParser) deal(f field) *DealRule {
	const day = 24 * time.Hour
	keys := p.fields(f, "name", "pipeline", "amount", "close_in")
	deal := &DealRule{
		Name: p.templates(keys["name"]), Pipeline: p.text(keys["pipeline"]),
		Amount: p.factOf(keys["amount"], TypeNumber),
	}
	for _, name := range []string{"name", "pipeline", "close_in"} {
		if f.node.Kind == yaml.MappingNode && !keys[name].present() {
			p.fail(f, "add "+name+":", "the deal has no %s", name)
		}
	}
	if number, unit, ok := p.duration(keys["close_in"], "w", "d"); ok {
		deal.CloseIn = time.Duration(number) * unitLength(unit)
		if deal.CloseIn > 3650*day {
			p.fail(keys["close_in"], "use at most ten years", "%s is too long", keys["close_in"].node.Value)
		}
	}
	return deal
}

// templates reads texts with placeholders and checks each placeholder.
func (p *modelParser) templates(f field) map[string]string {
	texts := p.texts(f)
	if !f.present() {
		return nil
	}
	nodes := map[string]field{"en": f}
	if f.node.Kind == yaml.MappingNode {
		nodes = map[string]field{}
		for i := 0; i+1 < len(f.node.Content); i += 2 {
			name := f.node.Content[i].Value
			nodes[name] = field{join(f.key, name), f.node.Content[i+1]}
		}
	}
	for language, text := range texts {
		for _, name := range placeholdersIn(text) {
			p.placeholder(nodes[language], name)
		}
	}
	return texts
}

func (p *modelParser) placeholder(f field, name string) {
	valid := placeholders()
	for _, fact := range p.model.facts {
		valid = append(valid, "fact."+fact.Name)
	}
	text, remedy := "unknown placeholder {"+name+"}", didYouMean(name, valid)
	switch {
	case name == "grade" && !p.graded, name == "tier" && len(p.model.tiers) == 0:
		text, remedy = "{"+name+"} has no value: the model gives none", "add "+name+"s:, or take it out of the text"
	case slices.Contains(valid, name):
		return
	}
	line, column := f.node.Line, f.node.Column
	if before, _, found := strings.Cut(f.node.Value, "{"+name+"}"); found {
		line, column = p.position(f.node, len([]rune(before)))
	}
	p.add(Problem{Line: line, Column: column, Key: f.key, Text: text, Remedy: remedy})
}
