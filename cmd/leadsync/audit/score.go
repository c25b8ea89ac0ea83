package audit

import "leadsync/cmd/leadsync/audit/naive"

// verdict is what the model says of a lead at a moment.
type verdict struct {
	whole   map[string]int64 // whole points, by score
	total   [2]int64         // the sum of all scores: of their whole points, and rounded only at the end
	reached []string
	grade   string // empty if the model has none
	tier    string
	stage   string // the furthest reached, a side track first; empty if none

	unprofiled bool // the lead must not be profiled: nothing else is known
}

// evaluate asks the second evaluator about a contact at the step's time.
func (a *auditor) evaluate(c *contact) verdict {
	said := c.lead.reading.At(a.at)
	v := verdict{
		whole: said.Whole(), reached: said.Reached, grade: said.Grade, tier: said.Tier, stage: said.Stage, unprofiled: said.Unprofiled,
	}
	sum := int64(0)
	for _, s := range said.Scores {
		sum += s.Points
		v.total[0] += s.Whole
	}
	v.total[1] = naive.Whole(sum)
	return v
}
