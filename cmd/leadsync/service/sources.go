package service

import (
	"context"
	"slices"
	"strings"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

// pasts tells the history of properties, for a CRM that keeps one.
type pasts interface {
	History(ctx context.Context, t connector.ObjectType, ids []connector.ObjectID, props []string) (connector.HistoryResult, error)
}

// historyOf is the CRM's history, nil if it keeps none.
func historyOf(crm any) pasts {
	if h, ok := crm.(pasts); ok {
		return h
	}
	return nil
}

// sources names the criteria of the model (rules of scores, gates, stages and statuses) that can never be met
// because what they ask for has no source in this account, and what is switched off.
func (d *describer) sources(contact map[string]connector.Property) {
	missing := d.withoutSource(contact)
	for _, c := range d.model.Criteria() {
		var lacks []string
		for _, name := range slices.Concat(c.Facts, c.Activities) {
			if why := missing[name]; why != "" {
				lacks = append(lacks, why)
			}
		}
		if len(lacks) > 0 {
			d.find("give it a source (portal key `facts`, `activities`, or the model), or take the criterion out of the model",
				"%s %q has no source in portal %q: %s", c.What, c.Name, d.cfg.Name, strings.Join(lacks, "; "))
		}
	}
	known := slices.Clone(workflows.ActivityTypes(d.model))
	for _, name := range d.portal.Off {
		if slices.ContainsFunc(d.model.ActivityKinds(), func(k scoring.ActivityKind) bool { return k.Kind == name }) ||
			slices.Contains(known, connector.ObjectType(name)) {
			continue
		}
		d.find("correct the name under `activities`, or take it out", "%q is switched off, but the model has no such activity", name)
	}
	for _, k := range d.model.ActivityKinds() {
		for name, property := range k.Attributes {
			if k.Object != "" && workflows.Private(property) {
				d.find("take it out of the model", "attribute %q of activity %q holds what people wrote; it is never read", name, k.Kind)
			}
		}
	}
}

// withoutSource says of each fact and activity of the model that has no source in the account why, by name.
func (d *describer) withoutSource(contact map[string]connector.Property) map[string]string {
	missing := map[string]string{}
	on := d.portal.Kinds(d.model)
	for _, k := range d.model.ActivityKinds() {
		if !slices.ContainsFunc(on, func(o scoring.ActivityKind) bool { return o.Kind == k.Kind }) {
			missing[k.Kind] = "activity " + k.Kind + " is switched off"
			continue
		}
		if k.Counter == nil {
			continue
		}
		property := k.Counter.Property
		if property == "" {
			property = k.Counter.LastProperty
		}
		if _, ok := contact[property]; !ok {
			missing[k.Kind] = "activity " + k.Kind + " (contact property " + property + " does not exist)"
		}
	}
	for _, f := range d.model.Facts() {
		from := f.From
		if own := d.portal.Sources[f.Name]; len(own) > 0 {
			from = own
		}
		if f.Count == "" && !slices.ContainsFunc(from, func(s string) bool { return d.exists(s, contact) }) {
			missing[f.Name] = "fact " + f.Name + " (" + strings.Join(from, ", ") + " does not exist)"
		}
	}
	return missing
}

// exists reports whether a source of a fact is a property of the account. Of companies only what the account
// showed is known; without their scope nothing is.
func (d *describer) exists(source string, contact map[string]connector.Property) bool {
	object, property, _ := strings.Cut(source, ".")
	property = strings.TrimSuffix(property, "@domain")
	properties := contact
	if object == "company" {
		if d.company == nil {
			return true
		}
		properties = d.company
	}
	_, ok := properties[property]
	return ok
}
