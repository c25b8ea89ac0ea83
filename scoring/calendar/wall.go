package calendar

import "time"

// date is one day of the calendar, written as midnight UTC; no zone shifts it.
type date time.Time

func dateOf(t time.Time) date {
	year, month, of := t.Date()
	return date(time.Date(year, month, of, 0, 0, 0, 0, time.UTC))
}

func (d date) add(days int) date { return date(time.Time(d).AddDate(0, 0, days)) }

func (d date) before(other date) bool { return time.Time(d).Before(time.Time(other)) }

// instant is when clocks in zone show the time at on a date. If they show it twice, since they were set back, it is
// the first or the last time; if never, since they were set forward, the moment at which they were. Go leaves open
// which of two zones time.Date takes, so it is worked out here.
func (d date) instant(zone *time.Location, at time.Duration, last bool) time.Time {
	wall := time.Time(d).Add(at)
	// Offsets lie between -12 and +14 hours, and no zone changes twice within two days.
	_, before := wall.Add(-dayLength).In(zone).Zone()
	_, after := wall.Add(dayLength).In(zone).Zone()
	a, b := wall.Add(-time.Duration(before)*time.Second), wall.Add(-time.Duration(after)*time.Second)
	switch onA, onB := shows(a, zone, wall), shows(b, zone, wall); {
	case onA && onB && last: // clocks are set back here, so b is the later one; or they are not, and both are one
		return b.In(zone)
	case onA:
		return a.In(zone)
	case onB:
		return b.In(zone)
	}
	forward, _ := a.In(zone).ZoneBounds()
	return forward
}

// SameTime is so many days of the calendar after t, at the time of day that clocks in the calendar's zone show at t. If they
// show it twice on that day it is the first time; if never, the moment at which they were set forward.
func (c Calendar) SameTime(t time.Time, days int) time.Time {
	t = t.In(c.Zone())
	hour, minute, second := t.Clock()
	at := time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second + time.Duration(t.Nanosecond())
	return dateOf(t).add(days).instant(c.Zone(), at, false)
}

func shows(t time.Time, zone *time.Location, wall time.Time) bool {
	_, offset := t.In(zone).Zone()
	return t.Add(time.Duration(offset) * time.Second).Equal(wall)
}
