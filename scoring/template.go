package scoring

import (
	"maps"
	"regexp"
	"slices"
)

// placeholder is the whole grammar of templates: a name in braces, nothing nested, nothing computed.
var placeholder = regexp.MustCompile(`\{[a-z][a-z0-9_.]*\}`)

// placeholders are the names that every template knows; facts come as fact.NAME.
func placeholders() []string {
	return []string{"name", "first_name", "last_name", "company", "stage", "status", "score", "grade", "tier", "reasons"}
}

// attemptPlaceholder is known to the texts of a ladder only: which episode in a row it is, from 1.
const attemptPlaceholder = "attempt"

// placeholdersIn lists the names in braces in a template.
func placeholdersIn(template string) []string {
	var names []string
	for _, match := range placeholder.FindAllString(template, -1) {
		names = append(names, match[1:len(match)-1])
	}
	return names
}

// Expand puts values for {placeholders}. A placeholder without a value stays as it is, and values are never
// looked at again: a lead called "{company}" stays that.
func Expand(template string, values map[string]string) string {
	return placeholder.ReplaceAllStringFunc(template, func(match string) string {
		if value, ok := values[match[1:len(match)-1]]; ok {
			return value
		}
		return match
	})
}

// TextIn picks a text by language: the language itself, else English, else whatever there is.
func TextIn(texts map[string]string, lang string) string {
	for _, language := range []string{lang, "en"} {
		if text, ok := texts[language]; ok {
			return text
		}
	}
	for _, language := range slices.Sorted(maps.Keys(texts)) {
		return texts[language]
	}
	return ""
}
