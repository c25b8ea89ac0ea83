package audit

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"leadsync/cmd/leadsync/audit/section"
	"leadsync/connector/hubspot/simulator"
)

const (
	stageProperty  = "lifecyclestage"
	statusProperty = "hs_lead_status"
)

// overrides is how long people win against the model, and after how many rounds another machine does (rule 20).
type overrides struct {
	given        bool
	keep, notice span
	factsChange  bool
	rounds       int64
}

// leases reports whether there are any.
func (o overrides) leases() bool { return o.keep.unit != "" || o.factsChange }

func readOverrides(root section.Section) overrides {
	o := overrides{given: root.Has("overrides"), rounds: 3}
	if !o.given {
		return o
	}
	s := root.Child("overrides", "keep", "until", "notice", "rounds")
	o.keep, o.notice, o.factsChange = readSpan(s, "keep"), readSpan(s, "notice"), s.Has("until")
	if s.Has("until") && s.Text("until") != "facts_change" {
		s.Fail("until", "the auditor does not know when %q is", s.Text("until"))
	}
	if s.Has("rounds") {
		o.rounds = s.Whole("rounds")
	}
	return o
}

// choice is a value that somebody else than leadsync set in the step.
type choice struct {
	value   string
	machine bool
	at      time.Time
}

// lease is a property that a person set against the model.
type lease struct {
	value  string
	since  time.Time
	facts  string // at its beginning
	passed bool   // an activity that bears a status was passed over
	notice *duty  // nil: nobody was asked yet
}

// rival is another machine that sets a property back.
type rival struct {
	planned, before string // values that leadsync wrote last, and that stood there before
	at              time.Time
	met             bool // this writing made its round
	rounds          []time.Time
	until           time.Time     // of the pause
	pause           time.Duration // how long it is, 0 if there was none yet
}

// machine reports whether something else than a person did a thing: an automation of the account, or another app.
func machine(actor simulator.Actor) bool {
	return actor.Kind == simulator.Integration || actor.Kind == simulator.System
}

// another reports whether a workflow of the account did something, which follows from no call.
func another(actor simulator.Actor) bool {
	return actor.Kind == simulator.System && strings.HasPrefix(actor.ID, "flow-")
}

// chose notes who else set stage or status.
func (a *auditor) chose(e simulator.Entry) {
	if e.Type != simulator.Contacts || e.Op != simulator.OpSet || e.Actor.Kind == simulator.API || e.Property != stageProperty && e.Property != statusProperty {
		return
	}
	if a.choices[e.ID] == nil {
		a.choices[e.ID] = map[string]choice{}
	}
	a.choices[e.ID][e.Property] = choice{e.New, machine(e.Actor), e.At}
}

// considered is the choice of a property that nobody has considered yet; it is considered now.
func (a *auditor) considered(c *contact, property, value string) (choice, bool) {
	ch, there := a.choices[c.record.id][property]
	delete(a.choices[c.record.id], property)
	return ch, there && ch.value == value
}

// overrideStage is rule 20 for the stage, before rule 2. It reports whether leadsync leaves the stage alone, and whether
// another machine set it back, which is no entering.
func (a *auditor) overrideStage(c *contact, l lead, chosen string, ch choice, isNews bool) (alone, round bool) {
	m := c.memory
	round = isNews && ch.machine && a.rounds(c, stageProperty, l.stageValue, ch) && a.model.overrides.given
	if a.leaseEnds(c, stageProperty, l, l.stageValue) {
		m.high = a.rank(l.stage)
	}
	rank := a.rank(l.stage)
	against := rank > 0 && !a.model.sides[l.stage] && (rank < a.rank(chosen) || rank < m.high)
	a.leaseBegins(c, stageProperty, l, ch, isNews && !ch.machine && against)
	return m.leases[stageProperty] != nil || m.rivals[stageProperty].paused(a.at), round
}

// overrideStatus is rule 20 for the status, before rules 3 to 5.
func (a *auditor) overrideStatus(c *contact, l lead) (alone, round bool) {
	m := c.memory
	ch, isNews := a.considered(c, statusProperty, l.statusValue)
	round = isNews && ch.machine && a.rounds(c, statusProperty, l.statusValue, ch) && a.model.overrides.given
	if old := m.leases[statusProperty]; a.leaseEnds(c, statusProperty, l, l.statusValue) && old.passed {
		m.considered = ""
	}
	a.leaseBegins(c, statusProperty, l, ch, isNews && !ch.machine && a.against(c.expected.standing.stage, l))
	return m.leases[statusProperty] != nil || m.rivals[statusProperty].paused(a.at), round
}

// against reports whether the status of a contact in a stage is against the model.
func (a *auditor) against(stage string, l lead) bool {
	want := a.statusOnStage(stage)
	if newest := a.newestStatus(l, a.at); newest != nil {
		want = l.statuses[newest.id]
	}
	return l.status != "" && !a.model.final()[l.status] && a.model.talking()[stage] && l.status != want
}

// leaseEnds ends a lease whose time is over. It reports whether the value outlived it.
func (a *auditor) leaseEnds(c *contact, property string, l lead, value string) (outlived bool) {
	m, o := c.memory, a.model.overrides
	x := m.leases[property]
	if x == nil {
		return false
	}
	var why string
	switch {
	case x.value != value:
		why = "the property has another value (rule 20)"
	case o.factsChange && x.facts != a.factsNow(c, l):
		why, outlived = "a fact has changed (rule 20)", true
	case o.keep.unit != "" && !a.at.Before(after(x.since, o.keep)):
		why, outlived = "its time is over (rule 20)", true
	default:
		return false
	}
	delete(m.leases, property)
	x.notice.end(why)
	c.expected.because("the lease on " + property + " ends: " + why)
	return outlived
}

func (a *auditor) leaseBegins(c *contact, property string, l lead, ch choice, against bool) {
	m := c.memory
	if !against || !a.model.overrides.leases() {
		return
	}
	if old := m.leases[property]; old != nil {
		old.notice.end("the lease begins anew (rule 20)")
	}
	if m.leases == nil {
		m.leases = map[string]*lease{}
	}
	m.leases[property] = &lease{value: ch.value, since: ch.at, facts: a.factsNow(c, l)}
	c.expected.because("a person set " + property + " against the model, which holds (rule 20)")
}

func (a *auditor) factsNow(c *contact, l lead) string {
	return fmt.Sprint(l.facts, a.sourcesOf(c.record))
}

// passes notes that a lease passed news over.
func (x *lease) passes(isNews bool) {
	if x != nil && isNews {
		x.passed = true
	}
}

// after is so many hours, or days of 24 hours, after a moment.
func after(t time.Time, s span) time.Time {
	hours := map[string]int{"h": 1, "d": 24}[s.unit]
	return t.Add(time.Duration(s.n*hours) * time.Hour)
}

// announce asks the owner before a lease ends.
func (a *auditor) announce(c *contact) {
	o := a.model.overrides
	for _, property := range sortedKeys(c.memory.leases) {
		x := c.memory.leases[property]
		if o.notice.unit == "" || x.notice != nil || after(a.at, o.notice).Before(after(x.since, o.keep)) {
			continue
		}
		x.notice = &duty{}
		a.demand(c, x.notice, "override of "+property, taskRule{kind: "todo", due: inADay()})
	}
}

// rounds notes that a machine set a property. It reports whether that takes back what leadsync wrote.
func (a *auditor) rounds(c *contact, property, value string, ch choice) bool {
	r := c.memory.rivals[property]
	if r == nil || r.at.IsZero() || ch.at.Before(r.at) || r.met {
		return false
	}
	behind := property == stageProperty && value != "" && a.rank(nameOf(a.in.Mapping.Stages, value)) < a.rank(nameOf(a.in.Mapping.Stages, r.planned))
	if value != r.before && !behind {
		return false
	}
	r.met = true
	r.rounds = append(r.rounds, ch.at)
	r.rounds = slices.DeleteFunc(r.rounds, func(t time.Time) bool { return ch.at.Sub(t) > aDay })
	switch {
	case r.pause > 0:
		r.pause = min(2*r.pause, 32*aDay)
	case int64(len(r.rounds)) >= a.model.overrides.rounds:
		r.pause = aDay
	default:
		return true
	}
	r.until = a.at.Add(r.pause)
	c.expected.because("another machine set " + property + " back, which is left alone until " + stamp(r.until) + " (rule 20)")
	return true
}

const aDay = 24 * time.Hour

func (r *rival) paused(at time.Time) bool { return r != nil && at.Before(r.until) }

// forget forgets rivals that gave in.
func (a *auditor) forget(c *contact) {
	for property, r := range c.memory.rivals {
		stood := !r.met && !a.at.Before(r.at.Add(aDay))
		old := r.pause == 0 && len(r.rounds) > 0 && a.at.Sub(r.rounds[len(r.rounds)-1]) > aDay
		if (stood || old) && !r.paused(a.at) {
			r.rounds, r.pause = nil, 0
			c.memory.rivals[property] = r
		}
	}
}

// planned notes what a round asks to be written.
func (a *auditor) planned(c *contact, property, before, value string) {
	if value == before {
		return
	}
	m := c.memory
	if m.rivals == nil {
		m.rivals = map[string]*rival{}
	}
	if m.rivals[property] == nil {
		m.rivals[property] = &rival{}
	}
	r := m.rivals[property]
	r.planned, r.before, r.at, r.met = value, before, a.at, false
}
