package main

import (
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

func orphansCommand(env *environment) *cobra.Command {
	var limit int
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "orphans",
		Short: "List the leads that nobody works on: their owner has left, or they have none",
		Long: "Looks at the contacts in the stages of the model from mql on: those whose owner has left or is deactivated, or whom the\n" +
			"account does not have, and those without an owner in a stage that sales answers for. What they have comes from the\n" +
			"mirror, the owners from the last reading of the service. It asks the CRM for its settings only, and does without if\n" +
			"it cannot. Exit code 3 says that there are some.",
		Args: exactly(0, "no arguments"),
	}
	portal := portalFlag(cmd)
	cmd.Flags().IntVar(&limit, "limit", 100, "at most so many contacts")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := atLeastOne(limit); err != nil {
			return err
		}
		x, err := openExplainer(cmd, env, *portal)
		if err != nil {
			return err
		}
		defer x.close()
		found, err := x.orphans(cmd.Context(), limit)
		if err != nil {
			return err
		}
		return listed(env, asJSON, found, found.Contacts, func() { found.write(env.stdout) })
	}
	return cmd
}

// orphanList is what `leadsync orphans --json` prints.
type orphanList struct {
	Portal string `json:"portal"`
	// Contacts is how many there are, Counts how many for each reason; List is cut at the limit.
	Contacts int                     `json:"orphans"`
	Counts   []workflows.OrphanCount `json:"counts"`
	List     []orphanedLead          `json:"contacts"`
	// Stages are where was looked, in the model's words.
	Stages []string `json:"stages"`
}

type orphanedLead struct {
	workflows.Orphan
	Stage  string `json:"stage"`
	Status string `json:"status"`
	// LastActivity is when the lead did something last; zero if it never did.
	LastActivity time.Time `json:"last_activity,omitzero"`
	// OpenTasks are the rules whose tasks are open.
	OpenTasks []string `json:"open_tasks,omitempty"`
	// Held says that the contact was there before go-live and has not changed since.
	Held bool `json:"held,omitempty"`
}

func (x *explainer) orphans(ctx context.Context, limit int) (*orphanList, error) {
	query := x.portal.Orphans(x.in.model)
	found, err := x.store.Orphans(ctx, x.cfg.Account, query)
	if err != nil {
		return nil, err
	}
	out := &orphanList{Portal: x.cfg.Name, Contacts: len(found), Counts: workflows.CountOrphans(found), List: []orphanedLead{}}
	if out.Counts == nil {
		out.Counts = []workflows.OrphanCount{}
	}
	for _, stage := range query.Stages {
		out.Stages = append(out.Stages, x.portal.StageName(stage.Value))
	}
	for some := range slices.Chunk(found[:min(limit, len(found))], recordsAtOnce) {
		leads, err := x.orphaned(ctx, some)
		if err != nil {
			return nil, err
		}
		out.List = append(out.List, leads...)
	}
	return out, nil
}

// orphaned adds what the mirror has of the contacts.
func (x *explainer) orphaned(ctx context.Context, found []workflows.Orphan) ([]orphanedLead, error) {
	records, err := recordsOf(ctx, x, found, func(o workflows.Orphan) connector.ObjectID { return o.Contact })
	if err != nil {
		return nil, err
	}
	out := make([]orphanedLead, len(found))
	for i, o := range found {
		lead := workflows.LeadOf(x.portal, x.in.model, records[i])
		out[i] = orphanedLead{Orphan: o, Stage: lead.Stage, Status: lead.Status, LastActivity: lastActivity(x.in.model, lead, x.now())}
		if state := records[i].State; state != nil {
			out[i].OpenTasks, out[i].Held = state.OpenRules(), state.Held
		}
	}
	return out, nil
}

// lastActivity is when a person did something last, as far as the model counts it.
func lastActivity(m *scoring.Model, lead scoring.Lead, now time.Time) time.Time {
	var last time.Time
	for _, a := range m.People(lead.Activities) {
		if a.At.After(last) && !a.At.After(now) {
			last = a.At
		}
	}
	return last.UTC()
}

func (l *orphanList) write(w io.Writer) {
	for _, o := range l.List {
		tell(w, "%-22s %s   stage %s, lead status %s, %s, %s%s\n", contactRef(o.Contact), o.why(),
			orWord(o.Stage, "none"), orWord(o.Status, "none"), o.activity(), o.tasks(), o.standing())
	}
	if len(l.List) > 0 {
		tellLine(w)
	}
	tell(w, "portal %s: %s in %s", l.Portal, plural(l.Contacts, "orphaned lead"), orWord(strings.Join(l.Stages, ", "), "no stage"))
	if len(l.List) < l.Contacts {
		tell(w, ", %d shown; --limit shows more", len(l.List))
	}
	tellLine(w)
}

func (o orphanedLead) why() string {
	since := func(at time.Time) string {
		if at.IsZero() {
			return ""
		}
		return " since " + at.UTC().Format("2006-01-02 15:04 MST")
	}
	in := ""
	if s := since(o.Since); s != "" {
		in = ", in its stage" + s
	}
	switch o.Why {
	case workflows.OrphanLeft:
		return "owner " + o.Owner + " has left" + since(o.LeftAt) + in
	case workflows.OrphanUnknown:
		return "owner " + o.Owner + " is not known to the account" + in
	case workflows.OrphanNone:
	}
	return "no owner" + in
}

func (o orphanedLead) activity() string {
	if o.LastActivity.IsZero() {
		return "no activity"
	}
	return "last activity " + o.LastActivity.Format(time.DateOnly)
}

func (o orphanedLead) tasks() string {
	if len(o.OpenTasks) == 0 {
		return "no open task"
	}
	return "open task of " + strings.Join(o.OpenTasks, ", ")
}

func (o orphanedLead) standing() string {
	if o.Held {
		return ", unchanged since before go-live"
	}
	return ""
}
