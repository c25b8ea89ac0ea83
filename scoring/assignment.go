package scoring

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// assignment says who does a piece of work: the people of the first of its entries that fits, by turns.
type assignment struct {
	name      string
	setsOwner bool
	entries   []assignmentEntry
}

type assignmentEntry struct {
	when   *condition // nil: everybody else
	people []ticketed
}

// ticketed is a person with the weight of their turns.
type ticketed struct {
	person string
	weight int
}

// Presence says whether a person can be given work.
type Presence string

// The presences. Who is there goes before who is absent; who has left is never chosen.
const (
	PresenceHere    Presence = "here"
	PresenceAbsent  Presence = "absent"
	PresenceLeft    Presence = "left"
	PresenceUnknown Presence = "unknown" // the portal does not know the name
)

// Choice is whom an assignment gives a piece of work to. Person is a name of the model, empty if nobody can do it.
type Choice struct {
	Person    string
	SetsOwner bool
	Reason    Reason // ReasonAssigned or ReasonUnassigned
}

// Assignments are the names of the assignments, in the order of the file (S25, C21).
func (m *Model) Assignments() []string {
	names := make([]string, len(m.assignments))
	for i := range m.assignments {
		names[i] = m.assignments[i].name
	}
	return names
}

// SetsOwner reports whether an assignment writes the contact's owner.
func (m *Model) SetsOwner(name string) bool {
	return slices.ContainsFunc(m.assignments, func(a assignment) bool { return a.name == name && a.setsOwner })
}

// Workers are the people whom the assignments and the for of any work name, sorted. Which users of the CRM they are is for the portal to say.
func (m *Model) Workers() []string {
	people := slices.Clone(m.workers)
	for _, a := range m.assignments {
		people = append(people, a.people()...)
	}
	slices.Sort(people)
	return slices.Compact(people)
}

// AsksDealOwner reports whether any work is for the owner of a deal.
func (m *Model) AsksDealOwner() bool { return m.dealOwner }

func (a *assignment) people() []string {
	var people []string
	for _, e := range a.entries {
		for _, one := range e.people {
			people = append(people, one.person)
		}
	}
	return people
}

// Assign chooses who does a piece of work for a lead: of the people of the first entry that applies (its condition is
// true of the lead at now, or it has none) and that has anybody who has not left. Those who are there go before those
// who are absent. The choice depends on root, the name of the assignment and the people to choose from alone, so the
// same lead goes to the same person in every process and on every machine; there is no turn that would have to be
// remembered. Who comes or leaves moves only their own leads.
func (m *Model) Assign(name string, lead Lead, root string, now time.Time, presence func(person string) Presence) (Choice, bool) {
	i := slices.IndexFunc(m.assignments, func(a assignment) bool { return a.name == name })
	if i < 0 {
		return Choice{}, false
	}
	a := &m.assignments[i]
	f := m.prepare(&lead, now)
	defer f.release()
	choice := Choice{SetsOwner: a.setsOwner}
	skipped := map[Presence][]string{}
	for n, e := range a.entries {
		if e.when != nil && f.truth(e.when) != mayTrue {
			continue
		}
		eligible := e.eligible(presence, skipped)
		if len(eligible) == 0 {
			continue
		}
		choice.Person = chosen(root, a.name, eligible)
		params := passedOver(skipped)
		params["assignment"], params["entry"], params["person"], params["among"] = a.name, strconv.Itoa(n+1), choice.Person, listed(eligible)
		if e.when != nil {
			params["condition"] = e.when.source
		}
		choice.Reason = Reason{ReasonAssigned, params}
		return choice, true
	}
	params := passedOver(skipped)
	params["assignment"] = a.name
	choice.Reason = Reason{ReasonUnassigned, params}
	return choice, true
}

// eligible are the people of an entry who can be chosen; the others are added to those skipped.
func (e *assignmentEntry) eligible(presence func(string) Presence, skipped map[Presence][]string) []ticketed {
	by := map[Presence][]ticketed{}
	for _, one := range e.people {
		how := presence(one.person)
		by[how] = append(by[how], one)
	}
	chosen := PresenceHere
	if len(by[chosen]) == 0 {
		chosen = PresenceAbsent
	}
	for _, how := range []Presence{PresenceAbsent, PresenceLeft, PresenceUnknown} {
		for _, one := range by[how] {
			if how != chosen {
				skipped[how] = append(skipped[how], one.person)
			}
		}
	}
	return by[chosen]
}

// passedOver are those who were not eligible, by the reason, each once.
func passedOver(skipped map[Presence][]string) map[string]string {
	params := map[string]string{}
	for how, people := range skipped {
		slices.Sort(people)
		params[string(how)] = strings.Join(slices.Compact(people), ", ")
	}
	return params
}

// chosen is the person who holds the highest ticket of the lead. Everybody holds as many tickets as they have weight,
// and the number on a ticket depends on nothing but the lead, the assignment, the person and the place among the
// person's tickets. So a share of the leads follows the weight, and a person more or less, or another weight, moves
// no lead between two people who stay as they were. (Weighted rendezvous hashing in integers: logarithms differ
// between processors in the last bit.)
func chosen(root, assignment string, people []ticketed) string {
	best, highest := "", uint64(0)
	for _, one := range people {
		for n := range one.weight {
			sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%s\x00%d", root, assignment, one.person, n))
			ticket := binary.BigEndian.Uint64(sum[:])
			if best == "" || ticket > highest || ticket == highest && one.person < best {
				best, highest = one.person, ticket
			}
		}
	}
	return best
}

// listed are people with their weights, as they stand in the file.
func listed(people []ticketed) string {
	texts := make([]string, len(people))
	for i, one := range people {
		texts[i] = one.person
		if one.weight > 1 {
			texts[i] += " ×" + strconv.Itoa(one.weight)
		}
	}
	return strings.Join(texts, ", ")
}

// wordAssignment puts the parameters that a choice may not have into words: the condition, and who was passed over.
func wordAssignment(lang string, params map[string]string) {
	condition := params["condition"]
	if params["condition"], params["passed"] = "", ""; condition != "" {
		params["condition"] = say(lang, ", because ", ", denn ") + condition
	}
	labels := []struct {
		how             Presence
		english, german string
	}{
		{PresenceAbsent, "absent: ", "abwesend: "},
		{PresenceLeft, "left: ", "ausgeschieden: "},
		{PresenceUnknown, "not known to the portal: ", "dem Portal unbekannt: "},
	}
	for _, l := range labels {
		if people := params[string(l.how)]; people != "" {
			params["passed"] += "; " + say(lang, l.english, l.german) + people
		}
	}
}
