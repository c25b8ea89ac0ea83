package scoring

import (
	"cmp"
	"slices"
)

// gradeAxis is one half of a grade: what a score is called between its bounds.
type gradeAxis struct {
	score  int
	marks  []string // "A" to "D", the best first: one more than there are bounds
	bounds []int64  // the fewest whole points for each mark but the last, falling
}

// place is the index of the mark for so many whole points.
func (g *gradeAxis) place(whole int64) int {
	for i, bound := range g.bounds {
		if whole >= bound {
			return i
		}
	}
	return len(g.bounds)
}

// tierRule is a tier: the fewest points that all scores sum up to, or the grades that belong to it.
type tierRule struct {
	name   string
	bound  int64
	grades []string // nil: the bound counts
}

// gradesOf are all grades of letters and numbers, the best first.
func gradesOf(axes []gradeAxis) []string {
	if len(axes) == 0 {
		return nil
	}
	grades := slices.Clone(axes[0].marks)
	for _, axis := range axes[1:] {
		var longer []string
		for _, grade := range grades {
			for _, mark := range axis.marks {
				longer = append(longer, grade+mark)
			}
		}
		grades = longer
	}
	return grades
}

// rank fills Grade and Tier from the whole points of the scores.
func (s *ruleset) rank(e *Evaluation) {
	for i := range s.grades {
		axis := &s.grades[i]
		e.Grade += axis.marks[axis.place(e.Scores[axis.score].Whole)]
	}
	if i := s.tierOf(e.Grade, e.Total()); i < len(s.tiers) {
		e.Tier = s.tiers[i].name
	}
}

// tierOf is the index of the tier of a grade and a sum of whole points, the number of tiers if there is none.
func (s *ruleset) tierOf(grade string, total int64) int {
	for i, tier := range s.tiers {
		if tier.grades == nil && total >= tier.bound || slices.Contains(tier.grades, grade) {
			return i
		}
	}
	return len(s.tiers)
}

// sortTiers puts the best tier first: by bound, or by the best grade of each.
func sortTiers(tiers []tierRule, grades []string) {
	best := func(t tierRule) int {
		return slices.IndexFunc(grades, func(grade string) bool { return slices.Contains(t.grades, grade) })
	}
	slices.SortStableFunc(tiers, func(a, b tierRule) int { return cmp.Or(cmp.Compare(b.bound, a.bound), best(a)-best(b)) })
}

// Total is the sum of all scores in whole points, each rounded before it is added.
func (e Evaluation) Total() int64 {
	sum := int64(0)
	for _, score := range e.Scores {
		sum += score.Whole
	}
	return sum
}

// ranked is a grade and, where sums make the tier, a tier, as places in the model.
type ranked struct {
	marks []int
	tier  int
}

// rankedAs is where the scores of an evaluation stand.
func (s *ruleset) rankedAs(e *Evaluation) ranked {
	r := ranked{tier: s.tierOf("", e.Total())}
	for i := range s.grades {
		r.marks = append(r.marks, s.grades[i].place(e.Scores[s.grades[i].score].Whole))
	}
	return r
}

// mayRank reports whether some step of the span, whose scores are bounded already, can have another grade or
// tier; exact for one step. Marks and tiers of sums rise with the points, so looking at both ends is enough; a
// tier of grades changes only with the grade.
func (f *frame) mayRank(base ranked) bool {
	for i := range f.rules.grades {
		axis := &f.rules.grades[i]
		score := f.scores[axis.score]
		if axis.place(score.lo.whole()) != base.marks[i] || axis.place(score.hi.whole()) != base.marks[i] {
			return true
		}
	}
	var least, most int64
	for _, score := range f.scores {
		least, most = least+score.lo.whole(), most+score.hi.whole()
	}
	return f.rules.tierOf("", least) != base.tier || f.rules.tierOf("", most) != base.tier
}
