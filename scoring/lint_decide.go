package scoring

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// maxCombinations bounds the work of one question, maxTests the tests of one text.
const (
	maxCombinations = 1 << 14
	maxTests        = 10
)

// candidate is a value that a variable can have, for all that behave like it.
type candidate struct {
	known  bool
	number float64
	text   string
	yes    bool
	truth  truths
	other  bool            // a text that is none of the literals
	passes map[string]bool // the tests that such a text passes
	label  string          // as an example shows it
}

// meet is the truth of the test of a candidate.
func (t *leaf) meet(c *candidate) truths {
	switch {
	case t.holds == nil:
		return truthOf(c.known)
	case !c.known:
		return mayUnknown
	case t.test != "" && t.of.domain == anyText && (c.other || t.loose):
		return truthOf(c.passes[t.test])
	default:
		return t.holds(c)
	}
}

// world is all combinations of values of the variables of some formulas, as far as they make a difference.
type world struct {
	formulas []func(at []int) truths
	values   [][]candidate // by variable
	at       []int         // the combination looked at
}

// newWorld prepares the combinations; ok is false if there are too many.
func newWorld(formulas ...*formula) (w *world, ok bool) {
	var variables []*variable
	leaves := map[*variable][]*leaf{}
	for _, f := range formulas {
		f.leaves(func(t *leaf) {
			if leaves[t.of] == nil {
				variables = append(variables, t.of)
			}
			leaves[t.of] = append(leaves[t.of], t)
		})
	}
	w = &world{at: make([]int, len(variables))}
	tables := map[*leaf]table{}
	combinations := 1
	for i, v := range variables {
		candidates, ok := v.candidates(leaves[v])
		if !ok {
			return nil, false
		}
		candidates = distinct(candidates, leaves[v])
		combinations *= len(candidates)
		if combinations > maxCombinations {
			return nil, false
		}
		w.values = append(w.values, candidates)
		for _, t := range leaves[v] {
			tables[t] = table{variable: i, truth: t.truths(candidates)}
		}
	}
	for _, f := range formulas {
		w.formulas = append(w.formulas, f.compile(tables))
	}
	return w, true
}

// table is the truth of a leaf by the candidates of its variable.
type table struct {
	variable int
	truth    []truths
}

func (t *leaf) truths(candidates []candidate) []truths {
	list := make([]truths, len(candidates))
	for i := range candidates {
		list[i] = t.meet(&candidates[i])
	}
	return list
}

// distinct leaves one candidate of each of those that no test tells apart.
func distinct(candidates []candidate, leaves []*leaf) []candidate {
	seen := map[string]bool{}
	return slices.DeleteFunc(candidates, func(c candidate) bool {
		signature := make([]byte, len(leaves))
		for i, t := range leaves {
			signature[i] = byte(t.meet(&c))
		}
		repeated := seen[string(signature)]
		seen[string(signature)] = true
		return repeated
	})
}

// compile makes a function of the combination.
func (f *formula) compile(tables map[*leaf]table) func(at []int) truths {
	switch {
	case f.leaf != nil:
		t := tables[f.leaf]
		return func(at []int) truths { return t.truth[at[t.variable]] }
	case f.left == nil:
		return func([]int) truths { return f.value }
	case f.right == nil:
		inner := f.left.compile(tables)
		return func(at []int) truths { return inner(at).not() }
	default:
		left, right, join := f.left.compile(tables), f.right.compile(tables), f.join
		return func(at []int) truths { return join(left(at), right(at)) }
	}
}

// each visits all combinations with the truth of every formula, until visit returns false.
func (w *world) each(visit func(values []truths) bool) {
	values := make([]truths, len(w.formulas))
	for {
		for i, f := range w.formulas {
			values[i] = f(w.at)
		}
		if !visit(values) {
			return
		}
		i := 0
		for ; i < len(w.at); i++ {
			if w.at[i]++; w.at[i] < len(w.values[i]) {
				break
			}
			w.at[i] = 0
		}
		if i == len(w.at) {
			return
		}
	}
}

// show tells the combination looked at.
func (w *world) show() string {
	var parts []string
	for i, at := range w.at {
		if label := w.values[i][at].label; label != "" {
			parts = append(parts, label)
		}
	}
	return strings.Join(parts, ", ")
}

// outcomes are the truth values that a formula can have; ok is false if that is too much work to say.
func outcomes(f *formula) (set truths, ok bool) {
	w, ok := newWorld(f)
	if !ok {
		return never, false
	}
	w.each(func(values []truths) bool {
		set |= values[0]
		return true
	})
	return set, true
}

// neverTrue reports whether a formula is surely never true.
func neverTrue(f *formula) bool {
	if f == nil {
		return false
	}
	set, ok := outcomes(f)
	return ok && set&mayTrue == 0
}

// implies reports whether the second formula is surely true where the first one is.
func implies(first, second *formula) bool {
	w, ok := newWorld(first, second)
	if !ok {
		return false
	}
	holds := true
	w.each(func(values []truths) bool {
		holds = values[0] != mayTrue || values[1] == mayTrue
		return holds
	})
	return holds
}

// example is a combination in which all formulas are true, empty if there is none.
func example(formulas ...*formula) string {
	w, ok := newWorld(formulas...)
	shown := ""
	if !ok {
		return shown
	}
	w.each(func(values []truths) bool {
		if !slices.ContainsFunc(values, func(v truths) bool { return v != mayTrue }) {
			shown = w.show()
		}
		return shown == ""
	})
	return shown
}

// candidates are values for all that the tests of the variable can tell apart.
func (v *variable) candidates(leaves []*leaf) ([]candidate, bool) {
	var list []candidate
	switch v.domain {
	case anyText:
		texts, ok := v.someTexts(leaves)
		if !ok {
			return nil, false
		}
		list = texts
	case someWords:
		for _, word := range v.words {
			list = append(list, candidate{known: true, text: word, label: fmt.Sprintf("%s = %q", v.name, word)})
		}
	case yesNo:
		list = []candidate{{known: true, yes: true, label: v.name + " = yes"}, {known: true, label: v.name + " = no"}}
	case open:
		list = []candidate{{known: true, truth: mayTrue, label: v.name}, {known: true, truth: mayFalse}, {known: true, truth: mayUnknown}}
	case anyNumber, wholeNumber, anyCount:
		for _, n := range v.someNumbers(leaves) {
			list = append(list, candidate{known: true, number: n, label: v.name + " = " + strconv.FormatFloat(n, 'f', -1, 64)})
		}
	}
	if !v.known {
		list = append(list, candidate{label: v.name + " unknown"})
	}
	return list, true
}

// someNumbers are the literals, one number between any two, and one beyond each end.
func (v *variable) someNumbers(leaves []*leaf) []float64 {
	var literals, list []float64
	for _, t := range leaves {
		literals = append(literals, t.numbers...)
	}
	slices.Sort(literals)
	literals = slices.Compact(literals)
	for i, n := range literals {
		if list = append(list, n); i > 0 {
			list = append(list, literals[i-1]/2+n/2)
		}
	}
	if len(literals) > 0 {
		list = append(list, beyond(literals[0], -1), beyond(literals[len(literals)-1], 1))
	} else {
		list = append(list, 0)
	}
	if v.domain == anyNumber {
		return list
	}
	for _, n := range slices.Clone(list) {
		list = append(list, math.Floor(n), math.Ceil(n))
	}
	list = slices.DeleteFunc(append(list, 0), func(n float64) bool { return n != math.Floor(n) || v.domain == anyCount && n < 0 })
	return list
}

// beyond is a number on the side of another one.
func beyond(n, side float64) float64 {
	if n+side != n {
		return n + side
	}
	return math.Copysign(math.MaxFloat64, side)
}

// someTexts are the literals and a text that is none of them, with all combinations of the tests that they can pass.
func (v *variable) someTexts(leaves []*leaf) ([]candidate, bool) {
	var literals, tests, loose []string
	for _, t := range leaves {
		literals = append(literals, t.texts...)
		if t.test != "" && !slices.Contains(tests, t.test) {
			tests = append(tests, t.test)
			if t.loose {
				loose = append(loose, t.test)
			}
		}
	}
	if len(tests) > maxTests {
		return nil, false
	}
	var list []candidate
	for _, text := range literals {
		for mask := range 1 << len(loose) {
			list = append(list, candidate{known: true, text: text, passes: passing(loose, mask), label: fmt.Sprintf("%s = %q", v.name, text)})
		}
	}
	for mask := range 1 << len(tests) {
		c := candidate{known: true, other: true, text: "\x00", passes: passing(tests, mask), label: v.name + " = any other text"}
		var passed []string
		for _, one := range tests {
			if c.passes[one] {
				passed = append(passed, one)
			}
		}
		if len(passed) > 0 {
			c.label = strings.Join(passed, ", ")
		}
		list = append(list, c)
	}
	return list, true
}

// passing are the tests whose bits are set.
func passing(tests []string, mask int) map[string]bool {
	passes := make(map[string]bool, len(tests))
	for i, one := range tests {
		passes[one] = mask>>i&1 == 1
	}
	return passes
}
