package workflows

import (
	"slices"
	"strings"
	"time"

	"leadsync/connector"
	"leadsync/scoring"
)

// slip is how long a status must have been left for coming back to it to mean anything: a wrong click that is
// mended at once is no talk with the lead.
const slip = time.Minute

// glimpse is what the history tells of the lead status between two looks (rule 12).
type glimpse struct {
	told  bool
	ours  bool          // nobody but leadsync has set the status that the contact has
	again bool          // it was left and entered once more
	since []Observation // the values it had since the last look, oldest first
}

// versionsOf are the versions of a property that the history told, oldest first.
func versionsOf(r LeadRecord, property string) []Observation {
	versions := slices.DeleteFunc(slices.Clone(r.Observations), func(o Observation) bool {
		return o.Property != property || o.Known != KnownHistory
	})
	slices.SortFunc(versions, compareObservations)
	return slices.CompactFunc(versions, func(a, b Observation) bool { return a.At.Equal(b.At) && a.Value == b.Value })
}

// look compares what the history tells with what was remembered, and remembers how far it was looked at.
func (pl *planner) look() {
	st := &pl.out.State
	seen := later(st.StatusSeen, later(st.LookedAt, zeroIf(!st.LookedAt.IsZero(), st.EvaluatedAt)))
	if !pl.Record.ReadAt.IsZero() {
		st.LookedAt = pl.Record.ReadAt
	}
	versions, raw := versionsOf(pl.Record, pl.Portal.Names.Status), pl.Record.Contact.Properties[pl.Portal.Names.Status]
	if !pl.Record.Told {
		return
	}
	if len(versions) == 0 {
		pl.passedWithout(raw, seen)
		return
	}
	last := versions[len(versions)-1]
	if last.Value != raw {
		return // the history lags behind the contact: it explains nothing yet
	}
	g := &pl.glimpse
	g.told, g.ours = true, last.Origin == connector.OriginOwn || !last.At.After(st.StatusSeen)
	g.since = slices.DeleteFunc(versions, func(o Observation) bool { return !o.At.After(seen) })
	// What an update under way will make of the status is not what somebody entered.
	stands := pl.Portal.statusName(raw) == pl.Lead.Status && pl.Lead.Status == st.Status && st.Status != ""
	g.again = !g.ours && stands && awayFor(g.since, raw) >= slip
	if st.StatusSeen = last.At; !g.ours && last.Origin == connector.OriginPerson { // our own may look like a machine's
		st.StatusSaid = last.At
	}
	pl.passedStages(seen)
}

// passedWithout is passedStages for a contact that never had a status. One that has it by now, of which the history does
// not tell yet, says nothing.
func (pl *planner) passedWithout(status string, seen time.Time) {
	if status == "" {
		pl.passedStages(seen)
	}
}

// passedStages raises the high-water mark by the stages that somebody else let the contact pass since a look.
func (pl *planner) passedStages(seen time.Time) {
	st := &pl.out.State
	for _, o := range versionsOf(pl.Record, pl.Portal.Names.Stage) {
		// A stage that was passed between two looks has been entered; what leadsync wrote was counted when it was planned.
		stage := pl.Portal.stageName(o.Value)
		if o.At.After(seen) && o.Origin != connector.OriginOwn && pl.after(stage, st.Furthest) {
			st.Furthest = stage
		}
	}
}

func zeroIf(zero bool, at time.Time) time.Time {
	if zero {
		return time.Time{}
	}
	return at
}

// awayFor is how long a value was left before it came back, 0 if it never was.
func awayFor(since []Observation, value string) time.Duration {
	for _, o := range since {
		if o.Value != value {
			return since[len(since)-1].At.Sub(o.At)
		}
	}
	return 0
}

// explain adds to the reason of the plan who set the status, and which values it had on the way.
func (g glimpse) explain(p *Portal, reason scoring.Reason, entered bool) scoring.Reason {
	if !g.told || len(g.since) == 0 || !entered && len(g.since) < 2 {
		return reason
	}
	params := map[string]string{}
	last := g.since[len(g.since)-1]
	params["origin"], params["source"] = string(last.Origin), last.Source
	if len(g.since) > 1 {
		var seen []string
		for _, o := range g.since {
			seen = append(seen, strings.Join([]string{p.spoken(o.Value), o.At.UTC().Format(time.RFC3339), string(o.Origin)}, " "))
		}
		params[ParamSeen] = strings.Join(seen, ", ")
	}
	reason.Params = params
	return reason
}

// ParamSeen is the parameter of a decision's reason that lists the values which the lead status had since the
// look before, each with its time and who set it. A decision is recorded for it even if nothing is done.
const ParamSeen = "seen"

// spoken is the model's name of a lead status, or a word for one that has none.
func (p *Portal) spoken(value string) string {
	switch name := p.statusName(value); {
	case value == "":
		return "none"
	case name == "":
		return "unmapped"
	default:
		return name
	}
}

// dateBaseline gives a loaded contact the dates and past stages that its history tells.
func dateBaseline(p *Portal, m *scoring.Model, r LeadRecord, state *LeadState) {
	order := p.Order
	pl := planner{Situation: Situation{Portal: p, Model: m, Record: r, Lead: scoring.Lead{Order: order}}}
	stages := versionsOf(r, p.Names.Stage)
	for _, o := range stages {
		if stage := p.stageName(o.Value); slices.Contains(order, stage) && pl.after(stage, state.Furthest) {
			state.Furthest = stage
		}
	}
	if n := len(stages); n > 0 && stages[n-1].Value == r.Contact.Properties[p.Names.Stage] {
		state.StageSince = stages[n-1].At
	}
	statuses := versionsOf(r, p.Names.Status)
	if n := len(statuses); n > 0 && statuses[n-1].Value == r.Contact.Properties[p.Names.Status] {
		state.StatusSince, state.StatusSeen = statuses[n-1].At, statuses[n-1].At
	}
}
