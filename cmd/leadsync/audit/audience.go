package audit

import (
	"slices"
	"strconv"

	"github.com/expr-lang/expr/ast"

	"leadsync/cmd/leadsync/audit/naive"
	"leadsync/cmd/leadsync/audit/section"
)

// audience is a static list that follows the model (rule 22).
type audience struct {
	name          string
	when          ast.Node // nil: everybody meets it
	stages, tiers []string
}

// outreach is what a model says of audiences and priorities.
type outreach struct {
	audiences      []audience
	consent, never ast.Node
	ranked         []string // stages
	priorities     map[string]int64
	otherwise      int64
}

func readOutreach(root section.Section) outreach {
	var o outreach
	for _, s := range root.Named("audiences", "when", "stages", "tiers") {
		o.audiences = append(o.audiences, audience{
			name: s.Name, when: naive.Condition(s.Section, "when"), stages: s.Texts("stages"), tiers: s.Texts("tiers"),
		})
	}
	advertising := root.Child("advertising", "consent", "never")
	o.consent, o.never = naive.Condition(advertising, "consent"), naive.Condition(advertising, "never")
	rank := root.Child("rank", "stages", "tiers", "grades", "otherwise")
	o.ranked, o.otherwise, o.priorities = rank.Texts("stages"), rank.Whole("otherwise"), map[string]int64{}
	for _, key := range []string{"tiers", "grades"} {
		table := rank.Child(key)
		for _, name := range table.Keys() {
			o.priorities[name] = table.Whole(name)
		}
	}
	return o
}

// reach is what the auditor remembers of a contact for rule 22: on which lists leadsync has put it, by audience, and
// whether it could be addressed at the last look.
type reach struct {
	on  map[string]string
	may bool
}

// addressed reports whether a contact may be addressed.
func (a *auditor) addressed(l lead) bool {
	o := a.model.outreach
	return o.consent != nil && l.reading.Holds(o.consent, a.at) && (o.never == nil || !l.reading.Holds(o.never, a.at))
}

// audienceRule is rule 22 for one round, for a contact as it stands after everything else in it.
func (a *auditor) audienceRule(c *contact, l lead, v verdict) {
	m, x := c.memory, c.expected
	if x.lists == nil {
		x.lists = map[string]bool{}
	}
	before := m.may
	m.may = a.addressed(l)
	for _, one := range a.model.outreach.audiences {
		id := a.in.Mapping.Lists[one.name]
		if before && !m.may && id != "" {
			x.lists[id] = false
			x.because("it may not be addressed any more (rule 22)")
		}
		wanted := m.may && !v.unprofiled && a.belongs(one, x.standing.stage, l, v)
		c.listed(one.name, id, wanted)
	}
}

// listed puts a contact on the list of an audience, or takes it off the one it was put on.
func (c *contact) listed(audience, id string, wanted bool) {
	m, x := c.memory, c.expected
	on := m.on[audience]
	switch {
	case wanted && id != "" && on != id:
		if m.on == nil {
			m.on = map[string]string{}
		}
		m.on[audience], x.lists[id] = id, true
		x.because("it belongs on " + quote(audience) + " (rule 22)")
	case !wanted && on != "":
		delete(m.on, audience)
		x.lists[on] = false
		x.because("it does not belong on " + quote(audience) + " any more (rule 22)")
	}
}

// belongs reports whether a contact meets what an audience asks for, in a stage.
func (a *auditor) belongs(one audience, stage string, l lead, v verdict) bool {
	return (one.when == nil || l.reading.Holds(one.when, a.at)) &&
		(one.stages == nil || slices.Contains(one.stages, stage)) && (one.tiers == nil || slices.Contains(one.tiers, v.tier))
}

// compareRank checks that the priority stands in the CRM: that of the tier or grade, in one of the stages that have one.
func (a *auditor) compareRank(c *contact) {
	property, o := a.in.Mapping.RankProperty, a.model.outreach
	if property == "" {
		return
	}
	want := ""
	if v := c.verdict; !v.unprofiled && slices.Contains(o.ranked, c.expected.standing.stage) {
		n, ok := o.priorities[v.tier]
		if !ok {
			n, ok = o.priorities[v.grade]
		}
		if !ok {
			n = o.otherwise
		}
		want = strconv.FormatInt(n, 10)
	}
	if got := c.record.props[property]; got != want {
		a.find(c, Finding{What: "rank", Want: want, Got: got, Why: "the table gives it to its tier or grade in its stage (rule 22)"})
	}
}
