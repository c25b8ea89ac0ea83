package store_test

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/workflows"
	"leadsync/workflows/store"
)

func printOf(key string) connector.TaskPrint {
	return connector.PrintOf(connector.Task{Subject: key, DueAt: business, Kind: connector.TaskCall})
}

// amend makes the task of old that of key.
func amend(old, key string) workflows.OutboxEntry {
	payload, _ := json.Marshal(workflows.AmendPayload{
		Task: connector.Task{Key: key, Subject: "Call " + canary, BodyHTML: canary, Contact: "1", DueAt: business}, Old: old, Was: printOf(old),
	})
	return workflows.OutboxEntry{
		Key: key, Kind: workflows.KindAmend, Class: workflows.ClassTask, Contact: "1", State: workflows.StateReady,
		Payload: payload, PlannedAt: business,
	}
}

// ends settles an entry as the only one that is taken of its kind.
func (b *bench) ends(kind workflows.EntryKind, key string, state workflows.EntryState) {
	b.Helper()
	for _, e := range b.take(kind, 10, nil).Entries {
		if e.Key == key {
			s := workflows.Settlement{Key: e.Key, Attempt: e.Attempt, State: state}
			if state == workflows.StateSettled {
				s.RemoteID = connector.ObjectID("id of " + key)
			}
			b.must(b.store.Settle(b.ctx, b.fence, []workflows.Settlement{s}))
			return
		}
	}
	b.Fatalf("%s is not handed out", key)
}

// TestTakeFollowsAmendments: a closing or amendment is handed out once what it waits for is over, with every key that
// its task can have, and its id.
func TestTakeFollowsAmendments(t *testing.T) {
	earlier := func(keys ...string) []workflows.EarlierTask {
		var out []workflows.EarlierTask
		for _, key := range keys {
			out = append(out, workflows.EarlierTask{Key: key, Was: printOf(key)})
		}
		return out
	}
	for name, tc := range map[string]struct {
		play func(b *bench)
		want []workflows.EarlierTask
		id   connector.ObjectID
		off  bool
	}{
		"amended": {func(b *bench) {
			b.ends(workflows.KindTask, "k", workflows.StateSettled)
			b.ends(workflows.KindAmend, "n", workflows.StateSettled)
		}, nil, "id of n", false},
		"the amendment is to come": {func(b *bench) { b.ends(workflows.KindTask, "k", workflows.StateSettled) }, nil, "", true},
		"left as it was edited": {func(b *bench) {
			b.ends(workflows.KindTask, "k", workflows.StateSettled)
			b.ends(workflows.KindAmend, "n", workflows.StateCancelled)
		}, earlier("k"), "id of k", false},
		"refused": {func(b *bench) {
			b.ends(workflows.KindTask, "k", workflows.StateSettled)
			b.ends(workflows.KindAmend, "n", workflows.StateParked)
		}, earlier("k"), "id of k", false},
		"cancelled before the task was made": {func(b *bench) { b.cancel("n") }, nil, "", true},
		"cancelled while the task is being made": {func(b *bench) {
			b.take(workflows.KindTask, 10, nil)
			b.cancel("n")
		}, nil, "", true},
		"both cancelled": {func(b *bench) { b.cancel("n", "k") }, earlier("k"), "", false},
	} {
		t.Run(name, func(t *testing.T) {
			eachDatabase(t, func(b *bench) {
				b.plan("1", task("1", "k"), amend("k", "n"), closing("close/n", "n"))
				tc.play(b)
				taken := b.take(workflows.KindClose, 10, nil).Entries
				if len(taken) != 1 != tc.off {
					b.Fatalf("handed out: %v", keys(taken))
				}
				if !tc.off {
					if diff := cmp.Diff(tc.want, taken[0].Earlier); diff != "" {
						b.Error(diff)
					}
					if taken[0].Task != tc.id {
						b.Errorf("the task is %q, want %q", taken[0].Task, tc.id)
					}
				}
			})
		})
	}
}

// cancel cancels entries by another decision.
func (b *bench) cancel(keys ...string) {
	b.Helper()
	b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{ID: "1", State: workflows.LeadState{Root: "1"}, CancelKeys: keys}}))
}

// TestLeadsKnowsWaitingClosings: whoever plans is told which tasks are to be closed and are not yet.
func TestLeadsKnowsWaitingClosings(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.plan("1", task("1", "k"), closing("close/k", "k"), task("1", "other"), closing("close/other", "other"))
		told := func(when string, want ...string) {
			b.Helper()
			if got := slices.Sorted(maps.Keys(b.lead("1").Closings)); !slices.Equal(got, want) {
				b.Errorf("%s: %v, want %v", when, got, want)
			}
		}
		told("planned", "k", "other")
		b.ends(workflows.KindTask, "k", workflows.StateSettled)
		b.ends(workflows.KindTask, "other", workflows.StateSettled)
		taken := b.take(workflows.KindClose, 1, nil).Entries
		told("one is being sent", "k", "other")
		b.must(b.store.Settle(b.ctx, b.fence, []workflows.Settlement{{Key: taken[0].Key, Attempt: taken[0].Attempt, State: workflows.StateSettled}}))
		told("one has gone out", map[string]string{"close/k": "other", "close/other": "k"}[taken[0].Key])
		b.cancel("close/k", "close/other")
		told("the other is cancelled")
	})
}

// TestTakeFollowsManyAmendments goes back over amendments that did not happen to the task that is there.
func TestTakeFollowsManyAmendments(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.plan("1", task("1", "k"), amend("k", "l"), amend("l", "m"), amend("m", "n"))
		b.ends(workflows.KindTask, "k", workflows.StateSettled)
		b.cancel("l", "m")
		taken := b.take(workflows.KindAmend, 10, nil).Entries
		if len(taken) != 1 || taken[0].Key != "n" {
			b.Fatalf("handed out: %v", keys(taken))
		}
		want := []workflows.EarlierTask{{Key: "l", Was: printOf("l")}, {Key: "k", Was: printOf("k")}}
		if diff := cmp.Diff(want, taken[0].Earlier); diff != "" {
			b.Error(diff)
		}
		// It is the same after a crash.
		again := b.take(workflows.KindAmend, 10, nil).Entries
		if len(again) != 1 || !again[0].Unknown || len(again[0].Earlier) != 2 {
			b.Errorf("handed out again: %+v", again)
		}
	})
}

func TestRetriedAmendmentIsLookedFor(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.plan("1", task("1", "k"), amend("k", "n"))
		b.ends(workflows.KindTask, "k", workflows.StateSettled)
		b.ends(workflows.KindAmend, "n", workflows.StateParked)
		_, err := b.store.RetryEntry(b.ctx, portal, "n", workflows.Order{})
		b.must(err)
		taken := b.take(workflows.KindAmend, 10, nil).Entries
		if len(taken) != 1 || !taken[0].Unknown {
			b.Errorf("handed out: %+v", taken)
		}
	})
}

// TestRetryOfAReplacedTask: what a later amendment or closing went past is not made by an operator, beside what is there
// now.
func TestRetryOfAReplacedTask(t *testing.T) {
	own := func(key string) workflows.OwnTask { return workflows.OwnTask{Key: key} }
	for name, tc := range map[string]struct {
		following workflows.Following
		refused   bool
	}{
		"it is the open one":             {workflows.Following{Tasks: map[string]workflows.OwnTask{"call": own("n")}}, false},
		"another kind's is open":         {workflows.Following{Tasks: map[string]workflows.OwnTask{"call": own("n"), "todo": own("x")}}, false},
		"a newer one took its place":     {workflows.Following{Tasks: map[string]workflows.OwnTask{"call": own("m")}, Made: []workflows.OwnTask{own("k"), own("n")}}, true},
		"many newer ones took its place": {workflows.Following{Tasks: map[string]workflows.OwnTask{"call": own("m")}}, true},
		"it was closed":                  {workflows.Following{Made: []workflows.OwnTask{own("k"), own("n")}}, true},
		"nothing is remembered":          {workflows.Following{}, false},
	} {
		for _, kind := range []workflows.EntryKind{workflows.KindAmend, workflows.KindTask} {
			t.Run(name+", "+string(kind), func(t *testing.T) {
				eachDatabase(t, func(b *bench) {
					e := task("1", "n")
					wanted := connector.Task{Key: "n", Kind: connector.TaskCall, Contact: "1", DueAt: business}
					e.Payload, _ = json.Marshal(wanted)
					if kind == workflows.KindAmend {
						e = amend("k", "n")
						e.Payload, _ = json.Marshal(workflows.AmendPayload{Task: wanted, Old: "k"})
					}
					b.plan("1", e)
					b.ends(kind, "n", workflows.StateParked)
					b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{
						ID: "1", Objects: []connector.Object{person("1", 0, "stage", "lead")}, State: workflows.LeadState{Root: "1", Following: tc.following},
					}}))
					_, err := b.store.RetryEntry(b.ctx, portal, "n", workflows.Order{})
					if errors.Is(err, store.ErrReplaced) != tc.refused || err != nil && !tc.refused {
						b.Errorf("error %v, refused: %v", err, tc.refused)
					}
					want := workflows.StateSending
					if tc.refused {
						want = workflows.StateParked
					}
					if got := b.entry("n").State; got != want {
						b.Errorf("the entry is %s, want %s", got, want)
					}
				})
			})
		}
	}
}

func TestAmendmentOfAMerge(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.plan("1", task("1", "k"), amend("k", "n"))
		b.merged()
		e := b.entry("n")
		var payload workflows.AmendPayload
		b.must(json.Unmarshal(e.Payload, &payload))
		if e.Contact != "2" || payload.Task.Contact != "2" || payload.Old != "k" || payload.Was != printOf("k") {
			b.Errorf("%+v with %+v", e, payload)
		}
	})
}

// TestAmendmentIsWithheld: of somebody who must not be profiled no text is written any more, and the closing still finds
// the task.
func TestAmendmentIsWithheld(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.plan("1", task("1", "k"), amend("k", "n"))
		b.ends(workflows.KindTask, "k", workflows.StateSettled)
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{unprofiled("1", true, closing("close/n", "n"))}))
		e := b.entry("n")
		if e.State != workflows.StateCancelled || strings.Contains(string(e.Payload), canary) {
			b.Errorf("the amendment is %s: %s", e.State, e.Payload)
		}
		taken := b.take(workflows.KindClose, 10, nil).Entries
		if len(taken) != 1 || len(taken[0].Earlier) != 1 || taken[0].Earlier[0].Key != "k" {
			b.Errorf("handed out: %+v", taken)
		}
	})
}
