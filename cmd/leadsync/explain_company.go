package main

import (
	"fmt"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

// companyShown is where the primary company of a contact stands, in the model's words where the mapping has them.
type companyShown struct {
	ID    connector.ObjectID `json:"id"`
	Stage string             `json:"stage"`
	// Moving is the stage that it is being moved to; empty if it is not.
	Moving string `json:"moving_to,omitempty"`
}

// companyOf is nil if the model does not move companies, or the mirror has no primary company of the contact.
func companyOf(p *workflows.Portal, m *scoring.Model, r workflows.LeadRecord) *companyShown {
	company, ok := p.Primary(r)
	if !ok || m.CompanyStages() == scoring.CompaniesAlone {
		return nil
	}
	name := func(value string) string { return orWord(p.StageName(value), value) }
	return &companyShown{
		ID: company.ID, Stage: name(company.Properties[p.Names.CompanyStage]), Moving: name(r.CompaniesMoving[company.ID]),
	}
}

// note says it in one line; empty if there is nothing to say.
func (c *companyShown) note(language string) string {
	if c == nil {
		return ""
	}
	text := fmt.Sprintf(say(language, "Company %s, stage in the CRM: %s", "Unternehmen %s, Phase im CRM: %s"), c.ID, orWord(c.Stage, say(language, "none", "keine")))
	if c.Moving != "" {
		text += fmt.Sprintf(say(language, ", being moved to %s", ", wird nach %s gebracht"), c.Moving)
	}
	return text
}
