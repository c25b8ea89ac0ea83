package store_test

import (
	"testing"
	"time"

	"leadsync/workflows"
)

// TestTakeOutruns: an update with other values waits while the CRM may still carry out one of which nobody heard, and not
// longer; the same values do not wait, and neither does what follows an update that was heard of.
func TestTakeOutruns(t *testing.T) {
	const key = "contact/1/score"
	score := func(value string) workflows.OutboxEntry { return update("1", workflows.ClassScore, "score", value) }
	became := func(b *bench, one workflows.Settlement) {
		b.Helper()
		one.Key, one.Attempt = key, b.entry(key).Attempt
		b.must(b.store.Settle(b.ctx, b.fence, []workflows.Settlement{one}))
	}
	for name, tc := range map[string]struct {
		play  func(b *bench)
		waits bool
	}{
		"heard of": {func(b *bench) {
			became(b, workflows.Settlement{State: workflows.StateSettled})
			b.plan("1", score("50"))
		}, false},
		"done at the second attempt": {func(b *bench) {
			became(b, workflows.Settlement{State: workflows.StateSettled, Unheard: true})
			b.plan("1", score("50"))
		}, true},
		"to be done again": {func(b *bench) {
			became(b, workflows.Settlement{State: workflows.StateReady, Unheard: true})
			b.plan("1", score("50"))
		}, true},
		"to be done again, with the same values": {func(b *bench) {
			became(b, workflows.Settlement{State: workflows.StateReady, Unheard: true})
		}, false},
		"done again, heard of": {func(b *bench) {
			became(b, workflows.Settlement{State: workflows.StateReady, Unheard: true})
			b.quietly(workflows.KindUpdate)
			became(b, workflows.Settlement{State: workflows.StateSettled})
			b.plan("1", score("50"))
		}, true},
		"left over": {func(b *bench) {
			b.plan("1", score("50"))
		}, true},
		"left over, with the same values": {func(*bench) {}, false},
		"left over, done again, heard of": {func(b *bench) {
			b.quietly(workflows.KindUpdate)
			became(b, workflows.Settlement{State: workflows.StateSettled})
			b.plan("1", score("50"))
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			eachDatabase(t, func(b *bench) {
				b.plan("1", score("40"))
				b.quietly(workflows.KindUpdate)
				b.pass(time.Second)
				tc.play(b)
				b.plan("2", update("2", workflows.ClassScore, "score", "1"))
				taken := b.quietly(workflows.KindUpdate)
				if got := len(taken) == 1; got != tc.waits || taken[len(taken)-1] != "contact/2/score" {
					b.Fatalf("waits: %v, want %v; handed out: %v", got, tc.waits, taken)
				}
				if !tc.waits {
					return
				}
				if wait := b.entry(key).NextAt.Sub(b.clockNow()); wait < quietFor-10*time.Second || wait > quietFor {
					b.Errorf("it waits %v", wait)
				}
				b.pass(quietFor - 30*time.Second)
				b.plan("1", score("60")) // planned anew, it waits no longer than before, and no shorter
				if early := b.quietly(workflows.KindUpdate); len(early) != 1 || early[0] != "contact/2/score" {
					b.Errorf("handed out before its time: %v", early)
				}
				b.pass(30 * time.Second)
				if late := b.quietly(workflows.KindUpdate); len(late) != 2 {
					b.Errorf("afterwards: %v", late)
				}
			})
		})
	}
}
