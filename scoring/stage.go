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
		all = all.and(f.truth(g.opens))
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
			Stage: s.Name, Kind: CheckScore, Name: f.rules.scores[t.score].name,
			State: t.met(scores[t.score]).truth(), Want: t.want, Got: scores[t.score].lo,
		})
	}
	for _, g := range s.gates {
		check := g.check(f, record)
		check.Stage = s.Name
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

// check is a condition with the values it saw and what would have to be known, or else what makes it false.
func (f *frame) check(c *condition, record *recorder) Check {
	check := Check{State: f.truth(c).truth(), Seen: record.seen(f, c)}
	switch check.State {
	case Unknown:
		var missing gapList
		c.root.gaps(f, &missing)
		check.Unknown = missing
	case False:
		f.reasons = f.reasons[:0]
		c.root.why(f, &f.reasons)
		check.Failing = record.list(f, f.reasons, nil)
	case True:
	}
	return check
}

// see is a fact with its value.
func (f *frame) see(fact int) Seen {
	s := f.fact(fact)
	return Seen{Fact: f.model.facts[fact].Name, Value: s.Value, Original: s.original}
}

// recorder keeps the values that conditions saw in one piece of memory.
type recorder struct{ values []Seen }

func (r *recorder) seen(f *frame, c *condition) []Seen {
	return r.list(f, c.facts, c.calls)
}

// list keeps facts and what was asked of activities. The frame looks at a single step.
func (r *recorder) list(f *frame, facts []int, calls []question) []Seen {
	if len(facts)+len(calls) == 0 {
		return nil
	}
	from := len(r.values)
	for _, i := range facts {
		r.values = append(r.values, f.see(i))
	}
	for i := range calls {
		seen := Seen{Fact: calls[i].text}
		if number := calls[i].value.at(f); number.known {
			seen.Value = Value{Type: TypeNumber, Number: number.lo}
		}
		r.values = append(r.values, seen)
	}
	return r.values[from:len(r.values):len(r.values)]
}
