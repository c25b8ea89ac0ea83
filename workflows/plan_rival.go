package workflows

import (
	"slices"
	"strconv"
	"time"

	"leadsync/connector"
	"leadsync/scoring"
)

// rivalDay is the span in which rounds are counted, and how long the first pause is (rule 20).
const rivalDay = 24 * time.Hour

// mostDoublings keeps a pause below two months.
const mostDoublings = 5

// Writing is what leadsync set a property to last, in the model's words.
type Writing struct {
	Property Chosen    `json:"property"`
	Before   string    `json:"before"`
	After    string    `json:"after"`
	At       time.Time `json:"at"` // business time
}

// Rival is another machine that sets a property back after leadsync wrote it (C12).
type Rival struct {
	Property Chosen `json:"property"`
	Ours     string `json:"ours"`
	Theirs   string `json:"theirs"`
	// Source is the CRM's own word for who it is.
	Source string `json:"source"`
	// Rounds are the times of those within a day; Count counts all.
	Rounds []time.Time `json:"rounds,omitempty"`
	Count  int         `json:"count"`
	Since  time.Time   `json:"since"`
	// Until is the end of the last pause, zero if there was none; Pauses counts them.
	Until  time.Time `json:"until,omitzero"`
	Pauses int       `json:"pauses,omitempty"`
}

// wrote remembers what leadsync sets a property to.
func (pl *planner) wrote(c Chosen, before, after string) {
	ch := &pl.out.State.Choices
	rest := slices.DeleteFunc(slices.Clone(ch.Wrote), func(w Writing) bool { return w.Property == c })
	rest = append(rest, Writing{Property: c, Before: before, After: after, At: pl.Now})
	ch.Wrote = rest
}

// contested counts the rounds of other machines, and begins pauses.
func (pl *planner) contested() {
	ch := &pl.out.State.Choices
	for _, c := range chosen() {
		i := slices.IndexFunc(ch.Wrote, func(w Writing) bool { return w.Property == c })
		v, told := pl.newest(c)
		switch {
		case i >= 0 && told && pl.fought(ch.Wrote[i], v):
			w := ch.Wrote[i]
			ch.Wrote = slices.Delete(ch.Wrote, i, i+1) // one write is one round
			w.Before = pl.standsAt(c)
			pl.round(w, v)
		case told && c == ChosenStage && pl.Model.Overrides().Given && pl.persists(v):
			pl.setBack(Writing{Property: c, Before: pl.standsAt(c)}) // no round: nothing of ours was undone
		}
		pl.appeased(c)
	}
}

// fought reports whether a version is another machine's and undoes what leadsync wrote: the value from before, or any
// stage behind.
func (pl *planner) fought(w Writing, v Observation) bool {
	_, word := pl.named(w.Property)
	stands := pl.standsAt(w.Property)
	if v.Origin != connector.OriginMachine || !v.At.After(w.At) || word(v.Value) != stands || stands == "" && v.Value != "" {
		return false
	}
	return stands == w.Before || w.Property == ChosenStage && pl.behind(stands, w.After)
}

// persists reports whether a version of the stage is that of a rival who has it their way once more, after somebody else
// had moved the contact.
func (pl *planner) persists(v Observation) bool {
	_, word := pl.named(ChosenStage)
	stands := pl.standsAt(ChosenStage)
	return v.Origin == connector.OriginMachine && word(v.Value) == stands && (stands != "" || v.Value == "") && pl.unseen(ChosenStage, v) &&
		slices.ContainsFunc(pl.out.State.Choices.Rivals, func(r Rival) bool { return r.Property == ChosenStage && r.Theirs == stands })
}

// round counts one round, and stops writing the property if it was one too many.
func (pl *planner) round(w Writing, v Observation) {
	ch, o := &pl.out.State.Choices, pl.Model.Overrides()
	i := slices.IndexFunc(ch.Rivals, func(r Rival) bool { return r.Property == w.Property })
	if i < 0 {
		ch.Rivals = append(ch.Rivals, Rival{Property: w.Property, Since: v.At})
		i = len(ch.Rivals) - 1
	}
	r := &ch.Rivals[i]
	r.Ours, r.Theirs, r.Source = w.After, w.Before, v.Source
	r.Count++
	r.Rounds = append(r.recent(pl.Now), v.At)
	most := o.Rounds
	if r.Pauses > 0 {
		most = 1
	}
	if len(r.Rounds) >= most {
		r.Until = pl.Now.Add(rivalDay << min(r.Pauses, mostDoublings))
		r.Pauses++
		r.Rounds = nil
		pl.note(ReasonRival, r.params())
	}
	if o.Given {
		pl.setBack(w)
	}
}

// setBack takes what a machine has set back for no choice of anybody: nothing is entered by it, and the high-water mark
// does not hold for it.
func (pl *planner) setBack(w Writing) {
	st := &pl.out.State
	if w.Property == ChosenStatus {
		st.Status, st.StatusSince = w.Before, pl.Now
		return
	}
	if pl.after(st.Furthest, w.Before) {
		st.Furthest = w.Before
	}
	if pl.paused(ChosenStage) || !pl.forward(pl.Evaluation.Stage) {
		st.Stage, st.StageSince = w.Before, pl.Now
	}
}

// recent are the rounds within a day.
func (r Rival) recent(now time.Time) []time.Time {
	return slices.DeleteFunc(slices.Clone(r.Rounds), func(at time.Time) bool { return now.Sub(at) >= rivalDay })
}

// appeased forgets a rival that let what leadsync wrote stand for a day, or that was met too rarely.
func (pl *planner) appeased(c Chosen) {
	ch := &pl.out.State.Choices
	i := slices.IndexFunc(ch.Rivals, func(r Rival) bool { return r.Property == c })
	if i < 0 || pl.paused(c) {
		return
	}
	r := ch.Rivals[i]
	stood := slices.ContainsFunc(ch.Wrote, func(w Writing) bool {
		return w.Property == c && w.After == pl.standsAt(c) && pl.Now.Sub(w.At) >= rivalDay
	})
	if stood || r.Pauses == 0 && len(r.recent(pl.Now)) == 0 {
		ch.Rivals = slices.Delete(ch.Rivals, i, i+1)
	}
}

// paused reports whether a property is left alone because another machine fights for it.
func (pl *planner) paused(c Chosen) bool {
	return slices.ContainsFunc(pl.out.State.Choices.Rivals, func(r Rival) bool { return r.Property == c && pl.Now.Before(r.Until) })
}

// params are the parameters of the reason about a rival.
func (r Rival) params() map[string]string {
	return map[string]string{
		"property": string(r.Property), "ours": orNothing(r.Ours, "none"), "theirs": orNothing(r.Theirs, "none"), "source": r.Source,
		"rounds": strconv.Itoa(r.Count), "until": r.Until.UTC().Format(time.RFC3339),
	}
}

// Frozen is a property of a contact that the model does not move, and why.
type Frozen struct {
	Contact  connector.ObjectID `json:"contact"`
	Kind     FrozenKind         `json:"kind"`
	Property Chosen             `json:"property"`
	// Value is what stands, Would what the model would have; in the model's words, empty for none.
	Value string    `json:"value"`
	Would string    `json:"would"`
	Since time.Time `json:"since"`
	// Until is the end, zero if nobody knows it.
	Until time.Time `json:"until,omitzero"`
	// Origin and Source say who set it; Why, of a contact that is only behind, the reason.
	Origin connector.Origin   `json:"origin,omitempty"`
	Source string             `json:"source,omitempty"`
	Rounds int                `json:"rounds,omitempty"`
	Why    scoring.ReasonCode `json:"why,omitempty"`
}

// FrozenKind says what keeps the model from moving a property.
type FrozenKind string

// The kinds.
const (
	FrozenLease  FrozenKind = "lease"  // a person's choice
	FrozenRival  FrozenKind = "rival"  // another machine's, after too many rounds or on the way there
	FrozenBehind FrozenKind = "behind" // the stage lies behind the model's for another reason
)

// FrozenCount counts the contacts of a kind and property.
type FrozenCount struct {
	Kind     FrozenKind `json:"kind"`
	Property Chosen     `json:"property"`
	Contacts int        `json:"contacts"`
}

// Frozen are the properties of the contact that the model does not move.
func (s *LeadState) Frozen(contact connector.ObjectID) []Frozen {
	var list []Frozen
	for _, l := range s.Choices.Leases {
		list = append(list, Frozen{
			Contact: contact, Kind: FrozenLease, Property: l.Property, Value: l.Value, Would: l.Would, Since: l.Since, Until: l.Until,
			Origin: l.Origin, Source: l.Source,
		})
	}
	for _, r := range s.Choices.Rivals {
		list = append(list, Frozen{
			Contact: contact, Kind: FrozenRival, Property: r.Property, Value: r.Theirs, Would: r.Ours, Since: r.Since, Until: r.Until,
			Origin: connector.OriginMachine, Source: r.Source, Rounds: r.Count,
		})
	}
	if b := s.Choices.Behind; b != nil {
		list = append(list, Frozen{
			Contact: contact, Kind: FrozenBehind, Property: ChosenStage, Value: s.Stage, Would: b.Would, Since: b.Since, Why: b.Why,
		})
	}
	return list
}
