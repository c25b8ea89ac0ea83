package audit

import (
	"slices"
	"time"

	"leadsync/connector/hubspot/simulator"
)

// task is a task of ours that the rules asked for; id is set when it was found in the account.
type task struct {
	rule     string
	of       *taskRule // the step of the rule's ladder, or the rule itself
	id       string
	attempt  int       // how many episodes in a row there were
	cause    time.Time // when what caused it happened, at the earliest
	priority string    // the higher of all that asked for it
	duty     *duty     // of rules 19 to 24, nil for a follow-up's
	perhaps  string    // why it may also be satisfied already, empty if it surely is not
	until    time.Time // how long it is owed if it is satisfied by open tasks
}

// slot is what happens in one step to the one open task of ours of a kind (rule 17).
type slot struct {
	kind   string
	old    *task  // the open task before the step, nil if there was none
	ended  *task  // the one that a person completed or deleted in the very step
	asked  *task  // what was asked for last, nil if nothing was
	moot   string // why whatever is open now has to be archived, empty if it stays
	left   bool   // and only because in this very round its status was left, so that what is asked for now amends it
	either bool   // old was obsolete before it was asked for again: amending it is as right as another in its place
	before *slot  // what would be right if asked was satisfied already, nil if it was not
}

// slot is the one of a kind in this step.
func (a *auditor) slot(c *contact, kind string) *slot {
	x := c.expected
	if x.slots == nil {
		x.slots = map[string]*slot{}
	}
	if x.slots[kind] == nil {
		ended := c.memory.tasks[kind]
		if ended != nil && !a.ours[simulator.Tasks+"/"+ended.id].endedAt.Equal(a.at) {
			ended = nil
		}
		x.slots[kind] = &slot{kind: kind, old: a.standing(c, kind), ended: ended}
	}
	return x.slots[kind]
}

// slots are those in which there is anything.
func (a *auditor) slots(c *contact) []*slot {
	var out []*slot
	for _, kind := range sortedKeys(c.memory.tasks) {
		a.slot(c, kind)
	}
	for _, kind := range sortedKeys(c.expected.slots) {
		out = append(out, c.expected.slots[kind])
	}
	return out
}

// standing is the open task of ours of a kind, nil if there is none any more or a person edited it.
func (a *auditor) standing(c *contact, kind string) *task {
	t := c.memory.tasks[kind]
	if t == nil {
		return nil
	}
	m := a.ours[simulator.Tasks+"/"+t.id]
	if m == nil || !m.open() {
		delete(c.memory.tasks, kind)
		return nil
	}
	if m.edited() { // until it is put back
		return nil
	}
	return t
}

// now is the task that is open, or will be when all is done: what was asked for, else what was there.
func (s *slot) now() *task {
	if s.moot != "" {
		return nil
	}
	return s.last()
}

func (s *slot) last() *task {
	if s.asked != nil {
		return s.asked
	}
	return s.old
}

// ask is rule 17 for one task that a rule asks for.
func (a *auditor) ask(c *contact, l lead, f followUp, of *taskRule, cause time.Time) {
	x := c.expected
	if l.reading.Holds(f.obsolete, a.at) {
		x.because("no task of " + quote(f.name) + ", for obsolete_when is true (rule 17)")
		return
	}
	a.askFor(c, &task{rule: f.name, of: of, attempt: c.memory.rows[f.name], cause: cause, until: a.at.Add(owedFor)})
}

// askFor lets a task be made unless it is satisfied.
func (a *auditor) askFor(c *contact, t *task) {
	x := c.expected
	surely, perhaps := a.satisfied(c, t.of.kind)
	t.perhaps = perhaps
	if surely != "" {
		x.because("no task of " + quote(t.rule) + ", for there is " + surely + " (rule 17)")
		a.owe(c, t)
		return
	}
	s := a.slot(c, t.of.kind)
	before := *s
	t.priority = t.of.priority
	if open := s.last(); open != nil {
		t.priority = higher(open.priority, t.of.priority)
	}
	s.either = s.either || s.moot != "" && !s.left
	s.asked, s.moot, s.left = t, "", false
	if t.perhaps != "" {
		s.before = &before
	}
	delete(c.memory.owed, t.of.kind)
	x.because(quote(t.rule) + " asks for a task (rule 17)")
}

// passOn is rule 18 for the open tasks of somebody who has left: each goes to who would do it now.
func (a *auditor) passOn(c *contact) {
	for _, kind := range sortedKeys(c.memory.tasks) {
		s := a.slot(c, kind)
		if s.old == nil || s.asked != nil || s.moot != "" {
			continue
		}
		r := a.world.records[simulator.Tasks+"/"+s.old.id]
		owner := r.props["hubspot_owner_id"]
		if active, known := a.world.owners[owner]; active || !known {
			continue
		}
		t, of := *s.old, *s.old.of
		of.handed, _ = crmTime(r.props["hs_timestamp"])
		t.id, t.of, t.cause, t.perhaps, t.priority = "", &of, a.at, "", higher(s.old.priority, of.priority)
		if a.shifted[owner] {
			t.perhaps, s.before = "its owner left in this very step", &slot{kind: kind, old: s.old}
		}
		s.asked = &t
		c.expected.because("the owner of the task of " + quote(t.rule) + " has left (rule 18)")
	}
}

// higher is the higher of two priorities; a rule that names none means a medium one.
func higher(p, q string) string {
	if p == "" && q == "" {
		return ""
	}
	order := []string{"low", "medium", "high"}
	if slices.Index(order, orText(p, "medium")) > slices.Index(order, orText(q, "medium")) {
		return p
	}
	return orText(q, "medium")
}

// satisfied says what of others makes a task of a kind superfluous, empty if nothing does; and what may or may not
// have been seen in time.
func (a *auditor) satisfied(c *contact, kind string) (surely, perhaps string) {
	if c.record.props[enrolled] == "true" {
		surely = "an active sequence"
	}
	weigh := func(r *record, there bool, what string) {
		if a.maybeNews(c, r, there) {
			perhaps = what + " " + r.id + ", made or changed in the same step, deleted, or from when nobody might look"
		} else if there {
			surely = what + " " + r.id
		}
	}
	for _, r := range a.world.everLinked(c.record, simulator.Tasks) {
		if kindOfTask(r) == kind && a.theirs(r) {
			weigh(r, r.isOpen(), "an open task of somebody else's or edited by a person:")
		}
	}
	for _, r := range a.world.everLinked(c.record, simulator.Meetings) {
		weigh(r, a.liesAhead(r), "a meeting that lies ahead:")
	}
	return surely, perhaps
}

// maybeNews reports whether nobody may have told yet that a record is there, or that it ended.
func (a *auditor) maybeNews(c *contact, r *record, there bool) bool {
	if a.ours[r.key()] != nil {
		return !there && a.unseen(r)
	}
	done := r.typ == simulator.Tasks && r.live && !there // seen late, it was owed
	return a.fresh[r.key()] && !done || a.unseen(r) || there && a.overlooked(c, r)
}

func (r *record) isOpen() bool { return r.live && r.props["hs_task_status"] != completed }

func (a *auditor) liesAhead(meeting *record) bool {
	at, ok := crmTime(meeting.props["hs_timestamp"])
	return meeting.live && ok && at.After(a.at) && meeting.props["hs_meeting_outcome"] != calledOff
}

// unseen reports whether nobody may have told yet that an open task or a meeting was deleted.
func (a *auditor) unseen(r *record) bool {
	return !r.live && a.at.Sub(r.gone) <= unseenFor && r.props["hs_task_status"] != completed
}

// overlooked reports whether nobody may have told yet whose a record is, since it was made before the contact could be
// profiled again (rule 14).
func (a *auditor) overlooked(c *contact, r *record) bool {
	return !c.since.IsZero() && !r.created.After(c.since) && a.at.Sub(c.since) <= unseenFor
}

// theirs reports whether a task is not ours, or one that a person edited.
func (a *auditor) theirs(r *record) bool {
	m := a.ours[r.key()]
	return m == nil || m.edited()
}

// unseenFor is how long a task or meeting that a person deleted may count as if it were there: no feed tells that it is
// gone, only the walk through the whole account.
const unseenFor = 31 * 24 * time.Hour

// calledOff is the outcome of a meeting that does not take place.
const calledOff = "CANCELED"

// enrolled is the contact property that says whether the contact is in an active sequence.
const enrolled = "hs_sequences_is_enrolled"

// leave makes the tasks moot that belong to another status than the present one (rule 17), and ends the waits and
// rows of rules whose status or stage was left (rules 6 and 17).
func (a *auditor) leave(c *contact) {
	m := c.memory
	for _, s := range a.slots(c) {
		s.left = false
		if t := s.now(); t != nil {
			if of := a.ruleNamed(t.rule).onStatus; of != "" && of != m.status {
				s.moot = "the status is " + orNone(m.status) + " and no longer " + of + " (rule 17)"
				s.left = true
			}
		}
	}
	for _, f := range a.model.followUps {
		if f.onActivity != "" && m.rowsIn != m.status {
			delete(m.rows, f.name)
		}
		if f.onStatus != "" && f.onStatus != m.status || f.onStage != "" && f.onStage != m.stage {
			delete(m.waits, f.name)
			delete(m.rows, f.name)
		}
	}
	m.rowsIn = m.status
}

// outdate makes the tasks moot of which the rule says by now that they are obsolete (rule 17).
func (a *auditor) outdate(c *contact, l lead) {
	for _, s := range a.slots(c) {
		t := s.now()
		if why := t.overtaken(); why != "" {
			s.moot = why
			continue
		}
		if t != nil && l.reading.Holds(a.ruleNamed(t.rule).obsolete, a.at) {
			s.moot = "obsolete_when of " + quote(t.rule) + " is true (rule 17)"
		}
	}
}

// closing is the part of rule 6 by which a closing rule archives every open task of ours.
func (a *auditor) closing(c *contact, name string) {
	clear(c.memory.owed)
	for _, s := range a.slots(c) {
		if s.now() != nil {
			s.moot = quote(name) + " closes every open task (rule 6)"
		}
	}
}
