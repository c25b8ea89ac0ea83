package store_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/workflows"
)

// A Monday, and a budget of one task a day for everybody.
func budgetOf(perDay int) *workflows.Portal {
	return &workflows.Portal{ID: portal, TasksPerDay: perDay, Names: connector.Names{TaskStatus: "status", TaskDone: "done"}}
}

func taskFor(contact connector.ObjectID, key, owner, priority string) workflows.OutboxEntry {
	e := task(contact, key)
	e.Payload, _ = json.Marshal(connector.Task{
		Key: key, Subject: "Call " + key, Contact: contact, DueAt: business, RemindAt: business.Add(-time.Hour), OwnerID: owner, Priority: priority,
	})
	return e
}

func amendFor(contact connector.ObjectID, old, key, owner, priority string) workflows.OutboxEntry {
	e := amend(old, key)
	e.Contact = contact
	e.Payload, _ = json.Marshal(workflows.AmendPayload{
		Task: connector.Task{Key: key, Subject: "Call " + key, Contact: contact, DueAt: business, OwnerID: owner, Priority: priority},
		Old:  old, Was: connector.PrintOf(connector.Task{Subject: "Call " + old, DueAt: business, OwnerID: owner}),
	})
	return e
}

// budgeted hands out entries under a budget.
func (b *bench) budgeted(kind workflows.EntryKind, n, perDay int) []workflows.OutboxEntry {
	b.Helper()
	taken, err := b.store.Take(b.ctx, b.fence, workflows.Take{Kind: kind, Contacts: n, Portal: budgetOf(perDay)})
	b.must(err)
	return taken.Entries
}

// dues are the days on which the tasks of entries are due, by key.
func dues(b *bench, entries []workflows.OutboxEntry) map[string]string {
	b.Helper()
	days := map[string]string{}
	for _, e := range entries {
		days[e.Key] = taskIn(b, e).DueAt.Format("Jan 2")
	}
	return days
}

func taskIn(b *bench, e workflows.OutboxEntry) connector.Task {
	b.Helper()
	if e.Kind == workflows.KindTask {
		var t connector.Task
		b.must(json.Unmarshal(e.Payload, &t))
		return t
	}
	var p workflows.AmendPayload
	b.must(json.Unmarshal(e.Payload, &p))
	return p.Task
}

func (b *bench) wantDues(what string, entries []workflows.OutboxEntry, want map[string]string) {
	b.Helper()
	if diff := cmp.Diff(want, dues(b, entries)); diff != "" {
		b.Errorf("%s: due (-want +got):\n%s", what, diff)
	}
}

// settleAs settles entries with ids of the CRM, which are t and the key.
func (b *bench) settleAs(state workflows.EntryState, entries []workflows.OutboxEntry) {
	b.Helper()
	var all []workflows.Settlement
	for _, e := range entries {
		s := workflows.Settlement{Key: e.Key, Attempt: e.Attempt, State: state}
		if state == workflows.StateSettled {
			s.RemoteID = connector.ObjectID("t" + e.Key)
		}
		all = append(all, s)
	}
	b.must(b.store.Settle(b.ctx, b.fence, all))
}

// TestBudgetCarriesOver: what does not fit is rewritten before it is sent, with a word in the history, and stays there.
func TestBudgetCarriesOver(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.plan("1", taskFor("1", "a", "7", "low"))
		b.plan("2", taskFor("2", "b", "7", "high"))
		b.plan("3", taskFor("3", "c", "8", "low"))
		want := map[string]string{"a": "Mar 3", "b": "Mar 2", "c": "Mar 2"}
		first := b.budgeted(workflows.KindTask, 10, 1)
		b.wantDues("first", first, want)
		for _, e := range first {
			if one := taskIn(b, e); e.Key == "a" && one.DueAt.Sub(one.RemindAt) != time.Hour {
				b.Errorf("the reminder is at %s of a task due at %s", one.RemindAt, one.DueAt)
			}
		}
		again := b.budgeted(workflows.KindTask, 10, 1) // after a crash
		b.wantDues("again", again, want)
		for _, e := range again {
			if !e.Unknown {
				b.Errorf("%s is sent again as if for the first time", e.Key)
			}
		}
		decisions, err := b.store.Decisions(b.ctx, portal, "1", 10)
		b.must(err)
		var told []string
		for _, d := range decisions {
			if d.Reason.Code == workflows.ReasonCarriedOver {
				told = append(told, d.Reason.Params["from"]+" "+d.Reason.Params["to"]+" "+d.Reason.Params["most"])
			}
		}
		if diff := cmp.Diff([]string{"2026-03-02T09:00:00Z 2026-03-03T09:00:00Z 1"}, told); diff != "" {
			b.Errorf("history (-want +got):\n%s", diff)
		}
		b.settleAs(workflows.StateSettled, again)
		b.plan("4", taskFor("4", "d", "7", "high"))
		b.wantDues("a high one later", b.budgeted(workflows.KindTask, 10, 1), map[string]string{"d": "Mar 4"})
	})
}

// TestBudgetWaits: the most urgent of all that waits chooses first, whatever goes out first and however it is sent.
func TestBudgetWaits(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.plan("1", taskFor("1", "a", "7", "low"))
		b.plan("2", amendFor("2", "unknown", "b", "7", "high"))
		b.wantDues("tasks", b.budgeted(workflows.KindTask, 1, 1), map[string]string{"a": "Mar 3"})
		b.wantDues("amendments", b.budgeted(workflows.KindAmend, 1, 1), map[string]string{"b": "Mar 2"})
	})
}

// TestBudgetLeavesWhatMayBeSent: what was handed out before anybody counted keeps its due time.
func TestBudgetLeavesWhatMayBeSent(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.plan("1", taskFor("1", "a", "7", ""))
		b.settleAs(workflows.StateSettled, b.budgeted(workflows.KindTask, 10, 1))
		b.plan("2", taskFor("2", "b", "7", ""))
		b.take(workflows.KindTask, 10, nil)
		b.wantDues("afterwards", b.budgeted(workflows.KindTask, 10, 1), map[string]string{"b": "Mar 2"})
	})
}

// TestBudgetFrees: whatever ends a task gives its place to another.
func TestBudgetFrees(t *testing.T) {
	mirrored := func(minute int, pairs ...string) connector.Object {
		return object(connector.TypeTask, "ta", minute, pairs...)
	}
	show := func(b *bench, o connector.Object) {
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{ID: "1", Objects: []connector.Object{o}, State: workflows.LeadState{Root: "1"}}}))
	}
	for name, tc := range map[string]struct {
		play func(b *bench, taken []workflows.OutboxEntry)
		want string
	}{
		"nothing":   {func(b *bench, taken []workflows.OutboxEntry) { b.settleAs(workflows.StateSettled, taken) }, "Mar 3"},
		"unknown":   {func(*bench, []workflows.OutboxEntry) {}, "Mar 3"},
		"throttled": {func(b *bench, taken []workflows.OutboxEntry) { b.settleAs(workflows.StateReady, taken) }, "Mar 3"},
		"refused":   {func(b *bench, taken []workflows.OutboxEntry) { b.settleAs(workflows.StateParked, taken) }, "Mar 3"},
		"cancelled": {func(b *bench, taken []workflows.OutboxEntry) { b.settleAs(workflows.StateCancelled, taken) }, "Mar 2"},
		"open": {func(b *bench, taken []workflows.OutboxEntry) {
			b.settleAs(workflows.StateSettled, taken)
			show(b, mirrored(1, "status", "new"))
		}, "Mar 3"},
		"completed": {func(b *bench, taken []workflows.OutboxEntry) {
			b.settleAs(workflows.StateSettled, taken)
			show(b, mirrored(1, "status", "done"))
		}, "Mar 2"},
		"archived": {func(b *bench, taken []workflows.OutboxEntry) {
			b.settleAs(workflows.StateSettled, taken)
			o := mirrored(1, "status", "new")
			o.Archived = true
			show(b, o)
		}, "Mar 2"},
		"closed": {func(b *bench, taken []workflows.OutboxEntry) {
			b.settleAs(workflows.StateSettled, taken)
			b.plan("1", closing("close/a", "a"))
			b.settleAs(workflows.StateSettled, b.budgeted(workflows.KindClose, 10, 1))
		}, "Mar 2"},
		"left by the closing": {func(b *bench, taken []workflows.OutboxEntry) {
			b.settleAs(workflows.StateSettled, taken)
			b.plan("1", closing("close/a", "a"))
			b.settleAs(workflows.StateCancelled, b.budgeted(workflows.KindClose, 10, 1))
		}, "Mar 3"},
		"given to somebody else": {func(b *bench, taken []workflows.OutboxEntry) {
			b.settleAs(workflows.StateSettled, taken)
			b.plan("1", amendFor("1", "a", "n", "8", ""))
			b.settleAs(workflows.StateSettled, b.budgeted(workflows.KindAmend, 10, 1))
		}, "Mar 2"},
		"being given to somebody else": {func(b *bench, taken []workflows.OutboxEntry) {
			b.settleAs(workflows.StateSettled, taken)
			b.plan("1", amendFor("1", "a", "n", "8", ""))
			b.budgeted(workflows.KindAmend, 10, 1)
		}, "Mar 3"},
		"amended where it is": {func(b *bench, taken []workflows.OutboxEntry) {
			b.settleAs(workflows.StateSettled, taken)
			b.plan("1", amendFor("1", "a", "n", "7", ""))
			amended := b.budgeted(workflows.KindAmend, 10, 1)
			b.wantDues("amendment", amended, map[string]string{"n": "Mar 2"})
			b.settleAs(workflows.StateSettled, amended)
		}, "Mar 3"},
	} {
		t.Run(name, func(t *testing.T) {
			eachDatabase(t, func(b *bench) {
				b.plan("1", taskFor("1", "a", "7", ""))
				tc.play(b, b.budgeted(workflows.KindTask, 10, 1))
				b.plan("2", taskFor("2", "z", "7", "high"))
				for _, e := range b.budgeted(workflows.KindTask, 10, 1) {
					if e.Key == "z" {
						if got := dues(b, []workflows.OutboxEntry{e})["z"]; got != tc.want {
							b.Errorf("the next one is due on %s, want %s", got, tc.want)
						}
					}
				}
			})
		})
	}
}

// TestCarriedIsNotEdited: what the lead remembers of a task that was carried over, and what its closing or amendment
// compares with, is what was sent; after a merge, too.
func TestCarriedIsNotEdited(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		was := connector.PrintOf(connector.Task{Subject: "Call a", DueAt: business, OwnerID: "7"})
		following := workflows.Following{
			Tasks: map[string]workflows.OwnTask{"call": {Rule: "r", Key: "a", Was: was}, "todo": {Rule: "r", Key: "x", Was: was}},
			Made:  []workflows.OwnTask{{Key: "a", Was: was}, {Key: "y", Was: was}},
		}
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{
			{ID: "2", Objects: []connector.Object{person("2", 0)}, Entries: []workflows.OutboxEntry{taskFor("2", "b", "7", "high")}, State: workflows.LeadState{Root: "2"}},
			{
				ID: "1", Objects: []connector.Object{person("1", 0)}, Entries: []workflows.OutboxEntry{taskFor("1", "a", "7", "")},
				State: workflows.LeadState{Root: "1", Following: following},
			},
			{ID: "3", Entries: []workflows.OutboxEntry{taskFor("3", "c", "8", "")}, State: workflows.LeadState{Root: "3"}},
		}))
		b.settleAs(workflows.StateSettled, b.budgeted(workflows.KindTask, 10, 1))
		next := business.AddDate(0, 0, 1).Unix()
		check := func(st *workflows.LeadState) {
			b.Helper()
			got := []int64{st.Tasks["call"].Was.Due, st.Tasks["todo"].Was.Due, st.Made[0].Was.Due, st.Made[1].Was.Due}
			if diff := cmp.Diff([]int64{next, business.Unix(), next, business.Unix()}, got); diff != "" {
				b.Errorf("remembered (-want +got):\n%s", diff)
			}
		}
		check(b.lead("1").State)
		payload, err := json.Marshal(workflows.ClosePayload{TaskKey: "a", Was: was})
		b.must(err)
		stale := closing("close/a", "a") // planned before the task was carried over
		stale.Payload = payload
		b.plan("9", stale)
		var asked workflows.ClosePayload
		closings := b.budgeted(workflows.KindClose, 10, 1)
		b.must(json.Unmarshal(closings[0].Payload, &asked))
		b.settleAs(workflows.StateParked, closings) // an amendment waits until this is known
		if asked.Was.Due != next {
			b.Errorf("closed as if it were due at %d, want %d", asked.Was.Due, next)
		}
		b.plan("1", amendFor("1", "a", "n", "8", ""))
		b.plan("1", amendFor("1", "n", "m", "8", ""))
		amended := b.budgeted(workflows.KindAmend, 10, 1)
		var amends workflows.AmendPayload
		b.must(json.Unmarshal(amended[0].Payload, &amends))
		if amends.Was.Due != next || amends.Task.DueAt.Unix() != next || len(amended) != 1 {
			b.Errorf("%d amended as if due at %d, want 1 and %d", len(amended), amends.Was.Due, next)
		}
		b.settleAs(workflows.StateParked, amended)
		later := b.budgeted(workflows.KindAmend, 10, 1)
		if len(later) != 1 || len(later[0].Earlier) != 1 || later[0].Earlier[0].Was.Due != next {
			b.Errorf("the second amendment has %+v, want the task due at %d", later, next)
		}
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{ID: "1", Gone: true, Survivor: "5"}, {ID: "5", Objects: []connector.Object{person("5", 0)}, State: workflows.LeadState{Root: "5"}}}))
		if n := b.count(`SELECT COUNT(*) FROM task_days WHERE contact = '1'`); n != 0 {
			b.Errorf("%d days are left with the contact that was merged away", n)
		}
	})
}

// TestBudgetOverflow: what has room nowhere is counted until it is done; with the contact it is gone.
func TestBudgetOverflow(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		for i := range 13 {
			id := connector.ObjectID(fmt.Sprint(i + 1))
			b.plan(id, taskFor(id, fmt.Sprintf("k%02d", i), "7", ""))
		}
		taken := b.budgeted(workflows.KindTask, 100, 1)
		b.settleAs(workflows.StateSettled, taken)
		if got := dues(b, taken); got["k10"] != "Mar 16" || got["k11"] != "Mar 16" || got["k12"] != "Mar 16" || got["k09"] != "Mar 13" {
			b.Errorf("due %v", got)
		}
		over := func() int {
			n, err := b.store.OverBudget(b.ctx, portal, budgetOf(1).Names)
			b.must(err)
			return n
		}
		if n := over(); n != 2 {
			b.Errorf("%d over budget, want 2", n)
		}
		b.must(b.store.Erase(b.ctx, portal, "13"))
		if n := over(); n != 1 {
			b.Errorf("%d over budget after the contact was erased, want 1", n)
		}
		if n := b.count(`SELECT COUNT(*) FROM task_days WHERE contact = '13'`); n != 0 {
			b.Errorf("%d days are left of an erased contact", n)
		}
		o := object(connector.TypeTask, "tk11", 1, "status", "done")
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{ID: "12", Objects: []connector.Object{o}, State: workflows.LeadState{Root: "12"}}}))
		if n := over(); n != 0 {
			b.Errorf("%d over budget after it was completed, want 0", n)
		}
	})
}

// TestBudgetRandomly: whatever is planned, sent, lost, refused and amended in whatever order, nobody has more than the
// budget on a day but what is reported, nothing is lost, and what was handed out once keeps its day.
func TestBudgetRandomly(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		for seed := range uint64(2) {
			random := rand.New(rand.NewPCG(seed, 17))
			days, settled := map[string]string{}, map[string]workflows.EntryState{}
			latest := map[connector.ObjectID]string{}
			planned := 0
			for range 40 {
				for range random.IntN(5) {
					id := connector.ObjectID(fmt.Sprintf("%d%03d", seed+1, random.IntN(20)))
					key := fmt.Sprintf("s%d-%03d", seed, planned)
					owner, priority := fmt.Sprintf("o%d-%d", seed, random.IntN(3)), []string{"low", "medium", "high"}[random.IntN(3)]
					if old := latest[id]; old == "" {
						b.plan(id, taskFor(id, key, owner, priority))
					} else {
						b.plan(id, amendFor(id, old, key, owner, priority))
					}
					latest[id] = key
					planned++
				}
				kind := []workflows.EntryKind{workflows.KindTask, workflows.KindAmend}[random.IntN(2)]
				taken := b.budgeted(kind, 1+random.IntN(4), 2)
				for key, day := range dues(b, taken) {
					if before, has := days[key]; has && before != day {
						b.Errorf("seed %d: %s moved from %s to %s after it was handed out", seed, key, before, day)
					}
					days[key] = day
				}
				for _, e := range taken {
					state := []workflows.EntryState{workflows.StateSettled, workflows.StateSettled, workflows.StateReady, workflows.StateParked, ""}[random.IntN(5)]
					if state == "" {
						continue // a crash
					}
					b.settleAs(state, []workflows.OutboxEntry{e})
					settled[e.Key] = state
				}
				query := fmt.Sprintf(`SELECT COALESCE(MAX(n), 0) FROM (SELECT COUNT(*) AS n FROM task_days d
					JOIN outbox o ON o.portal = d.portal AND o.entry_key = d.entry_key
					WHERE d.owner LIKE 'o%d-%%' AND d.over = 0 AND o.state <> 'cancelled' AND NOT EXISTS (SELECT 1 FROM task_days x
						JOIN outbox y ON y.entry_key = x.entry_key WHERE x.replaces = d.entry_key AND y.state = 'settled')
					AND (o.state = 'settled' OR NOT EXISTS (SELECT 1 FROM task_days p
						WHERE p.entry_key = d.replaces AND p.owner = d.owner AND p.day = d.day))
					GROUP BY d.owner, d.day) AS counted`, seed)
				if n := b.count(query); n > 2 {
					b.Errorf("seed %d: %d tasks on one day", seed, n)
				}
			}
			for range 300 {
				taken := append(b.budgeted(workflows.KindTask, 100, 2), b.budgeted(workflows.KindAmend, 100, 2)...)
				b.settleAs(workflows.StateSettled, taken)
				maps.Copy(days, dues(b, taken))
				if len(taken) == 0 {
					break
				}
			}
			if len(days) != planned {
				b.Errorf("seed %d: %d of %d tasks were handed out", seed, len(days), planned)
			}
		}
	})
}
