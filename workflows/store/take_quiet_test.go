package store_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

const quietFor = 2 * time.Minute

// quietly takes entries of a kind as the pusher does.
func (b *bench) quietly(kind workflows.EntryKind) []string {
	b.Helper()
	taken, err := b.store.Take(b.ctx, b.fence, workflows.Take{Kind: kind, Contacts: 10, Quiet: quietFor})
	b.must(err)
	return keys(taken.Entries)
}

// TestTakeKeepsQuiet: what would take the key of a task away waits while the CRM may still carry out a sending of which
// nobody heard, and not longer.
func TestTakeKeepsQuiet(t *testing.T) {
	unheard := func(b *bench, kind workflows.EntryKind) { b.take(kind, 10, nil) }
	for name, tc := range map[string]struct {
		play  func(b *bench)
		kind  workflows.EntryKind
		entry string
		waits bool
	}{
		"made at once, amended": {func(b *bench) {
			b.plan("1", task("1", "k"), amend("k", "n"))
			b.ends(workflows.KindTask, "k", workflows.StateSettled)
		}, workflows.KindAmend, "n", false},
		"made at the second sending, amended": {func(b *bench) {
			b.plan("1", task("1", "k"), amend("k", "n"))
			unheard(b, workflows.KindTask)
			b.ends(workflows.KindTask, "k", workflows.StateSettled)
		}, workflows.KindAmend, "n", true},
		"to be closed, amended": {func(b *bench) {
			b.plan("1", task("1", "k"))
			b.ends(workflows.KindTask, "k", workflows.StateSettled)
			b.plan("1", closing("close/k", "k"), amend("k", "n"))
		}, workflows.KindAmend, "n", false},
		"made at the second sending, closed": {func(b *bench) {
			b.plan("1", task("1", "k"), closing("close/k", "k"))
			unheard(b, workflows.KindTask)
			b.ends(workflows.KindTask, "k", workflows.StateSettled)
		}, workflows.KindClose, "close/k", true},
		"given up after the second sending, closed": {func(b *bench) {
			b.plan("1", task("1", "k"), closing("close/k", "k"))
			unheard(b, workflows.KindTask)
			b.ends(workflows.KindTask, "k", workflows.StateCancelled)
		}, workflows.KindClose, "close/k", true},
		"refused at the second sending, closed": {func(b *bench) {
			b.plan("1", task("1", "k"), closing("close/k", "k"))
			unheard(b, workflows.KindTask)
			b.ends(workflows.KindTask, "k", workflows.StateParked)
		}, workflows.KindClose, "close/k", true},
		"amended at the second sending, closed": {func(b *bench) {
			b.plan("1", task("1", "k"), amend("k", "n"), closing("close/n", "n"))
			b.ends(workflows.KindTask, "k", workflows.StateSettled)
			unheard(b, workflows.KindAmend)
			b.ends(workflows.KindAmend, "n", workflows.StateSettled)
		}, workflows.KindClose, "close/n", true},
		"made at the second sending, its amendment cancelled, closed": {func(b *bench) {
			b.plan("1", task("1", "k"), amend("k", "n"), closing("close/n", "n"))
			unheard(b, workflows.KindTask)
			b.ends(workflows.KindTask, "k", workflows.StateSettled)
			b.cancel("n")
		}, workflows.KindClose, "close/n", true},
		"of another task": {func(b *bench) {
			b.plan("1", task("1", "k"), task("1", "x"), closing("close/x", "x"))
			unheard(b, workflows.KindTask)
			b.must(b.store.Settle(b.ctx, b.fence, []workflows.Settlement{{Key: "x", Attempt: 1, State: workflows.StateSettled}}))
		}, workflows.KindClose, "close/x", false},
	} {
		t.Run(name, func(t *testing.T) {
			eachDatabase(t, func(b *bench) {
				tc.play(b)
				if got := len(b.quietly(tc.kind)) == 0; got != tc.waits {
					b.Fatalf("waits: %v, want %v", got, tc.waits)
				}
				if !tc.waits {
					return
				}
				e := b.entry(tc.entry)
				if e.State != workflows.StateReady || e.Attempt != 0 || !e.SentAt.IsZero() {
					b.Errorf("it was taken for nothing: %+v", e)
				}
				if wait := e.NextAt.Sub(b.clockNow()); wait < quietFor-20*time.Second || wait > quietFor {
					b.Errorf("it waits %v", wait)
				}
				b.pass(quietFor - 30*time.Second)
				if early := b.quietly(tc.kind); len(early) != 0 {
					b.Errorf("handed out before its time: %v", early)
				}
				b.pass(30 * time.Second)
				if diff := cmp.Diff([]string{tc.entry}, b.quietly(tc.kind)); diff != "" {
					b.Errorf("afterwards (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestTakeKeepsQuiet_closing: a task that is being archived is not amended until it is known what became of that.
func TestTakeKeepsQuiet_closing(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.plan("1", task("1", "k"))
		b.ends(workflows.KindTask, "k", workflows.StateSettled)
		b.plan("1", closing("close/k", "k"), amend("k", "n"))
		b.take(workflows.KindClose, 10, nil)
		b.must(b.store.Settle(b.ctx, b.fence, []workflows.Settlement{{Key: "close/k", Attempt: 1, State: workflows.StateSending, Wait: time.Minute}}))
		if early := b.quietly(workflows.KindAmend); len(early) != 0 {
			b.Errorf("handed out while the archive may come late: %v", early)
		}
		b.pass(time.Minute)
		b.ends(workflows.KindClose, "close/k", workflows.StateSettled)
		if diff := cmp.Diff([]string{"n"}, b.quietly(workflows.KindAmend)); diff != "" {
			b.Errorf("afterwards (-want +got):\n%s", diff)
		}
	})
}

// TestTakeKeepsQuiet_unasked: whoever does not ask for quiet gets none.
func TestTakeKeepsQuiet_unasked(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.plan("1", task("1", "k"), closing("close/k", "k"))
		b.take(workflows.KindTask, 10, nil)
		b.ends(workflows.KindTask, "k", workflows.StateSettled)
		if got := keys(b.take(workflows.KindClose, 10, nil).Entries); len(got) != 1 {
			b.Errorf("handed out: %v", got)
		}
	})
}

// TestTakeKeepsDealsApart: no deal is handed out beside one that would stand in its way and of which nobody heard.
func TestTakeKeepsDealsApart(t *testing.T) {
	deal := func(key string, contact, company connector.ObjectID, scope scoring.OpenDeals) workflows.OutboxEntry {
		payload, _ := json.Marshal(workflows.DealPayload{UnlessOpen: scope, Deal: connector.Deal{Key: key, Contact: contact, Company: company}})
		return workflows.OutboxEntry{
			Key: key, Kind: workflows.KindDeal, Class: workflows.ClassDeal, Contact: contact, State: workflows.StateReady, Payload: payload, PlannedAt: business,
		}
	}
	for name, tc := range map[string]struct {
		next  workflows.OutboxEntry
		waits bool
	}{
		"the same contact":                      {deal("l", "1", "", scoring.OpenAny), true},
		"the same company, which counts":        {deal("l", "2", "77", scoring.OpenCompany), true},
		"the same company, which does not":      {deal("l", "2", "77", scoring.OpenAny), false},
		"somebody else, of no company":          {deal("l", "2", "", scoring.OpenCompany), false},
		"somebody else, whose company is other": {deal("l", "2", "78", scoring.OpenCompany), false},
	} {
		t.Run(name, func(t *testing.T) {
			eachDatabase(t, func(b *bench) {
				b.plan("1", deal("k", "1", "77", scoring.OpenAny))
				b.take(workflows.KindDeal, 10, nil)
				b.must(b.store.Settle(b.ctx, b.fence, []workflows.Settlement{{Key: "k", Attempt: 1, State: workflows.StateSending, Wait: time.Minute}}))
				b.plan(tc.next.Contact, tc.next)
				if got := len(b.quietly(workflows.KindDeal)) == 0; got != tc.waits {
					b.Fatalf("waits: %v, want %v", got, tc.waits)
				}
				if !tc.waits {
					return
				}
				b.pass(time.Minute)
				if diff := cmp.Diff([]string{"k"}, b.quietly(workflows.KindDeal)); diff != "" {
					b.Errorf("when it is looked for (-want +got):\n%s", diff)
				}
				b.must(b.store.Settle(b.ctx, b.fence, []workflows.Settlement{{Key: "k", Attempt: 2, State: workflows.StateSettled}}))
				if diff := cmp.Diff([]string{"l"}, b.quietly(workflows.KindDeal)); diff != "" {
					b.Errorf("when it is known (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestCancelOfWhatIsUnderWay: what a worker that is gone has left as being sent. An update is not sent once more when it was
// cancelled since; a creation, and a move back that may have cleared the stage, are looked for all the same.
func TestCancelOfWhatIsUnderWay(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.plan("1", update("1", workflows.ClassStatus, "status", "NEW"), back("1", "mql", "lead"), task("1", "k"))
		kinds := []workflows.EntryKind{workflows.KindUpdate, workflows.KindBack, workflows.KindTask}
		late := map[workflows.EntryKind]workflows.OutboxEntry{}
		for _, kind := range kinds {
			late[kind] = b.take(kind, 10, nil).Entries[0]
		}
		b.cancel("contact/1/status", "contact/1/back", "k")
		b.must(b.store.Settle(b.ctx, b.fence, []workflows.Settlement{settlement(late[workflows.KindUpdate], workflows.StateReady)}))
		got := map[string]workflows.EntryState{}
		for _, key := range []string{"contact/1/status", "contact/1/back", "k"} {
			got[key] = b.entry(key).State
		}
		want := map[string]workflows.EntryState{
			"contact/1/status": workflows.StateCancelled, "contact/1/back": workflows.StateSending, "k": workflows.StateSending,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			b.Errorf("states (-want +got):\n%s", diff)
		}
		if again := b.take(workflows.KindUpdate, 10, nil).Entries; len(again) != 0 {
			b.Errorf("sent once more: %v", keys(again))
		}
		b.plan("1", update("1", workflows.ClassStatus, "status", "NEW"))
		if again := b.take(workflows.KindUpdate, 10, nil).Entries; len(again) != 1 {
			b.Error("planned anew and not sent")
		}
	})
}
