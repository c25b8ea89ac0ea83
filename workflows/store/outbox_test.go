package store_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

// update is a planned update of one property.
func update(id connector.ObjectID, class workflows.Class, name, value string) workflows.OutboxEntry {
	payload, _ := json.Marshal(workflows.UpdatePayload{Properties: map[string]string{name: value}})
	return workflows.OutboxEntry{
		Key: fmt.Sprintf("contact/%s/%s", id, class), Kind: workflows.KindUpdate, Class: class, Contact: id,
		State: workflows.StateReady, Payload: payload, PlannedAt: business, Reason: scoring.Reason{Code: "criteria_met"},
	}
}

func task(id connector.ObjectID, key string) workflows.OutboxEntry {
	payload, _ := json.Marshal(connector.Task{Key: key, Subject: "Call back", Contact: id, DueAt: business})
	return workflows.OutboxEntry{
		Key: key, Kind: workflows.KindTask, Class: workflows.ClassTask, Contact: id, State: workflows.StateReady,
		Payload: payload, PlannedAt: business,
	}
}

func closing(key, taskKey string) workflows.OutboxEntry {
	payload, _ := json.Marshal(workflows.ClosePayload{TaskKey: taskKey})
	return workflows.OutboxEntry{
		Key: key, Kind: workflows.KindClose, Class: workflows.ClassTask, Contact: "1", State: workflows.StateReady, Payload: payload,
	}
}

// plan saves entries for a contact whose stage in the mirror is "lead".
func (b *bench) plan(id connector.ObjectID, entries ...workflows.OutboxEntry) {
	b.Helper()
	b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{
		ID: id, Objects: []connector.Object{person(id, 0, "stage", "lead")}, Entries: entries,
		State: workflows.LeadState{Root: id},
	}}))
}

func (b *bench) take(kind workflows.EntryKind, n int, limits map[workflows.Class]int) workflows.Taken {
	b.Helper()
	taken, err := b.store.Take(b.ctx, b.fence, workflows.Take{Kind: kind, Contacts: n, Limits: limits})
	b.must(err)
	return taken
}

func keys(entries []workflows.OutboxEntry) []string {
	var names []string
	for _, e := range entries {
		names = append(names, e.Key)
	}
	return names
}

// entry gives an outbox entry by key.
func (b *bench) entry(key string) workflows.OutboxEntry {
	b.Helper()
	all, err := b.store.Outbox(b.ctx, portal, "", "", 1000)
	b.must(err)
	for _, e := range all {
		if e.Key == key {
			return e
		}
	}
	b.Fatalf("no entry %q", key)
	return workflows.OutboxEntry{}
}

func TestTakeSettleUpdate(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.plan("1", update("1", workflows.ClassStage, "stage", "mql"), update("1", workflows.ClassScore, "score", "80"))
		b.plan("2", update("2", workflows.ClassStage, "stage", "mql"))
		b.plan("3", update("3", workflows.ClassStage, "stage", ""))
		taken := b.take(workflows.KindUpdate, 2, nil)
		want := []string{"contact/1/score", "contact/1/stage", "contact/2/stage"}
		if diff := cmp.Diff(want, keys(taken.Entries)); diff != "" {
			b.Fatal(diff)
		}
		got := taken.Entries[1]
		if got.State != workflows.StateSending || got.Attempt != 1 || got.Unknown || got.SentAt.IsZero() ||
			got.Reason.Code != "criteria_met" || !got.PlannedAt.Equal(business) ||
			string(got.Payload) != `{"properties":{"stage":"mql"}}` {
			b.Errorf("taken %+v", got)
		}
		if b.lead("1").Contact.Properties["stage"] != "lead" {
			b.Error("the mirror knows before it is settled")
		}
		b.must(b.store.Settle(b.ctx, b.fence, []workflows.Settlement{
			{Key: "contact/1/score", Attempt: 1, State: workflows.StateSettled},
			{Key: "contact/1/stage", Attempt: 1, State: workflows.StateSettled},
			{Key: "contact/2/stage", Attempt: 1, State: workflows.StateParked, Error: "no such option"},
		}))
		if diff := cmp.Diff(map[string]string{"stage": "mql", "score": "80"}, b.lead("1").Contact.Properties); diff != "" {
			b.Error(diff)
		}
		if b.lead("2").Contact.Properties["stage"] != "lead" {
			b.Error("a refused update was applied to the mirror")
		}
		if e := b.entry("contact/2/stage"); e.State != workflows.StateParked || e.Error != "no such option" || e.SettledAt.IsZero() {
			b.Errorf("parked %+v", e)
		}
		taken = b.take(workflows.KindUpdate, 2, nil)
		if diff := cmp.Diff([]string{"contact/3/stage"}, keys(taken.Entries)); diff != "" {
			b.Fatal(diff)
		}
		b.must(b.store.Settle(b.ctx, b.fence, []workflows.Settlement{{Key: "contact/3/stage", Attempt: 1, State: workflows.StateSettled}}))
		if _, has := b.lead("3").Contact.Properties["stage"]; has {
			b.Error("an empty value does not clear the property")
		}
	})
}

func TestCrashLeavesUnknown(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.plan("1", task("1", "k1"))
		if first := b.take(workflows.KindTask, 10, nil); len(first.Entries) != 1 || first.Entries[0].Unknown {
			b.Fatalf("first %+v", first)
		}
		b.fence = b.acquire("worker-a") // crashed and started again
		second := b.take(workflows.KindTask, 10, nil)
		if len(second.Entries) != 1 || !second.Entries[0].Unknown || second.Entries[0].Attempt != 2 {
			b.Fatalf("left over %+v", second)
		}
		late := workflows.Settlement{Key: "k1", Attempt: 1, State: workflows.StateParked, Error: "late"}
		b.must(b.store.Settle(b.ctx, b.fence, []workflows.Settlement{late}))
		if e := b.entry("k1"); e.State != workflows.StateSending {
			b.Errorf("the settlement of another attempt took effect: %+v", e)
		}
		done := workflows.Settlement{Key: "k1", Attempt: 2, State: workflows.StateSettled, RemoteID: "77"}
		b.must(b.store.Settle(b.ctx, b.fence, []workflows.Settlement{done, done}))
		if e := b.entry("k1"); e.State != workflows.StateSettled || e.RemoteID != "77" {
			b.Errorf("settled %+v", e)
		}
		if again := b.take(workflows.KindTask, 10, nil); len(again.Entries) != 0 {
			b.Errorf("handed out a settled task: %+v", again)
		}
		b.plan("1", task("1", "k1"))
		if e := b.entry("k1"); e.State != workflows.StateSettled {
			b.Errorf("a second plan under the same key replaced the task: %+v", e)
		}
	})
}

func TestRetryAndFree(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.plan("1", task("1", "k1"))
		b.take(workflows.KindTask, 10, nil)
		b.must(b.store.Settle(b.ctx, b.fence, []workflows.Settlement{
			{Key: "k1", Attempt: 1, State: workflows.StateReady, Wait: time.Minute, Free: true, Error: "throttled"},
		}))
		if taken := b.take(workflows.KindTask, 10, nil); len(taken.Entries) != 0 {
			b.Fatalf("handed out before its time: %+v", taken)
		}
		b.pass(2 * time.Minute)
		taken := b.take(workflows.KindTask, 10, nil)
		if len(taken.Entries) != 1 || taken.Entries[0].Attempt != 1 || taken.Entries[0].Unknown {
			b.Fatalf("a throttled attempt was counted: %+v", taken)
		}
		b.must(b.store.Settle(b.ctx, b.fence, []workflows.Settlement{{Key: "k1", Attempt: 1, State: workflows.StateReady}}))
		if taken := b.take(workflows.KindTask, 10, nil); len(taken.Entries) != 1 || taken.Entries[0].Attempt != 2 {
			b.Fatalf("second attempt: %+v", taken)
		}
		if err := b.store.Settle(b.ctx, b.fence, []workflows.Settlement{{Key: "k1", Attempt: 2, State: workflows.StateShadow}}); err == nil {
			b.Error("settled into shadow")
		}
	})
}

func TestOutcomeStaysUnknown(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.plan("1", task("1", "k1"), task("1", "k2"))
		b.take(workflows.KindTask, 10, nil)
		b.must(b.store.Settle(b.ctx, b.fence, []workflows.Settlement{
			{Key: "k1", Attempt: 1, State: workflows.StateSending, Wait: time.Minute, Error: "timeout"},
			{Key: "k2", Attempt: 1, State: workflows.StateCancelled, Error: "not wanted"},
		}))
		if taken := b.take(workflows.KindTask, 10, nil); len(taken.Entries) != 0 {
			b.Fatalf("handed out before its time: %v", keys(taken.Entries))
		}
		b.pass(2 * time.Minute)
		taken := b.take(workflows.KindTask, 10, nil)
		if len(taken.Entries) != 1 || !taken.Entries[0].Unknown || taken.Entries[0].Attempt != 2 {
			b.Errorf("the unknown one: %+v", taken.Entries)
		}
		if e := b.entry("k2"); e.State != workflows.StateCancelled || e.SettledAt.IsZero() {
			b.Errorf("the cancelled one: %+v", e)
		}
	})
}

func TestReplacedWhileSending(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.plan("1", update("1", workflows.ClassStage, "stage", "mql"))
		b.take(workflows.KindUpdate, 10, nil)
		b.plan("1", update("1", workflows.ClassStage, "stage", "mql")) // the same again: it is on its way
		if e := b.entry("contact/1/stage"); e.State != workflows.StateSending {
			b.Fatalf("an equal plan disturbed the sending: %+v", e)
		}
		b.plan("1", update("1", workflows.ClassStage, "stage", "sql"))
		b.must(b.store.Settle(b.ctx, b.fence, []workflows.Settlement{{Key: "contact/1/stage", Attempt: 1, State: workflows.StateSettled}}))
		if e := b.entry("contact/1/stage"); e.State != workflows.StateReady {
			b.Fatalf("the settlement of the old payload settled the new one: %+v", e)
		}
		if got := b.lead("1").Contact.Properties["stage"]; got != "mql" {
			b.Errorf("the mirror has stage %q, but mql was written", got)
		}
		taken := b.take(workflows.KindUpdate, 10, nil)
		if len(taken.Entries) != 1 || taken.Entries[0].Unknown || string(taken.Entries[0].Payload) != `{"properties":{"stage":"sql"}}` {
			b.Fatalf("new payload %+v", taken)
		}
		b.must(b.store.Settle(b.ctx, b.fence, []workflows.Settlement{
			{Key: "contact/1/stage", Attempt: taken.Entries[0].Attempt, State: workflows.StateSettled},
		}))
		b.plan("1", update("1", workflows.ClassStage, "stage", "sql")) // somebody changed it back: write again
		if taken := b.take(workflows.KindUpdate, 10, nil); len(taken.Entries) != 1 || taken.Entries[0].Attempt != 1 {
			b.Errorf("planned again %+v", taken)
		}
	})
}

func TestRollingLimit(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		limits := map[workflows.Class]int{workflows.ClassTask: 3}
		plan := func(n ...int) {
			for _, i := range n {
				id := connector.ObjectID(fmt.Sprint(i))
				b.plan(id, task(id, "k"+string(id)))
			}
		}
		plan(1, 2, 3)
		first := b.take(workflows.KindTask, 2, limits)
		plan(4, 5, 6)
		second := b.take(workflows.KindTask, 10, limits) // two left over; one of the other four would be within the limit
		if len(first.Entries) != 2 || first.Paused != nil || len(second.Entries) != 2 {
			b.Fatalf("first %v, second %v", keys(first.Entries), keys(second.Entries))
		}
		if diff := cmp.Diff([]workflows.Class{workflows.ClassTask}, second.Paused); diff != "" {
			b.Error(diff)
		}
		for _, e := range second.Entries {
			b.must(b.store.Settle(b.ctx, b.fence, []workflows.Settlement{{Key: e.Key, Attempt: e.Attempt, State: workflows.StateSettled}}))
		}
		b.pass(2 * time.Hour) // a pause ends by a person's word, not by time
		if third := b.take(workflows.KindTask, 10, limits); len(third.Entries) != 0 || third.Paused != nil {
			b.Errorf("a paused class handed out %v, paused again %v", keys(third.Entries), third.Paused)
		}
		backlog, err := b.store.Backlog(b.ctx, portal, business)
		b.must(err)
		if diff := cmp.Diff([]workflows.Class{workflows.ClassTask}, backlog.PausedClass); diff != "" {
			b.Error(diff)
		}
		released, err := b.store.ReleaseClass(b.ctx, portal, workflows.ClassTask)
		b.must(err)
		b.plan("9", task("9", "k9"))
		fourth := b.take(workflows.KindTask, 10, map[workflows.Class]int{workflows.ClassTask: 1})
		if released != 4 || len(fourth.Entries) != 5 || fourth.Paused != nil {
			b.Errorf("released %d, then handed out %v, paused %v", released, keys(fourth.Entries), fourth.Paused)
		}
		effects, err := b.store.Effects(b.ctx, portal)
		b.must(err)
		if len(effects) != 2 || effects[0].LastHour != 5 || effects[0].State != workflows.StateSending || effects[1].Count != 2 {
			b.Errorf("effects %+v", effects)
		}
	})
}

// Of an account of thirty contacts ten percent are three, whatever the limit in numbers.
func TestLimitAsShare(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		for i := range 30 {
			id := connector.ObjectID(fmt.Sprint(i + 1))
			b.plan(id, update(id, workflows.ClassScore, "score", "1"))
		}
		take := func(share int) workflows.Taken {
			taken, err := b.store.Take(b.ctx, b.fence, workflows.Take{
				Kind: workflows.KindUpdate, Contacts: 100, Limits: map[workflows.Class]int{workflows.ClassStage: 200},
				Shares: map[workflows.Class]int{workflows.ClassStage: share},
			})
			b.must(err)
			for _, e := range taken.Entries {
				b.must(b.store.Settle(b.ctx, b.fence, []workflows.Settlement{{Key: e.Key, Attempt: e.Attempt, State: workflows.StateSettled}}))
			}
			return taken
		}
		take(10)
		for _, id := range []connector.ObjectID{"1", "2", "3", "4"} {
			b.plan(id, update(id, workflows.ClassStage, "stage", "mql"))
		}
		if taken := take(10); len(taken.Paused) != 1 || len(taken.Entries) != 0 {
			b.Errorf("four of thirty: %v, paused %v", keys(taken.Entries), taken.Paused)
		}
		_, err := b.store.ReleaseClass(b.ctx, portal, workflows.ClassStage)
		b.must(err)
		if taken := take(10); len(taken.Paused) != 0 || len(taken.Entries) != 4 {
			b.Errorf("released: %v, paused %v", keys(taken.Entries), taken.Paused)
		}
		b.plan("5", update("5", workflows.ClassStage, "stage", "mql"))
		if taken := take(1); len(taken.Paused) != 0 || len(taken.Entries) != 1 {
			b.Errorf("one contact is always within: %v, paused %v", keys(taken.Entries), taken.Paused)
		}
	})
}

func TestLimitCountsEveryPayload(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		limits := map[workflows.Class]int{workflows.ClassStage: 2}
		for i, stage := range []string{"mql", "sql", "mql"} { // two systems fight over one property
			b.plan("1", update("1", workflows.ClassStage, "stage", stage), update("1", workflows.ClassScore, "score", stage))
			taken := b.take(workflows.KindUpdate, 10, limits)
			for _, e := range taken.Entries {
				b.must(b.store.Settle(b.ctx, b.fence, []workflows.Settlement{{Key: e.Key, Attempt: e.Attempt, State: workflows.StateSettled}}))
			}
			if want := i < 2; (len(taken.Entries) == 2) != want || (taken.Paused == nil) != want {
				b.Errorf("round %d: %v, paused %v", i, keys(taken.Entries), taken.Paused)
			}
		}
	})
}

func TestCloseWaitsForItsTask(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.plan("1", task("1", "k1"), closing("close/k1", "k1"), closing("close/old", "unknown"))
		if taken := b.take(workflows.KindClose, 10, nil); cmp.Diff([]string{"close/old"}, keys(taken.Entries)) != "" {
			b.Fatalf("closings %v", keys(taken.Entries))
		}
		b.take(workflows.KindTask, 10, nil)
		if taken := b.take(workflows.KindClose, 1, nil); len(taken.Entries) == 1 && taken.Entries[0].Key != "close/old" {
			b.Fatalf("closed while the task is being created: %v", keys(taken.Entries))
		}
		b.must(b.store.Settle(b.ctx, b.fence, []workflows.Settlement{
			{Key: "k1", Attempt: 1, State: workflows.StateSettled, RemoteID: "5"},
			{Key: "close/old", Attempt: 2, State: workflows.StateSettled},
		}))
		if taken := b.take(workflows.KindClose, 10, nil); cmp.Diff([]string{"close/k1"}, keys(taken.Entries)) != "" {
			b.Fatalf("closings %v", keys(taken.Entries))
		}
	})
}

func TestCancelAndShadow(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		shadow := update("1", workflows.ClassStage, "stage", "mql")
		shadow.State = workflows.StateShadow
		b.plan("1", task("1", "k1"), task("1", "k2"), shadow)
		if taken := b.take(workflows.KindUpdate, 10, nil); len(taken.Entries) != 0 {
			b.Errorf("shadow was handed out: %v", keys(taken.Entries))
		}
		counts, err := b.store.ShadowCounts(b.ctx, portal)
		b.must(err)
		if diff := cmp.Diff(map[workflows.Class]int{workflows.ClassStage: 1}, counts); diff != "" {
			b.Error(diff)
		}
		b.take(workflows.KindTask, 1, nil) // k1
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{ID: "1", CancelKeys: []string{"k1", "k2", "none"}}}))
		if one, two := b.entry("k1"), b.entry("k2"); one.State != workflows.StateSending || two.State != workflows.StateCancelled {
			b.Errorf("k1 %s, k2 %s; want only the ready one cancelled", one.State, two.State)
		}
		b.plan("1", update("1", workflows.ClassStage, "stage", "mql")) // switched on
		if taken := b.take(workflows.KindUpdate, 10, nil); len(taken.Entries) != 1 {
			b.Errorf("the class was switched on, but nothing is sent: %v", keys(taken.Entries))
		}
		found, err := b.store.Outbox(b.ctx, portal, workflows.StateCancelled, "1", 10)
		b.must(err)
		if diff := cmp.Diff([]string{"k2"}, keys(found)); diff != "" {
			b.Error(diff)
		}
	})
}
