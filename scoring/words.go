package scoring

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"leadsync/scoring/vocabulary"
)

// Option is a word of a fact with the texts of the CRM that mean it, besides the word itself.
type Option struct {
	Word   string
	Labels []string
}

// wording is how texts become words. It is shared by all evaluations and never changes.
type wording struct {
	of      string   // the fact or attribute
	options []Option // in the order of the file; nil for a vocabulary
	names   []string // all words, in order
	// texts are all words, ready for conditions. They are made when first asked for: a vocabulary has many.
	texts func() []textValue
	// byLabel gives the words by everything that means them, by vocabulary if there is one, else by label.
	byLabel    map[string]int
	vocabulary *vocabulary.Vocabulary
	otherwise  int // the word of all other texts; -1 if they are unknown
}

// newWording begins with words in their order.
func newWording(of string, words ...string) *wording {
	w := &wording{of: of, byLabel: make(map[string]int, len(words)), otherwise: -1}
	w.texts = sync.OnceValue(w.readyTexts)
	for _, word := range words {
		w.add(word)
	}
	return w
}

// add appends a word, unless it is there already, and gives its place.
func (w *wording) add(word string) int {
	key := labelKey(word)
	if i, ok := w.byLabel[key]; ok {
		return i
	}
	w.byLabel[key] = len(w.names)
	w.names = append(w.names, word)
	return len(w.names) - 1
}

// readyTexts are the words with all their derived forms, so that evaluations can share them.
func (w *wording) readyTexts() []textValue {
	texts := make([]textValue, len(w.names))
	for i, name := range w.names {
		texts[i] = textValue{raw: name}
		texts[i].folded()
		texts[i].hasAny(nil)
	}
	return texts
}

// place is the place of the word of a text among the words, -1 if it has none.
func (w *wording) place(text string) int {
	if strings.TrimSpace(text) == "" {
		return -1 // nothing is no answer, whatever the other texts are
	}
	i, ok := w.label(text)
	if !ok && w.vocabulary != nil {
		var word string
		if word, ok = w.vocabulary.Word(text); ok {
			i = w.byLabel[labelKey(word)]
		}
	}
	if !ok {
		return w.otherwise
	}
	return i
}

// label looks a text up without making another one of it if it has no need to.
func (w *wording) label(text string) (int, bool) {
	const usual = 64
	var buffer [usual]byte
	if key, ok := plainKey(buffer[:0], text); ok {
		i, found := w.byLabel[string(key)]
		return i, found
	}
	i, found := w.byLabel[labelKey(text)]
	return i, found
}

// plainKey is labelKey for a short text of ASCII without spaces to spare; ok is false for all others.
func plainKey(buffer []byte, text string) (key []byte, ok bool) {
	if len(text) > cap(buffer) {
		return nil, false
	}
	last := byte(' ')
	for i := range len(text) {
		c := text[i]
		switch {
		case c >= 0x80 || c < ' ' || c == ' ' && last == ' ':
			return nil, false
		case c >= 'A' && c <= 'Z':
			c += 'a' - 'A'
		}
		buffer = append(buffer, c)
		last = c
	}
	return buffer, last != ' '
}

// labelKey is what labels are compared by: without case, and with runs of space as one.
func labelKey(text string) string {
	return foldCase(strings.Join(strings.Fields(text), " "))
}

// has reports whether a text of the model is one of the words.
func (w *wording) has(word string) bool {
	folded := foldCase(word)
	return slices.ContainsFunc(w.names, func(name string) bool { return foldCase(name) == folded })
}

// suggest says what to write in the place of a text that is none of the words.
func (w *wording) suggest(text string) string {
	const few, short = 40, 2 // of words of two letters any one is near
	if i := w.place(text); i >= 0 && i != w.otherwise {
		return "write \"" + w.names[i] + "\", the word that it has in the model"
	}
	if len(nearest(text, w.names)) > short || len(w.names) <= few {
		return didYouMean(text, w.names)
	}
	return "use one of the words of the vocabulary " + w.vocabulary.Name() + ", such as \"" + w.names[0] + "\""
}

// Words are the words that conditions see instead of the CRM's texts, in the order of the file or of the vocabulary;
// nil if the fact is not worded.
func (f Fact) Words() []string {
	if f.wording == nil {
		return nil
	}
	return slices.Clone(f.wording.names)
}

// Options are the words with their labels, in the order of the file; nil if the fact has none.
func (f Fact) Options() []Option {
	if f.wording == nil {
		return nil
	}
	options := slices.Clone(f.wording.options)
	for i := range options {
		options[i].Labels = slices.Clone(options[i].Labels)
	}
	return options
}

// Word is what conditions see of a text of the CRM. Of a fact that is not worded it is the text; ok is false if it
// is worded and the text has no word, which makes the fact unknown.
func (f Fact) Word(text string) (word string, ok bool) {
	if f.wording == nil {
		return text, true
	}
	i := f.wording.place(text)
	if i < 0 {
		return "", false
	}
	return f.wording.names[i], true
}

// fact is a fact of the lead as conditions see it. A worded one gets its word when it is first asked for.
func (f *frame) fact(i int) *slot {
	s := &f.facts[i]
	if s.unworded {
		s.reword(f.model.facts[i].wording)
	}
	return s
}

// reword puts the word in the place of the text.
func (s *slot) reword(w *wording) {
	s.unworded = false
	s.original = s.Text
	i := w.place(s.Text)
	if i < 0 {
		s.Value, s.text = Value{}, textValue{}
		return
	}
	s.Text, s.text = w.names[i], w.texts()[i]
}

// renderOriginal says what the CRM has of a worded fact, if that is not the word itself.
func renderOriginal(lang string, s Seen) string {
	if s.Original == "" || s.Original == s.Value.Text {
		return ""
	}
	return fmt.Sprintf(" (%s %q)", say(lang, "from", "aus"), s.Original)
}

// wordless says of each of the facts that would have to be known what the CRM has, if that has no word.
func wordless(lang string, facts []string, all []Seen) []string {
	names := slices.Clone(facts)
	for i, name := range names {
		for _, seen := range all {
			if seen.Fact == name && !seen.Value.Known() && seen.Original != "" {
				names[i] += fmt.Sprintf(say(lang, " (%q is none of the model's words)", " (%q ist keines der Wörter des Modells)"), seen.Original)
			}
		}
	}
	return names
}
