package audit

import (
	"slices"
	"sort"
	"time"

	"leadsync/cmd/leadsync/audit/section"
)

// clock is a response clock (rule 19).
type clock struct {
	name, stage, first   string
	within, remind       span
	escalateTo           string
	reminder, escalation taskTexts
}

// taskTexts are subject and body of a task, by language; empty where the model leaves them to leadsync.
type taskTexts struct{ subject, body map[string]string }

// run is one run of a clock.
type run struct {
	hours                  *working // of the owner it began with
	start, limit, remindAt time.Time
	ended                  time.Time // zero: not yet
	first                  time.Time // the first contact, zero: none yet
	reminder, escalation   *duty     // nil: not asked for yet
}

func readClocks(root section.Section) []clock {
	var out []clock
	for _, s := range root.List("response", "name", "stage", "first", "within", "remind", "escalate_to", "reminder", "escalation", "team", "source") {
		out = append(out, clock{
			name: s.Text("name"), stage: s.Text("stage"), first: s.Text("first"), within: readSpan(s, "within"), remind: readSpan(s, "remind"),
			escalateTo: s.Text("escalate_to"), reminder: readTexts(s, "reminder"), escalation: readTexts(s, "escalation"),
		})
	}
	return out
}

func readTexts(s section.Section, key string) taskTexts {
	if !s.Has(key) {
		return taskTexts{}
	}
	of := s.Child(key, "subject", "body")
	return taskTexts{of.ByLanguage("subject"), of.ByLanguage("body")}
}

// clockRule is rule 19 after the plan of a round.
func (a *auditor) clockRule(c *contact, l lead, e entering) {
	m := c.memory
	for _, k := range a.model.clocks {
		if m.stage == k.stage && (e.stage == k.stage || m.was != k.stage && c.expected.wentBackTo(k.stage)) {
			a.start(c, k)
		}
		r := m.runs[k.name]
		if r == nil {
			continue
		}
		if r.ended.IsZero() && (m.stage != k.stage || a.model.final()[m.status] || a.model.endOf(m.status) != nil) {
			r.ended = a.at
		}
		a.contacted(l, k, r)
		a.remindOf(c, k, r)
	}
}

// start begins a run anew. What the one before asked for is not needed any more.
func (a *auditor) start(c *contact, k clock) {
	m := c.memory
	if r := m.runs[k.name]; r != nil {
		r.reminder.end("the clock was started anew (rule 19)")
		r.escalation.end("the clock was started anew (rule 19)")
	}
	w := a.ownersTime(c)
	r := &run{start: a.at, limit: w.worked(a.at, k.within), hours: w}
	if k.remind.unit != "" {
		seconds := int(r.limit.Sub(r.start) / time.Second)
		early := sort.Search(seconds, func(n int) bool {
			return w.worked(r.start.Add(time.Duration(n+1)*time.Second), k.remind).After(r.limit)
		})
		r.remindAt = r.start.Add(time.Duration(early) * time.Second)
	}
	if m.runs == nil {
		m.runs = map[string]*run{}
	}
	m.runs[k.name] = r
	c.expected.because("the clock " + quote(k.name) + " runs until " + stamp(r.limit) + " (rule 19)")
}

// contacted looks for the first contact.
func (a *auditor) contacted(l lead, k clock, r *run) {
	for _, x := range l.reading.Of(k.first, nil) {
		if x.At.After(a.at) || !r.ended.IsZero() && x.At.After(r.ended) {
			continue
		}
		if x.At.Before(r.start) && r.hours.worked(x.At, span{1, "wh"}).Before(r.start) {
			continue
		}
		if r.first.IsZero() || x.At.Before(r.first) {
			r.first = x.At
		}
	}
}

// remindOf asks for reminder and escalation, each once, and says when they are not needed any more.
func (a *auditor) remindOf(c *contact, k clock, r *run) {
	over := ""
	switch {
	case !r.first.IsZero():
		over = "somebody has contacted the lead (rule 19)"
	case !r.ended.IsZero():
		over = "the clock ended (rule 19)"
	}
	switch {
	case over != "":
		r.reminder.end(over)
		r.escalation.end(over)
	case a.at.Before(r.limit):
		if r.reminder == nil && k.remind.unit != "" && !a.at.Before(r.remindAt) {
			r.reminder = &duty{}
			a.demand(c, r.reminder, k.name+": reminder", taskRule{kind: "todo", priority: "high", due: k.remind, subject: k.reminder.subject, body: k.reminder.body})
		}
	case k.escalateTo != "" && r.escalation == nil:
		r.escalation = &duty{}
		r.reminder.end("the escalation takes its place (rule 19)")
		a.demand(c, r.escalation, k.name+": escalation", taskRule{
			kind: "todo", priority: "high", due: span{0, "wh"}, who: k.escalateTo, subject: k.escalation.subject, body: k.escalation.body,
		})
	}
}

// ownersTime is when the contact's owner works, or the portal's fallback if that is nobody active.
func (a *auditor) ownersTime(c *contact) *working {
	owner := c.record.props["hubspot_owner_id"]
	if !a.world.owners[owner] {
		owner = a.fallback()
	}
	return a.workingOf(owner)
}

// worked is the first moment of working time at which so much of it has passed; working days end at the time of day of the
// beginning, or at the next moment that is worked in. Nobody is ever absent.
func (w *working) worked(from time.Time, s span) time.Time {
	if s.unit == "wd" {
		day := from.In(w.zone)
		for range s.n {
			day = day.AddDate(0, 0, 1)
			for !w.date(day) {
				day = day.AddDate(0, 0, 1)
			}
		}
		return w.next(day, true).UTC()
	}
	t, left := w.next(from, true), time.Duration(s.n)*time.Hour
	for left > 0 {
		step := min(left, t.Truncate(time.Minute).Add(time.Minute).Sub(t))
		t, left = w.next(t.Add(step), true), left-step
	}
	return t.UTC()
}

// judging is what a model says of misjudged leads (rule 24).
type judging struct {
	stages []string
	ends   []end
}

// end is how a lead turns out to have been misjudged.
type end struct {
	status, backTo string
	outcome, wants string
	ask            taskTexts
	due, coolDown  span
}

// judgement is an end that was entered.
type judgement struct {
	of      end
	stage   string // in which it was entered
	counted bool   // it raised recycled
	asked   *duty
	over    string // why nobody is asked any more
}

// cooling is a time in which points lead to no stage.
type cooling struct {
	of    *judgement
	until time.Time
}

func readJudging(root section.Section) judging {
	if !root.Has("misjudged") {
		return judging{}
	}
	s := root.Child("misjudged", "stages", "source", "ends")
	out := judging{stages: s.Texts("stages")}
	for _, e := range s.List("ends", "status", "back_to", "outcome", "wants", "ask", "due", "cool_down") {
		one := end{
			status: e.Text("status"), backTo: e.Text("back_to"), outcome: orText(e.Text("outcome"), "mark"), wants: e.Text("wants"),
			ask: readTexts(e, "ask"), due: inADay(), coolDown: readSpan(e, "cool_down"),
		}
		if e.Has("due") {
			one.due = readSpan(e, "due")
		}
		out.ends = append(out.ends, one)
	}
	return out
}

// endOf is the end that a status is, nil if it is none.
func (m *model) endOf(status string) *end {
	for i, e := range m.judging.ends {
		if e.status != "" && e.status == status {
			return &m.judging.ends[i]
		}
	}
	return nil
}

// cooled is the stage that the model chooses, or during a cool-down the furthest that asks for no points (rule 24). A
// status that people enter now counts, and one that they left where they had entered it does not any more.
func (a *auditor) cooled(c *contact, l lead, v verdict) string {
	m := c.memory
	if l.status != m.status && l.stage == m.stage {
		a.mistaken(c, m.stage)
	}
	until := time.Time{}
	for _, x := range m.cooling {
		until = later(until, x.until)
	}
	if e := a.model.endOf(l.status); e != nil && l.status != m.status {
		until = later(until, a.coolUntil(*e))
	}
	if !a.at.Before(until) {
		return v.stage
	}
	c.expected.because("points lead to no stage until " + stamp(until) + " (rule 24)")
	return l.reading.WithoutPoints(a.at)
}

func (a *auditor) coolUntil(e end) time.Time {
	if e.coolDown.unit == "" {
		return time.Time{}
	}
	return a.waitEnd(e.coolDown)
}

// mistaken takes a judgement back whose status was left in the stage in which it was entered.
func (a *auditor) mistaken(c *contact, stage string) {
	m := c.memory
	j := m.judgement
	if j == nil || j.of.status == "" || j.stage != stage || j.of.status != m.status {
		return
	}
	if j.counted {
		m.recycled--
		m.counted = false
	}
	m.cooling = slices.DeleteFunc(m.cooling, func(x cooling) bool { return x.of == j })
	j.asked.end("the judgement was taken back (rule 24)")
	m.judgement = nil
}

// judged is rule 24 after the plan of a round: what was entered, and who has to say why.
func (a *auditor) judged(c *contact, l lead, e entering) (acted bool) {
	m := c.memory
	if len(a.model.judging.ends) == 0 {
		return false
	}
	j := m.judgement
	if slices.Contains(a.model.judging.stages, e.stage) && a.rank(e.stage) > a.rank(m.was) {
		m.counted = false
		if j != nil {
			j.over = "the contact is a lead again (rule 24)"
			j.asked.end(j.over)
		}
	}
	if of, stage := a.enteredEnd(c, e); of != nil {
		a.condemn(c, *of, stage)
		j, acted = m.judgement, true
	}
	if j == nil || j.of.wants == "" {
		return acted
	}
	word := l.reading.Word(j.of.wants)
	switch {
	case word != "":
		j.asked.end("the reason is there (rule 24)")
	case j.asked == nil && j.over == "":
		j.asked = &duty{}
		a.demand(c, j.asked, "why "+orText(j.of.status, j.of.backTo), taskRule{kind: "todo", priority: "medium", due: j.of.due, subject: j.of.ask.subject, body: j.of.ask.body})
	}
	return acted
}

// enteredEnd is the first end in the file that was entered in a round, and the stage in which.
func (a *auditor) enteredEnd(c *contact, e entering) (of *end, stage string) {
	m := c.memory
	stage = orText(e.stage, m.was)
	entered := []string{e.status, c.expected.ledTo}
	for i := range a.model.judging.ends {
		x := &a.model.judging.ends[i]
		back := x.backTo != "" && m.stage == x.backTo && (a.rank(m.was) > a.rank(m.stage) && e.stage == m.stage || c.expected.wentBackTo(x.backTo))
		if back || x.status != "" && slices.Contains(entered, x.status) {
			return x, stage
		}
	}
	return nil, ""
}

// condemn notes an end.
func (a *auditor) condemn(c *contact, of end, stage string) {
	m := c.memory
	if m.judgement != nil {
		m.judgement.asked.end("another end was entered (rule 24)")
	}
	j := &judgement{of: of, stage: stage}
	if of.outcome == "recycle" && !m.counted {
		m.counted, j.counted = true, true
		m.recycled++
	}
	if until := a.coolUntil(of); !until.IsZero() {
		m.cooling = append(m.cooling, cooling{j, until})
	}
	m.judgement = j
	c.expected.because(quote(orText(of.status, of.backTo)) + " says that the lead was misjudged (rule 24)")
}
