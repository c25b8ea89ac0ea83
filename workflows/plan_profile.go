package workflows

import (
	"maps"
	"slices"
	"strings"
	"time"

	"leadsync/connector"
	"leadsync/scoring"
)

// Profile is what a LeadState remembers of whether the contact may be profiled at all (rule 14), and of what should
// not be with it (rule 15). Times are business time.
type Profile struct {
	// Unprofiled is since when the contact must not be profiled; zero if it may be.
	Unprofiled time.Time `json:"unprofiled,omitzero"`
	// ProfiledFrom is when profiling was allowed again: what happened up to then counts for nothing. Zero if it never
	// was forbidden.
	ProfiledFrom time.Time `json:"profiled_from,omitzero"`
	// Wrote says that scores or reasons of ours may stand in the CRM.
	Wrote bool `json:"wrote,omitempty"`
	// Violations are the invariants that the contact breaks, in the order of the model.
	Violations []Violation `json:"violations,omitempty"`
}

// Aside is what a decision saves beside its plan.
type Aside struct {
	// Notes become decision records of their own, after the plan's.
	Notes []scoring.Reason
	// Again says that the contact is to be read from the CRM before it can be decided.
	Again bool
	// Behaviour are the properties of a contact that must not be profiled that tell what it did (Portal.Behaviour). What the store has of
	// them, and all else of its past, is deleted with the decision, and nothing is sent any more that was not sent yet,
	// but what this plan holds and closings.
	Behaviour []string
	// Stopped says that the contact could be profiled until this decision.
	Stopped bool
}

// forbidden plans for a contact that must not be profiled (rule 14), and reports whether it is one. One that was must
// be read before it counts again: the mirror has nothing of what it did meanwhile.
func (pl *planner) forbidden() bool {
	st := &pl.out.State
	if st.Pushed != nil && !st.PushedShadow {
		st.Wrote = true // a state of a release that did not note it
	}
	if !pl.Evaluation.Unprofiled && (st.Unprofiled.IsZero() || !pl.Record.ReadAt.IsZero()) {
		pl.allow()
		return false
	}
	if st.Held = pl.stays(); !st.Held {
		pl.release()
	}
	pl.Lead.Activities = nil
	pl.forgetActivities()
	st.Outcomes = Outcomes{} // nothing about the contact is measured any more
	st.Following.forget()
	st.Quiet, pl.out.Ordered = nil, pl.Record.Orders
	st.Model, st.EvaluatedAt, st.StatusActivity = pl.Model.Version(), pl.Now, ""
	if st.Unprofiled.IsZero() {
		st.Unprofiled, st.ProfiledFrom = pl.Now, time.Time{}
	}
	pl.stand()
	pl.consent(st.Held)
	pl.leaveAll(scoring.ReasonUnprofiled, map[string]bool{})
	pl.withdraw()
	pl.out.Reason = scoring.Reason{Code: scoring.ReasonUnprofiled}
	pl.violations()
	return true
}

// allow lets a contact count from now on that must not be profiled until now: where it stands is where it begins.
func (pl *planner) allow() {
	st := &pl.out.State
	if st.Unprofiled.IsZero() {
		return
	}
	st.Unprofiled, st.ProfiledFrom = time.Time{}, pl.Now
	pl.stand()
	pl.out.Notes = append(pl.out.Notes, scoring.Reason{Code: ReasonProfiledAgain})
}

// stand remembers where the contact stands without anything following from it.
func (pl *planner) stand() {
	st := &pl.out.State
	if !pl.Record.ReadAt.IsZero() {
		st.LookedAt = pl.Record.ReadAt
	}
	if st.Stage != pl.Lead.Stage {
		st.Stage, st.StageSince = pl.Lead.Stage, pl.Now
	}
	if st.Status != pl.Lead.Status {
		st.Status, st.StatusSince = pl.Lead.Status, pl.Now
	}
	if pl.after(st.Stage, st.Furthest) {
		st.Furthest = st.Stage
	}
	pl.overcome(st.Stage)
	st.Choices = Choices{Handover: st.Choices.Handover.known(pl.Model, pl.Lead), Shown: Shown{Responsible: st.Choices.Shown.Responsible}}
}

// withdraw plans that what leadsync wrote about the contact is taken back: scores and reasons are cleared, and the
// open tasks, whose text may give reasons, are closed.
func (pl *planner) withdraw() {
	st, reason := &pl.out.State, scoring.Reason{Code: scoring.ReasonUnprofiled}
	switch mode := pl.Portal.Mode(ClassScore); {
	case mode == ModeOff:
	case mode == ModeOn && st.Wrote, mode == ModeShadow && st.Pushed != nil:
		props := pl.ours()
		st.forget(mode == ModeShadow)
		if len(props) > 0 {
			pl.update(Action{Class: ClassScore, Mode: mode, Kind: KindUpdate, Reason: reason}, props)
		}
		st.Wrote = mode == ModeShadow && st.Wrote
	default:
		st.forget(st.PushedShadow && mode == ModeShadow)
	}
	pl.closeAll(reason)
}

// ours are the properties of the contact that hold scores and reasons, all empty.
func (pl *planner) ours() map[string]string {
	st, written, props := &pl.out.State, pl.Portal.Written, pl.rank()
	names := slices.Concat(pl.Model.ScoreNames(), slices.Sorted(maps.Keys(st.Pushed)), []string{TotalScore})
	for _, name := range names {
		props[written.Scores[name]] = ""
	}
	for _, name := range []string{written.Reasons, written.ScoredAt, written.LastReason, written.Missing, written.Rank} {
		props[name] = ""
	}
	delete(props, "")
	return props
}

// forget takes back what was remembered of the scores that were written last.
func (s *LeadState) forget(shadow bool) {
	s.Pushed, s.PushedReached, s.PushedGrade, s.PushedTier, s.PushedShadow = nil, nil, "", "", shadow
	s.GradeProperty, s.TierProperty = "", ""
	s.Priority, s.RankProperty, s.RankShadow = "", "", shadow
}

// counts reports whether an activity counts for a contact: none that may have happened while it was not to be profiled
// (rule 14).
func (s *LeadState) counts(a scoring.Activity) bool {
	if s == nil {
		return true
	}
	return s.Unprofiled.IsZero() && (s.ProfiledFrom.IsZero() || begins(a).After(s.ProfiledFrom))
}

// known are those of a contact's observations that may be kept: none of the time in which it was not to be profiled.
func (s *LeadState) known(observations []Observation) []Observation {
	if s == nil || s.ProfiledFrom.IsZero() {
		return observations
	}
	return slices.DeleteFunc(observations, func(o Observation) bool { return !o.At.After(s.ProfiledFrom) })
}

// Behaviour are the properties of contacts that tell what they did, or what we made of it: those that counters are
// made of and those that we write scores and reasons to, unless a fact or the story itself needs them too.
func (p *Portal) Behaviour(m *scoring.Model) []string {
	kept := append(p.sourceProperties(m, "contact"), p.story()...)
	props := append(slices.Collect(maps.Values(p.Written.Scores)), p.Written.Grade, p.Written.Tier, p.Written.Reasons,
		p.Written.ScoredAt, p.Written.LastReason, p.Written.Missing, p.Written.Rank)
	for _, k := range m.ActivityKinds() {
		props = append(props, tracked(k)...)
	}
	return slices.DeleteFunc(compacted(props), func(prop string) bool { return slices.Contains(kept, prop) })
}

// story are the properties of contacts that are read whatever the model is.
func (p *Portal) story() []string {
	n := p.Names
	return []string{n.Stage, n.Status, n.Owner, n.FirstName, n.LastName, n.Email, n.Company, n.CompanyID, n.MergedIDs, n.Source}
}

// aside completes a decision by what its plan says beside the effects.
func (d *Decided) aside(p *Portal, m *scoring.Model, before *LeadState, plan Planned, ev scoring.Evaluation) {
	d.Notes = plan.Notes
	was := before != nil && !before.Unprofiled.IsZero()
	switch {
	case !plan.State.Unprofiled.IsZero():
		d.Observations, d.VisitsSince = nil, time.Time{}
		d.Behaviour, d.Stopped = p.Behaviour(m), !was
		d.Again = !ev.Unprofiled
	case was:
		d.VisitsSince = time.Time{} // the visits until now are not to be known
	}
}

// recorded reports whether a plan is worth a decision record.
func (pl Planned) recorded(before *LeadState) bool {
	began := !pl.State.Unprofiled.IsZero() && (before == nil || before.Unprofiled.IsZero())
	return len(pl.Actions) > 0 || pl.Reason.Code == ReasonQuiet || pl.Reason.Params[ParamSeen] != "" || began
}

// private reports whether the history of a contact is none of our business: it must not be profiled, or must not have
// been until this look.
func (r *Reconciler) private(record LeadRecord) bool {
	if s := record.State; s != nil && !s.Unprofiled.IsZero() {
		return true
	}
	if r.Model.DoNotProfile() == "" {
		return false
	}
	record.Activities, record.Observations, record.Submissions, record.Visits = nil, nil, nil, nil
	return r.Model.Evaluate(LeadOf(r.Portal, r.Model, record), r.Now()).Unprofiled
}

// asRead is a record with what was just read of the contact and its company.
func (f freshly) asRead(record LeadRecord, contact connector.Object, companyID string) LeadRecord {
	record.Contact, record.Companies = contact, nil
	if company, ok := f.companies.Found[connector.ObjectID(contact.Properties[companyID])]; ok {
		record.Companies = []connector.Object{company}
	}
	return record
}

// redactedParams are the parameters of reasons that are words of the model or keys, and say nothing about a person.
func redactedParams() []string {
	return []string{"rule", "invariant", "list", "key", "copies", "episode", "survivor", "before"}
}

// Redacted is a reason without values: what is left says what was done by which rule, not what the contact did or
// was. Numbers and words of the contact become an ellipsis, so that the sentence can still be read.
func Redacted(r scoring.Reason) scoring.Reason {
	params := map[string]string{}
	for name, value := range r.Params {
		switch {
		case slices.Contains(redactedParams(), name):
			params[name] = value
		case name != "origin" && name != "source" && name != ParamSeen:
			params[name] = redacted
		}
	}
	if r.Params = params; len(params) == 0 {
		r.Params = nil
	}
	return r
}

const redacted = "…"

// RedactedActions are actions without values.
func RedactedActions(actions []Action) []Action {
	out := slices.Clone(actions)
	for i := range out {
		a := &out[i]
		a.Reason, a.DueAt = Redacted(a.Reason), ""
		for _, word := range []*string{&a.From, &a.To} {
			if strings.TrimSpace(*word) != "" {
				*word = redacted
			}
		}
	}
	return out
}
