package population

import (
	"maps"
	"strconv"
	"strings"
	"time"

	"leadsync/connector/hubspot/simulator"
)

const (
	contacts  = simulator.Contacts
	companies = simulator.Companies
)

func app(id string) simulator.Actor { return simulator.Actor{Kind: simulator.Integration, ID: id} }

// planEnrichment lets the enrichment tool find out facts at any hour, mostly
// about those who are interested at the moment (S97). Salespeople's own
// questions come with their calls.
func (w *World) planEnrichment(s *step, scale float64) {
	d := roll(w.opts.Seed, s.key, purposeEnrichment)
	for range d.poisson(7 * scale) {
		at := d.instant(s.all)
		who := w.visitor(s, d, Enrichment)
		if who == nobody {
			continue
		}
		own := w.dice(s, who, purposeEnrichment)
		if !w.enrichCompany(s, who, own, at) {
			w.enrichContact(s, who, own, at)
		}
	}
}

// enrichCompany fills a gap in the company. A company's facts are those of all
// its contacts, so all of them are taken in this step.
func (w *World) enrichCompany(s *step, who int, d dice, at time.Time) bool {
	firm := w.people[who].company
	if firm < insiders || d.chance(0.4) {
		return false
	}
	c := w.companies[firm]
	o, ok := w.account.Object(companies, c.id)
	if !ok {
		return false
	}
	found, what := w.companyGap(d, c, o.Properties)
	if len(found) == 0 {
		return false
	}
	for _, m := range c.members {
		if s.busy[m] {
			return false
		}
	}
	for _, m := range c.members {
		s.busy[m] = true
	}
	s.changed[firm] = true
	s.plan(who, Enrichment, at, func(*act) (string, error) {
		return "enrichment found the company's " + what, w.account.Set(app(enrichmentApp), companies, c.id, found)
	})
	return true
}

func (w *World) companyGap(d dice, c company, known map[string]string) (found map[string]string, what string) {
	switch {
	case known["numberofemployees"] == "":
		return map[string]string{"numberofemployees": strconv.Itoa(employees(d))}, "number of employees"
	case known["country"] == "":
		return map[string]string{"country": c.country}, "country"
	case known["industry"] == "":
		return map[string]string{"industry": w.industryOf(c.name)}, "industry"
	case known["annualrevenue"] == "" && d.chance(0.3):
		return map[string]string{"annualrevenue": strconv.Itoa(d.between(1, 900) * 100_000)}, "annual revenue"
	}
	return nil, ""
}

// industryOf reads the branch out of the name.
func (w *World) industryOf(name string) string {
	for word := range strings.FieldsSeq(name) {
		if i := w.words.industries[word]; i != "" {
			return i
		}
	}
	return "MACHINERY"
}

func (w *World) enrichContact(s *step, who int, d dice, at time.Time) {
	p := w.people[who]
	o, ok := w.account.Object(contacts, p.id)
	if !ok {
		return
	}
	found, what := w.contactGap(d, p, o.Properties)
	if len(found) == 0 {
		return
	}
	s.busy[who] = true
	s.plan(who, Enrichment, at, func(*act) (string, error) {
		return "enrichment found the " + what, w.account.Set(app(enrichmentApp), contacts, p.id, found)
	})
}

func (w *World) contactGap(d dice, p person, known map[string]string) (found map[string]string, what string) {
	c := w.companyOf(p)
	switch {
	case known["jobtitle"] == "" && known["lastname"] != "":
		return map[string]string{"jobtitle": w.titleFor(d, c.german, d.chance(0.5))}, "job title"
	case known["budget"] == "":
		return map[string]string{"budget": budget(d)}, "budget"
	case known["decision_authority"] == "":
		found = map[string]string{}
		setAuthority(found, d.weighted(4, 3, 3))
		return found, "decision authority"
	case known["country"] == "":
		return map[string]string{"country": c.country}, "country"
	}
	return nil, ""
}

// planArrivals lets new people sign up.
func (w *World) planArrivals(s *step, scale float64) {
	d := roll(w.opts.Seed, s.key, purposeArrival)
	for range d.poisson(2.2 * scale) {
		at := d.instant(s.all)
		form := []string{formNewsletter, formWhitepaper, formWebinar, formContact, formDemo, formPrize}[d.weighted(50, 22, 12, 5, 5, 6)]
		employer := w.employer(d)
		if d.chance(0.05) && len(w.companies) >= insiders {
			employer = d.IntN(insiders) // competitors read newsletters, too (S16)
		}
		if form == formPrize || s.changed[employer] {
			employer = nobody
		}
		w.born++
		s.plan(nobody, SignUp, at, w.signUp(roll(w.opts.Seed, purposeBirth, key(w.opts.Contacts+w.born)), employer, form))
	}
}

// signUp creates a contact through the form tool; HubSpot then links the
// company that has the address's domain.
func (w *World) signUp(d dice, employer int, form string) func(*act) (string, error) {
	tells, stage := tellsJob, stageLead
	if form == formNewsletter {
		tells, stage = d.weighted(70, 30), stageSubscriber
	}
	props := w.invent(d, employer, tells)
	props["lifecyclestage"], props["newsletter_consent"] = stage, strconv.FormatBool(form == formNewsletter || d.chance(0.5))
	if form == formDemo || form == formContact {
		maps.Copy(props, research(d, 0.5))
	}
	var links []simulator.Link
	if employer >= 0 {
		links = append(links, simulator.Link{Type: companies, ID: w.companies[employer].id})
	}
	return func(a *act) (string, error) {
		id, err := w.account.Create(app(formsApp), contacts, props, links...)
		if err != nil {
			return "", err
		}
		w.follow()
		a.who = w.byID[id]
		p := &w.people[a.who]
		p.company, p.heat = employer, map[string]uint8{formNewsletter: 50, formPrize: 0}[form]
		if form != formNewsletter && form != formPrize {
			p.heat = 90
		}
		if employer >= 0 {
			c := &w.companies[employer]
			c.members = append(c.members, a.who)
			p.scanned = c.scanner
		}
		return "signed up with the form '" + form + "'", w.account.SubmitForm(id, form, a.at)
	}
}
