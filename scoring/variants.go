package scoring

import (
	"slices"
)

// variant is a ruleset for some of the leads.
type variant struct {
	name  string
	when  *condition
	rules ruleset
}

// Variants are the names of the variants in the order of the file; what stands at its top is none of them.
func (m *Model) Variants() []string {
	names := make([]string, len(m.variants))
	for i := range m.variants {
		names[i] = m.variants[i].name
	}
	return names
}

// choose finds the rules for the lead: those of the first variant whose condition is true, or else those at the top
// of the file.
func (f *frame) choose() {
	f.rules, f.variant = &f.model.ruleset, ""
	for i := range f.model.variants {
		if v := &f.model.variants[i]; f.truth(v.when) == mayTrue {
			f.rules, f.variant = &v.rules, v.name
			return
		}
	}
}

// rulesets are all that can decide, with the name of the variant, which is empty for the top of the file.
func (m *Model) rulesets(each func(name string, rules *ruleset)) {
	each("", &m.ruleset)
	for i := range m.variants {
		each(m.variants[i].name, &m.variants[i].rules)
	}
}

// Grades are all grades that the model can give, whatever the variant, the best first: A1, A2 and so on. Empty if it
// gives none.
func (m *Model) Grades() []string {
	var grades []string
	m.rulesets(func(_ string, s *ruleset) { grades = append(grades, gradesOf(s.grades)...) })
	slices.Sort(grades) // of letters and of numbers the smaller is the better
	return slices.Compact(grades)
}

// Tiers are the names of the tiers, whatever the variant, the best first as the top of the file has them; a tier that
// only a variant has follows the one before it there. Empty if the model has none.
func (m *Model) Tiers() []string {
	var names []string
	m.rulesets(func(_ string, s *ruleset) {
		next := 0
		for _, tier := range s.tiers {
			at := slices.Index(names, tier.name)
			if at < 0 {
				names = slices.Insert(names, next, tier.name)
				at = next
			}
			next = at + 1
		}
	})
	return names
}

// manual reports whether only people set the stage in every variant.
func (m *Model) manual(stage int) bool {
	all := true
	m.rulesets(func(_ string, s *ruleset) { all = all && s.stages[stage].Manual })
	return all
}
