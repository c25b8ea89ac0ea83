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
	"leadsync/workflows"
	"leadsync/workflows/store"
)

// outboxChange is what an operator does to entries.
type outboxChange struct {
	use, short string
	question   string // with what it is about and the account
	verb, done string
	reasoned   bool // a reason has to be given
	do         func(context.Context, *store.Store, config.Portal, string, workflows.Order) (workflows.OutboxEntry, error)
}

// retryCommand and dropCommand are below `leadsync outbox`.
func retryCommand(env *environment) *cobra.Command {
	return outboxChange{
		use:      "retry [KEY...]",
		short:    "Send parked entries again, once what made the CRM refuse them has been mended",
		question: "%s will be sent again to account %s of portal %s. Go on?",
		verb:     "retry", done: "will be sent again with the next batch",
		do: func(ctx context.Context, st *store.Store, p config.Portal, key string, o workflows.Order) (workflows.OutboxEntry, error) {
			return st.RetryEntry(ctx, p.Account, key, o)
		},
	}.command(env)
}

func dropCommand(env *environment) *cobra.Command {
	return outboxChange{
		use:      "drop [KEY...] --because TEXT",
		short:    "Give up entries that are parked or wait; their contacts are looked at again",
		question: "%s will never be sent to account %s of portal %s. Go on?",
		verb:     "drop", done: "dropped; its contact is due and will be planned anew", reasoned: true,
		do: func(ctx context.Context, st *store.Store, p config.Portal, key string, o workflows.Order) (workflows.OutboxEntry, error) {
			return st.DropEntry(ctx, p.Account, key, o)
		},
	}.command(env)
}

// outboxResult is the outcome for JSON.
type outboxResult struct {
	Command string                `json:"command"`
	Before  workflows.OutboxEntry `json:"before"`
}

// outboxResults is that of several.
type outboxResults struct {
	Command string            `json:"command"`
	Done    []string          `json:"done"`
	Failed  map[string]string `json:"failed"`
}

// outboxOrder are the flags of a change.
type outboxOrder struct {
	choice      outboxChoice
	all, yes    bool
	by, because string
}

func (o outboxChange) command(env *environment) *cobra.Command {
	var order outboxOrder
	cmd := &cobra.Command{
		Use: o.use, Short: o.short,
		Long: o.short + ".\n\nWhat is being sent (state sending) can be neither sent again nor dropped: it may have happened already, and the service\n" +
			"finds out by its key. Every order stands in the contact's history, with who gave it and why.",
	}
	c := portalCommand{env: env, portal: portalFlag(cmd), asJSON: cmd.Flags().Bool("json", false, "print JSON; needs --yes")}
	order.choice.flags(cmd, string(workflows.StateParked))
	cmd.Flags().BoolVar(&order.all, "all", false, "all that the flags choose, instead of keys")
	cmd.Flags().BoolVar(&order.yes, "yes", false, "do not ask")
	cmd.Flags().StringVar(&order.by, "by", "", "who orders it; default: the user of this machine")
	cmd.Flags().StringVar(&order.because, "because", "", "why, for the contact's history")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := order.check(env, args, *c.asJSON); err != nil {
			return err
		}
		if err := o.check(order); err != nil {
			return err
		}
		return c.with(cmd, func(ctx context.Context, _ *installation, p config.Portal, st *store.Store) error {
			if len(args) == 1 {
				return o.one(ctx, c, st, p, order, args[0])
			}
			return o.many(ctx, c, st, p, order, args)
		})
	}
	return cmd
}

// mostBecause is how long a reason may be, in bytes.
const mostBecause = 300

// check refuses an order that names nothing or too much, or whose flags contradict each other.
func (o outboxOrder) check(env *environment, args []string, asJSON bool) error {
	switch {
	case !o.all && len(args) == 0:
		return usageError{errors.New("expected one key or more, as `leadsync outbox` lists them, or --all")}
	case o.all && len(args) > 0:
		return usageError{errors.New("--all takes what the flags choose, so it takes no keys")}
	case asJSON && !o.yes:
		return usageError{errors.New("--json asks nobody, so it needs --yes")}
	case len(o.because) > mostBecause || len(o.by) > mostBecause:
		return usageError{fmt.Errorf("--because and --by have at most %d bytes", mostBecause)}
	}
	_, err := o.choice.filter(env.now())
	return err
}

// check refuses what this change cannot do.
func (o outboxChange) check(order outboxOrder) error {
	switch {
	case o.reasoned && strings.TrimSpace(order.because) == "":
		return usageError{errors.New("say why with --because; it stands in the contact's history")}
	case o.verb == "retry" && order.choice.state != string(workflows.StateParked):
		return usageError{errors.New("only what is parked can be sent again")}
	}
	return nil
}

func (o outboxOrder) order(env *environment) workflows.Order {
	by := cmp.Or(o.by, env.getenv("USER"), env.getenv("LOGNAME"), env.getenv("USERNAME"))
	return workflows.Order{By: plain(strings.TrimSpace(by)), Because: plain(strings.TrimSpace(o.because))}
}

func (o outboxChange) one(ctx context.Context, c portalCommand, st *store.Store, p config.Portal, order outboxOrder, key string) error {
	entry, err := st.Entry(ctx, p.Account, key)
	if err != nil {
		return explained(err, p, key)
	}
	what := fmt.Sprintf("%s %s of %s (%s)", entry.Class, entry.Kind, contactRef(entry.Contact), entry.State)
	if !order.yes && !confirm(c.env, fmt.Sprintf(o.question, what, p.Account, p.Name)) {
		return fmt.Errorf("%s stays as it is", key)
	}
	before, err := o.do(ctx, st, p, key, order.order(c.env))
	if err != nil {
		return explained(err, p, key)
	}
	if *c.asJSON {
		return printJSON(c.env.stdout, outboxResult{Command: o.verb, Before: before})
	}
	tell(c.env.stdout, "%s: %s\n", key, o.done)
	return nil
}

// named gives the keys that an order is about, and says how many they are.
func (o outboxOrder) named(ctx context.Context, st *store.Store, p config.Portal, keys []string) (all []string, what string, err error) {
	if !o.all {
		return keys, plural(len(keys), "effect"), nil
	}
	found, err := o.choice.chosen(ctx, st, p, -1)
	if err != nil {
		return nil, "", err
	}
	classes := map[workflows.Class]int{}
	for _, e := range found {
		all = append(all, e.Key)
		classes[e.Class]++
	}
	return all, plural(len(all), "effect") + ofClasses(classes), nil
}

// many does it to the keys, or to all that the flags choose. What cannot be done is said and holds up nothing; then the
// exit code is 3.
func (o outboxChange) many(ctx context.Context, c portalCommand, st *store.Store, p config.Portal, order outboxOrder, keys []string) error {
	keys, what, err := order.named(ctx, st, p, keys)
	if err != nil {
		return err
	}
	if len(keys) == 0 && !*c.asJSON {
		tellLine(c.env.stdout, "the flags choose nothing; `leadsync outbox` lists what there is")
		return nil
	}
	if !order.yes && !confirm(c.env, fmt.Sprintf(o.question, what, p.Account, p.Name)) {
		return fmt.Errorf("%s: all stays as it is", what)
	}
	result := outboxResults{Command: o.verb, Done: []string{}, Failed: map[string]string{}}
	for _, key := range keys {
		_, err := o.do(ctx, st, p, key, order.order(c.env))
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("stopped after %d of %s: %w", len(result.Done), what, ctx.Err())
		case errors.Is(err, workflows.ErrNoRecord), errors.Is(err, store.ErrReplaced), errors.Is(err, store.ErrWrongState):
			result.Failed[key] = explained(err, p, key).Error()
		case err != nil:
			return fmt.Errorf("stopped after %d of %s: %w", len(result.Done), what, err)
		default:
			result.Done = append(result.Done, key)
		}
	}
	return o.tell(c, result)
}

func (o outboxChange) tell(c portalCommand, result outboxResults) error {
	if *c.asJSON {
		if err := printJSON(c.env.stdout, result); err != nil {
			return err
		}
	} else {
		for _, key := range slices.Sorted(maps.Keys(result.Failed)) {
			tell(c.env.stdout, "%s: left as it is: %s\n", key, result.Failed[key])
		}
		tell(c.env.stdout, "%s: %s, left as they are: %d\n", o.verb, plural(len(result.Done), "effect"), len(result.Failed))
	}
	if len(result.Failed) > 0 {
		return errFound
	}
	return nil
}

// ofClasses says how many there are of each class.
func ofClasses(classes map[workflows.Class]int) string {
	var parts []string
	for _, class := range workflows.Classes() {
		if n := classes[class]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", class, n))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
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
