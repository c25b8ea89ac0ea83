package scoring

import "slices"

// madeAttribute is an attribute that is a word found in another one.
type madeAttribute struct {
	of       string
	wording  *wording
	patterns [][]string // by word: what to look for
	source   []Option   // by word: the patterns as they are written
	id       int        // its place in a frame's memory
}

// same reports whether two made attributes find the same words in the same way.
func (a *madeAttribute) same(b *madeAttribute) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.of == b.of && slices.EqualFunc(a.source, b.source, func(x, y Option) bool {
		return x.Word == y.Word && slices.Equal(x.Labels, y.Labels)
	})
}

// foundWord is what a frame remembers of a made attribute: the text that it was last found in, and the word.
type foundWord struct {
	text  string
	word  *textValue
	known bool // text was looked at
}

// made is the word of a made attribute in the activity that the frame looks at, nil if there is none.
func (f *frame) made(a *madeAttribute) *textValue {
	text, ok := f.attributes[a.of]
	if !ok {
		return nil
	}
	if f.found == nil {
		f.found = make([]foundWord, f.model.madeAttributes)
	}
	memory := &f.found[a.id]
	if !memory.known || memory.text != text {
		*memory = foundWord{text: text, word: a.find(text), known: true}
	}
	return memory.word
}

// find is the first word one of whose patterns is in a text.
func (a *madeAttribute) find(text string) *textValue {
	value := textValue{raw: text}
	for i, patterns := range a.patterns {
		if value.hasAny(patterns) {
			return &a.wording.texts()[i]
		}
	}
	return nil
}
