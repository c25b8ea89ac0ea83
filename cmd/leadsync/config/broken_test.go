package config_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"leadsync/cmd/leadsync/config"
)

var update = flag.Bool("update", false, "write the expected messages anew")

func broken(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/broken/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no broken files: %v", err)
	}
	return files
}

// problems parses a broken file under its bare name, as its golden file shows it.
func problems(t *testing.T, file string) config.Problems {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, err = config.Parse(filepath.Base(file), text)
	found, ok := errors.AsType[*config.Problems](err)
	if !ok || len(*found) == 0 {
		t.Fatalf("error = %v, want problems", err)
	}
	return *found
}

// Every file under testdata/broken is named after its mistake; the message stands in the file beside it.
func TestBrokenFiles(t *testing.T) {
	for _, file := range broken(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			found := problems(t, file)
			got := found.Error() + "\n"
			golden := strings.TrimSuffix(file, ".yaml") + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("messages (-want +got):\n%s", diff)
			}
		})
	}
}

// Whatever the mistake: it has a place and a remedy, and the secrets in these files stay in them.
func TestBrokenFilesTellWhereAndWhatToDoAndNoSecret(t *testing.T) {
	for _, file := range broken(t) {
		for _, p := range problems(t, file) {
			if p.Problem == "" || p.Remedy == "" || p.File != filepath.Base(file) {
				t.Errorf("%s: incomplete problem %+v", file, p)
			}
			for _, secret := range []string{"hunter2", "0badc0de"} {
				if strings.Contains(p.String(), secret) {
					t.Errorf("%s: the message repeats the secret: %s", file, p)
				}
			}
		}
	}
}

func TestFiveMistakesAreFiveProblemsInOrder(t *testing.T) {
	found := problems(t, "testdata/broken/five-mistakes.yaml")
	var keys []string
	for _, p := range found {
		keys = append(keys, p.Key)
	}
	want := []string{"listen", "limits.lease", "portals[0].token", "portals[0].effects.task", "portals[0].timezone"}
	if diff := cmp.Diff(want, keys); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	if !slices.IsSortedFunc(found, func(a, b config.Problem) int { return a.Line - b.Line }) {
		t.Errorf("not in the order of the file:\n%s", found.Error())
	}
}

func TestFileWithoutEndIsRefused(t *testing.T) {
	_, err := config.Parse("big.yaml", []byte(strings.Repeat("#", 2<<20)))
	want := "big.yaml: the file has 2097152 bytes; name a configuration file of at most 1 MiB"
	if err == nil || err.Error() != want {
		t.Errorf("error = %v, want %s", err, want)
	}
}
