package workflows_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"leadsync/connector"
	"leadsync/workflows"
)

// yearWatch is what is checked of one contact. It knows the CRM, what leadsync has read of it, and what it writes; nothing
// of how it decides.
type yearWatch struct {
	keys  map[string]bool      // of tasks and deals that were planned
	deals map[string]time.Time // the entering that each deal was made for
	holds map[string]hold      // what a person chose against the model, by property
	seen  map[string]time.Time // the newest version of each property that a look has considered
	high  int                  // the furthest stage that leadsync has seen or set
	// ours is the last stage that leadsync meant to write, rounds when a machine set such a one back, peace until when
	// leadsync lets it have its way.
	ours   workflows.Observation
	rounds []time.Time
	peace  time.Time
	done   int       // versions that were looked at
	again  time.Time // the last look that wanted another one at once
}

type hold struct {
	value, facts string
	until        time.Time
}

// planned checks a plan before it is saved.
func (w *yearWatch) planned(l *yearLead, planned workflows.Planned, hinted bool) {
	// At once it looks again only if what it has counted itself is a fact, and then once.
	at, now := planned.LookAt, l.team.now
	if !at.IsZero() && at.Before(now) || at.Equal(now) && w.again.Equal(now) {
		l.team.Fatalf("looks again at %v, which is over", at)
	}
	if at.Equal(now) {
		w.again = now
	}
	w.read(l, planned.State.Held)
	for _, e := range planned.Entries {
		if e.State != workflows.StateReady {
			continue
		}
		switch e.Kind { //nolint:exhaustive // the others are no business of a year
		case workflows.KindTask:
			w.fresh(l, e)
			w.needed(l, e)
			w.workable(l, decoded[connector.Task](l.team, e))
		case workflows.KindAmend:
			w.fresh(l, e)
			w.workable(l, decoded[workflows.AmendPayload](l.team, e).Task)
		case workflows.KindDeal:
			w.fresh(l, e)
		case workflows.KindUpdate:
			w.update(l, decoded[workflows.UpdatePayload](l.team, e).Properties)
		case workflows.KindBack:
			w.high = max(w.high, l.rank(decoded[workflows.BackPayload](l.team, e).To))
			w.fights(l)
		}
	}
	if hinted {
		w.looksAfter(l, planned)
	}
}

// read learns what a look has read of the history of stage and status. A contact that is held after the look has no
// leases; one that the person's own deed released has (rules 1 and 20), and when that lease ends, the stage is open again.
func (w *yearWatch) read(l *yearLead, held bool) {
	w.passed(l, l.record.Contact.Properties["lifecyclestage"])
	if l.record.State == nil { // what was before the first look is no news later
		w.done, w.seen["lifecyclestage"], w.seen["hs_lead_status"] = len(l.versions), l.team.now, l.team.now
		return
	}
	// What others passed counts before a machine that sets the stage back takes it away (rules 12 and 20); what leadsync
	// wrote was counted when it was planned, and must not count once more after a round has taken it away.
	for ; w.done < l.known; w.done++ {
		if v := l.versions[w.done]; v.Property == "lifecyclestage" && v.Origin != connector.OriginOwn {
			w.passed(l, v.Value)
		}
	}
	for _, property := range []string{"lifecyclestage", "hs_lead_status"} {
		pending, underWay := l.record.Pending[property]
		if h, held := w.holds[property]; held && (l.standing(property) != h.value || l.facts() != h.facts && l.team.what.facts || !l.team.now.Before(h.until)) {
			delete(w.holds, property)
			if property == "lifecyclestage" && l.standing(property) == h.value {
				w.high = l.rank(h.value) // what the person took back is open again
			}
		}
		v := l.newest(property)
		if !l.record.Told || v.Value != l.props[property] || !v.At.After(w.seen[property]) {
			continue
		}
		w.seen[property] = v.At
		if property == "lifecyclestage" && !underWay {
			w.round(l, v)
		}
		against := l.rank(v.Value) < w.high && (l.rank(v.Value) <= len(l.team.portal.Order))
		if property == "hs_lead_status" {
			against = w.statusAgainst(l, v.Value)
		}
		until := v.At.AddDate(0, 0, l.team.what.days)
		_, replaced := pending, underWay
		if l.team.what.days > 0 && v.Origin == connector.OriginPerson && against && until.After(l.team.now) && !held {
			if l.team.counts["lease"]++; replaced {
				l.team.counts["later than ours"]++
			}
			w.holds[property] = hold{v.Value, l.facts(), until}
		}
	}
}

// passed notes that the contact has been in a stage that leadsync knows.
func (w *yearWatch) passed(l *yearLead, value string) {
	if value != "4711" {
		w.high = max(w.high, l.rank(value))
	}
}

// statusAgainst reports whether a person's status is not what the newest call asks for. Only small models have leases.
func (w *yearWatch) statusAgainst(l *yearLead, value string) bool {
	if l.props["lifecyclestage"] != "salesqualifiedlead" || l.record.Pending["lifecyclestage"] != "" ||
		!slices.Contains([]string{"NEW", "ATTEMPTED_TO_CONTACT", "IN_PROGRESS", "BAD_TIMING"}, value) {
		return false
	}
	var last time.Time
	would := "NEW"
	for _, o := range l.record.Activities {
		at, _ := time.Parse(time.RFC3339Nano, o.Properties["hs_timestamp"])
		status := map[string]string{noAnswer: "ATTEMPTED_TO_CONTACT", connected: "IN_PROGRESS"}[o.Properties["hs_call_disposition"]]
		if o.Type == connector.TypeCall && status != "" && !at.After(l.team.now) && !at.Before(last) {
			if at.Equal(last) {
				return false // which one counts is not for this check to say
			}
			last, would = at, status
		}
	}
	return would != value
}

// standing is what a property says with what is under way.
func (l *yearLead) standing(property string) string {
	if value, is := l.record.Pending[property]; is && l.newest(property).Origin == connector.OriginOwn {
		return value
	}
	return l.record.Contact.Properties[property]
}

// facts are those of small models.
func (l *yearLead) facts() string {
	open := 0
	for _, d := range l.record.Deals {
		if d.Properties["hs_is_closed"] != "true" {
			open++
		}
	}
	p := l.record.Contact.Properties
	return fmt.Sprint(p["email"], p["vip"], p["budget"], p["call_back_on"], p["handover"], open)
}

// round counts that a machine set back what leadsync wrote; after three within a day it has a day of peace.
func (w *yearWatch) round(l *yearLead, v workflows.Observation) {
	if v.Origin != connector.OriginMachine || !v.At.After(w.ours.At) || w.ours.Value == "" || v.Value == "" || l.rank(v.Value) >= l.rank(w.ours.Value) {
		return
	}
	if w.ours = (workflows.Observation{}); l.team.what.days > 0 {
		w.high = min(w.high, l.rank(v.Value))
	}
	w.rounds = append(slices.DeleteFunc(w.rounds, func(at time.Time) bool { return l.team.now.Sub(at) >= 24*time.Hour }), v.At)
	if len(w.rounds) >= 3 {
		l.team.counts["rival"]++
		w.peace, w.rounds = l.team.now.Add(24*time.Hour), nil
	}
}

// fights checks that leadsync does not go on fighting another machine.
func (w *yearWatch) fights(l *yearLead) {
	if l.team.now.Before(w.peace) {
		l.team.Fatalf("moves the stage although a machine has set it back three times within a day, before %v", w.peace)
	}
}

// update checks what is about to be written of stage and status.
func (w *yearWatch) update(l *yearLead, props map[string]string) {
	for property, value := range props {
		if h, held := w.holds[property]; held && h.value != value {
			l.team.Fatalf("sets %s to %q, which a person has set to %q; that holds until %v", property, value, h.value, h.until)
		}
	}
	stage, moves := props["lifecyclestage"]
	if !moves {
		return
	}
	w.fights(l)
	if l.team.what.forEver && l.rank(stage) <= w.high {
		l.team.Fatalf("moves to %q although the contact has been there or further (rank %d)", stage, w.high)
	}
	w.ours = workflows.Observation{Value: stage, At: l.team.now}
	w.high = max(w.high, l.rank(stage))
}

// sent checks a write at the moment at which it is made: what a person has set since it was planned, and leadsync has
// looked at, is not overwritten.
func (w *yearWatch) sent(l *yearLead, row *yearRow, p workflows.UpdatePayload) {
	for property, value := range p.Properties {
		v := l.newest(property)
		if v.Origin != connector.OriginPerson || !v.At.After(row.PlannedAt) || v.Value == value {
			continue
		}
		if l.team.counts["write after a person"]++; !v.At.After(w.seen[property]) {
			l.team.Fatalf("writes %s = %q over %q of a person, who came after the plan of %v and was seen", property, value, v.Value, row.PlannedAt)
		}
	}
}

// taken checks a way back at the moment at which it is made, likewise.
func (w *yearWatch) taken(l *yearLead, row *yearRow) {
	v := l.newest("lifecyclestage")
	if v.Origin == connector.OriginPerson && v.At.After(row.PlannedAt) && !v.At.After(w.seen["lifecyclestage"]) {
		l.team.Fatalf("takes the contact back from %q, which a person has set after the plan of %v and was seen", v.Value, row.PlannedAt)
	}
}

// fresh checks that one cause has one task or deal.
func (w *yearWatch) fresh(l *yearLead, e workflows.OutboxEntry) {
	if w.keys[e.Key] {
		l.team.Fatalf("%s %q is planned a second time", e.Kind, e.Key)
	}
	w.keys[e.Key] = true
}

// needed checks that no task of a follow-up is made beside what satisfies it, as far as the mirror shows it.
func (w *yearWatch) needed(l *yearLead, e workflows.OutboxEntry) {
	asks := false
	for _, f := range l.team.model.FollowUps() {
		asks = asks || f.Name == e.Reason.Params["rule"] && f.Task != nil
	}
	if !asks {
		return // a question
	}
	kind := strings.ToUpper(string(decoded[connector.Task](l.team, e).Kind))
	for _, o := range l.record.Activities {
		p := o.Properties
		at, _ := time.Parse(time.RFC3339, p["hs_timestamp"])
		switch {
		case o.Type == connector.TypeTask && p["hs_task_type"] == kind && p["hs_task_status"] != taskDone:
			// One of ours that is open is amended or left, never joined by another.
			l.team.Fatalf("makes a task %s beside the open task %s", e.Key, o.ID)
		case o.Type == connector.TypeMeeting && at.After(l.team.now) && p["hs_meeting_outcome"] != "CANCELED":
			l.team.Fatalf("makes a task %s although meeting %s lies ahead", e.Key, o.ID)
		}
	}
	if l.record.Contact.Properties["hs_sequences_is_enrolled"] == "true" {
		l.team.Fatalf("makes a task %s although the contact is in a sequence", e.Key)
	}
}

// workable checks that a task is for somebody who is there, and due when they work.
func (w *yearWatch) workable(l *yearLead, t connector.Task) {
	if o := l.team.owners[t.OwnerID]; t.OwnerID != "" && (!o.Active || !o.Person) {
		l.team.Fatalf("task %s is for %s, who has left", t.Key, t.OwnerID)
	}
	l.team.inTime(t.Key, t.OwnerID, t.DueAt)
	if t.DueAt.Before(l.team.now.Truncate(time.Second)) {
		l.team.Fatalf("task %s is due at %v, which is over", t.Key, t.DueAt)
	}
}

// looksAfter checks that no task of ours stays with somebody who has left, once leadsync has looked. One that was to be
// amended or archived and was left, because a person had edited it, is theirs from then on (rules 17 and 18).
func (w *yearWatch) looksAfter(l *yearLead, planned workflows.Planned) {
	for _, row := range l.rows {
		if row.State == workflows.StateReady && row.Class == workflows.ClassTask {
			return // its turn comes first
		}
	}
	for _, e := range planned.Entries {
		if e.Class == workflows.ClassTask {
			return
		}
	}
	for _, t := range l.tasks {
		if o, known := l.team.owners[t.owner]; known && t.ours() && !t.left && !o.Active {
			l.team.Fatalf("task %s stays with %s, who has left", t.key, t.owner)
		}
	}
}

// wrote checks a task when it stands in the CRM.
func (w *yearWatch) wrote(l *yearLead, t *yearTask) {
	n := 0
	for _, other := range l.tasks {
		if other.ours() && other.kind == t.kind {
			n++
		}
	}
	if n > 1 {
		l.team.Fatalf("%d open tasks of ours of kind %s", n, t.kind)
	}
	l.team.inTime(t.key, t.owner, t.due)
	l.team.withinBudget(t)
}

// deal checks that a deal has a cause of its own: somebody entered the status that asks for it, and no other deal was
// made for that.
func (w *yearWatch) deal(l *yearLead, row *yearRow) {
	var cause time.Time
	for _, v := range l.versions {
		if v.Property == "hs_lead_status" && v.Value == "OPEN_DEAL" && !v.At.After(row.PlannedAt) {
			cause = v.At
		}
	}
	if cause.IsZero() {
		l.team.Fatalf("deal %s without a cause", row.Key)
	}
	for key, at := range w.deals {
		if at.Equal(cause) {
			l.team.Fatalf("deals %s and %s for the status of %v", key, row.Key, cause)
		}
	}
	w.deals[row.Key] = cause
}
