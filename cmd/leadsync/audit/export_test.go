package audit

import (
	"maps"
	"time"
)

// What the tests look at beside Run.
var (
	Fits   = fits
	Easter = func(year int) string { return easter(year).Format(time.DateOnly) }
)

// CountsFrom reports whether an activity counts for a contact that must not be profiled until a moment.
func CountsFrom(since, at time.Time, certain bool, notBefore time.Time) bool {
	c := contact{since: since}
	return c.counts(activity{at: at, certain: certain, notBefore: notBefore})
}

// Occurrence is an activity made from a roll-up.
type Occurrence struct {
	ID         string
	At         time.Time
	From       time.Time // and Until are the bounds between which it happened
	Until      time.Time
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
		until := a.at
		if !a.certain {
			until = later(a.at, a.notAfter)
		}
		out = append(out, Occurrence{ID: a.id, At: a.at, From: a.from(), Until: until, Attributes: maps.Clone(a.attributes)})
	}
	return out
}
