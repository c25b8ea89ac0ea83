package workflows_test

import (
	"encoding/json"
	"strings"
	"testing"

	"leadsync/workflows"
)

// moved are the properties of the update entries of a plan, by class.
func moved(t *testing.T, p workflows.Planned) map[workflows.Class]map[string]string {
	t.Helper()
	out := map[workflows.Class]map[string]string{}
	for _, e := range p.Entries {
		if e.Kind != workflows.KindUpdate {
			continue
		}
		var payload workflows.UpdatePayload
		if err := json.Unmarshal(e.Payload, &payload); err != nil {
			t.Fatal(err)
		}
		out[e.Class] = payload.Properties
	}
	return out
}

func TestPlan_lastReason(t *testing.T) {
	for language, want := range map[string][2]string{
		"en": {"the criteria of sql are met: ", "stage sql was entered without a lead status"},
		"de": {"die Kriterien von sql sind erfüllt: ", "Phase sql wurde ohne Leadstatus erreicht"},
	} {
		p := newPerson(t, reach("sql"))
		p.portal.Language, p.portal.Written.LastReason = language, "last_reason"
		got := moved(t, p.step())
		if text := got[workflows.ClassStage]["last_reason"]; !strings.HasPrefix(text, want[0]) || len(text) <= len(want[0]) {
			t.Errorf("%s: the stage's reason is %q, want %q and more", language, text, want[0])
		}
		if text := got[workflows.ClassStatus]["last_reason"]; text != want[1] {
			t.Errorf("%s: the status's reason is %q, want %q", language, text, want[1])
		}
		if _, there := got[workflows.ClassScore]["last_reason"]; there {
			t.Errorf("%s: a score is no move", language)
		}
	}
	p := newPerson(t, reach("sql")) // without a property nothing is written
	for class, props := range moved(t, p.step()) {
		if class != workflows.ClassScore && len(props) != 1 {
			t.Errorf("class %s writes %v, want the move alone", class, props)
		}
	}
}
