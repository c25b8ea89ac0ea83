package scoring

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"go.yaml.in/yaml/v4"
)

// reference is a model with every key and a comment above it; alternative holds what cannot stand beside it.
//
//go:embed reference.yaml
var reference []byte

//go:embed reference_bounds.yaml
var alternative []byte

// Schema is a JSON Schema (draft 2020-12) of the model file, so that editors complete and check it while it is
// written. It is made by watching the parser read reference models: the keys, words, units, patterns and bounds
// are those that the parser asked for, titles, descriptions and examples are those of the references, and what
// must or must not stand together is found by taking keys away and putting them in. So a key that the parser
// learns is in the schema at once. What needs more than one place of the file to be seen, such as the name of a
// fact in a condition, is left to Parse. The error says what of a reference Parse does not accept.
func Schema() ([]byte, error) {
	w := &schemaWriter{asked: map[*yaml.Node]*asked{}, home: map[*yaml.Node]*page{}}
	var roots []*yaml.Node
	for _, text := range [][]byte{reference, alternative} {
		root, err := w.open(text)
		if err != nil {
			return nil, err
		}
		roots = append(roots, root)
	}
	top := w.describe(roots)
	top.Dialect = "https://json-schema.org/draft/2020-12/schema"
	top.Title = "Scoring model of leadsync"
	top.Description = "What a company means by qualified: facts, activities, scores, gates, lifecycle, lead statuses and what follows. " +
		"`leadsync check` finds what a schema cannot."
	text, err := json.MarshalIndent(top, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the schema: %w", err)
	}
	return append(text, '\n'), nil
}

// schema is the part of JSON Schema that a model needs.
type schema struct {
	Dialect     string     `json:"$schema,omitempty"`
	Ref         string     `json:"$ref,omitempty"`
	Title       string     `json:"title,omitempty"`
	Description string     `json:"description,omitempty"`
	Type        any        `json:"type,omitempty"`
	Enum        []string   `json:"enum,omitempty"`
	Pattern     string     `json:"pattern,omitempty"`
	Minimum     *int64     `json:"minimum,omitempty"`
	Maximum     *int64     `json:"maximum,omitempty"`
	Items       *schema    `json:"items,omitempty"`
	MinItems    int        `json:"minItems,omitempty"`
	Properties  properties `json:"properties,omitempty"`
	Names       *schema    `json:"propertyNames,omitempty"`
	// Additional is false, or the schema of the values of a mapping whose keys are the model's own.
	Additional    any      `json:"additionalProperties,omitempty"`
	MinProperties int      `json:"minProperties,omitempty"`
	Required      []string `json:"required,omitempty"`
	// Dependent are the keys that another key needs beside it.
	Dependent map[string][]string `json:"dependentRequired,omitempty"`
	Not       *schema             `json:"not,omitempty"`
	AnyOf     []*schema           `json:"anyOf,omitempty"`
	AllOf     []*schema           `json:"allOf,omitempty"`
	Examples  []any               `json:"examples,omitempty"`
}

// properties are the keys of a mapping in the order in which the parser names them.
type properties []property

type property struct {
	name  string
	value *schema
}

// MarshalJSON writes an object with its keys in order.
func (p properties) MarshalJSON() ([]byte, error) {
	var b strings.Builder
	b.WriteByte('{')
	for i, one := range p {
		if i > 0 {
			b.WriteByte(',')
		}
		value, err := json.Marshal(one.value)
		if err != nil {
			return nil, fmt.Errorf("write key %q: %w", one.name, err)
		}
		b.WriteString(quote(one.name) + ":")
		b.Write(value)
	}
	b.WriteByte('}')
	return []byte(b.String()), nil
}

// schemaWriter turns what was asked of the nodes of the references into a schema.
type schemaWriter struct {
	asked map[*yaml.Node]*asked
	home  map[*yaml.Node]*page // of every node that the parser looked at
}

// page is a reference model.
type page struct {
	lines []string
	root  *yaml.Node
}

// open reads a reference and notes what the parser asks of it.
func (w *schemaWriter) open(text []byte) (*yaml.Node, error) {
	r := &reader{file: "reference", lines: splitLines(text)}
	one := &page{lines: r.lines, root: r.load(text)}
	if one.root == nil {
		return nil, fmt.Errorf("read a reference model: %w", &r.problems)
	}
	notes, problems := one.parse()
	if len(problems) > 0 {
		return nil, fmt.Errorf("parse a reference model: %w", &problems)
	}
	maps.Copy(w.asked, notes)
	w.settle(one, one.root)
	return one.root, nil
}

func (w *schemaWriter) settle(one *page, node *yaml.Node) {
	w.home[node] = one
	for _, child := range node.Content {
		w.settle(one, child)
	}
}

// describe makes one schema for all nodes that stand at the same place of the file.
func (w *schemaWriter) describe(nodes []*yaml.Node) *schema {
	var fixed, open, lists []*yaml.Node
	var kinds []*schema
	for _, node := range nodes {
		a := w.asked[node]
		switch {
		case a == nil: // the parser did not look at it: nothing can be said
		case a.same != "":
			kinds = append(kinds, &schema{Ref: a.same})
		case a.texts != nil:
			kinds = append(kinds, inLanguages(a.texts)...)
		case a.keys != nil:
			fixed = append(fixed, node)
		case a.entries:
			open = append(open, node)
		case a.items:
			lists = append(lists, node)
		default:
			kinds = append(kinds, a.scalar())
		}
	}
	if fixed != nil {
		kinds = append(kinds, w.fixed(fixed))
	}
	if open != nil {
		kinds = append(kinds, w.named(open))
	}
	if lists != nil {
		kinds = append(kinds, w.list(lists))
	}
	return either(kinds)
}

// either is what accepts all of the kinds, each once.
func either(kinds []*schema) *schema {
	var different []*schema
	texts := map[string]bool{}
	for _, kind := range kinds {
		text, err := json.Marshal(kind)
		if err == nil && texts[string(text)] {
			continue
		}
		texts[string(text)] = true
		different = append(different, kind)
	}
	switch len(different) {
	case 0:
		return &schema{}
	case 1:
		return different[0]
	default:
		return &schema{AnyOf: different}
	}
}

// fixed describes a mapping whose keys the parser knows.
func (w *schemaWriter) fixed(nodes []*yaml.Node) *schema {
	s := &schema{Type: "object", Additional: false}
	for _, name := range w.asked[nodes[0]].keys {
		var values, keys []*yaml.Node
		for _, node := range nodes {
			if i := indexOf(node, name); i >= 0 {
				keys, values = append(keys, node.Content[i]), append(values, node.Content[i+1])
			}
		}
		one := w.describe(values)
		w.explain(one, keys, w.aboveKey)
		one.Examples = w.examples(values)
		s.Properties = append(s.Properties, property{name, one})
	}
	w.rules(s, nodes)
	return s
}

// named describes a mapping whose keys are the model's own names.
func (w *schemaWriter) named(nodes []*yaml.Node) *schema {
	var keys, values []*yaml.Node
	s := &schema{Type: "object"}
	for _, node := range nodes {
		for i := 0; i+1 < len(node.Content); i += 2 {
			keys, values = append(keys, node.Content[i]), append(values, node.Content[i+1])
		}
	}
	for _, key := range keys {
		if a := w.asked[key]; a != nil && (a.pattern != nil || a.units != nil) {
			s.Names = a.scalar()
		}
	}
	one := w.describe(values)
	w.explain(one, keys, w.aboveKey)
	s.Additional = one
	if w.refusesEmpty(nodes[0]) {
		s.MinProperties = 1
	}
	return s
}

func (w *schemaWriter) list(nodes []*yaml.Node) *schema {
	var items []*yaml.Node
	for _, node := range nodes {
		items = append(items, node.Content...)
	}
	one := w.describe(items)
	w.explain(one, items, w.aboveItem)
	s := &schema{Type: "array", Items: one}
	if w.refusesEmpty(nodes[0]) {
		s.MinItems = 1
	}
	return s
}
