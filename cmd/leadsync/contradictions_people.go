package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"leadsync/cmd/leadsync/config"
	"leadsync/scoring"
)

// unknownPeople reports the people whom the model gives work to and the portal does not know.
func unknownPeople(m *scoring.Model, p config.Portal, say func(key, problem, remedy string)) {
	known := slices.Sorted(maps.Keys(p.Calendar.People))
	remedy := "name the owner there, as in {owner: ada@example.com}, or take the name out of the model"
	if len(known) > 0 {
		remedy += "; known are " + strings.Join(known, ", ")
	}
	for _, name := range m.Workers() {
		if !slices.Contains(known, name) {
			say("calendar.people."+name, fmt.Sprintf("the model gives work to %s, whom the portal does not know", name), remedy)
		}
	}
	for _, name := range m.Assignments() {
		if slices.Contains(known, name) {
			say("calendar.people."+name, fmt.Sprintf("%s is an assignment of the model too: for: names one or the other", name), "call one of them something else")
		}
	}
}
