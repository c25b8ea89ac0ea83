package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"leadsync/cmd/leadsync/config"
	"leadsync/cmd/leadsync/service"
	"leadsync/connector"
	"leadsync/connector/hubspot"
	"leadsync/scoring"
	"leadsync/workflows"
	"leadsync/workflows/store"
)

// lintModel finds what is doubtful about the model of an installation whatever the account has.
func lintModel(env *environment, in *installation) ([]scoring.Finding, error) {
	text, err := env.readFile(in.cfg.Model)
	if err != nil {
		return nil, fmt.Errorf("read model: %w; the configuration's key `model` names it", err)
	}
	s := in.cfg.Schedules
	return scoring.Lint(in.cfg.Model, text, scoring.LintOptions{Contacts: longest(s.Contacts), Records: longest(s.Activities)})
}

// longest is the longest time between two moments of a schedule, as far as its next few hundred show: a week of one
// that comes every half hour of working days.
func longest(spec string) time.Duration {
	const many = 400
	schedule, err := config.ParseSchedule(spec)
	if err != nil {
		return 0 // the configuration has been read, so this is none that is in use
	}
	at := schedule.Next(time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC))
	longest := time.Duration(0)
	for range many {
		next := schedule.Next(at)
		longest, at = max(longest, next.Sub(at)), next
	}
	return longest
}

// mirrorCheck is how the criteria of the model were counted over the mirror.
type mirrorCheck struct {
	Contacts int    `json:"contacts"`
	Skipped  string `json:"skipped,omitempty"` // why they were not
}

// counter counts the criteria of the model over the mirror of one portal. It asks the CRM nothing and writes nothing.
type counter struct {
	in     *installation
	cfg    config.Portal
	portal *workflows.Portal
	store  *store.Store
	census *scoring.Census
	now    func() time.Time
	tell   func(string, workflows.Progress)
}

// countMirror finds the criteria that no stored contact meets.
func countMirror(ctx context.Context, env *environment, in *installation, p config.Portal, account accountCheck) (mirrorCheck, []scoring.Finding) {
	c := counter{in: in, cfg: p, portal: account.described, now: account.now, tell: progress(env, newLog(env, in.cfg.Log))}
	err := c.open(ctx, env)
	if err == nil {
		defer func() { _ = c.store.Close() }() // nothing is buffered
		err = c.walk(ctx)
	}
	if err != nil {
		return mirrorCheck{Skipped: err.Error()}, nil
	}
	return mirrorCheck{Contacts: c.census.Leads()}, c.census.Findings()
}

func (c *counter) open(ctx context.Context, env *environment) error {
	text, err := env.readFile(c.in.cfg.Model)
	if err != nil {
		return fmt.Errorf("read model: %w; the configuration's key `model` names it", err)
	}
	if c.census, err = scoring.NewCensus(c.in.cfg.Model, text); err != nil {
		return err
	}
	if c.portal == nil {
		zone := c.cfg.TimeZone
		if zone == "" {
			zone = "UTC"
		}
		if c.portal, err = service.NewPortal(c.cfg, c.in.cfg.Limits, hubspot.Names(), connector.Account{ID: c.cfg.Account, TimeZone: zone}); err != nil {
			return err
		}
	}
	c.store, err = c.in.openExisting(ctx, env)
	return err
}

// walk counts the contacts that are there, but for those that must not be profiled.
func (c *counter) walk(ctx context.Context) error {
	const page = 500
	after := connector.ObjectID("")
	for {
		ids, err := c.store.Contacts(ctx, c.cfg.Account, after, page)
		if err != nil {
			return err
		}
		records, err := c.store.Leads(ctx, c.cfg.Account, ids)
		if err != nil {
			return err
		}
		for _, r := range records {
			if !r.Removed && !forbidden(r) {
				c.census.Add(workflows.LeadOf(c.portal, c.in.model, r), c.now())
			}
		}
		done := len(ids) < page
		if after != "" || !done { // a page or less is done at once
			c.tell(c.cfg.Name, workflows.Progress{Feed: "counting", Done: c.census.Leads(), Complete: done})
		}
		if done {
			return nil
		}
		after = ids[len(ids)-1]
	}
}

// count adds what the contacts of the mirror say about the model. Of a condition of which something is told already
// (static), that nobody meets it is no news.
func (c accountCheck) count(ctx context.Context, env *environment, in *installation, p config.Portal, static []scoring.Finding) accountCheck {
	var found []scoring.Finding
	c.Mirror, found = countMirror(ctx, env, in, p, c)
	told := slices.Concat(static, c.Model)
	for _, f := range found {
		if !slices.ContainsFunc(told, func(other scoring.Finding) bool { return other.Line == f.Line && other.Column == f.Column }) {
			c.Model = append(c.Model, f)
		}
	}
	return c
}

// withStatic puts what is found about the model by itself before what is found in each account.
func withStatic(results []accountCheck, static []scoring.Finding) []accountCheck {
	for i := range results {
		results[i].Model = append(slices.Clone(static), results[i].Model...)
		if results[i].Model == nil {
			results[i].Model = []scoring.Finding{}
		}
	}
	return results
}

// writeModel tells what the account and its mirror say about the model.
func (c accountCheck) writeModel(w io.Writer) {
	if c.Mirror.Skipped != "" {
		tell(w, "  the criteria were not counted over the mirror: %s\n", c.Mirror.Skipped)
	} else {
		tell(w, "  the criteria were counted over %d contacts of the mirror\n", c.Mirror.Contacts)
	}
	writeFindings(w, c.Model)
}

// compareModel finds what the model asks for and the account cannot have.
func compareModel(ctx context.Context, env *environment, in *installation, conn service.Connection, portal *workflows.Portal) ([]scoring.Finding, error) {
	text, err := env.readFile(in.cfg.Model)
	if err != nil {
		return nil, fmt.Errorf("read model: %w; the configuration's key `model` names it", err)
	}
	demands, err := scoring.Demands(in.cfg.Model, text)
	if err != nil {
		return nil, err
	}
	a, err := readOptions(ctx, conn.CRM, portal)
	if err != nil {
		return nil, err
	}
	return a.compare(in.model, demands), nil
}

func writeFindings(w io.Writer, findings []scoring.Finding) {
	for _, f := range findings {
		tell(w, "%s:%d:%d: warning: %s (%s)\n    why: %s\n", f.File, f.Line, f.Column, f.Text, f.Kind, f.Why)
		if f.Example != "" {
			tell(w, "    for example: %s\n", f.Example)
		}
		tell(w, "    %s\n", f.Remedy)
	}
}
