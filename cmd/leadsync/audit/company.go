package audit

import (
	"maps"
	"slices"
	"strings"

	"leadsync/connector/hubspot/simulator"
)

// Modes of the class of effects that moves companies.
const (
	classOn     = "on"
	classShadow = "shadow"
	classOff    = "off"
)

// furthest is what a model says whose companies are to be moved.
const furthest = "furthest"

// moves are what rule 16 asks for in one step, and what was written to companies in it, by company.
type moves map[string]*companyMove

type companyMove struct {
	wanted  []string          // the stages that contacts entered, by name
	whose   []string          // and these contacts
	written []simulator.Entry // of the stage of the company, by leadsync and by the account itself on the way
	foreign []string          // properties that leadsync has no business to write
}

func (m moves) of(company string) *companyMove {
	if m[company] == nil {
		m[company] = &companyMove{}
	}
	return m[company]
}

// movesCompanies reports whether rule 16 has consequences: the model asks for it and the class is on (rule 9).
func (a *auditor) movesCompanies() bool {
	return a.model.companies && a.in.Mapping.CompanyClass == classOn
}

// inherit is rule 16 for one entering: the contact's primary company is to be where the contact is now.
func (a *auditor) inherit(c *contact, entered string) {
	company := a.world.company(c.record)
	if entered == "" || company == nil || !company.live || a.companyRank(entered) == 0 || !a.movesCompanies() {
		return
	}
	m := a.moves.of(company.id)
	m.wanted, m.whose = append(m.wanted, entered), append(m.whose, c.record.id)
}

// companyRank is how far a stage is for a company; 0 is a side track, or a stage that companies do not have.
func (a *auditor) companyRank(stage string) int {
	if a.model.sides[stage] {
		return 0
	}
	return slices.Index(a.in.Mapping.CompanyOrder, stage) + 1
}

// companyStands is how far a company with a stage is, and whether it may be moved at all.
func (a *auditor) companyStands(value string) (rank int, movable bool) {
	rank = a.companyRank(nameOf(a.in.Mapping.Stages, value))
	return rank, value == "" || rank > 0
}

// noticeCompany collects what happened to a company while leadsync worked.
func (a *auditor) noticeCompany(e simulator.Entry) {
	if e.Type != simulator.Companies || e.Op != simulator.OpSet {
		return
	}
	switch {
	case e.Property == companyStage:
		m := a.moves.of(e.ID)
		m.written = append(m.written, e)
		a.report.CompanyMoves += yes(e.Actor.Kind == simulator.API)
	case e.Actor.Kind == simulator.API && a.readsOf("company", e.Property):
		m := a.moves.of(e.ID)
		m.foreign = append(m.foreign, e.Property)
	}
}

const companyStage = "lifecyclestage"

// compareCompanies puts what leadsync wrote to companies in a step beside what rule 16 asks for.
func (a *auditor) compareCompanies() {
	for _, id := range slices.Sorted(maps.Keys(a.moves)) {
		if r := a.world.records[simulator.Companies+"/"+id]; r != nil && !a.unsure(r) {
			a.compareCompany(r, a.moves[id])
		}
	}
}

// unsure reports whether a company cannot be judged: something was found wrong with it before, or it has a contact
// of which what it should do is not known.
func (a *auditor) unsure(company *record) bool {
	if a.wrongCompanies[company.id] {
		return true
	}
	for _, r := range a.world.records {
		if r.typ != simulator.Contacts || r.props["associatedcompanyid"] != company.id {
			continue
		}
		if c := a.contacts[r.id]; a.world.merged[r.id] || c != nil && c.broken {
			return true
		}
	}
	return false
}

// compareCompany follows a company through the step: each move of leadsync's is one that was asked for and leads ahead
// of where the company stood when it was sent, and in the end it is nowhere behind the furthest that was.
func (a *auditor) compareCompany(r *record, m *companyMove) {
	why := m.why()
	value := r.props[companyStage]
	if len(m.written) > 0 {
		value = m.written[0].Old
	}
	for _, e := range m.written {
		rank, movable := a.companyStands(value)
		value = e.New
		if e.Actor.Kind != simulator.API {
			continue
		}
		f := Finding{What: "company stage", Want: orText(a.furthestOf(m.wanted), orNone(a.showStage(e.Old))), Got: a.showStage(e.New) + " written", Why: why}
		name := nameOf(a.in.Mapping.Stages, e.New)
		switch {
		case !movable:
			f.Why = "it is on a side track, or on a stage that the mapping does not know: it is not moved (rule 16)"
		case a.companyRank(name) <= rank:
			f.Why = "a company is moved forward only (rule 16)"
		case slices.Contains(m.wanted, name):
			continue
		}
		a.findCompany(r, f)
		return
	}
	rank, movable := a.companyStands(value)
	if to := a.furthestOf(m.wanted); movable && a.companyRank(to) > rank {
		a.findCompany(r, Finding{What: "company stage", Want: to, Got: a.showStage(value), Why: why})
	}
	for _, property := range m.foreign {
		a.findCompany(r, Finding{What: "company property", Want: "untouched", Got: property + " written", Why: "the model reads it"})
	}
}

func (m *companyMove) why() string {
	if len(m.wanted) == 0 {
		return "no contact of it entered a stage by which it would be moved (rule 16)"
	}
	var out []string
	for i, stage := range m.wanted {
		out = append(out, "contact "+m.whose[i]+" entered "+stage)
	}
	return strings.Join(out, ", ") + " (rule 16)"
}

// furthestOf is the furthest of several stages for companies, empty if there is none.
func (a *auditor) furthestOf(stages []string) (last string) {
	for _, stage := range stages {
		if a.companyRank(stage) > a.companyRank(last) {
			last = stage
		}
	}
	return last
}

// findCompany reports something about a company. Its later steps are not audited.
func (a *auditor) findCompany(r *record, f Finding) {
	f.Company, f.Name, f.At = r.id, r.props["name"], a.at
	a.wrongCompanies[r.id] = true
	a.add(f)
}
