package scoring_test

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"leadsync/fixtures"
	"leadsync/scoring"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares with testdata/golden/name, or writes it with -update.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", "golden", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got), go test -update writes it:\n%s", file, diff)
	}
}

func TestParse_reportsEveryMistake(t *testing.T) {
	files, err := fs.Glob(fixtures.Models(), "models/broken/*.yaml")
	if err != nil || len(files) < 50 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	var all strings.Builder
	met := map[string]bool{} // keys at which a mistake is found
	for _, file := range files {
		text, err := fixtures.Models().ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := path.Base(file)
		_, err = scoring.Parse(name, text)
		problems, ok := errors.AsType[*scoring.Problems](err)
		if !ok {
			t.Errorf("%s: no problems but %v", name, err)
			continue
		}
		want := 1
		switch name {
		case "twenty_mistakes.yaml":
			want = 22
		case "follow_up_six_mistakes.yaml":
			want = 6
		case "five_mistakes.yaml":
			want = 5
		case "condition_time_equal.yaml": // both sides
			want = 2
		case "deal_incomplete.yaml": // pipeline, close_in, and an amount that is text
			want = 3
		}
		if len(*problems) != want {
			t.Errorf("%s: %d problems, want %d:\n%v", name, len(*problems), want, err)
		}
		lines := strings.Split(string(text), "\n")
		for _, p := range *problems {
			met[keyOf(p.Key)] = true
			if p.Line < 1 || p.Line > len(lines) || p.Column < 1 || p.Column > len([]rune(lines[p.Line-1]))+1 || p.Key == "" || p.Remedy == "" {
				t.Errorf("%s: a problem outside the file or without key or remedy: %+v", name, p)
			}
		}
		all.WriteString(err.Error() + "\n")
	}
	golden(t, "broken.txt", all.String())
	for _, key := range keysOfParser(t) {
		if !met[key] {
			t.Errorf("no broken model has its mistake at the key %s: add one to fixtures/models/broken", key)
		}
	}
}

// keyOf is the last name of a path of keys, without its place in a list.
func keyOf(path string) string {
	name, _, _ := strings.Cut(path[strings.LastIndex(path, ".")+1:], "[")
	return name
}
