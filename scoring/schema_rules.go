package scoring

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// need is a mistake that the parser finds at a mapping when a key is taken away: one of the keys is wanted.
type need struct {
	remedy string
	keys   []string
	node   *yaml.Node // without keys[0] it has the mistake
}

// rules finds by trial which keys of a mapping must stand there and which exclude each other.
func (w *schemaWriter) rules(s *schema, nodes []*yaml.Node) {
	keys := w.asked[nodes[0]].keys
	for _, n := range w.needs(s, nodes) {
		for _, name := range keys {
			if name != n.keys[0] && w.cures(nodes, n, name) {
				n.keys = append(n.keys, name)
			}
		}
		s.require(nodes, n.keys)
	}
	for i, a := range keys {
		for _, b := range keys[i+1:] {
			if w.excludes(nodes, a, b) {
				s.AllOf = append(s.AllOf, &schema{Not: &schema{Required: []string{a, b}}})
			}
		}
	}
}

// needs takes away each key of each mapping and gives the mistakes that follow, each once. What a key needs beside
// it is noted in the schema.
func (w *schemaWriter) needs(s *schema, nodes []*yaml.Node) []need {
	var needs []need
	for _, name := range w.asked[nodes[0]].keys {
		for _, node := range nodes {
			remedy, sibling := w.missed(node, name)
			if sibling != "" && w.together(nodes, sibling, name) {
				s.depend(sibling, name)
			}
			if remedy != "" && !slices.ContainsFunc(needs, func(n need) bool { return n.remedy == remedy }) {
				needs = append(needs, need{remedy, []string{name}, node})
			}
		}
	}
	return needs
}

// require wants one of the keys, unless a reference has none of them: then it depends on more than the keys.
func (s *schema) require(nodes []*yaml.Node, keys []string) {
	has := func(node *yaml.Node) bool {
		return slices.ContainsFunc(keys, func(key string) bool { return indexOf(node, key) >= 0 })
	}
	for _, node := range nodes {
		if !has(node) {
			return
		}
	}
	if len(keys) == 1 {
		s.Required = append(s.Required, keys[0])
		return
	}
	one := &schema{}
	for _, key := range keys {
		one.AnyOf = append(one.AnyOf, &schema{Required: []string{key}})
	}
	s.AllOf = append(s.AllOf, one)
}

// depend wants a key wherever another one stands.
func (s *schema) depend(key, needs string) {
	if s.Dependent == nil {
		s.Dependent = map[string][]string{}
	}
	if !slices.Contains(s.Dependent[key], needs) {
		s.Dependent[key] = append(s.Dependent[key], needs)
	}
}

// together reports whether wherever a stands, b does.
func (*schemaWriter) together(nodes []*yaml.Node, a, b string) bool {
	return !slices.ContainsFunc(nodes, func(n *yaml.Node) bool { return indexOf(n, a) >= 0 && indexOf(n, b) < 0 })
}

// trial parses the reference with other content in a mapping or list and gives the mistakes at it or directly
// below it.
func (w *schemaWriter) trial(node *yaml.Node, content []*yaml.Node) Problems {
	before := node.Content
	defer func() { node.Content = before }()
	node.Content = content
	path := w.asked[node].key
	_, problems := w.home[node].until(path).parse()
	return slices.DeleteFunc(problems, func(p Problem) bool {
		key, below := strings.CutPrefix(p.Key, path+".")
		return p.Key != path && (!below || strings.ContainsAny(key, ".["))
	})
}

// missed takes a key away. It gives what the parser then advises at the mapping, or the key beside it that it
// finds fault with; both are empty if nobody misses it.
func (w *schemaWriter) missed(node *yaml.Node, name string) (remedy, sibling string) {
	i := indexOf(node, name)
	if i < 0 {
		return "", ""
	}
	problems := w.trial(node, slices.Concat(node.Content[:i], node.Content[i+2:]))
	for _, p := range problems {
		if p.Key == w.asked[node].key {
			return p.Remedy, ""
		}
		sibling = last(p.Key)
	}
	return "", sibling
}

// cures reports whether another key makes up for the one that is missing.
func (w *schemaWriter) cures(nodes []*yaml.Node, n need, name string) bool {
	if indexOf(n.node, name) >= 0 {
		return false
	}
	for _, other := range nodes {
		at := indexOf(other, name)
		if at < 0 {
			continue
		}
		i := indexOf(n.node, n.keys[0])
		content := slices.Concat(n.node.Content[:i], n.node.Content[i+2:], other.Content[at:at+2])
		problems := w.trial(n.node, content)
		return !slices.ContainsFunc(problems, func(p Problem) bool { return p.Remedy == n.remedy })
	}
	return false
}

// excludes reports whether the parser refuses two keys together that the references never have together.
func (w *schemaWriter) excludes(nodes []*yaml.Node, a, b string) bool {
	var with []*yaml.Node
	var pair []*yaml.Node
	for _, node := range nodes {
		hasA, at := indexOf(node, a) >= 0, indexOf(node, b)
		switch {
		case hasA && at >= 0:
			return false
		case hasA:
			with = append(with, node)
		case at >= 0 && pair == nil:
			pair = node.Content[at : at+2]
		}
	}
	if with == nil || pair == nil {
		return false
	}
	return !slices.ContainsFunc(with, func(node *yaml.Node) bool { return w.agree(node, a, pair) })
}

// agree reports whether a key can be added to a mapping that has the key a. A mistake that goes when a third
// key goes is not between the two.
func (w *schemaWriter) agree(node *yaml.Node, a string, pair []*yaml.Node) bool {
	both := slices.Concat(node.Content, pair)
	if len(w.trial(node, both)) == 0 {
		return true
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value != a && len(w.trial(node, slices.Concat(both[:i], both[i+2:]))) == 0 {
			return true
		}
	}
	return false
}

// refusesEmpty reports whether the parser wants an entry in the list or mapping.
func (w *schemaWriter) refusesEmpty(node *yaml.Node) bool {
	path := w.asked[node].key
	return slices.ContainsFunc(w.trial(node, nil), func(p Problem) bool { return p.Key == path })
}

// indexOf is where a key stands in the content of a mapping, -1 if it does not.
func indexOf(node *yaml.Node, name string) int {
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == name {
			return i
		}
	}
	return -1
}
