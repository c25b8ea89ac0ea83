package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"leadsync/cmd/leadsync/config"
	"leadsync/scoring"
)

// contradictions compares the two files with each other: what the installation says about facts must be
// something that the model speaks of, and what the model needs must be mapped. All of them are found at once.
func contradictions(c *config.Config, m *scoring.Model) []config.Problem {
	var found []config.Problem
	for i, p := range c.Portals {
		say := func(key, problem, remedy string) {
			found = append(found, config.Problem{Key: fmt.Sprintf("portals[%d].%s", i, key), Problem: problem, Remedy: remedy})
		}
		facts := factNames(m)
		for _, name := range slices.Sorted(maps.Keys(p.Facts)) {
			if !slices.Contains(facts, name) {
				say("facts."+name, "the model has no fact of this name", "take one of "+strings.Join(facts, ", "))
			}
		}
		for _, s := range m.Stages() {
			if p.Stages[s.Name] == "" {
				say("stages."+s.Name, "the model's stage "+s.Name+" is not mapped to a value of the account", "map it, or take it out of "+c.Model)
			}
		}
		unknownPeople(m, p, say)
		for _, f := range m.FollowUps() {
			unmappedLists(f, p, say)
			unmappedQueue(f, p, say)
			unmappedPipelines(f, p, say)
		}
		for _, a := range m.Audiences() {
			if p.Lists[a.Name] == "" {
				say("lists."+a.Name, fmt.Sprintf("the model has the audience %s, which is not mapped", a.Name), "map it to the id of a static list of the account")
			}
		}
	}
	return found
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

// unmappedPipelines reports pipelines and stages of a deal rule that the portal does not map.
func unmappedPipelines(f scoring.FollowUp, p config.Portal, say func(key, problem, remedy string)) {
	if f.Deal == nil {
		return
	}
	for _, at := range f.Deal.Pipelines {
		target := p.Pipelines[at.Pipeline]
		switch {
		case target.ID == "":
			say("pipelines."+at.Pipeline, fmt.Sprintf("follow-up %q opens deals in pipeline %s, which is not mapped", f.Name, at.Pipeline),
				"map it to a pipeline and a stage of the account")
		case at.Stage != "" && target.Stages[at.Stage] == "":
			say("pipelines."+at.Pipeline+".stages."+at.Stage, fmt.Sprintf("follow-up %q opens deals in stage %s of pipeline %s, which is not mapped", f.Name, at.Stage, at.Pipeline),
				"map it to a stage of the account's pipeline")
		}
	}
	for _, one := range f.Deal.Properties {
		if one.Name == p.Properties.Key {
			say("properties.key", fmt.Sprintf("follow-up %q sets the property %s, which holds the key of the deal", f.Name, one.Name), "take it out of the model")
		}
	}
}

// unmappedQueue reports a queue of a task rule that the portal does not map: without it the task would stand in none.
func unmappedQueue(f scoring.FollowUp, p config.Portal, say func(key, problem, remedy string)) {
	if f.Task != nil && f.Task.Queue != "" && p.Queues[f.Task.Queue] == "" {
		say("queues."+f.Task.Queue, fmt.Sprintf("follow-up %q puts its tasks into the queue %s, which is not mapped", f.Name, f.Task.Queue),
			"map it to the id of a task queue of the account, or take it out of the model")
	}
}

// unmappedLists reports lists of a follow-up that the portal does not map.
func unmappedLists(f scoring.FollowUp, p config.Portal, say func(key, problem, remedy string)) {
	if f.Lists == nil {
		return
	}
	for _, name := range slices.Concat(f.Lists.Add, f.Lists.Remove) {
		if p.Lists[name] == "" {
			say("lists."+name, fmt.Sprintf("follow-up %q speaks of the list %s, which is not mapped", f.Name, name),
				"map it to the id of a static list of the account")
		}
	}
}
