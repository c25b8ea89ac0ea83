package workflows

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"leadsync/connector"
	"leadsync/scoring"
)

// OwnTask is a task of ours as it was asked for last.
type OwnTask struct {
	Rule string `json:"rule"` // that asked for it last
	Key  string `json:"key"`
	// Was is what was written; the zero value for a task of an earlier release, which did not note it.
	Was connector.TaskPrint `json:"was,omitzero"`
	// Moved says that Key replaces the key of an earlier task: its entry is to be sent whatever follows.
	Moved bool `json:"moved,omitempty"`
	// Row is the step of the ladder of its rule, 0 without one.
	Row int `json:"row,omitempty"`
}

// wish is a task that something in a plan asks for (rule 17). Wishes are settled together, when the whole plan is known.
type wish struct {
	rule   string
	key    string // of its episode
	task   scoring.TaskRule
	values map[string]string // for the placeholders
	reason scoring.Reason
	// surely: nothing but its own end satisfies it.
	surely bool
	row    int   // the step of the ladder
	owed   *Owed // it was asked for before, and satisfied
	passed bool  // the open task only goes to somebody else: if it is gone, nothing is made
}

// wishFor asks for a task.
func (pl *planner) wishFor(w wish) {
	if pl.Portal.Mode(ClassTask) != ModeOff {
		pl.tasks.wishes = append(pl.tasks.wishes, w)
	}
}

// taskOf asks for the task of an episode of a follow-up, unless its ladder is used up or it is not needed.
func (pl *planner) taskOf(f scoring.FollowUp, obsolete bool, params map[string]string) {
	if pl.exhausted(f) {
		return
	}
	if obsolete {
		pl.nothing(f, pl.obsolete(f))
		return
	}
	episode := pl.out.State.Episodes[f.Name]
	params["episode"] = strconv.Itoa(episode)
	pl.task(f, Key(pl.Portal.ID, pl.out.State.Root, f.Name, episode), followed(params))
}

// task asks for the task of a rule under a key.
func (pl *planner) task(f scoring.FollowUp, key string, reason scoring.Reason) {
	w := pl.wishOf(f, pl.out.State.Rows[f.Name])
	w.key, w.reason = key, reason
	pl.wishFor(w)
}

// wishOf is what a rule asks for in a row of episodes.
func (pl *planner) wishOf(f scoring.FollowUp, row int) wish {
	values := pl.placeholders()
	if row > 0 {
		values["attempt"] = strconv.Itoa(row)
	}
	return wish{rule: f.Name, task: f.Task.At(row), values: values, row: row}
}

// obsolete is the reason why a rule needs no task.
func (*planner) obsolete(f scoring.FollowUp) scoring.Reason {
	return scoring.Reason{Code: ReasonNotNeeded, Params: map[string]string{"rule": f.Name, "condition": f.ObsoleteWhen}}
}

// settle decides what becomes of wishes and of the open tasks that the plan leaves behind: first what is archived, then
// what is made and amended, each in a fixed order.
func (pl *planner) settle() {
	if pl.Portal.Mode(ClassTask) == ModeOff {
		return
	}
	kept := map[string]bool{} // kinds whose open task is amended
	var asked []wish
	for _, kind := range []string{string(connector.TaskCall), string(connector.TaskEmail), string(connector.TaskToDo)} {
		wishes := slices.DeleteFunc(slices.Clone(pl.tasks.wishes), func(w wish) bool { return w.task.Kind != kind })
		if last, ok := pl.choose(kind, wishes); ok {
			asked = append(asked, last)
			kept[kind] = true
		}
	}
	pl.archive(kept)
	for _, w := range asked {
		pl.turn(w.rule)
		pl.order(w)
	}
	pl.turn("")
}

// choose settles the wishes for one kind: none if the contact has what they ask for; otherwise the last one, with the
// highest priority among them.
func (pl *planner) choose(kind string, wishes []wish) (chosen wish, ok bool) {
	for _, w := range wishes {
		if by, satisfied := pl.satisfied(kind); satisfied && !w.surely {
			by.Params["rule"] = w.rule
			pl.unmade(w, by)
			pl.owe(w)
			continue
		}
		if ok {
			w.task.Priority = higher(w.task.Priority, chosen.task.Priority)
			pl.unmade(chosen, scoring.Reason{Code: ReasonIncluded, Params: map[string]string{"rule": chosen.rule, "before": w.rule}})
		}
		chosen, ok = w, true
	}
	if ok && !chosen.passed {
		delete(pl.out.State.Owed, kind)
	}
	return chosen, ok
}

// unmade records a wish that makes nothing.
func (pl *planner) unmade(w wish, reason scoring.Reason) {
	pl.out.Actions = append(pl.out.Actions, Action{
		Class: ClassTask, Mode: ModeOff, Kind: KindTask, Rule: w.rule, Reason: reason,
	})
}

// higher is the higher of two priorities.
func higher(a, b string) string {
	order := []string{"", "low", "medium", "high"}
	if slices.Index(order, b) > slices.Index(order, a) {
		return b
	}
	return a
}

// order plans one task: the open one of its kind becomes it, or it is created.
func (pl *planner) order(w wish) {
	st, mode := &pl.out.State, pl.Portal.Mode(ClassTask)
	was, amends := st.Tasks[w.task.Kind]
	if amends {
		w.task.Priority = higher(w.task.Priority, was.Was.Priority)
	}
	t := pl.written(w)
	a := Action{
		Class: ClassTask, Mode: mode, Kind: KindTask, Key: t.Key, Rule: w.rule, DueAt: t.DueAt.Format(time.RFC3339), Reason: w.reason,
	}
	if lingers, is := pl.lingering(w.task.Kind); is && !amends && mode == ModeOn {
		st.Tasks[w.task.Kind] = OwnTask{Rule: w.rule, Key: t.Key, Was: connector.PrintOf(t), Moved: true, Row: w.row}
		a.Kind = KindAmend
		pl.keep(lingers.Key)
		pl.add(a, AmendPayload{Task: t, Old: lingers.Key, Was: lingers.Was})
		return
	}
	if !amends {
		if mode == ModeOn {
			st.Tasks[w.task.Kind] = OwnTask{Rule: w.rule, Key: t.Key, Was: connector.PrintOf(t), Row: w.row}
		}
		pl.add(a, t)
		return
	}
	a.Kind, a.Reason = KindAmend, scoring.Reason{Code: ReasonAmended, Params: maps.Clone(w.reason.Params)}
	a.Reason.Params["before"] = was.Rule
	if mode == ModeOn {
		st.remember(was)
		st.Tasks[w.task.Kind] = OwnTask{Rule: w.rule, Key: t.Key, Was: connector.PrintOf(t), Moved: true, Row: w.row}
	} else {
		was.Rule = w.rule // it is the newer rule's that ends it
		st.Tasks[w.task.Kind] = was
	}
	pl.add(a, AmendPayload{Task: t, Old: was.Key, Was: was.Was, Only: w.passed})
}

// lingering is a task of a kind that is to be archived, or was, and that may be open all the same: its closing is not
// over, or the mirror has it as open, since it is late, or since a person changed its words, of which the mirror has
// nothing. What there is is seen when the task is amended: what is gone is created, what was edited is left.
func (pl *planner) lingering(kind string) (OwnTask, bool) {
	made := pl.out.State.Made
	at := -1
	for i, own := range made {
		if pl.Record.Closings[own.Key] && pl.madeFor(own) == kind {
			at = i
		}
	}
	if at < 0 {
		at = pl.openStill(kind)
	}
	if at < 0 {
		return OwnTask{}, false
	}
	last := made[at]
	for _, own := range made[at+1:] {
		if own.Moved && own.Was.Kind == last.Was.Kind { // the amendment may be under way still: it comes first
			last = own
		}
	}
	return last, true
}

// openStill is the place of the former task of a kind that the mirror has as open, -1 if there is none.
func (pl *planner) openStill(kind string) int {
	for _, t := range openTasks(pl.Portal, pl.Record) {
		i := slices.IndexFunc(pl.out.State.Made, func(own OwnTask) bool { return own.Key == t.Key })
		if t.Own && string(t.Kind) == kind && i >= 0 {
			return i
		}
	}
	return -1
}

// madeFor is the kind of a task of ours; an earlier release did not note it.
func (pl *planner) madeFor(t OwnTask) string {
	if t.Was.Kind != "" {
		return string(t.Was.Kind)
	}
	return pl.kindOf(t.Rule)
}

// written is a wish as the CRM gets it.
func (pl *planner) written(w wish) connector.Task {
	owner, due := pl.assigned(w)
	titles := fitting(w.values, longestTitleValue)
	t := connector.Task{
		Key: w.key, Kind: connector.TaskKind(w.task.Kind), Priority: w.task.Priority, DueAt: due,
		Subject: title(scoring.Expand(pl.text(w.task.Subject), titles), longestTitle),
		// Values are escaped after they were put in: the whole body is text.
		BodyHTML: asHTML(scoring.Expand(pl.text(w.task.Body), fitting(w.values, longestBodyValue))),
		OwnerID:  owner, Contact: pl.Record.ID, Company: pl.company(), Queue: pl.Portal.Queues[w.task.Queue],
	}
	if w.task.Remind > 0 && !due.IsZero() {
		t.RemindAt = due.Add(-w.task.Remind)
	}
	return t
}

// remember keeps a task that is not the open one of its kind any more in mind, and forgets the oldest of too many; never
// the last of its kind, whose closing may wait for long.
func (f *Following) remember(t OwnTask) {
	f.Made = append(f.Made, t)
	for len(f.Made) > mostMade {
		newest := map[connector.TaskKind]int{}
		for i, own := range f.Made {
			newest[own.Was.Kind] = i
		}
		oldest := 0
		for oldest == newest[f.Made[oldest].Was.Kind] {
			oldest++ // there are fewer kinds than places
		}
		f.Made = slices.Delete(f.Made, oldest, oldest+1)
	}
}

// archive plans the end of the open tasks that are obsolete, but for those that are amended.
func (pl *planner) archive(kept map[string]bool) {
	st := &pl.out.State
	for _, rule := range slices.Sorted(maps.Keys(st.OpenTasks)) {
		if reason, is := pl.over(rule); is || kept[pl.kindOf(rule)] {
			t := OwnTask{Rule: rule, Key: st.OpenTasks[rule]}
			delete(st.OpenTasks, rule)
			pl.closeTask(t, reason)
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(st.Tasks)) {
		t := st.Tasks[kind]
		if reason, is := pl.over(t.Rule); is && !kept[kind] {
			delete(st.Tasks, kind)
			pl.closeTask(t, reason)
		}
	}
}

// over reports whether the open task of a rule is obsolete, and why. Without a reason of its own, another task takes
// its place.
func (pl *planner) over(rule string) (scoring.Reason, bool) {
	switch i := slices.IndexFunc(pl.Model.FollowUps(), func(f scoring.FollowUp) bool { return f.Name == rule }); {
	case pl.moot[rule].Code != "":
		return pl.moot[rule], true
	case pl.tasks.closing != nil:
		return scoring.Reason{Code: ReasonObsolete, Params: maps.Clone(pl.tasks.closing.Params)}, true
	case pl.tasks.left[rule].Code != "":
		return pl.tasks.left[rule], true
	case i >= 0 && pl.Model.FollowUps()[i].ObsoleteWhen != "" && pl.truthOf(pl.Model.FollowUps()[i]).Obsolete == scoring.True:
		return pl.obsolete(pl.Model.FollowUps()[i]), true
	}
	return scoring.Reason{Code: ReasonSuperseded, Params: map[string]string{"rule": rule}}, false
}

// kindOf is the kind of task that a rule asks for, empty if it asks for none.
func (pl *planner) kindOf(rule string) string {
	for _, f := range pl.Model.FollowUps() {
		if f.Name == rule && f.Task != nil {
			return f.Task.Kind
		}
	}
	return ""
}

// closeTask plans the end of one of our tasks.
func (pl *planner) closeTask(t OwnTask, reason scoring.Reason) {
	mode := pl.Portal.Mode(ClassTask)
	if mode == ModeOff {
		return
	}
	if mode == ModeOn {
		pl.out.State.remember(t)
		if !pl.shutting(t) && !t.Moved { // what moves a key has to be sent, or the task would stay under the old one
			pl.out.CancelKeys = append(pl.out.CancelKeys, t.Key)
		}
	}
	pl.add(Action{
		Class: ClassTask, Mode: mode, Kind: KindClose, Key: closing(t.Key), Rule: t.Rule, Reason: reason,
	}, ClosePayload{TaskKey: t.Key, Was: t.Was})
}

// closeAll plans the end of every open task of ours.
func (pl *planner) closeAll(reason scoring.Reason) {
	st := &pl.out.State
	if pl.Portal.Mode(ClassTask) == ModeOff {
		return
	}
	for _, rule := range slices.Sorted(maps.Keys(st.OpenTasks)) {
		t := OwnTask{Rule: rule, Key: st.OpenTasks[rule]}
		delete(st.OpenTasks, rule)
		pl.closeTask(t, reason)
	}
	for _, kind := range slices.Sorted(maps.Keys(st.Tasks)) {
		t := st.Tasks[kind]
		delete(st.Tasks, kind)
		pl.closeTask(t, reason)
	}
}

// satisfied reports whether the contact has what a task of a kind would ask for, and by what: an open task of the kind
// that is not ours or that a person edited, a meeting that lies ahead, or an active sequence.
func (pl *planner) satisfied(kind string) (scoring.Reason, bool) {
	by := func(what, id string) (scoring.Reason, bool) {
		return scoring.Reason{Code: ReasonSatisfied, Params: map[string]string{"by": what, "id": id}}, true
	}
	if tasks := pl.theirs(kind); len(tasks) > 0 {
		return by(map[bool]string{false: "task", true: "edited"}[tasks[0].Own], string(tasks[0].ID))
	}
	if id, ok := meetingAhead(pl.Portal, pl.Record, pl.Now); ok {
		return by("meeting", string(id))
	}
	if inSequence(pl.Portal, pl.Record) {
		return by("sequence", "")
	}
	return scoring.Reason{}, false
}

// edited reports whether an open task of ours is not as it was written: then a person made it theirs. One that nobody
// remembers was closed or replaced long ago, so it is there because a person wants it.
func (pl *planner) edited(kind string, t OpenTask) bool {
	st := &pl.out.State
	for _, own := range st.written() {
		if own.Key == t.Key {
			return own.Was != (connector.TaskPrint{}) && t.Differs(own.Was)
		}
	}
	return st.Tasks[kind].Key == "" && !slices.Contains(slices.Collect(maps.Values(st.OpenTasks)), t.Key)
}
