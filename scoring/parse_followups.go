package scoring

import (
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

func (p *modelParser) followUps(f field) {
	for _, item := range p.items(f) {
		keys := p.fields(item, "name", "on_status", "on_stage", "on_activity", "after", "while", "obsolete_when",
			"task", "deal", "close_tasks", "back_to", "lists")
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
		var conditions followUpConditions
		conditions.where = p.cause(item, keys, &rule)
		conditions.while, conditions.obsolete = p.timing(keys, &rule)
		p.consequence(item, keys, &rule)
		p.model.followUps = append(p.model.followUps, rule)
		p.model.followUpConditions = append(p.model.followUpConditions, conditions)
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
		rule.Task = p.task(f, *rule)
	}
	if f := keys["deal"]; f.present() {
		rule.Deal = p.deal(f, rule.Name)
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

func (p *modelParser) task(f field, rule FollowUp) *TaskRule {
	keys := p.fields(f, "kind", "for", "due", "due_fact", "priority", "subject", "body", "queue", "remind", "ladder", "then")
	p.attempts = keys["ladder"].present()
	defer func() { p.attempts = false }()
	task := &TaskRule{
		Kind:     p.choice(keys["kind"], "todo", "todo", "call", "email"),
		Priority: p.choice(keys["priority"], "medium", "low", "medium", "high"),
		Subject:  p.templates(keys["subject"]),
		Body:     p.templates(keys["body"]),
		For:      p.worker(keys["for"]),
		Queue:    p.text(keys["queue"]),
	}
	if f.node.Kind == yaml.MappingNode && !keys["subject"].present() {
		p.fail(f, "add subject: with a text or en: and de:", "the task has no subject")
	}
	if f.node.Kind == yaml.MappingNode && !keys["due"].present() {
		p.fail(f, "add due:, such as 2d (calendar days) or 2wd (working days)", "the task has no due date")
	}
	task.Due.Span = p.span(keys["due"])
	task.Due.DateFact = p.factOf(keys["due_fact"], TypeTime)
	if number, unit, ok := p.duration(keys["remind"], "m", "h", "d"); ok {
		task.Remind = time.Duration(number) * unitLength(unit)
	}
	p.ladder(keys, rule, task)
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
	if p.attempts {
		valid = append(valid, attemptPlaceholder)
	}
	text, remedy := "unknown placeholder {"+name+"}", didYouMean(name, valid)
	switch {
	case name == attemptPlaceholder && p.attempts:
		return
	case name == attemptPlaceholder:
		text, remedy = "{"+name+"} has no value: the text belongs to no ladder", "add ladder: to the task, or take it out of the text"
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
