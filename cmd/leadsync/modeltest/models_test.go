package modeltest_test

import (
	"io/fs"
	"path"
	"strings"
	"testing"

	"leadsync/cmd/leadsync/modeltest"
	"leadsync/connector"
	"leadsync/fixtures"
	"leadsync/scoring"
)

// names are HubSpot's names of the properties that stories write (hubspot-api 5.6, 6, 8, 9.1).
func names() connector.Names {
	return connector.Names{
		Stage: "lifecyclestage", Status: "hs_lead_status", Owner: "hubspot_owner_id", FirstName: "firstname", LastName: "lastname",
		Email: "email", Company: "company", CompanyID: "associatedcompanyid", CompanyName: "name", CompanyStage: "lifecyclestage", ActivityTime: "hs_timestamp",
		TaskKind: "hs_task_type", TaskStatus: "hs_task_status", TaskOwner: "hubspot_owner_id", TaskPriority: "hs_task_priority", TaskNew: "NOT_STARTED", TaskDone: "COMPLETED",
		MeetingOutcome: "hs_meeting_outcome", MeetingOff: "CANCELED", Sequence: "hs_sequences_is_enrolled",
		DealStage: "dealstage", DealPipeline: "pipeline", DealClosed: "hs_is_closed", DealWon: "hs_is_closed_won",
		DealAmount: "amount", DealHomeAmount: "amount_in_home_currency", DealClosedAt: "closedate", DealLostReason: "closed_lost_reason",
	}
}

// load reads a model of the fixtures.
func load(file string) (*scoring.Model, error) {
	text, err := fs.ReadFile(fixtures.Models(), file)
	if err != nil {
		return nil, err
	}
	return scoring.Parse(file, text)
}

// TestModels plays the stories that the sample models were agreed on. Each model with stories is reached whole.
func TestModels(t *testing.T) {
	paths, err := fs.Glob(fixtures.Models(), "models/*_test.yaml")
	if err != nil || len(paths) < 2 {
		t.Fatalf("files with stories: %v (%v)", paths, err)
	}
	for _, file := range paths {
		t.Run(path.Base(file), func(t *testing.T) {
			text, err := fs.ReadFile(fixtures.Models(), file)
			if err != nil {
				t.Fatal(err)
			}
			f, err := modeltest.Parse(file, text, load)
			if err != nil {
				t.Fatal(err)
			}
			report := modeltest.Play([]*modeltest.File{f}, names())
			if report.Failed > 0 || !report.Complete() {
				var b strings.Builder
				report.Text(&b)
				t.Error(b.String())
			}
		})
	}
}
