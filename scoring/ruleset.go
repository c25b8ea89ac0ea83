package scoring

import "slices"

// ruleset is what decides about a lead: what stands at the top of the file, or what a variant makes of it.
type ruleset struct {
	scores     []scoreRule
	grades     []gradeAxis // letter, number; empty if there are none
	tiers      []tierRule  // the best first
	gates      map[string]gateRule
	stages     []stageRule
	stageIndex map[string]int
	flows      []flow // by kind with a source: where its activities go
	width      int    // how much a span of the look ahead costs besides activities: rules, and bytes of conditions that time can change
	values     int    // how many values of facts an evaluation can tell at most
}

// measure counts for every ruleset the values that an evaluation can tell: of a rule those that it looked at, of a
// check those and the ones that fail, of a violation those that it looked at.
func (m *Model) measure() {
	watched := 0
	for i := range m.invariants {
		watched += len(m.invariants[i].never.facts)
	}
	m.rulesets(func(_ string, s *ruleset) {
		s.values = watched + s.tells()
		s.each(func(c *condition) {
			if c.moves {
				s.width += len(c.source) // at least as many as it has nodes
			}
		})
		for i := range s.scores {
			s.width += len(s.scores[i].rules)
		}
	})
}

// each calls for every condition of the rules, gates and stages.
func (s *ruleset) each(visit func(*condition)) {
	note := func(c *condition) {
		if c != nil {
			visit(c)
		}
	}
	for i := range s.scores {
		for j := range s.scores[i].rules {
			note(s.scores[i].rules[j].when)
		}
	}
	for i := range s.stages {
		for _, g := range s.stages[i].gates {
			note(g.opens)
		}
		note(s.stages[i].when)
		note(s.stages[i].direct)
	}
}

func (s *ruleset) tells() int {
	sum := 0
	count := func(times int, c *condition) {
		if c != nil {
			sum += times * len(c.facts)
		}
	}
	for i := range s.scores {
		for j := range s.scores[i].rules {
			count(1, s.scores[i].rules[j].when)
		}
	}
	for i := range s.stages {
		for _, g := range s.stages[i].gates {
			count(2, g.opens)
		}
		count(2, s.stages[i].when)
		count(2, s.stages[i].direct)
	}
	return sum
}

// streams are the streams of activities that the rules look at, ascending.
func (s *ruleset) streams() []int {
	var list []int
	s.each(func(c *condition) { list = append(list, c.streams...) })
	for i := range s.scores {
		for j := range s.scores[i].rules {
			if r := &s.scores[i].rules[j]; r.when == nil {
				list = append(list, r.stream)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// newRuleset begins with rules that decide nothing.
func newRuleset() ruleset {
	return ruleset{gates: map[string]gateRule{}, stageIndex: map[string]int{}}
}

type stageRule struct {
	Stage
	scores []threshold
	gates  []gateRule
	when   *condition
	direct *condition
}

type threshold struct {
	score int
	want  Points
}
