package naive

import (
	"slices"

	"leadsync/cmd/leadsync/audit/section"
)

// half is one half of a grade: a score, and the marks with the fewest whole points for each but the last.
type half struct {
	score  string
	bounds []bound
}

type bound struct {
	mark  string
	least int64 // thousandths
}

// tier has the fewest points of the sum of all scores, or its grades.
type tier struct {
	name   string
	least  int64 // thousandths
	grades []string
}

func readGrades(root section.Section) []half {
	var out []half
	grades := root.Child("grades", "letter", "number")
	for _, part := range []string{"letter", "number"} {
		if !grades.Has(part) {
			continue
		}
		s := grades.Child(part)
		h := half{score: s.Text("score")}
		for _, mark := range s.Keys() {
			if mark != "score" {
				h.bounds = append(h.bounds, bound{mark, s.Thousandths(mark)})
			}
		}
		if len(h.bounds) == 0 {
			grades.Fail(part, "has no bounds")
			continue
		}
		slices.SortFunc(h.bounds, func(a, b bound) int { return int(a.mark[0]) - int(b.mark[0]) })
		out = append(out, h)
	}
	return out
}

func readTiers(root section.Section) []tier {
	var out []tier
	s := root.Child("tiers")
	for _, name := range s.Keys() {
		t := tier{name: name}
		if s.IsList(name) {
			t.grades = s.Texts(name)
		} else {
			t.least = s.Thousandths(name)
		}
		out = append(out, t)
	}
	return out
}

// graded is what scores in whole points are called.
func (t topics) graded(whole map[string]int64) (grade, name string) {
	for _, h := range t.halves {
		grade += h.mark(whole[h.score])
	}
	total, best := int64(0), int64(0)
	for _, points := range whole {
		total += points * thousand
	}
	for _, tier := range t.tiers {
		switch {
		case tier.grades != nil:
			if slices.Contains(tier.grades, grade) {
				name = tier.name
			}
		case total >= tier.least && (name == "" || tier.least > best):
			name, best = tier.name, tier.least
		}
	}
	return grade, name
}

// Graded is the grade and the tier that the top of the file gives to scores in whole points.
func (m *Model) Graded(whole map[string]int64) (grade, tier string) { return m.top.graded(whole) }

// mark is the first one that the points suffice for, else the one after the last.
func (h half) mark(points int64) string {
	for _, b := range h.bounds {
		if points*thousand >= b.least {
			return b.mark
		}
	}
	return string(h.bounds[len(h.bounds)-1].mark[0] + 1)
}
