package audit

import (
	"maps"
	"slices"
	"strings"

	"leadsync/connector/hubspot/simulator"
)

// compareTasks checks rules 6, 17 and 18: the open task of each kind is the one that was asked for last, with its
// content, and what is obsolete was archived unless a person had completed or edited it.
func (a *auditor) compareTasks(c *contact, w *written, why string) {
	left := slices.DeleteFunc(slices.Clone(w.tasks), func(m *made) bool { return !m.record.live })
	touched := maps.Clone(w.amended)
	for _, kind := range sortedKeys(c.expected.slots) {
		s := c.expected.slots[kind]
		if s.asked != nil && s.asked.perhaps != "" && !acted(kind, w) {
			a.owe(c, s.asked)
			s = s.before // it was satisfied, and that is as right
		}
		left = a.compareSlot(c, w, s, left, why)
		if s.moot == "" && s.asked == nil {
			continue
		}
		for _, t := range []*task{s.old, s.now()} {
			if t != nil {
				delete(touched, a.ours[simulator.Tasks+"/"+t.id])
			}
		}
	}
	for _, m := range left {
		a.surplus(c, m, why)
	}
	for _, m := range sortedMade(touched) {
		if !slices.Contains(w.tasks, m) {
			a.find(c, Finding{What: "task amended", Want: showTask(m.record) + " untouched", Got: "amended", Why: orText(why, "nothing asked for it (rule 17)")})
		}
	}
	a.compareArchived(c, w)
}

// compareSlot checks the task of one kind and remembers it. It tells what else was made.
func (a *auditor) compareSlot(c *contact, w *written, s *slot, left []*made, why string) []*made {
	if t := s.now(); t != nil {
		c.memory.tasks[s.kind] = t
	} else if s.moot != "" {
		delete(c.memory.tasks, s.kind)
	}
	switch {
	case s.moot != "":
		return a.compareMoot(c, s, left)
	case s.asked == nil:
		return left
	}
	left = a.compareAsked(c, w, s, left, why)
	if s.old != nil && s.either && s.asked.id != s.old.id {
		c.expected.closed[s.old.id] = "another was made in its place (rule 17)"
	}
	return left
}

// acted reports whether leadsync made or amended a task of a kind in this step.
func acted(kind string, w *written) bool {
	ofKind := func(m *made) bool { return kindOfTask(m.record) == kind }
	return slices.ContainsFunc(w.tasks, ofKind) || slices.ContainsFunc(sortedMade(w.amended), ofKind)
}

// compareMoot checks that nothing stays open in a slot.
func (a *auditor) compareMoot(c *contact, s *slot, left []*made) []*made {
	if s.old != nil {
		c.expected.closed[s.old.id] = s.moot
	}
	if s.asked == nil {
		return left
	}
	return slices.DeleteFunc(left, func(m *made) bool { // it was asked for on the way, so it may have been made
		if kindOfTask(m.record) != s.kind {
			return false
		}
		c.expected.closed[m.record.id] = s.moot
		return true
	})
}

// compareAsked finds the task that was asked for and checks it: the open one of the kind amended, else a new one. It
// tells what else was made.
func (a *auditor) compareAsked(c *contact, w *written, s *slot, left []*made, why string) []*made {
	t := s.asked
	f := Finding{What: "task", Want: "a task of " + quote(t.rule), Why: why}
	i := slices.IndexFunc(left, func(m *made) bool { return kindOfTask(m.record) == t.of.kind })
	if s.old != nil {
		if m := a.ours[simulator.Tasks+"/"+s.old.id]; m.open() || i < 0 || !s.either {
			return a.compareOld(c, w, s, left, why)
		}
	}
	if i < 0 && len(left) == 1 {
		i = 0 // the only candidate: let its content be compared
	}
	if i < 0 {
		a.find(c, f)
		return left
	}
	t.id = left[i].record.id
	if s.either {
		t.priority = t.of.priority // it was made for its own cause alone
	}
	if s.ended != nil && strings.EqualFold(left[i].record.props["hs_task_priority"], higher(s.ended.priority, t.of.priority)) {
		t.priority = higher(s.ended.priority, t.of.priority) // the other one was to be amended, and was done meanwhile
	}
	a.compareTask(c, t, left[i].record, why)
	return slices.Delete(left, i, i+1)
}

// compareOld checks that the open task was amended, and nothing else made in its place or beside it.
func (a *auditor) compareOld(c *contact, w *written, s *slot, left []*made, why string) []*made {
	t, m := s.asked, a.ours[simulator.Tasks+"/"+s.old.id]
	if m.open() && w.amended[m] {
		a.compareAmended(c, w, t, m, why)
		return left
	}
	t.id = s.old.id
	f := Finding{What: "task", Want: showTask(m.record) + " amended by " + quote(t.rule), Got: "as it was", Why: why}
	i := slices.IndexFunc(left, func(m *made) bool { return kindOfTask(m.record) == t.of.kind })
	switch {
	case !m.open() && i >= 0:
		f.Got = showTask(left[i].record) + " in its place"
	case !m.open():
		f.Got = "archived"
	case i >= 0:
		f.What, f.Got = "duplicate task", showTask(left[i].record)+" beside it"
	}
	a.find(c, f)
	if i >= 0 {
		left = slices.Delete(left, i, i+1)
	}
	return left
}

func (a *auditor) compareAmended(c *contact, w *written, t *task, m *made, why string) {
	t.id = m.record.id
	if !w.keyed[m] {
		a.find(c, Finding{What: "task key", Want: "the key of the new cause", Got: "the one before", Why: showTask(m.record) + ": " + why})
		return
	}
	a.compareTask(c, t, m.record, why)
}

// surplus reports a task that nothing asked for.
func (a *auditor) surplus(c *contact, m *made, why string) {
	f := Finding{What: "task", Want: "no further task", Got: showTask(m.record), Why: orText(why, "nothing was entered (rule 6)")}
	if t := c.memory.tasks[kindOfTask(m.record)]; t != nil && t.id != m.record.id {
		f.What, f.Why = "duplicate task", "there is task "+t.id+" of "+quote(t.rule)+" already (rule 17)"
	}
	a.find(c, f)
}

func (a *auditor) compareArchived(c *contact, w *written) {
	for _, id := range sortedKeys(c.expected.closed) {
		m := a.ours[simulator.Tasks+"/"+id]
		if m != nil && m.open() && !m.edited() {
			a.find(c, Finding{What: "obsolete task", Want: showTask(m.record) + " archived", Got: "still open", Why: c.expected.closed[id]})
		}
	}
	for _, m := range w.archived {
		f := Finding{What: "archived task", Want: showTask(m.record) + " left alone", Got: "archived"}
		switch closed := c.expected.closed[m.record.id]; {
		case w.kept[m] != "" && !c.expected.unprofiled:
			f.Why = w.kept[m]
			a.find(c, f)
		case closed == "" && !slices.Contains(w.tasks, m):
			f.Why = "nothing made it obsolete (rule 17)"
			a.find(c, f)
		}
	}
}

func sortedMade(set map[*made]bool) []*made {
	return slices.SortedFunc(maps.Keys(set), func(x, y *made) int { return strings.Compare(x.record.id, y.record.id) })
}
