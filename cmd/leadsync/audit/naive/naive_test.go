package naive_test

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"leadsync/cmd/leadsync/audit/naive"
	"leadsync/fixtures"
	"leadsync/scoring"
	"leadsync/scoring/scoringtest"
	"leadsync/scoring/vocabulary"
)

// both parses a text with both.
func both(t *rapid.T, text string) (*scoring.Model, *naive.Model) {
	model, err := scoring.Parse("random.yaml", []byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	other, err := naive.Parse([]byte(text), given())
	if err != nil {
		t.Fatalf("the naive one: %v\n%s", err, text)
	}
	return model, other
}

// given are what the naive evaluator takes from others, because it is a table and no arithmetic.
var given = sync.OnceValue(func() naive.Words {
	open := map[string]*vocabulary.Vocabulary{}
	return naive.Words{
		FreeMail: []string{"gmail.com"},
		Word: func(name, text string) (string, bool) {
			if open[name] == nil {
				v, err := vocabulary.Open(name)
				if err != nil {
					panic(err)
				}
				open[name] = v
			}
			return open[name].Word(text)
		},
	}
})

// leadOf is a lead in the terms of the naive evaluator.
func leadOf(lead scoring.Lead) naive.Lead {
	out := naive.Lead{
		Facts: map[string]any{}, Stage: lead.Stage, Status: lead.Status, Order: lead.Order, Pushed: lead.Pushed,
		PushedReached: lead.PushedReached, PushedGrade: lead.PushedGrade, PushedTier: lead.PushedTier,
	}
	for name, v := range lead.Facts {
		switch v.Type {
		case scoring.TypeText:
			out.Facts[name] = v.Text
		case scoring.TypeNumber:
			out.Facts[name] = v.Number
		case scoring.TypeBool:
			out.Facts[name] = v.Bool
		case scoring.TypeTime:
			out.Facts[name] = v.Time
		}
	}
	for _, a := range lead.Activities {
		out.Activities = append(out.Activities, naive.Activity(a))
	}
	return out
}

// verdict is what both have to agree on, made comparable.
type verdict struct {
	Variant    string
	Unprofiled bool
	Scores     []naive.Score
	Grade      string
	Tier       string
	Reached    []string
	Stage      string
	Violations []string
}

func theirs(e scoring.Evaluation) verdict {
	v := verdict{Variant: e.Variant, Unprofiled: e.Unprofiled, Grade: e.Grade, Tier: e.Tier, Reached: e.Reached, Stage: e.Stage}
	for _, s := range e.Scores {
		score := naive.Score{Name: s.Name, Points: int64(s.Points), Whole: s.Whole}
		for _, l := range s.Lines {
			score.Lines = append(score.Lines, naive.Line{Rule: l.Rule, Group: l.Group, Points: int64(l.Result)})
		}
		v.Scores = append(v.Scores, score)
	}
	for _, c := range e.Violations {
		v.Violations = append(v.Violations, c.Name)
	}
	return v.tidy()
}

func ours(n naive.Verdict) verdict { return verdict(n).tidy() }

// tidy sums the lines of each rule, group and score, leaves out what is nothing, and sorts.
func (v verdict) tidy() verdict {
	for i, s := range v.Scores {
		sums := map[naive.Line]int64{}
		for _, l := range s.Lines {
			sums[naive.Line{Rule: l.Rule, Group: l.Group}] += l.Points
		}
		var lines []naive.Line
		for l, sum := range sums {
			if l.Points = sum; sum != 0 {
				lines = append(lines, l)
			}
		}
		slices.SortFunc(lines, func(a, b naive.Line) int {
			return strings.Compare(a.Group+"\x00"+a.Rule, b.Group+"\x00"+b.Rule)
		})
		v.Scores = slices.Clone(v.Scores)
		v.Scores[i].Lines = lines
	}
	if v.Reached = slices.Sorted(slices.Values(v.Reached)); len(v.Reached) == 0 {
		v.Reached = nil
	}
	return v
}

// triples is how many random models, leads and times are tried.
func triples(t *testing.T) int {
	t.Helper()
	text := os.Getenv("LEADSYNC_TRIPLES")
	if text == "" {
		return ordinaryTriples
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("LEADSYNC_TRIPLES is %q; give a number", text)
	}
	return n
}

func compare(t *rapid.T, text string, lead scoring.Lead, now time.Time, theirs, ours verdict) {
	if diff := cmp.Diff(theirs, ours); diff != "" {
		t.Fatalf("the two evaluators differ at %s (-scoring +naive):\n%s\nmodel:\n%s\nlead:\n%s", now, diff, text, show(lead))
	}
}

func show(lead scoring.Lead) string {
	var b strings.Builder
	for _, name := range slices.Sorted(func(yield func(string) bool) {
		for name := range lead.Facts {
			if !yield(name) {
				return
			}
		}
	}) {
		fmt.Fprintf(&b, "  %s = %+v\n", name, lead.Facts[name])
	}
	for _, a := range lead.Activities {
		fmt.Fprintf(&b, "  %+v\n", a)
	}
	fmt.Fprintf(&b, "  stage %q, status %q, order %v, pushed %v %v %q %q\n", lead.Stage, lead.Status, lead.Order, lead.Pushed, lead.PushedReached, lead.PushedGrade, lead.PushedTier)
	return b.String()
}

// TestAgreement holds both evaluators against each other. A failure prints the smallest model and lead that rapid
// finds and how to replay it.
func TestAgreement(t *testing.T) {
	const each = 2 // leads of every model: reading it takes longer than evaluating it
	check(t, (triples(t)+each-1)/each, func(rt *rapid.T) {
		text := scoringtest.ModelText(rt, "1h", "24h", "15m", "6h")
		model, other := both(rt, text)
		for range each {
			lead, now := scoringtest.Lead(rt), scoringtest.Now(rt)
			agree(rt, text, model, other, lead, now)
		}
	})
}

// TestAgreement_samples does the same with the models that come with leadsync.
func TestAgreement_samples(t *testing.T) {
	files, err := fs.Glob(fixtures.Models(), "models/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	texts := map[string]string{}
	for _, file := range files {
		text, err := fs.ReadFile(fixtures.Models(), file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "\nlifecycle:") && !strings.HasSuffix(file, "_test.yaml") {
			texts[file] = string(text)
		}
	}
	for _, file := range []string{"reference.yaml", "reference_bounds.yaml"} {
		text, err := os.ReadFile("../../../../scoring/" + file)
		if err != nil {
			t.Fatal(err)
		}
		texts[file] = string(text)
	}
	for file, text := range texts {
		t.Run(file, func(t *testing.T) {
			check(t, 50, func(rt *rapid.T) {
				model, other := both(rt, text)
				agree(rt, text, model, other, sampled(rt, model), scoringtest.Now(rt))
			})
		})
	}
}

// sampled is a lead in the words of any model, whose facts and attributes say what such things say.
func sampled(t *rapid.T, m *scoring.Model) scoring.Lead {
	lead := scoringtest.Lead(t)
	strangers := lead.Facts
	lead.Facts = map[string]scoring.Value{}
	likely := []string{"ada@muster.example", "Leiter Einkauf", "CEO", "Germany", "AT", "MACHINERY", "DECISION_MAKER", "ORGANIC_SEARCH", "101-250"}
	for _, f := range m.Facts() {
		switch {
		case rapid.IntRange(0, 4).Draw(t, f.Name+"?") == 0:
		case f.Type == scoring.TypeText:
			lead.Facts[f.Name] = scoring.Value{Type: f.Type, Text: rapid.SampledFrom(likely).Draw(t, f.Name)}
		case f.Type == scoring.TypeNumber:
			lead.Facts[f.Name] = scoring.Value{Type: f.Type, Number: rapid.SampledFrom([]float64{0, 1, 3, 7, 49, 5000, 1e6}).Draw(t, f.Name)}
		case f.Type == scoring.TypeTime:
			lead.Facts[f.Name] = strangers["d1"]
		default:
			lead.Facts[f.Name] = strangers["yes"]
		}
	}
	kinds := m.ActivityKinds()
	if len(kinds) == 0 {
		lead.Activities = nil
	}
	for i := range lead.Activities {
		a := &lead.Activities[i]
		k := kinds[rapid.IntRange(0, len(kinds)-1).Draw(t, "kind")]
		a.Kind, a.Attributes = k.Kind, map[string]string{}
		for name := range k.Attributes {
			a.Attributes[name] = rapid.SampledFrom([]string{"connected", "completed", "Demo", "Whitepaper Kran", "no_answer", "outbound"}).Draw(t, name)
		}
	}
	return lead
}

// agree compares the verdicts of both on a lead at a moment, asked at another one before.
func agree(t *rapid.T, text string, model *scoring.Model, other *naive.Model, lead scoring.Lead, now time.Time) {
	e, reading := model.Evaluate(lead, now), other.Read(leadOf(lead))
	reading.At(now.Add(-77 * time.Hour)) // leaves nothing behind
	said := reading.At(now)
	compare(t, text, lead, now, theirs(e), ours(said))
	if push := !said.Unprofiled && other.Push(said, leadOf(lead)); push != e.Push {
		t.Fatalf("at %s: push is %t, the naive one says %t\nmodel:\n%s\nlead:\n%s", now, e.Push, push, text, show(lead))
	}
}

// check is rapid.Check with a number of checks.
func check(t *testing.T, n int, property func(*rapid.T)) {
	t.Helper()
	checks := flag.Lookup("rapid.checks")
	before := checks.Value.String()
	t.Cleanup(func() { checks.Value.Set(before) })
	checks.Value.Set(strconv.Itoa(n))
	rapid.Check(t, property)
}
