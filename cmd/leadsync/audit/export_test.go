package audit

import (
	"maps"
	"time"
)

// What the tests look at beside Run.
var (
	Decayed = decayed
	Whole   = whole
	HasWord = hasWord
	Fits    = fits
	Easter  = func(year int) string { return easter(year).Format(time.DateOnly) }
)

// Occurrence is an activity made from a roll-up.
type Occurrence struct {
	ID         string
	At         time.Time
	Attributes map[string]string
}

// Occurrences are the auditor's of a roll-up with these properties, from what is known of them: property, value,
// time, and whether it was written then.
func Occurrences(counter, last, first, name string, created time.Time, tell func(add func(property, value string, at time.Time, written bool))) []Occurrence {
	k := kind{name: "form", counter: counter, last: last, first: first, attributes: map[string]string{"name": name}}
	p := pasts{}
	tell(func(property, value string, at time.Time, written bool) {
		p[property] = append(p[property], moment{at: at, value: value, written: written})
	})
	var out []Occurrence
	for _, a := range occurrences(k, p, created) {
		out = append(out, Occurrence{ID: a.id, At: a.at, Attributes: maps.Clone(a.attributes)})
	}
	return out
}

// Graded is the grade and the tier that a model gives to whole points.
func Graded(text string, points map[string]int64) (grade, tier string, err error) {
	m, err := readModel([]byte(text))
	v := verdict{whole: points}
	for _, n := range points {
		v.total[0] += n
	}
	if err == nil {
		m.graded(&v)
	}
	return v.grade, v.tier, err
}
