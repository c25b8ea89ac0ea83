package main

import (
	"strings"
	"time"

	"leadsync/cmd/leadsync/audit"
	"leadsync/cmd/leadsync/config"
	"leadsync/connector/hubspot/simulator"
	"leadsync/scoring/calendar"
)

// withCalendar tells the auditor when people work, as the configuration says it, and who they are in the account.
func withCalendar(m audit.Mapping, cfg config.Portal, owners []simulator.Owner) audit.Mapping {
	c := cfg.Calendar
	m.TimeZone, m.Closed = cfg.TimeZone, auditDays(c.Closed)
	m.Calendar = audit.Calendar{
		Place: auditPlace(c.Country, c.Region), Open: auditDays(c.Open), Hours: auditHours(c.Hours),
		DueAt: int(c.DueAt / time.Minute), TasksPerDay: c.TasksPerDay, People: map[string]audit.Worker{},
	}
	m.People = map[string]string{}
	for name, p := range c.People {
		w := audit.Worker{Zone: p.Zone, Place: auditPlace(p.Country, p.Region), Hours: auditHours(p.Hours), Deputy: p.Deputy, TasksPerDay: p.TasksPerDay}
		for _, a := range p.Absent {
			w.Away = append(w.Away, audit.Away{From: a.From.Format(time.DateOnly), To: a.To.Format(time.DateOnly), Deputy: a.Deputy})
		}
		m.Calendar.People[name], m.People[name] = w, p.Owner
		for _, o := range owners {
			if strings.EqualFold(o.Email, p.Owner) {
				m.People[name] = o.ID
			}
		}
	}
	return m
}

func auditPlace(country, region string) string {
	if region == "" {
		return country
	}
	return country + "-" + region
}

// auditDays are days as the auditor reads them; year 0 is every year.
func auditDays(days []time.Time) []string {
	texts := make([]string, len(days))
	for i, d := range days {
		texts[i] = strings.TrimPrefix(d.Format(time.DateOnly), "0000-")
	}
	return texts
}

// auditHours are working hours in minutes; nil if there are none.
func auditHours(w calendar.Week) map[time.Weekday][][2]int {
	if w == nil {
		return nil
	}
	hours := map[time.Weekday][][2]int{}
	for day, intervals := range w {
		for _, i := range intervals {
			hours[day] = append(hours[day], [2]int{int(i.From / time.Minute), int(i.To / time.Minute)})
		}
	}
	return hours
}
