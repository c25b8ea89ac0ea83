package workflows_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"leadsync/connector"
	"leadsync/workflows"
)

// waiting is an office in which the first call was made, the mirror does not have it yet, and its closing waits.
func waiting(t *testing.T) (o *office, key string) {
	t.Helper()
	o = selling(t)
	key = o.record.State.Tasks["call"].Key
	o.remove(o.one("call").ID)
	o.status("IN_PROGRESS")
	wants(t, o.person.step(), "close first contact")
	o.record.Closings = map[string]bool{key: true}
	o.after(time.Hour)
	return o, key
}

// A task whose closing has not gone out may be open, whatever the mirror has: what is asked for now is made of it.
func TestTask_closingWaits(t *testing.T) {
	amended := func(t *testing.T, o *office, want string) {
		t.Helper()
		planned := o.person.step()
		if !slices.ContainsFunc(planned.Entries, func(e workflows.OutboxEntry) bool { return e.Kind == workflows.KindAmend }) {
			t.Fatalf("planned %v, want an amendment of %s", brief(planned), want)
		}
		got := decoded[workflows.AmendPayload](t, entryOf(t, planned, workflows.KindAmend, workflows.ClassTask))
		if got.Old != want || got.Was == (connector.TaskPrint{}) || got.Only {
			t.Errorf("amends %+v, want what is under %s, whose cause is new", got, want)
		}
		if slices.Contains(planned.CancelKeys, "close/"+want) {
			t.Error("the closing is cancelled: if the amendment is not sent, nothing closes the task")
		}
	}
	t.Run("it waits", func(t *testing.T) {
		o, key := waiting(t)
		o.status("NEW")
		amended(t, o, key)
	})
	t.Run("two of them wait", func(t *testing.T) {
		o, first := waiting(t)
		o.status("NEW").person.step()
		second := o.record.State.Tasks["call"].Key
		o.after(time.Hour).status("IN_PROGRESS").person.step()
		o.record.Closings = map[string]bool{first: true, second: true}
		o.after(time.Hour).status("NEW")
		amended(t, o, second)
	})
	t.Run("the one before waits still", func(t *testing.T) {
		o, first := waiting(t)
		o.status("NEW").person.step()
		second := o.record.State.Tasks["call"].Key
		o.after(time.Hour).status("IN_PROGRESS").person.step()
		o.record.Closings = map[string]bool{first: true}
		o.after(time.Hour).status("NEW")
		amended(t, o, second) // which replaced the key of the first, so what is there is there
	})
	t.Run("it has gone out", func(t *testing.T) {
		o, _ := waiting(t)
		o.record.Closings = nil
		o.status("NEW")
		wants(t, o.person.step(), "task first contact")
	})
	t.Run("one of another kind waits", func(t *testing.T) {
		o, _ := waiting(t)
		o.record.State.Made[0].Was.Kind = connector.TaskEmail
		o.status("NEW")
		wants(t, o.person.step(), "task first contact")
	})
	t.Run("an earlier release made it", func(t *testing.T) {
		o, key := waiting(t)
		o.record.State.Made[0].Was = connector.TaskPrint{}
		o.status("NEW")
		planned := o.person.step()
		if got := decoded[workflows.AmendPayload](t, entryOf(t, planned, workflows.KindAmend, workflows.ClassTask)); got.Old != key {
			t.Errorf("amends %q, want %q", got.Old, key)
		}
	})
	t.Run("in shadow", func(t *testing.T) {
		o, _ := waiting(t)
		o.portal.Modes[workflows.ClassTask] = workflows.ModeShadow
		o.status("NEW")
		wants(t, o.person.step(), "task first contact (shadow)")
	})
	t.Run("a person's own task satisfies", func(t *testing.T) {
		o, _ := waiting(t)
		o.foreign("CALL", taskOpen)
		o.status("NEW")
		wants(t, o.person.step(), "task first contact (off)")
	})
}

// However much is made and closed, what is remembered of it does not grow, and the last of each kind stays.
func TestTask_whatIsRemembered(t *testing.T) {
	o := selling(t)
	o.record.State.Made = []workflows.OwnTask{
		{Rule: "ask for the budget", Key: "ls-older", Was: connector.TaskPrint{Kind: connector.TaskEmail}},
		{Rule: "ask for the budget", Key: "ls-mail", Was: connector.TaskPrint{Kind: connector.TaskEmail}},
	}
	var last string
	for i := range 60 {
		last = o.record.State.Tasks["call"].Key
		o.after(time.Hour).status("IN_PROGRESS").step()
		o.after(time.Hour).status("NEW").step()
		made := o.record.State.Made
		if len(made) > 40 || !slices.ContainsFunc(made, func(t workflows.OwnTask) bool { return t.Key == "ls-mail" }) || made[len(made)-1].Key != last {
			t.Fatalf("after %d rounds: %v", i+1, fmt.Sprint(made))
		}
	}
	if slices.ContainsFunc(o.record.State.Made, func(t workflows.OwnTask) bool { return t.Key == "ls-older" }) {
		t.Error("one that is neither new nor the last of its kind is remembered")
	}
}

// What a person sets while an update waits is where the contact stands in the very plan that cancels the update.
func TestPlan_whatIsCancelledCountsNoMore(t *testing.T) {
	p := newPerson(t, with(reach("sql"), "lifecyclestage", "lead"))
	p.portal.Written.Responsible = "leadsync_responsible"
	planned := p.plan()
	p.record.State = &planned.State
	p.record.Pending = map[string]string{"lifecyclestage": "salesqualifiedlead", "leadsync_responsible": "sales"}
	p.after(time.Hour).changed("lifecyclestage", "", time.Minute, connector.OriginPerson)
	planned = p.plan()
	if !slices.Contains(planned.CancelKeys, "contact/101/stage") {
		t.Fatalf("cancels %v", planned.CancelKeys)
	}
	shown := entryOf(t, planned, workflows.KindUpdate, workflows.ClassStage)
	if got := decoded[workflows.UpdatePayload](t, shown).Properties["leadsync_responsible"]; got != "marketing" {
		t.Errorf("shows %q for a contact that has no stage any more", got)
	}
}
