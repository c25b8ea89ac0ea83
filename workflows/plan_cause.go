package workflows

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"leadsync/scoring"
)

// Following is what a LeadState remembers of follow-ups and tasks between two looks (rules 6 and 17). Times are
// business time.
type Following struct {
	// Seen is, of every rule on an activity, the newest activity that it considered.
	Seen map[string]Considered `json:"seen,omitempty"`
	// Waits are the rules whose consequence is still to come.
	Waits map[string]Waiting `json:"waits,omitempty"`
	// Rows counts the episodes in a row of every rule with a ladder.
	Rows map[string]int `json:"rows,omitempty"`
	// Tasks are the open tasks of ours by kind: one of each at most.
	Tasks map[string]OwnTask `json:"tasks,omitempty"`
	// Made are the tasks that we asked for last and remember no more as open, the newest last: one of them that is open
	// and does not look as it was written was edited by a person.
	Made []OwnTask `json:"made,omitempty"`
	// Owed are tasks that open tasks of people satisfied a moment ago, by kind.
	Owed map[string]Owed `json:"owed,omitempty"`
}

// Considered is an activity that was looked at, or how far back none was.
type Considered struct {
	Activity string    `json:"activity,omitempty"`
	At       time.Time `json:"at,omitzero"`
}

// Waiting is a consequence that comes after its cause.
type Waiting struct {
	Since time.Time `json:"since"`
	Until time.Time `json:"until"`
	What  string    `json:"what"` // status, stage or activity
	Name  string    `json:"name"`
}

// collected is what a plan wants of tasks, before it is settled kind by kind.
type collected struct {
	wishes  []wish
	left    map[string]scoring.Reason // rules whose open task is obsolete
	closing *scoring.Reason           // every open task is
	ending  *ending
	truths  map[string]scoring.FollowUpTruth // what the conditions say, once they were asked
}

// mostMade bounds how many former tasks are remembered. Of those that leadsync archived the mirror does not hear before the next
// repair walk, so it must be more than a contact can have from one to the next: a forgotten one would count as a person's.
const mostMade = 40

// cloned is a copy that can be changed.
func (f *Following) cloned() Following {
	c := *f
	c.Seen, c.Waits, c.Rows = open(f.Seen), open(f.Waits), open(f.Rows)
	c.Tasks, c.Made, c.Owed = open(f.Tasks), slices.Clone(f.Made), open(f.Owed)
	return c
}

// open is a copy of a map, empty if there is none.
func open[V any](m map[string]V) map[string]V {
	if m == nil {
		return map[string]V{}
	}
	return maps.Clone(m)
}

// forget deletes what tells what a contact did.
func (f *Following) forget() { f.Seen, f.Waits, f.Rows, f.Owed = nil, nil, nil, nil }

// adopt takes the open tasks of earlier releases over, as those of the kind of their rule.
func (f *Following) adopt(m *scoring.Model, tasks map[string]string) {
	if len(tasks) == 0 {
		return
	}
	for _, rule := range m.FollowUps() {
		key, is := tasks[rule.Name]
		if !is || rule.Task == nil {
			continue
		}
		if _, taken := f.Tasks[rule.Task.Kind]; !taken {
			f.Tasks[rule.Task.Kind] = OwnTask{Rule: rule.Name, Key: key}
			delete(tasks, rule.Name)
		}
	}
}

// consider remembers, of every rule on an activity that no look knew before, that what happened until the look before
// counts as considered.
func (pl *planner) consider() {
	since := time.Time{}
	if before := pl.Record.State; before != nil {
		since = before.EvaluatedAt
	}
	pl.out.State.begin(pl.Portal, pl.Model, since)
}

// begin notes, of every rule on an activity that is not known yet, from when on activities are news.
func (f *Following) begin(p *Portal, m *scoring.Model, since time.Time) {
	for _, rule := range m.FollowUps() {
		switch _, known := f.Seen[rule.Name]; {
		case rule.OnActivity == "":
		case !p.tracks(m, rule.OnActivity):
			delete(f.Seen, rule.Name) // when it is tracked again, nothing of the past is news
		case !known:
			if f.Seen == nil {
				f.Seen = map[string]Considered{}
			}
			f.Seen[rule.Name] = Considered{At: since}
		}
	}
}

// tracks reports whether the portal tracks a kind of activity, or one that it is made of.
func (p *Portal) tracks(m *scoring.Model, kind string) bool {
	bases := []string{kind}
	for _, made := range m.MadeKinds() {
		if made.Kind == kind {
			bases = made.Bases
		}
	}
	return slices.ContainsFunc(p.Kinds(m), func(k scoring.ActivityKind) bool { return slices.Contains(bases, k.Kind) })
}

// happened is the newest activity that causes a follow-up, if it is news.
func (pl *planner) happened(f scoring.FollowUp, people []scoring.Activity) (scoring.Activity, bool) {
	st := &pl.out.State
	seen, known := st.Seen[f.Name]
	var last scoring.Activity
	found := false
	for _, a := range people {
		if a.At.After(pl.Now) || !pl.Model.Causes(f.Name, a) {
			continue
		}
		if !found || comesAfter(a, Considered{last.ID, last.At}) {
			last, found = a, true
		}
	}
	if !known || !found || last.ID == seen.Activity || !comesAfter(last, seen) {
		return last, false
	}
	st.Seen[f.Name] = Considered{last.ID, last.At}
	return last, true
}

// comesAfter reports whether an activity comes after another one, by time, then id.
func comesAfter(a scoring.Activity, c Considered) bool {
	return a.At.After(c.At) || a.At.Equal(c.At) && c.Activity != "" && a.ID > c.Activity
}

// follow plans what follows from what was entered and what happened, and from waits that are over.
func (pl *planner) follow(stage string, entered bool, status string, entry bool) {
	var people []scoring.Activity
	for _, f := range pl.Model.FollowUps() {
		pl.turn(f.Name)
		switch {
		case f.OnStage != "" && entered && f.OnStage == stage:
			pl.cause(f, "stage", stage)
		case f.OnStatus != "" && entry && f.OnStatus == status:
			pl.cause(f, "status", status)
		case f.OnActivity != "":
			if people == nil {
				people = pl.Model.People(pl.Lead.Activities)
			}
			if a, news := pl.happened(f, people); news {
				pl.during(a.At, func() { pl.cause(f, "activity", a.ID) })
			}
		}
		pl.waited(f)
	}
	pl.turn("")
}

// cause counts one more episode of a follow-up, which happens at once or waits.
func (pl *planner) cause(f scoring.FollowUp, what, name string) {
	st := &pl.out.State
	if pl.Portal.Mode(classOf(f)) == ModeOff {
		return // off leaves no trace, not even a counted episode
	}
	if pl.quiet {
		pl.leaveOut(f.Name)
		return
	}
	if f.Lists != nil {
		st.Episodes[f.Name]++
	}
	if f.Task != nil {
		st.Episodes[f.Name]++
		if len(f.Task.Ladder) > 0 {
			st.Rows[f.Name]++
		}
	}
	if f.After.IsZero() {
		pl.happen(f, what, name)
		return
	}
	st.Waits[f.Name] = Waiting{Since: pl.Now, Until: pl.waitsUntil(f.After), What: what, Name: name}
}

// classOf is the class of effect that a follow-up has.
func classOf(f scoring.FollowUp) Class {
	switch {
	case f.Deal != nil:
		return ClassDeal
	case f.BackTo != "":
		return ClassStage
	case f.Lists != nil:
		return ClassList
	}
	return ClassTask
}

// waitsUntil is when a wait is over that begins now: hours and days are those of the clock, working ones those of the
// calendar of the contact's owner.
func (pl *planner) waitsUntil(after scoring.Span) time.Time {
	const day = 24 * time.Hour
	switch after.Unit {
	case scoring.UnitHours:
		return pl.Now.Add(time.Duration(after.N) * time.Hour)
	case scoring.UnitDays:
		return pl.Now.Add(time.Duration(after.N) * day)
	case scoring.UnitWorkingHours, scoring.UnitWorkingDays:
	}
	_, at := pl.assign("", scoring.Due{Span: after})
	pl.charge = charge{} // nobody gets work by waiting
	return at
}

// waited lets a follow-up happen whose wait is over.
func (pl *planner) waited(f scoring.FollowUp) {
	w, waits := pl.out.State.Waits[f.Name]
	if !waits || pl.Now.Before(w.Until) {
		return
	}
	delete(pl.out.State.Waits, f.Name)
	if !f.After.IsZero() && pl.Portal.Mode(classOf(f)) != ModeOff {
		pl.happen(f, w.What, w.Name)
	}
}

// happen plans the consequence of a follow-up whose time has come, if its condition holds.
func (pl *planner) happen(f scoring.FollowUp, what, name string) {
	truth := pl.truthOf(f)
	params := map[string]string{"rule": f.Name, what: name}
	if truth.While != scoring.True {
		pl.nothing(f, scoring.Reason{Code: ReasonWhile, Params: map[string]string{"rule": f.Name, "condition": f.While}})
		return
	}
	switch {
	case f.CloseTasks:
		pl.tasks.closing = &scoring.Reason{Code: ReasonObsolete, Params: params}
	case f.Task != nil:
		pl.taskOf(f, truth.Obsolete == scoring.True, params)
	case f.Deal != nil:
		episode := pl.out.State.Episodes[f.Name] + 1
		params["episode"] = strconv.Itoa(episode)
		pl.deal(f, Key(pl.Portal.ID, pl.out.State.Root, f.Name, episode), episode, followed(params))
	default:
		pl.backOrLists(f)
	}
}

// followed is the reason of what a follow-up makes.
func followed(params map[string]string) scoring.Reason {
	if _, happened := params["activity"]; happened {
		return scoring.Reason{Code: ReasonFollowActivity, Params: params}
	}
	return scoring.Reason{Code: ReasonFollowUp, Params: params}
}

// nothing records that a follow-up made nothing, and why.
func (pl *planner) nothing(f scoring.FollowUp, reason scoring.Reason) {
	kind := map[Class]EntryKind{ClassTask: KindTask, ClassDeal: KindDeal, ClassStage: KindBack, ClassList: KindList}[classOf(f)]
	pl.out.Actions = append(pl.out.Actions, Action{Class: classOf(f), Mode: ModeOff, Kind: kind, Rule: f.Name, Reason: reason})
}

// truthOf is what the conditions of a follow-up say now; they are looked at once in a plan.
func (pl *planner) truthOf(f scoring.FollowUp) scoring.FollowUpTruth {
	if pl.tasks.truths == nil {
		pl.tasks.truths = map[string]scoring.FollowUpTruth{}
		truths := pl.Model.FollowUpTruths(pl.Lead, pl.Now)
		for i, other := range pl.Model.FollowUps() {
			pl.tasks.truths[other.Name] = scoring.FollowUpTruth{While: scoring.True, Obsolete: scoring.False}
			if truths != nil {
				pl.tasks.truths[other.Name] = truths[i]
			}
		}
	}
	return pl.tasks.truths[f.Name]
}

// leaveStatus ends what belongs to a lead status that the contact has no more: waits, rows of episodes, and open tasks,
// unless something amends them in the same plan.
func (pl *planner) leaveStatus(status string) {
	st := &pl.out.State
	for _, f := range pl.Model.FollowUps() {
		if f.OnStatus != "" && f.OnStatus != status {
			delete(st.Waits, f.Name)
			pl.leave(f.Name, scoring.Reason{Code: ReasonObsolete, Params: map[string]string{"rule": f.Name, "status": status}})
		}
		if f.OnActivity != "" || f.OnStatus != "" && f.OnStatus != status {
			delete(st.Rows, f.Name)
		}
	}
}

// leave notes that the open task of a rule is obsolete, unless something in the plan amends it.
func (pl *planner) leave(rule string, reason scoring.Reason) {
	if pl.tasks.left == nil {
		pl.tasks.left = map[string]scoring.Reason{}
	}
	pl.tasks.left[rule] = reason
}

// outOf ends the waits and rows of episodes of the stages that the contact is not in.
func (pl *planner) outOf(stage string) {
	for _, f := range pl.Model.FollowUps() {
		if f.OnStage != "" && f.OnStage != stage {
			delete(pl.out.State.Waits, f.Name)
			delete(pl.out.State.Rows, f.Name)
		}
	}
}

// lookAhead is the next time at which a wait is over, or at which an activity begins to count for a follow-up.
func (pl *planner) lookAhead() {
	st := &pl.out.State
	for _, f := range pl.Model.FollowUps() {
		if w, waits := st.Waits[f.Name]; waits {
			pl.sooner(w.Until)
		}
		if f.OnActivity == "" && f.ObsoleteWhen == "" {
			continue
		}
		for _, a := range pl.Lead.Activities {
			if a.At.After(pl.Now) && (f.ObsoleteWhen != "" || pl.Model.Causes(f.Name, a)) {
				pl.sooner(a.At)
			}
		}
	}
}

// sooner lets the next look be at a time, if it is not earlier already.
func (pl *planner) sooner(at time.Time) {
	if pl.out.LookAt.IsZero() || at.Before(pl.out.LookAt) {
		pl.out.LookAt = at
	}
}
