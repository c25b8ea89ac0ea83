package service

import (
	"leadsync/connector"
	"leadsync/scoring"
)

// sides are the values of the property that shows whose turn it is; none if nobody wants it.
func sides(property string) []string {
	if property == "" {
		return nil
	}
	return []string{string(scoring.SideMarketing), string(scoring.SideSales)}
}

// missing checks the property that shows what a stage lacks: a text.
func (d *describer) missing(byName map[string]connector.Property) {
	name := d.portal.Written.Missing
	text, remedy := unfit(byName[name], "string")
	if name == "" || text == "" {
		return
	}
	d.find(remedy, "contact property %q %s; what a stage lacks is not shown in the CRM", name, text)
	d.portal.Written.Missing = ""
}
