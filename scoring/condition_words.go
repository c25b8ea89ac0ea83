package scoring

import (
	"maps"
	"regexp"
	"slices"

	"github.com/expr-lang/expr/ast"
)

// wordsOf is the wording of a worded fact or attribute, nil for everything else.
func (c *compiler) wordsOf(n ast.Node) *wording {
	name, ok := n.(*ast.IdentifierNode)
	if !ok {
		return nil
	}
	if c.attributes != nil {
		if made := c.attributes[name.Value].made; made != nil {
			return made.wording
		}
		return nil
	}
	if i, ok := c.model.factIndex[name.Value]; ok {
		return c.model.facts[i].wording
	}
	return nil
}

// among refuses a text of a condition that is none of the words of what it is compared with.
func (c *compiler) among(w *wording, n ast.Node) {
	literal, ok := n.(*ast.StringNode)
	if w != nil && ok && !w.has(literal.Value) {
		c.fail(n, w.suggest(literal.Value), "%s is never %q", w.of, literal.Value)
	}
}

// comparedWords refuses an equality of texts that no words can meet.
func (c *compiler) comparedWords(left, right ast.Node) {
	a, b := c.wordsOf(left), c.wordsOf(right)
	if a != nil && b != nil {
		if !slices.ContainsFunc(a.names, b.has) {
			c.fail(right, "compare facts that have words in common", "%s and %s have no word in common", a.of, b.of)
		}
		return
	}
	c.among(a, right)
	c.among(b, left)
}

// testedWords refuses a test of a part of a text that no word passes.
func (c *compiler) testedWords(left, right ast.Node, operator string, test func(text, part string) bool) {
	if w, part, ok := c.wordsAnd(left, right); ok {
		c.somePasses(w, right, operator, func(t *textValue) bool { return test(t.folded(), foldCase(part)) })
	}
	if w, whole, ok := c.wordsAnd(right, left); ok {
		c.somePasses(w, left, operator, func(t *textValue) bool { return test(foldCase(whole), t.folded()) })
	}
}

// wordsAnd is the wording of one side of an operator and the literal that is the other.
func (c *compiler) wordsAnd(worded, other ast.Node) (*wording, string, bool) {
	w := c.wordsOf(worded)
	literal, ok := other.(*ast.StringNode)
	if w == nil || !ok {
		return nil, "", false
	}
	return w, literal.Value, true
}

// somePasses refuses a test that is false of all words.
func (c *compiler) somePasses(w *wording, n ast.Node, operator string, passes func(*textValue) bool) {
	for _, name := range w.names {
		if passes(&textValue{raw: name}) {
			return
		}
	}
	literal, ok := n.(*ast.StringNode)
	if !ok {
		return
	}
	c.fail(n, w.suggest(literal.Value), "no word of %s passes %s %q", w.of, operator, literal.Value)
}

// matchedWords refuses a regular expression that no word matches.
func (c *compiler) matchedWords(left, right ast.Node, pattern *regexp.Regexp) {
	if w := c.wordsOf(left); w != nil {
		c.somePasses(w, right, "matches", func(t *textValue) bool { return pattern.MatchString(t.raw) })
	}
}

// foundWords refuses a pattern of has_word that is in no word.
func (c *compiler) foundWords(left, argument ast.Node, patterns []string) {
	if w := c.wordsOf(left); w != nil && len(patterns) > 0 {
		c.somePasses(w, argument, "has_word", func(t *textValue) bool { return t.hasAny(patterns) })
	}
}

// listed finds the list of words that a condition names.
func (c *compiler) listed(n ast.Node) (*wordList, bool) {
	name, ok := n.(*ast.IdentifierNode)
	if !ok {
		c.fail(n, "declare it under words: and write its name", "a list of words is expected")
		return nil, false
	}
	list, ok := c.model.list(name.Value)
	if !ok {
		c.fail(n, didYouMean(name.Value, c.model.listNames()), "unknown list of words %s", name.Value)
	}
	return list, ok
}

// inList tests for one of a list of words.
func (c *compiler) inList(n *ast.BinaryNode) boolNode {
	value := c.text(n.Left)
	list, ok := c.listed(n.Right)
	if !ok {
		return failed()
	}
	if w := c.wordsOf(n.Left); w != nil {
		for _, word := range list.Words {
			if !w.has(word) {
				c.fail(n.Right, w.suggest(word), "%s is never %q, which is in the list %s", w.of, word, list.Name)
			}
		}
	}
	words := list.folded
	return textComparison(value, value, func(a, _ *textValue) bool {
		_, found := words[a.folded()]
		return found
	})
}

// domainIn tests whether the domain of an address, or one above it, is in a list.
func (c *compiler) domainIn(n *ast.CallNode) boolNode {
	if len(n.Arguments) < 2 {
		c.fail(n, "write domain_in(email, competitors, free_mail)", "domain_in takes a text and at least one list of words")
		return failed()
	}
	if w := c.wordsOf(n.Arguments[0]); w != nil {
		c.fail(n.Arguments[0], "test a fact that is an address or a domain", "%s is one of the model's words and has no domain", w.of)
	}
	value := c.text(n.Arguments[0])
	domains := map[string]struct{}{}
	for _, argument := range n.Arguments[1:] {
		list, ok := c.listed(argument)
		if !ok {
			continue
		}
		for _, word := range list.Words {
			if !isDomain(word) {
				c.fail(argument, "write domains such as rival.example into the list, or use "+list.Name+" with in", "%q in the list %s is no domain", word, list.Name)
			}
		}
		maps.Copy(domains, list.folded)
	}
	return textComparison(value, value, func(a, _ *textValue) bool { return inDomains(a.folded(), domains) })
}
