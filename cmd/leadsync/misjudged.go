package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"leadsync/workflows"
)

func misjudgedCommand(env *environment) *cobra.Command {
	var since, by string
	var asJSON, proposals bool
	var limit int
	cmd := &cobra.Command{
		Use:   "misjudged",
		Short: "Show how many of the leads that qualified were misjudged, and by what; or who is proposed for deletion",
		Long: "Of the leads that entered a stage that the model names under misjudged: within the time, how many ended as misjudged: by the\n" +
			"rule that gave them most of their points then, by source or by stage, with the reasons that sales gave. With --proposals it\n" +
			"lists the contacts whose status proposes to delete them. `leadsync deletions confirm` deletes them, batch by batch. It asks the CRM for its settings\n" +
			"only, and does without if it cannot.",
		Args: exactly(0, "no arguments"),
	}
	portal := portalFlag(cmd)
	cmd.Flags().StringVar(&since, "since", "90d", "how far back, such as 30d, 12w or 48h")
	cmd.Flags().StringVar(&by, "by", "rule", "rule, source or stage")
	cmd.Flags().BoolVar(&proposals, "proposals", false, "list the contacts that are proposed for deletion")
	cmd.Flags().IntVar(&limit, "limit", 100, "with --proposals: at most so many contacts")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		back, err := backOf(since)
		switch {
		case err != nil:
			return usageError{err}
		case !slices.Contains([]string{"rule", "source", "stage"}, by):
			return usageError{fmt.Errorf("--by is %q; write rule, source or stage", by)}
		case limit < 1:
			return atLeastOne(limit)
		case proposals && (cmd.Flags().Changed("by") || cmd.Flags().Changed("since")):
			return usageError{errors.New("--proposals lists all of them; leave --by and --since out")}
		}
		x, err := openExplainer(cmd, env, *portal)
		if err != nil {
			return err
		}
		defer x.close()
		found, err := x.misjudged(cmd.Context(), misjudgedAsk{x.now().Add(-back), by, proposals, limit})
		switch {
		case err != nil:
			return err
		case asJSON:
			return printJSON(env.stdout, found)
		}
		found.write(env.stdout)
		return nil
	}
	return cmd
}

type misjudgedAsk struct {
	since     time.Time
	by        string
	proposals bool
	limit     int
}

// misjudgedReport is what `leadsync misjudged --json` prints: the groups, or the proposals.
type misjudgedReport struct {
	Portal string                     `json:"portal"`
	By     string                     `json:"by,omitempty"`
	Since  time.Time                  `json:"since,omitzero"`
	Groups []workflows.MisjudgedGroup `json:"groups,omitempty"`
	// Proposed is how many contacts are proposed for deletion; Proposals is cut at the limit.
	Proposed  *int                 `json:"proposed_for_deletion,omitempty"`
	Proposals []workflows.Proposal `json:"proposals,omitempty"`
	declared  bool
}

func (x *explainer) misjudged(ctx context.Context, ask misjudgedAsk) (*misjudgedReport, error) {
	out := &misjudgedReport{Portal: x.cfg.Name, declared: len(x.in.model.Misjudged().Ends) > 0}
	if ask.proposals {
		list, all, err := x.store.Proposals(ctx, x.cfg.Account, ask.limit)
		out.Proposals, out.Proposed = list, &all
		return out, err
	}
	entered, err := x.store.Qualified(ctx, x.cfg.Account, ask.since)
	out.By, out.Since, out.Groups = ask.by, ask.since, workflows.MeasureMisjudged(entered, ask.by)
	return out, err
}

func (r *misjudgedReport) write(w io.Writer) {
	if r.Proposed != nil {
		writeProposals(w, r.Proposals)
		tell(w, "portal %s: %s proposed for deletion; none is deleted unless you confirm it: leadsync deletions", r.Portal, plural(*r.Proposed, "contact"))
		if len(r.Proposals) < *r.Proposed {
			tell(w, "; %d shown, --limit shows more", len(r.Proposals))
		}
		tellLine(w)
		return
	}
	leads, misjudged := 0, 0
	for _, g := range r.Groups {
		leads, misjudged = leads+g.Leads, misjudged+g.Misjudged
		tell(w, "  %-40s %s\n", orWord(g.Group, "no "+r.By), rateOf(g.Misjudged, g.Leads, g.Few))
		for _, reason := range slices.Sorted(maps.Keys(g.Reasons)) {
			tell(w, "    %d %s\n", g.Reasons[reason], orWord(reason, "without a reason"))
		}
	}
	switch {
	case !r.declared && leads == 0:
		tellLine(w, "the model does not say what a misjudged lead is; see misjudged: in `leadsync schema`")
	case leads == 0:
		tell(w, "portal %s: no lead qualified since %s\n", r.Portal, r.Since.UTC().Format(time.DateOnly))
	default:
		const few = 20
		tell(w, "portal %s: misjudged %s\n", r.Portal, rateOf(misjudged, leads, leads < few))
	}
}

// rateOf is a rate with the numbers that it is made of.
func rateOf(some, all int, few bool) string {
	const percent = 100
	text := fmt.Sprintf("%d of %d (%.0f %%)", some, all, float64(some)/float64(all)*percent)
	if few {
		text += ", too few to tell"
	}
	return text
}

func givenReason(reason string) string {
	if strings.TrimSpace(reason) == "" {
		return ""
	}
	return ": " + reason
}
