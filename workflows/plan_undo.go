package workflows

import (
	"maps"
	"slices"

	"leadsync/connector"
)

// Undone is what a quiet look ended of tasks and lists, for as long as that is only gathered (rule 26).
type Undone struct {
	// Keys are those of the entries that the look planned, and that no look has planned anew since.
	Keys []string `json:"keys,omitempty"`
	// Shut are the open tasks of ours whose closing is gathered.
	Shut []OwnTask `json:"shut,omitempty"`
	// Audiences are the places on lists before the look; Listed says that a change of them is gathered.
	Audiences map[string]Membership `json:"audiences,omitempty"`
	Listed    bool                  `json:"listed,omitempty"`
	// Waits and Rows are those of rules whose status or stage the look left.
	Waits map[string]Waiting `json:"waits,omitempty"`
	Rows  map[string]int     `json:"rows,omitempty"`
}

// ClosingPrefix stands before the key of a task of ours in that of the entry that archives it.
const ClosingPrefix = "close/"

// closing is the key of the entry that archives a task of ours.
func closing(task string) string { return ClosingPrefix + task }

// shutting notes that the closing of a task is gathered, and reports whether it is: then the task is not archived before
// the run is over, and what was planned to make it is only cancelled then.
func (pl *planner) shutting(t OwnTask) bool {
	if !pl.gathers(Action{Class: ClassTask, Kind: KindClose, Mode: pl.Portal.Mode(ClassTask)}) {
		return false
	}
	pl.shut = append(pl.shut, t)
	return true
}

// keep cancels the closing of a task that becomes another one, if a quiet look planned it and it was not sent.
func (pl *planner) keep(task string) {
	if slices.Contains(pl.Record.revocable(), closing(task)) {
		pl.out.CancelKeys = append(pl.out.CancelKeys, closing(task))
	}
}

// undone is what this look ended that can begin again.
func (pl *planner) undone() Undone {
	before, after := pl.Record.State, &pl.out.State
	u := Undone{Shut: pl.shut}
	for _, e := range pl.out.Entries {
		if e.Run != "" {
			u.Keys = append(u.Keys, e.Key)
		}
	}
	u.Listed = slices.ContainsFunc(pl.out.Entries, func(e OutboxEntry) bool { return e.Kind == KindList && e.Run != "" })
	if u.Listed {
		u.Audiences = maps.Clone(before.Audiences)
	}
	for rule, w := range before.Waits {
		if _, waits := after.Waits[rule]; !waits && pl.Now.Before(w.Until) { // what is over has happened
			u.Waits = with(u.Waits, rule, w)
		}
	}
	for rule, n := range before.Rows {
		if after.Rows[rule] == 0 {
			u.Rows = with(u.Rows, rule, n)
		}
	}
	return u
}

// revocable are the keys of what quiet looks have planned for a contact and nobody has sent or released: what a run
// gathers, and what waits since it is over.
func (r LeadRecord) revocable() []string {
	keys := slices.Clone(r.Gathered.Keys)
	if s := r.State; s != nil && s.Quiet != nil && s.Quiet.Undo != nil {
		for _, key := range s.Quiet.Undo.Keys {
			if _, waits := r.Gathered.Unsent[key]; waits {
				keys = append(keys, key)
			}
		}
	}
	return keys
}

// without is a quiet look of which entries cannot be revoked that were planned anew.
func (q *Quieted) without(entries []OutboxEntry) *Quieted {
	if q == nil || q.Undo == nil {
		return q
	}
	next, undo := *q, *q.Undo
	undo.Keys = slices.DeleteFunc(slices.Clone(undo.Keys), func(key string) bool {
		return slices.ContainsFunc(entries, func(e OutboxEntry) bool { return e.Key == key })
	})
	next.Undo = &undo
	return &next
}

// with is a map with one entry more; it may be nil before.
func with[V any](m map[string]V, key string, value V) map[string]V {
	if m == nil {
		m = map[string]V{}
	}
	m[key] = value
	return m
}

// again lets the state be what it was before a quiet look, as far as nothing that the look planned of tasks and lists is
// to be sent any more: keys are those of what is dropped.
func (s *LeadState) again(id connector.ObjectID, u Undone, keys []string) {
	s.Following, s.OpenTasks, s.Audiences = s.cloned(), open(s.OpenTasks), maps.Clone(s.Audiences)
	for _, t := range u.Shut {
		if !slices.Contains(keys, closing(t.Key)) {
			continue
		}
		s.Made = slices.DeleteFunc(s.Made, func(made OwnTask) bool { return made.Key == t.Key })
		if kind := string(t.Was.Kind); kind == "" {
			s.OpenTasks[t.Rule] = t.Key
		} else if s.Tasks[kind].Key == "" {
			s.Tasks[kind] = t
		}
	}
	for rule, w := range u.Waits {
		if _, waits := s.Waits[rule]; !waits {
			s.Waits[rule] = w
		}
	}
	for rule, n := range u.Rows {
		if s.Rows[rule] == 0 {
			s.Rows[rule] = n
		}
	}
	if u.Listed {
		s.relist(id, u.Audiences, keys)
	}
}

// relist takes back the places on lists of which the change is dropped.
func (o *Outreach) relist(id connector.ObjectID, before map[string]Membership, keys []string) {
	dropped := func(m Membership) bool { return m.List != "" && slices.Contains(keys, listKey(id, m.List)) }
	for name, was := range before {
		if dropped(was) || dropped(o.Audiences[name]) {
			o.join(name, was)
		}
	}
	for name, is := range o.Audiences {
		if _, had := before[name]; !had && dropped(is) {
			delete(o.Audiences, name)
		}
	}
}
