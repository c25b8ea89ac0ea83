package scoring

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
)

const (
	maxSource = 4096 // bytes: the parser recurses, and a Go stack overflow cannot be recovered from
	maxNodes  = 500  // bounds the work of one evaluation
)

// condition is a checked and compiled expression. The meaning of every operator is in the package
// documentation.
type condition struct {
	source string
	key    string // the same for conditions that differ only in layout
	root   boolNode
	facts  []int // the facts it mentions, in the order of mention
	kinds  []int // the kinds of activity it counts
	moves  bool  // time alone can change it
	id     int   // its place in a frame's memory

	streams []int      // the streams of activities it looks at
	calls   []question // what it asks of activities
}

// question is a function of activities as it stands in a condition, with what it gives.
type question struct {
	text  string
	value numberNode
}

// boolNode is a compiled expression of truth. at gives the truth over the frame's span; gaps names what
// would have to be known, and is called only where at is unknown; why gives the facts that make it what it is,
// and is called only where it is true or false.
type boolNode struct {
	at   func(*frame) truths
	gaps func(*frame, *gapList)
	why  func(*frame, *factList)
}

// gapList collects names without repetition, in the order met.
type gapList []string

func (g *gapList) add(name string) {
	if !slices.Contains(*g, name) {
		*g = append(*g, name)
	}
}

// fault is a mistake inside an expression, at a character offset.
type fault struct {
	at           int
	text, remedy string
}

// scope is what names mean in an expression: the model's facts and kinds, or the attributes of one kind.
type scope struct {
	model      *Model
	attributes map[string]attribute // not nil: only these names, as text
	kind       string
	standing   bool                // neither time nor activities
	lasting    bool                // time alone does not change it
	words      map[string][]string // the only texts that some of the names can have
}

// names are all names that can stand in the scope.
func (s scope) names() []string {
	var names []string
	if s.attributes != nil {
		for name := range s.attributes {
			names = append(names, name)
		}
		return names
	}
	for _, fact := range s.model.facts {
		names = append(names, fact.Name)
	}
	return names
}

// compile parses, checks and compiles an expression. Either the condition or the faults are nil.
func (s scope) compile(source string) (*condition, []fault) {
	tree, bad := s.model.language.parse(source)
	if bad != nil {
		return nil, []fault{*bad}
	}
	c := &compiler{scope: s}
	root := c.boolean(tree)
	if s.standing {
		c.refuseMoving(tree)
		c.refuseOtherWords(tree)
	}
	if s.lasting {
		c.refuseAging(tree)
	}
	if len(c.faults) > 0 {
		return nil, c.faults
	}
	return c.finish(source, tree, root), nil
}

// language is the grammar of conditions.
type language conf.Config

// newLanguage caps the parser of expressions, and takes all of its own functions away. It is made once for a model
// because that costs more than to parse a condition.
func newLanguage() *language {
	config := conf.CreateNew()
	config.MaxNodes = maxNodes
	config.DisableIfOperator = true
	for name := range config.Builtins {
		config.Disabled[name] = true
	}
	// The parser gives count(...) a grammar of its own unless somebody else owns the name.
	config.Functions["count"] = &builtin.Function{Name: "count"}
	return (*language)(config)
}

// parse is the only way to the parser.
func (l *language) parse(source string) (ast.Node, *fault) {
	if len(source) > maxSource {
		return nil, &fault{text: fmt.Sprintf("the condition has %d bytes", len(source)), remedy: fmt.Sprintf("at most %d are read; split it into several rules or gates", maxSource)}
	}
	tree, err := parser.ParseWithConfig(source, (*conf.Config)(l))
	if err == nil {
		return tree.Node, nil
	}
	at, message := 0, err.Error()
	if positioned, ok := errors.AsType[*file.Error](err); ok {
		at, message = positioned.From, positioned.Message
	}
	bad := slipOf(source, at, message)
	return nil, &bad
}

// compiler turns a tree into closures and collects every fault on the way.
type compiler struct {
	scope
	facts  []int
	met    []int // facts in the order met, with repetitions
	kinds  []int
	moves  bool
	faults []fault

	streams []int
	calls   []question
}

func (c *compiler) finish(source string, tree ast.Node, root boolNode) *condition {
	done := &condition{source: strings.TrimSpace(source), key: tree.String(), root: root, facts: c.facts, kinds: c.kinds, moves: c.moves, id: c.model.conditions, streams: c.streams, calls: c.calls}
	c.model.conditions++
	return done
}

func (c *compiler) fail(n ast.Node, remedy, format string, args ...any) {
	c.faults = append(c.faults, fault{at: n.Location().From, text: fmt.Sprintf(format, args...), remedy: remedy})
}

// failed is the node that stands for a mistake, so that the rest is still checked.
func failed() boolNode {
	return constant(mayUnknown)
}

func constant(value truths) boolNode {
	return boolNode{at: func(*frame) truths { return value }, gaps: func(*frame, *gapList) {}}
}

// boolean compiles an expression that must be true, false or unknown. What is not joined of others is so because
// of all facts in it.
func (c *compiler) boolean(n ast.Node) boolNode {
	before := len(c.met)
	node := c.truth(n)
	if node.why == nil {
		node.why = because(c.met[before:])
	}
	return node
}

func (c *compiler) truth(n ast.Node) boolNode {
	switch n := n.(type) {
	case *ast.BoolNode:
		if n.Value {
			return constant(mayTrue)
		}
		return constant(mayFalse)
	case *ast.IdentifierNode:
		return c.boolFact(n)
	case *ast.UnaryNode:
		if n.Operator == "not" || n.Operator == "!" {
			return negation(c.boolean(n.Node))
		}
	case *ast.BinaryNode:
		return c.binary(n)
	case *ast.CallNode:
		return c.boolCall(n)
	}
	c.reject(n, "a condition that is true or false")
	return failed()
}

func negation(inner boolNode) boolNode {
	return boolNode{at: func(f *frame) truths { return inner.at(f).not() }, gaps: inner.gaps, why: inner.why}
}

func (c *compiler) binary(n *ast.BinaryNode) boolNode {
	switch n.Operator {
	case "and", "&&":
		return explained(c.boolean(n.Left), c.boolean(n.Right), truths.and)
	case "or", "||":
		return explained(c.boolean(n.Left), c.boolean(n.Right), truths.or)
	case "==", "!=":
		return c.equality(n)
	case "<", "<=", ">", ">=":
		return comparison(c.number(n.Left), c.number(n.Right), n.Operator)
	case "in":
		return c.membership(n)
	case "contains", "startsWith", "endsWith", "matches":
		return c.textTest(n)
	}
	c.reject(n, "a condition that is true or false")
	return failed()
}

// junction joins two conditions. What would have to be known is asked only of the sides that are unknown: a
// missing fact that cannot matter any more is nobody's business.
func junction(left, right boolNode, join func(truths, truths) truths) boolNode {
	return boolNode{
		at: func(f *frame) truths { return join(left.at(f), right.at(f)) },
		gaps: func(f *frame, g *gapList) {
			for _, side := range []boolNode{left, right} {
				if side.at(f)&mayUnknown != 0 {
					side.gaps(f, g)
				}
			}
		},
	}
}

// typeOf is the type of an expression, empty if it has none that can be compared.
func (c *compiler) typeOf(n ast.Node) FactType {
	switch n := n.(type) {
	case *ast.StringNode:
		return TypeText
	case *ast.BoolNode:
		return TypeBool
	case *ast.IntegerNode, *ast.FloatNode:
		return TypeNumber
	case *ast.IdentifierNode:
		return c.nameType(n.Value)
	case *ast.CallNode:
		return callType(n)
	case *ast.UnaryNode:
		if n.Operator == "-" || n.Operator == "+" {
			return TypeNumber
		}
		return TypeBool
	case *ast.BinaryNode:
		return operatorType(n.Operator)
	}
	return ""
}

// nameType is the type of a fact or attribute, empty if there is none of the name.
func (c *compiler) nameType(name string) FactType {
	if c.attributes != nil {
		if _, ok := c.attributes[name]; ok {
			return TypeText
		}
		return ""
	}
	if i, ok := c.model.factIndex[name]; ok {
		return c.model.facts[i].Type
	}
	return ""
}

// operatorType is the type of what an operator between two things gives, empty for an operator that we do
// not have.
func operatorType(operator string) FactType {
	switch operator {
	case "+", "-", "*":
		return TypeNumber
	case "and", "&&", "or", "||", "==", "!=", "<", "<=", ">", ">=", "in", "contains", "startsWith", "endsWith", "matches":
		return TypeBool
	default:
		return ""
	}
}

func (c *compiler) equality(n *ast.BinaryNode) boolNode {
	left, right := c.typeOf(n.Left), c.typeOf(n.Right)
	var node boolNode
	switch {
	case left == "" || right == "" || left == TypeTime:
		c.rejectUntyped(n, left, right)
		return failed()
	case left != right:
		c.fail(n, "compare things of one type", "%s is compared with %s", describe(left), describe(right))
		return failed()
	case left == TypeNumber:
		node = comparison(c.number(n.Left), c.number(n.Right), "==")
	case left == TypeBool:
		node = junction(c.boolean(n.Left), c.boolean(n.Right), truths.same)
	default:
		c.comparedWords(n.Left, n.Right)
		node = textComparison(c.text(n.Left), c.text(n.Right), func(a, b *textValue) bool { return a.folded() == b.folded() })
	}
	if n.Operator == "!=" {
		return negation(node)
	}
	return node
}

// rejectUntyped reports the sides of an equality that have no type, or the type of time.
func (c *compiler) rejectUntyped(n *ast.BinaryNode, left, right FactType) {
	for _, side := range []struct {
		node ast.Node
		typ  FactType
	}{{n.Left, left}, {n.Right, right}} {
		if side.typ == "" || side.typ == TypeTime {
			c.reject(side.node, "a text, a number or yes/no")
		}
	}
}

// boolFact is a fact of type bool standing alone.
func (c *compiler) boolFact(n *ast.IdentifierNode) boolNode {
	i, ok := c.fact(n, TypeBool)
	if !ok {
		return failed()
	}
	name := n.Value
	return boolNode{
		at: func(f *frame) truths {
			value := &f.facts[i].Value
			return never.with(mayUnknown, !value.Known()).with(mayTrue, value.Bool).with(mayFalse, value.Known() && !value.Bool)
		},
		gaps: func(_ *frame, g *gapList) { g.add(name) },
	}
}

// fact finds a fact of a type and notes that it is used.
func (c *compiler) fact(n *ast.IdentifierNode, want FactType) (int, bool) {
	i, ok := c.model.factIndex[n.Value]
	if !ok || c.attributes != nil {
		c.unknownName(n)
		return 0, false
	}
	if got := c.model.facts[i].Type; got != want {
		c.fail(n, wanted(got, want), "%s is %s", n.Value, describe(got))
		return 0, false
	}
	c.mention(i)
	return i, true
}

// mention notes that the condition looks at a fact.
func (c *compiler) mention(fact int) {
	c.met = append(c.met, fact)
	if !slices.Contains(c.facts, fact) {
		c.facts = append(c.facts, fact)
	}
}

func (c *compiler) unknownName(n *ast.IdentifierNode) {
	if slices.Contains(c.model.listNames(), n.Value) {
		c.fail(n, "write x in "+n.Value+", or domain_in(x, "+n.Value+")", "%s is a list of words", n.Value)
		return
	}
	if c.attributes == nil {
		c.fail(n, didYouMean(n.Value, c.names()), "unknown fact %s", n.Value)
		return
	}
	if _, isFact := c.model.factIndex[n.Value]; isFact {
		c.fail(n, "test the fact in a condition of its own", "%s is a fact, but here only attributes of %s can stand", n.Value, c.kind)
		return
	}
	c.fail(n, didYouMean(n.Value, c.names()), "unknown attribute %s of %s", n.Value, c.kind)
}
