package workflows_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"leadsync/connector"
)

// habit is something that happens in a sales team, to a contact or to its tasks.
func habit(r *rapid.T, o *office) {
	mine := func(do func(id connector.ObjectID)) {
		for _, kind := range []string{"call", "email", "todo"} {
			for _, t := range o.open(kind) {
				if rapid.Bool().Draw(r, "this one") {
					do(t.ID)
				}
			}
		}
	}
	switch rapid.IntRange(0, 12).Draw(r, "habit") {
	case 0, 1, 2:
		o.call(rapid.SampledFrom([]string{noAnswer, noAnswer, noAnswer, connected, "left_message"}).Draw(r, "outcome"), time.Duration(rapid.IntRange(0, 3).Draw(r, "hours ago"))*time.Hour)
	case 3:
		o.status(rapid.SampledFrom([]string{"", "NEW", "ATTEMPTED_TO_CONTACT", "BAD_TIMING", "IN_PROGRESS", "UNQUALIFIED"}).Draw(r, "status"))
	case 4:
		o.stage(rapid.SampledFrom([]string{"lead", "marketingqualifiedlead", "salesqualifiedlead"}).Draw(r, "stage"))
	case 5:
		mine(o.complete)
	case 6:
		mine(o.remove)
	case 7:
		mine(func(id connector.ObjectID) {
			o.change(id, "hs_timestamp", o.now.AddDate(0, 0, 20).UTC().Format(time.RFC3339))
		})
	case 8:
		mine(func(id connector.ObjectID) { o.change(id, "subject", "Mine") })
	case 9:
		o.foreign(rapid.SampledFrom([]string{"CALL", "EMAIL", "TODO"}).Draw(r, "kind"), rapid.SampledFrom([]string{taskOpen, taskDone}).Draw(r, "how"))
	case 10:
		o.meeting(rapid.SampledFrom([]string{"SCHEDULED", "completed", "CANCELED"}).Draw(r, "meeting"), time.Duration(rapid.IntRange(-48, 48).Draw(r, "in"))*time.Hour)
	case 11:
		o.set(map[string]string{"budget": rapid.SampledFrom([]string{"", "500", "20000"}).Draw(r, "budget"), "hs_sequences_is_enrolled": rapid.SampledFrom([]string{"", "true"}).Draw(r, "sequence")})
	default:
		o.set(map[string]string{"hubspot_owner_id": rapid.SampledFrom([]string{"", "jana", "left"}).Draw(r, "owner")})
	}
}

// Whatever a team does over a year: never two open tasks of ours of a kind; what is decided once is decided; what a
// person changed stays as they left it; and somebody looks when a wait is over.
func TestTask_aYear(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		o := newOffice(r, reach(rapid.SampledFrom([]string{"lead", "mql", "sql"}).Draw(r, "first")))
		end := o.now.AddDate(1, 0, 0)
		for range rapid.IntRange(1, 40).Draw(r, "days") {
			theirs := o.touched()
			planned := o.step()
			if diff := cmp.Diff(theirs, o.touched()); diff != "" {
				r.Fatalf("%v changed what a person did:\n%s", brief(planned), diff)
			}
			if again := o.plan(); len(again.Actions)+len(again.Entries)+len(again.CancelKeys) != 0 {
				r.Fatalf("planned a second time: %v", brief(again))
			}
			for _, kind := range []string{"call", "email", "todo"} {
				if n := len(o.open(kind)); n > 1 {
					r.Fatalf("%d open tasks of kind %s: %v", n, kind, o.open(kind))
				}
			}
			for rule, wait := range o.record.State.Waits {
				if planned.LookAt.IsZero() || planned.LookAt.After(wait.Until) {
					r.Fatalf("look at %v although %s waits until %v", planned.LookAt, rule, wait.Until)
				}
			}
			if o.after(time.Duration(rapid.IntRange(1, 24*20).Draw(r, "hours")) * time.Hour); o.now.After(end) {
				return
			}
			habit(r, o)
		}
	})
}

// touched are the tasks that people changed and that are there.
func (o *office) touched() map[connector.ObjectID]map[string]string {
	found := map[connector.ObjectID]map[string]string{}
	for _, a := range o.record.Activities {
		if a.Type == connector.TypeTask && o.theirs[a.ID] {
			found[a.ID] = a.Properties
		}
	}
	return found
}
