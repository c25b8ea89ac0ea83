package agreement

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Text writes the document for a terminal that is so many columns wide. The texts come from the model file; whoever
// prints for a terminal takes out what it would obey.
func (d *Document) Text(out io.Writer, columns int) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n", d.Title, strings.Repeat("=", utf8.RuneCountInString(d.Title)))
	for _, p := range d.Agreed {
		name := p.Name
		if name == "" {
			name = strings.Repeat("_", 24)
		}
		fmt.Fprintf(&b, "%s: %s\n", p.Side, name)
	}
	fmt.Fprintf(&b, "%.8s · %s\n", d.Version, d.Printed.Format("2006-01-02"))
	for _, s := range d.Sections {
		fmt.Fprintf(&b, "\n%s\n%s\n", s.Title, strings.Repeat("-", utf8.RuneCountInString(s.Title)))
		for _, line := range s.Intro {
			for _, part := range fold(line.String(), columns) {
				fmt.Fprintln(&b, part)
			}
		}
		for _, t := range s.Tables {
			t.write(&b, columns)
		}
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// String is a line as text.
func (l Line) String() string { return l.Text + l.Code }

// write lays a table out. Where it is wider than the terminal, its widest columns give way.
func (t Table) write(b *strings.Builder, columns int) {
	fmt.Fprintln(b)
	if t.Title != "" {
		for _, part := range fold(t.Title, columns) {
			fmt.Fprintln(b, part)
		}
	}
	widths := t.widths(columns)
	head := make([]Cell, len(t.Head))
	for i, name := range t.Head {
		head[i] = Cell{{Text: name}}
	}
	writeRow(b, head, widths)
	for i, width := range widths {
		if i > 0 {
			b.WriteString("  ")
		}
		b.WriteString(strings.Repeat("-", width))
	}
	b.WriteByte('\n')
	for _, row := range t.Rows {
		writeRow(b, row, widths)
	}
}

// widths are what the columns get: what they need, or less for the widest.
func (t Table) widths(columns int) []int {
	widths := make([]int, len(t.Head))
	for i, name := range t.Head {
		widths[i] = utf8.RuneCountInString(name)
		for _, row := range t.Rows {
			for _, line := range row[i] {
				widths[i] = max(widths[i], utf8.RuneCountInString(line.String()))
			}
		}
	}
	const least = 12
	for {
		sum, widest := 2*(len(widths)-1), 0
		for i, width := range widths {
			sum += width
			if width > widths[widest] {
				widest = i
			}
		}
		if sum <= columns || widths[widest] <= least {
			return widths
		}
		widths[widest]--
	}
}

func writeRow(b *strings.Builder, row []Cell, widths []int) {
	folded, height := make([][]string, len(row)), 1
	for i, cell := range row {
		for _, line := range cell {
			folded[i] = append(folded[i], fold(line.String(), widths[i])...)
		}
		height = max(height, len(folded[i]))
	}
	for at := range height {
		var line strings.Builder
		for i := range row {
			text := ""
			if at < len(folded[i]) {
				text = folded[i][at]
			}
			line.WriteString(text)
			line.WriteString(strings.Repeat(" ", max(0, widths[i]-utf8.RuneCountInString(text))+2))
		}
		b.WriteString(strings.TrimRight(line.String(), " "))
		b.WriteByte('\n')
	}
}

// fold breaks a text into lines that are so many characters long at most: at spaces, or where there is none within a word.
func fold(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		for utf8.RuneCountInString(word) > width {
			if line != "" {
				lines, line = append(lines, line), ""
			}
			runes := []rune(word)
			lines, word = append(lines, string(runes[:width])), string(runes[width:])
		}
		switch {
		case word == "":
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= width:
			line += " " + word
		default:
			lines, line = append(lines, line), word
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}
