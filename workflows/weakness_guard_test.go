package workflows_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// weakFields are the switches of the client, which may not import Weakness.
func weakFields() []string { return []string{"Repeats", "Uncompared", "SilentAbsent", "Overwrites"} }

// weakens lists the places of a file that switch a defence off: whoever names Weaken, fills a hubspot.Weak, or sets
// one of its fields.
func weakens(set *token.FileSet, file *ast.File) []string {
	var found []string
	at := func(n ast.Node) { found = append(found, set.Position(n.Pos()).String()) }
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			return n.Name.Name != "Weaken" || n.Recv != nil // where it is made
		case *ast.Ident:
			if n.Name == "Weaken" {
				at(n)
			}
		case *ast.CompositeLit:
			if named(n.Type) == "Weak" && len(n.Elts) > 0 {
				at(n)
			}
		case *ast.KeyValueExpr:
			if slices.Contains(weakFields(), named(n.Key)) {
				at(n)
			}
		case *ast.AssignStmt:
			for _, left := range n.Lhs {
				if sel, ok := left.(*ast.SelectorExpr); ok && slices.Contains(weakFields(), sel.Sel.Name) {
					at(n)
				}
			}
		case *ast.UnaryExpr:
			if sel, ok := n.X.(*ast.SelectorExpr); ok && n.Op == token.AND && slices.Contains(weakFields(), sel.Sel.Name) {
				at(n)
			}
		}
		return true
	})
	return found
}

func named(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

// Nothing that is sold switches a defence off: only tests do.
func TestWeakness_onlyInTests(t *testing.T) {
	set, files := token.NewFileSet(), 0
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == ".git" || entry.Name() == "testdata"):
			return fs.SkipDir
		case entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		files++
		for _, place := range weakens(set, file) {
			t.Errorf("%s switches a defence off", place)
		}
		return nil
	})
	if err != nil || files < 300 {
		t.Errorf("%d files, %v", files, err)
	}
}

// The check above can fail.
func TestWeakness_guardSees(t *testing.T) {
	for name, tc := range map[string]struct {
		body string
		want int
	}{
		"a call":               {"o.Weak = workflows.Weaken(workflows.Sweep)", 1},
		"a value":              {"f := workflows.Weaken; _ = f", 1},
		"a filled literal":     {"c.Weak = hubspot.Weak{true, false, false, false}", 1},
		"a field of a literal": {"_ = hubspot.Weak{Repeats: true}", 2},
		"an assignment":        {"c.Weak.Overwrites = true", 1},
		"an address":           {"p := &c.Weak.Uncompared; *p = true", 1},
		"handing it on":        {"o := Options{Weak: s.Weak}; if o.Weak.Without(d) || c.weak.Repeats { return }", 0},
		"nothing":              {"_ = hubspot.Weak{}", 0},
	} {
		t.Run(name, func(t *testing.T) {
			set := token.NewFileSet()
			file, err := parser.ParseFile(set, "x.go", "package x\nfunc f() {\n"+tc.body+"\n}\n", parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			if got := weakens(set, file); len(got) != tc.want {
				t.Errorf("found %v, want %d", got, tc.want)
			}
		})
	}
}

// Every switch of the client is a field that the check knows.
func TestWeakness_guardKnowsTheClient(t *testing.T) {
	text, err := os.ReadFile("../connector/hubspot/weak.go")
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), "weak.go", text, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var fields []string
	ast.Inspect(file, func(n ast.Node) bool {
		if st, ok := n.(*ast.StructType); ok {
			for _, f := range st.Fields.List {
				for _, name := range f.Names {
					fields = append(fields, name.Name)
				}
			}
		}
		return true
	})
	if !slices.Equal(fields, weakFields()) {
		t.Errorf("the client has %v, the check knows %v", fields, weakFields())
	}
}
