package config

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

var (
	decimal  = regexp.MustCompile(`^[0-9]{1,20}$`)
	word     = regexp.MustCompile(`^[a-z][a-z0-9_]{0,99}$`)
	variable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,199}$`)
	byteSize = regexp.MustCompile(`^([0-9]{1,12}) ?(B|kB|KiB|MB|MiB)?$`)
)

// scalar gives the node of a single value under key, or nil after a report, or nil if the key is absent.
// Tags are the kinds of YAML value that are wanted.
func (m *mapping) scalar(key, wanted string, tags ...string) *yaml.Node {
	node := m.find(key)
	if node == nil {
		return nil
	}
	return m.checkScalar(key, node, wanted, tags...)
}

func (m *mapping) checkScalar(key string, node *yaml.Node, wanted string, tags ...string) *yaml.Node {
	if m.doc.silent[node] {
		return nil
	}
	if node.Kind == yaml.ScalarNode && slices.Contains(tags, node.ShortTag()) {
		return node
	}
	remedy := "write " + wanted
	if node.Kind == yaml.ScalarNode && node.ShortTag() == "!!null" {
		remedy += ", or remove the key"
	}
	m.report(key, node, "is "+kindName(node), remedy)
	return nil
}

// text reads a text that is not empty. It gives the node, or nil if there is nothing to look at further.
func (m *mapping) text(key, example string, target *string) *yaml.Node {
	node := m.scalar(key, fmt.Sprintf("text such as %q", example), "!!str")
	if node == nil {
		return nil
	}
	if strings.TrimSpace(node.Value) == "" {
		m.report(key, node, "is empty", "write a value, or remove the key")
		return nil
	}
	*target = node.Value
	return node
}

// number reads the account's own number of something; quotes may be left out.
func (m *mapping) number(key string, target *string) {
	node := m.scalar(key, "a number in quotes", "!!str", "!!int")
	if node == nil {
		return
	}
	if !decimal.MatchString(node.Value) {
		m.report(key, node, fmt.Sprintf("%q is no number", node.Value), "write its digits in quotes")
		return
	}
	*target = node.Value
}

// boolean reads true or false.
func (m *mapping) boolean(key string, target *bool) {
	if node := m.scalar(key, "true or false", "!!bool"); node != nil {
		*target = strings.EqualFold(node.Value, "true")
	}
}

// integer reads a whole number from low to high.
func (m *mapping) integer(key string, target *int, low, high int) {
	node := m.scalar(key, "a whole number", "!!int")
	if node == nil {
		return
	}
	value, err := strconv.Atoi(node.Value)
	if err != nil || value < low || value > high {
		m.report(key, node, node.Value+" is out of range", fmt.Sprintf("write a number from %d to %d", low, high))
		return
	}
	*target = value
}

// rate reads calls per second, above 0 and up to 1000.
func (m *mapping) rate(key string, target *float64) {
	node := m.scalar(key, "a number", "!!int", "!!float")
	if node == nil {
		return
	}
	value, err := strconv.ParseFloat(node.Value, 64)
	if err != nil || value <= 0 || value > 1000 {
		m.report(key, node, node.Value+" is out of range", "write calls per second above 0, at most 1000")
		return
	}
	*target = value
}

// size reads a number of bytes with an optional unit.
func (m *mapping) size(key string, target *int64, low, high int64) {
	node := m.scalar(key, "a size such as 1MiB", "!!str", "!!int")
	if node == nil {
		return
	}
	parts := byteSize.FindStringSubmatch(node.Value)
	if parts == nil {
		m.report(key, node, fmt.Sprintf("%q is no size", node.Value), "write a number with B, kB, KiB, MB or MiB, such as 1MiB")
		return
	}
	value, err := strconv.ParseInt(parts[1], 10, 64)
	value *= map[string]int64{"": 1, "B": 1, "kB": 1000, "KiB": 1 << 10, "MB": 1000 * 1000, "MiB": 1 << 20}[parts[2]]
	if err != nil || value < low || value > high {
		m.report(key, node, node.Value+" is out of range", fmt.Sprintf("write a size from %d to %d bytes", low, high))
		return
	}
	*target = value
}

// duration reads a duration with a unit, from low to high.
func (m *mapping) duration(key string, target *time.Duration, low, high time.Duration) {
	node := m.scalar(key, "a duration such as 15m", "!!str", "!!int", "!!float")
	if node == nil {
		return
	}
	value, err := time.ParseDuration(node.Value)
	if err != nil {
		m.report(key, node, fmt.Sprintf("%q is no duration", node.Value), "write a number with a unit, such as 500ms, 30s, 15m or 2h")
		return
	}
	if value < low || value > high {
		m.report(key, node, node.Value+" is out of range", fmt.Sprintf("write a duration from %s to %s", low, high))
		return
	}
	*target = value
}

// choice reads one of a few words.
func choice[T ~string](m *mapping, key string, target *T, what string, options ...T) {
	// Some of the words are also numbers or booleans to YAML; then the list of options is the better answer.
	node := m.scalar(key, what, "!!str", "!!bool", "!!int")
	if node == nil {
		return
	}
	if slices.Contains(options, T(node.Value)) {
		*target = T(node.Value)
		return
	}
	words := make([]string, len(options))
	for i, o := range options {
		words[i] = string(o)
	}
	last := len(words) - 1
	remedy := "write " + words[last]
	if last > 0 {
		remedy = "write " + strings.Join(words[:last], ", ") + " or " + words[last]
	}
	if near := nearest(node.Value, words); near != "" && len(words) > 2 {
		remedy = fmt.Sprintf("did you mean %s? possible are %s", near, strings.Join(words, ", "))
	}
	m.report(key, node, fmt.Sprintf("%q is no %s", node.Value, what), remedy)
}

// schedule reads a cron spec.
func (m *mapping) schedule(key string, target *string) {
	node := m.text(key, "@every 5m", target)
	if node == nil {
		return
	}
	if _, err := ParseSchedule(node.Value); err != nil {
		m.report(key, node, err.Error(), `write "@every 5m" or five fields such as "17 4 * * *"`)
	}
}

// source reads where a secret comes from: name_env or name_file, not both.
func (m *mapping) source(name string, target *SecretSource) {
	m.secrets = append(m.secrets, name)
	target.Key = join(m.path, name)
	env, file := name+"_env", name+"_file"
	if node := m.text(env, "ACME_TOKEN", &target.Env); node != nil && !variable.MatchString(node.Value) {
		// The value is not repeated: it is likely to be the secret itself.
		m.report(env, node, "is not the name of an environment variable", "write its name, such as ACME_TOKEN, not its value")
	}
	if m.text(file, "secrets/token", &target.File) != nil {
		target.File = m.doc.resolve(target.File)
	}
	if m.has(env) && m.has(file) {
		m.report(file, nil, "contradicts "+env, "keep one of the two")
	}
}
