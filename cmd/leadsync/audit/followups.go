package audit

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

const completed = "COMPLETED"

func (a *auditor) ruleNamed(name string) followUp {
	i := slices.IndexFunc(a.model.followUps, func(f followUp) bool { return f.name == name })
	if i < 0 {
		return followUp{name: name} // rules 19 to 24 asked for it
	}
	return a.model.followUps[i]
}

func showTask(r *record) string { return "task " + r.id + " " + quote(r.props["hs_task_subject"]) }

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

// compareTask checks the content of one task that was created or amended.
func (a *auditor) compareTask(c *contact, t *task, r *record, why string) {
	wrong := func(what, want, got, why string) {
		a.find(c, Finding{What: "task " + what, Want: want, Got: got, Why: showTask(r) + ": " + why})
	}
	a.compareWords(c, t, r, wrong)
	if got, want := r.props["hubspot_owner_id"], a.standIns(a.workers(c, t.of.who), t.of, c, t.cause); !slices.Contains(want, got) {
		wrong("owner", orNone(strings.Join(want, " or ")), orNone(got), a.whose(t.of.who)+" if active, else the fallback owner (rule 18)")
	} else {
		a.given(c, t.of.who, got)
	}
	due, ok := crmTime(r.props["hs_timestamp"])
	if want, right := a.dueRight(r.props["hubspot_owner_id"], t, c, due); !ok || !right {
		wrong("due date", want, due.In(a.zone).Format("Mon 2006-01-02 15:04"), "the due date of "+quote(t.rule)+"; "+why)
	}
	if t.of.remind > 0 {
		want := strconv.FormatInt(due.Add(-t.of.remind).UnixMilli(), 10)
		if got := r.props["hs_task_reminders"]; got != want {
			wrong("reminder", want, got, "so long before it is due, as "+quote(t.rule)+" says")
		}
	}
	if r.props["hs_task_status"] == completed {
		wrong("state", "open", "completed", "a new task is open")
	}
}

// compareWords checks what the rule alone says about a task.
func (a *auditor) compareWords(c *contact, t *task, r *record, wrong func(what, want, got, why string)) {
	subject := strings.ReplaceAll(a.filled(t.of.subject, c), "{attempt}", strconv.Itoa(t.attempt))
	if !fits(r.props["hs_task_subject"], subject) {
		wrong("subject", quote(subject), quote(r.props["hs_task_subject"]), "the subject of "+quote(t.rule)+" names the contact")
	}
	if len(t.of.body) > 0 && r.props["hs_task_body"] == "" {
		wrong("body", "a text that says why", "none", "the text of "+quote(t.rule))
	}
	if kindOfTask(r) != t.of.kind {
		wrong("type", t.of.kind, kindOfTask(r), "the type of "+quote(t.rule))
	}
	if t.priority != "" && !strings.EqualFold(r.props["hs_task_priority"], t.priority) {
		wrong("priority", t.priority, r.props["hs_task_priority"], "the highest priority of those who asked for it (rule 17)")
	}
	if queue := a.in.Mapping.Queues[t.of.queue]; queue != "" && r.props["hs_queue_membership_ids"] != queue {
		wrong("queue", queue, orNone(r.props["hs_queue_membership_ids"]), "the queue of "+quote(t.rule))
	}
}

// moment is a moment as people write it, in the zone of the portal.
func (a *auditor) moment(at time.Time) string { return at.In(a.zone).Format("Mon 2006-01-02 15:04") }

func orRange(first, last string) string {
	if first == last {
		return first
	}
	return first + " to " + last
}
