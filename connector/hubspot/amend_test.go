package hubspot_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/connector/hubspot"
	"leadsync/connector/hubspot/simulator"
)

// TestAmend goes through a documented conversation: what is sent, to the byte, and what each state of a task leads to.
func TestAmend(t *testing.T) {
	c, _ := documented(t, "amend")
	was := connector.PrintOf(task("k", "101"))
	next := task("n-1", "101")
	next.Subject, next.BodyHTML, next.Priority, next.OwnerID, next.Queue = "Call once more", "Second attempt", "high", "64492917", "31"
	next.DueAt = at(t, "2026-11-25T09:00:00Z")
	next.RemindAt = next.DueAt.Add(-30 * time.Minute)
	plain := func(key string) connector.Task { return task(key, "101") }
	odd := plain("n-8")
	odd.Priority = "urgent"
	got := c.AmendTasks(t.Context(), []connector.Amend{
		{Old: "k-1", Was: was, Task: next},
		{Old: "k-2", Was: was, Task: plain("n-2")},
		{Old: "k-3", Was: was, Task: plain("n-3")},
		{Old: "k-4", Was: was, Task: plain("n-4")},
		{Old: "k-5", Was: was, Task: plain("n-5")},
		{Old: "", Was: was, Task: plain("n-6")},
		{Old: "k-7", Was: was, Task: plain("")},
		{Old: "k-8", Was: was, Task: odd},
	})
	want := []connector.AmendResult{
		{Key: "n-1", ID: "7001", Outcome: connector.AmendDone},
		{Key: "n-2", ID: "7002", Outcome: connector.AmendLeft},
		{Key: "n-3", Outcome: connector.AmendGone},
		{Key: "n-4", ID: "7004", Outcome: connector.AmendEdited},
		{Key: "n-5", ID: "7005", Outcome: connector.AmendEdited}, // somebody began with it
		{Key: "n-6"},
		{Key: ""},
		{Key: "n-8"},
	}
	for i := 5; i < len(got); i++ {
		if !errors.Is(got[i].Err, connector.ErrInvalid) {
			t.Errorf("result %d: %+v", i, got[i])
		}
		got[i].Err = nil
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
}

// TestAmendBelievesOnlyWhatItSees: an answer proves nothing, the new key does.
func TestAmendBelievesOnlyWhatItSees(t *testing.T) {
	shown := func(key string) string {
		return `{"results":[{"id":"5","properties":{"leadsync_key":"` + key + `","hs_task_status":"NOT_STARTED","hs_timestamp":"2026-11-23T09:00:00Z","hs_task_type":"CALL","hs_task_subject":"Call again"}}]}`
	}
	const absent = `{"results":[],"errors":[{"category":"OBJECT_NOT_FOUND","context":{"ids":["n"]}}]}`
	tests := map[string]struct {
		update   *http.Response
		readBack *http.Response
		kind     error
		want     connector.AmendOutcome
	}{
		"shown":                   {answerWith(200, shown("n")), answerWith(200, shown("n")), nil, connector.AmendDone},
		"accepted and not done":   {answerWith(200, shown("n")), answerWith(207, absent), connector.ErrAmbiguous, ""},
		"another has the key":     {answerWith(200, shown("n")), answerWith(200, strings.Replace(shown("n"), `"5"`, `"6"`, 1)), connector.ErrAmbiguous, ""},
		"not readable":            {answerWith(200, shown("n")), answerWith(500, ``), connector.ErrAmbiguous, ""},
		"refused":                 {answerWith(400, `{"category":"VALIDATION_ERROR","message":"no"}`), nil, connector.ErrInvalid, ""},
		"the new key is taken":    {answerWith(409, `{"category":"CONFLICT","message":"taken"}`), nil, connector.ErrConflict, ""},
		"failing, done or not":    {answerWith(503, ``), nil, connector.ErrAmbiguous, ""},
		"throttled":               {answerWith(429, ``), nil, connector.ErrThrottled, ""},
		"deleted in the meantime": {answerWith(207, `{"results":[],"errors":[{"category":"OBJECT_NOT_FOUND","context":{"ids":["5"]}}]}`), nil, nil, connector.AmendGone},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			updated := false
			cfg := quick(roundTrip(func(r *http.Request) (*http.Response, error) {
				switch {
				case strings.HasSuffix(r.URL.Path, "/batch/update"):
					if _, sent := bodyOf[wireInputs](t, r).Inputs[0].Properties["hs_task_status"]; sent {
						t.Error("the status was sent")
					}
					updated = true
					return tt.update, nil
				case updated:
					return tt.readBack, nil
				}
				return answerWith(200, shown("k")), nil
			}))
			cfg.Attempts = 1
			r := newClient(t, cfg).AmendTasks(t.Context(), []connector.Amend{{Old: "k", Was: connector.PrintOf(task("k", "1")), Task: task("n", "1")}})[0]
			if r.Outcome != tt.want || !errors.Is(r.Err, tt.kind) || (r.Err == nil) != (tt.kind == nil) {
				t.Errorf("%+v", r)
			}
		})
	}
}

// protocols are the two ways by which an account tells our tasks.
func protocols() map[string]simulator.Options {
	return map[string]simulator.Options{"keyed": {}, "marked": {RefuseUnique: []string{simulator.Tasks}}}
}

func (s *simulated) withKeys(t *testing.T) {
	t.Helper()
	spec := hubspot.PropertySpec{Name: "leadsync_key", Type: "string", Unique: true}
	if err := s.client.CreateProperty(t.Context(), connector.TypeTask, spec); err != nil {
		t.Fatal(err)
	}
}

func simulateProtocol(t *testing.T, name string, o simulator.Options) *simulated {
	t.Helper()
	if name == "marked" {
		return simulate(t, o, unkeyed)
	}
	s := simulate(t, o)
	s.withKeys(t)
	return s
}

// TestSimulatedAmend gives a hundred and twenty tasks to reps, who leave, complete, delete and edit them in every way
// that counts, and amends them all. Nobody's work is overwritten, and closing afterwards respects the same.
func TestSimulatedAmend(t *testing.T) {
	for name, o := range protocols() {
		t.Run(name, func(t *testing.T) {
			s := simulateProtocol(t, name, o)
			ada := s.contact(t, "ada")
			owner := s.CreateOwner("Bo Lind", "bo@example.com", true)
			deeds := []struct {
				name string
				do   func(id string) error
				want connector.AmendOutcome
				then connector.CloseOutcome
			}{
				{"left", func(string) error { return nil }, connector.AmendDone, connector.CloseArchived},
				{"completed", func(id string) error { return s.CompleteTask(rep, id) }, connector.AmendLeft, connector.CloseLeft},
				{"deleted", func(id string) error { return s.DeleteTask(rep, id) }, connector.AmendGone, connector.CloseGone},
				{"subject", func(id string) error { return s.EditTask(rep, id, map[string]string{"hs_task_subject": "Call mother"}) }, connector.AmendEdited, connector.CloseEdited},
				{"due", func(id string) error {
					return s.EditTask(rep, id, map[string]string{"hs_timestamp": "2026-11-23T09:00:01Z"})
				}, connector.AmendEdited, connector.CloseEdited},
				{"owner", func(id string) error { return s.EditTask(rep, id, map[string]string{"hubspot_owner_id": owner}) }, connector.AmendEdited, connector.CloseEdited},
				{"priority", func(id string) error { return s.EditTask(rep, id, map[string]string{"hs_task_priority": "HIGH"}) }, connector.AmendEdited, connector.CloseEdited},
				{"kind", func(id string) error { return s.EditTask(rep, id, map[string]string{"hs_task_type": "TODO"}) }, connector.AmendEdited, connector.CloseEdited},
				{"begun", func(id string) error {
					return s.EditTask(rep, id, map[string]string{"hs_task_status": "IN_PROGRESS"})
				}, connector.AmendEdited, connector.CloseEdited},
				{"body alone", func(id string) error {
					if name == "marked" { // there the body holds the key
						return nil
					}
					return s.EditTask(rep, id, map[string]string{"hs_task_body": "<p>rewritten</p>"})
				}, connector.AmendDone, connector.CloseArchived},
			}
			const each = 12
			var tasks []connector.Task
			for i := range each * len(deeds) {
				tasks = append(tasks, task(fmt.Sprint("old-", i), ada))
			}
			made := s.client.CreateTasks(t.Context(), tasks)
			s.pass(time.Hour)
			var amends []connector.Amend
			var closes []connector.Close
			for i, r := range made {
				if err := errors.Join(r.Err, deeds[i%len(deeds)].do(string(r.ID))); err != nil {
					t.Fatal(deeds[i%len(deeds)].name, err)
				}
				next := task(fmt.Sprint("new-", i), ada)
				next.Subject, next.DueAt, next.Priority, next.Queue = "Call once more", next.DueAt.Add(time.Hour), "medium", "31"
				amends = append(amends, connector.Amend{Old: tasks[i].Key, Was: connector.PrintOf(tasks[i]), Task: next})
				one := connector.Close{Key: tasks[i].Key, Contact: ada, Was: connector.PrintOf(tasks[i])}
				if deeds[i%len(deeds)].want == connector.AmendDone {
					one = connector.Close{Key: next.Key, Contact: ada, Was: connector.PrintOf(next)}
				}
				closes = append(closes, one)
			}
			s.pass(time.Hour)
			before := s.Count(simulator.Tasks)
			for i, r := range s.client.AmendTasks(t.Context(), amends) {
				deed := deeds[i%len(deeds)]
				if r.Err != nil || r.Outcome != deed.want || r.Key != amends[i].Task.Key {
					t.Errorf("%s: %+v, want %s", deed.name, r, deed.want)
				}
				o, _ := s.Object(simulator.Tasks, string(made[i].ID))
				if moved := o.Properties["hs_queue_membership_ids"] == "31"; moved != (deed.want == connector.AmendDone) {
					t.Errorf("%s: the task is %v", deed.name, o.Properties)
				}
				if o.Properties["hs_task_status"] == "COMPLETED" != (deed.name == "completed") {
					t.Errorf("%s: the status is %s", deed.name, o.Properties["hs_task_status"])
				}
			}
			if n := s.Count(simulator.Tasks); n != before {
				t.Errorf("%d tasks, before %d", n, before)
			}
			for i, r := range s.client.CloseTasks(t.Context(), closes) {
				if deed := deeds[i%len(deeds)]; r.Err != nil || r.Outcome != deed.then {
					t.Errorf("%s: closed %+v, want %s", deed.name, r, deed.then)
				}
			}
		})
	}
}

// TestSimulatedAmendWithoutPrint: of tasks of earlier releases nobody noted what was written; their history tells.
func TestSimulatedAmendWithoutPrint(t *testing.T) {
	for name, o := range protocols() {
		t.Run(name, func(t *testing.T) {
			s := simulateProtocol(t, name, o)
			ada := s.contact(t, "ada")
			made := s.client.CreateTasks(t.Context(), []connector.Task{task("left", ada), task("edited", ada)})
			s.pass(time.Hour)
			if err := s.EditTask(rep, string(made[1].ID), map[string]string{"hs_timestamp": "2026-12-23T09:00:00Z"}); err != nil {
				t.Fatal(err)
			}
			got := s.client.AmendTasks(t.Context(), []connector.Amend{{Old: "left", Task: task("n-1", ada)}, {Old: "edited", Task: task("n-2", ada)}})
			want := []connector.AmendResult{
				{Key: "n-1", ID: made[0].ID, Outcome: connector.AmendDone}, {Key: "n-2", ID: made[1].ID, Outcome: connector.AmendEdited},
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("results (-want +got):\n%s", diff)
			}
		})
	}
}

// TestSimulatedAmendLost: the answer is lost, in each way that a wire has. Whether it happened is told by the new key.
func TestSimulatedAmendLost(t *testing.T) {
	for name, o := range protocols() {
		for _, kind := range []simulator.FaultKind{simulator.FaultAppliedReset, simulator.Fault503} {
			t.Run(name+"/"+string(kind), func(t *testing.T) {
				s := simulateProtocol(t, name, o)
				ada := s.contact(t, "ada")
				made := s.client.CreateTasks(t.Context(), []connector.Task{task("old", ada)})[0]
				amend := connector.Amend{Old: "old", Was: connector.PrintOf(task("old", ada)), Task: task("new", ada)}
				s.Faults().Add(simulator.Fault{Kind: kind, Endpoint: "POST /crm/objects/{v}/tasks/batch/update"})
				if r := s.client.AmendTasks(t.Context(), []connector.Amend{amend})[0]; !errors.Is(r.Err, connector.ErrAmbiguous) {
					t.Fatalf("with the fault: %+v", r)
				}
				s.Faults().Clear()
				found, err := s.client.FindByKey(t.Context(), connector.TypeTask, []connector.KeyRef{{Key: "old", Contact: ada}, {Key: "new", Contact: ada}})
				there := "old"
				if kind == simulator.FaultAppliedReset {
					there = "new"
				}
				if state := found[there]; err != nil || len(found) != 1 || state.ID != made.ID || !state.Open {
					t.Errorf("found %+v, %v", found, err)
				}
			})
		}
	}
}
