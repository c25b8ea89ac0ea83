package scoring

import "go.yaml.in/yaml/v4"

// overrides reads for how long people win against the model, and after how many rounds another machine does.
func (p *modelParser) overrides(f field) {
	keys := p.fields(f, "keep", "until", "notice", "rounds")
	if f.node.Kind != yaml.MappingNode {
		return
	}
	p.notEmpty(f)
	const fewest, most = 1, 20
	o := &Overrides{
		Given: true, Keep: p.span(keys["keep"], "w", "d", "h"), Notice: p.span(keys["notice"], "w", "d", "h"),
		FactsChange: p.choice(keys["until"], "", "facts_change") != "",
		Rounds:      int(p.whole(keys["rounds"], defaultRounds, fewest, most)),
	}
	switch {
	case keys["notice"].present() && !keys["keep"].present():
		p.fail(keys["notice"], "add keep: with how long a choice holds, or remove notice", "nobody can be told before an end that is not known")
	case !o.Keep.IsZero() && !o.Notice.IsZero() && o.Notice.calendarHours() >= o.Keep.calendarHours():
		p.fail(keys["notice"], "write how long before the end, less than "+o.Keep.String(), "the notice would come before the beginning")
	}
	const tenYears = 24 * 3650
	if o.Keep.calendarHours() > tenYears {
		p.fail(keys["keep"], "leave overrides out: then a choice holds for ever", "%s is longer than ten years", o.Keep)
	}
	p.model.overrides = o
}

// calendarHours is a span of hours or days in hours; spans of working time have none.
func (s Span) calendarHours() int {
	const day = 24
	switch s.Unit {
	case UnitHours:
		return s.N
	case UnitDays:
		return s.N * day
	case UnitWorkingHours, UnitWorkingDays:
	}
	return 0
}
