package workflows

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"leadsync/connector"
	"leadsync/scoring"
)

// Verdict says what people did about something that leadsync would have done.
type Verdict string

// The verdicts about an effect that was recorded in shadow.
const (
	VerdictSame    Verdict = "same"    // others did the same
	VerdictFurther Verdict = "further" // others moved the contact further ahead
	VerdictOther   Verdict = "other"   // others did something else
	VerdictNothing Verdict = "nothing" // nobody did anything
	VerdictEarly   Verdict = "early"   // it is not due yet
	VerdictUnknown Verdict = "unknown" // nobody can say: the mirror does not have what would tell
)

// Verdicts are all verdicts, in the order in which people are shown them.
func Verdicts() []Verdict {
	return []Verdict{VerdictSame, VerdictFurther, VerdictOther, VerdictNothing, VerdictEarly, VerdictUnknown}
}

// Shadowed is one effect that was recorded in shadow, held against what happened instead.
type Shadowed struct {
	Contact connector.ObjectID `json:"contact"`
	Class   Class              `json:"class"`
	// Rule is the follow-up rule, or the stage or status that would have been set.
	Rule      string    `json:"rule"`
	PlannedAt time.Time `json:"planned_at"`
	Verdict   Verdict   `json:"verdict"`
	// Instead is where the contact stands, or what was done.
	Instead string    `json:"instead,omitempty"`
	At      time.Time `json:"at,omitzero"` // when it was done, if that is known
}

// CompareShadow holds an effect that was recorded in shadow against what happened to the contact since. It is pure. What
// it knows of other people's doings is what the mirror has: the contact as it is, the versions of stage and status that
// were read (rule 12), activities of the kinds that the model reads, deals.
func CompareShadow(p *Portal, m *scoring.Model, r LeadRecord, e OutboxEntry, now time.Time) Shadowed {
	s := Shadowed{Contact: e.Contact, Class: e.Class, Rule: e.Reason.Params["rule"], PlannedAt: e.PlannedAt, Verdict: VerdictUnknown}
	c := shadowing{p, m, r, e, now}
	if r.Contact.ID == "" {
		return s
	}
	switch {
	case e.Class == ClassStage && e.Kind == KindUpdate:
		c.stage(&s)
	case e.Class == ClassStatus && e.Kind == KindUpdate:
		c.status(&s)
	case e.Kind == KindTask:
		c.task(&s)
	case e.Kind == KindDeal:
		c.deal(&s)
	}
	return s
}

type shadowing struct {
	portal *Portal
	model  *scoring.Model
	record LeadRecord
	entry  OutboxEntry
	now    time.Time
}

// wanted is the value that an update would have set; not ok if it is not kept any more.
func (c shadowing) wanted(property string) (string, bool) {
	var payload UpdatePayload
	if json.Unmarshal(c.entry.Payload, &payload) != nil {
		return "", false
	}
	value, ok := payload.Properties[property]
	return value, ok && value != ""
}

// since are the versions of a property that others wrote after the effect was planned.
func (c shadowing) since(property string) []Observation {
	return slices.DeleteFunc(versionsOf(c.record, property), func(o Observation) bool {
		return o.Origin == connector.OriginOwn || !o.At.After(c.entry.PlannedAt)
	})
}

// moved compares the property that an update would have set; further reports whether the contact stands beyond that.
func (c shadowing) moved(s *Shadowed, property string, name func(string) string, further func(is, want string) bool) {
	want, ok := c.wanted(property)
	if !ok {
		return
	}
	is := c.record.Contact.Properties[property]
	s.Rule, s.Instead = name(want), named(name, is)
	versions := c.since(property)
	for _, v := range versions {
		if v.Value == want {
			s.Verdict, s.At = VerdictSame, v.At
			return
		}
	}
	switch {
	case is == want:
		s.Verdict = VerdictSame
	case further(s.Instead, s.Rule):
		s.Verdict = VerdictFurther
	case len(versions) > 0:
		s.Verdict, s.At = VerdictOther, versions[len(versions)-1].At
	default:
		s.Verdict = VerdictNothing
	}
}

func (c shadowing) stage(s *Shadowed) {
	order := c.portal.Order
	c.moved(s, c.portal.Names.Stage, c.portal.stageName, func(is, want string) bool {
		return slices.Contains(order, want) && slices.Index(order, is) > slices.Index(order, want)
	})
}

func (c shadowing) status(s *Shadowed) {
	c.moved(s, c.portal.Names.Status, c.portal.statusName, func(string, string) bool { return false })
}

// named is the model's name of a value of the account, or the value itself.
func named(name func(string) string, value string) string {
	if n := name(value); n != "" {
		return n
	}
	return value
}

// answers are the kinds of record by which a rep does what a task asks for.
func answers(kind connector.TaskKind) []connector.ObjectType {
	switch kind {
	case connector.TaskCall:
		return []connector.ObjectType{connector.TypeCall, connector.TypeMeeting}
	case connector.TaskEmail:
		return []connector.ObjectType{connector.TypeEmail, connector.TypeCommunication}
	case connector.TaskToDo:
	}
	return activityTypes()
}

// task looks for what the task would have asked for, done by hand.
func (c shadowing) task(s *Shadowed) {
	var task connector.Task
	if json.Unmarshal(c.entry.Payload, &task) != nil || task.DueAt.IsZero() {
		return
	}
	kinds := slices.DeleteFunc(answers(task.Kind), func(t connector.ObjectType) bool { return !c.portal.Reads(c.model, t) })
	if len(kinds) == 0 {
		return
	}
	switch done := c.doneByHand(kinds); {
	case len(done) > 0:
		s.Verdict, s.At, s.Instead = VerdictSame, done[0].at, string(done[0].kind)
	case c.now.Before(task.DueAt):
		s.Verdict = VerdictEarly
	default:
		s.Verdict = VerdictNothing
	}
}

type byHand struct {
	at   time.Time
	kind connector.ObjectType
}

// doneByHand are the records of some kinds that people kept since the effect was planned, the earliest first.
func (c shadowing) doneByHand(kinds []connector.ObjectType) []byHand {
	var done []byHand
	for _, o := range c.portal.Foreign(c.record.Activities) {
		at, err := time.Parse(time.RFC3339, o.Properties[c.portal.Names.ActivityTime])
		if err == nil && slices.Contains(kinds, o.Type) && !at.Before(c.entry.PlannedAt) && !at.After(c.now) {
			done = append(done, byHand{at, o.Type})
		}
	}
	slices.SortFunc(done, func(a, b byHand) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.kind, b.kind)) })
	return done
}

func (c shadowing) deal(s *Shadowed) {
	s.Verdict = VerdictNothing
	for _, d := range c.record.Deals {
		if d.CreatedAt.After(c.entry.PlannedAt) && (s.At.IsZero() || d.CreatedAt.Before(s.At)) {
			s.Verdict, s.At, s.Instead = VerdictSame, d.CreatedAt, "deal "+string(d.ID)
		}
	}
}
