package simulator

import (
	"cmp"
	"slices"
)

type modEntry struct {
	at int64
	r  *record
}

func compareEntries(x, y modEntry) int {
	return cmp.Or(cmp.Compare(x.at, y.at), cmp.Compare(x.r.id, y.r.id))
}

// modIndex orders what search sees by modified time, then id. Changes mostly
// append; an entry whose record has moved on stays behind as stale and is
// dropped when an eighth of the list is stale, so a sweep never sorts the table.
// Which are stale is known in the same order, so that a search can say how many
// records it would find without looking at each.
type modIndex struct {
	list     []modEntry
	stale    []modEntry
	unsorted bool // while loading in bulk
}

// live says whether the entry is the record's visible state.
func (e modEntry) live() bool {
	v := e.r.indexed
	return v != nil && v.modified == e.at && v.archived == 0 && !e.r.purged && e.r.survivor == nil
}

// put makes v the visible state of r.
func (x *modIndex) put(r *record, v *version) {
	old := r.indexed
	r.indexed = v
	if old != nil && old.archived == 0 {
		if v.archived == 0 && old.modified == v.modified {
			return // the entry stands, its record carries the new state
		}
		x.bury(modEntry{at: old.modified, r: r})
	}
	if v.archived == 0 {
		x.insert(modEntry{at: v.modified, r: r})
		if r.purged || r.survivor != nil { // search learns late of what was done to it before
			x.retire(r)
		}
	}
	if len(x.stale) > 1024 && len(x.stale) > len(x.list)/8 {
		x.compact()
	}
}

func (x *modIndex) insert(e modEntry) {
	n := len(x.list)
	if x.unsorted || n == 0 || compareEntries(x.list[n-1], e) < 0 {
		x.list = append(x.list, e)
		return
	}
	i, found := slices.BinarySearchFunc(x.list, e, compareEntries)
	if found { // set back to a time that it had before
		if at, is := slices.BinarySearchFunc(x.stale, e, compareEntries); is {
			x.stale = slices.Delete(x.stale, at, at+1)
		}
		return
	}
	x.list = slices.Insert(x.list, i, e)
}

// bury notes that an entry is stale.
func (x *modIndex) bury(e modEntry) {
	if at, is := slices.BinarySearchFunc(x.stale, e, compareEntries); !is {
		x.stale = slices.Insert(x.stale, at, e)
	}
}

// retire notes that a record is not found any more.
func (x *modIndex) retire(r *record) {
	if v := r.indexed; v != nil && v.archived == 0 {
		x.bury(modEntry{at: v.modified, r: r})
	}
}

func (x *modIndex) compact() {
	x.list = slices.DeleteFunc(x.list, func(e modEntry) bool { return !e.live() })
	x.stale = nil
}

func (x *modIndex) sort() {
	if x.unsorted {
		slices.SortFunc(x.list, compareEntries)
		x.unsorted = false
	}
}

// between returns the entries with lo <= at <= hi, stale ones included.
func (x *modIndex) between(lo, hi int64) []modEntry {
	x.sort()
	return stretchOf(x.list, lo, hi)
}

// count is how many entries between are not stale.
func (x *modIndex) count(lo, hi int64) int {
	return len(x.between(lo, hi)) - len(stretchOf(x.stale, lo, hi))
}

// tiedAfter is the part of a list that was modified at one instant, behind an id.
func tiedAfter(list []modEntry, at, id int64) []modEntry {
	list = stretchOf(list, at, at)
	from, _ := slices.BinarySearchFunc(list, id+1, func(e modEntry, id int64) int { return cmp.Compare(e.r.id, id) })
	return list[from:]
}

func stretchOf(list []modEntry, lo, hi int64) []modEntry {
	from, _ := slices.BinarySearchFunc(list, lo, func(e modEntry, at int64) int { return cmp.Compare(e.at, at) })
	to, _ := slices.BinarySearchFunc(list, hi, func(e modEntry, at int64) int {
		if e.at <= at {
			return -1
		}
		return 1
	})
	if to < from {
		return nil
	}
	return list[from:to]
}
