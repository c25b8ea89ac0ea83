package workflows

import (
	"time"

	"leadsync/connector"
	"leadsync/scoring"
)

// Owning is what is remembered about the owner of a contact.
type Owning struct {
	// ShadowOwner is the last owner that was recorded in shadow, so that it is recorded once.
	ShadowOwner string `json:"shadow_owner,omitempty"`
	// Passed counts, for every rule, how often its open task went to somebody else because its owner had left.
	Passed map[string]int `json:"passed,omitempty"`
}

// charge is how the piece of work that was given out last came to its owner: the reasons, and whom the contact is to
// belong to from now on.
type charge struct {
	why        []scoring.Reason
	becomes    string // empty: the owner stays
	assignment string
}

func (c *charge) because(code scoring.ReasonCode, params map[string]string) {
	c.why = append(c.why, scoring.Reason{Code: code, Params: params})
}

// assign says who does a piece of work and when it is due in their calendar (rule 18). For is empty or owner,
// deal_owner, the name of an assignment, or of a person of the portal. How it came about is recorded with the action
// that is added next, see account.
func (pl *planner) assign(whom string, due scoring.Due) (owner string, at time.Time) {
	pl.charge = charge{}
	owner = pl.working(pl.wanted(whom, due))
	return pl.standIn(owner, due)
}

// wanted is whom the model wants to do the work, active or not; empty if it knows nobody.
func (pl *planner) wanted(whom string, due scoring.Due) string {
	mine := pl.contactOwner()
	switch {
	case whom == "" || whom == scoring.ForOwner:
		return mine
	case whom == scoring.ForDealOwner:
		if id := pl.dealOwner(); pl.active(id) {
			return id
		}
		return mine
	case pl.Model.SetsOwner(whom) && pl.active(mine):
		return mine // it is assigned already, or somebody has decided otherwise
	}
	present := func(name string) scoring.Presence { return pl.presence(name, due) }
	choice, ok := pl.Model.Assign(whom, pl.Lead, string(pl.out.State.Root), pl.Now, present)
	if !ok {
		return pl.Portal.People[whom].Owner
	}
	pl.charge.why = append(pl.charge.why, choice.Reason)
	id := pl.Portal.People[choice.Person].Owner
	if choice.SetsOwner && choice.Person != "" {
		pl.charge.becomes, pl.charge.assignment = id, whom
	}
	return id
}

// working is the owner if active, else the portal's fallback, else nobody. Who has left is never given work (C21).
func (pl *planner) working(id string) string {
	if pl.active(id) {
		return id
	}
	fallback := pl.Portal.FallbackOwner
	if o, known := pl.Owners[fallback]; known && (!o.Active || !o.Person) {
		fallback = ""
	}
	switch {
	case id == "" || fallback == id:
	case fallback == "":
		pl.charge.because(ReasonNobody, map[string]string{"owner": id})
	default:
		pl.charge.because(ReasonFallback, map[string]string{"owner": id, "fallback": fallback})
	}
	return fallback
}

// active reports whether an id is that of a person who is there and has not left.
func (pl *planner) active(id string) bool {
	o, ok := pl.Owners[id]
	return ok && o.Active && o.Person
}

// contactOwner is the owner that the contact will have when the updates under way have arrived, active or not.
func (pl *planner) contactOwner() string { return withPending(pl.Record)[pl.Portal.Names.Owner] }

// dealOwners is the property of deals that says whose they are, if any work is for the owner of a deal.
func (p *Portal) dealOwners(m *scoring.Model) []string {
	if m.AsksDealOwner() {
		return []string{p.Names.DealOwner}
	}
	return nil
}

// dealOwner is the owner of the newest open deal of the contact.
func (pl *planner) dealOwner() string {
	var newest connector.Object
	for _, d := range pl.Record.Deals {
		if d.Properties[pl.Portal.Names.DealClosed] == "true" {
			continue
		}
		if newest.ID == "" || d.CreatedAt.After(newest.CreatedAt) || d.CreatedAt.Equal(newest.CreatedAt) && d.ID > newest.ID {
			newest = d
		}
	}
	return newest.Properties[pl.Portal.Names.DealOwner]
}

// presence says whether a person of the model can do work that is due in their calendar.
func (pl *planner) presence(name string, due scoring.Due) scoring.Presence {
	person, ok := pl.Portal.People[name]
	switch {
	case !ok:
		return scoring.PresenceUnknown
	case !pl.active(person.Owner):
		return scoring.PresenceLeft
	case pl.away(person.Owner, due):
		return scoring.PresenceAbsent
	}
	return scoring.PresenceHere
}

// away reports whether somebody is absent when the work would be due.
func (pl *planner) away(id string, due scoring.Due) bool {
	return pl.absent(id, pl.whenDue(id, due, false))
}

// standIn gives the work of somebody who is absent when it would be due to the deputy, or to the deputy's if that one
// is absent too or has left. If nobody in the row is there, the work waits for the first of them.
func (pl *planner) standIn(id string, due scoring.Due) (owner string, at time.Time) {
	if !pl.away(id, due) {
		return id, pl.whenDue(id, due, true)
	}
	name := pl.Portal.personOf(id)
	asked := map[string]bool{name: true}
	for absent := name; ; {
		deputy := pl.deputyOf(absent, pl.whenDue(pl.Portal.People[absent].Owner, due, false))
		if deputy == "" || asked[deputy] {
			break
		}
		asked[deputy], absent = true, deputy
		if pl.presence(deputy, due) == scoring.PresenceHere {
			pl.charge.because(ReasonDeputy, map[string]string{"person": name, "deputy": deputy})
			stand := pl.Portal.People[deputy].Owner
			return stand, pl.whenDue(stand, due, true)
		}
	}
	pl.charge.because(ReasonAwaited, map[string]string{"person": name})
	return id, pl.whenDue(id, due, true)
}

// account notes with an action how its work came to its owner, if it is work that was given out just now.
func (pl *planner) account(a *Action) charge {
	if a.DueAt == "" && a.Class != ClassDeal {
		return charge{}
	}
	last := pl.charge
	pl.charge = charge{}
	if from, ok := pl.handed[a.Rule]; ok {
		a.Assigned = append(a.Assigned, scoring.Reason{Code: ReasonPassedOn, Params: map[string]string{"owner": from}})
	}
	a.Assigned = append(a.Assigned, last.why...)
	return last
}

// takeOver plans that the contact belongs to whom the assignment has chosen (rule 18), if it belongs to nobody, or to
// somebody who has left. It has no more consequences than the work for which it was decided.
func (pl *planner) takeOver(c charge, of Mode) {
	mode := pl.Portal.Mode(ClassOwner)
	from, st := pl.contactOwner(), &pl.out.State
	if c.becomes == "" || pl.active(from) || mode == ModeOff || of == ModeOff {
		return
	}
	if of == ModeShadow {
		mode = ModeShadow
	}
	if mode == ModeShadow && st.ShadowOwner == c.becomes {
		return
	}
	reason := scoring.Reason{Code: ReasonOwnerAssigned, Params: map[string]string{"assignment": c.assignment, "person": pl.Portal.personOf(c.becomes)}}
	name := pl.Portal.Names.Owner
	a := Action{Class: ClassOwner, Mode: mode, Kind: KindUpdate, From: from, To: c.becomes, Reason: reason, Key: pl.updateKey(ClassOwner)}
	pl.add(a, UpdatePayload{Properties: map[string]string{name: c.becomes}, Only: map[string]string{name: from}})
	st.ShadowOwner = ""
	if mode == ModeShadow {
		st.ShadowOwner = c.becomes
	}
}
