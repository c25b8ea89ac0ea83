package service

import (
	"maps"
	"slices"
	"strings"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

// companies learns the account's own order of the stages of companies, which have a property of their own with options
// of their own, and says what stands in the way of moving them. Nothing of it concerns a model without companies.
func (d *describer) companies() {
	if d.model.CompanyStages() == scoring.CompaniesAlone {
		return
	}
	name := d.portal.Names.CompanyStage
	p := d.company[name]
	switch {
	case d.company == nil:
		d.block(workflows.ClassCompany, "give the token the scopes crm.objects.companies.read and crm.objects.companies.write", "companies cannot be read")
		return
	case p.Name == "":
		d.block(workflows.ClassCompany, "check the account's company properties", "company property %q of the lifecycle stage does not exist", name)
		return
	case p.ReadOnly:
		d.block(workflows.ClassCompany, "leave the stages of companies to the account: take companies out of the model", "company property %q is read-only", name)
	}
	d.portal.CompanyOrder = d.inOrder(p)
	var missing []string
	for _, stage := range d.portal.Order {
		if !slices.Contains(d.portal.CompanyOrder, stage) {
			missing = append(missing, stage)
		}
	}
	if len(missing) > 0 {
		d.find("add the option to the company property, with the same internal value as on contacts", "companies have no stage %s; they are not moved there",
			strings.Join(missing, ", "))
	}
	for _, f := range d.model.Facts() {
		from := f.From
		if own, ok := d.portal.Sources[f.Name]; ok {
			from = own
		}
		if slices.Contains(from, "company."+name) {
			d.block(workflows.ClassCompany, "make the fact of another property, or take companies out of the model",
				"fact %q is made of the stage of the company, which leadsync would move itself: contacts would move each other", f.Name)
		}
	}
	if d.portal.Mode(workflows.ClassCompany) != workflows.ModeOff {
		d.find("Settings > Objects > Companies > Lifecycle stage: if the account syncs the stages of companies with contacts itself, one of the two has to go",
			"the model moves the stages of companies: whether the account does so too, or hands a company's stage on to all of its contacts, no interface tells")
	}
}

// inOrder gives the names of the mapped stages in the order of a property's options, side tracks left out.
func (d *describer) inOrder(p connector.Property) []string {
	side := map[string]bool{}
	for _, s := range d.model.Stages() {
		side[s.Name] = s.SideTrack
	}
	options := slices.Clone(p.Options)
	slices.SortStableFunc(options, func(a, b connector.Option) int { return a.Order - b.Order })
	var order []string
	for _, o := range options {
		for _, name := range slices.Sorted(maps.Keys(d.portal.Stages)) {
			if d.portal.Stages[name] == o.Value && !side[name] {
				order = append(order, name)
			}
		}
	}
	return order
}
