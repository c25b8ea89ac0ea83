package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"leadsync/cmd/leadsync/config"
	"leadsync/cmd/leadsync/service"
	"leadsync/connector"
	"leadsync/connector/hubspot"
	"leadsync/scoring"
	"leadsync/workflows"
)

func checkCommand(env *environment) *cobra.Command {
	var asJSON, create, offline, strict bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Validate configuration and model, and the account where there is a token",
		Long: "Reports every mistake of both files as file:line:column, and warns of what is well-formed and hardly meant: thresholds\n" +
			"that nobody reaches, conditions that are never or always true, rules that always fire together and the like, each with\n" +
			"why and an example. With a token, asks each account whether its properties, stages, options, pipelines and scopes are\n" +
			"there. Where there is a mirror, counts which criteria no stored contact meets. Reads only, unless --create makes the\n" +
			"properties that leadsync writes.\n" +
			"Exit code 3 if something would keep an effect from working, with --strict also if there is a warning.",
		Args: exactly(0, "no arguments"),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().BoolVar(&create, "create", false, "create the missing properties that leadsync writes, the unique keys on tasks and deals included")
	cmd.Flags().BoolVar(&offline, "offline", false, "check the files only")
	cmd.Flags().BoolVar(&strict, "strict", false, "fail if there is a warning about the model, too")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		in, err := loadInstallation(cmd, env)
		if err != nil {
			return err
		}
		static, err := lintModel(env, in)
		if err != nil {
			return err
		}
		var results []accountCheck
		for _, p := range in.cfg.Portals {
			r := checkAccount(cmd.Context(), env, in, p, accountOptions{create: create, offline: offline})
			if r.Mirror.Skipped = "--offline"; !offline {
				r = r.count(cmd.Context(), env, in, p, static)
			}
			results = append(results, r)
		}
		if asJSON {
			err = printJSON(env.stdout, withStatic(results, static))
		} else {
			tell(env.stdout, "%s and %s are well-formed (model %s, version %.12s)\n", in.path, in.cfg.Model, in.model.Name(), in.model.Version())
			writeFindings(env.stdout, static)
			for _, r := range results {
				r.write(env.stdout)
			}
		}
		for _, r := range results {
			if r.failed() || strict && len(static)+len(r.Model) > 0 {
				return errors.Join(err, errFound)
			}
		}
		return err
	}
	return cmd
}

type accountOptions struct{ create, offline bool }

// accountCheck is what was found about one portal's account.
type accountCheck struct {
	Portal   string             `json:"portal"`
	Account  connector.PortalID `json:"account"`
	Skipped  string             `json:"skipped,omitempty"` // why the account was not asked
	Error    string             `json:"error,omitempty"`
	Created  []string           `json:"created,omitempty"`
	Findings []service.Finding  `json:"findings"`
	Scopes   []scopeCheck       `json:"scopes,omitempty"`
	Effects  map[string]string  `json:"effects,omitempty"`
	// Model is what is doubtful about the model: by itself (in JSON only, for it is the same for all portals), in this
	// account, and seen from the contacts of its mirror.
	Model  []scoring.Finding `json:"model"`
	Mirror mirrorCheck       `json:"mirror"`

	described *workflows.Portal // nil if the account was not asked
	now       func() time.Time
}

type scopeCheck struct {
	Need    string   `json:"need"`
	Scope   string   `json:"scope"`
	Missing []string `json:"missing,omitempty"`
	Error   string   `json:"error,omitempty"`
	// Optional: leadsync works without it, so that lacking it is no failure.
	Optional bool `json:"optional,omitempty"`
}

func scopeCheckOf(p hubspot.ScopeProbe) scopeCheck {
	s := scopeCheck{Need: p.Need, Scope: p.Scope, Missing: p.Missing, Optional: p.Optional}
	if p.Err != nil {
		s.Error = p.Err.Error()
	}
	return s
}

// lacks reports whether something that leadsync needs is refused.
func (s scopeCheck) lacks() bool { return len(s.Missing) > 0 && !s.Optional }

// write is one line for people; missing is how the command says that something needed is refused.
func (s scopeCheck) write(w io.Writer, missing string) {
	switch {
	case s.lacks():
		tell(w, "%s", block(missing))
	case len(s.Missing) > 0:
		tell(w, "  note      not readable: %s; leadsync works without, the scope %s would allow it\n", s.Need, s.Scope)
	case s.Error != "":
		tell(w, "  unknown   %s: %s\n", s.Need, s.Error)
	default:
		tell(w, "  ok        can read %s\n", s.Need)
	}
}

func (c accountCheck) failed() bool {
	if c.Error != "" {
		return true
	}
	for _, f := range c.Findings {
		if f.Blocking {
			return true
		}
	}
	for _, s := range c.Scopes {
		if s.lacks() {
			return true
		}
	}
	return false
}

func checkAccount(ctx context.Context, env *environment, in *installation, p config.Portal, o accountOptions) accountCheck {
	out := accountCheck{Portal: p.Name, Account: p.Account, Findings: []service.Finding{}, Model: []scoring.Finding{}, now: env.now}
	if o.offline {
		out.Skipped = "--offline"
		return out
	}
	if err := ready(ctx, env, in.cfg, p); err != nil {
		out.Skipped = err.Error()
		return out
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	conn, client, err := connect(env, in.cfg, p, slog.New(slog.DiscardHandler), func(hubspot.Call) {})
	if err == nil && o.create {
		out.Created, err = createProperties(ctx, client, p, in.model)
	}
	var d *service.Description
	if err == nil {
		d, err = service.Describe(ctx, in.cfg, p, in.model, conn)
	}
	if err != nil {
		out.Error = err.Error()
		return out
	}
	out.Findings = append(out.Findings, d.Findings...)
	if out.Model, err = compareModel(ctx, env, in, conn, d.Portal); err != nil {
		out.Error = err.Error()
		return out
	}
	out.described, out.now = d.Portal, conn.Now
	out.Effects = map[string]string{}
	for class, mode := range d.Portal.Modes {
		out.Effects[string(class)] = string(mode)
	}
	for _, probe := range client.ProbeScopes(ctx, d.Portal.ActivityTypes(in.model)) {
		out.Scopes = append(out.Scopes, scopeCheckOf(probe))
	}
	return out
}

// createProperties makes what leadsync writes. The account is checked first: nothing is created in another.
func createProperties(ctx context.Context, client *hubspot.Client, p config.Portal, m *scoring.Model) ([]string, error) {
	account, err := client.Account(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask who the token belongs to: %w", err)
	}
	if account.ID != p.Account {
		return nil, fmt.Errorf("%w: portal %q is account %s, the token is for %s; nothing was created", service.ErrWrongAccount, p.Name, p.Account, account.ID)
	}
	key := hubspot.PropertySpec{
		Name: p.Properties.Key, Label: "leadsync key", Type: "string", Unique: true,
		Description: "Identifies what leadsync created, so that nothing is created twice.",
	}
	specs := []ownProperty{
		{connector.TypeContact, hubspot.PropertySpec{Name: p.Properties.Score, Label: "Lead score", Type: "number", Description: "Sum of the scores."}},
		{connector.TypeContact, hubspot.PropertySpec{Name: p.Properties.Fit, Label: "Fit score", Type: "number"}},
		{connector.TypeContact, hubspot.PropertySpec{Name: p.Properties.Engagement, Label: "Engagement score", Type: "number"}},
		{connector.TypeContact, hubspot.PropertySpec{Name: p.Properties.Reasons, Label: "Reasons of the score", Type: "string", FieldType: "textarea"}},
		{connector.TypeContact, hubspot.PropertySpec{
			Name: p.Properties.LastReason, Label: "Reason of the last move", Type: "string", FieldType: "textarea",
			Description: "Why stage or lead status were moved last.",
		}},
		{connector.TypeContact, hubspot.PropertySpec{Name: p.Properties.ScoredAt, Label: "Scored at", Type: "datetime"}},
		{connector.TypeTask, key},
		{connector.TypeDeal, key},
	}
	specs = append(append(specs, rankProperties(p.Properties, m)...), handoverProperties(p.Properties)...)
	specs = append(specs, priorityProperty(p.Properties, m)...)
	var created []string
	var errs []error
	for _, s := range specs {
		if s.spec.Name == "" {
			continue
		}
		if err := client.CreateProperty(ctx, s.t, s.spec); err != nil {
			errs = append(errs, fmt.Errorf("create %s property %q: %w", s.t, s.spec.Name, err))
			continue
		}
		created = append(created, string(s.t)+"."+s.spec.Name)
	}
	return created, errors.Join(errs...)
}

func (c accountCheck) write(w io.Writer) {
	tell(w, "\nportal %s (account %s)\n", c.Portal, c.Account)
	defer c.writeModel(w)
	switch {
	case c.Skipped != "":
		tell(w, "  the account was not asked: %s\n", c.Skipped)
		return
	case c.Error != "":
		tell(w, "  %s\n", c.Error)
		return
	}
	for _, name := range c.Created {
		tell(w, "  there now: %s\n", name)
	}
	for _, s := range c.Scopes {
		s.write(w, fmt.Sprintf("  MISSING   scope for %s: %v\n            give the token the scope %s\n", s.Need, s.Missing, s.Scope))
	}
	for _, f := range c.Findings {
		mark := "note    "
		if f.Blocking {
			mark = "BLOCKED "
		}
		tell(w, "  %s  %s\n            %s\n", mark, f.Text, f.Remedy)
	}
	tell(w, "  effects  ")
	for _, class := range workflows.Classes() {
		tell(w, " %s: %s ", class, c.Effects[string(class)])
	}
	tellLine(w, block("\n  Whether the token may write cannot be told without writing; the first effects that are on will tell."))
}
