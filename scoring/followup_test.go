package scoring_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/scoring"
)

const followUpModel = `model: follow
facts: {email: {from: [contact.email]}, budget: {from: [contact.budget], type: number}, vip: {from: [contact.vip], type: bool}}
activities:
  call: {object: call, attributes: {outcome: hs_call_disposition}}
  meeting: {object: meeting}
  talk: {of: call, where: outcome == "connected"}
scores: {fit: {maximum: 100, rules: [{name: address, when: known(email), points: 100}]}}
lifecycle: [{stage: mql, scores: {fit: 50}}, {stage: sql, direct: vip}]
lead_status: [{status: new, on_stage: sql}, {status: attempted}, {status: unqualified}]
variants: [{name: vips, when: vip, scores: {fit: {maximum: 100, rules: [{name: vip, when: vip, points: 100}]}}}]
follow_ups:
  - name: again
    on_activity: {kind: call, where: outcome == "no_answer"}
    after: 4wh
    while: not known(budget) and days_since_last("call") < 5
    obsolete_when: count("meeting") >= 1
    task:
      {kind: call, for: owner, due: 2d, priority: low, subject: "No. {attempt}", body: B, queue: calls, remind: 30m,
       ladder: [{}, {due: 4wd, priority: high, subject: Last}], then: {status: unqualified}}
  - {name: talked, on_activity: {kind: talk}, task: {due: 1d, subject: T}}
  - {name: plain, on_status: attempted, close_tasks: true}
`

func followUps(t *testing.T) *scoring.Model {
	t.Helper()
	text := strings.Replace(followUpModel, "ladder: [{}, ", "ladder: [{due: 2d}, ", 1)
	m, err := scoring.Parse("follow.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestFollowUps_tellTheirCauseAndTheirLadder(t *testing.T) {
	days := func(n int, unit scoring.SpanUnit) scoring.Span { return scoring.Span{N: n, Unit: unit} }
	text := func(s string) map[string]string { return map[string]string{"en": s} }
	want := scoring.FollowUp{
		Name: "again", OnActivity: "call", OnWhere: `outcome == "no_answer"`, After: days(4, scoring.UnitWorkingHours),
		While: `not known(budget) and days_since_last("call") < 5`, ObsoleteWhen: `count("meeting") >= 1`,
		Task: &scoring.TaskRule{
			Kind: "call", For: "owner", Priority: "low", Subject: text("No. {attempt}"), Body: text("B"), Due: scoring.Due{Span: days(2, scoring.UnitDays)},
			Queue: "calls", Remind: 30 * time.Minute, Then: &scoring.Then{Status: "unqualified"},
			Ladder: []scoring.Step{{Due: days(2, scoring.UnitDays)}, {Due: days(4, scoring.UnitWorkingDays), Priority: "high", Subject: text("Last")}},
		},
	}
	got := followUps(t).FollowUps()[0]
	if diff := cmp.Diff(want, got, cmp.Transformer("texts", func(m map[string]string) string { return m["en"] })); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for n, want := range map[int]string{0: "2d low No. {attempt} B", 1: "2d low No. {attempt} B", 2: "4wd high Last B", 3: "4wd high Last B"} {
		at := got.Task.At(n)
		if text := strings.Join([]string{at.Due.String(), at.Priority, at.Subject["en"], at.Body["en"]}, " "); text != want || at.Ladder != nil || at.Then != nil {
			t.Errorf("step %d is %q, want %q", n, text, want)
		}
	}
}

func TestFollowUpTruths(t *testing.T) {
	m, now := followUps(t), time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	call := func(ago time.Duration) scoring.Activity {
		return scoring.Activity{ID: "c", Kind: "call", At: now.Add(-ago), Attributes: map[string]string{"outcome": "no_answer"}}
	}
	meeting := func(ago time.Duration) scoring.Activity {
		return scoring.Activity{ID: "m", Kind: "meeting", At: now.Add(-ago)}
	}
	const day = 24 * time.Hour
	number, yes := scoring.Value{Type: scoring.TypeNumber, Number: 1}, scoring.Value{Type: scoring.TypeBool, Bool: true}
	for name, tc := range map[string]struct {
		lead            scoring.Lead
		while, obsolete scoring.Truth
	}{
		"called yesterday":      {scoring.Lead{Activities: []scoring.Activity{call(day)}}, scoring.True, scoring.False},
		"called long ago":       {scoring.Lead{Activities: []scoring.Activity{call(9 * day)}}, scoring.False, scoring.False},
		"never called":          {scoring.Lead{}, scoring.Unknown, scoring.False},
		"known":                 {scoring.Lead{Facts: map[string]scoring.Value{"budget": number}, Activities: []scoring.Activity{call(day)}}, scoring.False, scoring.False},
		"met":                   {scoring.Lead{Activities: []scoring.Activity{call(day), meeting(day)}}, scoring.True, scoring.True},
		"met later":             {scoring.Lead{Activities: []scoring.Activity{call(day), meeting(-day)}}, scoring.True, scoring.False},
		"met, and of a variant": {scoring.Lead{Facts: map[string]scoring.Value{"vip": yes}, Activities: []scoring.Activity{call(day), meeting(day)}}, scoring.True, scoring.True},
	} {
		t.Run(name, func(t *testing.T) {
			got := m.FollowUpTruths(tc.lead, now)
			want := []scoring.FollowUpTruth{{While: tc.while, Obsolete: tc.obsolete}, {While: scoring.True, Obsolete: scoring.False}, {While: scoring.True, Obsolete: scoring.False}}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			before := m.Evaluate(tc.lead, now)
			if diff := cmp.Diff(before, m.Evaluate(tc.lead, now)); diff != "" {
				t.Errorf("the frame was left otherwise:\n%s", diff)
			}
		})
	}
	before, _, _ := strings.Cut(followUpModel, "  - name: again")
	plain, err := scoring.Parse("plain.yaml", []byte(before+"  - {name: plain, on_status: attempted, close_tasks: true}\n"))
	if err != nil || plain.FollowUpTruths(scoring.Lead{}, now) != nil {
		t.Errorf("a model without such conditions: %v", err)
	}
}

func TestCauses(t *testing.T) {
	m := followUps(t)
	for name, tc := range map[string]struct {
		rule, kind, outcome string
		want                bool
	}{
		"meets the condition":   {"again", "call", "no_answer", true},
		"another outcome":       {"again", "call", "connected", false},
		"no outcome":            {"again", "call", "", false},
		"another kind":          {"again", "meeting", "no_answer", false},
		"a made kind":           {"talked", "call", "connected", true},
		"not of the made kind":  {"talked", "call", "no_answer", false},
		"a rule on a status":    {"plain", "call", "no_answer", false},
		"a rule that is none":   {"gone", "call", "no_answer", false},
		"a kind that is none":   {"again", "fax", "no_answer", false},
		"a made kind by itself": {"talked", "talk", "connected", false},
	} {
		t.Run(name, func(t *testing.T) {
			a := scoring.Activity{ID: "1", Kind: tc.kind, Attributes: map[string]string{}}
			if tc.outcome != "" {
				a.Attributes["outcome"] = tc.outcome
			}
			if got := m.Causes(tc.rule, a); got != tc.want {
				t.Errorf("%v, want %v", got, tc.want)
			}
		})
	}
}

// What can never be, and what is asked for by a follow-up alone, is known to the linter too.
func TestLint_followUps(t *testing.T) {
	text := strings.NewReplacer(
		"ladder: [{}, ", "ladder: [{due: 2d}, ",
		`while: not known(budget) and days_since_last("call") < 5`, "while: budget > 5 and budget < 3",
		`kind: call, where: outcome == "no_answer"`, `kind: call, where: outcome == "a" and outcome == "b"`,
	).Replace(followUpModel)
	findings, err := scoring.Lint("follow.yaml", []byte(text), scoring.LintOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var never []string
	for _, f := range findings {
		if f.Kind == scoring.FindingNeverTrue {
			never = append(never, f.Key)
		}
		if f.Kind == scoring.FindingUnused && (strings.Contains(f.Text, "meeting") || strings.Contains(f.Text, "call")) {
			t.Errorf("%v, although a follow-up asks for it", f)
		}
	}
	if diff := cmp.Diff([]string{"follow_ups[1].on_activity.where", "follow_ups[1].while"}, never); diff != "" {
		t.Errorf("(-want +got):\n%s\n%v", diff, findings)
	}
}
