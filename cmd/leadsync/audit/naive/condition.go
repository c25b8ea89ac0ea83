package naive

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/expr-lang/expr/ast"
)

// scope is what a condition looks at: the facts and activities of a lead at a moment, or the attributes of one
// activity.
type scope struct {
	reading *Reading
	now     int64 // microseconds
	names   func(name string) any
}

// Misunderstanding is thrown where a condition uses something that this package has no rule for: to take it for
// unknown would be to pass what was not judged.
type Misunderstanding struct{ Text string }

func notUnderstood(n ast.Node) any { panic(Misunderstanding{n.String()}) }

// holds reports whether a condition is true. Unknown is not true. No condition is always met.
func (s scope) holds(n ast.Node) bool { return n == nil || s.value(n) == true }

// value walks the tree. nil is unknown; otherwise it is a string, float64, bool, time.Time or a list of these.
func (s scope) value(n ast.Node) any {
	switch x := n.(type) {
	case *ast.BoolNode:
		return x.Value
	case *ast.IntegerNode:
		return float64(x.Value)
	case *ast.FloatNode:
		return x.Value
	case *ast.StringNode:
		return x.Value
	case *ast.IdentifierNode:
		return s.names(x.Value)
	case *ast.UnaryNode:
		return s.unary(x)
	case *ast.BinaryNode:
		return s.binary(x)
	case *ast.CallNode:
		if callee, ok := x.Callee.(*ast.IdentifierNode); ok {
			return s.call(x, callee.Value)
		}
	}
	return notUnderstood(n)
}

func (s scope) unary(x *ast.UnaryNode) any {
	v := s.value(x.Node)
	if v == nil {
		return nil
	}
	switch x.Operator {
	case "not", "!":
		return v == false
	case "-":
		return -v.(float64)
	case "+":
		return v
	}
	return notUnderstood(x)
}

func (s scope) binary(x *ast.BinaryNode) any {
	switch x.Operator {
	case "and", "&&":
		return both(s.value(x.Left), s.value(x.Right))
	case "or", "||":
		return negated(both(negated(s.value(x.Left)), negated(s.value(x.Right))))
	case "in":
		return s.in(s.value(x.Left), x.Right)
	}
	left, right := s.value(x.Left), s.value(x.Right)
	if left == nil || right == nil {
		return nil // whatever the operator: what is not known cannot be compared or added
	}
	switch x.Operator {
	case "==":
		return equal(left, right)
	case "!=":
		return !equal(left, right)
	case "<", "<=", ">", ">=":
		return ordered(x.Operator, left.(float64), right.(float64))
	case "contains", "startsWith", "endsWith":
		return partOf(x.Operator, fold(left.(string)), fold(right.(string)))
	case "matches":
		return regexp.MustCompile(right.(string)).MatchString(left.(string))
	}
	return calculated(x, left, right)
}

// in looks for a value among literals or in a list of words.
func (s scope) in(v any, list ast.Node) any {
	if v == nil {
		return nil
	}
	if array, ok := list.(*ast.ArrayNode); ok {
		return slices.ContainsFunc(array.Nodes, func(n ast.Node) bool { return equal(v, s.value(n)) })
	}
	return slices.ContainsFunc(s.list(list), func(word string) bool { return equal(v, word) })
}

// list is the list of words that a name stands for.
func (s scope) list(n ast.Node) []string {
	if name, ok := n.(*ast.IdentifierNode); ok {
		if words, declared := s.reading.model.lists[name.Value]; declared {
			return words
		}
	}
	notUnderstood(n)
	return nil
}

// both is "and" of three values: one false decides, else one unknown leaves it open.
func both(left, right any) any {
	if left == false || right == false {
		return false
	}
	if left == nil || right == nil {
		return nil
	}
	return true
}

func negated(v any) any {
	if v == nil {
		return nil
	}
	return v == false
}

func equal(left, right any) bool {
	if a, ok := left.(string); ok {
		b, ok := right.(string)
		return ok && fold(a) == fold(b)
	}
	return left == right
}

func ordered(operator string, a, b float64) bool {
	switch operator {
	case "<":
		return a < b
	case "<=":
		return a <= b
	case ">":
		return a > b
	}
	return a >= b
}

func partOf(operator, text, part string) bool {
	switch operator {
	case "contains":
		return strings.Contains(text, part)
	case "startsWith":
		return strings.HasPrefix(text, part)
	}
	return strings.HasSuffix(text, part)
}

func calculated(x *ast.BinaryNode, left, right any) any {
	a, b := left.(float64), right.(float64)
	switch x.Operator {
	case "+":
		return finite(a + b)
	case "-":
		return finite(a - b)
	case "*":
		return finite(a * b)
	}
	return notUnderstood(x)
}

// finite is a number, unknown if it is none that can be written down.
func finite(v float64) any {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return v
}

// call answers a function.
func (s scope) call(n *ast.CallNode, name string) any {
	of := n.Arguments
	switch name {
	case "known":
		return s.value(of[0]) != nil
	case "has_word":
		text, known := s.value(of[0]).(string)
		if !known {
			return nil
		}
		return slices.ContainsFunc(of[1:], func(n ast.Node) bool { return HasWord(text, literal(n)) })
	case "domain_in":
		text, known := s.value(of[0]).(string)
		if !known {
			return nil
		}
		return slices.ContainsFunc(of[1:], func(n ast.Node) bool { return domainIn(text, s.list(n)) })
	case "days_since":
		at, known := s.value(of[0]).(time.Time)
		if !known {
			return nil
		}
		return s.days(at)
	}
	return s.asked(n, name)
}

// asked answers a function over activities.
func (s scope) asked(n *ast.CallNode, name string) any {
	switch name {
	case "days_since_last":
		begun := s.begun(literal(n.Arguments[0]), nil)
		if len(begun) == 0 {
			return nil
		}
		return s.days(begun[0].At)
	case "count":
		return float64(len(s.counted(n.Arguments)))
	case "days_with":
		days := map[string]bool{}
		for _, x := range s.counted(n.Arguments) {
			days[s.reading.model.period("day", x.At)] = true
		}
		return float64(len(days))
	case "count_after":
		return s.countAfter(n.Arguments)
	}
	return notUnderstood(n)
}

// counted are the activities that count and count_days are about.
func (s scope) counted(arguments []ast.Node) []*Seen {
	var where ast.Node
	window := time.Duration(0)
	for _, argument := range arguments[1:] {
		if days, ok := argument.(*ast.IntegerNode); ok {
			window = time.Duration(days.Value) * day
			continue
		}
		if none, ok := argument.(*ast.StringNode); ok && none.Value == "" {
			continue
		}
		where = argument
	}
	return s.younger(s.begun(literal(arguments[0]), where), window)
}

// countAfter counts what came after the first of another kind.
func (s scope) countAfter(arguments []ast.Node) any {
	window := time.Duration(0)
	if len(arguments) > 2 {
		window = time.Duration(arguments[2].(*ast.IntegerNode).Value) * day
	}
	firsts := s.begun(literal(arguments[1]), nil)
	if len(firsts) == 0 {
		return 0.0
	}
	first, n := firsts[len(firsts)-1].At.UnixMicro(), 0.0
	for _, x := range s.younger(s.begun(literal(arguments[0]), nil), window) {
		if x.At.UnixMicro() > first {
			n++
		}
	}
	return n
}

// begun are the activities of a kind that meet a condition and count now, latest first.
func (s scope) begun(kind string, where ast.Node) []*Seen {
	var out []*Seen
	for _, x := range s.reading.Of(kind, where) {
		if x.At.UnixMicro() <= s.now {
			out = append(out, x)
		}
	}
	return out
}

// younger are those whose age is below a window; all if it is 0.
func (s scope) younger(all []*Seen, window time.Duration) []*Seen {
	var out []*Seen
	for _, x := range all {
		if window == 0 || s.age(x.At) < s.reading.model.steps(window) {
			out = append(out, x)
		}
	}
	return out
}

func literal(n ast.Node) string {
	text, ok := n.(*ast.StringNode)
	if !ok {
		notUnderstood(n)
	}
	return text.Value
}
