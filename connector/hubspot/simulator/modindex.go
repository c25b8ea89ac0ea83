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
// dropped when half of the list is stale, so a sweep never sorts the table.
type modIndex struct {
	list     []modEntry
	stale    int
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
		x.stale++
	}
	if v.archived == 0 {
		x.insert(modEntry{at: v.modified, r: r})
	}
	if x.stale > 1024 && x.stale > len(x.list)/2 {
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
		x.stale--
		return
	}
	x.list = slices.Insert(x.list, i, e)
}

func (x *modIndex) compact() {
	x.list = slices.DeleteFunc(x.list, func(e modEntry) bool { return !e.live() })
	x.stale = 0
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
	from, _ := slices.BinarySearchFunc(x.list, lo, func(e modEntry, at int64) int { return cmp.Compare(e.at, at) })
	to, _ := slices.BinarySearchFunc(x.list, hi, func(e modEntry, at int64) int {
		if e.at <= at {
			return -1
		}
		return 1
	})
	if to < from {
		return nil
	}
	return x.list[from:to]
}
