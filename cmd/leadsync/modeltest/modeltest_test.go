package modeltest_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"leadsync/cmd/leadsync/modeltest"
	"leadsync/fixtures/hostile"
	"leadsync/scoring"
)

// tiny has one of everything that can be expected.
const tiny = `model: tiny
facts:
  email: {from: [contact.email]}
  title: {from: [company.title, contact.title]}
  vip: {from: [contact.vip], type: bool}
  later: {from: [contact.later], type: time}
  size: {from: [contact.size], type: number}
  domain: {from: [contact.email@domain]}
  open_deals: {count: open_deals}
  lost_deals: {count: lost_deals}
activities:
  form: {counter: contact.forms, last: contact.last_form, attributes: {name: contact.form_name}}
  visit: {last: contact.last_visit}
  webinar: {counter: contact.webinars}
  call: {object: call, attributes: {outcome: hs_call_disposition}}
scores:
  fit:
    rules:
      - {name: chief, when: 'has_word(title, "chief")', points: 30}
      - {name: big, when: size >= 100 or vip, points: 20}
  engagement:
    rules:
      - {name: form filled in, activity: form, points: 10, half_life: 30d}
      - {name: visited, activity: visit, points: 1, window: 10d}
      - {name: webinar seen, activity: webinar, points: 5}
grades:
  letter: {score: fit, A: 40, B: 20}
  number: {score: engagement, 1: 20, 2: 10}
tiers: {hot: [A1], warm: [B1, A2]}
gates:
  known: {requires: known(email), ask: Find out the address.}
lifecycle:
  - {stage: lead, when: known(email)}
  - {stage: mql, scores: {fit: 30, engagement: 20}, gates: [known]}
  - {stage: sql, when: 'count("call", outcome == "connected") >= 1'}
  - {stage: opportunity, when: open_deals >= 1}
  - {stage: lost, when: lost_deals >= 1}
lead_status:
  - {status: new, on_stage: sql}
  - {status: later}
  - {status: deal}
follow_ups:
  - {name: first call, on_status: new, task: {kind: call, due: 1wd, due_fact: later, subject: "Call {fact.email}"}}
  - {name: back, on_status: later, back_to: mql}
  - {name: deal, on_status: deal, deal: {name: "Deal of {fact.email}", pipeline: sales, amount: size, close_in: 30d}}
  - {name: take over, on_stage: sql, lists: {add: [sales], remove: [newsletter]}}
  - {name: second call, on_status: deal, task: {kind: call, due: 1wd, subject: "Call {fact.email} about the deal"}}
`

func loadTiny(path string) (*scoring.Model, error) {
	if path != "folder/tiny.yaml" {
		return nil, errors.New("there is no " + path)
	}
	return scoring.Parse(path, []byte(tiny))
}

// opening tells how a lead becomes an SQL in three steps, the expectations of which are given.
const opening = `model: tiny.yaml
country: DE
time_zone: Europe/Berlin
stories:
  - name: story
    facts: {email: anna@example.com, title: Chief of all, size: 100}
    story:
      - {on: 2026-03-02 09:00, form: {name: Handbook}%s}
      - {on: 2026-03-02 10:00, form: 1, visit: 2, webinar: 1%s}
      - {on: 2026-03-06 10:00, call: {outcome: Connected}%s}
      - {on: 2026-03-06 11:00, status: later%s}
      - {on: 2026-03-07 11:00, status: deal%s}
`

// returning goes on after the opening.
const returning = `      - {on: 2026-03-08 11:00, status: new%s}
      - {on: 2026-03-09 11:00, other_task: call, status: deal%s}
`

func played(t *testing.T, text string) modeltest.Report {
	t.Helper()
	f, err := modeltest.Parse("folder/tiny_test.yaml", []byte(text), loadTiny)
	if err != nil {
		t.Fatal(err)
	}
	return modeltest.Play([]*modeltest.File{f}, names())
}

func TestExpectations(t *testing.T) {
	tests := []struct {
		name  string
		step  int // from 1
		right string
		wrong string
		found string // what the difference says was found
	}{
		{"stage", 1, "stage: lead", "stage: mql", "lead"},
		{"no status", 1, "status: none", "status: new", "none"},
		{"status", 3, "status: new", "status: ~", "new"},
		{"score", 2, "engagement: 27", "engagement: 26", "27"},
		{"score at least", 2, `engagement: ">= 27"`, `engagement: ">= 28"`, "27"},
		{"score at most", 2, `engagement: "<= 27"`, `engagement: "<= 26"`, "27"},
		{"score above", 2, `fit: "> 49"`, `fit: "> 50"`, "50"},
		{"score below", 2, `fit: "< 51"`, `fit: "< 50"`, "50"},
		{"total", 2, "total: 77", "total: 76", "77"},
		{"grade", 2, "grade: A1", "grade: B1", "A1"},
		{"tier", 1, "tier: warm", "tier: hot", "warm"},
		{"because", 2, "because: [chief, form filled in +20]", "because: [chief, form filled in +21]", "form filled in +20"},
		{"because of one score", 1, `because: "fit: big +20"`, "because: visited", "the rule gives nothing"},
		{"not because", 1, "not_because: visited", "not_because: big", "big +20"},
		{"missing", 1, "missing: [engagement]", "missing: [fit]", "missing for mql:"},
		{"missing nothing", 5, "missing: lost_deals", "missing: nothing", "missing for lost:"},
		{"next change", 2, "next_change: 2026-03-12", "next_change: never", "2026-03-12 10:00"},
		{"next change at", 2, "next_change: 2026-03-12 10:00", "next_change: 2026-03-12 11:00", "2026-03-12 10:00"},
		{"task", 3, "task: first call", "task: none", `2026-03-06 10:00: stage mql → sql (the criteria of sql are met); 2026-03-06 10:00: status none → new (stage sql was entered without a lead status); 2026-03-06 10:00: added to sales (take over: onto the list sales); 2026-03-06 10:00: removed from newsletter (take over: off the list newsletter); 2026-03-06 10:00: task first call, due 2026-03-09 09:00, "Call anna@example.com" (first call: new was entered, no. 1)`},
		{"task due", 3, "task: {rule: first call, due: 2026-03-09, subject: anna@}", "task: {rule: first call, due: 2026-03-08}", `task first call, due 2026-03-09 09:00, "Call anna@example.com"`},
		{"task subject", 3, "task: {rule: first call, due: 2026-03-09 09:00}", "task: [{rule: first call, subject: Bernd}]", `task first call, due 2026-03-09 09:00, "Call anna@example.com"`},
		{"added", 3, "added_to: sales", "added_to: none", ""},
		{"removed", 3, "removed_from: [newsletter]", "removed_from: none", ""},
		{"closed", 4, "closed: first call", "closed: none", ""},
		{"amended", 6, "amended: first call", "amended: none", ""},
		{"not amended", 3, "amended: none", "amended: first call", "none"},
		{"satisfied", 7, "satisfied: second call", "satisfied: none", ""},
		{"not satisfied", 5, "satisfied: none", "satisfied: second call", "none"},
		{"back", 4, "back_to: mql", "back_to: none", ""},
		{"not back", 3, "back_to: none", "back_to: mql", "none"},
		{"deal", 5, `deal: {rule: deal, amount: "100", name: Deal of anna}`, "deal: {rule: deal, amount: 99}", `deal deal, "Deal of anna@example.com", amount 100, in sales at first`},
		{"deal name", 5, "deal: [deal]", "deal: {rule: deal, name: Bernd}", `deal deal, "Deal of anna@example.com", amount 100, in sales at first`},
		{"no deal", 4, "deal: none", "deal: deal", "none"},
		{"nothing", 1, "stage: lead", "plan: nothing", "2026-03-02 09:00: stage none → lead (the criteria of lead are met)"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			story := func(expect string) modeltest.Report {
				steps := make([]any, strings.Count(opening+returning, "%s"))
				for i := range steps {
					steps[i] = ""
				}
				steps[test.step-1] = ", expect: {" + expect + "}"
				return played(t, fmt.Sprintf(opening+returning, steps...))
			}
			if r := story(test.right); r.Failed > 0 {
				t.Errorf("%s: %+v", test.right, r.Files[0].Stories[0].Differences)
			}
			r := story(test.wrong)
			differences := r.Files[0].Stories[0].Differences
			if r.Failed != 1 || len(differences) != 1 {
				t.Fatalf("%s: %d failed, %+v", test.wrong, r.Failed, differences)
			}
			d := differences[0]
			if d.Step != test.step || d.Line != 7+test.step || d.Expected == "" {
				t.Errorf("the difference is at step %d, line %d: %+v", d.Step, d.Line, d)
			}
			if test.found != "" && d.Found != test.found {
				t.Errorf("found %q, want %q", d.Found, test.found)
			}
		})
	}
}

func TestNothingIsPlannedTwice(t *testing.T) {
	r := played(t, strings.ReplaceAll(opening, "%s", "")+`      - {on: 2026-03-07 12:00, expect: {plan: nothing, stage: mql, status: deal}}
      - {on: 2026-03-09, facts: {vip: true, title: ~, later: 2026-05-25}, expect: {fit: 20, not_because: chief}}
      - {on: 2026-03-10, form: 1, expect: {stage: opportunity, deal: none}}
      - {on: 2026-03-11, deal: lost, expect: {stage: lost, deal: none}}
`)
	if r.Failed > 0 || r.Steps != 9 {
		t.Errorf("%d steps, %+v", r.Steps, r.Files[0].Stories[0].Differences)
	}
}

func TestMistakes(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"empty", " \n", "f:1:1: file: the file is empty; begin with model: and the file of the model"},
		{"not YAML", "model: [", "f:2:1: file: did not find expected node content; correct the YAML; indentation and quotes are the usual causes"},
		{"no mapping", "- model", "f:1:1: : file is a list, not a mapping; write lines of the form key: value"},
		{"nothing", "languag: en", `f:1:1: languag: unknown key languag; did you mean "language"?
f:1:1: model: model is missing; add model:
f:1:1: stories: stories is missing; add stories:`},
		{"no expectation", `model: folder/tiny.yaml
stories:
  - {name: idle, story: [{on: 2026-03-02}]}
  - {name: empty, story: [{on: 2026-03-02, expect: {}}]}
  - {name: void, story: []}`, `f:3:25: stories[1].story: the story expects nothing; add expect: to a step; without it the story can never fail
f:4:52: stories[2].story[1].expect: nothing is expected; expect something or leave the key out
f:5:25: stories[3].story: the story has no steps; tell what happens: a list of steps with ` + "`on: DATE`"},
		{"the place", "model: folder/tiny.yaml\nlanguage: fr\ntime_zone: Berlin\ncountry: DE\nregion: XX\nstories: []", `f:2:11: language: "fr" is not possible for language; valid are: de, en
f:3:12: time_zone: "Berlin" is no time zone; write an IANA name such as Europe/Berlin
f:4:10: country: find region "XX" of DE: known are BB, BE, BW, BY, HB, HE, HH, MV, NI, NW, RP, SH, SL, SN, ST, TH; write a country and region with holidays, or leave both out
f:6:10: stories: there are no stories; tell at least one story`},
		{"several", `model: folder/tiny.yaml
stories:
  - name: first
    facts: {emial: a@example.com, size: big, open_deals: 1, domain: example.com, vip: maybe, title: []}
    story:
      - {on: 0226-03-02, form: {nam: x}, cal: 1, visit: 0}
      - {form: 1}
      - {on: 2026-03-03, expect: {stage: mqll, fit: many, because: [chif +3], missing: [budget], task: {due: 2026-03-04, subjekt: x}}}
      - {on: 2026-03-02, expect: {plan: all, deal: first call, closed: [], tasks: none}}
  - name: first
  - {stor: []}`, `f:4:13: stories[1].facts.emial: the model has no fact emial; did you mean "email"?
f:4:41: stories[1].facts.size: size is "big", not a number; write a number such as 250
f:4:46: stories[1].facts.open_deals: open_deals is counted, not given; leave it out; a deal is told by ` + "`deal: open`, `won` or `lost`" + `
f:4:61: stories[1].facts.domain: domain is part of an address; leave it out and give the address
f:4:87: stories[1].facts.vip: vip is "maybe", not true or false; write true or false
f:4:101: stories[1].facts.title: title is a list, not a text; write a text
f:6:14: stories[1].story[1].on: on is "0226-03-02", not a date; write a date such as 2026-03-02, or 2026-03-02 09:30
f:6:33: stories[1].story[1].form.nam: form has no attribute nam; did you mean "name"?
f:6:42: stories[1].story[1].cal: cal is no kind of activity of the model, and no key of a step; did you mean "call"?
f:6:57: stories[1].story[1].visit: visit is "0"; write how often, from 1 to 500, or attributes such as {name: IT handbook}
f:7:9: stories[1].story[2].on: the step has no date; add on: and a date
f:8:42: stories[1].story[3].expect.stage: "mqll" is not possible for stage; did you mean "mql"?
f:8:53: stories[1].story[3].expect.fit: fit is "many"; write whole points such as 40, or a comparison such as ">= 40"
f:8:69: stories[1].story[3].expect.because[1]: no score has a rule "chif"; valid are: engagement: form filled in, engagement: visited, engagement: webinar seen, fit: big, fit: chief
f:8:89: stories[1].story[3].expect.missing[1]: "budget" is not possible for missing[1]; valid are: domain, email, engagement, fit, known, later, lost_deals, open_deals, size, title, vip
f:8:104: stories[1].story[3].expect.task.rule: rule is missing; add rule: and the name of the follow-up
f:8:122: stories[1].story[3].expect.task.subjekt: unknown key subjekt; did you mean "subject"?
f:9:9: stories[1].story[4]: 2026-03-02 09:00 is not after the step before (2026-03-03 09:00); put the steps in the order of time, and give a time of day to those of one day
f:9:41: stories[1].story[4].expect.plan: "all" is not possible for plan; valid are: nothing
f:9:52: stories[1].story[4].expect.deal: "first call" is not possible for deal; valid are: deal
f:9:72: stories[1].story[4].expect.closed: closed is an empty list; name something, or write none
f:9:76: stories[1].story[4].expect.tasks: unknown key tasks; did you mean "task"?
f:10:5: stories[2].story: story is missing; add story:
f:10:5: stories[2]: there is a story "first" already; give every story a name of its own
f:11:5: stories[3].name: name is missing; add name:
f:11:5: stories[3].story: story is missing; add story:
f:11:6: stories[3].stor: unknown key stor; did you mean "story"?`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := modeltest.Parse("f", []byte(test.text), loadTiny)
			if err == nil {
				t.Fatal("accepted")
			}
			if diff := cmp.Diff(strings.Split(test.want, "\n"), strings.Split(err.Error(), "\n")); diff != "" {
				t.Error(diff)
			}
			if problems, ok := errors.AsType[*scoring.Problems](err); ok {
				sourced(t, test.text, *problems)
			}
		})
	}
}

// sourced demands that every mistake has its line, under which the command sets a caret.
func sourced(t *testing.T, text string, problems scoring.Problems) {
	t.Helper()
	for _, p := range problems {
		if want := strings.Split(text+"\n", "\n")[p.Line-1]; p.Source != want {
			t.Errorf("%s stands with the line %q, want %q", p, p.Source, want)
		}
	}
}

func TestModelIsLookedForBesideTheFile(t *testing.T) {
	_, err := modeltest.Parse("other/f_test.yaml", []byte("model: tiny.yaml\nstories: []"), loadTiny)
	if err == nil || !strings.Contains(err.Error(), "other/f_test.yaml (line 1): there is no other/tiny.yaml") {
		t.Errorf("error: %v", err)
	}
}

func TestLanguage(t *testing.T) {
	f, err := modeltest.Parse("models/x_test.yaml", []byte(`model: demo.yaml
language: de
stories:
  - name: Erstkontakt
    facts: {email: anna@example.com}
    story: [{on: 2026-03-02, form: {name: Demo}, expect: {task: {rule: first contact, subject: "Erstkontakt: anna@example.com"}, fit: 1}}]
`), load)
	if err != nil {
		t.Fatal(err)
	}
	differences := modeltest.Play([]*modeltest.File{f}, names()).Files[0].Stories[0].Differences
	if len(differences) != 1 || differences[0].Key != "fit" {
		t.Errorf("%+v", differences)
	}
}

func TestJUnit(t *testing.T) {
	r := played(t, fmt.Sprintf(opening, ", expect: {stage: mql}", "", "", "", ""))
	var b bytes.Buffer
	if err := r.JUnit(&b); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Suites   []struct {
			Name  string `xml:"name,attr"`
			Cases []struct {
				Name    string `xml:"name,attr"`
				Line    int    `xml:"line,attr"`
				Failure *struct {
					Message string `xml:"message,attr"`
					Text    string `xml:",chardata"`
				} `xml:"failure"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Tests != 1 || got.Failures != 1 || len(got.Suites) != 1 || len(got.Suites[0].Cases) != 1 {
		t.Fatalf("%+v", got)
	}
	c := got.Suites[0].Cases[0]
	if c.Line != 5 || c.Failure == nil || c.Failure.Message != "step 1: stage: expected mql, found lead" ||
		!strings.Contains(c.Failure.Text, "folder/tiny_test.yaml:8: step 1") {
		t.Errorf("%+v", c)
	}
}

func TestCoverage(t *testing.T) {
	r := played(t, fmt.Sprintf(opening, "", "", "", "", ", expect: {plan: nothing}"))
	want := []modeltest.Item{
		{What: "gate that holds back", Name: "known"}, {What: "stage", Name: "opportunity"}, {What: "stage", Name: "lost"},
	}
	if len(r.Coverage) != 1 || r.Complete() {
		t.Fatalf("%+v", r.Coverage)
	}
	if diff := cmp.Diff(want, r.Coverage[0].Unreached); diff != "" {
		t.Error(diff)
	}
	if c := r.Coverage[0]; c.Items != c.Reached+len(want) {
		t.Errorf("%d of %d", c.Reached, c.Items)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(strings.ReplaceAll(opening, "%s", ", expect: {total: 1, task: none, because: chief, missing: size}"))
	f.Add("model: tiny.yaml\nstories: [{name: a, facts: {later: 2026-01-01}, story: [{on: 2026-03-02, webinar: 3, stage: sql, expect: {next_change: never}}]}]")
	w := hostile.New(f)
	f.Fuzz(func(t *testing.T, text string) {
		w.Run(t, func() {
			file, err := modeltest.Parse("folder/tiny_test.yaml", []byte(text), loadTiny)
			if err != nil {
				if err.Error() == "" {
					t.Error("an error without words")
				}
				return
			}
			first, again := modeltest.Play([]*modeltest.File{file}, names()), modeltest.Play([]*modeltest.File{file}, names())
			if diff := cmp.Diff(first, again); diff != "" {
				t.Errorf("the same stories, another report: %s", diff)
			}
		})
	})
}
