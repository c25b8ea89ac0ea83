package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/workflows"
)

// companyDealIDs names the deals that a record has of the contact's companies.
func companyDealIDs(record workflows.LeadRecord) map[connector.ObjectID][]connector.ObjectID {
	var found map[connector.ObjectID][]connector.ObjectID
	for company, deals := range record.CompanyDeals {
		for _, d := range deals {
			if found == nil {
				found = map[connector.ObjectID][]connector.ObjectID{}
			}
			found[company] = append(found[company], d.ID)
		}
	}
	return found
}

// A record has the deals of all companies of the contact, whoever else they belong to, and nothing of what was removed, in
// the account or from the company.
func TestCompanyDeals(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		type ids = []connector.ObjectID
		type found = map[connector.ObjectID]ids
		between := func(from connector.ObjectType, id connector.ObjectID, to connector.ObjectType, other connector.ObjectID) connector.Link {
			return connector.Link{FromType: from, FromID: id, ToType: to, ToID: other}
		}
		// Contacts 1 and 2 belong to company 77, contact 2 to 78 too, contact 3 to none.
		b.page(workflows.PulledPage{Type: connector.TypeContact, Quiet: true, Objects: []connector.Object{person("1", 0), person("2", 0), person("3", 0)}})
		b.page(workflows.PulledPage{
			Type: connector.TypeCompany, Quiet: true, LinkTypes: []connector.ObjectType{connector.TypeContact},
			Objects: []connector.Object{object(connector.TypeCompany, "77", 0), object(connector.TypeCompany, "78", 0)},
			Links: []connector.Link{
				link(connector.TypeCompany, "77", "1"), link(connector.TypeCompany, "77", "2"), link(connector.TypeCompany, "78", "2"),
			},
		})
		wants := func(when string, first, second, third found) {
			b.Helper()
			records, err := b.store.Leads(b.ctx, portal, ids{"1", "2", "3"})
			b.must(err)
			for i, want := range []found{first, second, third} {
				if diff := cmp.Diff(want, companyDealIDs(records[i])); diff != "" {
					b.Errorf("%s, contact %s (-want +got):\n%s", when, records[i].ID, diff)
				}
			}
		}
		wants("without deals", nil, nil, nil)
		deals := func(links []connector.Link, objects ...connector.Object) {
			b.Helper()
			b.page(workflows.PulledPage{
				Type: connector.TypeDeal, Objects: objects, Properties: []string{"stage"}, Links: links,
				LinkTypes: []connector.ObjectType{connector.TypeContact, connector.TypeCompany},
			})
		}
		one := object(connector.TypeDeal, "9", 0, "stage", "open")
		deals([]connector.Link{
			between(connector.TypeDeal, "9", connector.TypeCompany, "77"), between(connector.TypeDeal, "10", connector.TypeCompany, "77"),
			between(connector.TypeDeal, "10", connector.TypeContact, "1"), between(connector.TypeDeal, "11", connector.TypeCompany, "78"),
			between(connector.TypeDeal, "12", connector.TypeContact, "3"),
		}, one, object(connector.TypeDeal, "10", 0), object(connector.TypeDeal, "11", 0), object(connector.TypeDeal, "12", 0))
		wants("read", found{"77": ids{"10", "9"}}, found{"77": ids{"10", "9"}, "78": ids{"11"}}, nil)
		if deals := b.lead("1").Deals; len(deals) != 1 || deals[0].ID != "10" {
			b.Errorf("the contact's own deals: %v", deals)
		}
		if diff := cmp.Diff(one.Properties, b.lead("2").CompanyDeals["77"][1].Properties); diff != "" {
			b.Errorf("what is known of a deal: %s", diff)
		}
		// Deal 10 goes over to company 78, 9 is deleted.
		deals([]connector.Link{
			between(connector.TypeDeal, "10", connector.TypeCompany, "78"), between(connector.TypeDeal, "10", connector.TypeContact, "1"),
		}, object(connector.TypeDeal, "10", 1))
		b.page(workflows.PulledPage{Type: connector.TypeDeal, Missing: ids{"9"}})
		wants("moved and deleted", nil, found{"78": ids{"10", "11"}}, nil)
		// The same ids in another portal are other records.
		b.must(b.store.EnsurePortal(b.ctx, "4712", "hubspot", "Other Ltd"))
		other, ok, err := b.store.Acquire(b.ctx, "4712", worker, time.Hour)
		if b.must(err); !ok {
			b.Fatal("no lease")
		}
		for _, page := range []workflows.PulledPage{
			{Type: connector.TypeContact, Quiet: true, Objects: []connector.Object{person("2", 0)}},
			{
				Type: connector.TypeCompany, Quiet: true, LinkTypes: []connector.ObjectType{connector.TypeContact},
				Objects: []connector.Object{object(connector.TypeCompany, "78", 0)}, Links: []connector.Link{link(connector.TypeCompany, "78", "2")},
			},
		} {
			_, err := b.store.SavePage(b.ctx, other, page)
			b.must(err)
		}
		leads, err := b.store.Leads(b.ctx, "4712", ids{"2"})
		if b.must(err); len(leads[0].Companies) != 1 || leads[0].CompanyDeals != nil {
			b.Errorf("in another portal: companies %v, their deals %v", leads[0].Companies, leads[0].CompanyDeals)
		}
	})
}
