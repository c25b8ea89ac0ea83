package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Text from the CRM is text. A name may hold line ends that forge a line of ours, escape sequences that a terminal
// obeys, and marks of direction that turn what stands beside them around. So whatever a command prints as part of a
// line goes through plain, by tell, and everything that leaves the program through plainWriter, so that a place that
// was forgotten is no door. What is escaped stands as \uXXXX, which in JSON is the very same text.

// plain gives a text on one line without anything that a terminal obeys or nobody sees.
func plain(text string) string {
	if strings.IndexFunc(text, hidden) < 0 && utf8.ValidString(text) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		writePlain(&b, r)
	}
	return b.String()
}

// hidden are control characters, line and paragraph ends, and marks that are not seen but for the two that write
// scripts and emoji together.
func hidden(r rune) bool {
	const nonJoiner, joiner = '\u200c', '\u200d'
	return r == utf8.RuneError || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co) && r != joiner && r != nonJoiner
}

func writePlain(b *strings.Builder, r rune) {
	switch {
	case !hidden(r):
		b.WriteRune(r)
	case r == '\n':
		b.WriteString(`\n`)
	case r == '\t':
		b.WriteString(`\t`)
	case r == utf8.RuneError:
		b.WriteRune(r) // seen, and of one form
	case r > 0xffff: // as JSON has it
		r -= 0x10000
		fmt.Fprintf(b, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
	default:
		fmt.Fprintf(b, `\u%04x`, r)
	}
}

// block is a text of several lines that leadsync has laid out.
type block string

// tell prints a line, or some. Every argument that is a text, but for a block, is on one line whatever stands in it.
func tell(w io.Writer, format string, args ...any) {
	_, _ = fmt.Fprintf(w, format, plainArgs(args)...) // a reader that has gone stops nothing
}

// tellLine prints its arguments as a line.
func tellLine(w io.Writer, args ...any) {
	_, _ = fmt.Fprintln(w, plainArgs(args)...)
}

func plainArgs(args []any) []any {
	out := make([]any, len(args))
	for i, arg := range args {
		switch arg := arg.(type) {
		case block:
			out[i] = string(arg)
		case string:
			out[i] = plain(arg)
		case []string:
			list := make([]string, len(arg))
			for n, one := range arg {
				list[n] = plain(one)
			}
			out[i] = list
		default:
			out[i] = arg
			if text := fmt.Sprint(arg); plain(text) != text {
				out[i] = plain(text)
			}
		}
	}
	return out
}

// plainWriter lets nothing through that a terminal obeys, but for line ends, tabs and, if colors are meant, the colors
// of the screen.
type plainWriter struct {
	to     io.Writer
	colors bool
	mu     sync.Mutex // several goroutines may write, as to a file
	rest   []byte     // of a character that came in two pieces
}

// guarded is where a command writes.
func guarded(w io.Writer) io.Writer {
	if w == nil {
		return nil
	}
	return &plainWriter{to: w}
}

// unguarded gives the writer itself, for what draws on terminals and prints no text of others.
func unguarded(w io.Writer) io.Writer {
	if p, ok := w.(*plainWriter); ok {
		return p.to
	}
	return w
}

// colored is a writer that lets the colors of the screen through.
func colored(w io.Writer) io.Writer { return &plainWriter{to: unguarded(w), colors: true} }

// Write implements io.Writer.
func (p *plainWriter) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	whole := append(p.rest, text...) //nolint:gocritic // the rest is used up
	p.rest = nil
	var b strings.Builder
	for len(whole) > 0 {
		if !utf8.FullRune(whole) {
			p.rest = append([]byte(nil), whole...)
			break
		}
		if n := p.color(whole); n > 0 {
			b.Write(whole[:n])
			whole = whole[n:]
			continue
		}
		r, size := utf8.DecodeRune(whole)
		if r == '\n' || r == '\t' {
			b.WriteRune(r)
		} else {
			writePlain(&b, r)
		}
		whole = whole[size:]
	}
	if _, err := io.WriteString(p.to, b.String()); err != nil {
		return 0, err
	}
	return len(text), nil
}

// color is the length of a sequence of the screen's own at the beginning of a text, 0 if there is none.
func (p *plainWriter) color(text []byte) int {
	if !p.colors || text[0] != '\x1b' {
		return 0
	}
	for _, code := range []string{"0", bold, faint, red, green, yellow, blue, cyan} {
		if sequence := "\x1b[" + code + "m"; strings.HasPrefix(string(text[:min(len(text), len(sequence))]), sequence) {
			return len(sequence)
		}
	}
	return 0
}

// terminal is the file behind a writer, if it is one.
func terminal(w io.Writer) (*os.File, bool) {
	f, ok := unguarded(w).(*os.File)
	return f, ok
}
