package scoring

import "slices"

// Criterion is one thing that the model asks of a lead, with the facts and kinds of activity that it asks for. It can
// never be met if one of them has no source, or all of a list of Either have none.
type Criterion struct {
	What       string // "score rule", "gate", "stage", "variant", "lead status", "follow-up", "deal", "audience", "advertising", "do not profile" or "invariant"
	Name       string // of a rule with its score in front, "fit: right size"
	Facts      []string
	Activities []string // kinds with a source
	// Either has for each kind that is made of several with a source these kinds: one of them is enough.
	Either [][]string
}

// Criteria are the criteria of the model in the order of the file, each with its facts and activities sorted. One
// that variants share is listed once; of several variants, criteria of one name can ask for different things.
func (m *Model) Criteria() []Criterion {
	list := criteria{model: m}
	m.rulesets(func(name string, s *ruleset) {
		if i := slices.Index(m.Variants(), name); name != "" {
			list.add("variant", name, nil, m.variants[i].when)
		}
		list.addRules(s)
	})
	for _, s := range m.statusRules {
		if s.Activity != "" {
			list.add("lead status", s.Status, []int{m.kindIndex[s.Activity]})
		}
	}
	for i, c := range m.followUpConditions {
		var kinds []int
		if on := m.followUps[i].OnActivity; on != "" {
			kinds = []int{m.kindIndex[on]}
		}
		if len(kinds) > 0 || c.while != nil || c.obsolete != nil {
			list.add("follow-up", m.followUps[i].Name, kinds, c.while, c.obsolete)
		}
	}
	m.eachDealWhen(func(rule string, when *condition) { list.add("deal", rule, nil, when) })
	for i, a := range m.outreach.audiences {
		list.add("audience", a.Name, nil, m.outreach.whens[i])
	}
	list.add("advertising", "consent", nil, m.outreach.consent, m.outreach.never)
	list.add("do not profile", m.DoNotProfile(), nil, m.unprofiled)
	for i := range m.invariants {
		list.add("invariant", m.invariants[i].name, nil, m.invariants[i].never)
	}
	return list.all
}

// criteria collects criteria, each once.
type criteria struct {
	model *Model
	all   []Criterion
}

func (l *criteria) addRules(s *ruleset) {
	for _, score := range s.scores {
		for _, r := range score.rules {
			var kinds []int
			if r.when == nil {
				kinds = []int{l.model.streams[r.stream].kind}
			}
			l.add("score rule", score.name+": "+r.name, kinds, r.when)
		}
	}
	for _, stage := range s.stages {
		for _, g := range stage.gates {
			l.add("gate", g.name, nil, g.opens)
		}
		l.add("stage", stage.Name, nil, stage.when, stage.direct)
	}
}

// add notes a criterion, unless it asks for nothing or is noted already.
func (l *criteria) add(what, name string, kinds []int, conditions ...*condition) {
	c := l.model.criterion(what, name, kinds, conditions)
	same := func(other Criterion) bool {
		return other.What == what && other.Name == name && slices.Equal(other.Facts, c.Facts) && slices.Equal(other.Activities, c.Activities) && slices.EqualFunc(other.Either, c.Either, slices.Equal)
	}
	if len(c.Facts)+len(c.Activities)+len(c.Either) > 0 && !slices.ContainsFunc(l.all, same) {
		l.all = append(l.all, c)
	}
}

func (m *Model) criterion(what, name string, kinds []int, conditions []*condition) Criterion {
	c := Criterion{What: what, Name: name}
	for _, condition := range conditions {
		if condition == nil {
			continue
		}
		for _, fact := range condition.facts {
			if fact < m.declared { // the lead always has the rest
				c.Facts = append(c.Facts, m.facts[fact].Name)
			}
		}
		kinds = append(kinds, condition.kinds...)
	}
	for _, kind := range kinds {
		if bases := m.namesOf(m.kinds[kind].bases); len(bases) == 1 {
			c.Activities = append(c.Activities, bases...)
		} else {
			c.Either = append(c.Either, bases)
		}
	}
	slices.Sort(c.Facts)
	slices.Sort(c.Activities)
	slices.SortFunc(c.Either, slices.Compare)
	c.Facts, c.Activities = slices.Compact(c.Facts), slices.Compact(c.Activities)
	c.Either = slices.CompactFunc(c.Either, slices.Equal)
	return c
}
