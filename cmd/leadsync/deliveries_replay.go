package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"leadsync/cmd/leadsync/config"
	"leadsync/connector"
	"leadsync/workflows"
	"leadsync/workflows/store"
)

// replayResult is the outcome for JSON.
type replayResult struct {
	Deliveries int                          `json:"deliveries"`
	Records    map[connector.ObjectType]int `json:"records"`
}

func deliveriesReplay(env *environment) *cobra.Command {
	var choice deliveryChoice
	var all, yes bool
	cmd := &cobra.Command{
		Use:   "replay [KEY...]",
		Short: "Look again at every record that deliveries name, as if they had just come; nothing is done twice",
		Long: "Marks the records that the deliveries name due: the service reads them from the CRM, as they are now, and decides. Nothing is\n" +
			"computed from a delivery, and what was done stands under its key, so nothing happens twice. Name deliveries by their keys, or a\n" +
			"span with --since and --until, or --all of what is stored.",
	}
	c := portalCommand{env: env, portal: portalFlag(cmd), asJSON: cmd.Flags().Bool("json", false, "print JSON; needs --yes")}
	choice.flags(cmd)
	cmd.Flags().BoolVar(&all, "all", false, "all that are stored and that the flags choose")
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		span := all || choice.since != "" || choice.until != ""
		switch {
		case span == (len(args) > 0):
			return usageError{errors.New("expected the keys of deliveries, or --since, --until or --all")}
		case *c.asJSON && !yes:
			return usageError{errors.New("--json asks nobody, so it needs --yes")}
		}
		if _, err := choice.filter(env.now()); err != nil {
			return err
		}
		return c.with(cmd, func(ctx context.Context, _ *installation, p config.Portal, st *store.Store) error {
			found, err := collect(ctx, st, p, &choice, args)
			if err != nil {
				return err
			}
			return replayFound(ctx, c, st, p, found, yes)
		})
	}
	return cmd
}

// named are the records that deliveries name.
type named struct {
	deliveries int
	records    map[connector.Ref]bool
}

func (n *named) add(d delivered) {
	n.deliveries++
	for _, ref := range d.named() {
		n.records[ref] = true
	}
}

func collect(ctx context.Context, st *store.Store, p config.Portal, choice *deliveryChoice, keys []string) (*named, error) {
	found := &named{records: map[connector.Ref]bool{}}
	for _, key := range keys {
		d, err := oneDelivery(ctx, st, p, key)
		if err != nil {
			return nil, err
		}
		if one := decodeDelivery(d); choice.fits(one) {
			found.add(one)
		}
	}
	if len(keys) > 0 {
		return found, nil
	}
	err := choice.each(ctx, st, p, func(d delivered) bool { found.add(d); return false })
	return found, err
}

// hintsAtOnce is how many records one transaction marks due.
const hintsAtOnce = 500

func replayFound(ctx context.Context, c portalCommand, st *store.Store, p config.Portal, found *named, yes bool) error {
	result := replayResult{Deliveries: found.deliveries, Records: map[connector.ObjectType]int{}}
	for ref := range found.records {
		result.Records[ref.Type]++
	}
	count := result.count()
	if len(found.records) > 0 && !yes && !confirm(c.env, fmt.Sprintf("%s of portal %s will be looked at again. Go on?", count, p.Name)) {
		return errors.New("nothing was marked")
	}
	refs := slices.SortedFunc(maps.Keys(found.records), func(a, b connector.Ref) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.ID, b.ID))
	})
	done := 0
	for some := range slices.Chunk(refs, hintsAtOnce) {
		if err := st.Hint(ctx, p.Account, some); err != nil {
			return fmt.Errorf("stopped after %d of %d records; repeat the command: %w", done, len(refs), err)
		}
		done += len(some)
	}
	if *c.asJSON {
		return printJSON(c.env.stdout, result)
	}
	if len(refs) == 0 {
		tell(c.env.stdout, "%s: nothing to look at\n", count)
		return nil
	}
	tell(c.env.stdout, "%s marked; the service looks at them next, at the latest within a minute\n", count)
	return nil
}

// count says what was found, in words.
func (r replayResult) count() string {
	var parts []string
	for _, t := range workflows.ReadTypes() {
		if n := r.Records[t]; n > 0 {
			parts = append(parts, plural(n, string(t)))
		}
	}
	text := "1 delivery"
	if r.Deliveries != 1 {
		text = fmt.Sprintf("%d deliveries", r.Deliveries)
	}
	if len(parts) == 0 {
		return text
	}
	return strings.Join(parts, ", ") + " from " + text
}
