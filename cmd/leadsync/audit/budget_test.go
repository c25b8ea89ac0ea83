package audit_test

import (
	"testing"

	"leadsync/cmd/leadsync/audit"
)

// TestAuditCountsDays: of a budget of one task a day two are too many, and only what has no room is carried over.
func TestAuditCountsDays(t *testing.T) {
	two := 2
	for name, test := range map[string]struct {
		perDay int
		own    *int
		due    string // of the second task
		done   bool   // the first one is completed before
		want   string
	}{
		"both on one day":             {1, nil, "2026-03-04T10:00:00Z", false, "tasks of a day"},
		"one carried over":            {1, nil, "2026-03-05T10:00:00Z", false, ""},
		"carried over too far":        {1, nil, "2026-03-06T10:00:00Z", false, "task due date"},
		"carried over though":         {2, nil, "2026-03-05T10:00:00Z", false, "task due date"},
		"without a budget":            {0, nil, "2026-03-04T10:00:00Z", false, ""},
		"carried over without one":    {0, nil, "2026-03-05T10:00:00Z", false, "task due date"},
		"the person has another":      {1, &two, "2026-03-04T10:00:00Z", false, ""},
		"the first one was completed": {1, nil, "2026-03-04T10:00:00Z", true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newCaller(t)
			if test.done {
				s.now = at("2026-03-03 10:10")
				s.steps = append(s.steps, s.now)
				s.must(s.account.EditTask(person, s.task, map[string]string{"hs_task_status": "COMPLETED"}))
			}
			id, err := s.account.CreateContact(person, map[string]string{
				"email": "emil@muster.example", "firstname": "Emil", "lastname": "Neu", "hubspot_owner_id": s.owner, "lifecyclestage": "salesqualifiedlead",
			})
			s.must(err)
			s.set(leadsync, id, map[string]string{"hs_lead_status": "NEW"})
			s.score(id, 0)
			s.story.task(taskOf{id, "First call: Emil Neu", "CALL", test.due, s.owner, "HIGH"})
			in := s.input(tasksText(t))
			in.Mapping.Calendar.TasksPerDay = test.perDay
			in.Mapping.People = map[string]string{"rita": s.owner}
			in.Mapping.Calendar.People = map[string]audit.Worker{"rita": {TasksPerDay: test.own}}
			got := ""
			for _, f := range audit.Run(in).Findings {
				got += f.What
			}
			if got != test.want {
				t.Errorf("found %q, want %q", got, test.want)
			}
		})
	}
}
