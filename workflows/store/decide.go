package store

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"leadsync/connector"
	"leadsync/workflows"
)

// SaveDecisions saves a batch of reconciled contacts in one transaction: mirror, links, observations, lead
// states, decisions, outbox and next change; the due marks are cleared unless they were raised meanwhile.
// What the fields mean stands at workflows.Decided. Contacts that were erased meanwhile are only settled.
// If a company (or another record that is not the contact) turns out to be different from the mirror, the
// other contacts linked to it become due.
func (s *Store) SaveDecisions(ctx context.Context, fence workflows.Fence, decided []workflows.Decided) error {
	return s.fenced(ctx, "save decisions", fence, func(in *session) error {
		return in.saveDecisions(ctx, fence.Portal, decided)
	})
}

func (in *session) saveDecisions(ctx context.Context, portal connector.PortalID, decided []workflows.Decided) error {
	d := &decisionSaver{session: in, portal: portal, marks: dueMarks{}}
	if err := d.begin(ctx, decided); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{
		d.saveRecords, d.saveAllLinks, d.saveObservations, d.saveWanted, d.saveStates, d.saveReasons, d.saveAsides, d.saveOutbox, d.saveOrders, d.saveArrivals, d.withhold, d.saveGone,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	if err := in.recovered(ctx, portal, contactRefs(decided)); err != nil {
		return err
	}
	return in.markDue(ctx, portal, d.marks)
}

// decisionSaver is the work on one batch.
type decisionSaver struct {
	*session
	portal  connector.PortalID
	decided []workflows.Decided // without the erased
	marks   dueMarks
}

func (d *decisionSaver) begin(ctx context.Context, decided []workflows.Decided) error {
	var refs []connector.Ref
	for _, one := range decided {
		ref := connector.Ref{Type: connector.TypeContact, ID: one.ID}
		refs = append(refs, ref)
		changes := one.ChangesAt
		if one.Gone {
			changes = fromMicros(nil)
		}
		d.marks.settle(ref, one.Revision, changes)
	}
	erased, err := d.tombstones(ctx, d.portal, refs)
	if err != nil {
		return err
	}
	for _, one := range decided {
		if erased[connector.Ref{Type: connector.TypeContact, ID: one.ID}] {
			continue
		}
		if one.Objects, err = d.withoutErasedMerges(ctx, d.portal, one.Objects); err != nil {
			return err
		}
		d.decided = append(d.decided, one)
	}
	return nil
}

// saveRecords stores what was freshly read. These readings are complete: all properties were asked for.
func (d *decisionSaver) saveRecords(ctx context.Context) error {
	fresh, readers := d.readings()
	refs := slices.SortedFunc(maps.Keys(fresh), compareRefs)
	erased, err := d.tombstones(ctx, d.portal, refs)
	if err != nil {
		return err
	}
	known, err := d.objects(ctx, d.portal, refs)
	if err != nil {
		return err
	}
	var newer []connector.Object
	var different []connector.Ref
	for _, ref := range refs {
		old, has := known[ref]
		seen := compareReading(fresh[ref], old, has, true, nil)
		if seen.store && !erased[ref] {
			newer = append(newer, seen.object)
		}
		if seen.changed && has && ref.Type != connector.TypeContact {
			different = append(different, ref)
		}
	}
	if err := d.saveObjects(ctx, d.portal, newer); err != nil {
		return err
	}
	linked, err := d.linkSubmissions(ctx, d.portal, newer)
	if err != nil {
		return err
	}
	for _, ref := range linked { // decided without them: once more
		d.marks.raise(ref)
	}
	return d.raiseOthers(ctx, different, readers)
}

// readings gives the records that were freshly read, and the contacts that were evaluated with each.
func (d *decisionSaver) readings() (map[connector.Ref]connector.Object, map[connector.Ref]map[connector.ObjectID]bool) {
	fresh := map[connector.Ref]connector.Object{}
	readers := map[connector.Ref]map[connector.ObjectID]bool{}
	for _, one := range d.decided {
		for _, o := range one.Objects {
			ref := connector.Ref{Type: o.Type, ID: o.ID}
			fresh[ref] = o
			if readers[ref] == nil {
				readers[ref] = map[connector.ObjectID]bool{}
			}
			readers[ref][one.ID] = true
		}
	}
	return fresh, readers
}

func (d *decisionSaver) raiseOthers(
	ctx context.Context, different []connector.Ref, readers map[connector.Ref]map[connector.ObjectID]bool,
) error {
	known, err := d.links(ctx, d.portal, different, []connector.ObjectType{connector.TypeContact})
	for l := range known {
		if !readers[connector.Ref{Type: l.FromType, ID: l.FromID}][l.ToID] {
			d.marks.raise(connector.Ref{Type: l.ToType, ID: l.ToID})
		}
	}
	return err
}

func (d *decisionSaver) saveAllLinks(ctx context.Context) error {
	known, there := map[connector.Link]bool{}, map[connector.Link]bool{}
	complete := map[connector.ObjectType][]connector.Ref{} // contacts whose links to the kind are known
	for _, one := range d.decided {
		for _, t := range one.LinkTypes {
			complete[t] = append(complete[t], connector.Ref{Type: connector.TypeContact, ID: one.ID})
		}
		for _, l := range one.Links {
			if l.FromType == connector.TypeContact && l.FromID == one.ID && slices.Contains(one.LinkTypes, l.ToType) {
				there[canonical(l)] = true
			}
		}
	}
	for _, t := range slices.Sorted(maps.Keys(complete)) {
		found, err := d.links(ctx, d.portal, complete[t], []connector.ObjectType{t})
		if err != nil {
			return err
		}
		maps.Copy(known, found)
	}
	_, err := d.saveLinks(ctx, d.portal, known, there)
	return err
}

// What the history tells of a value that a reading saw at the very moment says more than the reading.
const saveObservations = `INSERT INTO versions (portal, contact, property, at, value, known, origin, source)
SELECT ?, j.value->>0, j.value->>1, CAST(j.value->>2 AS BIGINT), j.value->>3, j.value->>4, j.value->>5, j.value->>6
FROM {rows} WHERE true
ON CONFLICT (portal, contact, property, at, value) DO UPDATE SET known = excluded.known,
    origin = excluded.origin, source = excluded.source WHERE excluded.known = 'history'`

func (d *decisionSaver) saveObservations(ctx context.Context) error {
	type key struct {
		contact         connector.ObjectID
		property, value string
		at              int64
	}
	seen := map[key]bool{} // one statement may not meet a row twice
	var many rows
	for _, one := range d.decided {
		for _, b := range one.Observations {
			id := key{one.ID, b.Property, b.Value, b.At.UnixMicro()}
			if seen[id] {
				continue
			}
			seen[id] = true
			many = append(many, []any{
				string(one.ID), b.Property, id.at, cleanText([]byte(b.Value)), string(b.Known), string(b.Origin), cleanText([]byte(b.Source)),
			})
		}
	}
	if err := d.bulk(ctx, saveObservations, many, d.portal); err != nil {
		return fmt.Errorf("store observations: %w", err)
	}
	return nil
}

const saveStates = `INSERT INTO leads (portal, id, root, state) SELECT ?, j.value->>0, j.value->>1, j.value->>2
FROM {rows} WHERE true ON CONFLICT (portal, id) DO UPDATE SET root = excluded.root, state = excluded.state`

// saveStates stores the lead states. A contact that is gone keeps the one it had, in case it is restored,
// unless the decision brings a new one.
func (d *decisionSaver) saveStates(ctx context.Context) error {
	states := map[connector.ObjectID]workflows.LeadState{}
	for _, one := range d.decided {
		if !one.Gone || one.State.Root != "" {
			states[one.ID] = one.State
		}
	}
	return d.putStates(ctx, d.portal, states)
}

func (in *session) putStates(
	ctx context.Context, portal connector.PortalID, states map[connector.ObjectID]workflows.LeadState,
) error {
	var many rows
	for _, id := range slices.Sorted(maps.Keys(states)) {
		text, err := encode(states[id])
		if err != nil {
			return err
		}
		many = append(many, []any{string(id), string(states[id].Root), text})
	}
	if err := in.bulk(ctx, saveStates, many, portal); err != nil {
		return fmt.Errorf("store lead states: %w", err)
	}
	if err := in.putOutcomes(ctx, portal, slices.Sorted(maps.Keys(states)), states); err != nil {
		return err
	}
	if err := in.putFrozen(ctx, portal, slices.Sorted(maps.Keys(states)), states); err != nil {
		return err
	}
	return in.putProfiles(ctx, portal, slices.Sorted(maps.Keys(states)), states)
}

const saveReasons = `INSERT INTO decisions (portal, contact, number, decided_at, model, reason, actions, worker)
SELECT ?, j.value->>0, CAST(j.value->>1 AS INTEGER), CAST(j.value->>2 AS BIGINT), j.value->>3, j.value->>4, j.value->>5,
    CAST(? AS TEXT)
FROM {rows} WHERE true ON CONFLICT (portal, contact, number) DO NOTHING`

func (d *decisionSaver) saveReasons(ctx context.Context) error {
	var many rows
	numbers, err := d.decisionNumbers(ctx)
	if err != nil {
		return err
	}
	for _, one := range d.decided {
		if one.Decision == nil {
			continue
		}
		reason, err := encode(one.Decision.Reason)
		if err != nil {
			return err
		}
		actions, err := encode(one.Decision.Actions)
		if err != nil {
			return err
		}
		many = append(many, []any{
			string(one.ID), numbers[one.ID], micros(one.Decision.At), one.Decision.Model, reason, actions,
		})
	}
	if err := d.bulk(ctx, saveReasons, many, d.portal, d.worker); err != nil {
		return fmt.Errorf("store decisions: %w", err)
	}
	return nil
}
