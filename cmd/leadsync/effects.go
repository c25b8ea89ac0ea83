package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"leadsync/cmd/leadsync/config"
	"leadsync/connector/hubspot"
	"leadsync/workflows"
	"leadsync/workflows/store"
)

// portalCommand is a command about one portal's database.
type portalCommand struct {
	env    *environment
	portal *string
	asJSON *bool
}

func (c portalCommand) with(cmd *cobra.Command, do func(context.Context, *installation, config.Portal, *store.Store) error) error {
	in, err := loadInstallation(cmd, c.env)
	if err != nil {
		return err
	}
	p, err := in.choose(*c.portal)
	if err != nil {
		return err
	}
	st, err := in.openExisting(cmd.Context(), c.env)
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }() // nothing is buffered
	return do(cmd.Context(), in, p, st)
}

func effectsCommand(env *environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "effects",
		Short: "Show what each class of effect has done, what waits, and which class its limit has paused",
		Args:  exactly(0, "no arguments"),
	}
	c := portalCommand{env: env, portal: cmd.PersistentFlags().StringP("portal", "p", "", "nickname of the portal; not needed if there is only one"), asJSON: cmd.PersistentFlags().Bool("json", false, "print JSON")}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return c.with(cmd, func(ctx context.Context, in *installation, p config.Portal, st *store.Store) error {
			counts, err := st.Effects(ctx, p.Account)
			if err != nil {
				return err
			}
			modes, err := st.Modes(ctx, p.Account)
			if err != nil {
				return err
			}
			if *c.asJSON {
				return printJSON(env.stdout, effectRows(p, modes, counts))
			}
			if err := writeEffects(env.stdout, in, p, modes, counts); err != nil {
				return err
			}
			return writeOverBudget(ctx, env.stdout, st, p)
		})
	}
	cmd.AddCommand(releaseCommand(env, c), shadowCommand(env, c.portal))
	return cmd
}

// effectRow is an EffectCount for JSON.
type effectRow struct {
	Class       workflows.Class      `json:"class"`
	Switch      workflows.Mode       `json:"switch"`    // as configured
	Works       workflows.Mode       `json:"in_effect"` // as the service found it could be; empty before it ran
	State       workflows.EntryState `json:"state"`
	Count       int                  `json:"count"`
	LastHour    int                  `json:"sent_last_hour"`
	Gathered    int                  `json:"gathered,omitempty"` // of Count, those that wait until stored contacts are evaluated again
	PausedSince string               `json:"paused_since,omitempty"`
}

func effectRows(p config.Portal, modes map[workflows.Class]workflows.Mode, counts []workflows.EffectCount) []effectRow {
	rows := []effectRow{}
	for _, e := range counts {
		row := effectRow{
			Class: e.Class, Switch: p.Effects[e.Class], Works: modes[e.Class], State: e.State, Count: e.Count, LastHour: e.LastHour, Gathered: e.Gathered,
		}
		if !e.PausedSince.IsZero() {
			row.PausedSince = e.PausedSince.UTC().Format(time.RFC3339)
		}
		rows = append(rows, row)
	}
	return rows
}

func writeEffects(
	w io.Writer, in *installation, p config.Portal, modes map[workflows.Class]workflows.Mode, counts []workflows.EffectCount,
) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	tell(t, "CLASS\tSWITCH\tSTATE\tENTRIES\tSENT IN THE LAST HOUR\tLIMIT\t\n")
	for _, e := range counts {
		limit := "none"
		if n, ok := in.cfg.Limits.PerHour()[e.Class]; ok {
			limit = fmt.Sprint(n)
		}
		tell(t, "%s\t%s\t%s\t%d\t%d\t%s\t\n", e.Class, switchOf(p, modes, e.Class), e.State, e.Count, e.LastHour, limit)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	writeGathered(w, counts)
	for _, class := range workflows.Classes() {
		if strings.Contains(switchOf(p, modes, class), "(") {
			tell(w, "\n%s is switched on and stays in shadow; `leadsync check` says why.\n", class)
		}
	}
	paused := map[workflows.Class]bool{}
	for _, e := range counts {
		if e.PausedSince.IsZero() || paused[e.Class] {
			continue
		}
		paused[e.Class] = true
		tell(w, "\n%s is paused since %s because its limit was reached. Look at what waits (`leadsync outbox`), then: leadsync effects release %s --portal %s\n",
			e.Class, e.PausedSince.UTC().Format(time.RFC3339), e.Class, p.Name)
	}
	if len(counts) == 0 {
		tellLine(w, "No effect has been planned yet.")
	}
	return nil
}

// writeOverBudget says how many tasks had no room on any day of their owner.
func writeOverBudget(ctx context.Context, w io.Writer, st *store.Store, p config.Portal) error {
	n, err := st.OverBudget(ctx, p.Account, hubspot.Names())
	if err != nil || n == 0 {
		return err
	}
	tell(w, "\nopen tasks over the daily budget of their owners: %d; raise tasks_per_day of portal %s, or give the work to more people\n", n, p.Name)
	return nil
}

// switchOf is how a class is switched, and how it works if that is another thing.
func switchOf(p config.Portal, modes map[workflows.Class]workflows.Mode, class workflows.Class) string {
	configured := p.Effects[class]
	if configured == workflows.ModeOn && modes[class] == workflows.ModeShadow {
		return "on (in shadow)"
	}
	return string(configured)
}

func releaseCommand(env *environment, c portalCommand) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "release CLASS",
		Short: "Let a class go on that its limit has paused; what waits now is sent and not counted",
		Args:  exactly(1, "one class (task, deal, stage, list, company, owner or delete)"),
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		class := workflows.Class(args[0])
		return c.with(cmd, func(ctx context.Context, in *installation, p config.Portal, st *store.Store) error {
			if _, ok := in.cfg.Limits.PerHour()[class]; !ok {
				return usageError{fmt.Errorf("class %q has no limit; those that have one are task, deal, stage, list, company, owner and delete", class)}
			}
			counts, err := st.Effects(ctx, p.Account)
			if err != nil {
				return err
			}
			waiting, paused := 0, false
			for _, e := range counts {
				if e.Class == class {
					paused = paused || !e.PausedSince.IsZero()
					if e.State == workflows.StateReady {
						waiting += e.Count
					}
				}
			}
			if !paused {
				tell(env.stdout, "%s is not paused in portal %s; nothing to release\n", class, p.Name)
				return nil
			}
			question := fmt.Sprintf("%s of class %s will be written to account %s of portal %s. Go on?", plural(waiting, "effect"), class, p.Account, p.Name)
			if !yes && !confirm(env, question) {
				return fmt.Errorf("%s stays paused", class)
			}
			n, err := st.ReleaseClass(ctx, p.Account, class)
			if err != nil {
				return err
			}
			tell(env.stdout, "%s released with %s waiting\n", class, plural(n, "effect"))
			return nil
		})
	}
	return cmd
}
