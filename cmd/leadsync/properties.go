package main

import (
	"leadsync/cmd/leadsync/config"
	"leadsync/connector"
	"leadsync/connector/hubspot"
	"leadsync/scoring"
)

// ownProperty is a property that leadsync writes.
type ownProperty struct {
	t    connector.ObjectType
	spec hubspot.PropertySpec
}

// rankProperties are the properties of grade and tier, with what the model can give as their options; none of what
// it does not have.
func rankProperties(names config.Properties, m *scoring.Model) []ownProperty {
	var specs []ownProperty
	for _, p := range []struct {
		name, label string
		values      []string
	}{{names.Grade, "Lead grade", m.Grades()}, {names.Tier, "Lead tier", m.Tiers()}} {
		if len(p.values) == 0 {
			continue
		}
		spec := hubspot.PropertySpec{Name: p.name, Label: p.label, Type: "enumeration"}
		for i, value := range p.values {
			spec.Options = append(spec.Options, connector.Option{Value: value, Label: value, Order: i})
		}
		specs = append(specs, ownProperty{connector.TypeContact, spec})
	}
	return specs
}
