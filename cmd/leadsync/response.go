package main

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"leadsync/cmd/leadsync/config"
	"leadsync/connector"
	"leadsync/workflows"
)

func responseCommand(env *environment) *cobra.Command {
	var since, by string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "response",
		Short: "Show how fast sales answers, by team or source, in working time; never of fewer than five people",
		Long: "Counts the response clocks of the model (`response`) that started within the time: how many were met, the median and what\n" +
			"nine of ten do not exceed. There are no figures about a person. A group that has fewer than five people behind it, as far as\n" +
			"the configuration says who is in which team (`people`, `team`), is folded into the others, and so is one that could be found\n" +
			"by subtracting. It asks the CRM for its settings only, and does without if it cannot.",
		Args: exactly(0, "no arguments"),
	}
	portal := portalFlag(cmd)
	cmd.Flags().StringVar(&since, "since", "30d", "how far back, such as 30d, 12w or 48h")
	cmd.Flags().StringVar(&by, "by", "team", "team or source")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		back, err := backOf(since)
		if err != nil {
			return usageError{err}
		}
		if by != "team" && by != "source" {
			return usageError{fmt.Errorf("--by is %q; write team or source", by)}
		}
		x, err := openExplainer(cmd, env, *portal)
		if err != nil {
			return err
		}
		defer x.close()
		found, err := response(cmd.Context(), x.store, x.cfg, x.now().Add(-back), by)
		if err != nil {
			return err
		}
		for _, c := range x.in.model.Clocks() {
			found.Clocks = append(found.Clocks, c.Name)
		}
		if asJSON {
			return printJSON(env.stdout, found)
		}
		found.write(env.stdout)
		return nil
	}
	return cmd
}

// span is a length of time as flags have it.
var span = regexp.MustCompile(`^([1-9][0-9]{0,4})([hdw])$`)

// backOf reads how far back a command looks.
func backOf(text string) (time.Duration, error) {
	parts := span.FindStringSubmatch(text)
	if parts == nil {
		return 0, fmt.Errorf("--since is %q; write a number and h, d or w, such as 30d", text)
	}
	n, err := strconv.Atoi(parts[1])
	const day = 24 * time.Hour
	return time.Duration(n) * map[string]time.Duration{"h": time.Hour, "d": day, "w": 7 * day}[parts[2]], err
}

// responseReport is what `leadsync response --json` prints.
type responseReport struct {
	Portal string                    `json:"portal"`
	By     string                    `json:"by"`
	Since  time.Time                 `json:"since"`
	Clocks []string                  `json:"clocks"` // of the model
	Groups []workflows.ResponseGroup `json:"groups"`
}

type clockReader interface {
	Clocks(ctx context.Context, portal connector.PortalID, since time.Time) ([]workflows.Measured, error)
}

func response(ctx context.Context, st clockReader, cfg config.Portal, since time.Time, by string) (*responseReport, error) {
	runs, err := st.Clocks(ctx, cfg.Account, since)
	if err != nil {
		return nil, err
	}
	teams := map[string]int{}
	for _, person := range cfg.Calendar.People {
		if person.Team != "" {
			teams[person.Team]++
		}
	}
	out := &responseReport{Portal: cfg.Name, By: by, Since: since, Clocks: []string{}, Groups: workflows.MeasureResponse(runs, by, teams)}
	if out.Groups == nil {
		out.Groups = []workflows.ResponseGroup{}
	}
	return out, nil
}

func (r *responseReport) write(w io.Writer) {
	clock := ""
	for _, g := range r.Groups {
		if g.Rule != clock {
			clock = g.Rule
			tell(w, "%s\n", clock)
		}
		name := orWord(g.Group, "no "+r.By)
		if g.Others {
			name = "all others (fewer than five people)"
		}
		if g.Withheld {
			tell(w, "  %-36s %s; no figures: name people with their teams under people: in the configuration\n", name, plural(g.Runs, "clock"))
			continue
		}
		f := g.Figures
		tell(w, "  %-36s %s: %d met, %d missed, %d due, %d ended without a verdict", name, plural(g.Runs, "clock"), f.Met, f.Missed, f.Due, f.Ended)
		if f.Share != nil {
			const percent = 100
			tell(w, "; met %.0f %%", *f.Share*percent)
		}
		if f.Median != nil {
			tell(w, "; median %s, nine of ten within %s of working time", working(*f.Median), working(*f.Slow))
		}
		tellLine(w)
	}
	for _, c := range r.Clocks {
		if !slices.ContainsFunc(r.Groups, func(g workflows.ResponseGroup) bool { return g.Rule == c }) {
			tell(w, "%s: no clock started\n", c)
		}
	}
	if len(r.Clocks) == 0 && len(r.Groups) == 0 {
		tellLine(w, "the model has no response clock; see response: in `leadsync schema`")
	}
}

// working is seconds of working time as people say it.
func working(seconds int64) string {
	return (time.Duration(seconds) * time.Second).Round(time.Minute).String()
}
