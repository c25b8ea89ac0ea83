package audit

// duty is a task that rules 19 to 24 ask for beside the follow-ups: satisfied by nothing, asked for once, and not needed
// any more as soon as over says why.
type duty struct{ over string }

// end says why a duty is not needed any more; the first reason stays.
func (d *duty) end(why string) {
	if d != nil && d.over == "" {
		d.over = why
	}
}

// beyond is what the auditor remembers of a contact for rules 19 to 24.
type beyond struct {
	met       bool              // a round has looked at it
	was       string            // the stage before this round
	alone     bool              // a lease or a pause keeps leadsync from a property in this round (rule 20)
	round     bool              // another machine took back what leadsync wrote, in this round
	leases    map[string]*lease // by property (rule 20)
	rivals    map[string]*rival
	answered  string // what sales had answered at the last look (rule 21)
	waiting   *waiting
	lacking   lack
	side      string          // the responsible side that was written last
	runs      map[string]*run // of clocks, by name (rule 19)
	judgement *judgement      // the last end that was entered (rule 24)
	cooling   []cooling
	recycled  int
	counted   bool // recycled was raised since a stage was entered forward
}

// demands asks for what rules 19 to 24 ask for, after everything else that a round brings.
func (a *auditor) demands(c *contact, l lead, e entering) (acted bool) {
	a.clockRule(c, l, e)
	a.silence(c, l)
	acted = a.judged(c, l, e)
	a.announce(c)
	return acted
}

// demand is rule 17 for a task that no follow-up asks for: nothing satisfies it.
func (a *auditor) demand(c *contact, d *duty, name string, of taskRule) {
	s := a.slot(c, of.kind)
	t := &task{rule: name, of: &of, cause: a.at, priority: of.priority, duty: d}
	if open := s.last(); open != nil {
		t.priority = higher(open.priority, of.priority)
	}
	s.either = s.either || s.moot != "" && !s.left
	s.asked, s.moot, s.left = t, "", false
	delete(c.memory.owed, of.kind)
	c.expected.because(quote(name) + " asks for a task (rule 17)")
}

// overtaken says why a task of rules 19 to 24 has to go, empty if it stays.
func (t *task) overtaken() string {
	if t == nil || t.duty == nil || t.duty.over == "" {
		return ""
	}
	return quote(t.rule) + ": " + t.duty.over
}

// inADay is due in a working day.
func inADay() span { return span{1, "wd"} }

// forgetAll is the part of rules 14 and 19 by which nothing that was measured is kept.
func (b *beyond) forgetAll() {
	b.leases, b.waiting, b.lacking = nil, nil, lack{}
	b.runs, b.judgement, b.cooling, b.recycled, b.counted = nil, nil, nil, 0, false
}
