package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"
)

// maxBytes is far above any honest configuration; it bounds the work on a file given by mistake.
const maxBytes = 1 << 20

// tokenLike finds the private app tokens and service keys of HubSpot, wherever somebody pasted them.
var tokenLike = regexp.MustCompile(`(?i)\bpat-[a-z0-9]+-[0-9a-f-]{6,}`)

// document is one parsed file with the mistakes found so far.
type document struct {
	file     string
	content  *yaml.Node
	problems Problems
	// silent are nodes that have been complained about once for what they are: what they say is not looked at.
	silent map[*yaml.Node]bool
	// places are the nodes of all keys and list entries, by path.
	places map[string]*yaml.Node
}

// open parses text. What is no YAML at all becomes a problem, and the document has no root.
func open(file string, text []byte) *document {
	d := &document{file: file, silent: map[*yaml.Node]bool{}, places: map[string]*yaml.Node{}}
	if len(text) > maxBytes {
		d.add(Problem{Problem: fmt.Sprintf("the file has %d bytes", len(text)), Remedy: "name a configuration file of at most 1 MiB"})
		return d
	}
	var contents []yaml.Node
	if err := yaml.Load(text, &contents, yaml.WithAllDocuments()); err != nil {
		d.syntax(err)
		return d
	}
	switch {
	case len(contents) == 0:
		d.add(Problem{Problem: "the file says nothing", Remedy: "write at least portals: with one account below it"})
	case len(contents) > 1:
		d.report(&contents[1], "", "a second document begins", "keep one document in the file and remove the line ---")
	default:
		d.content = &contents[0]
		d.inspect(d.content, "")
	}
	return d
}

// root gives the top mapping, or nil if there is none to read.
func (d *document) root() *mapping {
	if d.content == nil {
		return nil
	}
	node := d.content
	if node.Kind == yaml.DocumentNode && len(node.Content) == 1 {
		node = node.Content[0]
	}
	m := d.mapping(node, "")
	if m.missing {
		return nil
	}
	return m
}

func (d *document) add(p Problem) {
	p.File = d.file
	d.problems = append(d.problems, p)
}

// report notes a mistake at a node, unless the node is silent.
func (d *document) report(at *yaml.Node, key, problem, remedy string) {
	if d.silent[at] {
		return
	}
	d.add(Problem{Line: at.Line, Column: at.Column, Key: key, Problem: problem, Remedy: remedy})
}

// syntax turns the library's error into a problem. Its message may quote the file.
func (d *document) syntax(err error) {
	p := Problem{Problem: err.Error(), Remedy: "correct the line, or the one before it"}
	if one, ok := errors.AsType[*yaml.LoadError](err); ok {
		p.Line, p.Column, p.Problem = one.Mark.Line, one.Mark.Column, one.Message
	}
	p.Problem = "this is no YAML: " + tokenLike.ReplaceAllString(p.Problem, masked)
	d.add(p)
}

// inspect looks at the whole tree for what is refused wherever it stands: anchors, aliases, and secrets.
func (d *document) inspect(node *yaml.Node, path string) {
	switch {
	case node.Kind == yaml.AliasNode || node.Anchor != "":
		d.report(node, path, "anchors and aliases are not supported", "write the value out")
		d.silent[node] = true
	case node.Kind == yaml.ScalarNode && tokenLike.MatchString(node.Value):
		d.report(node, path, "this is a secret", "revoke it, then name an environment variable with "+
			"token_env or a file with token_file instead")
		d.silent[node] = true
	}
	for i, child := range node.Content {
		if node.Kind == yaml.MappingNode && i%2 == 1 {
			key := join(path, keyText(node.Content[i-1]))
			d.places[key] = node.Content[i-1]
			d.inspect(child, key)
			continue
		}
		if node.Kind == yaml.SequenceNode {
			entry := fmt.Sprintf("%s[%d]", path, i)
			d.places[entry] = child
			d.inspect(child, entry)
			continue
		}
		d.inspect(child, path)
	}
}

// resolve makes a path of the file relative to the folder of the file.
func (d *document) resolve(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(d.file), path)
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// keyText gives a key as it may stand in a message: no line ends, no end, no secret.
func keyText(node *yaml.Node) string {
	text := tokenLike.ReplaceAllString(node.Value, masked)
	if len(text) > 60 {
		text = strings.ToValidUTF8(text[:60], "") + "…"
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, text)
}
