package explained_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/cmd/leadsync/explained"
	"leadsync/scoring"
)

var update = flag.Bool("update", false, "write the golden files")

const model = `
model: pages
push_step: 5
facts:
  email: {from: [contact.email]}
  email_domain: {from: [contact.email@domain]}
  job_title: {from: [contact.jobtitle]}
  country: {from: [contact.country]}
  budget: {from: [contact.budget], type: number}
  open_deals: {count: open_deals}
  no_profiling: {from: [contact.no_profiling], type: bool}
do_not_profile: no_profiling
activities:
  form: {counter: contact.n, last: contact.l, attributes: {name: contact.m}}
  email_click: {counter: contact.c, last: contact.d}
  page_view: {counter: contact.pv, last: contact.pl}
  call: {object: call, attributes: {outcome: hs_call_disposition}}
scores:
  fit:
    maximum: 100
    minimum: 0
    rules:
      - {name: decision maker, when: 'has_word(job_title, "head", "ceo")', points: 30}
      - {name: sales territory, when: 'country in ["Germany", "Austria"]', points: 15}
      - {name: budget above the minimum, when: budget >= 10000, points: 15}
  engagement:
    maximum: 100
    minimum: 0
    rules:
      - {name: demo or contact requested, activity: form, where: 'name contains "demo"', points: 40, cap: 40, half_life: 60d}
      - {name: form filled in, activity: form, points: 12.5, cap: 30, half_life: 45d}
      - {name: pricing mail clicked, activity: email_click, points: 6, cap: 24, window: 90d, half_life: 30d}
      - {name: page viewed, activity: page_view, points: 1, cap: 10, window: 30d, half_life: 14d}
      - {name: talked on the phone, activity: call, where: 'outcome == "connected"', points: 25, half_life: 60d}
grades:
  letter: {score: fit, A: 75, B: 50, C: 25}
  number: {score: engagement, 1: 60, 2: 30, 3: 10}
tiers: {hot: [A1, A2, B1], warm: [A3, B2, C1]}
gates:
  budget:
    requires: budget >= 10000
    ask: {en: "Ask the lead for the available budget (at least 10,000).", de: "Den Lead nach dem verfügbaren Budget fragen (mindestens 10.000)."}
  territory: {requires: 'country in ["Germany", "Austria"]', ask: {en: "Find out the country of the company.", de: "Das Land des Unternehmens herausfinden."}}
invariants:
  - {name: customer without a deal, never: 'stage == "customer" and open_deals == 0'}
lifecycle:
  - {stage: subscriber, when: known(email)}
  - {stage: lead, when: 'count("form") >= 1'}
  - {stage: mql, scores: {fit: 40, engagement: 25}, gates: [territory]}
  - {stage: sql, owner: sales, scores: {fit: 50, engagement: 60}, gates: [budget, territory], direct: 'count("call", outcome == "connected") >= 2'}
  - {stage: customer, manual: true}
  - {stage: other, side_track: true, when: 'email_domain == "competitor.example"'}
`

func parse(t *testing.T) *scoring.Model {
	t.Helper()
	m, err := scoring.Parse("model.yaml", []byte(model))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func text(s string) scoring.Value { return scoring.Value{Type: scoring.TypeText, Text: s} }

func number(n float64) scoring.Value { return scoring.Value{Type: scoring.TypeNumber, Number: n} }

// now is a Wednesday in winter.
var now = time.Date(2026, 11, 18, 9, 30, 0, 0, time.UTC)

func days(n int) time.Time { return now.AddDate(0, 0, -n) }

func activity(kind, id string, at time.Time, attributes ...string) scoring.Activity {
	a := scoring.Activity{ID: kind + "/" + id, Kind: kind, At: at, Attributes: map[string]string{}}
	for i := 0; i+1 < len(attributes); i += 2 {
		a.Attributes[attributes[i]] = attributes[i+1]
	}
	return a
}

// rich is a lead about whom much is known.
func rich() scoring.Lead {
	lead := scoring.Lead{
		Stage: "mql", Status: "", Order: []string{"subscriber", "lead", "mql", "sql", "customer"},
		Facts: map[string]scoring.Value{
			"email": text("jana@firma.example"), "email_domain": text("firma.example"), "job_title": text("Head of Operations"),
			"country": text("Germany"), "open_deals": number(0),
		},
	}
	lead.Activities = append(lead.Activities,
		activity("form", "1", days(60), "name", "Whitepaper: Krane"), activity("form", "2", days(20), "name", "Demo anfordern"),
		activity("call", "7", days(6), "outcome", "connected"), activity("call", "8", days(9), "outcome", "no_answer"))
	for i, n := range []int{100, 80, 40, 12, 3} {
		lead.Activities = append(lead.Activities, activity("email_click", string(rune('1'+i)), days(n)))
	}
	uncertain := activity("page_view", "1", days(30))
	uncertain.At, uncertain.Uncertain, uncertain.NotAfter = days(9), true, days(4)
	lead.Activities = append(lead.Activities, uncertain, activity("page_view", "2", days(2)))
	return lead
}

func page(t *testing.T, lang string, lead scoring.Lead) explained.Page {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	m := parse(t)
	return explained.Page{
		Language: lang, Zone: zone, Contact: "Jana Vogt", ID: "10000000008", Stage: lead.Stage, Status: lead.Status,
		Evaluation: m.Evaluate(lead, now), Outlook: explained.Look(m, lead, now),
	}
}

// write writes a page and compares it with the golden one.
func write(t *testing.T, name string, p explained.Page) string {
	t.Helper()
	var b bytes.Buffer
	if err := explained.Write(&b, p); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("testdata", "golden", name+".html")
	if *update {
		if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("%s (-golden +now); look at it in a browser, then -update:\n%s", file, diff)
	}
	return b.String()
}

// hostile is what somebody may have written into a form.
const hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>\u202egnp.exe\u202c\x1b[31m\x00`{{.}}</style><!--"

func pages(t *testing.T) map[string]explained.Page {
	all := map[string]explained.Page{"rich": page(t, "en", rich()), "rich_de": page(t, "de", rich())}

	busy := rich()
	for i := range 60 {
		busy.Activities = append(busy.Activities, activity("page_view", fmt.Sprint(100+i), now.Add(-time.Duration(i)*11*time.Hour)))
	}
	all["busy"] = page(t, "en", busy)
	all["empty_de"] = page(t, "de", scoring.Lead{})
	all["unprofiled"] = page(t, "en", scoring.Lead{Stage: "customer", Facts: map[string]scoring.Value{"no_profiling": {Type: scoring.TypeBool, Bool: true}, "open_deals": number(0)}})

	evil := rich()
	evil.Stage = "customer"
	evil.Facts["job_title"], evil.Facts["country"], evil.Facts["email"] = text("head "+hostile), text(hostile), text(hostile)
	one := page(t, "en", evil)
	one.Contact, one.ID, one.Status = hostile, hostile, hostile
	one.Headings, one.Notes, one.Unfinished, one.Limits = []string{hostile}, []string{hostile}, []string{hostile}, []string{hostile}
	one.Basis = []explained.Basis{{Title: hostile, Sign: "✓", Items: []string{hostile}}}
	one.Decisions = []explained.Decision{{No: 1, At: now, Model: hostile, Lines: []string{hostile}}}
	for i := range one.Evaluation.Scores {
		for j := range one.Evaluation.Scores[i].Lines {
			l := &one.Evaluation.Scores[i].Lines[j]
			l.Rule, l.Group, l.Kind = hostile, hostile, hostile
		}
		one.Evaluation.Scores[i].Name, one.Outlook.Scores[i].Name = hostile, hostile
	}
	one.Evaluation.Next, one.Evaluation.Grade, one.Evaluation.Tier, one.Evaluation.Variant = hostile, hostile, hostile, hostile
	for i := range one.Evaluation.Stages {
		for j := range one.Evaluation.Stages[i].Checks {
			c := &one.Evaluation.Stages[i].Checks[j]
			c.Name, c.Unknown, c.Asks = hostile, []string{hostile}, map[string]string{"en": hostile}
			c.Seen = append(c.Seen, scoring.Seen{Fact: hostile, Value: text(hostile), Original: hostile})
		}
	}
	all["hostile"] = one

	past := page(t, "de", rich())
	past.Headings = []string{"Wie es am 02.03.2026 23:59 CET war (Ende des Tages)", "Modell: das von jetzt (1a2b3c4d)"}
	past.Basis = []explained.Basis{
		{Title: "Wie es damals war", Sign: "✓", Items: []string{"email", "country (so seit 02.02.2026 09:14)", "die Phase (so seit 12.02.2026 10:00)", "form (2)"}},
		{Title: "Wie es heute ist", Sign: "!", Items: []string{"budget (kein Verlauf gespeichert)"}},
	}
	past.Notes = []string{"Das Konto konnte nicht gefragt werden; die Reihenfolge der Phasen ist die des Modells."}
	past.Decisions = []explained.Decision{{No: 3, At: days(4), Model: "1a2b3c4d5e6f", Lines: []string{"stage  on     lead → mql  (die Kriterien von mql sind erfüllt)", "score  on     (die Punkte haben sich um eine Stufe geändert, oder eine Schwelle wurde überschritten)"}}}
	past.Unfinished = []string{"bereit   score   contact/10000000008/score"}
	all["past_de"] = past
	return all
}

func TestWrite_golden(t *testing.T) {
	for name, p := range pages(t) {
		t.Run(name, func(t *testing.T) { write(t, name, p) })
	}
}

// Nothing that came from outside is anything but text.
func TestWrite_escapes(t *testing.T) {
	all := pages(t)
	clean, evil := elements(t, write(t, "rich", all["rich"])), elements(t, write(t, "hostile", all["hostile"]))
	if evil["script"]+evil["img"]+evil["iframe"]+evil["link"] != 0 || evil["style"] != 1 || evil["style"] != clean["style"] {
		t.Errorf("foreign elements: %v", evil)
	}
	text := write(t, "hostile", all["hostile"])
	for _, bad := range []string{"<script", "<img", "</style><!--", "\u202e", "\x1b", "\x00", "onerror=alert(2)>"} {
		if n := strings.Count(text, bad); n > 0 {
			t.Errorf("%q is in the page %d times", bad, n)
		}
	}
	if n := strings.Count(text, "\\u202egnp.exe"); n < 40 {
		t.Errorf("only %d texts are shown with what they hide: some are missing", n)
	}
}

// node is an element of a page.
type node struct {
	name     string
	attr     map[string]string
	text     string
	parent   *node
	children []*node
}

func (n *node) walk(visit func(*node)) {
	visit(n)
	for _, c := range n.children {
		c.walk(visit)
	}
}

// tree reads a page, which must be well formed: what is opened is closed.
func tree(t *testing.T, page string) *node {
	t.Helper()
	dec := xml.NewDecoder(strings.NewReader(page))
	dec.Strict, dec.AutoClose, dec.Entity = false, []string{"meta"}, xml.HTMLEntity
	root := &node{}
	at := root
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			n := &node{name: token.Name.Local, attr: map[string]string{}, parent: at}
			for _, a := range token.Attr {
				n.attr[a.Name.Local] = a.Value
			}
			at.children = append(at.children, n)
			at = n
		case xml.EndElement:
			if at.name != token.Name.Local {
				t.Fatalf("<%s> is closed by </%s>", at.name, token.Name.Local)
			}
			at = at.parent
		case xml.CharData:
			at.text += string(token)
		}
	}
	if at != root {
		t.Fatalf("<%s> is not closed", at.name)
	}
	return root
}

// elements counts the elements of a page.
func elements(t *testing.T, page string) map[string]int {
	t.Helper()
	count := map[string]int{}
	tree(t, page).walk(func(n *node) {
		count[n.name]++
		for name, value := range n.attr {
			if strings.HasPrefix(name, "on") || name == "src" || name == "href" {
				t.Errorf("<%s> has %s=%q: the page loads and runs nothing", n.name, name, value)
			}
		}
	})
	return count
}

func TestWrite_structure(t *testing.T) {
	all := pages(t)
	for name, tc := range map[string]struct {
		has, lacks []string
	}{
		"rich": {[]string{
			`<html lang="en">`, `id="scores"`, `id="missing"`, `id="change"`, `id="stages"`, "Missing for sql", "sql 50: 5 missing", "sql 60: ✓ reached",
			"Ask the lead for the available budget (at least 10,000).", "Next change: 2026-11-22 11:00 CET", "engagement 84 → 79",
			"not counted: 1 × outside the window of 90 days", "between 2026-11-09 10:30 CET and 2026-11-14 10:30 CET",
			`<td class="n result" data-label="counts">&#43;84.323</td>`, "&#43;31.777", "prefers-color-scheme: dark", "@media print",
		}, []string{`id="violations"`, `id="unprofiled"`, `id="basis"`, "Erfüllt"}},
		"rich_de":    {[]string{`<html lang="de">`, "Es fehlt für sql", "Den Lead nach dem verfügbaren Budget fragen (mindestens 10.000).", "&#43;84,323", "Halbwertszeit 60 Tage"}, []string{"Missing for", "half-life"}},
		"busy":       {[]string{"63 lines", "at most 10 points from this rule", "−24.773"}, nil},
		"empty_de":   {[]string{"Keine Regel gibt Punkte.", "für keine Phase sind die Kriterien erfüllt", "Durch bloßen Zeitablauf ändert sich binnen eines Jahres nichts."}, []string{"<tbody>"}},
		"unprofiled": {[]string{`id="unprofiled"`, "not profiled, because no_profiling", `id="violations"`, "customer without a deal"}, []string{`id="scores"`, "<svg", `id="missing"`, "D4"}},
		"past_de":    {[]string{`id="basis"`, "Von wann das ist", "budget (kein Verlauf gespeichert)", `id="decisions"`, `id="unfinished"`}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			text := write(t, name, all[name])
			for _, want := range tc.has {
				if !strings.Contains(text, want) {
					t.Errorf("the page lacks %q", want)
				}
			}
			for _, unwanted := range tc.lacks {
				if strings.Contains(text, unwanted) {
					t.Errorf("the page has %q", unwanted)
				}
			}
		})
	}
}

// In each row what a rule is worth, what age took away and what limits cut make what counts; the rows make the sum.
func TestWrite_rowsSum(t *testing.T) {
	for name, p := range pages(t) {
		tables := 0
		tree(t, write(t, name, p)).walk(func(table *node) {
			if table.name != "table" {
				return
			}
			tables++
			lines, sum := 0.0, 0.0
			table.walk(func(row *node) {
				cells := numbers(t, row)
				if row.name != "tr" || len(cells) != 4 {
					return // the heading
				}
				if math.Abs(cells[0]+cells[1]+cells[2]-cells[3]) > 1e-9 {
					t.Errorf("%s: a row does not sum: %v", name, cells)
				}
				switch {
				case row.parent.name == "tfoot":
					sum = cells[3]
				case !strings.Contains(row.attr["class"], "sub"):
					lines += cells[3]
				}
			})
			if math.Abs(lines-sum) > 1e-9 {
				t.Errorf("%s: the lines sum to %v, the page says %v", name, lines, sum)
			}
		})
		if want := len(p.Evaluation.Scores); tables != want && name != "empty_de" {
			t.Errorf("%s: %d tables for %d scores", name, tables, want)
		}
	}
}

// numbers are the cells of points in a row; an empty one is 0.
func numbers(t *testing.T, row *node) []float64 {
	t.Helper()
	var list []float64
	for _, c := range row.children {
		if c.name != "td" || !strings.HasPrefix(c.attr["class"], "n") {
			continue
		}
		text := strings.NewReplacer("−", "-", "+", "", ",", ".").Replace(c.text)
		if text == "" {
			list = append(list, 0)
			continue
		}
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, f)
	}
	return list
}

func TestPlain(t *testing.T) {
	for in, want := range map[string]string{
		"Müller & Söhne":         "Müller & Söhne",
		"a\u202eb":               "a\\u202eb",
		"a\x00\x1b[31m":          "a\\u0000\\u001b[31m",
		"two\nlines\tand tab":    "two lines and tab",
		"\u2066x\u2069\u200f":    "\\u2066x\\u2069\\u200f",
		strings.Repeat("ä", 301): strings.Repeat("ä", 300) + "…",
		"\xff":                   "\\ufffd",
	} {
		if got := explained.Plain(in); got != want {
			t.Errorf("Plain(%q) = %q, want %q", in, got, want)
		}
	}
}

// The picture follows the model: what is in it is what the model says of each day.
func TestLook(t *testing.T) {
	m, lead := parse(t), rich()
	o := explained.Look(m, lead, now)
	for i, s := range o.Scores {
		if len(s.Points) != 91 {
			t.Fatalf("%s has %d days", s.Name, len(s.Points))
		}
		for _, day := range []int{0, 1, 45, 90} {
			if want := m.Evaluate(lead, now.AddDate(0, 0, day)).Scores[i].Points; s.Points[day] != want {
				t.Errorf("%s on day %d: %s, want %s", s.Name, day, s.Points[day], want)
			}
		}
	}
	if o.Scores[1].Points[0] <= o.Scores[1].Points[90] {
		t.Error("nothing decays")
	}
	lead.Facts["no_profiling"] = scoring.Value{Type: scoring.TypeBool, Bool: true}
	if o := explained.Look(m, lead, now); len(o.Scores) != 0 {
		t.Errorf("an unprofiled lead has an outlook: %v", o)
	}
}
