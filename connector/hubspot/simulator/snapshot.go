package simulator

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// Object is a copy of one record.
type Object struct {
	Type       string            `json:"type"`
	ID         string            `json:"id"`
	Properties map[string]string `json:"properties"`
	CreatedAt  time.Time         `json:"createdAt"`
	UpdatedAt  time.Time         `json:"updatedAt"`
	Archived   bool              `json:"archived"`
}

func (r *record) snapshot() Object {
	o := Object{
		Type: r.t.name, ID: r.idString(), Properties: make(map[string]string, len(r.cur.keys)+3),
		CreatedAt: time.UnixMilli(r.created).UTC(), UpdatedAt: time.UnixMilli(r.cur.modified).UTC(), Archived: r.cur.archived != 0,
	}
	for i, k := range r.cur.keys {
		o.Properties[r.t.byKey[k].Name] = r.cur.vals[i]
	}
	for _, k := range []uint16{r.t.keyID, r.t.keyCreated, r.t.keyModified} {
		o.Properties[r.t.byKey[k].Name], _ = r.value(r.cur, k)
	}
	return o
}

// Object returns a copy of a record, archived ones included; an old id of a
// merged record gives the survivor.
func (a *Account) Object(typ, id string) (Object, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	t, err := a.table(typ)
	if err != nil {
		return Object{}, false
	}
	r := t.byID[parseID(id)].latest()
	if r == nil || r.purged {
		return Object{}, false
	}
	return r.snapshot(), true
}

// Objects returns copies of all live records of a type, by id.
func (a *Account) Objects(typ string) []Object {
	a.mu.Lock()
	defer a.mu.Unlock()
	t, err := a.table(typ)
	if err != nil {
		return nil
	}
	var out []Object
	for _, r := range t.ids {
		if r.live() {
			out = append(out, r.snapshot())
		}
	}
	return out
}

// Count is the number of live records of a type.
func (a *Account) Count(typ string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	t, err := a.table(typ)
	if err != nil {
		return 0
	}
	n := 0
	for _, r := range t.ids {
		if r.live() {
			n++
		}
	}
	return n
}

// Associations returns a record's links to live records of a type, by id and kind; an archived record still has those
// that it had.
func (a *Account) Associations(fromType, id, toType string) []Link {
	a.mu.Lock()
	defer a.mu.Unlock()
	t, err := a.table(fromType)
	if err != nil {
		return nil
	}
	r := t.byID[parseID(id)].latest()
	if r == nil || r.purged {
		return nil
	}
	var out []Link
	for _, l := range r.links {
		if l.to.t.name == canonicalType(toType) && l.to.live() {
			out = append(out, Link{Type: l.to.t.name, ID: l.to.idString(), Kind: int(l.kind)})
		}
	}
	slices.SortFunc(out, func(x, y Link) int {
		return cmp.Or(cmp.Compare(parseID(x.ID), parseID(y.ID)), cmp.Compare(x.Kind, y.Kind))
	})
	return out
}

// Load adds many records at once: no webhooks, no automation, one journal
// entry for all. createdate or hs_createdate and lastmodifieddate or
// hs_lastmodifieddate may be given; read-only properties too. add returns the
// new id, empty when the record was refused; Load then returns the first error.
func (a *Account) Load(fill func(add func(typ string, props map[string]string, links ...Link) string)) error {
	var first error
	n := 0
	fill(func(typ string, props map[string]string, links ...Link) string {
		id, err := a.loadOne(typ, props, links)
		if err != nil {
			first = cmp.Or(first, err)
			return ""
		}
		n++
		return id
	})
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, t := range a.tables {
		t.index.sort()
	}
	a.note(a.begin(Actor{Kind: System}), Entry{Op: OpLoad, New: strconv.Itoa(n)})
	return first
}

func (a *Account) loadOne(typ string, props map[string]string, links []Link) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	t, err := a.table(typ)
	if err != nil {
		return "", err
	}
	now := a.opts.Now().UnixMilli()
	created, modified := now, int64(0)
	plain := make(map[string]string, len(props))
	for k, v := range props {
		switch k {
		case t.createdName, t.modName:
			at, ok := parseTime(v)
			if !ok {
				return "", fmt.Errorf("load %s: %s %q: %w", typ, k, v, ErrInvalid)
			}
			if k == t.createdName {
				created = at.UnixMilli()
			} else {
				modified = at.UnixMilli()
			}
		default:
			plain[k] = v
		}
	}
	changes, err := a.worldChanges(t, nil, plain)
	if err != nil {
		return "", fmt.Errorf("load %s: %w", typ, err)
	}
	if modified == 0 {
		modified = created
	}
	return a.loadRecord(t, changes, links, created, modified)
}

func (a *Account) loadRecord(t *table, changes []change, links []Link, created, modified int64) (string, error) {
	targets := make([]*record, len(links))
	for i, l := range links {
		to, err := a.find(l.Type, l.ID)
		if err != nil {
			return "", fmt.Errorf("load %s: %w", t.name, err)
		}
		targets[i] = to
	}
	t.lastID += 1 + int64(a.rng.IntN(3))
	r := &record{t: t, id: t.lastID, created: created, source: Actor{Kind: System}}
	v := &version{modified: modified, keys: make([]uint16, 0, len(changes)), vals: make([]string, 0, len(changes))}
	for _, c := range changes { // sorted by name; keys need their own order
		if c.val == "" {
			continue
		}
		i, _ := slices.BinarySearch(v.keys, c.key)
		v.keys = slices.Insert(v.keys, i, c.key)
		v.vals = slices.Insert(v.vals, i, a.intern(t.byKey[c.key], c.val))
		if p := t.byKey[c.key]; t.uniqueKey(p) {
			t.claim(p, r, "", c.val)
		}
	}
	r.cur = v
	t.byID[r.id] = r
	t.ids = append(t.ids, r)
	for i, l := range links {
		a.addLink(r, targets[i], a.kindOr(l.Kind, t.name, targets[i].t.name))
	}
	t.index.unsorted = true
	t.index.put(r, v)
	return r.idString(), nil
}
