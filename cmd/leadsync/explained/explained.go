// Package explained shows an evaluation as one self-contained page: no script, nothing loaded from anywhere, light or
// dark as the reader's system is, and fit for paper. What comes from the CRM is text wherever it stands; characters
// that would change how the text around them is shown are shown as what they are.
package explained

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"time"

	"leadsync/scoring"
)

//go:embed page.html.tmpl page.css
var files embed.FS

// Page is what the page tells.
type Page struct {
	Language string // en or de
	Zone     *time.Location
	Contact  string // how the contact is called: its name, or else its id
	ID       string
	Stage    string // in the CRM, as a name of the model; empty if none
	Status   string
	// Headings say which moment and which model the page is about, if not the present and the usual one.
	Headings   []string
	Evaluation scoring.Evaluation
	Outlook    Outlook
	Notes      []string // what else has to be known: held, paused, offline
	Basis      []Basis
	Limits     []string
	Unfinished []string
	Decisions  []Decision
}

// Basis is a group of facts that are known in one way, for an evaluation of another moment.
type Basis struct {
	Title string
	Sign  string // one character that stands for the group
	Items []string
}

// Decision is one decision about the contact.
type Decision struct {
	No    int
	At    time.Time
	Model string
	Lines []string
}

// Write writes the page.
func Write(w io.Writer, p Page) error {
	v := viewer{lang: p.Language, zone: p.Zone}
	if v.zone == nil {
		v.zone = time.UTC
	}
	css, err := files.ReadFile("page.css")
	if err != nil {
		return fmt.Errorf("read style: %w", err)
	}
	t, err := template.New("page.html.tmpl").Funcs(template.FuncMap{
		"t": v.say, "text": Plain, "when": v.when, "day": v.day, "zone": v.zone.String,
		"css": func() template.CSS { return template.CSS(css) }, //nolint:gosec // our own file
	}).ParseFS(files, "page.html.tmpl")
	if err != nil {
		return fmt.Errorf("read template: %w", err)
	}
	if err := t.Execute(w, v.view(p)); err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	return nil
}

// view is a page in words.
type view struct {
	Page
	Scores     []scoreView
	Charts     []chart
	StageWhy   string
	Missing    []checkView
	MissingFor string
	Waits      bool // for a person, and for nothing else
	Stages     []stageView
	Violations []checkView
	Change     string
	ChangeAt   time.Time
}

type stageView struct {
	Name      string
	SideTrack bool
	Reached   bool
	Here      bool // the contact is in it
	Checks    []checkView
}

// viewer turns an evaluation into words.
type viewer struct {
	lang string
	zone *time.Location
}

func (v viewer) view(p Page) view {
	e := p.Evaluation
	out := view{Page: p, StageWhy: scoring.RenderReason(v.lang, e.StageReason), Violations: v.checks(e.Violations)}
	if e.Unprofiled {
		return out
	}
	for _, s := range e.Scores {
		out.Scores = append(out.Scores, v.score(s, e))
	}
	out.Charts = v.charts(p.Outlook, e)
	out.Missing, out.MissingFor, out.Waits = v.checks(e.Missing), e.Next, e.WaitsForPerson()
	for _, s := range e.Stages {
		out.Stages = append(out.Stages, stageView{
			Name: s.Stage, SideTrack: s.SideTrack, Reached: s.Reached, Here: s.Stage == p.Stage, Checks: v.checks(s.Checks),
		})
	}
	if out.ChangeAt = e.NextChange; e.Change != nil {
		out.Change = scoring.RenderChange(v.lang, *e.Change, e)
	}
	return out
}

func (v viewer) say(english, german string) string {
	if v.lang == "de" {
		return german
	}
	return english
}

func (v viewer) when(t time.Time) string {
	return t.In(v.zone).Format(v.say("2006-01-02 15:04 MST", "02.01.2006 15:04 MST"))
}

func (v viewer) day(t time.Time) string { return t.In(v.zone).Format(v.say("2 Jan", "02.01.")) }

// checkView is one criterion.
type checkView struct {
	Kind    scoring.CheckKind
	Name    string
	State   string // met, open, unknown
	Mark    string
	Label   string
	Got     string // of a score
	Want    string
	Seen    []seenView
	Unknown []string
	Ask     string
}

// seenView is a value that decided.
type seenView struct {
	Fact, Value, Original string
	Failing               bool
}

func (v viewer) checks(list []scoring.Check) []checkView {
	views := make([]checkView, 0, len(list))
	for _, c := range list {
		views = append(views, v.check(c))
	}
	return views
}

func (v viewer) check(c scoring.Check) checkView {
	out := checkView{Kind: c.Kind, Name: c.Name, Unknown: slices.Clone(c.Unknown)}
	out.State, out.Mark = stateOf(c)
	out.Label = map[string]string{
		"met": v.say("met", "erfüllt"), "open": v.say("not met", "nicht erfüllt"), "unknown": v.say("unknown", "unbekannt"),
	}[out.State]
	if c.Kind == scoring.CheckScore {
		out.Got, out.Want = v.points(c.Got), v.points(c.Want)
	}
	v.saw(&out, c)
	if c.State != scoring.True || c.Kind == scoring.CheckInvariant {
		out.Ask = scoring.TextIn(c.Asks, v.lang)
	}
	return out
}

// stateOf is the state of a criterion, and a sign that says it without colour.
func stateOf(c scoring.Check) (state, mark string) {
	switch {
	case c.State == scoring.True && c.Kind == scoring.CheckInvariant:
		return "open", "!"
	case c.State == scoring.True:
		return "met", "✓"
	case c.State == scoring.Unknown:
		return "unknown", "?"
	}
	return "open", "✗"
}

// saw adds what a criterion looked at, each fact once: what is not known, or its value.
func (v viewer) saw(out *checkView, c scoring.Check) {
	for _, seen := range c.Seen {
		failing := slices.ContainsFunc(c.Failing, func(f scoring.Seen) bool { return f.Fact == seen.Fact })
		switch {
		case failing && !seen.Value.Known() && !slices.Contains(out.Unknown, seen.Fact):
			out.Unknown = append(out.Unknown, seen.Fact)
		case slices.Contains(out.Unknown, seen.Fact):
		default:
			out.Seen = append(out.Seen, seenView{Fact: seen.Fact, Value: v.value(seen.Value), Original: seen.Original, Failing: failing})
		}
	}
}
