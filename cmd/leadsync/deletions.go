package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"leadsync/cmd/leadsync/config"
	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
	"leadsync/workflows/store"
)

// deletionBatch is how many contacts are confirmed at once unless somebody says otherwise.
const deletionBatch = 20

// deletionsReport is what `leadsync deletions --json` prints, and with confirm what was ordered.
type deletionsReport struct {
	Portal string         `json:"portal"`
	Switch workflows.Mode `json:"switch"`
	// Proposed is how many contacts are proposed for deletion, Waiting how many confirmed ones are not decided yet.
	Proposed int                  `json:"proposed"`
	Waiting  int                  `json:"waiting"`
	Batch    []workflows.Proposal `json:"proposals"`
	// Confirmed is how many this call has confirmed.
	Confirmed int `json:"confirmed,omitempty"`
}

func deletionsCommand(env *environment) *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use:   "deletions",
		Short: "List the contacts whose status proposes their deletion; with confirm, delete a batch of them",
		Long: "The model may end a misjudged lead with outcome: delete (S94). That proposes the contact for deletion and deletes nothing.\n" +
			"`leadsync deletions confirm` shows a batch and asks for the number of its contacts; the service then looks at each of them\n" +
			"once more, leaves who has moved on, was merged or has an open deal, and moves the others to the CRM's archive, from which\n" +
			"they can be restored for 90 days. The class delete is off unless the configuration switches it on.",
		Args: exactly(0, "no arguments"),
	}
	c := portalCommand{env: env, portal: cmd.PersistentFlags().StringP("portal", "p", "", "nickname of the portal; not needed if there is only one"), asJSON: cmd.PersistentFlags().Bool("json", false, "print JSON")}
	cmd.PersistentFlags().IntVar(&limit, "limit", deletionBatch, "at most so many contacts")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if limit < 1 {
			return atLeastOne(limit)
		}
		return c.with(cmd, func(ctx context.Context, _ *installation, p config.Portal, st *store.Store) error {
			report, err := deletionsOf(ctx, p, st, limit)
			if err != nil {
				return err
			}
			return c.printDeletions(report)
		})
	}
	cmd.AddCommand(confirmCommand(c, &limit))
	return cmd
}

func confirmCommand(c portalCommand, limit *int) *cobra.Command {
	var count int
	cmd := &cobra.Command{
		Use:   "confirm",
		Short: "Delete a batch of the contacts that are proposed for deletion, after asking for their number",
		Args:  exactly(0, "no arguments"),
	}
	cmd.Flags().IntVar(&count, "count", 0, "instead of asking: how many contacts the batch has; nothing happens if it has another number")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		switch {
		case *limit < 1:
			return atLeastOne(*limit)
		case *c.asJSON && count == 0:
			return usageError{errors.New("--json cannot ask; add --count")}
		}
		return c.with(cmd, func(ctx context.Context, in *installation, p config.Portal, st *store.Store) error {
			if p.Effects[workflows.ClassDelete] == workflows.ModeOff {
				return usageError{fmt.Errorf("effects of class delete are off in portal %s; write `delete: on` (or shadow) under its effects, and restart the service", p.Name)}
			}
			return c.confirmDeletions(ctx, in, deletionOrder{portal: p, store: st, limit: *limit, count: count})
		})
	}
	return cmd
}

func deletionsOf(ctx context.Context, p config.Portal, st *store.Store, limit int) (deletionsReport, error) {
	list, all, err := st.Proposals(ctx, p.Account, limit)
	if err != nil {
		return deletionsReport{}, err
	}
	report := deletionsReport{Portal: p.Name, Switch: p.Effects[workflows.ClassDelete], Proposed: all, Batch: list}
	orders, err := st.Backfills(ctx, p.Account)
	if err != nil {
		return report, err
	}
	for order, n := range orders {
		if strings.HasSuffix(order, workflows.DeletionOf("")) {
			report.Waiting += n
		}
	}
	return report, nil
}

func (c portalCommand) printDeletions(r deletionsReport) error {
	w := c.env.stdout
	if *c.asJSON {
		return printJSON(w, r)
	}
	writeProposals(w, r.Batch)
	tell(w, "portal %s: %s proposed for deletion; class delete is %s", r.Portal, plural(r.Proposed, "contact"), r.Switch)
	if r.Waiting > 0 {
		tell(w, "; %d confirmed and not carried out yet", r.Waiting)
	}
	if r.Proposed > len(r.Batch) {
		tell(w, "; %d shown, --limit shows more", len(r.Batch))
	}
	tellLine(w)
	return nil
}

// deletionOrder is what a command line asks for.
type deletionOrder struct {
	portal       config.Portal
	store        *store.Store
	limit, count int
}

// confirmDeletions shows the next batch of those that nobody has confirmed, and orders it if the number is right.
func (c portalCommand) confirmDeletions(ctx context.Context, in *installation, o deletionOrder) error {
	batch, n, err := o.next(ctx, in)
	if err != nil {
		return err
	}
	report, err := deletionsOf(ctx, o.portal, o.store, math.MaxInt32)
	if err != nil {
		return err
	}
	report.Batch = chosen(report.Batch, batch)
	if n == 0 {
		return c.printDeletions(report)
	}
	if !*c.asJSON {
		writeProposals(c.env.stdout, report.Batch)
	}
	if err := c.typed(o, n); err != nil {
		return err
	}
	for end, ids := range batch {
		for step := range slices.Chunk(ids, orderStep) {
			if err := o.store.OrderBackfill(ctx, o.portal.Account, workflows.DeletionOf(end), step); err != nil {
				return err
			}
			report.Confirmed += len(step)
		}
	}
	if *c.asJSON {
		return printJSON(c.env.stdout, report)
	}
	tell(c.env.stdout, "%s confirmed; the service carries it out, `leadsync history CONTACT` tells what became of each\n", plural(report.Confirmed, "deletion"))
	return nil
}

// next are the contacts, by end, that the model proposes and nobody has confirmed, and how many they are.
func (o deletionOrder) next(ctx context.Context, in *installation) (batch map[string][]connector.ObjectID, n int, err error) {
	batch = map[string][]connector.ObjectID{}
	for _, end := range in.model.Misjudged().Ends {
		if end.Outcome != scoring.OutcomeDelete || n >= o.limit {
			continue
		}
		ids, _, err := o.store.Standing(ctx, o.portal.Account, workflows.DeletionOf(end.Name()), o.limit-n, func(s workflows.LeadState) bool {
			return workflows.Deletes(end.Name(), s)
		})
		if err != nil {
			return nil, 0, err
		}
		batch[end.Name()] = ids
		n += len(ids)
	}
	return batch, n, nil
}

// chosen are the proposals of a batch.
func chosen(all []workflows.Proposal, batch map[string][]connector.ObjectID) []workflows.Proposal {
	return slices.DeleteFunc(all, func(p workflows.Proposal) bool { return !slices.Contains(batch[p.End], p.Contact) })
}

// typed makes sure that somebody has counted: the number of contacts of the batch, and nothing else, confirms it.
func (c portalCommand) typed(o deletionOrder, n int) error {
	count := o.count
	if count == 0 {
		verb := "Deleting"
		if o.portal.Effects[workflows.ClassDelete] == workflows.ModeShadow {
			verb = "Recording in shadow the deletion of"
		}
		tell(c.env.stderr, "%s %s from account %s of portal %s. Type their number to go on: ", verb, plural(n, "contact"), o.portal.Account, o.portal.Name)
		line, err := bufio.NewReader(c.env.stdin).ReadString('\n')
		if err != nil && line == "" {
			return errors.New("nothing is deleted: no number was typed")
		}
		if count, err = strconv.Atoi(strings.TrimSpace(line)); err != nil {
			return fmt.Errorf("nothing is deleted: %q is no number", strings.TrimSpace(line))
		}
	}
	if count != n {
		return fmt.Errorf("nothing is deleted: the batch has %s, not %d", plural(n, "contact"), count)
	}
	return nil
}

func writeProposals(w io.Writer, list []workflows.Proposal) {
	for _, p := range list {
		tell(w, "  %-22s since %s   %s%s\n", contactRef(p.Contact), p.Since.UTC().Format(time.DateTime+" MST"), p.End, givenReason(p.Reason))
	}
}
