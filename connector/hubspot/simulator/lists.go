package simulator

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// ListKind says who decides about the members of a list.
type ListKind string

// The kinds of lists, by HubSpot's processingType (hubspot-api 10).
const (
	// Manual lists have the members that somebody puts on them.
	Manual ListKind = "MANUAL"
	// Snapshot lists start with what their filters find and are manual from then on.
	Snapshot ListKind = "SNAPSHOT"
	// Dynamic lists have the members that their filters find, at any time.
	Dynamic ListKind = "DYNAMIC"
)

const listNameMost = 200

// List describes a list of records of one type. Where selects the members of
// dynamic lists and the first members of snapshots: all conditions hold.
type List struct {
	ID    string          `json:"id"`
	Name  string          `json:"name"`
	Type  string          `json:"type"` // empty is contacts
	Kind  ListKind        `json:"kind"` // empty is Manual
	Where []ListCondition `json:"where,omitempty"`
}

// ListCondition is one condition on a property, with an operator of search (hubspot-api 5.4).
type ListCondition struct {
	Property string   `json:"property"`
	Operator string   `json:"operator"`
	Value    string   `json:"value,omitempty"`
	Values   []string `json:"values,omitempty"`
}

// member is a record on a list; after a merge it is the survivor.
type member struct {
	r  *record
	at int64 // ms since the epoch, world time
}

// list is one list of the account. groups are alternatives of conditions; nil
// for manual lists.
type list struct {
	id               int64
	version          int
	name             string
	t                *table
	kind             ListKind
	branch           []byte // the filters as the caller sent them
	groups           [][]filter
	match            func(*record) bool
	members          []member
	created, updated int64
	by               Actor
}

// listBook holds the lists in order of their ids.
type listBook struct {
	all  []*list
	last int64
}

func (b *listBook) byID(id string) *list {
	for _, l := range b.all {
		if strconv.FormatInt(l.id, 10) == id {
			return l
		}
	}
	return nil
}

func (b *listBook) named(t *table, name string) *list {
	for _, l := range b.all {
		if l.t == t && strings.EqualFold(l.name, name) {
			return l
		}
	}
	return nil
}

// current are the members that live, once each, oldest id first. Records of a
// merge count as their survivor.
func (l *list) current() []member {
	var out []member
	if l.kind == Dynamic {
		for _, r := range l.t.ids {
			if r.live() && l.match(r) {
				out = append(out, member{r, r.cur.modified})
			}
		}
		return out
	}
	seen := map[*record]bool{}
	for _, m := range l.members {
		m.r = m.r.latest()
		if m.r.live() && !seen[m.r] {
			seen[m.r] = true
			out = append(out, m)
		}
	}
	slices.SortFunc(out, func(x, y member) int { return int(x.r.id - y.r.id) })
	return out
}

func (l *list) has(r *record) bool {
	return slices.ContainsFunc(l.members, func(m member) bool { return m.r.latest() == r })
}

// wrong says what keeps a list from being made.
func (l *list) wrong() string {
	switch {
	case strings.TrimSpace(l.name) == "" || len(l.name) > listNameMost:
		return fmt.Sprintf("A list needs a name of 1 to %d characters.", listNameMost)
	case l.kind != Manual && l.kind != Snapshot && l.kind != Dynamic:
		return "processingType must be MANUAL, SNAPSHOT or DYNAMIC, not " + string(l.kind) + "."
	case l.kind == Manual && l.groups != nil:
		return "A MANUAL list has no filters."
	case l.kind != Manual && l.groups == nil:
		return "A " + string(l.kind) + " list needs filters."
	}
	return ""
}

// newList checks a list and adds it; why says what is wrong. The caller holds the lock.
func (a *Account) newList(m mutation, l *list) (why string) {
	if why = l.wrong(); why != "" {
		return why
	}
	if l.match, why = l.t.matcher(l.groups); why != "" {
		return why
	}
	a.lists.last += 1 + int64(a.rng.IntN(3))
	l.id, l.version, l.by = a.lists.last, 1, m.actor
	l.created, l.updated = m.at.UnixMilli(), m.at.UnixMilli()
	a.lists.all = append(a.lists.all, l)
	a.note(m, Entry{Op: OpList, Type: l.t.name, ID: strconv.FormatInt(l.id, 10), New: string(l.kind)})
	if l.kind == Snapshot {
		for _, r := range l.t.ids {
			if r.live() && l.match(r) {
				a.join(m, l, r)
			}
		}
	}
	return ""
}

// matcher tests the current state of a record, as lists do; search tests the indexed one.
func (t *table) matcher(groups [][]filter) (match func(*record) bool, why string) {
	var tests [][]func(*record) bool
	for _, g := range groups {
		var all []func(*record) bool
		for _, f := range g {
			p := t.props[f.Property]
			if p == nil || p.Archived {
				return nil, "There is no property " + f.Property + " to filter by."
			}
			test, ok := compileOperator(p, f, func(r *record) (string, bool) { return r.value(r.cur, p.key) })
			if !ok {
				return nil, fmt.Sprintf("Operator %q is not possible on property %s with these values.", f.Operator, f.Property)
			}
			all = append(all, test)
		}
		tests = append(tests, all)
	}
	return func(r *record) bool {
		return slices.ContainsFunc(tests, func(all []func(*record) bool) bool {
			return !slices.ContainsFunc(all, func(t func(*record) bool) bool { return !t(r) })
		})
	}, ""
}

// join puts a record on a static list; it reports whether that was new.
func (a *Account) join(m mutation, l *list, r *record) bool {
	if l.has(r) {
		return false
	}
	l.members = append(l.members, member{r, m.at.UnixMilli()})
	l.updated = m.at.UnixMilli()
	a.note(m, Entry{Op: OpJoin, Type: r.t.name, ID: r.idString(), New: strconv.FormatInt(l.id, 10)})
	return true
}

// leave takes a record off a static list; it reports whether it was on it.
func (a *Account) leave(m mutation, l *list, r *record) bool {
	kept := slices.DeleteFunc(slices.Clone(l.members), func(m member) bool { return m.r.latest() == r })
	if len(kept) == len(l.members) {
		return false
	}
	l.members, l.updated = kept, m.at.UnixMilli()
	a.note(m, Entry{Op: OpLeave, Type: r.t.name, ID: r.idString(), Old: strconv.FormatInt(l.id, 10)})
	return true
}

// CreateList makes a list as a person does and returns its id. A taken name is
// ErrConflict, unknown kinds, properties and operators are ErrInvalid.
func (a *Account) CreateList(actor Actor, spec List) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	t, err := a.table(orString(spec.Type, Contacts))
	if err != nil {
		return "", fmt.Errorf("create list %q: %w", spec.Name, err)
	}
	if a.lists.named(t, spec.Name) != nil {
		return "", fmt.Errorf("create list %q: name: %w", spec.Name, ErrConflict)
	}
	l := &list{name: spec.Name, t: t, kind: ListKind(orString(string(spec.Kind), string(Manual)))}
	if spec.Where != nil {
		l.groups = [][]filter{filters(spec.Where)}
	}
	if why := a.newList(a.begin(actor), l); why != "" {
		return "", fmt.Errorf("create list %q: %s: %w", spec.Name, why, ErrInvalid)
	}
	return strconv.FormatInt(l.id, 10), nil
}

// AddToList puts records on a list as a person does; doing it twice changes
// nothing. Dynamic lists are ErrInvalid.
func (a *Account) AddToList(actor Actor, listID string, ids ...string) error {
	return a.changeList(actor, listID, ids, a.join)
}

// RemoveFromList takes records off a list; those that are not on it are left alone.
func (a *Account) RemoveFromList(actor Actor, listID string, ids ...string) error {
	return a.changeList(actor, listID, ids, a.leave)
}

func (a *Account) changeList(actor Actor, listID string, ids []string, do func(mutation, *list, *record) bool) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	l := a.lists.byID(listID)
	if l == nil {
		return fmt.Errorf("change list %q: %w", listID, ErrNotFound)
	}
	if l.kind == Dynamic {
		return fmt.Errorf("change list %q: its filters decide about its members: %w", listID, ErrInvalid)
	}
	var rs []*record
	for _, id := range ids {
		r, err := a.find(l.t.name, id)
		if err != nil {
			return fmt.Errorf("change list %q: %w", listID, err)
		}
		rs = append(rs, r)
	}
	m := a.begin(actor)
	for _, r := range rs {
		do(m, l, r)
	}
	return nil
}

// ListMembers returns the ids of the live records on a list, in their order.
func (a *Account) ListMembers(listID string) ([]string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	l := a.lists.byID(listID)
	if l == nil {
		return nil, fmt.Errorf("show list %q: %w", listID, ErrNotFound)
	}
	out := []string{}
	for _, m := range l.current() {
		out = append(out, m.r.idString())
	}
	return out, nil
}

// Lists returns the account's lists in order of creation.
func (a *Account) Lists() []List {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := []List{}
	for _, l := range a.lists.all {
		one := List{ID: strconv.FormatInt(l.id, 10), Name: l.name, Type: l.t.name, Kind: l.kind}
		if len(l.groups) == 1 {
			for _, f := range l.groups[0] {
				one.Where = append(one.Where, ListCondition{Property: f.Property, Operator: f.Operator, Value: string(f.Value), Values: f.Values})
			}
		}
		out = append(out, one)
	}
	return out
}
