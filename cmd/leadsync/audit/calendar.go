package audit

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"leadsync/connector/hubspot/simulator"
)

// Calendar is when people work, as the configuration says. It is worked out minute by minute from the clock on the wall,
// and shares nothing with the calendar that is audited. The hours in which clocks change are not meant to be worked.
type Calendar struct {
	// Place is a country, or a country and a Land such as DE-BY; empty is DE. Of Switzerland only the whole is known.
	Place string
	// Open are holidays that are worked, as Mapping.Closed are further days off.
	Open []string
	// Hours are the minutes since midnight from which until before which is worked, by weekday; nil is 09:00 to 17:00
	// from Monday to Friday.
	Hours map[time.Weekday][][2]int
	// DueAt is the minute of the day at which tasks of days are due; 0 is any at which is worked.
	DueAt int
	// TasksPerDay is how many tasks of ours may be due for an owner on one day; 0 is any number.
	TasksPerDay int
	// People are those of whom more is known, by name.
	People map[string]Worker
}

// Worker is when one of Mapping.People works; what is empty is the portal's.
type Worker struct {
	Zone, Place string
	Hours       map[time.Weekday][][2]int
	// Away are absences, Deputy is the name of who stands in.
	Away   []Away
	Deputy string
	// TasksPerDay goes before the calendar's; nil is the calendar's.
	TasksPerDay *int
}

// Away is an absence from its first to its last day, "2006-01-02", with the name of who stands in this time.
type Away struct{ From, To, Deputy string }

// working is when one person works.
type working struct {
	zone   *time.Location
	place  string
	hours  map[time.Weekday][][2]int
	away   []Away
	closed []string
	open   []string
	known  map[string]bool // whether there is work on a date
}

// workingOf is when the owner with an id works.
func (a *auditor) workingOf(owner string) *working {
	if w := a.calendars[owner]; w != nil {
		return w
	}
	in := a.in.Mapping
	w := &working{
		zone: a.zone, place: orText(in.Calendar.Place, "DE"), hours: in.Calendar.Hours, closed: in.Closed, open: in.Calendar.Open,
		known: map[string]bool{},
	}
	w.told(a.in.Account.Owners(), owner)
	if name := a.nameOf(owner); name != "" {
		p := in.Calendar.People[name]
		if zone, err := time.LoadLocation(p.Zone); err == nil && p.Zone != "" {
			w.zone = zone
		}
		w.place, w.away = orText(p.Place, w.place), p.Away
		if p.Hours != nil {
			w.hours = p.Hours
		}
	}
	if w.hours == nil {
		w.hours = map[time.Weekday][][2]int{}
		for d := time.Monday; d <= time.Friday; d++ {
			w.hours[d] = [][2]int{{9 * 60, 17 * 60}}
		}
	}
	if a.calendars == nil {
		a.calendars = map[string]*working{}
	}
	a.calendars[owner] = w
	return w
}

// nameOf is the name of the person with the id of an owner; empty if there is none.
func (a *auditor) nameOf(owner string) string {
	people := a.in.Mapping.People
	for _, name := range slices.Sorted(maps.Keys(people)) {
		if owner != "" && people[name] == owner {
			return name
		}
	}
	return ""
}

// told takes over what the account says of its user, as the object users has it.
func (w *working) told(owners []simulator.Owner, id string) {
	for _, o := range owners {
		if o.ID != id {
			continue
		}
		if zone, err := time.LoadLocation(o.Zone); err == nil && o.Zone != "" {
			w.zone = zone
		}
		w.shifts(o.Hours)
	}
}

// shifts takes over working hours as the account writes them: [{"days":"MONDAY_TO_FRIDAY","startMinute":540,"endMinute":1020}].
func (w *working) shifts(text string) {
	var shifts []struct {
		Days       string `json:"days"`
		Start, End int
	}
	text = strings.NewReplacer("startMinute", "Start", "endMinute", "End").Replace(text)
	if json.Unmarshal([]byte(text), &shifts) != nil || len(shifts) == 0 {
		return
	}
	w.hours = map[time.Weekday][][2]int{}
	for _, s := range shifts {
		for d := time.Sunday; d <= time.Saturday; d++ {
			name := strings.ToUpper(d.String())
			weekend := d == time.Saturday || d == time.Sunday
			if s.Days == name || s.Days == "EVERY_DAY" || s.Days == "MONDAY_TO_FRIDAY" && !weekend || s.Days == "SATURDAY_SUNDAY" && weekend {
				w.hours[d] = append(w.hours[d], [2]int{s.Start, s.End})
			}
		}
	}
}

// date reports whether there is any work on the date of t.
func (w *working) date(t time.Time) bool {
	d := t.In(w.zone)
	text := d.Format(time.DateOnly)
	is, known := w.known[text]
	if !known {
		is = len(w.hours[d.Weekday()]) > 0 && !w.off(d)
		w.known[text] = is
	}
	return is
}

func (w *working) off(d time.Time) bool {
	text, yearly := d.Format(time.DateOnly), d.Format("01-02")
	switch {
	case slices.Contains(w.closed, text) || slices.Contains(w.closed, yearly):
		return true
	case slices.Contains(w.open, text) || slices.Contains(w.open, yearly):
		return false
	}
	return holiday(w.place, d)
}

// gone is the absence on the date of t, nil if there is none.
func (w *working) gone(t time.Time) *Away {
	text := t.In(w.zone).Format(time.DateOnly)
	for i := range w.away {
		if w.away[i].From <= text && text <= w.away[i].To {
			return &w.away[i]
		}
	}
	return nil
}

// covers reports whether the minute of t is worked in by somebody who is never away.
func (w *working) covers(t time.Time) bool {
	d := t.In(w.zone)
	minute := d.Hour()*60 + d.Minute()
	return w.date(t) && slices.ContainsFunc(w.hours[d.Weekday()], func(s [2]int) bool { return s[0] <= minute && minute < s[1] })
}

// next is the first moment from t on that is worked in, by somebody who is never away or (present false) as it is.
func (w *working) next(t time.Time, present bool) time.Time {
	for range 1_000_000 {
		switch {
		case !w.date(t) || !present && w.gone(t) != nil:
			d := t.In(w.zone)
			t = time.Date(d.Year(), d.Month(), d.Day()+1, 0, 0, 0, 0, w.zone)
		case w.covers(t):
			return t
		default:
			t = t.Truncate(time.Minute).Add(time.Minute)
		}
	}
	return t
}

// dueRight reports whether work with a due time is due when it should be in the calendar of its owner (rule 18), and when
// that is in words.
func (a *auditor) dueRight(owner string, t *task, c *contact, due time.Time) (want string, is bool) {
	w := a.workingOf(owner)
	first, last := a.dueBetween(owner, t.of, c, t.cause)
	layout := "Mon 2006-01-02 15:04"
	counted := strings.HasSuffix(t.of.due.unit, "h") || !t.of.handed.IsZero()
	if is = !due.Before(first.Truncate(time.Second)) && !due.After(last.Add(time.Second)); a.in.Mapping.Calendar.DueAt == 0 && !counted {
		layout = time.DateOnly
		got := due.In(w.zone).Format(layout)
		is = first.In(w.zone).Format(layout) <= got && got <= last.In(w.zone).Format(layout)
	}
	same := func(at time.Time) bool {
		if layout == time.DateOnly {
			return at.In(w.zone).Format(layout) == due.In(w.zone).Format(layout)
		}
		return at.Truncate(time.Second).Equal(due.Truncate(time.Second))
	}
	is = is || a.carriedRight(owner, first, same) || a.carriedRight(owner, last, same)
	return orRange(first.In(w.zone).Format(layout), last.In(w.zone).Format(layout)), is && w.covers(due)
}

// dueBetween are the first and the last moment at which a task may be due in the calendar of an owner. They differ if
// what caused the task happened before the step in which it was seen.
func (a *auditor) dueBetween(owner string, rule *taskRule, c *contact, cause time.Time) (first, last time.Time) {
	w := a.workingOf(owner)
	return w.next(a.dueFrom(w, rule, c, cause), false), w.next(a.dueFrom(w, rule, c, a.at), false)
}

// dueFrom is when a task is due if its owner is never away (rule 18).
func (a *auditor) dueFrom(w *working, rule *taskRule, c *contact, from time.Time) time.Time {
	if !rule.handed.IsZero() {
		return w.next(later(rule.handed, from), true)
	}
	if at, ok := c.lead.facts[rule.dueFact].(time.Time); ok && at.After(a.at) {
		return a.dueOn(w, at, from)
	}
	day := from.In(w.zone)
	day = time.Date(day.Year(), day.Month(), day.Day(), 12, 0, 0, 0, w.zone)
	switch rule.due.unit {
	case "h":
		return w.next(from.Add(time.Duration(rule.due.n)*time.Hour), true)
	case "wh":
		t, left := w.next(from, true), time.Duration(rule.due.n)*time.Hour
		for left > 0 {
			step := min(left, t.Truncate(time.Minute).Add(time.Minute).Sub(t))
			t, left = w.next(t.Add(step), true), left-step
		}
		return t
	case "wd":
		for range rule.due.n {
			day = day.AddDate(0, 0, 1)
			for !w.date(day) {
				day = day.AddDate(0, 0, 1)
			}
		}
	case "w":
		day = day.AddDate(0, 0, 7*rule.due.n)
	default:
		day = day.AddDate(0, 0, rule.due.n)
	}
	return a.onDay(w, day, from)
}

// dueOn is when a task is due whose rule names a date.
func (a *auditor) dueOn(w *working, at, from time.Time) time.Time {
	year, month, of := at.UTC().Date()
	due := a.onDay(w, time.Date(year, month, of, 12, 0, 0, 0, w.zone), time.Time{})
	if due.Before(from) {
		due = w.next(at, true)
	}
	return due
}

// onDay is the time of day at which tasks are due, on the first day with work from a day (noon) on at which that is not
// before from; the next moment of work, if that time of day is none.
func (a *auditor) onDay(w *working, day, from time.Time) time.Time {
	minute := a.in.Mapping.Calendar.DueAt
	if minute == 0 {
		minute = 9 * 60
	}
	for {
		due := time.Date(day.Year(), day.Month(), day.Day(), 0, minute, 0, 0, w.zone)
		if w.date(day) && !due.Before(from) {
			return w.next(due, true)
		}
		day = day.AddDate(0, 0, 1)
	}
}

// standIns are who may do work of which some people are the right ones: each of them, or the deputy if they are away when
// it would be due.
func (a *auditor) standIns(owners []string, rule *taskRule, c *contact, cause time.Time) []string {
	var out []string
	for _, owner := range owners {
		out = append(out, a.standInAt(owner, rule, c, cause), a.standIn(owner, rule, c))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// standIn is who does the work of an owner that is asked for now.
func (a *auditor) standIn(owner string, rule *taskRule, c *contact) string {
	return a.standInAt(owner, rule, c, a.at)
}

// standInAt is the first who is there of an owner, the owner's deputy, the deputy's deputy and so on; the owner if nobody is.
func (a *auditor) standInAt(owner string, rule *taskRule, c *contact, from time.Time) string {
	asked := map[string]bool{}
	for doer := owner; ; {
		away := a.workingOf(doer).gone(a.dueFrom(a.workingOf(doer), rule, c, from))
		if away == nil && (doer == owner || a.world.owners[doer]) {
			return doer
		}
		name := a.nameOf(doer)
		asked[name] = true
		deputy := a.in.Mapping.Calendar.People[name].Deputy
		if away != nil {
			deputy = orText(away.Deputy, deputy)
		}
		doer = a.in.Mapping.People[deputy]
		if doer == "" || asked[deputy] {
			return owner
		}
	}
}

// isOff reports whether the owner of a task never works at a moment.
func (a *auditor) isOff(owner string, at time.Time) bool { return !a.workingOf(owner).covers(at) }

// holiday reports whether a day is a public holiday of a place, by the laws of 2024 to 2030.
func holiday(place string, d time.Time) bool {
	country, _, _ := strings.Cut(place, "-")
	noon := time.Date(d.Year(), d.Month(), d.Day(), 12, 0, 0, 0, time.UTC)
	places := movable()[int(noon.Sub(easter(d.Year())).Hours()/24)] + " " + fixed()[d.Format("01-02")] + " " + fixed()[d.Format(time.DateOnly)]
	if d.Weekday() == time.Wednesday && d.Month() == time.November && d.Day() >= 16 && d.Day() <= 22 {
		places += " DE-SN"
	}
	kept := strings.Fields(places)
	return slices.Contains(kept, place) || slices.Contains(kept, country)
}

// movable are the places that keep a day so many days after Easter Sunday.
func movable() map[int]string {
	return map[int]string{
		-2: "DE", 0: "DE-BB", 1: "DE AT", 39: "DE AT CH", 49: "DE-BB", 50: "DE AT", 60: "AT DE-BW DE-BY DE-HE DE-NW DE-RP DE-SL",
	}
}

// fixed are the places that keep a day of every year, or of one.
func fixed() map[string]string {
	return map[string]string{
		"01-01": "DE AT CH", "01-06": "AT DE-BW DE-BY DE-ST", "03-08": "DE-BE DE-MV", "05-01": "DE AT", "08-01": "CH", "08-15": "AT DE-SL",
		"09-20": "DE-TH", "10-03": "DE", "10-26": "AT", "10-31": "DE-BB DE-HB DE-HH DE-MV DE-NI DE-SN DE-ST DE-SH DE-TH",
		"11-01": "AT DE-BW DE-BY DE-NW DE-RP DE-SL", "12-08": "AT", "12-25": "DE AT CH", "12-26": "DE AT",
		"2025-05-08": "DE-BE", "2028-06-17": "DE-BE",
	}
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
