package scoring

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// textValue is a text with its derived forms, computed when first asked for.
type textValue struct {
	raw       string
	fold      string
	words     []string
	hasFolded bool
}

// folded is the text for comparisons: without regard to case.
func (t *textValue) folded() string {
	if !t.hasFolded {
		t.fold, t.hasFolded = foldCase(t.raw), true
	}
	return t.fold
}

// hasAny reports whether one of the patterns of wordPatterns is in the text.
func (t *textValue) hasAny(patterns []string) bool {
	if t.words == nil {
		t.words = spellings(t.raw)
	}
	for _, words := range t.words {
		if slices.ContainsFunc(patterns, func(pattern string) bool { return strings.Contains(words, pattern) }) {
			return true
		}
	}
	return false
}

// foldCase maps a text to the form in which case does not matter ("Straße" and "STRASSE" are equal).
func foldCase(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	return cases.Fold().String(norm.NFC.String(s))
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// spellings are the words of a text, each between single spaces, with the accents dropped and, if that
// differs, with the umlauts written out: " geschaftsfuhrer " and " geschaeftsfuehrer " (dependencies 16).
func spellings(s string) []string {
	if isASCII(s) {
		return []string{separated(strings.ToLower(s))}
	}
	folded := foldCase(s)
	stripped := separated(strip(folded))
	expanded := separated(strip(umlauts().Replace(folded)))
	if stripped == expanded {
		return []string{stripped}
	}
	return []string{stripped, expanded}
}

func umlauts() *strings.Replacer {
	return strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue")
}

// strip decomposes and drops the combining marks U+0300 to U+036F, and only those: dropping every mark would
// change Japanese words.
func strip(s string) string {
	return norm.NFKC.String(strings.Map(func(r rune) rune {
		if r >= 0x0300 && r <= 0x036F {
			return -1
		}
		return r
	}, norm.NFKD.String(s)))
}

// separated puts every run of letters, marks and digits between single spaces.
func separated(s string) string {
	var b strings.Builder
	b.WriteByte(' ')
	space := true
	for _, r := range s {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) {
			b.WriteRune(r)
			space = false
		} else if !space {
			b.WriteByte(' ')
			space = true
		}
	}
	if !space {
		b.WriteByte(' ')
	}
	return b.String()
}

// wordPatterns are what to look for in spellings: whole words, unless the word begins or ends with a star,
// which stands for the rest of a longer word ("*leiter" finds "Vertriebsleiter").
func wordPatterns(word string) []string {
	open, closed := strings.HasPrefix(word, "*"), strings.HasSuffix(word, "*")
	var patterns []string
	for _, spelling := range spellings(word) {
		if open {
			spelling = strings.TrimPrefix(spelling, " ")
		}
		if closed {
			spelling = strings.TrimSuffix(spelling, " ")
		}
		if strings.TrimSpace(spelling) != "" {
			patterns = append(patterns, spelling)
		}
	}
	return patterns
}
