package audit

import (
	"math"
	"math/big"
	"slices"
	"time"

	"github.com/expr-lang/expr/ast"
)

// verdict is what the model says of a lead at a moment.
type verdict struct {
	points  map[string]int64 // thousandths, by score
	whole   map[string]int64 // whole points, by score
	total   [2]int64         // the sum of all scores: of their whole points, and rounded only at the end
	reached []string
	grade   string // empty if the model has none
	tier    string
	stage   string // the furthest reached, a side track first; empty if none
}

// streamKey names the activities of one kind that meet one condition.
type streamKey struct {
	kind  string
	where ast.Node
}

// evaluate applies the document "leadsync/scoring" to a contact at the step's time, word for word.
func (a *auditor) evaluate(c *contact) verdict {
	s := scope{
		lead: &c.lead, at: a.at, grid: a.model.grid, timeless: c.timeless,
		matching: func(kind string, where ast.Node) []activity { return matching(c, kind, where) },
	}
	v := verdict{points: map[string]int64{}, whole: map[string]int64{}}
	sum := int64(0)
	for _, sc := range a.model.scores {
		points := s.scored(sc)
		v.points[sc.name], v.whole[sc.name] = points, whole(points)
		sum += points
		v.total[0] += whole(points)
	}
	v.total[1] = whole(sum)
	a.model.graded(&v)
	for _, st := range a.model.stages {
		if s.reaches(&a.model, st, v.points) {
			v.reached = append(v.reached, st.name)
		}
	}
	for _, name := range v.reached {
		if a.rank(name) > a.rank(v.stage) {
			v.stage = name
		}
	}
	return v
}

// matching are a contact's activities of a kind that meet a condition, whatever their time.
func matching(c *contact, kind string, where ast.Node) []activity {
	key := streamKey{kind, where}
	if found, ok := c.streams[key]; ok {
		return found
	}
	var out []activity
	for _, x := range c.lead.activities {
		if x.kind == kind && (scope{attributes: x.attributes, inside: true}).holds(where) {
			out = append(out, x)
		}
	}
	c.streams[key] = out
	return out
}

func (s scope) scored(sc score) int64 {
	sum := int64(0)
	for _, r := range sc.rules {
		sum += s.given(r)
	}
	if sc.minimum != nil {
		sum = max(sum, *sc.minimum)
	}
	if sc.maximum != nil {
		sum = min(sum, *sc.maximum)
	}
	return sum
}

// given is what one rule gives.
func (s scope) given(r rule) int64 {
	sum := int64(0)
	if r.activity == "" {
		if s.holds(r.when) {
			sum = r.points
		}
	} else {
		for _, x := range s.matching(r.activity, r.where) {
			if s.counts(x.at, r.window) {
				sum += decayed(r.points, s.age(x.at), int64(r.halfLife/s.grid))
			}
		}
	}
	if r.limit > 0 {
		sum = max(-r.limit, min(r.limit, sum))
	}
	return sum
}

// counts reports whether something that happened at a moment counts now, within a window if there is one.
func (s scope) counts(at time.Time, window time.Duration) bool {
	return !at.After(s.at) && (window == 0 || time.Duration(s.age(at))*s.grid < window)
}

// age is how many whole steps of the grid have begun since the moment, 0 before the first.
func (s scope) age(at time.Time) int64 { return max(0, s.steps(at)) }

// steps is E - B: from the first step that begins at or after the moment to the step that now lies in.
func (s scope) steps(at time.Time) int64 {
	grid := s.grid.Microseconds()
	return floorDiv(s.at.UnixMicro(), grid) + floorDiv(-at.UnixMicro(), grid)
}

// days are the whole days from a moment until now; negative for a moment to come.
func (s scope) days(at time.Time) float64 {
	steps := s.steps(at)
	if !at.After(s.at) {
		steps = max(0, steps)
	}
	return float64(floorDiv(steps, int64(day/s.grid)))
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// decayed is the formula of the document. The table's entries are rounded from numbers with 20 bits to
// spare, none of which lies near a half.
func decayed(points, age, halfLife int64) int64 {
	const fineness = 1024
	if halfLife == 0 {
		return points
	}
	shift := 32 + age/halfLife
	if shift >= 63 {
		return 0
	}
	entry := (age % halfLife) * fineness / halfLife
	factor := int64(math.Floor(math.Exp2(32-float64(entry)/fineness) + 0.5))
	product := new(big.Int).Mul(big.NewInt(max(points, -points)), big.NewInt(factor))
	product.Add(product, new(big.Int).Lsh(big.NewInt(1), uint(shift-1))) //nolint:gosec // between 31 and 61
	result := product.Rsh(product, uint(shift)).Int64()                  //nolint:gosec // between 32 and 62
	if points < 0 {
		return -result
	}
	return result
}

// whole rounds thousandths to whole points, half away from zero.
func whole(points int64) int64 {
	if points < 0 {
		return -whole(-points)
	}
	return (points + thousand/2) / thousand
}

// reaches reports whether a stage's criteria are met.
func (s scope) reaches(m *model, st stage, points map[string]int64) bool {
	if st.manual {
		return false
	}
	if st.direct != nil && s.holds(st.direct) {
		return true
	}
	if len(st.scores) == 0 && len(st.gates) == 0 && st.when == nil {
		return false
	}
	for name, want := range st.scores {
		if points[name] < want {
			return false
		}
	}
	for _, gate := range st.gates {
		if !s.holds(m.gates[gate]) {
			return false
		}
	}
	return s.holds(st.when)
}

// isTimeless reports whether a condition has the same value at any time: it asks for no activities and no days.
func isTimeless(n ast.Node) bool {
	visitor := &timeful{}
	ast.Walk(&n, visitor)
	return !visitor.found
}

type timeful struct{ found bool }

// Visit implements ast.Visitor.
func (t *timeful) Visit(n *ast.Node) {
	if call, ok := (*n).(*ast.CallNode); ok {
		name, _ := call.Callee.(*ast.IdentifierNode)
		t.found = t.found || name == nil || !slices.Contains([]string{"known", "has_word"}, name.Value)
	}
}
