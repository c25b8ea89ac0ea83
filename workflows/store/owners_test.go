package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/workflows"
)

func here(id string) connector.Owner { return connector.Owner{ID: id, Active: true, Person: true} }
func gone(id string) connector.Owner { return connector.Owner{ID: id, Person: true} }

func (b *bench) owners(owners ...connector.Owner) {
	b.Helper()
	b.must(b.store.SaveOwners(b.ctx, b.fence, owners))
}

func TestOwners_keepTheirHours(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		want := []connector.Owner{
			{ID: "1", Name: "Ada", Active: true, Person: true, Zone: "Europe/Berlin", Hours: "mon 09:00-12:00"}, {ID: "2", Name: "Leo", Person: true},
		}
		b.owners(want...)
		got, err := b.store.Owners(b.ctx, portal)
		b.must(err)
		if diff := cmp.Diff(want, got); diff != "" {
			b.Error(diff)
		}
	})
}

// Contacts whose open task belongs to somebody who has left become due, and no others; once.
func TestSaveOwners_makesTheContactsOfWhoHasLeftDue(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		task := func(owner string) workflows.LeadState {
			state := workflows.LeadState{}
			state.Tasks = map[string]workflows.OwnTask{"call": {Rule: "call", Key: "k" + owner, Was: connector.TaskPrint{Owner: owner}}}
			return state
		}
		made := task("7")
		made.Made, made.Tasks = []workflows.OwnTask{made.Tasks["call"]}, nil // not open any more
		var decided []workflows.Decided
		for id, state := range map[connector.ObjectID]workflows.LeadState{"1": task("7"), "2": task("8"), "3": made, "4": {}, "5": task("77")} {
			state.Root = id
			decided = append(decided, workflows.Decided{ID: id, State: state})
		}
		b.must(b.store.SaveDecisions(b.ctx, b.fence, decided))
		for _, step := range []struct {
			name   string
			owners []connector.Owner
			due    []string
		}{
			{"the first reading", []connector.Owner{here("7"), here("8"), here("77")}, nil},
			{"nobody left", []connector.Owner{here("7"), here("8"), here("77")}, nil},
			{"7 has left", []connector.Owner{gone("7"), here("8"), here("77")}, []string{"contact/1"}},
			{"8 is not there any more", []connector.Owner{gone("7"), here("77")}, []string{"contact/1", "contact/2"}},
		} {
			b.owners(step.owners...)
			if diff := cmp.Diff(step.due, dueOf(b)); diff != "" {
				b.Errorf("%s (-want +got):\n%s", step.name, diff)
			}
		}
	})
}

func dueOf(b *bench) []string {
	b.Helper()
	rows, err := b.store.Due(b.ctx, portal, business, []connector.ObjectType{connector.TypeContact}, 100)
	b.must(err)
	var ids []string
	for _, row := range rows {
		ids = append(ids, string(row.Type)+"/"+string(row.ID))
	}
	return ids
}

func TestOrphans(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.owners(here("7"), here("8"), gone("9"), connector.Owner{ID: "10", Active: true})
		b.pass(time.Hour)
		b.owners(here("7"), gone("8"), gone("9"), connector.Owner{ID: "10", Active: true})
		b.pass(time.Hour)
		b.owners(here("7"), gone("8"), gone("9"), connector.Owner{ID: "10", Active: true})
		page := workflows.PulledPage{Feed: "load/contact", Type: connector.TypeContact, Properties: []string{"stage", "owner", "note"}, Quiet: true}
		since := business.Add(-time.Hour)
		var decided []workflows.Decided
		for _, c := range []struct{ id, stage, owner string }{
			{"1", "mql", "7"}, {"2", "mql", ""}, {"3", "sql", ""}, {"4", "mql", "8"}, {"5", "sql", "9"}, {"6", "sql", "11"}, {"7", "lead", "8"}, {"8", "sql", "10"}, {"9", "", "9"},
		} {
			props := map[string]string{"note": `"stage":"sql"`}
			for name, value := range map[string]string{"stage": c.stage, "owner": c.owner} {
				if value != "" {
					props[name] = value
				}
			}
			page.Objects = append(page.Objects, connector.Object{Type: connector.TypeContact, ID: connector.ObjectID(c.id), Properties: props})
			if c.id != "6" {
				decided = append(decided, workflows.Decided{ID: connector.ObjectID(c.id), State: workflows.LeadState{Root: connector.ObjectID(c.id), StageSince: since}})
			}
		}
		b.page(page)
		b.must(b.store.SaveDecisions(b.ctx, b.fence, decided))
		got, err := b.store.Orphans(b.ctx, portal, workflows.OrphanQuery{
			StageProperty: "stage", OwnerProperty: "owner", Stages: []workflows.OrphanStage{{Value: "mql"}, {Value: "sql", Needs: true}},
		})
		b.must(err)
		want := []workflows.Orphan{
			{Contact: "6", Why: workflows.OrphanUnknown, Owner: "11"},
			{Contact: "3", Why: workflows.OrphanNone, Since: since},
			{Contact: "4", Why: workflows.OrphanLeft, Owner: "8", Since: since},
			{Contact: "5", Why: workflows.OrphanLeft, Owner: "9", Since: since},
			{Contact: "8", Why: workflows.OrphanLeft, Owner: "10", Since: since},
		}
		for i, one := range got {
			if (one.Contact == "4") != !one.LeftAt.IsZero() {
				b.Errorf("contact %s: its owner left at %s", one.Contact, one.LeftAt)
			}
			if one.Contact == "4" && b.clockNow().Sub(one.LeftAt) < time.Hour {
				b.Errorf("the owner left an hour ago, not at %s when somebody looked again", one.LeftAt)
			}
			got[i].LeftAt = time.Time{}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			b.Errorf("(-want +got):\n%s", diff)
		}
		counts := []workflows.OrphanCount{{Why: workflows.OrphanLeft, Contacts: 3}, {Why: workflows.OrphanUnknown, Contacts: 1}, {Why: workflows.OrphanNone, Contacts: 1}}
		if diff := cmp.Diff(counts, workflows.CountOrphans(got)); diff != "" {
			b.Error(diff)
		}
	})
}
