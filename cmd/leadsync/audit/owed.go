package audit

import (
	"slices"
	"time"

	"leadsync/connector/hubspot/simulator"
)

// owedFor is how long a task is owed that open tasks satisfied (rule 17).
const owedFor = 15 * time.Minute

// debt is a task that was asked for and that open tasks of people satisfied.
type debt struct {
	*task
	tasks []*record
}

// owe remembers what a follow-up asked for and open tasks satisfied, if any did.
func (a *auditor) owe(c *contact, t *task) {
	if t.until.IsZero() {
		return // nothing satisfies it; the owner of an open one left in this very step
	}
	var tasks []*record
	for _, r := range a.world.everLinked(c.record, simulator.Tasks) {
		if kindOfTask(r) == t.of.kind && a.theirs(r) && (r.isOpen() || a.unseen(r)) {
			tasks = append(tasks, r)
		}
	}
	if len(tasks) == 0 {
		return
	}
	if c.memory.owed == nil {
		c.memory.owed = map[string]debt{}
	}
	c.memory.owed[t.of.kind] = debt{task: t, tasks: tasks}
}

// collect asks once more for what is owed and was satisfied by tasks that are closed by now, and forgets what is over.
func (a *auditor) collect(c *contact, l lead) {
	for _, kind := range sortedKeys(c.memory.owed) {
		d := c.memory.owed[kind]
		f := a.ruleNamed(d.rule)
		switch {
		case a.at.After(d.until), f.onStatus != "" && f.onStatus != c.memory.status, l.reading.Holds(f.obsolete, a.at):
			delete(c.memory.owed, kind)
		case !slices.ContainsFunc(d.tasks, (*record).isOpen):
			delete(c.memory.owed, kind)
			again := *d.task
			c.expected.because("the tasks that satisfied " + quote(d.rule) + " at " + stamp(d.cause) + " are closed (rule 17)")
			a.askFor(c, &again)
		}
	}
}
