package population

import (
	"slices"
	"time"

	"leadsync/connector/hubspot/simulator"
)

// leadRate is how often in a working day somebody looks at a lead in this status.
func leadRate(status string) float64 {
	switch status {
	case "", statusNew, statusOpen:
		return 0.9
	case statusAttempted:
		return 2.2
	case statusInProgress, statusConnected:
		return 0.4
	case statusBadTiming:
		return 1
	case statusOpenDeal:
		return 0.5
	default: // unqualified, and statuses that an admin invented
		return 0
	}
}

func (w *World) considerLeads(s *step) {
	for _, who := range sorted(w.leads) {
		d := w.dice(s, who, purposeRep)
		if d.chance(within(leadRate(w.people[who].status), s.workdays)) {
			s.consider(who, func(at time.Time) bool { return w.job(s, who, d, at).workLead() })
		}
	}
}

// job is one salesperson with one contact at one moment. Its methods plan a
// deed and report whether they did.
type job struct {
	w      *World
	s      *step
	who    int
	p      person
	rep    simulator.Owner
	orphan bool // the contact has no active owner
	d      dice
	at     time.Time
}

func (w *World) job(s *step, who int, d dice, at time.Time) job {
	rep, orphan := w.rep(s, who)
	return job{w: w, s: s, who: who, p: w.people[who], rep: rep, orphan: orphan, d: d, at: at}
}

// plan adds a deed of the salesperson to the step.
func (j job) plan(kind DeedKind, what string, do func(by simulator.Actor, at time.Time) error) bool {
	what += " (rep " + j.rep.FirstName + " " + j.rep.LastName + ")"
	j.s.plan(j.who, kind, j.at, func(a *act) (string, error) { return what, do(user(j.rep), a.at) })
	return true
}

// set plans a change of the contact.
func (j job) set(kind DeedKind, what string, props map[string]string) bool {
	return j.plan(kind, what, func(by simulator.Actor, _ time.Time) error {
		return j.w.account.Set(by, contacts, j.p.id, props)
	})
}

// workLead is what a salesperson does with a lead, from what the account shows.
func (j job) workLead() bool {
	if (j.orphan && j.d.chance(0.5)) || j.d.chance(0.012) {
		return j.reassign()
	}
	last, outcome, calls := j.w.lastTalk(j.p.id)
	talked := last.After(j.p.statusAt) // since the status was set
	reached := talked && outcome == simulator.CallConnected
	switch j.p.status {
	case "", statusNew, statusOpen:
		switch {
		case reached:
			return j.setStatus(verdict(j.d))
		case talked:
			return j.setStatus(statusAttempted)
		}
		return j.callOrLookUp()
	case statusAttempted:
		return j.workAttempted(attempts{last: last, count: calls, reached: reached})
	case statusBadTiming:
		return j.workBadTiming(reached)
	case statusOpenDeal:
		return j.dealByHand()
	default:
		return j.converse()
	}
}

// attempts are the calls of a lead so far.
type attempts struct {
	last    time.Time
	count   int
	reached bool // since the status was set, and nobody wrote it down
}

// workAttempted calls again when the call task is due (S88). Without any task
// the salesperson remembers some days later; after many attempts it is given up.
func (j job) workAttempted(so attempts) bool {
	if so.reached {
		return j.setStatus(verdict(j.d))
	}
	if so.count >= 5 && j.d.chance(0.4) {
		return j.setStatus(statusUnqualified)
	}
	due, waiting := j.reminder("CALL")
	if due != "" {
		return j.call(due)
	}
	since := j.p.statusAt
	if so.last.After(since) {
		since = so.last
	}
	if !waiting && j.at.Sub(since) > 60*time.Hour && j.d.chance(0.3) {
		return j.callOrLookUp()
	}
	return false
}

// reminder finds the task of one of these kinds that makes somebody call now;
// waiting says that there is one for later.
func (j job) reminder(kinds ...string) (due string, waiting bool) {
	for _, t := range j.w.openTasks(j.p.id) {
		if !slices.Contains(kinds, t.kind) {
			continue
		}
		if t.due.After(j.at) {
			waiting = true
		} else if due == "" {
			due = t.id
		}
	}
	return due, waiting
}

// workBadTiming asks again when the reminder is due (S89); without one, after
// three weeks.
func (j job) workBadTiming(reached bool) bool {
	if reached {
		said := verdict(j.d)
		return said != statusBadTiming && j.setStatus(said) // who wants to be called later still has a date to be called on
	}
	due, waiting := j.reminder("CALL", "TODO")
	if due != "" {
		return j.call(due)
	}
	if !waiting && j.at.Sub(j.p.statusAt) > 21*day && j.d.chance(0.3) {
		return j.call("")
	}
	return false
}

// converse is the personal exchange of S85: calls, meetings, questions, and in
// the end a verdict.
func (j job) converse() bool {
	switch j.d.weighted(24, 20, 14, 42) {
	case 0:
		return j.correspond() || j.call("")
	case 1:
		return j.meeting()
	case 2:
		if j.ask() {
			return true
		}
		return j.meeting()
	default:
		return j.setStatus([]string{statusOpenDeal, statusBadTiming, statusUnqualified}[j.d.weighted(42, 24, 34)])
	}
}

// verdict is the status after a first real talk.
func verdict(d dice) string {
	return []string{statusInProgress, statusBadTiming, statusUnqualified, statusOpenDeal}[d.weighted(48, 18, 16, 18)]
}

func (j job) setStatus(status string) bool {
	props := map[string]string{"hs_lead_status": status}
	what := "lead status " + status
	if status == statusBadTiming && j.d.chance(0.8) {
		back := j.at.AddDate(0, 0, j.d.between(3, 24)).Format(time.DateOnly)
		props["call_back_on"] = back
		what += ", call back on " + back
	}
	return j.set(StatusSet, what, props)
}

// callOrLookUp calls, or finds the missing number first. The first call task,
// due or not, is settled by the call.
func (j job) callOrLookUp() bool {
	o, ok := j.w.account.Object(contacts, j.p.id)
	if !ok {
		return false
	}
	if o.Properties["phone"] == "" && o.Properties["mobilephone"] == "" {
		number := phone(j.d, j.w.companyOf(j.p).country)
		return j.set(Enrichment, "looked up the phone number", map[string]string{"phone": number})
	}
	for _, t := range j.w.openTasks(j.p.id) {
		if t.kind == "CALL" {
			return j.call(t.id)
		}
	}
	return j.call("")
}
