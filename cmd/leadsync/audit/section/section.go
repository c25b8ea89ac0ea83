// Package section reads a YAML file mapping by mapping and is strict about it: the first thing that the reader
// does not know is remembered as an error, because what an auditor cannot judge must not pass. The order of the
// file is kept.
package section

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

const (
	day      = 24 * time.Hour
	thousand = 1000
)

// Section is one mapping of the file.
type Section struct {
	reader *reader
	place  string
	names  []string
	nodes  map[string]*yaml.Node
}

// reader remembers the first thing in the file that was not understood.
type reader struct{ err error }

func (r *reader) fail(place, format string, args ...any) {
	if r.err == nil {
		r.err = errors.New(place + ": " + fmt.Sprintf(format, args...))
	}
}

// Load reads a text as one mapping, called place in errors, that has no keys but the known ones. It fails on a
// text that is no YAML; anything else that is wrong with the file is found in Err after all was read.
func Load(text []byte, place string, known ...string) (Section, error) {
	var document yaml.Node
	if err := yaml.Load(text, &document); err != nil {
		return Section{}, fmt.Errorf("read %s: %w", place, err)
	}
	if document.Kind != yaml.DocumentNode || len(document.Content) != 1 {
		return Section{}, fmt.Errorf("read %s: the file is empty", place)
	}
	return (&reader{}).open(document.Content[0], place, known), nil
}

// Err is the first thing that was not understood in the whole file so far, nil if nothing was.
func (s Section) Err() error { return s.reader.err }

// Fail remembers that the value of a key is not understood, unless something was before.
func (s Section) Fail(key, format string, args ...any) {
	s.reader.fail(s.place+"."+key, format, args...)
}

// open opens a mapping. With known keys given, any other key is an error.
func (r *reader) open(n *yaml.Node, place string, known []string) Section {
	s := Section{reader: r, place: place, nodes: map[string]*yaml.Node{}}
	n = meant(n)
	if n == nil {
		return s
	}
	if n.Kind != yaml.MappingNode {
		r.fail(place, "is %s where keys are wanted", called(n))
		return s
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i].Value, meant(n.Content[i+1])
		if len(known) > 0 && !slices.Contains(known, name) {
			r.fail(place, "the auditor does not know %q", name)
		}
		if value != nil {
			s.names, s.nodes[name] = append(s.names, name), value
		}
	}
	return s
}

// meant is the node that an alias stands for, nil for null.
func meant(n *yaml.Node) *yaml.Node {
	for n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n == nil || n.ShortTag() == "!!null" {
		return nil
	}
	return n
}

// called is what people call a node's kind.
func called(n *yaml.Node) string {
	if n.Kind == yaml.MappingNode {
		return "a section"
	}
	if n.Kind == yaml.SequenceNode {
		return "a list"
	}
	return "a string, number or yes/no"
}

// Keys are the names of the keys that have a value, in the order of the file.
func (s Section) Keys() []string { return s.names }

// Has reports whether a key has a value.
func (s Section) Has(key string) bool { return s.nodes[key] != nil }

// IsList reports whether the value of a key is a list.
func (s Section) IsList(key string) bool { return s.Has(key) && s.nodes[key].Kind == yaml.SequenceNode }

// IsSection reports whether the value of a key is a mapping.
func (s Section) IsSection(key string) bool {
	return s.Has(key) && s.nodes[key].Kind == yaml.MappingNode
}

// Only makes any key but these an error.
func (s Section) Only(known ...string) {
	for _, name := range s.names {
		if !slices.Contains(known, name) {
			s.reader.fail(s.place, "the auditor does not know %q", name)
		}
	}
}

// Child is the mapping below a key; without keys if there is none.
func (s Section) Child(key string, known ...string) Section {
	return s.reader.open(s.nodes[key], s.place+"."+key, known)
}

// Named are the mappings in a mapping, in the order of the file. Name tells what each is called.
func (s Section) Named(key string, known ...string) []Named {
	var out []Named
	all := s.Child(key)
	for _, name := range all.names {
		out = append(out, Named{name, all.Child(name, known...)})
	}
	return out
}

// Named is a mapping with the key it stands below.
type Named struct {
	Name string
	Section
}

// List are the mappings in a list.
func (s Section) List(key string, known ...string) []Section {
	if s.Has(key) && !s.IsList(key) {
		s.Fail(key, "is no list")
		return nil
	}
	var out []Section
	for i, n := range s.items(key) {
		out = append(out, s.reader.open(n, fmt.Sprintf("%s.%s[%d]", s.place, key, i), known))
	}
	return out
}

func (s Section) items(key string) []*yaml.Node {
	if n := s.nodes[key]; n != nil {
		return n.Content
	}
	return nil
}

// Text is a scalar as it is written; empty if absent.
func (s Section) Text(key string) string {
	n := s.nodes[key]
	if n == nil {
		return ""
	}
	if n.Kind != yaml.ScalarNode {
		s.Fail(key, "is %s where a text is wanted", called(n))
	}
	return n.Value
}

// Texts is a list of scalars, or a single one.
func (s Section) Texts(key string) []string {
	if !s.IsList(key) {
		if s.Has(key) {
			return []string{s.Text(key)}
		}
		return nil
	}
	var out []string
	for _, n := range s.items(key) {
		if n = meant(n); n == nil || n.Kind != yaml.ScalarNode {
			s.Fail(key, "is no list of texts")
			continue
		}
		out = append(out, n.Value)
	}
	return out
}

// TextMap is a mapping of names to scalars.
func (s Section) TextMap(key string) map[string]string {
	out := map[string]string{}
	child := s.Child(key)
	for _, name := range child.names {
		out[name] = child.Text(name)
	}
	return out
}

// ByLanguage is one text for all languages, under the empty name, or one for each.
func (s Section) ByLanguage(key string) map[string]string {
	if s.Has(key) && !s.IsSection(key) {
		return map[string]string{"": s.Text(key)}
	}
	return s.TextMap(key)
}

// Yes reports whether a key is true.
func (s Section) Yes(key string) bool { return s.Has(key) && s.nodes[key].Value == "true" }

// Thousandths reads a decimal number exactly; 0 if absent.
func (s Section) Thousandths(key string) int64 {
	if !s.Has(key) {
		return 0
	}
	n, ok := new(big.Rat).SetString(s.Text(key))
	if !ok {
		s.Fail(key, "is no number")
		return 0
	}
	n.Mul(n, big.NewRat(thousand, 1))
	if !n.IsInt() {
		s.Fail(key, "has more than three decimals")
		return 0
	}
	return n.Num().Int64()
}

// Points is Thousandths, nil if absent.
func (s Section) Points(key string) *int64 {
	if !s.Has(key) {
		return nil
	}
	n := s.Thousandths(key)
	return &n
}

// Whole reads a whole number; 0 if absent.
func (s Section) Whole(key string) int64 {
	if !s.Has(key) {
		return 0
	}
	n, err := strconv.ParseInt(s.Text(key), 10, 64)
	if err != nil {
		s.Fail(key, "is no whole number")
	}
	return n
}

// Duration reads "90d" and the like; 0 if absent.
func (s Section) Duration(key string) time.Duration {
	if !s.Has(key) {
		return 0
	}
	return s.length(key, s.Text(key))
}

// Durations reads the names of keys as durations, in the order of the file.
func (s Section) Durations() []time.Duration {
	var out []time.Duration
	for _, name := range s.names {
		out = append(out, s.length(name, name))
	}
	return out
}

func (s Section) length(key, text string) time.Duration {
	n, unit := s.amount(key, text)
	length := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": day, "w": 7 * day}[unit]
	if length == 0 {
		s.Fail(key, "has a unit that the auditor does not know: %q", unit)
	}
	return time.Duration(n) * length
}

// Span reads a length of time as a team counts it: "12h", "2d", "1w" (seven days), "4wh" or "2wd" for working hours and
// days. The unit is h, d, wh or wd; none if the key is absent.
func (s Section) Span(key string) (n int, unit string) {
	if !s.Has(key) {
		return 0, ""
	}
	n, unit = s.amount(key, s.Text(key))
	switch unit {
	case "h", "d", "wh", "wd":
		return n, unit
	case "w":
		return 7 * n, "d"
	}
	s.Fail(key, "has a unit that the auditor does not know: %q", unit)
	return 0, ""
}

func (s Section) amount(key, text string) (n int, unit string) {
	digits := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyz ")
	n, err := strconv.Atoi(digits)
	if err != nil {
		s.Fail(key, "is no duration: %q", text)
	}
	return n, strings.TrimSpace(text[len(digits):])
}
