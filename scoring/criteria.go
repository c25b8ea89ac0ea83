package scoring

import "slices"

// Criterion is one thing that the model asks of a lead, with the facts and kinds of activity that it asks for.
// What has no source can never be met.
type Criterion struct {
	What       string // "score rule", "gate", "stage" or "lead status"
	Name       string // of a rule with its score in front, "fit: right size"
	Facts      []string
	Activities []string
}

// Criteria are the criteria of the model in the order of the file, each with its facts and activities sorted.
func (m *Model) Criteria() []Criterion {
	var all []Criterion
	add := func(what, name string, kinds []string, conditions ...*condition) {
		if c := m.criterion(what, name, kinds, conditions); len(c.Facts)+len(c.Activities) > 0 {
			all = append(all, c)
		}
	}
	for _, s := range m.scores {
		for _, r := range s.rules {
			var kinds []string
			if r.when == nil {
				kinds = []string{m.kinds[m.streams[r.stream].kind].Kind}
			}
			add("score rule", s.name+": "+r.name, kinds, r.when)
		}
	}
	told := map[string]bool{} // a gate of several stages is one gate
	for _, s := range m.stages {
		for _, g := range s.gates {
			if !told[g.name] {
				told[g.name] = true
				add("gate", g.name, nil, g.requires)
			}
		}
		add("stage", s.Name, nil, s.when, s.direct)
	}
	for _, s := range m.statusRules {
		if s.Activity != "" {
			add("lead status", s.Status, []string{s.Activity})
		}
	}
	return all
}

func (m *Model) criterion(what, name string, kinds []string, conditions []*condition) Criterion {
	c := Criterion{What: what, Name: name, Activities: kinds}
	for _, condition := range conditions {
		if condition == nil {
			continue
		}
		for _, fact := range condition.facts {
			c.Facts = append(c.Facts, m.facts[fact].Name)
		}
		for _, kind := range condition.kinds {
			c.Activities = append(c.Activities, m.kinds[kind].Kind)
		}
	}
	slices.Sort(c.Facts)
	slices.Sort(c.Activities)
	c.Facts, c.Activities = slices.Compact(c.Facts), slices.Compact(c.Activities)
	return c
}
