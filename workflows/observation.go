package workflows

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"leadsync/connector"
	"leadsync/scoring"
)

// Known says how the time of an observation is known.
type Known string

// The ways to know a value of a property.
const (
	// KnownReading: the contact was read at the time and had the value. It may have had it long before.
	KnownReading Known = "reading"
	// KnownHistory: the CRM's property history says that the value was written at the time.
	KnownHistory Known = "history"
)

// Observation is one thing that is known of a contact's past: a property, a value that it had, and when. All
// that follows from a contact's past is computed from the set of its observations and from nothing else, so
// repetition and order change nothing.
type Observation struct {
	Property string
	Value    string // empty if it was cleared
	At       time.Time
	Known    Known
	// Origin and Source say who wrote the value, as far as the history tells; empty for a reading.
	Origin connector.Origin
	Source string
}

// legacyProperty names what a store of the first release kept by kind of activity instead of by property: its
// migration cannot know the model.
func legacyProperty(kind, part string) string { return "@" + kind + "." + part }

// tracked are the properties of one kind of activity whose past is kept.
func tracked(k scoring.ActivityKind) []string {
	if k.Counter == nil {
		return nil
	}
	props := []string{k.Counter.Property, k.Counter.LastProperty, k.Counter.FirstProperty}
	for _, prop := range k.Attributes {
		props = append(props, prop)
	}
	return compacted(props)
}

// Readings compares the properties of a contact that make up its roll-ups with what is known of their past, and
// returns what the reading adds. A property that the contact does not have and never had adds nothing.
func Readings(m *scoring.Model, contact connector.Object, before []Observation, now time.Time) []Observation {
	var props []string
	for _, k := range m.ActivityKinds() {
		props = append(props, tracked(k)...)
	}
	var fresh []Observation
	for _, prop := range compacted(props) {
		value, known := contact.Properties[prop], pastOf(before, prop)
		if _, last, ok := valueAt(known, now); ok && sameValue(last, value) || !ok && value == "" {
			continue
		}
		if value != "" && len(known) == 0 && legacyKnows(m, before, prop, value) {
			continue
		}
		fresh = append(fresh, Observation{Property: prop, Value: value, At: now, Known: KnownReading})
	}
	return fresh
}

// legacyKnows reports whether a reading of the first release had the same value.
func legacyKnows(m *scoring.Model, before []Observation, prop, value string) bool {
	for _, k := range m.ActivityKinds() {
		if k.Counter == nil {
			continue
		}
		for part, of := range legacyParts(k) {
			if of != prop {
				continue
			}
			known := pastOf(before, legacyProperty(k.Kind, part))
			if len(known) > 0 && sameValue(known[len(known)-1].Value, value) {
				return true
			}
		}
	}
	return false
}

// legacyParts maps what the first release kept of a kind to the property that it came from.
func legacyParts(k scoring.ActivityKind) map[string]string {
	c := k.Counter
	return map[string]string{"count": c.Property, "last": c.LastProperty, "first": c.FirstProperty, "name": c.NameProperty}
}

// sameValue compares two values of a property as what they say: CRMs write numbers and dates in several ways.
func sameValue(a, b string) bool {
	if a == b {
		return true
	}
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	if errX == nil && errY == nil {
		return x == y
	}
	s, okS := parseTime(a)
	t, okT := parseTime(b)
	return okS && okT && s.Equal(t)
}

// pastOf is what is known of one property, oldest first, each fact once: a reading that the history explains
// is left out, and so is one that only repeats what was known before it.
func pastOf(observations []Observation, property string) []Observation {
	var past, written []Observation
	for _, o := range observations {
		if o.Property == property {
			past = append(past, o)
		}
	}
	slices.SortFunc(past, compareObservations)
	for _, o := range past {
		if o.Known == KnownHistory {
			written = append(written, o)
		}
	}
	kept := past[:0]
	for _, o := range past {
		if o.Known == KnownReading && explained(written, o) {
			continue
		}
		if len(kept) > 0 && sameValue(kept[len(kept)-1].Value, o.Value) {
			continue
		}
		kept = append(kept, o)
	}
	return kept
}

// explained reports whether the history says what a reading saw: the property had the value at that time, or so
// shortly before or afterwards that the two clocks may differ.
func explained(written []Observation, reading Observation) bool {
	first, value, ok := valueAt(written, reading.At.Add(-maxSkew))
	if ok && sameValue(value, reading.Value) {
		return true
	}
	for _, o := range written[first+1:] {
		if o.At.After(reading.At.Add(maxSkew)) {
			return false
		}
		if sameValue(o.Value, reading.Value) {
			return true
		}
	}
	return false
}

// valueAt is the value in force at a moment and its place in the past, -1 if nothing was known by then.
func valueAt(past []Observation, at time.Time) (place int, value string, ok bool) {
	place, _ = slices.BinarySearchFunc(past, at, func(o Observation, at time.Time) int {
		if o.At.After(at) {
			return 1
		}
		return -1
	})
	if place--; place < 0 {
		return place, "", false
	}
	return place, past[place].Value, true
}

// compareObservations orders observations by time; what was written at a moment comes before what was read then.
func compareObservations(a, b Observation) int {
	return cmp.Or(
		strings.Compare(a.Property, b.Property), a.At.Compare(b.At), strings.Compare(string(a.Known), string(b.Known)),
		compareValues(a.Value, b.Value), strings.Compare(string(a.Origin), string(b.Origin)), strings.Compare(a.Source, b.Source),
	)
}

// compareValues orders two values of one instant: a counter counted up, 9 came before 10.
func compareValues(a, b string) int {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	if errX == nil && errY == nil && x != y {
		return cmp.Compare(x, y)
	}
	return strings.Compare(a, b)
}

// observed turns the history of a contact into observations, without those that are known already.
func observed(h connector.History, before []Observation) []Observation {
	type identity struct {
		property, value string
		at              int64
	}
	known := map[identity]bool{}
	for _, o := range before {
		known[identity{o.Property, o.Value, o.At.UnixMicro()}] = o.Known == KnownHistory
	}
	var fresh []Observation
	for property, versions := range h {
		for _, v := range versions {
			id := identity{property, v.Value, v.At.UnixMicro()}
			if known[id] {
				continue
			}
			known[id] = true
			fresh = append(fresh, Observation{
				Property: property, Value: v.Value, At: v.At, Known: KnownHistory, Origin: v.Origin, Source: v.Source,
			})
		}
	}
	slices.SortFunc(fresh, compareObservations)
	return fresh
}
