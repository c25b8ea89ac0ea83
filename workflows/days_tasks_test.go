package workflows_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"leadsync/connector"
	"leadsync/connector/hubspot/simulator"
	"leadsync/workflows"
)

// adjust lets a person move the due time of an open task of ours by a day, which makes it theirs.
func (d *days) adjust(id string) {
	due, err := time.Parse(time.RFC3339, d.property(id, "hs_timestamp"))
	d.must(err)
	d.must(d.account.EditTask(rep(), id, map[string]string{"hs_timestamp": due.Add(24 * time.Hour).Format(time.RFC3339)}))
	d.theirs[id] = true
}

func (d *days) property(task, name string) string {
	o, _ := d.account.Object(simulator.Tasks, task)
	return o.Properties[name]
}

// openTasks tells the open tasks of a contact kind by kind, and checks that at most one of each is ours alone.
func (d *days) openTasks(email, id string, end ending) {
	byKind, ours := map[string][]string{}, map[string]int{}
	for _, l := range d.account.Associations(simulator.Contacts, id, simulator.Tasks) {
		o, ok := d.account.Object(simulator.Tasks, l.ID)
		if !ok || o.Archived || o.Properties["hs_task_status"] == "COMPLETED" {
			continue
		}
		kind := o.Properties["hs_task_type"]
		text := strings.Join([]string{o.Properties["hs_task_subject"], o.Properties["hs_task_priority"], o.Properties["hs_timestamp"], o.Properties["hubspot_owner_id"]}, ", ")
		if d.theirs[l.ID] {
			text += ", edited"
		} else {
			ours[kind]++
		}
		byKind[kind] = append(byKind[kind], text)
	}
	for kind, texts := range byKind {
		slices.Sort(texts)
		end.Open[email+" "+kind] = strings.Join(texts, "; ")
		if ours[kind] > 1 {
			d.Errorf("seed %d: %s has %d open tasks of ours of kind %s: %v", d.seed, email, ours[kind], kind, texts)
		}
	}
}

// causes checks that every cause that asked for a task came to exactly one end, and tells to which.
func (d *days) causes(email, id string, end ending) {
	records, err := d.store.Leads(d.Context(), portalID, []connector.ObjectID{connector.ObjectID(id)})
	d.must(err)
	decisions, err := d.store.Decisions(d.Context(), portalID, connector.ObjectID(id), 10_000)
	d.must(err)
	ends, all := map[string]map[string]int{}, map[string]int{}
	for _, decision := range decisions {
		for _, a := range decision.Actions {
			if a.Class != workflows.ClassTask || a.Kind == workflows.KindClose {
				continue
			}
			what := string(a.Reason.Code) // not made: satisfied, not needed, included in another
			if a.Mode == workflows.ModeOn {
				what = d.became(a.Key)
			}
			if ends[a.Rule] == nil {
				ends[a.Rule] = map[string]int{}
			}
			ends[a.Rule][what]++
			all[a.Rule]++
		}
	}
	for _, f := range d.worker.Reconciler.Model.FollowUps() {
		if f.Task == nil || records[0].State == nil {
			continue
		}
		if n := records[0].State.Episodes[f.Name]; n != all[f.Name] {
			d.Errorf("seed %d: %s: %d causes of %s ended as %v", d.seed, email, n, f.Name, ends[f.Name])
		}
		for what, n := range ends[f.Name] {
			d.ends[what] += n
		}
		if all[f.Name] > 0 {
			end.Ends[email+" "+f.Name] = fmt.Sprint(ends[f.Name])
		}
	}
}

// became says what became of the task of a cause: it was made (created or amended), a person's edit was left, or it was
// not wanted any more before it was sent.
func (d *days) became(key string) string {
	e, err := d.store.Entry(d.Context(), portalID, key)
	switch {
	case err != nil:
		return "made" // and pruned, since it is long settled
	case e.State == workflows.StateSettled:
		return "made"
	case e.State == workflows.StateCancelled && e.Error == string(connector.AmendEdited):
		return "left"
	case e.State == workflows.StateCancelled:
		return "obsolete at once"
	}
	return string(e.State)
}

// untouched checks that nothing of ours changed a task after a person had edited it.
func (d *days) untouched() {
	edited := map[string]bool{}
	for _, e := range d.account.Journal() {
		switch {
		case e.Type != simulator.Tasks || !d.theirs[e.ID]:
		case e.Actor.Kind == simulator.User && e.Property == "hs_timestamp":
			edited[e.ID] = true
		case e.Actor.Kind == simulator.API && edited[e.ID] && e.Property != "":
			d.Errorf("seed %d: task %s of a person: %s became %q", d.seed, e.ID, e.Property, e.New)
		}
	}
	if d.ends["made"] == 0 || len(edited) < 2 && played > 5*24*time.Hour {
		d.Errorf("seed %d: %d tasks were edited, causes ended as %v: that proves little", d.seed, len(edited), d.ends)
	}
	d.Logf("seed %d: causes ended as %v, %d tasks were edited", d.seed, d.ends, len(edited))
}
