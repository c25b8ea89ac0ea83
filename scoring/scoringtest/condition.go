package scoringtest

import (
	"fmt"
	"slices"

	"pgregory.net/rapid"
)

// Condition writes a condition over the facts and activities of ModelText, of at most depth junctions above
// each other.
func Condition(t *rapid.T, depth int) string {
	if depth == 0 || rapid.Bool().Draw(t, "leaf") {
		return rapid.SampledFrom(simple(t)).Draw(t, "condition")
	}
	left, right := Condition(t, depth-1), Condition(t, depth-1)
	switch rapid.IntRange(0, 2).Draw(t, "junction") {
	case 0:
		return "(" + left + " and " + right + ")"
	case 1:
		return "(" + left + " or " + right + ")"
	default:
		return "not (" + left + ")"
	}
}

// simple are the conditions without a junction.
func simple(t *rapid.T) []string {
	n := rapid.IntRange(-3, 40).Draw(t, "n")
	w := rapid.IntRange(1, 60).Draw(t, "days")
	return slices.Concat(daily(t), factual(t), []string{
		fmt.Sprintf("days_since(d1) > %d", n), fmt.Sprintf("days_since(d1) - days_since(d2) <= %d", n),
		fmt.Sprintf("days_since(d1) * days_since(d2) != %d", n), fmt.Sprintf("days_since(d1) == %d", n),
		"days_since(d1) > n1", `days_since_last("a") + n2 <= n1`, `days_since_last("b") == days_since(d2)`,
		fmt.Sprintf("days_since(d1) in [%d, 3]", w), fmt.Sprintf("days_since(d1) * n1 - -days_since(d2) >= %d", n),
		fmt.Sprintf(`count("a") >= %d`, n/8), fmt.Sprintf(`count("a", "", %d) > %d`, w, n/8),
		fmt.Sprintf(`count("b", outcome == "x", %d) < 2`, w), fmt.Sprintf(`count("a") - count("a", "", %d) == %d`, w, n/8),
		fmt.Sprintf(`days_since_last("a") <= %d`, n), fmt.Sprintf(`days_since_last("b") > %d`, w),
	})
}

// factual are the conditions without a junction that see facts alone.
func factual(t *rapid.T) []string {
	n := rapid.IntRange(-3, 40).Draw(t, "n")
	return append(worded(),
		fmt.Sprintf("n1 >= %d", n), fmt.Sprintf("n1 * 2 - n2 < %d", n), "n1 == n2", "n2 - 2 in [-1, 0, 3]", "known(n1)", "yes", "yes == (n1 > n2)",
		fmt.Sprintf("-n1 + %d.5 <= n2", n), "n1 * 1e308 > 1e308 * 10", "n1 * 1e308 * 10 - n2 * 1e308 * 10 != 0", "0.1 * n1 + 0.2 * n2 == 0.3", "yes != false",
		`t1 contains "ead"`, `has_word(t1, "head", "*leiter")`, `t1 in ["x", "Head"]`, `t1 != "x"`, "known(d1)", "not known(t2)",
		`t1 == t2`, `t2 contains t1`, `t1 endsWith "STRASSE"`, `t1 startsWith "GESCHÄFT"`, `t1 matches "^[A-Z]+ of"`, `t2 == "ÄRZTIN"`,
		`has_word(t1, "head of", "geschaeftsfuhrer", "strasse*")`, `has_word(t2, "*STELLE*", "führer")`, `not has_word(t2, "größe")`,
	)
}
