package scoring

import (
	"math"

	"github.com/expr-lang/expr/ast"
)

// span is the numbers that an expression can have while time passes over the frame's span: between lo and
// hi if it may be known. At a single step lo equals hi and exactly one of the flags is set.
type span struct {
	lo, hi         float64
	known, unknown bool
}

type numberNode struct {
	at   func(*frame) span
	gaps func(*frame, *gapList)
}

func exactly(v float64) span {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return span{unknown: true}
	}
	return span{lo: v, hi: v, known: true}
}

// widened is a span whose ends left the numbers: anything, unless it is a single value, which is unknown.
func (s span) widened() span {
	if !math.IsNaN(s.lo-s.hi) && !math.IsInf(s.lo, 0) && !math.IsInf(s.hi, 0) || !s.known {
		return s
	}
	return span{lo: -math.MaxFloat64, hi: math.MaxFloat64, known: true, unknown: true}
}

// comparison compares two numbers; unknown if either is.
func comparison(left, right numberNode, operator string) boolNode {
	compare := ordering(operator)
	return boolNode{
		at: func(f *frame) truths {
			a, b := left.at(f), right.at(f)
			result := never.with(mayUnknown, a.unknown || b.unknown)
			if a.known && b.known {
				result |= compare(a, b)
			}
			return result
		},
		gaps: func(f *frame, g *gapList) {
			left.gaps(f, g)
			right.gaps(f, g)
		},
	}
}

func ordering(operator string) func(a, b span) truths {
	less := func(a, b span) truths { return never.with(mayTrue, a.lo < b.hi).with(mayFalse, a.hi >= b.lo) }
	switch operator {
	case "<":
		return less
	case ">":
		return func(a, b span) truths { return less(b, a) }
	case "<=":
		return func(a, b span) truths { return less(b, a).not() }
	case ">=":
		return func(a, b span) truths { return less(a, b).not() }
	default:
		return func(a, b span) truths {
			return never.with(mayTrue, a.lo <= b.hi && b.lo <= a.hi).with(mayFalse, a.lo != a.hi || b.lo != b.hi || a.lo != b.lo)
		}
	}
}

// number compiles an expression that must be a number.
func (c *compiler) number(n ast.Node) numberNode {
	switch n := n.(type) {
	case *ast.IntegerNode:
		return numberConstant(float64(n.Value))
	case *ast.FloatNode:
		return numberConstant(n.Value)
	case *ast.IdentifierNode:
		if i, ok := c.fact(n, TypeNumber); ok {
			return numberFact(i, n.Value)
		}
		return numberConstant(0)
	case *ast.UnaryNode:
		if c.typeOf(n) == TypeNumber {
			return arithmetic(numberConstant(0), c.number(n.Node), n.Operator)
		}
	case *ast.BinaryNode:
		if c.typeOf(n) == TypeNumber {
			return arithmetic(c.number(n.Left), c.number(n.Right), n.Operator)
		}
	case *ast.CallNode:
		if name, _ := called(n); callType(n) == TypeNumber && c.attributes == nil {
			return c.numberCall(n, name)
		}
	}
	c.reject(n, "a number")
	return numberConstant(0)
}

// numeral reports whether a number stands there as it is, with a minus in front or without.
func numeral(n ast.Node) bool {
	if minus, ok := n.(*ast.UnaryNode); ok && minus.Operator == "-" {
		n = minus.Node
	}
	switch n.(type) {
	case *ast.IntegerNode, *ast.FloatNode:
		return true
	}
	return false
}

func numberConstant(v float64) numberNode {
	value := exactly(v)
	return numberNode{at: func(*frame) span { return value }, gaps: func(*frame, *gapList) {}}
}

func numberFact(i int, name string) numberNode {
	return numberNode{
		at: func(f *frame) span {
			value := &f.facts[i].Value
			if !value.Known() {
				return span{unknown: true}
			}
			return exactly(value.Number)
		},
		gaps: func(f *frame, g *gapList) {
			if !f.facts[i].Known() {
				g.add(name)
			}
		},
	}
}

// arithmetic adds, subtracts or multiplies. Each step is rounded on its own (no fused operations), so the
// result is the same on every processor. A result beyond the numbers is unknown.
func arithmetic(left, right numberNode, operator string) numberNode {
	combine := operation(operator)
	return numberNode{
		at: func(f *frame) span {
			a, b := left.at(f), right.at(f)
			if !a.known || !b.known {
				return span{unknown: true}
			}
			result := combine(a, b)
			if a.lo == a.hi && b.lo == b.hi && !a.unknown && !b.unknown {
				return exactly(result.lo)
			}
			result.known, result.unknown = true, a.unknown || b.unknown
			return result.widened()
		},
		gaps: func(f *frame, g *gapList) {
			left.gaps(f, g)
			right.gaps(f, g)
		},
	}
}

func operation(operator string) func(a, b span) span {
	switch operator {
	case "+":
		return func(a, b span) span { return span{lo: a.lo + b.lo, hi: a.hi + b.hi} }
	case "-":
		return func(a, b span) span { return span{lo: a.lo - b.hi, hi: a.hi - b.lo} }
	default:
		return func(a, b span) span {
			p, q := float64(a.lo*b.lo), float64(a.lo*b.hi)
			r, s := float64(a.hi*b.lo), float64(a.hi*b.hi)
			return span{lo: min(p, q, r, s), hi: max(p, q, r, s)}
		}
	}
}
