package scoring

import "time"

// Failing names what of the model panics for the lead at now: a rule by its name, otherwise "invariant", "stage" or "score"
// and a name; empty if nothing does when it is looked at by itself. It is for after a panic of Evaluate, to say what has
// to be changed.
func (m *Model) Failing(lead Lead, now time.Time) (name string) {
	turn := ""
	defer func() {
		if recover() != nil { // the caller knows that something panics, and what
			name = turn
		}
	}()
	f := m.prepare(&lead, now)
	record := &recorder{}
	for i := range m.invariants {
		turn = "invariant " + m.invariants[i].name
		f.truth(m.invariants[i].never)
	}
	turn = ""
	f.settle(lead.Activities)
	scores := make([]bounds, len(m.scores))
	for i := range m.scores {
		s := &f.rules.scores[i]
		can := f.support(s)
		for j := range s.rules {
			turn = s.rules[j].name
			f.ruleLines(&Score{}, &s.rules[j], can, lead.Activities, record)
		}
		turn = "score " + s.name
		points := f.score(s, lead.Activities, record).Points
		scores[i] = bounds{points, points}
	}
	for i := range f.rules.stages {
		s := &f.rules.stages[i]
		turn = "stage " + s.Name
		f.reach(s, scores)
		f.checks(s, scores, record)
	}
	return ""
}
