package workflows

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"leadsync/connector"
	"leadsync/scoring"
)

// HistoryBatch is how many contacts one call tells the history of (hubspot-api 5.2: with history the limit of a
// batch is 50).
const HistoryBatch = 50

type historian interface {
	History(ctx context.Context, t connector.ObjectType, ids []connector.ObjectID, props []string) (connector.HistoryResult, error)
}

// told is what the CRM told of the past of a batch of contacts.
type told struct {
	history  map[connector.ObjectID]connector.History
	standing map[connector.ObjectID]bool // stage and status were asked for
}

// Watched are the properties of contacts of which every value matters, the passing ones too: a status that was
// left and entered again looks like one that was never left.
func (p *Portal) Watched() []string { return compacted([]string{p.Names.Stage, p.Names.Status}) }

// remembered are the properties whose past a first load reads.
func (p *Portal) remembered(m *scoring.Model) []string {
	props := p.Watched()
	for _, k := range p.Kinds(m) {
		props = append(props, tracked(k)...)
	}
	return compacted(props)
}

// HistoryCalls is what reading the history of so many contacts costs, in calls.
func HistoryCalls(contacts int) int { return (contacts + HistoryBatch - 1) / HistoryBatch }

// ReadsPast reports whether the first load reads the history of every contact.
func (r *Reconciler) ReadsPast() bool { return r.Past != nil && r.Portal.FirstLoadHistory }

// pays names the due contacts whose history is worth a call, in the order of the rows, and the properties of each.
func (r *Reconciler) pays(rows []DueRow, records []LeadRecord, fresh freshly) (ids []connector.ObjectID, wanted map[connector.ObjectID][]string) {
	wanted = map[connector.ObjectID][]string{}
	for i, row := range rows {
		contact, ok := fresh.contacts.Found[row.ID]
		if r.Past == nil || !ok || contact.ID != row.ID || wanted[row.ID] != nil || r.Weak.Without(History) {
			continue
		}
		if r.private(fresh.asRead(records[i], contact, r.Portal.Names.CompanyID)) {
			continue
		}
		if props := r.wanted(row, records[i], contact); len(props) > 0 {
			wanted[row.ID] = props
			ids = append(ids, row.ID)
		}
	}
	return ids, wanted
}

// past reads the history of those due contacts for which it pays, and of no others: most changes of a contact
// have no past that matters.
func (r *Reconciler) past(ctx context.Context, rows []DueRow, records []LeadRecord, fresh freshly) (told, error) {
	ids, wanted := r.pays(rows, records, fresh)
	out := told{history: map[connector.ObjectID]connector.History{}, standing: map[connector.ObjectID]bool{}}
	for chunk := range slices.Chunk(ids, HistoryBatch) {
		var props []string
		for _, id := range chunk {
			props = append(props, wanted[id]...)
		}
		if err := r.tell(ctx, chunk, compacted(props), &out); err != nil {
			return out, err
		}
		for _, id := range chunk {
			// What a neighbour in the call needed is not learned: the same contact is decided alike in any company.
			maps.DeleteFunc(out.history[id], func(prop string, _ []connector.Version) bool { return !slices.Contains(wanted[id], prop) })
			out.standing[id] = slices.Contains(wanted[id], r.Portal.Names.Status)
			fresh.contacts.Found[id] = r.overtaken(fresh.contacts.Found[id], out.history[id])
		}
	}
	return out, nil
}

// overtaken is a contact with what its history, which was read after it, tells of since: whoever chose a status between
// the two readings is not overruled by one that was planned without it (rule 5). Of counters the history forgets what
// happened since: it would lie in the future of this look, and once it were known no other look would be made for it.
func (r *Reconciler) overtaken(contact connector.Object, history connector.History) connector.Object {
	watched := r.Portal.Watched()
	for prop, versions := range history {
		if len(versions) == 0 {
			continue
		}
		last := versions[len(versions)-1]
		since := last.At.After(contact.UpdatedAt) && last.Value != contact.Properties[prop]
		switch {
		case since && slices.Contains(watched, prop):
			contact.Properties = maps.Clone(contact.Properties)
			contact.Properties[prop] = last.Value
		case since:
			history[prop] = asOfReading(versions, contact, prop)
		}
	}
	return contact
}

// asOfReading are the versions without those that came after the contact was read. The value that was read says where
// they begin: not every counter moves the moment of the last change.
func asOfReading(versions []connector.Version, contact connector.Object, prop string) []connector.Version {
	for i, v := range slices.Backward(versions) {
		if sameValue(v.Value, contact.Properties[prop]) {
			return versions[:i+1]
		}
		if !v.At.After(contact.UpdatedAt) {
			break
		}
	}
	return versions
}

// tell makes one call.
func (r *Reconciler) tell(ctx context.Context, ids []connector.ObjectID, props []string, out *told) error {
	got, err := r.Past.History(connector.For(ctx, connector.PurposeHistory), connector.TypeContact, ids, props)
	if err != nil {
		return fmt.Errorf("read property history of %d contacts: %w", len(ids), err)
	}
	maps.Copy(out.history, got.Found)
	for id := range got.Found {
		out.standing[id] = slices.Contains(props, r.Portal.Names.Status)
	}
	return nil
}

// wanted are the properties of a due contact whose history is worth a call.
func (r *Reconciler) wanted(row DueRow, record LeadRecord, contact connector.Object) []string {
	var props []string
	soon := withPending(record)
	changed := func(prop string) bool {
		value := contact.Properties[prop]
		return value != record.Contact.Properties[prop] && value != soon[prop]
	}
	watched := r.Portal.Watched()
	if row.Watched || record.Contact.ID != "" && slices.ContainsFunc(watched, changed) {
		props = append(props, watched...)
	}
	for _, k := range r.Portal.Kinds(r.Model) {
		if k.Counter != nil && jumped(k, record.Observations, contact) {
			props = append(props, tracked(k)...)
		}
	}
	return props
}

// jumped reports whether a counter went up by more than the contact's own last date can date.
func jumped(k scoring.ActivityKind, before []Observation, contact connector.Object) bool {
	count, err := strconv.ParseFloat(contact.Properties[k.Counter.Property], 64)
	if k.Counter.Property == "" || err != nil {
		return false
	}
	high, last := int64(0), ""
	for _, o := range pastOf(adopted(k, before, "count", k.Counter.Property), k.Counter.Property) {
		if n, err := strconv.ParseFloat(o.Value, 64); err == nil {
			high = max(high, int64(n))
		}
	}
	if k.Counter.LastProperty != "" {
		past := pastOf(adopted(k, before, "last", k.Counter.LastProperty), k.Counter.LastProperty)
		if len(past) > 0 {
			last = past[len(past)-1].Value
		}
	}
	now := contact.Properties[k.Counter.LastProperty]
	undated := now == "" || sameValue(now, last)
	return int64(count) > high+1 || int64(count) == high+1 && undated
}

// learn adds to a record what the CRM told of its past, and says what of it is new.
func (t told) learn(record *LeadRecord) []Observation {
	h, ok := t.history[record.ID]
	if !ok {
		return nil
	}
	fresh := record.State.known(observed(h, record.Observations))
	record.Observations = append(slices.Clone(record.Observations), fresh...)
	record.Told = t.standing[record.ID]
	return fresh
}

// firstPast reads the history of loaded contacts if the portal wants that.
func (r *Reconciler) firstPast(ctx context.Context, records []LeadRecord) (told, error) {
	out := told{history: map[connector.ObjectID]connector.History{}, standing: map[connector.ObjectID]bool{}}
	if !r.ReadsPast() {
		return out, nil
	}
	var ids []connector.ObjectID
	for _, record := range records {
		if record.State == nil && record.Contact.ID != "" && !r.private(record) {
			ids = append(ids, record.ID)
		}
	}
	for chunk := range slices.Chunk(ids, HistoryBatch) {
		if err := r.tell(ctx, chunk, r.Portal.remembered(r.Model), &out); err != nil {
			return out, err
		}
	}
	return out, nil
}
