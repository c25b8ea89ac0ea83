package calendar

import (
	"errors"
	"fmt"
	"time"

	"github.com/rickar/cal/v2"
)

// maxYearly is how many days a year can be closed every year, so that some day always remains.
const maxYearly = 100

// Calendar is the days off of one place, weekends apart, which working hours tell. The zero Calendar knows none, in
// UTC. It is immutable.
type Calendar struct {
	zone     *time.Location
	holidays []*cal.Holiday
	closed   map[day]bool // year 0: every year
	open     map[day]bool
}

type day struct {
	year  int
	month time.Month
	of    int
}

// Settings describe a calendar.
type Settings struct {
	// Country is DE, AT or CH; empty for no holidays.
	Country string
	// Region is a German Land or a Swiss canton by its usual two letters (BY, ZH); empty for the days kept
	// in the whole country.
	Region string
	Zone   *time.Location // nil: UTC
	// Closed are further days off, "2026-12-24" or "12-24" for every year. Open are days worked although
	// they are holidays, written in the same way; days without working hours stay free. Closed wins over open.
	Closed, Open []string
}

// New makes a calendar. The error names every setting that is wrong and, for country and region, lists the
// valid ones.
func New(s Settings) (Calendar, error) {
	c := Calendar{zone: s.Zone}
	var wrong []error
	var err error
	if c.holidays, err = holidaysOf(s.Country, s.Region); err != nil {
		wrong = append(wrong, err)
	}
	if c.closed, err = days("closed", s.Closed); err != nil {
		wrong = append(wrong, err)
	}
	if c.open, err = days("open", s.Open); err != nil {
		wrong = append(wrong, err)
	}
	if len(wrong) > 0 {
		return Calendar{}, errors.Join(wrong...)
	}
	return c, nil
}

// days reads a list of dates.
func days(list string, texts []string) (map[day]bool, error) {
	found := map[day]bool{}
	var wrong []error
	yearly := 0
	for _, text := range texts {
		if t, err := time.Parse(time.DateOnly, text); err == nil {
			found[day{t.Year(), t.Month(), t.Day()}] = true
		} else if t, err := time.Parse(time.DateOnly, "2000-"+text); err == nil { // a leap year
			found[day{0, t.Month(), t.Day()}] = true
			yearly++
		} else {
			wrong = append(wrong, fmt.Errorf("read %s day %q: write 2026-12-24, or 12-24 for every year", list, text))
		}
	}
	if yearly > maxYearly {
		wrong = append(wrong, fmt.Errorf("read %s days: %d days of every year, at most %d are possible", list, yearly, maxYearly))
	}
	return found, errors.Join(wrong...)
}

// In is the calendar of the same place in another zone.
func (c Calendar) In(zone *time.Location) Calendar {
	c.zone = zone
	return c
}

// Zone is where the calendar is kept.
func (c Calendar) Zone() *time.Location {
	if c.zone == nil {
		return time.UTC
	}
	return c.zone
}

// offDays are the days of one year that are off, whatever the weekday: holidays take long to compute.
type offDays struct {
	year int
	off  [367]bool // by the day of the year
}

// isOff reports whether a day is a holiday or closed.
func (c Calendar) isOff(d date, known *offDays) bool {
	if year := time.Time(d).Year(); known.year != year {
		*known = offDays{year: year}
		for _, h := range c.holidays {
			if on, _ := h.Calc(year); on.Year() == year {
				known.off[on.YearDay()] = true
			}
		}
		for of := range c.open {
			of.mark(known, false)
		}
		for of := range c.closed {
			of.mark(known, true)
		}
	}
	return known.off[time.Time(d).YearDay()]
}

// mark says whether a day is off, if it lies in the year. Closed wins over open; both are marked in that order.
func (of day) mark(known *offDays, off bool) {
	if of.year != 0 && of.year != known.year {
		return
	}
	on := time.Date(known.year, of.month, of.of, 0, 0, 0, 0, time.UTC)
	if on.Month() == of.month { // 29 February has no day in most years
		known.off[on.YearDay()] = off
	}
}
