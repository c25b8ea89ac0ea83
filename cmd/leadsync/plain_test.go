package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	sheet "leadsync/cmd/leadsync/explained"
	"leadsync/fixtures/canary"
)

func hostileNames(t *testing.T) []string {
	t.Helper()
	names, err := canary.Hostile()
	if err != nil || len(names) < 30 {
		t.Fatalf("%d hostile names, %v", len(names), err)
	}
	return names
}

// obeyed are characters that a terminal obeys, or that are not seen and change what is.
func obeyed(r rune) bool {
	return unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' || r == '\ufeff' || r == '\u200b' || r >= 0xe0000
}

// Whatever somebody is called stands on one line, as a text, and in JSON as the same text.
func TestHostileNamesAreText(t *testing.T) {
	for _, name := range hostileNames(t) {
		t.Run(fmt.Sprintf("%+q", name), func(t *testing.T) {
			var out strings.Builder
			w := guarded(&out)
			tell(w, "contact %s of %v and %q: %s\n", name, []string{name}, name, errors.New(name))
			tellLine(w, "name:", name)
			if got := out.String(); strings.ContainsFunc(got, obeyed) || strings.Count(got, "\n") != 2 {
				t.Errorf("printed %q", got)
			}
			out.Reset()
			if _, err := fmt.Fprintf(w, "forgotten: %s\n", name); err != nil || strings.ContainsFunc(out.String(), obeyed) {
				t.Errorf("past tell: %q, %v", out.String(), err)
			}
			out.Reset()
			if err := printJSON(w, map[string]string{"name": name}); err != nil {
				t.Fatal(err)
			}
			var back map[string]string
			if err := json.Unmarshal([]byte(out.String()), &back); err != nil || back["name"] != name || strings.ContainsFunc(out.String(), obeyed) {
				t.Errorf("JSON %q, read back as %q, %v", out.String(), back["name"], err)
			}
			if got := harmless(name); strings.ContainsAny(firstSeen(got), "=+-@＝＋－＠") {
				t.Errorf("a spreadsheet takes %q for a formula", got)
			}
		})
	}
}

// firstSeen is the first character of a cell that is not white space.
func firstSeen(cell string) string {
	for _, r := range cell {
		if !unicode.IsSpace(r) && !unicode.IsControl(r) {
			return string(r)
		}
	}
	return ""
}

// Half of a character waits for the rest of it, and what ends with half a character loses nothing else.
func TestPlainWriterInPieces(t *testing.T) {
	text := "Ω\u202e名👩‍👧\x1b[31m\n"
	var whole, pieces strings.Builder
	_, _ = guarded(&whole).Write([]byte(text))
	w := guarded(&pieces)
	for i := range len(text) {
		if n, err := w.Write([]byte{text[i]}); n != 1 || err != nil {
			t.Fatalf("byte %d: %d, %v", i, n, err)
		}
	}
	if want := "Ω\\u202e名👩‍👧\\u001b[31m\n"; pieces.String() != want || whole.String() != want {
		t.Errorf("in pieces %q, whole %q, want %q", pieces.String(), whole.String(), want)
	}
	var painted strings.Builder
	fmt.Fprint(colored(&painted), "\x1b[1mbold\x1b[0m\x1b[2J")
	if want := "\x1b[1mbold\x1b[0m\\u001b[2J"; painted.String() != want {
		t.Errorf("painted %q, want %q", painted.String(), want)
	}
}

// Pages show hostile names as text: no element, attribute or style comes of them.
func TestHostileNamesOnPages(t *testing.T) {
	for _, name := range hostileNames(t) {
		var out, innocent strings.Builder
		for w, text := range map[*strings.Builder]string{&out: name, &innocent: "Ada Ott"} {
			page := sheet.Page{
				Language: "en", Contact: text, ID: text, Stage: text, Status: text, Notes: []string{text}, Unfinished: []string{text},
				Headings: []string{text}, Limits: []string{text}, Decisions: []sheet.Decision{{Lines: []string{text}}},
			}
			if err := sheet.Write(w, page); err != nil {
				t.Fatal(err)
			}
		}
		if a, b := strings.Count(out.String(), "<"), strings.Count(innocent.String(), "<"); a != b {
			t.Errorf("%+q makes %d tags, an innocent name %d", name, a, b)
		}
		if strings.ContainsFunc(out.String(), obeyed) {
			t.Errorf("%+q stands on the page as it is", name)
		}
	}
}

// Everything that a command prints goes through tell, which makes one line of every text. A place that prints past it
// is found here; the writer behind it still lets no escape sequence through.
func TestCommandsPrintByTell(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) < 40 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") || name == "plain.go" {
			continue
		}
		for _, place := range printing(t, name, nil) {
			if !slices.Contains([]string{"screen.go printf"}, name+" "+place.in) {
				t.Errorf("%s: func %s prints with %s; use tell or tellLine", place.at, place.in, place.with)
			}
		}
	}
	const red = `package main
import "fmt"
func show(w io.Writer, name string) { fmt.Fprintf(w, "%s", name) }`
	if found := printing(t, "red.go", red); len(found) != 1 || found[0].in != "show" || found[0].with != "Fprintf" {
		t.Errorf("the check does not see %+v", found)
	}
}

type printed struct{ at, in, with string }

func printing(t *testing.T, name string, source any) []printed {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, source, 0)
	if err != nil {
		t.Fatal(err)
	}
	var found []printed
	for _, decl := range file.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		ast.Inspect(fn, func(n ast.Node) bool {
			call, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if pkg, ok := call.X.(*ast.Ident); ok && pkg.Name == "fmt" && (strings.HasPrefix(call.Sel.Name, "Fprint") || strings.HasPrefix(call.Sel.Name, "Print")) {
				found = append(found, printed{at: set.Position(call.Pos()).String(), in: fn.Name.Name, with: call.Sel.Name})
			}
			return true
		})
	}
	return found
}
