package main

import (
	"context"
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
	"leadsync/workflows"
)

type connectOptions struct {
	asJSON, disconnect, forget, reencrypt bool
	timeout                               time.Duration
}

func connectCommand(env *environment) *cobra.Command {
	var o connectOptions
	cmd := &cobra.Command{
		Use:   "connect",
		Short: "Connect a portal to its account, by token or by OAuth, and say what works",
		Long: "With a token (token_env, token_file): asks the account who it is, compares it with the configured one, and names the\n" +
			"scopes that are missing. With oauth: prints a link for an administrator of the account, waits for the answer on\n" +
			"redirect_url, compares the account before anything is stored, and stores the grant encrypted.\n" +
			"Exit code 3 if it is connected but something is missing.",
		Args: exactly(0, "no arguments"),
	}
	name := portalFlag(cmd)
	cmd.Flags().BoolVar(&o.asJSON, "json", false, "print the result as JSON; the link goes to standard error")
	cmd.Flags().DurationVar(&o.timeout, "timeout", 10*time.Minute, "how long to wait for the administrator")
	cmd.Flags().BoolVar(&o.disconnect, "disconnect", false, "revoke the grant at the CRM and delete it here (oauth only)")
	cmd.Flags().BoolVar(&o.forget, "forget", false, "with --disconnect: delete it here without asking the CRM to revoke it")
	cmd.Flags().BoolVar(&o.reencrypt, "reencrypt", false, "encrypt what is stored with the present credentials_key, and say which keys are needed (oauth only)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if o.reencrypt && (o.disconnect || o.forget) {
			return usageError{errors.New("--reencrypt goes with neither --disconnect nor --forget")}
		}
		if o.timeout <= 0 {
			return usageError{fmt.Errorf("--timeout %s: give a time above 0, such as 10m", o.timeout)}
		}
		if o.forget && !o.disconnect {
			return usageError{errors.New("--forget goes with --disconnect")}
		}
		in, err := loadInstallation(cmd, env)
		if err != nil {
			return err
		}
		p, err := in.choose(*name)
		if err != nil {
			return err
		}
		return connectPortal(cmd.Context(), env, in, p, o)
	}
	return cmd
}

// connectResult is what came of it.
type connectResult struct {
	Portal  string             `json:"portal"`
	Account connector.PortalID `json:"account"`
	Kind    string             `json:"kind"` // token or oauth
	// Granted are the scopes of an OAuth grant, Missing those that were asked for and not granted.
	Granted []string     `json:"granted,omitempty"`
	Missing []string     `json:"missing,omitempty"`
	Probes  []scopeCheck `json:"probes,omitempty"`
	Revoked bool         `json:"revoked,omitempty"`
	Deleted bool         `json:"deleted,omitempty"`
	// Key is the id of the key that the grant is encrypted with, after --reencrypt; KeyBefore the one before it.
	Key       string   `json:"key,omitempty"`
	KeyBefore string   `json:"key_before,omitempty"`
	Next      []string `json:"next,omitempty"`
}

func connectPortal(ctx context.Context, env *environment, in *installation, p config.Portal, o connectOptions) error {
	out := connectResult{Portal: p.Name, Account: p.Account, Kind: "oauth"}
	if p.OAuth.IsZero() {
		out.Kind = "token"
		if err := o.needsGrant(p); err != nil {
			return err
		}
	}
	err := out.do(ctx, env, in, p, o)
	if err != nil {
		return fmt.Errorf("portal %q: %w", p.Name, err)
	}
	if o.asJSON {
		err = printJSON(env.stdout, out)
	} else {
		out.write(env.stdout)
	}
	if err == nil && out.lacking() {
		return errFound
	}
	return err
}

// needsGrant refuses, for a portal with a token, what is done to a stored grant.
func (o connectOptions) needsGrant(p config.Portal) error {
	switch {
	case o.disconnect:
		return usageError{fmt.Errorf("portal %q has a token, of which nothing is stored here: revoke it in the account's settings", p.Name)}
	case o.reencrypt:
		return usageError{fmt.Errorf("portal %q has a token, of which nothing is stored here", p.Name)}
	}
	return nil
}

// do does what the options ask for.
func (c *connectResult) do(ctx context.Context, env *environment, in *installation, p config.Portal, o connectOptions) error {
	switch {
	case p.OAuth.IsZero():
		return c.byToken(ctx, env, in, p)
	case o.reencrypt:
		return c.byOtherKey(ctx, env, in, p)
	case o.disconnect:
		return c.end(ctx, env, in, p, o.forget)
	}
	return c.byOAuth(ctx, env, in, p, o)
}

func (c *connectResult) lacking() bool {
	return len(c.Missing) > 0 || slices.ContainsFunc(c.Probes, scopeCheck.lacks)
}

// byToken checks a static token; leadsync stores none.
func (c *connectResult) byToken(ctx context.Context, env *environment, in *installation, p config.Portal) error {
	if _, err := p.Token.Read(env.getenv, env.readFile); err != nil {
		return fmt.Errorf("%w\nMake one in HubSpot: Settings, Integrations, Service Keys, with the scopes\n  %s",
			err, strings.Join(config.DefaultScopes()[1:], "\n  "))
	}
	return c.probe(ctx, env, in, p)
}

// probe asks the account who it is, with the portal's own way to tokens, and then what may be read.
func (c *connectResult) probe(ctx context.Context, env *environment, in *installation, p config.Portal) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	_, client, err := connect(env, in.cfg, p, slog.New(slog.DiscardHandler), func(hubspot.Call) {})
	if err != nil {
		return err
	}
	account, err := client.Account(ctx)
	switch {
	case errors.Is(err, connector.ErrForbidden) && !p.OAuth.IsZero():
		// A refused account read is not fatal (hubspot-api 2.3): the grant has said whose it is.
	case err != nil:
		return fmt.Errorf("ask who the token belongs to: %w", err)
	case account.ID != p.Account:
		return wrongAccount(p, account.ID)
	}
	for _, probe := range client.ProbeScopes(ctx, workflows.ActivityTypes(in.model)) {
		c.Probes = append(c.Probes, scopeCheckOf(probe))
	}
	if c.lacking() {
		c.Next = append(c.Next, "add the missing scopes in HubSpot, then run `leadsync connect` again")
	}
	c.Next = append(c.Next, "leadsync check", "leadsync preview", "leadsync serve")
	return nil
}

// wrongAccount stops before anything is written.
func wrongAccount(p config.Portal, found connector.PortalID) error {
	return fmt.Errorf("%w: the configuration says account %s, the token is for account %s; nothing was stored or written. "+
		"Correct `account`, or take a token of that account", service.ErrWrongAccount, p.Account, found)
}

func (c *connectResult) write(w io.Writer) {
	if c.Key != "" {
		c.writeKeys(w)
		return
	}
	if c.Deleted {
		tell(w, "portal %s: disconnected from account %s; what was stored is deleted.\n", c.Portal, c.Account)
		if !c.Revoked {
			tellLine(w, "The CRM was not told: uninstall the app in the account (Settings, Integrations, Connected apps).")
		}
		return
	}
	tell(w, "portal %s is connected to account %s by %s.\n", c.Portal, c.Account, map[string]string{"token": "token", "oauth": "OAuth"}[c.Kind])
	if c.Kind == "oauth" {
		tellLine(w, "The grant is stored, encrypted; a running `leadsync serve` takes it up by itself.")
	}
	for _, scope := range c.Missing {
		tell(w, "  MISSING   scope %s was asked for and not granted\n", scope)
	}
	for _, s := range c.Probes {
		s.write(w, fmt.Sprintf("  MISSING   scope for %s: %s\n", s.Need, s.Scope))
	}
	tellLine(w, "Next:")
	for _, step := range c.Next {
		tell(w, "  %s\n", step)
	}
}

// end revokes what is stored and deletes it. What could not be revoked is not deleted unless told to.
func (c *connectResult) end(ctx context.Context, env *environment, in *installation, p config.Portal, forget bool) error {
	const otherwise = "; try again, or delete it here alone with `leadsync connect --disconnect --forget`"
	keeper, err := newGrantKeeper(env, in.cfg, p)
	if err != nil {
		return err
	}
	if !forget {
		o, err := newOAuth(env, p, keeper, slog.New(slog.DiscardHandler))
		if err != nil {
			return err
		}
		err = o.Revoke(ctx)
		switch {
		case errors.Is(err, hubspot.ErrNoGrant):
			return errors.New("it is not connected: there is nothing to revoke or delete")
		case err != nil:
			return fmt.Errorf("%w%s", err, otherwise)
		}
		c.Revoked = true
	}
	c.Deleted, err = keeper.remove(ctx)
	if err == nil && !c.Deleted {
		return errors.New("it is not connected: there is nothing to delete")
	}
	return err
}
