package service

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

// listings are optional sources, for a CRM that has them.
type listings interface {
	Forms(ctx context.Context) ([]connector.Form, error)
	Submissions(ctx context.Context, form string, at connector.Cursor) (connector.SubmissionPage, error)
	Occurrences(
		ctx context.Context, contact connector.ObjectID, eventType string, since time.Time, at connector.Cursor,
	) (connector.OccurrencePage, error)
}

// sources read the optional sources that the portal switches on; nil if there are none.
func (r *Runner) sources(portal *workflows.Portal) *workflows.Sources {
	crm, ok := r.conn.CRM.(listings)
	if !ok || !portal.Submissions && !portal.PageVisits {
		return nil
	}
	s := r.svc
	return &workflows.Sources{
		CRM: crm, Forms: s.Store, Visits: s.Store, Portal: portal, Now: r.conn.Now, Clock: s.Now,
		Overlap: s.Config.Schedules.CatchUpOverlap, Log: s.Log,
	}
}

// nobody is a contact that no account has: its visits are asked for to see whether the account has any.
const nobody connector.ObjectID = "1"

// optional asks for what is switched on of the optional sources, and says what the account refuses, or the model
// does not count.
func (d *describer) optional(ctx context.Context) error {
	crm, ok := d.crm.(listings)
	if !ok {
		return nil
	}
	if d.portal.Submissions {
		d.counts("form_submissions", d.portal.Names.Submissions)
		_, err := crm.Forms(ctx)
		if errors.Is(err, connector.ErrNotFound) {
			err = fmt.Errorf("%w: %w", connector.ErrForbidden, err) // a plan without the feature
		}
		if err := d.refused(err, "form_submissions", "give the token the scope forms"); err != nil {
			return fmt.Errorf("ask for forms: %w", err)
		}
	}
	if d.portal.PageVisits {
		d.counts("page_visits", d.portal.Names.PageVisits)
		_, err := crm.Occurrences(ctx, nobody, d.portal.Names.VisitEvent, time.Unix(0, 0), "")
		if errors.Is(err, connector.ErrNotFound) || errors.Is(err, connector.ErrInvalid) {
			err = nil // it answers, and knows nobody of that number
		}
		if err := d.refused(err, "page_visits", "it needs an Enterprise plan"); err != nil {
			return fmt.Errorf("ask for visited pages: %w", err)
		}
	}
	return nil
}

// counts says so if no activity of the model counts what a source lists.
func (d *describer) counts(source, counter string) {
	counts := func(k scoring.ActivityKind) bool { return k.Counter != nil && k.Counter.Property == counter }
	if !slices.ContainsFunc(d.portal.Kinds(d.model), counts) {
		d.find("add the kind to the model, or switch the source off under `sources`",
			"source %q is switched on in portal %q, but no activity of the model counts %s", source, d.cfg.Name, counter)
	}
}

// refused makes a refusal a finding; other errors it gives back.
func (d *describer) refused(err error, source, remedy string) error {
	if !errors.Is(err, connector.ErrForbidden) {
		return err
	}
	d.find(remedy+", or switch the source off under `sources`",
		"the account refuses source %q, which is switched on; its counter goes on", source)
	return nil
}
