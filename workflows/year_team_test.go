package workflows_test

import (
	"cmp"
	"container/heap"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

// yearTeam is a team with the leads that it works on through a year.
type yearTeam struct {
	seed    uint64
	no      int
	model   *scoring.Model
	what    choiceHeld
	portal  *workflows.Portal
	owners  map[string]connector.Owner
	hands   map[string]*hand
	leads   []*yearLead
	now     time.Time
	events  yearEvents
	serial  int
	without map[string]bool // deeds that are left out

	places map[string]*yearPlace
	moved  map[*yearLead][]string // keys of tasks that were carried over
	looks  int
	counts map[string]int
	at     *yearLead // whose turn it is
}

// What can happen next.
type wake int

const (
	wakeDeed  wake = iota
	wakeLook       // a change hints
	wakeTime       // LookAt comes
	wakeSend       // the outbox is sent
	wakeRival      // a machine sets the stage back
	wakeLeave      // somebody leaves, or comes back
)

type yearEvent struct {
	at     time.Time
	serial int
	what   wake
	lead   *yearLead
	row    *yearRow
	deed   int
	value  string
}

type yearEvents []yearEvent

func (e *yearEvents) Len() int { return len(*e) }
func (e *yearEvents) Less(i, j int) bool {
	return cmp.Or((*e)[i].at.Compare((*e)[j].at), (*e)[i].serial-(*e)[j].serial) < 0
}
func (e *yearEvents) Swap(i, j int) { (*e)[i], (*e)[j] = (*e)[j], (*e)[i] }
func (e *yearEvents) Push(x any)    { *e = append(*e, x.(yearEvent)) } //nolint:forcetypeassert // the heap's own
func (e *yearEvents) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}

// yearError is an invariant that does not hold.
type yearError struct{ why, history string }

func (b yearError) Error() string { return b.why }

func (t *yearTeam) Helper() {}

// Fatalf ends the year of the team.
func (t *yearTeam) Fatalf(format string, args ...any) {
	b := yearError{why: fmt.Sprintf(format, args...)}
	if t.at != nil {
		b.why = fmt.Sprintf("%v, lead %d: %s", t.now.UTC().Format(time.RFC3339), t.at.no, b.why)
		b.history = t.at.history()
	}
	panic(b)
}

func (t *yearTeam) wake(e yearEvent) {
	if e.at.IsZero() {
		return
	}
	t.serial++
	e.serial = t.serial
	heap.Push(&t.events, e)
}

// newYear is a team before its year begins.
func newYear(seed uint64, no, leads int, without map[string]bool) *yearTeam {
	t := &yearTeam{
		seed: seed, no: no, now: monday, without: without,
		places: map[string]*yearPlace{}, moved: map[*yearLead][]string{}, counts: map[string]int{},
	}
	made := chance(seed, uint64(no), 2)
	t.hands = hands(made)
	t.portal, t.owners = yearPortal(t, t.hands)
	t.model, t.what = yearModel(t, made, no)
	for i := range leads {
		if !without["lead "+strconv.Itoa(i)] {
			t.leads = append(t.leads, t.newLead(i))
		}
	}
	leaver := pick(made, "11", "12", "13", "14", "19")
	left := monday.AddDate(0, 0, 20+made.IntN(300))
	t.wake(yearEvent{at: left, what: wakeLeave, value: leaver})
	if made.one(2) {
		t.wake(yearEvent{at: left.AddDate(0, 0, 30), what: wakeLeave, value: leaver})
	}
	return t
}

func (t *yearTeam) newLead(i int) *yearLead {
	r := chance(t.seed, uint64(t.no), uint64(i), 3)
	id := connector.ObjectID(strconv.Itoa(1000 + i))
	born := monday.Add(r.within(60 * 24 * time.Hour))
	l := &yearLead{team: t, no: i, rows: map[string]*yearRow{}, props: map[string]string{
		"email": "p@example.org", "firstname": "Petra", "lastname": "Wolf", "associatedcompanyid": "77", "jobtitle": "Head of IT", "size": "250",
		"hubspot_owner_id": pick(r, "", "11", "12", "13", "14", "queue", "gone"), "data_origin": "website", "country": "DE",
	}}
	l.watch = yearWatch{keys: map[string]bool{}, deals: map[string]time.Time{}, holds: map[string]hold{}, seen: map[string]time.Time{}}
	l.record = workflows.LeadRecord{
		ID: id, Contact: connector.Object{Type: connector.TypeContact, CreatedAt: monday.AddDate(-1, 0, 0)},
		Companies: []connector.Object{{Properties: map[string]string{}}},
	}
	if r.one(3) {
		l.props["vip"] = "true"
	}
	if r.one(3) { // it was there before
		t.now = born.Add(-time.Hour)
		l.set("lifecyclestage", pick(r, "lead", "marketingqualifiedlead", "salesqualifiedlead"), connector.OriginMachine)
		l.set("hs_lead_status", pick(r, "NEW", "IN_PROGRESS", "BAD_TIMING"), connector.OriginMachine)
		l.watch.seen["lifecyclestage"], l.watch.seen["hs_lead_status"] = t.now, t.now
		t.now, l.event = born, false
		l.mirror()
		l.sweep()
		state := workflows.Baseline(t.portal, t.model, l.record, born)
		l.record.State = &state
		t.now = monday
	}
	t.wake(yearEvent{at: born.Add(time.Minute), what: wakeLook, lead: l})
	l.hint = born.Add(time.Minute)
	at := born
	for n := range 12 + r.IntN(30) {
		switch r.IntN(5) {
		case 0, 1:
			at = at.Add(r.within(30 * time.Minute))
		case 2:
			at = at.Add(r.within(20 * time.Hour))
		default:
			at = at.Add(r.within(28 * 24 * time.Hour))
		}
		if !t.without[fmt.Sprint("lead ", i, " deed ", n)] && at.Before(monday.AddDate(1, 0, 0)) {
			t.wake(yearEvent{at: at, what: wakeDeed, lead: l, deed: n})
		}
	}
	return l
}

// run lets the year pass, and what is under way after it come to rest.
func (t *yearTeam) run() (broken *yearError) {
	defer func() {
		if b, is := recover().(yearError); is {
			broken = &b
		}
	}()
	end := monday.AddDate(1, 0, 0)
	for len(t.events) > 0 && t.events[0].at.Before(end.AddDate(0, 0, 10)) {
		e := heap.Pop(&t.events).(yearEvent) //nolint:forcetypeassert // the heap's own
		t.now, t.at = e.at, e.lead
		t.happen(e)
	}
	for _, l := range t.leads {
		t.at = l
		l.rest()
	}
	return nil
}

func (t *yearTeam) happen(e yearEvent) {
	switch e.what {
	case wakeDeed:
		e.lead.deed(chance(t.seed, uint64(t.no), uint64(e.lead.no), 1000+uint64(e.deed)), e.deed)
	case wakeLook:
		if e.lead.hint.Equal(t.now) {
			e.lead.look(true)
		}
	case wakeTime:
		if e.lead.lookAt.Equal(t.now) {
			e.lead.look(false)
		}
	case wakeSend:
		e.lead.send(e.row)
	case wakeRival:
		if l := e.lead; l.newest("lifecyclestage").Origin == connector.OriginOwn {
			l.set("lifecyclestage", e.value, connector.OriginMachine)
			l.tell("a machine sets the stage back to %q", e.value)
			l.hinted(10 * time.Minute)
		}
	case wakeLeave:
		o := t.owners[e.value]
		o.Active = !o.Active
		t.owners = maps.Clone(t.owners)
		t.owners[e.value] = o
		for _, l := range t.leads {
			if l.tell("owner %s active: %v", e.value, o.Active); !o.Active && l.record.State != nil && l.record.State.HasTaskOf(e.value) {
				l.hinted(time.Hour)
			}
		}
	}
}

// rest lets everything that is under way happen, and checks that then nothing is left to do.
func (l *yearLead) rest() {
	t := l.team
	for range 10 {
		l.look(true)
		busy := false
		for i, row := range l.ready() {
			busy = true
			t.now = t.now.Add(time.Duration(i+1) * time.Minute)
			row.at = t.now
			l.send(row)
		}
		if t.now = t.now.Add(time.Minute); !busy {
			l.look(true)
			l.settled()
			return
		}
	}
	t.Fatalf("does not come to rest: %v", l.ready()[0].Key)
}

func (l *yearLead) ready() []*yearRow {
	var rows []*yearRow
	for _, key := range slices.Sorted(maps.Keys(l.rows)) {
		if l.rows[key].State == workflows.StateReady {
			rows = append(rows, l.rows[key])
		}
	}
	return rows
}

// handOf is who has an id.
func (t *yearTeam) handOf(id string) *hand {
	for _, h := range t.hands {
		if h.id == id {
			return h
		}
	}
	return t.hands[""] // nobody of the team: as the account works
}

func (t *yearTeam) inTime(key, owner string, due time.Time) {
	if h := t.handOf(owner); !h.works(due) {
		t.Fatalf("task %s for %q is due at %v, when nobody works", key, owner, due.In(h.loc).Format("2006-01-02 15:04:05 Mon"))
	}
}

// place gives a task its day when it is handed out, as rule 25 says, and is the task as it is sent.
func (t *yearTeam) place(row *yearRow, trace []workflows.EarlierTask) connector.Task {
	task := taskOf(t, row)
	if p := t.places[row.Key]; p != nil {
		task.DueAt = p.DueAt
		return task
	}
	budget := t.portal.Budget(slices.Collect(maps.Values(t.owners)))
	waiting, taken := []workflows.WaitingTask{}, map[workflows.Place]int{}
	counts := func(p *yearPlace) bool {
		return !p.freed && (p.row.State == workflows.StateReady || p.row.State == workflows.StateSettled) && (p.task == nil || p.task.open())
	}
	for _, p := range t.places {
		if counts(p) {
			taken[p.Place]++
		}
	}
	add := func(row *yearRow, trace []workflows.EarlierTask) {
		w := taskOf(t, row)
		one := workflows.WaitingTask{Key: row.Key, Owner: w.OwnerID, Priority: w.Priority, DueAt: w.DueAt, Since: row.PlannedAt}
		for _, e := range trace {
			if p := t.places[e.Key]; p != nil && counts(p) {
				one.Own = p.Place
			}
		}
		waiting = append(waiting, one)
	}
	add(row, trace)
	for _, l := range t.leads {
		for _, other := range l.rows {
			if other == row || other.State != workflows.StateReady || other.at.After(t.now) || t.places[other.Key] != nil ||
				other.Kind != workflows.KindTask && other.Kind != workflows.KindAmend {
				continue
			}
			if trace, blocked := l.waits(other); !blocked {
				add(other, trace)
			}
		}
	}
	for _, at := range budget.Allocate(waiting, taken) {
		if at.Key != row.Key || at.Place == (workflows.Place{}) {
			continue
		}
		p := &yearPlace{PlacedTask: at, row: row, asked: task.DueAt}
		for _, e := range trace {
			p.replaces = append(p.replaces, e.Key)
		}
		if t.places[row.Key] = p; !at.DueAt.Equal(task.DueAt) {
			t.moved[row.lead] = append(t.moved[row.lead], row.Key)
			t.counts["carried over"]++
			task.DueAt = at.DueAt
			row.lead.tell("carried %s over from %v to %v", row.Key, p.asked, at.DueAt)
		}
	}
	return task
}

func taskOf(t fail, row *yearRow) connector.Task {
	if row.Kind == workflows.KindAmend {
		return decoded[workflows.AmendPayload](t, row.OutboxEntry).Task
	}
	return decoded[connector.Task](t, row.OutboxEntry)
}

// withinBudget checks that an owner has not more tasks of ours on a day than allowed, counted in the CRM. A task stays
// over the budget only on the tenth working day after the one on which it was to be due.
func (t *yearTeam) withinBudget(fresh *yearTask) {
	h := t.handOf(fresh.owner)
	if h.most() == 0 || fresh.owner == "" {
		return
	}
	day := fresh.due.In(h.loc).Format(time.DateOnly)
	var there []string
	for _, l := range t.leads {
		for _, other := range l.tasks {
			if other.ours() && other.owner == fresh.owner && other.due.In(h.loc).Format(time.DateOnly) == day {
				p := t.places[other.key]
				if p == nil || h.workdays(p.asked, other.due) < 10 {
					there = append(there, fmt.Sprint(other.key, " of lead ", l.no))
				} else {
					t.counts["over budget"]++
				}
			}
		}
	}
	if len(there) > h.most() {
		t.Fatalf("%s has %d tasks on %s, %d are allowed: %s", fresh.owner, len(there), day, h.most(), strings.Join(there, ", "))
	}
}

// workdays counts the days on which somebody works after one time up to another.
func (h *hand) workdays(from, to time.Time) int {
	n := 0
	for at := from.In(h.loc); at.Format(time.DateOnly) < to.In(h.loc).Format(time.DateOnly); {
		if at = at.AddDate(0, 0, 1); h.worksOn(at) {
			n++
		}
	}
	return n
}
