package calendar

import "time"

// Unit is what a length of time counts.
type Unit string

// The units: hours and days of the calendar, hours and days in which people work.
const (
	UnitHours        Unit = "h"
	UnitDays         Unit = "d"
	UnitWorkingHours Unit = "wh"
	UnitWorkingDays  Unit = "wd"
)

// mostUnits is a bound of what is counted, since the durations would overflow: more than a hundred years of hours.
const mostUnits = 1_000_000

// Covers reports whether t is working time.
func (s Schedule) Covers(t time.Time) bool {
	next, ok := s.Next(t)
	return ok && next.Equal(t)
}

// Next is the first moment of working time at or after t.
func (s Schedule) Next(t time.Time) (time.Time, bool) {
	w := work{schedule: s}
	d := dateOf(t.In(s.Zone()))
	for range Reach {
		for _, one := range w.on(d) {
			if t.Before(one.to) {
				return later(t, one.from).In(s.Zone()), true
			}
		}
		d = d.add(1)
	}
	return time.Time{}, false
}

// Due is the moment n units after from; it is working time and not before from. Less than zero counts as zero.
//
// Hours of the calendar pass day and night; working hours are Add. Days are counted from the date of from, working
// days as those with any working time. The day is the first working day not before the one counted on which the time
// of day at is not before from: what is due today at an hour that is over is due on the next working day. Outside of
// the hours of that day it is the next moment of working time after at.
func (s Schedule) Due(from time.Time, n int, unit Unit, at time.Duration) (time.Time, bool) {
	n = min(max(0, n), mostUnits)
	w := work{schedule: s}
	d := dateOf(from.In(s.Zone()))
	switch unit {
	case UnitHours:
		return s.Next(from.Add(time.Duration(n) * time.Hour))
	case UnitWorkingHours:
		return s.Add(from, time.Duration(n)*time.Hour)
	case UnitWorkingDays:
		for left, steps := n, 0; left > 0; steps++ {
			if steps > Reach {
				return time.Time{}, false
			}
			if d = d.add(1); len(w.on(d)) > 0 {
				left--
			}
		}
	case UnitDays:
		d = d.add(n)
	}
	return s.from(&w, d, at, from)
}

// On is the moment at the time of day at on the written date of t, or on the first working day after it; outside of the
// hours of that day the next moment of working time after it. The date is taken as it is written, whatever its zone:
// CRMs keep dates as midnight UTC.
func (s Schedule) On(t time.Time, at time.Duration) (time.Time, bool) {
	return s.from(&work{schedule: s}, dateOf(t), at, time.Time{})
}

// from is the first working moment at or after the time of day at of the first working day from d on that is not
// before earliest at that time of day.
func (s Schedule) from(w *work, d date, at time.Duration, earliest time.Time) (time.Time, bool) {
	for range Reach {
		if moment := d.instant(s.Zone(), at, false); !moment.Before(earliest) && len(w.on(d)) > 0 {
			return s.Next(moment)
		}
		d = d.add(1)
	}
	return time.Time{}, false
}

// Add is the first moment of working time at which as much working time as d has passed since from: what ends with a
// working day ends at the beginning of the next. Less than zero counts as zero.
func (s Schedule) Add(from time.Time, d time.Duration) (time.Time, bool) {
	w := work{schedule: s}
	day := dateOf(from.In(s.Zone()))
	d = max(0, d)
	for range Reach {
		for _, one := range w.on(day) {
			begin := later(from, one.from)
			if has := one.to.Sub(begin); has > d {
				return begin.Add(d).In(s.Zone()), true
			} else if has > 0 {
				d -= has
			}
		}
		day = day.add(1)
	}
	return time.Time{}, false
}

// Between is how much working time there is from a until before b; negative if b is before a. Not more than the first
// hundred years are counted.
func (s Schedule) Between(a, b time.Time) time.Duration {
	if b.Before(a) {
		return -s.Between(b, a)
	}
	w := work{schedule: s}
	var sum time.Duration
	day, last := dateOf(a.In(s.Zone())), dateOf(b.In(s.Zone()))
	for range Reach {
		if last.before(day) {
			break
		}
		for _, one := range w.on(day) {
			sum += max(0, earlier(b, one.to).Sub(later(a, one.from)))
		}
		day = day.add(1)
	}
	return sum
}
