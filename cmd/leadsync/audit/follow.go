package audit

import (
	"time"
)

// wait is the time between a cause and its consequence (rule 6).
type wait struct{ cause, until time.Time }

// entering is what a contact entered in a round, empty if nothing.
type entering struct {
	stage, status string
	cause         time.Time // of the status
}

// starts reports whether what was entered is the cause of a rule.
func (e entering) starts(f followUp) bool {
	return e.stage != "" && f.onStage == e.stage || e.status != "" && f.onStatus == e.status
}

// heard is the activity that a rule considered last; without an id there was none up to then.
type heard struct {
	id string
	at time.Time
}

// before reports whether an activity comes after what was considered last, by time and then id.
func (h heard) before(id string, at time.Time) bool {
	return at.After(h.at) || at.Equal(h.at) && h.id != "" && id > h.id
}

func newMemory() *memory {
	return &memory{tasks: map[string]*task{}, waits: map[string]wait{}, rows: map[string]int{}, heard: map[string]heard{}}
}

// follow is rule 6 for one round: the causes in their order, and what comes of them.
func (a *auditor) follow(c *contact, l lead, e entering) (acted bool) {
	m := c.memory
	a.leave(c)
	a.collect(c, l)
	news := map[string]time.Time{}
	a.hear(m, l, func(f followUp, at time.Time) { news[f.name] = at })
	acted = e.stage != "" || e.status != "" || len(news) > 0
	for _, f := range a.model.followUps {
		at, happened := news[f.name]
		switch {
		case e.starts(f):
			a.episode(c, l, f, map[bool]time.Time{true: a.at, false: e.cause}[f.onStage != ""])
		case happened:
			a.episode(c, l, f, at)
		}
		acted = a.waited(c, l, f) || acted
	}
	for range a.model.followUps { // each leads to one status at most
		acted = a.thenRule(c, l) || acted
	}
	acted = a.backRule(c, l) || acted
	acted = a.demands(c, l, e) || acted
	a.outdate(c, l)
	a.passOn(c)
	return acted
}

// waited lets a rule have its consequence when its wait is over.
func (a *auditor) waited(c *contact, l lead, f followUp) bool {
	w, waits := c.memory.waits[f.name]
	if !waits || a.at.Before(w.until) {
		return false
	}
	delete(c.memory.waits, f.name)
	c.expected.because("the wait of " + quote(f.name) + " since " + stamp(w.cause) + " is over (rule 6)")
	a.consequence(c, l, f, a.at)
	return true
}

// hear finds the activities that are news to the rules that wait for one (rule 6), and remembers them.
func (a *auditor) hear(m *memory, l lead, news func(f followUp, at time.Time)) {
	for _, f := range a.model.followUps {
		if f.onActivity == "" {
			continue
		}
		id, at := "", time.Time{}
		for _, x := range l.reading.Of(f.onActivity, f.where) {
			if !x.At.After(a.at) && (x.At.After(at) || x.At.Equal(at) && x.ID > id) {
				id, at = x.ID, x.At
			}
		}
		if id == "" || !m.heard[f.name].before(id, at) {
			continue
		}
		m.heard[f.name] = heard{id, at}
		news(f, at)
	}
}

// followUps is rule 6 for one entering.
func (a *auditor) followUps(c *contact, l lead, concerns func(followUp) bool, cause time.Time) {
	for _, f := range a.model.followUps {
		if concerns(f) {
			a.episode(c, l, f, cause)
		}
	}
}

// episode is one cause of a rule: what follows follows now, or at the end of a wait.
func (a *auditor) episode(c *contact, l lead, f followUp, cause time.Time) {
	m := c.memory
	m.rows[f.name]++
	if f.after.unit != "" {
		m.waits[f.name] = wait{cause: a.at, until: a.waitUntil(c, f.after)}
		c.expected.because(quote(f.name) + " waits until " + stamp(m.waits[f.name].until) + " (rule 6)")
		return
	}
	a.consequence(c, l, f, cause)
}

// waitUntil is when a wait that begins now is over: in working spans, when work of the contact's owner would be due.
func (a *auditor) waitUntil(c *contact, s span) time.Time {
	if s.unit != "wh" && s.unit != "wd" {
		return a.waitEnd(s)
	}
	rule := &taskRule{due: s}
	w := a.workingOf(a.standIn(a.workers(c, "")[0], rule, c))
	return w.next(a.dueFrom(w, rule, c, a.at), false)
}

// waitEnd is so many hours or days of 24 hours from now.
func (a *auditor) waitEnd(s span) time.Time {
	hours := map[string]int{"h": 1, "w": 7 * 24}[s.unit]
	if hours == 0 {
		hours = 24
	}
	return a.at.Add(time.Duration(s.n*hours) * time.Hour)
}

// consequence is what follows from a rule's cause.
func (a *auditor) consequence(c *contact, l lead, f followUp, cause time.Time) {
	x := c.expected
	if f.while != nil && !l.reading.Holds(f.while, a.at) {
		x.because("nothing of " + quote(f.name) + ", for while is not true (rule 6)")
		return
	}
	switch {
	case f.task != nil:
		a.climb(c, l, f, cause)
	case f.deal != nil:
		a.dealRule(c, l, f, cause)
	case f.closes:
		a.closing(c, f.name)
	case f.backTo != "":
		x.wanted(f.name, a.model.followUps)
	default:
		a.listRule(x, f)
	}
}

// climb asks for the task of the present step of a rule's ladder, or for what comes after the last (rule 17).
func (a *auditor) climb(c *contact, l lead, f followUp, cause time.Time) {
	n := c.memory.rows[f.name]
	if of := f.task.step(n); of != nil {
		a.ask(c, l, f, of, cause)
		return
	}
	x := c.expected
	x.because("the ladder of " + quote(f.name) + " has no further step (rule 17)")
	if f.task.then.backTo != "" {
		x.wanted(f.name, a.model.followUps)
		return
	}
	x.then = f.task.then.status
}

// thenRule enters the status to which a ladder led after its last step (rule 17).
func (a *auditor) thenRule(c *contact, l lead) bool {
	m, x := c.memory, c.expected
	status := x.then
	x.then = ""
	if status == "" || status == m.status {
		return false
	}
	x.ledTo = status
	x.statuses = append(x.statuses, status)
	x.standing.status, x.standing.statusValue = status, a.in.Mapping.Statuses[status]
	m.status, m.statusSince = status, a.at
	a.leave(c)
	a.followUps(c, l, func(f followUp) bool { return f.onStatus == status }, a.at)
	return true
}

// leadsBack is the stage to which a rule leads back, by itself or after the last step of its ladder.
func (f followUp) leadsBack() string {
	if f.task != nil {
		return f.task.then.backTo
	}
	return f.backTo
}
