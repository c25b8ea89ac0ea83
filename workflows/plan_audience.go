package workflows

import (
	"maps"
	"slices"
	"strconv"

	"leadsync/connector"
	"leadsync/scoring"
)

// Reasons about audiences and priorities (rule 22).
const (
	ReasonAudienceJoined scoring.ReasonCode = "audience_joined" // list
	ReasonAudienceLeft   scoring.ReasonCode = "audience_left"   // list
	ReasonNoConsent      scoring.ReasonCode = "no_consent"      // list: nobody may be addressed without it
	ReasonRanked         scoring.ReasonCode = "ranked"          // rank
)

// Outreach is what a LeadState remembers of audiences and of the priority.
type Outreach struct { //nolint:recvcheck // a plan changes its copy, a merge makes a new one
	// Audiences are those that leadsync has put the contact on, by the model's name.
	Audiences map[string]Membership `json:"audiences,omitempty"`
	// Addressed says that the contact could be addressed at the last look that acted on it; Lost that it was found in
	// shadow that it cannot be any more.
	Addressed bool `json:"addressed,omitempty"`
	Lost      bool `json:"lost,omitempty"`
	// Priority is what was written last, to which property; RankShadow says that it was only recorded.
	Priority     string `json:"priority,omitempty"`
	RankProperty string `json:"rank_property,omitempty"`
	RankShadow   bool   `json:"rank_shadow,omitempty"`
}

// Membership is a place on a list.
type Membership struct {
	List string `json:"list"` // the account's id
	// Key is that of the entry which put the contact there; after a merge it names the other contact.
	Key string `json:"key,omitempty"`
	// Shadow says that the contact was put there in shadow only, Left that it was taken off in shadow only.
	Shadow bool `json:"shadow,omitempty"`
	Left   bool `json:"left,omitempty"`
}

// addressed remembers whether a contact could be addressed that counts as handled.
func (o *Outreach) addressed(m *scoring.Model, lead scoring.Lead) {
	o.Addressed, o.Lost = m.MayAdvertise(lead), false
}

// Inherit joins what the two contacts of a merge remember: the survivor's own goes before the other's.
func (o Outreach) Inherit(old Outreach) Outreach {
	merged := maps.Clone(old.Audiences)
	for name, m := range o.Audiences {
		if merged == nil {
			merged = map[string]Membership{}
		}
		merged[name] = m
	}
	o.Audiences, o.Addressed = merged, o.Addressed || old.Addressed
	return o
}

// consent takes the contact off every audience, whoever put it there, when it cannot be addressed any more. It goes
// before everything else in the plan. Of a held contact it is only noted.
func (pl *planner) consent(held bool) {
	st, mode := &pl.out.State, pl.Portal.Mode(ClassList)
	if pl.Model.Advertising() == nil || mode == ModeOff {
		return
	}
	switch may := pl.Model.MayAdvertise(pl.Lead); {
	case may || held:
		pl.stayOn()
		st.addressed(pl.Model, pl.Lead)
		return
	case !st.Addressed || mode == ModeShadow && st.Lost:
		return
	}
	seen := map[string]bool{}
	for _, a := range pl.Model.Audiences() {
		m, on := st.Audiences[a.Name]
		if !on || m.List != pl.Portal.Lists[a.Name] {
			pl.offList(a.Name, Membership{List: pl.Portal.Lists[a.Name]}, ReasonNoConsent, seen)
		}
	}
	pl.leaveAll(ReasonNoConsent, seen)
	st.Addressed, st.Lost = mode == ModeShadow, mode == ModeShadow
}

// stayOn cancels what would take the contact off audiences, if it can be addressed again.
func (pl *planner) stayOn() {
	if pl.out.State.Addressed || !pl.Model.MayAdvertise(pl.Lead) {
		return
	}
	for _, a := range pl.Model.Audiences() {
		if id := pl.Portal.Lists[a.Name]; id != "" {
			pl.out.CancelKeys = append(pl.out.CancelKeys, pl.listKey(id))
		}
	}
}

// leaveAll takes the contact off the audiences that leadsync has put it on, those included that the model lost since.
func (pl *planner) leaveAll(code scoring.ReasonCode, seen map[string]bool) {
	for _, name := range slices.Sorted(maps.Keys(pl.out.State.Audiences)) {
		pl.leaveAudience(name, code, seen)
	}
}

// audiences lets the lists follow their conditions, where the contact stands after the plan.
func (pl *planner) audiences() {
	st, all := &pl.out.State, pl.Model.Audiences()
	if len(all) == 0 || pl.Portal.Mode(ClassList) == ModeOff {
		return
	}
	code, truth := ReasonNoConsent, scoring.AudienceTruth{}
	if pl.Model.MayAdvertise(pl.Lead) {
		code, truth = ReasonAudienceLeft, pl.Model.Audience(pl.Lead, pl.Now)
		pl.lookSoon(truth.NextChange)
	}
	seen := map[string]bool{}
	for i, a := range all {
		wanted := code == ReasonAudienceLeft && truth.When[i] &&
			(len(a.Stages) == 0 || slices.Contains(a.Stages, st.Stage)) &&
			(len(a.Tiers) == 0 || slices.Contains(a.Tiers, pl.Evaluation.Tier))
		if !wanted {
			pl.leaveAudience(a.Name, code, seen)
		} else if id := pl.Portal.Lists[a.Name]; id != "" {
			pl.joinAudience(a.Name, id, seen)
		}
	}
}

// joinAudience puts the contact on a list, if leadsync has not done that already. A list that the mapping has replaced
// by another is left.
func (pl *planner) joinAudience(name, id string, seen map[string]bool) {
	st, mode := &pl.out.State, pl.Portal.Mode(ClassList)
	m, on := st.Audiences[name]
	written := on && !m.Shadow
	moved := written && m.List != id
	if mode == ModeShadow && (moved || on && !m.Left) {
		return
	}
	if written && !moved && mode == ModeOn {
		m.Left = false
		st.Audiences[name] = m
		return
	}
	if moved {
		pl.offList(name, m, ReasonAudienceLeft, seen)
	}
	st.join(name, Membership{List: id, Key: pl.listKey(id), Shadow: mode == ModeShadow && !on})
	a := pl.onAudience(name, id, ReasonAudienceJoined)
	a.To = name
	pl.add(a, ListPayload{List: id, Name: name, Add: true})
}

func (o *Outreach) join(name string, m Membership) {
	if o.Audiences == nil {
		o.Audiences = map[string]Membership{}
	}
	o.Audiences[name] = m
}

// leaveAudience takes the contact off a list that leadsync has put it on.
func (pl *planner) leaveAudience(name string, code scoring.ReasonCode, seen map[string]bool) {
	st, mode := &pl.out.State, pl.Portal.Mode(ClassList)
	m, on := st.Audiences[name]
	if !on || mode == ModeOff || m.Left && mode == ModeShadow {
		return
	}
	if !m.Shadow || mode == ModeShadow {
		pl.offList(name, m, code, seen)
	}
	if mode == ModeShadow && !m.Shadow {
		m.Left = true
		st.Audiences[name] = m
		return
	}
	delete(st.Audiences, name)
}

// offList plans that the contact is taken off a list, once in a plan. Whoever lacks consent, or must not be profiled, is
// taken off whatever the limit and its pause say, unless it is only another model or mapping that says so: a mistake in
// either must not empty the lists.
func (pl *planner) offList(name string, m Membership, code scoring.ReasonCode, seen map[string]bool) {
	if m.List == "" || seen[m.List] {
		return
	}
	seen[m.List] = true
	a := pl.onAudience(name, m.List, code)
	a.From = name
	pl.add(a, ListPayload{List: m.List, Name: name})
	pl.out.Entries[len(pl.out.Entries)-1].Released = code != ReasonAudienceLeft && a.Mode == ModeOn && !pl.quiet
	if m.Key != "" && m.Key != a.Key && a.Mode == ModeOn {
		pl.out.CancelKeys = append(pl.out.CancelKeys, m.Key) // what was planned for a contact that was merged into this one
	}
}

func (pl *planner) listKey(id string) string { return listKey(pl.Record.ID, id) }

// listKey is the key of the outbox entry that changes the place of a contact on a list.
func listKey(contact connector.ObjectID, list string) string {
	return "contact/" + string(contact) + "/list/" + list
}

func (pl *planner) onAudience(name, id string, code scoring.ReasonCode) Action {
	return Action{
		Class: ClassList, Mode: pl.Portal.Mode(ClassList), Kind: KindList, Key: pl.listKey(id), Rule: name,
		Reason: scoring.Reason{Code: code, Params: map[string]string{"list": name}},
	}
}

// priority writes in which order sales should work, if it is another than was written last. A contact that has none
// has an empty property.
func (pl *planner) priority() {
	st, mode, property := &pl.out.State, pl.Portal.Mode(ClassScore), pl.Portal.Written.Rank
	if property == "" || mode == ModeOff {
		return
	}
	now := ""
	if n, ok := pl.Model.Ranking().Priority(pl.Evaluation, st.Stage); ok {
		now = strconv.FormatInt(n, 10)
	}
	before, shadow := st.Priority, mode == ModeShadow
	if now == before && (now == "" || st.RankProperty == property && st.RankShadow == shadow) {
		return
	}
	st.Priority, st.RankProperty, st.RankShadow = now, property, shadow
	st.Wrote = st.Wrote || mode == ModeOn
	pl.add(Action{
		Class: ClassScore, Mode: mode, Kind: KindUpdate, Key: "contact/" + string(pl.Record.ID) + "/rank", From: before, To: now,
		Reason: scoring.Reason{Code: ReasonRanked, Params: map[string]string{"rank": orNothing(now, "none")}},
	}, UpdatePayload{Properties: map[string]string{property: now}})
}
