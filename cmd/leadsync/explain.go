package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"leadsync/cmd/leadsync/config"
	"leadsync/cmd/leadsync/service"
	"leadsync/connector"
	"leadsync/connector/hubspot"
	"leadsync/scoring"
	"leadsync/workflows"
	"leadsync/workflows/store"
)

func explainCommand(env *environment) *cobra.Command {
	var o explainOptions
	cmd := &cobra.Command{
		Use:   "explain CONTACT",
		Short: "Print a contact's score line by line, its stage and why, and what is missing for the next one",
		Long: "CONTACT is the contact's id in the CRM or its e-mail address. The answer comes from the mirror, evaluated now with\n" +
			"the model of the configuration; it asks the CRM only for the order of its stages, and does without if it cannot.\n\n" +
			"--as-of evaluates at another moment, with what was true then: 2026-03-02 (the end of that day), \"2026-03-02 14:30\" (in the\n" +
			"portal's time zone) or 2026-03-02T14:30:00Z. For the past the CRM is asked for the history of the contact, its companies and\n" +
			"its deals; what has no history is taken as it is today. The answer says of each fact which of the two it is. A moment in the\n" +
			"future shows what will be if nothing happens.",
		Args: exactly(1, "one contact (id or e-mail address)"),
	}
	portal := portalFlag(cmd)
	o.flags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := o.check(); err != nil {
			return err
		}
		x, err := openExplainer(cmd, env, *portal)
		if err != nil {
			return err
		}
		defer x.close()
		x.options = o
		e, err := x.explain(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		return x.show(env, e)
	}
	return cmd
}

// explainer explains contacts of one portal from the mirror.
type explainer struct {
	in      *installation
	cfg     config.Portal
	store   *store.Store
	portal  *workflows.Portal
	now     func() time.Time
	offline string // why the account could not be asked; empty if it was
	options explainOptions
	past    historian // nil if the account cannot be asked
	read    func(string) ([]byte, error)
}

func openExplainer(cmd *cobra.Command, env *environment, name string) (*explainer, error) {
	in, err := loadInstallation(cmd, env)
	if err != nil {
		return nil, err
	}
	x := &explainer{in: in}
	if x.cfg, err = in.choose(name); err != nil {
		return nil, err
	}
	if x.store, err = in.openExisting(cmd.Context(), env); err != nil {
		return nil, err
	}
	if err := x.describe(cmd.Context(), env); err != nil {
		x.close()
		return nil, err
	}
	return x, nil
}

func (x *explainer) close() { _ = x.store.Close() } // nothing is buffered

// describe learns the account's order of stages; if the account cannot be asked, the model's order serves.
func (x *explainer) describe(ctx context.Context, env *environment) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	x.now, x.read = env.now, env.readFile
	conn, _, err := connect(env, x.in.cfg, x.cfg, slog.New(slog.DiscardHandler), func(hubspot.Call) {})
	if err == nil {
		x.now = conn.Now
		var d *service.Description
		if d, err = service.Describe(ctx, x.in.cfg, x.cfg, x.in.model, conn); err == nil {
			x.portal = d.Portal
			x.past, _ = conn.CRM.(historian)
			if x.cfg.TimeZone == "" {
				x.cfg.TimeZone = d.Account.TimeZone
			}
			return nil
		}
	}
	x.offline = err.Error()
	if x.cfg.TimeZone == "" {
		x.cfg.TimeZone = "UTC"
	}
	x.portal, err = service.NewPortal(x.cfg, x.in.cfg.Limits, hubspot.Names(), connector.Account{ID: x.cfg.Account, TimeZone: x.cfg.TimeZone})
	if err != nil {
		return err
	}
	for _, s := range x.in.model.Stages() {
		if !s.SideTrack {
			x.portal.Order = append(x.portal.Order, s.Name)
		}
	}
	return nil
}

// explanation is everything about one contact.
type explanation struct {
	Contact connector.ObjectID `json:"contact"`
	Stage   string             `json:"stage"`
	Status  string             `json:"status"`
	Held    bool               `json:"held"`
	// Company is the contact's primary company, if the model moves the stages of companies.
	Company    *companyShown           `json:"company,omitempty"`
	Evaluation scoring.Evaluation      `json:"evaluation"`
	Decisions  []workflows.Decision    `json:"decisions"`
	Unfinished []workflows.OutboxEntry `json:"unfinished"`
	Paused     string                  `json:"portal_paused,omitempty"`
	Offline    string                  `json:"offline,omitempty"`
	// Furthest is the high-water mark: the model leads to no stage up to it. WayBack is the last move backward, as
	// long as it is remembered.
	Furthest string `json:"furthest_stage,omitempty"`
	// Frozen is what the model does not move, and why (`leadsync overrides` lists it for all contacts).
	Frozen  []workflows.Frozen  `json:"frozen,omitempty"`
	WayBack *workflows.Recycled `json:"way_back,omitempty"`
	// Outcomes are the response clocks, how the lead turned out, and a cool-down.
	Outcomes workflows.Outcomes `json:"outcomes,omitzero"`
	Profile  workflows.Profile  `json:"profile"`
	barred   bool               // one of the two keeps it from the stage whose criteria it meets
	// Off are the kinds of activity of the model that this portal does not track.
	Off []string `json:"switched_off,omitempty"`
	// AsOf is set if another moment or another model was asked for.
	AsOf *asOf `json:"as_of,omitempty"`
	lead scoring.Lead
	by   *scoring.Model // evaluated it
	at   time.Time      // when
	zone *time.Location // of the portal: texts tell moments in it
	name string         // of the contact, if it has one
	// denied says that another moment or model was asked for, of a contact that must not be profiled.
	denied bool
}

func (x *explainer) find(ctx context.Context, text string) (connector.ObjectID, error) {
	ids, err := x.store.FindContact(ctx, x.cfg.Account, text)
	if err != nil {
		return "", err
	}
	switch len(ids) {
	case 0:
		return "", fmt.Errorf("no contact with this id or address in the mirror of portal %q; has `leadsync serve` loaded the account?", x.cfg.Name)
	case 1:
		return ids[0], nil
	}
	return "", fmt.Errorf("%d contacts match: %v; name one by its id", len(ids), ids)
}

func (x *explainer) explain(ctx context.Context, text string) (*explanation, error) {
	id, err := x.find(ctx, text)
	if err != nil {
		return nil, err
	}
	records, err := x.store.Leads(ctx, x.cfg.Account, []connector.ObjectID{id})
	if err != nil {
		return nil, err
	}
	record := records[0]
	if x.options.elsewhere() && !forbidden(record) { // else its past is not to be known
		return x.explainAsOf(ctx, record)
	}
	lead := workflows.LeadOf(x.portal, x.in.model, record)
	e := &explanation{
		Contact: id, Stage: lead.Stage, Status: lead.Status, Offline: x.offline, Off: x.portal.SwitchedOff(x.in.model),
		lead: lead, by: x.in.model, at: x.now(), zone: x.zone(), name: x.nameOf(record), denied: x.options.elsewhere(),
	}
	e.Evaluation = x.in.model.Evaluate(lead, e.at)
	e.remember(record.State, x.portal.Order)
	e.Company = companyOf(x.portal, x.in.model, record)
	if e.Decisions, err = x.store.Decisions(ctx, x.cfg.Account, id, 20); err != nil {
		return nil, err
	}
	for _, state := range []workflows.EntryState{workflows.StateReady, workflows.StateSending, workflows.StateParked} {
		entries, err := x.store.Outbox(ctx, x.cfg.Account, state, id, 50)
		if err != nil {
			return nil, err
		}
		e.Unfinished = append(e.Unfinished, entries...)
	}
	state, err := x.store.Portal(ctx, x.cfg.Account)
	if err != nil && !errors.Is(err, workflows.ErrNoRecord) {
		return nil, err
	}
	if !state.PausedSince.IsZero() {
		e.Paused = fmt.Sprintf("since %s: %s", state.PausedSince.In(e.zone).Format(stampIn("en")), state.PauseReason)
	}
	return e, nil
}

// remember takes over what leadsync remembers of a contact, if it ever planned for it.
func (e *explanation) remember(s *workflows.LeadState, order []string) {
	if s == nil {
		return
	}
	e.Held, e.Furthest, e.WayBack, e.Profile = s.Held, s.Furthest, s.Recycled, s.Profile
	e.Outcomes = s.Outcomes
	place := func(stage string) int { return slices.Index(order, stage) }
	to := place(e.Evaluation.Stage)
	e.Frozen = s.Frozen(e.Contact)
	e.barred = len(e.Frozen) == 0 && !e.Held && to > place(e.Stage) && (e.WayBack != nil || to <= place(e.Furthest))
}

func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("print JSON: %w", err)
	}
	return nil
}
