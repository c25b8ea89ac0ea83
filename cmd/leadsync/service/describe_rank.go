package service

import (
	"leadsync/connector"
)

// priority checks the property that the priority is written to: a number, or a text.
func (d *describer) priority(byName map[string]connector.Property) {
	name, ranked := d.portal.Written.Rank, d.model.Ranking() != nil
	p := byName[name]
	var text string
	remedy := "choose another property under `properties`"
	switch {
	case name == "":
		return
	case p.Name == "":
		text, remedy = "does not exist", "run `leadsync doctor --create`"
	case p.ReadOnly:
		text = "is read-only"
	case p.Type != "number" && p.Type != "string":
		text = "is of type " + p.Type
	default:
		return
	}
	if ranked {
		d.find(remedy, "contact property %q %s; the priority is not written", name, text)
	}
	d.portal.Written.Rank = ""
}
