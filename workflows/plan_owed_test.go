package workflows_test

import (
	"encoding/json"
	"testing"
	"time"

	"leadsync/workflows"
)

// postponed is an office in which the rep has put the first call off, and then logs a call that nobody answered: the task
// to call again is satisfied by the one that is open.
func postponed(t *testing.T) *office {
	t.Helper()
	o := selling(t)
	o.change(o.one("call").ID, "hs_timestamp", "2026-12-01T09:00:00Z")
	o.after(24*time.Hour).call(noAnswer, 0)
	wants(t, o.step(), "status attempted", "task call again (off)", "close first contact")
	return o
}

// done completes the open call.
func (o *office) done() *office { o.complete(o.one("call").ID); return o }

func TestTask_owed(t *testing.T) {
	const again = "task call again"
	for name, tc := range map[string]struct {
		happen func(o *office) // after the call was seen
		want   []string
	}{
		"completed seconds later":      {func(o *office) { o.after(20 * time.Second).done() }, []string{again}},
		"completed at the last moment": {func(o *office) { o.after(15 * time.Minute).done() }, []string{again}},
		"completed too late":           {func(o *office) { o.after(15*time.Minute + time.Second).done() }, nil},
		"deleted":                      {func(o *office) { o.after(time.Minute).remove(o.one("call").ID) }, []string{again}},
		"not completed":                {func(o *office) { o.after(time.Minute) }, nil},
		"put back as it was":           {func(o *office) { o.after(time.Minute).change(o.one("call").ID, "hs_timestamp", "2026-11-03T09:00:00Z") }, nil},
		"the status was left meanwhile": {func(o *office) {
			o.after(time.Minute).status("IN_PROGRESS").step()
			o.done()
		}, nil},
		"the status is left":             {func(o *office) { o.after(time.Minute).done().status("IN_PROGRESS") }, nil},
		"everything is closed":           {func(o *office) { o.after(time.Minute).done().status("UNQUALIFIED") }, nil},
		"it is obsolete by then":         {func(o *office) { o.after(time.Minute).done().meeting("completed", 0) }, []string{"task talk it over"}},
		"a meeting lies ahead by then":   {func(o *office) { o.after(time.Minute).done().meeting("SCHEDULED", time.Hour) }, []string{"task call again (off)"}},
		"somebody's own is open by then": {func(o *office) { o.after(time.Minute).done().foreign("CALL", taskOpen) }, []string{"task call again (off)"}},
		"one more call in the same plan": {func(o *office) { o.after(time.Minute).done().call(noAnswer, 0) }, []string{"task call again (off)", again}},
		"the model has lost the rule": {func(o *office) {
			o.done().record.State.Owed["call"] = workflows.Owed{Rule: "gone", Key: "k", Until: o.now}
		}, nil},
		"the rule makes tasks of another": {func(o *office) {
			o.done().record.State.Owed["email"] = o.record.State.Owed["call"]
			delete(o.record.State.Owed, "call")
		}, nil},
		"tasks are off":            {func(o *office) { o.done().portal.Modes[workflows.ClassTask] = workflows.ModeOff }, nil},
		"tasks are in shadow":      {func(o *office) { o.done().portal.Modes[workflows.ClassTask] = workflows.ModeShadow }, []string{again + " (shadow)"}},
		"who must not be profiled": {func(o *office) { o.done(); o.forbid() }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			o := postponed(t)
			key := o.record.State.Owed["call"].Key
			tc.happen(o)
			planned := o.step()
			wants(t, planned, tc.want...)
			for _, e := range planned.Entries {
				if e.Kind == workflows.KindTask && e.Reason.Params["rule"] == "call again" && e.Key != key && name != "one more call in the same plan" {
					t.Errorf("made under %q, not under the key of its cause, %q", e.Key, key)
				}
			}
			for range 3 { // never a second time
				o.after(5 * time.Minute)
				wants(t, o.step())
			}
		})
	}
}

// What is owed is due as it would have been, is kept in the stored state, and is handed on to whatever satisfies it next,
// for the same time.
func TestTask_owedUntilThen(t *testing.T) {
	o := postponed(t)
	asked := o.now
	text, err := json.Marshal(o.record.State)
	var stored workflows.LeadState
	if err == nil {
		err = json.Unmarshal(text, &stored)
	}
	if err != nil {
		t.Fatal(err)
	}
	o.record.State = &stored
	o.after(10*time.Minute).done().foreign("CALL", taskOpen)
	wants(t, o.step(), "task call again (off)")
	if got := o.record.State.Owed["call"]; !got.Until.Equal(asked.Add(15*time.Minute)) || !got.Since.Equal(asked) {
		t.Errorf("owed since %v until %v, asked for at %v", got.Since, got.Until, asked)
	}
	o.after(5 * time.Minute)
	for i, a := range o.record.Activities {
		if a.Properties["leadsync_key"] == "" && a.Properties["hs_task_status"] == taskOpen {
			o.change(o.record.Activities[i].ID, "hs_task_status", taskDone)
		}
	}
	wants(t, o.step(), "task call again")
	if got := o.one("call").Properties; got["hs_timestamp"] != "2026-11-05T09:00:00Z" || got["subject"] != "Call again, no. 1: Petra Wolf, " {
		t.Errorf("made as %v", got)
	}
}

// Somebody's own task that is completed with the call is no reason to do without the next one either; of two that are owed
// the last one is made.
func TestTask_owedForOthers(t *testing.T) {
	o := newOffice(t, reach("sql"))
	o.foreign("CALL", taskOpen)
	own := o.record.Activities[0].ID
	wants(t, o.step(), "stage sql", "status new", "task first contact (off)")
	o.after(5*time.Minute).call(noAnswer, 0)
	wants(t, o.step(), "status attempted", "task call again (off)")
	o.after(15*time.Minute).change(own, "hs_task_status", taskDone)
	wants(t, o.step(), "task call again")
	wants(t, o.step())
}
