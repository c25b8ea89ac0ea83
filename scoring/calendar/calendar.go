package calendar

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rickar/cal/v2"
)

// maxYearly is how many days a year can be closed every year, so that some day always remains.
const maxYearly = 100

// Calendar is the working days of one place. The zero Calendar knows only weekends, in UTC. It is immutable.
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
	// Country is DE, AT or CH; empty for weekends only.
	Country string
	// Region is a German Land or a Swiss canton by its usual two letters (BY, ZH); empty for the days kept
	// in the whole country.
	Region string
	Zone   *time.Location // nil: UTC
	// Closed are further days off, "2026-12-24" or "12-24" for every year. Open are days worked although
	// they are holidays, written in the same way; weekends stay free.
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

// Working reports whether people work on the date of t, in the calendar's zone.
func (c Calendar) Working(t time.Time) bool {
	year, month, of := t.In(c.location()).Date()
	return c.works(year, month, of)
}

func (c Calendar) location() *time.Location {
	if c.zone == nil {
		return time.UTC
	}
	return c.zone
}

func (c Calendar) works(year int, month time.Month, of int) bool {
	date := time.Date(year, month, of, 12, 0, 0, 0, time.UTC)
	if weekday := date.Weekday(); weekday == time.Saturday || weekday == time.Sunday {
		return false
	}
	if c.closed[day{year, month, of}] || c.closed[day{0, month, of}] {
		return false
	}
	if c.open[day{year, month, of}] || c.open[day{0, month, of}] {
		return true
	}
	return !slices.ContainsFunc(c.holidays, func(h *cal.Holiday) bool {
		actual, _ := h.Calc(year)
		return actual.Month() == month && actual.Day() == of
	})
}

// Due is the moment days after from, on a day on which people work and at the time of day at, both in the
// calendar's zone. working counts working days; otherwise calendar days are counted and the result moves to
// the next working day. It never lies before from: something due today at an hour that is over is due on the
// next working day. Less than zero days count as zero. A time of day that the change to summer time skips
// becomes the one an hour later.
func (c Calendar) Due(from time.Time, days int, working bool, at time.Duration) time.Time {
	year, month, of := from.In(c.location()).Date()
	if working {
		for range days {
			year, month, of = c.next(year, month, of)
		}
	} else {
		year, month, of = time.Date(year, month, of+max(0, days), 12, 0, 0, 0, time.UTC).Date()
	}
	for {
		due := c.moment(year, month, of, at)
		if c.works(year, month, of) && !due.Before(from) {
			return due
		}
		year, month, of = c.next(year, month, of)
	}
}

// On is the moment at the time of day at on the written date of date, or on the next working day. The date
// is taken as it is written, whatever its zone: CRMs keep dates as midnight UTC.
func (c Calendar) On(date time.Time, at time.Duration) time.Time {
	year, month, of := date.Date()
	if !c.works(year, month, of) {
		year, month, of = c.next(year, month, of)
	}
	return c.moment(year, month, of, at)
}

// next is the next working day after a date. There is one: a year has more days than weekends, holidays and
// closed days together.
func (c Calendar) next(year int, month time.Month, of int) (int, time.Month, int) {
	for {
		year, month, of = time.Date(year, month, of+1, 12, 0, 0, 0, time.UTC).Date()
		if c.works(year, month, of) {
			return year, month, of
		}
	}
}

func (c Calendar) moment(year int, month time.Month, of int, at time.Duration) time.Time {
	hour, rest := at/time.Hour, at%time.Hour
	return time.Date(year, month, of, int(hour), int(rest/time.Minute), int(rest%time.Minute/time.Second), 0, c.location())
}

// lists turns a list of names into words.
func lists(names []string) string {
	slices.Sort(names)
	return strings.Join(names, ", ")
}
