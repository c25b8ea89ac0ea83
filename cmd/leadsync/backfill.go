package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"leadsync/cmd/leadsync/config"
	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
	"leadsync/workflows/store"
)

// writeGathered says what a run has gathered.
func writeGathered(w io.Writer, counts []workflows.EffectCount) {
	var parts []string
	for _, e := range counts {
		if e.Gathered > 0 {
			parts = append(parts, fmt.Sprintf("%d of class %s", e.Gathered, e.Class))
		}
	}
	if len(parts) > 0 {
		tell(w, "\nGathered until all stored contacts are evaluated again: %s. Then the limits decide about all of them together.\n", strings.Join(parts, ", "))
	}
}

// backfillOrder is what a command line asks for.
type backfillOrder struct {
	rule, stage, status string
	limit               int
	dryRun, yes         bool
}

// backfillReport is what `leadsync backfill --json` prints.
type backfillReport struct {
	Portal string `json:"portal"`
	Rule   string `json:"rule"`
	// Contacts is how many stand where the rule asks for something and never had it; Ordered how many of them are
	// ordered by this call, Waiting how many orders of the rule are not carried out yet.
	Contacts int                  `json:"contacts"`
	Ordered  int                  `json:"ordered"`
	Waiting  int                  `json:"waiting"`
	IDs      []connector.ObjectID `json:"ids"`
}

func backfillCommand(env *environment) *cobra.Command {
	var o backfillOrder
	cmd := &cobra.Command{
		Use:   "backfill [RULE]",
		Short: "Let a follow-up happen for contacts that stand where it asks for something and never had it; without a rule, show what is ordered",
		Long: "Contacts that were there before go-live, that an import brought or that another model has moved start nothing (rule 26 of\n" +
			"the plan). This orders a follow-up on a status or a stage for those that stand there and never had an episode of it: their\n" +
			"next plan takes it as an entering, once. Who was moved by people since gets nothing. The limits count what comes of it. An\n" +
			"order may be repeated: nobody is ordered twice.",
		Args: cobra.MaximumNArgs(1),
	}
	c := portalCommand{env: env, portal: portalFlag(cmd), asJSON: cmd.Flags().Bool("json", false, "print JSON; needs --yes or --dry-run")}
	cmd.Flags().StringVar(&o.stage, "stage", "", "refuse the rule if it is not one on this stage")
	cmd.Flags().StringVar(&o.status, "status", "", "refuse the rule if it is not one on this lead status")
	cmd.Flags().IntVar(&o.limit, "limit", 0, "at most so many contacts; 0: all")
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "count and list, order nothing")
	cmd.Flags().BoolVar(&o.yes, "yes", false, "do not ask")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if o.limit < 0 {
			return usageError{fmt.Errorf("--limit must not be negative")}
		}
		if len(args) == 1 && *c.asJSON && !o.yes && !o.dryRun {
			return usageError{fmt.Errorf("--json cannot ask; add --yes or --dry-run")}
		}
		return c.with(cmd, func(ctx context.Context, in *installation, p config.Portal, st *store.Store) error {
			if len(args) == 0 {
				return c.ordered(ctx, p, st)
			}
			o.rule = args[0]
			return c.backfill(ctx, in, p, st, o)
		})
	}
	return cmd
}

// ordered shows the orders that are not carried out yet.
func (c portalCommand) ordered(ctx context.Context, p config.Portal, st *store.Store) error {
	waiting, err := st.Backfills(ctx, p.Account)
	if err != nil {
		return err
	}
	if *c.asJSON {
		return printJSON(c.env.stdout, waiting)
	}
	rules := make([]string, 0, len(waiting))
	for rule := range waiting {
		rules = append(rules, rule)
	}
	slices.Sort(rules)
	for _, rule := range rules {
		tell(c.env.stdout, "%s: %s to go\n", rule, plural(waiting[rule], "contact"))
	}
	if len(rules) == 0 {
		tellLine(c.env.stdout, "No follow-up is ordered.")
	}
	return nil
}

// orderable is the follow-up of a command line.
func (o backfillOrder) orderable(in *installation, p config.Portal) (scoring.FollowUp, error) {
	var names []string
	for _, f := range in.model.FollowUps() {
		if workflows.Backfillable(f) {
			names = append(names, f.Name)
		}
		switch {
		case f.Name != o.rule:
		case !workflows.Backfillable(f):
			return f, usageError{fmt.Errorf("follow-up %q cannot be ordered: only those on a status or a stage that make a task, a deal or memberships of lists can", o.rule)}
		case o.stage != "" && f.OnStage != o.stage, o.status != "" && f.OnStatus != o.status:
			return f, usageError{fmt.Errorf("follow-up %q is on %s%s; leave --stage and --status out, or name that", o.rule, f.OnStage, f.OnStatus)}
		case p.Effects[workflows.ClassOf(f)] == workflows.ModeOff:
			return f, usageError{fmt.Errorf("effects of class %s are off in portal %s; switch them on, or to shadow, first", workflows.ClassOf(f), p.Name)}
		default:
			return f, nil
		}
	}
	return scoring.FollowUp{}, usageError{fmt.Errorf("the model has no follow-up %q that can be ordered; it has: %s", o.rule, strings.Join(names, ", "))}
}

func (c portalCommand) backfill(ctx context.Context, in *installation, p config.Portal, st *store.Store, o backfillOrder) error {
	f, err := o.orderable(in, p)
	if err != nil {
		return err
	}
	ids, total, err := st.Standing(ctx, p.Account, f.Name, o.limit, func(s workflows.LeadState) bool { return workflows.Backfills(f, s) })
	if err != nil {
		return err
	}
	report := backfillReport{Portal: p.Name, Rule: f.Name, Contacts: total, IDs: ids}
	if report.IDs == nil {
		report.IDs = []connector.ObjectID{}
	}
	if !*c.asJSON {
		tell(c.env.stdout, "%s in portal %s: %s on %s%s never had it (class %s, %s)\n",
			f.Name, p.Name, plural(total, "contact"), f.OnStage, f.OnStatus, workflows.ClassOf(f), p.Effects[workflows.ClassOf(f)])
	}
	if len(ids) > 0 && !o.dryRun {
		question := fmt.Sprintf("Order it for %s?", plural(len(ids), "contact"))
		if !o.yes && !confirm(c.env, question) {
			return fmt.Errorf("nothing is ordered")
		}
		if report.Ordered, err = c.order(ctx, p, st, f.Name, ids); err != nil {
			return err
		}
	}
	waiting, err := st.Backfills(ctx, p.Account)
	if err != nil {
		return err
	}
	report.Waiting = waiting[f.Name]
	return c.printBackfill(report, o.dryRun)
}

// printBackfill tells what was ordered, or on a dry run of whom it would be.
func (c portalCommand) printBackfill(report backfillReport, dryRun bool) error {
	w := c.env.stdout
	if *c.asJSON {
		return printJSON(w, report)
	}
	if dryRun {
		for _, id := range report.IDs {
			tellLine(w, id)
		}
		return nil
	}
	tell(w, "%s ordered, %s to go; `leadsync backfill` shows how far it is\n", plural(report.Ordered, "contact"), plural(report.Waiting, "contact"))
	return nil
}

// orderStep is how many contacts are ordered in one transaction.
const orderStep = 500

// order orders step by step; what is ordered when it is stopped is not ordered again by the next call.
func (c portalCommand) order(ctx context.Context, p config.Portal, st *store.Store, rule string, ids []connector.ObjectID) (int, error) {
	done := 0
	for step := range slices.Chunk(ids, orderStep) {
		if err := st.OrderBackfill(ctx, p.Account, rule, step); err != nil {
			return done, fmt.Errorf("order after %d contacts: %w; repeat the command to go on", done, err)
		}
		done += len(step)
		if !*c.asJSON && len(ids) > orderStep {
			tell(c.env.stdout, "%d of %d\n", done, len(ids))
		}
	}
	return done, nil
}
