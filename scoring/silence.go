package scoring

import "slices"

// silence is when a rule punishes that nothing happens.
type silence struct {
	after int64 // steps without an activity, from which on the rule gives its points
	every int64 // steps after which it gives them again; 0: once
}

// times is how often the points are given if the latest activity is so old.
func (s *silence) times(age int64) int64 {
	switch {
	case age < s.after:
		return 0
	case s.every == 0:
		return 1
	default:
		return 1 + (age-s.after)/s.every
	}
}

// silent bounds a rule over silence over the span. The latest activity changes where one begins; between two such
// steps its age rises, and with it how often the points are given.
func (f *frame) silent(r *rule) bounds {
	f.spent += int64(len(f.streams[r.stream]))
	var b bounds // also what it is before the first activity
	least, most := int64(-1), int64(0)
	until := f.b // the last step at which the occurrence is the latest
	for _, o := range f.streams[r.stream] {
		if o.start > until {
			continue
		}
		since := max(f.a, o.start)
		from, to := r.silence.times(age(since, o.birth)), r.silence.times(age(until, o.birth))
		if least < 0 || from < least {
			least = from
		}
		most = max(most, to)
		if until = since - 1; until < f.a {
			break
		}
	}
	if until >= f.a {
		least = 0
	}
	b.lo, b.hi = r.points*Points(most), r.points*Points(least) // the points are negative
	return b
}

// silentLine says since when it has been silent.
func (f *frame) silentLine(lines []Line, r *rule, activities []Activity) []Line {
	stream := f.streams[r.stream]
	i := slices.IndexFunc(stream, func(o occurrence) bool { return o.start <= f.step })
	if i < 0 {
		return lines
	}
	old := age(f.step, stream[i].birth)
	times := r.silence.times(old)
	if times == 0 {
		return lines
	}
	result := r.points * Points(times)
	line := r.line(result, Reason{ReasonSilent, map[string]string{
		"rule": r.name, "kind": r.counted.Params["kind"], "age_hours": f.model.hours(old), "times": decimalText(times),
	}})
	line.happened(&activities[stream[i].act])
	return append(lines, line)
}
