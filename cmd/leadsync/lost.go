package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

func lostCommand(env *environment) *cobra.Command {
	var since, by string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "lost",
		Short: "Count why deals were lost, in all or by a fact of the model, such as the source of the lead",
		Long: "Of the deals of the contacts in the mirror that were lost within the time, by their close date: how many for which reason, in\n" +
			"the words of the model's fact with deals: lost_reason, which is what makes leadsync read reasons and close dates. A deal of\n" +
			"several contacts counts once. --by names a text fact of the contacts or their companies. There are no figures about a\n" +
			"person: facts of the owner, the name or the address of a contact are refused, and who must not be profiled is left out. It\n" +
			"asks the CRM for its settings only, and does without if it cannot.",
		Args: exactly(0, "no arguments"),
	}
	portal := portalFlag(cmd)
	cmd.Flags().StringVar(&since, "since", "90d", "how far back, such as 30d, 12w or 48h")
	cmd.Flags().StringVar(&by, "by", "", "a text fact of the model, such as source")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		back, err := backOf(since)
		if err != nil {
			return usageError{err}
		}
		x, err := openExplainer(cmd, env, *portal)
		if err != nil {
			return err
		}
		defer x.close()
		found, err := x.lost(cmd.Context(), x.now().Add(-back), by)
		if err != nil {
			return err
		}
		if asJSON {
			return printJSON(env.stdout, found)
		}
		found.write(env.stdout)
		return nil
	}
	return cmd
}

// lostReport is what `leadsync lost --json` prints.
type lostReport struct {
	Portal string    `json:"portal"`
	By     string    `json:"by,omitempty"`
	Since  time.Time `json:"since"`
	// Deals is how many deals were lost, the sum of the groups.
	Deals  int                   `json:"deals"`
	Groups []workflows.LostGroup `json:"groups"`
	// Undated are lost deals without a close date, which are in no group.
	Undated int `json:"undated"`
}

func (x *explainer) lost(ctx context.Context, since time.Time, by string) (*lostReport, error) {
	if _, ok := workflows.LostReason(x.in.model); !ok {
		return nil, fmt.Errorf("the model has no fact of why deals were lost, so reasons are not read; " +
			"add one to facts, such as lost_because: {deals: lost_reason}, and let `leadsync serve` read it")
	}
	fact, err := x.groupedBy(by)
	if err != nil {
		return nil, err
	}
	var deals []workflows.LostDeal
	const chunk = 500
	for after := connector.ObjectID(""); ; {
		rows, err := x.store.WalkContacts(ctx, x.cfg.Account, after, chunk)
		if err != nil {
			return nil, err
		}
		if len(rows) == 0 {
			break
		}
		ids := make([]connector.ObjectID, len(rows))
		for i, row := range rows {
			ids[i] = row.ID
		}
		records, err := x.store.Leads(ctx, x.cfg.Account, ids)
		if err != nil {
			return nil, err
		}
		for _, r := range records {
			deals = append(deals, workflows.LostDeals(x.portal, x.in.model, r, fact)...)
		}
		after = ids[len(ids)-1]
	}
	out := &lostReport{Portal: x.cfg.Name, By: by, Since: since}
	out.Groups, out.Undated = workflows.MeasureLost(deals, since)
	if out.Groups == nil {
		out.Groups = []workflows.LostGroup{}
	}
	for _, g := range out.Groups {
		out.Deals += g.Deals
	}
	return out, nil
}

// groupedBy is the fact that deals are grouped by; its zero value is none.
func (x *explainer) groupedBy(name string) (scoring.Fact, error) {
	if name == "" {
		return scoring.Fact{}, nil
	}
	facts := slices.DeleteFunc(x.in.model.Facts(), func(f scoring.Fact) bool { return f.Type != scoring.TypeText || f.Count != "" })
	may := slices.DeleteFunc(slices.Clone(facts), x.portal.AboutAPerson)
	i := slices.IndexFunc(may, func(f scoring.Fact) bool { return f.Name == name })
	if i >= 0 {
		return may[i], nil
	}
	var names []string
	for _, f := range may {
		names = append(names, f.Name)
	}
	remedy := "write one of: " + strings.Join(names, ", ")
	if len(names) == 0 {
		remedy = "the model has none that can be"
	}
	if slices.ContainsFunc(facts, func(f scoring.Fact) bool { return f.Name == name }) {
		return scoring.Fact{}, usageError{fmt.Errorf("--by is %q, which says who somebody is, and there are no figures about a person; %s", name, remedy)}
	}
	return scoring.Fact{}, usageError{fmt.Errorf("--by is %q, which is no text fact of the contacts or companies; %s", name, remedy)}
}

func (r *lostReport) write(w io.Writer) {
	const longest = 60
	indent := "  "
	for _, g := range r.Groups {
		if r.By != "" {
			indent = "    "
			tell(w, "  %s: %s\n", clip(plainly(orWord(g.Group, "no "+r.By)), longest), plural(g.Deals, "deal"))
		}
		for _, reason := range g.Reasons {
			tell(w, "%s%-40s %s\n", indent, clip(plainly(orWord(reason.Reason, "without a reason")), longest), rateOf(reason.Deals, g.Deals, false))
		}
	}
	if r.Deals == 0 {
		tell(w, "portal %s: no deal was lost since %s", r.Portal, r.Since.UTC().Format(time.DateOnly))
	} else {
		tell(w, "portal %s: %s lost since %s", r.Portal, plural(r.Deals, "deal"), r.Since.UTC().Format(time.DateOnly))
	}
	if r.Undated > 0 {
		tell(w, "; besides, %s lost without a close date in the mirror", plural(r.Undated, "deal"))
	}
	tellLine(w)
}
