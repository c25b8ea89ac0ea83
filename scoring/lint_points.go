package scoring

import (
	"fmt"
	"slices"
)

// endless stands for points without a bound. A thousand times as much is still within 64 bits.
const endless = Points(1) << 50

// maxPeriods bounds how many periods of the calendar are added up: ten years of days and a little.
const maxPeriods = 4000

// most is what a rule gives at most, in its own direction: the magnitude of the sum of all that counts.
func (l *linter) most(r *rule) Points {
	most := endless
	magnitude := max(r.points, -r.points)
	switch {
	case r.when != nil:
		most = magnitude
	case r.silence != nil && r.silence.every == 0:
		most = magnitude
	case r.thinning != nil:
		most, _ = l.thinned(r)
	case r.atMost > 0:
		most = magnitude * Points(r.atMost)
	}
	if r.cap > 0 {
		most = min(most, r.cap)
	}
	return most
}

// thinned is what a rule of which so many count in each period of the calendar gives at most, without its cap, and how
// many count at most; endless and 0 if there is no bound. The latest two periods can both lie within a moment, each
// one before them is at least a period older (less the two hours that clocks can be moved in between).
func (l *linter) thinned(r *rule) (most Points, count int64) {
	length := map[period]int64{perDay: 1, perWeek: 7, perMonth: 28}[r.thinning.per] * l.model.perDay
	slack := (l.model.perDay + 11) / 12 // two hours in steps
	magnitude := func(age int64) Points {
		p := l.model.aged(r, age)
		return max(p, -p)
	}
	for k := range int64(maxPeriods) {
		old := int64(0)
		if k > 1 {
			old = max(0, (k-1)*length-slack)
		}
		one := magnitude(old)
		if one == 0 || r.window > 0 && old >= r.window {
			return most, count
		}
		most, count = most+one*Points(r.thinning.times), count+int64(r.thinning.times)
	}
	return endless, 0
}

// enough is how many activities of a rule can count at most (0: any number), and whether that is at least at_least.
func (l *linter) enough(r *rule) (most int64, possible bool) {
	if r.thinning == nil || r.window == 0 {
		return 0, true
	}
	var ageless rule
	ageless.points, ageless.window, ageless.thinning = 1, r.window, r.thinning
	_, most = l.thinned(&ageless)
	return most, most == 0 || most >= int64(r.atLeast)
}

// bound bounds a score: all that its rules can sum up to, as far as they do not depend on each other.
func (l *linter) bound(s placed, score int) bounds {
	of := &s.scores[score]
	fields := ruleFields(s.fields["scores"].at(of.name).at("rules"))
	var sum bounds
	for first := 0; first < len(of.rules); {
		last := first
		for of.rules[first].group != nil && !of.rules[last].closes {
			last++
		}
		part := l.unit(of.rules[first : last+1])
		if group := of.rules[first].group; group != nil {
			part = group.both(part)
		}
		sum.lo, sum.hi = sum.lo+part.lo, sum.hi+part.hi
		first = last + 1
	}
	sum = of.both(bounds{max(sum.lo, -endless), min(sum.hi, endless)})
	return l.exclusive(s, score, fields, sum)
}

// unit bounds the sum of some rules. A rule that can never give its points is told itself, and counts here as if
// that were corrected: one mistake is one finding.
func (l *linter) unit(rules []rule) bounds {
	var sum bounds
	for i := range rules {
		if r := &rules[i]; r.points > 0 {
			sum.hi += l.most(r)
		} else {
			sum.lo -= l.most(r)
		}
	}
	return sum
}

// exclusive narrows the bounds of a score whose rules are over facts alone and stand in no group, by trying which of
// them can be true together.
func (l *linter) exclusive(s placed, score int, fields []field, b bounds) bounds {
	of := &s.scores[score]
	var conditions []*formula
	var sum bounds
	for i := range of.rules {
		if of.rules[i].when == nil || of.rules[i].group != nil || of.rules[i].supporting {
			return b
		}
		when := l.formula(fields[i].at("when"), scope{model: l.model})
		if neverTrue(when) {
			sum = bounds{sum.lo + min(0, of.rules[i].points), sum.hi + max(0, of.rules[i].points)}
			when = constantly(mayFalse)
		}
		conditions = append(conditions, when)
	}
	for _, part := range together(conditions) {
		formulas := make([]*formula, len(part))
		for i, at := range part {
			formulas[i] = conditions[at]
		}
		w, ok := newWorld(formulas...)
		if !ok {
			return b
		}
		var one bounds
		begun := false
		w.each(func(values []truths) bool {
			points := Points(0)
			for i, at := range part {
				if values[i] == mayTrue {
					points += of.rules[at].points
				}
			}
			if !begun {
				one, begun = bounds{points, points}, true
			}
			one = bounds{min(one.lo, points), max(one.hi, points)}
			return true
		})
		sum = bounds{sum.lo + one.lo, sum.hi + one.hi}
	}
	return of.both(sum)
}

// together are the indexes of the formulas, those that share variables in one list.
func together(formulas []*formula) [][]int {
	var parts [][]int
	var seen []map[*variable]bool
	for i, f := range formulas {
		mine, members := map[*variable]bool{}, []int{i}
		f.leaves(func(t *leaf) { mine[t.of] = true })
		for j := range slices.Backward(parts) {
			if !shares(mine, seen[j]) {
				continue
			}
			for v := range seen[j] {
				mine[v] = true
			}
			members = append(parts[j], members...)
			parts, seen = slices.Delete(parts, j, j+1), slices.Delete(seen, j, j+1)
		}
		slices.Sort(members)
		parts, seen = append(parts, members), append(seen, mine)
	}
	return parts
}

func shares(a, b map[*variable]bool) bool {
	for v := range a {
		if b[v] {
			return true
		}
	}
	return false
}

// lintThresholds finds thresholds, marks and tiers that nobody reaches, or everybody has.
func (l *linter) lintThresholds(s placed) {
	reach := make([]bounds, len(s.scores))
	var sum bounds
	for i := range s.scores {
		reach[i] = l.bound(s, i)
		one := rounded(reach[i])
		sum = bounds{sum.lo + one.lo, sum.hi + one.hi}
	}
	for i, f := range s.fields["lifecycle"].list() {
		for _, item := range f.at("scores").pairs() {
			at := slices.IndexFunc(s.stages[i].scores, func(t threshold) bool { return s.scores[t.score].name == item.name })
			want := s.stages[i].scores[at]
			l.threshold(item.field, fmt.Sprintf("the stage %s asks for %s points of %s", s.stages[i].Name, want.want, item.name), want.want, reach[want.score], s)
		}
	}
	for i, name := range []string{"letter", "number"} {
		if i >= len(s.grades) {
			break
		}
		axis := &s.grades[i]
		for j, bound := range axis.bounds {
			f := s.fields["grades"].at(name).at(axis.marks[j])
			l.threshold(f, fmt.Sprintf("the grade %s begins at %d points of %s", axis.marks[j], bound, s.scores[axis.score].name), whole(bound), rounded(reach[axis.score]), s)
		}
	}
	for _, tier := range s.tiers {
		if tier.grades == nil {
			l.threshold(s.fields["tiers"].at(tier.name), fmt.Sprintf("the tier %s begins at %d points of all scores", tier.name, tier.bound), whole(tier.bound), sum, s)
		}
	}
}

// whole is so many whole points.
func whole(n int64) Points { return Points(n * 1000) }

// rounded are bounds in whole points, as grades and tiers see them.
func rounded(b bounds) bounds { return bounds{whole(b.lo.whole()), whole(b.hi.whole())} }

// threshold compares what is asked for with what there can be.
func (l *linter) threshold(f field, text string, want Points, can bounds, s placed) {
	switch {
	case want > can.hi:
		l.find(f, Finding{
			Kind: FindingUnreachable, Text: text + ", which nobody reaches" + s.ofVariant(),
			Why:     fmt.Sprintf("the rules that can be true together, their caps, groups and limits give at most %s", can.hi),
			Example: fmt.Sprintf("the best lead that there can be has %s points", can.hi), Remedy: "lower it, or give more points",
		})
	case want <= can.lo:
		l.find(f, Finding{
			Kind: FindingAlwaysMet, Text: text + ", which everybody has" + s.ofVariant(),
			Why:     fmt.Sprintf("nobody has fewer than %s points", can.lo),
			Example: fmt.Sprintf("a lead of whom nothing is known has them, too: %s is enough", want), Remedy: "raise it, or remove it",
		})
	}
}
