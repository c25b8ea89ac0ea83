package scoring

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// grades reads what scores are called: a letter from the bounds of one, and a number from those of another.
func (p *modelParser) grades(f field) {
	p.graded = true
	before := len(p.problems)
	keys := p.fields(f, "letter", "number")
	if f.node.Kind == yaml.MappingNode && !keys["letter"].present() && len(p.problems) == before {
		p.fail(f, "add letter: {score: fit, A: 75, B: 50, C: 25}", "the grades have no letter")
	}
	var axes []gradeAxis
	if keys["letter"].present() {
		axes = append(axes, p.gradeAxis(keys["letter"], "ABCDEF"))
	}
	if keys["number"].present() {
		axes = append(axes, p.gradeAxis(keys["number"], "123456"))
	}
	if len(p.problems) > before {
		return
	}
	if len(axes) > 1 && axes[0].score == axes[1].score && axes[0].score >= 0 {
		p.fail(keys["number"], "take another score, or leave the number out", "letter and number come from the same score %s", p.model.scores[axes[0].score].name)
		return
	}
	p.model.grades = axes
}

// gradeAxis reads a score and the lower bounds of its marks, of which none may be left out from the first on.
// What lies below the last bound has the mark after it, so the last mark of all has no bound.
func (p *modelParser) gradeAxis(f field, marks string) gradeAxis {
	axis, all := gradeAxis{score: -1}, strings.Split(marks, "")
	before := len(p.problems)
	keys := p.fields(f, append([]string{"score"}, all[:len(all)-1]...)...)
	if len(p.problems) > before {
		return axis
	}
	if axis.score = p.scoreOf(keys["score"]); !keys["score"].present() {
		p.fail(f, "add score: with the name of a score", "%s has no score", last(f.key))
	}
	bounds := 0
	for i, mark := range all {
		if keys[mark].present() {
			bounds = i + 1
		}
	}
	if bounds == 0 {
		p.fail(f, "add lower bounds from "+all[0]+" on, such as "+all[0]+": 75", "%s has no bounds", last(f.key))
	}
	for _, mark := range all[:bounds] {
		if keys[mark].present() {
			axis.bounds = append(axis.bounds, p.gradeBound(keys[mark], axis.bounds))
		} else {
			p.fail(f, "add "+mark+": with a bound, or move the ones after it up", "%s is missing", mark)
		}
	}
	axis.marks = all[:bounds+1]
	return axis
}

// gradeBound reads the lower bound of one mark, which must lie below the ones before.
func (p *modelParser) gradeBound(f field, above []int64) int64 {
	before := len(p.problems)
	bound := p.whole(f, 0, -maxPoints, maxPoints)
	if len(p.problems) == before && len(above) > 0 && bound >= slices.Min(above) {
		p.fail(f, "let the bounds fall from mark to mark", "the bound %d is not below the one before it", bound)
	}
	return bound
}

// scoreOf reads the name of a score and returns its index, -1 if there is none.
func (p *modelParser) scoreOf(f field) int {
	name := p.text(f)
	names := p.model.ScoreNames()
	i := slices.Index(names, name)
	if i < 0 && name != "" && len(names) > 0 { // without scores that is what is reported
		p.fail(f, didYouMean(name, names), "unknown score %q", name)
	}
	return i
}

// tiers reads names for ranges of the sum of all scores, or for lists of grades.
func (p *modelParser) tiers(f field) {
	p.notEmpty(f)
	var tiers []tierRule
	lists := false
	for i, item := range p.entries(f) {
		p.named(field{item.key, item.mark}, item.name, label)
		list := item.node.Kind == yaml.SequenceNode
		if i == 0 {
			lists = list
		}
		if list != lists {
			p.fail(item.field, "give every tier a bound, or every tier a list of grades", "%s is of another kind than the tiers before it", item.name)
			continue
		}
		tier := tierRule{name: item.name}
		if list {
			tier.grades = p.tierGrades(item, tiers)
		} else {
			tier.bound = p.tierBound(item, tiers)
		}
		tiers = append(tiers, tier)
	}
	if lists && !p.graded {
		p.fail(f, "add grades:, or give lower bounds for the sum of the scores", "tiers of grades need grades")
	}
	sortTiers(tiers, gradesOf(p.model.grades))
	p.model.tiers = tiers
}

func (p *modelParser) tierBound(item entry, others []tierRule) int64 {
	before := len(p.problems)
	bound := p.whole(item.field, 0, -maxPoints, maxPoints)
	for _, other := range others {
		if other.bound == bound && len(p.problems) == before {
			p.fail(item.field, "give every tier a bound of its own", "%s begins at %d, as %s does", item.name, bound, other.name)
		}
	}
	return bound
}

// tierGrades reads the grades of a tier. A grade belongs to one tier at most.
func (p *modelParser) tierGrades(item entry, others []tierRule) []string {
	possible := gradesOf(p.model.grades)
	grades := []string{}
	if len(item.node.Content) == 0 {
		p.fail(item.field, "list grades such as A1, or remove the tier", "%s has no grades", item.name)
	}
	for _, f := range p.items(item.field) {
		grade := p.text(f)
		if len(possible) > 0 && grade != "" && !slices.Contains(possible, grade) {
			p.fail(f, "use grades from "+possible[0]+" to "+possible[len(possible)-1], "%q is no grade of this model", grade)
		}
		for _, other := range append(slices.Clone(others), tierRule{name: item.name, grades: grades}) {
			if slices.Contains(other.grades, grade) {
				p.fail(f, "keep it in one of them", "%s is in the tier %s already", grade, other.name)
			}
		}
		grades = append(grades, grade)
	}
	return grades
}
