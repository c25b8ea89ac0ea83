package naive

import (
	"slices"
	"time"

	"github.com/expr-lang/expr/ast"
)

// Verdict is what the model says of a lead at a moment.
type Verdict struct {
	Variant    string // empty if the top of the file decided
	Unprofiled bool   // then nothing else is known but Violations
	Scores     []Score
	Grade      string
	Tier       string
	Reached    []string // in the order of the file
	Stage      string   // the furthest reached, a side track first; empty if none
	Violations []string
}

// Score is one score with what its rules gave.
type Score struct {
	Name          string
	Points, Whole int64
	Lines         []Line
}

// Whole are the scores in whole points by name.
func (v Verdict) Whole() map[string]int64 {
	out := map[string]int64{}
	for _, s := range v.Scores {
		out[s.Name] = s.Whole
	}
	return out
}

// At applies the model at a moment.
func (r *Reading) At(now time.Time) Verdict {
	m := r.model
	s := scope{reading: r, now: now.UnixMicro(), names: r.fact}
	v := Verdict{}
	violated := s
	violated.names = r.factOrStanding
	for _, i := range m.invariants {
		if violated.answer(i.never) {
			v.Violations = append(v.Violations, i.name)
		}
	}
	if m.unprofiled != nil && s.answer(m.unprofiled) {
		v.Unprofiled = true
		return v
	}
	var t topics
	v.Variant, t = s.topics()
	points := map[string]int64{}
	for _, sc := range t.scores {
		lines, sum := s.scored(sc)
		v.Scores = append(v.Scores, Score{sc.name, sum, Whole(sum), lines})
		points[sc.name] = sum
	}
	v.Grade, v.Tier = t.graded(v.Whole())
	for _, st := range t.stages {
		if r.has(st) && s.reaches(t, st, points) {
			v.Reached = append(v.Reached, st.name)
		}
	}
	v.Stage = r.furthest(t, v.Reached)
	return v
}

// topics are those of the first variant whose condition is true, by its name; those at the top of the file if none is.
func (s scope) topics() (variant string, t topics) {
	for _, one := range s.reading.model.variants {
		if s.answer(one.when) {
			return one.name, one.topics
		}
	}
	return "", s.reading.model.top
}

// answer is holds, remembered where time cannot change it.
func (s scope) answer(n ast.Node) bool {
	if n == nil {
		return true
	}
	held, known := s.reading.answers[n]
	if !known {
		held = s.holds(n)
		if isTimeless(n) {
			s.reading.answers[n] = held
		}
	}
	return held == true
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
		t.found = t.found || name == nil || !slices.Contains([]string{"known", "has_word", "domain_in"}, name.Value)
	}
}

func (r *Reading) fact(name string) any { return r.facts[name] }

// factOrStanding is what an invariant sees: facts, stage and status.
func (r *Reading) factOrStanding(name string) any {
	var text string
	switch name {
	case "stage":
		text = r.lead.Stage
	case "status":
		text = r.lead.Status
	default:
		return r.facts[name]
	}
	if text == "" {
		return nil
	}
	return text
}

// reaches reports whether a stage's criteria are met.
func (s scope) reaches(t topics, st stage, points map[string]int64) bool {
	if st.manual {
		return false
	}
	if st.direct != nil && s.answer(st.direct) {
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
	for _, name := range st.gates {
		if !s.opens(t.gates[name]) {
			return false
		}
	}
	return s.answer(st.when)
}

// opens reports whether a gate lets the lead through.
func (s scope) opens(g gate) bool {
	for _, name := range g.complete {
		if s.reading.facts[name] == nil {
			return false
		}
	}
	if g.forbids != nil && s.value(g.forbids) != false {
		return false // unknown holds back
	}
	return s.answer(g.requires)
}

// has reports whether the account has a stage: its order names it, or it is a side track, of which the order says
// nothing.
func (r *Reading) has(st stage) bool {
	return st.side || len(r.lead.Order) == 0 || slices.Contains(r.lead.Order, st.name)
}

// furthest is the last reached stage in the account's order; a side track wins over all, of several the first.
func (r *Reading) furthest(t topics, reached []string) string {
	order := r.lead.Order
	for _, st := range t.stages {
		if st.side && slices.Contains(reached, st.name) {
			return st.name
		}
		if len(r.lead.Order) == 0 {
			order = append(order, st.name)
		}
	}
	last := ""
	for _, name := range order {
		if slices.Contains(reached, name) {
			last = name
		}
	}
	return last
}

// Holds reports whether a condition of the model over facts, activities and time is true at a moment. Unknown is not
// true, and neither is a condition that there is not.
func (r *Reading) Holds(n ast.Node, now time.Time) bool {
	return n != nil && scope{reading: r, now: now.UnixMicro(), names: r.fact}.answer(n)
}
