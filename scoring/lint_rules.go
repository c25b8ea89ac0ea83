package scoring

import (
	"fmt"
	"slices"
	"time"

	"github.com/expr-lang/expr/ast"
)

// lintRules looks at the rules of every score.
func (l *linter) lintRules(s placed) {
	for i := range s.scores {
		rules := s.scores[i].rules
		fields := ruleFields(s.fields["scores"].at(s.scores[i].name).at("rules"))
		for j := range rules {
			if rules[j].when == nil {
				l.aging(fields[j], &rules[j])
				l.limited(fields[j], &rules[j])
			}
			for k := range j {
				l.pair(fields[k], fields[j], &rules[k], &rules[j])
			}
		}
	}
}

// cause is the condition of a rule, and what else must be the same for two rules to be of one cause.
func (l *linter) cause(f field, r *rule) (condition *formula, key string) {
	switch {
	case r.silence != nil:
		return nil, ""
	case r.when != nil:
		return l.formula(f.at("when"), scope{model: l.model}), "facts"
	}
	kind := f.at("activity").node.Value
	if where := f.at("where"); where.present() {
		return l.formula(where, l.scopeOf(kind)), kind
	}
	return constantly(mayTrue), kind
}

// pair finds two rules that ask for the same thing, or of which one takes what the other gives. Two rules over all
// activities of a kind are one thing only if nothing but the points tells them apart.
func (l *linter) pair(first, second field, a, b *rule) {
	one, other, ok := l.comparable(first, second, a, b)
	if !ok || neverTrue(one) || neverTrue(other) {
		return // told where it stands
	}
	shown := example(one, other)
	there, back := implies(one, other), implies(other, one)
	opposed := a.points < 0 != (b.points < 0)
	switch {
	case there && back:
		l.find(second.at("name"), Finding{
			Kind: FindingTogether, Text: fmt.Sprintf("the rules %q and %q always give their points together", a.name, b.name),
			Why:     "they ask for the same thing, which then counts twice (S48)",
			Example: fmt.Sprintf("%s and %s points%s", withSign(a.points), withSign(b.points), ifAny(" for ", shown)),
			Remedy:  "make one rule of them, or ask for something that is independent of the other",
		})
	case opposed && there && magnitude(b) >= magnitude(a):
		l.cancelled(first, a, b, shown)
	case opposed && back && magnitude(a) >= magnitude(b):
		l.cancelled(second, b, a, shown)
	}
}

// comparable gives the conditions of two rules of one score; ok is false if they count different things.
func (l *linter) comparable(first, second field, a, b *rule) (one, other *formula, ok bool) {
	one, key := l.cause(first, a)
	other, its := l.cause(second, b)
	return one, other, one != nil && other != nil && key == its && (a.when != nil || sameCounting(a, b))
}

func magnitude(r *rule) Points { return max(r.points, -r.points) }

func withSign(p Points) string {
	if p > 0 {
		return "+" + p.String()
	}
	return p.String()
}

func ifAny(before, text string) string {
	if text == "" {
		return ""
	}
	return before + text
}

// sameCounting reports whether two rules over activities count the same ones, and for as long.
func sameCounting(a, b *rule) bool {
	thin := func(r *rule) thinning {
		if r.thinning == nil {
			return thinning{}
		}
		return thinning{times: r.thinning.times, per: r.thinning.per}
	}
	return a.window == b.window && a.atLeast == b.atLeast && a.atMost == b.atMost && thin(a) == thin(b)
}

func (l *linter) cancelled(f field, a, taker *rule, shown string) {
	l.find(f.at("name"), Finding{
		Kind: FindingCancelled, Text: fmt.Sprintf("what the rule %q gives is always taken by the rule %q", a.name, taker.name),
		Why:     "whoever meets the one meets the other, too, and it weighs as much or more",
		Example: fmt.Sprintf("%s and %s points%s", withSign(a.points), withSign(taker.points), ifAny(" for ", shown)),
		Remedy:  "let one of them exclude the other, or change the points",
	})
}

// sweep is how often the activities of a kind are read; 0 if that is not known.
func (l *linter) sweep(kind int) time.Duration {
	longest := time.Duration(0)
	for _, base := range l.model.kinds[kind].bases {
		if l.model.kinds[base].Counter != nil {
			longest = max(longest, l.options.Contacts)
		} else {
			longest = max(longest, l.options.Records)
		}
	}
	return longest
}

// duration is so many steps of the grid.
func (l *linter) duration(steps int64) time.Duration {
	return time.Duration(steps) * l.model.Grid()
}

// aging finds rules whose points are gone before they can matter: the window is shorter than the time between two
// readings, or less than a quarter is left after that time or a day, whichever is longer.
func (l *linter) aging(f field, r *rule) {
	sweep := l.sweep(l.model.streams[r.stream].kind)
	if r.window > 0 && l.duration(r.window) < sweep {
		l.find(f.at("window"), Finding{
			Kind: FindingWindow, Text: fmt.Sprintf("the window of the rule %q is shorter than the time between two readings", r.name),
			Why:     fmt.Sprintf("what it counts is read every %s, and counts for %s", spell(sweep), spell(l.duration(r.window))),
			Example: fmt.Sprintf("what happens just after a reading is %s old at the next one and gives nothing", spell(sweep)),
			Remedy:  "make the window longer, or read more often (sweeps of the configuration)",
		})
	}
	if a := r.ages; a != nil && a.loses > magnitude(r) && len(a.steps) == 0 {
		l.find(f.at("loses"), Finding{
			Kind: FindingLoss, Text: fmt.Sprintf("the rule %q loses more than it gives", r.name),
			Why:     fmt.Sprintf("it gives %s points and loses %s at once, so nothing is left after the first time", r.points, a.loses),
			Example: "an activity gives " + r.points.String() + " points, and " + spell(l.duration(a.every)) + " later 0", Remedy: "lose less, or write a window if all of it shall end at once",
		})
		return
	}
	interval := max(sweep, unitLength("d"))
	if l.outlived(r, interval) {
		l.find(f.at("name"), Finding{
			Kind: FindingWorthless, Text: fmt.Sprintf("the points of the rule %q are gone before they can matter", r.name),
			Why:     fmt.Sprintf("after %s less than a quarter of them is left, and nobody can act on it before", spell(interval)),
			Example: fmt.Sprintf("%s points when it happens, %s a day later", r.points, l.model.aged(r, l.model.perDay)),
			Remedy:  "let it age more slowly, or give a window if it shall count for so short a time",
		})
	}
}

// outlived reports whether less than a quarter of the points of a rule is left after an interval.
func (l *linter) outlived(r *rule, interval time.Duration) bool {
	const part = 4
	if r.silence != nil || r.halfLife == 0 && r.ages == nil {
		return false
	}
	left := l.model.aged(r, int64(interval/l.model.Grid()))
	return part*max(left, -left) < magnitude(r)
}

// limited finds a cap and an at_least that nothing can reach.
func (l *linter) limited(f field, r *rule) {
	if r.cap > 0 && (r.atMost > 0 || r.thinning != nil) {
		uncapped := *r
		uncapped.cap = 0
		if most := l.most(&uncapped); most < r.cap {
			l.find(f.at("cap"), Finding{
				Kind: FindingCap, Text: fmt.Sprintf("the rule %q never reaches its cap of %s", r.name, r.cap),
				Why:     "as many as count at most (at_most), within the window and as old as they are then, give " + most.String(),
				Example: fmt.Sprintf("a lead that does it every day has %s points by this rule", most), Remedy: "remove the cap, or let more count",
			})
		}
	}
	if most, possible := l.enough(r); !possible {
		l.find(f.at("at_least"), Finding{
			Kind: FindingAtLeast, Text: fmt.Sprintf("the rule %q never gives points: it asks for at least %d", r.name, r.atLeast),
			Why:     fmt.Sprintf("of every %s at most %d count, which makes at most %d within its window", r.thinning.per, r.thinning.times, most),
			Example: fmt.Sprintf("a lead that does it every hour has %d that count", most), Remedy: "lower at_least, or make the window longer",
		})
	}
}

// countedWindow finds a function of a condition that counts what is over before it is read.
func (l *linter) countedWindow(a asking, call *ast.CallNode) {
	const last = 2
	kind, named := call.Arguments[0].(*ast.StringNode)
	if len(call.Arguments) <= last || !named {
		return
	}
	days, ok := call.Arguments[last].(*ast.IntegerNode)
	sweep := l.sweep(l.model.kindIndex[kind.Value])
	if !ok || time.Duration(days.Value)*unitLength("d") >= sweep {
		return
	}
	l.find(a.at, Finding{
		Kind: FindingWindow, Text: fmt.Sprintf("%s in the condition of %s looks back less than the time between two readings", call, a.what),
		Why:     fmt.Sprintf("what it counts is read every %s, and counts for %s", spell(sweep), spell(time.Duration(days.Value)*unitLength("d"))),
		Example: fmt.Sprintf("what happens just after a reading is %s old at the next one and is not counted", spell(sweep)),
		Remedy:  "look back longer, or read more often (sweeps of the configuration)",
	})
}

// innerCondition is the condition of what a function counts, and its kind.
func (l *linter) innerCondition(call *ast.CallNode) (kind string, inner ast.Node, ok bool) {
	name, _ := called(call)
	if !slices.Contains([]string{"count", "days_with"}, name) || len(call.Arguments) < 2 || isEmptyText(call.Arguments[1]) {
		return "", nil, false
	}
	literal, ok := call.Arguments[0].(*ast.StringNode)
	if !ok {
		return "", nil, false
	}
	return literal.Value, call.Arguments[1], true
}

// spell is a duration in the units of the model.
func spell(d time.Duration) string {
	switch day := unitLength("d"); {
	case d%day == 0:
		return fmt.Sprintf("%dd", d/day)
	case d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d%time.Minute == 0:
		return fmt.Sprintf("%dm", d/time.Minute)
	default:
		return d.String()
	}
}

// calls are the functions of activities in a condition, those in sums included.
func (l *linter) calls(source string) []*ast.CallNode {
	tree, _ := l.language.parse(source)
	finder := &callFinder{}
	ast.Walk(&tree, finder)
	return finder.calls
}

type callFinder struct{ calls []*ast.CallNode }

// Visit is called by ast.Walk with every node.
func (v *callFinder) Visit(node *ast.Node) {
	if call, ok := (*node).(*ast.CallNode); ok && slices.Contains([]string{"count", "days_with", "count_after", "days_since_last"}, fmt.Sprint(call.Callee)) {
		v.calls = append(v.calls, call)
	}
}
