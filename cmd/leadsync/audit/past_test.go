package audit_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"leadsync/cmd/leadsync/audit"
	"leadsync/scoring"
	"leadsync/workflows"
)

// drawObservations is a past of a roll-up: some of it written, some of it read, in any order of time.
func drawObservations(r *rapid.T) []workflows.Observation {
	var all []workflows.Observation
	now, values := at("2026-03-02 09:00"), map[string]string{}
	count := 0
	for range rapid.IntRange(0, 14).Draw(r, "changes") {
		// An hour at least: the auditor's world has one clock, so it knows nothing of clocks that differ.
		now = now.Add(time.Duration(rapid.IntRange(60, 5000).Draw(r, "minutes")) * time.Minute)
		property, value := "last_form", now.Add(-time.Duration(rapid.IntRange(0, 9000).Draw(r, "ago"))*time.Minute).Format(time.RFC3339)
		switch rapid.IntRange(0, 3).Draw(r, "what") {
		case 0, 1:
			count = max(0, count+rapid.IntRange(-2, 4).Draw(r, "more"))
			property, value = "forms", strconv.Itoa(count)
		case 2:
			property, value = "form_name", rapid.SampledFrom([]string{"a", "b", ""}).Draw(r, "name")
		}
		values[property] = value
		if rapid.Bool().Draw(r, "told") {
			all = append(all, workflows.Observation{Property: property, Value: value, At: now, Known: workflows.KnownHistory})
		}
		for property, value := range values {
			if rapid.IntRange(0, 2).Draw(r, "read "+property) == 0 {
				all = append(all, workflows.Observation{Property: property, Value: value, At: now.Add(30 * time.Minute), Known: workflows.KnownReading})
			}
		}
	}
	return all
}

// Two evaluators, written apart, date the occurrences of every past alike, and bound them alike.
func TestOccurrences_alike(t *testing.T) {
	created := at("2026-03-01 09:00")
	rapid.Check(t, func(r *rapid.T) {
		all := drawObservations(r)
		for _, source := range [][2]string{{"forms", "last_form"}, {"forms", ""}, {"", "last_form"}} {
			var want []audit.Occurrence
			k := scoring.ActivityKind{
				Kind: "form", Counter: &scoring.Counter{Property: source[0], LastProperty: source[1], NameProperty: "form_name"},
				Attributes: map[string]string{"name": "form_name"},
			}
			for _, a := range workflows.Occurrences(k, all, created) {
				from, until := a.At, a.At
				if a.Uncertain && !a.NotBefore.IsZero() && a.NotBefore.Before(from) {
					from = a.NotBefore
				}
				if a.Uncertain && a.NotAfter.After(until) {
					until = a.NotAfter
				}
				want = append(want, audit.Occurrence{ID: a.ID, At: a.At, From: from, Until: until, Attributes: a.Attributes})
			}
			got := audit.Occurrences(source[0], source[1], "", "form_name", created, func(add func(string, string, time.Time, bool)) {
				for _, o := range all {
					add(o.Property, o.Value, o.At, o.Known == workflows.KnownHistory)
				}
			})
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				r.Fatalf("%v (-workflows +audit):\n%s\n%v", source, diff, all)
			}
		}
	})
}
