package workflows_test

import (
	"html"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"leadsync/fixtures/hostile"
	"leadsync/scoring"
	"leadsync/workflows"
)

// FuzzTaskText fills any template with any values: the subject is one short line, the body is HTML that shows text and
// nothing else, no value is looked at for placeholders again, and nothing turns the direction of writing around.
func FuzzTaskText(f *testing.F) {
	f.Add("Call {name}", "{name} of {company}\nscore {score}", "Ada <script>alert(1)</script>", "{score} & Sons")
	f.Add("{name}", "{{name}} {name.} {Name} {fact.size}", "{company}", "\u202eevil\x1b[31m\x00")
	f.Add(strings.Repeat("{name}", 1000), "\r\n\u2028", strings.Repeat("\U0001f600", 5000), "\xff\xfe")
	f.Add("{fact.a}", "</td><img src=x onerror=alert(1)>", "javascript:alert(1)", "=cmd|' /C calc'!A0")
	w := hostile.New(f)
	f.Fuzz(func(t *testing.T, subject, body, name, company string) {
		w.Run(t, func() {
			values := map[string]string{"name": name, "company": company, "score": "55"}
			line, page := workflows.TaskTexts(subject, body, values)
			if strings.ContainsAny(line, "\r\n") || utf8.RuneCountInString(line) > 1000 || !utf8.ValidString(line) {
				t.Errorf("subject %.200q", line)
			}
			text := strings.ReplaceAll(page, "<br>", "\n")
			if strings.ContainsAny(text, `<>"'`) || !utf8.ValidString(page) {
				t.Errorf("body %.300q has markup of its own", page)
			}
			for _, one := range []string{line, html.UnescapeString(text)} {
				if i := strings.IndexFunc(one, func(r rune) bool {
					return r != '\n' && (unicode.IsControl(r) || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069')
				}); i >= 0 {
					t.Errorf("%.200q has a character that moves others about", one)
				}
			}
			once := scoring.Expand("{name}|{company}", values)
			if once != name+"|"+company {
				t.Errorf("values are looked at again: %q", once)
			}
			if got := scoring.Expand(subject, nil); got != subject {
				t.Errorf("without values %q became %q", subject, got)
			}
		})
	})
}
