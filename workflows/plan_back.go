package workflows

import (
	"slices"
	"strconv"
	"time"

	"leadsync/scoring"
)

// Recycled remembers a move backward: what happened before At is no reason to move forward again.
type Recycled struct {
	At   time.Time `json:"at"` // business time
	From string    `json:"from"`
	To   string    `json:"to"`
	// Status is the lead status that led back; entering a stage sets its status over this one.
	Status string `json:"status,omitempty"`
	// Open says that nothing new has to happen before the contact moves forward again (rule 21).
	Open bool `json:"open,omitempty"`
}

// backOrLists takes the follow-ups that make neither task nor deal.
func (pl *planner) backOrLists(f scoring.FollowUp) {
	switch {
	case f.BackTo != "" && pl.back == nil:
		pl.back = &f
	case f.Lists != nil:
		pl.lists(f)
	}
}

// goBack plans the move backward that a follow-up of this plan asks for (rule 10), and what follows from
// entering the stage it leads to. A stage that does not lie behind the contact's is not moved to; one that is
// not mapped cannot be.
func (pl *planner) goBack(status string) {
	f := pl.back
	if f == nil {
		return
	}
	st, from, to := &pl.out.State, pl.out.State.Stage, f.BackTo
	mode, target := pl.Portal.Mode(ClassStage), pl.Portal.Stages[f.BackTo]
	if mode == ModeOff || target == "" || !pl.behind(to, from) || pl.paused(ChosenStage) {
		return
	}
	st.Episodes[f.Name]++
	pl.add(Action{
		Class: ClassStage, Mode: mode, Kind: KindBack, Key: "contact/" + string(pl.Record.ID) + "/back", Rule: f.Name, From: from, To: to,
		Reason: scoring.Reason{Code: ReasonStageBack, Params: map[string]string{
			"rule": f.Name, "from": from, "to": to, "episode": strconv.Itoa(st.Episodes[f.Name]),
		}},
	}, pl.wayBack(from, target))
	if mode == ModeOn {
		pl.wentBack(from, to, status)
	}
}

// wayBack is the payload of a move backward to a value of the account.
func (pl *planner) wayBack(from, target string) BackPayload {
	payload := BackPayload{Property: pl.Portal.Names.Stage, From: []string{pl.Portal.Stages[from]}, To: target}
	if r := pl.Record.Returning; r != nil { // wherever that one stands when this one takes its place
		payload.From = slices.Concat(r.From, []string{r.To}, payload.From)
	}
	return payload
}

// wentBack remembers a move backward, and plans what follows from entering the stage it leads to.
func (pl *planner) wentBack(from, to, status string) {
	st := &pl.out.State
	recycled := &Recycled{At: pl.Now, From: from, To: to, Status: status, Open: pl.guarded}
	if r := st.Recycled; r != nil && pl.after(r.From, from) {
		recycled.From = r.From
	}
	st.Stage, st.StageSince, st.Recycled = to, pl.Now, recycled
	pl.outOf(to)
	if pl.guarded {
		return // it never left the stage that it goes back to
	}
	for _, f := range pl.Model.FollowUps() {
		if f.OnStage == to && f.BackTo == "" { // a way back among them is not gone: one step at a time
			pl.cause(f, "stage", to)
		}
	}
}

// behind reports whether a lies behind b, both in the forward order.
func (pl *planner) behind(a, b string) bool {
	ia, ib := slices.Index(pl.Lead.Order, a), slices.Index(pl.Lead.Order, b)
	return ia >= 0 && ib >= 0 && ia < ib
}

// passed reports whether a stage lies ahead of the high-water mark as rule 10 has it: after a way back the
// stages up to the one that was left are open again, for evidence that is newer than the way back.
func (pl *planner) passed(to string) bool {
	r := pl.out.State.Recycled
	if r == nil {
		return pl.after(to, pl.out.State.Furthest)
	}
	return pl.after(to, r.To) && (!pl.after(to, r.From) || pl.after(to, pl.out.State.Furthest)) && pl.newer(r)
}

// newer reports whether people did something dated, and certainly dated, since a way back.
func (pl *planner) newer(r *Recycled) bool {
	return r.Open || pl.acceptedSince(r) || slices.ContainsFunc(pl.Model.People(pl.Lead.Activities), func(a scoring.Activity) bool {
		return !a.Uncertain && a.At.After(r.At) && !a.At.After(pl.Now)
	})
}

// overcome forgets a way back once the contact stands again where it led away from, or has left the forward
// order.
func (pl *planner) overcome(stage string) {
	if r := pl.out.State.Recycled; r != nil && stage != "" && !pl.behind(stage, r.From) {
		pl.out.State.Recycled = nil
	}
}

// stale reports whether the lead status is the one that led back, or one from before: entering a stage anew
// sets its status over it (rule 10).
func (pl *planner) stale(r *Recycled, observed string) bool {
	return r != nil && observed != "" && observed == r.Status
}

// lookBack is a time at which evidence for moving forward again comes to count; the plan looks again then.
func (pl *planner) lookBack() {
	r := pl.out.State.Recycled
	if r == nil {
		return
	}
	for _, a := range pl.Model.People(pl.Lead.Activities) {
		if !a.Uncertain && a.At.After(pl.Now) && (pl.out.LookAt.IsZero() || a.At.Before(pl.out.LookAt)) {
			pl.out.LookAt = a.At
		}
	}
}

// refused takes back what was remembered of a way back that the CRM would not have: the contact never left, so
// it does not enter its stage once more.
func (pl *planner) refused() {
	st, b := &pl.out.State, pl.Record.Refused
	if r := st.Recycled; b != nil && r != nil && st.Stage == r.To && slices.Contains(b.From, pl.rawStage()) {
		st.Stage, st.Recycled = pl.Lead.Stage, nil
	}
}
