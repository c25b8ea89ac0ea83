package scoringtest

import (
	"fmt"

	"pgregory.net/rapid"
)

// Grades writes grades and tiers, or none, that small scores cross often.
func Grades(t *rapid.T) string {
	top := rapid.IntRange(2, 40).Draw(t, "A")
	second := rapid.IntRange(-5, top-1).Draw(t, "B")
	switch rapid.IntRange(0, 4).Draw(t, "grades") {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf("tiers: {hot: %d, cold: %d, none: -100}\n", top, second)
	case 2:
		return fmt.Sprintf("grades: {letter: {score: engagement, A: %d, B: %d}}\ntiers: {cold: %d, hot: %d}\n", top, second, second, top+7)
	case 3:
		return fmt.Sprintf("grades: {letter: {score: engagement, A: %d, B: %d}}\n", top, second) +
			rapid.SampledFrom([]string{"", "tiers: {hot: [B], other: [C]}\n"}).Draw(t, "tiers")
	default:
		return fmt.Sprintf("grades: {letter: {score: fit, A: %d, B: %d}, number: {score: engagement, 1: %d, 2: 3, 3: 1}}\n", top, second, rapid.IntRange(4, 30).Draw(t, "1")) +
			rapid.SampledFrom([]string{"", "tiers: {warm: [A4, B1, B2], hot: [A1, A2], cold: [C4]}\n", "tiers: {hot: 30, warm: 10}\n"}).Draw(t, "tiers")
	}
}
