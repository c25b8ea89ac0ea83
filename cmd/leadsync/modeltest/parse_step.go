package modeltest

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"leadsync/scoring"
)

// most is how often something can happen at one moment.
const most = 500

// keysOfStep are the keys of a step that are not kinds of activity.
func keysOfStep() []string {
	return []string{"on", "facts", "stage", "status", "by", "deal", "expect", taskDone, taskEdited, taskDeleted, otherTask, meetingAhead}
}

func (r *reader) steps(f field) []step {
	var steps []step
	var before time.Time
	for _, item := range r.items(f) {
		s := r.step(item)
		if !s.at.IsZero() && !before.IsZero() && !s.at.After(before) {
			r.fail(item, "put the steps in the order of time, and give a time of day to those of one day",
				"%s is not after the step before (%s)", s.at.Format(clockLayout), before.Format(clockLayout))
		}
		if !s.at.IsZero() {
			before = s.at
		}
		steps = append(steps, s)
	}
	if f.node.Kind == yaml.SequenceNode && len(steps) == 0 {
		r.fail(f, "tell what happens: a list of steps with `on: DATE`", "the story has no steps")
	}
	if len(steps) > 0 && !slices.ContainsFunc(steps, func(s step) bool { return s.expects }) {
		r.fail(f, "add expect: to a step; without it the story can never fail", "the story expects nothing")
	}
	return steps
}

const clockLayout = "2006-01-02 15:04"

func (r *reader) step(f field) step {
	s := step{line: f.node.Line}
	given, who := false, f
	for _, c := range r.children(f) {
		switch c.name {
		case "on":
			given = true
			s.at, _ = r.moment(c.field)
		case "facts":
			s.facts = r.facts(c.field)
		case "stage":
			s.stage = r.nameOrNone(c.field, r.stageNames())
		case "status":
			s.status = r.nameOrNone(c.field, r.model.Statuses())
		case "by":
			s.by, who = r.by(c.field), c.field
		case "deal":
			s.deal = r.readDeal(c.field)
		case taskDone, taskEdited, taskDeleted, otherTask, meetingAhead:
			s.deeds = append(s.deeds, r.deed(c))
		case "expect":
			s.expect, s.expects = r.expectations(c.field), true
		default:
			r.act(&s, c)
		}
	}
	r.bySomebody(who, s)
	if !given {
		r.undated(f)
	}
	return s
}

// undated reports a step without a date; what is no step at all has been reported.
func (r *reader) undated(f field) {
	if f.node.Kind == yaml.MappingNode {
		r.fail(field{join(f.key, "on"), f.node}, "add on: and a date", "the step has no date")
	}
}

// nameOrNone reads a name of the model; none or nothing clears.
func (r *reader) nameOrNone(f field, valid []string) *string {
	if f.isNull() || f.node.Value == "none" {
		return new(string)
	}
	word := r.choice(f, valid)
	return &word
}

func (r *reader) stageNames() []string {
	var names []string
	for _, s := range r.model.Stages() {
		names = append(names, s.Name)
	}
	return names
}

// happens says how a kind that is made of others comes about: the kinds to write, and the conditions that their
// attributes have to meet.
func (r *reader) happens(made scoring.MadeKind) string {
	text := strings.Join(made.Bases, ", ")
	var conditions []string
	all := r.model.MadeKinds()
	for {
		if made.Where != "" {
			conditions = append(conditions, made.Where)
		}
		i := slices.IndexFunc(all, func(k scoring.MadeKind) bool { return k.Kind == made.Of })
		if i < 0 {
			break
		}
		made = all[i]
	}
	if len(conditions) > 0 {
		text += " with " + strings.Join(conditions, " and ")
	}
	return text
}

// act reads an activity: how often, or its attributes.
func (r *reader) act(s *step, c child) {
	kinds, valid := r.model.ActivityKinds(), keysOfStep()
	for _, k := range kinds {
		valid = append(valid, k.Kind)
	}
	i := slices.IndexFunc(kinds, func(k scoring.ActivityKind) bool { return k.Kind == c.name })
	if i < 0 {
		for _, made := range r.model.MadeKinds() {
			if made.Kind == c.name {
				r.fail(field{c.key, c.mark}, "write what happened: "+r.happens(made), "%s is made of other kinds", c.name)
				return
			}
		}
		r.fail(field{c.key, c.mark}, suggest(c.name, valid), "%s is no kind of activity of the model, and no key of a step", c.name)
		return
	}
	a := act{kind: kinds[i], times: 1, attributes: map[string]string{}}
	if c.node.Kind == yaml.MappingNode {
		known := slices.Sorted(maps.Keys(a.kind.Attributes))
		for _, attribute := range r.children(c.field) {
			if !slices.Contains(known, attribute.name) {
				r.fail(field{attribute.key, attribute.mark}, suggest(attribute.name, known), "%s has no attribute %s", c.name, attribute.name)
				continue
			}
			a.attributes[attribute.name] = r.text(attribute.field)
		}
		s.acts = append(s.acts, a)
		return
	}
	n, err := strconv.Atoi(c.node.Value)
	if c.node.Kind != yaml.ScalarNode || err != nil || n < 1 || n > most {
		r.fail(c.field, "write how often, from 1 to "+strconv.Itoa(most)+", or attributes such as {name: IT handbook}", "%s is %s", c.name, shape(c.node))
		return
	}
	a.times = n
	s.acts = append(s.acts, a)
}
