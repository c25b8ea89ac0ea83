package scoring

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"go.yaml.in/yaml/v4"
)

// reader walks the nodes of a model file and collects every mistake with its place.
type reader struct {
	file     string
	lines    []string
	problems Problems
	// watch notes what is asked of every node, for the schema; nil if nobody wants to know.
	watch map[*yaml.Node]*asked
}

// field is a node with the path of keys that leads to it; a nil node is an absent key.
type field struct {
	key  string
	node *yaml.Node
}

func (f field) present() bool { return f.node != nil }

func (f field) isNull() bool { return f.node.Kind == yaml.ScalarNode && f.node.Tag == "!!null" }

// load parses the text into its root node.
func (r *reader) load(text []byte) *yaml.Node {
	const most = 1 << 20
	problem := Problem{Line: 1, Column: 1, Key: "file", Remedy: "begin with model: and a name"}
	blank := func(line string) bool { line = strings.TrimSpace(line); return line == "" || line[0] == '#' }
	var document yaml.Node
	switch {
	case len(text) > most:
		problem.Text, problem.Remedy = "the file is longer than a megabyte", "no model needs that much; is it the right file?"
	case !slices.ContainsFunc(r.lines, func(line string) bool { return !blank(line) }):
		problem.Text = "the file is empty"
	default:
		if err := yaml.Load(text, &document); err != nil {
			r.loadProblem(err)
			return nil
		}
		return document.Content[0]
	}
	r.add(problem)
	return nil
}

func (r *reader) loadProblem(err error) {
	problem := Problem{Line: 1, Column: 1, Key: "file", Text: err.Error(), Remedy: "correct the YAML; indentation and quotes are the usual causes"}
	if marked, ok := errors.AsType[*yaml.LoadError](err); ok {
		problem.Text = marked.Message
		at := marked.Mark
		switch {
		case strings.Contains(marked.ContextMsg, "quoted scalar"):
			at = marked.ContextMark
			problem.Text, problem.Remedy = "the text that begins here has no closing quote", "write the closing quote"
		case strings.Contains(marked.ContextMsg, "flow") && marked.ContextMark.Line > 0:
			problem.Remedy = fmt.Sprintf("close the bracket of line %d, or write the comma that is missing", marked.ContextMark.Line)
		}
		if at.Line > 0 {
			problem.Line, problem.Column = at.Line, max(1, at.Column)
		}
	}
	problem.Text = strings.Join(strings.Fields(problem.Text), " ")
	if second := r.secondDocument(); second > 0 && strings.Contains(problem.Text, "single document") {
		problem.Line, problem.Column = second, 1
		problem.Text, problem.Remedy = "a second document begins", "keep one model in a file: remove this line and what follows"
	}
	if problem.Line <= len(r.lines) && strings.HasPrefix(strings.TrimLeft(r.lines[problem.Line-1], " "), "\t") {
		problem.Text, problem.Remedy = "a tab stands before the text", "indent with spaces"
	}
	r.add(problem)
}

// secondDocument is the line on which a second document begins, 0 if none does.
func (r *reader) secondDocument() int {
	content := false
	for i, line := range r.lines {
		if strings.HasPrefix(line, "---") && content {
			return i + 1
		}
		content = content || strings.TrimSpace(line) != "" && line[0] != '#' && !strings.HasPrefix(line, "---")
	}
	return 0
}

func (r *reader) add(p Problem) {
	p.File = r.file
	if i := p.Line - 1; i >= 0 && i < len(r.lines) {
		p.Source = r.lines[i]
	}
	r.problems = append(r.problems, p)
}

// fail reports a mistake at a field.
func (r *reader) fail(f field, remedy, format string, args ...any) {
	line, column := 1, 1
	if f.node != nil {
		line, column = f.node.Line, f.node.Column
	}
	r.add(Problem{Line: line, Column: column, Key: f.key, Text: fmt.Sprintf(format, args...), Remedy: remedy})
}

// entry is one key of a mapping.
type entry struct {
	name string
	mark *yaml.Node // the key itself
	field
}

// entries lists a mapping's keys in the order of the file, each once.
func (r *reader) entries(f field) []entry {
	r.seen(f).entries = true
	if f.node.Kind != yaml.MappingNode {
		r.fail(f, "write lines of the form key: value", "%s is %s, not a mapping", last(f.key), shape(f.node))
		return nil
	}
	var list []entry
	seen := map[string]bool{}
	for i := 0; i+1 < len(f.node.Content); i += 2 {
		key, value := f.node.Content[i], f.node.Content[i+1]
		item := entry{name: key.Value, mark: key, field: field{key: join(f.key, key.Value), node: value}}
		switch {
		case key.Kind != yaml.ScalarNode:
			r.fail(field{f.key, key}, "write a plain word as key", "a key is %s", shape(key))
		case strings.ContainsFunc(key.Value, hidden):
			r.fail(field{f.key, key}, "take it out", "a key has a character that nobody can see: %q", key.Value)
		case seen[item.name]:
			r.fail(field{item.key, key}, "keep one of them", "%s is given twice", item.name)
		default:
			seen[item.name] = true
			list = append(list, item)
		}
	}
	return list
}

// fields reads a mapping with known keys; every other key is a mistake.
func (r *reader) fields(f field, known ...string) map[string]field {
	r.seen(f).keys = known
	values := map[string]field{}
	for _, item := range r.entries(f) {
		values[item.name] = item.field
		if !slices.Contains(known, item.name) {
			r.fail(field{item.key, item.mark}, didYouMean(item.name, known), "unknown key %s", item.name)
		}
	}
	return values
}

// items reads a list.
func (r *reader) items(f field) []field {
	r.seen(f).items = true
	if f.node.Kind != yaml.SequenceNode {
		r.fail(f, "write a list: one line per entry, beginning with -", "%s is %s, not a list", last(f.key), shape(f.node))
		return nil
	}
	list := make([]field, len(f.node.Content))
	for i, node := range f.node.Content {
		list[i] = field{key: fmt.Sprintf("%s[%d]", f.key, i+1), node: node}
	}
	return list
}

// text reads a text that is not empty, without the space around it; an absent key gives "".
func (r *reader) text(f field) string {
	if !f.present() {
		return ""
	}
	r.seen(f).text = true
	if f.node.Kind != yaml.ScalarNode || f.isNull() {
		r.fail(f, "write a text", "%s is %s, not a text", last(f.key), shape(f.node))
		return ""
	}
	f.node.Tag = "!!str" // of the label 1.10 the canonical text must not make the number 1.1
	switch {
	case strings.TrimSpace(f.node.Value) == "":
		r.fail(f, "write a text or leave the key out", "%s is empty", last(f.key))
	case strings.ContainsFunc(f.node.Value, hidden):
		r.fail(f, "take it out", "%s has a character that nobody can see: %q", last(f.key), f.node.Value)
		return ""
	}
	return strings.TrimSpace(f.node.Value)
}

// hidden reports whether a character can make a text look like another one, or do something to a terminal: controls
// other than line ends and tabs, those that turn the direction of writing around, and what is no character at all.
func hidden(r rune) bool {
	const turns, turned, isolates, isolated, none = '\u202a', '\u202e', '\u2066', '\u2069', '\ufffe'
	return r != '\n' && r != '\t' && unicode.IsControl(r) || r >= turns && r <= turned || r >= isolates && r <= isolated || r&none == none
}

// choice reads one of a few words.
func (r *reader) choice(f field, fallback string, valid ...string) string {
	if !f.present() {
		return fallback
	}
	r.seen(f).words = valid
	word := r.text(f)
	if slices.Contains(valid, word) {
		return word
	}
	if word != "" {
		r.fail(f, didYouMean(word, valid), "%q is not possible for %s", word, last(f.key))
	}
	return fallback
}

// yes reads a yes/no; an absent key is no.
func (r *reader) yes(f field) bool {
	if !f.present() {
		return false
	}
	r.seen(f).yesNo = true
	if f.node.Kind != yaml.ScalarNode || f.node.Tag != "!!bool" {
		r.fail(f, "write true or false", "%s is %s, not true or false", last(f.key), shape(f.node))
		return false
	}
	return strings.EqualFold(f.node.Value, "true")
}

// maxPoints keeps points times 2^32 within 64 bits.
const maxPoints = 100_000

// points reads points with up to three decimals; false if they are wrong.
func (r *reader) points(f field) (Points, bool) {
	r.seen(f).between = &[2]int64{-maxPoints, maxPoints}
	if f.node.Kind != yaml.ScalarNode || f.node.Tag != "!!int" && f.node.Tag != "!!float" {
		r.fail(f, "write a number such as 10 or -2.5", "%s is %s, not a number", last(f.key), shape(f.node))
		return 0, false
	}
	value, err := strconv.ParseFloat(f.node.Value, 64)
	thousandths := math.Round(value * 1000)
	switch {
	case err != nil || math.IsNaN(value):
		r.fail(f, "write a number such as 10 or -2.5", "%s is not a decimal number", f.node.Value)
	case math.Abs(value) > maxPoints:
		r.fail(f, fmt.Sprintf("use points between -%d and %d", maxPoints, maxPoints), "%s is too much", f.node.Value)
	case math.Abs(thousandths/1000-value) > 1e-9:
		r.fail(f, "round to three decimals", "%s is finer than a thousandth of a point", f.node.Value)
	default:
		return Points(thousandths), true
	}
	return 0, false
}

// whole reads a whole number between two bounds.
func (r *reader) whole(f field, fallback, least, most int64) int64 {
	if !f.present() {
		return fallback
	}
	r.seen(f).whole, r.seen(f).between = true, &[2]int64{least, most}
	value, err := strconv.ParseInt(f.node.Value, 10, 64)
	if f.node.Tag != "!!int" || err != nil || value < least || value > most {
		r.fail(f, fmt.Sprintf("write a whole number from %d to %d", least, most), "%s is %s", last(f.key), shape(f.node))
		return fallback
	}
	return value
}

// duration reads a number with a unit of the list: s, m, h, d, w or wd (working days). It returns number and
// unit, and false if the key is absent or wrong.
func (r *reader) duration(f field, units ...string) (int64, string, bool) {
	if !f.present() {
		return 0, "", false
	}
	r.seen(f).units = units
	digits := strings.TrimRight(f.node.Value, "smhdw")
	unit := f.node.Value[len(digits):]
	number, err := strconv.ParseInt(digits, 10, 32)
	for _, valid := range units {
		if f.node.Kind == yaml.ScalarNode && err == nil && number >= 1 && number <= 100_000 && unit == valid {
			return number, unit, true
		}
	}
	r.fail(f, "write a number and a unit ("+strings.Join(units, ", ")+"), such as 2"+units[len(units)-1], "%s is %s", last(f.key), shape(f.node))
	return 0, "", false
}

// lengths of the units in the model's durations.
func unitLength(unit string) time.Duration {
	const day = 24 * time.Hour
	switch unit {
	case "s":
		return time.Second
	case "m":
		return time.Minute
	case "h":
		return time.Hour
	case "w":
		return 7 * day
	default:
		return day
	}
}

// shape describes a node in words, with its value if it is short.
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

func join(path, name string) string {
	if path == "file" { // the root
		return name
	}
	return path + "." + name
}

// last is the last name of a path of keys.
func last(path string) string {
	return path[strings.LastIndex(path, ".")+1:]
}
