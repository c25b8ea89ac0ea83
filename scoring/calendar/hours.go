package calendar

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	dayLength = 24 * time.Hour
	// maxIntervals is how many stretches of work a day can have.
	maxIntervals = 10
)

// Interval is a stretch of work on one day: from From until before To, both since midnight by the clock on the wall.
// To is at most 24 hours.
type Interval struct{ From, To time.Duration }

// String is the interval as it is written, such as 09:00-12:30.
func (i Interval) String() string { return clock(i.From) + "-" + clock(i.To) }

func clock(at time.Duration) string {
	return fmt.Sprintf("%02d:%02d", int(at/time.Hour), int(at%time.Hour/time.Minute))
}

// Week is the stretches of work of each weekday. A weekday that is not named is free.
type Week map[time.Weekday][]Interval

// Hours are the working hours of a week. The zero Hours are 09:00 to 17:00 from Monday to Friday. They are immutable.
type Hours struct {
	given bool
	week  [7][]Interval
}

// NewHours makes working hours. The error names every interval that ends before it begins (nobody works over midnight
// here: what goes on after 24:00 belongs to the next day), reaches beyond the day, or overlaps another, and a week
// without any work.
func NewHours(w Week) (Hours, error) {
	h := Hours{given: true}
	var wrong []error
	worked := false
	for day := time.Sunday; day <= time.Saturday; day++ {
		intervals := slices.SortedFunc(slices.Values(w[day]), func(a, b Interval) int { return int(a.From - b.From) })
		worked = worked || len(intervals) > 0
		if err := check(intervals); err != nil {
			wrong = append(wrong, fmt.Errorf("read hours of %s: %w", day, err))
		}
		h.week[day] = intervals
	}
	if !worked {
		wrong = append(wrong, errors.New("read hours: no weekday has any, so nothing could ever be due; name at least one"))
	}
	if len(wrong) > 0 {
		return Hours{}, errors.Join(wrong...)
	}
	return h, nil
}

// check refuses what is no order of stretches of one day. They are sorted by their beginning.
func check(intervals []Interval) error {
	if len(intervals) > maxIntervals {
		return fmt.Errorf("%d stretches on one day, at most %d are possible", len(intervals), maxIntervals)
	}
	for i, it := range intervals {
		switch {
		case it.From < 0 || it.To > dayLength || it.From >= dayLength:
			return fmt.Errorf("%s reaches beyond the day: hours go from 00:00 to 24:00", it)
		case it.To == it.From:
			return fmt.Errorf("%s is no time at all: leave it out", it)
		case it.To < it.From:
			return fmt.Errorf("%s ends before it begins: shifts over midnight are not supported, end at 24:00 and begin at 00:00 of the next day", it)
		case i > 0 && it.From < intervals[i-1].To:
			return fmt.Errorf("%s and %s overlap: write them as one, or with a break between them", intervals[i-1], it)
		}
	}
	return nil
}

// ReadIntervals reads "09:00-12:30, 13:30-17:00". An empty text is a free day. The error says what to write instead.
func ReadIntervals(text string) ([]Interval, error) {
	var intervals []Interval
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		from, to, found := strings.Cut(part, "-")
		a, okFrom := timeOfDay(from)
		b, okTo := timeOfDay(to)
		if !found || !okFrom || !okTo {
			return nil, fmt.Errorf("%q is no stretch of work: write two times of day from 00:00 to 24:00, such as 09:00-17:00", strings.TrimSpace(part))
		}
		intervals = append(intervals, Interval{a, b})
	}
	return intervals, check(slices.SortedFunc(slices.Values(intervals), func(a, b Interval) int { return int(a.From - b.From) }))
}

// timeOfDay reads hours and minutes of two digits, up to 24:00.
func timeOfDay(text string) (time.Duration, bool) {
	text = strings.TrimSpace(text)
	if len(text) != len("09:00") || text[2] != ':' {
		return 0, false
	}
	hour, errHour := strconv.ParseUint(text[:2], 10, 8)
	minute, errMinute := strconv.ParseUint(text[3:], 10, 8)
	at := time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute
	return at, errHour == nil && errMinute == nil && minute < 60 && at <= dayLength
}

func weekdays() []string { return []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"} }

// ReadWeekdays reads "mon", "mon-fri" or "mon, wed, fri". The error says what to write instead.
func ReadWeekdays(text string) ([]time.Weekday, error) {
	var days []time.Weekday
	for part := range strings.SplitSeq(text, ",") {
		from, to, through := strings.Cut(part, "-")
		if !through {
			to = from
		}
		a, b := slices.Index(weekdays(), strings.TrimSpace(from)), slices.Index(weekdays(), strings.TrimSpace(to))
		if a < 0 || b < 0 {
			return nil, fmt.Errorf("%q is no weekday: write mon, tue, wed, thu, fri, sat, sun, a range such as mon-fri, or several with commas", strings.TrimSpace(part))
		}
		for {
			days = append(days, time.Weekday(a))
			if a == b {
				break
			}
			a = (a + 1) % len(weekdays())
		}
	}
	return days, nil
}

// ReadHours reads a week such as "mon-thu 09:00-12:30, 13:30-17:00; fri 09:00-14:00", the way in which Hours are written.
// The error says what is wrong.
func ReadHours(text string) (Hours, error) {
	week := Week{}
	for part := range strings.SplitSeq(text, ";") {
		names, times, _ := strings.Cut(strings.TrimSpace(part), " ")
		days, err := ReadWeekdays(names)
		if err != nil {
			return Hours{}, err
		}
		intervals, err := ReadIntervals(times)
		if err != nil {
			return Hours{}, err
		}
		for _, d := range days {
			week[d] = append(week[d], intervals...)
		}
	}
	return NewHours(week)
}

// on is the stretches of work of a weekday.
func (h Hours) on(day time.Weekday) []Interval {
	switch {
	case h.given:
		return h.week[day]
	case day == time.Saturday || day == time.Sunday:
		return nil
	}
	return usual()
}

func usual() []Interval { return []Interval{{9 * time.Hour, 17 * time.Hour}} }

// Has reports whether at, a time of day since midnight, is worked at on some weekday.
func (h Hours) Has(at time.Duration) bool {
	for day := time.Sunday; day <= time.Saturday; day++ {
		if slices.ContainsFunc(h.on(day), func(i Interval) bool { return i.From <= at && at < i.To }) {
			return true
		}
	}
	return false
}

// String is the hours as they are written, Monday first, weekdays with equal hours together.
func (h Hours) String() string {
	var parts []string
	for first := 0; first < len(weekdays()); {
		text := h.text(first)
		last := first
		for last+1 < len(weekdays()) && h.text(last+1) == text {
			last++
		}
		name := weekdays()[(first+1)%len(weekdays())]
		if last > first {
			name += "-" + weekdays()[(last+1)%len(weekdays())]
		}
		if text != "" {
			parts = append(parts, name+" "+text)
		}
		first = last + 1
	}
	return strings.Join(parts, "; ")
}

// text is the hours of a day of the week, 0 is Monday.
func (h Hours) text(day int) string {
	intervals := h.on(time.Weekday((day + 1) % len(weekdays())))
	texts := make([]string, len(intervals))
	for i, it := range intervals {
		texts[i] = it.String()
	}
	return strings.Join(texts, ", ")
}
