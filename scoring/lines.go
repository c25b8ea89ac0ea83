package scoring

import "strconv"

// decimalText is a number as it stands in reasons.
func decimalText[N int | int64](n N) string { return strconv.FormatInt(int64(n), 10) }

// line is a line of the rule whose points all count.
func (r *rule) line(result Points, reason Reason) Line {
	line := Line{Rule: r.name, Raw: result, Result: result, Reason: reason}
	if r.group != nil {
		line.Group = r.group.name
	}
	return line
}

// happened says in a line what it is about.
func (l *Line) happened(a *Activity) {
	l.Activity, l.Kind, l.At, l.Uncertain, l.NotBefore, l.NotAfter = a.ID, a.Kind, a.At, a.Uncertain, a.NotBefore, a.NotAfter
}

// score derives one score line by line. The lines sum to the points.
func (f *frame) score(s *scoreRule, activities []Activity, record *recorder) Score {
	score := Score{Name: s.name, Lines: f.room(s)}
	can := f.support(s)
	group := Points(0)
	for i := range s.rules {
		r := &s.rules[i]
		points := f.ruleLines(&score, r, can, activities, record)
		if r.group == nil {
			score.Points += points
			continue
		}
		if group += points; r.closes {
			score.Points += r.group.close(&score, group)
			group = 0
		}
	}
	if cut := s.limit(score.Points) - score.Points; cut != 0 {
		reason := s.reason(cut, ReasonFloor, ReasonCeiling)
		reason.Params["score"] = s.name
		score.Lines = append(score.Lines, Line{Raw: cut, Result: cut, Reason: reason})
		score.Points += cut
	}
	score.Whole = score.Points.whole()
	return score
}

// close writes what the limits of a group cut of the sum of its rules, and gives what is left.
func (g *groupRule) close(score *Score, sum Points) Points {
	cut := g.limit(sum) - sum
	if cut != 0 {
		reason := g.reason(cut, ReasonGroupFloor, ReasonGroupCeiling)
		reason.Params["group"] = g.name
		score.Lines = append(score.Lines, Line{Group: g.name, Raw: cut, Result: cut, Reason: reason})
	}
	return sum + cut
}

// reason says which limit cut: the floor lifts, the ceiling lowers.
func (l limits) reason(cut Points, floor, ceiling ReasonCode) Reason {
	if cut > 0 {
		return Reason{floor, map[string]string{"minimum": l.minimum.String()}}
	}
	return Reason{ceiling, map[string]string{"maximum": l.maximum.String()}}
}

// room is an empty list with memory for all lines that the score can have.
func (f *frame) room(s *scoreRule) []Line {
	most := 1 // for a limit of the score
	for i := range s.rules {
		r := &s.rules[i]
		most++ // for a fact, silence or a cap
		if r.when == nil && r.silence == nil {
			most += len(f.streams[r.stream])
		}
		if r.window > 0 {
			most++
		}
		if r.supporting || r.closes || r.counts() {
			most += 3 // missing evidence, a limit of the group, over_at_most; below_at_least comes without activities
		}
	}
	return make([]Line, 0, most)
}

// counts reports whether it matters how many activities there are.
func (r *rule) counts() bool { return r.atMost > 0 || r.atLeast > 0 || r.thinning != nil }

// ruleLines writes the lines of one rule and gives their sum: what it contributes, what its cap cuts, what lacks
// evidence, and what counts for nothing.
func (f *frame) ruleLines(score *Score, r *rule, can possible, activities []Activity, record *recorder) Points {
	raw, capped := f.contribution(r)
	before := tally{counted: len(activities)}
	switch {
	case r.when != nil:
		if raw.lo != 0 {
			line := r.line(raw.lo, r.counted)
			line.Facts = record.seen(f, r.when)
			score.Lines = append(score.Lines, line)
		}
	case r.silence != nil:
		score.Lines = f.silentLine(score.Lines, r, activities)
	default:
		if r.window > 0 || r.counts() {
			before = f.tally(r)
		}
		score.Lines = f.occurrenceLines(score.Lines, r, before.counted, activities)
	}
	if cut := capped.lo - raw.lo; cut != 0 {
		score.Lines = append(score.Lines, r.line(cut, Reason{ReasonCapped, map[string]string{"rule": r.name, "cap": r.cap.String()}}))
	}
	result := r.supported(capped, can)
	if cut := result.lo - capped.lo; cut != 0 {
		score.Lines = append(score.Lines, r.line(cut, Reason{ReasonUnsupported, map[string]string{"rule": r.name}}))
	}
	if r.when == nil && r.silence == nil {
		score.Lines = f.emptyLines(score.Lines, r, before)
	}
	return result.lo
}

// occurrenceLines has one line per activity that still contributes, latest first, of the first most that have begun:
// those within the window.
func (f *frame) occurrenceLines(lines []Line, r *rule, most int, activities []Activity) []Line {
	stream := f.streams[r.stream]
	for i := range stream {
		o := &stream[i]
		if o.start > f.step {
			continue
		}
		if most == 0 {
			break
		}
		most--
		old := age(f.step, o.birth)
		result := f.model.aged(r, old)
		if result == 0 {
			continue
		}
		reason := r.counted
		if result != r.points {
			reason = f.model.agedReason(r, old)
		}
		lines = append(lines, r.line(result, reason))
		line := &lines[len(lines)-1]
		line.Raw = r.points
		line.happened(&activities[o.act])
	}
	return lines
}

// emptyLines say how many activities count for nothing at all, and why.
func (f *frame) emptyLines(lines []Line, r *rule, t tally) []Line {
	add := func(code ReasonCode, times int, more ...string) {
		if times == 0 {
			return
		}
		params := map[string]string{"rule": r.name, "times": decimalText(times)}
		for i := 0; i < len(more); i += 2 {
			params[more[i]] = more[i+1]
		}
		lines = append(lines, r.line(0, Reason{code, params}))
	}
	add(ReasonOutside, t.outside, "window_hours", r.windowHours)
	if r.thinning != nil {
		add(ReasonTooMany, t.tooMany, "at_most", decimalText(r.thinning.times), "per", string(r.thinning.per))
	} else {
		add(ReasonTooMany, t.tooMany, "at_most", decimalText(r.atMost))
	}
	add(ReasonTooFew, t.tooFew, "at_least", decimalText(r.atLeast))
	add(ReasonMachine, f.machines[r.stream])
	return lines
}
