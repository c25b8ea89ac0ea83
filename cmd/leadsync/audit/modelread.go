package audit

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/parser"
)

const thousand = 1000

// modelReader remembers the first thing in the file that it did not understand.
type modelReader struct{ err error }

func (r *modelReader) fail(place, format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%s: %s", place, fmt.Sprintf(format, args...))
	}
}

// section is one mapping of the file.
type section struct {
	reader *modelReader
	place  string
	keys   map[string]any
}

// section opens a mapping. With known keys given, any other key is an error.
func (r *modelReader) section(v any, place string, known ...string) section {
	if mixed, numbers := v.(map[any]any); numbers { // a key such as 1 is a number to YAML
		words := map[string]any{}
		for key, value := range mixed {
			words[fmt.Sprint(key)] = value
		}
		v = words
	}
	keys, ok := v.(map[string]any)
	if !ok && v != nil {
		r.fail(place, "is %T where keys are wanted", v)
	}
	for key := range keys {
		if len(known) > 0 && !slices.Contains(known, key) {
			r.fail(place, "the auditor does not know %q", key)
		}
	}
	return section{reader: r, place: place, keys: keys}
}

func (s section) has(key string) bool { return s.keys[key] != nil }

func (s section) child(key string, known ...string) section {
	return s.reader.section(s.keys[key], s.place+"."+key, known...)
}

// named are the mappings in a mapping by their names.
func (s section) named(key string, known ...string) map[string]section {
	out := map[string]section{}
	for name, v := range s.child(key).keys {
		out[name] = s.reader.section(v, s.place+"."+key+"."+name, known...)
	}
	return out
}

// list are the mappings in a list.
func (s section) list(key string, known ...string) []section {
	items, ok := s.keys[key].([]any)
	if !ok && s.has(key) {
		s.reader.fail(s.place+"."+key, "is no list")
	}
	var out []section
	for i, v := range items {
		out = append(out, s.reader.section(v, fmt.Sprintf("%s.%s[%d]", s.place, key, i), known...))
	}
	return out
}

func (s section) text(key string) string {
	if !s.has(key) {
		return ""
	}
	return fmt.Sprint(s.keys[key])
}

func (s section) texts(key string) []string {
	var out []string
	switch v := s.keys[key].(type) {
	case nil:
	case []any:
		for _, x := range v {
			out = append(out, fmt.Sprint(x))
		}
	default:
		out = append(out, fmt.Sprint(v))
	}
	return out
}

func (s section) textMap(key string) map[string]string {
	out := map[string]string{}
	for name, v := range s.child(key).keys {
		out[name] = fmt.Sprint(v)
	}
	return out
}

// byLanguage reads one text for all languages, or one for each.
func (s section) byLanguage(key string) map[string]string {
	if text, ok := s.keys[key].(string); ok {
		return map[string]string{"": text}
	}
	return s.textMap(key)
}

func (s section) yes(key string) bool { return s.keys[key] == true }

// thousandths reads a decimal number exactly.
func (s section) thousandths(key string) int64 {
	if !s.has(key) {
		return 0
	}
	n, ok := new(big.Rat).SetString(fmt.Sprint(s.keys[key]))
	if !ok {
		s.reader.fail(s.place+"."+key, "is no number")
		return 0
	}
	n.Mul(n, big.NewRat(thousand, 1))
	if !n.IsInt() {
		s.reader.fail(s.place+"."+key, "has more than three decimals")
		return 0
	}
	return n.Num().Int64()
}

func (s section) points(key string) *int64 {
	if !s.has(key) {
		return nil
	}
	n := s.thousandths(key)
	return &n
}

// duration reads "90d" and the like; 0 if absent.
func (s section) duration(key string) time.Duration {
	if !s.has(key) {
		return 0
	}
	n, unit := s.amount(key)
	length := map[string]time.Duration{"m": time.Minute, "h": time.Hour, "d": day, "w": 7 * day}[unit]
	if length == 0 {
		s.reader.fail(s.place+"."+key, "has a unit that the auditor does not know: %q", unit)
	}
	return time.Duration(n) * length
}

// days reads a number of days, "2d", "1w", or of working days, "1wd".
func (s section) days(key string) (n int, working bool) {
	if !s.has(key) {
		return 0, false
	}
	n, unit := s.amount(key)
	switch unit {
	case "d":
		return n, false
	case "w":
		return 7 * n, false
	case "wd":
		return n, true
	}
	s.reader.fail(s.place+"."+key, "is no number of days: %q", s.text(key))
	return 0, false
}

func (s section) amount(key string) (n int, unit string) {
	text := s.text(key)
	digits := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyz ")
	n, err := strconv.Atoi(digits)
	if err != nil {
		s.reader.fail(s.place+"."+key, "is no duration: %q", text)
	}
	return n, strings.TrimSpace(text[len(digits):])
}

// condition parses an expression into its tree; nil if absent. Nothing of the library but its syntax is used.
func (s section) condition(key string) ast.Node {
	if !s.has(key) {
		return nil
	}
	config := conf.CreateNew()
	config.Functions["count"] = &builtin.Function{Name: "count"} // here it is about activities, not about lists
	tree, err := parser.ParseWithConfig(s.text(key), config)
	if err != nil {
		s.reader.fail(s.place+"."+key, "%v", err)
		return nil
	}
	return tree.Node
}

// property is a source without the object in front.
func property(source string) string { return strings.TrimPrefix(source, "contact.") }

func compareText(a, b string) int { return strings.Compare(a, b) }
