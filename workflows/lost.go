package workflows

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"leadsync/connector"
	"leadsync/scoring"
)

// LostDeal is a deal that was lost, as the mirror has it.
type LostDeal struct {
	ID connector.ObjectID
	// ClosedAt is when it was lost; zero if the mirror does not have that.
	ClosedAt time.Time
	// Reason is why, in the word of the model if it has one; empty if nobody gave a reason.
	Reason string
	// Group is what the fact that is asked by says of the contact, in the word of the model; empty if it is unknown.
	Group string
}

// LostReason is the fact of the model that is why the contact's last deal was lost; ok is false if there is none. Only with
// it reasons and close dates of deals are read.
func LostReason(m *scoring.Model) (fact scoring.Fact, ok bool) {
	facts := m.Facts()
	i := slices.IndexFunc(facts, func(f scoring.Fact) bool { return f.Count == scoring.DealsLostReason })
	if i < 0 {
		return scoring.Fact{}, false
	}
	return facts[i], true
}

// LostDeals are the lost deals of a contact, none if nothing may be told of it (rule 14). by is a text fact that the deals
// are grouped by; its zero value is none.
func LostDeals(p *Portal, m *scoring.Model, r LeadRecord, by scoring.Fact) []LostDeal {
	if r.State != nil && !r.State.Unprofiled.IsZero() {
		return nil
	}
	because, group, looked := scoring.Fact{}, "", false
	var lost []LostDeal
	for _, d := range r.Deals {
		if !p.lost(d) {
			continue
		}
		if !looked {
			looked, group = true, p.lostGroup(m, r, by)
			because, _ = LostReason(m)
		}
		reason := strings.Join(strings.Fields(d.Properties[p.Names.DealLostReason]), " ")
		if word, ok := because.Word(reason); ok && reason != "" {
			reason = word
		}
		lost = append(lost, LostDeal{
			ID: d.ID, ClosedAt: parseValue(scoring.TypeTime, d.Properties[p.Names.DealClosedAt]).Time, Reason: reason, Group: group,
		})
	}
	return lost
}

func (p *Portal) lostGroup(m *scoring.Model, r LeadRecord, by scoring.Fact) string {
	if by.Name == "" {
		return ""
	}
	text := factsOf(p, m, withPending(r), r)[by.Name].Text
	if word, ok := by.Word(text); ok && text != "" {
		return word
	}
	return strings.Join(strings.Fields(text), " ")
}

// AboutAPerson reports whether a fact would say who somebody is: the owner's id, a name or an address of the contact.
func (p *Portal) AboutAPerson(f scoring.Fact) bool {
	n := p.Names
	return slices.ContainsFunc(p.sources(f), func(source string) bool {
		of, prop, _ := strings.Cut(source, ".")
		return prop == n.Owner || of == "contact" && slices.Contains([]string{n.FirstName, n.LastName, n.Email}, prop)
	})
}

// LostGroup are the deals lost of one group, reasons with the most deals first.
type LostGroup struct {
	Group   string        `json:"group"` // empty: nobody knows, or nothing is grouped by
	Deals   int           `json:"deals"`
	Reasons []ReasonCount `json:"reasons"`
}

// ReasonCount is how many deals of a group were lost for one reason; Share is of the deals of the group, from 0 to 1.
type ReasonCount struct {
	Reason string  `json:"reason"` // empty: nobody gave one
	Deals  int     `json:"deals"`
	Share  float64 `json:"share"`
}

// MeasureLost counts the deals that were lost since a moment, by group and reason, the largest first. A deal of several
// contacts counts once, in the group of the first of them whose group is known. Undated are the deals of which the mirror
// has no close date.
func MeasureLost(deals []LostDeal, since time.Time) (groups []LostGroup, undated int) {
	once := map[connector.ObjectID]LostDeal{}
	for _, d := range deals {
		if known, ok := once[d.ID]; !ok || known.Group == "" {
			once[d.ID] = d
		}
	}
	counts := map[string]map[string]int{}
	for _, d := range once {
		switch {
		case d.ClosedAt.IsZero():
			undated++
			continue
		case d.ClosedAt.Before(since):
			continue
		}
		if counts[d.Group] == nil {
			counts[d.Group] = map[string]int{}
		}
		counts[d.Group][d.Reason]++
	}
	for name, reasons := range counts {
		g := LostGroup{Group: name}
		for reason, n := range reasons {
			g.Deals += n
			g.Reasons = append(g.Reasons, ReasonCount{Reason: reason, Deals: n})
		}
		for i := range g.Reasons {
			g.Reasons[i].Share = float64(g.Reasons[i].Deals) / float64(g.Deals)
		}
		slices.SortFunc(g.Reasons, func(a, b ReasonCount) int {
			return cmp.Or(cmp.Compare(b.Deals, a.Deals), cmp.Compare(a.Reason, b.Reason))
		})
		groups = append(groups, g)
	}
	slices.SortFunc(groups, func(a, b LostGroup) int { return cmp.Or(cmp.Compare(b.Deals, a.Deals), cmp.Compare(a.Group, b.Group)) })
	return groups, undated
}
