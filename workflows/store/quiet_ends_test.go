package store_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/workflows"
)

// ending is what a quiet look ends of a contact: a task, whether or not it was sent, and a place on a list.
func ending(id connector.ObjectID, task, run string) workflows.Decided {
	entry := func(key string, kind workflows.EntryKind, class workflows.Class, payload string) workflows.OutboxEntry {
		return workflows.OutboxEntry{
			Key: key, Kind: kind, Class: class, Contact: id, State: workflows.StateReady, PlannedAt: business, Run: run, Payload: []byte(payload),
		}
	}
	return workflows.Decided{ID: id, State: workflows.LeadState{Root: id}, Entries: []workflows.OutboxEntry{
		entry("close/"+task, workflows.KindClose, workflows.ClassTask, `{"task_key":"`+task+`"}`),
		entry("contact/"+string(id)+"/list/11", workflows.KindList, workflows.ClassList, `{"list":"11","name":"nurture"}`),
	}}
}

func (b *bench) makeTask(id connector.ObjectID, key string) {
	b.Helper()
	b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{ID: id, State: workflows.LeadState{Root: id}, Entries: []workflows.OutboxEntry{{
		Key: key, Kind: workflows.KindTask, Class: workflows.ClassTask, Contact: id, State: workflows.StateReady, PlannedAt: business, Payload: []byte(`{"key":"` + key + `"}`),
	}}}}))
}

func (b *bench) handed(kind workflows.EntryKind, limits map[workflows.Class]int) (keys []string, paused []workflows.Class) {
	b.Helper()
	taken, err := b.store.Take(b.ctx, b.fence, workflows.Take{Kind: kind, Contacts: 100, Limits: limits})
	b.must(err)
	for _, e := range taken.Entries {
		keys = append(keys, e.Key)
	}
	return keys, taken.Paused
}

func (b *bench) stateOf(key string) (state workflows.EntryState) {
	b.Helper()
	entries, err := b.store.Outbox(b.ctx, portal, "", "", 1000)
	b.must(err)
	for _, e := range entries {
		if e.Key == key {
			state = e.State
		}
	}
	return state
}

// The end of tasks and places on lists waits for the run, is told with the contact as long as nobody sent or released it,
// and counts for the limit but for tasks that were never sent, which are not sent any more.
func TestGathered_ends(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.loadPeople("1", "2", "3")
		b.must(b.store.SetGoLive(b.ctx, b.fence, business))
		b.makeTask("1", "sent")
		if keys, _ := b.handed(workflows.KindTask, nil); !slices.Equal(keys, []string{"sent"}) {
			t.Fatalf("to begin with: %v", keys)
		}
		b.must(b.store.Settle(b.ctx, b.fence, []workflows.Settlement{{Key: "sent", Attempt: 1, State: workflows.StateSettled, RemoteID: "900"}}))
		b.makeTask("2", "waits")
		b.begin("b")
		b.must(b.store.SaveReevaluated(b.ctx, b.fence, []workflows.Decided{ending("1", "sent", "b"), ending("2", "waits", "b")}, workflows.Reevaluation{Basis: "b", Position: "2", Done: 2}, false))
		closings, _ := b.handed(workflows.KindClose, nil)
		if places, _ := b.handed(workflows.KindList, nil); len(closings)+len(places) != 0 || b.stateOf("waits") != workflows.StateReady {
			t.Fatalf("during the walk: %v, %v; the task that waits is %s", closings, places, b.stateOf("waits"))
		}
		want := workflows.Gathered{Keys: []string{"contact/1/list/11", "close/sent"}}
		if diff := cmp.Diff(want, b.lead("1").Gathered); diff != "" {
			t.Errorf("gathered (-want +got):\n%s", diff)
		}
		b.must(b.store.SaveReevaluated(b.ctx, b.fence, nil, workflows.Reevaluation{Basis: "b", Position: "3", Done: 3}, true))
		if got := []workflows.EntryState{b.stateOf("waits"), b.stateOf("close/waits"), b.stateOf("close/sent")}; !slices.Equal(got, []workflows.EntryState{"cancelled", "cancelled", "ready"}) {
			t.Errorf("after it: %v", got)
		}
		want = workflows.Gathered{Own: []string{"contact/1/list/11"}, Unsent: map[string]map[string]string{"contact/1/list/11": nil, "close/sent": nil}}
		if diff := cmp.Diff(want, b.lead("1").Gathered); diff != "" {
			t.Errorf("unsent (-want +got):\n%s", diff)
		}
		if keys, paused := b.handed(workflows.KindClose, map[workflows.Class]int{workflows.ClassTask: 0}); len(keys) != 0 || len(paused) != 1 {
			t.Errorf("over the limit: %v, paused %v", keys, paused)
		}
		released, err := b.store.ReleaseClass(b.ctx, portal, workflows.ClassTask)
		if b.must(err); released != 1 || len(b.lead("1").Gathered.Unsent) != 1 {
			t.Errorf("%d released, left %v", released, b.lead("1").Gathered.Unsent)
		}
		if keys, _ := b.handed(workflows.KindClose, map[workflows.Class]int{workflows.ClassTask: 0}); !slices.Equal(keys, []string{"close/sent"}) {
			t.Errorf("released: %v", keys)
		}
	})
}

// A closing that was dropped can be planned once more, one that was sent cannot; without a walk there is nothing to wait
// for.
func TestGathered_endsOnce(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.loadPeople("1", "2")
		b.must(b.store.SetGoLive(b.ctx, b.fence, business))
		b.makeTask("2", "waits")
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{ending("2", "waits", "b")}))
		if got := b.stateOf("waits"); got != workflows.StateCancelled {
			t.Errorf("without a walk the task that waits is %s", got)
		}
		b.begin("b")
		save := func(d workflows.Decided) {
			b.must(b.store.SaveReevaluated(b.ctx, b.fence, []workflows.Decided{d}, workflows.Reevaluation{Basis: "b", Position: "1", Done: 1}, false))
		}
		save(ending("1", "t", "b"))
		save(workflows.Decided{ID: "1", State: workflows.LeadState{Root: "1"}, CancelKeys: []string{"close/t"}})
		if got := b.stateOf("close/t"); got != workflows.StateCancelled {
			t.Fatalf("dropped, it is %s", got)
		}
		again := ending("1", "t", "")
		save(again)
		if keys, _ := b.handed(workflows.KindClose, nil); !slices.Contains(keys, "close/t") {
			t.Fatalf("planned again: %v", keys)
		}
		b.must(b.store.Settle(b.ctx, b.fence, []workflows.Settlement{{Key: "close/t", Attempt: 1, State: workflows.StateSettled}}))
		save(again)
		if keys, _ := b.handed(workflows.KindClose, nil); slices.Contains(keys, "close/t") {
			t.Errorf("closed once more: %v", keys)
		}
	})
}
