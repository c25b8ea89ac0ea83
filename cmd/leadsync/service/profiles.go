package service

import (
	"context"
	"fmt"
	"time"

	"leadsync/workflows"
)

// Profiles says for how many contacts something holds that must not be: that they must not be profiled, or that an
// invariant of the model is broken.
type Profiles struct {
	Unprofiled int `json:"must_not_be_profiled"`
	// Invariants are those of the model in its order, and behind them those of an earlier model that contacts broke
	// and that were not looked at since.
	Invariants []InvariantHealth `json:"invariants,omitempty"`
	// Frozen counts what the model does not move: what people hold, what other machines fight for, and what is left
	// behind for another reason (`leadsync overrides` lists them).
	Frozen []workflows.FrozenCount `json:"frozen,omitempty"`
	// Orphans counts the leads that nobody works on, by the reason (`leadsync orphans` lists them).
	Orphans []workflows.OrphanCount `json:"orphans,omitempty"`
	// OverBudget counts the open tasks of ours that had no room on any day of their owner.
	OverBudget int `json:"tasks_over_budget,omitempty"`
}

// InvariantHealth counts the contacts that break an invariant, and since when the first of them does.
type InvariantHealth struct {
	Name     string    `json:"name"`
	Contacts int       `json:"contacts"`
	Since    time.Time `json:"since,omitzero"`
	// Retired says that the present model does not have it.
	Retired bool `json:"retired,omitempty"`
}

// Lines say it in sentences, for people; none if there is nothing to say.
func (p Profiles) Lines() []string {
	var lines []string
	if p.Unprofiled > 0 {
		lines = append(lines, fmt.Sprintf("contacts that must not be profiled: %d", p.Unprofiled))
	}
	for _, i := range p.Invariants {
		line := fmt.Sprintf("invariant %q: holds for all contacts", i.Name)
		if i.Contacts > 0 {
			who := "1 contact, since"
			if i.Contacts > 1 {
				who = fmt.Sprintf("%d contacts, the first since", i.Contacts)
			}
			line = fmt.Sprintf("invariant %q: broken by %s %s", i.Name, who, i.Since.UTC().Format("2006-01-02 15:04 MST"))
		}
		if i.Retired {
			line += "; the model does not have it any more"
		}
		lines = append(lines, line)
	}
	for _, f := range p.Frozen {
		lines = append(lines, frozenLine(f))
	}
	for _, o := range p.Orphans {
		lines = append(lines, orphanLine(o))
	}
	if p.OverBudget > 0 {
		lines = append(lines, overBudgetLine(p.OverBudget))
	}
	return lines
}

// frozenLine says how many contacts the model does not move, and why.
func frozenLine(f workflows.FrozenCount) string {
	what := map[workflows.FrozenKind]string{
		workflows.FrozenLease: "held by people", workflows.FrozenRival: "set back by another machine", workflows.FrozenBehind: "left behind the model",
	}[f.Kind]
	return fmt.Sprintf("%s %s: contacts %d (`leadsync overrides` lists them)", f.Property, what, f.Contacts)
}

// profiles counts them, also for invariants that nobody breaks.
func (r *Runner) profiles(ctx context.Context) (Profiles, error) {
	count, err := r.svc.Store.ProfileCount(ctx, r.cfg.Account)
	if err != nil {
		return Profiles{}, fmt.Errorf("count profiles: %w", err)
	}
	out := profilesOf(r.svc.Model.Invariants(), count)
	if out.Frozen, err = r.svc.Store.FrozenCounts(ctx, r.cfg.Account); err != nil {
		return Profiles{}, fmt.Errorf("count what is frozen: %w", err)
	}
	if out.Orphans, err = r.orphans(ctx); err != nil {
		return Profiles{}, err
	}
	if out.OverBudget, err = r.overBudget(ctx); err != nil {
		return Profiles{}, err
	}
	return out, nil
}

func profilesOf(invariants []string, count workflows.ProfileCount) Profiles {
	out := Profiles{Unprofiled: count.Unprofiled}
	known := map[string]bool{}
	for _, name := range invariants {
		v := count.Of(name)
		known[name] = true
		out.Invariants = append(out.Invariants, InvariantHealth{Name: name, Contacts: v.Contacts, Since: v.Since})
	}
	for _, v := range count.Violations {
		if !known[v.Invariant] {
			out.Invariants = append(out.Invariants, InvariantHealth{Name: v.Invariant, Contacts: v.Contacts, Since: v.Since, Retired: true})
		}
	}
	return out
}

// profileMetrics tells Prometheus.
func profileMetrics(r *Runner, p Profiles, gauge func(name, help string, v float64, labels, values []string)) {
	gauge("unprofiled_contacts", "Contacts that must not be profiled.", float64(p.Unprofiled), []string{"portal"}, []string{r.cfg.Name})
	for _, i := range p.Invariants {
		gauge("invariant_violations", "Contacts that break an invariant of the model.", float64(i.Contacts),
			[]string{"portal", "invariant"}, []string{r.cfg.Name, i.Name})
	}
	for _, o := range p.Orphans {
		gauge("orphaned_leads", "Leads from MQL on that nobody works on: left, unknown (their owner) or none.",
			float64(o.Contacts), []string{"portal", "why"}, []string{r.cfg.Name, string(o.Why)})
	}
	gauge("tasks_over_budget", "Open tasks of ours that had no room on any day of their owner.", float64(p.OverBudget), []string{"portal"}, []string{r.cfg.Name})
	for _, f := range p.Frozen {
		gauge("frozen_contacts", "Contacts whose stage or status the model does not move: lease (a person), rival (another machine), behind.",
			float64(f.Contacts), []string{"portal", "kind", "property"}, []string{r.cfg.Name, string(f.Kind), string(f.Property)})
	}
}

// overBudgetLine says how many tasks had no room, and what to do about it.
func overBudgetLine(n int) string {
	return fmt.Sprintf("open tasks over the daily budget of their owners: %d (raise tasks_per_day, or give the work to more people)", n)
}

// overBudget counts the tasks that had no room; none as long as it is not known how the account marks what is done.
func (r *Runner) overBudget(ctx context.Context) (int, error) {
	r.mu.Lock()
	portal := r.portal
	r.mu.Unlock()
	if portal == nil {
		return 0, nil
	}
	n, err := r.svc.Store.OverBudget(ctx, r.cfg.Account, portal.Names)
	if err != nil {
		return 0, fmt.Errorf("count tasks over budget: %w", err)
	}
	return n, nil
}
