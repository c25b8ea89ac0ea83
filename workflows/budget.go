package workflows

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/scoring/calendar"
)

// mostCarried is how many working days of its owner a task is carried over at most (rule 25).
const mostCarried = 10

// Place is a day of an owner on which tasks are due. Day is a date in the owner's zone, such as 2026-03-02. A task
// without owner or due time has the zero Place, which has room for everything.
type Place struct {
	Owner, Day string
}

// WaitingTask is a task of ours that was not handed out for sending yet.
type WaitingTask struct {
	Key, Owner, Priority string
	DueAt                time.Time
	Since                time.Time // when it was planned
	// Own is the place of the task that it amends, which it may keep; zero if it amends none.
	Own Place
	// Fixed says that the task keeps its day, whether there is room or not: it would come too late on any other.
	Fixed bool
}

// paramKeeps is the parameter of a reason which says that its task keeps its day. An amendment has it from its cause.
const paramKeeps = "keeps"

// KeepsDay reports whether the task of a reason keeps its day, whatever the budget: the reminder and the escalation of a
// clock (rules 19 and 25).
func KeepsDay(r scoring.Reason) bool { return r.Params[paramKeeps] == "day" }

// PlacedTask is when a task is due for its owner.
type PlacedTask struct {
	Key   string
	DueAt time.Time
	Place
	// Over says that there was no room on any day on which the task may be due.
	Over bool
}

// Budget says how many tasks of ours may be due for an owner on one day, and finds them days (rule 25).
type Budget struct {
	portal    *Portal
	owners    map[string]connector.Owner
	schedules map[string]calendar.Schedule
}

// Budget is the budget of the portal's owners.
func (p *Portal) Budget(owners []connector.Owner) *Budget {
	b := &Budget{owners: make(map[string]connector.Owner, len(owners)), schedules: map[string]calendar.Schedule{}}
	for _, o := range owners {
		b.owners[o.ID] = o
	}
	b.portal = p.staffed(b.owners)
	return b
}

// PerDay is how many tasks of ours may be due for an owner on one day; 0 is any number.
func (b *Budget) PerDay(owner string) int {
	if own := b.portal.People[b.portal.personOf(owner)].TasksPerDay; own != nil {
		return *own
	}
	return b.portal.TasksPerDay
}

// Place is the day of an owner that a time falls on.
func (b *Budget) Place(owner string, at time.Time) Place {
	if owner == "" || at.IsZero() {
		return Place{}
	}
	return Place{Owner: owner, Day: at.In(b.schedule(owner).Zone()).Format(time.DateOnly)}
}

func (b *Budget) schedule(owner string) calendar.Schedule {
	s, known := b.schedules[owner]
	if !known {
		o := b.owners[owner]
		o.ID = owner
		s = b.portal.Schedule(o)
		b.schedules[owner] = s
	}
	return s
}

// Allocate gives every waiting task its day: those that are fixed theirs, every other the one on which it is due if
// that has room, else the first of the next working days of its owner that has, else the last of them. The fixed ones
// choose first, then those of higher priority, then those that wait longer, then by key; the answer is in this order.
// taken is how many tasks the owners have on each day already, those that are about to be amended among them.
func (b *Budget) Allocate(waiting []WaitingTask, taken map[Place]int) []PlacedTask {
	order := slices.SortedFunc(slices.Values(waiting), func(x, y WaitingTask) int {
		return cmp.Or(fixed(y)-fixed(x), urgency(y.Priority)-urgency(x.Priority), x.Since.Compare(y.Since), cmp.Compare(x.Key, y.Key))
	})
	taken = maps.Clone(taken)
	if taken == nil {
		taken = map[Place]int{}
	}
	placed := make([]PlacedTask, len(order))
	for i, w := range order {
		placed[i] = b.allocate(w, taken)
		if placed[i].Place != w.Own {
			taken[placed[i].Place]++
		}
	}
	return placed
}

// allocate finds the day of one task.
func (b *Budget) allocate(w WaitingTask, taken map[Place]int) PlacedTask {
	most := b.PerDay(w.Owner)
	at := PlacedTask{Key: w.Key, DueAt: w.DueAt, Place: b.Place(w.Owner, w.DueAt)}
	if w.Fixed {
		return at
	}
	for carried := 0; most > 0 && at.Place != (Place{}); carried++ {
		if at.Place == w.Own || taken[at.Place] < most {
			return at
		}
		next, ok := b.next(w.Owner, at.DueAt, w.DueAt)
		if at.Over = !ok || carried == mostCarried; at.Over {
			return at
		}
		at.DueAt, at.Place = next, b.Place(w.Owner, next)
	}
	return at
}

// next is when a task is due on the next working day of its owner after the one that it came to: at the time of day at
// which it was asked for, or if that is no working time, at the next moment that is.
func (b *Budget) next(owner string, after, asked time.Time) (time.Time, bool) {
	s := b.schedule(owner)
	day, clock := after.In(s.Zone()), asked.In(s.Zone())
	at := time.Duration(clock.Hour())*time.Hour + time.Duration(clock.Minute())*time.Minute + time.Duration(clock.Second())*time.Second
	return s.On(time.Date(day.Year(), day.Month(), day.Day()+1, 0, 0, 0, 0, time.UTC), at)
}

func fixed(w WaitingTask) int {
	if w.Fixed {
		return 1
	}
	return 0
}

// urgency is the rank of a priority, the highest last.
func urgency(priority string) int {
	return slices.Index([]string{"low", "medium", "high"}, priority)
}

// Carried says that one of the tasks that were asked for was carried over: when it is due as it was written.
func (f *Following) Carried(key string, due time.Time) {
	for kind, t := range f.Tasks {
		if t.Key == key && t.Was != (connector.TaskPrint{}) {
			t.Was.Due = due.Unix()
			f.Tasks[kind] = t
		}
	}
	for i := range f.Made {
		if f.Made[i].Key == key && f.Made[i].Was != (connector.TaskPrint{}) {
			f.Made[i].Was.Due = due.Unix()
		}
	}
}
