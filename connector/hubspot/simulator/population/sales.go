package population

import (
	"cmp"
	"slices"
	"time"

	"leadsync/connector/hubspot/simulator"
)

// candidate is something that a salesperson would do if there were time. work
// plans it, or does nothing and costs nothing.
type candidate struct {
	who  int
	work func(at time.Time) bool
}

// planSales lets the salespeople work. They react to the account as it is; what
// they get done in a day is limited, so a flood of leads waits in line instead
// of exploding.
func (w *World) planSales(s *step) {
	w.meetOwners(s)
	w.ownerLeaves(s)
	if len(s.working) == 0 {
		return
	}
	w.considerLeads(s)
	w.considerStages(s)
	w.considerDeals(s)
	w.considerTasks(s)
	w.considerMail(s)
	w.considerCompanies(s)
	w.considerPlans(s)
	w.considerMeetings(s)
	w.considerSequences(s)
	capacity := 16 + float64(w.opts.Contacts)/24
	w.energy = min(w.energy+capacity*s.workdays, max(1, capacity))
	d := roll(w.opts.Seed, s.key, purposeRep)
	d.Shuffle(len(s.reps), func(i, j int) { s.reps[i], s.reps[j] = s.reps[j], s.reps[i] })
	for _, c := range s.reps {
		if w.energy < 1 {
			return
		}
		if s.busy[c.who] || w.people[c.who].gone {
			continue
		}
		if c.work(d.instant(s.work)) {
			s.busy[c.who] = true
			w.energy--
		}
	}
}

func (s *step) consider(who int, work func(at time.Time) bool) {
	s.reps = append(s.reps, candidate{who: who, work: work})
}

func (w *World) meetOwners(s *step) {
	s.owners = map[string]simulator.Owner{}
	for _, o := range w.account.Owners() {
		s.owners[o.ID] = o
		if o.Active {
			s.working = append(s.working, o)
		}
	}
}

// ownerLeaves: one owner leaves after three to six days and keeps the contacts (C21).
func (w *World) ownerLeaves(s *step) {
	d := roll(w.opts.Seed, purposeSpare, 1)
	last := w.opts.Start.AddDate(0, 0, 3).Add(time.Duration(d.IntN(72)) * time.Hour)
	if w.left || s.to.Before(last) {
		return
	}
	w.left = true
	leaver := s.owners[w.ownerIDs[d.IntN(8)]]
	if !leaver.Active || len(s.working) < 2 {
		return
	}
	at := d.instant(s.work)
	s.plan(nobody, OwnerLeft, at, func(*act) (string, error) {
		return leaver.FirstName + " " + leaver.LastName + " left the company", w.account.SetOwnerActive(leaver.ID, false)
	})
	s.working = slices.DeleteFunc(s.working, func(o simulator.Owner) bool { return o.ID == leaver.ID })
}

// rep is who works on a contact: the owner, or a colleague when the owner has
// left or there is none.
func (w *World) rep(s *step, who int) (o simulator.Owner, orphan bool) {
	o, ok := s.owners[w.people[who].owner]
	if ok && o.Active {
		return o, false
	}
	return s.working[who%len(s.working)], true
}

func user(o simulator.Owner) simulator.Actor {
	return simulator.Actor{Kind: simulator.User, ID: o.UserID}
}

// considerStages: sales takes over promising MQLs by hand (S12, S81), and a very
// satisfied customer becomes an evangelist (S15).
func (w *World) considerStages(s *step) {
	move := func(set map[int]bool, rate float64, stage, what string) {
		for _, who := range sorted(set) {
			if w.dice(s, who, purposeSpare).chance(within(rate, s.workdays)) {
				s.consider(who, func(at time.Time) bool { return w.job(s, who, w.dice(s, who, purposeSpare), at).setStage(stage, what) })
			}
		}
	}
	move(w.mqls, 0.025, stageSQL, "was taken over by sales")
	move(w.customers, 0.003, stageEvangelist, "became a reference customer")
}

func (j job) setStage(stage, what string) bool {
	props := map[string]string{"lifecyclestage": stage}
	if j.p.owner == "" {
		props["hubspot_owner_id"] = j.rep.ID
	}
	return j.set(StageSet, what, props)
}

// task is an open task of a contact.
type task struct {
	id, kind string
	due      time.Time
}

// openTasks are read from the account, whoever made them, earliest first.
func (w *World) openTasks(contact string) []task {
	var out []task
	for _, l := range w.account.Associations(contacts, contact, simulator.Tasks) {
		o, ok := w.account.Object(simulator.Tasks, l.ID)
		if !ok || o.Properties["hs_task_status"] == "COMPLETED" {
			continue
		}
		out = append(out, task{id: l.ID, kind: o.Properties["hs_task_type"], due: timeOf(o.Properties["hs_timestamp"])})
	}
	slices.SortStableFunc(out, func(x, y task) int { return cmp.Or(x.due.Compare(y.due), cmp.Compare(x.id, y.id)) })
	return out
}

// lastTalk is the latest logged call of a contact and how many there were.
func (w *World) lastTalk(contact string) (at time.Time, outcome string, count int) {
	for _, l := range w.account.Associations(contacts, contact, simulator.Calls) {
		o, ok := w.account.Object(simulator.Calls, l.ID)
		if !ok {
			continue
		}
		count++
		if t := timeOf(o.Properties["hs_timestamp"]); !t.Before(at) {
			at, outcome = t, o.Properties["hs_call_disposition"]
		}
	}
	return at, outcome, count
}

func timeOf(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}
	}
	return t
}

// considerTasks: tasks that no call will settle are ticked off when they are
// due, some are deleted, a few disappear before their time.
func (w *World) considerTasks(s *step) {
	for _, t := range byContact(w, w.tasks, simulator.Tasks) {
		d := w.dice(s, t.who, purposeTask)
		if !d.chance(within(0.7, s.workdays)) {
			continue
		}
		s.consider(t.who, func(at time.Time) bool { return w.job(s, t.who, d, at).workTask(t.id) })
	}
}

func (j job) workTask(id string) bool {
	o, ok := j.w.account.Object(simulator.Tasks, id)
	if !ok || o.Archived {
		return false
	}
	if j.edits(o) {
		return true
	}
	waits := timeOf(o.Properties["hs_timestamp"]).After(j.at)
	switch {
	case j.p.stage == stageSQL && (j.p.status == statusNew || j.p.status == statusAttempted || j.p.status == statusBadTiming):
		if !j.d.chance(0.06) { // their calls complete these
			return false
		}
	case waits && !j.d.chance(0.05):
		return false
	}
	subject := o.Properties["hs_task_subject"]
	if j.d.chance(0.25) {
		return j.plan(TaskDeleted, "deleted the task '"+subject+"'", func(by simulator.Actor, _ time.Time) error {
			return j.w.account.DeleteTask(by, id)
		})
	}
	return j.plan(TaskDone, "completed the task '"+subject+"'", func(by simulator.Actor, _ time.Time) error {
		return j.w.account.CompleteTask(by, id)
	})
}

// open is an open deal or task with its contact.
type open struct {
	who int
	id  string
}

// byContact lists open records in the order of their contacts, finding out
// whose they are where that is not known; those of nobody are left out.
func byContact(w *World, set map[string]int, typ string) []open {
	var out []open
	for _, id := range sorted(set) {
		who := set[id]
		if who == nobody || w.people[who].gone {
			who = w.contactOf(typ, id)
			set[id] = who
		}
		if who != nobody {
			out = append(out, open{who: who, id: id})
		}
	}
	slices.SortStableFunc(out, func(x, y open) int { return cmp.Compare(x.who, y.who) })
	return out
}

func (w *World) contactOf(typ, id string) int {
	for _, l := range w.account.Associations(typ, id, contacts) {
		if who, ok := w.byID[l.ID]; ok && !w.people[who].gone {
			return who
		}
	}
	return nobody
}
