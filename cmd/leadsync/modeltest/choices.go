package modeltest

import (
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

// Properties of the stories' account that show whose turn it is and what a stage lacks.
const (
	responsibleProperty = "responsible_side"
	missingProperty     = "missing_for_stage"
)

// by reads who sets the stage or status of a step: a person, unless the step says otherwise.
func (r *reader) by(f field) connector.Origin {
	return connector.Origin(r.choice(f, []string{string(connector.OriginPerson), string(connector.OriginMachine)}))
}

// bySomebody refuses a step that says who, and not what.
func (r *reader) bySomebody(f field, s step) {
	if s.by != "" && s.stage == nil && s.status == nil {
		r.fail(f, "add stage: or status:, or remove by", "nobody sets anything in the step")
	}
}

// show maps the properties that a handover writes.
func show(p *workflows.Portal, m *scoring.Model) {
	if m.Handover() != nil {
		p.Written.Responsible, p.Written.Missing = responsibleProperty, missingProperty
	}
}

// chooses lets somebody set stage or status, with the history that the CRM keeps of it.
func (p *player) chooses(property, value string, by connector.Origin, at time.Time) {
	p.property(property, value)
	if by == "" {
		by = connector.OriginPerson
	}
	source := map[connector.Origin]string{connector.OriginPerson: "CRM_UI", connector.OriginMachine: "AUTOMATION_PLATFORM"}[by]
	p.record.Observations = append(p.record.Observations, workflows.Observation{
		Property: property, Value: value, At: at, Known: workflows.KnownHistory, Origin: by, Source: source,
	})
	p.record.Told = true
}

// expectChoice reads what is held, fought for or shown.
func (r *reader) expectChoice(c child, e expectation) expectation {
	switch c.name {
	case "held":
		e.about, e.name = aboutHeld, r.properties(c.field)
	case "rival":
		e.about, e.name = aboutRival, r.properties(c.field)
	case "responsible":
		e.about, e.name = aboutResponsible, r.choice(c.field, []string{string(scoring.SideMarketing), string(scoring.SideSales)})
	default:
		e.about = aboutShows
		if c.node.Kind != yaml.ScalarNode || c.node.Value != "nothing" {
			e.name = r.text(c.field)
		}
	}
	return e
}

// properties reads which of stage and status it is about, or none.
func (r *reader) properties(f field) string {
	if f.isText() && f.node.Value == "none" {
		return ""
	}
	var list []string
	for _, item := range r.some(f) {
		list = append(list, r.choice(item, []string{string(workflows.ChosenStage), string(workflows.ChosenStatus)}))
	}
	if len(list) == 0 {
		r.fail(f, "name stage or status, or write none", "%s is an empty list", f.key)
	}
	return joined(list)
}

// lookChoice compares what is held by people, paused because of another machine, or shown on the record.
func (p *player) lookChoice(e expectation) (string, []string, bool) {
	properties := p.record.Contact.Properties
	if e.about == aboutResponsible {
		return orNone(properties[responsibleProperty]), p.whatWasPlanned(), properties[responsibleProperty] == e.name
	}
	if e.about == aboutShows {
		shown := properties[missingProperty]
		return orNone(shown), p.whatWasPlanned(), (shown == "") == (e.name == "") && strings.Contains(shown, e.name)
	}
	var found, because []string
	if p.record.State != nil {
		for _, f := range p.record.State.Frozen(p.record.ID) {
			held := e.about == aboutHeld && f.Kind == workflows.FrozenLease
			paused := e.about == aboutRival && f.Kind == workflows.FrozenRival && !f.Until.IsZero()
			if held || paused {
				found = append(found, string(f.Property))
				because = append(because, string(f.Property)+" "+orNone(f.Value)+" until "+p.clock(f.Until)+"; the model says "+orNone(f.Would))
			}
		}
	}
	return orNone(joined(found)), because, joined(slices.Clone(found)) == e.name
}

// asks are the names of the tasks that overrides and the handover ask for.
func (r *reader) asks() []string {
	var list []string
	if !r.model.Overrides().Notice.IsZero() {
		list = append(list, workflows.NoticeOf(workflows.ChosenStage), workflows.NoticeOf(workflows.ChosenStatus))
	}
	if h := r.model.Handover(); h != nil && h.EscalateTo != "" {
		list = append(list, workflows.HandoverSilence)
	}
	return list
}

// handsBack are the stages that a handover can take a contact back to.
func (r *reader) handsBack() []string {
	h := r.model.Handover()
	switch {
	case h != nil && h.Strict:
		var list []string
		for _, s := range r.model.Stages() {
			if !s.SideTrack {
				list = append(list, s.Name)
			}
		}
		return list
	case h != nil && h.BackTo != "":
		return []string{h.BackTo}
	}
	return nil
}
