package scoring_test

import (
	"errors"
	"strings"
	"testing"

	"leadsync/scoring"
)

// What people write who know SQL, a spreadsheet or nothing of the kind is answered in their words, at the place.
func TestParse_usualSlips(t *testing.T) {
	for _, c := range []struct{ condition, at, remedy string }{
		{`size = 3`, `= 3`, "write == for the same"},
		{`size => 3`, `=> 3`, "write == for the same"},
		{`size == 3 AND size == 4`, `AND size`, "small letters"},
		{`size == 3 Or size == 4`, `Or size`, "small letters"},
		{`NOT known(size)`, `NOT known`, "small letters"},
		{`NOT member`, `NOT member`, "small letters"},
		{`title IN ["x"]`, `IN ["x"]`, "small letters"},
		{`title == “x”`, `“x”`, "straight quotes"},
		{`size <> 3`, `<> 3`, "write != for different"},
		{`size is null`, `is null`, "ask known(x)"},
		{`title like "x"`, `like "x"`, "write contains"},
		{`size between 1 and 3`, `between 1`, "x >= 1 and x <= 3"},
		{`size > 1 & member`, `& member`, "write and"},
		{`size > 1 | member`, `| member`, "write or"},
		{`size > 1,5`, `,5`, "write a point"},
		{`size > 50%`, `%`, "the number alone"},
		{`size > 10k`, `k`, "in digits"},
		{`size > 99999999999999999999`, `9`, "one that a company can have"},
		{`title == "x`, ``, "the closing quote"},
		{`title == "\q"`, `q"`, "for a backslash"},
		{`(size > 3 and member`, ``, "close the bracket"},
		{`title in ["x"`, ``, "close the bracket"},
		{`size > 3 and`, ``, "complete it"},
		{`size > 3)`, `)`, "remove it, or open it"},
		{`title == "x" title == "y"`, `title == "y"`, "join two conditions by and or or"},
		{`title == Head of Sales`, `of Sales`, "quotes around a text"},
		{`size # 3`, `# 3`, "write a condition such as"},
	} {
		t.Run(c.condition, func(t *testing.T) {
			text := "model: m\nfacts:\n  title: {from: [contact.a]}\n  size: {from: [contact.b], type: number}\n  member: {from: [contact.c], type: bool}\n" +
				"scores:\n  fit:\n    rules:\n      - name: r\n        points: 1\n        when: |-\n          " + c.condition + "\nlifecycle:\n  - {stage: mql, scores: {fit: 1}}\n"
			_, err := scoring.Parse("m", []byte(text))
			problems, ok := errors.AsType[*scoring.Problems](err)
			if !ok || len(*problems) != 1 {
				t.Fatalf("not one problem: %v", err)
			}
			p := (*problems)[0]
			if p.Line != 12 || p.Column < 11 || p.Column > 11+len([]rune(c.condition)) {
				t.Fatalf("the place is %d:%d", p.Line, p.Column)
			}
			if rest := string([]rune(c.condition)[p.Column-11:]); !strings.HasPrefix(rest, c.at) || c.at == "" && rest != "" {
				t.Errorf("the place is at %q, want %q: %s", rest, c.at, p)
			}
			if !strings.Contains(p.Text+p.Remedy, c.remedy) {
				t.Errorf("%s: want the remedy %q", p, c.remedy)
			}
		})
	}
}
