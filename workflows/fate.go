package workflows

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"leadsync/connector"
)

// due is a batch of due contacts with what the store knows about them and what was just read.
type due struct {
	rows    []DueRow
	records []LeadRecord
	fresh   freshly
}

func rowIDs(rows []DueRow) []connector.ObjectID {
	ids := make([]connector.ObjectID, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	return ids
}

// settleFates deals with contacts that were merged, restored or forgotten, before anything is decided, and gives
// what is left to decide now. A survivor of a merge and a contact that was restored stay due: they are decided in
// the next round, when they have what belongs to them. Deciding first would take a survivor with a new id for a
// new lead, with tasks of its own beside those of the contacts that it was made of.
func (r *Reconciler) settleFates(ctx context.Context, f Fence, d due) ([]DueRow, []LeadRecord, error) {
	back, err := r.forget(ctx, f.Portal, d)
	if err != nil {
		return nil, nil, err
	}
	merged, err := r.merge(ctx, f, d)
	if err != nil {
		return nil, nil, err
	}
	restored, err := r.restore(ctx, f, d)
	if err != nil {
		return nil, nil, err
	}
	var rows []DueRow
	var records []LeadRecord
	for i, row := range d.rows {
		if !merged[row.ID] && !restored[row.ID] && !back[row.ID] {
			rows, records = append(rows, row), append(records, d.records[i])
		}
	}
	return rows, records, nil
}

// forget erases contacts that the CRM does not have any more, not even in its archive: they were deleted for
// good. It does not wait for an event that says so, which can be lost like any other. What was only archived can
// be restored, and is kept. It gives those who were restored while it asked, who stay due and are read again.
func (r *Reconciler) forget(ctx context.Context, portal connector.PortalID, d due) (map[connector.ObjectID]bool, error) {
	missing := slices.DeleteFunc(slices.Clone(d.fresh.contacts.Missing), func(id connector.ObjectID) bool {
		return !slices.ContainsFunc(d.records, func(record LeadRecord) bool {
			// An id that was merged away stands for a person who is there under another one.
			return record.ID == id && record.MergedInto == "" && (record.Contact.ID != "" || record.Removed || record.State != nil)
		})
	})
	if len(missing) == 0 {
		return map[connector.ObjectID]bool{}, nil
	}
	archived, err := r.CRM.Archived(ctx, connector.TypeContact, missing)
	if err != nil {
		return nil, fmt.Errorf("look for %d contacts in the archive: %w", len(missing), err)
	}
	missing = slices.DeleteFunc(missing, func(id connector.ObjectID) bool { return slices.Contains(archived, id) })
	back, err := r.restoredMeanwhile(ctx, missing)
	if err != nil {
		return nil, err
	}
	for _, id := range missing {
		if back[id] {
			continue
		}
		if err := r.Store.Erase(ctx, portal, id); err != nil {
			return nil, fmt.Errorf("erase contact %q: %w", id, err)
		}
	}
	return back, nil
}

// restoredMeanwhile asks for contacts once more that were neither there nor, after that, in the archive. Who was
// restored between the two questions was in neither place when it was asked for, and must not be erased.
func (r *Reconciler) restoredMeanwhile(ctx context.Context, ids []connector.ObjectID) (map[connector.ObjectID]bool, error) {
	back := map[connector.ObjectID]bool{}
	if len(ids) == 0 {
		return back, nil
	}
	again, err := r.CRM.Read(ctx, connector.TypeContact, ids, r.Portal.ContactProperties(r.Model))
	if err != nil {
		return nil, fmt.Errorf("read %d contacts once more: %w", len(ids), err)
	}
	for _, id := range ids {
		back[id] = !slices.Contains(again.Missing, id)
	}
	return back, nil
}

// merge saves what is known about merges: a contact that answers under another id was merged into it, and a
// contact names those that were merged into it, which tells of a merge that no event announced. It gives the
// contacts that are not to be decided now, the survivors and those merged away.
func (r *Reconciler) merge(ctx context.Context, f Fence, d due) (map[connector.ObjectID]bool, error) {
	survivors, named := r.namedMerges(d)
	records := map[connector.ObjectID]LeadRecord{}
	for _, record := range d.records {
		records[record.ID] = record
	}
	others, err := r.others(ctx, f.Portal, named, records)
	if err != nil {
		return nil, err
	}
	for _, record := range others {
		records[record.ID] = record
	}
	for id, survivor := range named {
		// News of somebody who is there, as far as the mirror knows, or was put into the archive with the survivor.
		if records[id].MergedInto == "" && (records[id].Contact.ID != "" || records[id].State != nil) {
			survivors[id] = survivor
		}
	}
	if len(survivors) == 0 {
		return map[connector.ObjectID]bool{}, nil
	}
	return r.saveMerges(ctx, f, d, survivors, records)
}

// namedMerges gives the survivors by the ids that were merged away: of contacts that answered under another id, and of
// those that the survivors name.
func (r *Reconciler) namedMerges(d due) (answered, named map[connector.ObjectID]connector.ObjectID) {
	answered, named = map[connector.ObjectID]connector.ObjectID{}, map[connector.ObjectID]connector.ObjectID{}
	for _, row := range d.rows {
		contact, found := d.fresh.contacts.Found[row.ID]
		if !found {
			continue
		}
		if contact.ID != row.ID {
			answered[row.ID] = contact.ID
		}
		for loser := range strings.SplitSeq(contact.Properties[r.Portal.Names.MergedIDs], ";") {
			if id := connector.ObjectID(strings.TrimSpace(loser)); id != "" && id != contact.ID {
				named[id] = contact.ID
			}
		}
	}
	return answered, named
}

// others loads what is known of contacts that are named as merged and are not among those that were read.
func (r *Reconciler) others(
	ctx context.Context, portal connector.PortalID, named map[connector.ObjectID]connector.ObjectID,
	known map[connector.ObjectID]LeadRecord,
) ([]LeadRecord, error) {
	ids := slices.DeleteFunc(slices.Sorted(maps.Keys(named)), func(id connector.ObjectID) bool {
		_, has := known[id]
		return has
	})
	if len(ids) == 0 {
		return nil, nil
	}
	records, err := r.Store.Leads(ctx, portal, ids)
	if err != nil {
		return nil, fmt.Errorf("load %d merged leads: %w", len(ids), err)
	}
	return records, nil
}

func (r *Reconciler) saveMerges(
	ctx context.Context, f Fence, d due, survivors map[connector.ObjectID]connector.ObjectID,
	records map[connector.ObjectID]LeadRecord,
) (map[connector.ObjectID]bool, error) {
	later := map[connector.ObjectID]bool{}
	revisions := map[connector.ObjectID]int64{}
	for _, row := range d.rows {
		revisions[row.ID] = row.Revision
	}
	var decided []Decided
	for _, id := range slices.Sorted(maps.Keys(survivors)) {
		later[id], later[survivors[id]] = true, true
		one := Decided{ID: id, Revision: revisions[id]}
		decided = append(decided, gone(one, records[id], survivors[id], d.fresh.at))
	}
	if err := r.Store.SaveDecisions(ctx, f, decided); err != nil {
		return nil, fmt.Errorf("save %d merges: %w", len(decided), err)
	}
	return later, nil
}

// restore puts contacts back that the mirror has as removed, and makes everything due that belongs to them:
// their links went when they did. It gives their ids.
func (r *Reconciler) restore(ctx context.Context, f Fence, d due) (map[connector.ObjectID]bool, error) {
	page := PulledPage{Type: connector.TypeContact, Properties: r.Portal.ContactProperties(r.Model)}
	restored := map[connector.ObjectID]bool{}
	for i, row := range d.rows {
		contact, found := d.fresh.contacts.Found[row.ID]
		if found && contact.ID == row.ID && d.records[i].Contact.ID == "" && d.records[i].State != nil {
			page.Objects = append(page.Objects, contact)
			restored[row.ID] = true
		}
	}
	if len(restored) == 0 {
		return restored, nil
	}
	for _, t := range append(r.Portal.ActivityTypes(r.Model), connector.TypeDeal) {
		links, err := r.CRM.Links(ctx, connector.TypeContact, t, slices.Sorted(maps.Keys(restored)))
		if err != nil {
			return nil, fmt.Errorf("read records of type %s of %d restored contacts: %w", t, len(restored), err)
		}
		for _, l := range links {
			page.Hints = append(page.Hints, connector.Ref{Type: l.ToType, ID: l.ToID})
		}
	}
	if _, err := r.Store.SavePage(ctx, f, page); err != nil {
		return nil, fmt.Errorf("save %d restored contacts: %w", len(restored), err)
	}
	return restored, nil
}
