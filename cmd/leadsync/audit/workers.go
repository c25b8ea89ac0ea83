package audit

import (
	"cmp"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"leadsync/cmd/leadsync/audit/naive"
	"leadsync/cmd/leadsync/audit/section"
	"leadsync/connector/hubspot/simulator"
)

// assignment is one entry of an assignment (rule 18): whose work it is if a condition is true.
type assignment struct {
	when   ast.Node
	people []string
}

func readAssignments(root section.Section) map[string][]assignment {
	out := map[string][]assignment{}
	for _, s := range root.Named("assignments", "sets_owner", "entries") {
		if s.Yes("sets_owner") {
			s.Fail("sets_owner", "the auditor does not know who the owner of a contact should be")
		}
		for _, e := range s.List("entries", "when", "people") {
			one := assignment{when: naive.Condition(e, "when")}
			if e.IsSection("people") {
				one.people = e.Child("people").Keys()
			} else {
				one.people = e.Texts("people")
			}
			out[s.Name] = append(out[s.Name], one)
		}
	}
	return out
}

// workers are those who may be given a piece of work (rule 18). There is more than one right answer only in the very
// step in which somebody left or came back, and where an assignment chooses by turns: then any of its people may be
// chosen first, and the same one from then on as long as the same ones are there.
func (a *auditor) workers(c *contact, who string) []string {
	wanted := a.meant(c, who)
	var out []string
	for _, owner := range wanted {
		if owner != "" && a.world.owners[owner] {
			out = append(out, owner)
		}
	}
	if len(out) == 0 {
		out = append(out, a.fallback())
	}
	for _, owner := range wanted { // nobody tells that an owner left or came back: it is known from the next step on
		if a.shifted[owner] {
			out = append(out, owner, a.fallback())
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// meant are those whom the for of a rule names, whether or not they are there.
func (a *auditor) meant(c *contact, who string) []string {
	switch {
	case who == "deal_owner" && a.dealOwner(c) != "":
		return []string{a.dealOwner(c)}
	case who == "" || who == "owner" || who == "deal_owner":
		return []string{c.record.props["hubspot_owner_id"]}
	case a.model.assignments[who] != nil:
		return a.chosen(c, who)
	}
	return []string{a.in.Mapping.People[who]}
}

// fallback is who gets the work that nobody else can be given, empty for nobody.
func (a *auditor) fallback() string {
	if owner := a.in.Mapping.FallbackOwner; a.world.owners[owner] || a.shifted[owner] {
		return owner
	}
	return ""
}

// dealOwner is the owner of the newest open deal of a contact, empty if there is none.
func (a *auditor) dealOwner(c *contact) string {
	deals := slices.DeleteFunc(a.world.linked(c.record, simulator.Deals), func(d *record) bool { return d.props["hs_is_closed"] == "true" })
	if len(deals) == 0 {
		return ""
	}
	newest := slices.MaxFunc(deals, func(x, y *record) int { return cmp.Or(x.created.Compare(y.created), byID(x, y)) })
	return newest.props["hubspot_owner_id"]
}

// assigned are the people of the first entry of an assignment that applies and of whom one is there, and under what
// their turns are remembered.
func (a *auditor) assigned(c *contact, name string) (there []string, turns string) {
	for _, e := range a.model.assignments[name] {
		if e.when != nil && !c.lead.reading.Holds(e.when, a.at) {
			continue
		}
		for _, person := range e.people {
			if owner := a.in.Mapping.People[person]; a.world.owners[owner] {
				there = append(there, owner)
			}
		}
		if len(there) > 0 {
			break
		}
	}
	return there, name + " " + strings.Join(there, " ")
}

// chosen are those of the people of an assignment whose turn it may be.
func (a *auditor) chosen(c *contact, name string) []string {
	there, turns := a.assigned(c, name)
	if before := c.givenTo[turns]; before != "" {
		return []string{before}
	}
	return there
}

// given remembers whom an assignment has chosen.
func (a *auditor) given(c *contact, name, owner string) {
	if a.model.assignments[name] == nil || len(a.shifted) > 0 {
		return
	}
	if c.givenTo == nil {
		c.givenTo = map[string]string{}
	}
	_, turns := a.assigned(c, name)
	c.givenTo[turns] = owner
}

// whose says in words who should do the work.
func (a *auditor) whose(who string) string {
	switch {
	case who == "" || who == "owner":
		return "the contact's owner"
	case who == "deal_owner":
		return "the owner of the newest open deal, else the contact's,"
	case a.model.assignments[who] != nil:
		return "one of the people of " + quote(who)
	}
	return quote(who)
}
