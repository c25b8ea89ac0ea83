package workflows_test

import (
	"fmt"
	"os"
	"time"

	"leadsync/connector/hubspot/simulator"
	"leadsync/scoring"
)

// private is what is different in days in which people object to profiling, and companies follow their contacts.
type private struct {
	companies []string
}

func (p *private) build(d *days) {
	if p == nil {
		return
	}
	d.must(d.account.AddProperty(simulator.Contacts, simulator.Property{Name: "no_profiling", Label: "n", Type: "bool"}))
	for i := range 4 {
		id, err := d.account.CreateCompany(rep(), map[string]string{"name": fmt.Sprint("Company ", i), "lifecyclestage": []string{"", "lead"}[i%2]})
		d.must(err)
		p.companies = append(p.companies, id)
	}
}

// employ gives every contact a company, so that each has several.
func (p *private) employ(d *days, contact string) {
	if p != nil {
		d.must(d.account.Associate(rep(), simulator.Contacts, contact, simulator.Companies, p.companies[len(d.emails)%len(p.companies)]))
	}
}

func (p *private) model(d *days) *scoring.Model {
	if p == nil {
		return parseModel(d)
	}
	text, err := os.ReadFile("testdata/model.yaml")
	d.must(err)
	m, err := scoring.Parse("private", append(text, "\ncompanies: {lifecycle: furthest}\n"...))
	d.must(err)
	return m
}

// ending adds who has scores, and where the companies are. Nothing stands of those who object.
func (p *private) ending(d *days, end ending) {
	if p == nil {
		return
	}
	objections, moves, now := 0, 0, map[bool]int{}
	for email, id := range d.ids {
		o, _ := d.account.Object(simulator.Contacts, id)
		object := o.Properties["no_profiling"] == "true"
		now[object]++
		for _, name := range []string{"leadsync_score", "leadsync_fit", "leadsync_engagement", "leadsync_reasons", "leadsync_scored_at"} {
			if stands := o.Properties[name] != ""; stands == object && name != "leadsync_reasons" || stands && object {
				d.Errorf("seed %d: objects %v, and %s stands there: %v", d.seed, object, name, stands)
			}
		}
		end.Contacts[email] += "/" + o.Properties["leadsync_fit"]
	}
	for i, id := range p.companies {
		o, _ := d.account.Object(simulator.Companies, id)
		end.Contacts[fmt.Sprint("company ", i)] = o.Properties["lifecyclestage"]
	}
	for _, e := range d.account.Journal() {
		switch {
		case e.Property == "no_profiling" && e.New == "true":
			objections++
		case e.Type == simulator.Companies && e.Property == "lifecyclestage" && e.Actor.Kind == simulator.API:
			moves++
		}
	}
	if objections < 5 || moves < 2 || now[true] == 0 || now[false] == 0 {
		d.Errorf("seed %d: %d objections, %d moves of companies, %v object in the end: that proves little", d.seed, objections, moves, now)
	}
	d.Logf("seed %d: %d objections, %d moves of companies until %s", d.seed, objections, moves, time.Now().Format(time.DateOnly))
}
