package connectortest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"leadsync/connector"
)

func taskRequirements() []requirement {
	return []requirement{
		{"closing leaves what a person completed or edited and finds what is gone", closingRespects},
		{"closing finds the task of an archived contact by its id, and nothing else by it", closingInTheBin},
		{"an amended task is the same task under the new key", amendingMovesTheKey},
		{"amending leaves what a person completed or edited and finds what is gone", amendingRespects},
		{"a lost answer to an amendment is ambiguous, and a key finds the one task", lostAmendment},
		{"an amendment to a key that is used conflicts, and a refused one holds up no other", refusedAmendment},
	}
}

// made creates tasks and returns their ids.
func made(t *testing.T, s Subject, tasks ...connector.Task) []connector.ObjectID {
	t.Helper()
	ids := make([]connector.ObjectID, len(tasks))
	for i, r := range s.CRM.CreateTasks(t.Context(), tasks) {
		if r.Err != nil {
			t.Fatal(r.Err)
		}
		ids[i] = r.ID
	}
	return ids
}

// plain is a task as TaskEdits expects it: for nobody, without priority.
func plain(key string, contact connector.ObjectID) connector.Task {
	t := task(key, contact)
	t.Priority = ""
	return t
}

func closing(t connector.Task) connector.Close {
	return connector.Close{Key: t.Key, Contact: t.Contact, Was: connector.PrintOf(t)}
}

func closingRespects(t *testing.T, s Subject) {
	contact := contacts(t, s, 1)[0]
	tasks := []connector.Task{task("open", contact), task("done", contact), task("away", contact), task("unprinted", contact)}
	ids := made(t, s, tasks...)
	s.World.Complete(t, ids[1])
	s.World.Archive(t, connector.TypeTask, ids[2])
	closes := []connector.Close{closing(tasks[0]), closing(tasks[1]), closing(tasks[2]), closing(task("never", contact)), {Key: "unprinted", Contact: contact}}
	want := []connector.CloseOutcome{connector.CloseArchived, connector.CloseLeft, connector.CloseGone, connector.CloseGone, connector.CloseArchived}
	for i, props := range s.TaskEdits {
		edited := plain(fmt.Sprint("edited-", i), contact)
		s.World.Set(t, connector.TypeTask, made(t, s, edited)[0], props)
		closes, want = append(closes, closing(edited)), append(want, connector.CloseEdited)
	}
	for i, r := range s.CRM.CloseTasks(t.Context(), closes) {
		if r.Err != nil || r.Key != closes[i].Key || r.Outcome != want[i] {
			t.Errorf("closing %q: %q, %v; want %q", closes[i].Key, r.Outcome, r.Err, want[i])
		}
	}
	if _, live := s.World.Get(t, connector.TypeTask, ids[0]); live {
		t.Error("the closed task is still there")
	}
	if _, live := s.World.Get(t, connector.TypeTask, ids[1]); !live {
		t.Error("the completed task was archived")
	}
	if n := s.World.Count(t, connector.TypeTask); n != 1+len(s.TaskEdits) {
		t.Errorf("%d tasks are left", n)
	}
}

func closingInTheBin(t *testing.T, s Subject) {
	contact := contacts(t, s, 1)[0]
	tasks := []connector.Task{task("known", contact), task("other", contact)}
	ids := made(t, s, tasks...)
	s.World.Archive(t, connector.TypeContact, contact)
	known, wrong := closing(tasks[0]), closing(task("never", contact))
	known.ID, wrong.ID = ids[0], ids[1]
	for i, r := range s.CRM.CloseTasks(t.Context(), []connector.Close{known, wrong}) {
		if want := []connector.CloseOutcome{connector.CloseArchived, connector.CloseGone}[i]; r.Err != nil || r.Outcome != want {
			t.Errorf("closing %q: %q, %v; want %q", r.Key, r.Outcome, r.Err, want)
		}
	}
	if _, live := s.World.Get(t, connector.TypeTask, ids[0]); live {
		t.Error("the closed task is still there")
	}
	if _, live := s.World.Get(t, connector.TypeTask, ids[1]); !live {
		t.Error("a task was archived that has another key")
	}
}

// later is what a task becomes: everything is another, but the kind.
func later(t connector.Task, key, owner string) connector.Task {
	t.Key, t.Subject, t.BodyHTML, t.Priority, t.OwnerID = key, "Call once more", "<i>again</i>", "medium", owner
	t.DueAt = t.DueAt.Add(48 * time.Hour)
	t.RemindAt = t.DueAt.Add(-time.Hour)
	return t
}

func amendingMovesTheKey(t *testing.T, s Subject) {
	contact, owner := contacts(t, s, 1)[0], s.World.Owner(t, true)
	tasks := make([]connector.Task, many)
	amends := make([]connector.Amend, many)
	for i := range tasks {
		tasks[i] = task(fmt.Sprint("ls-", i), contact)
		amends[i] = connector.Amend{Old: tasks[i].Key, Was: connector.PrintOf(tasks[i]), Task: later(tasks[i], fmt.Sprint("ls-new-", i), owner)}
	}
	ids := made(t, s, tasks...)
	var refs []connector.KeyRef
	for i, r := range s.CRM.AmendTasks(t.Context(), amends) {
		if r.Err != nil || r.Outcome != connector.AmendDone || r.ID != ids[i] || r.Key != amends[i].Task.Key {
			t.Fatalf("amending %q: %+v", amends[i].Old, r)
		}
		refs = append(refs, ref(amends[i].Old, contact), ref(r.Key, contact))
	}
	found, err := s.CRM.FindByKey(t.Context(), connector.TypeTask, refs)
	if err != nil || len(found) != many {
		t.Errorf("%d keys are found of %d (%v)", len(found), many, err)
	}
	for i, a := range amends {
		if st := found[a.Task.Key]; st.ID != ids[i] || !st.Open {
			t.Fatalf("the new key finds %+v", st)
		}
	}
	stale := closing(amends[1].Task)
	stale.Was = amends[1].Was
	writtenAsAsked(t, s, []connector.Close{closing(amends[0].Task), stale})
}

// writtenAsAsked closes two amended tasks: what was written is what closing compares with, so it is there, word for word.
func writtenAsAsked(t *testing.T, s Subject, closes []connector.Close) {
	t.Helper()
	before := s.World.Count(t, connector.TypeTask)
	for i, r := range s.CRM.CloseTasks(t.Context(), closes) {
		if want := []connector.CloseOutcome{connector.CloseArchived, connector.CloseEdited}[i]; r.Err != nil || r.Outcome != want {
			t.Errorf("closing %d: %+v, want %q", i, r, want)
		}
	}
	if n := s.World.Count(t, connector.TypeTask); n != before-1 {
		t.Errorf("%d tasks, want %d", n, before-1)
	}
}

func amendingRespects(t *testing.T, s Subject) {
	contact := contacts(t, s, 1)[0]
	tasks := []connector.Task{plain("open", contact), plain("done", contact), plain("away", contact)}
	ids := made(t, s, tasks...)
	s.World.Complete(t, ids[1])
	s.World.Archive(t, connector.TypeTask, ids[2])
	want := []connector.AmendOutcome{connector.AmendDone, connector.AmendLeft, connector.AmendGone, connector.AmendGone}
	tasks = append(tasks, plain("never", contact))
	for i, props := range s.TaskEdits {
		edited := plain(fmt.Sprint("edited-", i), contact)
		id := made(t, s, edited)[0]
		s.World.Set(t, connector.TypeTask, id, props)
		tasks, ids, want = append(tasks, edited), append(ids, id), append(want, connector.AmendEdited)
	}
	before, _ := s.World.Get(t, connector.TypeTask, ids[1])
	var amends []connector.Amend
	for _, one := range tasks {
		amends = append(amends, connector.Amend{Old: one.Key, Was: connector.PrintOf(one), Task: later(one, one.Key+"-new", "")})
	}
	for i, r := range s.CRM.AmendTasks(t.Context(), amends) {
		if r.Err != nil || r.Key != amends[i].Task.Key || r.Outcome != want[i] {
			t.Errorf("amending %q: %+v, want %q", amends[i].Old, r, want[i])
		}
	}
	after, _ := s.World.Get(t, connector.TypeTask, ids[1])
	for name, value := range before {
		if after[name] != value {
			t.Errorf("%s of the completed task is %q, was %q", name, after[name], value)
		}
	}
}

func lostAmendment(t *testing.T, s Subject) {
	contact := contacts(t, s, 1)[0]
	one := task("ls-1", contact)
	id := made(t, s, one)[0]
	amend := connector.Amend{Old: "ls-1", Was: connector.PrintOf(one), Task: later(one, "ls-2", "")}
	s.World.Fail(t, FaultLost, 9)
	r := s.CRM.AmendTasks(t.Context(), []connector.Amend{amend})[0]
	if r.Err == nil || r.Outcome != "" {
		t.Fatalf("the lost answer is %+v", r)
	}
	s.World.Heal(t)
	found, err := s.CRM.FindByKey(t.Context(), connector.TypeTask, []connector.KeyRef{ref("ls-1", contact), ref("ls-2", contact)})
	if err != nil || len(found) != 1 || max(found["ls-1"].ID, found["ls-2"].ID) != id {
		t.Errorf("the keys find %v (%v), want task %s under one of them", found, err, id)
	}
	if n := s.World.Count(t, connector.TypeTask); n != 1 {
		t.Errorf("there are %d tasks, want 1", n)
	}
}

func refusedAmendment(t *testing.T, s Subject) {
	contact := contacts(t, s, 1)[0]
	tasks := []connector.Task{task("ls-1", contact), task("ls-2", contact), task("ls-3", contact), task("ls-4", contact)}
	made(t, s, tasks...)
	var amends []connector.Amend
	for i, key := range []string{"n-1", "ls-4", "n-3"} {
		amends = append(amends, connector.Amend{Old: tasks[i].Key, Was: connector.PrintOf(tasks[i]), Task: later(tasks[i], key, "")})
	}
	amends[2].Task.OwnerID = "no owner"
	got := s.CRM.AmendTasks(t.Context(), amends)
	if got[0].Err != nil || !errors.Is(got[1].Err, connector.ErrConflict) || !errors.Is(got[2].Err, connector.ErrInvalid) {
		t.Errorf("amending: %+v; want the second in conflict and the third refused", got)
	}
	if n := s.World.Count(t, connector.TypeTask); n != len(tasks) {
		t.Errorf("there are %d tasks, want %d", n, len(tasks))
	}
}
