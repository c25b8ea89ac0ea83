package population

import (
	"time"

	"leadsync/connector/hubspot/simulator"
)

// enrolled is the contact property by which the account says that somebody is in a sequence.
const enrolled = "hs_sequences_is_enrolled"

// How often in a working day a salesperson writes a task down or books a meeting for a lead, closes the books on a
// meeting that is over, starts a sequence for a lead, and ends one.
const (
	noteRate, bookRate, outcomeRate = 0.05, 0.04, 1.5
	sequenceRate, sequenceEndRate   = 0.02, 0.35
	editShare                       = 0.12 // of the looks at a task
)

// considerPlans: salespeople keep their own books too, whatever else reminds them.
func (w *World) considerPlans(s *step) {
	for _, who := range sorted(w.leads) {
		d := w.dice(s, who, purposePlanning)
		switch {
		case d.chance(within(noteRate, s.workdays)):
			s.consider(who, func(at time.Time) bool { return w.job(s, who, d, at).noteTask() })
		case d.chance(within(bookRate, s.workdays)):
			s.consider(who, func(at time.Time) bool { return w.job(s, who, d, at).bookMeeting() })
		}
	}
}

// noteTask writes down what the salesperson wants to do for a lead.
func (j job) noteTask() bool {
	kind := []string{"CALL", "TODO", "EMAIL"}[j.d.weighted(40, 30, 30)]
	subject := map[string][]string{
		"CALL": {"Noch einmal anrufen", "Call about the offer"}, "TODO": chores(), "EMAIL": {"Mail mit Referenzen", "Write to the buyer"},
	}[kind]
	props := map[string]string{
		"hs_timestamp": stamp(j.at.AddDate(0, 0, j.d.between(1, 6))), "hs_task_type": kind, "hs_task_status": "NOT_STARTED",
		"hs_task_priority": "MEDIUM", "hubspot_owner_id": j.rep.ID, "hs_task_subject": oneOf(j.d, subject),
	}
	return j.plan(TaskNoted, "noted the task '"+props["hs_task_subject"]+"'", func(by simulator.Actor, _ time.Time) error {
		_, err := j.w.account.Create(by, simulator.Tasks, props, simulator.Link{Type: contacts, ID: j.p.id})
		return err
	})
}

// bookMeeting books a meeting for one of the next days.
func (j job) bookMeeting() bool {
	start := j.at.AddDate(0, 0, j.d.between(1, 9)).Truncate(30 * time.Minute)
	return j.plan(MeetingBooked, "booked a meeting for "+start.Format(time.DateOnly), func(by simulator.Actor, _ time.Time) error {
		_, err := j.w.account.LogMeeting(by, j.p.id, simulator.Meeting{At: start, Outcome: scheduled, Duration: 45 * time.Minute, Title: "Termin"})
		return err
	})
}

// scheduled is the outcome of a meeting that has none yet.
const scheduled = "SCHEDULED"

// followMeeting keeps the meetings that were booked and have no outcome.
func (w *World) followMeeting(e simulator.Entry) {
	switch {
	case e.Op == simulator.OpArchive || e.Op == simulator.OpPurge:
		delete(w.meetings, e.ID)
	case e.Op == simulator.OpSet && e.Property == "hs_meeting_outcome" && e.New == scheduled:
		w.meetings[e.ID] = nobody
	case e.Op == simulator.OpSet && e.Property == "hs_meeting_outcome":
		delete(w.meetings, e.ID)
	}
}

// considerMeetings: a meeting that is over gets an outcome some time.
func (w *World) considerMeetings(s *step) {
	for _, m := range byContact(w, w.meetings, simulator.Meetings) {
		d := w.dice(s, m.who, purposeEditing)
		if d.chance(within(outcomeRate, s.workdays)) {
			s.consider(m.who, func(at time.Time) bool { return w.job(s, m.who, d, at).closeMeeting(m.id) })
		}
	}
}

func (j job) closeMeeting(id string) bool {
	o, ok := j.w.account.Object(simulator.Meetings, id)
	if !ok || o.Archived || timeOf(o.Properties["hs_timestamp"]).After(j.at) {
		return false
	}
	outcome := []string{"COMPLETED", "NO_SHOW", "CANCELED"}[j.d.weighted(70, 15, 15)]
	return j.plan(MeetingOver, "meeting over: "+outcome, func(by simulator.Actor, _ time.Time) error {
		return j.w.account.Set(by, simulator.Meetings, id, map[string]string{"hs_meeting_outcome": outcome})
	})
}

// enrol notes whether somebody is in a sequence.
func (w *World) enrol(who int, in bool) {
	if in {
		w.sequences[who] = true
		return
	}
	delete(w.sequences, who)
}

// considerSequences: some leads get a series of mails, which ends some days later.
func (w *World) considerSequences(s *step) {
	for _, who := range sorted(w.leads) {
		d := w.dice(s, who, purposeSequence)
		if !w.sequences[who] && d.chance(within(sequenceRate, s.workdays)) {
			s.consider(who, func(at time.Time) bool {
				return w.job(s, who, d, at).set(SequenceStarted, "started a sequence", map[string]string{enrolled: "true"})
			})
		}
	}
	for _, who := range sorted(w.sequences) {
		d := w.dice(s, who, purposeEditing)
		if d.chance(within(sequenceEndRate, s.workdays)) {
			s.consider(who, func(at time.Time) bool {
				return w.job(s, who, d, at).set(SequenceEnded, "ended the sequence", map[string]string{enrolled: "false"})
			})
		}
	}
}

// edits lets a salesperson change an open task now and then, whoever made it: later, or in other words.
func (j job) edits(task simulator.Object) bool {
	d := j.w.dice(j.s, j.who, purposeEditing)
	if !d.chance(editShare) {
		return false
	}
	subject := task.Properties["hs_task_subject"]
	props, what := map[string]string{"hs_task_subject": subject + ", " + oneOf(d, []string{"vormittags", "in the afternoon"})}, "reworded"
	if due := timeOf(task.Properties["hs_timestamp"]); d.chance(0.5) {
		props, what = map[string]string{"hs_timestamp": stamp(due.AddDate(0, 0, d.between(1, 5)))}, "postponed"
	}
	return j.plan(TaskEdited, what+" the task '"+subject+"'", func(by simulator.Actor, _ time.Time) error {
		return j.w.account.EditTask(by, task.ID, props)
	})
}
