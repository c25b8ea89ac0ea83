package workflows

import (
	"maps"
	"slices"

	"leadsync/connector"
	"leadsync/scoring"
)

// HasTaskOf reports whether an open task of ours belongs to an owner.
func (s *LeadState) HasTaskOf(owner string) bool {
	for _, t := range s.Tasks {
		if t.Was.Owner == owner {
			return true
		}
	}
	return false
}

// OpenRules are the rules whose tasks of ours are open, sorted.
func (s *LeadState) OpenRules() []string {
	rules := slices.Collect(maps.Keys(s.OpenTasks))
	for _, t := range s.Tasks {
		rules = append(rules, t.Rule)
	}
	slices.Sort(rules)
	return slices.Compact(rules)
}

// passOn asks once more for the open tasks of ours that belong to somebody who has left, unless the plan asks for another
// of the kind anyway: each goes to who would do it now, and is due when it was, or at once (rules 17 and 18). The cause is
// not new, so what a person completed or deleted in the meantime is not made again.
func (pl *planner) passOn() {
	st := &pl.out.State
	if pl.Portal.Mode(ClassTask) != ModeOn || pl.tasks.closing != nil {
		return
	}
	for _, kind := range slices.Sorted(maps.Keys(st.Tasks)) {
		t := st.Tasks[kind]
		w, ok := pl.stillAsked(t)
		if !ok || w.task.Kind != kind || !pl.hasLeft(t.Was.Owner) || !pl.stands(kind, t) || pl.asksFor(kind) {
			continue
		}
		st.Passed = open(st.Passed)
		st.Passed[t.Rule]++
		pl.handed = open(pl.handed)
		pl.handed[t.Rule] = t.Was.Owner
		w.task.Due = scoring.Due{At: t.Was.DueAt()}
		w.key, w.surely, w.passed = Key(pl.Portal.ID, st.Root, "owner\x00"+t.Rule, st.Passed[t.Rule]), true, true
		w.reason = scoring.Reason{Code: ReasonPassedOn, Params: map[string]string{"rule": t.Rule, "owner": t.Was.Owner}}
		pl.wishFor(w)
	}
}

// hasLeft reports whether an owner is known to have left.
func (pl *planner) hasLeft(id string) bool {
	_, known := pl.Owners[id]
	return known && !pl.active(id)
}

// stillAsked is what an open task of ours asks for today, if its rule, or its question, is still there.
func (pl *planner) stillAsked(t OwnTask) (wish, bool) {
	for _, f := range pl.Model.FollowUps() {
		if f.Name == t.Rule && f.Task != nil {
			return pl.wishOf(f, t.Row), true
		}
	}
	for _, q := range pl.questions() {
		if q.name == t.Rule {
			return pl.wishFrom(q), true
		}
	}
	return wish{}, false
}

// asksFor reports whether the plan makes or amends a task of the kind anyway.
func (pl *planner) asksFor(kind string) bool {
	_, satisfied := pl.satisfied(kind)
	return slices.ContainsFunc(pl.tasks.wishes, func(w wish) bool { return w.task.Kind == kind && (w.surely || !satisfied) })
}

// stands reports whether the open task of ours of a kind is ours still and not over, as far as the mirror knows: what a
// person completed stays theirs, and so does what they edited.
func (pl *planner) stands(kind string, t OwnTask) bool {
	if _, over := pl.over(t.Rule); over {
		return false
	}
	p := pl.Portal
	if slices.ContainsFunc(pl.Record.Activities, func(o connector.Object) bool {
		return o.Type == connector.TypeTask && p.Own(o) && o.Properties[p.KeyProperty] == t.Key && o.Properties[p.Names.TaskStatus] == p.Names.TaskDone
	}) {
		return false
	}
	open := openTasks(p, pl.Record)
	if i := slices.IndexFunc(open, func(o OpenTask) bool { return o.Own && o.Key == t.Key }); i >= 0 {
		return !pl.edited(kind, open[i]) // whatever else a person has opened again
	}
	return !slices.ContainsFunc(open, func(o OpenTask) bool { return o.Own && string(o.Kind) == kind && pl.edited(kind, o) })
}
