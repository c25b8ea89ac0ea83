package scoring

import (
	"regexp"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
)

// textNode is a compiled expression of text; nil if the text is unknown.
type textNode struct {
	at   func(*frame) *textValue
	gaps func(*frame, *gapList)
}

// text compiles an expression that must be text: a literal, a fact or an attribute.
func (c *compiler) text(n ast.Node) textNode {
	nothing := textNode{at: func(*frame) *textValue { return nil }, gaps: func(*frame, *gapList) {}}
	switch n := n.(type) {
	case *ast.StringNode:
		value := &textValue{raw: n.Value}
		// Computed now: a compiled condition is shared by goroutines.
		value.folded()
		value.hasAny(nil)
		return textNode{at: func(*frame) *textValue { return value }, gaps: func(*frame, *gapList) {}}
	case *ast.IdentifierNode:
		if c.attributes != nil {
			return c.attribute(n)
		}
		if i, ok := c.fact(n, TypeText); ok {
			return textFact(i, n.Value)
		}
		return nothing
	}
	c.reject(n, "a text: a fact or words in quotes")
	return nothing
}

func textFact(i int, name string) textNode {
	return textNode{
		at: func(f *frame) *textValue {
			if !f.fact(i).Known() {
				return nil
			}
			return &f.fact(i).text
		},
		gaps: func(f *frame, g *gapList) {
			if !f.fact(i).Known() {
				g.add(name)
			}
		},
	}
}

// attribute reads an attribute of the activity that the frame looks at.
func (c *compiler) attribute(n *ast.IdentifierNode) textNode {
	name := n.Value
	known, ok := c.attributes[name]
	if !ok {
		c.unknownName(n)
	}
	if made := known.made; made != nil {
		return textNode{at: func(f *frame) *textValue { return f.made(made) }, gaps: func(*frame, *gapList) {}}
	}
	id := c.model.attributeID(name)
	return textNode{at: func(f *frame) *textValue { return f.attribute(id, name) }, gaps: func(*frame, *gapList) {}}
}

// attributeID is the place of an attribute in a frame's memory, the same for all kinds that have it.
func (m *Model) attributeID(name string) int {
	if id := slices.Index(m.attributes, name); id >= 0 {
		return id
	}
	m.attributes = append(m.attributes, name)
	return len(m.attributes) - 1
}

// attribute is an attribute of the activity that the frame looks at, nil if it has none. Its derived forms are kept
// as long as the text stays the same: several conditions ask for them, and many activities are of one form or page.
func (f *frame) attribute(id int, name string) *textValue {
	raw, ok := f.attributes[name]
	if !ok {
		return nil
	}
	if f.texts == nil {
		f.texts = make([]textValue, len(f.model.attributes))
	}
	value := &f.texts[id]
	if value.raw != raw {
		*value = textValue{raw: raw}
	}
	return value
}

func textComparison(left, right textNode, holds func(a, b *textValue) bool) boolNode {
	return boolNode{
		at: func(f *frame) truths {
			a, b := left.at(f), right.at(f)
			if a == nil || b == nil {
				return mayUnknown
			}
			met := holds(a, b)
			return never.with(mayTrue, met).with(mayFalse, !met)
		},
		gaps: func(f *frame, g *gapList) {
			left.gaps(f, g)
			right.gaps(f, g)
		},
	}
}

func (c *compiler) textTest(n *ast.BinaryNode) boolNode {
	if n.Operator == "matches" {
		return c.matches(n)
	}
	test := strings.Contains
	switch n.Operator {
	case "startsWith":
		test = strings.HasPrefix
	case "endsWith":
		test = strings.HasSuffix
	}
	c.testedWords(n.Left, n.Right, n.Operator, test)
	return textComparison(c.text(n.Left), c.text(n.Right), func(a, b *textValue) bool { return test(a.folded(), b.folded()) })
}

// matches tests the text as it is written against a regular expression (RE2: its work is bounded).
func (c *compiler) matches(n *ast.BinaryNode) boolNode {
	value := c.text(n.Left)
	pattern, ok := n.Right.(*ast.StringNode)
	if !ok {
		c.fail(n.Right, `write the pattern in quotes, such as job_title matches "(?i)^head"`, "matches takes a fixed pattern")
		return failed()
	}
	compiled, err := regexp.Compile(pattern.Value)
	if err != nil {
		c.fail(n.Right, "correct the pattern, or use contains or has_word", "%s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		return failed()
	}
	c.matchedWords(n.Left, n.Right, compiled)
	return textComparison(value, value, func(a, _ *textValue) bool { return compiled.MatchString(a.raw) })
}

// membership tests for a list of literals of one type, or for a list of words.
func (c *compiler) membership(n *ast.BinaryNode) boolNode {
	if _, named := n.Right.(*ast.IdentifierNode); named {
		return c.inList(n)
	}
	list, ok := n.Right.(*ast.ArrayNode)
	if !ok || len(list.Nodes) == 0 {
		c.fail(n.Right, `write country in ["DE", "AT"]`, "in takes a list of texts or of numbers")
		return failed()
	}
	var texts []string
	var tests []numberNode
	for _, item := range list.Nodes {
		literal, text := item.(*ast.StringNode)
		switch {
		case text:
			texts = append(texts, foldCase(literal.Value))
			c.among(c.wordsOf(n.Left), literal)
		case numeral(item):
			tests = append(tests, c.number(item))
		default:
			c.fail(item, "write texts in quotes or numbers", "a list holds only texts or numbers, not %s", nodeName(item))
		}
	}
	if len(texts) > 0 && len(tests) > 0 {
		c.fail(n.Right, "use one type in the list", "the list mixes texts and numbers")
		return failed()
	}
	if len(tests) > 0 {
		return c.numberIn(c.number(n.Left), tests)
	}
	value := c.text(n.Left)
	return textComparison(value, value, func(a, _ *textValue) bool { return slices.Contains(texts, a.folded()) })
}

func (c *compiler) numberIn(value numberNode, items []numberNode) boolNode {
	result := comparison(value, items[0], "==")
	for _, item := range items[1:] {
		result = junction(result, comparison(value, item, "=="), truths.or)
	}
	return result
}
