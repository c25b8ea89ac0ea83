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
	return lines
}

// profiles counts them, also for invariants that nobody breaks.
func (r *Runner) profiles(ctx context.Context) (Profiles, error) {
	count, err := r.svc.Store.ProfileCount(ctx, r.cfg.Account)
	if err != nil {
		return Profiles{}, fmt.Errorf("count profiles: %w", err)
	}
	return profilesOf(r.svc.Model.Invariants(), count), nil
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
}
