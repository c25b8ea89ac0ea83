package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/cmd/leadsync/audit"
	"leadsync/connector/hubspot/simulator"
)

// What leadsync wrote because of a deed belongs to the deed's step; what it wrote because time passed is a
// step of its own.
func TestInSteps(t *testing.T) {
	start := time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)
	at := start.Add
	api, user, system := simulator.Actor{Kind: simulator.API}, simulator.Actor{Kind: simulator.User}, simulator.Actor{Kind: simulator.System}
	in := audit.Input{GoLive: 1, GoLiveAt: start, Journal: []simulator.Entry{
		{Seq: 1, At: at(-time.Hour), Actor: system},
		{Seq: 2, At: at(2 * time.Second), Actor: api, Request: 9}, // baseline scores
		{Seq: 3, At: at(time.Minute), Actor: user},
		{Seq: 4, At: at(61 * time.Second), Actor: api, Request: 11},
		{Seq: 5, At: at(62 * time.Second), Actor: system, Request: 11}, // HubSpot on account of our call
		{Seq: 6, At: at(62 * time.Second), Actor: api, Request: 11},
		{Seq: 7, At: at(3 * time.Hour), Actor: api, Request: 12}, // decay
	}}
	inSteps(&in, at(4*time.Hour))
	if diff := cmp.Diff([]time.Time{at(time.Minute), at(3 * time.Hour), at(4 * time.Hour)}, in.Steps); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	var got []time.Time
	for _, e := range in.Journal {
		got = append(got, e.At)
	}
	want := []time.Time{at(-time.Hour), start, at(time.Minute), at(time.Minute), at(time.Minute), at(time.Minute), at(3 * time.Hour)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("instants (-want +got):\n%s", diff)
	}
}

// Two people do something before leadsync has written what follows from the first: it belongs to neither alone.
func TestInSteps_oneBreath(t *testing.T) {
	start := time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)
	at := start.Add
	api, user := simulator.Actor{Kind: simulator.API}, simulator.Actor{Kind: simulator.User}
	in := audit.Input{GoLiveAt: start, Journal: []simulator.Entry{
		{Seq: 1, At: at(time.Minute), Actor: user, ID: "1"},
		{Seq: 2, At: at(time.Minute), Actor: user, ID: "1"},
		{Seq: 3, At: at(61 * time.Second), Actor: user, ID: "2"},
		{Seq: 4, At: at(62 * time.Second), Actor: api, Request: 1, ID: "1"},
		{Seq: 5, At: at(63 * time.Second), Actor: user, ID: "3"}, // what follows from the others is written: a step of its own
		{Seq: 6, At: at(66 * time.Second), Actor: user, ID: "4"}, // later than one breath
		{Seq: 7, At: at(67 * time.Second), Actor: user, ID: "5"},
		{Seq: 8, At: at(69 * time.Second), Actor: user, ID: "6"}, // a breath begins with its first deed
	}}
	inSteps(&in, at(time.Hour))
	two, three, four, last := at(61*time.Second), at(63*time.Second), at(67*time.Second), at(69*time.Second)
	if diff := cmp.Diff([]time.Time{two, three, four, last, at(time.Hour)}, in.Steps); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	var got []time.Time
	for _, e := range in.Journal {
		got = append(got, e.At)
	}
	if diff := cmp.Diff([]time.Time{two, two, two, two, three, four, four, last}, got); diff != "" {
		t.Errorf("instants (-want +got):\n%s", diff)
	}
}
