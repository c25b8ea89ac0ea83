package modeltest

import (
	"fmt"
	"io"
	"slices"
	"time"

	"leadsync/connector"
	"leadsync/workflows"
)

// Outcome says how the deals ended of those stories whose lead was in one tier, or had one grade in a model without
// tiers, before there was a deal: points that were agreed on are held against revenue (C2).
type Outcome struct {
	Band string `json:"band"` // tier or grade; empty if the lead was in no tier
	Won  int    `json:"won"`
	Lost int    `json:"lost"`
}

// wonMore reports whether a band was won more often than another one. Neither has no ends.
func (o Outcome) wonMore(than Outcome) bool {
	return o.Won*(than.Won+than.Lost) > than.Won*(o.Won+o.Lost)
}

// judge remembers where the lead stands as long as it has no deal: a deal would only confirm itself.
func (p *player) judge(at time.Time) {
	if len(p.record.Deals) > 0 {
		return
	}
	p.lead = workflows.LeadOf(p.portal, p.file.Model, p.record)
	e := p.file.Model.Evaluate(p.lead, at.UTC())
	p.band = e.Grade
	if len(p.file.Model.Tiers()) > 0 {
		p.band = e.Tier
	}
}

// ended counts how the last deal of the story ended, if it did.
func (c *coverage) ended(p *player) {
	names := p.portal.Names
	i := slices.IndexFunc(p.record.Deals, func(d connector.Object) bool { return d.Properties[names.DealClosed] == "true" })
	if i < 0 {
		return
	}
	won := slices.ContainsFunc(p.record.Deals, func(d connector.Object) bool { return d.Properties[names.DealWon] == "true" })
	o := c.outcomes[p.band]
	if won {
		o.Won++
	} else {
		o.Lost++
	}
	c.outcomes[p.band] = o
}

// bands are the outcomes from the best band to the worst; those of no tier are last, and what has no ends is left
// out. A model without tiers and grades has none.
func (c *coverage) bands() []Outcome {
	order := c.model.Tiers()
	if len(order) == 0 {
		order = c.model.Grades()
	}
	list := []Outcome{}
	if len(order) == 0 {
		return list // the model tells nobody apart
	}
	for _, band := range append(order, "") {
		if o, ok := c.outcomes[band]; ok {
			o.Band = band
			list = append(list, o)
		}
	}
	return list
}

// endings writes how the stories of each band ended, and which band was won more often than a better one.
func (c Coverage) endings(w io.Writer) {
	for _, o := range c.Outcomes {
		fmt.Fprintf(w, "  of the leads that were %s before there was a deal, %d won and %d lost\n", bandName(o.Band), o.Won, o.Lost)
	}
	for i, better := range c.Outcomes {
		for _, o := range c.Outcomes[i+1:] {
			if o.wonMore(better) {
				fmt.Fprintf(w, "  %s was won more often than %s: look at the points again\n", bandName(o.Band), bandName(better.Band))
			}
		}
	}
}

func bandName(band string) string {
	if band == "" {
		return "in no tier"
	}
	return band
}
