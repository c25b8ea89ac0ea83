package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"leadsync/cmd/leadsync/config"
	"leadsync/connector"
	"leadsync/workflows"
	"leadsync/workflows/store"
)

// quarantineCommand lists and releases what cannot be worked on.
func quarantineCommand(env *environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "quarantine",
		Short: "Records that fail again and again and are left alone, and why",
		Long: "A contact whose evaluation fails three times, or a record that cannot be read or stored, is left alone so that its\n" +
			"neighbours go on. It is tried again when it changes, and when it is released; what cannot be read is also tried every\n" +
			"hour. A model that decides otherwise tries contacts again with all others.",
		Args: exactly(0, "list or release"),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(quarantineListCommand(env), quarantineReleaseCommand(env))
	return cmd
}

// quarantineRow is one record for JSON.
type quarantineRow struct {
	workflows.Quarantined
	Remedy string `json:"remedy"`
}

func quarantineListCommand(env *environment) *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use: "list", Short: "List the records that are left alone, those that have been longest first, with the reason and what to do",
		Args: exactly(0, "no arguments"),
	}
	c := portalCommand{env: env, portal: portalFlag(cmd), asJSON: cmd.Flags().Bool("json", false, "print JSON")}
	cmd.Flags().IntVar(&limit, "limit", 50, "how many at most")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if limit < 1 {
			return usageError{fmt.Errorf("--limit %d: want at least 1", limit)}
		}
		return c.with(cmd, func(ctx context.Context, _ *installation, p config.Portal, st *store.Store) error {
			list, err := st.Quarantined(ctx, p.Account, "", limit)
			if err != nil {
				return fmt.Errorf("read quarantine: %w", err)
			}
			rows := make([]quarantineRow, len(list))
			for i, q := range list {
				rows[i] = quarantineRow{q, q.Remedy()}
			}
			if *c.asJSON {
				return printJSON(env.stdout, rows)
			}
			counts, err := st.QuarantineCounts(ctx, p.Account)
			if err != nil {
				return fmt.Errorf("count quarantine: %w", err)
			}
			tellQuarantine(env.stdout, rows, counts)
			return nil
		})
	}
	return cmd
}

func tellQuarantine(w io.Writer, rows []quarantineRow, counts []workflows.QuarantineCount) {
	if len(rows) == 0 {
		tellLine(w, "nothing is in quarantine")
		return
	}
	all := 0
	for _, one := range counts {
		all += one.Count
	}
	tell(w, "records in quarantine: %d, listed: %d\n", all, len(rows))
	for _, q := range rows {
		tell(w, "%s %s  since %s, %d times  %s\n", q.Type, q.ID, q.Since.UTC().Format("2006-01-02 15:04 MST"), q.Times, q.Kind)
		if q.Rule != "" {
			tell(w, "  rule: %s\n", q.Rule)
		}
		tell(w, "  reason: %s\n  to do: %s\n", q.Reason, q.Remedy)
	}
}

// quarantineReleased is the outcome for JSON.
type quarantineReleased struct {
	Released int `json:"released"`
}

func quarantineReleaseCommand(env *environment) *cobra.Command {
	var yes, all bool
	cmd := &cobra.Command{
		Use: "release [ID]", Short: "Try a record again, or with --all every one, once what made it fail has been mended",
		Args: cobra.ArbitraryArgs,
	}
	c := portalCommand{env: env, portal: portalFlag(cmd), asJSON: cmd.Flags().Bool("json", false, "print JSON; needs --yes")}
	cmd.Flags().BoolVar(&all, "all", false, "every record of the portal")
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if all == (len(args) == 1) || len(args) > 1 {
			return usageError{errors.New("name one id, as `leadsync quarantine list` shows it, or say --all")}
		}
		if *c.asJSON && !yes {
			return usageError{errors.New("--json asks nobody, so it needs --yes")}
		}
		id := connector.ObjectID("")
		if !all {
			id = connector.ObjectID(args[0])
		}
		return c.with(cmd, func(ctx context.Context, _ *installation, p config.Portal, st *store.Store) error {
			return releaseQuarantined(ctx, quarantineRelease{env, st, p, id, yes, *c.asJSON})
		})
	}
	return cmd
}

// quarantineRelease is what to release, and how to ask and tell.
type quarantineRelease struct {
	env         *environment
	st          *store.Store
	portal      config.Portal
	id          connector.ObjectID // empty: all
	yes, asJSON bool
}

func releaseQuarantined(ctx context.Context, r quarantineRelease) error {
	n, err := r.count(ctx)
	if err != nil {
		return fmt.Errorf("read quarantine: %w", err)
	}
	if n == 0 && r.id != "" {
		return fmt.Errorf("portal %q has no record %q in quarantine; `leadsync quarantine list` shows them", r.portal.Name, r.id)
	}
	if n > 0 && !r.yes && !confirm(r.env, fmt.Sprintf("%d records of portal %s will be tried again. Go on?", n, r.portal.Name)) {
		return errors.New("everything stays in quarantine")
	}
	if n, err = r.st.ReleaseQuarantined(ctx, r.portal.Account, r.id); err != nil {
		return fmt.Errorf("release: %w", err)
	}
	if r.asJSON {
		return printJSON(r.env.stdout, quarantineReleased{n})
	}
	tell(r.env.stdout, "%d released; they are tried again with the next batch\n", n)
	return nil
}

// count is how many records will be released.
func (r quarantineRelease) count(ctx context.Context) (int, error) {
	if r.id != "" {
		list, err := r.st.Quarantined(ctx, r.portal.Account, r.id, 10)
		return len(list), err //nolint:wrapcheck // the caller says what it was for
	}
	counts, err := r.st.QuarantineCounts(ctx, r.portal.Account)
	n := 0
	for _, one := range counts {
		n += one.Count
	}
	return n, err //nolint:wrapcheck // the caller says what it was for
}
