package scoring

// bounds are the least and the most that something can be over a span.
type bounds struct{ lo, hi Points }

func (b bounds) plus(c bounds) bounds { return bounds{b.lo + c.lo, b.hi + c.hi} }

// scoreBounds bounds a score over the span.
func (f *frame) scoreBounds(s *scoreRule) bounds {
	var sum, group bounds
	can := f.support(s)
	for i := range s.rules {
		r := &s.rules[i]
		_, capped := f.contribution(r)
		capped = r.supported(capped, can)
		if r.group == nil {
			sum = sum.plus(capped)
			continue
		}
		if group = group.plus(capped); r.closes {
			sum, group = sum.plus(r.group.both(group)), bounds{}
		}
	}
	return s.both(sum)
}

// whole rounds to whole points, half away from zero.
func (p Points) whole() int64 {
	const thousandths, half = 1000, 500
	if p < 0 {
		return -int64((-p + half) / thousandths)
	}
	return int64((p + half) / thousandths)
}
