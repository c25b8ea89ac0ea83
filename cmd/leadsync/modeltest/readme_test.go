package modeltest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"leadsync/cmd/leadsync/modeltest"
	"leadsync/scoring"
)

// What the README shows is a model and a story: the one parses without a finding, the other comes out as it says.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	models, stories := 0, 0
	for i, block := range strings.Split(string(text), "```") {
		block, yaml := strings.CutPrefix(block, "yaml\nmodel: ")
		if i%2 == 0 || !yaml {
			continue
		}
		block = "model: " + block
		if !strings.Contains(block, "\nstories:") {
			models++
			if findings, err := scoring.Lint("README.md", []byte(block), scoring.LintOptions{}); err != nil || len(findings) > 0 {
				t.Errorf("%v\n%v", err, findings)
			}
			continue
		}
		stories++
		f, err := modeltest.Parse("models/readme_test.yaml", []byte(block), load)
		if err != nil {
			t.Fatal(err)
		}
		if r := modeltest.Play([]*modeltest.File{f}, names()); r.Failed > 0 {
			var b strings.Builder
			r.Text(&b)
			t.Error(b.String())
		}
	}
	if models != 1 || stories != 1 {
		t.Errorf("%d models and %d files of stories", models, stories)
	}
}
