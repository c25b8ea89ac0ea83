package audit

import (
	"slices"
	"time"
)

// wayBack is what rule 10 remembers of a move backward. Stages are ranks.
type wayBack struct {
	at       time.Time
	from, to int
	status   string
	free     bool // nothing has to happen before the contact moves forward again (rule 21)
}

// stale reports whether a status is the one of the way back.
func (b *wayBack) stale(status string) bool { return b != nil && status != "" && status == b.status }

// advances is rule 2 with what rule 10 adds: after a way back, only evidence newer than it moves forward again,
// and never to what lay beyond the stage that was left and had been entered before.
func (a *auditor) advances(m *memory, l lead, rank int) bool {
	if m.back == nil {
		return rank > m.high
	}
	newer := m.back.free || slices.ContainsFunc(l.activities, func(x activity) bool {
		return x.certain && x.at.After(m.back.at) && !x.at.After(a.at)
	})
	return newer && rank > m.back.to && rank > a.rank(l.stage) && (rank <= m.back.from || rank > m.high)
}

// overcome is the end of a way back: the contact is where it had left, or ahead, or on a side track.
func (a *auditor) overcome(m *memory) {
	m.again = m.back
	if m.back != nil && m.stage != "" && a.rank(m.stage) >= m.back.from {
		m.back = nil
	}
}

// wanted notes the way back that an entering asks for: of several the first in the file.
func (x *expected) wanted(name string, followUps []followUp) {
	at := func(name string) int {
		return slices.IndexFunc(followUps, func(f followUp) bool { return f.name == name })
	}
	if x.back == "" || at(name) < at(x.back) {
		x.back = name
	}
}

// backRule is rule 10 after all other follow-ups of a round.
func (a *auditor) backRule(c *contact, l lead) (moved bool) {
	x := c.expected
	name := x.back
	x.back = ""
	if name == "" || len(x.gone) > 0 {
		return false
	}
	to := a.ruleNamed(name).leadsBack()
	if !a.moveBack(c, to, quote(name)+" goes back to "+to+" (rule 10)") {
		return false
	}
	a.leave(c)
	a.followUps(c, l, func(f followUp) bool { return f.onStage == to && f.backTo == "" }, a.at)
	x.back = "" // one way back is enough
	return true
}

// moveBack is one way back.
func (a *auditor) moveBack(c *contact, to, why string) bool {
	m, x := c.memory, c.expected
	value, here, there := a.in.Mapping.Stages[to], a.rank(m.stage), a.rank(to)
	if value == "" || there == 0 || there >= here || here > len(a.in.Mapping.Order) || m.rivals[stageProperty].paused(a.at) {
		return false
	}
	back := &wayBack{at: a.at, from: here, to: there, status: m.status}
	if m.back != nil {
		back.from = max(back.from, m.back.from)
	}
	m.stage, m.back = to, back
	a.planned(c, stageProperty, x.standing.stageValue, value)
	x.standing.stage, x.standing.stageValue = to, value
	x.stages, x.backs = append(x.stages, to), append(x.backs, value)
	x.gone = append(x.gone, to)
	x.because(why)
	return true
}

// wentBackTo reports whether a way back led to a stage in this round.
func (x *expected) wentBackTo(stage string) bool { return slices.Contains(x.gone, stage) }

// listRule is rule 11 for one follow-up.
func (a *auditor) listRule(x *expected, f followUp) {
	if x.lists == nil {
		x.lists = map[string]bool{}
	}
	for _, name := range slices.Concat(f.add, f.remove) {
		if id := a.in.Mapping.Lists[name]; id != "" {
			x.lists[id] = slices.Contains(f.add, name)
		}
	}
	x.because(quote(f.name) + " changes lists (rule 11)")
}

// compareBack checks that each way back was gone once: the stage cleared, then set.
func (a *auditor) compareBack(c *contact, w *written) {
	var cleared []string
	for i, value := range w.stages {
		if value == "" && i+1 < len(w.stages) {
			cleared = append(cleared, w.stages[i+1])
		} else if value == "" {
			cleared = append(cleared, "nothing")
		}
	}
	if !slices.Equal(cleared, c.expected.backs) {
		a.find(c, Finding{
			What: "way back", Want: orNone(join(c.expected.backs)), Got: orNone(join(cleared)),
			Why: "a stage is cleared exactly once for each way back, and set right after (rule 10)",
		})
	}
}

// compareLists checks rule 11: the contact is where the rules want it, and nothing else was changed.
func (a *auditor) compareLists(c *contact, w *written, why string) {
	for _, list := range sortedKeys(c.expected.lists) {
		want, is := c.expected.lists[list], c.record.lists[list]
		if is != want {
			a.find(c, Finding{What: "list", Want: onOrOff(want) + list, Got: onOrOff(is) + list, Why: why})
		}
	}
	for _, list := range sortedKeys(w.lists) {
		if want, asked := c.expected.lists[list]; !asked || want != w.lists[list] {
			a.find(c, Finding{What: "list", Want: "untouched", Got: onOrOff(w.lists[list]) + list, Why: orText(why, "nothing was entered (rule 11)")})
		}
	}
}

func onOrOff(on bool) string {
	if on {
		return "on list "
	}
	return "off list "
}
