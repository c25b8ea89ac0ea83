package workflows

import (
	"leadsync/scoring"
)

// Why a backfill order is dropped.
const (
	backfillMoved   = "moved"   // the contact is not in the status or stage of the rule any more
	backfillEpisode = "episode" // the rule had an episode meanwhile
	backfillRule    = "rule"    // the model has no such rule any more, or its class is off
)

// backfills carries out what an operator has ordered for the contact: each rule is caused once, as by an entering of its
// status or stage, if the contact is there and the rule had no episode (rule 26).
func (pl *planner) backfills(held bool) {
	st := &pl.out.State
	stage, status := st.Stage, st.Status
	if held {
		stage, status = pl.Lead.Stage, pl.Lead.Status
	}
	for _, name := range pl.Record.Orders {
		pl.out.Ordered = append(pl.out.Ordered, name)
		if pl.deletion(name) {
			continue
		}
		f, why := pl.orderable(name)
		switch {
		case why == "" && !f.stands(stage, status):
			why = backfillMoved
		case why == "" && pl.hadEpisode(name):
			why = backfillEpisode
		}
		if why != "" {
			pl.note(ReasonBackfillDropped, map[string]string{"rule": name, "why": why})
			continue
		}
		quiet := pl.quiet
		pl.quiet = false // the operator has asked for it
		pl.note(ReasonBackfilled, map[string]string{"rule": name})
		if f.OnStage != "" {
			pl.cause(f.FollowUp, "stage", stage)
		} else {
			pl.cause(f.FollowUp, "status", status)
		}
		pl.quiet = quiet
	}
}

// backfilled is a follow-up that can be ordered.
type backfilled struct{ scoring.FollowUp }

// stands reports whether a contact in a stage and a status is where the rule asks for something.
func (f backfilled) stands(stage, status string) bool {
	return f.OnStage != "" && f.OnStage == stage || f.OnStatus != "" && f.OnStatus == status
}

func (pl *planner) orderable(name string) (backfilled, string) {
	for _, f := range pl.Model.FollowUps() {
		if f.Name == name && Backfillable(f) && pl.Portal.Mode(classOf(f)) != ModeOff {
			return backfilled{f}, ""
		}
	}
	return backfilled{}, backfillRule
}

// hadEpisode reports whether a rule had an episode of the contact, or waits for one.
func (pl *planner) hadEpisode(rule string) bool {
	_, waits := pl.out.State.Waits[rule]
	return waits || pl.out.State.Episodes[rule] > 0
}

// Backfillable reports whether a follow-up can be ordered for contacts that stand where it asks for something: it makes
// a task, a deal or memberships of lists when a status or a stage is entered.
func Backfillable(f scoring.FollowUp) bool {
	return (f.OnStage != "" || f.OnStatus != "") && (f.Task != nil || f.Deal != nil || f.Lists != nil)
}

// Backfills reports whether a contact stands where a follow-up asks for something and never had an episode of it: it
// was there before go-live, an import brought it, or another model did, or the rule is new.
func Backfills(f scoring.FollowUp, s LeadState) bool {
	_, waits := s.Waits[f.Name]
	return Backfillable(f) && s.Unprofiled.IsZero() && backfilled{f}.stands(s.Stage, s.Status) && !waits && s.Episodes[f.Name] == 0
}

// ClassOf is the class of effect that a follow-up has.
func ClassOf(f scoring.FollowUp) Class { return classOf(f) }
