package workflows_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/connector/hubspot/simulator"
	"leadsync/workflows"
)

// TestAmend_only carries out one amendment whose cause is not new, such as passing a task on, after everything that people
// and wires can do in between: the open task becomes the new one, and what a person did is the end of it (rule 17).
func TestAmend_only(t *testing.T) {
	amended := []string{"new: Call for new"}
	complete := func(b *taskBench) { b.must(b.account.CompleteTask(amendingRep, b.id("k"))) }
	remove := func(b *taskBench) { b.must(b.account.DeleteTask(amendingRep, b.id("k"))) }
	edit := func(b *taskBench) {
		b.must(b.account.EditTask(amendingRep, b.id("k"), map[string]string{"hs_task_subject": "Call her mother"}))
	}
	carried := func(b *taskBench) {
		b.crash(workflows.KindAmend)
		b.must(b.client.AmendTasks(b.Context(), []connector.Amend{{Old: "k", Was: connector.PrintOf(b.wanted("k")), Task: b.wanted("new")}})[0].Err)
	}
	for name, tc := range map[string]struct {
		between func(b *taskBench)
		state   workflows.EntryState
		says    string
		want    []string
	}{
		"nothing":   {func(*taskBench) {}, settled, "amended", amended},
		"completed": {complete, cancelled, "left_completed", []string{"k: Call for k (done)"}},
		"deleted":   {remove, cancelled, "gone_already", nil},
		"edited":    {edit, cancelled, "left_edited", []string{"k: Call her mother"}},
		"completed after a crash before the call": {func(b *taskBench) { b.crash(workflows.KindAmend); complete(b) }, cancelled, "left_completed", []string{"k: Call for k (done)"}},
		"a crash after the call":                  {carried, settled, "", amended},
		"a crash after the call, completed since": {func(b *taskBench) { carried(b); b.must(b.account.CompleteTask(amendingRep, b.id("new"))) }, settled, "", []string{"new: Call for new (done)"}},
		"a crash after the call, deleted since":   {func(b *taskBench) { carried(b); b.must(b.account.DeleteTask(amendingRep, b.id("new"))) }, "", "", nil}, // whether the archive tells depends on the account
		"the answer is lost":                      {func(b *taskBench) { b.fails(simulator.FaultAppliedReset, "update") }, settled, "", amended},
		"applied but 500":                         {func(b *taskBench) { b.fails(simulator.FaultApplied500, "update") }, settled, "", amended},
		"down, completed meanwhile":               {func(b *taskBench) { b.fails(simulator.Fault503, "update"); complete(b) }, cancelled, "left_completed", []string{"k: Call for k (done)"}},
		"looking fails, deleted meanwhile":        {func(b *taskBench) { remove(b); b.fails(simulator.Fault503, "read") }, cancelled, "gone_already", nil},
	} {
		t.Run(name, func(t *testing.T) {
			eachProtocol(t, func(t *testing.T, b *taskBench) {
				b.plan(b.create("k"))
				b.pushed()
				b.plan(b.passOn("k", "new"))
				tc.between(b)
				b.pushed()
				if e := b.entry("new"); tc.state != "" && (e.State != tc.state || e.Error != tc.says) || e.State == parked {
					t.Errorf("the entry is %s with %q, want %s with %q", e.State, e.Error, tc.state, tc.says)
				}
				if diff := cmp.Diff(tc.want, b.tasks()); diff != "" {
					t.Errorf("tasks (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// passOn makes the task of old that of key, if it is there.
func (b *taskBench) passOn(old, key string) workflows.OutboxEntry {
	payload := workflows.AmendPayload{Task: b.wanted(key), Old: old, Was: connector.PrintOf(b.wanted(old)), Only: true}
	return entry(workflows.KindAmend, workflows.ClassTask, key, b.contact, payload)
}

// TestAmend_afterNothingWasPassedOn: a new cause finds what the pass-on left, under the key that it has.
func TestAmend_afterNothingWasPassedOn(t *testing.T) {
	for name, tc := range map[string]struct {
		before func(b *taskBench)
		next   func(b *taskBench) workflows.OutboxEntry
		want   []string
	}{
		"completed, then a new cause": {
			func(b *taskBench) { b.must(b.account.CompleteTask(amendingRep, b.id("k"))) },
			func(b *taskBench) workflows.OutboxEntry { return b.amend("new", "newer") },
			[]string{"k: Call for k (done)", "newer: Call for newer"},
		},
		"deleted, then a new cause": {
			func(b *taskBench) { b.must(b.account.DeleteTask(amendingRep, b.id("k"))) },
			func(b *taskBench) workflows.OutboxEntry { return b.amend("new", "newer") },
			[]string{"newer: Call for newer"},
		},
		"edited, then a new cause": {
			func(b *taskBench) {
				b.must(b.account.EditTask(amendingRep, b.id("k"), map[string]string{"hs_task_priority": "LOW"}))
			},
			func(b *taskBench) workflows.OutboxEntry { return b.amend("new", "newer") },
			[]string{"k: Call for k"},
		},
		"completed, then passed on once more": {
			func(b *taskBench) { b.must(b.account.CompleteTask(amendingRep, b.id("k"))) },
			func(b *taskBench) workflows.OutboxEntry { return b.passOn("new", "newer") },
			[]string{"k: Call for k (done)"},
		},
		"completed, then closed": {
			func(b *taskBench) { b.must(b.account.CompleteTask(amendingRep, b.id("k"))) },
			func(b *taskBench) workflows.OutboxEntry { return b.close("new") },
			[]string{"k: Call for k (done)"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			eachProtocol(t, func(t *testing.T, b *taskBench) {
				b.plan(b.create("k"))
				b.pushed()
				tc.before(b)
				b.plan(b.passOn("k", "new"))
				b.pushed()
				b.plan(tc.next(b))
				b.pushed()
				if diff := cmp.Diff(tc.want, b.tasks()); diff != "" {
					t.Errorf("tasks (-want +got):\n%s", diff)
				}
			})
		})
	}
}
