package scoring

// support reports whether rules that are worth nothing alone can count and can be held back over the span: whether
// some rule that is neither supporting nor over silence gives more than nothing. At a single step exactly one of
// them holds.
func (f *frame) support(s *scoreRule) possible {
	if !s.supporting {
		return possible{yes: true}
	}
	can := possible{no: true}
	for i := range s.rules {
		r := &s.rules[i]
		if r.supporting || r.silence != nil || r.points < 0 {
			continue
		}
		_, capped := f.contribution(r)
		if capped.lo > 0 {
			return possible{yes: true}
		}
		can.yes = can.yes || capped.hi > 0
	}
	return can
}

// supported bounds what is left of a rule that is worth nothing alone.
func (r *rule) supported(b bounds, can possible) bounds {
	if !r.supporting {
		return b
	}
	if can.no {
		b.lo = min(0, b.lo)
	}
	if !can.yes {
		b.hi = min(0, b.hi)
	}
	return b
}
