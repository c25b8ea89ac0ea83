package scoring

import "slices"

// factList collects facts without repetition, in the order met.
type factList []int

// because are the facts that a condition without parts looks at.
func because(facts []int) func(*frame, *factList) {
	facts = slices.Clone(facts)
	return func(_ *frame, list *factList) {
		for _, i := range facts {
			if !slices.Contains(*list, i) {
				*list = append(*list, i)
			}
		}
	}
}

// explained joins two conditions by and or by or. What it is comes of the sides that are the same: a false and has
// false sides, and all sides of a false or are false.
func explained(left, right boolNode, join func(truths, truths) truths) boolNode {
	node := junction(left, right, join)
	node.why = func(f *frame, list *factList) {
		all := node.at(f)
		for _, side := range []boolNode{left, right} {
			if side.at(f) == all {
				side.why(f, list)
			}
		}
	}
	return node
}
