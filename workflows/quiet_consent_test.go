package workflows_test

import (
	"slices"
	"strings"
	"testing"

	"leadsync/scoring"
	"leadsync/workflows"
)

// A slip in the model's condition of consent takes nobody off a list past the limit; it can be taken back before.
func TestAudience_consentOfAnotherModelIsLimited(t *testing.T) {
	s := joined(t)
	before := s.model
	text := strings.Replace(string(before.Canonical()), `consent == \"yes\"`, `consent == \"ja\"`, 1)
	if s.model, _ = scoring.Parse("slip.yaml", []byte(text)); s.model == nil || text == string(before.Canonical()) {
		t.Fatalf("the model has not changed:\n%s", text)
	}
	planned := s.has().wants("-best no_consent", "-nurture no_consent")
	for _, e := range planned.Entries {
		if e.Released {
			t.Errorf("%s passes the limit", e.Key)
		}
	}
	s.model = before
	again := s.has().wants("+nurture audience_joined", "+best audience_joined")
	for _, list := range []string{"11", "12"} {
		if key := "contact/" + string(s.record.ID) + "/list/" + list; !slices.Contains(again.CancelKeys, key) {
			t.Errorf("%s goes on: %v", key, again.CancelKeys)
		}
	}
	if released := s.has("consent", "no").plan(); !slices.ContainsFunc(released.Entries, func(e workflows.OutboxEntry) bool { return e.Released }) {
		t.Error("a withdrawal waits for the limit")
	}
}
