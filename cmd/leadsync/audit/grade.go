package audit

import (
	"maps"
	"slices"
)

// half is one half of a grade: a score and the fewest whole points for each mark but the last.
type half struct {
	score string
	least map[string]int64 // thousandths
}

// tier has the fewest points of the sum of all scores, or its grades.
type tier struct {
	name   string
	least  int64 // thousandths
	grades []string
}

func readGrades(root section) []half {
	var out []half
	grades := root.child("grades", "letter", "number")
	for _, part := range []string{"letter", "number"} {
		if !grades.has(part) {
			continue
		}
		s := grades.child(part)
		h := half{score: s.text("score"), least: map[string]int64{}}
		for mark := range s.keys {
			if mark != "score" {
				h.least[mark] = s.thousandths(mark)
			}
		}
		if len(h.least) == 0 {
			s.reader.fail(s.place, "has no bounds")
		}
		out = append(out, h)
	}
	return out
}

func readTiers(root section) []tier {
	var out []tier
	s := root.child("tiers")
	for _, name := range slices.Sorted(maps.Keys(s.keys)) {
		t := tier{name: name}
		if _, list := s.keys[name].([]any); list {
			t.grades = s.texts(name)
		} else {
			t.least = s.thousandths(name)
		}
		out = append(out, t)
	}
	return out
}

// graded fills grade and tier of a verdict from its whole points.
func (m *model) graded(v *verdict) {
	for _, h := range m.grades {
		v.grade += h.mark(v.whole[h.score])
	}
	best := int64(0)
	for _, t := range m.tiers {
		switch {
		case t.grades != nil:
			if slices.Contains(t.grades, v.grade) {
				v.tier = t.name
			}
		case v.total[0]*thousand >= t.least && (v.tier == "" || t.least > best):
			v.tier, best = t.name, t.least
		}
	}
}

// mark is the first one that the points suffice for, else the one after the last.
func (h half) mark(points int64) string {
	last := ""
	for _, mark := range slices.Sorted(maps.Keys(h.least)) {
		if points*thousand >= h.least[mark] {
			return mark
		}
		last = mark
	}
	return string(last[0] + 1)
}

// What grade and tier are called among the scores; no score has a space in its name.
const (
	gradeName = "the grade"
	tierName  = "the tier"
)

// writes are the properties that rule 8 writes, by the names of scores, grade and tier.
func (a *auditor) writes() map[string]string {
	properties := maps.Clone(a.in.Mapping.Scores)
	if a.in.Mapping.Grade != "" && len(a.model.grades) > 0 {
		properties[gradeName] = a.in.Mapping.Grade
	}
	if a.in.Mapping.Tier != "" && len(a.model.tiers) > 0 {
		properties[tierName] = a.in.Mapping.Tier
	}
	return properties
}
