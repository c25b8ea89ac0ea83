package store_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/workflows"
)

// gatheredMove is a move that a run gathers, with the status that goes with it.
func gatheredMove(id connector.ObjectID, run, stage string) workflows.Decided {
	entry := func(class workflows.Class, property, value string) workflows.OutboxEntry {
		return workflows.OutboxEntry{
			Key: "contact/" + string(id) + "/" + string(class), Kind: workflows.KindUpdate, Class: class, Contact: id, State: workflows.StateReady,
			PlannedAt: business, Run: run, Payload: []byte(`{"properties":{"` + property + `":"` + value + `"}}`),
		}
	}
	return workflows.Decided{ID: id, State: workflows.LeadState{Root: id}, Entries: []workflows.OutboxEntry{
		entry(workflows.ClassStage, "lifecyclestage", stage), entry(workflows.ClassStatus, "hs_lead_status", "NEW"),
	}}
}

func (b *bench) taken(limits map[workflows.Class]int) (keys []string, paused []workflows.Class) {
	b.Helper()
	taken, err := b.store.Take(b.ctx, b.fence, workflows.Take{Kind: workflows.KindUpdate, Contacts: 100, Limits: limits})
	b.must(err)
	for _, e := range taken.Entries {
		keys = append(keys, e.Key)
	}
	slices.Sort(keys)
	return keys, taken.Paused
}

func (b *bench) gatheredOf(class workflows.Class) (n int) {
	b.Helper()
	effects, err := b.store.Effects(b.ctx, portal)
	b.must(err)
	for _, e := range effects {
		if e.Class == class {
			n += e.Gathered
		}
	}
	return n
}

// What a run gathers is handed out when the walk is over, and neither counted nor released before.
func TestGathered(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.loadPeople("1", "2", "3")
		b.must(b.store.SetGoLive(b.ctx, b.fence, business))
		b.begin("b")
		b.must(b.store.SaveReevaluated(b.ctx, b.fence, []workflows.Decided{gatheredMove("1", "b", "sql"), gatheredMove("2", "b", "sql")}, workflows.Reevaluation{Basis: "b", Position: "2", Done: 2}, false))
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{gatheredMove("3", "", "mql")}))
		limits := map[workflows.Class]int{workflows.ClassStage: 1}
		if keys, paused := b.taken(limits); !slices.Equal(keys, []string{"contact/3/stage", "contact/3/status"}) || len(paused) != 0 {
			t.Fatalf("during the walk: %v, paused %v", keys, paused)
		}
		if n := b.gatheredOf(workflows.ClassStage); n != 2 {
			t.Errorf("%d are gathered", n)
		}
		lead := b.lead("1")
		want := workflows.Gathered{Keys: []string{"contact/1/stage", "contact/1/status"}, Properties: map[string]string{"lifecyclestage": "sql", "hs_lead_status": "NEW"}}
		if diff := cmp.Diff(want, lead.Gathered); diff != "" || lead.Pending["lifecyclestage"] != "sql" {
			t.Errorf("contact 1 (-want +got):\n%s", diff)
		}
		if n, err := b.store.ReleaseClass(b.ctx, portal, workflows.ClassStage); err != nil || n > 1 {
			t.Errorf("%d released in advance (%v)", n, err)
		}
		b.must(b.store.Settle(b.ctx, b.fence, []workflows.Settlement{
			{Key: "contact/3/stage", Attempt: 1, State: workflows.StateSettled}, {Key: "contact/3/status", Attempt: 1, State: workflows.StateSettled},
		}))
		b.must(b.store.SaveReevaluated(b.ctx, b.fence, nil, workflows.Reevaluation{Basis: "b", Position: "3", Done: 3}, true))
		if keys, paused := b.taken(limits); len(keys) != 0 || !slices.Equal(paused, []workflows.Class{workflows.ClassStage}) {
			t.Errorf("after it: %v, paused %v", keys, paused)
		}
		if n := b.gatheredOf(workflows.ClassStage); n != 0 {
			t.Errorf("%d are still gathered", n)
		}
		if _, err := b.store.ReleaseClass(b.ctx, portal, workflows.ClassStage); err != nil {
			t.Fatal(err)
		}
		if keys, _ := b.taken(limits); !slices.Contains(keys, "contact/1/stage") || slices.Contains(keys, "contact/1/status") {
			t.Errorf("released: %v; the status waits for the move", keys)
		}
	})
}

// Without a walk there is nothing to wait for, and what a walk gathers is released by the next one that has nothing to do.
func TestGathered_withoutAWalk(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.loadPeople("1")
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{gatheredMove("1", "b", "sql")}))
		if keys, _ := b.taken(nil); len(keys) != 2 {
			t.Errorf("%v", keys)
		}
	})
}

func TestBackfillOrders(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.loadPeople("1", "2", "3")
		all := func(workflows.LeadState) bool { return true }
		standing := func(rule string, limit int) ([]connector.ObjectID, int) {
			ids, total, err := b.store.Standing(b.ctx, portal, rule, limit, all)
			b.must(err)
			return ids, total
		}
		if ids, total := standing("call", 2); !slices.Equal(ids, []connector.ObjectID{"1", "2"}) || total != 3 {
			t.Errorf("%v of %d", ids, total)
		}
		b.must(b.store.OrderBackfill(b.ctx, portal, "call", []connector.ObjectID{"1", "2", "unknown"}))
		b.must(b.store.OrderBackfill(b.ctx, portal, "call", []connector.ObjectID{"1"}))
		b.must(b.store.OrderBackfill(b.ctx, portal, "deal", []connector.ObjectID{"1"}))
		if ids, total := standing("call", 0); !slices.Equal(ids, []connector.ObjectID{"3"}) || total != 1 {
			t.Errorf("left: %v of %d", ids, total)
		}
		if got := b.lead("1").Orders; !slices.Equal(got, []string{"call", "deal"}) {
			t.Errorf("ordered for 1: %v", got)
		}
		if got := b.dueIDs(); !slices.Contains(got, "contact 1") || !slices.Contains(got, "contact 2") {
			t.Errorf("due: %v", got)
		}
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{ID: "1", State: workflows.LeadState{Root: "1"}, Ordered: []string{"call"}}, {ID: "2", Gone: true}}))
		counts, err := b.store.Backfills(b.ctx, portal)
		b.must(err)
		if diff := cmp.Diff(map[string]int{"deal": 1}, counts); diff != "" {
			t.Errorf("left (-want +got):\n%s", diff)
		}
		b.must(b.store.Erase(b.ctx, portal, "1"))
		if counts, err = b.store.Backfills(b.ctx, portal); err != nil || len(counts) != 0 {
			t.Errorf("of an erased contact: %v (%v)", counts, err)
		}
	})
}

func TestArrivals(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.must(b.store.Hint(b.ctx, portal, []connector.Ref{contact("7"), contact("8"), contact("9")}))
		count := func(since time.Time, most int) (seen, waiting int) {
			seen, waiting, err := b.store.Arrivals(b.ctx, portal, since, most)
			b.must(err)
			return seen, waiting
		}
		if seen, waiting := count(business, 1); seen != 0 || waiting != 2 {
			t.Errorf("%d seen, %d wait; counted up to one more than asked", seen, waiting)
		}
		arrived := func(id connector.ObjectID, at time.Time) workflows.Decided {
			return workflows.Decided{ID: id, State: workflows.LeadState{Root: id}, ArrivedAt: at}
		}
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{arrived("7", business), arrived("8", business.Add(time.Second))}))
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{arrived("9", business.Add(30*time.Second))}))
		if seen, waiting := count(business.Add(-time.Hour), 10); seen != 3 || waiting != 0 {
			t.Errorf("%d seen, %d wait", seen, waiting)
		}
		if seen, _ := count(business.Add(2*time.Minute), 10); seen != 0 {
			t.Errorf("%d seen since then", seen)
		}
	})
}
