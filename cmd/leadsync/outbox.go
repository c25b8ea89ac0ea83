package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"leadsync/cmd/leadsync/config"
	"leadsync/workflows"
	"leadsync/workflows/store"
)

// outboxChange is what an operator does to one entry.
type outboxChange struct {
	use, short string
	question   string // with the entry's description and the account
	verb, done string
	do         func(*store.Store) func(context.Context, config.Portal, string) (workflows.OutboxEntry, error)
}

// retryCommand and dropCommand are below `leadsync outbox`.
func retryCommand(env *environment) *cobra.Command {
	return outboxChange{
		use:      "retry KEY",
		short:    "Send a parked entry again, once what made the CRM refuse it has been mended",
		question: "%s will be sent again to account %s of portal %s. Go on?",
		verb:     "retry", done: "will be sent again with the next batch",
		do: func(st *store.Store) func(context.Context, config.Portal, string) (workflows.OutboxEntry, error) {
			return func(ctx context.Context, p config.Portal, key string) (workflows.OutboxEntry, error) {
				return st.RetryEntry(ctx, p.Account, key)
			}
		},
	}.command(env)
}

func dropCommand(env *environment) *cobra.Command {
	return outboxChange{
		use:      "drop KEY",
		short:    "Give up an entry that is parked or waits; its contact is looked at again",
		question: "%s will never be sent to account %s of portal %s. Go on?",
		verb:     "drop", done: "dropped; its contact is due and will be planned anew",
		do: func(st *store.Store) func(context.Context, config.Portal, string) (workflows.OutboxEntry, error) {
			return func(ctx context.Context, p config.Portal, key string) (workflows.OutboxEntry, error) {
				return st.DropEntry(ctx, p.Account, key)
			}
		},
	}.command(env)
}

// outboxResult is the outcome for JSON.
type outboxResult struct {
	Command string                `json:"command"`
	Before  workflows.OutboxEntry `json:"before"`
}

func (o outboxChange) command(env *environment) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{Use: o.use, Short: o.short, Args: exactly(1, "one key, as `leadsync outbox` lists it")}
	c := portalCommand{env: env, portal: portalFlag(cmd), asJSON: cmd.Flags().Bool("json", false, "print JSON; needs --yes")}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *c.asJSON && !yes {
			return usageError{errors.New("--json asks nobody, so it needs --yes")}
		}
		return c.with(cmd, func(ctx context.Context, _ *installation, p config.Portal, st *store.Store) error {
			entry, err := st.Entry(ctx, p.Account, args[0])
			if err != nil {
				return explained(err, p, args[0])
			}
			what := fmt.Sprintf("%s %s of %s (%s)", entry.Class, entry.Kind, contactRef(entry.Contact), entry.State)
			if !yes && !confirm(env, fmt.Sprintf(o.question, what, p.Account, p.Name)) {
				return fmt.Errorf("%s stays as it is", args[0])
			}
			before, err := o.do(st)(ctx, p, args[0])
			if err != nil {
				return explained(err, p, args[0])
			}
			if *c.asJSON {
				return printJSON(env.stdout, outboxResult{Command: o.verb, Before: before})
			}
			fmt.Fprintf(env.stdout, "%s: %s\n", args[0], o.done)
			return nil
		})
	}
	return cmd
}

// explained adds to a refusal what to do next.
func explained(err error, p config.Portal, key string) error {
	switch {
	case errors.Is(err, workflows.ErrNoRecord):
		return fmt.Errorf("portal %q has no entry %q; `leadsync outbox` lists the parked ones, --state the others", p.Name, key)
	case errors.Is(err, store.ErrReplaced):
		return fmt.Errorf("%w; give it up with `leadsync outbox drop %s`", err, key)
	case errors.Is(err, store.ErrWrongState):
		return fmt.Errorf("%w; `leadsync outbox` lists what is parked", err)
	}
	return err
}
