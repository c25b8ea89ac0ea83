package modeltest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"leadsync/scoring"
)

// reader walks the nodes of a file and collects every mistake with its place, as the model's own reader does.
type reader struct {
	file     string
	lines    []string // as they are written
	model    *scoring.Model
	zone     *time.Location
	problems scoring.Problems
}

// field is a node with the path of keys that leads to it.
type field struct {
	key  string
	node *yaml.Node
}

// child is one key of a mapping.
type child struct {
	name string
	mark *yaml.Node // the key itself
	field
}

func (f field) isNull() bool { return f.node.Kind == yaml.ScalarNode && f.node.Tag == "!!null" }

func (f field) isText() bool { return f.node.Kind == yaml.ScalarNode && !f.isNull() }

// fail reports a mistake at a field.
func (r *reader) fail(f field, remedy, format string, args ...any) {
	r.problems = append(r.problems, scoring.Problem{
		File: r.file, Line: max(1, f.node.Line), Column: max(1, f.node.Column), Key: f.key,
		Text: fmt.Sprintf(format, args...), Remedy: remedy,
	})
}

// load parses the text into its root.
func (r *reader) load(text []byte) (field, bool) {
	r.lines = strings.Split(string(text), "\n")
	problem := scoring.Problem{File: r.file, Line: 1, Column: 1, Key: "file"}
	var document yaml.Node
	err := yaml.Load(text, &document)
	switch marked, ok := errors.AsType[*yaml.LoadError](err); {
	case err == nil && len(document.Content) > 0:
		return field{"", document.Content[0]}, true
	case err == nil, strings.TrimSpace(string(text)) == "":
		problem.Text, problem.Remedy = "the file is empty", "begin with model: and the file of the model"
	case ok:
		problem.Text, problem.Line, problem.Column = marked.Message, max(1, marked.Mark.Line), max(1, marked.Mark.Column)
	default:
		problem.Text = err.Error()
	}
	if problem.Remedy == "" {
		problem.Text = strings.Join(strings.Fields(problem.Text), " ")
		problem.Remedy = "correct the YAML; indentation and quotes are the usual causes"
	}
	r.problems = append(r.problems, problem)
	return field{}, false
}

// sorted are the mistakes in the order of the file, each with its line; nil if there are none.
func (r *reader) sorted() error {
	if len(r.problems) == 0 {
		return nil
	}
	for i, p := range r.problems {
		if p.Line <= len(r.lines) {
			r.problems[i].Source = strings.TrimSuffix(r.lines[p.Line-1], "\r")
		}
	}
	slices.SortStableFunc(r.problems, func(a, b scoring.Problem) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return &r.problems
}

// children lists a mapping's keys in the order of the file, each once.
func (r *reader) children(f field) []child {
	if f.node.Kind != yaml.MappingNode {
		r.fail(f, "write lines of the form key: value", "%s is %s, not a mapping", name(f.key), shape(f.node))
		return nil
	}
	var list []child
	seen := map[string]bool{}
	for i := 0; i+1 < len(f.node.Content); i += 2 {
		key, value := f.node.Content[i], f.node.Content[i+1]
		item := child{name: key.Value, mark: key, field: field{key: join(f.key, key.Value), node: value}}
		switch {
		case key.Kind != yaml.ScalarNode:
			r.fail(field{name(f.key), key}, "write a plain word as key", "a key is %s", shape(key))
		case seen[item.name]:
			r.fail(field{item.key, key}, "keep one of them", "%s is given twice", item.name)
		default:
			seen[item.name] = true
			list = append(list, item)
		}
	}
	return list
}

// items reads a list.
func (r *reader) items(f field) []field {
	if f.node.Kind != yaml.SequenceNode {
		r.fail(f, "write a list: one line per entry, beginning with -", "%s is %s, not a list", name(f.key), shape(f.node))
		return nil
	}
	list := make([]field, len(f.node.Content))
	for i, node := range f.node.Content {
		list[i] = field{key: fmt.Sprintf("%s[%d]", f.key, i+1), node: node}
	}
	return list
}

// some reads a list, or the one entry that stands without a list around it.
func (r *reader) some(f field) []field {
	if f.node.Kind == yaml.SequenceNode {
		return r.items(f)
	}
	return []field{f}
}

// text reads a text that is not empty.
func (r *reader) text(f field) string {
	if !f.isText() || strings.TrimSpace(f.node.Value) == "" {
		r.fail(f, "write a text", "%s is %s, not a text", name(f.key), shape(f.node))
		return ""
	}
	return strings.TrimSpace(f.node.Value)
}

// choice reads one of a few words.
func (r *reader) choice(f field, valid []string) string {
	word := r.text(f)
	if word != "" && !slices.Contains(valid, word) {
		r.fail(f, suggest(word, valid), "%q is not possible for %s", word, name(f.key))
		return ""
	}
	return word
}

// The years of stories: what lies outside is a slip of the hand.
const earliest, latest = 2000, 2100

// moment reads a date, or a date with a time of day, to the second if need be; a date alone is nine in the morning.
func (r *reader) moment(f field) (time.Time, bool) {
	for _, layout := range []string{"2006-01-02 15:04", "2006-01-02T15:04", time.DateTime, time.DateOnly} {
		at, err := time.ParseInLocation(layout, f.node.Value, r.zone)
		if err != nil || f.node.Kind != yaml.ScalarNode || at.Year() < earliest || at.Year() > latest {
			continue
		}
		if layout == time.DateOnly {
			at = time.Date(at.Year(), at.Month(), at.Day(), morning, 0, 0, 0, r.zone)
		}
		return at, true
	}
	r.fail(f, "write a date such as 2026-03-02, or 2026-03-02 09:30", "%s is %s, not a date", name(f.key), shape(f.node))
	return time.Time{}, false
}

// morning is the hour at which happens what has a date only, and at which tasks are due.
const morning = 9

// unknown reports a key that nothing reads.
func (r *reader) unknown(c child, valid []string) {
	r.fail(field{c.key, c.mark}, suggest(c.name, valid), "unknown key %s", c.name)
}

// suggest proposes the nearest of the valid words, or lists them all.
func suggest(word string, valid []string) string {
	for _, candidate := range valid {
		if slip(strings.ToLower(word), strings.ToLower(candidate)) {
			return fmt.Sprintf("did you mean %q?", candidate)
		}
	}
	if len(valid) == 0 {
		return "the model declares nothing that could stand here"
	}
	names := slices.Clone(valid)
	slices.Sort(names)
	return "valid are: " + strings.Join(slices.Compact(names), ", ")
}

// slip reports whether two words are the same but for one letter too many, too few, changed or swapped with its
// neighbour.
func slip(a, b string) bool {
	s, t := []rune(a), []rune(b)
	if len(s) > len(t) {
		s, t = t, s
	}
	i := 0
	for i < len(s) && s[i] == t[i] {
		i++
	}
	rest, other := s[i:], t[i:]
	switch {
	case len(t)-len(s) > 1 || len(t) < 3:
		return false
	case len(s) < len(t):
		return string(rest) == string(other[1:])
	case len(rest) == 0 || string(rest[1:]) == string(other[1:]):
		return true
	}
	return len(rest) > 1 && rest[0] == other[1] && rest[1] == other[0] && string(rest[2:]) == string(other[2:])
}

// shape describes a node in words, with its value if it has one.
func shape(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Kind == yaml.AliasNode:
		return "an alias (*" + n.Value + ")"
	case n.Tag == "!!null":
		return "empty"
	default:
		return strconv.Quote(n.Value)
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// name is the last name of a path of keys; the root is the file.
func name(path string) string {
	if path == "" {
		return "file"
	}
	return path[strings.LastIndex(path, ".")+1:]
}
