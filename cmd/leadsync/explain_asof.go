package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

// historian is a CRM that keeps the history of properties.
type historian interface {
	History(ctx context.Context, t connector.ObjectType, ids []connector.ObjectID, props []string) (connector.HistoryResult, error)
}

// The models that --model names besides files.
const (
	modelCurrent = "current"
	modelThen    = "then"
)

type explainOptions struct {
	asJSON                  bool
	asOf, model, html, lang string
}

func (o *explainOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&o.asJSON, "json", false, "print JSON")
	f.StringVar(&o.asOf, "as-of", "", "another moment to evaluate at: 2026-03-02, \"2026-03-02 14:30\" or 2026-03-02T14:30:00Z")
	f.StringVar(&o.model, "model", modelCurrent, "model to evaluate with: current, then (the one in force at --as-of), or a file")
	f.StringVar(&o.html, "html", "", "write one self-contained page into this file; - for standard output")
	f.StringVar(&o.lang, "lang", "", "language of the explanation, en or de, instead of the portal's")
}

func (o *explainOptions) check() error {
	switch {
	case o.lang != "" && o.lang != "en" && o.lang != "de":
		return usageError{fmt.Errorf("--lang %q: explanations are in en or de", o.lang)}
	case o.asJSON && o.html != "":
		return usageError{errors.New("--json and --html are two forms of one answer; choose one")}
	case o.model == modelThen && o.asOf == "":
		return usageError{errors.New("--model then needs --as-of: then is the moment that it names")}
	case o.model == "":
		return usageError{errors.New("--model is empty; name current, then or a file")}
	}
	return nil
}

// elsewhere says that not the present is asked for, or not the model of the configuration.
func (o *explainOptions) elsewhere() bool {
	return o.asOf != "" || o.model != modelCurrent && o.model != ""
}

// asOf is what an evaluation at another moment, or by another model, rests on.
type asOf struct {
	At    time.Time   `json:"at"`
	Asked string      `json:"asked,omitempty"` // as it was written; empty for now
	Zone  string      `json:"time_zone"`
	Model modelChoice `json:"model"`
	// Ahead says that the moment lies in the future: everything is as it is now, and nothing else happens.
	Ahead bool `json:"ahead,omitempty"`
	// Known says of each part of the lead of which time it is.
	Known []workflows.Knowledge `json:"known,omitempty"`
	// Unasked is why the CRM was not asked for histories; empty if it was, or need not be.
	Unasked string `json:"histories_not_asked,omitempty"`
	zone    *time.Location
	closing bool // a date alone was asked for: its end
}

// modelChoice is the model that evaluated, and why that one.
type modelChoice struct {
	Choice  string `json:"choice"` // current, then, or the name of the file
	Version string `json:"version"`
	// Since is when the portal was first seen to be under the model of then.
	Since time.Time `json:"since,omitzero"`
}

// moment reads --as-of.
func (x *explainer) moment() (*asOf, error) {
	now := x.now()
	zone, err := time.LoadLocation(x.cfg.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("time zone %q: %w; set time_zone for portal %q", x.cfg.TimeZone, err, x.cfg.Name)
	}
	out := &asOf{At: now, Asked: x.options.asOf, Zone: zone.String(), zone: zone}
	if x.options.asOf == "" {
		return out, nil
	}
	at, day, err := readMoment(x.options.asOf, zone)
	if err != nil {
		return nil, usageError{err}
	}
	if !day {
		out.At = at
	} else if end := at.AddDate(0, 0, 1).Add(-time.Microsecond); end.Before(now) || at.After(now) {
		out.At, out.closing = end, true // its last instant; today ends now
	}
	const years = 10
	if out.At.After(now.AddDate(years, 0, 0)) {
		return nil, usageError{fmt.Errorf("--as-of %q lies more than %d years ahead; name an earlier moment", x.options.asOf, years)}
	}
	out.Ahead = out.At.After(now)
	return out, nil
}

// readMoment reads a moment, or a day and then its beginning.
func readMoment(text string, zone *time.Location) (at time.Time, day bool, err error) {
	if at, err := time.ParseInLocation(time.DateOnly, text, zone); err == nil {
		return at, true, nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02T15:04:05"} {
		if at, err := time.ParseInLocation(layout, text, zone); err == nil {
			return at, false, nil
		}
	}
	return at, false, fmt.Errorf("--as-of %q is no moment; write 2026-03-02, \"2026-03-02 14:30\" (in the portal's time zone) or 2026-03-02T14:30:00Z", text)
}

// explainAsOf evaluates a contact at another moment or by another model.
func (x *explainer) explainAsOf(ctx context.Context, record workflows.LeadRecord) (*explanation, error) {
	then, err := x.moment()
	if err != nil {
		return nil, err
	}
	e := &explanation{Contact: record.ID, Offline: x.offline, AsOf: then, at: then.At, zone: then.zone, name: x.nameOf(record)}
	if err := x.existed(record, then); err != nil {
		return nil, err
	}
	all, err := x.store.Decisions(ctx, x.cfg.Account, record.ID, 10_000)
	if err != nil {
		return nil, err
	}
	for _, d := range all {
		if !d.At.After(then.At) && len(e.Decisions) < 20 {
			e.Decisions = append(e.Decisions, d)
		}
	}
	if e.by, err = x.modelOf(ctx, then, all); err != nil {
		return nil, err
	}
	e.Off = x.portal.SwitchedOff(e.by)
	// Whoever must not be profiled today is not profiled in the past either.
	e.lead = workflows.LeadOf(x.portal, x.in.model, record)
	if e.Evaluation = x.in.model.Evaluate(e.lead, x.now()); e.Evaluation.Unprofiled {
		e.Stage, e.Status, e.AsOf, e.Decisions, e.denied = e.lead.Stage, e.lead.Status, nil, nil, true
		return e, nil
	}
	past := workflows.Past{
		Portal: x.portal, Model: e.by, Mirror: x.in.model, Record: record, Decisions: all, At: then.At, Now: x.now(),
	}
	if past.Told, err = x.histories(ctx, past); err != nil {
		then.Unasked = err.Error()
	}
	was := workflows.AsOf(past)
	e.lead, then.Known = was.Lead, was.Known
	e.Stage, e.Status = e.lead.Stage, e.lead.Status
	e.Evaluation = e.by.Evaluate(e.lead, then.At)
	return e, nil
}

// existed refuses moments of which there is nothing to tell.
func (x *explainer) existed(record workflows.LeadRecord, then *asOf) error {
	format := func(t time.Time) string { return t.In(then.zone).Format("2006-01-02 15:04 MST") }
	if created := record.Contact.CreatedAt; created.After(then.At) {
		return fmt.Errorf("%s did not exist at %s: the CRM created it at %s; name a moment after that", contactRef(record.ID), format(then.At), format(created))
	}
	if s := record.State; s != nil && s.ProfiledFrom.After(then.At) {
		return fmt.Errorf("%s was not to be profiled until %s, and what it did before then counts for nothing; name a moment after that",
			contactRef(record.ID), format(s.ProfiledFrom))
	}
	return nil
}

// modelOf is the model to evaluate with.
func (x *explainer) modelOf(ctx context.Context, then *asOf, decisions []workflows.Decision) (*scoring.Model, error) {
	then.Model.Choice, then.Model.Version = x.options.model, x.in.model.Version()
	switch x.options.model {
	case modelCurrent:
		return x.in.model, nil
	case modelThen:
		return x.modelThen(ctx, then, decisions)
	}
	text, err := x.read(x.options.model)
	if err != nil {
		return nil, fmt.Errorf("read model: %w; --model takes current, then or a file", err)
	}
	model, err := scoring.Parse(x.options.model, text)
	if err != nil {
		return nil, err
	}
	then.Model.Version = model.Version()
	return model, nil
}

// modelThen finds the version of the model that was in force.
func (x *explainer) modelThen(ctx context.Context, then *asOf, decisions []workflows.Decision) (*scoring.Model, error) {
	stored, err := x.store.Models(ctx, x.cfg.Account)
	if err != nil {
		return nil, err
	}
	version, since := workflows.ModelThen(stored, decisions, then.At)
	if then.Ahead || version == x.in.model.Version() {
		then.Model.Since = since
		return x.in.model, nil
	}
	for _, m := range stored {
		if m.Version != version {
			continue
		}
		model, err := scoring.Parse("model "+version[:min(8, len(version))], m.Canonical)
		if err != nil {
			return nil, fmt.Errorf("read the model of then: %w; this release cannot read it any more: use --model current, or --model FILE with a corrected copy", err)
		}
		then.Model.Version, then.Model.Since = version, since
		return model, nil
	}
	first := "none is stored yet"
	if len(stored) > 0 {
		first = "the first one was used at " + stored[0].FirstUsed.In(then.zone).Format("2006-01-02 15:04 MST")
	}
	return nil, fmt.Errorf("no model of %s is stored, %s; use --model current or --model FILE", then.At.In(then.zone).Format("2006-01-02 15:04 MST"), first)
}

// histories asks the CRM for the past of a contact's properties, its companies' and its deals'.
func (x *explainer) histories(ctx context.Context, past workflows.Past) (map[connector.Ref]connector.History, error) {
	if !past.At.Before(past.Now) {
		return nil, nil //nolint:nilnil // the present needs no history
	}
	if x.past == nil {
		return nil, errors.New(orWord(x.offline, "the CRM keeps none"))
	}
	ctx, cancel := context.WithTimeout(connector.For(ctx, connector.PurposeHistory), 20*time.Second)
	defer cancel()
	told := map[connector.Ref]connector.History{}
	var missing []error
	for _, ask := range workflows.HistoryAsks(x.portal, past.Model, past.Record) {
		got, err := x.past.History(ctx, ask.Type, ask.IDs, ask.Props)
		if err != nil {
			missing = append(missing, err)
		}
		for id, found := range got.Found {
			history := make(connector.History, len(ask.Props)) // a property without versions was asked for too
			for _, prop := range ask.Props {
				history[prop] = found[prop]
			}
			told[connector.Ref{Type: ask.Type, ID: id}] = history
		}
	}
	return told, errors.Join(missing...)
}
