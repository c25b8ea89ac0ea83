package audit

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"leadsync/connector/hubspot/simulator"
)

// mostCarried is over how many working days a task is carried at most (rule 25).
const mostCarried = 10

// onDayOf is a date of an owner.
type onDayOf struct{ owner, date string }

// perDay is how many tasks may be due for an owner on one day; 0 is any number.
func (a *auditor) perDay(owner string) int {
	c := a.in.Mapping.Calendar
	if own := c.People[a.nameOf(owner)].TasksPerDay; own != nil {
		return *own
	}
	return c.TasksPerDay
}

// carriedRight reports whether a due time is that of a task which was carried over from a day on which it was due, since
// its owner had enough to do on each of the days between.
func (a *auditor) carriedRight(owner string, asked time.Time, same func(time.Time) bool) bool {
	w, most := a.workingOf(owner), a.perDay(owner)
	if most == 0 {
		return false
	}
	clock, day := asked.In(w.zone), asked.In(w.zone)
	for range mostCarried {
		if len(a.ever[onDayOf{owner, day.Format(time.DateOnly)}]) < most {
			return false
		}
		for day = day.AddDate(0, 0, 1); !w.there(day); {
			day = day.AddDate(0, 0, 1)
		}
		at := w.next(time.Date(day.Year(), day.Month(), day.Day(), clock.Hour(), clock.Minute(), clock.Second(), 0, w.zone), false)
		if day = at.In(w.zone); same(at) {
			return true
		}
	}
	return false
}

// there reports whether somebody works on the date of t, which is no day off and in no absence.
func (w *working) there(t time.Time) bool { return w.date(t) && w.gone(t) == nil }

// noteDay remembers that a task of ours was due on a day, wherever it is moved later.
func (a *auditor) noteDay(e simulator.Entry) {
	m := a.ours[simulator.Tasks+"/"+e.ID]
	if e.Type != simulator.Tasks || m == nil {
		return
	}
	at, ok := a.onDayOf(m)
	if !ok {
		return
	}
	if a.ever == nil {
		a.ever = map[onDayOf]map[string]bool{}
	}
	if a.ever[at] == nil {
		a.ever[at] = map[string]bool{}
	}
	a.ever[at][e.ID] = true
}

// onDayOf is whose a task is and on which date of theirs it is due.
func (a *auditor) onDayOf(m *made) (onDayOf, bool) {
	owner := m.record.props["hubspot_owner_id"]
	due, ok := crmTime(m.record.props["hs_timestamp"])
	if !ok || owner == "" || m.record.typ != simulator.Tasks {
		return onDayOf{}, false
	}
	return onDayOf{owner, due.In(a.workingOf(owner).zone).Format(time.DateOnly)}, true
}

// compareDays counts the open tasks of ours, but for those that a person edited, by owner and day, and reports what is
// more than the budget though a working day within reach had room (rule 25). Only owners to whom this step gave something
// are looked at.
func (a *auditor) compareDays(given []simulator.Entry) {
	owners := map[string]bool{}
	for _, e := range given {
		if m := a.ours[simulator.Tasks+"/"+e.ID]; e.Type == simulator.Tasks && m != nil {
			owners[m.record.props["hubspot_owner_id"]] = true
		}
	}
	for at, tasks := range a.openOn(owners) {
		if most := a.perDay(at.owner); most > 0 && len(tasks) > most && !a.crowded(at, most) && !a.crowdedDays[at] {
			a.overBudget(at, most, tasks)
		}
	}
}

// openOn are the open tasks of ours of some owners that nobody edited, by day, without those that may be a clock's, which
// keep their day: in a model with clocks urgent things to do.
func (a *auditor) openOn(owners map[string]bool) map[onDayOf][]*made {
	on := map[onDayOf][]*made{}
	if len(owners) == 0 {
		return on
	}
	for _, m := range a.ours {
		clock := len(a.model.clocks) > 0 && m.record.props["hs_task_type"] == "TODO" && m.record.props["hs_task_priority"] == "HIGH"
		if at, ok := a.onDayOf(m); ok && owners[at.owner] && m.open() && !m.edited() && !clock {
			on[at] = append(on[at], m)
		}
	}
	return on
}

// crowded reports whether a day is the last that work can come to: each of the working days before it has had its tasks.
func (a *auditor) crowded(at onDayOf, most int) bool {
	w := a.workingOf(at.owner)
	day, err := time.ParseInLocation(time.DateOnly, at.date, w.zone)
	for n := 0; err == nil && n < mostCarried; {
		if day = day.AddDate(0, 0, -1); !w.there(day) {
			continue
		}
		if n++; len(a.ever[onDayOf{at.owner, day.Format(time.DateOnly)}]) < most {
			return false
		}
	}
	return err == nil
}

func (a *auditor) overBudget(at onDayOf, most int, tasks []*made) {
	if a.crowdedDays == nil {
		a.crowdedDays = map[onDayOf]bool{}
	}
	a.crowdedDays[at] = true
	slices.SortFunc(tasks, func(x, y *made) int { return strings.Compare(x.record.id, y.record.id) })
	ids := make([]string, len(tasks))
	for i, m := range tasks {
		ids[i] = m.record.id
	}
	a.add(Finding{
		At: a.at, What: "tasks of a day", Want: fmt.Sprintf("at most %d for owner %s on %s", most, at.owner, at.date),
		Got: fmt.Sprintf("%d: %s", len(tasks), strings.Join(ids, ", ")), Why: "the daily budget of the owner (rule 25)",
	})
}
