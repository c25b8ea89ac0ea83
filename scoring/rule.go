package scoring

// scoreRule is one score. Its rules stand in the order of the file, those of a group one after the other.
type scoreRule struct {
	name string
	limits
	rules      []rule
	supporting bool // one of the rules is
}

// limits keep a sum between two bounds, each of which may be missing.
type limits struct{ minimum, maximum *Points }

// limit applies floor and ceiling.
func (l limits) limit(p Points) Points {
	if l.minimum != nil {
		p = max(p, *l.minimum)
	}
	if l.maximum != nil {
		p = min(p, *l.maximum)
	}
	return p
}

// both applies floor and ceiling to what bounds a sum: both rise with it.
func (l limits) both(b bounds) bounds { return bounds{l.limit(b.lo), l.limit(b.hi)} }

// groupRule keeps the sum of some rules of a score between limits.
type groupRule struct {
	name string
	limits
}

// rule gives points for facts (when), for activities (stream), or for the lack of them (silence).
type rule struct {
	name   string
	group  *groupRule // nil: none
	closes bool       // the last rule of its group
	points Points
	cap    Points // magnitude; 0: none

	when     *condition
	stream   int
	window   int64     // steps; 0: for ever
	halfLife int64     // steps; 0: no decay of this kind
	ages     *ages     // another way to age; nil: none
	atLeast  int       // as many must count, or none does; 0: no matter
	atMost   int       // the latest so many count; 0: all
	thinning *thinning // the earliest so many of a calendar period count; nil: all
	silence  *silence  // nil: the rule is not over silence

	supporting bool

	counted Reason // shared by all lines of the rule in which nothing has aged
	// halfLifeHours and windowHours are halfLife and window as they stand in reasons.
	halfLifeHours, windowHours string
}

// contribution bounds a rule over the span, before and after its cap.
func (f *frame) contribution(r *rule) (raw, capped bounds) {
	switch {
	case r.when != nil:
		raw = f.factContribution(r)
		return raw, raw
	case r.silence != nil:
		raw = f.silent(r)
	default:
		raw = f.active(r)
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
