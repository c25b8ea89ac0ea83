package agreement_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"leadsync/cmd/leadsync/agreement"
	"leadsync/scoring"
)

// samples are all models of the repository that hold, among them those with every key of the language.
func samples(t *testing.T) map[string]*scoring.Model {
	t.Helper()
	paths, err := filepath.Glob("../../../fixtures/models/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	models := map[string]*scoring.Model{}
	for _, path := range append(paths, "../../../scoring/reference.yaml", "../../../scoring/reference_bounds.yaml") {
		if strings.HasSuffix(path, "_test.yaml") {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		m, err := scoring.Parse(path, text)
		if err != nil {
			t.Fatal(err)
		}
		models[filepath.Base(path)] = m
	}
	if len(models) < 8 {
		t.Fatalf("only %d models", len(models))
	}
	return models
}

func document(t *testing.T, m *scoring.Model, language string) *agreement.Document {
	t.Helper()
	d, err := agreement.Of(m, language, time.Date(2026, time.November, 2, 9, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// said is everything that a document says, section by section.
func said(d *agreement.Document) string {
	var b strings.Builder
	for _, p := range d.Agreed {
		fmt.Fprintln(&b, p.Name)
	}
	for _, s := range d.Sections {
		for _, line := range s.Intro {
			fmt.Fprintln(&b, line)
		}
		for _, table := range s.Tables {
			fmt.Fprintln(&b, table.Title)
			for _, row := range table.Rows {
				for _, cell := range row {
					for _, line := range cell {
						fmt.Fprintln(&b, line)
					}
				}
			}
		}
	}
	return b.String()
}

// translated are the keys whose values the document says in words of its language, or that are no matter of both sides.
var translated = []string{
	"kind", "priority", "owner", "for", "per", "type", "until", "outcome", "unless_open", "lifecycle", "model", "grid", "time_zone", "push_step",
}

var span = regexp.MustCompile(`^([0-9]+)(s|m|h|d|w|wh|wd)$`)

// leaves calls for every value of a canonical text.
func leaves(key string, value any, each func(key, text string)) {
	switch value := value.(type) {
	case map[string]any:
		if words, ok := value["en"]; ok {
			leaves(key, words, each) // the document is in English
			return
		}
		for name, below := range value {
			if slices.Contains([]string{"scores", "gates", "tiers", "facts", "words", "activities", "audiences", "assignments", "options", "people", "properties"}, key) {
				each(key, name)
			}
			leaves(name, below, each)
		}
	case []any:
		for _, one := range value {
			leaves(key, one, each)
		}
	case json.Number:
		each(key, strings.TrimPrefix(value.String(), "-"))
	case string:
		if match := span.FindStringSubmatch(value); match != nil {
			value = match[1] + " "
		}
		each(key, value)
	}
}

// Nothing that both sides agreed on is left out: every name, number, condition and text of the model stands in it.
func TestOf_leavesNothingOut(t *testing.T) {
	for name, m := range samples(t) {
		t.Run(name, func(t *testing.T) {
			all := said(document(t, m, "en"))
			from := json.NewDecoder(bytes.NewReader(m.Canonical()))
			from.UseNumber()
			var whole map[string]any
			if err := from.Decode(&whole); err != nil {
				t.Fatal(err)
			}
			values := 0
			leaves("", whole, func(key, text string) {
				values++
				if !slices.Contains(translated, key) && !strings.Contains(all, text) {
					t.Errorf("%s: %q stands nowhere in the agreement", key, text)
				}
			})
			if values < 20 {
				t.Errorf("only %d values were looked for", values)
			}
		})
	}
}

// Both languages say the same: as many sections, tables, rows and lines.
func TestOf_languages(t *testing.T) {
	for name, m := range samples(t) {
		t.Run(name, func(t *testing.T) {
			en, de := document(t, m, "en"), document(t, m, "de")
			if x, y := shape(en), shape(de); x != y {
				t.Errorf("English:\n%s\nGerman:\n%s", x, y)
			}
			for i := range en.Sections {
				if en.Sections[i].Title == de.Sections[i].Title {
					t.Errorf("section %q is called %q in both languages", en.Sections[i].ID, en.Sections[i].Title)
				}
			}
		})
	}
}

func shape(d *agreement.Document) string {
	var b strings.Builder
	for _, s := range d.Sections {
		fmt.Fprintf(&b, "%s: %d", s.ID, len(s.Intro))
		for _, table := range s.Tables {
			fmt.Fprintf(&b, " %dx%d", len(table.Rows), len(table.Head))
			for _, row := range table.Rows {
				for _, cell := range row {
					fmt.Fprintf(&b, ".%d", len(cell))
				}
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// A text is as wide as it was asked to be, and folding loses nothing.
func TestDocument_Text(t *testing.T) {
	for name, m := range samples(t) {
		for _, columns := range []int{100, 120, 400} {
			t.Run(fmt.Sprint(name, " ", columns), func(t *testing.T) {
				d := document(t, m, "de")
				var b strings.Builder
				if err := d.Text(&b, columns); err != nil {
					t.Fatal(err)
				}
				for line := range strings.Lines(b.String()) {
					if width := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); width > columns {
						t.Errorf("%d columns: %s", width, line)
					}
				}
				if squeezed := letters(b.String()); columns == 400 && !strings.Contains(squeezed, letters(d.Sections[0].Intro[0].Text)) {
					t.Error("the first words are not there")
				}
				for _, s := range d.Sections {
					for _, table := range s.Tables {
						for _, row := range table.Rows {
							for word := range strings.FieldsSeq(row[0][0].String()) {
								if utf8.RuneCountInString(word) < 12 && !strings.Contains(b.String(), word) {
									t.Errorf("%q was lost", word)
								}
							}
						}
					}
				}
			})
		}
	}
}

func letters(text string) string { return strings.Join(strings.Fields(text), "") }

const hostile = `model: "<script>alert(1)</script>"
approved_by: {marketing: "<b>M</b>"}
facts:
  email: {from: [contact.email]}
activities:
  form: {counter: contact.num_conversion_events}
scores:
  fit:
    rules:
      - {name: "</td><img src=x onerror=alert(1)>", when: 'email == "<i>"', points: 5}
lifecycle:
  - {stage: mql, scores: {fit: 5}}
`

// What the file says is text in the page, whatever it looks like.
func TestDocument_Page(t *testing.T) {
	m, err := scoring.Parse("model.yaml", []byte(hostile))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := document(t, m, "en").Page(&b); err != nil {
		t.Fatal(err)
	}
	for _, tag := range []string{"<script", "<img", "<b>", "<i>", "onerror=alert(1)>"} {
		if strings.Contains(b.String(), tag) {
			t.Errorf("the page contains %s", tag)
		}
	}
	for _, text := range []string{"&lt;script&gt;alert(1)", "&lt;img src=x", "not agreed yet", "default-src &#39;none&#39;", "date, signature"} {
		if !strings.Contains(b.String(), text) && !strings.Contains(b.String(), strings.ReplaceAll(text, "&#39;", "'")) {
			t.Errorf("the page lacks %s", text)
		}
	}
}
