package workflows_test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/scoring"
	"leadsync/workflows"
)

// scanner is a model that knows the clicks of link scanners by four within a minute (C3).
func scanner(t *testing.T) *scoring.Model {
	t.Helper()
	m, err := scoring.Parse("scanner.yaml", []byte(`model: scanner
facts: {email: {from: [contact.email]}}
activities:
  click:
    counter: contact.hs_email_click
    last: contact.hs_email_last_click_date
    first: contact.hs_email_first_click_date
    machine: {times: 4, within: 1m}
  bare: {counter: contact.scans, machine: {times: 4, within: 1m}}
scores: {engagement: {rules: [{name: click, activity: click, points: 5}, {name: bare, activity: bare, points: 5}]}}
lifecycle: [{stage: mql, scores: {engagement: 5}}]
`))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// The bursts that a CRM's own records show are those of a machine; where they do not say when something happened,
// nobody is accused.
func TestOccurrences_burstsOfScanners(t *testing.T) {
	created, seen := day(1), day(20)
	tick := func(n int) time.Time { return seen.Add(time.Duration(n) * 100 * time.Millisecond) }
	const clicks, last, first, scans = "hs_email_click", "hs_email_last_click_date", "hs_email_first_click_date", "scans"
	stamp := func(at time.Time) string { return strconv.FormatInt(at.UnixMilli(), 10) }
	// counted is a counter that the history shows going up by one, ten times within a second.
	counted := func(property string, from int, more func(n int) []workflows.Observation) []workflows.Observation {
		var all []workflows.Observation
		for n := 1; n <= 10; n++ {
			all = append(all, written(tick(n), property, strconv.Itoa(from+n))...)
			all = append(all, more(n)...)
		}
		return all
	}
	nothing := func(int) []workflows.Observation { return nil }
	before := written(day(5), clicks, "3", last, stamp(day(5)), first, stamp(day(4)))
	for name, tc := range map[string]struct {
		kind         int
		observations []workflows.Observation
		people       []int // the numbers of the occurrences
	}{
		"each with its last date": {0, append(slices.Clone(before), counted(clicks, 3, func(n int) []workflows.Observation {
			return written(tick(n), last, stamp(tick(n)))
		})...), []int{1, 2, 3}},
		// Of the first one only its end is known: it happened at any time since the click before.
		"the last date only at the end": {0, slices.Concat(before, counted(clicks, 3, nothing), written(tick(10), last, stamp(tick(10)))), []int{1, 2, 3, 4}},
		"the first ones of a contact":   {0, slices.Concat(written(tick(1), first, stamp(tick(1))), counted(clicks, 0, nothing), written(tick(10), last, stamp(tick(10)))), nil},
		"ten at once, the first ones of a contact": {
			0, written(tick(10), clicks, "10", first, stamp(tick(1)), last, stamp(tick(10))), nil,
		},
		"ten at once, right after a click": {0, slices.Concat(
			written(day(5), clicks, "1", first, stamp(day(5)), last, stamp(day(5))),
			written(day(6), clicks, "2", last, stamp(day(6))),
			written(day(6).Add(time.Second), clicks, "12", last, stamp(day(6).Add(time.Second))),
		), []int{1}},
		// Nine of the ten happened somewhere between the 5th and the 20th.
		"ten at once, nobody knows when": {0, append(slices.Clone(before), written(tick(10), clicks, "13", last, stamp(tick(10)))...), upTo(13)},
		"ten between two looks a day apart": {0, slices.Concat(
			observations(workflows.KnownReading, day(10), clicks, "3", last, stamp(day(5)), first, stamp(day(4))),
			observations(workflows.KnownReading, day(11), clicks, "13", last, stamp(day(10).Add(time.Hour))),
		), upTo(13)},
		"a person who clicks every day": {0, slices.Concat(
			written(day(5), clicks, "1", first, stamp(day(5)), last, stamp(day(5))), written(day(6), clicks, "2", last, stamp(day(6))),
			written(day(7), clicks, "3", last, stamp(day(7))), written(day(8), clicks, "4", last, stamp(day(8))),
		), upTo(4)},
		"without dates, each in the history": {1, slices.Concat(written(day(5), scans, "3"), counted(scans, 3, nothing)), upTo(4)},
		"without dates, ten at once":         {1, slices.Concat(written(day(5), scans, "3"), written(day(6), scans, "13")), upTo(13)},
		"without dates, two looks at once": {1, slices.Concat(
			observations(workflows.KnownReading, day(5), scans, "3"), observations(workflows.KnownReading, day(5).Add(50*time.Second), scans, "13"),
		), upTo(3)},
		"without dates, two looks two minutes apart": {1, slices.Concat(
			observations(workflows.KnownReading, day(5), scans, "3"), observations(workflows.KnownReading, day(5).Add(2*time.Minute), scans, "13"),
		), upTo(13)},
	} {
		t.Run(name, func(t *testing.T) {
			m := scanner(t)
			kind := m.ActivityKinds()[tc.kind]
			activities := workflows.Occurrences(kind, tc.observations, created)
			var people []int
			for _, a := range m.People(activities) {
				n, err := strconv.Atoi(strings.TrimPrefix(a.ID, kind.Kind+"/"))
				if err != nil {
					t.Fatal(err)
				}
				people = append(people, n)
			}
			slices.Sort(people)
			if diff := cmp.Diff(tc.people, people); diff != "" {
				t.Errorf("of %d people did (-want +got):\n%s", len(activities), diff)
			}
			e := m.Evaluate(scoring.Lead{Activities: activities}, day(27))
			if want := int64(5 * len(tc.people)); e.Scores[0].Whole != want {
				t.Errorf("%d points, want %d", e.Scores[0].Whole, want)
			}
		})
	}
}

// upTo are the numbers of the first occurrences.
func upTo(n int) []int {
	var numbers []int
	for i := 1; i <= n; i++ {
		numbers = append(numbers, i)
	}
	return numbers
}

// What a machine did sets no lead status and is no evidence after a way back.
func TestPlan_machinesDoNothing(t *testing.T) {
	model := func(machine string) func(t *testing.T) *person {
		return func(t *testing.T) *person {
			p := newPerson(t, reach("lead"))
			m, err := scoring.Parse("dialler.yaml", []byte(fmt.Sprintf(`model: dialler
facts: {email: {from: [contact.email]}}
activities:
  call: {object: call, attributes: {outcome: hs_call_disposition}%s}
  unanswered: {of: call, where: 'outcome == "no_answer"'}
scores: {fit: {maximum: 100, rules: [{name: address, when: known(email), points: 100}]}}
lifecycle: [{stage: mql, scores: {fit: 50}}]
lead_status: [{status: attempted, activity: unanswered}]
`, machine)))
			if err != nil {
				t.Fatal(err)
			}
			p.model = m
			p.step()
			return p.after(time.Hour)
		}
	}
	const machine = ", machine: {times: 2, within: 30s}"
	play(t, map[string]scene{
		"a call of a made kind sets the status": {who: model(""), happen: func(p *person) { p.call(noAnswer, 0) }, want: []string{"status attempted"}},
		"so do two without a rule for machines": {who: model(""), happen: func(p *person) { p.call(noAnswer, 0).call(noAnswer, 0) }, want: []string{"status attempted"}},
		"two at once are a machine's":           {who: model(machine), happen: func(p *person) { p.call(noAnswer, 0).call(noAnswer, 0) }, want: []string{}},
		"one of a person decides":               {who: model(machine), happen: func(p *person) { p.call(noAnswer, time.Minute).call(noAnswer, 0).call(connected, 0) }, want: []string{"status attempted"}},
	})
}

// After a way back only what people do leads forward again.
func TestPlan_machinesAreNoEvidenceAfterAWayBack(t *testing.T) {
	text, err := os.ReadFile("testdata/model.yaml")
	if err != nil {
		t.Fatal(err)
	}
	with := strings.Replace(string(text), "object: call,", "object: call, machine: {times: 2, within: 30s},", 1)
	with = strings.Replace(with, "\nfollow_ups:\n", "\nfollow_ups:\n  - {name: recycle, on_status: bad_timing, back_to: mql}\n", 1)
	m, err := scoring.Parse("machines.yaml", []byte(with))
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		calls int
		ago   time.Duration
		want  string
		look  bool
	}{
		"one call":          {1, 0, "sql", false},
		"two at once":       {2, 0, "mql", false},
		"one to come":       {1, -30 * time.Minute, "mql", true},
		"two at once later": {2, -30 * time.Minute, "mql", false},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPerson(t, reach("sql"))
			p.model = m
			p.carry()
			p.after(time.Hour).status("BAD_TIMING").carry()
			p.after(24 * time.Hour)
			for range tc.calls {
				p.call("left_message", tc.ago)
			}
			planned := p.carry()
			if planned.State.Stage != tc.want {
				t.Errorf("stage %s, want %s", planned.State.Stage, tc.want)
			}
			if look := planned.LookAt.Equal(p.now.Add(30 * time.Minute)); look != tc.look {
				t.Errorf("looks again at %v", planned.LookAt)
			}
		})
	}
}
