package workflows_test

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

// office is a person with the tasks that the CRM has of them: what a plan asks for is done there as rule 17 says, and the
// mirror shows it at once.
type office struct {
	*person
	made    int
	earlier map[string]workflows.AmendPayload // amendments by the key that they wanted
	theirs  map[connector.ObjectID]bool       // tasks that a person changed
}

const (
	taskOpen = "NOT_STARTED"
	taskDone = "COMPLETED"
)

func taskNames() connector.Names {
	n := names()
	n.TaskKind, n.TaskStatus, n.TaskDone, n.TaskOwner, n.TaskPriority = "hs_task_type", "hs_task_status", taskDone, "hubspot_owner_id", "hs_task_priority"
	n.MeetingOutcome, n.MeetingOff, n.Sequence = "hs_meeting_outcome", "CANCELED", "hs_sequences_is_enrolled"
	return n
}

func newOffice(t fail, props map[string]string) *office {
	t.Helper()
	const path = "testdata/tasks.yaml"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v", err)
	}
	m, err := scoring.Parse(path, text)
	if err != nil {
		t.Fatalf("%v", err)
	}
	o := &office{person: newPerson(t, props), earlier: map[string]workflows.AmendPayload{}, theirs: map[connector.ObjectID]bool{}}
	o.model, o.portal.Names, o.portal.KeyProperty = m, taskNames(), "leadsync_key"
	o.portal.Queues = map[string]string{"calls": "77"}
	return o
}

// selling is an office with somebody who is called for the first time.
func selling(t fail) *office {
	o := newOffice(t, reach("sql"))
	o.step()
	o.after(time.Hour)
	return o
}

// step plans and carries everything out.
func (o *office) step() workflows.Planned {
	o.t.Helper()
	planned := o.person.step()
	for _, e := range planned.Entries {
		switch {
		case e.State != workflows.StateReady:
		case e.Kind == workflows.KindTask:
			o.create(decoded[connector.Task](o.t, e))
		case e.Kind == workflows.KindAmend:
			o.amend(decoded[workflows.AmendPayload](o.t, e))
		case e.Kind == workflows.KindClose:
			o.close(decoded[workflows.ClosePayload](o.t, e))
		case e.Kind == workflows.KindBack:
			b := decoded[workflows.BackPayload](o.t, e)
			o.set(map[string]string{b.Property: b.To})
		}
	}
	return planned
}

// properties are a task as the CRM has it.
func properties(t connector.Task) map[string]string {
	return map[string]string{
		"leadsync_key": t.Key, "hs_task_type": strings.ToUpper(string(t.Kind)), "hs_task_status": taskOpen, "hubspot_owner_id": t.OwnerID,
		"hs_task_priority": strings.ToUpper(t.Priority), "hs_timestamp": t.DueAt.UTC().Format(time.RFC3339), "subject": t.Subject,
	}
}

func (o *office) create(t connector.Task) {
	o.made++
	o.record.Activities = append(slices.Clone(o.record.Activities), connector.Object{
		Type: connector.TypeTask, ID: connector.ObjectID(strconv.Itoa(9000 + o.made)), Properties: properties(t),
	})
}

// find is the task under a key that is there, -1 if there is none.
func (o *office) find(key string) int {
	return slices.IndexFunc(o.record.Activities, func(a connector.Object) bool {
		return a.Type == connector.TypeTask && a.Properties["leadsync_key"] == key
	})
}

// asWritten reports whether nobody changed a task.
func asWritten(o connector.Object, was connector.TaskPrint) bool {
	at, _ := time.Parse(time.RFC3339, o.Properties["hs_timestamp"])
	return was == connector.PrintOf(connector.Task{
		Kind: connector.TaskKind(strings.ToLower(o.Properties["hs_task_type"])), DueAt: at, OwnerID: o.Properties["hubspot_owner_id"],
		Priority: strings.ToLower(o.Properties["hs_task_priority"]), Subject: o.Properties["subject"],
	})
}

// under finds the task that is to be under a key: there, or under the one before if an amendment was left.
func (o *office) under(key string, was connector.TaskPrint) (int, connector.TaskPrint) {
	for {
		i := o.find(key)
		before, amended := o.earlier[key]
		if i >= 0 || !amended {
			return i, was
		}
		key, was = before.Old, before.Was
	}
}

func (o *office) amend(a workflows.AmendPayload) {
	i, was := o.under(a.Old, a.Was)
	o.earlier[a.Task.Key] = a
	switch {
	case i < 0 || o.record.Activities[i].Properties["hs_task_status"] == taskDone:
		o.create(a.Task)
	case asWritten(o.record.Activities[i], was):
		o.record.Activities = slices.Clone(o.record.Activities)
		o.record.Activities[i].Properties = properties(a.Task)
	}
}

func (o *office) close(c workflows.ClosePayload) {
	i, was := o.under(c.TaskKey, c.Was)
	if i >= 0 && o.record.Activities[i].Properties["hs_task_status"] != taskDone && asWritten(o.record.Activities[i], was) {
		o.record.Activities = slices.Delete(slices.Clone(o.record.Activities), i, i+1)
	}
}

// open are the open tasks of ours of a kind.
func (o *office) open(kind string) []connector.Object {
	return slices.DeleteFunc(slices.Clone(o.record.Activities), func(a connector.Object) bool {
		return a.Type != connector.TypeTask || a.Properties["leadsync_key"] == "" || a.Properties["hs_task_status"] == taskDone || !strings.EqualFold(a.Properties["hs_task_type"], kind)
	})
}

// one is the only open task of ours of a kind.
func (o *office) one(kind string) connector.Object {
	o.t.Helper()
	tasks := o.open(kind)
	if len(tasks) != 1 {
		o.t.Fatalf("%d open tasks of kind %s: %v", len(tasks), kind, tasks)
	}
	return tasks[0]
}

// change is a person changing a task; complete and remove are what they do else.
func (o *office) change(id connector.ObjectID, property, value string) {
	i := slices.IndexFunc(o.record.Activities, func(a connector.Object) bool { return a.ID == id })
	o.record.Activities = slices.Clone(o.record.Activities)
	fresh := with(o.record.Activities[i].Properties, property, value)
	o.record.Activities[i].Properties = fresh
	o.theirs[id] = true
}

func (o *office) complete(id connector.ObjectID) { o.change(id, "hs_task_status", taskDone) }

func (o *office) remove(id connector.ObjectID) {
	o.record.Activities = slices.DeleteFunc(slices.Clone(o.record.Activities), func(a connector.Object) bool { return a.ID == id })
}

// foreign is a task that somebody else made.
func (o *office) foreign(kind, status string) {
	o.made++
	o.record.Activities = append(slices.Clone(o.record.Activities), connector.Object{
		Type: connector.TypeTask, ID: connector.ObjectID(strconv.Itoa(8000 + o.made)),
		Properties: map[string]string{"hs_task_type": kind, "hs_task_status": status, "hs_timestamp": o.now.Format(time.RFC3339)},
	})
}

func (o *office) meeting(outcome string, in time.Duration) {
	o.made++
	o.record.Activities = append(slices.Clone(o.record.Activities), connector.Object{
		Type: connector.TypeMeeting, ID: connector.ObjectID(strconv.Itoa(6000 + o.made)),
		Properties: map[string]string{"hs_timestamp": o.now.Add(in).Format(time.RFC3339Nano), "hs_meeting_outcome": outcome},
	})
}

// unanswered is one more call that nobody answers.
func (o *office) unanswered() workflows.Planned {
	o.t.Helper()
	o.after(24*time.Hour).call(noAnswer, 0)
	return o.step()
}

func wants(t *testing.T, planned workflows.Planned, want ...string) {
	t.Helper()
	wantsPlan(t, planned, want...)
}

// What happens to a person happens in the office, so that a step after it carries out tasks too.

func (o *office) after(d time.Duration) *office { o.person.after(d); return o }

func (o *office) status(value string) *office { o.person.status(value); return o }

func (o *office) set(props map[string]string) { o.person.set(props) }

func (o *office) call(outcome string, ago time.Duration) { o.person.call(outcome, ago) }
