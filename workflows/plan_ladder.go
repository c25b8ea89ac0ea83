package workflows

import (
	"strconv"

	"leadsync/scoring"
)

// ending is a ladder whose steps are used up, and what its model says then.
type ending struct {
	rule string
	then scoring.Then
}

// exhausted reports whether the episode at hand is one more than the ladder of a task has steps, and notes what
// happens instead: of several in one plan, the first.
func (pl *planner) exhausted(f scoring.FollowUp) bool {
	row := pl.out.State.Rows[f.Name]
	if f.Task.Then == nil || row <= len(f.Task.Ladder) {
		return false
	}
	if pl.tasks.ending == nil {
		pl.tasks.ending = &ending{f.Name, *f.Task.Then}
	}
	pl.leave(f.Name, pl.usedUp(f.Name)) // its task asks for what was done often enough
	return true
}

// usedUp is the reason of what comes after a ladder.
func (pl *planner) usedUp(rule string) scoring.Reason {
	return scoring.Reason{Code: ReasonLadder, Params: map[string]string{"rule": rule, "attempts": strconv.Itoa(pl.out.State.Rows[rule] - 1)}}
}

// end carries out what the first exhausted ladder says, and returns the status that the contact has then. What follows
// from it cannot end another ladder: a plan has one end at most.
func (pl *planner) end(status string) string {
	e := pl.tasks.ending
	if e == nil {
		return status
	}
	if e.then.BackTo != "" {
		if pl.back == nil {
			pl.back = &scoring.FollowUp{Name: e.rule, BackTo: e.then.BackTo}
		}
		return status
	}
	to := e.then.Status
	if to == status || !pl.setStatus(status, to, pl.usedUp(e.rule)) {
		return status
	}
	st := &pl.out.State
	st.Status, st.StatusSince = to, pl.Now
	pl.leaveStatus(to)
	for _, f := range pl.Model.FollowUps() {
		if f.OnStatus == to {
			pl.cause(f, "status", to)
		}
	}
	return to
}
