package service

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

// deals compares what the model and the configuration say of deals with the account: pipelines, stages and properties.
func (d *describer) deals(ctx context.Context) error {
	if err := d.pipelines(ctx); err != nil {
		return err
	}
	props, err := d.crm.Properties(ctx, connector.TypeDeal)
	if errors.Is(err, connector.ErrForbidden) {
		return nil // reported with the key property
	}
	if err != nil {
		return fmt.Errorf("read deal properties: %w", err)
	}
	there := propertiesByName(props)
	d.dealFacts(there)
	rules := d.dealRules()
	if len(rules) == 0 {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(d.cfg.DealProperties)) {
		d.dealProperty(there, "deal_properties", name, d.cfg.DealProperties[name])
	}
	for _, f := range rules {
		for _, one := range f.Deal.Properties {
			d.dealProperty(there, fmt.Sprintf("follow-up %q", f.Name), one.Name, scoring.TextIn(one.Text, d.portal.Language))
		}
	}
	return nil
}

func (d *describer) dealRules() []scoring.FollowUp {
	return slices.DeleteFunc(d.model.FollowUps(), func(f scoring.FollowUp) bool { return f.Deal == nil })
}

func (d *describer) pipelines(ctx context.Context) error {
	pipelines, err := d.crm.Pipelines(ctx)
	if errors.Is(err, connector.ErrForbidden) {
		d.block(workflows.ClassDeal, "give the token the scope for deals", "the account's pipelines cannot be read")
		return nil
	}
	if err != nil {
		return fmt.Errorf("read pipelines: %w", err)
	}
	stages := map[string][]string{}
	for _, p := range pipelines {
		stages[p.ID] = []string{}
		for _, s := range p.Stages {
			if !s.Won && !s.Lost {
				stages[p.ID] = append(stages[p.ID], s.ID)
			}
		}
	}
	for _, f := range d.dealRules() {
		for _, at := range f.Deal.Pipelines {
			d.pipeline(at, stages)
		}
	}
	return nil
}

// pipeline compares where a deal begins with the account's pipelines and their open stages.
func (d *describer) pipeline(at scoring.DealPipeline, stages map[string][]string) {
	target, ok := d.portal.Pipelines[at.Pipeline]
	stage := target.Stage
	if at.Stage != "" {
		stage = target.Stages[at.Stage]
	}
	switch {
	case !ok:
		d.block(workflows.ClassDeal, "map it under `pipelines`", "pipeline %q of the model is not mapped in portal %q", at.Pipeline, d.cfg.Name)
	case stages[target.ID] == nil:
		d.block(workflows.ClassDeal, "choose one of: "+strings.Join(slices.Sorted(maps.Keys(stages)), ", "), "pipeline %q does not exist in the account", target.ID)
	case stage == "":
		d.block(workflows.ClassDeal, fmt.Sprintf("map it under `pipelines.%s.stages`, to one of: %s", at.Pipeline, strings.Join(stages[target.ID], ", ")),
			"stage %q of pipeline %q is not mapped in portal %q", at.Stage, at.Pipeline, d.cfg.Name)
	case !slices.Contains(stages[target.ID], stage):
		d.block(workflows.ClassDeal, "choose one of: "+strings.Join(stages[target.ID], ", "), "pipeline %q has no stage %q in which a deal is open", target.ID, stage)
	}
}

// dealProperty checks one property that deals are to be made with. A value with placeholders is not known before.
func (d *describer) dealProperty(there map[string]connector.Property, where, name, value string) {
	p, ok := there[name]
	switch {
	case !ok:
		d.block(workflows.ClassDeal, "create it, or take it out", "%s sets the deal property %q, which the account does not have", where, name)
	case p.ReadOnly:
		d.block(workflows.ClassDeal, "take it out", "%s sets the deal property %q, which the account computes itself", where, name)
	case len(p.Options) > 0 && !strings.Contains(value, "{") &&
		!slices.ContainsFunc(p.Options, func(o connector.Option) bool { return o.Value == value }):
		d.block(workflows.ClassDeal, "choose one of: "+optionValues(p), "%s sets the deal property %q to a value that is none of its options", where, name)
	}
}

func optionValues(p connector.Property) string {
	var values []string
	for _, o := range p.Options {
		values = append(values, o.Value)
	}
	return strings.Join(values, ", ")
}

// dealFacts finds facts of deals whose property the account does not have: they are unknown for ever.
func (d *describer) dealFacts(there map[string]connector.Property) {
	for _, f := range d.model.Facts() {
		if f.Count != scoring.DealsLostReason {
			continue
		}
		if _, ok := there[d.cfg.LostReason]; !ok {
			d.find("set `lost_reason` to the property of deals that says why they were lost",
				"the fact %q has no source: the account has no deal property %q", f.Name, d.cfg.LostReason)
		}
	}
}
