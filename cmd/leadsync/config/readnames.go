package config

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// source of a fact: a kind of record and one of its properties.
var factSource = regexp.MustCompile(`^(contact|company)\.[a-z][a-z0-9_]{0,99}$`)

// words calls read for every key of a mapping whose keys are names from the model.
func (m *mapping) words(read func(name string, value *yaml.Node)) {
	for _, e := range m.entries {
		m.asked = append(m.asked, e.key.Value)
		if !word.MatchString(e.key.Value) {
			m.doc.report(e.key, join(m.path, keyText(e.key)), "cannot be a name", "write lower-case letters, digits and _, a letter first")
			continue
		}
		read(e.key.Value, e.value)
	}
}

// unique refuses that two names mean the same value of the account: reading it back would be a guess. It
// is reported at the later of two in the file, or at the one in the file if the other is a default.
func (m *mapping) unique(names map[string]string) {
	owner := map[string]string{}
	given := map[string]bool{}
	for _, e := range m.entries {
		given[e.key.Value] = true
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if !given[name] {
			owner[names[name]] = name
		}
	}
	for _, e := range m.entries {
		name := e.key.Value
		value, kept := names[name]
		if !kept {
			continue
		}
		if other, twice := owner[value]; twice {
			m.report(name, e.value, fmt.Sprintf("%q is the value of %s too", value, other),
				fmt.Sprintf("write another value, or take %s away with %s: \"\"", other, other))
		}
		owner[value] = name
	}
}

// readNames completes a map from the model's names to the account's values. An empty value takes a name away.
func readNames(m *mapping, names map[string]string) {
	m.words(func(name string, value *yaml.Node) {
		if m.checkScalar(name, value, "text", "!!str", "!!int") == nil {
			return
		}
		names[name] = value.Value
		if value.Value == "" {
			delete(names, name)
		}
	})
	m.unique(names)
}

// readDispositions completes the map of call outcomes. An empty list takes an outcome away.
func readDispositions(m *mapping, outcomes map[string][]string) {
	given := map[string]bool{}
	m.words(func(name string, value *yaml.Node) {
		var ids []string
		nodes, _ := m.checkList(name, value)
		for i, node := range nodes {
			at := fmt.Sprintf("%s[%d]", name, i)
			if m.checkScalar(at, node, "an id", "!!str", "!!int") == nil {
				continue
			}
			if node.Value == "" || given[node.Value] {
				m.report(at, node, fmt.Sprintf("%q is empty or belongs to another outcome too", node.Value), "name every id once")
				continue
			}
			given[node.Value] = true
			ids = append(ids, node.Value)
		}
		delete(outcomes, name)
		if len(ids) > 0 {
			outcomes[name] = ids
		}
	})
	// An id that the file gives to one outcome leaves the outcome that has it by default.
	for name, ids := range outcomes {
		if m.has(name) {
			continue
		}
		outcomes[name] = slices.DeleteFunc(ids, func(id string) bool { return given[id] })
		if len(outcomes[name]) == 0 {
			delete(outcomes, name)
		}
	}
}

// readPipelines completes the map of pipelines.
func readPipelines(m *mapping, pipelines map[string]Pipeline) {
	m.words(func(name string, value *yaml.Node) {
		one := m.doc.mapping(value, join(m.path, name))
		one.require("id", "the account's id of the pipeline")
		one.require("stage", "the account's id of the stage in which deals begin")
		var p Pipeline
		one.id("id", &p.ID)
		one.id("stage", &p.Stage)
		if one.has("stages") {
			p.Stages = map[string]string{}
			readNames(one.child("stages"), p.Stages)
		}
		one.close()
		pipelines[name] = p
	})
}

// id reads an id of the account, which may look like a number.
func (m *mapping) id(key string, target *string) {
	node := m.scalar(key, "an id", "!!str", "!!int")
	if node == nil {
		return
	}
	if strings.TrimSpace(node.Value) == "" {
		m.report(key, node, "is empty", "write the account's id")
		return
	}
	*target = node.Value
}

// readFacts reads where the model's facts come from in this account.
func readFacts(m *mapping, facts map[string]string) {
	m.words(func(name string, value *yaml.Node) {
		if m.checkScalar(name, value, "a source such as contact.budget", "!!str") == nil {
			return
		}
		if !factSource.MatchString(value.Value) {
			m.report(name, value, fmt.Sprintf("%q is no source of a fact", value.Value), "write contact. or company. and the name of a property")
			return
		}
		facts[name] = value.Value
	})
}

// readProperties reads the names of the properties that leadsync writes and refuses to write two things
// into one.
func readProperties(m *mapping, p *Properties) {
	targets := []struct {
		key    string
		target *string
	}{
		{"score", &p.Score},
		{"fit", &p.Fit},
		{"engagement", &p.Engagement},
		{"grade", &p.Grade},
		{"tier", &p.Tier},
		{"reasons", &p.Reasons},
		{"last_reason", &p.LastReason},
		{"scored_at", &p.ScoredAt},
		{"key", &p.Key},
		{"responsible", &p.Responsible},
		{"missing", &p.Missing},
		{"rank", &p.Rank},
	}
	for _, t := range targets {
		if node := m.text(t.key, "leadsync_score", t.target); node != nil && !word.MatchString(node.Value) {
			m.report(t.key, node, fmt.Sprintf("%q cannot be a property", node.Value), "write the internal name, such as leadsync_score")
		}
	}
	for _, t := range targets {
		for _, other := range targets {
			// Reported where the file says so: at the one that is not a default, at the later one of two.
			if other.key != t.key && *other.target == *t.target && m.line(t.key) > m.line(other.key) {
				m.report(t.key, nil, fmt.Sprintf("%q is the property of %s too", *t.target, other.key), "give each a property of its own")
			}
		}
	}
	m.close()
}

// readDealProperties reads what the account's own rules demand of a deal, without what leadsync sets itself.
func readDealProperties(m *mapping, p *Portal) {
	ours := []string{"dealname", "pipeline", "dealstage", "amount", "closedate", "hubspot_owner_id", p.Properties.Key}
	m.words(func(name string, value *yaml.Node) {
		if m.checkScalar(name, value, "text", "!!str", "!!int", "!!float", "!!bool", "!!timestamp") == nil {
			return
		}
		if slices.Contains(ours, name) {
			m.report(name, value, "leadsync sets this property of a deal itself", "remove it")
			return
		}
		p.DealProperties[name] = value.Value
	})
}
