package scoring

import (
	"math"
	"time"
)

// active bounds a rule over activities over the span. Occurrences stand latest first, those that have begun are the
// end of the list, and those within the window the beginning of it. So what counts at a step are the first so many
// (at_most) that have begun, and as nothing is worth more than what came after it, these are those worth most. The
// magnitude of each jumps up once, where it begins, and never rises again: over a span it is greatest at the later of
// beginning and start of the span, and least at the end of it. It follows that the sum is at most that of the greatest
// of the first so many of those that begin at all, and at least that of the least of the first so many of those that
// have begun before the span: one more that begins can only displace something worth less.
func (f *frame) active(r *rule) bounds {
	maybe, peak := f.sum(r, f.b, f.a)
	surely, foot := maybe, peak
	if f.a < f.b {
		surely, foot = f.sum(r, f.a, f.b)
	}
	switch {
	case maybe < r.atLeast:
		return bounds{}
	case surely < r.atLeast:
		return bounds{min(0, peak), max(0, peak)}
	default:
		return bounds{min(peak, foot), max(peak, foot)}
	}
}

// sum is how many have begun until a step, and what the first so many of them are worth at another step, or where
// they begin if that is later. Those that are outside of the window there are not counted.
func (f *frame) sum(r *rule, begun, at int64) (n int, sum Points) {
	most := r.atMost
	if most == 0 {
		most = math.MaxInt
	}
	stream := f.streams[r.stream]
	f.spent += int64(len(stream))
	for i := range stream {
		o := &stream[i]
		if o.start > begun {
			continue
		}
		old := age(max(at, o.start), o.birth)
		if r.window > 0 && old >= r.window {
			break // and all that are older
		}
		if n < most {
			sum += f.model.aged(r, old)
		}
		n++
	}
	return n, sum
}

// tally is what becomes of the activities of a rule at the step of the frame, but for those that a machine did.
type tally struct{ counted, outside, tooMany, tooFew int }

// tally counts. The first counted of those that have begun give points.
func (f *frame) tally(r *rule) tally {
	var t tally
	for _, o := range f.streams[r.stream] {
		switch {
		case o.start > f.step:
		case r.window > 0 && age(f.step, o.birth) >= r.window:
			t.outside++
		default:
			t.counted++
		}
	}
	if t.counted < r.atLeast {
		t.counted, t.tooFew = 0, t.counted
	}
	if r.atMost > 0 && t.counted > r.atMost {
		t.counted, t.tooMany = r.atMost, t.counted-r.atMost
	}
	if r.thinning != nil {
		t.tooMany += f.thinned[r.thinning.index]
	}
	return t
}

// period is a part of the calendar.
type period string

// The periods.
const (
	perDay   period = "day"
	perWeek  period = "week"
	perMonth period = "month"
)

// of numbers the period that a day lies in, see Model.dayOf.
func (p period) of(day int64) int64 {
	const daysPerWeek, sinceMonday, secondsPerDay, months = 7, 3, 24 * 60 * 60, 12 // day 0 was a Thursday
	switch p {
	case perWeek:
		return floorDiv(day+sinceMonday, daysPerWeek)
	case perMonth:
		year, month, _ := time.Unix(day*secondsPerDay, 0).UTC().Date()
		return int64(year)*months + int64(month)
	case perDay:
	}
	return day
}

// thinning leaves in a stream of its own the earliest so many occurrences of each period.
type thinning struct {
	stream int
	index  int // among those of the model
	times  int
	per    period
}

// addThinned makes a stream in which not all of a calendar period count.
func (m *Model) addThinned(kind int, where *condition, times int, per period) (int, *thinning) {
	key := "at most " + decimalText(times) + " per " + string(per) + " of " + whereKey(where)
	t := &thinning{stream: len(m.streams), index: len(m.thinnings), times: times, per: per}
	m.streams = append(m.streams, stream{kind: kind, key: key, where: where, daily: true})
	m.thinnings = append(m.thinnings, t)
	return t.stream, t
}

// thin leaves in the streams of at_most per period what counts. The passing of time does not change it: what is to
// come is later than all that has been.
func (f *frame) thin() {
	f.thinned = f.thinned[:0]
	for _, t := range f.model.thinnings {
		f.thinned = append(f.thinned, f.thinStream(t))
	}
}

// thinStream gives the number of those left out that have begun.
func (f *frame) thinStream(t *thinning) (begun int) {
	stream := f.streams[t.stream]
	var filled filling
	kept := len(stream) // what counts is moved to the end, where the earliest are
	for end := len(stream); end > 0; {
		from := end - 1 // the first of those of one moment, with the smallest ID
		for from > 0 && stream[from-1].at == stream[from].at {
			from--
		}
		keep := min(end-from, filled.left(t.per.of(stream[from].day), t.times))
		filled.add(keep)
		for _, o := range stream[from+keep : end] {
			if o.start <= f.step {
				begun++
			}
		}
		kept -= keep
		copy(stream[kept:kept+keep], stream[from:from+keep])
		end = from
	}
	f.streams[t.stream] = stream[:copy(stream, stream[kept:])]
	return begun
}

// filling is how many count already of the period at hand and of another one next to it: where a clock is set back
// over midnight a period ends, goes on for an hour and ends again.
type filling struct {
	period, other int64
	n, otherN     int
}

// left turns to a period and gives how many of it can still count.
func (f *filling) left(period int64, times int) int {
	if period != f.period {
		f.period, f.other, f.n, f.otherN = f.other, f.period, f.otherN, f.n
	}
	if period != f.period {
		f.period, f.n = period, 0
	}
	return times - f.n
}

func (f *filling) add(n int) { f.n += n }
