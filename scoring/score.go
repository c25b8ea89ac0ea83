package scoring

// bounds are the least and the most that something can be over a span.
type bounds struct{ lo, hi Points }

func (b bounds) plus(c bounds) bounds { return bounds{b.lo + c.lo, b.hi + c.hi} }

// worth is what one occurrence contributes at a step: nothing before it begins or after its window, the
// decayed points in between.
func (f *frame) worth(r *rule, o occurrence, step int64) Points {
	if step < o.start {
		return 0
	}
	old := age(step, o.birth)
	if r.window > 0 && old >= r.window {
		return 0
	}
	return f.model.decay(r.points, old, r.halfLife)
}

// contribution bounds a rule over the span, before and after its cap.
func (f *frame) contribution(r *rule) (raw, capped bounds) {
	if r.when != nil {
		raw = f.factContribution(r)
		return raw, raw
	}
	for _, o := range f.streams[r.stream] {
		raw = raw.plus(f.occurrenceBounds(r, o))
	}
	capped = raw
	if r.cap > 0 {
		capped = bounds{max(-r.cap, min(raw.lo, r.cap)), max(-r.cap, min(raw.hi, r.cap))}
	}
	return raw, capped
}

func (f *frame) factContribution(r *rule) bounds {
	switch met := f.truth(r.when); {
	case met == mayTrue:
		return bounds{r.points, r.points}
	case met&mayTrue != 0:
		return bounds{min(0, r.points), max(0, r.points)}
	default:
		return bounds{}
	}
}

// occurrenceBounds uses that the magnitude of an occurrence jumps up once, where it begins, and never rises
// again: over a span it is greatest at the later of beginning and start of the span, and least at one end.
func (f *frame) occurrenceBounds(r *rule, o occurrence) bounds {
	if o.start > f.b {
		return bounds{}
	}
	peak := f.worth(r, o, max(f.a, o.start))
	foot := Points(0)
	if o.start <= f.a {
		foot = f.worth(r, o, f.b)
	}
	return bounds{min(peak, foot), max(peak, foot)}
}

// limit applies floor and ceiling of the score.
func (s *scoreRule) limit(p Points) Points {
	if s.minimum != nil {
		p = max(p, *s.minimum)
	}
	if s.maximum != nil {
		p = min(p, *s.maximum)
	}
	return p
}

// scoreBounds bounds a score over the span.
func (f *frame) scoreBounds(s *scoreRule) bounds {
	var sum bounds
	for i := range s.rules {
		_, capped := f.contribution(&s.rules[i])
		sum = sum.plus(capped)
	}
	return bounds{s.limit(sum.lo), s.limit(sum.hi)}
}

// whole rounds to whole points, half away from zero.
func (p Points) whole() int64 {
	const thousandths, half = 1000, 500
	if p < 0 {
		return -int64((-p + half) / thousandths)
	}
	return int64((p + half) / thousandths)
}
