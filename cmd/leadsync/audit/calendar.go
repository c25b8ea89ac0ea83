package audit

import (
	"slices"
	"time"
)

// dueDays are the first and the last day on which a task may be due, as dates. They differ only if what
// caused the task happened on an earlier day than the step in which it was seen.
func (a *auditor) dueDays(rule *taskRule, c *contact, cause time.Time) (first, last string) {
	if at, ok := c.lead.facts[rule.dueFact].(time.Time); ok && at.After(a.at) {
		d := a.working(at.In(a.zone)).Format(time.DateOnly)
		return d, d
	}
	return a.after(rule, cause), a.after(rule, a.at)
}

func (a *auditor) after(rule *taskRule, from time.Time) string {
	d := from.In(a.zone)
	if !rule.working {
		return a.working(d.AddDate(0, 0, rule.days)).Format(time.DateOnly)
	}
	for range rule.days {
		d = a.working(d.AddDate(0, 0, 1))
	}
	return a.working(d).Format(time.DateOnly)
}

// working is the day itself or the next one that is not off.
func (a *auditor) working(d time.Time) time.Time {
	for a.isOff(d) {
		d = d.AddDate(0, 0, 1)
	}
	return d
}

// isOff reports whether a day is a weekend, a holiday in all of Germany, or closed.
func (a *auditor) isOff(at time.Time) bool {
	d := at.In(a.zone)
	if d.Weekday() == time.Saturday || d.Weekday() == time.Sunday || slices.Contains(a.in.Mapping.Closed, d.Format(time.DateOnly)) {
		return true
	}
	if slices.Contains([]string{"01-01", "05-01", "10-03", "12-25", "12-26"}, d.Format("01-02")) {
		return true
	}
	noon := time.Date(d.Year(), d.Month(), d.Day(), 12, 0, 0, 0, time.UTC)
	days := int(noon.Sub(easter(d.Year())).Hours() / 24)
	return slices.Contains([]int{-2, 1, 39, 50}, days) // Good Friday, Easter Monday, Ascension, Whit Monday
}

// easter is noon of Easter Sunday, by the rule of Gauss as corrected by Lichtenberg.
func easter(year int) time.Time {
	k := year / 100
	m := 15 + (3*k+3)/4 - (8*k+13)/25
	s := 2 - (3*k+3)/4
	a := year % 19
	d := (19*a + m) % 30
	r := (d + a/11) / 29
	og := 21 + d - r
	sz := 7 - (year+year/4+s)%7
	oe := 7 - (og-sz)%7
	return time.Date(year, time.March, og+oe, 12, 0, 0, 0, time.UTC)
}
