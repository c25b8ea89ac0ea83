package store_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
	"leadsync/workflows/store"
)

func back(id connector.ObjectID, to string, from ...string) workflows.OutboxEntry {
	payload, _ := json.Marshal(workflows.BackPayload{Property: "stage", From: from, To: to})
	return workflows.OutboxEntry{
		Key: fmt.Sprintf("contact/%s/back", id), Kind: workflows.KindBack, Class: workflows.ClassStage, Contact: id,
		State: workflows.StateReady, Payload: payload, PlannedAt: business,
	}
}

func membership(id connector.ObjectID, add bool) workflows.OutboxEntry {
	payload, _ := json.Marshal(workflows.ListPayload{List: "11", Name: "news", Add: add})
	return workflows.OutboxEntry{
		Key: fmt.Sprintf("contact/%s/list/11", id), Kind: workflows.KindList, Class: workflows.ClassList, Contact: id,
		State: workflows.StateReady, Payload: payload, PlannedAt: business,
	}
}

func settlement(e workflows.OutboxEntry, state workflows.EntryState) workflows.Settlement {
	return workflows.Settlement{Key: e.Key, Attempt: e.Attempt, State: state}
}

// As long as a move back is unfinished the contact counts as being where it leads to; its end makes the contact
// due, and what it wrote is in the mirror.
func TestMoveBack(t *testing.T) {
	for _, end := range []workflows.EntryState{workflows.StateSettled, workflows.StateParked, workflows.StateCancelled} {
		t.Run(string(end), func(t *testing.T) {
			eachDatabase(t, func(b *bench) {
				b.plan("1", update("1", workflows.ClassScore, "score", "5"), back("1", "mql", "lead"))
				want := &workflows.BackPayload{Property: "stage", From: []string{"lead"}, To: "mql"}
				check := func(when string) {
					b.Helper()
					got := b.lead("1")
					if diff := cmp.Diff(map[string]string{"stage": "mql", "score": "5"}, got.Pending); diff != "" {
						b.Errorf("%s: pending %s", when, diff)
					}
					if diff := cmp.Diff(want, got.Returning); diff != "" || got.Refused != nil {
						b.Errorf("%s: returning %s, refused %v", when, diff, got.Refused)
					}
				}
				check("ready")
				taken := b.take(workflows.KindBack, 10, nil)
				check("sending")
				b.settleAll()
				b.must(b.store.Settle(b.ctx, b.fence, []workflows.Settlement{settlement(taken.Entries[0], workflows.StateSending)}))
				check("unknown")
				if ids := b.dueIDs(); ids != nil {
					b.Errorf("due before the end: %v", ids)
				}
				taken = b.take(workflows.KindBack, 10, nil)
				b.must(b.store.Settle(b.ctx, b.fence, []workflows.Settlement{settlement(taken.Entries[0], end)}))
				got := b.lead("1")
				if got.Returning != nil || (got.Refused != nil) != (end == workflows.StateParked) || got.Pending["stage"] != "" {
					b.Errorf("after the end: returning %v, refused %v, pending %v", got.Returning, got.Refused, got.Pending)
				}
				stage := map[workflows.EntryState]string{workflows.StateSettled: "mql"}[end]
				if stage == "" {
					stage = "lead"
				}
				if got.Contact.Properties["stage"] != stage {
					b.Errorf("the mirror says %q, want %q", got.Contact.Properties["stage"], stage)
				}
				if diff := cmp.Diff([]string{"contact 1"}, b.dueIDs()); diff != "" {
					b.Error(diff)
				}
			})
		})
	}
}

// A move back waits for a move forward that is under way, and wins over it in what the contact will have.
func TestMoveBackWaits(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.plan("1", update("1", workflows.ClassStage, "stage", "sql"), back("1", "mql", "sql"))
		if got := b.lead("1").Pending["stage"]; got != "mql" {
			b.Errorf("pending %q", got)
		}
		if taken := b.take(workflows.KindBack, 10, nil); len(taken.Entries) != 0 {
			b.Errorf("handed out before the move forward: %v", keys(taken.Entries))
		}
		forward := b.take(workflows.KindUpdate, 10, nil).Entries[0]
		b.must(b.store.Settle(b.ctx, b.fence, []workflows.Settlement{settlement(forward, workflows.StateSettled)}))
		first := b.take(workflows.KindBack, 10, map[workflows.Class]int{workflows.ClassStage: 9}).Entries
		if diff := cmp.Diff([]string{"contact/1/back"}, keys(first)); diff != "" {
			b.Error(diff)
		}
		// A newer plan takes the place of the one that is being sent, whose outcome comes too late to end it.
		b.plan("1", back("1", "lead", "sql", "mql"))
		b.must(b.store.Settle(b.ctx, b.fence, []workflows.Settlement{settlement(first[0], workflows.StateSettled)}))
		if e := b.entry("contact/1/back"); e.State != workflows.StateReady || b.lead("1").Pending["stage"] != "lead" {
			b.Errorf("%s, pending %v", e.State, b.lead("1").Pending)
		}
	})
}

// The blast radius holds for moves back and for lists.
func TestLimitsOfBackAndLists(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.plan("1", back("1", "mql", "lead"), membership("1", true))
		b.plan("2", back("2", "mql", "lead"), membership("2", false))
		for kind, class := range map[workflows.EntryKind]workflows.Class{workflows.KindBack: workflows.ClassStage, workflows.KindList: workflows.ClassList} {
			taken := b.take(kind, 10, map[workflows.Class]int{class: 1})
			if len(taken.Entries) != 0 || len(taken.Paused) != 1 || taken.Paused[0] != class {
				b.Errorf("%s: %v, paused %v", kind, keys(taken.Entries), taken.Paused)
			}
			if n, err := b.store.ReleaseClass(b.ctx, portal, class); err != nil || n != 2 {
				b.Errorf("released %d, %v", n, err)
			}
			if taken := b.take(kind, 10, map[workflows.Class]int{class: 1}); len(taken.Entries) != 2 {
				b.Errorf("%s after the release: %v", kind, keys(taken.Entries))
			}
		}
	})
}

func TestMergeOfBackAndLists(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.plan("1", back("1", "mql", "lead"), membership("1", true))
		b.merged()
		if e := b.entry("contact/1/back"); e.State != workflows.StateCancelled {
			b.Errorf("the move back of a contact that is gone: %+v", e)
		}
		if e := b.entry("contact/1/list/11"); e.State != workflows.StateReady || e.Contact != "2" {
			b.Errorf("its membership: %+v", e)
		}
	})
}

// What is handed out again says for how long its outcome has been unknown.
func TestUnknownFor(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.plan("1", task("1", "k"))
		if e := b.take(workflows.KindTask, 1, nil).Entries[0]; e.UnknownFor != 0 {
			b.Errorf("unknown for %v at first", e.UnknownFor)
		}
		b.pass(90 * time.Second)
		e := b.take(workflows.KindTask, 1, nil).Entries[0]
		if !e.Unknown || e.UnknownFor < 90*time.Second || e.UnknownFor > 100*time.Second {
			b.Errorf("unknown %v for %v", e.Unknown, e.UnknownFor)
		}
	})
}

func TestRetryAndDrop(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.plan("1", task("1", "k"), update("1", workflows.ClassStage, "stage", "mql"), membership("1", true), closing("c", "other"))
		_, err := b.store.RetryEntry(b.ctx, portal, "k", workflows.Order{})
		if !errors.Is(err, store.ErrWrongState) || !strings.Contains(err.Error(), "ready") {
			b.Errorf("retry of a ready entry: %v", err)
		}
		for _, kind := range []workflows.EntryKind{workflows.KindTask, workflows.KindUpdate} {
			e := b.take(kind, 1, nil).Entries[0]
			if _, err := b.store.DropEntry(b.ctx, portal, e.Key, workflows.Order{}); !errors.Is(err, store.ErrWrongState) || !strings.Contains(err.Error(), "being sent") {
				b.Errorf("drop of an entry that is being sent: %v", err)
			}
			s := settlement(e, workflows.StateParked)
			s.Error = "refused"
			b.must(b.store.Settle(b.ctx, b.fence, []workflows.Settlement{s}))
		}
		for key, state := range map[string]workflows.EntryState{"k": workflows.StateSending, "contact/1/stage": workflows.StateReady} {
			before, err := b.store.RetryEntry(b.ctx, portal, key, workflows.Order{})
			b.must(err)
			if before.State != workflows.StateParked || before.Error != "refused" {
				b.Errorf("%s was %s (%q)", key, before.State, before.Error)
			}
			if e, err := b.store.Entry(b.ctx, portal, key); err != nil || e.State != state || e.Attempt != 0 || e.Error != "" {
				b.Errorf("%s is %+v, %v; want %s", key, e, err, state)
			}
		}
		e := b.take(workflows.KindTask, 1, nil).Entries[0]
		if !e.Unknown {
			b.Error("what may exist is not looked for")
		}
		b.must(b.store.Settle(b.ctx, b.fence, []workflows.Settlement{settlement(e, workflows.StateParked)}))
		b.settleAll()
		for _, key := range []string{"k", "contact/1/list/11"} {
			_, err := b.store.DropEntry(b.ctx, portal, key, workflows.Order{})
			b.must(err)
			if e := b.entry(key); e.State != workflows.StateCancelled || e.Error == "" || e.SettledAt.IsZero() {
				b.Errorf("dropped: %+v", e)
			}
		}
		if diff := cmp.Diff([]string{"contact 1"}, b.dueIDs()); diff != "" {
			b.Error(diff)
		}
		_, err = b.store.DropEntry(b.ctx, portal, "k", workflows.Order{})
		if !errors.Is(err, store.ErrWrongState) || !strings.Contains(err.Error(), "cancelled") {
			b.Errorf("dropped twice: %v", err)
		}
		for _, operate := range []func() (workflows.OutboxEntry, error){
			func() (workflows.OutboxEntry, error) {
				return b.store.RetryEntry(b.ctx, portal, "nothing", workflows.Order{})
			},
			func() (workflows.OutboxEntry, error) {
				return b.store.DropEntry(b.ctx, portal, "nothing", workflows.Order{})
			},
			func() (workflows.OutboxEntry, error) { return b.store.Entry(b.ctx, portal, "nothing") },
		} {
			if _, err := operate(); !errors.Is(err, workflows.ErrNoRecord) {
				b.Errorf("an entry that is not there: %v", err)
			}
		}
		decisions, err := b.store.Decisions(b.ctx, portal, "1", 10)
		b.must(err)
		var codes []string
		for _, d := range decisions {
			codes = append(codes, fmt.Sprint(d.No, " ", d.Reason.Code))
			if len(d.Actions) != 1 || d.Actions[0].Key != d.Reason.Params["key"] {
				b.Errorf("decision %+v", d)
			}
		}
		want := []string{"4 operator_dropped", "3 operator_dropped", "2 operator_retried", "1 operator_retried"}
		if diff := cmp.Diff(want, codes); diff != "" {
			b.Errorf("decisions (-want +got):\n%s", diff)
		}
	})
}

// A note takes the contact's next number; a plan that has counted without it is kept all the same, once.
func TestNotesAndPlans(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.plan("1", task("1", "k"))
		s := settlement(b.take(workflows.KindTask, 1, nil).Entries[0], workflows.StateSettled)
		s.Note = scoring.Reason{Code: workflows.ReasonCopyArchived, Params: map[string]string{"key": "k"}}
		b.must(b.store.Settle(b.ctx, b.fence, []workflows.Settlement{s}))
		decided := workflows.Decided{
			ID: "1", Objects: []connector.Object{person("1", 0)}, State: workflows.LeadState{Root: "1", Decisions: 1},
			Decision: &workflows.Decision{Contact: "1", No: 1, At: business, Model: "v", Reason: scoring.Reason{Code: "planned"}},
		}
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{decided}))
		decided.Decision.No = 2 // the same, repeated because nobody knew whether it had been stored
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{decided}))
		decisions, err := b.store.Decisions(b.ctx, portal, "1", 10)
		b.must(err)
		var codes []string
		for _, d := range decisions {
			codes = append(codes, fmt.Sprint(d.No, " ", d.Reason.Code))
		}
		if diff := cmp.Diff([]string{"2 planned", "1 copy_archived"}, codes); diff != "" {
			b.Errorf("decisions (-want +got):\n%s", diff)
		}
	})
}
