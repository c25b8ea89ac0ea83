package service_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"leadsync/cmd/leadsync/config"
	"leadsync/cmd/leadsync/service"
	"leadsync/connector"
	"leadsync/connector/hubspot"
	"leadsync/connector/hubspot/simulator"
	"leadsync/scoring"
	"leadsync/workflows"
)

// acting is an account of which the portal does not say that it is simulated.
type acting struct {
	t       *testing.T
	account *simulator.Account
	client  *hubspot.Client
	model   *scoring.Model
	agreed  string // the code that somebody acknowledged
}

func newActing(t *testing.T) *acting {
	t.Helper()
	a := &acting{t: t, account: simulator.New(simulator.Options{PortalID: portalID, Token: token})}
	held := holding(t, false)
	client, err := hubspot.New(hubspot.Config{
		Token:     func(context.Context) (string, error) { return token, nil },
		Transport: held.Transport(a.account.Transport()), Now: time.Now, Jitter: func() float64 { return 0 }, GeneralPerSecond: 1e6, SearchPerSecond: 1e6, Attempts: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	a.client, a.model = client, loadModel(t, "../../../fixtures/models/demo.yaml")
	return a
}

func (a *acting) workflow(name string, w simulator.Workflow) string {
	a.t.Helper()
	w.Name, w.Enabled = name, true
	id, err := a.account.AddWorkflow(user(), w)
	if err != nil {
		a.t.Fatal(err)
	}
	return id
}

// describe describes the account with a code in the configuration.
func (a *acting) describe(extra string) *service.Description {
	a.t.Helper()
	cfg, err := config.Parse("leadsync.yaml", []byte(`portals: [{name: a, account: "48000001", token_env: T, effects: {score: on, stage: on, status: on}, `+extra+`}]`))
	if err != nil {
		a.t.Fatal(err)
	}
	names := connector.Names{Stage: "lifecyclestage", Status: "hs_lead_status", Owner: "hubspot_owner_id", Email: "email"}
	conn := service.Connection{CRM: a.client, Names: names, Now: time.Now}
	d, err := service.Describe(a.t.Context(), cfg, cfg.Portals[0], a.model, conn)
	if err != nil {
		a.t.Fatal(err)
	}
	return d
}

func (a *acting) code(d *service.Description) service.Acting {
	a.t.Helper()
	found, err := service.ActingOn(a.t.Context(), a.client, d.Portal)
	if err != nil {
		a.t.Fatal(err)
	}
	return found
}

func (a *acting) wantModes(d *service.Description, want workflows.Mode, finding string) {
	a.t.Helper()
	for _, class := range []workflows.Class{workflows.ClassStage, workflows.ClassStatus} {
		if got := d.Portal.Modes[class]; got != want {
			a.t.Errorf("class %s is %s, want %s", class, got, want)
		}
	}
	said := slices.ContainsFunc(d.Findings, func(f service.Finding) bool { return strings.Contains(f.Text, finding) && f.Blocking })
	if said != (finding != "") && finding != "" {
		a.t.Errorf("no finding says %q: %v", finding, d.Findings)
	}
}

func TestActing(t *testing.T) {
	a := newActing(t)
	id := a.workflow("Nurture", simulator.Workflow{When: []simulator.ListCondition{{Property: "lifecyclestage", Operator: "EQ", Value: "lead"}}})
	a.workflow("Birthday", simulator.Workflow{OnChange: []string{"jobtitle"}, Sets: map[string]string{"city": "Kiel"}})
	a.wantModes(a.describe("language: en"), workflows.ModeShadow, "nobody has acknowledged yet")

	d := a.describe("language: en")
	found := a.code(d)
	if len(found.Automations) != 1 || found.Automations[0].ID != id || !found.Readable || len(found.Checklist) < 4 {
		t.Fatalf("what acts is %+v, want the workflow on the stage alone", found)
	}
	if !strings.Contains(d.Findings[len(d.Findings)-1].Remedy, found.Code) {
		t.Errorf("the remedy does not name the code: %v", d.Findings)
	}
	agreed := `acknowledged: "` + found.Code + `"`
	a.wantModes(a.describe(agreed), workflows.ModeOn, "")

	other := a.workflow("Sales alert", simulator.Workflow{OnChange: []string{"email"}, Sets: map[string]string{"hs_lead_status": "NEW"}})
	a.wantModes(a.describe(agreed), workflows.ModeShadow, "has changed since")
	if err := a.account.SetWorkflowEnabled(user(), other, false); err != nil {
		t.Fatal(err)
	}
	a.wantModes(a.describe(agreed), workflows.ModeOn, "")

	// Without the scope there is only the checklist, which is another thing to agree to.
	a.account.DenyScope("automation")
	a.wantModes(a.describe(agreed), workflows.ModeShadow, "has changed since")
	unread := a.code(a.describe(agreed))
	if unread.Readable || len(unread.Automations) != 0 || !strings.Contains(strings.Join(unread.Checklist, "\n"), "scope automation") {
		t.Errorf("without the scope what acts is %+v", unread)
	}
	a.wantModes(a.describe(`acknowledged: "`+unread.Code+`"`), workflows.ModeOn, "")
}

// TestActingFails: when the workflows cannot be read for another reason, nothing is switched on or off by guess.
func TestActingFails(t *testing.T) {
	a := newActing(t)
	d := a.describe("language: en")
	a.agreed = a.code(d).Code
	a.account.Faults().Add(simulator.Fault{Kind: simulator.Fault503, Endpoint: "GET /automation/*"})
	a.account.Faults().Add(simulator.Fault{Kind: simulator.Fault503, Endpoint: "GET /automation/v4/flows"})
	if _, err := service.ActingOn(t.Context(), a.client, d.Portal); err == nil {
		t.Error("an account that does not answer was taken for one without workflows")
	}
	// What was agreed to goes on; what was not stays where it is.
	a.wantModes(a.describe(`acknowledged: "`+a.agreed+`"`), workflows.ModeOn, "")
	a.wantModes(a.describe("language: en"), workflows.ModeShadow, "nobody has acknowledged yet")
	a.account.RevokeToken()
	if _, err := service.ActingOn(t.Context(), a.client, d.Portal); !errors.Is(err, connector.ErrUnauthorized) {
		t.Errorf("a revoked token gives %v", err)
	}
}
