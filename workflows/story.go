package workflows

import (
	"cmp"
	"slices"
	"time"

	"leadsync/connector"
	"leadsync/scoring"
)

// Teller says who did what a story tells.
type Teller string

// Those who do something to a contact. A machine is another integration, an automation or the CRM itself.
const (
	ByLeadsync Teller = "leadsync"
	ByPerson   Teller = "person"
	ByMachine  Teller = "machine"
	ByLead     Teller = "lead"    // the contact's own doings
	ByNobody   Teller = "unknown" // the CRM does not say
)

// Happening is one entry of a contact's story. Exactly one of Decision, Change, Activity and Deal is set, and Answer if
// a sending that no decision of the list explains was answered.
type Happening struct {
	At time.Time `json:"at"` // business time; operating time for a lone Answer
	By Teller    `json:"by"`
	// Decision is what leadsync decided, Answers what the CRM answered to what it sent for it.
	Decision *Decision   `json:"decision,omitempty"`
	Answers  []Answer    `json:"answers,omitempty"`
	Change   *Change     `json:"change,omitempty"`
	Activity *Doing      `json:"activity,omitempty"`
	Deal     *DealMoment `json:"deal,omitempty"`
	Answer   *Answer     `json:"answer,omitempty"`
}

// Change is a lifecycle stage or lead status that somebody but leadsync set, as the CRM's history tells.
type Change struct {
	Class  Class  `json:"class"`            // ClassStage or ClassStatus
	From   string `json:"from,omitempty"`   // the value before, if the history reaches so far
	To     string `json:"to,omitempty"`     // empty if it was cleared
	Source string `json:"source,omitempty"` // the CRM's own word for who it was
}

// Doing is one activity of the model.
type Doing struct {
	ID   string `json:"id"`
	Kind string `json:"kind"`
	// About says that the time is not the CRM's own: it happened at about this time.
	About      bool              `json:"about,omitempty"`
	Attributes map[string]string `json:"attributes,omitempty"`
}

// DealMoment is the creation of a deal.
type DealMoment struct {
	ID connector.ObjectID `json:"id"`
	// Now is open, won or lost: how the deal stands in the mirror, not at the moment of the entry.
	Now string `json:"now"`
}

// Story tells what happened to a contact, oldest first: what leadsync decided and what the CRM answered, the stages and
// lead statuses that others set, what the lead and the reps did, its deals. It tells what is stored: of stages and
// statuses the versions that the CRM's history had when it was read (rule 12), of activities those of the model.
func Story(p *Portal, m *scoring.Model, r LeadRecord, decisions []Decision, answers []Answer) []Happening {
	story := slices.Concat(decided(decisions, answers), changes(p, r), doings(p, m, r), dealMoments(p, r))
	slices.SortStableFunc(story, func(a, b Happening) int { return a.At.Compare(b.At) })
	return story
}

// decided are the decisions in the order of their numbers, each with its answers, and the answers left over.
func decided(decisions []Decision, answers []Answer) []Happening {
	decisions = slices.Clone(decisions)
	slices.SortStableFunc(decisions, func(a, b Decision) int { return cmp.Or(cmp.Compare(a.Contact, b.Contact), cmp.Compare(a.No, b.No)) })
	last := Decision{}
	answers = slices.Clone(answers)
	slices.SortStableFunc(answers, func(a, b Answer) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Attempt, b.Attempt))
	})
	var story []Happening
	for _, d := range decisions {
		h := Happening{At: d.At, By: ByLeadsync, Decision: &d}
		if d.Contact == last.Contact && d.At.Before(last.At) {
			h.At = last.At // clocks differ a little from worker to worker; the numbers say what came first
		}
		answers = slices.DeleteFunc(answers, func(a Answer) bool {
			mine := a.DecidedAt.Equal(d.At) && slices.ContainsFunc(d.Actions, func(act Action) bool { return act.Key == a.Key })
			if mine {
				h.Answers = append(h.Answers, a)
			}
			return mine
		})
		story = append(story, h)
		last = Decision{Contact: d.Contact, At: h.At}
	}
	for _, a := range answers {
		story = append(story, Happening{At: a.At, By: ByLeadsync, Answer: &a})
	}
	return story
}

// changes are the versions of stage and status that leadsync did not write.
func changes(p *Portal, r LeadRecord) []Happening {
	var story []Happening
	for class, of := range map[Class]struct {
		property string
		name     func(string) string
	}{ClassStage: {p.Names.Stage, p.stageName}, ClassStatus: {p.Names.Status, p.statusName}} {
		before := ""
		for _, v := range versionsOf(r, of.property) {
			value := cmp.Or(of.name(v.Value), v.Value)
			if v.Origin != connector.OriginOwn && value != before {
				story = append(story, Happening{
					At: v.At, By: tellerOf(v.Origin), Change: &Change{Class: class, From: before, To: value, Source: v.Source},
				})
			}
			before = value
		}
	}
	slices.SortFunc(story, func(a, b Happening) int { // the map has no order
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Change.Class, b.Change.Class))
	})
	return story
}

func tellerOf(o connector.Origin) Teller {
	switch o {
	case connector.OriginPerson:
		return ByPerson
	case connector.OriginMachine:
		return ByMachine
	case connector.OriginOwn:
		return ByLeadsync
	case connector.OriginUnknown:
	}
	return ByNobody
}

// doings are the activities of the model: of records of the CRM, which reps keep, and of what the lead did.
func doings(p *Portal, m *scoring.Model, r LeadRecord) []Happening {
	kept := map[string]bool{}
	for _, k := range m.ActivityKinds() {
		kept[k.Kind] = k.Object != ""
	}
	activities := LeadOf(p, m, r).Activities
	slices.SortFunc(activities, func(a, b scoring.Activity) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	var story []Happening
	for _, a := range activities {
		by := ByLead
		if kept[a.Kind] {
			by = ByPerson
		}
		story = append(story, Happening{At: a.At, By: by, Activity: &Doing{ID: a.ID, Kind: a.Kind, About: a.Uncertain, Attributes: a.Attributes}})
	}
	return story
}

// dealMoments are the contact's deals, when they were made.
func dealMoments(p *Portal, r LeadRecord) []Happening {
	var story []Happening
	for _, d := range r.Deals {
		now := "open"
		switch {
		case d.Properties[p.Names.DealWon] == "true":
			now = "won"
		case d.Properties[p.Names.DealClosed] == "true":
			now = "lost"
		}
		story = append(story, Happening{At: d.CreatedAt, By: ByNobody, Deal: &DealMoment{ID: d.ID, Now: now}})
	}
	return story
}
