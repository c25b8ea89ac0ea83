package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"leadsync/cmd/leadsync/config"
	"leadsync/cmd/leadsync/service"
	"leadsync/connector"
	"leadsync/connector/hubspot"
	"leadsync/workflows"
)

type doctorOptions struct {
	asJSON, create, probe, yes bool
	portal                     string
}

func doctorCommand(env *environment) *cobra.Command {
	var o doctorOptions
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Examine an account: what works, what does not, what to do",
		Long: "Asks the account about everything leadsync depends on: token, scopes, limits and what leadsync costs of them, properties,\n" +
			"stages and statuses in their order, pipelines, owners, criteria of the model without a source, and what else acts on the\n" +
			"properties that leadsync would write. Reads only, unless told otherwise:\n" +
			"  --create makes the property group and the properties that leadsync writes\n" +
			"  --probe  makes one task and one deal twice under one key, to see whether the account refuses the second one and\n" +
			"           which rules of its own refuse our records, and archives them again\n" +
			"Exit code 3 if something would keep an effect that is switched on from working.",
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error { return doctor(cmd, env, o) },
	}
	cmd.Flags().BoolVar(&o.asJSON, "json", false, "print JSON")
	cmd.Flags().BoolVar(&o.create, "create", false, "create the missing properties that leadsync writes")
	cmd.Flags().BoolVar(&o.probe, "probe", false, "create and archive one task and one deal")
	cmd.Flags().BoolVar(&o.yes, "yes", false, "do not ask before writing")
	cmd.Flags().StringVarP(&o.portal, "portal", "p", "", "nickname of the portal; not needed if there is only one")
	return cmd
}

func doctor(cmd *cobra.Command, env *environment, o doctorOptions) error {
	in, err := loadInstallation(cmd, env)
	if err != nil {
		return err
	}
	p, err := in.choose(o.portal)
	if err != nil {
		return err
	}
	if !o.yes && o.create && !confirm(env, fmt.Sprintf("Create the missing properties in account %s?", p.Account)) {
		return errors.New("nothing was created; run again without --create to only look")
	}
	if !o.yes && o.probe && !confirm(env, fmt.Sprintf("Create and archive one task and one deal in account %s?", p.Account)) {
		return errors.New("nothing was created; run again without --probe to only look")
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), 5*time.Minute)
	defer cancel()
	x := examination{env: env, in: in, cfg: p, options: o}
	if err := x.all(ctx); err != nil {
		return err
	}
	if o.asJSON {
		err = printJSON(env.stdout, x.out)
	} else {
		x.out.write(env.stdout)
	}
	if x.out.fails() {
		return errors.Join(err, errFound)
	}
	return err
}

// examination fills a diagnosis.
type examination struct {
	env     *environment
	in      *installation
	cfg     config.Portal
	options doctorOptions
	client  *hubspot.Client
	conn    service.Connection
	out     diagnosis

	mu    sync.Mutex
	calls int
}

func (x *examination) step(text string) { tell(x.env.stderr, "examining %s\n", text) }

func (x *examination) count(hubspot.Call) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.calls++
}

func (x *examination) all(ctx context.Context) (err error) {
	x.out = diagnosis{Portal: x.cfg.Name, Account: accountSection{ID: x.cfg.Account}}
	x.conn, x.client, err = connect(x.env, x.in.cfg, x.cfg, slog.New(slog.DiscardHandler), x.count)
	if err != nil {
		return err
	}
	x.step("token and account")
	account, err := x.client.Account(ctx)
	if err != nil {
		x.out.Error = fmt.Sprintf("the account cannot be asked: %v", err)
		return nil
	}
	x.out.Account = accountSection{ID: account.ID, TimeZone: account.TimeZone, Currency: account.Currency}
	if account.ID != x.cfg.Account {
		x.out.Error = fmt.Sprintf("%v: portal %q is configured as account %s, the token is for %s; nothing was written",
			service.ErrWrongAccount, x.cfg.Name, x.cfg.Account, account.ID)
		return nil
	}
	if x.options.create {
		x.step("properties to create")
		created, cerr := createProperties(ctx, x.client, x.cfg, x.in.model)
		x.out.Created = created
		if cerr != nil {
			x.out.note("properties", stateBroken, cerr.Error(), "give the token the scopes crm.schemas.contacts.write and crm.schemas.deals.write, then run `leadsync doctor --create` again")
		}
	}
	x.scopes(ctx)
	if err := x.describe(ctx); err != nil {
		x.out.Error = err.Error()
		return nil //nolint:nilerr // that is the finding
	}
	x.definitions(ctx)
	x.probe(ctx)
	x.limits(ctx)
	x.webhooks()
	x.out.Calls = x.calls
	return nil
}

func (x *examination) scopes(ctx context.Context) {
	x.step("scopes")
	for _, probe := range x.client.ProbeScopes(ctx, workflows.ActivityTypes(x.in.model)) {
		s := scopeCheckOf(probe)
		switch {
		case s.Optional && len(s.Missing) > 0:
			x.out.note("read "+probe.Need, stateLimited, "not readable: "+probe.Need, "leadsync works without; the scope "+probe.Scope+" would allow it")
		case s.lacks():
			x.out.note("read "+probe.Need, stateBroken, "the token lacks a scope", "give the token the scope "+probe.Scope)
		case probe.Err != nil:
			x.out.note("read "+probe.Need, stateUnknown, s.Error, "run `leadsync doctor` again later")
		default:
			x.out.note("read "+probe.Need, stateWorks, "", "")
		}
		x.out.Scopes = append(x.out.Scopes, s)
	}
}

// describe runs what the service runs at its start, and what else acts on our properties.
func (x *examination) describe(ctx context.Context) error {
	x.step("properties, stages, statuses and the model's sources")
	d, err := service.Describe(ctx, x.in.cfg, x.cfg, x.in.model, x.conn)
	if err != nil {
		return err
	}
	x.out.Findings = d.Findings
	x.out.Effects = map[string]string{}
	for class, mode := range d.Portal.Modes {
		want := x.cfg.Effects[class]
		x.out.Effects[string(class)] = string(mode)
		switch {
		case want == workflows.ModeOn && mode != workflows.ModeOn:
			x.out.note("write "+string(class), stateBroken, "switched on, but kept in shadow", "see the findings marked BLOCKED")
		case mode == workflows.ModeOn:
			x.out.note("write "+string(class), stateWorks, "switched on", "")
		default:
			x.out.note("write "+string(class), stateOff, string(mode), "")
		}
	}
	x.step("what else acts on stage and status")
	acting, err := service.ActingOn(ctx, x.client, d.Portal)
	if err != nil {
		x.out.note("what else acts on stage and status", stateUnknown, err.Error(), "run `leadsync doctor` again later")
		return nil // the rest can be examined all the same
	}
	x.out.Acting = &acting
	x.out.Acknowledged = acting.Code == x.cfg.Acknowledged
	switch {
	case x.cfg.Simulated():
		x.out.note("acknowledgement", stateOff, "a simulated account needs none", "")
	case !x.out.Acknowledged:
		x.out.note("acknowledgement", stateTodo, fmt.Sprintf("%d workflows and a checklist to read", len(acting.Automations)),
			"read them below, then write acknowledged: \""+acting.Code+"\" in the portal; stage and status stay in shadow until then")
	}
	return nil
}

// definitions are the account's own stages, statuses, pipelines and owners.
func (x *examination) definitions(ctx context.Context) {
	x.step("pipelines and owners")
	names := hubspot.Names()
	if props, err := x.client.Properties(ctx, connector.TypeContact); err == nil {
		for _, p := range props {
			switch p.Name {
			case names.Stage:
				x.out.Stages = mapped(p.Options, x.cfg.Stages)
			case names.Status:
				x.out.Statuses = mapped(p.Options, x.cfg.Statuses)
			}
		}
	}
	if pipelines, err := x.client.Pipelines(ctx); err == nil {
		x.out.Pipelines = pipelines
	}
	if owners, err := x.client.Owners(ctx); err == nil { // if not, the scopes say so already
		x.owners(owners)
	}
}

// owners counts the users, names those who have left, and looks for the one who gets the work of nobody.
func (x *examination) owners(owners []connector.Owner) {
	fallback := fmt.Sprintf("the account has no owner %s", x.cfg.FallbackOwner)
	for _, o := range owners {
		switch {
		case o.Active && o.Person:
			x.out.Owners.Active++
		case o.Person:
			x.out.Owners.Left = append(x.out.Owners.Left, ownerLine{ID: o.ID, Name: o.Name})
		default:
			x.out.Owners.Queues++
		}
		if o.ID == x.cfg.FallbackOwner {
			fallback = ""
			if !o.Active || !o.Person {
				fallback = fmt.Sprintf("owner %s has left or is a queue", o.ID)
			}
		}
	}
	if x.cfg.FallbackOwner != "" && fallback != "" {
		x.out.note("fallback owner", stateBroken, fallback, "name an active person under fallback_owner")
	}
}

// mapped are the options in the account's order with the model's words for them.
func mapped(options []connector.Option, names map[string]string) []optionLine {
	var out []optionLine
	for _, o := range options {
		line := optionLine{Value: o.Value, Label: o.Label, Hidden: o.Hidden}
		for name, value := range names {
			if value == o.Value {
				line.Model = name
			}
		}
		out = append(out, line)
	}
	return out
}

func (x *examination) probe(ctx context.Context) {
	for _, t := range []connector.ObjectType{connector.TypeTask, connector.TypeDeal} {
		what := "unique keys on " + string(t) + "s"
		if !x.options.probe {
			x.out.note(what, stateUnknown, "not tried, nor which rules of the account refuse our "+string(t)+"s", "run `leadsync doctor --probe` before you switch "+string(t)+"s on")
			continue
		}
		x.step(what)
		x.probeOne(ctx, t, what)
	}
}

func (x *examination) probeOne(ctx context.Context, t connector.ObjectType, what string) {
	probe, err := x.client.ProbeUnique(ctx, t)
	line := probeLine{Type: t, UniqueProbe: probe}
	switch {
	case err != nil:
		line.Error = err.Error()
		x.out.note(what, stateBroken, line.Error, remedyOf(err))
	case probe.Unique:
		x.out.note(what, stateWorks, "the account refuses a second one", "")
	default:
		x.out.note(what, stateLimited, probe.Refusal, "write without_unique_keys: marker if the weaker protocol is acceptable (see fixtures/config/leadsync.yaml)")
	}
	if len(probe.Left) > 0 {
		x.out.note(what, stateBroken, fmt.Sprintf("probe records %v could not be archived", probe.Left), "delete them in the CRM")
	}
	x.out.Probes = append(x.out.Probes, line)
}

// remedyOf says what to do about the account's refusal of a probe record.
func remedyOf(err error) string {
	var ce *connector.Error
	if errors.As(err, &ce) && len(ce.Properties) > 0 {
		return fmt.Sprintf("the account's own rules ask for %v: set them under deal_properties, or take the rule away for records made by API", ce.Properties)
	}
	return "see the CRM's own words"
}

// limits are what the account allows and what leadsync has cost so far.
func (x *examination) limits(ctx context.Context) {
	x.step("limits")
	x.out.Limits = x.client.Limits()
	usage, err := x.client.Usage(ctx)
	if err == nil {
		x.out.Usage = usage
	}
	for _, u := range usage {
		if u.Limit > 0 && u.Used*10 >= u.Limit*9 {
			x.out.note("daily limit", stateLimited, fmt.Sprintf("%d of %d calls are used today by everybody together", u.Used, u.Limit), "find out who spends them; leadsync stops when none are left")
		}
	}
	st, err := x.in.openExisting(ctx, x.env)
	if err != nil {
		return // nothing has run here yet, so it has cost nothing
	}
	defer func() { _ = st.Close() }()
	if counts, err := st.Calls(ctx, x.cfg.Account, 7); err == nil {
		x.out.Cost = costs(counts)
	}
}

// costs sums calls by day and purpose.
func costs(counts []workflows.CallCount) []costLine {
	var out []costLine
	for _, c := range counts {
		day := c.Day.Format(time.DateOnly)
		i := slices.IndexFunc(out, func(l costLine) bool { return l.Day == day && l.Purpose == c.Purpose })
		if i < 0 {
			i = len(out)
			out = append(out, costLine{Day: day, Purpose: c.Purpose})
		}
		out[i].Calls += c.Calls
		out[i].Refused += c.Refused
	}
	return out
}

func (x *examination) webhooks() {
	if !x.cfg.Webhooks.Enabled {
		x.out.note("webhooks", stateOff, "polling alone: complete, but up to one sweep late", "")
		return
	}
	x.out.note("webhooks", stateWorks, "configured for "+x.cfg.Webhooks.TargetURL+"; whether they arrive is told by `leadsync health`", "")
}
