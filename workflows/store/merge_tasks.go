package store

import (
	"maps"
	"slices"

	"leadsync/workflows"
)

// most is the higher count of each name: keys are made of counts, and none may be used twice.
func most(own, old map[string]int) map[string]int {
	counts := maps.Clone(old)
	for name, n := range own {
		counts = put(counts, name, max(n, counts[name]))
	}
	return counts
}

// inheritFollowing gives a survivor what follow-ups remember of the other contact: its open tasks, of which those of a
// kind that the survivor has one of are twins, its waits and rows of attempts, what it has considered, and its former
// tasks, by which the edited ones among them are told.
func inheritFollowing(next, old workflows.Following) (merged workflows.Following, twins []twin) {
	for _, kind := range slices.Sorted(maps.Keys(old.Tasks)) {
		task := old.Tasks[kind]
		switch own, taken := next.Tasks[kind]; {
		case !taken:
			next.Tasks = put(next.Tasks, kind, task)
		case own.Key != task.Key:
			twins = append(twins, twin{rule: task.Rule, key: task.Key, was: task.Was})
			old.Made = append(slices.Clone(old.Made), task)
		}
	}
	for rule, wait := range old.Waits {
		if _, waits := next.Waits[rule]; !waits {
			next.Waits = put(next.Waits, rule, wait)
		}
	}
	for rule, n := range old.Rows {
		next.Rows = put(next.Rows, rule, max(n, next.Rows[rule]))
	}
	for rule, seen := range old.Seen {
		if seen.At.After(next.Seen[rule].At) {
			next.Seen = put(next.Seen, rule, seen)
		}
	}
	next.Made = slices.Concat(old.Made, next.Made)
	return next, twins
}
