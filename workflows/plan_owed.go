package workflows

import (
	"maps"
	"slices"
	"time"

	"leadsync/connector"
	"leadsync/scoring"
)

// oweFor is how long a task is owed after it was asked for (rule 17): who logs a call and completes the task for it does one
// thing, of which leadsync may see the call first.
const oweFor = 15 * time.Minute

// Owed is a task that was asked for and that open tasks of people satisfied. It is made if these are closed before Until.
type Owed struct {
	Rule string `json:"rule"`
	Key  string `json:"key"` // of its episode
	Row  int    `json:"row,omitempty"`
	// Since and Until are business time: when it was asked for, and how long it is owed.
	Since time.Time `json:"since"`
	Until time.Time `json:"until"`
	// Tasks are those that satisfied it, by their ids in the CRM.
	Tasks []connector.ObjectID `json:"tasks"`
	Why   scoring.Reason       `json:"why"`
}

// owe remembers a wish that open tasks of people satisfy, in the place of an earlier one of the kind.
func (pl *planner) owe(w wish) {
	tasks := pl.theirs(w.task.Kind)
	if len(tasks) == 0 {
		return // a meeting or a sequence does it
	}
	st := &pl.out.State
	o := Owed{Rule: w.rule, Key: w.key, Row: w.row, Since: pl.Now, Until: pl.Now.Add(oweFor), Why: w.reason}
	if w.owed != nil {
		o.Since, o.Until = w.owed.Since, w.owed.Until
	}
	for _, t := range tasks {
		o.Tasks = append(o.Tasks, t.ID)
	}
	if st.Owed == nil {
		st.Owed = map[string]Owed{}
	}
	st.Owed[w.task.Kind] = o
}

// collect asks once more for what is owed if the tasks that satisfied it are closed, before anything else that the plan
// asks for, and forgets what is over.
func (pl *planner) collect() {
	st := &pl.out.State
	var asked []wish
	for _, kind := range slices.Sorted(maps.Keys(st.Owed)) {
		o := st.Owed[kind]
		w, ok := pl.stillAsked(OwnTask{Rule: o.Rule, Row: o.Row})
		_, over := pl.over(o.Rule)
		if !ok || over || w.task.Kind != kind || pl.Now.After(o.Until) || pl.Portal.Mode(ClassTask) == ModeOff {
			delete(st.Owed, kind)
			continue
		}
		if slices.ContainsFunc(openTasks(pl.Portal, pl.Record), func(t OpenTask) bool { return slices.Contains(o.Tasks, t.ID) }) {
			continue
		}
		delete(st.Owed, kind)
		w.key, w.reason, w.owed = o.Key, o.Why, &o
		asked = append(asked, w)
	}
	pl.tasks.wishes = append(asked, pl.tasks.wishes...)
}

// assigned is for whom the task of a wish is and when it is due: of one that was owed as when it was asked for, unless that
// is over.
func (pl *planner) assigned(w wish) (owner string, due time.Time) {
	if w.owed != nil {
		now := pl.Now
		pl.Now = w.owed.Since
		owner, due = pl.assign(w.task.For, w.task.Due)
		pl.Now = now
		if !due.Before(now) {
			return owner, due
		}
	}
	return pl.assign(w.task.For, w.task.Due)
}

// theirs are the open tasks of a kind that are not ours or that a person edited.
func (pl *planner) theirs(kind string) []OpenTask {
	return slices.DeleteFunc(openTasks(pl.Portal, pl.Record), func(t OpenTask) bool {
		return string(t.Kind) != kind || t.Own && !pl.edited(kind, t)
	})
}
