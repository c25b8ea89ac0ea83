package naive_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"leadsync/scoring"
	"leadsync/scoring/scoringtest"
)

// TestAgreement_handover holds what rules 21 and 24 ask about stages against what an evaluation says of them.
func TestAgreement_handover(t *testing.T) {
	waits, closed, free := 0, 0, 0
	check(t, (triples(t)+3)/4, func(rt *rapid.T) {
		text := scoringtest.ModelText(rt, "1h", "24h")
		model, other := both(rt, text)
		lead, now := scoringtest.Lead(rt), scoringtest.Now(rt)
		e, r := model.Evaluate(lead, now), other.Read(leadOf(lead))
		if e.Unprofiled {
			return
		}
		if got := e.Next != "" && r.WaitsForPerson(e.Next, now); got != e.WaitsForPerson() {
			rt.Fatalf("at %s: %s waits for a person: %v, scoring says %v\nmodel:\n%s\nlead:\n%s", now, e.Next, got, e.WaitsForPerson(), text, show(lead))
		} else if got {
			waits++
		}
		for _, s := range model.Stages() {
			var want []string
			for _, c := range scoring.ClosedGates(e, s.Name) {
				want = append(want, c.Name)
			}
			got := r.Closed(s.Name, now)
			if diff := cmp.Diff(slices.Sorted(slices.Values(want)), slices.Sorted(slices.Values(got))); diff != "" {
				rt.Fatalf("at %s: closed gates of %s (-scoring +naive):\n%s\nmodel:\n%s\nlead:\n%s", now, s.Name, diff, text, show(lead))
			}
			closed += len(got)
		}
		want, _ := scoring.WithoutPoints(e)
		if got := r.WithoutPoints(now); got != want {
			rt.Fatalf("at %s: without points %q, scoring says %q\nmodel:\n%s\nlead:\n%s", now, got, want, text, show(lead))
		} else if got != "" {
			free++
		}
	})
	if waits+closed+free == 0 { // of a hundred leads not every case is among them
		t.Errorf("%d wait, %d gates are closed, %d stages without points: the test shows little", waits, closed, free)
	}
}
