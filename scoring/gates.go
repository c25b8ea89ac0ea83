package scoring

import (
	"slices"
	"strings"
)

// gateRule is a named requirement that stages share.
type gateRule struct {
	name  string
	opens *condition // whatever the form: the gate is open where this is true
	// complete says that the condition asks for facts to be known: then it is false, not unknown, where one is
	// missing, and yet it is known what to find out.
	complete     bool
	confirmation bool // a person opens it (S12)
	ask          map[string]string
}

// kind is how a check of the gate is told apart.
func (g *gateRule) kind() CheckKind {
	if g.confirmation {
		return CheckConfirmation
	}
	return CheckGate
}

// check is the gate with what it saw.
func (g *gateRule) check(f *frame, record *recorder) Check {
	check := f.check(g.opens, record)
	check.Kind, check.Name = g.kind(), g.name
	check.Asks, check.Ask = g.ask, TextIn(g.ask, "en")
	if g.complete && check.State != True {
		var missing gapList
		g.opens.root.gaps(f, &missing)
		check.Unknown = missing
	}
	return check
}

// negated is the condition that is true where this one is false. Only one of the two may be used.
func (c *condition) negated() *condition {
	opposite := *c
	opposite.source, opposite.key = "not ("+c.source+")", "not ("+c.key+")"
	opposite.root = negation(c.root)
	return &opposite
}

// allKnown is the condition that all facts mentioned so far are known.
func (c *compiler) allKnown() *condition {
	facts := slices.Clone(c.facts)
	missing := func(f *frame, i int) bool { return !f.fact(i).Known() }
	root := boolNode{
		at: func(f *frame) truths {
			open := slices.ContainsFunc(facts, func(i int) bool { return missing(f, i) })
			return never.with(mayFalse, open).with(mayTrue, !open)
		},
		gaps: func(f *frame, g *gapList) {
			for _, i := range facts {
				if missing(f, i) {
					g.add(f.model.facts[i].Name)
				}
			}
		},
		why: func(*frame, *factList) {}, // what is missing has no value to show
	}
	names := make([]string, len(facts))
	for i, fact := range facts {
		names[i] = c.model.facts[fact].Name
	}
	source := "complete: " + strings.Join(names, ", ")
	done := &condition{source: source, key: source, root: root, facts: facts, id: c.model.conditions}
	c.model.conditions++
	return done
}
