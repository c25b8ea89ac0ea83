package naive

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// fold makes texts comparable without regard to case.
func fold(s string) string { return cases.Fold().String(norm.NFC.String(s)) }

// oneSpace makes runs of space one space, and none of those around the text.
func oneSpace(s string) string { return strings.Join(strings.Fields(s), " ") }

// HasWord reports whether a pattern occurs as a whole word, in any spelling of both. A star at the pattern's end
// or beginning stands for the rest of a longer word.
func HasWord(text, pattern string) bool {
	for _, spelled := range spellings(text) {
		for _, wanted := range spellings(pattern) {
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
	words := strings.Join(strings.FieldsFunc(norm.NFD.String(fold(text)), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
	}), " ")
	written := strings.NewReplacer("a\u0308", "ae", "o\u0308", "oe", "u\u0308", "ue").Replace(words)
	return []string{bare(words), bare(written)}
}

// bare drops the accents of a decomposed text.
func bare(decomposed string) string {
	return strings.Map(func(r rune) rune {
		if r >= 0x300 && r <= 0x36F {
			return -1
		}
		return r
	}, decomposed)
}

// domainIn reports whether the part of a text after its last @ is one of the domains or a subdomain of one.
func domainIn(text string, domains []string) bool {
	text = fold(text[strings.LastIndex(text, "@")+1:])
	return slices.ContainsFunc(domains, func(d string) bool { return text == fold(d) || strings.HasSuffix(text, "."+fold(d)) })
}
