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

// withoutSourceOf tells of a criterion that asks for what this account does not have. Whether something else can meet
// it (an alternative in the same condition) is not looked at. Of a do_not_profile it tells what that means for people, and
// writes no scores as long as nobody can object.
func (d *describer) withoutSourceOf(c scoring.Criterion, lacks string) {
	if c.What == "do not profile" {
		d.block(workflows.ClassScore, "create it, or point the fact at the property where people's objections stand (portal key `facts`, or the model)",
			"do_not_profile (%s) asks for what has no source in portal %q, so whoever objects there is profiled all the same: %s", c.Name, d.cfg.Name, lacks)
		d.findings[len(d.findings)-1].Blocking = true // in shadow too: `leadsync check` is to fail
		return
	}
	d.find("give it a source (portal key `facts`, `activities`, or the model), or take it out of the criterion",
		"%s %q asks for what has no source in portal %q: %s", c.What, c.Name, d.cfg.Name, lacks)
}

// sources names the criteria of the model (rules of scores, gates, stages and statuses) that ask for what has no source
// in this account, and what is switched off.
func (d *describer) sources(contact map[string]connector.Property) {
	missing := d.withoutSource(contact)
	for _, c := range d.model.Criteria() {
		if lacks := lacking(c, missing); len(lacks) > 0 {
			d.withoutSourceOf(c, strings.Join(lacks, "; "))
		}
	}
	known, made := slices.Clone(workflows.ActivityTypes(d.model)), d.model.MadeKinds()
	for _, name := range d.portal.Off {
		if slices.ContainsFunc(d.model.ActivityKinds(), func(k scoring.ActivityKind) bool { return k.Kind == name }) ||
			slices.Contains(known, connector.ObjectType(name)) {
			continue
		}
		if i := slices.IndexFunc(made, func(k scoring.MadeKind) bool { return k.Kind == name }); i >= 0 {
			d.find("switch off what it is made of: "+strings.Join(made[i].Bases, ", "), "%q is switched off, but it is made of other activities", name)
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

// lacking says why a criterion can never be met, given why each fact and activity without a source has none; empty if
// it can be. Of several kinds that one is made of, one with a source is enough.
func lacking(c scoring.Criterion, missing map[string]string) []string {
	var lacks []string
	for _, name := range slices.Concat(c.Facts, c.Activities) {
		if why := missing[name]; why != "" {
			lacks = append(lacks, why)
		}
	}
	for _, kinds := range c.Either {
		if slices.ContainsFunc(kinds, func(kind string) bool { return missing[kind] == "" }) {
			continue
		}
		for _, kind := range kinds {
			if !slices.Contains(lacks, missing[kind]) {
				lacks = append(lacks, missing[kind])
			}
		}
	}
	return lacks
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
