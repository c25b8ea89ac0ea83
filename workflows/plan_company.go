package workflows

import (
	"slices"

	"leadsync/connector"
	"leadsync/scoring"
)

// CompanyPayload is the payload of KindCompany: the company, the property of its stage, and the account's value that it
// is moved forward to. Rank is the place of that in the account's order: of several moves of one company that are not
// done yet the furthest counts.
type CompanyPayload struct {
	Company  connector.ObjectID `json:"company"`
	Property string             `json:"property"`
	To       string             `json:"to"`
	Rank     int                `json:"rank"`
}

// CompanyKey is the key of the outbox entry that moves a company's stage.
func CompanyKey(company connector.ObjectID) string { return "company/" + string(company) + "/stage" }

// StageName is the model's name of the account's value of a stage, or empty if there is none.
func (p *Portal) StageName(value string) string { return p.stageName(value) }

// Primary is the contact's primary company as the mirror has it, and whether it has it.
func (p *Portal) Primary(r LeadRecord) (connector.Object, bool) {
	id := connector.ObjectID(r.Contact.Properties[p.Names.CompanyID])
	i := slices.IndexFunc(r.Companies, func(o connector.Object) bool { return o.ID == id && id != "" })
	if i < 0 {
		return connector.Object{}, false
	}
	return r.Companies[i], true
}

// CompanyStage is the account's value of the stage that a company has, or will have when the update under way has
// arrived.
func (p *Portal) CompanyStage(r LeadRecord, company connector.Object) string {
	if value := r.CompaniesMoving[company.ID]; value != "" {
		return value
	}
	return company.Properties[p.Names.CompanyStage]
}

// companyAhead reports whether a stage of the model lies ahead of a company that has a value of the account: in the
// account's order of the stages of companies. Nothing lies ahead of a side track, or of a value that the mapping does
// not know.
func (p *Portal) companyAhead(stage, value string) bool {
	to := slices.Index(p.CompanyOrder, stage)
	return to >= 0 && (value == "" || slices.Index(p.CompanyOrder[:to], p.stageName(value)) >= 0)
}

// moveCompany moves the contact's primary company forward to the stage that the contact has entered (rule 16).
func (pl *planner) moveCompany(stage string) {
	mode := pl.Portal.Mode(ClassCompany)
	if pl.Model.CompanyStages() != scoring.CompaniesFurthest || mode == ModeOff {
		return
	}
	company, ok := pl.Portal.Primary(pl.Record)
	if !ok {
		return
	}
	from := pl.Portal.CompanyStage(pl.Record, company)
	if !pl.Portal.companyAhead(stage, from) {
		return
	}
	pl.add(Action{
		Class: ClassCompany, Mode: mode, Kind: KindCompany, Key: CompanyKey(company.ID), From: pl.Portal.stageName(from), To: stage,
		Reason: scoring.Reason{Code: ReasonCompanyForward, Params: map[string]string{"company": string(company.ID), "stage": stage}},
	}, CompanyPayload{
		Company: company.ID, Property: pl.Portal.Names.CompanyStage, To: pl.Portal.Stages[stage],
		Rank: slices.Index(pl.Portal.CompanyOrder, stage),
	})
}
