package recorder

import (
	"maps"
	"slices"
)

// idMap replaces decimal ids so that length and order stay: in what order the program asks for records, and which
// share a batch, depends on the order of their ids, and a replay has to ask the same. It is a tree of digits;
// below every node the digits that occur are replaced by others in the same order.
type idMap struct {
	made map[string]string
}

// disjointTries is how often another mapping is drawn when a replacement happens to be another original.
const disjointTries = 50

// newIDMap maps the ids. Among long ids no replacement is an original, as far as there is room.
func newIDMap(v *inventor, ids map[string]bool) *idMap {
	sorted := slices.Sorted(maps.Keys(ids))
	best, fewest := &idMap{}, len(sorted)+1
	for attempt := range disjointTries {
		m := &idMap{made: make(map[string]string, len(sorted))}
		m.fill(v, branch{ids: sorted}, attempt)
		clashes := 0
		for _, made := range m.made {
			if len(made) >= longID && ids[made] {
				clashes++
			}
		}
		if clashes < fewest {
			best, fewest = m, clashes
		}
		if clashes == 0 {
			break
		}
	}
	return best
}

// branch is the ids with one beginning, sorted, and what the beginning became.
type branch struct {
	ids    []string
	depth  int
	prefix string
}

func (m *idMap) fill(v *inventor, b branch, attempt int) {
	groups := map[byte][]string{}
	for _, id := range b.ids {
		if len(id) == b.depth {
			m.made[id] = b.prefix
			continue
		}
		groups[id[b.depth]] = append(groups[id[b.depth]], id)
	}
	if len(groups) == 0 {
		return
	}
	digits := slices.Sorted(maps.Keys(groups))
	original := ""
	if len(b.ids) > 0 {
		original = b.ids[0][:b.depth]
	}
	for i, to := range v.digitsInOrder(digits, original, attempt) {
		m.fill(v, branch{ids: groups[digits[i]], depth: b.depth + 1, prefix: b.prefix + string(to)}, attempt)
	}
}

// digitsInOrder draws as many digits as there are, ascending. Zero at the beginning stays zero, and nothing else
// becomes it: a number has no leading zero.
func (v *inventor) digitsInOrder(digits []byte, prefix string, attempt int) []byte {
	var fixed []byte
	pool := []byte("0123456789")
	if prefix == "" {
		pool = pool[1:]
		if digits[0] == '0' {
			fixed, digits = []byte{'0'}, digits[1:]
		}
	}
	d := v.dice(kindID, prefix, attempt)
	for len(pool) > len(digits) {
		at := d.roll(len(pool))
		pool = slices.Delete(slices.Clone(pool), at, at+1)
	}
	return append(fixed, pool...)
}

// longID is the length from which digits alone are taken for an id wherever they stand.
const longID = 6
