package service

import (
	"leadsync/connector"
)

// priority checks the property that the priority is written to: a number, or a text.
func (d *describer) priority(byName map[string]connector.Property) {
	name := d.portal.Written.Rank
	text, remedy := unfit(byName[name], "number", "string")
	if name == "" || text == "" {
		return
	}
	if d.model.Ranking() != nil {
		d.find(remedy, "contact property %q %s; the priority is not written", name, text)
	}
	d.portal.Written.Rank = ""
}
