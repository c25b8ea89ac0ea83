package workflows

import (
	"maps"
	"slices"
	"strings"
	"time"

	"leadsync/connector"
	"leadsync/scoring"
)

// Quieting is what a LeadState remembers of what decides it, and of what another model did to the contact (rule 26).
type Quieting struct {
	// Basis is what the last look decided by (EvaluationBasis); empty for a look of an earlier release, and where nobody
	// said.
	Basis string `json:"basis,omitempty"`
	// Quiet is the quiet look, as long as nothing about the contact has changed since.
	Quiet *Quieted `json:"quiet,omitempty"`
	// Arrived is when a contact that an import or another program brought was seen first (business time).
	Arrived time.Time `json:"arrived,omitzero"`
}

// Quieted is a look that nothing about the contact gave rise to.
type Quieted struct {
	Since time.Time `json:"since"` // business time
	// Rules are the follow-ups that were left out.
	Rules []string `json:"rules,omitempty"`
	// Undo is where the contact stood before, for as long as what the look planned is only gathered.
	Undo *Standing `json:"undo,omitempty"`
}

// Standing is what a LeadState says of stage and status.
type Standing struct {
	Stage          string    `json:"stage,omitempty"`
	Furthest       string    `json:"furthest,omitempty"`
	StageSince     time.Time `json:"stage_since,omitzero"`
	Status         string    `json:"status,omitempty"`
	StatusSince    time.Time `json:"status_since,omitzero"`
	StatusActivity string    `json:"status_activity,omitempty"`
	ShadowStage    string    `json:"shadow_stage,omitempty"`
	ShadowStatus   string    `json:"shadow_status,omitempty"`
	Recycled       *Recycled `json:"recycled,omitempty"`
	Wrote          []Writing `json:"wrote,omitempty"`
	Shown          Shown     `json:"shown,omitzero"`
	// Prints are those of the look before anything was planned.
	Prints Prints `json:"prints,omitempty"`
	Undone
}

// Gathered is what is planned for a contact and waits until a run is over.
type Gathered struct {
	Keys       []string
	Properties map[string]string
	// Own are the keys of changes of lists that are under way, and that no run has gathered.
	Own []string
	// Unsent are, by key, the properties that updates set which wait without having been handed out or released by an
	// operator, and that no run has gathered (any more); for closings and changes of lists there are none.
	Unsent map[string]map[string]string
}

// hushing is what a planner knows of quiet.
type hushing struct {
	quiet bool      // nothing but another model, mapping or switch gave rise to this look
	left  []string  // follow-ups that were left out
	shut  []OwnTask // tasks whose closing is gathered
	seen  sighting
}

// hush decides whether a look is quiet: something else decides than at the last look, and nothing about the contact has
// changed since then.
func (pl *planner) hush(held bool) {
	st, before := &pl.out.State, pl.Record.State
	other := pl.decidedOtherwise()
	if pl.Basis != "" {
		st.Basis = pl.Basis
	}
	if held {
		st.Quiet = nil
		return
	}
	pl.seen = sighted(pl.Portal, pl.Model, pl.Record, pl.Lead, pl.Now)
	switch {
	case before == nil, before.Held, pl.seen.changed, pl.glimpse.again:
		st.Quiet = nil
	case other:
		pl.quiet = true
		st.Quiet = &Quieted{Since: pl.Now}
	case st.Quiet != nil && st.Quiet.Undo != nil && len(pl.Record.revocable()) == 0:
		q := *st.Quiet
		q.Undo = nil
		st.Quiet = &q
	}
}

// decidedOtherwise reports whether another model, mapping or switch decides than at the last look.
func (pl *planner) decidedOtherwise() bool {
	before := pl.Record.State
	switch {
	case before == nil:
		return false
	case before.Basis != "" && pl.Basis != "":
		return before.Basis != pl.Basis
	}
	return pl.Walk || before.Model != "" && before.Model != pl.Model.Version()
}

// calm reports whether what begins by standing somewhere, and not by an event, does not begin: the contact stands there
// because of another model, and nothing about it has changed since.
func (pl *planner) calm() bool { return pl.out.State.Quiet != nil }

// timely reports whether something that a moment asks for may happen: in a quiet look only if the moment came since the
// last one; before that another model asks for it now.
func (pl *planner) timely(at time.Time) bool {
	return !pl.quiet || at.After(pl.Record.State.EvaluatedAt)
}

// leaveOut notes that a follow-up does not happen because the look is quiet.
func (pl *planner) leaveOut(rule string) {
	if !slices.Contains(pl.left, rule) {
		pl.left = append(pl.left, rule)
	}
}

// hushed ends a plan: what the look showed is remembered, and what was left out is told.
func (pl *planner) hushed() {
	st := &pl.out.State
	if st.Held {
		return
	}
	st.Prints = pl.prints()
	if !pl.quiet {
		st.Quiet = st.Quiet.without(pl.out.Entries)
		return
	}
	q := *st.Quiet
	if q.Rules = pl.left; slices.ContainsFunc(pl.out.Entries, func(e OutboxEntry) bool { return e.Run != "" }) {
		q.Undo = standingOf(pl.Record.State)
		q.Undo.Undone = pl.undone()
		q.Undo.Prints = pl.seen.now.prints()
	}
	if st.Quiet = &q; len(pl.left) == 0 {
		return
	}
	params := maps.Clone(pl.out.Reason.Params)
	if params == nil {
		params = map[string]string{}
	}
	params["rule"] = strings.Join(pl.left, ", ")
	pl.out.Reason = scoring.Reason{Code: ReasonQuiet, Params: params}
}

// prints are what the look showed, with stage and status as they will be when the plan is carried out: that is our own
// doing, and no change of the contact.
func (pl *planner) prints() Prints {
	st, contact, now := &pl.out.State, withPending(pl.Record), maps.Clone(pl.seen.now)
	for _, one := range []struct {
		name, property, word string
		values               map[string]string
		word2                func(string) string
	}{
		{"stage", pl.Portal.Names.Stage, st.Stage, pl.Portal.Stages, pl.Portal.stageName},
		{"status", pl.Portal.Names.Status, st.Status, pl.Portal.Statuses, pl.Portal.statusName},
	} {
		value := contact[one.property]
		for _, other := range []string{pl.Record.Contact.Properties[one.property], one.values[one.word]} {
			if one.word2(value) != one.word {
				value = other
			}
		}
		now[hashOf(one.name)] = hashOf(value)
	}
	return now.prints()
}

func standingOf(s *LeadState) *Standing {
	return &Standing{
		Stage: s.Stage, Furthest: s.Furthest, StageSince: s.StageSince, Status: s.Status, StatusSince: s.StatusSince,
		StatusActivity: s.StatusActivity, ShadowStage: s.ShadowStage, ShadowStatus: s.ShadowStatus,
		Recycled: s.Recycled, Wrote: s.Choices.Wrote, Shown: s.Choices.Shown,
	}
}

// ungathered is a record without what a run has gathered for it, and what a limit has kept from being sent since it is
// over, if something else decides by now: nothing of it was sent, so the contact stands where it stood before. The keys are those of what is not to be sent.
func (r LeadRecord) ungathered(basis string) (LeadRecord, []string) {
	s := r.State
	keys := r.revocable()
	if s == nil || s.Basis == basis || s.Quiet == nil || s.Quiet.Undo == nil || len(keys) == 0 {
		return r, nil
	}
	state, undo := *s, s.Quiet.Undo
	state.Stage, state.Furthest, state.StageSince = undo.Stage, undo.Furthest, undo.StageSince
	state.Status, state.StatusSince, state.StatusActivity = undo.Status, undo.StatusSince, undo.StatusActivity
	state.ShadowStage, state.ShadowStatus, state.Recycled = undo.ShadowStage, undo.ShadowStatus, undo.Recycled
	state.Choices.Wrote, state.Prints, state.Quiet = undo.Wrote, undo.Prints, nil
	r.State, r.Pending, r.Returning = &state, maps.Clone(r.Pending), nil
	for property := range r.Gathered.Properties {
		delete(r.Pending, property)
	}
	for _, key := range keys {
		for property := range r.Gathered.Unsent[key] {
			delete(r.Pending, property)
		}
	}
	state.again(r.ID, undo.Undone, keys)
	if slices.ContainsFunc(keys, func(key string) bool { return strings.HasSuffix(key, shownSuffix) }) {
		state.Choices.Shown = undo.Shown // it is not to be written any more
	}
	r.Gathered = Gathered{}
	return r, keys
}

// Moves reports whether the stage is to be moved forward.
func (d *Decided) Moves() bool {
	return slices.ContainsFunc(d.Entries, func(e OutboxEntry) bool {
		return e.Class == ClassStage && e.Kind == KindUpdate && e.State == StateReady
	})
}

// gathers reports whether an entry waits until the run is over that it belongs to: moves, statuses, the end of tasks and
// changes of audiences, so that a limit sees all of them before the first is sent. Who lacks consent does not wait.
func (pl *planner) gathers(a Action) bool {
	if !pl.quiet || a.Mode != ModeOn {
		return false
	}
	switch a.Kind { //nolint:exhaustive // the others are made by what happens, never by another model
	case KindClose:
		return true
	case KindList: // a change that is under way itself is replaced at once: nothing could bring it back
		audience := a.Reason.Code == ReasonAudienceJoined || a.Reason.Code == ReasonAudienceLeft
		return audience && !slices.Contains(pl.Record.Gathered.Own, a.Key)
	}
	return a.Class == ClassStage || a.Class == ClassStatus
}

// runOf names the run that gathers an entry, empty if it is sent by itself.
func (pl *planner) runOf(a Action) string {
	if !pl.gathers(a) {
		return ""
	}
	return orNothing(pl.Basis, pl.Model.Version())
}

// during does something that a moment gave rise to as in an ordinary look, if the moment came since the last one.
func (pl *planner) during(at time.Time, do func()) {
	quiet := pl.quiet
	pl.quiet = !pl.timely(at)
	do()
	pl.quiet = quiet
}

// arrival is the situation of a contact that an import or another program brought after go-live: it is held, like one
// that the first load brought.
func (s Situation) arrival() Situation {
	if s.Record.State != nil || !s.Flood && !s.Portal.imported(s.Record.Contact) {
		return s
	}
	state := Baseline(s.Portal, s.Model, s.Record, s.Now)
	state.Arrived = s.Now
	s.Record.State = &state
	return s
}

// imported reports whether an import made a contact, where imports are no news.
func (p *Portal) imported(contact connector.Object) bool {
	return p.HoldImports && p.Names.Source != "" && p.Names.Imported != "" && contact.Properties[p.Names.Source] == p.Names.Imported
}

// settling is how long what an import or another program brings belongs to its arrival: accounts link companies to new
// contacts a little later.
const settling = 15 * time.Minute
