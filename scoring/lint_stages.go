package scoring

import (
	"fmt"
	"slices"
)

// firstQualified is the stage whose definition both teams have to agree on (S26, S37).
const firstQualified = "mql"

// criteriaOf are a stage's criteria as formulas: what it asks of scores, of gates, and its condition; the direct way
// is apart. Each is missing if there is none.
func (l *linter) criteriaOf(s placed, stage int) (scores, standing, direct *formula) {
	asked := &s.stages[stage]
	f := s.fields["lifecycle"].list()[stage]
	facts := scope{model: l.model}
	var points, held []*formula
	for _, t := range asked.scores {
		points = append(points, l.scoreTest(s.scores[t.score].name, t.want))
	}
	for _, g := range asked.gates {
		held = append(held, l.gate(s, g.name))
	}
	held = append(held, l.formula(f.at("when"), facts))
	held = slices.DeleteFunc(held, func(f *formula) bool { return f == nil })
	if len(points) > 0 {
		scores = both(points...)
	}
	if len(held) > 0 {
		standing = both(held...)
	}
	return scores, standing, l.formula(f.at("direct"), facts)
}

// scoreTest is true from so many points of a score on.
func (l *linter) scoreTest(score string, want Points) *formula {
	b := builder{linter: l}
	of := b.variable("score:"+score, variable{name: score, domain: anyNumber, known: true})
	f := test(leaf{of: of, numbers: []float64{float64(want)}, holds: func(c *candidate) truths { return truthOf(c.number >= float64(want)) }})
	f.source = fmt.Sprintf("%s >= %s", score, want)
	return f
}

// gate is true where a gate is open.
func (l *linter) gate(s placed, name string) *formula {
	f := s.fields["gates"].at(name)
	facts := scope{model: l.model}
	switch {
	case f.at("requires").present():
		return l.formula(f.at("requires"), facts)
	case f.at("forbids").present():
		return l.formula(f.at("forbids"), facts).negated()
	}
	b := builder{linter: l, scope: facts}
	var known []*formula
	for _, item := range f.at("complete").list() {
		one := test(leaf{of: b.named(item.node.Value)})
		one.source = "known(" + item.node.Value + ")"
		known = append(known, one)
	}
	return both(known...)
}

// reached is true where a stage is reached, nil if only people set it.
func (l *linter) reached(s placed, stage int) *formula {
	scores, standing, direct := l.criteriaOf(s, stage)
	var criteria *formula
	if scores != nil || standing != nil {
		criteria = both(scores, standing)
	}
	if criteria == nil && direct == nil {
		return nil
	}
	return oneOf(criteria, direct)
}

// lintStages looks at the stages and at how they follow each other.
func (l *linter) lintStages(s placed) {
	list := s.fields["lifecycle"].list()
	for i := range s.stages {
		if s.stages[i].Manual {
			continue
		}
		l.exclusiveCriteria(s, i, list[i])
		l.stageOrder(s, i, list[i])
		if s.stages[i].Name == firstQualified && !s.stages[i].SideTrack {
			l.oneSided(s, i, list[i])
			l.oneActivity(s, i, list[i])
		}
	}
}

// exclusiveCriteria finds criteria of a stage that exclude each other, though each of them can be met.
func (l *linter) exclusiveCriteria(s placed, stage int, f field) {
	_, standing, _ := l.criteriaOf(s, stage)
	if standing == nil || !neverTrue(standing) {
		return
	}
	facts := scope{model: l.model}
	alone := []*formula{l.formula(f.at("when"), facts)}
	for _, g := range s.stages[stage].gates {
		alone = append(alone, l.gate(s, g.name))
	}
	if slices.ContainsFunc(alone, neverTrue) {
		return // told where that stands
	}
	why, shown := contradiction(standing)
	l.find(f.at("stage"), Finding{
		Kind: FindingStageNever, Text: fmt.Sprintf("nobody reaches the stage %s by its criteria%s", s.stages[stage].Name, s.ofVariant()),
		Why: "its gates and its condition cannot be met together: " + why, Example: shown, Remedy: "correct one of them, or take a gate away",
	})
}

// stageOrder finds a later stage that everybody reaches who reaches this one, which therefore is never the last.
func (l *linter) stageOrder(s placed, stage int, f field) {
	mine := l.reached(s, stage)
	if s.stages[stage].SideTrack || mine == nil || neverTrue(mine) {
		return
	}
	for later := stage + 1; later < len(s.stages); later++ {
		other := &s.stages[later]
		if other.SideTrack || other.Manual {
			continue
		}
		if its := l.reached(s, later); its == nil || !implies(mine, its) {
			continue
		}
		l.find(f.at("stage"), Finding{
			Kind: FindingStageOrder, Text: fmt.Sprintf("nobody stays in the stage %s: whoever reaches it has reached %s, too%s", s.stages[stage].Name, other.Name, s.ofVariant()),
			Why:     fmt.Sprintf("what %s asks for is all that %s asks for, which stands later in the order", s.stages[stage].Name, other.Name),
			Example: fmt.Sprintf("a lead%s is %s at once", ifAny(" with ", example(mine)), other.Name),
			Remedy:  "ask for more in the later stage, or change their order",
		})
		return
	}
}

// oneSided finds an MQL for which interest without fit is enough, or fit without interest (S26).
func (l *linter) oneSided(s placed, stage int, f field) {
	asked := &s.stages[stage]
	if !asked.hasCriteria() {
		return
	}
	facts, activities := false, false
	look := func(c *condition) {
		if c != nil {
			facts, activities = facts || len(c.facts) > 0, activities || len(c.kinds) > 0
		}
	}
	for _, t := range asked.scores {
		for i := range s.scores[t.score].rules {
			r := &s.scores[t.score].rules[i]
			look(r.when)
			activities = activities || r.when == nil
		}
	}
	for i := range asked.gates {
		look(asked.gates[i].opens)
	}
	look(asked.when)
	lacks, example := "fit", "a student who reads everything is as qualified as a buyer"
	switch {
	case facts && activities:
		return
	case facts:
		lacks, example = "interest", "a buyer who never did anything is as qualified as one who asks"
	}
	l.find(f.at("stage"), Finding{
		Kind: FindingOneSided, Text: "the stage mql asks for no " + lacks + s.ofVariant(),
		Why:     "a marketing qualified lead is interested and fits, one of them is not enough (S26), and none of its criteria asks for " + lacks,
		Example: example, Remedy: "add a score, a gate or a condition for " + lacks,
	})
}

// oneActivity finds an MQL whose interest a single activity can show (S33): its points alone are enough for every
// score that counts activities, and no gate and no condition asks for more.
func (l *linter) oneActivity(s placed, stage int, f field) {
	asked := &s.stages[stage]
	for _, c := range append(gateConditions(asked), asked.when) {
		if c != nil && len(c.kinds) > 0 {
			return // it asks for activities of its own
		}
	}
	counting := slices.DeleteFunc(slices.Clone(asked.scores), func(t threshold) bool {
		return !slices.ContainsFunc(s.scores[t.score].rules, func(r rule) bool { return r.when == nil })
	})
	if len(counting) == 0 {
		return
	}
	first := counting[0]
	for i := range s.scores[first.score].rules {
		r := &s.scores[first.score].rules[i]
		if r.when != nil || r.silence != nil || r.supporting || slices.ContainsFunc(counting, func(t threshold) bool { return l.alone(s, r, t.score) < t.want }) {
			continue
		}
		got, name := l.alone(s, r, first.score), s.scores[first.score].name
		l.find(f.at("scores").at(name), Finding{
			Kind: FindingOneActivity, Text: "one activity is all the interest that mql asks for" + s.ofVariant(),
			Why:     fmt.Sprintf("the rules that count it, %q among them, give %s points for one, %s are asked for, and several are no condition (S33)", r.name, got, first.want),
			Example: fmt.Sprintf("one %s%s, and the lead has %s of %s points of %s", r.counted.Params["kind"], whereOf(l.model, r), got, first.want, name),
			Remedy:  "ask for several interactions in a gate (days_with), raise the threshold, or make the rule supporting if it shows little",
		})
		return
	}
}

// alone is what one activity that a rule counts gives by all rules of a score that count it whatever else it is.
func (l *linter) alone(s placed, of *rule, score int) Points {
	mine := l.model.streams[of.stream]
	kinds := l.model.alsoOf(mine.kind)
	sum := Points(0)
	for i := range s.scores[score].rules {
		r := &s.scores[score].rules[i]
		if r.when != nil || r.silence != nil || r.atLeast > 1 {
			continue
		}
		its := l.model.streams[r.stream]
		same := its.kind == mine.kind && whereKey(its.where) == whereKey(mine.where)
		if same || its.where == nil && slices.Contains(kinds, its.kind) {
			sum += r.points
		}
	}
	return s.scores[score].limit(sum)
}

// alsoOf are the kinds that every activity of a kind is of.
func (m *Model) alsoOf(kind int) []int {
	kinds := []int{kind}
	for i := 0; i < len(kinds); i++ {
		if k := &m.kinds[kinds[i]]; k.made() && !k.anyOf {
			kinds = append(kinds, k.from...)
		}
	}
	for i := range m.kinds {
		if k := &m.kinds[i]; k.anyOf && slices.ContainsFunc(k.from, func(from int) bool { return slices.Contains(kinds, from) }) {
			kinds = append(kinds, i)
		}
	}
	return kinds
}

func gateConditions(s *stageRule) []*condition {
	var list []*condition
	for i := range s.gates {
		list = append(list, s.gates[i].opens)
	}
	return list
}

// whereOf is which activities a rule is over, in words of the file.
func whereOf(m *Model, r *rule) string {
	if where := m.streams[r.stream].where; where != nil {
		return " with " + where.source
	}
	return ""
}

// lintOwner finds a lifecycle in which nobody says who answers from the stage after mql on (S21, S22).
func (l *linter) lintOwner() {
	named, qualified := false, false
	for i, f := range l.root.at("lifecycle").list() {
		stage := l.model.stages[i].Stage
		named = named || f.at("owner").present()
		if named || stage.SideTrack {
			continue
		}
		if !qualified {
			qualified = stage.Name == firstQualified
			continue
		}
		l.find(f.at("stage"), Finding{
			Kind: FindingOwner, Text: fmt.Sprintf("no stage up to %s says who answers for it", stage.Name),
			Why:     "without owner: marketing answers for all stages, and from SQL on it should be sales alone (S22)",
			Example: fmt.Sprintf("tasks for a lead in %s are not told from marketing's", stage.Name), Remedy: "add owner: sales to the first stage that sales answers for",
		})
		return
	}
}
