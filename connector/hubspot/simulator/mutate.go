package simulator

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// change sets one property; system marks what HubSpot derives itself.
type change struct {
	key    uint16
	val    string
	system bool
}

type lagged struct {
	due time.Time
	r   *record
	v   *version
}

// create makes a record from checked changes. The caller holds the lock.
func (a *Account) create(m mutation, t *table, changes []change) *record {
	t.lastID += 1 + int64(a.rng.IntN(3))
	at := m.at.UnixMilli()
	r := &record{t: t, id: t.lastID, created: at, cur: &version{}, source: m.actor}
	t.byID[r.id] = r
	t.ids = append(t.ids, r)
	a.note(m, Entry{Op: OpCreate, Type: t.name, ID: r.idString()})
	a.emit(m, event{kind: eventCreation, r: r})
	changes = append(changes, a.derivedAtBirth(m, r, changes)...)
	a.apply(m, r, changes)
	return r
}

// apply changes a record and everything that HubSpot derives on the record
// itself. It reports whether anything changed; the modified time moves only then.
func (a *Account) apply(m mutation, r *record, changes []change) bool {
	changes = append(changes, a.derive(m, r, changes)...)
	changed := r.cur.modified == 0
	for i, c := range changes {
		if c.key == noKey {
			continue
		}
		p := r.t.byKey[c.key]
		changes[i].val = a.intern(p, c.val)
		old, _ := r.cur.get(c.key)
		if old == c.val {
			continue
		}
		changed = true
		a.noteSet(m, r, p, c, old)
	}
	if !changed {
		return false
	}
	known := changes[:0]
	for _, c := range changes {
		if c.key != noKey {
			known = append(known, c)
		}
	}
	r.cur = r.cur.with(known)
	a.touch(m, r)
	return true
}

func (a *Account) noteSet(m mutation, r *record, p *Property, c change, old string) {
	e := Entry{Op: OpSet, Type: r.t.name, ID: r.idString(), Property: p.Name, Old: old, New: c.val}
	if c.system {
		e.Actor = Actor{Kind: System}
	}
	a.note(m, e)
	r.remember(a, len(a.journal)-1)
	if r.t.uniqueKey(p) {
		r.t.claim(p, r, old, c.val)
	}
	a.emitProperty(m, r, p, c)
	if !c.system {
		a.provoke(m, r, p.Name, old, c.val)
	}
}

func (t *table) claim(p *Property, r *record, old, val string) {
	held := t.unique[p.key]
	if held == nil {
		held = map[string]*record{}
		t.unique[p.key] = held
	}
	if old := strings.ToLower(old); old != "" && held[old] == r {
		delete(held, old)
	}
	if val != "" {
		held[strings.ToLower(val)] = r
	}
}

// touch stamps the current version, which must not be shared yet, and hands it to the index.
func (a *Account) touch(m mutation, r *record) {
	at := m.at.UnixMilli()
	if at <= r.cur.modified {
		at = r.cur.modified + 1 // a change always shows in the record's own time
	}
	if a.opts.DistinctModified && at <= a.lastMod {
		at = a.lastMod + 1
	}
	a.lastMod = max(a.lastMod, at)
	r.cur.modified = at
	a.show(m, r)
}

func (a *Account) show(m mutation, r *record) {
	if a.opts.SearchLag <= 0 && len(a.lagging) == 0 {
		r.t.index.put(r, r.cur)
		return
	}
	due := m.wall.Add(a.opts.SearchLag)
	if a.uneven { // a record is never shown as it was before what is shown already
		for _, l := range slices.Backward(a.lagging) {
			if l.r == r {
				due = latest(due, l.due)
				break
			}
		}
	}
	a.lagging = append(a.lagging, lagged{due: due, r: r, v: r.cur})
}

func latest(x, y time.Time) time.Time {
	if x.After(y) {
		return x
	}
	return y
}

// catchUp shows search what is older than the lag.
func (a *Account) catchUp(wall time.Time) {
	if a.uneven {
		a.lagging = slices.DeleteFunc(a.lagging, func(l lagged) bool {
			if l.due.After(wall) {
				return false
			}
			l.r.t.index.put(l.r, l.v)
			return true
		})
		return
	}
	n := 0
	for n < len(a.lagging) && !a.lagging[n].due.After(wall) {
		l := a.lagging[n]
		l.r.t.index.put(l.r, l.v)
		n++
	}
	if n == len(a.lagging) {
		a.lagging = nil
		return
	}
	a.lagging = a.lagging[n:]
}

// restamp replaces the current version by a copy, so that touch may stamp it.
func (r *record) restamp() { r.cur = r.cur.with(nil) }

func (a *Account) archive(m mutation, r *record) {
	a.note(m, Entry{Op: OpArchive, Type: r.t.name, ID: r.idString()})
	r.restamp()
	r.cur.archived = m.at.UnixMilli()
	a.touch(m, r)
	a.emit(m, event{kind: eventDeletion, r: r})
	a.neighboursChanged(m, r)
}

func (a *Account) restore(m mutation, r *record) error {
	for i, key := range r.cur.keys {
		p := r.t.byKey[key]
		if !r.t.uniqueKey(p) {
			continue
		}
		if h := r.t.holder(p, r.cur.vals[i], true); h != nil && h != r {
			return fmt.Errorf("restore %s %q: %s: %w", r.t.name, r.idString(), p.Name, ErrConflict)
		}
	}
	a.note(m, Entry{Op: OpRestore, Type: r.t.name, ID: r.idString()})
	r.restamp()
	r.cur.archived = 0
	a.touch(m, r)
	a.emit(m, event{kind: eventRestore, r: r})
	a.neighboursChanged(m, r)
	return nil
}

func (a *Account) purge(m mutation, r *record) {
	a.note(m, Entry{Op: OpPurge, Type: r.t.name, ID: r.idString()})
	kinds := []string{eventDeletion}
	if r.t.name == Contacts { // the only type that has an event of its own; the two come in either order
		kinds = append(kinds, eventPrivacy)
		a.rng.Shuffle(len(kinds), func(i, j int) { kinds[i], kinds[j] = kinds[j], kinds[i] })
	}
	for _, kind := range kinds {
		a.emit(m, event{kind: kind, r: r})
	}
	a.forget(m, r)
}

// forget takes a record out of search and links for good.
func (a *Account) forget(m mutation, r *record) {
	for _, l := range slices.Clone(r.links) {
		a.dropLink(l.to, r)
		a.dropLink(r, l.to)
	}
	r.t.index.retire(r)
	r.purged = true
	r.cur = &version{modified: r.cur.modified + 1, archived: m.at.UnixMilli()}
	r.entries = nil
	a.show(m, r)
}

// merge makes a new record of two, with a new id (hubspot-api 5.5).
func (a *Account) merge(m mutation, winner, loser *record) *record {
	t := winner.t
	t.lastID += 1 + int64(a.rng.IntN(3))
	r := &record{t: t, id: t.lastID, created: min(winner.created, loser.created), source: winner.source, cur: winner.cur}
	t.byID[r.id] = r
	t.ids = append(t.ids, r)
	moved := 0
	var fill []change
	for i, key := range loser.cur.keys {
		if _, ok := winner.cur.get(key); !ok {
			fill = append(fill, change{key: key, val: loser.cur.vals[i]})
			moved++
		}
	}
	ids := strings.Join([]string{winner.idString(), loser.idString()}, ";")
	if old := winner.text("hs_merged_object_ids"); old != "" {
		ids = old + ";" + ids
	}
	r.inherit(a, winner, loser, fill)
	fill = append(fill, t.changeIfKnown("hs_calculated_merged_vids", mergedVids(m, winner, loser))...)
	r.cur = winner.cur.with(append(fill, t.changeIfKnown("hs_merged_object_ids", ids)...))
	r.cur.modified = max(winner.cur.modified, loser.cur.modified)
	for _, old := range []*record{winner, loser} {
		for _, l := range slices.Clone(old.links) {
			a.dropLink(l.to, old)
			a.addLink(r, l.to, l.kind)
		}
		a.reclaim(old, r)
		old.links, old.survivor = nil, r
		t.index.retire(old)
		a.note(m, Entry{Op: OpMerge, Type: t.name, ID: old.idString(), New: r.idString()})
	}
	a.touch(m, r)
	a.emit(m, event{kind: eventMerge, r: r, merged: []int64{winner.id, loser.id}, count: moved})
	a.neighboursChanged(m, r)
	return r
}

// mergedVids names the records that a merge joined and when, as contacts show it (hubspot-api 5.5).
func mergedVids(m mutation, winner, loser *record) string {
	out := winner.text("hs_calculated_merged_vids")
	for _, r := range []*record{winner, loser} {
		if out != "" {
			out += ";"
		}
		out += r.idString() + ":" + strconv.FormatInt(m.at.UnixMilli(), 10)
	}
	return out
}

func (t *table) changeIfKnown(name, val string) []change {
	if k := t.key(name); k != noKey {
		return []change{{key: k, val: val, system: true}}
	}
	return nil
}

// reclaim hands the unique values that the survivor carries over to it.
func (a *Account) reclaim(old, r *record) {
	for i, key := range old.cur.keys {
		p := old.t.byKey[key]
		if !old.t.uniqueKey(p) {
			continue
		}
		old.t.claim(p, old, old.cur.vals[i], "")
		if v, ok := r.cur.get(key); ok {
			r.t.claim(p, r, "", v)
		}
	}
}

// addLink joins two records both ways; it reports whether that was new.
func (a *Account) addLink(from, to *record, kind uint16) bool {
	for _, l := range from.links {
		if l.to == to && l.kind == kind {
			return false
		}
	}
	from.links = append(from.links, link{to: to, kind: kind})
	to.links = append(to.links, link{to: from, kind: a.kinds.back[kind]})
	return true
}

// dropLink removes every link from one record to the other, one way.
func (a *Account) dropLink(from, to *record) bool {
	kept := from.links[:0]
	for _, l := range from.links {
		if l.to != to {
			kept = append(kept, l)
		}
	}
	dropped := len(kept) < len(from.links)
	clear(from.links[len(kept):])
	from.links = kept
	return dropped
}

func (a *Account) associate(m mutation, from, to *record, kind uint16) {
	if !a.addLink(from, to, kind) {
		return
	}
	a.note(m, Entry{Op: OpAssociate, Type: from.t.name, ID: from.idString(), Property: strconv.Itoa(int(kind)), New: to.t.name + "/" + to.idString()})
	a.emitLink(m, from, to, kind, false)
	a.linked(m, from, to)
}

func (a *Account) disassociate(m mutation, from, to *record) {
	kind := a.kinds.main[[2]string{from.t.name, to.t.name}]
	for _, l := range from.links {
		if l.to == to {
			kind = l.kind
		}
	}
	gone := a.dropLink(from, to)
	a.dropLink(to, from)
	if !gone {
		return
	}
	a.note(m, Entry{Op: OpDisassociate, Type: from.t.name, ID: from.idString(), Old: to.t.name + "/" + to.idString()})
	a.emitLink(m, from, to, kind, true)
	a.linked(m, from, to)
}

// emitLink tells of a link from both ends: each type has its own subscription.
func (a *Account) emitLink(m mutation, from, to *record, kind uint16, removed bool) {
	a.emit(m, event{kind: eventAssociation, r: from, to: to, link: kind, removed: removed})
	a.emit(m, event{kind: eventAssociation, r: to, to: from, link: a.kinds.back[kind], removed: removed})
}
