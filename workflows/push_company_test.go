package workflows_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"leadsync/connector"
	"leadsync/workflows"
)

// companyToSQL is the move of company 77 to sql.
func companyToSQL() workflows.OutboxEntry {
	return entry(workflows.KindCompany, workflows.ClassCompany, workflows.CompanyKey("77"), "1", workflows.CompanyPayload{
		Company: "77", Property: "lifecyclestage", To: "salesqualifiedlead", Rank: 2,
	})
}

func newCompanyBench(t *testing.T) *bench {
	b := newBench(t)
	b.pusher.Portal.CompanyOrder = []string{"lead", "mql", "sql", "opportunity", "customer"}
	return b
}

// A batch of moves begins with a look, and each company is dealt with by where it stands.
func TestPush_companies(t *testing.T) {
	for name, tc := range map[string]struct {
		stands string
		state  workflows.EntryState
		stage  string
		says   string
	}{
		"behind":                  {"lead", workflows.StateSettled, "salesqualifiedlead", ""},
		"without a stage":         {"none", workflows.StateSettled, "salesqualifiedlead", ""},
		"there already":           {"salesqualifiedlead", workflows.StateSettled, "salesqualifiedlead", ""},
		"ahead by now":            {"customer", workflows.StateCancelled, "customer", "moved_meanwhile"},
		"put aside by now":        {"other", workflows.StateCancelled, "other", "moved_meanwhile"},
		"on a stage of its own":   {"8812345", workflows.StateCancelled, "8812345", "moved_meanwhile"},
		"gone":                    {"", workflows.StateParked, "", "company_gone"},
		"merged into another one": {"merged", workflows.StateCancelled, "", "company_merged"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newCompanyBench(t)
			switch tc.stands {
			case "":
			case "none":
				b.crm.props["77"] = map[string]string{"name": "Nordlicht"}
			case "merged":
				b.crm.deals["77"] = connector.Object{Type: connector.TypeCompany, ID: "78"}
			default:
				b.crm.props["77"] = map[string]string{"lifecyclestage": tc.stands}
			}
			b.plan(companyToSQL())
			b.must(b.push())
			b.wants("company/77/stage", tc.state, 1, 0)
			if got := b.crm.props["77"]["lifecyclestage"]; got != tc.stage {
				t.Errorf("the company has the stage %q, want %q", got, tc.stage)
			}
			if e := b.entry("company/77/stage"); !strings.Contains(e.Error, tc.says) || tc.says == "" && e.Error != "" {
				t.Errorf("it says %q, want %q", e.Error, tc.says)
			}
		})
	}
}

// The move waits for the contact's own, and goes when that is over.
func TestPush_companyAfterItsContact(t *testing.T) {
	b := newCompanyBench(t)
	b.crm.props["1"], b.crm.props["77"] = map[string]string{}, map[string]string{"lifecyclestage": "lead"}
	b.crm.fail["update 1"] = fault(connector.ErrUnavailable)
	b.plan(update("1", workflows.ClassStage, map[string]string{"lifecyclestage": "salesqualifiedlead"}), companyToSQL())
	b.must(b.push())
	if b.crm.props["77"]["lifecyclestage"] != "lead" {
		t.Error("the company went before its contact")
	}
	delete(b.crm.fail, "update 1")
	b.clock = b.clock.Add(time.Minute)
	b.must(b.push())
	b.must(b.push())
	if b.crm.props["77"]["lifecyclestage"] != "salesqualifiedlead" {
		t.Error("and not after it either")
	}
}

// What the CRM refuses parks, what passes is tried again, and an answer that does not prove the move is read back.
func TestPush_companyFails(t *testing.T) {
	for name, tc := range map[string]struct {
		fail  string
		err   error
		state workflows.EntryState
		wide  error
	}{
		"refused":          {"update 77", connector.ErrInvalid, workflows.StateParked, nil},
		"forbidden":        {"update 77", connector.ErrForbidden, workflows.StateParked, nil},
		"unavailable":      {"update 77", connector.ErrUnavailable, workflows.StateReady, nil},
		"answer lost":      {"update 77", connector.ErrAmbiguous, workflows.StateReady, nil},
		"throttled":        {"update 77", connector.ErrThrottled, workflows.StateReady, connector.ErrThrottled},
		"cannot be looked": {"Read company", connector.ErrUnavailable, workflows.StateReady, nil},
		"look throttled":   {"Read company", connector.ErrThrottled, workflows.StateReady, connector.ErrThrottled},
		"look forbidden":   {"Read company", connector.ErrForbidden, workflows.StateParked, nil},
	} {
		t.Run(name, func(t *testing.T) {
			b := newCompanyBench(t)
			b.crm.props["77"] = map[string]string{"lifecyclestage": "lead"}
			b.crm.fail[tc.fail] = fault(tc.err)
			b.plan(companyToSQL())
			if err := b.push(); !errors.Is(err, tc.wide) || tc.wide == nil && err != nil {
				t.Errorf("error %v, want %v", err, tc.wide)
			}
			if e := b.entry("company/77/stage"); e.State != tc.state {
				t.Errorf("%s (%q), want %s", e.State, e.Error, tc.state)
			}
		})
	}
}

// The CRM may answer as if it had moved a stage, and leave it.
func TestPush_companyUnproven(t *testing.T) {
	b := newCompanyBench(t)
	b.crm.props["77"] = map[string]string{"lifecyclestage": "lead"}
	b.pusher.CRM = stubborn{b.crm}
	b.plan(companyToSQL())
	b.must(b.push())
	b.wants("company/77/stage", workflows.StateParked, 1, 0)
	if e := b.entry("company/77/stage"); !strings.Contains(e.Error, "stage_refused") || !strings.Contains(e.Error, "company") {
		t.Errorf("it says %q", e.Error)
	}
}

// Through the reconciler: two contacts of one company in one batch, and what is under way from before. The furthest
// wins, whoever is decided last.
func TestCompanies_furthestWins(t *testing.T) {
	b := newCompanyBench(t)
	w := newWorker(b)
	w.Reconciler.Model, w.Puller.Model = furthest(t), furthest(t)
	b.pusher.Portal.Modes[workflows.ClassCompany] = workflows.ModeOn
	b.crm.props["77"] = map[string]string{"name": "Nordlicht", "lifecyclestage": "lead"}
	of := func(stage string) map[string]string { return with(reach(stage), "associatedcompanyid", "77") }
	b.crm.props["1"], b.crm.props["2"], b.crm.props["3"] = of("sql"), of("mql"), of("lead")
	b.hint("1", "2", "3")
	b.must(w.Reconciler.Contacts(t.Context(), b.fence, b.due()))
	if to := decoded[workflows.CompanyPayload](t, b.entry("company/77/stage")).To; to != "salesqualifiedlead" {
		t.Errorf("in one batch the company goes to %q", to)
	}
	b.crm.props["4"] = of("mql") // decided while that is under way
	b.hint("4")
	b.must(w.Reconciler.Contacts(t.Context(), b.fence, b.due()))
	if to := decoded[workflows.CompanyPayload](t, b.entry("company/77/stage")).To; to != "salesqualifiedlead" {
		t.Errorf("from the batch before, the company goes to %q", to)
	}
	b.finish(w)
	if got := b.crm.props["77"]["lifecyclestage"]; got != "salesqualifiedlead" {
		t.Errorf("the company has the stage %q", got)
	}
	leads, err := b.store.Leads(t.Context(), portalID, []connector.ObjectID{"1"})
	b.must(err)
	if got := leads[0].Companies[0].Properties["lifecyclestage"]; got != "salesqualifiedlead" {
		t.Errorf("the mirror of the company has %q", got)
	}
	if rows := b.due(); len(rows) != 0 {
		t.Errorf("our own update is no news: %+v", rows)
	}
}

// stubborn is a CRM that answers every update as done, shows nothing, and leaves everything as it is.
type stubborn struct{ *crm }

func (stubborn) Update(_ context.Context, _ connector.ObjectType, updates []connector.Update) []connector.UpdateResult {
	out := make([]connector.UpdateResult, len(updates))
	for i, u := range updates {
		out[i].ID = u.ID
	}
	return out
}
