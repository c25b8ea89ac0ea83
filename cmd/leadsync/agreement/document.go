package agreement

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"leadsync/scoring"
)

// Document is an agreement in words.
type Document struct {
	Language string    `json:"language"`
	Title    string    `json:"title"`
	Version  string    `json:"version"` // of the model
	Printed  time.Time `json:"printed"`
	Agreed   []Party   `json:"agreed_by"` // marketing first; without a name if nobody has approved
	Sections []Section `json:"sections"`
}

// Party is one side with who agreed for it.
type Party struct {
	Side string `json:"side"`
	Name string `json:"name,omitempty"`
}

// Section is a topic with its tables.
type Section struct {
	ID     string  `json:"id"`
	Title  string  `json:"title"`
	Intro  []Line  `json:"intro,omitempty"`
	Tables []Table `json:"tables,omitempty"`
}

// Table is a table; the first cell of a row is what the row is about.
type Table struct {
	Title string   `json:"title,omitempty"`
	Head  []string `json:"head"`
	Rows  [][]Cell `json:"rows"`
}

// Cell is some lines.
type Cell []Line

// Line is words, a condition of the model, or words with a condition after them.
type Line struct {
	Text string `json:"text,omitempty"`
	Code string `json:"code,omitempty"`
}

// Of makes the document of a model in a language, en or de. It fails only for a model with keys that it does not know.
func Of(m *scoring.Model, language string, now time.Time) (*Document, error) {
	f, err := read(m)
	if err != nil {
		return nil, err
	}
	w := &writer{file: f, model: m, lang: language}
	d := &Document{
		Language: cmp.Or(map[string]string{"de": "de"}[language], "en"),
		Title:    w.say("Agreement of marketing and sales: ", "Vereinbarung von Marketing und Vertrieb: ") + m.Name(),
		Version:  m.Version(), Printed: now,
		Agreed: []Party{{w.say("Marketing", "Marketing"), f.ApprovedBy["marketing"]}, {w.say("Sales", "Vertrieb"), f.ApprovedBy["sales"]}},
	}
	for _, section := range []func() Section{
		w.stages, w.gates, w.scores, w.grades, w.statuses, w.handover, w.followUps, w.response, w.people, w.misjudged, w.outreach, w.limits, w.metrics, w.made, w.facts,
	} {
		if s := section(); len(s.Intro)+len(s.Tables) > 0 {
			d.Sections = append(d.Sections, s)
		}
	}
	return d, nil
}

// writer turns a model into words.
type writer struct {
	file  *file
	model *scoring.Model
	lang  string
}

func (w *writer) say(english, german string) string {
	if w.lang == "de" {
		return german
	}
	return english
}

// in is a text in the language of the document.
func (w *writer) in(texts words) string { return scoring.TextIn(texts, w.lang) }

// table adds a table if it has rows, without the columns that are empty.
func (s *Section) table(title string, head []string, rows [][]Cell) {
	if len(rows) == 0 {
		return
	}
	t := Table{Title: title, Rows: make([][]Cell, len(rows))}
	for i, name := range head {
		if i > 0 && !slices.ContainsFunc(rows, func(row []Cell) bool { return len(row[i]) > 0 }) {
			continue
		}
		t.Head = append(t.Head, name)
		for n, row := range rows {
			t.Rows[n] = append(t.Rows[n], row[i])
		}
	}
	s.Tables = append(s.Tables, t)
}

func text(lines ...string) Cell {
	var c Cell
	for _, line := range lines {
		if line != "" {
			c = append(c, Line{Text: line})
		}
	}
	return c
}

// code is a condition, nothing if there is none.
func code(condition string) Cell { return under("", condition) }

// under is a condition with words before it.
func under(words, condition string) Cell {
	if condition == "" {
		return nil
	}
	return Cell{{Text: words, Code: condition}}
}

func join(cells ...Cell) Cell { return slices.Concat(cells...) }

func sorted[V any](of map[string]V) []string { return slices.Sorted(maps.Keys(of)) }

// topics are the rulesets of the model: what stands at its top, and what each variant replaces.
func (w *writer) topics() []variant {
	top := variant{Scores: w.file.Scores, Grades: w.file.Grades, Tiers: w.file.Tiers, Gates: w.file.Gates, Lifecycle: w.file.Lifecycle}
	return append([]variant{top}, w.file.Variants...)
}

// forWhom is the title of a table of a ruleset. Only a topic that a variant replaces is said to be for the others.
func (w *writer) forWhom(title string, v variant, has func(variant) bool) string {
	switch {
	case v.Name != "":
		return title + w.say(" – variant ", " – Variante ") + v.Name + w.say(", if ", ", wenn ") + v.When
	case slices.ContainsFunc(w.file.Variants, has):
		return title + w.say(" – for all others", " – für alle anderen")
	}
	return title
}
