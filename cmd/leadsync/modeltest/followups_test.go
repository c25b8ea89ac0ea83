package modeltest_test

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"leadsync/fixtures"
	"leadsync/scoring"
)

// asTold plays stories on the text of a model and says what came out otherwise.
func asTold(t *testing.T, model, stories string) {
	t.Helper()
	if r := playOn(t, model, stories); r.Failed > 0 {
		var b strings.Builder
		r.Text(&b)
		t.Error(b.String())
	}
}

// The handover to sales, each lead status and what follows from it are told in English and in German, by stories of the
// same dates and of as many expectations.
func TestEveryStatusIsToldInBothLanguages(t *testing.T) {
	told := map[string]map[string][]string{}
	for _, file := range []string{"models/b2b_test.yaml", "models/b2b_de_test.yaml"} {
		text, err := fs.ReadFile(fixtures.Models(), file)
		if err != nil {
			t.Fatal(err)
		}
		told[file] = toldBy(string(text))
	}
	english, german := told["models/b2b_test.yaml"], told["models/b2b_de_test.yaml"]
	for _, n := range numbered("S76 to S92, C8, C13") {
		if len(german[n]) == 0 {
			t.Errorf("no German story shows %s", n)
		}
		slices.Sort(english[n])
		slices.Sort(german[n])
		if diff := cmp.Diff(english[n], german[n]); diff != "" {
			t.Errorf("%s (-English +German):\n%s", n, diff)
		}
	}
}

// toldBy are the stories of a file by the requirements that they show: of each the dates of its steps and how many words
// its expectations have.
func toldBy(text string) map[string][]string {
	list := map[string][]string{}
	for _, story := range strings.Split(text, "\n  - name: ")[1:] {
		name, rest, _ := strings.Cut(story, "\n")
		var steps []string
		for _, line := range strings.Split(rest, "\n      - ")[1:] {
			_, line, _ = strings.Cut(line, "on: ")
			_, expected, _ := strings.Cut(line, "expect: ")
			expected, _, _ = strings.Cut(expected, "\n")
			steps = append(steps, fmt.Sprintf("%s: %d expectations", strings.FieldsFunc(line, func(r rune) bool { return r == ',' || r == '\n' })[0], strings.Count(expected, ": ")))
		}
		for _, n := range shownBy(name) {
			list[n] = append(list[n], strings.Join(steps, "; "))
		}
	}
	return list
}

// Who owns an MQL is for the model to say: marketing, unless it says sales (S24).
func TestSalesMayOwnTheMQL(t *testing.T) {
	const stories = `model: handover.yaml
stories:
  - name: whose it is
    facts: {email: anna@example.com}
    story:
      - {on: 2026-03-02 09:00, expect: {stage: lead, responsible: marketing}}
      - {on: 2026-03-03 09:00, form: 1, expect: {stage: mql, responsible: %s}}
`
	asTold(t, sampleText(t, "handover.yaml"), fmt.Sprintf(stories, scoring.SideMarketing))
	asTold(t, sampleText(t, "handover.yaml", "{stage: mql, scores: {engagement: 20}}", "{stage: mql, owner: sales, scores: {engagement: 20}}"),
		fmt.Sprintf(stories, scoring.SideSales))
}

// The options of the lead status are the company's own: one is taken away and one added with what follows from it, in
// English or German words, and everything else goes on as before (S93).
func TestStatusesAreTheCompanysOwn(t *testing.T) {
	for _, word := range []string{"legal_check", "rechtliche_pruefung"} {
		model := sampleText(t, "sales.yaml",
			"  - {status: bad_timing}\n", "  - {status: "+word+"}\n",
			"  - {name: back to marketing, on_status: bad_timing, back_to: mql}\n",
			"  - {name: ask the lawyers, on_status: "+word+`, task: {kind: todo, due: 5wd, subject: "May we sell to {name}?"}}`+"\n",
			"    - {status: bad_timing, outcome: recycle, cool_down: 30d}\n", "")
		asTold(t, model, `model: sales.yaml
country: DE
time_zone: Europe/Berlin
stories:
  - name: an option of their own
    facts: {email: anna@example.com, company_size: 200}
    story:
      - {on: 2026-03-02 09:00, form: 2, expect: {stage: sql, status: new, task: first call}}
      - {on: 2026-03-03 09:00, status: `+word+`, expect: {stage: sql, status: `+word+`, closed: first call, task: {rule: ask the lawyers, due: 2026-03-10}}}
      - {on: 2026-03-04 09:00, call: {outcome: connected}, expect: {status: in_talks, closed: ask the lawyers}}
`)
		m, err := scoring.Parse("sales.yaml", []byte(model))
		if err != nil {
			t.Fatal(err)
		}
		want := slices.Sorted(slices.Values([]string{"attempted", "fake", "in_talks", "new", "unqualified", word}))
		if diff := cmp.Diff(want, slices.Sorted(slices.Values(m.Statuses()))); diff != "" {
			t.Error(diff)
		}
	}
}

// A task is due when people work where they are: on no weekend, on no holiday of the country or the Land, in the
// morning of the place's own clock, before its change and after it (C8).
func TestTasksAreDueWhereTheWorkIs(t *testing.T) {
	for name, tc := range map[string]struct{ place, called, due string }{
		"Corpus Christi in Bavaria":       {"country: DE\nregion: BY\ntime_zone: Europe/Berlin", "2026-06-02 10:00", "2026-06-05 09:00"},
		"an ordinary Thursday in Berlin":  {"country: DE\nregion: BE\ntime_zone: Europe/Berlin", "2026-06-02 10:00", "2026-06-04 09:00"},
		"Corpus Christi in Austria":       {"country: AT\ntime_zone: Europe/Vienna", "2026-06-02 10:00", "2026-06-05 09:00"},
		"the national day of Switzerland": {"country: CH\nregion: ZH\ntime_zone: Europe/Zurich", "2025-07-30 10:00", "2025-08-04 09:00"},
		"summer time begins in New York":  {"time_zone: America/New_York", "2026-03-06 10:00", "2026-03-09 09:00"},
		"summer time ends in Berlin":      {"country: DE\ntime_zone: Europe/Berlin", "2026-10-23 23:00", "2026-10-26 09:00"},
	} {
		t.Run(name, func(t *testing.T) {
			asTold(t, sampleText(t, "small.yaml"), fmt.Sprintf(`model: small.yaml
%s
stories:
  - name: call again in two days
    facts: {email: anna@example.com}
    story:
      - {on: 2025-06-02 09:00, stage: sql}
      - {on: %s, call: {outcome: no_answer}, expect: {task: {rule: call again, due: %s}}}
`, tc.place, tc.called, tc.due))
		})
	}
}

// What marketing and sales agreed on stands in one file, and is read from it: who agreed, who answers for which stage, what
// follows from what, within which time sales answers, and by what both are measured (S105).
func TestAgreementStandsInTheModel(t *testing.T) {
	m, err := scoring.Parse("sales.yaml", []byte(sampleText(t, "sales.yaml", "model: sales\n",
		"model: sales\napproved_by: {marketing: Head of Marketing, sales: Head of Sales}\n")))
	if err != nil {
		t.Fatal(err)
	}
	again, err := scoring.Parse("canonical", m.Canonical()) // as decisions keep it
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []*scoring.Model{m, again} {
		var got []string
		for _, side := range slices.Sorted(maps.Keys(m.ApprovedBy())) {
			got = append(got, "agreed: "+side+": "+m.ApprovedBy()[side])
		}
		for _, s := range m.Stages() {
			got = append(got, "responsible: "+s.Name+": "+string(s.Owner))
		}
		for _, f := range m.FollowUps() {
			got = append(got, "process: "+f.OnStatus+": "+f.Name)
		}
		for _, c := range m.Clocks() {
			got = append(got, fmt.Sprintf("goal: %s within %s of %s, by %s", c.First, c.Within, c.Stage, c.Source))
		}
		for _, end := range m.Misjudged().Ends {
			got = append(got, fmt.Sprintf("measured: %s of %s: %s", end.Name(), strings.Join(m.Misjudged().Stages, ", "), end.Outcome))
		}
		want := []string{
			"agreed: marketing: Head of Marketing", "agreed: sales: Head of Sales",
			"responsible: lead: marketing", "responsible: mql: marketing", "responsible: sql: sales", "responsible: opportunity: sales",
			"process: new: first call", "process: attempted: call again", "process: bad_timing: back to marketing", "process: unqualified: no more reminders",
			"goal: personal_contact within 4wh of sql, by source",
			"measured: unqualified of mql, sql: mark", "measured: bad_timing of mql, sql: recycle", "measured: fake of mql, sql: delete",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}
