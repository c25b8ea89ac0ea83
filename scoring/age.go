package scoring

// ages is a way to age besides the half-life: points are lost evenly, or there are steps.
type ages struct {
	loses      Points // thousandths that are lost every so many steps of the grid; 0: there are steps
	every      int64
	losesText  string // loses and every as they stand in reasons
	everyHours string
	steps      []ageStep // the ages rise, the percents fall
}

// ageStep is what is left from an age on.
type ageStep struct {
	age     int64 // steps of the grid
	percent int64
}

// left is points at an age, see the package documentation.
func (a *ages) left(points Points, age int64) Points {
	magnitude := max(points, -points)
	if len(a.steps) > 0 {
		const all, half = 100, 50
		magnitude = (magnitude*Points(a.percent(age)) + half) / all
	} else {
		magnitude = a.evenly(magnitude, age)
	}
	if points < 0 {
		return -magnitude
	}
	return magnitude
}

// evenly takes a loss for every full interval. Nothing is multiplied that could be too great: a loss is at least
// a thousandth, so after as many intervals as there are thousandths nothing is left.
func (a *ages) evenly(magnitude Points, age int64) Points {
	times := age / a.every
	if times >= int64(magnitude) {
		return 0
	}
	return max(0, magnitude-a.loses*Points(times))
}

// percent is that of the last of the ages that age has reached.
func (a *ages) percent(age int64) int64 {
	percent := int64(100)
	for _, s := range a.steps {
		if age < s.age {
			break
		}
		percent = s.percent
	}
	return percent
}

// aged is the points of a rule at an age.
func (m *Model) aged(r *rule, age int64) Points {
	if r.ages != nil {
		return r.ages.left(r.points, age)
	}
	return m.decay(r.points, age, r.halfLife)
}

// agedReason says why an activity gives less than the points of its rule.
func (m *Model) agedReason(r *rule, age int64) Reason {
	params := map[string]string{"rule": r.name, "kind": r.counted.Params["kind"], "age_hours": m.hours(age)}
	switch {
	case r.ages == nil:
		params["half_life_hours"] = r.halfLifeHours
		return Reason{ReasonDecayed, params}
	case len(r.ages.steps) > 0:
		params["percent"] = decimalText(r.ages.percent(age))
		return Reason{ReasonStepped, params}
	default:
		params["loses"], params["every_hours"] = r.ages.losesText, r.ages.everyHours
		return Reason{ReasonLinear, params}
	}
}
