package vocabulary

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Vocabulary is one of the vocabularies. Get it with Open; it is safe for concurrent use.
type Vocabulary struct {
	name  string
	words []string
	find  func() func(text string) string // the tables, built when first asked for
}

// Names are the names of the vocabularies.
func Names() []string {
	return []string{"job_level", "department", "country", "company_size", "industry"}
}

// Open gives a vocabulary. Its tables are built at the first Word, in milliseconds, and used in microseconds: keep it.
// The error names what is none of Names.
func Open(name string) (*Vocabulary, error) {
	v := &Vocabulary{name: name}
	var build func() func(string) string
	switch name {
	case "job_level":
		v.words, build = levels(), findLevel
	case "department":
		v.words, build = departments(), findDepartment
	case "country":
		v.words, build = countries(), findCountry
	case "company_size":
		v.words, build = sizes(), findSize
	case "industry":
		v.words, build = branches(), findIndustry
	default:
		return nil, fmt.Errorf("open vocabulary %q: there is none of that name; use one of %q", name, Names())
	}
	v.find = sync.OnceValue(func() func(string) string { return itself(v.words, build()) })
	return v, nil
}

// itself finds the words themselves before anything else.
func itself(words []string, find func(string) string) func(string) string {
	self := make(map[string]string, len(words))
	for _, word := range words {
		self[strings.ToLower(word)] = word
	}
	return func(text string) string {
		if word := self[strings.ToLower(strings.TrimSpace(text))]; word != "" {
			return word
		}
		return find(text)
	}
}

// Name is the name it was opened with.
func (v *Vocabulary) Name() string { return v.name }

// Words are all words that Word can give, in their order: ranks from the highest, sizes from the smallest, the rest as
// in the documentation of the package.
func (v *Vocabulary) Words() []string { return slices.Clone(v.words) }

// Word is the word for a text; ok is false if there is none, or if the text is longer than 500 bytes: nobody is or
// does that much.
func (v *Vocabulary) Word(text string) (word string, ok bool) {
	const most = 500
	if len(text) > most {
		return "", false
	}
	word = v.find()(text)
	return word, word != ""
}
