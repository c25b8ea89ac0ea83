package scoring

import (
	"slices"

	"github.com/expr-lang/expr/ast"
	"go.yaml.in/yaml/v4"
)

// followUpConditions are the compiled conditions of one follow-up; nil where it has none.
type followUpConditions struct {
	where           *condition // of the activity that is its cause
	while, obsolete *condition
}

// causes are the keys of a follow-up of which exactly one is given.
func causes() []string { return []string{"on_status", "on_stage", "on_activity"} }

// cause reads what starts a follow-up.
func (p *modelParser) cause(item field, keys map[string]field, rule *FollowUp) (where *condition) {
	var given []string
	for _, name := range causes() {
		if keys[name].present() {
			given = append(given, name)
		}
	}
	switch {
	case len(given) == 0:
		p.fail(item, "add on_status:, on_stage: or on_activity:", "the follow-up has no cause")
		return nil
	case len(given) > 1:
		p.fail(keys[given[1]], "split it into two follow-ups", "the follow-up has both %s and %s", given[0], given[1])
		return nil
	}
	switch f := keys[given[0]]; given[0] {
	case "on_status":
		rule.OnStatus = p.statusOf(f)
	case "on_stage":
		rule.OnStage = p.stageOf(f)
	default:
		rule.OnActivity, rule.OnWhere, where = p.onActivity(f)
	}
	return where
}

// statusOf reads the name of a lead status.
func (p *modelParser) statusOf(f field) string {
	name := p.text(f)
	if name != "" && !slices.Contains(p.model.statuses, name) {
		p.fail(f, didYouMean(name, p.model.statuses), "unknown lead status %q", name)
	}
	return name
}

// onActivity reads the activity that starts a follow-up: its kind, and which of them.
func (p *modelParser) onActivity(f field) (kind, source string, where *condition) {
	keys := p.fields(f, "kind", "where")
	if p.lacksKey(f, keys, "kind", "add kind: with a kind of activity") {
		return "", "", nil
	}
	kind = p.text(keys["kind"])
	if _, where, ok := p.occasion(map[string]field{"activity": keys["kind"], "where": keys["where"]}); ok && where != nil {
		return kind, where.source, where
	}
	return kind, "", nil
}

// lacksKey reports a key that is missing from a mapping; what is no mapping is reported already.
func (p *modelParser) lacksKey(f field, keys map[string]field, name, remedy string) bool {
	if keys[name].present() {
		return false
	}
	if f.isMapping() {
		p.fail(f, remedy, "%s lacks %s", last(f.key), name)
	}
	return true
}

// timing reads how long a follow-up waits after its cause, and the conditions that are looked at besides.
func (p *modelParser) timing(keys map[string]field, rule *FollowUp) (while, obsolete *condition) {
	rule.After = p.span(keys["after"])
	if while = p.condition(keys["while"], scope{model: p.model}); while != nil {
		rule.While = while.source
	}
	f := keys["obsolete_when"]
	if f.present() && !keys["task"].present() {
		p.fail(f, "remove it, or use while: with the opposite", "obsolete_when means something for a task only")
		return while, nil
	}
	if obsolete = p.condition(f, scope{model: p.model, lasting: true}); obsolete != nil {
		rule.ObsoleteWhen = obsolete.source
	}
	return while, obsolete
}

// refuseAging reports every function that time alone changes in a condition that stands for good.
func (c *compiler) refuseAging(tree ast.Node) {
	ast.Walk(&tree, agingFinder{c})
}

type agingFinder struct{ c *compiler }

// Visit is called by ast.Walk with every node.
func (v agingFinder) Visit(node *ast.Node) {
	call, ok := (*node).(*ast.CallNode)
	if !ok {
		return
	}
	const why = "a task is obsolete because something happened, never because time passed"
	switch name, _ := called(call); name {
	case "days_since", "days_since_last":
		v.c.fail(call, "ask for what happened, or use after: and while:", "time alone changes %s here: %s", name, why)
	case "count", "days_with", "count_after":
		if len(call.Arguments) > 2 {
			v.c.fail(call.Arguments[2], "leave the days out", "time alone changes %s with a number of days here: %s", name, why)
		}
	}
}

// isMapping reports whether a field is there and has keys.
func (f field) isMapping() bool { return f.present() && f.node.Kind == yaml.MappingNode }

// ladder reads the steps of a task, and what follows once they are used up.
func (p *modelParser) ladder(keys map[string]field, rule FollowUp, task *TaskRule) {
	f, then := keys["ladder"], keys["then"]
	if !f.present() {
		if then.present() {
			p.fail(then, "add ladder: with the steps, or remove then:", "then means something after a ladder only")
		}
		return
	}
	items := p.items(f)
	if len(items) == 0 && f.node.Kind == yaml.SequenceNode {
		p.fail(f, "add a step such as {due: 2d}, or leave the key out", "the ladder has no steps")
	}
	if most := 50; len(items) > most {
		p.fail(f, "nobody is called that often", "the ladder has %d steps, at most %d are possible", len(items), most)
	}
	for _, item := range items {
		task.Ladder = append(task.Ladder, p.step(item))
	}
	if then.present() {
		task.Then = p.then(then, rule)
	}
}

func (p *modelParser) step(f field) Step {
	keys := p.fields(f, "due", "priority", "subject", "body")
	p.notEmpty(f)
	return Step{
		Due: p.span(keys["due"]), Priority: p.choice(keys["priority"], "", "low", "medium", "high"),
		Subject: p.templates(keys["subject"]), Body: p.templates(keys["body"]),
	}
}

// then reads what happens instead of one more task: a status, or a way back.
func (p *modelParser) then(f field, rule FollowUp) *Then {
	keys := p.fields(f, "status", "back_to")
	status, back := keys["status"], keys["back_to"]
	if f.isMapping() && status.present() == back.present() {
		p.fail(f, "give one of status: and back_to:", "then has %s of status and back_to", map[bool]string{true: "both", false: "none"}[back.present()])
		return nil
	}
	then := &Then{}
	switch {
	case status.present():
		if then.Status = p.statusOf(status); then.Status != "" && then.Status == rule.OnStatus {
			p.fail(status, "name another lead status", "%s is the status that the ladder is for", then.Status)
		}
	case back.present():
		then.BackTo = p.backTo(back, rule)
	}
	return then
}
