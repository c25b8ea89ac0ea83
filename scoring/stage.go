package scoring

// possible says whether a stage can be reached and can be not reached over a span. At a single step exactly
// one of them holds.
type possible struct{ yes, no bool }

// reach decides a stage over the frame's span, given the scores over the same span. A stage is reached if
// its direct way is true, or if it has criteria and all of them are true. Unknown holds back.
func (f *frame) reach(s *stageRule, scores []bounds) possible {
	all := mayFalse
	if s.hasCriteria() {
		all = f.criteria(s, scores)
	}
	if s.direct != nil {
		all = all.or(f.truth(s.direct))
	}
	return possible{yes: all&mayTrue != 0, no: all&^mayTrue != 0}
}

func (s *stageRule) hasCriteria() bool {
	return len(s.scores) > 0 || len(s.gates) > 0 || s.when != nil
}

func (f *frame) criteria(s *stageRule, scores []bounds) truths {
	all := mayTrue
	for _, t := range s.scores {
		all = all.and(t.met(scores[t.score]))
	}
	for _, g := range s.gates {
		all = all.and(f.truth(g.requires))
	}
	if s.when != nil {
		all = all.and(f.truth(s.when))
	}
	return all
}

// met compares a score with its threshold: at least that many points, in thousandths.
func (t threshold) met(score bounds) truths {
	return never.with(mayTrue, score.hi >= t.want).with(mayFalse, score.lo < t.want)
}

// checks lists the criteria of a stage with what they saw, the direct way last.
func (f *frame) checks(s *stageRule, scores []bounds, record *recorder) []Check {
	var list []Check
	for _, t := range s.scores {
		list = append(list, Check{
			Stage: s.Name, Kind: CheckScore, Name: f.model.scores[t.score].name,
			State: t.met(scores[t.score]).truth(), Want: t.want, Got: scores[t.score].lo,
		})
	}
	for _, g := range s.gates {
		check := f.check(g.requires, record)
		check.Stage, check.Kind, check.Name = s.Name, CheckGate, g.name
		check.Asks, check.Ask = g.ask, TextIn(g.ask, "en")
		list = append(list, check)
	}
	if s.when != nil {
		check := f.check(s.when, record)
		check.Stage, check.Kind, check.Name = s.Name, CheckCondition, s.when.source
		list = append(list, check)
	}
	if s.direct != nil {
		check := f.check(s.direct, record)
		check.Stage, check.Kind, check.Name = s.Name, CheckDirect, s.direct.source
		list = append(list, check)
	}
	if s.Manual && len(list) == 0 {
		list = append(list, Check{Stage: s.Name, Kind: CheckManual, Name: s.Name, State: False})
	}
	return list
}

// check is a condition with the values it saw and, if unknown, what would have to be known.
func (f *frame) check(c *condition, record *recorder) Check {
	check := Check{State: f.truth(c).truth(), Seen: record.seen(f, c)}
	if check.State == Unknown {
		var missing gapList
		c.root.gaps(f, &missing)
		check.Unknown = missing
	}
	return check
}

// recorder keeps the values that conditions saw in one piece of memory.
type recorder struct{ values []Seen }

func (r *recorder) seen(f *frame, c *condition) []Seen {
	if len(c.facts) == 0 {
		return nil
	}
	from := len(r.values)
	for _, i := range c.facts {
		r.values = append(r.values, Seen{Fact: f.model.facts[i].Name, Value: f.facts[i].Value})
	}
	return r.values[from:len(r.values):len(r.values)]
}
