package population

import (
	"time"

	"leadsync/connector/hubspot/simulator"
)

// call logs a call and completes the task that asked for it, if any.
func (j job) call(task string) bool {
	c := simulator.Call{Title: "Anruf"}
	var said string
	switch j.d.weighted(36, 8, 12, 42, 2) {
	case 0:
		c.Disposition, said = simulator.CallNoAnswer, "no answer"
	case 1:
		c.Disposition, said = simulator.CallBusy, "busy"
	case 2:
		c.Disposition, said = simulator.CallLeftVoicemail, "left a voicemail"
	case 3:
		c.Disposition, said, c.Duration = simulator.CallConnected, "connected", talk(j.d)
	default:
		c.Disposition, said = simulator.CallWrongNumber, "wrong number"
	}
	return j.plan(CallMade, "call: "+said, func(by simulator.Actor, at time.Time) error {
		c.At = at
		if _, err := j.w.account.LogCall(by, j.p.id, c); err != nil || task == "" {
			return err
		}
		return j.w.account.CompleteTask(by, task)
	})
}

// meeting logs a meeting that took place, or did not.
func (j job) meeting() bool {
	m := simulator.Meeting{Duration: 45 * time.Minute, Title: "Produktvorführung"}
	var said string
	var later map[string]string
	switch j.d.weighted(70, 12, 10, 8) {
	case 0:
		m.Outcome, said = "COMPLETED", "meeting held"
		if j.d.chance(0.5) {
			later = j.homework()
			said += ", noted the task '" + later["hs_task_subject"] + "'"
		}
	case 1:
		m.Outcome, said = "NO_SHOW", "meeting: nobody came"
	case 2:
		m.Outcome, said = "RESCHEDULED", "meeting moved to another day"
	default:
		m.Outcome, said = "CANCELED", "meeting cancelled"
	}
	return j.plan(MeetingHeld, said, func(by simulator.Actor, at time.Time) error {
		m.At = at
		if _, err := j.w.account.LogMeeting(by, j.p.id, m); err != nil || later == nil {
			return err
		}
		_, err := j.w.account.Create(by, simulator.Tasks, later, simulator.Link{Type: contacts, ID: j.p.id})
		return err
	})
}

// homework is what a salesperson promised in a meeting.
func (j job) homework() map[string]string {
	return map[string]string{
		"hs_timestamp": stamp(j.at.AddDate(0, 0, j.d.between(1, 6))), "hs_task_type": "TODO", "hs_task_status": "NOT_STARTED",
		"hs_task_priority": "LOW", "hubspot_owner_id": j.rep.ID, "hs_task_subject": oneOf(j.d, chores()),
	}
}

func chores() []string {
	return []string{"Unterlagen nachsenden", "Angebot nachfassen", "Send references", "Preisliste schicken"}
}

// ask finds out budget or decision authority in a talk (S30); false when both
// are known.
func (j job) ask() bool {
	o, ok := j.w.account.Object(contacts, j.p.id)
	switch {
	case !ok:
		return false
	case o.Properties["budget"] == "":
		return j.set(Enrichment, "asked for the budget", map[string]string{"budget": budget(j.d)})
	case o.Properties["decision_authority"] == "":
		found := map[string]string{}
		setAuthority(found, j.d.weighted(5, 3, 2))
		return j.set(Enrichment, "asked who decides", found)
	}
	return false
}

// reassign gives the contact to another active owner.
func (j job) reassign() bool {
	next := j.s.working[j.d.IntN(len(j.s.working))]
	if next.ID == j.p.owner {
		return false
	}
	return j.set(OwnerChanged, "handed over to "+next.FirstName+" "+next.LastName, map[string]string{"hubspot_owner_id": next.ID})
}
