package modeltest

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"leadsync/connector"
	"leadsync/workflows"
)

// errNoTask says that a story does something to a task that is not open.
var errNoTask = errors.New("there is no open task of this rule")

// deed is what somebody does about tasks and meetings.
type deed struct {
	key  string // of the step: taskDone, taskEdited, taskDeleted, otherTask or meetingAhead
	name string // a rule, or a kind of task
	at   time.Time
}

// The keys of a step that are about tasks, whoever made them.
const (
	taskDone     = "task_done"     // a rep completes the task of a rule
	taskEdited   = "task_edited"   // a rep puts it off by a week
	taskDeleted  = "task_deleted"  // a rep deletes it
	otherTask    = "other_task"    // somebody makes a task of a kind
	meetingAhead = "meeting_ahead" // somebody arranges a meeting
)

// taskKinds are the kinds of task.
func taskKinds() []string {
	return []string{string(connector.TaskToDo), string(connector.TaskCall), string(connector.TaskEmail)}
}

// deed reads what somebody does about a task or a meeting.
func (r *reader) deed(c child) deed {
	d := deed{key: c.name}
	switch c.name {
	case otherTask:
		d.name = r.choice(c.field, taskKinds())
	case meetingAhead:
		d.at, _ = r.moment(c.field)
	default:
		d.name = r.choice(c.field, r.consequences(aboutTask))
	}
	return d
}

// keyProperty is where the account keeps the keys of our tasks.
const keyProperty = "leadsync_key"

// doTask does in the account what an entry of the outbox asks for.
func (p *player) doTask(e workflows.OutboxEntry) error {
	switch e.Kind { //nolint:exhaustive // only these are about tasks
	case workflows.KindTask:
		var t connector.Task
		if err := json.Unmarshal(e.Payload, &t); err != nil {
			return fmt.Errorf("read payload of %s: %w", e.Key, err)
		}
		p.addTask(p.taskProperties(t))
	case workflows.KindAmend:
		var a workflows.AmendPayload
		if err := json.Unmarshal(e.Payload, &a); err != nil {
			return fmt.Errorf("read payload of %s: %w", e.Key, err)
		}
		p.amend(a)
	case workflows.KindClose:
		var c workflows.ClosePayload
		if err := json.Unmarshal(e.Payload, &c); err != nil {
			return fmt.Errorf("read payload of %s: %w", e.Key, err)
		}
		if i := p.openTask(c.TaskKey); i >= 0 && !p.touched[p.record.Activities[i].ID] {
			p.record.Activities = slices.Delete(p.record.Activities, i, i+1)
		}
	}
	return nil
}

// amend makes our open task another one. What a person edited is left, what is not there any more is made.
func (p *player) amend(a workflows.AmendPayload) {
	switch i := p.openTask(a.Old); {
	case i < 0:
		p.addTask(p.taskProperties(a.Task))
	case !p.touched[p.record.Activities[i].ID]:
		p.record.Activities[i].Properties = p.taskProperties(a.Task)
	}
}

func (p *player) taskProperties(t connector.Task) map[string]string {
	n := p.portal.Names
	props := map[string]string{
		keyProperty: t.Key, n.TaskKind: strings.ToUpper(string(t.Kind)), n.TaskOwner: t.OwnerID,
		n.TaskPriority: strings.ToUpper(t.Priority), n.ActivityTime: t.DueAt.UTC().Format(time.RFC3339Nano),
	}
	delete(props, "") // what the CRM does not tell
	return props
}

func (p *player) addTask(props map[string]string) {
	p.made++
	p.record.Activities = append(p.record.Activities, connector.Object{
		Type: connector.TypeTask, ID: connector.ObjectID(strconv.Itoa(p.made)), Properties: props,
	})
}

// openTask is where our open task with a key is, -1 if there is none.
func (p *player) openTask(key string) int {
	n := p.portal.Names
	return slices.IndexFunc(p.record.Activities, func(o connector.Object) bool {
		return o.Type == connector.TypeTask && o.Properties[keyProperty] == key && o.Properties[n.TaskStatus] != n.TaskDone
	})
}

// do lets somebody do something about a task, or arrange a meeting.
func (p *player) do(d deed, now time.Time) error {
	n := p.portal.Names
	switch d.key {
	case otherTask:
		p.addTask(map[string]string{n.TaskKind: strings.ToUpper(d.name), n.ActivityTime: now.Format(time.RFC3339Nano)})
		return nil
	case meetingAhead:
		p.made++
		p.record.Activities = append(p.record.Activities, connector.Object{
			Type: connector.TypeMeeting, ID: connector.ObjectID(strconv.Itoa(p.made)),
			Properties: map[string]string{n.ActivityTime: d.at.UTC().Format(time.RFC3339Nano)}, CreatedAt: now,
		})
		return nil
	}
	i := -1
	for _, own := range p.record.State.Tasks { // at most one of them is this rule's and open: whichever comes first
		if own.Rule == d.name && i < 0 {
			i = p.openTask(own.Key)
		}
	}
	if i < 0 {
		return fmt.Errorf("%s: %q: %w", d.key, d.name, errNoTask)
	}
	if d.key == taskDeleted {
		p.record.Activities = slices.Delete(p.record.Activities, i, i+1)
		return nil
	}
	task := &p.record.Activities[i]
	task.Properties = maps.Clone(task.Properties)
	if d.key == taskDone {
		task.Properties[n.TaskStatus] = n.TaskDone
		return nil
	}
	if p.touched == nil {
		p.touched = map[connector.ObjectID]bool{}
	}
	const week = 7 * 24 * time.Hour
	p.touched[task.ID], task.Properties[n.ActivityTime] = true, now.Add(week).Format(time.RFC3339Nano)
	return nil
}

// unmade reports whether an action says that a task rule asks for nothing, since something else does for it.
func unmade(a workflows.Action) bool {
	return a.Class == workflows.ClassTask && (a.Reason.Code == workflows.ReasonSatisfied || a.Reason.Code == workflows.ReasonNotNeeded) && a.Kind == workflows.KindTask
}
