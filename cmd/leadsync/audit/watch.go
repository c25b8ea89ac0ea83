package audit

import (
	"slices"
	"strconv"

	"leadsync/connector/hubspot/simulator"
)

// What holds at every moment, whatever the model says and whether or not a contact was found wrong before: no two open
// tasks of ours of a kind, none due outside working time, none for somebody who has left, none written after a person
// edited, completed or deleted it, and none made again under a key that was used.

// watch is what this needs to remember.
type watch struct {
	deed    string           // the call that is being read
	changed map[*made]bool   // the tasks that it changed
	keyed   map[*made]string // and the keys that it gave
	keys    map[string]*made // who had a key first
}

func newWatch() watch {
	return watch{changed: map[*made]bool{}, keyed: map[*made]string{}, keys: map[string]*made{}}
}

// deedOf names the call to which an entry belongs; what was done without a call, the instant of it.
func deedOf(e simulator.Entry) string {
	if e.Request != 0 {
		return strconv.FormatInt(e.Request, 10)
	}
	return e.Wall.String()
}

// people notes what others than leadsync did to tasks and meetings.
func (a *auditor) people(e simulator.Entry) {
	of := []string{simulator.Tasks, simulator.Meetings}
	if slices.Contains([]simulator.ActorKind{simulator.API, simulator.System}, e.Actor.Kind) || !slices.Contains(of, e.Type) {
		return
	}
	key := e.Type + "/" + e.ID
	m := a.ours[key]
	if m == nil {
		a.fresh[key] = true
		return
	}
	switch {
	case e.Op == simulator.OpArchive || e.Property == "hs_task_status" && e.New == completed:
		m.ended, m.endedAt = true, a.at
	case e.Op == simulator.OpRestore || e.Property == "hs_task_status" && e.Old == completed:
		m.again, m.againAt = true, a.at
	case e.Op == simulator.OpSet:
		m.editedAt = e.Seq
	}
}

// beforehand looks at a task of ours before leadsync writes to it.
func (a *auditor) beforehand(e simulator.Entry) {
	if deed := deedOf(e); deed != a.watch.deed {
		a.watched()
		a.watch.deed = deed
	}
	m := a.ours[e.Type+"/"+e.ID]
	writes := e.Actor.Kind == simulator.API && (e.Op == simulator.OpSet || e.Op == simulator.OpArchive)
	if writes && m != nil && m.record.typ == simulator.Tasks && !a.watch.changed[m] {
		a.watchWrite(m, e)
	}
}

// watchWrite reports a write to a task that is a person's by now.
func (a *auditor) watchWrite(m *made, e simulator.Entry) {
	f := a.about(m)
	f.At, f.Want, f.Got = a.at, showTask(m.record)+" left alone", "amended"
	if e.Op == simulator.OpArchive {
		f.Got = "archived"
	}
	switch {
	case m.edited() && m.editedAt < e.Seq && (f.Got != "archived" || !a.unprofiledNow(m.contact)):
		f.What, f.Why = "task "+f.Got+" although a person edited it", "what a person edited is left as it is (rule 17)"
	case m.ended && !m.again:
		f.What, f.Why = "task "+f.Got+" although a person had completed or deleted it", "what a person completed or deleted is left as it is (rule 17)"
	default:
		return
	}
	a.add(f)
}

func (a *auditor) unprofiledNow(contact string) bool {
	c := a.contacts[contact]
	return c != nil && c.memory.unprofiled
}

// afterwards notes which tasks leadsync changed, and which keys it gave them.
func (a *auditor) afterwards(e simulator.Entry) {
	if e.Actor.Kind != simulator.API {
		return
	}
	m := a.ours[e.Type+"/"+e.ID]
	if m == nil {
		m = a.ours[e.New] // a link from the contact's end
	}
	if m == nil || m.record.typ != simulator.Tasks {
		return
	}
	a.watch.changed[m] = true
	if e.Op == simulator.OpSet && e.Property == a.in.Mapping.KeyProperty && e.New != "" {
		a.watch.keyed[m] = e.New
	}
}

// watchKey reports a key that another record had before and has no more, or that a person has done with.
func (a *auditor) watchKey(m *made, key string) {
	first := a.watch.keys[key]
	if first == nil {
		a.watch.keys[key] = m
		return
	}
	if first == m {
		return
	}
	f := a.about(m)
	f.At, f.Want, f.Got = a.at, "a key of its own", key
	switch {
	case first.ended:
		f.What, f.Why = "task made again", first.record.key()+" had the key of "+m.record.key()+", and a person completed or deleted it (rule 17)"
	case first.record.props[a.in.Mapping.KeyProperty] != key:
		f.What, f.Why = "key", first.record.key()+" had the key of "+m.record.key()+" before"
	default:
		return // found at the end
	}
	m.reported = true
	a.add(f)
}

// watched looks at the tasks that the call just read has changed, as it left them.
func (a *auditor) watched() {
	for _, m := range sortedMade(a.watch.changed) {
		if key := a.watch.keyed[m]; key != "" {
			a.watchKey(m, key)
		}
		if m.open() {
			a.watchTask(m)
		}
	}
	clear(a.watch.changed)
	clear(a.watch.keyed)
}

func (a *auditor) watchTask(m *made) {
	report := func(what, want, got, why string) {
		f := a.about(m)
		f.At, f.What, f.Want, f.Got, f.Why = a.at, what, want, got, showTask(m.record)+": "+why
		a.add(f)
	}
	if due, ok := crmTime(m.record.props["hs_timestamp"]); ok && a.isOff(m.record.props["hubspot_owner_id"], due) {
		report("task outside working time", "due in working time", a.moment(due), "nothing is ever due outside of it (rule 18)")
	}
	if owner := m.record.props["hubspot_owner_id"]; owner != "" && !a.world.owners[owner] && !a.shifted[owner] {
		report("task for somebody who has left", "an active owner", owner, "who has left is given no work (rule 18)")
	}
	for _, other := range a.tasksOf[m.contact] {
		if other == m || !other.open() || kindOfTask(other.record) != kindOfTask(m.record) || other.again && other.againAt.Equal(a.at) {
			continue
		}
		kind := kindOfTask(m.record)
		report("two open tasks of kind "+kind, "one", showTask(other.record)+" and "+showTask(m.record), "a contact has one open task of ours of each kind (rule 17)")
		return
	}
}
