package workflows

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"leadsync/scoring"
)

// maxOccurrences bounds the activities made from one roll-up: work per contact must be bounded, and the
// newest thousand occurrences of a kind decide every score that means anything.
const maxOccurrences = 1000

// together is how far apart a CRM may write the properties of one occurrence.
const together = time.Minute

// Occurrences turns what is known of a roll-up's past into dated activities. It is a pure function of the set
// of observations. The n-th occurrence is the identity; a counter that falls (a merge, a reset) adds nothing
// until it exceeds its highest value; at most the newest 1,000 are returned. A value is known from when the
// history says that it was written, or else from when it was first read; a reading that the history explains
// adds nothing.
//
//   - The newest occurrence of a value of the counter is at the last date that the contact had, or got before
//     the counter changed again, provided that it is later than the date of the occurrence before: a CRM
//     computes the two one after the other.
//   - Without such a date it is at the time when the history says that the value was written, uncertain; if
//     that is not known either, it is dated like the older ones.
//   - Older ones that the same value brought are dated at the earliest moment at which they can have happened,
//     so that a score never overstates what is known: the last date of the values before, or when the contact
//     was created if there is none. (Not when the value before was read: the CRM computes counters late.
//     Without a last date it counts when the value before was written, if the history says so; and when it
//     was read, if the roll-up has no property for the last date at all.)
//   - The attributes are those that the contact had a minute after the newest occurrence was seen, or before the
//     counter changed again.
//   - The first occurrence, unless the last date is its own, has the first date, where there is one, and no uncertain one is dated before it.
//
// Without a counter each last date that the contact had is one occurrence, and its identity.
//
// Bursts of machines (scoring, "Activities"; C3) are found in what comes out: an occurrence with a date of the CRM's
// own is certain, one that the history of the counter shows by itself lies between this value and the one before,
// and those between two dates lie between these. So ten clicks within a second are seen if the history has each
// value of the counter (of the first of them only its end is known then, unless it has each last date too), or if
// two dates a second apart enclose them. Ten that came between two looks a day apart, or in one value of the history
// long after the one before, can have happened at any time in between.
func Occurrences(k scoring.ActivityKind, observations []Observation, created time.Time) []scoring.Activity {
	w := walk{kind: k, earliest: created, attributes: map[string][]Observation{}}
	past := func(part, property string) []Observation {
		if property == "" {
			return nil
		}
		return pastOf(adopted(k, observations, part, property), property)
	}
	w.last = dated(past("last", k.Counter.LastProperty))
	if first := dated(past("first", k.Counter.FirstProperty)); len(first) > 0 {
		w.first = slices.MinFunc(first, func(a, b date) int { return a.at.Compare(b.at) }).at
	}
	for name, property := range k.Attributes {
		w.attributes[name] = past(name, property)
	}
	if k.Counter.Property == "" {
		w.dates()
	} else {
		w.count(past("count", k.Counter.Property))
	}
	return w.acts[max(0, len(w.acts)-maxOccurrences):]
}

// adopted are the observations with those of the first release under the name of the property.
func adopted(k scoring.ActivityKind, observations []Observation, part, property string) []Observation {
	legacy := legacyProperty(k.Kind, part)
	var all []Observation
	for _, o := range observations {
		switch o.Property {
		case legacy:
			o.Property = property
			all = append(all, o)
		case property:
			all = append(all, o)
		}
	}
	return all
}

// date is one value of a property that holds a date.
type date struct {
	at    time.Time // the value
	known Observation
}

func dated(past []Observation) []date {
	var dates []date
	for _, o := range past {
		if at, ok := parseTime(o.Value); ok {
			dates = append(dates, date{at, o})
		}
	}
	return dates
}

// walk is one way through the past of a roll-up.
type walk struct {
	kind       scoring.ActivityKind
	last       []date
	first      time.Time
	attributes map[string][]Observation

	earliest time.Time // before this no further occurrence can have happened
	used     time.Time // the last date that belongs to an occurrence already
	acts     []scoring.Activity
}

// dates makes one occurrence of each last date.
func (w *walk) dates() {
	slices.SortStableFunc(w.last, func(a, b date) int { return a.at.Compare(b.at) })
	for i, d := range w.last {
		if i > 0 && d.at.Equal(w.last[i-1].at) {
			continue
		}
		a := scoring.Activity{ID: fmt.Sprintf("%s/%d", w.kind.Kind, d.at.UnixMilli()), Kind: w.kind.Kind, At: d.at}
		a.Attributes = w.described(d.known.At, time.Time{})
		w.acts = append(w.acts, a)
	}
}

// count follows the counter.
func (w *walk) count(values []Observation) {
	high := int64(0)
	for i, o := range values {
		n, err := strconv.ParseFloat(o.Value, 64)
		count := int64(n)
		if err != nil || !(n < 1e15) || count <= high {
			continue
		}
		var next time.Time
		if i+1 < len(values) {
			next = values[i+1].At
		}
		d, found := w.dateOf(o.At, next)
		for n := max(high+1, count-maxOccurrences+1); n < count; n++ {
			w.older(n, o, d, found)
		}
		w.newest(count, o, d, found, next)
		switch {
		case found:
			w.used = d.at
			if d.at.After(w.earliest) {
				w.earliest = d.at
			}
		case o.At.After(w.earliest) && (o.Known == KnownHistory || w.kind.Counter.LastProperty == ""):
			w.earliest = o.At
		}
		high = count
	}
}

// dateOf finds the last date that belongs to the value which the counter had from one moment to the next.
func (w *walk) dateOf(from, next time.Time) (date, bool) {
	in := -1
	for i, d := range w.last {
		if d.known.At.After(from) {
			break
		}
		in = i
	}
	for _, d := range w.last[max(0, in):] {
		if !next.IsZero() && !d.known.At.Before(next) && d.known.At.After(from) {
			break
		}
		if d.at.After(w.used) {
			return d, true
		}
	}
	return date{}, false
}

// newest dates the occurrence that a value of the counter is the number of.
func (w *walk) newest(n int64, o Observation, d date, found bool, next time.Time) {
	seen := o.At
	if found && d.known.At.After(seen) {
		seen = d.known.At
	}
	switch {
	case found:
		w.add(n, scoring.Activity{At: d.at, Attributes: w.described(seen, next)})
	case n == 1 && !w.first.IsZero():
		w.add(n, scoring.Activity{At: w.first, Attributes: w.described(seen, next)})
	case o.Known == KnownHistory && o.At.After(w.floor()):
		w.add(n, scoring.Activity{
			At: o.At, Uncertain: true, NotBefore: w.floor(), NotAfter: o.At, Attributes: w.described(seen, next),
		})
	default:
		w.add(n, scoring.Activity{At: w.floor(), Uncertain: true, NotAfter: later(w.floor(), o.At), Attributes: w.described(seen, next)})
	}
}

// older dates an occurrence that a value brought beside its newest.
func (w *walk) older(n int64, o Observation, d date, found bool) {
	if n == 1 && !w.first.IsZero() {
		w.add(n, scoring.Activity{At: w.first})
		return
	}
	end := o.At
	if found {
		end = d.at
	}
	w.add(n, scoring.Activity{At: w.floor(), Uncertain: true, NotAfter: later(w.floor(), end)})
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// floor is the earliest moment for an occurrence without a date of its own.
func (w *walk) floor() time.Time { return later(w.earliest, w.first) }

func (w *walk) add(n int64, a scoring.Activity) {
	a.ID, a.Kind = fmt.Sprintf("%s/%d", w.kind.Kind, n), w.kind.Kind
	w.acts = append(w.acts, a)
}

// described are the attributes that the contact had when an occurrence was seen, or got within a minute, but
// not those of the next one; nil if there are none.
func (w *walk) described(seen, next time.Time) map[string]string {
	until := seen.Add(together)
	if !next.IsZero() && !until.Before(next) {
		until = next.Add(-time.Microsecond)
	}
	if until.Before(seen) {
		until = seen
	}
	var attributes map[string]string
	for name, past := range w.attributes {
		if _, value, ok := valueAt(past, until); ok && value != "" {
			if attributes == nil {
				attributes = map[string]string{}
			}
			attributes[name] = value
		}
	}
	return attributes
}
