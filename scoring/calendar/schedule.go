package calendar

import (
	"slices"
	"time"
)

// Absence is a stretch in which somebody does not work. Why is nobody's business and has no place here.
type Absence struct {
	From, To time.Time
	// Days says that From and To are dates, taken as they are written whatever their zone, the last one included; else
	// they are instants, and To is the first one that is worked again.
	Days bool
}

// stretch is a piece of time from its first instant until before its second.
type stretch struct{ from, to time.Time }

// Schedule is when one person works: the calendar of a place in a zone, working hours, absences. The zero Schedule is
// 09:00 to 17:00 UTC from Monday to Friday. It is a value and immutable.
//
// Working time is a set of stretches from their first instant until before their last: at 17:00 nobody works who works
// until 17:00. Where clocks are set back within a stretch it is longer, where they are set forward shorter.
// Nothing looks further ahead than a hundred years (Reach): what lies behind is not found, and ok is false.
type Schedule struct {
	calendar Calendar
	hours    Hours
	away     []stretch // sorted, without overlaps
}

// Reach is how many days ahead is looked for working time.
const Reach = 36525

// NewSchedule makes a schedule. An absence that ends before it begins is none.
func NewSchedule(c Calendar, h Hours, absences ...Absence) Schedule {
	s := Schedule{calendar: c, hours: h}
	var away []stretch
	for _, a := range absences {
		if one := a.in(c.Zone()); one.from.Before(one.to) {
			away = append(away, one)
		}
	}
	slices.SortFunc(away, func(a, b stretch) int { return a.from.Compare(b.from) })
	for _, one := range away {
		if last := len(s.away) - 1; last >= 0 && !one.from.After(s.away[last].to) {
			s.away[last].to = later(s.away[last].to, one.to)
			continue
		}
		s.away = append(s.away, one)
	}
	return s
}

func (a Absence) in(zone *time.Location) stretch {
	if !a.Days {
		return stretch{a.From, a.To}
	}
	return stretch{dateOf(a.From).instant(zone, 0, false), dateOf(a.To).add(1).instant(zone, 0, false)}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// Zone is where the schedule is kept.
func (s Schedule) Zone() *time.Location { return s.calendar.Zone() }

// Hours are the working hours of the schedule.
func (s Schedule) Hours() Hours { return s.hours }

// Present is the schedule as if there were no absences.
func (s Schedule) Present() Schedule {
	s.away = nil
	return s
}

// Away reports whether t lies in an absence, and when that ends; absences that follow on one another are one.
func (s Schedule) Away(t time.Time) (until time.Time, is bool) {
	i := s.awayAfter(t)
	if i < len(s.away) && !t.Before(s.away[i].from) {
		return s.away[i].to, true
	}
	return time.Time{}, false
}

// awayAfter is the index of the first absence that ends after t.
func (s Schedule) awayAfter(t time.Time) int {
	i, _ := slices.BinarySearchFunc(s.away, t, func(a stretch, t time.Time) int {
		if a.to.After(t) {
			return 1
		}
		return -1
	})
	return i
}

// work walks over the days of a schedule. It keeps the days off of the year that it is in.
type work struct {
	schedule Schedule
	off      offDays
	found    []stretch
}

// on is the stretches of work of a day, valid until the next call.
func (w *work) on(d date) []stretch {
	w.found = w.found[:0]
	intervals := w.schedule.hours.on(time.Time(d).Weekday())
	if len(intervals) == 0 || w.schedule.calendar.isOff(d, &w.off) {
		return w.found
	}
	var end time.Time
	for _, i := range intervals {
		// Two stretches that touch in the hour that clocks show twice must not both have it.
		from := later(end, d.instant(w.schedule.Zone(), i.From, false))
		if i.To == dayLength {
			end = d.add(1).instant(w.schedule.Zone(), 0, false)
		} else {
			end = d.instant(w.schedule.Zone(), i.To, true)
		}
		w.cut(stretch{from, end})
	}
	return w.found
}

// cut adds what absences leave of a stretch.
func (w *work) cut(one stretch) {
	for _, away := range w.schedule.away[w.schedule.awayAfter(one.from):] {
		if !away.from.Before(one.to) {
			break
		}
		if one.from.Before(away.from) {
			w.found = append(w.found, stretch{one.from, away.from})
		}
		one.from = away.to
	}
	if one.from.Before(one.to) {
		w.found = append(w.found, one)
	}
}
