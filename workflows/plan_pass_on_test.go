package workflows_test

import (
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/workflows"
)

// TestPlan_passesOn: an open task of ours whose owner has left goes on, unless there is nothing to pass on.
func TestPlan_passesOn(t *testing.T) {
	mirrored := func(p *person, props map[string]string) {
		own := p.record.State.Tasks["call"]
		all := map[string]string{
			"hs_task_type": "CALL", "hs_task_status": "NOT_STARTED", "hubspot_owner_id": own.Was.Owner, "hs_task_priority": own.Was.Priority,
			"hs_timestamp": own.Was.DueAt().Format(time.RFC3339), p.portal.KeyProperty: own.Key,
		}
		maps.Copy(all, props)
		p.record.Activities = append(p.record.Activities, connector.Object{Type: connector.TypeTask, ID: "900", Properties: all})
	}
	for name, tc := range map[string]struct {
		meanwhile func(p *person)
		want      []string
	}{
		"not seen by the mirror yet": {func(*person) {}, []string{"amend first contact", "owner"}},
		"as it was written":          {func(p *person) { mirrored(p, nil) }, []string{"amend first contact", "owner"}},
		"completed":                  {func(p *person) { mirrored(p, map[string]string{"hs_task_status": "COMPLETED"}) }, []string{}},
		"edited":                     {func(p *person) { mirrored(p, map[string]string{"hs_task_priority": "LOW"}) }, []string{}},
		"another one is a person's": {func(p *person) {
			mirrored(p, map[string]string{p.portal.KeyProperty: "ls-opened-again"})
			mirrored(p, nil)
		}, []string{"amend first contact", "owner"}},
		"a meeting lies ahead": {func(p *person) {
			mirrored(p, nil)
			p.record.Activities = append(p.record.Activities, connector.Object{
				Type: connector.TypeMeeting, ID: "901", Properties: map[string]string{"hs_timestamp": monday.AddDate(0, 0, 9).Format(time.RFC3339)},
			})
		}, []string{"amend first contact", "owner"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := working(t, "inside sales", "industry", "Mining")
			p.step()
			p.owners["m"] = connector.Owner{ID: "m", Person: true}
			tc.meanwhile(p)
			planned := p.after(time.Hour).step()
			got := []string{}
			for _, a := range planned.Actions {
				text := string(a.Class)
				if a.Class == workflows.ClassTask {
					text = string(a.Kind) + " " + a.Rule
				}
				got = append(got, text)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("actions (-want +got):\n%s", diff)
			}
			for _, e := range planned.Entries {
				if e.Kind == workflows.KindAmend && !decoded[workflows.AmendPayload](t, e).Only {
					t.Error("it would be made again")
				}
			}
		})
	}
}

// TestPlan_passesQuestionsOn: what a clock asked of somebody who has left is asked of who answers now, and is due when it was.
func TestPlan_passesQuestionsOn(t *testing.T) {
	p := answered(t, nil)
	p.step()
	p.stage("salesqualifiedlead").step()
	p.after(3 * time.Hour).step()
	before := p.record.State.Tasks["todo"]
	if before.Rule != "first contact: reminder" {
		t.Fatalf("the open task is %+v", before)
	}
	p.owners["jana"] = connector.Owner{ID: "jana", Person: true}
	var passed workflows.AmendPayload
	for _, e := range p.after(time.Minute).step().Entries {
		if e.Kind == workflows.KindAmend && e.Reason.Params["before"] == before.Rule {
			passed = decoded[workflows.AmendPayload](t, e)
		}
	}
	if passed.Old != before.Key || passed.Task.Key == before.Key || !passed.Only || passed.Task.OwnerID != "fallback" || passed.Task.Subject == "" {
		t.Errorf("passed on %+v", passed)
	}
	if due := before.Was.DueAt(); !passed.Task.DueAt.Equal(due) {
		t.Errorf("it was due at %s and is at %s", due, passed.Task.DueAt)
	}
	if again := p.after(time.Minute).step(); len(again.Actions) > 0 {
		t.Errorf("passed on twice: %v", brief(again))
	}
}
