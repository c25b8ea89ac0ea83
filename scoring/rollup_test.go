package scoring_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/scoring"
)

func rollups(t *testing.T, activities string) (*scoring.Model, error) {
	t.Helper()
	return scoring.Parse("m.yaml", []byte(`
model: rollups
facts: {email: {from: [contact.email]}, size: {from: [company.size], type: number}}
activities:
`+activities+`
scores: {engagement: {rules: [{name: seen, activity: seen, points: 5}, {name: big, when: 'size > 5 or count("seen") > 9', points: 5}]}}
gates: {reachable: {requires: known(email)}}
lifecycle:
  - {stage: lead, when: known(email)}
  - {stage: mql, scores: {engagement: 5}, gates: [reachable]}
  - {stage: sql, gates: [reachable], direct: days_since_last("seen") < 3}
lead_status: [{status: new, on_stage: sql}, {status: met, activity: seen}]
`))
}

// A roll-up is a counter, a last date, or both (S63, S70 to S72).
func TestParse_rollups(t *testing.T) {
	for name, tc := range map[string]struct {
		text string
		want *scoring.Counter
		said string
	}{
		"both":             {"{counter: contact.n, last: contact.d, first: contact.f}", &scoring.Counter{Property: "n", LastProperty: "d", FirstProperty: "f"}, ""},
		"a counter alone":  {"{counter: contact.n}", &scoring.Counter{Property: "n"}, ""},
		"a last date":      {"{last: contact.d, attributes: {name: contact.t}}", &scoring.Counter{LastProperty: "d", NameProperty: "t"}, ""},
		"a first date":     {"{first: contact.f}", nil, "seen has no source"},
		"of a company":     {"{last: company.d}", nil, `"company.d" is not a property of the contact`},
		"of an object too": {"{object: call, last: contact.d}", nil, "last belongs to a counter"},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := rollups(t, "  seen: "+tc.text)
			if tc.said != "" {
				if err == nil || !strings.Contains(err.Error(), tc.said) {
					t.Errorf("error %v, want %q", err, tc.said)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, m.ActivityKinds()[0].Counter); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestModel_criteria(t *testing.T) {
	m, err := rollups(t, "  seen: {last: contact.d}")
	if err != nil {
		t.Fatal(err)
	}
	seen := []string{"seen"}
	want := []scoring.Criterion{
		{What: "score rule", Name: "engagement: seen", Activities: seen},
		{What: "score rule", Name: "engagement: big", Facts: []string{"size"}, Activities: seen},
		{What: "stage", Name: "lead", Facts: []string{"email"}},
		{What: "gate", Name: "reachable", Facts: []string{"email"}},
		{What: "stage", Name: "sql", Activities: seen},
		{What: "lead status", Name: "met", Activities: seen},
	}
	if diff := cmp.Diff(want, m.Criteria()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// How well a date is known stands in the explanation.
func TestRenderLine_uncertainDates(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		line   scoring.Line
		en, de string
	}{
		"certain":                   {scoring.Line{}, "seen 2026-03-02", "seen 02.03.2026"},
		"an open end":               {scoring.Line{Uncertain: true}, "seen not before 2026-03-02", "seen frühestens 02.03.2026"},
		"an interval":               {scoring.Line{Uncertain: true, NotAfter: at.AddDate(0, 0, 3)}, "seen between 2026-03-02 09:00 UTC and 2026-03-05 09:00", "seen zwischen 02.03.2026 09:00 UTC und 05.03.2026 09:00"},
		"counted later":             {scoring.Line{Uncertain: true, NotBefore: at.AddDate(0, 0, -1), NotAfter: at}, "seen 2026-03-02 09:00 UTC, not before 2026-03-01 09:00", "seen 02.03.2026 09:00 UTC, frühestens 01.03.2026 09:00"},
		"an open end, dated later":  {scoring.Line{Uncertain: true, NotBefore: at.AddDate(0, 0, -1)}, "seen not before 2026-03-01", "seen frühestens 01.03.2026"},
		"within an interval":        {scoring.Line{Uncertain: true, NotBefore: at.AddDate(0, 0, -1), NotAfter: at.AddDate(0, 0, 3)}, "seen between 2026-03-01 09:00 UTC and 2026-03-05 09:00", "seen zwischen 01.03.2026 09:00 UTC und 05.03.2026 09:00"},
		"bounds that are out of it": {scoring.Line{Uncertain: true, NotBefore: at.AddDate(0, 0, 1), NotAfter: at.AddDate(0, 0, -1)}, "seen 2026-03-02 09:00 UTC, not before 2026-03-02 09:00", "seen 02.03.2026 09:00 UTC, frühestens 02.03.2026 09:00"},
	} {
		t.Run(name, func(t *testing.T) {
			tc.line.Activity, tc.line.Kind, tc.line.At, tc.line.Rule = "seen/1", "seen", at, "r"
			for lang, want := range map[string]string{"en": tc.en, "de": tc.de} {
				if got := scoring.RenderLine(lang, tc.line); !strings.Contains(got, want) {
					t.Errorf("%s: %q, want %q", lang, got, want)
				}
			}
		})
	}
}
