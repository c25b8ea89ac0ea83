package workflows_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/connector/hubspot/simulator"
	"leadsync/scoring"
	"leadsync/workflows"
)

// freeing has an account whose archive keeps no unique values: a key is free again as soon as its task is archived.
func freeing(o *simulator.Options) { o.ArchivedKeepUnique = false }

// lost sends the creation of k, whose answer is lost; the call is still on its way.
func (b *taskBench) lost() {
	b.Helper()
	b.plan(b.create("k"))
	b.fails(simulator.FaultReset, "create")
	b.must(b.push())
	if e := b.entry("k"); e.State != sending {
		b.Fatalf("the creation is %s (%s)", e.State, e.Error)
	}
}

// after lets time pass and pushes.
func (b *taskBench) after(d time.Duration) {
	b.Helper()
	b.clock = b.clock.Add(d)
	b.must(b.push())
}

// arrives has the account carry out the lost creation after all, whether or not it still can.
func (b *taskBench) arrives(key string) {
	b.Helper()
	r := b.client.CreateTasks(b.Context(), []connector.Task{b.wanted(key)})[0]
	if r.Err != nil && !errors.Is(r.Err, connector.ErrConflict) {
		b.Fatal(r.Err)
	}
}

// TestLate has the account carry out half a minute late what nobody heard of, when the task has been amended or closed in
// the meantime. In the end there is what was asked for last, once.
func TestLate(t *testing.T) {
	for name, tc := range map[string]struct {
		play  func(b *taskBench)
		want  []string
		keyed bool // only where keys are unique: without, a creation is left alone for longer than this
	}{
		"a creation, amended since": {func(b *taskBench) {
			b.lost()
			b.after(3 * time.Second)
			b.plan(b.amend("k", "new"))
			b.after(3 * time.Second)
			b.clock = b.clock.Add(30 * time.Second)
			b.arrives("k")
		}, []string{"new: Call for new"}, false},
		"a creation, amended while it is unknown": {func(b *taskBench) {
			b.lost()
			b.plan(b.amend("k", "new"))
			b.after(3 * time.Second)
			b.clock = b.clock.Add(30 * time.Second)
			b.arrives("k")
		}, []string{"new: Call for new"}, false},
		"a creation, amended twice since": {func(b *taskBench) {
			b.lost()
			b.after(3 * time.Second)
			b.plan(b.amend("k", "new"), b.amend("new", "newer"))
			b.after(3 * time.Second)
			b.clock = b.clock.Add(30 * time.Second)
			b.arrives("k")
		}, []string{"newer: Call for newer"}, false},
		"a creation, closed since": {func(b *taskBench) {
			b.lost()
			b.after(3 * time.Second)
			b.plan(b.close("k"))
			b.after(3 * time.Second)
			b.clock = b.clock.Add(30 * time.Second)
			b.arrives("k")
		}, nil, false},
		"a creation, its amendment cancelled, closed since": {func(b *taskBench) {
			b.lost()
			b.after(3 * time.Second)
			b.plan(b.amend("k", "new"))
			b.cancel([]string{"new"}, b.close("new"))
			b.after(3 * time.Second)
			b.clock = b.clock.Add(30 * time.Second)
			b.arrives("k")
		}, nil, false},
		"a creation, passed on since": {func(b *taskBench) {
			b.lost()
			b.after(3 * time.Second)
			payload := workflows.AmendPayload{Task: b.wanted("new"), Old: "k", Was: connector.PrintOf(b.wanted("k")), Only: true}
			b.plan(entry(workflows.KindAmend, workflows.ClassTask, "new", b.contact, payload))
			b.after(3 * time.Second)
			b.clock = b.clock.Add(30 * time.Second)
			b.arrives("k")
		}, []string{"new: Call for new"}, false},
		"a creation that is refused for now when it is repeated, not wanted any more": {func(b *taskBench) {
			b.lost()
			b.fails(simulator.FaultRateTen, "create")
			b.clock = b.clock.Add(3 * time.Second)
			if err := b.push(); !errors.Is(err, connector.ErrThrottled) {
				b.Fatalf("error %v", err)
			}
			b.cancel([]string{"k"}, b.close("k"))
			b.after(time.Second)
			b.clock = b.clock.Add(30 * time.Second)
			b.arrives("k")
		}, nil, true},
		"a creation whose text was taken away": {func(b *taskBench) {
			mute := connector.Task{Key: "k", Kind: connector.TaskCall, DueAt: monday, Contact: b.contact}
			b.plan(entry(workflows.KindTask, workflows.ClassTask, "k", b.contact, mute))
			b.crash(workflows.KindTask)
			b.plan(entry(workflows.KindClose, workflows.ClassTask, "close/k", b.contact, workflows.ClosePayload{TaskKey: "k", Was: connector.PrintOf(b.wanted("k"))}))
			b.after(3 * time.Second)
			if e := b.entry("k"); e.State != sending {
				b.Errorf("given up after three seconds: %s", e.State)
			}
			b.clock = b.clock.Add(30 * time.Second)
			b.arrives("k")
		}, nil, false},
		"an amendment, amended since": {func(b *taskBench) {
			b.plan(b.create("k"))
			b.pushed()
			id := connector.ObjectID(b.id("k"))
			b.plan(b.amend("k", "new"))
			b.fails(simulator.FaultReset, "update")
			b.must(b.push())
			b.after(3 * time.Second)
			b.plan(b.amend("new", "newer"))
			b.after(3 * time.Second)
			b.clock = b.clock.Add(30 * time.Second)
			b.rewritten(id, "new")
		}, []string{"newer: Call for newer"}, true},
		"an amendment, closed since": {func(b *taskBench) {
			b.plan(b.create("k"))
			b.pushed()
			b.must(b.account.CompleteTask(amendingRep, b.id("k")))
			b.plan(b.amend("k", "new"))
			b.fails(simulator.FaultReset, "create")
			b.must(b.push())
			b.after(3 * time.Second)
			b.plan(b.close("new"))
			b.after(3 * time.Second)
			b.clock = b.clock.Add(30 * time.Second)
			b.arrives("new")
		}, []string{"k: Call for k (done)"}, false},
	} {
		for protocol, marked := range map[string]bool{"keyed": false, "marked": true} {
			if marked && tc.keyed {
				continue
			}
			t.Run(name+"/"+protocol, func(t *testing.T) {
				b := newTaskBench(t, marked, freeing)
				tc.play(b)
				b.pushed()
				if diff := cmp.Diff(tc.want, b.tasks()); diff != "" {
					t.Errorf("tasks (-want +got):\n%s", diff)
				}
				if backlog, err := b.store.Backlog(t.Context(), portalID, b.clock); err != nil || backlog.Outbox[ready]+backlog.Outbox[sending]+backlog.Outbox[parked] != 0 {
					t.Errorf("still under way: %v, %v", backlog.Outbox, err)
				}
			})
		}
	}
}

// rewritten has the account carry out an update of a task that was lost.
func (b *taskBench) rewritten(id connector.ObjectID, key string) {
	b.Helper()
	want := b.wanted(key)
	r := b.client.Update(b.Context(), connector.TypeTask, []connector.Update{{ID: id, Properties: map[string]string{
		"leadsync_key": key, "hs_task_subject": want.Subject, "hs_timestamp": want.DueAt.Format(time.RFC3339),
	}}})[0]
	b.must(r.Err)
}

// TestLate_waitsNoLonger: what took one sending waits for nothing, and nothing waits longer than the quiet period.
func TestLate_waitsNoLonger(t *testing.T) {
	b := newTaskBench(t, false)
	b.plan(b.create("k"), b.amend("k", "new"))
	b.must(b.push())
	b.wants("new", settled, 1, 0)
	b.plan(b.close("new"))
	b.must(b.push())
	b.wants("close/new", settled, 1, 0)

	b = newTaskBench(t, false)
	b.lost()
	b.plan(b.amend("k", "new"))
	b.after(3 * time.Second)
	b.wants("new", ready, 0, 2*time.Minute)
	b.after(119 * time.Second)
	b.wants("new", ready, 0, time.Second)
	b.after(time.Second)
	b.wants("new", settled, 1, 0)
}

// TestLate_update has the account carry out late what an update said whose answer was lost, when it was planned anew in the
// meantime: what was planned last stands in the end, whether the lost attempt was made again in the same call, in the next
// round or by another worker.
func TestLate_update(t *testing.T) {
	score := func(b *taskBench, value string) workflows.OutboxEntry {
		return update(b.contact, workflows.ClassScore, map[string]string{"jobtitle": value})
	}
	for name, first := range map[string]func(b *taskBench){
		"in the next round": func(b *taskBench) {
			b.account.Faults().Add(simulator.Fault{Kind: simulator.FaultReset, Endpoint: "POST /crm/objects/{v}/contacts/batch/update", Count: 1})
			b.must(b.push())
			b.after(3 * time.Second)
		},
		"in the same call": func(b *taskBench) {
			b.insist()
			b.account.Faults().Add(simulator.Fault{Kind: simulator.Fault502, Endpoint: "POST /crm/objects/{v}/contacts/batch/update", Count: 1})
			b.must(b.push())
		},
		"by another worker": func(b *taskBench) { b.crash(workflows.KindUpdate) },
	} {
		t.Run(name, func(t *testing.T) {
			b := newTaskBench(t, false)
			b.plan(score(b, "40"))
			first(b)
			b.plan(score(b, "50"))
			b.after(3 * time.Second)
			b.clock = b.clock.Add(30 * time.Second)
			late := b.client.Update(b.Context(), connector.TypeContact, []connector.Update{{ID: b.contact, Properties: map[string]string{"jobtitle": "40"}}})[0]
			b.must(late.Err)
			b.pushed()
			if o, _ := b.account.Object(simulator.Contacts, string(b.contact)); o.Properties["jobtitle"] != "50" {
				t.Errorf("%q stands in the end", o.Properties["jobtitle"])
			}
			if e := b.entry("contact/" + string(b.contact) + "/score"); e.State != settled {
				t.Errorf("it is %s (%s)", e.State, e.Error)
			}
		})
	}
}

// TestLateDeals: a deal of which nobody heard is not given up, and no other one is made beside it, before it is sure that it
// does not come.
func TestLateDeals(t *testing.T) {
	for name, tc := range map[string]struct {
		comes, rep bool
		k, l       workflows.EntryState
		made       int
	}{
		"it comes late":                    {true, false, settled, cancelled, 1},
		"it comes late, beside a rep's":    {true, true, settled, cancelled, 1},
		"it never comes":                   {false, false, settled, cancelled, 1},
		"it never comes, and a rep's does": {false, true, cancelled, cancelled, 0},
	} {
		t.Run(name, func(t *testing.T) {
			b, account := newCounter(t)
			b.plan(wanting("k", "1", scoring.OpenAny))
			account.fail["create k"] = fault(connector.ErrAmbiguous)
			b.must(b.push())
			clear(account.fail)
			if tc.rep {
				account.open("7", "sales", of(connector.TypeContact, "1"))
			}
			if !tc.rep { // where k waits longer than l does, as behind a failing look
				account.fail["FindByKey"] = fault(connector.ErrUnavailable)
				b.clock = b.clock.Add(3 * time.Second)
				b.must(b.push())
				clear(account.fail)
			}
			b.plan(wanting("l", "1", scoring.OpenAny))
			b.clock = b.clock.Add(time.Millisecond)
			b.must(b.push())
			if slices.Contains(account.asked(), "create l") {
				t.Error("a second one is made while the first may be there")
			}
			for range 2 {
				b.clock = b.clock.Add(3 * time.Second)
				b.must(b.push())
				if tc.comes && !slices.Contains(account.asked(), "create k") && len(account.made) == 0 {
					account.CreateDeals(t.Context(), []connector.Deal{{Key: "k", Contact: "1", Company: "77", Pipeline: "sales"}})
					account.asked()
				}
			}
			for range 6 {
				b.clock = b.clock.Add(time.Minute)
				b.must(b.push())
			}
			if k, l := b.entry("k").State, b.entry("l").State; k != tc.k || l != tc.l || len(account.made) != tc.made {
				t.Errorf("k is %s, l is %s, made %d; want %s, %s, %d", k, l, len(account.made), tc.k, tc.l, tc.made)
			}
		})
	}
}

// TestLateDeals_failingLook: a look that fails does not make a deal known.
func TestLateDeals_failingLook(t *testing.T) {
	b, account := newCounter(t)
	b.plan(wanting("k", "1", scoring.OpenAny))
	b.crash(workflows.KindDeal)
	account.fail["Links"] = fault(connector.ErrUnavailable)
	b.must(b.push())
	b.wants("k", sending, 2, 0)
}

// TestPush_stopsAtPortalWide: after an answer that concerns the portal as a whole nothing more is asked in the same round,
// whatever kinds of entry wait; what was done is settled, and the others go out later.
func TestPush_stopsAtPortalWide(t *testing.T) {
	for _, kind := range []error{connector.ErrUnauthorized, connector.ErrThrottled, connector.ErrDown} {
		for fail, want := range map[string][]string{
			"update 1": {"update 1", "update 2"},
			"create t": {"update 1", "update 2", "create t"},
			"create d": {"update 1", "update 2", "create t", "create d"},
		} {
			t.Run(kind.Error()+"/"+fail, func(t *testing.T) {
				b := newBench(t)
				b.plan(update("1", workflows.ClassStage, map[string]string{"lifecyclestage": "lead"}), update("2", workflows.ClassStage, map[string]string{"lifecyclestage": "lead"}),
					task("t", "1"), dealEntry("d", "1"), closing("x"))
				b.crm.fail[fail] = fault(kind)
				if err := b.push(); !errors.Is(err, kind) {
					t.Fatalf("error %v, want %v", err, kind)
				}
				if diff := cmp.Diff(want, b.crm.asked()); diff != "" {
					t.Errorf("asked (-want +got):\n%s", diff)
				}
				for _, key := range []string{"contact/1/stage", "contact/2/stage", "t", "d", "close/x"} {
					_, name, _ := strings.Cut(fail, " ")
					e := b.entry(key)
					switch failing := strings.TrimSuffix(strings.TrimPrefix(key, "contact/"), "/stage") == name; {
					case failing:
						b.wants(key, ready, 0, 0)
					case e.State == ready && (!e.SentAt.IsZero() || e.Attempt != 0):
						t.Errorf("%s was taken for nothing: %+v", key, e)
					}
				}
				b.wants("contact/2/stage", settled, 1, 0)
				clear(b.crm.fail)
				b.clock = b.clock.Add(time.Minute)
				b.must(b.push())
				for _, key := range []string{"contact/1/stage", "t", "d", "close/x"} {
					b.wants(key, settled, 1, 0)
				}
			})
		}
	}
}
