package population

import (
	"strings"

	"leadsync/connector/hubspot/simulator"
)

// follow reads what the journal says since last time, whoever did it, so that
// people react to the account as it is and a step costs what changed.
func (w *World) follow() {
	for _, e := range w.account.JournalSince(w.seen) {
		w.seen = e.Seq
		switch e.Type {
		case simulator.Contacts:
			w.followContact(e)
		case simulator.Deals:
			track(w.deals, e, "hs_is_closed", "true")
		case simulator.Tasks:
			track(w.tasks, e, "hs_task_status", "COMPLETED")
		case simulator.Meetings:
			w.followMeeting(e)
		}
	}
}

func (w *World) followContact(e simulator.Entry) {
	switch e.Op {
	case simulator.OpCreate:
		w.meet(e.ID)
	case simulator.OpMerge:
		w.leave(e.ID)
		w.meet(e.New)
	case simulator.OpArchive, simulator.OpPurge:
		w.leave(e.ID)
	case simulator.OpRestore:
		if who, ok := w.byID[e.ID]; ok {
			w.people[who].gone = false
			w.sort(who)
		}
	case simulator.OpSet:
		if who, ok := w.byID[e.ID]; ok {
			w.notice(who, e)
		}
	case simulator.OpAssociate, simulator.OpDisassociate, simulator.OpLoad, simulator.OpProperty, // read when needed
		simulator.OpList, simulator.OpJoin, simulator.OpLeave, simulator.OpFlow, simulator.OpUninstall:
	}
}

func (w *World) notice(who int, e simulator.Entry) {
	p := &w.people[who]
	switch e.Property {
	case "lifecyclestage":
		p.stage = e.New
		w.sort(who)
	case "hs_lead_status":
		p.status, p.statusAt = e.New, e.At
	case "hubspot_owner_id":
		p.owner = e.New
	case objects:
		w.object(who, e.New)
	case enrolled:
		w.enrol(who, e.New == "true")
	case "firstname", "lastname", "company", "email":
		if o, ok := w.account.Object(simulator.Contacts, p.id); ok {
			p.name = nameOf(o.Properties)
		}
	}
}

// meet takes in a contact that was not there before.
func (w *World) meet(id string) {
	if _, known := w.byID[id]; known {
		return
	}
	o, ok := w.account.Object(simulator.Contacts, id)
	if !ok {
		return
	}
	p := o.Properties
	w.add(person{
		id: id, name: nameOf(p), owner: p["hubspot_owner_id"], stage: p["lifecyclestage"],
		status: p["hs_lead_status"], statusAt: o.UpdatedAt, company: nobody, heat: 60, gone: o.Archived,
	})
}

func (w *World) add(p person) int {
	who := len(w.people)
	w.people = append(w.people, p)
	w.byID[p.id] = who
	w.sort(who)
	return who
}

// object notes whether a person objects to profiling.
func (w *World) object(who int, value string) {
	if value == "true" {
		w.objectors[who] = true
		return
	}
	delete(w.objectors, who)
}

func (w *World) leave(id string) {
	if who, ok := w.byID[id]; ok {
		w.people[who].gone = true
		w.sort(who)
	}
}

// sort puts a person into the set of the present stage.
func (w *World) sort(who int) {
	p := w.people[who]
	put := func(set map[int]bool, stage string) {
		if p.stage == stage && !p.gone {
			set[who] = true
		} else {
			delete(set, who)
		}
	}
	put(w.mqls, stageMQL)
	put(w.leads, stageSQL)
	put(w.customers, stageCustomer)
}

// track keeps the set of open deals or tasks: the property says by this value
// that one is closed.
func track(set map[string]int, e simulator.Entry, property, closed string) {
	switch {
	case e.Op == simulator.OpCreate, e.Op == simulator.OpRestore:
		set[e.ID] = nobody
	case e.Op == simulator.OpArchive, e.Op == simulator.OpPurge, e.Op == simulator.OpMerge:
		delete(set, e.ID)
	case e.Op == simulator.OpSet && e.Property == property && e.New == closed:
		delete(set, e.ID)
	case e.Op == simulator.OpSet && e.Property == property:
		set[e.ID] = nobody
	}
}

// nameOf is what people call a contact: name and company, or the address.
func nameOf(p map[string]string) string {
	name := strings.TrimSpace(p["firstname"] + " " + p["lastname"])
	if name == "" {
		name = p["email"]
	}
	if p["company"] != "" {
		name += ", " + p["company"]
	}
	return name
}
