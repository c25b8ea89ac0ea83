package store

import (
	"context"
	"fmt"

	"leadsync/connector"
	"leadsync/workflows"
)

type companyDealRow struct {
	objectRow
	Company connector.ObjectID `db:"company"`
}

const companyDeals = `SELECT l.from_id AS company, ` + objectColumns + `
FROM {rows} CROSS JOIN links l CROSS JOIN objects o
WHERE l.portal = ? AND l.from_type = 'company' AND l.from_id = j.value->>0 AND l.to_type = 'deal' AND l.removed_at IS NULL
    AND o.portal = l.portal AND o.type = l.to_type AND o.id = l.to_id AND o.removed_at IS NULL
ORDER BY l.from_id, o.id`

// fillCompanyDeals adds the deals of the contacts' companies. There are none unless a rule of the model wanted those links
// to be read.
func (in *session) fillCompanyDeals(
	ctx context.Context, portal connector.PortalID, at map[connector.ObjectID]*workflows.LeadRecord,
) error {
	contacts := map[connector.ObjectID][]*workflows.LeadRecord{}
	var many rows
	for _, record := range at {
		for _, c := range record.Companies {
			if contacts[c.ID] == nil {
				many = append(many, []any{string(c.ID)})
			}
			contacts[c.ID] = append(contacts[c.ID], record)
		}
	}
	if len(many) == 0 {
		return nil
	}
	var found []companyDealRow
	if err := in.lookup(ctx, &found, companyDeals, many, portal); err != nil {
		return fmt.Errorf("read deals of companies: %w", err)
	}
	for _, row := range found {
		object, err := row.object()
		if err != nil {
			return fmt.Errorf("read %s %q: %w", row.Type, row.ID, err)
		}
		for _, record := range contacts[row.Company] {
			if record.CompanyDeals == nil {
				record.CompanyDeals = map[connector.ObjectID][]connector.Object{}
			}
			record.CompanyDeals[row.Company] = append(record.CompanyDeals[row.Company], object)
		}
	}
	return nil
}
