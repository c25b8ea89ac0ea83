package workflows_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"leadsync/connector"
	"leadsync/workflows"
)

// yearRand is chance that can be had again.
type yearRand struct{ *rand.Rand }

func chance(of ...uint64) *yearRand {
	a, b := uint64(0x9e3779b97f4a7c15), uint64(1)
	for _, n := range of {
		a, b = (a^n)*0xbf58476d1ce4e5b9, b*31+n
		a ^= a >> 29
	}
	return &yearRand{rand.New(rand.NewPCG(a, b))}
}

// luck is chance that depends on nothing but what happens and when, so that leaving something out changes nothing else.
func (l *yearLead) luck(what string) *yearRand {
	sum := uint64(len(what))
	for _, c := range []byte(what) {
		sum = sum*131 + uint64(c)
	}
	return chance(l.team.seed, uint64(l.team.no), uint64(l.no), uint64(l.team.now.UnixNano()), sum)
}

func (r *yearRand) one(in int) bool { return r.IntN(in) == 0 }

func (r *yearRand) within(d time.Duration) time.Duration { return time.Duration(r.Int64N(int64(d))) }

func pick[T any](r *yearRand, of ...T) T { return of[r.IntN(len(of))] }

// yearTask is a task in the CRM.
type yearTask struct {
	id, key, kind, subject, owner, priority, status string

	due                     time.Time
	gone, touched, reopened bool // touched: a person changed what was written
	left                    bool // as a person had edited it, who keeps it, also if they take the edit back
}

func (t *yearTask) open() bool { return !t.gone && t.status != taskDone }

// ours reports whether a task is open, ours, and as leadsync wrote it.
func (t *yearTask) ours() bool { return t.open() && t.key != "" && !t.touched && !t.reopened }

func (t *yearTask) write(w connector.Task) {
	t.key, t.kind, t.subject, t.owner, t.priority, t.due = w.Key, string(w.Kind), w.Subject, w.OwnerID, w.Priority, w.DueAt
}

func (t *yearTask) object() connector.Object {
	return connector.Object{Type: connector.TypeTask, ID: connector.ObjectID(t.id), Properties: map[string]string{
		"leadsync_key": t.key, "hs_task_type": strings.ToUpper(t.kind), "hs_task_status": t.status, "hubspot_owner_id": t.owner,
		"hs_task_priority": strings.ToUpper(t.priority), "hs_timestamp": t.due.UTC().Format(time.RFC3339),
	}}
}

// as reports whether a task is as it was written, told by the print as rule 17 has it.
func (t *yearTask) as(was connector.TaskPrint) bool {
	return t.status == taskOpen && was == connector.PrintOf(connector.Task{
		Kind: connector.TaskKind(t.kind), DueAt: t.due, OwnerID: t.owner, Priority: t.priority, Subject: t.subject,
	})
}

// yearRow is an entry of the outbox.
type yearRow struct {
	workflows.OutboxEntry
	lead *yearLead
	at   time.Time // when it is sent
}

// yearPlace is the day that a task was given, as the ledger has it.
type yearPlace struct {
	workflows.PlacedTask
	row      *yearRow
	asked    time.Time
	replaces []string
	task     *yearTask
	freed    bool
}

// yearLead is a contact in the CRM, its mirror, and its part of the outbox.
type yearLead struct {
	team *yearTeam
	no   int

	props    map[string]string
	versions []workflows.Observation // of stage and status
	tasks    []*yearTask
	others   []connector.Object // calls and meetings
	deals    []connector.Object
	serial   int

	record workflows.LeadRecord
	known  int  // versions that leadsync has read
	event  bool // an event named stage or status
	rows   map[string]*yearRow
	hint   time.Time
	lookAt time.Time

	rival int // so many times yet a machine sets back what leadsync writes
	watch yearWatch
	log   []yearLine
}

type yearLine struct {
	at     time.Time
	format string
	args   []any
}

func (l *yearLead) tell(format string, args ...any) {
	l.log = append(l.log, yearLine{l.team.now, format, args})
}

func (l *yearLead) history() string {
	var b strings.Builder
	for _, line := range l.log {
		fmt.Fprintf(&b, "%s  %s\n", line.at.UTC().Format("2006-01-02 15:04:05 Mon"), fmt.Sprintf(line.format, line.args...))
	}
	return b.String()
}

// set is somebody writing a property.
func (l *yearLead) set(property, value string, origin connector.Origin) {
	if l.props[property] == value {
		return
	}
	if l.props[property] = value; value == "" {
		delete(l.props, property)
	}
	if property == "lifecyclestage" || property == "hs_lead_status" {
		l.versions = append(l.versions, workflows.Observation{
			Property: property, Value: value, At: l.team.now, Known: workflows.KnownHistory, Origin: origin, Source: strings.ToUpper(string(origin)),
		})
		l.event = l.event || origin != connector.OriginOwn
	}
}

// newest is the newest version of a property.
func (l *yearLead) newest(property string) workflows.Observation {
	for _, v := range slices.Backward(l.versions) {
		if v.Property == property {
			return v
		}
	}
	return workflows.Observation{}
}

func (l *yearLead) number(from int) string {
	l.serial++
	return strconv.Itoa(from + l.serial)
}

// mirror reads the contact and its company, as a look after a hint does.
func (l *yearLead) mirror() {
	r := &l.record
	r.Contact.ID, r.Contact.Properties, r.ReadAt = r.ID, maps.Clone(l.props), l.team.now
	if r.Told = l.event && r.State != nil; r.Told {
		for _, v := range l.versions[l.known:] {
			r.Observations = append(slices.Clip(r.Observations), v)
		}
		l.known = len(l.versions)
	}
	l.event = false
	if r.Companies[0].Properties["numberofemployees"] != l.props["size"] {
		r.Companies = []connector.Object{{Type: connector.TypeCompany, ID: "77", Properties: map[string]string{"name": "Muster", "numberofemployees": l.props["size"], "industry": "Machinery"}}}
	}
}

// sweep brings the tasks, calls, meetings and deals into the mirror, as the feeds do.
func (l *yearLead) sweep() {
	r := &l.record
	r.Activities = slices.Clone(l.others)
	for _, t := range l.tasks {
		if !t.gone {
			r.Activities = append(r.Activities, t.object())
		}
	}
	r.Deals = slices.Clone(l.deals)
}

// underWay fills in what updates and ways back will make of the contact.
func (l *yearLead) underWay() {
	r := &l.record
	r.Pending, r.Returning, r.Closings = map[string]string{}, nil, map[string]bool{}
	for _, row := range l.rows {
		if row.Kind == workflows.KindClose && row.State == workflows.StateReady {
			r.Closings[decoded[workflows.ClosePayload](l.team, row.OutboxEntry).TaskKey] = true
		}
	}
	for _, key := range slices.Sorted(maps.Keys(l.rows)) {
		if row := l.rows[key]; row.Kind == workflows.KindUpdate && row.State == workflows.StateReady {
			maps.Copy(r.Pending, decoded[workflows.UpdatePayload](l.team, row.OutboxEntry).Properties)
		}
	}
	for _, row := range l.rows {
		if row.Kind == workflows.KindBack && row.State == workflows.StateReady {
			b := decoded[workflows.BackPayload](l.team, row.OutboxEntry)
			r.Returning, r.Pending[b.Property] = &b, b.To
		}
	}
}

// look is one look at the contact: read, evaluate, plan, save.
func (l *yearLead) look(hinted bool) {
	t, r := l.team, &l.record
	t.looks++
	if r.ReadAt, r.Told = (time.Time{}), false; hinted {
		l.mirror()
		l.hint = time.Time{}
	}
	l.sweep()
	r.Observations = append(slices.Clip(r.Observations), workflows.Readings(t.model, r.Contact, r.Observations, t.now)...)
	l.underWay()
	if r.State != nil {
		for _, key := range t.moved[l] {
			r.State.Carried(key, t.places[key].DueAt)
		}
	}
	planned := l.plan()
	if l.tell("look, hinted %v, told %v: %v", hinted, r.Told, briefly{planned}); len(l.log) > 4000 {
		t.Fatalf("looks without end")
	}
	l.watch.planned(l, planned, hinted)
	if r.State != nil {
		for _, o := range r.State.Owed {
			if slices.ContainsFunc(planned.Entries, func(e workflows.OutboxEntry) bool { return e.Key == o.Key }) {
				t.counts["owed"]++
			}
		}
	}
	r.State = &planned.State
	if l.luck("stored").one(8) { // as it is stored
		text, err := json.Marshal(planned.State)
		var again workflows.LeadState
		if err == nil {
			err = json.Unmarshal(text, &again)
		}
		if r.State = &again; err != nil {
			t.Fatalf("%v", err)
		}
	}
	l.save(planned)
	l.lookAt = planned.LookAt
	t.wake(yearEvent{at: l.lookAt, what: wakeTime, lead: l})
	if l.underWay(); l.luck("settled").one(6) && !l.lookAt.Equal(t.now) && r.Returning == nil { // those want another look
		l.settled()
	}
}

func (l *yearLead) plan() workflows.Planned {
	t := l.team
	lead := workflows.LeadOf(t.portal, t.model, l.record)
	return workflows.Plan(workflows.Situation{
		Portal: t.portal, Model: t.model, Record: l.record, Lead: lead, Evaluation: t.model.Evaluate(lead, t.now), Owners: t.owners, Now: t.now,
	})
}

// settled checks that what is decided is decided.
func (l *yearLead) settled() {
	l.underWay()
	again := l.plan()
	if len(again.Actions)+len(again.Entries)+len(again.CancelKeys)+len(again.Notes) != 0 {
		l.team.Fatalf("planned a second time: %v, notes %v", briefly{again}, again.Notes)
	}
}

// briefly renders a plan only where somebody reads it.
type briefly struct{ workflows.Planned }

func (b briefly) String() string {
	text := fmt.Sprint(brief(b.Planned))
	for _, e := range b.Entries {
		if e.Class == workflows.ClassTask {
			text += " " + e.Key + " " + string(e.Payload)
		}
	}
	if len(b.CancelKeys) > 0 {
		text += " cancels " + strings.Join(b.CancelKeys, ", ")
	}
	for _, n := range b.Notes {
		text += " note " + string(n.Code)
	}
	return text
}

// save puts what was planned into the outbox, as the store does.
func (l *yearLead) save(planned workflows.Planned) {
	t := l.team
	for _, key := range planned.CancelKeys {
		if row := l.rows[key]; row != nil && row.State == workflows.StateReady {
			row.State = workflows.StateCancelled
		}
	}
	for _, e := range planned.Entries {
		row, has := l.rows[e.Key]
		switch {
		case e.State != workflows.StateReady, has && !e.Kind.Absolute():
			continue
		case !has:
			row = &yearRow{lead: l}
			l.rows[e.Key] = row
		case string(row.Payload) == string(e.Payload) && row.State == e.State:
			continue
		}
		luck := l.luck(e.Key)
		row.OutboxEntry, row.at = e, t.now.Add(time.Second+luck.within(time.Minute))
		switch {
		case luck.one(4): // a worker that was away for hours sends everything at once
			row.at = t.now.Truncate(6 * time.Hour).Add(6 * time.Hour)
		case luck.one(8):
			row.at = t.now.Add(luck.within(72 * time.Hour))
		}
		t.wake(yearEvent{at: row.at, what: wakeSend, lead: l, row: row})
	}
}

// waits reports whether another entry has to be sent before this one, and gives the keys under which the task of an
// amendment or closing may stand with what was written there, the newest first.
func (l *yearLead) waits(row *yearRow) (trace []workflows.EarlierTask, blocked bool) {
	unfinished := func(key string) bool { return l.rows[key] != nil && l.rows[key].State == workflows.StateReady }
	var at workflows.EarlierTask
	switch row.Kind { //nolint:exhaustive // the others wait for nothing
	case workflows.KindBack:
		return nil, unfinished("contact/" + string(l.record.ID) + "/stage")
	case workflows.KindAmend:
		a := decoded[workflows.AmendPayload](l.team, row.OutboxEntry)
		at = workflows.EarlierTask{Key: a.Old, Was: a.Was}
	case workflows.KindClose:
		c := decoded[workflows.ClosePayload](l.team, row.OutboxEntry)
		at = workflows.EarlierTask{Key: c.TaskKey, Was: c.Was}
	default:
		return nil, false
	}
	for {
		if p := l.team.places[at.Key]; p != nil && !p.DueAt.Equal(p.asked) && at.Was != (connector.TaskPrint{}) {
			at.Was.Due = p.DueAt.Unix()
		}
		trace = append(trace, at)
		before := l.rows[at.Key]
		if unfinished(at.Key) {
			return trace, true
		}
		if before == nil || before.Kind != workflows.KindAmend || before.State == workflows.StateSettled {
			return trace, false
		}
		a := decoded[workflows.AmendPayload](l.team, before.OutboxEntry)
		at = workflows.EarlierTask{Key: a.Old, Was: a.Was}
	}
}

// send carries one entry out.
func (l *yearLead) send(row *yearRow) {
	t := l.team
	if row.State != workflows.StateReady || !row.at.Equal(t.now) {
		return
	}
	trace, blocked := l.waits(row)
	if blocked {
		row.at = t.now.Add(10 * time.Minute)
		t.wake(yearEvent{at: row.at, what: wakeSend, lead: l, row: row})
		return
	}
	row.State = workflows.StateSettled
	switch row.Kind { //nolint:exhaustive // nobody plans the others here
	case workflows.KindUpdate:
		l.update(row)
	case workflows.KindBack:
		l.back(row)
	case workflows.KindTask:
		l.create(row, t.place(row, nil))
	case workflows.KindAmend:
		l.amend(row, trace)
	case workflows.KindClose:
		l.close(trace)
	case workflows.KindDeal:
		l.makeDeal(row)
	default:
		t.Fatalf("unexpected entry %q", row.Key)
	}
}

func (l *yearLead) update(row *yearRow) {
	p := decoded[workflows.UpdatePayload](l.team, row.OutboxEntry)
	for name, before := range p.Only {
		if now := l.props[name]; now != before && now != p.Properties[name] {
			row.State = workflows.StateCancelled
			return
		}
	}
	stage, moves := p.Properties["lifecyclestage"]
	if moves && l.rank(stage) < l.rank(l.props["lifecyclestage"]) {
		row.State = workflows.StateParked // the CRM moves forward only
		return
	}
	l.watch.sent(l, row, p)
	before := l.props["lifecyclestage"]
	fresh := maps.Clone(l.record.Contact.Properties)
	for _, name := range slices.Sorted(maps.Keys(p.Properties)) {
		l.set(name, p.Properties[name], connector.OriginOwn)
		if fresh[name] = p.Properties[name]; fresh[name] == "" {
			delete(fresh, name)
		}
	}
	l.record.Contact.Properties = fresh
	if row.Class != workflows.ClassScore {
		l.tell("sent %s: %v", row.Key, p.Properties)
	}
	if moves && l.rival > 0 && before != stage {
		l.rival--
		l.team.wake(yearEvent{at: l.team.now.Add(time.Minute + l.luck("rival").within(time.Hour)), what: wakeRival, lead: l, value: before})
	}
}

// rank is where a value of the stage stands in the CRM.
func (l *yearLead) rank(value string) int {
	if value == "" {
		return 0
	}
	for i, name := range l.team.portal.Order {
		if l.team.portal.Stages[name] == value {
			return i + 1
		}
	}
	return len(l.team.portal.Order) + 1
}

func (l *yearLead) back(row *yearRow) {
	b := decoded[workflows.BackPayload](l.team, row.OutboxEntry)
	switch now := l.props[b.Property]; {
	case now == b.To:
	case now == "" || slices.Contains(b.From, now):
		l.watch.taken(l, row)
		l.set(b.Property, "", connector.OriginOwn)
		l.set(b.Property, b.To, connector.OriginOwn)
		l.team.counts["way back"]++
	default:
		row.State = workflows.StateCancelled
	}
	l.tell("sent back to %s: %s", b.To, row.State)
	l.record.Contact.Properties = with(l.record.Contact.Properties, b.Property, l.props[b.Property])
	l.hinted(time.Minute) // its end makes the contact due
}

// task is the task under a key, nil if there is none.
func (l *yearLead) task(key string) *yearTask {
	for _, t := range l.tasks {
		if t.key == key {
			return t
		}
	}
	return nil
}

func (l *yearLead) create(row *yearRow, w connector.Task) {
	if l.task(w.Key) != nil {
		l.team.Fatalf("task %q a second time", w.Key)
	}
	t := &yearTask{id: l.number(9000), status: taskOpen}
	t.write(w)
	l.tasks = append(l.tasks, t)
	l.tell("made %s %s for %s, due %s", w.Kind, w.Key, w.OwnerID, w.DueAt.UTC().Format(time.RFC3339))
	l.team.counts["task"]++
	l.written(row, t)
}

func (l *yearLead) written(row *yearRow, t *yearTask) {
	if p := l.team.places[row.Key]; p != nil {
		p.task = t
		for _, key := range p.replaces {
			if before := l.team.places[key]; before != nil {
				before.freed = true
			}
		}
	}
	l.watch.wrote(l, t)
}

// amend makes an open task another one, as the contract of amendments says.
func (l *yearLead) amend(row *yearRow, trace []workflows.EarlierTask) {
	a := decoded[workflows.AmendPayload](l.team, row.OutboxEntry)
	a.Task = l.team.place(row, trace)
	at := trace[0]
	for _, e := range trace {
		if t := l.task(e.Key); t != nil && !t.gone {
			at = e
			break
		}
	}
	switch t := l.task(at.Key); {
	case t == nil || !t.open():
		if !a.Only {
			l.create(row, a.Task)
			return
		}
		row.State = workflows.StateCancelled
	case !t.as(at.Was):
		row.State, t.left = workflows.StateCancelled, true
		l.team.counts["edit left"]++
	default:
		t.write(a.Task)
		t.left = false
		l.team.counts["amended"]++
		l.written(row, t)
	}
	l.tell("amended %s to %s for %s, due %s: %s", at.Key, a.Task.Key, a.Task.OwnerID, a.Task.DueAt.UTC().Format(time.RFC3339), row.State)
}

func (l *yearLead) close(trace []workflows.EarlierTask) {
	for _, e := range trace {
		t := l.task(e.Key)
		if t == nil || t.gone {
			continue
		}
		if t.left = t.open() && !t.as(e.Was); t.open() && !t.left {
			t.gone = true
			l.team.counts["closed"]++
			l.tell("archived %s", e.Key)
		}
		break
	}
	if p := l.team.places[trace[0].Key]; p != nil {
		p.freed = true
	}
}

func (l *yearLead) makeDeal(row *yearRow) {
	d := decoded[workflows.DealPayload](l.team, row.OutboxEntry)
	if slices.ContainsFunc(l.deals, func(o connector.Object) bool { return o.Properties["hs_is_closed"] != "true" }) {
		row.State = workflows.StateCancelled
		l.tell("no deal beside an open one")
		return
	}
	l.watch.deal(l, row)
	l.deals = append(l.deals, deal(l.number(700), d.OwnerID, l.team.now))
	l.tell("made deal %s", d.Key)
	l.team.counts["deal"]++
	l.hinted(time.Hour) // the mirror learns of it
}

func deal(id, owner string, at time.Time) connector.Object {
	return connector.Object{Type: connector.TypeDeal, ID: connector.ObjectID(id), CreatedAt: at, Properties: map[string]string{
		"hs_is_closed": "false", "hs_is_closed_won": "false", "deal_owner": owner,
	}}
}

// hinted lets leadsync look within a time.
func (l *yearLead) hinted(within time.Duration) {
	at := l.team.now.Add(time.Second + l.luck("hint").within(within))
	if l.hint.IsZero() || at.Before(l.hint) {
		l.hint = at
		l.team.wake(yearEvent{at: at, what: wakeLook, lead: l})
	}
}
