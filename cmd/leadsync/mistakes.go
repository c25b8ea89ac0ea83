package main

import (
	"errors"
	"io"
	"strings"

	"leadsync/scoring"
)

// writeError tells what went wrong. Under each mistake of a model file stands its line with a caret under the place.
func writeError(w io.Writer, err error) {
	text := err.Error()
	for _, problems := range problemsIn(err) {
		var lines []string
		for _, p := range problems {
			lines = append(lines, p.String())
			if excerpt := p.Excerpt(); excerpt != "" {
				lines = append(lines, excerpt)
			}
		}
		text = strings.Replace(text, problems.Error(), strings.Join(lines, "\n"), 1)
	}
	tell(w, "leadsync: %s\n", block(text))
}

// problemsIn are the mistakes of all model files that an error tells of.
func problemsIn(err error) []scoring.Problems {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []scoring.Problems
		for _, one := range joined.Unwrap() {
			all = append(all, problemsIn(one)...)
		}
		return all
	}
	if problems, ok := errors.AsType[*scoring.Problems](err); ok {
		return []scoring.Problems{*problems}
	}
	return nil
}
