package population

import (
	"time"

	"leadsync/connector/hubspot/simulator"
)

// objects is the contact property that says whether somebody objects to profiling.
const objects = "no_profiling"

// objectionShare is how many contacts of the history object, and takeBackRate how often in a day one of them takes it back.
const (
	objectionShare = 0.02
	takeBackRate   = 0.12
)

// pastObjection lets some contacts of the history object to profiling.
func (b *builder) pastObjection(p map[string]string) {
	d := roll(b.w.opts.Seed, purposeObjection, key(len(b.w.people)))
	if d.chance(objectionShare) {
		p[objects] = "true"
	}
}

// planObjections lets people object to profiling on the preferences page, at any hour, and take it back. Half of those
// who do so are in sales' hands: they have got to know us.
func (w *World) planObjections(s *step, scale float64) {
	for _, who := range sorted(w.objectors) {
		d := w.dice(s, who, purposeObjection)
		if !s.busy[who] && !w.people[who].gone && d.chance(within(takeBackRate, s.days)) {
			w.say(s, who, ObjectionEnded, d.instant(s.all), "agreed to profiling again", "false")
		}
	}
	d := roll(w.opts.Seed, s.key, purposeObjection)
	for range d.poisson(2 * scale) {
		at, who := d.instant(s.all), w.warm(d)
		if leads := sorted(w.leads); len(leads) > 0 && d.chance(0.5) {
			who = oneOf(d, leads)
		}
		if who == nobody || s.busy[who] || w.people[who].gone || w.objectors[who] {
			continue
		}
		w.say(s, who, Objection, at, "objected to profiling", "true")
	}
}

func (w *World) say(s *step, who int, kind DeedKind, at time.Time, what, value string) {
	s.busy[who] = true
	id := w.people[who].id
	s.plan(who, kind, at, func(*act) (string, error) {
		return what, w.account.Set(app(formsApp), contacts, id, map[string]string{objects: value})
	})
}

// pastCompanyStage says how far a company is when the account goes live: half of them nobody ever looked at, and who is
// no customer of ours stands beside the order.
func pastCompanyStage(d dice, props map[string]string) {
	if stage := [...]string{"", stageLead, stageOpportunity, stageCustomer}[d.weighted(50, 35, 8, 7)]; stage != "" {
		props["lifecyclestage"] = stage
	}
	if props["type"] == "OTHER" || props["type"] == "PARTNER" {
		props["lifecyclestage"] = stageOther
	}
}

// considerCompanies: now and then a salesperson knows better than the account how far a company is, and moves it back.
func (w *World) considerCompanies(s *step) {
	for i, c := range w.companies {
		if len(c.members) == 0 {
			continue
		}
		d := roll(w.opts.Seed, s.key, purposeCompany, key(i))
		if !d.chance(within(0.03, s.workdays)) {
			continue
		}
		who := oneOf(d, c.members)
		s.consider(who, func(at time.Time) bool { return w.job(s, who, d, at).moveBack(c) })
	}
}

func (j job) moveBack(c company) bool {
	o, ok := j.w.account.Object(companies, c.id)
	if !ok || o.Properties["lifecyclestage"] == "" || o.Properties["lifecyclestage"] == stageLead || o.Properties["lifecyclestage"] == stageOther {
		return false
	}
	return j.plan(CompanyMovedBack, "is at a company that is only a lead, after all", func(by simulator.Actor, _ time.Time) error {
		return j.w.account.Set(by, companies, c.id, map[string]string{"lifecyclestage": stageLead})
	})
}
