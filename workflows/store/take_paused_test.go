package store_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/workflows"
	"leadsync/workflows/store"
)

// While a class is paused the others go on in the order in which they wait, what an operator has released among them,
// each once, and what waits for something else does not.
func TestTakeBesideAPause(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		limits := map[workflows.Class]int{workflows.ClassStage: 1}
		plan := func(id connector.ObjectID, class workflows.Class) {
			b.Helper()
			b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{ID: id, Entries: []workflows.OutboxEntry{update(id, class, string(class), "x")}}}))
			b.pass(time.Second)
		}
		take := func(kind workflows.EntryKind, n int) []string {
			b.Helper()
			taken, err := b.store.Take(b.ctx, b.fence, workflows.Take{Kind: kind, Contacts: n, Limits: limits})
			b.must(err)
			var keys []string
			var done []workflows.Settlement
			for _, e := range taken.Entries {
				keys = append(keys, e.Key)
				done = append(done, workflows.Settlement{Key: e.Key, Attempt: e.Attempt, State: workflows.StateSettled})
			}
			b.must(b.store.Settle(b.ctx, b.fence, done))
			return keys
		}
		same := func(what string, want, got []string) {
			b.Helper()
			if diff := cmp.Diff(want, got); diff != "" {
				b.Errorf("%s (-want +got):\n%s", what, diff)
			}
		}
		plan("1", workflows.ClassStage)
		same("up to the limit", []string{"contact/1/stage"}, take(workflows.KindUpdate, 10))
		plan("2", workflows.ClassStage)
		plan("3", workflows.ClassStage)
		same("nothing of what would be too much", nil, take(workflows.KindUpdate, 1))
		plan("4", workflows.ClassStatus)
		plan("5", workflows.ClassScore)
		plan("3", workflows.ClassScore)
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{ID: "2", Entries: []workflows.OutboxEntry{companyMove("2", "sql", 2)}}}))
		same("the others, in their order", []string{"contact/4/status", "contact/5/score"}, take(workflows.KindUpdate, 2))
		same("what waits for a paused one", nil, take(workflows.KindCompany, 10))
		released, err := b.store.ReleaseClass(b.ctx, portal, workflows.ClassStage)
		b.must(err)
		if released < 2 {
			b.Errorf("%d released", released)
		}
		plan("6", workflows.ClassStage)
		plan("7", workflows.ClassStage)
		b.exec(fmt.Sprintf("INSERT INTO effect_pauses (portal, class, paused_since) VALUES ('%s', 'stage', 1)", portal)) // once more
		same("what was released, though its class is paused again", []string{"contact/2/stage"}, take(workflows.KindUpdate, 1))
		same("what waited for it", []string{"company/77/stage"}, take(workflows.KindCompany, 10))
		same("a contact with both", []string{"contact/3/stage", "contact/3/score"}, take(workflows.KindUpdate, 10))
		same("and nothing of what came after the release", nil, take(workflows.KindUpdate, 10))
	})
}

// BenchmarkTake_besideAPause measures what a look for work costs while a class is paused: the moves that wait behind the
// pause should cost it nothing.
func BenchmarkTake_besideAPause(b *testing.B) {
	for _, waiting := range []int{0, 50 * benchmarkBatch} {
		b.Run(fmt.Sprint(waiting), func(b *testing.B) {
			s, err := store.Open(b.Context(), filepath.Join(b.TempDir(), "bench.db"), store.Options{Now: time.Now, Migrate: true})
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			if err := s.EnsurePortal(b.Context(), portal, "hubspot", "bench"); err != nil {
				b.Fatal(err)
			}
			f, ok, err := s.Acquire(b.Context(), portal, worker, time.Hour)
			if err != nil || !ok {
				b.Fatal(ok, err)
			}
			var decided []workflows.Decided
			for i := range waiting + 1 {
				id := connector.ObjectID(fmt.Sprint(10_000 + i))
				decided = append(decided, workflows.Decided{ID: id, Entries: []workflows.OutboxEntry{update(id, workflows.ClassStage, "stage", "mql")}})
			}
			if err := s.SaveDecisions(b.Context(), f, decided); err != nil {
				b.Fatal(err)
			}
			for b.Loop() { // the first one pauses the class
				taken, err := s.Take(b.Context(), f, workflows.Take{Kind: workflows.KindUpdate, Contacts: 100, Limits: map[workflows.Class]int{workflows.ClassStage: 0}})
				if err != nil || len(taken.Entries) > 0 {
					b.Fatal(taken, err)
				}
			}
		})
	}
}
