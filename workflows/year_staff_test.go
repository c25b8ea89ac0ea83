package workflows_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"leadsync/connector"
	"leadsync/scoring/calendar"
	"leadsync/workflows"
)

// hand is somebody of a team in plain data: what is configured is made of it, and what is checked is computed from it
// without the code that it checks.
type hand struct {
	id, zone string
	// hours are the hours from which and until which the hand works, by weekday; told says that the CRM tells of them.
	hours map[time.Weekday][][2]int
	told  bool
	off   []string    // dates
	away  [][2]string // dates, the last one included
	perDay,
	deputy string
	loc *time.Location
}

func officeHours() map[time.Weekday][][2]int {
	week := map[time.Weekday][][2]int{}
	for day := time.Monday; day <= time.Friday; day++ {
		week[day] = [][2]int{{9, 17}}
	}
	return week
}

// offBerlin and offNewYork are the holidays from the autumn of 2026 to the summer of 2028, as the laws have them.
func offBerlin() []string {
	return strings.Fields(`2026-12-25 2026-12-26 2027-01-01 2027-03-08 2027-03-26 2027-03-29 2027-05-01 2027-05-06 2027-05-17
		2027-10-03 2027-12-25 2027-12-26 2028-01-01 2028-03-08 2028-04-14 2028-04-17 2028-05-01 2028-05-25 2028-06-05`)
}

func offNewYork() []string {
	return strings.Fields(`2026-11-11 2026-11-26 2026-12-25 2027-01-01 2027-01-18 2027-02-15 2027-05-31 2027-06-18 2027-07-05
		2027-09-06 2027-10-11 2027-11-11 2027-11-25 2027-12-24 2027-12-31 2028-01-17 2028-02-21 2028-05-29`)
}

// hands are a team of five in two cities, and who does the work that nobody else does, by the names of the configuration.
func hands(r *yearRand) map[string]*hand {
	split := map[time.Weekday][][2]int{
		time.Monday: {{8, 12}, {13, 18}}, time.Tuesday: {{8, 12}, {13, 18}}, time.Wednesday: {{8, 12}}, time.Thursday: {{13, 20}},
	}
	absent := func() (all [][2]string) {
		for range r.IntN(4) {
			from := monday.AddDate(0, 0, r.IntN(380))
			all = append(all, [2]string{from.Format(time.DateOnly), from.AddDate(0, 0, r.IntN(25)).Format(time.DateOnly)})
		}
		return all
	}
	team := map[string]*hand{
		"ada":        {id: "11", zone: "Europe/Berlin", hours: officeHours(), off: offBerlin(), away: absent(), deputy: "bert", perDay: "1"},
		"bert":       {id: "12", zone: "Europe/Berlin", hours: split, off: offBerlin(), away: absent(), deputy: "cleo", perDay: "1"},
		"cleo":       {id: "13", zone: "America/New_York", hours: split, told: true, off: offNewYork(), away: absent(), deputy: "ada"},
		"dora":       {id: "14", zone: "America/New_York", hours: officeHours(), off: offNewYork(), away: absent()},
		"sales_lead": {id: "15", zone: "Europe/Berlin", hours: officeHours(), off: offBerlin()},
		"":           {id: "", zone: "Europe/Berlin", hours: officeHours(), off: offBerlin(), perDay: "0"},
		"fallback":   {id: "19", zone: "Europe/Berlin", hours: officeHours(), off: offBerlin()},
	}
	for _, h := range team {
		h.loc, _ = time.LoadLocation(h.zone)
	}
	return team
}

// works reports whether somebody works at a time.
func (h *hand) works(at time.Time) bool {
	local := at.In(h.loc)
	if !h.worksOn(local) {
		return false
	}
	clock := local.Hour()*3600 + local.Minute()*60 + local.Second()
	return slices.ContainsFunc(h.hours[local.Weekday()], func(s [2]int) bool { return s[0]*3600 <= clock && clock < s[1]*3600 })
}

// worksOn reports whether somebody works on the date of a time.
func (h *hand) worksOn(local time.Time) bool {
	date := local.Format(time.DateOnly)
	return len(h.hours[local.Weekday()]) > 0 && !slices.Contains(h.off, date) &&
		!slices.ContainsFunc(h.away, func(a [2]string) bool { return a[0] <= date && date <= a[1] })
}

// most is how many tasks somebody may have on a day, 0 for any number.
func (h *hand) most() int {
	n := 2
	if h.perDay != "" {
		fmt.Sscan(h.perDay, &n)
	}
	return n
}

// text are the hours of a week as the CRM tells them.
func (h *hand) text() string {
	var days []string
	for day, name := range []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"} {
		var stretches []string
		for _, s := range h.hours[time.Weekday(day)] {
			stretches = append(stretches, fmt.Sprintf("%02d:00-%02d:00", s[0], s[1]))
		}
		if len(stretches) > 0 {
			days = append(days, name+" "+strings.Join(stretches, ", "))
		}
	}
	return strings.Join(days, "; ")
}

// person is somebody as they are configured.
func (h *hand) person(t fail) workflows.Person {
	p := workflows.Person{Owner: h.id, Zone: h.loc, Deputy: h.deputy}
	if h.perDay != "" {
		n := h.most()
		p.TasksPerDay = &n
	}
	if h.zone != "Europe/Berlin" {
		place, err := calendar.New(calendar.Settings{Zone: h.loc, Closed: h.off})
		if err != nil {
			t.Fatalf("%v", err)
		}
		p.Calendar = &place
	}
	if !h.told {
		week := calendar.Week{}
		for day, stretches := range h.hours {
			for _, s := range stretches {
				week[day] = append(week[day], calendar.Interval{From: time.Duration(s[0]) * time.Hour, To: time.Duration(s[1]) * time.Hour})
			}
		}
		hours, err := calendar.NewHours(week)
		if err != nil {
			t.Fatalf("%v", err)
		}
		p.Hours = &hours
	}
	for _, a := range h.away {
		from, _ := time.Parse(time.DateOnly, a[0])
		to, _ := time.Parse(time.DateOnly, a[1])
		p.Absences = append(p.Absences, workflows.Absence{Absence: calendar.Absence{From: from, To: to, Days: true}})
	}
	return p
}

// yearPortal is an account with that team.
func yearPortal(t fail, team map[string]*hand) (*workflows.Portal, map[string]connector.Owner) {
	p := newPortal()
	p.Names = taskNames()
	p.Names.TaskNew, p.Names.DealOwner, p.KeyProperty = taskOpen, "deal_owner", "leadsync_key"
	p.Modes[workflows.ClassOwner] = workflows.ModeOn
	p.Stages["subscriber"] = "subscriber"
	p.Order = append([]string{"subscriber"}, p.Order...)
	p.Statuses["in_talks"], p.Statuses["fake"], p.Statuses["no_budget_yet"] = "IN_TALKS", "FAKE", "NO_BUDGET_YET"
	p.FallbackOwner, p.TasksPerDay, p.People = "19", 2, map[string]workflows.Person{}
	p.Written.Responsible, p.Written.Missing = "leadsync_responsible", "leadsync_missing"
	place, err := calendar.New(calendar.Settings{Country: "DE", Region: "BE", Zone: team[""].loc})
	if err != nil {
		t.Fatalf("%v", err)
	}
	p.Calendar = place
	owners := map[string]connector.Owner{"queue": {ID: "queue", Active: true}}
	for _, name := range slices.Sorted(maps.Keys(team)) {
		h := team[name]
		if h.id == "" {
			continue
		}
		o := connector.Owner{ID: h.id, Active: true, Person: true}
		if h.told {
			o.Hours, o.Zone = h.text(), h.zone
		}
		owners[h.id] = o
		if name != "fallback" {
			p.People[name] = h.person(t)
		}
	}
	return p, owners
}
