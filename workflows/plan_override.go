package workflows

import (
	"maps"
	"slices"
	"time"

	"leadsync/connector"
	"leadsync/scoring"
)

// Chosen is a property of contacts that people, leadsync and other machines set.
type Chosen string

// The properties that can be held and fought over.
const (
	ChosenStage  Chosen = "stage"
	ChosenStatus Chosen = "status"
)

// Choices is what a LeadState remembers of what others chose for the contact: people (rules 20 and 21) and machines.
// Times are business time.
type Choices struct {
	// StageSeen and StatusSeen are the CRM's times of the newest versions that were considered.
	StageSeen  time.Time   `json:"stage_seen,omitzero"`
	StatusSeen time.Time   `json:"status_seen,omitzero"`
	Leases     []Lease     `json:"leases,omitempty"`
	Wrote      []Writing   `json:"wrote,omitempty"`
	Rivals     []Rival     `json:"rivals,omitempty"`
	Behind     *Behind     `json:"behind,omitempty"`
	Handover   *Answered   `json:"handover,omitempty"`
	Waiting    *Unanswered `json:"waiting,omitempty"`
	// Wanted is the stage that a person set while its gates did not hold; empty once they do.
	Wanted string `json:"wanted,omitempty"`
	Shown  Shown  `json:"shown,omitzero"`
}

// Lease is a person's choice against the model, which holds for a time (C7). Values are the model's words.
type Lease struct {
	Property Chosen    `json:"property"`
	Value    string    `json:"value"`
	Since    time.Time `json:"since"`
	Until    time.Time `json:"until,omitzero"` // zero: until a fact changes
	// Origin and Source say who chose, in the CRM's own word for it; never a name.
	Origin connector.Origin `json:"origin"`
	Source string           `json:"source,omitempty"`
	// Facts are those of the model when it began.
	Facts Prints `json:"facts,omitempty"`
	// Would is what the model would have now.
	Would   string `json:"would,omitempty"`
	Noticed bool   `json:"noticed,omitempty"` // the owner was asked
}

// chosen are the properties in a fixed order.
func chosen() []Chosen { return []Chosen{ChosenStage, ChosenStatus} }

// choices considers what others chose since the last look, before the model says what it wants.
func (pl *planner) choices() {
	ch := &pl.out.State.Choices
	ch.Leases, ch.Wrote, ch.Rivals = slices.Clone(ch.Leases), slices.Clone(ch.Wrote), slices.Clone(ch.Rivals)
	pl.contested()
	o := pl.Model.Overrides()
	if !o.Given {
		ch.Leases = nil
	}
	for _, c := range chosen() {
		pl.lease(c, o)
	}
	if o.Given {
		pl.notice(o)
	}
	pl.salesAnswer()
}

// standsAt is what a property says in the model's words, with what is under way.
func (pl *planner) standsAt(c Chosen) string {
	if c == ChosenStatus {
		return pl.Lead.Status
	}
	return pl.Lead.Stage
}

// named is the CRM's name of a property, and what the model calls one of its values.
func (pl *planner) named(c Chosen) (property string, word func(string) string) {
	if c == ChosenStatus {
		return pl.Portal.Names.Status, pl.Portal.statusName
	}
	return pl.Portal.Names.Stage, pl.Portal.stageName
}

// newest is the version of a property that stands in the CRM, if its history tells.
func (pl *planner) newest(c Chosen) (Observation, bool) {
	property, _ := pl.named(c)
	versions := versionsOf(pl.Record, property)
	if !pl.Record.Told || len(versions) == 0 || versions[len(versions)-1].Value != pl.Record.Contact.Properties[property] {
		return Observation{}, false
	}
	return versions[len(versions)-1], true
}

// lately is the newest version of a property, if no look has considered it before. It is considered by that.
func (pl *planner) lately(c Chosen) (Observation, bool) {
	ch := &pl.out.State.Choices
	seen := &ch.StageSeen
	if c == ChosenStatus {
		seen = &ch.StatusSeen
	}
	v, ok := pl.newest(c)
	if !ok {
		return v, false
	}
	*seen = later(*seen, v.At)
	return v, pl.unseen(c, v)
}

// unseen reports whether a version is newer than those that the looks before this one considered.
func (pl *planner) unseen(c Chosen, v Observation) bool {
	before := pl.Record.State
	if before == nil {
		return false
	}
	since := before.Choices.StageSeen
	if c == ChosenStatus {
		since = before.Choices.StatusSeen
	}
	if since.IsZero() {
		since = later(before.LookedAt, zeroIf(!before.LookedAt.IsZero(), before.EvaluatedAt))
	}
	return v.At.After(since)
}

// byPerson reports whether somebody may have chosen a value: where nobody knows, people win.
func byPerson(o connector.Origin) bool {
	return o == connector.OriginPerson || o == connector.OriginUnknown
}

// lease ends the lease on a property, or begins one. What a person has set goes before what is under way.
func (pl *planner) lease(c Chosen, o scoring.Overrides) {
	ch := &pl.out.State.Choices
	v, fresh := pl.lately(c)
	if fresh && byPerson(v.Origin) {
		pl.giveWay(c, v) // with or without leases
		if o.Leases() && pl.against(c) {
			pl.hold(c, v, o)
			return
		}
	}
	i := slices.IndexFunc(ch.Leases, func(l Lease) bool { return l.Property == c })
	if i < 0 {
		return
	}
	l := &ch.Leases[i]
	if why := pl.ended(l, o); why != "" {
		pl.note(ReasonOverrideEnded, l.params(map[string]string{"why": why}))
		pl.answered(NoticeOf(c), NoticeOf(c))
		if why != overrideMoved && c == ChosenStage && pl.after(pl.out.State.Furthest, l.Value) {
			pl.out.State.Furthest = l.Value // what the person took back is open again
		}
		ch.Leases = slices.Delete(ch.Leases, i, i+1)
		return
	}
	l.Would = pl.would(c)
}

// hold begins a lease, in the place of an older one on the property.
func (pl *planner) hold(c Chosen, v Observation, o scoring.Overrides) {
	ch := &pl.out.State.Choices
	l := Lease{
		Property: c, Value: pl.standsAt(c), Since: v.At, Origin: v.Origin, Source: v.Source, Would: pl.would(c),
	}
	if !o.Keep.IsZero() {
		l.Until = v.At.Add(spanLength(o.Keep))
	}
	if o.FactsChange {
		l.Facts, _ = pl.factsSince(nil)
	}
	if !l.Until.IsZero() && !l.Until.After(pl.Now) {
		return // it was over before anybody saw it
	}
	rest := slices.DeleteFunc(slices.Clone(ch.Leases), func(other Lease) bool { return other.Property == c })
	if len(rest) < len(ch.Leases) {
		pl.answered(NoticeOf(c), NoticeOf(c)) // set again: that answers the question
	}
	rest = append(rest, l)
	ch.Leases = rest
	pl.note(ReasonOverride, l.params(nil))
}

// giveWay cancels what is under way to a property that a person has set meanwhile: their choice is the later one.
func (pl *planner) giveWay(c Chosen, v Observation) {
	property, word := pl.named(c)
	// Where a way back leads already the contact may stand before an update that is sent ahead of it: neither may come.
	same := withPending(pl.Record)[property] == v.Value && (c == ChosenStatus || pl.Record.Returning == nil)
	if same || pl.Weak.Without(GiveWay) {
		return
	}
	class := ClassStage
	if c == ChosenStatus {
		class = ClassStatus
	}
	pl.out.CancelKeys = append(pl.out.CancelKeys, "contact/"+string(pl.Record.ID)+"/"+string(class))
	pl.Record.Pending = maps.Clone(pl.Record.Pending)
	delete(pl.Record.Pending, property) // nothing of it is coming any more
	// What is next, and which invariants are broken, depends on where the contact stands.
	defer func() { pl.Evaluation = pl.Model.Evaluate(pl.Lead, pl.Now) }()
	if c == ChosenStatus {
		pl.Lead.Status = word(v.Value)
		return
	}
	if pl.Record.Returning != nil { // when it is sent, a stage that a person cleared looks like one that it cleared itself
		pl.out.CancelKeys = append(pl.out.CancelKeys, "contact/"+string(pl.Record.ID)+"/back")
	}
	pl.Lead.Stage = word(v.Value)
}

// against reports whether what stands in a property is against the model (rule 20).
func (pl *planner) against(c Chosen) bool {
	if c == ChosenStage {
		stage, raw := pl.Lead.Stage, pl.Record.Contact.Properties[pl.Portal.Names.Stage]
		return (stage != "" || raw == "") && (pl.mapped(pl.Evaluation.Stage) && pl.after(pl.Evaluation.Stage, stage) || pl.after(pl.out.State.Furthest, stage))
	}
	status, would := pl.Lead.Status, pl.would(c)
	return status != "" && would != "" && would != status && !pl.final(status)
}

func (pl *planner) mapped(stage string) bool { return stage != "" && pl.Portal.Stages[stage] != "" }

// would is what the model would have in a property if nobody had chosen; empty if it has no opinion.
func (pl *planner) would(c Chosen) string {
	if c == ChosenStage {
		return pl.Evaluation.Stage
	}
	if !pl.inStatusStage(pl.Lead.Stage) {
		return ""
	}
	if a, ok := latestStatusActivity(pl.Model, pl.Lead, pl.Now); ok {
		status, _ := pl.Model.StatusOf(a)
		return status
	}
	return pl.statusOnStage(pl.Lead.Stage)
}

// Why a lease ended.
const (
	overrideMoved = "moved" // the property has another value
	overrideFacts = "facts"
	overrideTime  = "time"
	overrideModel = "model" // the model has no leases any more
)

// ended says why a lease is over, empty if it is not.
func (pl *planner) ended(l *Lease, o scoring.Overrides) string {
	_, changed := pl.factsSince(l.Facts)
	switch {
	case pl.standsAt(l.Property) != l.Value:
		return overrideMoved
	case !o.Leases():
		return overrideModel
	case o.FactsChange && len(l.Facts) > 0 && changed:
		return overrideFacts
	case !l.Until.IsZero() && !pl.Now.Before(l.Until):
		return overrideTime
	}
	return ""
}

// factsSince prints the facts of the model as they are now, and says whether one differs from what was printed. What
// is not known yet of the contact stays as it was.
func (pl *planner) factsSince(before Prints) (Prints, bool) {
	l := sighting{
		portal: pl.Portal, model: pl.Model, record: pl.Record, lead: pl.Lead, before: before.sight(), now: sight{},
	}
	contact := withPending(pl.Record)
	for _, f := range pl.Model.Facts() {
		switch f.Count {
		case "":
			l.fact(f, contact)
		case "open_deals", "won_deals", "lost_deals":
			l.see("deals/"+f.Count, valueText(pl.Lead.Facts[f.Name]))
		}
	}
	return l.now.prints(), l.changed
}

// kept reports whether the model leaves a property alone: a person holds it, or another machine fights for it.
func (pl *planner) kept(c Chosen) bool {
	return slices.ContainsFunc(pl.out.State.Choices.Leases, func(l Lease) bool { return l.Property == c }) || pl.paused(c)
}

// keepStatus reports whether the lead status is left alone. What would have set it is considered again afterwards.
func (pl *planner) keepStatus() bool {
	if !pl.kept(ChosenStatus) {
		return false
	}
	if before := pl.Record.State; before != nil {
		pl.out.State.StatusActivity = before.StatusActivity
	}
	return true
}

// note adds a record of its own.
func (pl *planner) note(code scoring.ReasonCode, params map[string]string) {
	pl.out.Notes = append(pl.out.Notes, scoring.Reason{Code: code, Params: params})
}

// params are the parameters of a reason about a lease, with others.
func (l Lease) params(others map[string]string) map[string]string {
	params := map[string]string{
		"property": string(l.Property), "value": orNothing(l.Value, "none"), "would": orNothing(l.Would, "none"),
		"since": l.Since.UTC().Format(time.RFC3339), "origin": string(l.Origin), "source": l.Source,
	}
	if !l.Until.IsZero() {
		params["until"] = l.Until.UTC().Format(time.RFC3339)
	}
	maps.Copy(params, others)
	return params
}

// spanLength is a span of hours or days of the calendar.
func spanLength(s scoring.Span) time.Duration {
	const day = 24 * time.Hour
	if s.Unit == scoring.UnitHours {
		return time.Duration(s.N) * time.Hour
	}
	return time.Duration(s.N) * day
}
