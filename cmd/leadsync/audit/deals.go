package audit

import (
	"strconv"
)

// compareDeals checks the deals of rule 6.
func (a *auditor) compareDeals(c *contact, w *written, why string) {
	for i, name := range c.expected.deals {
		if i >= len(w.deals) {
			a.find(c, Finding{What: "deal", Want: "a deal of " + quote(name), Why: why})
			continue
		}
		a.compareDeal(c, name, w.deals[i].record)
	}
	for _, m := range w.deals[min(len(c.expected.deals), len(w.deals)):] {
		a.find(c, Finding{
			What: "deal", Want: "no further deal", Got: "deal " + m.record.id + " " + quote(m.record.props["dealname"]),
			Why: orText(why, "nothing was entered (rule 6)"),
		})
	}
}

// compareDeal checks the content of one deal.
func (a *auditor) compareDeal(c *contact, name string, r *record) {
	rule := a.ruleNamed(name).deal
	wrong := func(what, want, got, why string) {
		a.find(c, Finding{What: "deal " + what, Want: want, Got: got, Why: "deal " + r.id + ": " + why})
	}
	if want := a.in.Mapping.Pipelines[rule.pipeline]; r.props["pipeline"] != want {
		wrong("pipeline", want, r.props["pipeline"], "the pipeline of "+quote(name))
	}
	if company := a.world.company(c.record); company != nil && company.live && r.links[company.key()] == 0 {
		wrong("company", company.key(), "no association", "a deal belongs to the contact's company too")
	}
	if title := a.filled(rule.name, c); !fits(r.props["dealname"], title) {
		wrong("name", quote(title), quote(r.props["dealname"]), "the name of "+quote(name))
	}
	if amount, ok := c.lead.facts[rule.amount].(float64); ok {
		if got, err := strconv.ParseFloat(r.props["amount"], 64); err != nil || got != amount {
			wrong("amount", strconv.FormatFloat(amount, 'f', -1, 64), r.props["amount"], "the fact "+rule.amount)
		}
	}
	if got := r.props["hubspot_owner_id"]; got != a.ownerOf(c, got) {
		wrong("owner", a.ownerOf(c, got), got, "the contact's owner if active, else the fallback owner (rule 7)")
	}
}
