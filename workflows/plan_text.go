package workflows

import (
	"html"
	"strings"
	"unicode"
)

// How long texts of tasks and deals can become, in characters. A value is cut before it is put in, so that a long name
// leaves room for the rest.
const (
	longestTitle      = 250
	longestTitleValue = 100
	longestBody       = 10_000
	longestBodyValue  = 1_000
)

// plain is a text without what is no text: controls other than line ends, marks that turn the direction of writing,
// and bytes that are no characters.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t', r == '\u2028', r == '\u2029':
			return ' '
		case unicode.IsControl(r), turning(r), r&0xfffe == 0xfffe, r == '\ufeff':
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd"))
}

// turning reports whether a character turns the direction of writing around.
func turning(r rune) bool {
	switch r {
	case '\u061c', '\u200e', '\u200f', '\u202a', '\u202b', '\u202c', '\u202d', '\u202e', '\u2066', '\u2067', '\u2068', '\u2069':
		return true
	}
	return false
}

// title is a text on one line, for subjects and names.
func title(text string, most int) string {
	return cut(strings.NewReplacer("\r\n", " ", "\n", " ").Replace(plain(text)), most)
}

// cut is at most so many characters of a text, the last an ellipsis if there were more.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return strings.TrimRight(string(runes[:most-1]), " ") + "…"
}

// fitting are values cut to a length.
func fitting(values map[string]string, most int) map[string]string {
	short := make(map[string]string, len(values))
	for name, value := range values {
		short[name] = cut(plain(value), most)
	}
	return short
}

// asHTML is text as HTML that shows it: escaped, line breaks apart.
func asHTML(text string) string {
	return strings.ReplaceAll(html.EscapeString(cut(plain(text), longestBody)), "\n", "<br>")
}
