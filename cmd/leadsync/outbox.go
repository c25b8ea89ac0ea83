package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"leadsync/cmd/leadsync/config"
	"leadsync/connector"
	"leadsync/workflows"
	"leadsync/workflows/store"
)

// outboxChoice are the flags that choose entries.
type outboxChoice struct {
	state, class, contact, reason string
	older, younger                string
}

func (o *outboxChoice) flags(cmd *cobra.Command, state string) {
	f := cmd.Flags()
	f.StringVar(&o.state, "state", state, "shadow, ready, sending, settled, parked or cancelled")
	f.StringVar(&o.class, "class", "", "only this class of effect")
	f.StringVar(&o.contact, "contact", "", "only this contact's id")
	f.StringVar(&o.reason, "reason", "", "only those that are parked for this reason, as the list names it")
	f.StringVar(&o.older, "older", "", "only what is in its state for longer than 90m, 12h or 3d")
	f.StringVar(&o.younger, "younger", "", "only what is in its state for less long than that")
}

// filter reads the flags; ages count back from now.
func (o *outboxChoice) filter(now time.Time) (workflows.OutboxFilter, error) {
	f := workflows.OutboxFilter{State: workflows.EntryState(o.state), Class: workflows.Class(o.class), Contact: connector.ObjectID(o.contact)}
	switch f.State {
	case workflows.StateShadow, workflows.StateReady, workflows.StateSending, workflows.StateSettled, workflows.StateParked, workflows.StateCancelled:
	default:
		return f, usageError{fmt.Errorf("unknown state %q; use shadow, ready, sending, settled, parked or cancelled", o.state)}
	}
	if err := oneOf("class", f.Class, workflows.Classes()); f.Class != "" && err != nil {
		return f, err
	}
	if err := oneOf("reason", parkedFor(o.reason), parkedReasons()); o.reason != "" && err != nil {
		return f, err
	}
	if o.reason != "" && f.State != workflows.StateParked {
		return f, usageError{errors.New("--reason is why something is parked, so it goes with --state parked")}
	}
	var err error
	if f.Until, err = ago(now, "older", o.older); err != nil {
		return f, err
	}
	f.Since, err = ago(now, "younger", o.younger)
	return f, err
}

func oneOf[T ~string](what string, value T, known []T) error {
	words := make([]string, len(known))
	for i, k := range known {
		if words[i] = string(k); k == value {
			return nil
		}
	}
	return usageError{fmt.Errorf("unknown %s %q; known are %s", what, value, strings.Join(words, ", "))}
}

// ago is so long before now; the zero time if nothing is said.
func ago(now time.Time, flag, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	span, err := time.ParseDuration(text)
	if days, ok := strings.CutSuffix(text, "d"); ok {
		span, err = time.ParseDuration(days + "h")
		span *= 24
	}
	if err != nil || span < 0 {
		return time.Time{}, usageError{fmt.Errorf("--%s: %q is no time; write 90m, 12h or 3d", flag, text)}
	}
	return now.Add(-span), nil
}

// outboxPageSize is how many entries are read at once.
const outboxPageSize = 500

// chosen gives up to limit entries, those first that came into their state last.
func (o *outboxChoice) chosen(ctx context.Context, st *store.Store, p config.Portal, limit int) ([]workflows.ListedEntry, error) {
	now, err := st.Now(ctx)
	if err != nil {
		return nil, err
	}
	f, err := o.filter(now)
	if err != nil {
		return nil, err
	}
	all := []workflows.ListedEntry{}
	err = eachOf(outboxPageSize, func(after *workflows.ListedEntry) ([]workflows.ListedEntry, error) {
		return st.OutboxPage(ctx, p.Account, f, after, outboxPageSize)
	}, func(e workflows.ListedEntry) bool {
		if o.reason != "" && whyParked(e.OutboxEntry) != parkedFor(o.reason) {
			return false
		}
		all = append(all, e)
		return len(all) == limit
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

func outboxCommand(env *environment) *cobra.Command {
	cmd := outboxList(env, "outbox")
	cmd.AddCommand(outboxList(env, "list"), retryCommand(env), dropCommand(env))
	return cmd
}

// outboxRow is an entry for JSON.
type outboxRow struct {
	workflows.ListedEntry

	ParkedFor parkedFor `json:"parked_for,omitempty"`
	Remedy    string    `json:"remedy,omitempty"`
}

func outboxList(env *environment, use string) *cobra.Command {
	var choice outboxChoice
	var limit int
	cmd := &cobra.Command{
		Use:   use,
		Short: "List intended effects with their state, and why parked ones were refused and what to do",
		Args:  exactly(0, "no arguments"),
	}
	c := portalCommand{env: env, portal: portalFlag(cmd), asJSON: cmd.Flags().Bool("json", false, "print JSON")}
	choice.flags(cmd, string(workflows.StateParked))
	cmd.Flags().IntVar(&limit, "limit", 100, "at most so many")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := atLeastOne(limit); err != nil {
			return err
		}
		if _, err := choice.filter(env.now()); err != nil {
			return err
		}
		return c.with(cmd, func(ctx context.Context, _ *installation, p config.Portal, st *store.Store) error {
			found, err := choice.chosen(ctx, st, p, limit)
			if err != nil {
				return err
			}
			rows := make([]outboxRow, 0, len(found))
			for _, e := range found {
				row := outboxRow{ListedEntry: e}
				if e.State == workflows.StateParked {
					row.ParkedFor = whyParked(e.OutboxEntry)
					row.Remedy = row.ParkedFor.remedy()
				}
				rows = append(rows, row)
			}
			if *c.asJSON {
				return printJSON(env.stdout, rows)
			}
			return writeOutbox(env.stdout, rows, choice.state)
		})
	}
	return cmd
}

func writeOutbox(w io.Writer, rows []outboxRow, state string) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	tell(t, "CONTACT\tCLASS\tKIND\tSINCE\tATTEMPTS\tKEY\tPLANNED\tCRM ID\tREASON\tNOTE\t\n")
	const minute = "2006-01-02 15:04"
	counts := map[parkedFor]int{}
	for _, e := range rows {
		tell(t, "%s\t%s\t%s\t%s\t%d\t%s\t%s\t%s\t%s\t%s\t\n", e.Contact, e.Class, e.Kind, e.Since.UTC().Format(minute), e.Attempt, e.Key,
			e.PlannedAt.UTC().Format(minute), e.RemoteID, cmp.Or(string(e.ParkedFor), "-"), e.Error)
		counts[e.ParkedFor]++
	}
	if err := t.Flush(); err != nil {
		return err
	}
	entries := "entries"
	if len(rows) == 1 {
		entries = "entry"
	}
	tell(w, "%d %s in state %s\n", len(rows), entries, state)
	for _, reason := range parkedReasons() {
		if counts[reason] > 0 {
			tell(w, "%s (%d): %s\n", reason, counts[reason], reason.remedy())
		}
	}
	if state == string(workflows.StateSending) && len(rows) > 0 {
		tellLine(w, "What is being sent may have happened already: the service finds out by its key, and nothing else can touch it.")
	}
	return nil
}
