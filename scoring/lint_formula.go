package scoring

import (
	"maps"
	"regexp"
	"strings"

	"github.com/expr-lang/expr/ast"
)

// domain is what values a variable of a condition can have.
type domain int

const (
	anyText   domain = iota
	someWords        // one of a list
	yesNo
	anyNumber
	wholeNumber // also below 0
	anyCount    // whole and not below 0
	open        // a truth value that nothing decides
)

// variable is something in conditions that has a value: a fact, an attribute, what a function of activities gives, a
// score, or a part that is not decided.
type variable struct {
	name   string
	domain domain
	known  bool // it is never unknown
	words  []string
}

// leaf is a test of one variable.
type leaf struct {
	of    *variable
	holds func(c *candidate) truths // of a value that is known and not an unknown text
	// test is a test that a text can pass that is none of the literals, empty if it cannot; loose ones may come
	// out differently for a literal too, because it stands for its other cases.
	test    string
	loose   bool
	numbers []float64 // with which it compares
	texts   []string
}

// formula is a condition as lint sees it: tests of single variables joined by and, or, not and equality.
type formula struct {
	join        func(truths, truths) truths // nil: a leaf, a constant or a negation
	conjunction bool
	left, right *formula // right is nil for a negation
	leaf        *leaf
	value       truths
	source      string
}

func constantly(value truths) *formula { return &formula{value: value} }

func (f *formula) negated() *formula {
	return &formula{left: f, source: "not (" + f.source + ")"}
}

// both is the conjunction of formulas, true if there are none.
func both(all ...*formula) *formula {
	var sum *formula
	for _, f := range all {
		switch {
		case f == nil:
		case sum == nil:
			sum = f
		default:
			sum = &formula{join: truths.and, conjunction: true, left: sum, right: f, source: sum.source + " and " + f.source}
		}
	}
	if sum == nil {
		return constantly(mayTrue)
	}
	return sum
}

// oneOf is the disjunction of two formulas, of which each may be missing.
func oneOf(a, b *formula) *formula {
	if a == nil || b == nil {
		return both(a, b)
	}
	return &formula{join: truths.or, left: a, right: b, source: a.source + " or " + b.source}
}

// leaves calls visit with every leaf.
func (f *formula) leaves(visit func(*leaf)) {
	if f.leaf != nil {
		visit(f.leaf)
	}
	for _, side := range []*formula{f.left, f.right} {
		if side != nil {
			side.leaves(visit)
		}
	}
}

// parts are the sides of a chain of and, or of or.
func (f *formula) parts(conjunction bool) []*formula {
	if f.join == nil || f.right == nil || f.conjunction != conjunction || f.value != never {
		return []*formula{f}
	}
	return append(f.left.parts(conjunction), f.right.parts(conjunction)...)
}

// builder makes a formula of the tree of a checked condition.
type builder struct {
	*linter
	scope scope
	place string // distinguishes the attributes of kinds from facts
}

// variable finds or makes a variable.
func (b *builder) variable(key string, v variable) *variable {
	if known, ok := b.variables[key]; ok {
		return known
	}
	b.variables[key] = &v
	return &v
}

func (b *builder) build(n ast.Node) *formula {
	f := b.truth(n)
	if f.source == "" {
		f.source = n.String()
	}
	return f
}

func (b *builder) truth(n ast.Node) *formula {
	switch n := n.(type) {
	case *ast.BoolNode:
		return constantly(never.with(mayTrue, n.Value).with(mayFalse, !n.Value))
	case *ast.IdentifierNode:
		return test(leaf{of: b.named(n.Value), holds: func(c *candidate) truths { return truthOf(c.yes) }})
	case *ast.UnaryNode:
		inner := b.build(n.Node)
		return &formula{left: inner}
	case *ast.BinaryNode:
		return b.binary(n)
	case *ast.CallNode:
		return b.call(n)
	}
	return b.undecided(n)
}

func test(l leaf) *formula { return &formula{leaf: &l} }

func truthOf(holds bool) truths { return never.with(mayTrue, holds).with(mayFalse, !holds) }

// undecided is a part that may come out either way. What counts in it is still looked at.
func (b *builder) undecided(n ast.Node) *formula {
	v := b.variable("open:"+b.place+n.String(), variable{name: n.String(), domain: open})
	return test(leaf{of: v, holds: func(c *candidate) truths { return c.truth }})
}

func (b *builder) binary(n *ast.BinaryNode) *formula {
	switch n.Operator {
	case "and", "&&":
		return &formula{join: truths.and, conjunction: true, left: b.build(n.Left), right: b.build(n.Right)}
	case "or", "||":
		return &formula{join: truths.or, left: b.build(n.Left), right: b.build(n.Right)}
	case "!=":
		same := *n
		same.Operator = "=="
		return &formula{left: b.build(&same)}
	case "in":
		return b.membership(n)
	case "contains", "startsWith", "endsWith":
		return b.partOf(n)
	case "matches":
		return b.matches(n)
	case "==":
		return b.equality(n)
	default:
		return b.compared(n)
	}
}

func (b *builder) equality(n *ast.BinaryNode) *formula {
	c := compiler{scope: b.scope}
	switch c.typeOf(n.Left) {
	case TypeNumber:
		return b.compared(n)
	case TypeBool:
		return &formula{join: truths.same, left: b.build(n.Left), right: b.build(n.Right), value: mayUnknown}
	case TypeText, TypeTime: // times are not compared
	}
	return b.textTest(n, n.Left, n.Right, func(left, right string) bool { return foldCase(left) == foldCase(right) })
}

// textTest is a test of a text against a literal.
func (b *builder) textTest(n, left, right ast.Node, holds func(left, right string) bool) *formula {
	if literal, ok := right.(*ast.StringNode); ok {
		if name, ok := left.(*ast.IdentifierNode); ok {
			return test(leaf{of: b.named(name.Value), texts: []string{literal.Value}, holds: func(c *candidate) truths { return truthOf(holds(c.text, literal.Value)) }})
		}
	}
	if literal, ok := left.(*ast.StringNode); ok {
		if name, ok := right.(*ast.IdentifierNode); ok {
			return test(leaf{of: b.named(name.Value), texts: []string{literal.Value}, holds: func(c *candidate) truths { return truthOf(holds(literal.Value, c.text)) }})
		}
	}
	return b.undecided(n)
}

func (b *builder) partOf(n *ast.BinaryNode) *formula {
	holds := strings.Contains
	switch n.Operator {
	case "startsWith":
		holds = strings.HasPrefix
	case "endsWith":
		holds = strings.HasSuffix
	}
	f := b.textTest(n, n.Left, n.Right, func(left, right string) bool { return holds(foldCase(left), foldCase(right)) })
	f.leaf.test, f.leaf.texts = n.String(), nil
	return f
}

func (b *builder) matches(n *ast.BinaryNode) *formula {
	name, ok := n.Left.(*ast.IdentifierNode)
	pattern, literal := n.Right.(*ast.StringNode)
	if !ok || !literal {
		return b.undecided(n)
	}
	compiled := regexp.MustCompile(pattern.Value)
	return test(leaf{of: b.named(name.Value), test: n.String(), loose: true, holds: func(c *candidate) truths { return truthOf(compiled.MatchString(c.text)) }})
}

func (b *builder) membership(n *ast.BinaryNode) *formula {
	if list, ok := n.Right.(*ast.IdentifierNode); ok {
		words, _ := b.model.list(list.Value)
		name, ok := n.Left.(*ast.IdentifierNode)
		if !ok {
			return b.undecided(n)
		}
		return test(leaf{of: b.named(name.Value), texts: words.Words, holds: func(c *candidate) truths {
			_, found := words.folded[foldCase(c.text)]
			return truthOf(found)
		}})
	}
	array, ok := n.Right.(*ast.ArrayNode)
	if !ok {
		return b.undecided(n)
	}
	var sum *formula
	for _, item := range array.Nodes {
		one := b.build(&ast.BinaryNode{Operator: "==", Left: n.Left, Right: item})
		sum = oneOf(sum, one)
	}
	return &formula{left: sum.negated(), source: n.String()} // one part, not a chain of alternatives
}

// named is the variable of a fact or attribute.
func (b *builder) named(name string) *variable {
	if b.scope.attributes != nil {
		v := variable{name: name, domain: anyText}
		if made := b.scope.attributes[name].made; made != nil {
			v.domain, v.words = someWords, made.wording.names
		}
		return b.variable("attribute:"+b.place+name, v)
	}
	i := b.model.factIndex[name]
	fact := &b.model.facts[i]
	v := variable{name: name}
	switch fact.Type {
	case TypeNumber:
		v.domain = anyNumber
		if fact.counts() {
			v.domain = anyCount
		}
	case TypeBool:
		v.domain = yesNo
	case TypeTime:
		v.domain = wholeNumber
	case TypeText:
		switch {
		case fact.wording != nil:
			v.domain, v.words = someWords, fact.wording.names
		case i >= b.model.declared && name == currentStage:
			v.domain, v.words = someWords, stageNames(b.model.stages)
		case i >= b.model.declared:
			v.domain, v.words = someWords, b.model.statuses
		}
	}
	return b.variable("fact:"+name, v)
}

func (b *builder) call(n *ast.CallNode) *formula {
	name, ok := n.Arguments[0].(*ast.IdentifierNode)
	if !ok {
		return b.undecided(n)
	}
	of := b.named(name.Value)
	switch called, _ := called(n); called {
	case "known":
		return test(leaf{of: of, holds: nil})
	case "has_word":
		var patterns []string
		for _, argument := range n.Arguments[1:] {
			if literal, ok := argument.(*ast.StringNode); ok {
				patterns = append(patterns, wordPatterns(literal.Value)...)
			}
		}
		return test(leaf{of: of, test: n.String(), holds: func(c *candidate) truths {
			text := textValue{raw: c.text}
			return truthOf(text.hasAny(patterns))
		}})
	default:
		domains := map[string]struct{}{}
		for _, argument := range n.Arguments[1:] {
			if list, ok := argument.(*ast.IdentifierNode); ok {
				words, _ := b.model.list(list.Value)
				maps.Copy(domains, words.folded)
			}
		}
		return test(leaf{of: of, test: n.String(), holds: func(c *candidate) truths { return truthOf(inDomains(foldCase(c.text), domains)) }})
	}
}

// compared is a comparison of numbers, decided if one side is a variable and the other one is not.
func (b *builder) compared(n *ast.BinaryNode) *formula {
	left, a := b.number(n.Left)
	right, c := b.number(n.Right)
	compare := ordering(n.Operator)
	switch {
	case a.known && c.known:
		return constantly(compare(a, c))
	case left != nil && c.known:
		return test(leaf{of: left, numbers: []float64{c.lo}, holds: func(x *candidate) truths { return compare(exactly(x.number), c) }})
	case right != nil && a.known:
		return test(leaf{of: right, numbers: []float64{a.lo}, holds: func(x *candidate) truths { return compare(a, exactly(x.number)) }})
	default:
		return b.undecided(n)
	}
}

// number is a variable, or a number that is fixed, or neither.
func (b *builder) number(n ast.Node) (*variable, span) {
	switch n := n.(type) {
	case *ast.IdentifierNode:
		return b.named(n.Value), span{}
	case *ast.CallNode:
		return b.counted(n), span{}
	}
	if fixed(n) {
		c := compiler{scope: b.scope}
		return nil, c.number(n).at(nil)
	}
	return nil, span{}
}

// fixed reports whether a number is made of literals alone.
func fixed(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.IntegerNode, *ast.FloatNode:
		return true
	case *ast.UnaryNode:
		return fixed(n.Node)
	case *ast.BinaryNode:
		return fixed(n.Left) && fixed(n.Right)
	}
	return false
}

// counted is the variable of a function of activities or time.
func (b *builder) counted(n *ast.CallNode) *variable {
	name, _ := called(n)
	switch name {
	case "days_since":
		if fact, ok := n.Arguments[0].(*ast.IdentifierNode); ok {
			return b.named(fact.Value)
		}
	case "days_since_last":
		return b.variable("call:"+n.String(), variable{name: n.String(), domain: anyCount})
	}
	return b.variable("call:"+n.String(), variable{name: n.String(), domain: anyCount, known: true})
}

// formula reads the condition at a place.
func (l *linter) formula(f field, s scope) *formula {
	if !f.present() {
		return nil
	}
	if known, ok := l.read[f.node]; ok {
		return known
	}
	tree, _ := l.language.parse(f.node.Value) // it has been compiled once
	b := &builder{linter: l, scope: s, place: s.kind + "|"}
	if s.attributes == nil {
		b.place = ""
	}
	made := b.build(tree)
	made.source = strings.TrimSpace(f.node.Value)
	l.read[f.node] = made
	return made
}
