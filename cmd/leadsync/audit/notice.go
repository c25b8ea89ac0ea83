package audit

import (
	"maps"
	"slices"
	"strings"

	"leadsync/connector/hubspot/simulator"
)

// notice sorts what leadsync did, one entry, to the contact or company that it is about.
func (a *auditor) notice(e simulator.Entry, w writings) {
	a.noticeCompany(e)
	if e.Actor.Kind != simulator.API {
		return
	}
	key := e.Type + "/" + e.ID
	switch {
	case e.Type == simulator.Contacts && e.Op == simulator.OpSet:
		if slices.Contains(a.ownProperties(), e.Property) {
			w.of(e.ID).noticeOwn(e)
		}
		a.noticeContact(e, w.of(e.ID))
	case e.Op == simulator.OpCreate && (e.Type == simulator.Tasks || e.Type == simulator.Deals):
		a.ours[key] = &made{record: a.world.records[key], deed: deedOf(e), written: map[string]string{}}
		a.report.Tasks += yes(e.Type == simulator.Tasks)
		a.report.Deals += yes(e.Type == simulator.Deals)
		w.of("").add(a.ours[key])
	case e.Op == simulator.OpSet && a.ours[key] != nil:
		a.noticeChange(e, a.ours[key], w.of(a.ours[key].contact))
	default:
		a.noticeOther(e, w)
	}
}

// noticeChange notes what leadsync changed of a record that it made. Of a task that is what rule 17 amends; a deal is
// the rep's as soon as it is there.
func (a *auditor) noticeChange(e simulator.Entry, m *made, w *written) {
	m.print(e.Property)
	switch {
	case m.deed == deedOf(e):
	case m.record.typ == simulator.Tasks && slices.Contains(amendable(), e.Property) || e.Property == a.in.Mapping.KeyProperty:
		w.amended[m] = true
		w.keyed[m] = w.keyed[m] || e.Property == a.in.Mapping.KeyProperty
		a.report.Amended += yes(m.amendedBy != deedOf(e))
		m.amendedBy = deedOf(e)
	default:
		w.foreign = append(w.foreign, e.Property+" of "+m.record.key())
	}
}

// amendable are the properties of tasks that a new cause changes (rule 17), beside the key.
func amendable() []string {
	return []string{
		"hs_task_subject", "hs_task_body", "hs_timestamp", "hubspot_owner_id", "hs_task_priority", "hs_queue_membership_ids", "hs_task_reminders",
	}
}

func (a *auditor) noticeOther(e simulator.Entry, w writings) {
	switch e.Op { //nolint:exhaustive // what else is written concerns no rule
	case simulator.OpJoin, simulator.OpLeave:
		w.of(e.ID).lists[e.New+e.Old] = e.Op == simulator.OpJoin // the id of a company is nobody's here
	case simulator.OpAssociate:
		a.noticeLink(e, w)
	case simulator.OpArchive:
		a.noticeArchive(e, w)
	}
}

func (a *auditor) noticeContact(e simulator.Entry, w *written) {
	switch {
	case a.noticeSide(e, w):
	case e.Property == "lifecyclestage":
		w.stages = append(w.stages, e.New)
		a.report.StageMoves += yes(e.New != "")
	case e.Property == "hs_lead_status":
		w.statuses = append(w.statuses, e.New)
		a.report.Statuses++
	case slices.Contains(slices.Collect(maps.Values(a.writes())), e.Property):
		a.report.Scores += yes(!w.scored)
		w.scored = true
	case a.reads(e.Property):
		w.foreign = append(w.foreign, e.Property)
	}
}

// reads reports whether the model or the rules read a property of contacts: what decides is not ours to write.
func (a *auditor) reads(property string) bool {
	if slices.Contains([]string{"hubspot_owner_id", "email", "firstname", "lastname", "associatedcompanyid"}, property) {
		return true
	}
	for _, k := range a.model.kinds {
		if k.object == "" && (property == k.counter || property == k.last || property == k.first) {
			return true
		}
	}
	return a.readsOf("contact", property)
}

// readsOf reports whether a fact is made of a property of contacts or companies.
func (a *auditor) readsOf(object, property string) bool {
	return slices.ContainsFunc(a.model.facts, func(f fact) bool {
		return slices.Contains(slices.Concat(f.from, a.in.Mapping.Sources[f.name]), object+"."+property)
	})
}

func (w *written) add(m *made) {
	if m.record.typ == simulator.Tasks {
		w.tasks = append(w.tasks, m)
		return
	}
	w.deals = append(w.deals, m)
}

// noticeLink moves what was made to its contact, once it is known.
func (a *auditor) noticeLink(e simulator.Entry, w writings) {
	contact := linkedContact(e)
	m := a.ours[e.Type+"/"+e.ID]
	if m == nil {
		m = a.ours[e.New]
	}
	if m == nil || contact == "" || m.contact != "" {
		return
	}
	m.contact = contact
	if m.record.typ == simulator.Tasks {
		a.tasksOf[contact] = append(a.tasksOf[contact], m)
	}
	nobody := w.of("")
	before := len(nobody.tasks) + len(nobody.deals)
	same := func(x *made) bool { return x == m }
	nobody.tasks, nobody.deals = slices.DeleteFunc(nobody.tasks, same), slices.DeleteFunc(nobody.deals, same)
	if len(nobody.tasks)+len(nobody.deals) < before {
		w.of(contact).add(m)
	}
	if c := a.contacts[contact]; c != nil && m.record.typ == simulator.Deals {
		c.madeDeals = append(c.madeDeals, m.record.id)
	}
}

func (a *auditor) noticeArchive(e simulator.Entry, w writings) {
	m := a.ours[e.Type+"/"+e.ID]
	if m == nil {
		w.of("").foreign = append(w.of("").foreign, "archived "+e.Type+"/"+e.ID)
		return
	}
	of := w.of(m.contact)
	of.archived = append(of.archived, m)
	a.report.Archived += yes(m.record.typ == simulator.Tasks)
	switch {
	case m.record.props["hs_task_status"] == completed:
		of.kept[m] = "a person had completed it (rule 17)"
	case m.edited():
		of.kept[m] = "a person had edited it (rule 17)"
	}
}

// nameOfContact is what people call a contact.
func nameOfContact(r *record) string {
	name := strings.TrimSpace(r.props["firstname"] + " " + r.props["lastname"])
	return orText(name, orText(r.props["email"], "without name"))
}
