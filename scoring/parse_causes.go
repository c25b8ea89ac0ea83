package scoring

import "go.yaml.in/yaml/v4"

// ruleCause reads what a rule gives points for: facts, activities, or the lack of them.
func (p *ruleReader) ruleCause(item field, keys map[string]field, r *rule) {
	r.counted = Reason{ReasonFactMatched, map[string]string{"rule": r.name}}
	var causes []string
	for _, name := range []string{"when", "activity", "silence"} {
		if keys[name].present() {
			causes = append(causes, name)
		}
	}
	switch {
	case len(causes) > 1:
		p.fail(keys[causes[1]], "split it into two rules", "the rule has both %s and %s", causes[0], causes[1])
		return
	case keys["when"].present():
		p.without(keys, "remove it, or give points for an activity", "a rule over facts", append(activityKeys(), "cap")...)
		r.when = p.condition(keys["when"], scope{model: p.model})
	case keys["activity"].present():
		p.overActivities(keys, r)
	case keys["silence"].present():
		p.overSilence(keys, r)
		return
	case item.node.Kind == yaml.MappingNode:
		p.fail(item, "add when: with a condition over facts, activity: or silence: with a kind of activity", "the rule has no cause")
	}
	p.without(keys, "remove it, or use silence: in the place of activity:", "a rule that is not over silence", "after", "every")
}

// without reports keys that mean nothing for a rule.
func (p *ruleReader) without(keys map[string]field, remedy, what string, names ...string) {
	for _, name := range names {
		if keys[name].present() {
			p.fail(keys[name], remedy, "%s has no meaning for %s", name, what)
		}
	}
}

func (p *ruleReader) overActivities(keys map[string]field, r *rule) {
	r.counted = Reason{ReasonActivityCounted, map[string]string{"rule": r.name, "kind": p.text(keys["activity"])}}
	const most = 1000
	r.atLeast = int(p.whole(keys["at_least"], 0, 2, most))
	times, per := p.atMost(keys["at_most"], most)
	kind, where, ok := p.occasion(keys)
	switch {
	case !ok:
	case per != "":
		r.stream, r.thinning = p.model.addThinned(kind, where, times, per)
	default:
		r.stream, r.atMost = p.model.addStream(kind, where), times
	}
}

// atMost reads how many activities count, of all or of each period of the calendar.
func (p *ruleReader) atMost(f field, most int64) (times int, per period) {
	if !f.present() || f.node.Kind != yaml.MappingNode {
		return int(p.whole(f, 0, 1, most)), ""
	}
	keys := p.fields(f, "times", "per")
	if p.lacks(f, keys, [2]string{"times", "add times: with how many count"}, [2]string{"per", "add per: day, week or month, or write at_most: 1 for all time"}) {
		return 0, ""
	}
	times = int(p.whole(keys["times"], 1, 1, most))
	return times, period(p.choice(keys["per"], string(perDay), string(perDay), string(perWeek), string(perMonth)))
}

// overSilence reads a rule that punishes inactivity.
func (p *ruleReader) overSilence(keys map[string]field, r *rule) {
	p.without(keys, "make a kind of activity of it ({of: ..., where: ...}) and name that in silence", "a rule over silence", "where")
	p.without(keys, "remove it", "a rule over silence", append(activityKeys()[1:], "supporting")...)
	r.silence = &silence{after: p.steps(keys["after"]), every: p.steps(keys["every"])}
	if !keys["after"].present() {
		p.fail(keys["silence"], "add after: with the time without an activity, such as 30d", "the rule does not say from when on it is silence")
	}
	if r.points > 0 {
		p.fail(keys["points"], "write points below 0", "silence would be rewarded with %s points", r.points)
	}
	kind, _, ok := p.occasion(map[string]field{"activity": keys["silence"]})
	if ok {
		r.stream = p.model.addStream(kind, nil)
	}
	r.counted = Reason{ReasonSilent, map[string]string{"rule": r.name, "kind": p.text(keys["silence"])}}
}

// ruleAge reads the window and the way to age, of which there is one at most.
func (p *ruleReader) ruleAge(keys map[string]field, r *rule) {
	r.window, r.halfLife = p.steps(keys["window"]), p.steps(keys["half_life"])
	r.windowHours, r.halfLifeHours = p.model.hours(r.window), p.model.hours(r.halfLife)
	given := ""
	for _, name := range agingKeys() {
		switch {
		case !keys[name].present():
		case given == "":
			given = name
		default:
			p.fail(keys[name], "keep one of half_life, loses and steps; a window can stand beside it", "the rule ages in two ways, by %s and by %s", given, name)
			return
		}
	}
	switch given {
	case "loses":
		r.ages = p.loses(keys["loses"])
	case "steps":
		r.ages = p.ageSteps(keys["steps"])
	}
}

// lacks reports the first key, with its remedy, that is missing.
func (p *ruleReader) lacks(f field, keys map[string]field, needed ...[2]string) bool {
	for _, key := range needed {
		if keys[key[0]].present() {
			continue
		}
		if f.node.Kind == yaml.MappingNode { // anything else is reported already
			p.fail(f, key[1], "%s lacks %s", last(f.key), key[0])
		}
		return true
	}
	return false
}

// loses reads an even loss.
func (p *ruleReader) loses(f field) *ages {
	keys := p.fields(f, "points", "every")
	if p.lacks(f, keys, [2]string{"points", "add points: with what is lost"}, [2]string{"every", "add every: with the time in which it is lost, such as 7d"}) {
		return nil
	}
	lost, ok := p.points(keys["points"])
	if ok && lost <= 0 {
		p.fail(keys["points"], "write points above 0: a rule that takes points away loses of these", "a loss of %s is no loss", lost)
	}
	every := p.steps(keys["every"])
	return &ages{loses: lost, losesText: lost.String(), every: max(1, every), everyHours: p.model.hours(every)}
}

// ageSteps reads what is left from which age on.
func (p *ruleReader) ageSteps(f field) *ages {
	p.notEmpty(f)
	a := &ages{}
	before := ageStep{percent: 100}
	for _, item := range p.entries(f) {
		step := ageStep{age: p.steps(field{f.key, item.mark}), percent: p.whole(item.field, -1, 0, 99)}
		if step.age == 0 || step.percent < 0 {
			continue // reported already
		}
		if step.age <= before.age {
			p.fail(field{item.key, item.mark}, "put the youngest age first", "the age %s does not come after the one before it", item.name)
		}
		if step.percent >= before.percent {
			p.fail(item.field, "write a smaller percent than before: what ages never gets worth more", "%d percent are not less than the %d before", step.percent, before.percent)
		}
		a.steps, before = append(a.steps, step), step
	}
	return a
}
