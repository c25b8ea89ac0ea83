package audit

import (
	"slices"
	"strings"
	"time"

	"leadsync/connector/hubspot/simulator"
)

// compareTasks checks rules 6 and 7: one task for each episode, with the right content, and obsolete ones
// archived unless a person completed them.
func (a *auditor) compareTasks(c *contact, w *written, why string) {
	left := slices.Clone(w.tasks)
	for _, t := range c.expected.tasks {
		i := slices.IndexFunc(left, func(m *made) bool { return a.speaks(m.record, t.rule, c) })
		if i < 0 && len(left) > 0 && len(left) == len(c.expected.tasks) {
			i = 0 // the only candidate: let its content be compared
		}
		if i < 0 && c.expected.closed[t] != "" {
			continue // obsolete in the very step, so it may never have been sent
		}
		if i < 0 {
			a.find(c, Finding{What: "task", Want: "a task of " + quote(t.rule), Why: why})
			continue
		}
		t.id = left[i].record.id
		a.compareTask(c, t, left[i].record, why)
		left = slices.Delete(left, i, i+1)
	}
	for _, m := range left {
		f := Finding{What: "task", Want: "no further task", Got: showTask(m.record), Why: orText(why, "nothing was entered (rule 6)")}
		for _, t := range c.memory.tasks {
			if a.speaks(m.record, t.rule, c) {
				f.What, f.Why = "duplicate task", "there is task "+t.id+" of "+quote(t.rule)+" for this episode already (rule 6)"
			}
		}
		a.find(c, f)
	}
	a.compareArchived(c, w)
}

func showTask(r *record) string { return "task " + r.id + " " + quote(r.props["hs_task_subject"]) }

func (a *auditor) compareArchived(c *contact, w *written) {
	for _, t := range c.expected.sortedClosed() {
		r := a.world.records[simulator.Tasks+"/"+t.id]
		if r != nil && r.live && r.props["hs_task_status"] != completed {
			a.find(c, Finding{What: "obsolete task", Want: showTask(r) + " archived", Got: "still open", Why: c.expected.closed[t]})
		}
	}
	for _, m := range w.archived {
		f := Finding{What: "archived task", Want: showTask(m.record) + " left alone", Got: "archived"}
		if w.completed[m] {
			f.Why = "a person had completed it (rule 6)"
			a.find(c, f)
			continue
		}
		if !slices.ContainsFunc(c.expected.sortedClosed(), func(t *task) bool { return t.id == m.record.id }) {
			f.Why = "nothing made it obsolete (rule 6)"
			a.find(c, f)
		}
	}
}

const completed = "COMPLETED"

// sortedClosed are the tasks to be closed, in a fixed order.
func (x *expected) sortedClosed() []*task {
	var out []*task
	for t := range x.closed {
		out = append(out, t)
	}
	slices.SortFunc(out, func(s, t *task) int { return strings.Compare(s.rule+s.id, t.rule+t.id) })
	return out
}

func (a *auditor) ruleNamed(name string) followUp {
	i := slices.IndexFunc(a.model.followUps, func(f followUp) bool { return f.name == name })
	return a.model.followUps[i]
}

// speaks reports whether a task's subject can come from a rule's template: the words between the
// placeholders stand in it in order, and its kind is the rule's.
func (a *auditor) speaks(r *record, ruleName string, c *contact) bool {
	t := a.ruleNamed(ruleName).task
	return kindOfTask(r) == t.kind && fits(r.props["hs_task_subject"], a.filled(t.subject, c))
}

func kindOfTask(r *record) string { return strings.ToLower(r.props["hs_task_type"]) }

// filled is a template with the names of the contact in their places and a gap where this package does not
// know what stands there.
func (a *auditor) filled(texts map[string]string, c *contact) string {
	text, props := languageOr(texts, a.in.Mapping.Language), c.record.props
	for placeholder, value := range map[string]string{
		"{name}":       strings.TrimSpace(props["firstname"] + " " + props["lastname"]),
		"{first_name}": props["firstname"], "{last_name}": props["lastname"],
	} {
		if value != "" {
			text = strings.ReplaceAll(text, placeholder, value)
		}
	}
	return text
}

// fits reports whether the pieces of a template between its placeholders occur in a text in their order.
// Punctuation beside a placeholder is not looked at: it may go where there is nothing to stand beside it.
func fits(text, template string) bool {
	const loose = " ,;:.-–·()"
	for first := true; template != ""; first = false {
		piece, rest, _ := strings.Cut(template, "{")
		piece = strings.Trim(piece, loose)
		i := strings.Index(text, piece)
		if i < 0 || (first && i > 0) {
			return false
		}
		text = text[i+len(piece):]
		_, template, _ = strings.Cut(rest, "}")
	}
	return true
}

// compareTask checks the content of one task.
func (a *auditor) compareTask(c *contact, t *task, r *record, why string) {
	rule := a.ruleNamed(t.rule).task
	wrong := func(what, want, got, why string) {
		a.find(c, Finding{What: "task " + what, Want: want, Got: got, Why: showTask(r) + ": " + why})
	}
	a.compareWords(c, t, r, wrong)
	if got := r.props["hubspot_owner_id"]; got != a.ownerOf(c, got) {
		wrong("owner", a.ownerOf(c, got), got, "the contact's owner if active, else the fallback owner (rule 7)")
	}
	due, ok := crmTime(r.props["hs_timestamp"])
	first, last := a.dueDays(rule, c, t.cause)
	if got := due.In(a.zone).Format(time.DateOnly); !ok || got < first || got > last || a.isOff(due) {
		wrong("due date", orRange(first, last), due.In(a.zone).Format("Mon 2006-01-02"), "the due date of "+quote(t.rule)+"; "+why)
	}
	if r.props["hs_task_status"] == completed {
		wrong("state", "open", "completed", "a new task is open")
	}
}

// compareWords checks what the rule alone says about a task.
func (a *auditor) compareWords(c *contact, t *task, r *record, wrong func(what, want, got, why string)) {
	rule := a.ruleNamed(t.rule).task
	if subject := a.filled(rule.subject, c); !fits(r.props["hs_task_subject"], subject) {
		wrong("subject", quote(subject), quote(r.props["hs_task_subject"]), "the subject of "+quote(t.rule)+" names the contact")
	}
	if len(rule.body) > 0 && r.props["hs_task_body"] == "" {
		wrong("body", "a text that says why", "none", "the text of "+quote(t.rule))
	}
	if kindOfTask(r) != rule.kind {
		wrong("type", rule.kind, kindOfTask(r), "the type of "+quote(t.rule))
	}
	if rule.priority != "" && !strings.EqualFold(r.props["hs_task_priority"], rule.priority) {
		wrong("priority", rule.priority, r.props["hs_task_priority"], "the priority of "+quote(t.rule))
	}
}

func orRange(first, last string) string {
	if first == last {
		return first
	}
	return first + " to " + last
}

// ownerOf is rule 7. No webhook tells that an owner left or came back: the program learns of it when it next
// reads the owners, which it does in every step. So in the very step of the change both are right, and from
// the next on only one.
func (a *auditor) ownerOf(c *contact, got string) string {
	owner, fallback := c.record.props["hubspot_owner_id"], a.in.Mapping.FallbackOwner
	if a.shifted[owner] && (got == owner || got == fallback) {
		return got
	}
	if a.world.owners[owner] {
		return owner
	}
	return fallback
}
