package scoring

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// canonical is the meaning of a model file as text: JSON with the keys in alphabetical order, except under
// scores, where the order is the order of the evaluation. Comments, layout, quoting and the way a number is
// written are gone; the order of lists stays.
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
	if key != "scores" {
		slices.SortFunc(order, func(i, j int) int { return strings.Compare(n.Content[i].Value, n.Content[j].Value) })
	}
	b.WriteByte('{')
	for at, i := range order {
		if at > 0 {
			b.WriteByte(',')
		}
		b.WriteString(quote(n.Content[i].Value))
		b.WriteByte(':')
		writeCanonical(b, n.Content[i+1], n.Content[i].Value)
	}
	b.WriteByte('}')
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
