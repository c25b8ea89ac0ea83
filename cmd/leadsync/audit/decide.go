package audit

import (
	"slices"
	"time"
)

// memory is what the auditor remembers of a contact between two rounds: what rules 1 to 8 of a plan need.
type memory struct {
	unprofiled  bool // it must not be profiled (rule 14)
	held        bool
	loaded      lead   // as it was at go-live or when it arrived, while held
	settled     string // what it said itself then
	stage       string
	status      string
	high        int // rank of the furthest stage ever entered
	statusSince time.Time
	considered  string // the newest status-bearing activity of last time
	pushed      map[string]int64
	reached     []string
	grade, tier string
	tasks       map[string]*task // the open task of ours of each kind
	waits       map[string]wait  // by follow-up rule
	rows        map[string]int   // how many episodes in a row, by follow-up rule
	owed        map[string]debt  // by kind of task (rule 17)
	heard       map[string]heard // the activity that a follow-up rule considered last
	rowsIn      string           // the status in which rows of activities were counted
	back, again *wayBack         // the way back that is remembered (rule 10), now and before this round's stage

	beyond
	reach
}

// expected is what the rules ask for in one step.
type expected struct {
	standing         standing          // stage and status as they are after what was asked for so far
	stages, statuses []string          // names, in order
	slots            map[string]*slot  // by kind of task
	closed           map[string]string // ids of tasks, with the reason
	deals            []wantedDeal
	scores           []verdict
	write            bool // the scores have to be written; by any of these
	why              []string
	held             bool
	unprofiled       bool            // nothing is asked for but
	clear            bool            // to empty our properties, if anything stands there
	then             string          // the status that a ladder leads to after its last step
	back             string          // the follow-up that asks for a way back in this round
	backs            []string        // the values to which ways back lead
	lists            map[string]bool // ids of lists, and whether the contact has to be on them
	gone             []string        // the stages to which this round went back
	ledTo            string          // the status to which a ladder led in this round
	sides            []string        // the responsible sides that have to be written (rule 21)
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
	m := newMemory()
	m.held, m.loaded, m.stage, m.status, m.high = true, l, l.stage, l.status, a.rank(l.stage)
	m.met, m.answered, m.may = true, a.answer(l), a.addressed(l)
	for _, f := range a.model.followUps {
		m.heard[f.name] = heard{at: at} // nothing up to the load is news (rule 6)
	}
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
	if a.heldStill(c, l) {
		x.held, m.may = true, a.addressed(l)
		return false // rule 1
	}
	m.held, m.loaded, x.held = false, lead{}, false
	m.was, x.gone, x.ledTo = m.stage, nil, ""
	v.stage = a.cooled(c, l, v)
	ch, isNews := a.considered(c, stageProperty, l.stageValue)
	strict := a.byHand(c, l, ch, isNews)
	if strict != "" {
		l, isNews = a.heldBack(c, l, strict), false
		m.was = m.stage
	}
	m.alone, m.round = a.overrideStage(c, l, v.stage, ch, isNews)
	before := x.standing
	a.accepts(c, l)
	entered := a.stageRule(m, x, l, v)
	a.planned(c, stageProperty, l.stageValue, x.standing.stageValue)
	a.inherit(c, entered)
	m.alone, m.round = a.overrideStatus(c, l)
	status, cause := a.statusRule(m, x, l, entered)
	if back := a.answered(c, l); back != "" {
		entered = back
	}
	acted = a.follow(c, l, entering{stage: entered, status: status, cause: cause}) || strict != ""
	a.planned(c, statusProperty, before.statusValue, x.standing.statusValue)
	a.shown(c, l, entered)
	a.audienceRule(c, l, v)
	a.forget(c)
	m.met = true
	return acted
}

// stageRule is rule 2. It tells the stage that was entered, by people or by us.
func (a *auditor) stageRule(m *memory, x *expected, l lead, v verdict) (entered string) {
	if l.stage != m.stage && !m.round {
		entered = l.stage
	}
	m.stage, m.high = l.stage, max(m.high, a.rank(l.stage))
	if m.round {
		m.high = a.rank(l.stage)
	}
	defer a.overcome(m)
	if l.stage == "" && l.stageValue != "" {
		return entered // a stage that the mapping does not know
	}
	if rank := a.rank(v.stage); !m.alone && a.advances(m, l, rank) {
		if entered = v.stage; m.round {
			entered = ""
		}
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
	if m.round {
		m.status, m.statusSince = l.status, at
		return "", at
	}
	if l.statusValue != "" && l.status != m.status {
		m.status, m.statusSince = l.status, at
		x.because("somebody set the status " + l.status + " (rule 5)")
		return l.status, at
	}
	if l.status != m.status {
		m.status, m.statusSince = l.status, at // somebody cleared it
	}
	if m.alone && (!isNews || l.statuses[newest.id] != l.status) {
		m.leases[statusProperty].passes(isNews)
		return "", at
	}
	status, cause = a.statusAsked(m, x, l, entered, isNews)
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

// statusAsked is rules 3 and 4 for a contact whose status nobody else has just set.
func (a *auditor) statusAsked(m *memory, x *expected, l lead, entered string, isNews bool) (status string, cause time.Time) {
	newest := a.newestStatus(l, a.at)
	switch {
	case isNews && a.hears(m, newest, x.standing.stage, l.status):
		status, cause = l.statuses[newest.id], newest.at
		x.because(newest.id + " of " + stamp(newest.at) + " says " + status + " (rule 4)")
	case entered != "" && (l.statusValue == "" || m.again.stale(l.status)):
		status, cause = a.statusOnStage(entered), a.at
		if status != "" {
			x.because("the stage " + entered + " was entered without a status (rule 3)")
		}
	}
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
