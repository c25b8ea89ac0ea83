package workflows_test

import (
	"slices"
	"testing"
	"time"

	"leadsync/connector"
	"leadsync/workflows"
)

// A person who sets stage or status while an update of it is under way was later, also in a model without leases.
func TestPlan_peopleAreLaterThanWhatIsUnderWay(t *testing.T) {
	for name, tc := range map[string]struct {
		property, theirs, ours, key string
		origin                      connector.Origin
		cancelled                   bool
	}{
		"status":                {"hs_lead_status", "IN_PROGRESS", "NEW", "contact/101/status", aPerson, true},
		"status of a machine":   {"hs_lead_status", "IN_PROGRESS", "NEW", "contact/101/status", aMachine, false},
		"stage behind":          {"lifecyclestage", "lead", "salesqualifiedlead", "contact/101/stage", aPerson, true},
		"the stage to be":       {"lifecyclestage", "salesqualifiedlead", "salesqualifiedlead", "contact/101/stage", aPerson, false},
		"stage of nobody knows": {"lifecyclestage", "lead", "salesqualifiedlead", "contact/101/stage", connector.OriginUnknown, true},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPerson(t, reach("sql"))
			planned := p.plan()
			p.record.State = &planned.State
			p.record.Pending = map[string]string{tc.property: tc.ours}
			p.after(time.Hour).changed(tc.property, tc.theirs, time.Minute, tc.origin)
			planned = p.plan()
			if slices.Contains(planned.CancelKeys, tc.key) != tc.cancelled {
				t.Errorf("cancels %v", planned.CancelKeys)
			}
			if got := planned.State.Status; tc.property == "hs_lead_status" && (got == "in_progress") != tc.cancelled {
				t.Errorf("remembers %q", got)
			}
			p.record.State, p.record.Pending = &planned.State, nil
			if again := p.after(time.Hour).plan(); tc.cancelled && len(again.Entries) != 0 {
				t.Errorf("afterwards %v", brief(again))
			}
		})
	}
}

// What somebody let the contact pass counts, also for one that never had a lead status.
func TestPlan_passedStageOfAContactWithoutStatus(t *testing.T) {
	p := newPerson(t, reach("lead"))
	p.step()
	p.after(time.Hour).changed("lifecyclestage", "other", 30*time.Minute, aPerson)
	p.changed("lifecyclestage", "", 20*time.Minute, aPerson)
	p.step()
	p.after(time.Hour).set(reach("sql"))
	if p.record.Told = false; slices.Contains(brief(p.step()), "stage sql") {
		t.Error("moves a contact that a person had on a side track")
	}
}

// A judgement is taken back in the plan in which its status is left, or not at all.
func TestPlan_judgementIsNotTakenBackLater(t *testing.T) {
	p := newPerson(t, reach("lead"))
	m, _ := yearModel(t, chance(1), 1) // sales.yaml
	p.portal.Statuses["fake"] = "FAKE"
	p.modelled(m).step()
	p.after(time.Hour).stage("opportunity").step()
	p.after(time.Hour).status("FAKE").step()
	p.after(time.Hour).stage("marketingqualifiedlead").step()
	if p.record.State.Judged == nil {
		t.Fatal("it was not judged")
	}
	p.after(time.Hour).stage("opportunity").status("CUSTOM").step() // left, but not where it was entered
	again := p.after(time.Hour).step()
	if len(again.Notes) != 0 || p.record.State.Judged == nil {
		t.Errorf("notes %v, judged %v", again.Notes, p.record.State.Judged)
	}
}

// A task that an amendment under way still has to give another key is amended under that one: amended twice under the
// old key, it would be made twice.
func TestTask_amendedBehindAnAmendmentUnderWay(t *testing.T) {
	o := selling(t)
	first := o.one("call").Properties["leadsync_key"]
	o.call(noAnswer, 0)
	amended := decoded[workflows.AmendPayload](t, entryOf(t, o.person.step(), workflows.KindAmend, workflows.ClassTask))
	if amended.Old != first {
		t.Fatalf("amends %q", amended.Old)
	}
	o.after(time.Hour).status("IN_PROGRESS")
	wants(t, o.person.step(), "close call again") // none of both is sent yet
	o.after(time.Hour).status("NEW")
	again := decoded[workflows.AmendPayload](t, entryOf(t, o.person.step(), workflows.KindAmend, workflows.ClassTask))
	if again.Old != amended.Task.Key {
		t.Errorf("amends %q, not %q, which comes before", again.Old, amended.Task.Key)
	}
}

// A stage that a person clears while a way back waits to be sent is not taken for one that the way back has cleared.
func TestPlan_clearedWhileAWayBackWaits(t *testing.T) {
	p := newPerson(t, reach("sql"))
	p.step()
	p.record.Pending = map[string]string{"lifecyclestage": "marketingqualifiedlead"}
	p.record.Returning = &workflows.BackPayload{Property: "lifecyclestage", From: []string{"salesqualifiedlead"}, To: "marketingqualifiedlead"}
	p.after(time.Hour).changed("lifecyclestage", "", time.Minute, aPerson)
	if planned := p.plan(); !slices.Contains(planned.CancelKeys, "contact/101/back") {
		t.Errorf("cancels %v", planned.CancelKeys)
	}
}
