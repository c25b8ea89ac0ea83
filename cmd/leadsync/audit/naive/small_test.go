package naive_test

import (
	"math/big"
	"strings"
	"testing"

	"leadsync/cmd/leadsync/audit/naive"
)

func TestDecayed(t *testing.T) {
	for _, test := range []struct{ points, age, halfLife, want int64 }{
		{20000, 0, 720, 20000},
		{20000, 720, 720, 10000},
		{20000, 1440, 720, 5000},
		{20000, 168, 720, 17024}, // entry 238 of the table: 20000 * 2^(-238/1024) = 17023.6
		{1, 720, 720, 1},         // half a thousandth is rounded up
		{1, 1440, 720, 0},
		{1 << 40, 31 * 720, 720, 0}, // from a shift of 63 on nothing is left
		{1 << 40, 30 * 720, 720, 1 << 10},
	} {
		if got := naive.Decayed(test.points, test.age, test.halfLife); got != test.want {
			t.Errorf("%d points after %d of %d steps: got %d, want %d", test.points, test.age, test.halfLife, got, test.want)
		}
	}
}

func TestWhole(t *testing.T) {
	for points, want := range map[int64]int64{499: 0, 500: 1, 1499: 1, -499: 0, -500: -1, -1500: -2} {
		if got := naive.Whole(points); got != want {
			t.Errorf("%d thousandths: got %d, want %d", points, got, want)
		}
	}
}

func TestGraded(t *testing.T) {
	const letter, number = "grades:\n  letter: {B: 50, A: 75, score: fit}\n", "  number: {score: engagement, 1: 60, 2: 30}\n"
	for name, test := range map[string]struct {
		model           string
		fit, engagement int64
		want            string
	}{
		"none":               {"", 75, 60, " "},
		"on the bounds":      {letter + number, 75, 60, "A1 "},
		"below them":         {letter + number, 74, 59, "B2 "},
		"below the last":     {letter + number, 49, 29, "C3 "},
		"letter alone":       {letter, 50, 0, "B "},
		"tier of grades":     {letter + number + "tiers: {warm: [B2], hot: [A1]}\n", 50, 30, "B2 warm"},
		"grade of no tier":   {letter + number + "tiers: {warm: [B2], hot: [A1]}\n", 75, 30, "A2 "},
		"tier of a sum":      {"tiers: {cold: -5, warm: 50, hot: 100}\n", 50, 49, " warm"},
		"the highest counts": {"tiers: {a: 100, b: 50, c: 0}\n", 60, 40, " a"},
		"negative":           {"tiers: {cold: -5, warm: 50}\n", -5, 0, " cold"},
		"below all":          {"tiers: {cold: -5, warm: 50}\n", -5, -1, " "},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := naive.Parse([]byte("model: graded\n"+test.model), naive.Words{})
			if err != nil {
				t.Fatal(err)
			}
			grade, tier := m.Graded(map[string]int64{"fit": test.fit, "engagement": test.engagement})
			if got := grade + " " + tier; got != test.want {
				t.Errorf("got %q", got)
			}
		})
	}
	if _, err := naive.Parse([]byte("grades: {letter: {score: fit}}"), naive.Words{}); err == nil || !strings.Contains(err.Error(), "no bounds") {
		t.Errorf("grades without bounds: %v", err)
	}
}

func TestHasWord(t *testing.T) {
	for _, test := range []struct {
		text, pattern string
		want          bool
	}{
		{"Geschäftsführer", "geschaeftsfuehrer", true},
		{"Geschaeftsfuehrer", "geschäftsführer", true},
		{"GESCHAFTSFUHRER", "geschäftsführer", true},
		{"Geschäftsführerin", "geschäftsführer", false},
		{"Geschäftsführerin", "geschäftsführer*", true},
		{"Vertriebsleiter", "*leiter", true},
		{"Vertriebsleiterin", "*leiter", false},
		{"Head of IT (interim)", "it", true},
		{"Auditor", "it", false},
		{"Head, of IT", "head of", true},
		{"Straßenbau", "strassenbau", true},
		{"", "it", false},
	} {
		if got := naive.HasWord(test.text, test.pattern); got != test.want {
			t.Errorf("%q in %q: got %v", test.pattern, test.text, got)
		}
	}
}

// TestFactor_isTheDefinition shows with whole numbers alone that every entry of the table is what the documentation
// says: round(2^32 * 2^(-i/1024)), half up, is the greatest n with n - 1/2 <= 2^(32-i/1024), that is with
// (2n-1)^1024 <= 2^(33*1024-i).
func TestFactor_isTheDefinition(t *testing.T) {
	const fineness, bits = 1024, 33
	power := func(n int64) *big.Int { return new(big.Int).Exp(big.NewInt(2*n-1), big.NewInt(fineness), nil) }
	for i := range int64(fineness) {
		n, limit := naive.Factor(i), new(big.Int).Lsh(big.NewInt(1), uint(bits*fineness-i))
		if power(n).Cmp(limit) > 0 || power(n+1).Cmp(limit) <= 0 {
			t.Errorf("entry %d is not %d", i, n)
		}
	}
}
