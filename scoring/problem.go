package scoring

import (
	"fmt"
	"slices"
	"strings"
)

// Problem is one mistake in a model file, with its place and what to do about it.
type Problem struct {
	File   string
	Line   int // from 1
	Column int // from 1, in characters
	Key    string
	Text   string // what is wrong
	Remedy string // what to do
	Source string // the line of the file as it is written; empty if nobody has it
}

// String renders the problem as file:line:column: key: problem; remedy.
func (p Problem) String() string {
	return strings.Map(harmless, fmt.Sprintf("%s:%d:%d: %s: %s; %s", p.File, p.Line, p.Column, p.Key, p.Text, p.Remedy))
}

// harmless shows a question mark for what a terminal would obey.
func harmless(r rune) rune {
	if r == '\n' || hidden(r) {
		return '?'
	}
	return r
}

// Excerpt shows the line of the file with a caret under the place, in two lines; of a long line only what is around
// the place. It is empty if there is no source.
func (p Problem) Excerpt() string {
	const before, most = 60, 100 // characters: the excerpt fits beside the number into a usual terminal
	if p.Source == "" {
		return ""
	}
	line := []rune(strings.Map(harmless, p.Source))
	at := min(max(p.Column-1, 0), len(line))
	if from := at - before; from > 0 && len(line) > most {
		line, at = append([]rune("…"), line[from:]...), before+1
	}
	if len(line) > most {
		line = append(line[:most-1:most-1], '…')
	}
	margin := strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, string(line[:at]))
	return fmt.Sprintf("%6d | %s\n%6s | %s^", p.Line, string(line), "", margin)
}

// Problems are all mistakes of a file, in the order of the file.
type Problems []Problem //nolint:errname,recvcheck // the contract's name; an error is found by its pointer

// Error lists every problem on a line of its own.
func (p *Problems) Error() string {
	lines := make([]string, len(*p))
	for i, problem := range *p {
		lines[i] = problem.String()
	}
	return strings.Join(lines, "\n")
}

// sorted puts the problems in the order of the file and drops exact repetitions.
func (p Problems) sorted() Problems {
	slices.SortStableFunc(p, func(a, b Problem) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return slices.Compact(p)
}

// nearest is the valid word that was most likely meant, empty if none is near.
func nearest(word string, valid []string) string {
	best, distance := "", 3 // more than two slips are another word
	for _, candidate := range slices.Sorted(slices.Values(valid)) {
		if len(word) > 4*(len(candidate)+distance) {
			continue // longer by more letters than two, however many bytes they have: not worth measuring
		}
		if d := editDistance(strings.ToLower(word), strings.ToLower(candidate)); d < distance && d < len(candidate) {
			best, distance = candidate, d
		}
	}
	return best
}

// didYouMean proposes the nearest of the valid words, or lists them all.
func didYouMean(word string, valid []string) string {
	if best := nearest(word, valid); best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	if len(valid) == 0 {
		return "there is nothing declared that could stand here"
	}
	names := slices.Clone(valid)
	slices.Sort(names)
	return "valid are: " + strings.Join(names, ", ")
}

// editDistance counts insertions, deletions, substitutions and swaps of neighbours.
func editDistance(a, b string) int {
	s, t := []rune(a), []rune(b)
	older, old, row := make([]int, len(t)+1), make([]int, len(t)+1), make([]int, len(t)+1)
	for j := range old {
		old[j] = j
	}
	for i := 1; i <= len(s); i++ {
		row[0] = i
		for j := 1; j <= len(t); j++ {
			cost := 1
			if s[i-1] == t[j-1] {
				cost = 0
			}
			row[j] = min(old[j]+1, row[j-1]+1, old[j-1]+cost)
			if i > 1 && j > 1 && s[i-1] == t[j-2] && s[i-2] == t[j-1] {
				row[j] = min(row[j], older[j-2]+1)
			}
		}
		older, old, row = old, row, older
	}
	return old[len(t)]
}
