package scoring_test

import (
	"fmt"
	"testing"
	"time"

	"leadsync/scoring"
)

// buyer is a lead in the terms of b2b.yaml, of one of several kinds.
func buyer(kind int) scoring.Lead {
	text := func(s string) scoring.Value { return scoring.Value{Type: scoring.TypeText, Text: s} }
	lead := scoring.Lead{Facts: map[string]scoring.Value{
		"email": text("erika@example.com"), "email_domain": text("example.com"), "job_title": text("Leiterin Einkauf"), "level": text("Leiterin Einkauf"),
		"department": text("Leiterin Einkauf"), "country": text("Germany"), "company_size": text([]string{"250", "12.000"}[kind%2]), "industry": text("MACHINERY"),
		"budget": {Type: scoring.TypeNumber, Number: 25_000}, "origin": text("website"), "handover": text("accepted"), "consent": text("ja"),
		"minutes_on_site": {Type: scoring.TypeNumber, Number: 12}, "open_deals": {Type: scoring.TypeNumber}, "won_deals": {Type: scoring.TypeNumber},
	}}
	kinds := []string{"form", "page_view", "visit", "email_open", "email_click", "email_reply", "webinar", "campaign", "social", "meeting"}
	forms := []string{"Whitepaper", "Fachmesse", "Gewinnspiel", "Webinar", "Newsletter", "Whitepaper Inspector"}
	for i := range 12 + 6*kind {
		a := scoring.Activity{
			ID: fmt.Sprint(i), Kind: kinds[(i*(kind+1))%len(kinds)], At: start().Add(-time.Duration(i*i*(kind+2)) * 47 * time.Minute),
			Attributes: map[string]string{"name": forms[i%len(forms)], "url": "https://our-company.example/blog", "outcome": "completed"},
		}
		lead.Activities = append(lead.Activities, a)
	}
	for i := range 3 + kind%3 { // a burst, or nearly one
		at := start().Add(-time.Duration(kind)*24*time.Hour - time.Duration(i)*time.Second)
		lead.Activities = append(lead.Activities, scoring.Activity{ID: fmt.Sprint("burst", i), Kind: "email_click", At: at})
	}
	return lead
}

// The complete sample has everything that fades, at once: its next change is the one that trying every step finds (C23).
func TestNextChange_equalsBruteForceOnTheCompleteSample(t *testing.T) {
	m, found := sample(t, "b2b.yaml"), 0
	for kind := range 6 {
		lead := buyer(kind)
		for _, later := range []time.Duration{0, 20 * 24 * time.Hour, 80 * 24 * time.Hour} {
			now := start().Add(later)
			e := m.Evaluate(lead, now)
			if want := bruteForce(m, lead, e); !e.NextChange.Equal(want) {
				t.Errorf("lead %d at %s: next change %s, trying every step gives %s", kind, now, e.NextChange, want)
			}
			if !e.NextChange.IsZero() {
				found++
			}
		}
	}
	if found < 10 {
		t.Errorf("hardly anything changes: %d", found)
	}
}
