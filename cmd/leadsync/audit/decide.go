package audit

import (
	"slices"
	"time"

	"leadsync/connector/hubspot/simulator"
)

// memory is what the auditor remembers of a contact between two rounds: what rules 1 to 8 of a plan need.
type memory struct {
	unprofiled  bool // it must not be profiled (rule 14)
	held        bool
	loaded      lead // as it was at go-live, while held
	stage       string
	status      string
	high        int // rank of the furthest stage ever entered
	statusSince time.Time
	considered  string // the newest status-bearing activity of last time
	pushed      map[string]int64
	reached     []string
	grade, tier string
	tasks       map[string]*task // the last task of each follow-up rule
	back, again *wayBack         // the way back that is remembered (rule 10), now and before this round's stage
}

// task is a task that the rules ask for; id is set when it was found in the account.
type task struct {
	rule  string
	id    string
	cause time.Time // when what caused it happened, at the earliest
}

// expected is what the rules ask for in one step.
type expected struct {
	standing         standing // stage and status as they are after what was asked for so far
	stages, statuses []string // names, in order
	tasks            []*task
	closed           map[*task]string // with the reason
	deals            []string         // names of the follow-up rules
	scores           []verdict
	write            bool // the scores have to be written; by any of these
	why              []string
	held             bool
	unprofiled       bool            // nothing is asked for but
	clear            bool            // to empty our properties, if anything stands there
	back             string          // the follow-up that asks for a way back in this round
	backs            []string        // the values to which ways back lead
	lists            map[string]bool // ids of lists, and whether the contact has to be on them
}

func (x *expected) because(why string) { x.why = append(x.why, why) }

// rank is how far a stage is: 0 for none or unknown, side tracks are ahead of everything (rule 2).
func (a *auditor) rank(stage string) int {
	if a.model.sides[stage] {
		return len(a.in.Mapping.Order) + 1
	}
	return slices.Index(a.in.Mapping.Order, stage) + 1
}

// begin makes the memory of a contact that the first load brought: everything there counts as handled.
func (a *auditor) begin(l lead, at time.Time) *memory {
	m := &memory{held: true, loaded: l, stage: l.stage, status: l.status, high: a.rank(l.stage), tasks: map[string]*task{}}
	if l.status != "" {
		m.statusSince = a.at
	}
	if newest := a.newestStatus(l, at); newest != nil {
		m.considered = newest.id
	}
	return m
}

// newestStatus is the newest activity that bears a status, by time and then id, nil if there is none.
func (a *auditor) newestStatus(l lead, at time.Time) *activity {
	var newest *activity
	for i := range l.activities {
		x := &l.activities[i]
		if x.at.After(at) || l.statuses[x.id] == "" {
			continue
		}
		if newest == nil || x.at.After(newest.at) || (x.at.Equal(newest.at) && x.id > newest.id) {
			newest = x
		}
	}
	return newest
}

// round applies the rules of a plan once to a contact as it stands, and remembers.
func (a *auditor) round(c *contact, l lead, v verdict) (acted bool) {
	m, x := c.memory, c.expected
	if v.unprofiled {
		a.unprofile(c, l)
		return false // rule 14
	}
	a.scoreRule(m, x, v)
	if m.held && m.loaded.standing == l.standing && m.loaded.signature == l.signature {
		x.held = true
		return false // rule 1
	}
	m.held, m.loaded, x.held = false, lead{}, false
	entered := a.stageRule(m, x, l, v)
	a.inherit(c, entered)
	before := m.status
	status, cause := a.statusRule(m, x, l, entered)
	if m.status != before {
		a.leaveStatus(m, x)
	}
	if entered != "" {
		a.followUps(c, func(f followUp) bool { return f.onStage == entered }, a.at)
	}
	if status != "" {
		a.followUps(c, func(f followUp) bool { return f.onStatus == status }, cause)
	}
	moved := a.backRule(c)
	return entered != "" || status != "" || moved
}

// stageRule is rule 2. It tells the stage that was entered, by people or by us.
func (a *auditor) stageRule(m *memory, x *expected, l lead, v verdict) (entered string) {
	if l.stage != m.stage {
		entered = l.stage
	}
	m.stage, m.high = l.stage, max(m.high, a.rank(l.stage))
	defer a.overcome(m)
	if l.stage == "" && l.stageValue != "" {
		return entered // a stage that the mapping does not know
	}
	if rank := a.rank(v.stage); a.advances(m, l, rank) {
		entered = v.stage
		m.stage, m.high = v.stage, max(m.high, rank)
		x.stages = append(x.stages, v.stage)
		x.standing.stage, x.standing.stageValue = v.stage, a.in.Mapping.Stages[v.stage]
		x.because("the furthest stage whose criteria are met is " + v.stage + " (rule 2)")
	}
	return entered
}

// statusRule is rules 3 to 5. It tells the status that was entered, and when its cause happened.
func (a *auditor) statusRule(m *memory, x *expected, l lead, entered string) (status string, cause time.Time) {
	at := a.at
	newest, isNews := a.statusNews(m, l)
	if l.statusValue != "" && l.status != m.status {
		m.status, m.statusSince = l.status, at
		x.because("somebody set the status " + l.status + " (rule 5)")
		return l.status, at
	}
	if l.status != m.status {
		m.status, m.statusSince = l.status, at // somebody cleared it
	}
	switch {
	case isNews && a.hears(m, newest, x.standing.stage, l.status):
		status, cause = l.statuses[newest.id], newest.at
		x.because(newest.id + " of " + stamp(newest.at) + " says " + status + " (rule 4)")
	case entered != "" && (l.statusValue == "" || m.again.stale(l.status)):
		status, cause = a.statusOnStage(entered), at
		if status != "" {
			x.because("the stage " + entered + " was entered without a status (rule 3)")
		}
	}
	if status == "" {
		return "", at
	}
	if status != l.status {
		x.statuses = append(x.statuses, status)
		x.standing.status, x.standing.statusValue = status, a.in.Mapping.Statuses[status]
	}
	m.status, m.statusSince = status, at
	return status, cause
}

// statusNews is the newest activity that speaks of a status, and whether it has not been considered before.
func (a *auditor) statusNews(m *memory, l lead) (*activity, bool) {
	newest := a.newestStatus(l, a.at)
	if newest == nil || newest.id == m.considered {
		return newest, false
	}
	m.considered = newest.id
	return newest, true
}

// hears reports whether an activity may set a status: the stage is one for talks, the status is not a last
// word, and the activity is not older than it (rule 4).
func (a *auditor) hears(m *memory, news *activity, stage, status string) bool {
	return a.model.talking()[stage] && !a.model.final()[status] && !news.at.Before(m.statusSince)
}

func (a *auditor) statusOnStage(stage string) string {
	for _, s := range a.model.statuses {
		if s.onStage == stage {
			return s.status
		}
	}
	return ""
}

// leaveStatus is the part of rule 6 by which a task belongs to its status: those of other statuses are moot.
func (a *auditor) leaveStatus(m *memory, x *expected) {
	for name, t := range m.tasks {
		if of := a.ruleNamed(name).onStatus; of != "" && of != m.status {
			x.closed[t] = "the status is " + orNone(m.status) + " and no longer " + of + " (rule 6)"
			delete(m.tasks, name)
		}
	}
}

// followUps is rule 6 for one entering.
func (a *auditor) followUps(c *contact, concerns func(followUp) bool, cause time.Time) {
	m, x := c.memory, c.expected
	for _, f := range a.model.followUps {
		if !concerns(f) {
			continue
		}
		switch {
		case f.task != nil:
			if old := m.tasks[f.name]; old != nil {
				x.closed[old] = "a newer task of " + quote(f.name) + " takes its place"
			}
			m.tasks[f.name] = &task{rule: f.name, cause: cause}
			x.tasks = append(x.tasks, m.tasks[f.name])
		case f.deal != nil:
			if a.openDeals(c) > 0 || len(x.deals) > 0 {
				x.because("no deal, for there is an open one")
				continue
			}
			x.deals = append(x.deals, f.name)
		case !f.closes:
			a.backOrLists(x, f)
		default:
			for _, t := range m.tasks {
				x.closed[t] = quote(f.name) + " closes every open task"
			}
			clear(m.tasks)
		}
	}
}

// openDeals counts a contact's open deals in the account, those that leadsync made in this step left out.
func (a *auditor) openDeals(c *contact) int {
	n := 0
	for _, d := range a.world.linked(c.record, simulator.Deals) {
		if d.props["hs_is_closed"] != "true" && !slices.Contains(c.madeDeals, d.id) {
			n++
		}
	}
	return n
}

// scoreRule is rule 8.
func (a *auditor) scoreRule(m *memory, x *expected, v verdict) {
	due := m.pushed == nil || !slices.Equal(m.reached, v.reached) || m.grade != v.grade || m.tier != v.tier
	for name, n := range v.whole {
		if d := n - m.pushed[name]; d >= a.model.PushStep() || -d >= a.model.PushStep() {
			due = true
		}
	}
	if due {
		m.pushed, m.reached, m.grade, m.tier = v.whole, v.reached, v.grade, v.tier
		x.write, x.scores = true, nil // what an earlier round of this step asked for is not enough any more
	}
	if x.write {
		x.scores = append(x.scores, v)
	}
}
