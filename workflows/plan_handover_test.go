package workflows_test

import (
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"leadsync/fixtures"
	"leadsync/scoring"
	"leadsync/workflows"
)

// A rejection is recorded with the reason and the problem that sales gave, in the language of either team (S107).
func TestHandover_rejectionSaysWhy(t *testing.T) {
	text, err := fs.ReadFile(fixtures.Models(), "models/handover.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p := newPerson(t, map[string]string{"email": "p@example.org", "sales_answer": "Angenommen"})
	if p.model, err = scoring.Parse("handover.yaml", text); err != nil {
		t.Fatal(err)
	}
	p.step()
	planned := p.after(time.Hour).set(map[string]string{"sales_answer": "Abgelehnt", "rejection_reason": "no project", "lead_problem": "too many tools"}).step()
	i := slices.IndexFunc(planned.Notes, func(r scoring.Reason) bool { return r.Code == workflows.ReasonHandoverRejected })
	if i < 0 {
		t.Fatalf("recorded: %v", notes(planned))
	}
	for _, language := range []string{"en", "de"} {
		if said := workflows.RenderReason(language, planned.Notes[i]); !strings.Contains(said, "no project") || !strings.Contains(said, "too many tools") {
			t.Errorf("%s: %q", language, said)
		}
	}
	if again := p.after(time.Hour).step(); slices.Contains(notes(again), string(workflows.ReasonHandoverRejected)) {
		t.Error("recorded twice")
	}
}
