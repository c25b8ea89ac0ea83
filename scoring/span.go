package scoring

import "strconv"

// SpanUnit is what a Span counts.
type SpanUnit string

// The units of a span: hours and days of the calendar, hours and days in which people work.
const (
	UnitHours        SpanUnit = "h"
	UnitDays         SpanUnit = "d"
	UnitWorkingHours SpanUnit = "wh"
	UnitWorkingDays  SpanUnit = "wd"
)

// Span is a length of time as a team counts it (C8): 2d, 2wd, 4wh or 12h. Weeks are seven days. Which hours and days
// are worked on is for the calendar of whoever does the work.
type Span struct {
	N    int
	Unit SpanUnit
}

// IsZero reports whether the span is no time at all.
func (s Span) IsZero() bool { return s.N == 0 }

// String is the span as it is written in a model.
func (s Span) String() string { return strconv.Itoa(s.N) + string(s.Unit) }

// span reads a span; without units all four and w are allowed.
func (r *reader) span(f field, units ...string) Span {
	if len(units) == 0 {
		units = []string{"wh", "wd", "w", "h", "d"}
	}
	number, unit, ok := r.duration(f, units...)
	switch {
	case !ok:
		return Span{}
	case unit == "w":
		const week = 7
		return Span{int(number) * week, UnitDays}
	}
	return Span{int(number), SpanUnit(unit)}
}
