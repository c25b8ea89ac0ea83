package modeltest_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"leadsync/cmd/leadsync/modeltest"
	"leadsync/fixtures"
)

// yardstick are the requirements that a model has to be able to say, and what follows from it, each of which is a story or
// a test.
func yardstick() []string {
	var list []string
	for _, span := range []string{"S1 to S96", "S100", "S102", "S105", "S107", "S109", "C1 to C13", "C21", "C23", "C24"} {
		list = append(list, numbered(span)...)
	}
	return list
}

// number is a requirement, or the first and last of several.
var number = regexp.MustCompile(`\b([SC])(\d{1,3})(?: (?:to|bis) [SC](\d{1,3}))?\b`)

// numbered are the requirements that a text names.
func numbered(text string) []string {
	var list []string
	for _, found := range number.FindAllStringSubmatch(text, -1) {
		first, _ := strconv.Atoi(found[2])
		last := first
		if found[3] != "" {
			last, _ = strconv.Atoi(found[3])
		}
		for n := first; n <= last; n++ {
			list = append(list, found[1]+strconv.Itoa(n))
		}
	}
	return list
}

var (
	// inBrackets is how a sentence names a requirement: "(S3, S35)".
	inBrackets = regexp.MustCompile(`\(([SC]\d[^()]*)\)`)
	// inFront is how a comment does: "S34: a download alone".
	inFront = regexp.MustCompile(`(?m)^((?:[SC]\d+(?:, )?)+):`)
	// inName is how the name of a test does: TestLint_S48.
	inName = regexp.MustCompile(`_([SC]\d+)`)
)

// shownBy are the requirements that the name of a story or the comment above a test claims to show.
func shownBy(text string) []string {
	var list []string
	for _, how := range []*regexp.Regexp{inBrackets, inFront} {
		for _, found := range how.FindAllStringSubmatch(text, -1) {
			list = append(list, numbered(found[1])...)
		}
	}
	return list
}

// shownByTests are the requirements that the tests of one file show, each with the tests. Only the name of a test and
// the comment directly above it count: what a comment inside mentions is not shown by that.
func shownByTests(t *testing.T, file string, text any) map[string][]string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string][]string{}
	for _, declaration := range parsed.Decls {
		f, ok := declaration.(*ast.FuncDecl)
		if !ok || f.Recv != nil || !strings.HasPrefix(f.Name.Name, "Test") && !strings.HasPrefix(f.Name.Name, "Fuzz") {
			continue
		}
		numbers := shownBy(f.Doc.Text())
		for _, found := range inName.FindAllStringSubmatch(f.Name.Name, -1) {
			numbers = append(numbers, found[1])
		}
		for _, n := range numbers {
			shown[n] = append(shown[n], f.Name.Name)
		}
	}
	return shown
}

// Every requirement of the yardstick is a named story or test: this lists those that are none.
func TestEveryRequirementHasAStoryOrTest(t *testing.T) {
	shown := map[string][]string{}
	files, err := fs.Glob(fixtures.Models(), "models/*_test.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		for _, s := range storiesOf(t, file).Stories {
			for _, n := range shownBy(s.Name) {
				shown[n] = append(shown[n], s.Name)
			}
		}
	}
	root := os.DirFS(filepath.Join("..", "..", ".."))
	tests := 0
	err = fs.WalkDir(root, ".", func(path string, entry fs.DirEntry, err error) error {
		if path == "connector/hubspot/simulator" { // knows nothing of leadsync, and can show nothing of it
			return fs.SkipDir
		}
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := fs.ReadFile(root, path)
		tests++
		for n, names := range shownByTests(t, path, text) {
			shown[n] = append(shown[n], names...)
		}
		return err
	})
	if err != nil || tests < 100 {
		t.Fatalf("%d files with tests: %v", tests, err)
	}
	var missing []string
	for _, n := range yardstick() {
		if testing.Verbose() {
			t.Logf("%s: %s", n, strings.Join(shown[n], "; "))
		}
		if len(shown[n]) == 0 {
			missing = append(missing, n)
		}
	}
	if len(missing) > 0 {
		t.Errorf("no story and no test shows %s; name one after each: a story ends in (S34), the comment above a test has (S34)", strings.Join(missing, ", "))
	}
}

// The counting itself: what claims a requirement, and what only mentions one.
func TestShownBy(t *testing.T) {
	const source = `package p
// TestA shows that nothing is lost (S3, S70 to S72), see S5.
func TestA() {
	// S6: mentioned inside.
}

// S34, S35: a download alone.
func TestB_S36() {}

// Helper is no test (S7).
func Helper() {}

// S8: stands alone.

type x struct{}
func (x) TestC_S9() {}
`
	got := shownByTests(t, "p_test.go", source)
	want := map[string][]string{
		"S3": {"TestA"}, "S70": {"TestA"}, "S71": {"TestA"}, "S72": {"TestA"}, "S34": {"TestB_S36"}, "S35": {"TestB_S36"}, "S36": {"TestB_S36"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if n := len(yardstick()); n != 96+5+13+3 || !slices.Contains(yardstick(), "S52") {
		t.Errorf("%d requirements: %v", n, yardstick())
	}
	if got := fmt.Sprint(shownBy("die Adresse (S3, S4 bis S6), auch (siehe S9) S10")); got != "[S3 S4 S5 S6]" {
		t.Errorf("a story shows %s", got)
	}
}

// storiesOf parses a file with stories of the sample models.
func storiesOf(t *testing.T, file string) *modeltest.File {
	t.Helper()
	text, err := fs.ReadFile(fixtures.Models(), file)
	if err != nil {
		t.Fatal(err)
	}
	f, err := modeltest.Parse(file, text, load)
	if err != nil {
		t.Fatal(err)
	}
	return f
}
