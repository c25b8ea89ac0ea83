package store_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"leadsync/connector"
	"leadsync/workflows"
	"leadsync/workflows/store"
)

// benchmarkBatch is one batch of everything: a page, a decision, a sending.
const benchmarkBatch = 100

func people(first int, at time.Time) []connector.Object {
	out := make([]connector.Object, benchmarkBatch)
	for i := range out {
		props := map[string]string{"email": fmt.Sprintf("p%d@example.org", first+i)}
		for p := range 30 {
			props[fmt.Sprintf("property_%02d", p)] = "a value of usual length"
		}
		out[i] = connector.Object{
			Type: connector.TypeContact, ID: connector.ObjectID(fmt.Sprint(first + i)), Properties: props, CreatedAt: at, UpdatedAt: at,
		}
	}
	return out
}

// BenchmarkSQLite measures what a contact costs on its way, in batches of 100: stored by the first load,
// decided with one update planned, and that update taken and settled.
func BenchmarkSQLite(b *testing.B) {
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
	first := 1
	b.Run("load100", func(b *testing.B) {
		for b.Loop() {
			page := workflows.PulledPage{Feed: "load/contact", Type: connector.TypeContact, Quiet: true, Objects: people(first, business)}
			if _, err := s.SavePage(b.Context(), f, page); err != nil {
				b.Fatal(err)
			}
			first += benchmarkBatch
		}
	})
	decided := 1
	b.Run("decide100", func(b *testing.B) {
		for b.Loop() {
			if err := s.SaveDecisions(b.Context(), f, decisions(b, decided)); err != nil {
				b.Fatal(err)
			}
			decided += benchmarkBatch
		}
	})
	b.Run("send100", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			if err := s.SaveDecisions(b.Context(), f, decisions(b, decided)); err != nil {
				b.Fatal(err)
			}
			decided += benchmarkBatch
			b.StartTimer()
			send(b, s, f)
		}
	})
}

func decisions(b *testing.B, first int) []workflows.Decided {
	b.Helper()
	payload, err := json.Marshal(workflows.UpdatePayload{Properties: map[string]string{"leadsync_score": "42", "leadsync_reasons": "Fit 40: decision maker +40."}})
	if err != nil {
		b.Fatal(err)
	}
	out := make([]workflows.Decided, benchmarkBatch)
	for i, o := range people(first, business) {
		out[i] = workflows.Decided{
			ID: o.ID, Objects: []connector.Object{o}, State: workflows.LeadState{Root: o.ID, FactsHash: "0123456789abcdef"}, ChangesAt: business.Add(time.Hour),
			Entries: []workflows.OutboxEntry{{
				Key: "contact/" + string(o.ID) + "/score", Kind: workflows.KindUpdate, Class: workflows.ClassScore, Contact: o.ID,
				State: workflows.StateReady, Payload: payload, PlannedAt: business,
			}},
		}
	}
	return out
}

func send(b *testing.B, s *store.Store, f workflows.Fence) {
	b.Helper()
	taken, err := s.Take(b.Context(), f, workflows.Take{Kind: workflows.KindUpdate, Contacts: benchmarkBatch, Limits: map[workflows.Class]int{workflows.ClassStage: 200}})
	if err != nil || len(taken.Entries) == 0 {
		b.Fatalf("taken %d (%v)", len(taken.Entries), err)
	}
	settlements := make([]workflows.Settlement, len(taken.Entries))
	for i, e := range taken.Entries {
		settlements[i] = workflows.Settlement{Key: e.Key, Attempt: e.Attempt, State: workflows.StateSettled}
	}
	if err := s.Settle(b.Context(), f, settlements); err != nil {
		b.Fatal(err)
	}
}
