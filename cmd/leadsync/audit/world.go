package audit

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"leadsync/connector/hubspot/simulator"
)

// record is one record of the account at the moment up to which the journal was read.
type record struct {
	typ, id string
	props   map[string]string
	created time.Time
	live    bool
	gone    time.Time       // when it was archived last
	links   map[string]int  // "type/id" → how many kinds of link there are
	lists   map[string]bool // ids of the lists that people fill and that it is on
}

func (r *record) key() string { return r.typ + "/" + r.id }

// world is the account as the journal tells it. It is rolled back to the beginning once and then read forward.
type world struct {
	records map[string]*record
	owners  map[string]bool // owner id → active
	merged  map[string]bool // contacts that a merge or a privacy deletion touched: their past cannot be told
}

// auditedTypes are the types whose records decide something.
func auditedTypes() []string {
	return []string{
		simulator.Contacts, simulator.Companies, simulator.Deals, simulator.Calls, simulator.Meetings, simulator.Emails,
		simulator.Notes, simulator.Communications, simulator.Tasks,
	}
}

// newWorld takes the account as it is at the end and undoes the journal, newest entry first: what remains is
// the account before the first entry, records loaded in bulk (which have no entries of their own) included.
func newWorld(account *simulator.Account, journal []simulator.Entry) *world {
	w := &world{records: map[string]*record{}, owners: map[string]bool{}, merged: map[string]bool{}}
	for _, o := range account.Owners() {
		w.owners[o.ID] = o.Active
	}
	for _, typ := range auditedTypes() {
		for _, o := range account.Objects(typ) {
			w.take(o)
		}
	}
	w.takeArchived(account, journal)
	for _, r := range w.records {
		if r.typ == simulator.Contacts || r.typ == simulator.Deals {
			w.takeLinks(account, r)
		}
	}
	w.takeLists(account)
	for _, e := range slices.Backward(journal) {
		w.undo(e)
		if e.Type == simulator.Contacts && (e.Op == simulator.OpMerge || e.Op == simulator.OpPurge) {
			w.merged[e.ID], w.merged[e.New] = true, true
		}
	}
	return w
}

func (w *world) take(o simulator.Object) {
	r := &record{
		typ: o.Type, id: o.ID, created: o.CreatedAt, live: !o.Archived,
		props: maps.Clone(o.Properties), links: map[string]int{}, lists: map[string]bool{},
	}
	w.records[r.key()] = r
}

// takeLists reads who is on the lists that people fill; the account's own computing of others leaves no entry.
func (w *world) takeLists(account *simulator.Account) {
	for _, l := range account.Lists() {
		if l.Type != simulator.Contacts || l.Kind == simulator.Dynamic {
			continue
		}
		members, err := account.ListMembers(l.ID)
		for _, id := range members {
			if r := w.records[simulator.Contacts+"/"+id]; r != nil && err == nil {
				r.lists[l.ID] = true
			}
		}
	}
}

func (w *world) takeArchived(account *simulator.Account, journal []simulator.Entry) {
	for _, e := range journal {
		if e.Op != simulator.OpArchive || w.records[e.Type+"/"+e.ID] != nil {
			continue
		}
		if o, ok := account.Object(e.Type, e.ID); ok && o.ID == e.ID {
			w.take(o)
			w.takeOwners(account, w.records[e.Type+"/"+e.ID])
		}
	}
}

// takeOwners reads whose an archived task is; of other records nobody asks.
func (w *world) takeOwners(account *simulator.Account, r *record) {
	if r.typ != simulator.Tasks {
		return
	}
	for _, l := range account.Associations(r.typ, r.id, simulator.Contacts) {
		w.link(r, l.Type+"/"+l.ID, 1)
	}
}

func (w *world) takeLinks(account *simulator.Account, r *record) {
	for _, typ := range auditedTypes() {
		for _, l := range account.Associations(r.typ, r.id, typ) {
			r.links[l.Type+"/"+l.ID]++
			if to := w.records[l.Type+"/"+l.ID]; to != nil && to.typ != simulator.Contacts && to.typ != simulator.Deals {
				to.links[r.key()]++
			}
		}
	}
}

// undo takes one entry back.
func (w *world) undo(e simulator.Entry) {
	w.setOwner(e, e.Old)
	r := w.records[e.Type+"/"+e.ID]
	if r == nil {
		return
	}
	switch e.Op {
	case simulator.OpCreate:
		delete(w.records, r.key())
	case simulator.OpSet:
		r.set(e.Property, e.Old)
	case simulator.OpArchive:
		r.live = true
	case simulator.OpRestore:
		r.live = false
	case simulator.OpAssociate:
		w.link(r, e.New, -1)
	case simulator.OpDisassociate:
		w.link(r, e.Old, 1)
	case simulator.OpJoin:
		delete(r.lists, e.New)
	case simulator.OpLeave:
		r.lists[e.Old] = true
	case simulator.OpMerge, simulator.OpPurge, simulator.OpLoad, simulator.OpProperty, simulator.OpList, simulator.OpFlow, simulator.OpUninstall:
		// Merged and deleted contacts are not audited; the others change no record of their own.
	}
}

// apply reads one entry forward.
func (w *world) apply(e simulator.Entry) {
	w.setOwner(e, e.New)
	key := e.Type + "/" + e.ID
	r := w.records[key]
	if e.Op == simulator.OpCreate {
		w.records[key] = &record{
			typ: e.Type, id: e.ID, created: e.At, live: true,
			props: map[string]string{"hs_object_id": e.ID}, links: map[string]int{}, lists: map[string]bool{},
		}
		return
	}
	if r == nil {
		return
	}
	switch e.Op {
	case simulator.OpSet:
		r.set(e.Property, e.New)
	case simulator.OpArchive, simulator.OpPurge, simulator.OpMerge:
		r.live, r.gone = false, e.At
	case simulator.OpRestore:
		r.live = true
	case simulator.OpAssociate:
		w.link(r, e.New, 1)
	case simulator.OpDisassociate:
		w.link(r, e.Old, 0)
	case simulator.OpJoin:
		r.lists[e.New] = true
	case simulator.OpLeave:
		delete(r.lists, e.Old)
	case simulator.OpCreate, simulator.OpLoad, simulator.OpProperty, simulator.OpList, simulator.OpFlow, simulator.OpUninstall:
		// A creation was handled above; the others change no record of their own.
	}
}

// setOwner takes what an entry says about an owner. One who was made on the way counts from the beginning.
func (w *world) setOwner(e simulator.Entry, value string) {
	if e.Type == simulator.Owners && e.Property == simulator.OwnerActive {
		w.owners[e.ID] = value == "true"
	}
}

// link adds n kinds of link between a record and another, both ways; 0 removes all of them.
func (w *world) link(r *record, other string, n int) {
	r.count(other, n)
	if to := w.records[other]; to != nil {
		to.count(r.key(), n)
	}
}

func (r *record) count(other string, n int) {
	r.links[other] += n
	if n == 0 || r.links[other] <= 0 {
		delete(r.links, other)
	}
}

func (r *record) set(property, value string) {
	if value == "" {
		delete(r.props, property)
		return
	}
	r.props[property] = value
}

// linked are the live records of a type that are linked to r, by id.
func (w *world) linked(r *record, typ string) []*record {
	var out []*record
	for key := range r.links {
		if to := w.records[key]; to != nil && to.typ == typ && to.live {
			out = append(out, to)
		}
	}
	slices.SortFunc(out, byID)
	return out
}

// everLinked are the records of a type that are linked to r, archived ones included, by id.
func (w *world) everLinked(r *record, typ string) []*record {
	var out []*record
	for key := range r.links {
		if to := w.records[key]; to != nil && to.typ == typ {
			out = append(out, to)
		}
	}
	slices.SortFunc(out, byID)
	return out
}

// contacts are the live contacts by id, those left out whose past cannot be told.
func (w *world) contacts() []*record {
	var out []*record
	for _, r := range w.records {
		if r.typ == simulator.Contacts && r.live && !w.merged[r.id] {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, byID)
	return out
}

// company is the company of a contact, nil if it has none.
func (w *world) company(contact *record) *record {
	id := contact.props["associatedcompanyid"]
	if id == "" {
		return nil
	}
	return w.records[simulator.Companies+"/"+id]
}

func byID(x, y *record) int {
	a, _ := strconv.ParseInt(x.id, 10, 64)
	b, _ := strconv.ParseInt(y.id, 10, 64)
	return cmp.Or(cmp.Compare(a, b), cmp.Compare(x.id, y.id))
}

// linkedContact is the id of the contact in an association entry, empty if it links no contact.
func linkedContact(e simulator.Entry) string {
	if e.Type == simulator.Contacts {
		return e.ID
	}
	if typ, id, ok := strings.Cut(e.New+e.Old, "/"); ok && typ == simulator.Contacts {
		return id
	}
	return ""
}

// crmTime reads a time as the CRM writes it: ISO 8601, a date, or milliseconds since the epoch.
func crmTime(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, s); err == nil {
			return at.UTC(), true
		}
	}
	if ms, err := strconv.ParseInt(s, 10, 64); err == nil {
		return time.UnixMilli(ms).UTC(), true
	}
	return time.Time{}, false
}
