package workflows

import (
	"slices"
	"strings"
	"time"

	"leadsync/connector"
	"leadsync/scoring"
)

// OpenTask is an open task of a contact as the mirror has it, whoever made it. Of the texts of tasks the mirror has
// nothing: whether a subject was changed shows when the task is amended or archived.
type OpenTask struct {
	ID       connector.ObjectID
	Key      string // ours; empty for tasks that are not
	Kind     connector.TaskKind
	Own      bool
	DueAt    time.Time // zero if it has none
	OwnerID  string
	Priority string // as in connector.TaskPrint
	Begun    bool   // somebody gave it another status than a new task has
}

// Differs reports whether the mirror shows that a task is not as it was written.
func (t OpenTask) Differs(was connector.TaskPrint) bool {
	return t.Begun || t.Kind != was.Kind || t.DueAt.Unix() != was.Due || t.OwnerID != was.Owner || t.Priority != was.Priority
}

// watchesTasks reports whether open tasks, meetings and sequences of a contact are read, whoever made them: they
// satisfy the task rules of the model (rule 17).
func (p *Portal) watchesTasks(m *scoring.Model) bool {
	return p.Names.TaskKind != "" && asksForTasks(m)
}

// asksForTasks reports whether the model has a rule that can ask for a task.
func asksForTasks(m *scoring.Model) bool {
	return slices.ContainsFunc(m.FollowUps(), func(f scoring.FollowUp) bool { return f.Task != nil })
}

// watched are the kinds of record that are read beside the activities of the model. They do not become activities by
// that: what counts is what Kinds names.
func (p *Portal) watched(m *scoring.Model, t connector.ObjectType) bool {
	return (t == connector.TypeTask || t == connector.TypeMeeting) && p.watchesTasks(m) && !slices.Contains(p.Off, string(t))
}

// watchedProperties are the properties that tell whether a task is open, whose it is and when it is due, or whether a
// meeting takes place. The texts of tasks are never read.
func (p *Portal) watchedProperties(m *scoring.Model, t connector.ObjectType) []string {
	switch n := p.Names; {
	case !p.watched(m, t):
		return nil
	case t == connector.TypeTask:
		return []string{n.TaskKind, n.TaskStatus, n.TaskOwner, n.TaskPriority}
	default:
		return []string{n.MeetingOutcome}
	}
}

// openTasks are the open tasks of a contact, in the order of their ids. Where the account refuses unique
// properties (Marked) and has no plain one, our own are told by what we wrote: one that a person edited then counts as
// somebody else's, which satisfies a rule just the same.
func openTasks(p *Portal, r LeadRecord) []OpenTask {
	var open []OpenTask
	for _, o := range r.Activities {
		if o.Type != connector.TypeTask || p.Names.TaskKind == "" || o.Properties[p.Names.TaskStatus] == p.Names.TaskDone {
			continue
		}
		open = append(open, p.taskOf(o, r.State))
	}
	slices.SortFunc(open, func(a, b OpenTask) int {
		if len(a.ID) != len(b.ID) {
			return len(a.ID) - len(b.ID)
		}
		return strings.Compare(string(a.ID), string(b.ID))
	})
	return open
}

func (p *Portal) taskOf(o connector.Object, st *LeadState) OpenTask {
	n := p.Names
	t := OpenTask{
		ID: o.ID, Own: p.Own(o), Kind: connector.TaskKind(strings.ToLower(o.Properties[n.TaskKind])),
		OwnerID: o.Properties[n.TaskOwner], Priority: strings.ToLower(o.Properties[n.TaskPriority]),
		Begun: n.TaskNew != "" && o.Properties[n.TaskStatus] != "" && o.Properties[n.TaskStatus] != n.TaskNew,
	}
	if t.Priority == "none" {
		t.Priority = ""
	}
	if at, ok := parseTime(o.Properties[n.ActivityTime]); ok {
		t.DueAt = at
	}
	switch {
	case t.Own:
		t.Key = o.Properties[p.KeyProperty]
	case p.Marked[connector.TypeTask] && st != nil:
		for _, own := range st.written() {
			if own.Was != (connector.TaskPrint{}) && !t.Differs(own.Was) {
				t.Own, t.Key = true, own.Key
			}
		}
	}
	return t
}

// written are the tasks of ours that a contact may have, the newest last.
func (f *Following) written() []OwnTask {
	own := slices.Clone(f.Made)
	for _, kind := range []connector.TaskKind{connector.TaskCall, connector.TaskEmail, connector.TaskToDo} {
		if t, ok := f.Tasks[string(kind)]; ok {
			own = append(own, t)
		}
	}
	return own
}

// meetingAhead is the next meeting of a contact that lies ahead and has not been called off, whoever made it.
func meetingAhead(p *Portal, r LeadRecord, now time.Time) (id connector.ObjectID, found bool) {
	var next time.Time
	for _, o := range r.Activities {
		if o.Type != connector.TypeMeeting || p.Names.MeetingOff != "" && o.Properties[p.Names.MeetingOutcome] == p.Names.MeetingOff {
			continue
		}
		at, ok := parseTime(o.Properties[p.Names.ActivityTime])
		if ok && at.After(now) && (!found || at.Before(next) || at.Equal(next) && o.ID < id) {
			id, next, found = o.ID, at, true
		}
	}
	return id, found
}

// inSequence reports whether a contact is in an active sequence of mails and tasks.
func inSequence(p *Portal, r LeadRecord) bool {
	return p.Names.Sequence != "" && r.Contact.Properties[p.Names.Sequence] == "true"
}
