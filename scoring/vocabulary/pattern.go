package vocabulary

import "strings"

// patterns finds words in plain texts. A star at an end of a pattern stands for the rest of a longer word.
type patterns []string

// compile reads patterns, one after the other between commas or ends of lines.
func compile(list string) patterns {
	var all patterns
	for one := range strings.FieldsFuncSeq(list, func(r rune) bool { return r == ',' || r == '\n' }) {
		one = strings.TrimSpace(one)
		if one == "" {
			continue
		}
		pattern := plain(one)
		if strings.HasPrefix(one, "*") {
			pattern = strings.TrimPrefix(pattern, " ")
		}
		if strings.HasSuffix(one, "*") {
			pattern = strings.TrimSuffix(pattern, " ")
		}
		all = append(all, pattern)
	}
	return all
}

// in reports whether one of the patterns is in a plain text.
func (p patterns) in(text string) bool {
	for _, pattern := range p {
		if strings.Contains(text, pattern) {
			return true
		}
	}
	return false
}

// begin reports whether a plain text begins with one of the patterns.
func (p patterns) begin(text string) bool {
	for _, pattern := range p {
		if strings.HasPrefix(text, pattern) {
			return true
		}
	}
	return false
}

// without takes every occurrence of the patterns out of a plain text.
func (p patterns) without(text string) string {
	for _, pattern := range p {
		text = strings.ReplaceAll(text, pattern, " ")
	}
	return text
}

// choice is a word with the patterns that lead to it.
type choice struct {
	word  string
	found patterns
}

// first is the word of the first choice that is in the text, empty if there is none.
func first(choices []choice, text string) string {
	for _, c := range choices {
		if c.found.in(text) {
			return c.word
		}
	}
	return ""
}
