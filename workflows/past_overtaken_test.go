package workflows_test

import (
	"testing"
	"time"

	"leadsync/connector"
)

// The history is read after the contact. A status that somebody chose between the two readings is not overwritten by the
// one that the first reading asked for (rule 5).
func TestReconcile_chosenBetweenTwoReadings(t *testing.T) {
	for name, tc := range map[string]struct {
		chosen bool
		want   string
	}{
		"nobody chooses": {false, "NEW"},
		"somebody does":  {true, ""}, // leadsync leaves it; what stands there came from them
	} {
		t.Run(name, func(t *testing.T) {
			b, w, c := historyBench(t)
			b.crm.props["1"] = with(reach("lead"), "lifecyclestage", "lead")
			b.look(w, "1")
			b.crm.props["1"] = with(reach("sql"), "lifecyclestage", "salesqualifiedlead")
			past := connector.History{"lifecyclestage": {{Value: "salesqualifiedlead", At: b.clock.Add(30 * time.Minute), Origin: connector.OriginPerson}}}
			if tc.chosen {
				past["hs_lead_status"] = []connector.Version{{Value: "BAD_TIMING", At: b.clock.Add(2 * time.Hour), Origin: connector.OriginPerson}}
			}
			c.past["1"] = past
			b.look(w, "1")
			if got := b.crm.props["1"]["hs_lead_status"]; got != tc.want {
				t.Errorf("leadsync made the status %q, want %q", got, tc.want)
			}
		})
	}
}
