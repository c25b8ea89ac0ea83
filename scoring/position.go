package scoring

import (
	"strings"

	"go.yaml.in/yaml/v4"
)

// position is the place in the file of a character inside a scalar's value.
func (r *reader) position(n *yaml.Node, offset int) (line, column int) {
	w := walker{lines: r.lines, line: n.Line - 1, column: n.Column - 1, style: n.Style}
	w.enter()
	for range offset {
		w.step()
	}
	return w.line + 1, w.column + 1
}

// walker follows a scalar's source text value character by value character, so that quotes, escapes, block
// indentation and folded line ends are skipped.
type walker struct {
	lines        []string
	line, column int // from 0; the column counts characters
	style        yaml.Style
}

// enter moves to the first character of the value.
func (w *walker) enter() {
	switch {
	case w.style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		w.nextLine()
	case w.style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		w.column++
	}
}

func (w *walker) rest() []rune {
	if w.line >= len(w.lines) {
		return nil
	}
	line := []rune(w.lines[w.line])
	return line[min(w.column, len(line)):]
}

// nextLine moves to the first character of the next line that has one.
func (w *walker) nextLine() {
	w.line++
	for w.line < len(w.lines)-1 && strings.TrimSpace(w.lines[w.line]) == "" {
		w.line++
	}
	w.column = 0
	if w.line < len(w.lines) {
		line := w.lines[w.line]
		w.column = len(line) - len(strings.TrimLeft(line, " \t"))
	}
}

// step moves over the source of one character of the value.
func (w *walker) step() {
	rest := w.rest()
	switch {
	case strings.TrimSpace(string(rest)) == "":
		w.nextLine()
	case w.style&yaml.SingleQuotedStyle != 0 && rest[0] == '\'':
		w.column += 2
	case w.style&yaml.DoubleQuotedStyle != 0 && rest[0] == '\\':
		w.column += escapeLength(rest)
	default:
		w.column++
	}
}

// escapeLength is how many characters an escape in double quotes takes.
func escapeLength(rest []rune) int {
	if len(rest) < 2 {
		return len(rest)
	}
	switch rest[1] {
	case 'x':
		return 4
	case 'u':
		return 6
	case 'U':
		return 10
	default:
		return 2
	}
}

// splitLines splits a text at its line ends, whatever system wrote it.
func splitLines(text []byte) []string {
	return strings.Split(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n")
}
