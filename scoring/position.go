package scoring

import (
	"strings"
	"unicode"

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
	indent       int // of a block, which does not belong to the value
	owed         int // characters of the value that line ends stand for, besides the one that led to this line

	// The characters of the line that was looked at last, its number from 1, and how many there are without space at the end:
	// a value can be one long line, and a step must not cost a whole one.
	held        []rune
	holding     int
	withoutTail int
}

func (w *walker) block() bool { return w.style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 }

// enter moves to the first character of the value.
func (w *walker) enter() {
	switch {
	case w.block():
		w.owed = w.nextLine()
		w.indent = w.leading()
		w.column = w.indent
	case w.style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		w.column++
	}
}

func (w *walker) rest() []rune {
	if w.line >= len(w.lines) {
		return nil
	}
	if w.holding != w.line+1 {
		w.held, w.holding = []rune(w.lines[w.line]), w.line+1
		w.withoutTail = len([]rune(strings.TrimRightFunc(w.lines[w.line], unicode.IsSpace)))
	}
	return w.held[min(w.column, len(w.held)):]
}

// nextLine moves to the next line that has a character and gives how many empty ones it passed.
func (w *walker) nextLine() (empty int) {
	for w.line++; w.line < len(w.lines)-1 && strings.TrimSpace(w.lines[w.line]) == ""; w.line++ {
		empty++
	}
	w.column = w.leading()
	return empty
}

// leading is how far the line is indented.
func (w *walker) leading() int {
	if w.line >= len(w.lines) {
		return 0
	}
	line := w.lines[w.line]
	return len(line) - len(strings.TrimLeft(line, " \t"))
}

// step moves over the source of one character of the value.
func (w *walker) step() {
	if w.owed > 0 {
		w.owed--
		return
	}
	if rest := w.rest(); w.escaped(rest) && len(rest) == 1 {
		w.nextLine() // an escaped line end is no character
	}
	rest := w.rest()
	switch {
	case len(rest) == 0 || !w.block() && w.column >= w.withoutTail:
		w.lineEnd()
	case w.style&yaml.SingleQuotedStyle != 0 && rest[0] == '\'':
		w.column += 2
	case w.escaped(rest):
		w.column += escapeLength(rest)
	default:
		w.column++
	}
}

// escaped reports whether an escape begins here; only double quotes know any.
func (w *walker) escaped(rest []rune) bool {
	return w.style&yaml.DoubleQuotedStyle != 0 && len(rest) > 0 && rest[0] == '\\'
}

// lineEnd moves over the end of a line and the empty lines after it. A literal block has a character for each. All
// else is folded: a line end is a space, and if empty lines follow, they alone are characters; in a block only
// between lines that are not indented further than it.
func (w *walker) lineEnd() {
	further := w.block() && w.leading() > w.indent
	empty := w.nextLine()
	if w.block() {
		further = further || w.leading() > w.indent
		w.column = w.indent
	}
	w.owed = max(0, empty-1)
	if w.style&yaml.LiteralStyle != 0 || further {
		w.owed = empty
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
