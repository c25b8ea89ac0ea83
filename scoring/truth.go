package scoring

// truths is the set of truth values that a condition can take while time passes over a span of the grid. At
// a single step it has exactly one member, so the same code decides a moment exactly and bounds an interval.
type truths uint8

const (
	mayFalse truths = 1 << iota
	mayUnknown
	mayTrue

	never truths = 0
)

// with adds the member if the statement holds.
func (t truths) with(member truths, holds bool) truths {
	if holds {
		return t | member
	}
	return t
}

// not mirrors the set: true and false change places, unknown stays.
func (t truths) not() truths {
	return never.with(mayFalse, t&mayTrue != 0).with(mayUnknown, t&mayUnknown != 0).with(mayTrue, t&mayFalse != 0)
}

// and is Kleene's and, member by member: the smaller of the two in the order false, unknown, true.
func (t truths) and(u truths) truths {
	return never.
		with(mayFalse, (t|u)&mayFalse != 0).
		with(mayUnknown, t&mayUnknown != 0 && u&^mayFalse != 0 || u&mayUnknown != 0 && t&^mayFalse != 0).
		with(mayTrue, t&u&mayTrue != 0)
}

// or is Kleene's or: not (not t and not u).
func (t truths) or(u truths) truths { return t.not().and(u.not()).not() }

// same is equality of two truth values: unknown if either is.
func (t truths) same(u truths) truths {
	return t.and(u).or(t.not().and(u.not()))
}

// truth is the one member of a set that has one.
func (t truths) truth() Truth {
	if t == mayTrue {
		return True
	}
	if t == mayFalse {
		return False
	}
	return Unknown
}
