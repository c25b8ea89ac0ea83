package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/workflows"
)

func TestFrozen(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		lease := workflows.Lease{
			Property: workflows.ChosenStage, Value: "mql", Would: "sql", Since: business, Until: business.Add(time.Hour),
			Origin: connector.OriginPerson, Source: "CRM_UI",
		}
		state := workflows.LeadState{Root: "1", EvaluatedAt: business}
		state.Choices.Leases = []workflows.Lease{lease}
		other := workflows.LeadState{Root: "2", EvaluatedAt: business}
		other.Choices.Rivals = []workflows.Rival{{Property: workflows.ChosenStatus, Ours: "new", Theirs: "", Source: "API 7", Count: 3, Since: business}}
		b.loadedAll(person("1", 1, "email", "ada@example.com"), person("2", 1, "email", "bob@example.com"))
		save := func(decided ...workflows.Decided) { b.must(b.store.SaveDecisions(b.ctx, b.fence, decided)) }
		save(workflows.Decided{ID: "1", State: state}, workflows.Decided{ID: "2", State: other})

		all, err := b.store.Frozen(b.ctx, b.fence.Portal, "", 10)
		b.must(err)
		want := []workflows.Frozen{
			{
				Contact: "1", Kind: workflows.FrozenLease, Property: workflows.ChosenStage, Value: "mql", Would: "sql", Since: business,
				Until: business.Add(time.Hour), Origin: connector.OriginPerson, Source: "CRM_UI",
			},
			{
				Contact: "2", Kind: workflows.FrozenRival, Property: workflows.ChosenStatus, Would: "new", Since: business,
				Origin: connector.OriginMachine, Source: "API 7", Rounds: 3,
			},
		}
		if diff := cmp.Diff(want, all); diff != "" {
			b.Errorf("frozen (-want +got):\n%s", diff)
		}
		some, err := b.store.Frozen(b.ctx, b.fence.Portal, workflows.FrozenRival, 10)
		b.must(err)
		if len(some) != 1 || some[0].Contact != "2" {
			b.Errorf("rivals: %+v", some)
		}

		state.Choices.Leases = nil // it ended
		save(workflows.Decided{ID: "1", State: state})
		counts, err := b.store.FrozenCounts(b.ctx, b.fence.Portal)
		b.must(err)
		if diff := cmp.Diff([]workflows.FrozenCount{{Kind: workflows.FrozenRival, Property: workflows.ChosenStatus, Contacts: 1}}, counts); diff != "" {
			b.Errorf("counts (-want +got):\n%s", diff)
		}
		save(workflows.Decided{ID: "2", State: other, Gone: true})
		if counts, err := b.store.FrozenCounts(b.ctx, b.fence.Portal); err != nil || len(counts) != 0 {
			b.Errorf("of a contact that is gone: %+v (%v)", counts, err)
		}
	})
}
