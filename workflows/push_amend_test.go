package workflows_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/connector/hubspot"
	"leadsync/connector/hubspot/simulator"
	"leadsync/workflows"
)

// taskBench is a bench whose CRM is a whole simulated account, so that what people do with tasks is what they really do.
type taskBench struct {
	*bench
	account *simulator.Account
	client  *hubspot.Client
	contact connector.ObjectID
	insist  func() // from now on a call is made twice where the first attempt failed
}

var amendingRep = simulator.Actor{Kind: simulator.User, ID: "7"}

func newTaskBench(t *testing.T, marked bool, adjust ...func(*simulator.Options)) *taskBench {
	t.Helper()
	b := &taskBench{bench: newBench(t)}
	now := func() time.Time { return b.clock }
	options := simulator.Options{PortalID: 48000001, Seed: 3, Now: now, Wall: now, ArchivedKeepUnique: true}
	for _, f := range adjust {
		f(&options)
	}
	b.account = simulator.New(options)
	t.Cleanup(func() {
		cage(b.account)
		b.account.Close()
	})
	cfg := hubspot.Config{
		Token: func(context.Context) (string, error) { return b.account.Token(), nil }, Transport: b.account.Transport(),
		Now: now, Jitter: func() float64 { return 0.5 }, GeneralPerSecond: 1e6, Attempts: 1, AppID: "4100001",
	}
	if marked {
		cfg.Unkeyed = map[connector.ObjectType]bool{connector.TypeTask: true}
		b.pusher.Portal.Marked = cfg.Unkeyed
	} else {
		b.must(b.account.AddProperty(simulator.Tasks, simulator.Property{Name: "leadsync_key", Label: "k", Type: "string", HasUniqueValue: true}))
	}
	b.connects(cfg)
	b.insist = func() {
		cfg.Attempts, cfg.RetryWait = 2, time.Microsecond
		b.connects(cfg)
	}
	id, err := b.account.CreateContact(amendingRep, map[string]string{"email": "ada@example.com"})
	b.must(err)
	b.contact = connector.ObjectID(id)
	return b
}

func (b *taskBench) connects(cfg hubspot.Config) {
	b.Helper()
	var err error
	b.client, err = hubspot.New(cfg)
	b.must(err)
	b.pusher.CRM, b.pusher.Look, b.pusher.Copies = b.client, b.client, b.client
}

func (b *taskBench) wanted(key string) connector.Task {
	return connector.Task{
		Key: key, Kind: connector.TaskCall, Subject: "Call for " + key, BodyHTML: "why " + key, Priority: "high",
		DueAt: monday.Add(time.Duration(len(key)) * time.Hour), Contact: b.contact,
	}
}

func (b *taskBench) create(key string) workflows.OutboxEntry {
	return entry(workflows.KindTask, workflows.ClassTask, key, b.contact, b.wanted(key))
}

// amend makes the task of old that of key.
func (b *taskBench) amend(old, key string) workflows.OutboxEntry {
	payload := workflows.AmendPayload{Task: b.wanted(key), Old: old, Was: connector.PrintOf(b.wanted(old))}
	return entry(workflows.KindAmend, workflows.ClassTask, key, b.contact, payload)
}

func (b *taskBench) close(key string) workflows.OutboxEntry {
	payload := workflows.ClosePayload{TaskKey: key, Was: connector.PrintOf(b.wanted(key))}
	return entry(workflows.KindClose, workflows.ClassTask, "close/"+key, b.contact, payload)
}

// cancel plans entries and cancels others in the same decision.
func (b *taskBench) cancel(keys []string, entries ...workflows.OutboxEntry) {
	b.Helper()
	for i := range entries {
		entries[i].State, entries[i].PlannedAt = ready, monday
	}
	b.must(b.store.SaveDecisions(b.Context(), b.fence, []workflows.Decided{{
		ID: b.contact, State: workflows.LeadState{Root: b.contact}, Entries: entries, CancelKeys: keys,
	}}))
}

// pushed pushes until nothing is under way, as time passes.
func (b *taskBench) pushed() {
	b.Helper()
	for range 6 {
		_ = b.push() // what concerns the whole portal passes as well
		b.account.Faults().Clear()
		b.clock = b.clock.Add(5 * time.Minute)
	}
}

// tasks are the tasks that are there: key and subject, and whether they are done.
func (b *taskBench) tasks() []string {
	var out []string
	for _, o := range b.account.Objects(simulator.Tasks) {
		if o.Archived {
			continue
		}
		key := o.Properties["leadsync_key"]
		if _, rest, marked := strings.Cut(o.Properties["hs_task_body"], "[leadsync:"); marked {
			key, _, _ = strings.Cut(rest, "]")
		}
		text := key + ": " + o.Properties["hs_task_subject"]
		if o.Properties["hs_task_status"] == "COMPLETED" {
			text += " (done)"
		}
		out = append(out, text)
	}
	slices.Sort(out)
	return out
}

// id is the task that is there under a key.
func (b *taskBench) id(key string) string {
	b.Helper()
	found, err := b.client.FindByKey(b.Context(), connector.TypeTask, []connector.KeyRef{{Key: key, Contact: b.contact}})
	b.must(err)
	return string(found[key].ID)
}

func (b *taskBench) fails(kind simulator.FaultKind, call string) {
	b.account.Faults().Add(simulator.Fault{Kind: kind, Endpoint: "POST /crm/objects/{v}/tasks/batch/" + call, Count: 1})
}

func eachProtocol(t *testing.T, test func(t *testing.T, b *taskBench)) {
	t.Helper()
	for name, marked := range map[string]bool{"keyed": false, "marked": true} {
		t.Run(name, func(t *testing.T) { test(t, newTaskBench(t, marked)) })
	}
}

// TestAmend carries out one amendment after everything that people and wires can do in between. Whatever that is, the
// contact has one open task of ours in the end, or what a person made of it.
func TestAmend(t *testing.T) {
	edit := func(b *taskBench) {
		b.must(b.account.EditTask(amendingRep, b.id("k"), map[string]string{"hs_task_subject": "Call her mother"}))
	}
	for name, tc := range map[string]struct {
		between func(b *taskBench)
		state   workflows.EntryState
		says    string
		want    []string
	}{
		"nothing":                 {func(*taskBench) {}, settled, "amended", []string{"new: Call for new"}},
		"completed":               {func(b *taskBench) { b.must(b.account.CompleteTask(amendingRep, b.id("k"))) }, settled, "", []string{"k: Call for k (done)", "new: Call for new"}},
		"deleted":                 {func(b *taskBench) { b.must(b.account.DeleteTask(amendingRep, b.id("k"))) }, settled, "", []string{"new: Call for new"}},
		"edited":                  {edit, cancelled, "left_edited", []string{"k: Call her mother"}},
		"a crash before the call": {func(b *taskBench) { b.crash(workflows.KindAmend) }, settled, "amended", []string{"new: Call for new"}},
		"a crash after the call": {func(b *taskBench) {
			b.crash(workflows.KindAmend)
			r := b.client.AmendTasks(b.Context(), []connector.Amend{{Old: "k", Was: connector.PrintOf(b.wanted("k")), Task: b.wanted("new")}})[0]
			b.must(r.Err)
		}, settled, "", []string{"new: Call for new"}},
		"a crash after the call, completed since": {func(b *taskBench) {
			b.crash(workflows.KindAmend)
			r := b.client.AmendTasks(b.Context(), []connector.Amend{{Old: "k", Was: connector.PrintOf(b.wanted("k")), Task: b.wanted("new")}})[0]
			b.must(errors.Join(r.Err, b.account.CompleteTask(amendingRep, string(r.ID))))
		}, settled, "", []string{"new: Call for new (done)"}},
		"a crash after the creation": {func(b *taskBench) {
			b.must(b.account.CompleteTask(amendingRep, b.id("k")))
			b.crash(workflows.KindAmend)
			b.must(b.client.CreateTasks(b.Context(), []connector.Task{b.wanted("new")})[0].Err)
		}, settled, "", []string{"k: Call for k (done)", "new: Call for new"}},
		"the answer is lost":     {func(b *taskBench) { b.fails(simulator.FaultAppliedReset, "update") }, settled, "", []string{"new: Call for new"}},
		"applied but 500":        {func(b *taskBench) { b.fails(simulator.FaultApplied500, "update") }, settled, "", []string{"new: Call for new"}},
		"down":                   {func(b *taskBench) { b.fails(simulator.Fault503, "update") }, settled, "amended", []string{"new: Call for new"}},
		"throttled":              {func(b *taskBench) { b.fails(simulator.FaultRateTen, "update") }, settled, "amended", []string{"new: Call for new"}},
		"looking fails":          {func(b *taskBench) { b.fails(simulator.Fault503, "read") }, settled, "amended", []string{"new: Call for new"}},
		"left out of the answer": {func(b *taskBench) { b.fails(simulator.FaultOmit, "update") }, settled, "amended", []string{"new: Call for new"}},
		"the answer to the creation is lost": {func(b *taskBench) {
			b.must(b.account.CompleteTask(amendingRep, b.id("k")))
			b.fails(simulator.FaultAppliedReset, "create")
		}, settled, "", []string{"k: Call for k (done)", "new: Call for new"}},
		"edited after a crash before the call": {func(b *taskBench) { b.crash(workflows.KindAmend); edit(b) }, cancelled, "left_edited", []string{"k: Call her mother"}},
	} {
		t.Run(name, func(t *testing.T) {
			eachProtocol(t, func(t *testing.T, b *taskBench) {
				b.plan(b.create("k"))
				b.pushed()
				b.plan(b.amend("k", "new"))
				tc.between(b)
				b.pushed()
				if e := b.entry("new"); e.State != tc.state || e.Error != tc.says || e.State == settled && e.RemoteID == "" {
					t.Errorf("the entry is %s with %q and id %q, want %s with %q", e.State, e.Error, e.RemoteID, tc.state, tc.says)
				}
				if diff := cmp.Diff(tc.want, b.tasks()); diff != "" {
					t.Errorf("tasks (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestAmend_chains has amendments on each other's heels: whatever of them happens, the last one and the closing find the
// task under the key that it really has.
func TestAmend_chains(t *testing.T) {
	for name, tc := range map[string]struct {
		play func(b *taskBench)
		want []string
	}{
		"planned together": {func(b *taskBench) {
			b.plan(b.create("k"), b.amend("k", "new"), b.amend("new", "newer"))
		}, []string{"newer: Call for newer"}},
		"planned before the task is there": {func(b *taskBench) {
			b.fails(simulator.Fault503, "create")
			b.plan(b.create("k"), b.amend("k", "new"))
		}, []string{"new: Call for new"}},
		"closed before the amendment was sent": {func(b *taskBench) {
			b.plan(b.create("k"))
			b.pushed()
			b.plan(b.amend("k", "new"))
			b.cancel([]string{"new"}, b.close("new"))
		}, nil},
		"closed before two amendments were sent": {func(b *taskBench) {
			b.plan(b.create("k"))
			b.pushed()
			b.plan(b.amend("k", "new"), b.amend("new", "newer"))
			b.cancel([]string{"new", "newer"}, b.close("newer"))
		}, nil},
		"closed before anything was sent": {func(b *taskBench) {
			b.plan(b.create("k"), b.amend("k", "new"))
			b.cancel([]string{"new"}, b.close("new"))
		}, nil},
		"closed while the creation is unknown": {func(b *taskBench) {
			b.plan(b.create("k"))
			b.fails(simulator.FaultAppliedReset, "create")
			b.must(b.push())
			b.plan(b.amend("k", "new"))
			b.cancel([]string{"new"}, b.close("new"))
			b.must(b.push())
			if got := b.entry("close/new").State; got != ready {
				b.Errorf("the closing is %s before the creation is known", got)
			}
		}, nil},
		"amended before the amendment before was sent": {func(b *taskBench) {
			b.plan(b.create("k"))
			b.pushed()
			b.plan(b.amend("k", "new"))
			b.cancel([]string{"new"}, b.amend("new", "newer"))
		}, []string{"newer: Call for newer"}},
		"edited, amended twice": {func(b *taskBench) {
			b.plan(b.create("k"))
			b.pushed()
			b.must(b.account.EditTask(amendingRep, b.id("k"), map[string]string{"hs_task_priority": "LOW"}))
			b.plan(b.amend("k", "new"))
			b.pushed()
			b.plan(b.amend("new", "newer"))
		}, []string{"k: Call for k"}},
		"edited, amended, completed, amended": {func(b *taskBench) {
			b.plan(b.create("k"))
			b.pushed()
			id := b.id("k")
			b.must(b.account.EditTask(amendingRep, id, map[string]string{"hs_task_priority": "LOW"}))
			b.plan(b.amend("k", "new"))
			b.pushed()
			b.must(b.account.CompleteTask(amendingRep, id))
			b.plan(b.amend("new", "newer"))
		}, []string{"k: Call for k (done)", "newer: Call for newer"}},
		"edited, amended, closed": {func(b *taskBench) {
			b.plan(b.create("k"))
			b.pushed()
			b.must(b.account.EditTask(amendingRep, b.id("k"), map[string]string{"hs_timestamp": "2026-12-24T09:00:00Z"}))
			b.plan(b.amend("k", "new"))
			b.pushed()
			b.plan(b.close("new"))
		}, []string{"k: Call for k"}},
		"amended and closed": {func(b *taskBench) {
			b.plan(b.create("k"), b.amend("k", "new"), b.close("new"))
		}, nil},
		"amended while the closing waits": {func(b *taskBench) {
			b.plan(b.create("k"), b.close("k"), b.amend("k", "new"))
		}, []string{"new: Call for new"}},
		"amended after the closing": {func(b *taskBench) {
			b.plan(b.create("k"))
			b.pushed()
			b.plan(b.close("k"))
			b.pushed()
			b.plan(b.amend("k", "new"))
		}, []string{"new: Call for new"}},
		"amended while the closing of an amendment waits": {func(b *taskBench) {
			b.plan(b.create("k"), b.amend("k", "new"), b.close("new"), b.amend("new", "newer"))
		}, []string{"newer: Call for newer"}},
		"edited while the closing and the next one wait": {func(b *taskBench) {
			b.plan(b.create("k"))
			b.pushed()
			b.must(b.account.EditTask(amendingRep, b.id("k"), map[string]string{"hs_task_priority": "LOW"}))
			b.plan(b.close("k"), b.amend("k", "new"))
		}, []string{"k: Call for k"}},
		"completed while the closing and the next one wait": {func(b *taskBench) {
			b.plan(b.create("k"))
			b.pushed()
			b.must(b.account.CompleteTask(amendingRep, b.id("k")))
			b.plan(b.close("k"), b.amend("k", "new"))
		}, []string{"k: Call for k (done)", "new: Call for new"}},
	} {
		t.Run(name, func(t *testing.T) {
			eachProtocol(t, func(t *testing.T, b *taskBench) {
				tc.play(b)
				b.pushed()
				if diff := cmp.Diff(tc.want, b.tasks()); diff != "" {
					t.Errorf("tasks (-want +got):\n%s", diff)
				}
				if backlog, err := b.store.Backlog(t.Context(), portalID, b.clock); err != nil || backlog.Outbox[ready]+backlog.Outbox[sending]+backlog.Outbox[parked] != 0 {
					t.Errorf("still under way: %v, %v", backlog.Outbox, err)
				}
			})
		})
	}
}

// TestClose_respects: closings that know what was written leave what a person made of it.
func TestClose_respects(t *testing.T) {
	eachProtocol(t, func(t *testing.T, b *taskBench) {
		want := map[string]string{"a": "archived", "b": "left_completed", "c": "gone_already", "d": "left_edited", "e": "archived"}
		for key := range want {
			b.plan(b.create(key))
		}
		b.pushed()
		b.must(errors.Join(
			b.account.CompleteTask(amendingRep, b.id("b")), b.account.DeleteTask(amendingRep, b.id("c")),
			b.account.EditTask(amendingRep, b.id("d"), map[string]string{"hs_task_type": "TODO"}),
			b.account.EditTask(amendingRep, b.id("e"), map[string]string{"hs_task_type": "TODO"}),
		))
		for _, key := range []string{"a", "b", "c", "d"} {
			b.plan(b.close(key))
		}
		b.plan(entry(workflows.KindClose, workflows.ClassTask, "close/e", b.contact, workflows.ClosePayload{TaskKey: "e"})) // of an earlier release
		b.pushed()
		for key, says := range want {
			if e := b.entry("close/" + key); e.State != settled || e.Error != says {
				t.Errorf("%s is %s with %q, want %q", key, e.State, e.Error, says)
			}
		}
	})
}

// TestClose_inTheBin: the tasks of a contact that somebody has moved to the bin, which has no associations there, are found
// and closed, whatever was made of them before.
func TestClose_inTheBin(t *testing.T) {
	eachProtocol(t, func(t *testing.T, b *taskBench) {
		b.plan(b.create("made"), b.create("old"), b.create("done"), b.create("late"))
		b.pushed()
		b.plan(b.amend("old", "amended"))
		b.pushed()
		b.must(errors.Join(
			b.account.CompleteTask(amendingRep, b.id("done")), b.account.Archive(amendingRep, simulator.Contacts, string(b.contact)),
		))
		b.plan(b.close("made"), b.close("amended"), b.close("done"), b.amend("late", "later"), b.close("later"))
		b.pushed()
		for key, says := range map[string]string{
			"close/made": "archived", "close/amended": "archived", "close/done": "left_completed", "later": "amended", "close/later": "archived",
		} {
			if e := b.entry(key); e.State != settled || e.Error != says {
				t.Errorf("%s is %s with %q, want %q", key, e.State, e.Error, says)
			}
		}
		if diff := cmp.Diff([]string{"done: Call for done (done)"}, b.tasks()); diff != "" {
			t.Errorf("tasks (-want +got):\n%s", diff)
		}
	})
}

// TestAmend_batch amends more than a call can hold, with every outcome side by side.
func TestAmend_batch(t *testing.T) {
	eachProtocol(t, func(t *testing.T, b *taskBench) {
		const n = 130
		for i := range n {
			b.plan(b.create(fmt.Sprint("k-", i)))
		}
		b.pushed()
		for i := range n {
			switch key := fmt.Sprint("k-", i); i % 4 {
			case 1:
				b.must(b.account.CompleteTask(amendingRep, b.id(key)))
			case 2:
				b.must(b.account.EditTask(amendingRep, b.id(key), map[string]string{"hs_task_priority": "LOW"}))
			}
			b.plan(b.amend(fmt.Sprint("k-", i), fmt.Sprint("n-", i)))
		}
		b.fails(simulator.FaultAppliedHalf, "update")
		b.pushed()
		for i := range n {
			want := settled
			if i%4 == 2 {
				want = cancelled
			}
			if e := b.entry(fmt.Sprint("n-", i)); e.State != want {
				t.Errorf("%s is %s with %q, want %s", e.Key, e.State, e.Error, want)
			}
		}
		open := 0
		for _, o := range b.account.Objects(simulator.Tasks) {
			if !o.Archived && o.Properties["hs_task_status"] != "COMPLETED" {
				open++
			}
		}
		if open != n {
			t.Errorf("%d tasks are open, want %d", open, n)
		}
	})
}

// TestWithheldTaskIsNotMade: the text was taken away while nobody knew whether the task was made. If it was not, it never
// will be, and what it was to become stays to be archived.
func TestWithheldTaskIsNotMade(t *testing.T) {
	eachProtocol(t, func(t *testing.T, b *taskBench) {
		b.plan(b.create("k"))
		b.pushed()
		mute := connector.Task{Key: "new", Kind: connector.TaskCall, DueAt: monday, Contact: b.contact}
		b.plan(entry(workflows.KindAmend, workflows.ClassTask, "new", b.contact, workflows.AmendPayload{Task: mute, Old: "k", Was: connector.PrintOf(b.wanted("k"))}))
		mute.Key = "other"
		b.plan(entry(workflows.KindTask, workflows.ClassTask, "other", b.contact, mute))
		b.crash(workflows.KindAmend)
		b.crash(workflows.KindTask)
		b.plan(b.close("new"))
		b.pushed()
		for _, key := range []string{"new", "other"} {
			if e := b.entry(key); e.State != cancelled || e.Error != workflows.ReasonWithheld {
				t.Errorf("%s is %s with %q", key, e.State, e.Error)
			}
		}
		if left := b.tasks(); len(left) != 0 {
			t.Errorf("tasks: %v", left)
		}
	})
}

// TestAmend_keyTaken: the new key is there already, and the old task is still open. It is put away unless a person made
// it theirs; then the answer says so.
func TestAmend_keyTaken(t *testing.T) {
	for name, tc := range map[string]struct {
		between func(b *taskBench)
		says    string
		want    []string
	}{
		"nobody touched it": {func(*taskBench) {}, "the task before: archived", []string{"new: Call for new"}},
		"edited": {func(b *taskBench) {
			b.must(b.account.EditTask(amendingRep, b.id("k"), map[string]string{"hs_timestamp": "2026-12-01T09:00:00Z"}))
		}, "the task before: left_edited", []string{"k: Call for k", "new: Call for new"}},
		"completed": {
			func(b *taskBench) { b.must(b.account.CompleteTask(amendingRep, b.id("k"))) },
			"",
			[]string{"k: Call for k (done)", "new: Call for new"},
		},
		"archiving fails at first": {func(b *taskBench) {
			b.account.Faults().Add(simulator.Fault{Kind: simulator.Fault503, Endpoint: "POST /crm/objects/{v}/tasks/batch/archive", Count: 1})
		}, "the task before: archived", []string{"new: Call for new"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newTaskBench(t, false)
			b.plan(b.create("k"))
			b.pushed()
			b.plan(b.amend("k", "new"))
			b.crash(workflows.KindAmend)
			b.must(b.client.CreateTasks(b.Context(), []connector.Task{b.wanted("new")})[0].Err)
			tc.between(b)
			b.pushed()
			if e := b.entry("new"); e.State != settled || e.Error != tc.says {
				t.Errorf("the entry is %s with %q, want %q", e.State, e.Error, tc.says)
			}
			if diff := cmp.Diff(tc.want, b.tasks()); diff != "" {
				t.Errorf("tasks (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("not known before", func(t *testing.T) {
		b := newTaskBench(t, false)
		b.plan(b.create("k"))
		b.pushed()
		b.must(b.client.CreateTasks(b.Context(), []connector.Task{b.wanted("new")})[0].Err)
		b.plan(b.amend("k", "new"))
		b.pushed()
		if e := b.entry("new"); e.State != settled || e.Error != "the task before: archived" {
			t.Errorf("the entry is %s with %q", e.State, e.Error)
		}
		if diff := cmp.Diff([]string{"new: Call for new"}, b.tasks()); diff != "" {
			t.Errorf("tasks (-want +got):\n%s", diff)
		}
	})
}
