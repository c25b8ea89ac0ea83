package audit_test

import (
	"slices"
	"strings"
	"testing"

	"leadsync/cmd/leadsync/audit"
	"leadsync/connector/hubspot/simulator"
)

// tasksText is a model in which every key of tasks says something.
func tasksText(t *testing.T) string {
	t.Helper()
	head, _, found := strings.Cut(modelText, "follow_ups:\n")
	if !found {
		t.Fatal("the model has no follow-ups")
	}
	return head + `follow_ups:
  - {name: first contact, on_status: new, task: {kind: call, due: 1wd, priority: high, subject: "First call: {name}"}}
  - name: call again
    on_status: attempted
    obsolete_when: budget > 1000
    task:
      kind: call
      due: 2d
      subject: "Call {name} again"
      queue: hot
      remind: 30m
      ladder: [{due: 1wd}, {due: 3d, subject: "Last call: {name}", priority: low}]
      then: {status: unqualified}
  - {name: ask later, on_status: bad_timing, after: 2d, while: not known(call_back), task: {due: 1d, subject: "Ask {name} later"}}
  - {name: thank, on_activity: {kind: call, where: 'outcome == "connected"'}, task: {kind: email, due: 1d, subject: "Thank {name}"}}
  - {name: close all, on_status: unqualified, close_tasks: true}
`
}

// caller is the story of Dora, whom a rep is to call: task is that of the first call.
type caller struct {
	*story
	dora, task string
}

func newCaller(t *testing.T) *caller {
	t.Helper()
	s := &caller{story: newStory(t, "")}
	s.load()
	s.score(s.ada, 30)
	s.score(s.ben, 0)
	s.now = at("2026-03-03 10:00") // Tuesday
	s.dora = s.owned(s.owner, s.owner)
	s.task = s.tasks["First call: Dora Neu"]
	return s
}

// at is the next step, at which nobody may do anything.
func (s *caller) at(when string) {
	s.now = at(when)
	s.steps = append(s.steps, s.now)
}

// missed is a call that nobody answers, and the status that follows from it.
func (s *caller) missed() {
	s.call(s.dora, simulator.CallNoAnswer)
	s.set(leadsync, s.dora, map[string]string{"hs_lead_status": "ATTEMPTED_TO_CONTACT"})
}

// again is the content of the task to call again at a step of the ladder.
func (s *caller) again(step int) map[string]string {
	steps := []map[string]string{
		{"hs_task_subject": "Call Dora Neu again", "hs_timestamp": "2026-03-05T08:00:00Z", "hs_task_reminders": "1772695800000"},
		{"hs_task_subject": "Last call: Dora Neu", "hs_timestamp": "2026-03-09T08:00:00Z", "hs_task_reminders": "1773041400000"},
	}
	props := steps[step-1]
	props["hs_queue_membership_ids"], props["hubspot_owner_id"], props["leadsync_key"] = "771", s.owner, s.key()
	return props
}

func (s *caller) change(task string, props map[string]string) {
	s.must(s.account.Set(leadsync, simulator.Tasks, task, props))
}

// make creates a task of ours for Dora.
func (s *caller) make(kind string, props map[string]string) string {
	props["hs_task_type"], props["hs_task_status"] = kind, "NOT_STARTED"
	id, err := s.account.Create(leadsync, simulator.Tasks, props, simulator.Link{Type: simulator.Contacts, ID: s.dora})
	s.must(err)
	return id
}

// note is a task of the rep's own.
func (s *caller) note(kind string) string {
	id, err := s.account.Create(person, simulator.Tasks, map[string]string{
		"hs_task_type": kind, "hs_task_status": "NOT_STARTED", "hs_task_subject": "Call about the offer", "hs_timestamp": "2026-03-07T09:00:00Z",
	}, simulator.Link{Type: simulator.Contacts, ID: s.dora})
	s.must(err)
	return id
}

func (s *caller) edit(props map[string]string) {
	s.must(s.account.EditTask(person, s.task, props))
}

// owed is a call that nobody answers while a task that the rep edited is open, which the rep completes at a time.
func (s *caller) owed(when string) {
	s.at(later)
	s.edit(map[string]string{"hs_timestamp": "2026-03-06T09:00:00Z"})
	s.at(next)
	s.missed()
	s.at(when)
	s.must(s.account.CompleteTask(person, s.task))
}

// owedByOwn is the same with a task that the rep has made.
func (s *caller) owedByOwn() {
	s.at(later)
	own := s.note("CALL")
	s.at(next)
	s.missed()
	s.archive(s.task)
	s.at("2026-03-04 10:05")
	s.must(s.account.CompleteTask(person, own))
}

func (s *caller) audit() audit.Report {
	in := s.input(tasksText(s.t))
	in.Mapping.Queues = map[string]string{"hot": "771"}
	return audit.Run(in)
}

const (
	later  = "2026-03-03 15:00" // of the day on which Dora came
	next   = "2026-03-04 10:00" // Wednesday
	third  = "2026-03-05 10:00"
	fourth = "2026-03-06 10:00" // Friday
)

// What follows from rules 6 and 17, told as it should be (no finding wanted) and with one mistake each.
func TestAuditFollowsTasks(t *testing.T) {
	for name, test := range map[string]struct {
		tell func(*caller)
		want string // of the first finding
	}{
		"a new cause amends the open task": {func(s *caller) {
			s.at(next)
			s.missed()
			s.change(s.task, s.again(1))
		}, ""},
		"a reminder at another time": {func(s *caller) {
			s.at(next)
			s.missed()
			props := s.again(1)
			props["hs_task_reminders"] = "1772694000000"
			s.change(s.task, props)
		}, "task reminder"},
		"another queue": {func(s *caller) {
			s.at(next)
			s.missed()
			props := s.again(1)
			delete(props, "hs_queue_membership_ids")
			s.change(s.task, props)
		}, "task queue"},
		"a task of somebody else's satisfies": {func(s *caller) {
			s.at(later)
			s.note("CALL")
			s.at(next)
			s.missed()
			s.archive(s.task)
		}, ""},
		"amended although satisfied": {func(s *caller) {
			s.at(later)
			s.note("CALL")
			s.at(next)
			s.missed()
			s.change(s.task, s.again(1))
		}, "obsolete task"},
		"a task of another kind satisfies nothing": {func(s *caller) {
			s.at(later)
			s.note("TODO")
			s.at(next)
			s.missed()
			s.archive(s.task)
		}, "task"},
		"a task that is done satisfies nothing": {func(s *caller) {
			s.at(later)
			done := s.note("CALL")
			s.at("2026-03-03 16:00")
			s.must(s.account.CompleteTask(person, done))
			s.at(next)
			s.missed()
			s.change(s.task, s.again(1))
		}, ""},
		"a task in the very step may be seen": {func(s *caller) {
			s.at(next)
			s.note("CALL")
			s.missed()
			s.archive(s.task)
		}, ""},
		"and may not be": {func(s *caller) {
			s.at(next)
			s.note("CALL")
			s.missed()
			s.change(s.task, s.again(1))
		}, ""},
		"but not half of it": {func(s *caller) {
			s.at(next)
			s.note("CALL")
			s.missed()
		}, "obsolete task"},
		"a meeting ahead satisfies": {func(s *caller) {
			s.at(later)
			_, err := s.account.LogMeeting(person, s.dora, simulator.Meeting{At: at("2026-03-10 09:00")})
			s.must(err)
			s.at(next)
			s.missed()
			s.archive(s.task)
		}, ""},
		"a meeting that is over does not": {func(s *caller) {
			s.at(later)
			_, err := s.account.LogMeeting(person, s.dora, simulator.Meeting{At: at("2026-03-03 14:00")})
			s.must(err)
			s.at(next)
			s.missed()
			s.archive(s.task)
		}, "task"},
		"a sequence satisfies": {func(s *caller) {
			s.at(later)
			s.set(person, s.dora, map[string]string{"hs_sequences_is_enrolled": "true"})
			s.at(next)
			s.missed()
			s.archive(s.task)
		}, ""},
		"made all the same": {func(s *caller) {
			s.at(later)
			s.must(s.account.CompleteTask(person, s.task))
			s.at("2026-03-03 16:00")
			s.set(person, s.dora, map[string]string{"hs_sequences_is_enrolled": "true"})
			s.at(next)
			s.missed()
			s.make("CALL", s.again(1))
		}, "task"},
		"an edited task is left and satisfies": {func(s *caller) {
			s.at(later)
			s.edit(map[string]string{"hs_timestamp": "2026-03-06T09:00:00Z"})
			s.at(next)
			s.missed()
		}, ""},
		"an edited task that is completed in the very step satisfies nothing": {func(s *caller) {
			s.at(later)
			s.edit(map[string]string{"hs_timestamp": "2026-03-06T09:00:00Z"})
			s.at(next)
			s.must(s.account.CompleteTask(person, s.task))
			s.missed()
		}, "task"},
		"and the next one is made": {func(s *caller) {
			s.at(later)
			s.edit(map[string]string{"hs_timestamp": "2026-03-06T09:00:00Z"})
			s.at(next)
			s.must(s.account.CompleteTask(person, s.task))
			s.missed()
			s.make("CALL", s.again(1))
		}, ""},
		"an edited task that is deleted in the very step may satisfy": {func(s *caller) {
			s.at(later)
			s.edit(map[string]string{"hs_timestamp": "2026-03-06T09:00:00Z"})
			s.at(next)
			s.must(s.account.Archive(person, simulator.Tasks, s.task))
			s.missed()
		}, ""},
		"what an edited task satisfied is owed": {func(s *caller) { s.owed("2026-03-04 10:15") }, "task"},
		"and made when that is completed": {func(s *caller) {
			s.owed("2026-03-04 10:15")
			s.make("CALL", s.again(1))
		}, ""},
		"not after a quarter of an hour": {func(s *caller) { s.owed("2026-03-04 10:16") }, ""},
		"nor made then": {func(s *caller) {
			s.owed("2026-03-04 10:16")
			s.make("CALL", s.again(1))
		}, "task"},
		"nor when the status was left": {func(s *caller) {
			s.owed("2026-03-04 10:15")
			s.set(person, s.dora, map[string]string{"hs_lead_status": "IN_PROGRESS"})
		}, ""},
		"nor when it is obsolete": {func(s *caller) {
			s.owed("2026-03-04 10:15")
			s.set(person, s.dora, map[string]string{"annualrevenue": "5000"})
		}, ""},
		"what somebody's own task satisfied is owed": {func(s *caller) { s.owedByOwn() }, "task"},
		"and made when the own task is completed": {func(s *caller) {
			s.owedByOwn()
			s.make("CALL", s.again(1))
		}, ""},
		"an edited task that was completed before satisfies nothing": {func(s *caller) {
			s.at(later)
			s.edit(map[string]string{"hs_timestamp": "2026-03-06T09:00:00Z"})
			s.at("2026-03-03 16:00")
			s.must(s.account.CompleteTask(person, s.task))
			s.at(next)
			s.missed()
		}, "task"},
		"an edited task is not archived": {func(s *caller) {
			s.at(later)
			s.edit(map[string]string{"hs_timestamp": "2026-03-06T09:00:00Z"})
			s.at(next)
			s.missed()
			s.archive(s.task)
		}, "task archived although a person edited it"},
		"an edited task is not amended": {func(s *caller) {
			s.at(later)
			s.edit(map[string]string{"hs_task_subject": "Call in the morning"})
			s.at(next)
			s.missed()
			s.change(s.task, s.again(1))
		}, "task amended although a person edited it"},
		"none beside an edited task": {func(s *caller) {
			s.at(later)
			s.edit(map[string]string{"hubspot_owner_id": ""})
			s.at(next)
			s.missed()
			s.make("CALL", s.again(1))
		}, "two open tasks of kind call"},
		"what was put back is not edited": {func(s *caller) {
			s.at(later)
			s.edit(map[string]string{"hs_task_priority": "LOW"})
			s.at("2026-03-03 16:00")
			s.edit(map[string]string{"hs_task_priority": "HIGH"})
			s.at(next)
			s.missed()
			s.change(s.task, s.again(1))
		}, ""},
		"a new cause after a completed task": {func(s *caller) {
			s.at(later)
			s.must(s.account.CompleteTask(person, s.task))
			s.at(next)
			s.missed()
			s.make("CALL", s.again(1))
		}, ""},
		"no task after a deleted one": {func(s *caller) {
			s.at(later)
			s.must(s.account.DeleteTask(person, s.task))
			s.at(next)
			s.missed()
		}, "task"},
		"a completed task is not amended": {func(s *caller) {
			s.at(later)
			s.must(s.account.CompleteTask(person, s.task))
			s.at(next)
			s.missed()
			s.change(s.task, s.again(1))
		}, "task amended although a person had completed or deleted it"},
		"a deleted task is not made again for its cause": {func(s *caller) {
			s.at(later)
			s.must(s.account.DeleteTask(person, s.task))
			s.at("2026-03-03 16:00")
			s.task2("key-1")
		}, "task made again"},
		"a ladder leads to a status": {func(s *caller) {
			s.ladder()
			s.at(fourth)
			s.call(s.dora, simulator.CallNoAnswer)
			s.set(leadsync, s.dora, map[string]string{"hs_lead_status": "UNQUALIFIED"})
			s.archive(s.task)
		}, ""},
		"a ladder has no further step": {func(s *caller) {
			s.ladder()
			s.at(fourth)
			s.call(s.dora, simulator.CallNoAnswer)
			s.change(s.task, s.again(2))
		}, "status"},
		"a step of its own wording": {func(s *caller) {
			s.at(next)
			s.missed()
			s.change(s.task, s.again(1))
			s.at(third)
			s.call(s.dora, simulator.CallNoAnswer)
			s.change(s.task, s.again(1))
		}, "task subject"},
		"a row begins anew": {func(s *caller) {
			s.ladder()
			s.at("2026-03-05 12:00")
			s.set(person, s.dora, map[string]string{"hs_lead_status": "NEW"})
			s.change(s.task, map[string]string{
				"hs_task_subject": "First call: Dora Neu", "hs_timestamp": "2026-03-06T08:00:00Z", "leadsync_key": s.key(),
			})
			s.at(fourth)
			s.missed()
			props := s.again(1)
			props["hs_timestamp"], props["hs_task_reminders"] = "2026-03-09T08:00:00Z", "1773041400000"
			s.change(s.task, props)
		}, ""},
		"obsolete": {func(s *caller) {
			s.at(next)
			s.missed()
			s.change(s.task, s.again(1))
			s.at(third)
			s.set(person, s.dora, map[string]string{"annualrevenue": "2000"})
			s.archive(s.task)
		}, ""},
		"obsolete and still open": {func(s *caller) {
			s.at(next)
			s.missed()
			s.change(s.task, s.again(1))
			s.at(third)
			s.set(person, s.dora, map[string]string{"annualrevenue": "2000"})
		}, "obsolete task"},
		"obsolete from the beginning": {func(s *caller) {
			s.at(later)
			s.set(person, s.dora, map[string]string{"annualrevenue": "2000"})
			s.at(next)
			s.missed()
			s.archive(s.task)
		}, ""},
		"archived without a reason": {func(s *caller) {
			s.at(later)
			s.archive(s.task)
		}, "archived task"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newCaller(t)
			test.tell(s)
			check(t, s.audit(), test.want)
		})
	}
}

// ladder tells of two calls in a row.
func (s *caller) ladder() {
	s.at(next)
	s.missed()
	s.change(s.task, s.again(1))
	s.at(third)
	s.call(s.dora, simulator.CallNoAnswer)
	s.change(s.task, s.again(2))
}

func (s *caller) task2(key string) {
	s.make("CALL", map[string]string{
		"hs_task_subject": "First call: Dora Neu", "hs_timestamp": "2026-03-04T08:00:00Z", "hubspot_owner_id": s.owner, "leadsync_key": key, "hs_task_priority": "HIGH",
	})
}

// check compares the first finding with the one wanted; none wanted is none at all.
func check(t *testing.T, report audit.Report, want string) {
	t.Helper()
	got := ""
	if len(report.Findings) > 0 {
		got = report.Findings[0].What
	}
	if got != want {
		t.Errorf("found %v, want %q", report.Findings, want)
	}
	for _, f := range report.Findings {
		if f.Why == "" || f.Contact == "" || f.Want == f.Got {
			t.Errorf("says too little: %v", f)
		}
	}
}

// later tells what follows some time after a status, as long as the condition holds.
func TestAuditWaits(t *testing.T) {
	ask := func(s *caller) {
		s.make("TODO", map[string]string{
			"hs_task_subject": "Ask Dora Neu later", "hs_timestamp": "2026-03-09T08:00:00Z", "hubspot_owner_id": s.owner, "leadsync_key": s.key(),
		})
	}
	for name, test := range map[string]struct {
		tell func(*caller)
		want string
	}{
		"at the end of the wait": {func(s *caller) {
			s.at(fourth)
			s.at("2026-03-06 12:00")
			ask(s)
		}, ""},
		"too early": {func(s *caller) {
			s.at(fourth)
			ask(s)
		}, "task"},
		"never": {func(s *caller) { s.at("2026-03-06 12:00") }, "task"},
		"the condition does not hold": {func(s *caller) {
			s.at(third)
			s.set(person, s.dora, map[string]string{"closedate": "2026-04-04T10:00:00Z"})
			s.at("2026-03-06 12:00")
		}, ""},
		"the condition does not hold, and yet": {func(s *caller) {
			s.at(third)
			s.set(person, s.dora, map[string]string{"closedate": "2026-04-04T10:00:00Z"})
			s.at("2026-03-06 12:00")
			ask(s)
		}, "task"},
		"the status was left": {func(s *caller) {
			s.at(third)
			s.set(person, s.dora, map[string]string{"hs_lead_status": "OPEN_DEAL"})
			s.at("2026-03-06 12:00")
		}, ""},
		"the status was left, and yet": {func(s *caller) {
			s.at(third)
			s.set(person, s.dora, map[string]string{"hs_lead_status": "OPEN_DEAL"})
			s.at("2026-03-06 12:00")
			ask(s)
		}, "task"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newCaller(t)
			s.at("2026-03-04 12:00")
			s.set(person, s.dora, map[string]string{"hs_lead_status": "BAD_TIMING"})
			s.archive(s.task)
			test.tell(s)
			check(t, s.audit(), test.want)
		})
	}
}

// Activities ask for tasks of their own.
func TestAuditHearsActivities(t *testing.T) {
	thank := func(s *caller, due string) map[string]string {
		return map[string]string{"hs_task_subject": "Thank Dora Neu", "hs_timestamp": due, "hubspot_owner_id": s.owner, "leadsync_key": s.key()}
	}
	for name, test := range map[string]struct {
		tell func(*caller)
		want string
	}{
		"a talk": {func(s *caller) { s.make("EMAIL", thank(s, "2026-03-05T08:00:00Z")) }, ""},
		"a talk and another": {func(s *caller) {
			mail := s.make("EMAIL", thank(s, "2026-03-05T08:00:00Z"))
			s.at(third)
			s.call(s.dora, simulator.CallConnected)
			s.change(mail, thank(s, "2026-03-06T08:00:00Z"))
		}, ""},
		"a talk that nobody heard of": {func(*caller) {}, "task"},
		"a talk and another that nobody heard of": {func(s *caller) {
			s.make("EMAIL", thank(s, "2026-03-05T08:00:00Z"))
			s.at(third)
			s.call(s.dora, simulator.CallConnected)
		}, "task"},
		"twice for one talk": {func(s *caller) {
			mail := s.make("EMAIL", thank(s, "2026-03-05T08:00:00Z"))
			s.at(later)
			s.at(third)
			s.change(mail, thank(s, "2026-03-06T08:00:00Z"))
		}, "task amended"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newCaller(t)
			s.at(next)
			s.call(s.dora, simulator.CallConnected)
			test.tell(s)
			check(t, s.audit(), test.want)
		})
	}
}

// What holds at every moment is seen also where a contact was found wrong before, and needs no model.
func TestAuditWatchesEveryMoment(t *testing.T) {
	for name, test := range map[string]struct {
		plant func(*caller)
		want  string
	}{
		"two open tasks of a kind": {func(s *caller) {
			s.task2("key-9")
			s.archive(s.task)
		}, "two open tasks of kind call"},
		"a Sunday": {func(s *caller) {
			s.change(s.task, map[string]string{"hs_timestamp": "2026-03-08T08:00:00Z"})
			s.change(s.task, map[string]string{"hs_timestamp": "2026-03-09T08:00:00Z"})
		}, "task outside working time"},
		"somebody who has left": {func(s *caller) {
			s.change(s.task, map[string]string{"hubspot_owner_id": s.gone})
			s.change(s.task, map[string]string{"hubspot_owner_id": s.owner})
		}, "task for somebody who has left"},
		"a task that was edited": {func(s *caller) {
			s.edit(map[string]string{"hs_task_subject": "Call in the morning"})
			s.change(s.task, map[string]string{"hs_task_priority": "LOW"})
		}, "task amended although a person edited it"},
		"a task that was completed": {func(s *caller) {
			s.must(s.account.CompleteTask(person, s.task))
			s.change(s.task, map[string]string{"hs_task_priority": "LOW"})
		}, "task amended although a person had completed or deleted it"},
		"a key that was used": {func(s *caller) {
			s.must(s.account.DeleteTask(person, s.task))
			s.task2("key-1")
		}, "task made again"},
		"a key that was given up": {func(s *caller) {
			s.change(s.task, map[string]string{"leadsync_key": "key-8"})
			s.archive(s.task)
			s.task2("key-1")
		}, "key"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newCaller(t)
			s.at(later)
			s.set(leadsync, s.dora, map[string]string{"lifecyclestage": "opportunity"}) // a mistake: the contact is not audited from here on
			s.at(next)
			test.plant(s)
			report := s.audit()
			at := slices.IndexFunc(report.Findings, func(f audit.Finding) bool { return f.What == test.want && f.Contact == s.dora && f.Why != "" })
			if len(report.Findings) != 2 || report.Findings[0].What != "stage" || at != 1 {
				t.Errorf("found %v, want %q", report.Findings, test.want)
			}
		})
	}
}

// Whose work it is.
func TestAuditKnowsWhoseWorkItIs(t *testing.T) {
	for name, test := range map[string]struct {
		who  string
		deal bool // with a deal of Ines
		to   []string
		want string
	}{
		"the owner's":                        {"owner", true, []string{"rita"}, ""},
		"not the owner's":                    {"owner", true, []string{"ines"}, "task owner"},
		"the deal's":                         {"deal_owner", true, []string{"ines"}, ""},
		"the owner's without a deal":         {"deal_owner", false, []string{"rita"}, ""},
		"a person's":                         {"ines", false, []string{"ines"}, ""},
		"of somebody who has left":           {"gus", false, []string{"rita"}, ""},
		"not of somebody who has left":       {"gus", false, []string{"gus"}, "task for somebody who has left"},
		"of an assignment":                   {"team", false, []string{"ines"}, ""},
		"of an assignment, the same":         {"team", false, []string{"rita", "rita"}, ""},
		"of an assignment, another":          {"team", false, []string{"rita", "ines"}, "task owner"},
		"of an entry that does not apply":    {"rich", false, []string{"ines"}, "task owner"},
		"of an entry of which all have left": {"old", false, []string{"ines"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newCaller(t)
			ids := map[string]string{"rita": s.owner, "gus": s.gone, "ines": s.account.CreateOwner("Ines Innen", "ines@our-company.example", true)}
			if test.deal {
				s.at(later)
				_, err := s.account.CreateDeal(person, s.dora, map[string]string{"dealname": "Deal", "hubspot_owner_id": ids["ines"]})
				s.must(err)
				s.score(s.dora, 0)
			}
			for i, to := range test.to {
				s.at([]string{next, third}[i])
				if i == 0 {
					s.set(person, s.dora, map[string]string{"hs_lead_status": "ATTEMPTED_TO_CONTACT"})
				} else {
					s.call(s.dora, simulator.CallNoAnswer)
				}
				props := s.again(1)
				props["hubspot_owner_id"], props["hs_timestamp"] = ids[to], []string{"2026-03-05T08:00:00Z", "2026-03-06T08:00:00Z"}[i]
				delete(props, "hs_task_reminders")
				s.change(s.task, props)
			}
			text := replaced(t, tasksText(t), "      ladder: [{due: 1wd}, {due: 3d, subject: \"Last call: {name}\", priority: low}]\n      then: {status: unqualified}\n", "")
			text = replaced(t, text, "      due: 2d\n", "      due: 1wd\n      for: "+test.who+"\n")
			text = replaced(t, text, "      remind: 30m\n", "")
			text = replaced(t, text, "lead_status:\n", `assignments:
  team: {entries: [{people: {rita: 2, ines: 1}}]}
  rich: {entries: [{when: budget > 1, people: [ines]}, {people: [rita]}]}
  old: {entries: [{people: [gus]}, {people: [ines]}]}
lead_status:
`)
			in := s.input(strings.Replace(text, "{stage: opportunity, when: open_deals >= 1}", "{stage: opportunity, when: open_deals >= 2}", 1))
			in.Mapping.Queues, in.Mapping.People = map[string]string{"hot": "771"}, ids
			check(t, audit.Run(in), test.want)
		})
	}
}

// Open tasks of somebody who leaves are passed on.
func TestAuditPassesTasksOn(t *testing.T) {
	const rep, gone = "2026-03-03 12:00", "2026-03-03 15:00"
	pass := func(s *caller, due string) {
		s.change(s.task, map[string]string{"hubspot_owner_id": s.owner, "hs_timestamp": due, "leadsync_key": s.key()})
	}
	for name, test := range map[string]struct {
		tell func(*caller)
		want string
	}{
		"in the step":          {func(s *caller) { pass(s, "2026-03-04T09:00:00Z") }, ""},
		"in the next":          {func(s *caller) { s.at(next); pass(s, "2026-03-04T10:00:00Z") }, ""},
		"never":                {func(s *caller) { s.at(next) }, "task"},
		"at another time":      {func(s *caller) { pass(s, "2026-03-06T09:00:00Z") }, "task due date"},
		"but not what is done": {func(s *caller) { s.must(s.account.CompleteTask(person, s.task)); s.at(next) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newCaller(t)
			lea := s.account.CreateOwner("Lea Leaver", "lea@our-company.example", true)
			s.at(rep)
			s.set(person, s.dora, map[string]string{"hubspot_owner_id": lea, "hs_lead_status": "ATTEMPTED_TO_CONTACT"})
			props := s.again(1)
			props["hubspot_owner_id"], props["hs_timestamp"] = lea, "2026-03-04T09:00:00Z"
			delete(props, "hs_task_reminders")
			s.change(s.task, props)
			s.at(gone)
			s.must(s.account.SetOwnerActive(lea, false))
			test.tell(s)
			in := s.input(replaced(t, tasksText(t), "      remind: 30m\n", ""))
			in.Mapping.Queues = map[string]string{"hot": "771"}
			check(t, audit.Run(in), test.want)
		})
	}
}
