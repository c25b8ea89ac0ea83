package audit

import (
	"slices"
	"strconv"
)

// ending checks what holds at the end: every contact has scores that are near enough, and no contact has two
// open tasks of ours for one rule.
func (a *auditor) ending() {
	for _, r := range a.world.contacts() {
		c := a.contacts[r.id]
		if c == nil || c.broken {
			continue
		}
		a.endingScores(c)
		a.endingTasks(c)
	}
}

func (a *auditor) endingScores(c *contact) {
	v := a.judge(c)
	f := Finding{What: "score", Want: show(a.asText(v))}
	for name, property := range a.in.Mapping.Scores {
		value := c.record.props[property]
		n, err := strconv.ParseInt(value, 10, 64)
		d := n - v.whole[name]
		if err != nil {
			f.Got, f.Why = name+" "+orNone(value), "every contact has scores"
			a.find(c, f)
			return
		}
		if name != totalScore && (d >= a.model.pushStep || -d >= a.model.pushStep) {
			f.Got, f.Why = name+" "+value, "at the end no score is a push step away from the written one (rule 8)"
			a.find(c, f)
			return
		}
	}
	if !slices.Equal(v.reached, c.memory.reached) {
		f.Got, f.Why = "written for other stages", "at the end the stages reached are those of the last writing (rule 8)"
		a.find(c, f)
	}
}

func (a *auditor) endingTasks(c *contact) {
	open := map[string]*made{}
	for _, t := range a.world.linked(c.record, "tasks") {
		m := a.ours[t.key()]
		if m == nil || m.rule == "" || t.props["hs_task_status"] == completed {
			continue
		}
		if other := open[m.rule]; other != nil {
			a.find(c, Finding{
				What: "duplicate task", Want: "one open task of " + quote(m.rule), Got: showTask(other.record) + " and " + showTask(t),
				Why: "the task of a new episode closes the one before (rule 6)",
			})
			return
		}
		open[m.rule] = m
	}
}
