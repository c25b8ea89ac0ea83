package modeltest

import (
	"encoding/json"
	"fmt"

	"leadsync/connector"
	"leadsync/workflows"
)

// companyID is the one company that a story has: it is there as soon as a fact of a company is told.
const companyID connector.ObjectID = "1"

// company is the lead's company, which the CRM makes the contact's primary one.
func (p *player) company() connector.Object {
	if len(p.record.Companies) == 0 {
		p.record.Companies = []connector.Object{{Type: connector.TypeCompany, ID: companyID, Properties: map[string]string{}}}
		p.property(p.portal.Names.CompanyID, string(companyID))
	}
	return p.record.Companies[0]
}

// companyStage is the stage of the lead's company in the model's words, empty without one.
func (p *player) companyStage() string {
	if len(p.record.Companies) == 0 {
		return ""
	}
	return p.record.Companies[0].Properties[p.portal.Names.CompanyStage] // every name is its own value
}

// moveCompany does in the account what an entry of the outbox asks for (S9).
func (p *player) moveCompany(e workflows.OutboxEntry) error {
	var c workflows.CompanyPayload
	if err := json.Unmarshal(e.Payload, &c); err != nil {
		return fmt.Errorf("read payload of %s: %w", e.Key, err)
	}
	p.company().Properties[c.Property] = c.To
	return nil
}
