package scoring

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// canonical is the meaning of a model file as text: JSON with the keys in alphabetical order, except where the
// order means something: that of scores is the order of the evaluation, that of options decides which word is found
// first, that of steps is the order of the ages, and that of activities says which kinds one can be made of, if one is.
// Comments, layout, quoting and the way a number is written are gone; the order of lists stays. What is read as a text
// stays as it is written, also if it looks like a number. Two ways to write a condition or a duration (24h, 1d) are two
// meanings.
func canonical(root *yaml.Node) []byte {
	var b bytes.Buffer
	writeCanonical(&b, root, "")
	b.WriteByte('\n')
	return b.Bytes()
}

func writeCanonical(b *bytes.Buffer, n *yaml.Node, key string) {
	if n.Kind == yaml.MappingNode {
		writeMapping(b, n, key)
		return
	}
	if n.Kind != yaml.SequenceNode {
		b.WriteString(canonicalScalar(n))
		return
	}
	b.WriteByte('[')
	for i, item := range n.Content {
		if i > 0 {
			b.WriteByte(',')
		}
		writeCanonical(b, item, "")
	}
	b.WriteByte(']')
}

func writeMapping(b *bytes.Buffer, n *yaml.Node, key string) {
	order := make([]int, 0, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		order = append(order, i)
	}
	if !ordered(n, key) {
		slices.SortFunc(order, func(i, j int) int { return strings.Compare(n.Content[i].Value, n.Content[j].Value) })
	}
	b.WriteByte('{')
	for at, i := range order {
		if at > 0 {
			b.WriteByte(',')
		}
		b.WriteString(quote(n.Content[i].Value))
		b.WriteByte(':')
		below := n.Content[i].Value
		if named(key) {
			below = "" // the model's own name, whatever it is
		}
		writeCanonical(b, n.Content[i+1], below)
	}
	b.WriteByte('}')
}

// named reports whether the keys below a key are names of the model, which mean nothing by themselves: a fact can be
// called options.
func named(key string) bool {
	return slices.Contains([]string{"facts", "words", "activities", "attributes", "options", "scores", "gates", "tiers"}, key)
}

// ordered reports whether the order of the keys of a mapping means something.
func ordered(n *yaml.Node, key string) bool {
	switch key {
	case "scores", "options", "steps":
		return true
	case "activities":
		for i := 1; i < len(n.Content); i += 2 {
			if indexOf(n.Content[i], "of") >= 0 || indexOf(n.Content[i], "any_of") >= 0 {
				return true
			}
		}
	}
	return false
}

func canonicalScalar(n *yaml.Node) string {
	switch n.Tag {
	case "!!bool":
		return strconv.FormatBool(strings.EqualFold(n.Value, "true"))
	case "!!null":
		return "null"
	case "!!int", "!!float":
		if value, err := strconv.ParseFloat(n.Value, 64); err == nil {
			return strconv.FormatFloat(value, 'f', -1, 64)
		}
	}
	return quote(strings.TrimSpace(n.Value))
}

func quote(s string) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(s) // a string into memory: cannot fail
	return strings.TrimSuffix(b.String(), "\n")
}
