package scoring_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"leadsync/scoring"
)

// The caret stands under the first character of what is wrong, however the text is written.
func TestProblem_Excerpt(t *testing.T) {
	model := func(rule string) string {
		return "model: m\nfacts:\n  job_title: {from: [contact.jobtitle]}\nscores:\n  fit:\n    rules:\n" + rule +
			"\nlifecycle:\n  - {stage: mql, scores: {fit: 1}}\n"
	}
	for name, c := range map[string]struct {
		rule  string
		under string // the source from the caret on
	}{
		"plain":             {"      - {name: r, points: 1, when: jobtitle == \"x\"}", `jobtitle == "x"}`},
		"single quotes":     {"      - {name: r, points: 1, when: 'job_title == \"it''s\" or jobtitle == \"x\"'}", `jobtitle == "x"'}`},
		"double quotes":     {"      - {name: r, points: 1, when: \"job_title == \\\"\\u00e4\\\" or jobtitle == 'x'\"}", `jobtitle == 'x'"}`},
		"umlauts before":    {"      - {name: größe, points: 1, when: jobtitle == \"x\"}", `jobtitle == "x"}`},
		"tab before":        {"      - {name: r,\tpoints: 1, when: jobtitle == \"x\"}", `jobtitle == "x"}`},
		"block":             {"      - name: r\n        points: 1\n        when: |\n          known(job_title) and\n\n          jobtitle == \"x\"", `jobtitle == "x"`},
		"folded":            {"      - name: r\n        points: 1\n        when: >-\n          known(job_title) and\n          jobtitle == \"x\"", `jobtitle == "x"`},
		"block further in":  {"      - name: r\n        points: 1\n        when: |\n\n          known(job_title) and \n            known(job_title) and\n\n\n              jobtitle == \"x\"", `jobtitle == "x"`},
		"folded with gaps":  {"      - name: r\n        points: 1\n        when: >\n          known(job_title) and\n\n\n          known(job_title) and\n\n          jobtitle == \"x\"", `jobtitle == "x"`},
		"folded further in": {"      - name: r\n        points: 1\n        when: >\n          known(job_title) and\n            known(job_title) and\n\n          jobtitle == \"x\"", `jobtitle == "x"`},
		"plain with gaps":   {"      - name: r\n        points: 1\n        when: known(job_title) and\n\n\n          known(job_title) and  \n            jobtitle == \"x\"", `jobtitle == "x"`},
		"escaped line end":  {"      - {name: r, points: 1, when: \"known(job_title) \\\n          and jobtitle == 'x'\"}", `jobtitle == 'x'"}`},
		"over two lines":    {"      - {name: r, points: 1, when: 'known(job_title) and\n          jobtitle == \"x\"'}", `jobtitle == "x"'}`},
		"CRLF":              {"      - {name: r, points: 1, when: jobtitle == \"x\"}\r\n", `jobtitle == "x"}`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := scoring.Parse("m.yaml", []byte(model(c.rule)))
			problems, ok := errors.AsType[*scoring.Problems](err)
			if !ok || len(*problems) != 1 || (*problems)[0].Remedy != `did you mean "job_title"?` {
				t.Fatalf("problems: %v", err)
			}
			source, caret, ok := strings.Cut((*problems)[0].Excerpt(), "\n")
			if !ok || !strings.HasSuffix(caret, "^") {
				t.Fatalf("no caret: %q", caret)
			}
			at := len([]rune(caret)) - 1
			if got := string([]rune(source)[at:]); got != c.under {
				t.Errorf("the caret stands under %q, want %q\n%s\n%s", got, c.under, source, caret)
			}
			if tabs := strings.Count(string([]rune(source)[:at]), "\t"); tabs != strings.Count(caret, "\t") {
				t.Errorf("the tabs differ: the caret is elsewhere on the screen\n%s\n%s", source, caret)
			}
		})
	}
}

func TestProblem_Excerpt_ofALongLine(t *testing.T) {
	for name, c := range map[string]struct {
		problem scoring.Problem
		want    string
	}{
		"no source":     {scoring.Problem{Line: 3, Column: 4}, ""},
		"behind a line": {scoring.Problem{Line: 3, Column: 9, Source: "ab"}, "     3 | ab\n       |   ^"},
		"long before":   {scoring.Problem{Line: 3, Column: 101, Source: strings.Repeat("a", 100) + "b"}, "     3 | …" + strings.Repeat("a", 60) + "b\n       | " + strings.Repeat(" ", 61) + "^"},
		"long behind":   {scoring.Problem{Line: 3, Column: 1, Source: strings.Repeat("a", 101)}, "     3 | " + strings.Repeat("a", 99) + "…\n       | ^"},
		"escape":        {scoring.Problem{Line: 3, Column: 2, Source: "\x1b[2J"}, "     3 | ?[2J\n       |  ^"},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, c.problem.Excerpt()); diff != "" {
				t.Error(diff)
			}
		})
	}
}
