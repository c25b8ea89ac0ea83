package store_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/workflows"
)

// Webhooks have no order: that the survivor of a merge was deleted for good may be told before the merge. Whom it was
// made of is then still known, and nobody would ever ask for them again, had the merge been dropped with the survivor.
func TestReceive_mergedIntoErased(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{
			ID: "7", Objects: []connector.Object{person("7", 0, "city", "Canary")}, State: workflows.LeadState{Root: "7"},
		}}))
		b.must(b.store.Erase(b.ctx, portal, "13"))
		merged := event("e1", "13", contact("7"), contact("13"))
		merged.Kind = connector.EventMerged
		if diff := cmp.Diff(workflows.Received{Ignored: 1}, b.receive(delivery("d1", merged))); diff != "" {
			b.Error(diff)
		}
		if diff := cmp.Diff([]string{"contact 7"}, b.dueIDs()); diff != "" {
			b.Errorf("whom the survivor was made of is to be asked for, the survivor is not (-want +got):\n%s", diff)
		}
		if n := b.count("SELECT COUNT(*) FROM deliveries WHERE body <> '[]'"); n != 0 {
			b.Errorf("%d deliveries with an event of who was erased:\n%s", n, b.dump())
		}
	})
}
