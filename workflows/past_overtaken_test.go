package workflows_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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

// What a counter has counted after the contact was read is not learned by this look, in which it would lie in the future:
// it stays news, so that a sweep finds it.
func TestReconcile_countedBetweenTwoReadings(t *testing.T) {
	for name, tc := range map[string]struct {
		read string // of the counter
		want []string
	}{
		"one more since":    {"2", []string{"1", "2"}},
		"none since":        {"3", []string{"1", "2", "3"}},
		"a gap in the past": {"7", []string{"1", "2", "3", "7"}}, // nothing says what came after it
	} {
		t.Run(name, func(t *testing.T) {
			const counter = "hs_analytics_num_visits"
			b, w, c := historyBench(t)
			b.crm.props["1"] = map[string]string{}
			b.look(w, "1")
			b.crm.props["1"] = map[string]string{counter: tc.read}
			read := b.clock.Add(time.Hour)
			c.past["1"] = connector.History{counter: {
				{Value: "1", At: read.Add(-20 * time.Minute)}, {Value: "2", At: read.Add(-10 * time.Minute)}, {Value: "3", At: read.Add(time.Minute)},
			}}
			b.look(w, "1")
			var got []string
			for _, o := range b.leadOf("1").Observations {
				if o.Property == counter && o.Value != "" && !slices.Contains(got, o.Value) {
					got = append(got, o.Value)
				}
			}
			slices.Sort(got)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("learned (-want +got):\n%s", diff)
			}
		})
	}
}
