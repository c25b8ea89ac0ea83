package service

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"leadsync/cmd/leadsync/config"
	"leadsync/scoring/calendar"
	"leadsync/workflows"
)

// setCalendar says when people of the portal work. The configuration was read, so most of it is known to be sound.
func setCalendar(p *workflows.Portal, cfg config.Calendar, zone *time.Location) error {
	place := func(country, region string) (calendar.Calendar, error) {
		return calendar.New(calendar.Settings{Country: country, Region: region, Closed: written(cfg.Closed), Open: written(cfg.Open), Zone: zone})
	}
	var err error
	if p.Calendar, err = place(cfg.Country, cfg.Region); err != nil {
		return err
	}
	if cfg.Hours != nil {
		if p.Hours, err = calendar.NewHours(cfg.Hours); err != nil {
			return err
		}
	}
	p.DueAt, p.TasksPerDay, p.People = cfg.DueAt, cfg.TasksPerDay, map[string]workflows.Person{}
	for _, name := range slices.Sorted(maps.Keys(cfg.People)) {
		if p.People[name], err = person(cfg.People[name], place); err != nil {
			return fmt.Errorf("read person %q: %w", name, err)
		}
	}
	return nil
}

// written are days as package calendar reads them.
func written(days []time.Time) []string {
	texts := make([]string, len(days))
	for i, d := range days {
		texts[i] = d.Format(time.DateOnly)
		if d.Year() == 0 {
			texts[i] = d.Format("01-02")
		}
	}
	return texts
}

func person(cfg config.Person, place func(country, region string) (calendar.Calendar, error)) (workflows.Person, error) {
	p := workflows.Person{Owner: cfg.Owner, Deputy: cfg.Deputy, Team: cfg.Team, TasksPerDay: cfg.TasksPerDay}
	if cfg.Country != "" {
		at, err := place(cfg.Country, cfg.Region)
		if err != nil {
			return p, err
		}
		p.Calendar = &at
	}
	if cfg.Zone != "" {
		zone, err := time.LoadLocation(cfg.Zone)
		if err != nil {
			return p, err
		}
		p.Zone = zone
	}
	if cfg.Hours != nil {
		hours, err := calendar.NewHours(cfg.Hours)
		if err != nil {
			return p, err
		}
		p.Hours = &hours
	}
	for _, a := range cfg.Absent {
		p.Absences = append(p.Absences, workflows.Absence{
			Absence: calendar.Absence{From: a.From, To: a.To, Days: true}, Deputy: a.Deputy,
		})
	}
	return p, nil
}
