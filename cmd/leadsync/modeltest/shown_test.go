package modeltest_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"leadsync/cmd/leadsync/modeltest"
	"leadsync/fixtures"
	"leadsync/scoring"
)

// sampleText is the text of a sample model, changed by replacements that must be possible.
func sampleText(t *testing.T, name string, replace ...string) string {
	t.Helper()
	text, err := fixtures.Models().ReadFile("models/" + name)
	if err != nil {
		t.Fatal(err)
	}
	changed := string(text)
	for i := 0; i < len(replace); i += 2 {
		if !strings.Contains(changed, replace[i]) {
			t.Fatalf("%s has no %q", name, replace[i])
		}
		changed = strings.Replace(changed, replace[i], replace[i+1], 1)
	}
	return changed
}

// playOn plays stories on the text of a model.
func playOn(t *testing.T, model, stories string) modeltest.Report {
	t.Helper()
	f, err := modeltest.Parse("stories", []byte(stories), func(string) (*scoring.Model, error) {
		return scoring.Parse("model.yaml", []byte(model))
	})
	if err != nil {
		t.Fatal(err)
	}
	return modeltest.Play([]*modeltest.File{f}, names())
}

// A model that does not say what an MQL is, or says only that people know, is refused (S37).
func TestModelWithoutCriteriaOfTheMQLIsRefused(t *testing.T) {
	for name, with := range map[string]string{"no mql": "stage: interested", "by hand": "stage: mql, manual: true} # {"} {
		text := strings.Replace(sampleText(t, "small.yaml"), "stage: mql, ", with+", ", 1)
		text = strings.Replace(text, with+", scores: {fit: 30, engagement: 30}}", map[bool]string{true: with + ", scores: {fit: 30, engagement: 30}}", false: with + "}"}[name == "no mql"], 1)
		_, err := scoring.Parse("small.yaml", []byte(text))
		if err == nil || !strings.Contains(err.Error(), "mql") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Criteria that ask for the same thing are told, and the samples have none (S48). What cannot be measured is told by
// `leadsync check`, which knows the account.
func TestCriteriaAreIndependent(t *testing.T) {
	for _, name := range []string{"b2b.yaml", "b2b_de.yaml", "small.yaml", "sal.yaml"} {
		findings, err := scoring.Lint(name, []byte(sampleText(t, name)), scoring.LintOptions{})
		if err != nil || len(findings) > 0 {
			t.Errorf("%s: %v %v", name, findings, err)
		}
	}
	twice := sampleText(t, "small.yaml", "      - {name: right size,", "      - {name: again, when: 50 <= employees and not (employees > 5000), points: 3}\n      - {name: right size,")
	findings, err := scoring.Lint("small.yaml", []byte(twice), scoring.LintOptions{})
	if err != nil || !slices.ContainsFunc(findings, func(f scoring.Finding) bool { return f.Kind == scoring.FindingTogether }) {
		t.Errorf("the same thing asked twice: %v %v", findings, err)
	}
}

// A sieve that is too fine and one that is too coarse are both told by the stories of leads whose end is known (S49).
func TestStoriesTellBothKindsOfError(t *testing.T) {
	const stories = `model: small.yaml
stories:
  - name: became a customer
    facts: {email: anna@example.com, job_title: Head of Production, employees: 250}
    story:
      - {on: 2026-03-02, form: 2, expect: {stage: mql}}
      - {on: 2026-04-02, deal: won, expect: {stage: customer}}
  - name: wasted the time of sales
    facts: {email: ben@example.com, job_title: Assistant, employees: 250}
    story: [{on: 2026-03-02, form: 2, expect: {stage: lead}}]
`
	for name, tc := range map[string]struct{ from, to, failed string }{
		"as it is":   {"fit: 30", "fit: 30", ""},
		"too fine":   {"fit: 30", "fit: 60", "became a customer"},
		"too coarse": {"fit: 30", "fit: 10", "wasted the time of sales"},
	} {
		t.Run(name, func(t *testing.T) {
			failed := ""
			for _, s := range playOn(t, sampleText(t, "small.yaml", tc.from, tc.to), stories).Files[0].Stories {
				if len(s.Differences) > 0 {
					failed += s.Name
				}
			}
			if failed != tc.failed {
				t.Errorf("otherwise than expected: %q, want %q", failed, tc.failed)
			}
		})
	}
}

// Stories of leads whose end is known hold the points against revenue: how many of each tier were won, as they stood
// before there was a deal, and which tier was won more often than a better one (C2).
func TestPointsAreHeldAgainstRevenue(t *testing.T) {
	const story = `
  - name: lead %d
    facts: {email: anna@example.com, job_title: %s}
    story:
      - {on: 2026-03-02, form: %d, expect: {stage: %s}}
      - {on: 2026-03-03, form: 1, deal: %s}
`
	model := sampleText(t, "small.yaml", "lifecycle:", "grades: {letter: {score: fit, A: 30}, number: {score: engagement, 1: 30}}\ntiers: {hot: [A1], warm: [A2]}\nlifecycle:")
	tell := func(ends ...string) string { // two hot ones, a warm one, one without a tier, one without an end
		text := "model: small.yaml\nstories:"
		for i, lead := range []struct {
			title string
			forms int
			stage string
		}{{"ceo", 2, "mql"}, {"head", 2, "mql"}, {"ceo", 1, "lead"}, {"assistant", 3, "lead"}, {"ceo", 2, "mql"}} {
			text += fmt.Sprintf(story, i, lead.title, lead.forms, lead.stage, ends[i])
		}
		return text
	}
	for name, tc := range map[string]struct {
		ends  []string
		want  []modeltest.Outcome
		doubt bool
	}{
		"as it should be": {[]string{"won", "lost", "lost", "lost", "open"}, []modeltest.Outcome{{Band: "hot", Won: 1, Lost: 1}, {Band: "warm", Lost: 1}, {Lost: 1}}, false},
		"doubtful":        {[]string{"won", "lost", "won", "lost", "open"}, []modeltest.Outcome{{Band: "hot", Won: 1, Lost: 1}, {Band: "warm", Won: 1}, {Lost: 1}}, true},
		"no ends":         {[]string{"open", "open", "open", "open", "open"}, []modeltest.Outcome{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := playOn(t, model, tell(tc.ends...))
			if r.Failed > 0 {
				t.Fatalf("%+v", r.Files)
			}
			if diff := cmp.Diff(tc.want, r.Coverage[0].Outcomes); diff != "" {
				t.Error(diff)
			}
			var b strings.Builder
			r.Text(&b)
			doubts := strings.Count(b.String(), "was won more often than")
			if doubt := strings.Contains(b.String(), "warm was won more often than hot"); doubt != tc.doubt || doubt != (doubts == 1) || strings.Contains(b.String(), "before there was a deal") != (len(tc.want) > 0) {
				t.Error(b.String())
			}
		})
	}
}

// The small sample fits on a screen.
func TestSmallSampleFitsOnAScreen(t *testing.T) {
	const screen, wide = 40, 160
	lines := strings.Split(strings.TrimRight(sampleText(t, "small.yaml"), "\n"), "\n")
	if len(lines) > screen || slices.ContainsFunc(lines, func(l string) bool { return len([]rune(l)) > wide }) {
		t.Errorf("%d lines, at most %d of %d characters", len(lines), screen, wide)
	}
}

// Every point of the complete sample is explained: the lines sum to the score, and each says in both languages of
// which rule or limit it is (C1). What was done stands there with its time, the latest first within a rule (S6).
func TestEveryPointIsExplained(t *testing.T) {
	models := pair(t)
	now := time.Date(2026, 3, 20, 9, 30, 0, 0, time.UTC)
	rapid.Check(t, func(rt *rapid.T) {
		lead := twins(rt, models, now)[0]
		for _, s := range models[0].Evaluate(lead, now).Scores {
			sum, before := scoring.Points(0), scoring.Line{}
			for _, l := range s.Lines {
				sum += l.Result
				for _, language := range []string{"en", "de"} {
					if text := scoring.RenderLine(language, l); !strings.Contains(text, "(") || l.Rule != "" && !strings.Contains(text, l.Rule) {
						rt.Fatalf("not explained: %q", text)
					}
				}
				if l.Rule == before.Rule && l.Activity != "" && before.Activity != "" && l.At.After(before.At) {
					rt.Fatalf("%s: %s stands behind %s", l.Rule, l.At, before.At)
				}
				before = l
			}
			if sum != s.Points {
				rt.Fatalf("%s: the lines sum to %d, not %d", s.Name, sum, s.Points)
			}
		}
	})
}

// A score is computed from what is stored and never counted on: order and repetition change nothing, and what is taken
// back is gone (C6).
func TestScoreIsComputedAnew(t *testing.T) {
	m := pair(t)[0]
	now := time.Date(2026, 3, 20, 9, 30, 0, 0, time.UTC)
	rapid.Check(t, func(rt *rapid.T) {
		lead := twins(rt, pair(t), now)[0]
		want := m.Evaluate(lead, now)
		again := lead
		again.Activities = slices.Concat(lead.Activities, lead.Activities)
		random := rand.New(rand.NewPCG(1, rapid.Uint64().Draw(rt, "shuffle")))
		random.Shuffle(len(again.Activities), func(i, j int) {
			again.Activities[i], again.Activities[j] = again.Activities[j], again.Activities[i]
		})
		more := lead
		more.Activities = append(slices.Clone(lead.Activities), scoring.Activity{ID: "more", Kind: "email_reply", At: now})
		m.Evaluate(more, now)
		for _, l := range []scoring.Lead{again, lead} {
			if diff := cmp.Diff(want, m.Evaluate(l, now)); diff != "" {
				rt.Fatal(diff)
			}
		}
	})
}

// Recycling as the sample has it, switched on: a lead goes back with a reason that people set, what it did before does
// not lead it forward again, something new does (S25, S78, C10).
func TestRecyclingOfTheSample(t *testing.T) {
	const stories = `model: b2b.yaml
stories:
  - name: back to marketing
    facts: {email: anna@example.com, job_title: Managing Director, country: Germany, company_size: 250, industry: MACHINERY, budget: 15000, origin: website}
    story:
      - {on: 2026-03-02, form: {name: Contact}, expect: {stage: sql, removed_from: newsletter}}
      - {on: 2026-03-05, status: bad_timing, expect: {stage: mql, back_to: mql, added_to: newsletter}}
      - {on: 2026-03-20, expect: {stage: mql, plan: nothing}}
      - {on: 2026-04-02, email_click: 1, expect: {stage: sql, status: new, closed: try later, task: first contact, removed_from: newsletter}}
`
	for _, on := range [][]string{
		{"  # - {name: back to marketing", "  - {name: back to marketing", "  # - {name: sales takes over", "  - {name: sales takes over", "  # - {name: marketing again", "  - {name: marketing again"},
	} {
		r := playOn(t, sampleText(t, "b2b.yaml", on...), stories)
		if r.Failed > 0 {
			var b strings.Builder
			r.Text(&b)
			t.Error(b.String())
		}
	}
}
