package scoring

import (
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// asked is what the parser asked of one node of a model: the schema is made of these answers, so that it can
// say nothing that the parser does not.
type asked struct {
	key       string // path in the file, as in problems
	keys      []string
	entries   bool // a mapping whose keys are the model's own names, unless keys are given
	items     bool
	text      bool
	words     []string
	yesNo     bool
	whole     bool
	between   *[2]int64
	units     []string
	pattern   *regexp.Regexp
	condition bool
	texts     []string // languages
	same      string   // another place of the schema that says all about it
}

// seen is the note about a field; what is written to the note of an absent field, or while nobody watches, is
// lost.
func (r *reader) seen(f field) *asked {
	if r.watch == nil || f.node == nil {
		return &asked{}
	}
	s, ok := r.watch[f.node]
	if !ok {
		s = &asked{key: f.key}
		r.watch[f.node] = s
	}
	return s
}

// until is the reference up to the topic that a path of keys begins with: what comes later finds no fault with it.
func (p *page) until(path string) *page {
	topic, _, _ := strings.Cut(path, ".")
	if topic, _, _ = strings.Cut(topic, "["); !slices.Contains(topics(), topic) {
		return p
	}
	root := *p.root
	root.Content = nil
	for i := 0; i+1 < len(p.root.Content); i += 2 {
		if slices.Index(topics(), p.root.Content[i].Value) <= slices.Index(topics(), topic) {
			root.Content = append(root.Content, p.root.Content[i], p.root.Content[i+1])
		}
	}
	return &page{lines: p.lines, root: &root}
}

// parse gives what was asked of each node of a reference as it is now, and the mistakes in it.
func (p *page) parse() (map[*yaml.Node]*asked, Problems) {
	r := &reader{file: "reference", lines: p.lines, watch: map[*yaml.Node]*asked{}}
	newModelParser(r).parse(field{"file", p.root})
	return r.watch, r.problems
}

// scalar describes a single value.
func (a *asked) scalar() *schema {
	switch {
	case a.words != nil:
		return &schema{Enum: a.words}
	case a.units != nil:
		// One to 100,000 of a unit, as the reader of durations has it.
		return &schema{Type: "string", Pattern: `^\+?0*([1-9][0-9]{0,4}|100000)(` + strings.Join(a.units, "|") + `)$`}
	case a.yesNo:
		return &schema{Type: "boolean"}
	case a.whole:
		return &schema{Type: "integer", Minimum: &a.between[0], Maximum: &a.between[1]}
	case a.between != nil:
		// Not multipleOf: 0.001, which editors compute in binary fractions and get wrong.
		return &schema{Type: "number", Minimum: &a.between[0], Maximum: &a.between[1]}
	case a.condition:
		return &schema{Type: "string", Pattern: `\S`}
	case a.pattern != nil:
		return a.name()
	case a.text:
		return &schema{Type: []string{"string", "number", "boolean"}, Pattern: `\S`}
	default:
		return &schema{}
	}
}

// name describes a word that other parts of the model refer to.
func (a *asked) name() *schema {
	s := &schema{Type: "string", Pattern: a.pattern.String()}
	if a.pattern == identifier {
		s.Not = &schema{Enum: reserved()}
	}
	return s
}

// inLanguages describes a text, or texts by language.
func inLanguages(languages []string) []*schema {
	text := (&asked{text: true}).scalar()
	s := &schema{Type: "object", Additional: false, MinProperties: 1}
	for _, language := range languages {
		one := *text
		one.Title = "Text in " + language
		s.Properties = append(s.Properties, property{language, &one})
	}
	return []*schema{text, s}
}
