package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"leadsync/connector"
	"leadsync/workflows"
)

func shadowCommand(env *environment, portal *string) *cobra.Command {
	var o shadowOptions
	cmd := &cobra.Command{
		Use:   "shadow",
		Short: "Compare what leadsync would have done with what people did instead",
		Long: "For every effect that was recorded in shadow: did somebody do the same, something else, or nothing? Of stage and status\n" +
			"only the last recorded effect of a contact is kept. People's doings are those that the mirror has: the contact as it is,\n" +
			"versions of stage and status, activities of the kinds that the model reads, deals. It asks the CRM only for the order of\n" +
			"its stages, and does without if it cannot. The last table is the question before you switch a class on: look at the\n" +
			"contacts with --list.",
		Args: exactly(0, "no arguments"),
	}
	cmd.Flags().BoolVar(&o.list, "list", false, "list the contacts where people did otherwise, or nothing")
	cmd.Flags().IntVar(&o.limit, "limit", 10_000, "at most so many effects, the newest")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := atLeastOne(o.limit); err != nil {
			return err
		}
		asJSON, err := cmd.Flags().GetBool("json")
		if err != nil {
			return fmt.Errorf("read --json: %w", err)
		}
		x, err := openExplainer(cmd, env, *portal)
		if err != nil {
			return err
		}
		defer x.close()
		found, err := x.shadows(cmd.Context(), o)
		if err != nil {
			return err
		}
		if asJSON {
			return printJSON(env.stdout, found)
		}
		return found.write(env.stdout, o, x.zone())
	}
	return cmd
}

type shadowOptions struct {
	list  bool
	limit int
}

// shadowReport is what `leadsync effects shadow --json` prints.
type shadowReport struct {
	Portal string `json:"portal"`
	// Effects is how many were compared, Stored how many there are but for scores.
	Effects int         `json:"effects"`
	Stored  int         `json:"stored"`
	Rules   []shadowSum `json:"rules"`
	// Otherwise are those that people did not do.
	Otherwise []workflows.Shadowed `json:"otherwise"`
}

// shadowSum counts the verdicts about one rule.
type shadowSum struct {
	Class    workflows.Class           `json:"class"`
	Rule     string                    `json:"rule"`
	Effects  int                       `json:"effects"`
	Verdicts map[workflows.Verdict]int `json:"verdicts"`
}

func (x *explainer) shadows(ctx context.Context, o shadowOptions) (*shadowReport, error) {
	counts, err := x.store.ShadowCounts(ctx, x.cfg.Account)
	if err != nil {
		return nil, err
	}
	out := &shadowReport{Portal: x.cfg.Name, Rules: []shadowSum{}, Otherwise: []workflows.Shadowed{}}
	for class, n := range counts {
		if class != workflows.ClassScore {
			out.Stored += n
		}
	}
	entries, err := x.store.Outbox(ctx, x.cfg.Account, workflows.StateShadow, "", o.limit+counts[workflows.ClassScore])
	if err != nil {
		return nil, err
	}
	entries = slices.DeleteFunc(entries, func(e workflows.OutboxEntry) bool { return e.Class == workflows.ClassScore })
	entries = entries[:min(len(entries), o.limit)]
	for chunk := range slices.Chunk(entries, recordsAtOnce) {
		if err := x.compareShadows(ctx, chunk, out); err != nil {
			return nil, err
		}
	}
	out.Effects = len(entries)
	slices.SortFunc(out.Rules, func(a, b shadowSum) int {
		order := workflows.Classes()
		return cmp.Or(cmp.Compare(slices.Index(order, a.Class), slices.Index(order, b.Class)), cmp.Compare(a.Rule, b.Rule))
	})
	return out, nil
}

func (x *explainer) compareShadows(ctx context.Context, entries []workflows.OutboxEntry, out *shadowReport) error {
	records, err := recordsOf(ctx, x, entries, func(e workflows.OutboxEntry) connector.ObjectID { return e.Contact })
	if err != nil {
		return err
	}
	for i, e := range entries {
		s := workflows.CompareShadow(x.portal, x.in.model, records[i], e, x.now())
		at := slices.IndexFunc(out.Rules, func(sum shadowSum) bool { return sum.Class == s.Class && sum.Rule == s.Rule })
		if at < 0 {
			out.Rules = append(out.Rules, shadowSum{Class: s.Class, Rule: s.Rule, Verdicts: map[workflows.Verdict]int{}})
			at = len(out.Rules) - 1
		}
		out.Rules[at].Effects++
		out.Rules[at].Verdicts[s.Verdict]++
		if s.Verdict == workflows.VerdictOther || s.Verdict == workflows.VerdictNothing {
			out.Otherwise = append(out.Otherwise, s)
		}
	}
	return nil
}

func (r *shadowReport) write(w io.Writer, o shadowOptions, zone *time.Location) error {
	if r.Effects == 0 {
		tell(w, "portal %s: nothing but scores was recorded in shadow\n", r.Portal)
		return nil
	}
	tell(w, "portal %s: %s recorded in shadow; what people did instead\n\n", r.Portal, plural(r.Effects, "effect"))
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	tell(t, "CLASS\tWOULD HAVE BEEN\tEFFECTS\tTHE SAME\tFURTHER\tOTHERWISE\tNOTHING\tNOT DUE YET\tUNKNOWN\t\n")
	for _, s := range r.Rules {
		tell(t, "%s\t%s\t%d\t", s.Class, orWord(s.Rule, "not kept"), s.Effects)
		for _, v := range workflows.Verdicts() {
			tell(t, "%d\t", s.Verdicts[v])
		}
		tellLine(t)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if o.list && len(r.Otherwise) > 0 {
		tellLine(w)
	}
	if o.list {
		for _, s := range r.Otherwise {
			what := "nobody did anything"
			if s.Verdict == workflows.VerdictOther {
				what = "somebody did otherwise"
			}
			tell(w, "%s  %s %s, recorded %s: %s; it stands at %s\n", contactRef(s.Contact), s.Class, s.Rule,
				s.PlannedAt.In(zone).Format("2006-01-02 15:04 MST"), what, orWord(s.Instead, "none"))
		}
	}
	if left := r.Stored - r.Effects; left > 0 {
		tell(w, "\n%s left out; --limit takes more\n", plural(left, "older effect"))
	}
	return nil
}
