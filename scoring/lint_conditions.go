package scoring

import (
	"fmt"
	"strings"
)

// asking is a condition of the model and what it is for.
type asking struct {
	what   string // "the rule right size"
	at     field  // of the condition
	scope  scope
	never  string // what follows if it is never true
	always string // what follows if it is always true; empty if that is as it should be
}

// lintConditions finds conditions that can never be true, or never be anything else.
func (l *linter) lintConditions() {
	facts := scope{model: l.model}
	for _, f := range l.root.at("activities").pairs() {
		if where := f.at("where"); where.present() {
			l.decide(asking{"the kind " + f.name, where, l.scopeOf(f.name), "no activity is ever of it", "it is the same as what it is made of"})
		}
	}
	for _, s := range l.rulesets() {
		l.decideRuleset(s, facts)
	}
	for i, f := range l.root.at("variants").list() {
		l.decide(asking{"the variant " + l.model.variants[i].name, f.at("when"), facts, "it is never chosen", "it is chosen for everybody, and what stands at the top of the file for nobody"})
	}
	for _, f := range l.root.at("lead_status").list() {
		if where := f.at("where"); where.present() {
			l.decide(asking{"the lead status " + f.at("status").node.Value, where, l.scopeOf(f.at("activity").node.Value), "no activity sets it", "every activity of the kind sets it, so the condition can go"})
		}
	}
	for _, f := range l.root.at("follow_ups").list() {
		what, cause := "the follow-up "+f.at("name").node.Value, f.at("on_activity")
		if where := cause.at("where"); where.present() {
			l.decide(asking{what, where, l.scopeOf(cause.at("kind").node.Value), "no activity ever starts it", "every activity of the kind starts it, so the condition can go"})
		}
		l.decide(asking{what + " (while)", f.at("while"), facts, "it never happens", "it holds nothing back, so the condition can go"})
		l.decide(asking{what + " (obsolete_when)", f.at("obsolete_when"), facts, "its task never becomes obsolete", "nobody ever gets its task"})
	}
	l.lintDeals(facts)
	for _, f := range l.root.at("audiences").pairs() {
		l.decide(asking{"the audience " + f.name, f.at("when"), facts, "nobody is ever on the list", "everybody meets it, so the condition can go"})
	}
	l.decide(asking{"advertising (consent)", l.root.at("advertising").at("consent"), facts, "nobody is ever on an audience", "everybody has given consent"})
	l.decide(asking{"advertising (never)", l.root.at("advertising").at("never"), facts, "it forbids nothing, so it can go", "nobody is ever on an audience"})
	l.decide(asking{"do_not_profile", l.root.at("do_not_profile"), facts, "everybody is profiled", "nobody is profiled"})
	for _, f := range l.root.at("invariants").list() {
		l.decide(asking{"the invariant " + f.at("name").node.Value, f.at("never"), facts, "it is never broken and checks nothing", "everybody breaks it"})
	}
}

func (l *linter) decideRuleset(s placed, facts scope) {
	for _, score := range s.fields["scores"].pairs() {
		for _, f := range ruleFields(score.at("rules")) {
			what := "the rule " + f.at("name").node.Value
			l.decide(asking{what, f.at("when"), facts, "nobody ever gets its points", "everybody gets its points, which tells nobody apart"})
			if where := f.at("where"); where.present() {
				l.decide(asking{what, where, l.scopeOf(f.at("activity").node.Value), "no activity ever gets its points", "every activity of the kind gets its points, so the condition can go"})
			}
		}
	}
	for _, f := range s.fields["gates"].pairs() {
		what := "the gate " + f.name
		l.decide(asking{what, f.at("requires"), facts, "it lets nobody through", "it lets everybody through"})
		l.decide(asking{what, f.at("forbids"), facts, "it lets everybody through of whom the facts are known", "it lets nobody through"})
	}
	for _, f := range s.fields["lifecycle"].list() {
		what := "the stage " + f.at("stage").node.Value
		l.decide(asking{what, f.at("when"), facts, "nobody reaches it by its criteria", "everybody meets the condition"})
		l.decide(asking{what, f.at("direct"), facts, "nobody reaches it directly", "everybody reaches it directly"})
	}
}

// scopeOf is what conditions over one activity of a kind see.
func (l *linter) scopeOf(kind string) scope {
	s, _ := l.model.attributeScope(l.model.kindIndex[kind])
	return s
}

// decide looks at one condition, once wherever it is used.
func (l *linter) decide(a asking) {
	if !a.at.present() || l.told[a.at.node] || l.read[a.at.node] != nil {
		return
	}
	f := l.formula(a.at, a.scope)
	l.innerConditions(a)
	set, ok := outcomes(f)
	switch {
	case !ok:
	case set&mayTrue == 0:
		l.neverTrue(a, f)
	case set&mayFalse == 0 && a.always != "":
		l.alwaysTrue(a, f, set)
	default:
		l.deadParts(a, f)
	}
}

// neverTrue tells which parts exclude each other.
func (l *linter) neverTrue(a asking, f *formula) {
	l.told[a.at.node] = true
	why, shown := contradiction(f)
	l.find(a.at, Finding{
		Kind: FindingNeverTrue, Text: fmt.Sprintf("the condition of %s can never be true: %s", a.what, a.never),
		Why: why, Example: shown, Remedy: "correct one of the parts; alternatives are joined by or",
	})
}

// contradiction says why a formula is never true, with an example of a lead of which one part is true.
func contradiction(f *formula) (why, shown string) {
	parts := f.parts(true)
	for _, part := range parts {
		if neverTrue(part) {
			return fmt.Sprintf("no value makes %s true", part.source), ""
		}
	}
	for i, first := range parts {
		for _, second := range parts[:i] {
			if neverTrue(both(second, first)) {
				return fmt.Sprintf("%s and %s exclude each other", second.source, first.source),
					fmt.Sprintf("where %s is true (%s), %s is not", second.source, example(second), first.source)
			}
		}
	}
	return "its parts exclude each other: " + f.source, ""
}

// alwaysTrue tells that a condition holds whatever the values are, or whatever they are as far as they are known.
func (l *linter) alwaysTrue(a asking, f *formula, set truths) {
	l.told[a.at.node] = true
	why, remedy := "whatever the values are, known or not, "+f.source+" is true", "correct it, or remove it"
	if set&mayUnknown != 0 {
		why = "whatever the values are, if they are known, " + f.source + " is true"
		remedy = "correct it (parts that exclude something are joined by and), or ask with known() if that is meant"
	}
	l.find(a.at, Finding{
		Kind: FindingAlwaysTrue, Text: fmt.Sprintf("the condition of %s can never be false: %s", a.what, a.always),
		Why: why, Example: "it is true of " + example(f), Remedy: remedy,
	})
}

// deadParts tells which alternatives of a condition can never be true.
func (l *linter) deadParts(a asking, f *formula) {
	parts := f.parts(false)
	if len(parts) < 2 {
		return
	}
	for _, part := range parts {
		if !neverTrue(part) {
			continue
		}
		l.told[a.at.node] = true
		why, shown := contradiction(part)
		l.find(a.at, Finding{
			Kind: FindingNeverTrue, Text: fmt.Sprintf("an alternative in the condition of %s can never be true: %s", a.what, part.source),
			Why: why, Example: shown, Remedy: "correct or remove this alternative",
		})
	}
}

// innerConditions looks at the conditions of what is counted, and at how far back it is counted.
func (l *linter) innerConditions(a asking) {
	for _, call := range l.calls(a.at.node.Value) {
		l.countedWindow(a, call)
		kind, inner, ok := l.innerCondition(call)
		if !ok {
			continue
		}
		if f := (&builder{linter: l, scope: l.scopeOf(kind), place: kind + "|"}).build(inner); neverTrue(f) {
			why, shown := contradiction(f)
			l.find(a.at, Finding{
				Kind: FindingNeverTrue, Text: fmt.Sprintf("what %s counts in the condition of %s can never be: it is always 0", call, a.what),
				Why: why, Example: shown, Remedy: "correct the condition of what is counted",
			})
		}
	}
}

// lintVariants finds variants whose leads all belong to variants above them.
func (l *linter) lintVariants() {
	var above []*formula
	for i, f := range l.root.at("variants").list() {
		when := l.formula(f.at("when"), scope{model: l.model})
		if l.told[f.at("when").node] {
			continue
		}
		rest := []*formula{when}
		for _, other := range above {
			rest = append(rest, isNot(other))
		}
		if len(above) > 0 && neverTrue(both(rest...)) {
			l.find(f.at("when"), Finding{
				Kind: FindingVariantNever, Text: fmt.Sprintf("the variant %s is never chosen", l.model.variants[i].name),
				Why:     "of several variants the first decides, and whoever meets " + when.source + " belongs to one above it: " + sources(above),
				Example: "the lead with " + example(when), Remedy: "put the narrower variant first, or let them exclude each other",
			})
		}
		above = append(above, when)
	}
}

// isNot is true where a formula is not true, unknown included: never unknown itself.
func isNot(f *formula) *formula {
	return &formula{join: func(t, _ truths) truths { return truthOf(t&mayTrue == 0) }, left: f, right: constantly(mayTrue), value: mayUnknown}
}

func sources(formulas []*formula) string {
	texts := make([]string, len(formulas))
	for i, f := range formulas {
		texts[i] = f.source
	}
	return strings.Join(texts, "; ")
}
