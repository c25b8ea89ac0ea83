package audit

import (
	"time"

	"github.com/expr-lang/expr/ast"

	"leadsync/cmd/leadsync/audit/naive"
	"leadsync/cmd/leadsync/audit/section"
)

// followUp is a rule of what follows from what (rule 6).
type followUp struct {
	name                          string
	onStatus, onStage, onActivity string   // exactly one of them
	where                         ast.Node // what must be true of the activity
	after                         span     // the wait between cause and consequence
	while, obsolete               ast.Node

	task        *taskRule
	deal        *dealRule
	closes      bool
	backTo      string
	add, remove []string // lists
}

// span is a length of time as a team counts it: so many h, d, wh (working hours) or wd (working days). Without a
// unit there is none.
type span struct {
	n    int
	unit string
}

// taskRule is a task that is asked for; for a rule with a ladder, before its steps are looked at (see step).
type taskRule struct {
	kind, priority, dueFact string
	subject, body           map[string]string
	due                     span
	who, queue              string
	remind                  time.Duration // before it is due; 0 is no reminder
	ladder                  []taskStep
	then                    outcome
	handed                  time.Time // when it was due, if it only passes to another owner
}

// taskStep is what one step of a ladder has of its own.
type taskStep struct {
	due           span
	priority      string
	subject, body map[string]string
}

// outcome is what happens instead of a task after the last step of a ladder.
type outcome struct{ status, backTo string }

// step is the task of the n-th episode in a row, counted from 1; nil if the ladder leads elsewhere by then. A ladder
// that leads nowhere goes on with its last step.
func (r *taskRule) step(n int) *taskRule {
	if len(r.ladder) == 0 {
		return r
	}
	if n > len(r.ladder) && r.then != (outcome{}) {
		return nil
	}
	own, out := r.ladder[min(n, len(r.ladder))-1], *r
	if own.due.unit != "" {
		out.due = own.due
	}
	out.priority = orText(own.priority, r.priority)
	if len(own.subject) > 0 {
		out.subject = own.subject
	}
	if len(own.body) > 0 {
		out.body = own.body
	}
	return &out
}

func readFollowUps(root section.Section) []followUp {
	var out []followUp
	for _, s := range root.List("follow_ups", "name", "on_status", "on_stage", "on_activity", "after", "while", "obsolete_when",
		"task", "deal", "close_tasks", "back_to", "lists") {
		f := followUp{
			name: s.Text("name"), onStatus: s.Text("on_status"), onStage: s.Text("on_stage"), after: readSpan(s, "after"),
			while: naive.Condition(s, "while"), obsolete: naive.Condition(s, "obsolete_when"), closes: s.Yes("close_tasks"), backTo: s.Text("back_to"),
		}
		if s.Has("on_activity") {
			of := s.Child("on_activity", "kind", "where")
			f.onActivity, f.where = of.Text("kind"), naive.Condition(of, "where")
		}
		if s.Has("lists") {
			l := s.Child("lists", "add", "remove")
			f.add, f.remove = l.Texts("add"), l.Texts("remove")
		}
		if s.Has("task") {
			f.task = readTask(s)
		}
		if s.Has("deal") {
			f.deal = readDeal(s)
		}
		out = append(out, f)
	}
	return out
}

func readTask(s section.Section) *taskRule {
	t := s.Child("task", "kind", "for", "due", "due_fact", "priority", "subject", "body", "queue", "remind", "ladder", "then")
	out := &taskRule{
		kind: orText(t.Text("kind"), "todo"), priority: t.Text("priority"), dueFact: t.Text("due_fact"), due: readSpan(t, "due"),
		subject: t.ByLanguage("subject"), body: t.ByLanguage("body"), who: t.Text("for"), queue: t.Text("queue"), remind: t.Duration("remind"),
	}
	for _, l := range t.List("ladder", "due", "subject", "body", "priority") {
		out.ladder = append(out.ladder, taskStep{
			due: readSpan(l, "due"), priority: l.Text("priority"), subject: l.ByLanguage("subject"), body: l.ByLanguage("body"),
		})
	}
	if t.Has("then") {
		then := t.Child("then", "status", "back_to")
		out.then = outcome{status: then.Text("status"), backTo: then.Text("back_to")}
	}
	return out
}

// readSpan reads "2d", "1w", "2wd", "4wh" or "12h"; none if the key is absent.
func readSpan(s section.Section, key string) span {
	if !s.Has(key) {
		return span{}
	}
	n, unit := s.Span(key)
	return span{n, unit}
}
