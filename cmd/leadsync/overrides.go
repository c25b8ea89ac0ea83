package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

func overridesCommand(env *environment) *cobra.Command {
	var kind string
	var limit int
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "overrides",
		Short: "List what the model does not move, and why: people's choices, other machines, stages left behind",
		Long: "A lease is a stage or lead status that a person set against the model (`overrides` in the model): until when it holds, and\n" +
			"what the model would say. A rival is another machine that sets a property back after leadsync wrote it, with both values and\n" +
			"the CRM's own word for it. Behind are contacts whose stage lies behind the model's for another reason. It shows ids and\n" +
			"values of the model, no names. Exit code 3 says that there are some.",
		Args: exactly(0, "no arguments"),
	}
	portal := portalFlag(cmd)
	cmd.Flags().StringVar(&kind, "kind", "", "only lease, rival or behind")
	cmd.Flags().IntVar(&limit, "limit", 100, "at most so many")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		kinds := []string{"", string(workflows.FrozenLease), string(workflows.FrozenRival), string(workflows.FrozenBehind)}
		if err := atLeastOne(limit); err != nil {
			return err
		}
		if !slices.Contains(kinds, kind) {
			return usageError{fmt.Errorf("--kind is %q; write lease, rival or behind", kind)}
		}
		x, err := openExplainer(cmd, env, *portal)
		if err != nil {
			return err
		}
		defer x.close()
		found, err := x.overrides(cmd.Context(), workflows.FrozenKind(kind), limit)
		if err != nil {
			return err
		}
		return listed(env, asJSON, found, found.Total, func() { found.write(env.stdout, x.portal.Language, x.zone()) })
	}
	return cmd
}

// overrideList is what `leadsync overrides --json` prints.
type overrideList struct {
	Portal string `json:"portal"`
	// Total is how many there are; List is cut at the limit.
	Total int                `json:"overrides"`
	List  []workflows.Frozen `json:"contacts"`
}

// overrides reads what the service found. What the model would say is brought up to date from the mirror.
func (x *explainer) overrides(ctx context.Context, kind workflows.FrozenKind, limit int) (*overrideList, error) {
	counts, err := x.store.FrozenCounts(ctx, x.cfg.Account)
	if err != nil {
		return nil, err
	}
	out := &overrideList{Portal: x.cfg.Name}
	for _, c := range counts {
		if kind == "" || kind == c.Kind {
			out.Total += c.Contacts
		}
	}
	if out.List, err = x.store.Frozen(ctx, x.cfg.Account, kind, limit); err != nil {
		return nil, err
	}
	for chunk := range slices.Chunk(out.List, recordsAtOnce) {
		if err := x.upToDate(ctx, chunk); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// upToDate says what the model would have for the stages of some contacts now.
func (x *explainer) upToDate(ctx context.Context, some []workflows.Frozen) error {
	records, err := recordsOf(ctx, x, some, func(f workflows.Frozen) connector.ObjectID { return f.Contact })
	if err != nil {
		return err
	}
	for i := range some {
		if some[i].Property != workflows.ChosenStage || some[i].Kind == workflows.FrozenRival {
			continue
		}
		lead := workflows.LeadOf(x.portal, x.in.model, records[i])
		some[i].Would = x.in.model.Evaluate(lead, x.now()).Stage
	}
	return nil
}

func (l *overrideList) write(w io.Writer, language string, zone *time.Location) {
	var kind workflows.FrozenKind
	for _, f := range l.List {
		if f.Kind != kind {
			kind = f.Kind
			tell(w, "\n%s\n", frozenTitle(kind, language))
		}
		tell(w, "  %-22s %s\n", contactRef(f.Contact), frozenText(f, language, zone))
	}
	if len(l.List) > 0 {
		tellLine(w)
	}
	tell(w, say(language, "portal %s: %d not moved", "Portal %s: %d nicht bewegt"), l.Portal, l.Total)
	if len(l.List) < l.Total {
		tell(w, say(language, ", %d shown; --limit shows more", ", %d gezeigt; --limit zeigt mehr"), len(l.List))
	}
	tellLine(w)
}

// frozenText says in one line what stands, since when, until when, why, and what the model would have.
func frozenText(f workflows.Frozen, language string, zone *time.Location) string {
	none := say(language, "none", "keine")
	text := fmt.Sprintf("%s %s, %s %s", f.Property, orWord(f.Value, none), say(language, "since", "seit"), f.Since.In(zone).Format(stampIn(language)))
	if !f.Until.IsZero() {
		text += " " + say(language, "until", "bis") + " " + f.Until.In(zone).Format(stampIn(language))
	}
	if f.Source != "" {
		text += fmt.Sprintf(" (%s: %s)", f.Origin, f.Source)
	}
	if f.Rounds > 0 {
		text += fmt.Sprintf(say(language, ", %d times", ", %d-mal"), f.Rounds)
	}
	if f.Why != "" {
		text += ": " + workflows.RenderReason(language, scoring.Reason{Code: f.Why})
	}
	return text + say(language, "; the model says ", "; das Modell sagt ") + orWord(f.Would, none)
}

// frozen says what the model does not move of the contact, and why.
func (e *explanation) frozen(language string) []string {
	var notes []string
	for _, f := range e.Frozen {
		notes = append(notes, frozenTitle(f.Kind, language)+": "+frozenText(f, language, e.zone))
	}
	return notes
}

// frozenTitle says what keeps the model from moving something.
func frozenTitle(kind workflows.FrozenKind, language string) string {
	return map[workflows.FrozenKind]string{
		workflows.FrozenLease:  say(language, "Held by a person", "Von einem Menschen gehalten"),
		workflows.FrozenRival:  say(language, "Set back by another machine", "Von einem anderen System zurückgesetzt"),
		workflows.FrozenBehind: say(language, "Behind the model for another reason", "Aus einem anderen Grund hinter dem Modell"),
	}[kind]
}
