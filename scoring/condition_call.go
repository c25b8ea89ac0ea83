package scoring

import (
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
)

// functions are the names of what can be called.
func functions() []string {
	return []string{"known", "has_word", "domain_in", "days_since", "days_since_last", "count", "days_with", "count_after"}
}

// meantFunction proposes the function that was meant, or lists them all.
func meantFunction(name string) string {
	if best := nearest(name, functions()); best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	names := functions()
	return "the functions are " + strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// called is the name of the function and whether it is one of ours.
func called(n *ast.CallNode) (string, bool) {
	callee, ok := n.Callee.(*ast.IdentifierNode)
	if !ok {
		return nodeName(n.Callee), false
	}
	return callee.Value, callType(n) != ""
}

// callType is the type of what a function gives, empty for an unknown function.
func callType(n *ast.CallNode) FactType {
	callee, ok := n.Callee.(*ast.IdentifierNode)
	if !ok {
		return ""
	}
	switch callee.Value {
	case "known", "has_word", "domain_in":
		return TypeBool
	case "days_since", "days_since_last", "count", "days_with", "count_after":
		return TypeNumber
	default:
		return ""
	}
}

func (c *compiler) boolCall(n *ast.CallNode) boolNode {
	switch name, _ := called(n); name {
	case "known":
		return c.known(n)
	case "has_word":
		return c.hasWord(n)
	case "domain_in":
		return c.domainIn(n)
	default:
		c.reject(n, "a condition that is true or false")
		return failed()
	}
}

// known asks whether there is a value at all; the answer is never unknown.
func (c *compiler) known(n *ast.CallNode) boolNode {
	if len(n.Arguments) != 1 {
		c.fail(n, "write known(fact)", "known takes one fact")
		return failed()
	}
	name, ok := n.Arguments[0].(*ast.IdentifierNode)
	if !ok {
		c.fail(n.Arguments[0], "write known(fact)", "known takes the name of a fact")
		return failed()
	}
	if c.attributes != nil {
		value := c.text(name)
		return boolNode{
			at: func(f *frame) truths {
				known := value.at(f) != nil
				return never.with(mayTrue, known).with(mayFalse, !known)
			},
			gaps: func(*frame, *gapList) {},
		}
	}
	i, ok := c.model.factIndex[name.Value]
	if !ok {
		c.unknownName(name)
		return failed()
	}
	c.mention(i)
	return boolNode{
		at: func(f *frame) truths {
			known := f.fact(i).Known()
			return never.with(mayTrue, known).with(mayFalse, !known)
		},
		gaps: func(*frame, *gapList) {},
	}
}

// hasWord tests a text for words, see wordPatterns.
func (c *compiler) hasWord(n *ast.CallNode) boolNode {
	if len(n.Arguments) < 2 {
		c.fail(n, `write has_word(job_title, "ceo", "head of", "*leiter")`, "has_word takes a text and at least one word")
		return failed()
	}
	value := c.text(n.Arguments[0])
	var patterns []string
	for _, argument := range n.Arguments[1:] {
		literal, ok := argument.(*ast.StringNode)
		if !ok {
			c.fail(argument, "write the word in quotes", "has_word takes words, not expressions")
			continue
		}
		spellings := wordPatterns(literal.Value)
		if len(spellings) == 0 {
			c.fail(argument, "write a word with letters or digits", "%q has no word in it", literal.Value)
		}
		c.foundWords(n.Arguments[0], argument, spellings)
		patterns = append(patterns, spellings...)
	}
	return boolNode{
		at: func(f *frame) truths {
			v := value.at(f)
			if v == nil {
				return mayUnknown
			}
			found := v.hasAny(patterns)
			return never.with(mayTrue, found).with(mayFalse, !found)
		},
		gaps: value.gaps,
	}
}

func (c *compiler) numberCall(n *ast.CallNode, name string) numberNode {
	c.moves = true
	var node numberNode
	switch name {
	case "days_since":
		return c.daysSince(n) // the fact itself is shown
	case "days_since_last":
		node = c.daysSinceLast(n)
	case "days_with":
		node = c.daysWith(n)
	case "count_after":
		node = c.countAfter(n)
	default:
		node = c.count(n)
	}
	text := n.String()
	if !slices.ContainsFunc(c.calls, func(other question) bool { return other.text == text }) {
		c.calls = append(c.calls, question{text, node})
	}
	return node
}

// daysSince is the whole days since a time, negative before it.
func (c *compiler) daysSince(n *ast.CallNode) numberNode {
	if len(n.Arguments) != 1 {
		c.fail(n, "write days_since(fact)", "days_since takes one fact of type time")
		return numberConstant(0)
	}
	name, ok := n.Arguments[0].(*ast.IdentifierNode)
	if !ok || c.typeOf(name) != TypeTime && c.typeOf(name) != "" {
		c.fail(n.Arguments[0], "write days_since(fact) of a fact of type time", "days_since takes a fact of type time")
		return numberConstant(0)
	}
	i, ok := c.fact(name, TypeTime)
	if !ok {
		return numberConstant(0)
	}
	return numberNode{
		at: func(f *frame) span {
			if !f.fact(i).Known() {
				return span{unknown: true}
			}
			return f.days(f.facts[i].Time)
		},
		gaps: func(f *frame, g *gapList) {
			if !f.fact(i).Known() {
				g.add(name.Value)
			}
		},
	}
}

// daysSinceLast is the whole days since the last activity of a kind; unknown if there was none.
func (c *compiler) daysSinceLast(n *ast.CallNode) numberNode {
	if len(n.Arguments) != 1 {
		c.fail(n, `write days_since_last("call")`, "days_since_last takes one kind of activity")
		return numberConstant(0)
	}
	kind, ok := c.kindArgument(n.Arguments[0])
	if !ok {
		return numberConstant(0)
	}
	c.kinds = append(c.kinds, kind)
	s, gap := c.stream(kind, nil), fmt.Sprintf("days_since_last(%q)", c.model.kinds[kind].Kind)
	return numberNode{
		at: func(f *frame) span { return f.sinceLast(s) },
		gaps: func(f *frame, g *gapList) {
			if f.sinceLast(s).unknown {
				g.add(gap)
			}
		},
	}
}

// kindArgument reads the name of a declared kind of activity.
func (c *compiler) kindArgument(n ast.Node) (int, bool) {
	literal, ok := n.(*ast.StringNode)
	if !ok {
		c.fail(n, `write it in quotes, such as count("form")`, "a kind of activity is expected")
		return 0, false
	}
	kind, ok := c.model.kindIndex[literal.Value]
	if !ok {
		c.fail(n, didYouMean(literal.Value, c.model.kindNames()), "unknown activity %q", literal.Value)
	}
	return kind, ok
}

// count is how many activities of a kind there were, meeting a condition, within a number of days.
func (c *compiler) count(n *ast.CallNode) numberNode {
	s, window, ok := c.counted(n, `write count("form"), count("form", name contains "demo") or count("form", "", 30)`)
	if !ok {
		return numberConstant(0)
	}
	return numberNode{
		at:   func(f *frame) span { return f.count(s, window) },
		gaps: func(*frame, *gapList) {},
	}
}

// counted reads the arguments of a function that counts: a kind, a condition and days.
func (c *compiler) counted(n *ast.CallNode, remedy string) (s int, window int64, ok bool) {
	if len(n.Arguments) < 1 || len(n.Arguments) > 3 {
		c.fail(n, remedy, "%s takes a kind, a condition and days", nodeName(n.Callee))
		return 0, 0, false
	}
	kind, ok := c.kindArgument(n.Arguments[0])
	if !ok {
		return 0, 0, false
	}
	var where *condition
	if len(n.Arguments) > 1 && !isEmptyText(n.Arguments[1]) {
		where = c.inner(kind, n.Arguments[1])
	}
	if len(n.Arguments) > 2 {
		window = c.days(n.Arguments[2])
	}
	c.kinds = append(c.kinds, kind)
	return c.stream(kind, where), window, true
}

// stream finds or makes the stream of a kind's activities that meet a condition, and notes that it is looked at.
func (c *compiler) stream(kind int, where *condition) int {
	s := c.model.addStream(kind, where)
	c.streams = append(c.streams, s)
	return s
}

func isEmptyText(n ast.Node) bool {
	literal, ok := n.(*ast.StringNode)
	return ok && strings.TrimSpace(literal.Value) == ""
}

// inner compiles the condition of a count in the scope of the kind's attributes.
func (c *compiler) inner(kind int, n ast.Node) *condition {
	s, ok := c.model.attributeScope(kind)
	if !ok {
		return nil
	}
	nested := &compiler{scope: s}
	root := nested.boolean(n)
	c.faults = append(c.faults, nested.faults...)
	return nested.finish(n.String(), n, root)
}

// days reads the window of a count: a whole number of days.
func (c *compiler) days(n ast.Node) int64 {
	const most = 3650
	literal, ok := n.(*ast.IntegerNode)
	if !ok || literal.Value < 1 || literal.Value > most {
		c.fail(n, fmt.Sprintf("write whole days from 1 to %d", most), "the window of a count is not a number of days")
		return 1
	}
	return int64(literal.Value) * c.model.perDay
}
