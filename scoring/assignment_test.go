package scoring_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/scoring"
)

func assigning(t *testing.T, assignments string) *scoring.Model {
	t.Helper()
	text := `model: assigning
facts:
  country: {from: [company.country]}
  employees: {from: [company.numberofemployees], type: number}
scores: {fit: {rules: [{name: big, when: employees > 10, points: 5}]}}
lifecycle: [{stage: mql, scores: {fit: 5}}]
assignments:
` + assignments
	m, err := scoring.Parse("assigning.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

const threeEntries = `
  inside sales:
    sets_owner: true
    entries:
      - {when: 'country == "AT"', people: [maria]}
      - {when: employees > 100, people: {jonas: 2, ada: 1}}
      - {people: [jonas, ada, maria]}
`

func textFact(s string) scoring.Value { return scoring.Value{Type: scoring.TypeText, Text: s} }
func number(n float64) scoring.Value  { return scoring.Value{Type: scoring.TypeNumber, Number: n} }

func whoever(how map[string]scoring.Presence) func(string) scoring.Presence {
	return func(person string) scoring.Presence {
		if p, ok := how[person]; ok {
			return p
		}
		return scoring.PresenceHere
	}
}

func TestAssign_takesTheFirstEntryThatAppliesAndHasSomebody(t *testing.T) {
	m := assigning(t, threeEntries)
	const left, absent, unknown = scoring.PresenceLeft, scoring.PresenceAbsent, scoring.PresenceUnknown
	at := map[string]scoring.Value{"country": textFact("at")}
	big := map[string]scoring.Value{"employees": number(500)}
	for _, c := range []struct {
		name     string
		facts    map[string]scoring.Value
		presence map[string]scoring.Presence
		person   string
		params   map[string]string
	}{
		{"territory", at, nil, "maria", map[string]string{"entry": "1", "among": "maria", "condition": `country == "AT"`}},
		{"territory before size", map[string]scoring.Value{"country": textFact("AT"), "employees": number(500)}, nil, "maria", map[string]string{"entry": "1", "among": "maria", "condition": `country == "AT"`}},
		{"an unknown fact fits no condition", nil, map[string]scoring.Presence{"ada": left, "maria": left}, "jonas", map[string]string{"entry": "3", "among": "jonas", "left": "ada, maria"}},
		{"who has left hands the entry on", at, map[string]scoring.Presence{"maria": left, "ada": absent}, "jonas", map[string]string{"entry": "3", "among": "jonas", "left": "maria", "absent": "ada"}},
		{"absent is better than nobody", at, map[string]scoring.Presence{"maria": absent}, "maria", map[string]string{"entry": "1", "among": "maria", "condition": `country == "AT"`}},
		{"absent only if all are", big, map[string]scoring.Presence{"jonas": absent}, "ada", map[string]string{"entry": "2", "among": "ada", "absent": "jonas", "condition": "employees > 100"}},
		{"weights are shown", big, map[string]scoring.Presence{"ada": unknown}, "jonas", map[string]string{"entry": "2", "among": "jonas ×2", "unknown": "ada", "condition": "employees > 100"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := m.Assign("inside sales", scoring.Lead{Facts: c.facts}, "101", noon, whoever(c.presence))
			c.params["assignment"], c.params["person"] = "inside sales", c.person
			want := scoring.Choice{Person: c.person, SetsOwner: true, Reason: scoring.Reason{Code: scoring.ReasonAssigned, Params: c.params}}
			if diff := cmp.Diff(want, got); diff != "" || !ok {
				t.Errorf("ok %v (-want +got):\n%s", ok, diff)
			}
		})
	}
}

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

func TestAssign_nobody(t *testing.T) {
	m := assigning(t, threeEntries)
	gone := map[string]scoring.Presence{"maria": scoring.PresenceLeft, "ada": scoring.PresenceLeft, "jonas": scoring.PresenceUnknown}
	got, ok := m.Assign("inside sales", scoring.Lead{}, "101", noon, whoever(gone))
	want := scoring.Choice{SetsOwner: true, Reason: scoring.Reason{Code: scoring.ReasonUnassigned, Params: map[string]string{
		"assignment": "inside sales", "left": "ada, maria", "unknown": "jonas",
	}}}
	if diff := cmp.Diff(want, got); diff != "" || !ok {
		t.Errorf("ok %v (-want +got):\n%s", ok, diff)
	}
	for lang, text := range map[string]string{
		"en": "inside sales: nobody can do it; left: ada, maria; not known to the portal: jonas",
		"de": "inside sales: niemand kann es übernehmen; ausgeschieden: ada, maria; dem Portal unbekannt: jonas",
	} {
		if got := scoring.RenderReason(lang, got.Reason); got != text {
			t.Errorf("%s: %s", lang, got)
		}
	}
	if _, ok := m.Assign("outside sales", scoring.Lead{}, "101", noon, whoever(nil)); ok {
		t.Error("an assignment that does not exist chose somebody")
	}
}

func TestAssign_saysWhyInBothLanguages(t *testing.T) {
	m := assigning(t, threeEntries)
	got, _ := m.Assign("inside sales", scoring.Lead{Facts: map[string]scoring.Value{"employees": number(101)}}, "101", noon,
		whoever(map[string]scoring.Presence{"ada": scoring.PresenceAbsent}))
	plain, _ := m.Assign("inside sales", scoring.Lead{}, "101", noon, whoever(map[string]scoring.Presence{"ada": scoring.PresenceLeft, "maria": scoring.PresenceLeft}))
	for _, c := range []struct {
		lang, want string
		reason     scoring.Reason
	}{
		{"en", "inside sales: jonas, because employees > 100, one of jonas ×2; absent: ada", got.Reason},
		{"de", "inside sales: jonas, denn employees > 100, von jonas ×2; abwesend: ada", got.Reason},
		{"en", "inside sales: jonas, one of jonas; left: ada, maria", plain.Reason},
	} {
		if got := scoring.RenderReason(c.lang, c.reason); got != c.want {
			t.Errorf("%s: %s", c.lang, got)
		}
	}
}

// shares counts whom so many leads go to.
func shares(t *testing.T, m *scoring.Model, leads int, how map[string]scoring.Presence) (map[string]int, []string) {
	t.Helper()
	count, to := map[string]int{}, make([]string, leads)
	for i := range leads {
		choice, ok := m.Assign("team", scoring.Lead{}, fmt.Sprint(7000+i), noon, whoever(how))
		if !ok || choice.Person == "" {
			t.Fatal("nobody")
		}
		count[choice.Person]++
		to[i] = choice.Person
	}
	return count, to
}

func TestAssign_movesOnlyTheLeadsOfWhoComesOrLeaves(t *testing.T) {
	const leads = 4000
	three := assigning(t, "  team: {entries: [{people: [ada, jonas, maria]}]}\n")
	four := assigning(t, "  team: {entries: [{people: [zoe, maria, jonas, ada]}]}\n")
	heavy := assigning(t, "  team: {entries: [{people: {ada: 3, jonas: 1, maria: 1}}]}\n")
	before, was := shares(t, three, leads, nil)
	after, is := shares(t, four, leads, nil)
	weighted, weighs := shares(t, heavy, leads, nil)
	_, without := shares(t, four, leads, map[string]scoring.Presence{"zoe": scoring.PresenceLeft})
	for i := range leads {
		if is[i] != was[i] && is[i] != "zoe" {
			t.Fatalf("lead %d went from %s to %s because zoe came", i, was[i], is[i])
		}
		if without[i] != was[i] {
			t.Fatalf("lead %d goes to %s after zoe has left, it went to %s before she came", i, without[i], was[i])
		}
		if weighs[i] != was[i] && weighs[i] != "ada" {
			t.Fatalf("lead %d went from %s to %s because ada has more turns", i, was[i], weighs[i])
		}
	}
	for _, c := range []struct {
		got  int
		want float64
	}{{before["ada"], 1. / 3}, {before["maria"], 1. / 3}, {after["zoe"], 1. / 4}, {weighted["ada"], 3. / 5}, {weighted["jonas"], 1. / 5}} {
		if share := float64(c.got) / leads; math.Abs(share-c.want) > 0.03 {
			t.Errorf("a share of %.3f, want %.3f", share, c.want)
		}
	}
}

// The choice is part of what an account remembers: another one would hand leads to other people on an update.
func TestAssign_staysAsItWas(t *testing.T) {
	m := assigning(t, "  team: {entries: [{people: {ada: 2, jonas: 1, maria: 1}}]}\n")
	_, to := shares(t, m, 24, nil)
	if got := strings.Join(to, " "); got != stableChoice {
		t.Errorf("got %s", got)
	}
}

func TestModel_namesItsAssignmentsAndPeople(t *testing.T) {
	m := assigning(t, threeEntries+"  outside: {entries: [{people: [zoe]}]}\n")
	if diff := cmp.Diff([]string{"inside sales", "outside"}, m.Assignments()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"ada", "jonas", "maria", "zoe"}, m.Workers()); diff != "" {
		t.Error(diff)
	}
	if !m.SetsOwner("inside sales") || m.SetsOwner("outside") || m.SetsOwner("maria") {
		t.Error("only inside sales sets the owner")
	}
}

const stableChoice = "ada ada jonas ada ada jonas ada jonas jonas ada jonas ada jonas ada ada jonas ada ada maria jonas ada ada ada ada"
