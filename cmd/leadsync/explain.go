package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
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
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "explain CONTACT",
		Short: "Print a contact's score line by line, its stage and why, and what is missing for the next one",
		Long: "CONTACT is the contact's id in the CRM or its e-mail address. The answer comes from the mirror, evaluated now with\n" +
			"the model of the configuration; it asks the CRM only for the order of its stages, and does without if it cannot.",
		Args: exactly(1, "one contact (id or e-mail address)"),
	}
	portal := portalFlag(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		x, err := openExplainer(cmd, env, *portal)
		if err != nil {
			return err
		}
		defer x.close()
		e, err := x.explain(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		if asJSON {
			return printJSON(env.stdout, e)
		}
		e.write(env.stdout, x.portal.Language)
		return nil
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
	x.now = env.now
	conn, _, err := connect(env, x.in.cfg, x.cfg, slog.New(slog.DiscardHandler), func(hubspot.Call) {})
	if err == nil {
		x.now = conn.Now
		var d *service.Description
		if d, err = service.Describe(ctx, x.in.cfg, x.cfg, x.in.model, conn); err == nil {
			x.portal = d.Portal
			return nil
		}
	}
	x.offline = err.Error()
	zone := x.cfg.TimeZone
	if zone == "" {
		zone = "UTC"
	}
	x.portal, err = service.NewPortal(x.cfg, x.in.cfg.Limits, hubspotNames(), connector.Account{ID: x.cfg.Account, TimeZone: zone})
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
	Contact    connector.ObjectID      `json:"contact"`
	Stage      string                  `json:"stage"`
	Status     string                  `json:"status"`
	Held       bool                    `json:"held"`
	Evaluation scoring.Evaluation      `json:"evaluation"`
	Decisions  []workflows.Decision    `json:"decisions"`
	Unfinished []workflows.OutboxEntry `json:"unfinished"`
	Paused     string                  `json:"portal_paused,omitempty"`
	Offline    string                  `json:"offline,omitempty"`
	// Furthest is the high-water mark: the model leads to no stage up to it. WayBack is the last move backward, as
	// long as it is remembered.
	Furthest string              `json:"furthest_stage,omitempty"`
	WayBack  *workflows.Recycled `json:"way_back,omitempty"`
	barred   bool                // one of the two keeps it from the stage whose criteria it meets
	// Off are the kinds of activity of the model that this portal does not track.
	Off []string `json:"switched_off,omitempty"`
}

func (x *explainer) find(ctx context.Context, text string) (connector.ObjectID, error) {
	ids, err := x.store.FindContact(ctx, x.cfg.Account, text)
	if err != nil {
		return "", err
	}
	switch len(ids) {
	case 0:
		return "", fmt.Errorf("no contact %q in the mirror of portal %q; has `leadsync serve` loaded the account?", text, x.cfg.Name)
	case 1:
		return ids[0], nil
	}
	return "", fmt.Errorf("%d contacts match %q: %v; name one by its id", len(ids), text, ids)
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
	lead := workflows.LeadOf(x.portal, x.in.model, record)
	e := &explanation{Contact: id, Stage: lead.Stage, Status: lead.Status, Offline: x.offline, Off: x.portal.SwitchedOff(x.in.model)}
	e.Evaluation = x.in.model.Evaluate(lead, x.now())
	e.remember(record.State, x.portal.Order)
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
		e.Paused = fmt.Sprintf("since %s: %s", state.PausedSince.UTC().Format(time.RFC3339), state.PauseReason)
	}
	return e, nil
}

// remember takes over what leadsync remembers of a contact, if it ever planned for it.
func (e *explanation) remember(s *workflows.LeadState, order []string) {
	if s == nil {
		return
	}
	e.Held, e.Furthest, e.WayBack = s.Held, s.Furthest, s.Recycled
	place := func(stage string) int { return slices.Index(order, stage) }
	to := place(e.Evaluation.Stage)
	e.barred = !e.Held && to > place(e.Stage) && (e.WayBack != nil || to <= place(e.Furthest))
}

func (e *explanation) write(w io.Writer, language string) {
	fmt.Fprintf(w, "contact %s   stage in the CRM: %s   lead status: %s\n", e.Contact, orWord(e.Stage, "none"), orWord(e.Status, "none"))
	if e.Paused != "" {
		fmt.Fprintf(w, "The portal is paused %s\n", e.Paused)
	}
	if e.Offline != "" {
		fmt.Fprintf(w, "The account could not be asked (%s); the order of stages is the model's.\n", e.Offline)
	}
	if e.Held {
		fmt.Fprintln(w, "Held: it was there before go-live and has not changed since, so only its score is written.")
	}
	if len(e.Off) > 0 {
		fmt.Fprintf(w, "Switched off in this portal, so they count for nothing: %s\n", strings.Join(e.Off, ", "))
	}
	fmt.Fprintf(w, "\n%s", e.Evaluation.Text(language))
	e.writeBarrier(w)
	if len(e.Unfinished) > 0 {
		fmt.Fprintln(w, "\nNot done yet:")
		for _, o := range e.Unfinished {
			fmt.Fprintf(w, "  %-8s %-7s %s %s\n", o.State, o.Class, o.Key, o.Error)
		}
	}
	if len(e.Decisions) > 0 {
		fmt.Fprintln(w, "\nDecisions, newest first:")
		writeDecisions(w, e.Decisions, language)
	}
}

// writeBarrier says what keeps the contact from the stage whose criteria it meets.
func (e *explanation) writeBarrier(w io.Writer) {
	to := e.Evaluation.Stage
	switch {
	case !e.barred:
	case e.WayBack != nil:
		fmt.Fprintf(w, "Not moved to %s: it went back from %s to %s on %s, and since then nothing certainly dated has led it forward.\n",
			to, e.WayBack.From, e.WayBack.To, e.WayBack.At.UTC().Format("2006-01-02 15:04 MST"))
	default:
		fmt.Fprintf(w, "Not moved to %s: it had been as far as %s, and somebody moved it back. The model leads only to stages ahead of that one.\n",
			to, e.Furthest)
	}
}

func writeDecisions(w io.Writer, decisions []workflows.Decision, language string) {
	for _, d := range decisions {
		fmt.Fprintf(w, "  #%d %s  model %.8s\n", d.No, d.At.Format("2006-01-02 15:04 MST"), d.Model)
		if by := d.Reason.Params["origin"]; by != "" {
			fmt.Fprintf(w, "     the lead status was set by: %s (%s)\n", by, orWord(d.Reason.Params["source"], "no source told"))
		}
		if seen := d.Reason.Params[workflows.ParamSeen]; seen != "" {
			fmt.Fprintf(w, "     lead status since the look before: %s\n", seen)
		}
		for _, a := range d.Actions {
			fmt.Fprintf(w, "     %-6s %-6s %s(%s)\n", a.Class, a.Mode, changeOf(a), workflows.RenderReason(language, a.Reason))
		}
	}
}

// changeOf is what an action changes, with two spaces behind; empty for scores, which say everything in their reason.
func changeOf(a workflows.Action) string {
	change := a.Rule
	switch {
	case a.Kind == workflows.KindClose:
		change = "close " + a.Rule
	case a.Kind == workflows.KindList && a.To != "":
		change = "onto " + a.To
	case a.Kind == workflows.KindList:
		change = "off " + a.From
	case a.To != "":
		change = orWord(a.From, "none") + " → " + a.To
	case a.DueAt != "":
		change += " due " + a.DueAt
	}
	if change != "" {
		change += "  "
	}
	return change
}

func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("print JSON: %w", err)
	}
	return nil
}

func historyCommand(env *environment) *cobra.Command {
	cmd := &cobra.Command{
		Use: "history CONTACT", Short: "List every decision about a contact with its reason",
		Args: exactly(1, "one contact (id or e-mail address)"),
	}
	c := portalCommand{env: env, portal: portalFlag(cmd), asJSON: cmd.Flags().Bool("json", false, "print JSON")}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return c.with(cmd, func(ctx context.Context, in *installation, p config.Portal, st *store.Store) error {
			x := &explainer{in: in, cfg: p, store: st}
			id, err := x.find(ctx, args[0])
			if err != nil {
				return err
			}
			decisions, err := st.Decisions(ctx, p.Account, id, 10_000)
			switch {
			case err != nil:
				return err
			case *c.asJSON:
				return printJSON(env.stdout, decisions)
			case len(decisions) == 0:
				fmt.Fprintf(env.stdout, "%s: no decision yet\n", contactRef(id))
				return nil
			}
			fmt.Fprintf(env.stdout, "%s: %s, newest first\n", contactRef(id), plural(len(decisions), "decision"))
			writeDecisions(env.stdout, decisions, p.Language)
			return nil
		})
	}
	return cmd
}
