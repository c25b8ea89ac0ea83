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

func violationsCommand(env *environment) *cobra.Command {
	var invariant string
	var limit int
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "violations",
		Short: "List the contacts that break an invariant of the model, since when, and whom to ask",
		Long: "An invariant is something that should never be (`invariants` in the model), or a deal that a rule wanted and had no\n" +
			"pipeline for (\"no pipeline: \" and the rule). Nothing is repaired: somebody has to look.\n" +
			"The contacts are those that the service found; what they have now comes from the mirror. It asks the CRM only for the\n" +
			"order of its stages, and does without if it cannot. Exit code 3 says that there are some.",
		Args: exactly(0, "no arguments"),
	}
	portal := portalFlag(cmd)
	cmd.Flags().StringVar(&invariant, "invariant", "", "only this one, by its name in the model")
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
		found, err := x.violations(cmd.Context(), invariant, limit)
		if err != nil {
			return err
		}
		return listed(env, asJSON, found, found.Contacts, func() { found.write(env.stdout, x.portal.Language, x.zone()) })
	}
	return cmd
}

// violationList is what `leadsync violations --json` prints.
type violationList struct {
	Portal string `json:"portal"`
	// Contacts is how many violations there are; List is cut at the limit.
	Contacts int                `json:"violations"`
	List     []violatingContact `json:"contacts"`
	// Never are the invariants that no contact breaks.
	Never []string `json:"held"`
}

type violatingContact struct {
	workflows.Violating
	Stage  string `json:"stage"`
	Status string `json:"status"`
	// Seen are the facts that the condition looks at, as the mirror has them now.
	Seen []scoring.Seen `json:"facts"`
	// Ask says whom to ask, by language.
	Asks map[string]string `json:"ask,omitempty"`
	// Gone says that the mirror, evaluated with the present model, does not show the violation any more: the contact
	// was not looked at since.
	Gone bool `json:"gone,omitempty"`
}

// violations reads the stored violations and what the contacts have now.
func (x *explainer) violations(ctx context.Context, invariant string, limit int) (*violationList, error) {
	count, err := x.store.ProfileCount(ctx, x.cfg.Account)
	if err != nil {
		return nil, err
	}
	names := x.in.model.Invariants()
	for _, v := range count.Violations { // of an earlier model, not looked at since
		if !slices.Contains(names, v.Invariant) {
			names = append(names, v.Invariant)
		}
	}
	if invariant != "" {
		if _, ok := unplacedRule(x.in.model, invariant); !ok && !slices.Contains(names, invariant) {
			return nil, usageError{fmt.Errorf("the model has no invariant %q; it has %s", invariant, orWord(strings.Join(names, ", "), "none"))}
		}
		names = []string{invariant}
	}
	out := &violationList{Portal: x.cfg.Name, List: []violatingContact{}, Never: []string{}}
	for _, name := range names {
		n := count.Of(name).Contacts
		if out.Contacts += n; n == 0 {
			out.Never = append(out.Never, name)
		}
	}
	found, err := x.store.Violations(ctx, x.cfg.Account, invariant, limit)
	if err != nil {
		return nil, err
	}
	for chunk := range slices.Chunk(found, recordsAtOnce) {
		some, err := x.violating(ctx, chunk)
		if err != nil {
			return nil, err
		}
		out.List = append(out.List, some...)
	}
	return out, nil
}

func (x *explainer) violating(ctx context.Context, found []workflows.Violating) ([]violatingContact, error) {
	records, err := recordsOf(ctx, x, found, func(v workflows.Violating) connector.ObjectID { return v.Contact })
	if err != nil {
		return nil, err
	}
	out := make([]violatingContact, len(found))
	for i, v := range found {
		lead := workflows.LeadOf(x.portal, x.in.model, records[i])
		out[i] = violatingContact{Violating: v, Stage: lead.Stage, Status: lead.Status, Seen: []scoring.Seen{}}
		if rule, ok := unplacedRule(x.in.model, v.Invariant); ok { // no invariant of the model (rule 23)
			out[i].Gone, out[i].Asks = !workflows.Unplaced(x.portal, x.in.model, records[i], lead, rule), unplacedAsks()
			continue
		}
		lead.Activities = nil // no invariant sees them
		checks := x.in.model.Evaluate(lead, x.now()).Violations
		at := slices.IndexFunc(checks, func(c scoring.Check) bool { return c.Name == v.Invariant })
		if out[i].Gone = at < 0; at >= 0 {
			out[i].Seen, out[i].Asks = checks[at].Seen, checks[at].Asks
		}
	}
	return out, nil
}

// unplacedRule is the deal rule of the model that had no pipeline, if that is what is broken.
func unplacedRule(m *scoring.Model, invariant string) (rule string, ok bool) {
	for _, f := range m.FollowUps() {
		if f.Deal != nil && workflows.UnplacedName(f.Name) == invariant {
			return f.Name, true
		}
	}
	return "", false
}

func unplacedAsks() map[string]string {
	return map[string]string{
		"en": "No condition of the rule's pipelines is true, or the pipeline is not mapped: open the deal by hand, or change the facts, the model or the mapping.",
		"de": "Keine Bedingung der Pipelines der Regel trifft zu, oder die Pipeline ist nicht zugeordnet: den Deal von Hand anlegen, oder Fakten, Modell oder Zuordnung ändern.",
	}
}

func (l *violationList) write(w io.Writer, language string, zone *time.Location) {
	name := ""
	for _, v := range l.List {
		if v.Invariant != name {
			name = v.Invariant
			tell(w, "\n%s\n", name)
			if ask := scoring.TextIn(v.Asks, language); ask != "" {
				tell(w, "  %s\n", ask)
			}
		}
		tell(w, "  %-22s since %s   stage %s, lead status %s%s\n", contactRef(v.Contact), v.Since.UTC().Format(time.DateTime+" MST"),
			orWord(v.Stage, "none"), orWord(v.Status, "none"), v.facts(language, zone))
	}
	if len(l.List) > 0 {
		tellLine(w)
	}
	for _, name := range l.Never {
		tell(w, "%s: no contact\n", name)
	}
	tell(w, "portal %s: %s", l.Portal, plural(l.Contacts, "violation"))
	if len(l.List) < l.Contacts {
		tell(w, ", %d shown; --limit shows more", len(l.List))
	}
	tellLine(w)
}

// facts are what the condition saw, in one line.
func (v violatingContact) facts(language string, zone *time.Location) string {
	if v.Gone {
		return "   (the mirror does not show it any more; it will be looked at)"
	}
	// It begins with a separator, since the name stands above.
	return scoring.RenderCheck(language, scoring.Check{Kind: scoring.CheckInvariant, Seen: v.Seen}.In(zone))
}
