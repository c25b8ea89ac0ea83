package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one mistake in a configuration file.
type Problem struct {
	File   string // name as given to Load or Parse
	Line   int    // from 1; 0 if the mistake has no place
	Column int    // from 1; 0 if the mistake has no place
	Key    string // path of the key, such as portals[0].webhooks.target_url; empty for the whole file
	// Problem says what is wrong, Remedy what to do about it. Neither holds a secret.
	Problem string
	Remedy  string
}

// String gives "file:line:column: key: problem; remedy", without the parts that are not known.
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", p.Line, p.Column)
	}
	if p.Key != "" {
		b.WriteString(": " + p.Key)
	}
	return b.String() + ": " + p.Problem + "; " + p.Remedy
}

// Problems are all mistakes of one file in the order of their position. It is the error of Parse and Load.
type Problems []Problem //nolint:errname // a list of things to repair; its reader thinks of problems, not of errors

// Error gives one line per problem.
func (p *Problems) Error() string {
	lines := make([]string, len(*p))
	for i, problem := range *p {
		lines[i] = problem.String()
	}
	return strings.Join(lines, "\n")
}

func (p *Problems) sort() {
	slices.SortStableFunc(*p, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Key, b.Key))
	})
}
