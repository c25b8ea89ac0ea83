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

// handoverProperties are the properties that show whose turn it is and what a stage lacks, if the portal names them.
func handoverProperties(names config.Properties) []ownProperty {
	var specs []ownProperty
	if names.Responsible != "" {
		spec := hubspot.PropertySpec{Name: names.Responsible, Label: "Responsible side", Type: "enumeration"}
		for i, side := range []scoring.Side{scoring.SideMarketing, scoring.SideSales} {
			spec.Options = append(spec.Options, connector.Option{Value: string(side), Label: [...]string{"Marketing", "Sales"}[i], Order: i})
		}
		specs = append(specs, ownProperty{connector.TypeContact, spec})
	}
	if names.Missing != "" {
		specs = append(specs, ownProperty{connector.TypeContact, hubspot.PropertySpec{
			Name: names.Missing, Label: "Missing for the stage", Type: "string", FieldType: "textarea",
		}})
	}
	return specs
}

// priorityProperty is the property of the priority, if the portal names it and the model gives one (S109).
func priorityProperty(names config.Properties, m *scoring.Model) []ownProperty {
	if names.Rank == "" || m.Ranking() == nil {
		return nil
	}
	return []ownProperty{{connector.TypeContact, hubspot.PropertySpec{Name: names.Rank, Label: "Lead priority", Type: "number"}}}
}
