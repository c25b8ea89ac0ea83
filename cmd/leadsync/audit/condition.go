package audit

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/expr-lang/expr/ast"
)

// scope is what a condition looks at: the facts and activities of a lead at a moment, or, inside the where
// of a rule and inside count, the attributes of one activity.
type scope struct {
	lead       *lead
	at         time.Time
	attributes map[string]string // nil outside of an activity
	inside     bool
	grid       time.Duration
	timeless   map[ast.Node]bool // answers of conditions that time cannot change, for these facts
	matching   func(kind string, where ast.Node) []activity
}

// holds reports whether a condition is true. Unknown is not true. No condition is always met.
func (s scope) holds(n ast.Node) bool {
	if n == nil {
		return true
	}
	if held, known := s.timeless[n]; known {
		return held
	}
	held := s.value(n) == true
	if s.timeless != nil && isTimeless(n) {
		s.timeless[n] = held
	}
	return held
}

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
		return s.name(x.Value)
	case *ast.ArrayNode:
		var list []any
		for _, item := range x.Nodes {
			list = append(list, s.value(item))
		}
		return list
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

// misunderstanding is thrown where a condition uses something that this package has no rule for; Run turns
// it into a finding. To take it for unknown would be to pass what was not judged.
type misunderstanding struct{ text string }

func notUnderstood(n ast.Node) any { panic(misunderstanding{n.String()}) }

// name is a fact, or inside of an activity an attribute.
func (s scope) name(name string) any {
	if !s.inside {
		return s.lead.facts[name]
	}
	if v, ok := s.attributes[name]; ok && v != "" {
		return v
	}
	return nil
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
	left, right := s.value(x.Left), s.value(x.Right)
	switch x.Operator {
	case "and", "&&":
		return both(left, right)
	case "or", "||":
		return negated(both(negated(left), negated(right)))
	}
	if left == nil || right == nil {
		return nil // whatever the operator: what is not known cannot be compared or added
	}
	switch x.Operator {
	case "==":
		return equal(left, right)
	case "!=":
		return !equal(left, right)
	case "in":
		return slices.ContainsFunc(right.([]any), func(item any) bool { return equal(left, item) })
	case "<", "<=", ">", ">=":
		return ordered(x.Operator, left.(float64), right.(float64))
	case "contains", "startsWith", "endsWith":
		return partOf(x.Operator, fold(left.(string)), fold(right.(string)))
	case "matches":
		return regexp.MustCompile(right.(string)).MatchString(left.(string))
	}
	return calculated(x, left, right)
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
		return a + b
	case "-":
		return a - b
	case "*":
		return a * b
	}
	return notUnderstood(x)
}

func (s scope) call(n *ast.CallNode, name string) any {
	arguments := n.Arguments
	switch name {
	case "known":
		return s.value(arguments[0]) != nil
	case "has_word":
		text, ok := s.value(arguments[0]).(string)
		if !ok {
			return nil
		}
		return slices.ContainsFunc(arguments[1:], func(n ast.Node) bool { return hasWord(text, n.(*ast.StringNode).Value) })
	case "days_since":
		at, ok := s.value(arguments[0]).(time.Time)
		if !ok {
			return nil
		}
		return s.days(at)
	case "days_since_last":
		return s.daysSinceLast(arguments)
	case "count":
		return s.count(arguments)
	}
	return notUnderstood(n)
}

func (s scope) daysSinceLast(arguments []ast.Node) any {
	for _, x := range s.matching(arguments[0].(*ast.StringNode).Value, nil) { // latest first
		if !x.at.After(s.at) {
			return s.days(x.at)
		}
	}
	return nil
}

// count counts the activities of a kind up to now: all, or those that meet a condition, or those of the last days.
func (s scope) count(arguments []ast.Node) any {
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
	n := 0
	for _, x := range s.matching(arguments[0].(*ast.StringNode).Value, where) {
		if s.counts(x.at, window) {
			n++
		}
	}
	return float64(n)
}
