package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

// definitions are the properties of an account by their names in a model, "contact.industry".
type definitions struct {
	portal     *workflows.Portal
	properties map[string]connector.Property
}

type readsProperties interface {
	Properties(ctx context.Context, t connector.ObjectType) ([]connector.Property, error)
}

// readOptions reads the definitions of the properties of contacts, and of companies if they can be read.
func readOptions(ctx context.Context, crm readsProperties, portal *workflows.Portal) (definitions, error) {
	d := definitions{portal: portal, properties: map[string]connector.Property{}}
	for _, t := range []connector.ObjectType{connector.TypeContact, connector.TypeCompany} {
		list, err := crm.Properties(ctx, t)
		if errors.Is(err, connector.ErrForbidden) {
			continue
		}
		if err != nil {
			return d, fmt.Errorf("read %s properties: %w", t, err)
		}
		for _, p := range list {
			d.properties[string(t)+"."+p.Name] = p
		}
	}
	return d, nil
}

// sources are the definitions of the properties of a fact; ok is false if one of them is not known: then nothing can
// be said of the fact. What does not exist at all is a finding of its own (service.Describe).
func (d definitions) sources(f scoring.Fact) (list []connector.Property, ok bool) {
	from := f.From
	if own := d.portal.Sources[f.Name]; len(own) > 0 {
		from = own
	}
	for _, source := range from {
		p, known := d.properties[source]
		if !known {
			return nil, false
		}
		list = append(list, p)
	}
	return list, len(list) > 0
}

// compare finds texts that are no option, and facts that people are asked for and cannot write.
func (d definitions) compare(m *scoring.Model, demands []scoring.Demand) []scoring.Finding {
	facts := map[string]scoring.Fact{}
	for _, f := range m.Facts() {
		facts[f.Name] = f
	}
	var found []scoring.Finding
	for _, demand := range demands {
		sources, ok := d.sources(facts[demand.Fact])
		if !ok {
			continue
		}
		if demand.Gate != "" {
			found = append(found, unwritable(demand, sources)...)
			continue
		}
		found = append(found, noOption(demand, sources)...)
	}
	slices.SortStableFunc(found, func(a, b scoring.Finding) int { return cmp.Or(a.Line-b.Line, a.Column-b.Column) })
	return found
}

// unwritable is a gate that asks people for what the CRM alone writes.
func unwritable(demand scoring.Demand, sources []connector.Property) []scoring.Finding {
	var names []string
	for _, p := range sources {
		if !p.ReadOnly {
			return nil
		}
		names = append(names, p.Name)
	}
	f := demand.Finding
	f.Kind, f.Text = scoring.FindingNotFillable, fmt.Sprintf("the gate %s asks people for the fact %s, which nobody can fill in", demand.Gate, demand.Fact)
	f.Why = strings.Join(names, ", ") + " can only be read in this account: the CRM writes it itself"
	f.Remedy = "add a property that people can write to from: of the fact, or take it out of the gate"
	return []scoring.Finding{f}
}

// options are the values of properties that all have options; ok is false if one takes any text.
func options(sources []connector.Property) (all []connector.Option, ok bool) {
	for _, p := range sources {
		if p.Type != "enumeration" || len(p.Options) == 0 {
			return nil, false
		}
		all = append(all, p.Options...)
	}
	return all, true
}

// noOption is a text that a fact is compared with and that none of its properties can have.
func noOption(demand scoring.Demand, sources []connector.Property) []scoring.Finding {
	all, ok := options(sources)
	if !ok {
		return nil
	}
	var wrong []string
	remedy := "use the internal value of an option: " + strings.Join(values(all), ", ")
	for _, text := range demand.Texts {
		if slices.ContainsFunc(all, func(o connector.Option) bool { return strings.EqualFold(o.Value, text) }) {
			continue
		}
		wrong = append(wrong, fmt.Sprintf("%q", text))
		if value := meant(text, all); value != "" {
			remedy = fmt.Sprintf("write %q, the internal value of the option", value)
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	f := demand.Finding
	f.Kind, f.Text = scoring.FindingNoOption, fmt.Sprintf("%s is never %s in this account", demand.Fact, strings.Join(wrong, ", "))
	f.Why, f.Remedy = fmt.Sprintf("%s has %d options, and this is no internal value of one", sources[0].Name, len(all)), remedy
	return []scoring.Finding{f}
}

// meant is the option that a text is the label of, or nearly its value; empty if none is.
func meant(text string, all []connector.Option) string {
	plain := func(s string) string {
		return strings.Map(func(r rune) rune {
			if strings.ContainsRune(" _-&/,.", r) {
				return -1
			}
			return r
		}, strings.ToLower(s))
	}
	for _, o := range all {
		if strings.EqualFold(o.Label, text) || plain(o.Value) == plain(text) || plain(o.Label) == plain(text) {
			return o.Value
		}
	}
	return ""
}

func values(all []connector.Option) []string {
	const few = 12
	var list []string
	for _, o := range all {
		if len(list) == few {
			return append(list, "…")
		}
		list = append(list, o.Value)
	}
	return list
}
