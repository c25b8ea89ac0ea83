package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"leadsync/cmd/leadsync/config"
	"leadsync/scoring"
)

// contradictions compares the two files with each other: what the installation says about facts, stages,
// statuses and pipelines must be things that the model speaks of, and what the model needs must be mapped. All of
// them are reported at once. Neither file is wrong by itself, so a contradiction names key and portal.
func contradictions(path string, c *config.Config, m *scoring.Model) error {
	var errs []error
	for _, p := range c.Portals {
		say := func(key, problem, remedy string) {
			errs = append(errs, fmt.Errorf("%s: portals.%s.%s: %s; %s", path, p.Name, key, problem, remedy))
		}
		facts := factNames(m)
		for _, name := range slices.Sorted(maps.Keys(p.Facts)) {
			if !slices.Contains(facts, name) {
				say("facts."+name, "the model has no fact of this name", "take one of "+strings.Join(facts, ", "))
			}
		}
		for _, s := range m.Stages() {
			if p.Stages[s.Name] == "" {
				say("stages."+s.Name, "the model's stage is not mapped to a value of the account", "map it, or take it out of "+c.Model)
			}
		}
		for _, f := range m.FollowUps() {
			if f.Deal != nil && p.Pipelines[f.Deal.Pipeline].ID == "" {
				say("pipelines."+f.Deal.Pipeline, fmt.Sprintf("follow-up %q opens deals in it, and it is not mapped", f.Name), "map it to a pipeline and a stage of the account")
			}
		}
	}
	return errors.Join(errs...)
}

func factNames(m *scoring.Model) []string {
	var names []string
	for _, f := range m.Facts() {
		if f.Count == "" {
			names = append(names, f.Name)
		}
	}
	slices.Sort(names)
	return names
}
