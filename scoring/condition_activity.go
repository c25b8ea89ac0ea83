package scoring

import (
	"cmp"
	"slices"

	"github.com/expr-lang/expr/ast"
)

// daysWith is on how many calendar days there were activities of a kind, meeting a condition, within a number of
// days (S33).
func (c *compiler) daysWith(n *ast.CallNode) numberNode {
	s, window, ok := c.counted(n, `write days_with("form"), days_with("form", name contains "demo") or days_with("form", "", 30)`)
	if !ok {
		return numberConstant(0)
	}
	c.model.streams[s].daily = true
	return numberNode{
		at:   func(f *frame) span { return f.daysWith(s, window) },
		gaps: func(*frame, *gapList) {},
	}
}

// countAfter is how many activities of a kind there were after the first one of another, within a number of days
// (S34).
func (c *compiler) countAfter(n *ast.CallNode) numberNode {
	if len(n.Arguments) < 2 || len(n.Arguments) > 3 {
		c.fail(n, `write count_after("page_view", "form") or count_after("page_view", "form", 30)`, "count_after takes a kind, the kind that came first, and days")
		return numberConstant(0)
	}
	kind, ok := c.kindArgument(n.Arguments[0])
	first, found := c.kindArgument(n.Arguments[1])
	window := int64(0)
	if len(n.Arguments) > 2 {
		window = c.days(n.Arguments[2])
	}
	if !ok || !found {
		return numberConstant(0)
	}
	c.kinds = append(c.kinds, kind, first)
	s, since := c.stream(kind, nil), c.stream(first, nil)
	return numberNode{
		at:   func(f *frame) span { return f.countAfter(s, since, window) },
		gaps: func(*frame, *gapList) {},
	}
}

// daysWith is on how many days there were activities of a stream that are younger than the window, over the span.
func (f *frame) daysWith(s int, window int64) span {
	f.spent += int64(len(f.streams[s]))
	f.least, f.most = f.least[:0], f.most[:0]
	for _, o := range f.streams[s] {
		if o.start <= f.b && (window == 0 || age(f.a, o.birth) < window) {
			f.most = append(f.most, o.day)
		}
		if o.start <= f.a && (window == 0 || age(f.b, o.birth) < window) {
			f.least = append(f.least, o.day)
		}
	}
	return span{lo: float64(different(f.least)), hi: float64(different(f.most)), known: true}
}

// different is how many different days there are; it sorts them if need be. They come the latest first, but where a
// clock is set back over midnight a day comes twice.
func different(days []int64) int {
	if !slices.IsSortedFunc(days, func(a, b int64) int { return cmp.Compare(b, a) }) {
		slices.Sort(days)
	}
	return len(slices.Compact(days))
}

// countAfter is how many activities of a stream that are younger than the window there were after the earliest of
// another one, over the span. If one of them has begun, so has the earliest, which lies before it.
func (f *frame) countAfter(s, since int, window int64) span {
	earlier := f.streams[since]
	if len(earlier) == 0 {
		return span{known: true}
	}
	first := earlier[len(earlier)-1].at
	after, _ := slices.BinarySearchFunc(f.streams[s], first, func(o occurrence, at int64) int {
		if o.at > at { // latest first
			return -1
		}
		return 1
	})
	return f.countOf(f.streams[s][:after], window)
}
