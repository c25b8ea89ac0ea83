package scoring_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"leadsync/scoring"
)

func fifty(tb testing.TB) *scoring.Model {
	tb.Helper()
	text, err := os.ReadFile("testdata/fifty.yaml")
	if err != nil {
		tb.Fatal(err)
	}
	return parse(tb, string(text))
}

// fiftyFacts are the texts, and for numbers the bounds, that the facts of the model can have.
func fiftyFacts() map[string][]string {
	return map[string][]string{
		"email":        {"ada@shop.example", "Grace@GMAIL.com", "kim@mail.web.de", "li@school.edu", "no-at.example"},
		"phone":        {"+49 30 1234", "030"},
		"job_title":    {"Head of Sales", "Vertriebsleiter", "Intern", "Software Engineer", "CEO", "headline of the month"},
		"website":      {"https://SHOP.example", "https://example.org"},
		"city":         {"Berlin", "Wien"},
		"language":     {"de", "en"},
		"source":       {"search", "Referral", "event", "bought"},
		"campaign":     {"spring", "autumn"},
		"product":      {"planner"},
		"timeframe":    {"now", "Later"},
		"rival":        {"rival"},
		"legal_basis":  {"consent"},
		"level":        {"Chief Executive Officer", "Geschäftsführer", "Head of Sales", "Intern", "xyzzy"},
		"department":   {"Purchasing", "Einkauf", "IT", "Marketing", "xyzzy"},
		"country":      {"Germany", "Österreich", "US", "Nowhere"},
		"company_size": {"1-10", "120", "500", "20000"},
		"industry":     {"Machinery", "AUTOMOTIVE", "Retail", "xyzzy"},
		"authority":    {"DECISION_MAKER", "Influencer", "end_user", "chef"},
		"persona":      {"persona_1", "persona_3"},
		"consent":      {"opted in", "Nein", "maybe"},
	}
}

// fiftyLead is a lead of the model. Of a full one all facts are known.
func fiftyLead(r *rand.Rand, activities int, full bool) scoring.Lead {
	lead := scoring.Lead{Facts: map[string]scoring.Value{}}
	known := func() bool { return full || r.IntN(4) > 0 }
	facts := fiftyFacts()
	for _, fact := range []string{
		"email", "phone", "job_title", "website", "city", "language", "source", "campaign", "product", "timeframe", "rival",
		"legal_basis", "level", "department", "country", "company_size", "industry", "authority", "persona", "consent",
	} {
		if texts := facts[fact]; known() {
			at := 0
			if !full {
				at = r.IntN(len(texts))
			}
			lead.Facts[fact] = scoring.Value{Type: scoring.TypeText, Text: texts[at]}
		}
	}
	for _, fact := range []struct {
		name string
		most int
	}{
		{"employees", 9000},
		{"revenue", 80},
		{"growth", 20},
		{"budget", 50000},
		{"machines", 40},
		{"minutes", 20},
		{"seats", 20},
		{"plants", 4},
		{"tickets", 10},
		{"pages", 60},
		{"open_deals", 2},
		{"won_deals", 2},
	} {
		if known() {
			lead.Facts[fact.name] = scoring.Value{Type: scoring.TypeNumber, Number: float64(r.IntN(fact.most))}
		}
	}
	for _, fact := range []string{"own", "partner", "vip", "erp", "exports", "opted_out"} {
		if known() {
			lead.Facts[fact] = scoring.Value{Type: scoring.TypeBool, Bool: fact != "opted_out" && r.IntN(4) == 0}
		}
	}
	for _, fact := range []string{"created_on", "budget_on"} {
		if known() {
			lead.Facts[fact] = scoring.Value{Type: scoring.TypeTime, Time: start().Add(-time.Duration(r.IntN(600*24*60)) * time.Minute)}
		}
	}
	for len(lead.Activities) < activities {
		lead.Activities = append(lead.Activities, fiftyActivity(r, len(lead.Activities)))
		if last := lead.Activities[len(lead.Activities)-1]; last.Kind == "email_click" && r.IntN(6) == 0 {
			for i := 1; i <= 4 && len(lead.Activities) < activities; i++ { // a machine
				last.ID, last.At = fmt.Sprint("m", len(lead.Activities)), last.At.Add(time.Duration(r.IntN(25))*time.Second)
				last.At = minTime(last.At, start())
				lead.Activities = append(lead.Activities, last)
			}
		}
	}
	lead.Stage = []string{"", "lead", "mql", "sql"}[r.IntN(4)]
	return lead
}

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// fiftyActivity is an activity of the last year and a half, the later the more of them.
func fiftyActivity(r *rand.Rand, i int) scoring.Activity {
	kinds := []string{
		"form", "page_view", "page_view", "page_view", "email_open", "email_open", "email_click", "email_reply", "webinar", "call", "meeting", "unknown",
	}
	past := r.Float64()
	a := scoring.Activity{ID: fmt.Sprint("a", i), Kind: kinds[r.IntN(len(kinds))], At: start().Add(-time.Duration(past * past * float64(550*24*time.Hour))).Truncate(time.Second)}
	pick := func(texts ...string) string { return texts[r.IntN(len(texts))] }
	switch a.Kind {
	case "form":
		a.Attributes = map[string]string{"name": pick("Whitepaper: Cranes", "Handbuch", "Demo request", "Kontaktformular", "Contact us", "Newsletter", "Prize draw 2026", "Demography")}
	case "page_view":
		a.Attributes = map[string]string{"url": pick("https://example.com/pricing", "https://example.com/blog/1", "https://example.com/careers", "https://example.com/", "https://example.com/Blog/pricing")}
	case "webinar":
		a.Attributes = map[string]string{"topic": pick("Cranes", "Lifts")}
	case "call":
		a.Attributes = map[string]string{"outcome": pick("connected", "no_answer", "busy")}
	case "meeting":
		a.Attributes = map[string]string{"outcome": pick("completed", "canceled")}
	case "email_open":
		a.Uncertain = r.IntN(3) == 0
	}
	return a
}

// verdictOf is what the hand-written program gives.
func verdictOf(e scoring.Evaluation) handVerdict {
	v := handVerdict{Fit: e.Scores[0].Whole, Engagement: e.Scores[1].Whole, Grade: e.Grade, Tier: e.Tier, Stage: e.Stage, Next: e.Next, Reached: e.Reached}
	for i, lines := range []*[]handLine{&v.FitLines, &v.EngagementLines} {
		for _, line := range e.Scores[i].Lines {
			if line.Result != 0 {
				*lines = append(*lines, handLine{line.Rule, line.Activity, int64(line.Result)})
			}
		}
	}
	for _, check := range e.Missing {
		v.Missing = append(v.Missing, check.Name)
	}
	return v
}

// The benchmark compares the model with a program that decides the same.
func TestFifty_isWhatTheHandWrittenProgramDecides(t *testing.T) {
	m, hand := fifty(t), newByHand(t)
	r := rand.New(rand.NewPCG(1, 2))
	stages, lines := map[string]int{}, map[string]bool{}
	for i := range 500 {
		lead := fiftyLead(r, r.IntN(240), i%50 == 0)
		want := hand.decide(&lead, start())
		if diff := cmp.Diff(want, verdictOf(m.Evaluate(lead, start())), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("lead %d (-by hand +model):\n%s", i, diff)
		}
		stages[want.Stage]++
		for _, line := range append(want.FitLines, want.EngagementLines...) {
			lines[line.Rule] = true
		}
	}
	if len(stages) < 7 || len(lines) < 51 {
		t.Errorf("only the stages %v and %d of 50 rules and a limit", stages, len(lines))
	}
}

// BenchmarkFifty quotes the cost of a decision as a ratio to the hand-written program, which runs before it in the
// same process: with everything that an Evaluation holds, and without the look at what time alone will change, which
// the program does not do either. The issue allows 4.
func BenchmarkFifty(b *testing.B) {
	m, hand := fifty(b), newByHand(b)
	lead := fiftyLead(rand.New(rand.NewPCG(3, 4)), 200, true)
	perRun := func(b *testing.B) float64 { b.Helper(); return float64(b.Elapsed().Nanoseconds()) / float64(b.N) }
	byHand := 0.0
	b.Run("byHand", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			hand.decide(&lead, start())
		}
		byHand = perRun(b)
	})
	b.Run("model", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			m.EvaluateOnly(lead, start())
		}
		b.ReportMetric(perRun(b)/byHand, "times-by-hand")
	})
	b.Run("modelLookingAhead", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			m.Evaluate(lead, start())
		}
		b.ReportMetric(perRun(b)/byHand, "times-by-hand")
	})
}
