package vocabulary

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// plain is a text as it is compared: words in lower case between single spaces, one of them at each end. Accents are
// gone, and umlauts are their vowel however they were written: ä, ae and a are a. A separator that puts things side by
// side (&, +, / and the words und, and, sowie) is the word "+".
func plain(text string) string {
	text = ungendered(text)
	if !ascii(text) {
		text = strings.Map(unaccented, norm.NFKD.String(cases.Fold().String(text)))
	}
	b := make([]byte, 1, len(text)+8)
	b[0] = ' '
	from := 1 // where the word begins
	for i := 0; i <= len(text); {
		r, size := rune(' '), 1
		if i < len(text) {
			r, size = utf8.DecodeRuneInString(text[i:])
		}
		i += size
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r):
			b = letter(b, from, unicode.ToLower(r))
			continue
		case len(b) > from:
			b = ended(b, from)
		}
		if from = len(b); r == '&' || r == '+' || r == '/' || r == '|' {
			b = joined(b)
			from = len(b)
		}
	}
	return strings.TrimSuffix(string(b), "+ ")
}

// letter appends a letter, unless it is the e of an umlaut that is written out.
func letter(b []byte, from int, r rune) []byte {
	if r == 'e' && len(b) > from {
		switch b[len(b)-1] {
		case 'a', 'o', 'u':
			return b
		}
	}
	return utf8.AppendRune(b, r)
}

// ended closes a word. The words that put things side by side become a sign.
func ended(b []byte, from int) []byte {
	switch string(b[from:]) {
	case "und", "and", "sowie", "u":
		return joined(b[:from])
	}
	return append(b, ' ')
}

// joined appends the sign for side by side, once and not at the beginning.
func joined(b []byte) []byte {
	if len(b) == 1 || strings.HasSuffix(string(b), " + ") {
		return b
	}
	return append(b, '+', ' ')
}

// unaccented drops the marks that decomposing leaves, and no others.
func unaccented(r rune) rune {
	const first, last = 0x0300, 0x036F
	if r >= first && r <= last {
		return -1
	}
	return r
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// ungendered takes the second gender off a word: Leiter/in, Leiter:innen, Leiter*in, Leiter(in), Angestellte/r.
func ungendered(text string) string {
	if !strings.ContainsAny(text, ":*/_(·") {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		if n := genderEnding(text[i:]); n > 0 && i > 0 && isLetterByte(text[i-1]) {
			i += n
			continue
		}
		b.WriteByte(text[i])
		i++
	}
	return b.String()
}

// genderEnding is the length of the ending that a text begins with, 0 if it does not.
func genderEnding(text string) int {
	sign := 1
	if strings.HasPrefix(text, "·") {
		sign = len("·")
	} else if !strings.ContainsRune(":*/_(", rune(text[0])) {
		return 0
	}
	rest := strings.TrimPrefix(text[sign:], "-")
	for _, ending := range []string{"innen", "in", "r", "frau"} {
		after, found := strings.CutPrefix(strings.ToLower(rest), ending)
		if found && (after == "" || !isLetterByte(after[0])) {
			n := len(text) - len(after)
			if text[0] == '(' && strings.HasPrefix(after, ")") {
				n++
			}
			return n
		}
	}
	return 0
}

// isLetterByte reports a letter of ASCII or a byte of any other character.
func isLetterByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= utf8.RuneSelf
}
