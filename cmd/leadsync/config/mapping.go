package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// secretKey finds keys under which people write secrets.
var secretKey = regexp.MustCompile(`(?i)(token|secret|password|passwd|api_?key|credentials_key)$`)

// entry is one key of a mapping with its value.
type entry struct {
	key, value *yaml.Node
}

// mapping reads one YAML mapping key by key and remembers what it was asked for.
type mapping struct {
	doc     *document
	path    string
	node    *yaml.Node // the mapping itself, or what stands in its place
	missing bool       // there is no mapping: nothing can be read, nothing is demanded
	entries []entry
	asked   []string
	secrets []string // what may be asked for as NAME_env or NAME_file
}

// mapping opens a node as a mapping and reports it if it is none, or has a key twice.
func (d *document) mapping(node *yaml.Node, path string) *mapping {
	m := &mapping{doc: d, path: path, node: node}
	if d.silent[node] || node.Kind != yaml.MappingNode {
		m.missing = true
		remedy := "write keys with values, as in key: value"
		if node.Kind == yaml.ScalarNode && node.ShortTag() == "!!null" {
			remedy += ", or remove the key"
		}
		d.report(node, path, "is "+kindName(node), remedy)
		return m
	}
	first := map[string]int{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if key.Kind != yaml.ScalarNode {
			d.report(key, path, "a key is "+kindName(key), "write a plain word as key")
			continue
		}
		if line, twice := first[key.Value]; twice {
			d.report(key, join(path, keyText(key)), fmt.Sprintf("is there twice, first in line %d", line), "remove one of the two")
			continue
		}
		first[key.Value] = key.Line
		m.entries = append(m.entries, entry{key, value})
	}
	return m
}

// find gives the value of a key, or nil, and counts the key as known.
func (m *mapping) find(key string) *yaml.Node {
	m.asked = append(m.asked, key)
	for _, e := range m.entries {
		if e.key.Value == key {
			return e.value
		}
	}
	return nil
}

// child gives the mapping under a key. If the key is absent, nothing can be read from it.
func (m *mapping) child(key string) *mapping {
	node := m.find(key)
	if node == nil {
		return &mapping{doc: m.doc, path: join(m.path, key), node: m.node, missing: true}
	}
	return m.doc.mapping(node, join(m.path, key))
}

// list gives the values under a key, which must be a list, and whether there is a list at all.
func (m *mapping) list(key string) ([]*yaml.Node, bool) {
	node := m.find(key)
	if node == nil {
		return nil, false
	}
	return m.checkList(key, node)
}

func (m *mapping) checkList(key string, node *yaml.Node) ([]*yaml.Node, bool) {
	if node.Kind != yaml.SequenceNode {
		m.report(key, node, "is "+kindName(node), "write a list: [a, b], or one value per line after a dash")
		return nil, false
	}
	return node.Content, true
}

// report notes a mistake at a node that stands under key. Without a node it is noted at the key's value, or
// at the mapping if the key is absent.
func (m *mapping) report(key string, at *yaml.Node, problem, remedy string) {
	if at == nil {
		at = m.node
		for _, e := range m.entries {
			if e.key.Value == key {
				at = e.value
			}
		}
	}
	m.doc.report(at, join(m.path, key), problem, remedy)
}

// require reports a key that is not there, with an example of what to write.
func (m *mapping) require(key, example string) {
	if m.missing || m.has(key) {
		return
	}
	m.report(key, m.node, "is missing", "write "+example)
}

// line is the place of a key among the others, -1 if it is absent.
func (m *mapping) line(key string) int {
	return slices.IndexFunc(m.entries, func(e entry) bool { return e.key.Value == key })
}

func (m *mapping) has(key string) bool { return m.line(key) >= 0 }

// close reports every key that nobody asked for.
func (m *mapping) close() {
	for _, e := range m.entries {
		name := e.key.Value
		if slices.Contains(m.asked, name) {
			continue
		}
		key := join(m.path, keyText(e.key))
		if m.doc.silent[e.value] {
			continue // a secret or an alias, already reported at the value
		}
		if secretKey.MatchString(name) {
			m.doc.report(e.key, key, "a secret must not stand in the file", m.secretRemedy(name))
			continue
		}
		remedy := "remove it; known here: " + strings.Join(m.asked, ", ")
		if near := nearest(name, m.asked); near != "" {
			remedy = fmt.Sprintf("did you mean %s?", near)
		}
		m.doc.report(e.key, key, "unknown key", remedy)
	}
}

// secretRemedy names the two keys to use instead, if the mapping has a secret that is called alike.
func (m *mapping) secretRemedy(name string) string {
	for _, s := range m.secrets {
		if strings.HasSuffix(s, name) || strings.HasSuffix(name, s) {
			return fmt.Sprintf("name an environment variable with %s_env or a file with %s_file", s, s)
		}
	}
	return "take it out: secrets come from environment variables and files"
}

// kindName says what a node is, in the words of a person who does not know YAML's.
func kindName(node *yaml.Node) string {
	if node.Kind == yaml.MappingNode {
		return "a mapping"
	}
	if node.Kind == yaml.SequenceNode {
		return "a list"
	}
	switch node.ShortTag() {
	case "!!null":
		return "empty"
	case "!!int", "!!float":
		return "a number"
	case "!!bool":
		return "true or false"
	case "!!timestamp":
		return "a date"
	default:
		return "text"
	}
}

// nearest gives the known word that name was probably meant to be: at most a third of it differs.
func nearest(name string, known []string) string {
	best, bestDistance := "", max(len(name)/3, 1)+1
	for _, k := range known {
		if d := distance(name, k); d < bestDistance {
			best, bestDistance = k, d
		}
	}
	return best
}

// distance counts the insertions, deletions and replacements of bytes between two words.
func distance(a, b string) int {
	if len(a) > 60 {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, diagonal+1, row[j]+1)
		}
	}
	return row[len(b)]
}
