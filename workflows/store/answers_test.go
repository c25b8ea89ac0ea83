package store_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"leadsync/connector"
	"leadsync/workflows"
)

func (b *bench) answers(id connector.ObjectID) []workflows.Answer {
	b.Helper()
	got, err := b.store.Answers(b.ctx, portal, id, 100)
	b.must(err)
	return got
}

// Every answer of the CRM is kept, also the second one to the same task; scores are too many to be kept.
func TestAnswersAreKept(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.plan("1", task("1", "k1"), update("1", workflows.ClassStage, "stage", "mql"), update("1", workflows.ClassScore, "score", "7"))
		settle := func(kind workflows.EntryKind, s workflows.Settlement) {
			for _, e := range b.take(kind, 10, nil).Entries {
				if s.Key == "" || e.Key == s.Key {
					one := s
					one.Key, one.Attempt = e.Key, e.Attempt
					b.must(b.store.Settle(b.ctx, b.fence, []workflows.Settlement{one}))
				}
			}
		}
		settle(workflows.KindTask, workflows.Settlement{State: workflows.StateReady, Error: "too many requests"})
		b.pass(time.Minute)
		settle(workflows.KindTask, workflows.Settlement{State: workflows.StateSettled, RemoteID: "77"})
		settle(workflows.KindUpdate, workflows.Settlement{State: workflows.StateParked, Error: "no such stage"})
		want := []workflows.Answer{
			{Key: "contact/1/stage", Class: workflows.ClassStage, Kind: workflows.KindUpdate, Attempt: 1, State: workflows.StateParked, Text: "no such stage"},
			{Key: "k1", Class: workflows.ClassTask, Kind: workflows.KindTask, Attempt: 2, State: workflows.StateSettled, RemoteID: "77"},
			{Key: "k1", Class: workflows.ClassTask, Kind: workflows.KindTask, Attempt: 1, State: workflows.StateReady, Text: "too many requests"},
		}
		for i := range want {
			want[i].Contact, want[i].Worker, want[i].DecidedAt = "1", b.fence.Worker, business
		}
		got := b.answers("1")
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(workflows.Answer{}, "SentAt", "At"), cmpopts.SortSlices(func(x, y workflows.Answer) bool {
			return x.Key < y.Key || x.Key == y.Key && x.Attempt < y.Attempt
		})); diff != "" {
			b.Error(diff)
		}
		for _, a := range got {
			if a.SentAt.IsZero() || a.At.Before(a.SentAt) {
				b.Errorf("%s was sent at %s and answered at %s", a.Key, a.SentAt, a.At)
			}
		}
		if len(b.answers("2")) != 0 {
			b.Error("another contact has answers")
		}
		b.must(b.store.Erase(b.ctx, portal, "1"))
		if text := b.table("answers"); strings.Contains(text, "k1") {
			b.Errorf("after the contact was erased: %s", text)
		}
	})
}

// What was sent while another plan took its place belongs to neither decision for sure.
func TestAnswersToWhatWasReplaced(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.plan("1", update("1", workflows.ClassStage, "stage", "mql"))
		sent := b.take(workflows.KindUpdate, 10, nil).Entries
		b.plan("1", update("1", workflows.ClassStage, "stage", "sql"))
		b.must(b.store.Settle(b.ctx, b.fence, []workflows.Settlement{{Key: sent[0].Key, Attempt: sent[0].Attempt, State: workflows.StateSettled}}))
		got := b.answers("1")
		if len(got) != 1 || !got[0].DecidedAt.IsZero() || got[0].State != workflows.StateSettled {
			b.Errorf("answers: %+v", got)
		}
	})
}
