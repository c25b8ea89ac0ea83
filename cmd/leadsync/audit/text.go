package audit

import (
	"maps"
	"slices"
	"strings"
	"unicode"
)

// fold makes texts comparable without regard to case. German has one letter whose capital form is two.
func fold(s string) string { return strings.ReplaceAll(strings.ToLower(s), "ß", "ss") }

// hasWord reports whether a pattern occurs as a whole word, in any spelling of both. A star at the pattern's
// end or beginning stands for the rest of a longer word.
func hasWord(text, pattern string) bool {
	for _, spelled := range spellings(text) {
		for _, wanted := range spellings(strings.Trim(pattern, "*")) {
			if wanted == "" {
				continue
			}
			if !strings.HasPrefix(pattern, "*") {
				wanted = " " + wanted
			}
			if !strings.HasSuffix(pattern, "*") {
				wanted += " "
			}
			if strings.Contains(" "+spelled+" ", wanted) {
				return true
			}
		}
	}
	return false
}

// spellings are the words of a text with umlauts as vowels without dots, and written out.
func spellings(text string) []string {
	words := strings.Join(strings.FieldsFunc(fold(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
	}), " ")
	plain := strings.Map(withoutAccent, words)
	written := words
	for letter, spelled := range map[string]string{"ä": "ae", "ö": "oe", "ü": "ue"} {
		written = strings.ReplaceAll(written, letter, spelled)
	}
	return []string{plain, strings.Map(withoutAccent, written)}
}

// withoutAccent knows the letters of western European languages, which is all that the simulated people use.
func withoutAccent(r rune) rune {
	switch {
	case strings.ContainsRune("àáâãäå", r):
		return 'a'
	case strings.ContainsRune("èéêë", r):
		return 'e'
	case strings.ContainsRune("ìíîï", r):
		return 'i'
	case strings.ContainsRune("òóôõö", r):
		return 'o'
	case strings.ContainsRune("ùúûü", r):
		return 'u'
	case r == 'ç':
		return 'c'
	case r == 'ñ':
		return 'n'
	case unicode.Is(unicode.Mn, r):
		return -1
	}
	return r
}

func join(words []string) string { return strings.Join(words, ", ") }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
