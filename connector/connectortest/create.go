package connectortest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"leadsync/connector"
)

func createRequirements() []requirement {
	return []requirement{
		{"tasks are created under their keys with their associations", tasksAreCreated},
		{"a key is never used twice, and the others are created", keysConflict},
		{"a lost answer to a creation is ambiguous, and the key finds it", lostCreation},
		{"a refused creation is invalid and its neighbours are created", refusedCreation},
		{"deals are created under their keys", dealsAreCreated},
		{"a key tells whether its task is open, done or put away", keysTellStates},
	}
}

func task(key string, contact connector.ObjectID) connector.Task {
	return connector.Task{
		Key: key, Kind: connector.TaskCall, Subject: "Call again", BodyHTML: "<b>why</b>", Priority: "high",
		DueAt: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC), Contact: contact,
	}
}

func ref(key string, contact connector.ObjectID) connector.KeyRef {
	return connector.KeyRef{Key: key, Contact: contact}
}

func tasksAreCreated(t *testing.T, s Subject) {
	contact := contacts(t, s, 1)[0]
	tasks := make([]connector.Task, many)
	for i := range tasks {
		tasks[i] = task(fmt.Sprint("ls-test-", i), contact)
	}
	for i, r := range s.CRM.CreateTasks(t.Context(), tasks) {
		if r.Err != nil || r.ID == "" || r.Key != tasks[i].Key {
			t.Fatalf("task %d answers for %q: %q, %v", i, r.Key, r.ID, r.Err)
		}
		link := connector.Link{FromType: connector.TypeTask, FromID: r.ID, ToType: connector.TypeContact, ToID: contact}
		if !s.World.Linked(t, link) {
			t.Errorf("task %d is not linked to its contact", i)
		}
	}
	if n := s.World.Count(t, connector.TypeTask); n != many {
		t.Errorf("there are %d tasks, want %d", n, many)
	}
}

func keysConflict(t *testing.T, s Subject) {
	contact := contacts(t, s, 1)[0]
	first := s.CRM.CreateTasks(t.Context(), []connector.Task{task("ls-1", contact)})
	again := s.CRM.CreateTasks(t.Context(), []connector.Task{task("ls-0", contact), task("ls-1", contact), task("ls-2", contact)})
	if first[0].Err != nil || again[0].Err != nil || again[2].Err != nil {
		t.Fatalf("creating: %v, %v, %v", first[0].Err, again[0].Err, again[2].Err)
	}
	if !errors.Is(again[1].Err, connector.ErrConflict) {
		t.Errorf("the used key answers %v, want %v", again[1].Err, connector.ErrConflict)
	}
	if n := s.World.Count(t, connector.TypeTask); n != 3 {
		t.Errorf("there are %d tasks, want 3", n)
	}
	found, err := s.CRM.FindByKey(t.Context(), connector.TypeTask, []connector.KeyRef{ref("ls-1", contact), ref("ls-9", contact)})
	if err != nil || found["ls-1"].ID != first[0].ID || len(found) != 1 {
		t.Errorf("the keys find %v (%v), want task %s alone", found, err, first[0].ID)
	}
}

func lostCreation(t *testing.T, s Subject) {
	contact := contacts(t, s, 1)[0]
	s.World.Fail(t, FaultLost, 1)
	r := s.CRM.CreateTasks(t.Context(), []connector.Task{task("ls-1", contact)})[0]
	if !errors.Is(r.Err, connector.ErrAmbiguous) {
		t.Fatalf("the lost answer is %v, want %v", r.Err, connector.ErrAmbiguous)
	}
	s.World.Heal(t)
	found, err := s.CRM.FindByKey(t.Context(), connector.TypeTask, []connector.KeyRef{ref("ls-1", contact)})
	if err != nil || found["ls-1"].ID == "" || !found["ls-1"].Open {
		t.Errorf("the key finds %v (%v), want the open task", found, err)
	}
	if n := s.World.Count(t, connector.TypeTask); n != 1 {
		t.Errorf("there are %d tasks, want 1", n)
	}
}

func refusedCreation(t *testing.T, s Subject) {
	contact := contacts(t, s, 1)[0]
	tasks := []connector.Task{task("ls-1", contact), task("ls-2", contact), task("ls-3", contact)}
	tasks[1].OwnerID = "no owner"
	got := s.CRM.CreateTasks(t.Context(), tasks)
	if got[0].Err != nil || got[2].Err != nil || !errors.Is(got[1].Err, connector.ErrInvalid) {
		t.Errorf("creating: %v, %v, %v; want the middle one refused", got[0].Err, got[1].Err, got[2].Err)
	}
}

func dealsAreCreated(t *testing.T, s Subject) {
	contact := contacts(t, s, 1)[0]
	pipelines, err := s.CRM.Pipelines(t.Context())
	if err != nil || len(pipelines) == 0 || len(pipelines[0].Stages) == 0 {
		t.Fatalf("no pipeline: %v", err)
	}
	deal := connector.Deal{
		Key: "ls-d", Name: "Line 4", Pipeline: pipelines[0].ID, Stage: pipelines[0].Stages[0].ID, Amount: "1200.5", Contact: contact,
		CloseAt: time.Date(2027, 1, 15, 0, 0, 0, 0, time.UTC),
	}
	wrong := deal
	wrong.Key, wrong.Stage = "ls-w", "no_such_stage"
	got := s.CRM.CreateDeals(t.Context(), []connector.Deal{deal, wrong})
	if got[0].Err != nil || !errors.Is(got[1].Err, connector.ErrInvalid) {
		t.Fatalf("creating: %v, %v; want the second refused", got[0].Err, got[1].Err)
	}
	link := connector.Link{FromType: connector.TypeDeal, FromID: got[0].ID, ToType: connector.TypeContact, ToID: contact}
	if !s.World.Linked(t, link) {
		t.Error("the deal is not linked to its contact")
	}
	found, err := s.CRM.FindByKey(t.Context(), connector.TypeDeal, []connector.KeyRef{ref("ls-d", contact)})
	if err != nil || found["ls-d"].ID != got[0].ID || !found["ls-d"].Open {
		t.Errorf("the key finds %v (%v)", found, err)
	}
}

func keysTellStates(t *testing.T, s Subject) {
	contact := contacts(t, s, 1)[0]
	got := s.CRM.CreateTasks(t.Context(), []connector.Task{task("open", contact), task("done", contact), task("away", contact)})
	for _, r := range got {
		if r.Err != nil {
			t.Fatal(r.Err)
		}
	}
	s.World.Complete(t, got[1].ID)
	s.World.Archive(t, connector.TypeTask, got[2].ID)
	found, err := s.CRM.FindByKey(t.Context(), connector.TypeTask, []connector.KeyRef{ref("open", contact), ref("done", contact), ref("away", contact)})
	if err != nil {
		t.Fatal(err)
	}
	if st := found["open"]; !st.Open || st.Archived {
		t.Errorf("the open task is %+v", st)
	}
	if st := found["done"]; st.Open || st.Archived || st.ID != got[1].ID {
		t.Errorf("the completed task is %+v", st)
	}
	if st := found["away"]; st.Open || !st.Archived || st.ID != got[2].ID {
		t.Errorf("the archived task is %+v", st)
	}
}
