package scoring

import (
	"fmt"

	"github.com/expr-lang/expr/ast"
)

// describe says a type in words.
func describe(t FactType) string {
	switch t {
	case TypeText:
		return "text"
	case TypeNumber:
		return "a number"
	case TypeTime:
		return "a time"
	case TypeBool:
	}
	return "yes/no"
}

// wanted says how to use a fact of type got where want is needed.
func wanted(got, want FactType) string {
	switch {
	case got == TypeTime:
		return "ask days_since(...) of a time"
	case want == TypeBool && got == TypeText:
		return "compare it, such as x == \"DE\" or x in [\"DE\", \"AT\"], or ask known(x)"
	case want == TypeBool:
		return "compare it, such as x >= 50, or ask known(x)"
	case want == TypeNumber:
		return "only numbers have an order and can be counted with; use ==, in or contains for text"
	default:
		return "use " + describe(want) + " here"
	}
}

// reject explains an expression that cannot stand where something else is wanted.
func (c *compiler) reject(n ast.Node, want string) {
	remedy := "write " + want + " here"
	switch n := n.(type) {
	case *ast.IdentifierNode:
		if t := c.typeOf(n); t == "" {
			c.unknownName(n)
		} else {
			c.fail(n, wanted(t, TypeBool), "%s is %s", n.Value, describe(t))
		}
	case *ast.CallNode:
		c.rejectCall(n, want)
	case *ast.BuiltinNode:
		c.fail(n, meantFunction(n.Name), "there is no function %s", n.Name)
	case *ast.StringNode:
		c.fail(n, remedy, "a text stands alone: %q", n.Value)
	case *ast.IntegerNode, *ast.FloatNode:
		c.fail(n, remedy, "a number stands alone: %s", n)
	default:
		c.rejectConstruct(n, remedy)
	}
}

// rejectConstruct explains what the language of conditions does not have, or not in this place.
func (c *compiler) rejectConstruct(n ast.Node, remedy string) {
	switch n := n.(type) {
	case *ast.BinaryNode:
		c.fail(n, remedy, "%s is not possible here", n.Operator)
	case *ast.UnaryNode:
		c.fail(n, remedy, "%s is not possible here", n.Operator)
	case *ast.NilNode:
		c.fail(n, "ask known(x) or not known(x)", "there is no nil")
	case *ast.MemberNode, *ast.ChainNode, *ast.SliceNode:
		c.fail(n, "declare the property under facts and use the fact's name", "facts have no parts")
	case *ast.ArrayNode:
		c.fail(n, remedy, "a list can only stand to the right of in")
	default:
		c.fail(n, remedy, "%s is not part of the language of conditions", nodeName(n))
	}
}

func (c *compiler) rejectCall(n *ast.CallNode, want string) {
	name, known := called(n)
	if !known {
		c.fail(n, meantFunction(name), "there is no function %s", name)
		return
	}
	if c.attributes != nil {
		c.fail(n, "inside a where or count only attributes of "+c.kind+" can be tested", "%s cannot stand here", name)
		return
	}
	c.fail(n, "write "+want+" here", "%s(...) is %s", name, describe(callType(n)))
}

// nodeName names a construct by its text, shortened.
func nodeName(n ast.Node) string {
	const limit = 40
	text := []rune(fmt.Sprint(n))
	if len(text) > limit {
		return string(text[:limit]) + "…"
	}
	return string(text)
}
