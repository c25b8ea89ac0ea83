package naive

import (
	"cmp"
	"math"
	"math/big"
	"slices"
	"strings"
)

// Line is what a rule gives after its cap, or what a limit of a group or of the score cuts: then Rule is empty.
type Line struct {
	Rule, Group string
	Points      int64 // thousandths
}

// scored applies the rules of a score.
func (s scope) scored(sc score) (lines []Line, points int64) {
	given := map[*rule]int64{}
	for _, g := range sc.groups {
		for i := range g.rules {
			given[&g.rules[i]] = s.given(g.rules[i])
		}
	}
	for _, g := range sc.groups {
		sum := int64(0)
		for i := range g.rules {
			r := &g.rules[i]
			points := given[r]
			if r.supporting && points > 0 && !backed(r, given) {
				points = 0 // worth nothing alone
			}
			lines = append(lines, Line{r.name, g.name, points})
			sum += points
		}
		kept := between(sum, g.minimum, g.maximum)
		lines = append(lines, Line{"", g.name, kept - sum})
		points += kept
	}
	kept := between(points, sc.minimum, sc.maximum)
	return append(lines, Line{"", "", kept - points}), kept
}

// backed reports whether another rule, neither supporting nor over silence, gave points.
func backed(r *rule, given map[*rule]int64) bool {
	for other, sum := range given {
		if other != r && !other.supporting && other.silence == "" && sum > 0 {
			return true
		}
	}
	return false
}

func between(sum int64, minimum, maximum *int64) int64 {
	if minimum != nil {
		sum = max(sum, *minimum)
	}
	if maximum != nil {
		sum = min(sum, *maximum)
	}
	return sum
}

// given is what one rule gives after its cap.
func (s scope) given(r rule) int64 {
	sum := int64(0)
	switch {
	case r.silence != "":
		sum = s.silent(r)
	case r.activity != "":
		for _, x := range s.thatCount(r) {
			sum += s.aged(r, s.age(x.At))
		}
	case s.answer(r.when):
		sum = r.points
	}
	if r.limit > 0 {
		sum = max(-r.limit, min(r.limit, sum))
	}
	return sum
}

// thatCount are the activities that a rule gives its points for.
func (s scope) thatCount(r rule) []*Seen {
	all := s.reading.Of(r.activity, r.where)
	if r.per != "" {
		all = s.reading.model.earliest(all, r.per, r.atMost)
	}
	var left []*Seen
	for _, x := range all {
		if x.At.UnixMicro() <= s.now && (r.window == 0 || s.age(x.At) < s.reading.model.steps(r.window)) {
			left = append(left, x)
		}
	}
	if int64(len(left)) < r.atLeast {
		return nil
	}
	if r.per == "" && r.atMost > 0 && int64(len(left)) > r.atMost {
		left = left[:r.atMost] // the latest; of one instant those with the smaller ID
	}
	return left
}

// earliest leaves so many of each period, by time, then ID.
func (m *Model) earliest(all []*Seen, per string, most int64) []*Seen {
	sorted := slices.Clone(all)
	slices.SortFunc(sorted, func(x, y *Seen) int {
		return cmp.Or(cmp.Compare(x.At.UnixMicro(), y.At.UnixMicro()), strings.Compare(x.ID, y.ID))
	})
	used := map[string]int64{}
	var out []*Seen
	for _, x := range sorted {
		period := m.period(per, x.At)
		if used[period]++; used[period] <= most {
			out = append(out, x)
		}
	}
	return out
}

// silent is what a rule over silence gives.
func (s scope) silent(r rule) int64 {
	begun := s.begun(r.silence, nil)
	if len(begun) == 0 {
		return 0 // nobody fell silent who never spoke
	}
	a, after := s.age(begun[0].At), s.reading.model.steps(r.after)
	switch {
	case a < after:
		return 0
	case r.silentEvery == 0:
		return r.points
	}
	return r.points * (1 + (a-after)/s.reading.model.steps(r.silentEvery))
}

// aged is what age leaves of a rule's points. The sign comes back at the end.
func (s scope) aged(r rule, age int64) int64 {
	p, m := max(r.points, -r.points), s.reading.model
	switch {
	case r.halfLife > 0:
		p = Decayed(p, age, m.steps(r.halfLife))
	case r.losesEvery > 0:
		p = max(0, p-r.loses*(age/m.steps(r.losesEvery)))
	case len(r.ages) > 0:
		percent := int64(100)
		for i, reached := range r.ages {
			if age >= m.steps(reached) {
				percent = r.percents[i]
			}
		}
		p = (p*percent + 50) / 100
	}
	if r.points < 0 {
		return -p
	}
	return p
}

// Decayed is what half-lives leave of points after so many steps, none of which may be negative.
func Decayed(points, age, halfLife int64) int64 {
	const fineness = 1024
	shift := 32 + age/halfLife
	if shift >= 63 {
		return 0
	}
	product := new(big.Int).Mul(big.NewInt(points), big.NewInt(Factor((age%halfLife)*fineness/halfLife)))
	product.Add(product, new(big.Int).Lsh(big.NewInt(1), uint(shift-1))) //nolint:gosec // between 31 and 61
	return product.Rsh(product, uint(shift)).Int64()                     //nolint:gosec // between 32 and 62
}

// Factor is the i-th entry of the table of decay. It is rounded from a number with 20 bits to spare; a test shows
// with whole numbers alone that no entry lies so near a half that this matters.
func Factor(i int64) int64 {
	const fineness = 1024
	return int64(math.Floor(math.Exp2(32-float64(i)/fineness) + 0.5))
}

// Whole rounds thousandths to whole points, half away from zero.
func Whole(points int64) int64 {
	if points < 0 {
		return -Whole(-points)
	}
	return (points + thousand/2) / thousand
}
