package store_test

import (
	"testing"
	"time"

	"leadsync/workflows"
)

// What a run gathers while an older payload of it is being sent waits for the end of the run, also if that one fails.
func TestGathered_whileSending(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.loadPeople("1", "2")
		b.must(b.store.SetGoLive(b.ctx, b.fence, business))
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{gatheredMove("1", "", "mql")}))
		if keys, _ := b.taken(nil); len(keys) != 2 {
			t.Fatalf("sent before the run: %v", keys)
		}
		b.begin("b")
		b.must(b.store.SaveReevaluated(b.ctx, b.fence, []workflows.Decided{gatheredMove("1", "b", "sql")}, workflows.Reevaluation{Basis: "b", Position: "1", Done: 1}, false))
		b.must(b.store.Settle(b.ctx, b.fence, []workflows.Settlement{
			{Key: "contact/1/stage", Attempt: 1, State: workflows.StateReady, Wait: time.Second},
			{Key: "contact/1/status", Attempt: 1, State: workflows.StateSettled},
		}))
		b.pass(time.Minute)
		if keys, _ := b.taken(nil); len(keys) != 0 {
			t.Errorf("during the run: %v", keys)
		}
		b.must(b.store.SaveReevaluated(b.ctx, b.fence, nil, workflows.Reevaluation{Basis: "b", Position: "2", Done: 2}, true))
		if keys, _ := b.taken(nil); len(keys) == 0 {
			t.Error("nothing is sent after it")
		}
	})
}
