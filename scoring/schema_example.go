package scoring

import (
	"encoding/json"

	"go.yaml.in/yaml/v4"
)

// examples are up to three different values of a key of the reference.
func (w *schemaWriter) examples(nodes []*yaml.Node) []any {
	const most = 3
	var list []any
	seen := map[string]bool{}
	for _, node := range nodes {
		text := string(canonical(node))
		if !seen[text] && len(list) < most {
			list = append(list, w.example(node))
		}
		seen[text] = true
	}
	return list
}

// example is the value of a node as JSON has it. Of a mapping with names of the model's own, and of a list of
// mappings, it is the first entry: the whole would be the whole reference.
func (w *schemaWriter) example(node *yaml.Node) any {
	if node.Kind == yaml.SequenceNode {
		list := []any{}
		for _, item := range node.Content {
			if list = append(list, w.example(item)); item.Kind != yaml.ScalarNode {
				break
			}
		}
		return list
	}
	if node.Kind != yaml.MappingNode {
		return json.RawMessage(canonicalScalar(node))
	}
	a := w.asked[node]
	ownNames := a != nil && a.entries && a.keys == nil && a.texts == nil
	values := map[string]any{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		values[node.Content[i].Value] = w.example(node.Content[i+1])
		if ownNames {
			break
		}
	}
	return values
}
