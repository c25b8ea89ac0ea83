package simulator

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// version is one state of a record. It never changes once it is in place, so
// answers can be written outside the lock and the search index can keep an
// older state than the record has.
type version struct {
	keys     []uint16 // sorted; parallel to vals
	vals     []string
	modified int64 // ms since the epoch, world time
	archived int64 // same, 0 while live
}

type link struct {
	to   *record
	kind uint16
}

type record struct {
	t        *table
	id       int64
	created  int64 // ms since the epoch, world time
	cur      *version
	indexed  *version // what search sees
	links    []link
	survivor *record // after a merge
	purged   bool    // after a privacy deletion
	source   Actor
	entries  []int    // journal positions of this record's property changes, the last versions of each
	forms    []string // filled in by this contact, each once
	trimAt   int      // how many entries are worth shortening
}

// latest follows merges to the record that lives on.
func (r *record) latest() *record {
	for r != nil && r.survivor != nil {
		r = r.survivor
	}
	return r
}

func (r *record) live() bool { return !r.purged && r.survivor == nil && r.cur.archived == 0 }

func (r *record) idString() string { return strconv.FormatInt(r.id, 10) }

func (v *version) get(key uint16) (string, bool) {
	i, ok := slices.BinarySearch(v.keys, key)
	if !ok {
		return "", false
	}
	return v.vals[i], true
}

// with returns a copy with the changes applied; an empty value removes one.
func (v *version) with(changes []change) *version {
	next := &version{modified: v.modified, archived: v.archived}
	next.keys = append(make([]uint16, 0, len(v.keys)+len(changes)), v.keys...)
	next.vals = append(make([]string, 0, len(v.keys)+len(changes)), v.vals...)
	for _, c := range changes {
		i, ok := slices.BinarySearch(next.keys, c.key)
		switch {
		case ok && c.val == "":
			next.keys, next.vals = slices.Delete(next.keys, i, i+1), slices.Delete(next.vals, i, i+1)
		case ok:
			next.vals[i] = c.val
		case c.val != "":
			next.keys, next.vals = slices.Insert(next.keys, i, c.key), slices.Insert(next.vals, i, c.val)
		}
	}
	return next
}

// value reads any property, those kept outside the version included.
func (r *record) value(v *version, key uint16) (string, bool) {
	switch key {
	case r.t.keyID:
		return r.idString(), true
	case r.t.keyCreated:
		return isoMillis(r.created), true
	case r.t.keyModified:
		return isoMillis(v.modified), true
	}
	return v.get(key)
}

// text reads a property by name from the current state; empty when unset.
func (r *record) text(name string) string {
	p := r.t.props[name]
	if p == nil {
		return ""
	}
	s, _ := r.value(r.cur, p.key)
	return s
}

func (r *record) linked(typ string) []*record {
	var out []*record
	for _, l := range r.links {
		if l.to.t.name == typ && l.to.live() && !slices.Contains(out, l.to) {
			out = append(out, l.to)
		}
	}
	slices.SortFunc(out, func(x, y *record) int { return int(x.id - y.id) })
	return out
}

// table holds all records and definitions of one type.
type table struct {
	objectType
	props       map[string]*Property
	byKey       []*Property
	groups      []propertyGroup
	byID        map[int64]*record
	ids         []*record // by id, ascending; records are only added
	unique      map[uint16]map[string]*record
	index       modIndex
	lastID      int64
	pages       string // where records have their pages; empty when answers do not say
	keyID       uint16
	keyCreated  uint16
	keyModified uint16
}

func (t *table) key(name string) uint16 {
	p := t.props[name]
	if p == nil {
		return noKey
	}
	return p.key
}

func (t *table) uniqueKey(p *Property) bool {
	return p.HasUniqueValue || (t.name == Contacts && p.Name == "email")
}

// holder is the owner of a unique value, nil when it is free.
func (t *table) holder(p *Property, value string, archivedKeep bool) *record {
	r := t.unique[p.key][strings.ToLower(value)]
	if r == nil || r.purged || r.survivor != nil {
		return nil
	}
	if r.cur.archived != 0 && !archivedKeep {
		return nil
	}
	return r
}

func isoMillis(ms int64) string {
	return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z")
}
