package scoring_test

import (
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// impure are the doors to the world, to chance and to other people's clocks.
func impure() []string {
	return []string{"net", "os", "io/ioutil", "database/sql", "log", "context", "math/rand", "crypto/rand", "syscall", "plugin", "unsafe"}
}

func TestPurity_imports(t *testing.T) {
	checked := 0
	err := filepath.WalkDir(".", func(file string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return err
		}
		source, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		checked++
		for _, spec := range source.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if slices.ContainsFunc(impure(), func(bad string) bool { return name == bad || strings.HasPrefix(name, bad+"/") }) {
				t.Errorf("%s imports %s", file, name)
			}
		}
		return nil
	})
	if err != nil || checked < 20 {
		t.Errorf("%d files checked, %v", checked, err)
	}
}

func TestPurity_dependsOnNothingOfLeadsync(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "leadsync/scoring/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	packages := strings.Fields(string(out))
	for _, name := range []string{"leadsync/scoring", "leadsync/scoring/calendar", "leadsync/scoring/vocabulary"} {
		if !slices.Contains(packages, name) {
			t.Fatalf("go list says nothing of %s: %d packages", name, len(packages))
		}
	}
	for _, name := range packages {
		if strings.HasPrefix(name, "leadsync/") && !strings.HasPrefix(name, "leadsync/scoring") {
			t.Errorf("scoring depends on %s", name)
		}
	}
}
