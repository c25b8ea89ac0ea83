package simulator_test

import (
	"errors"
	"testing"
	"time"

	"leadsync/connector/hubspot/simulator"
)

// stage reads a contact's lifecycle stage.
func (w *world) stage(id string) string { return w.prop("contacts", id, "lifecyclestage") }

func TestNewContactByIntegration(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*simulator.Automation)
		want   string
	}{
		"by default":    {func(*simulator.Automation) {}, "lead"},
		"another stage": {func(a *simulator.Automation) { a.NewContact = "subscriber" }, "subscriber"},
		"switched off":  {func(a *simulator.Automation) { a.NewContact = "" }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			auto := w.Automation()
			c.change(&auto)
			must(t, w.SetAutomation(auto))
			id := w.ask(201, "POST", contacts, `{"properties":{"email":"ada@example.org"}}`).body["id"].(string)
			if got := w.stage(id); got != c.want {
				t.Errorf("stage %q, want %q", got, c.want)
			}
			if own := w.contact("email", "bo@example.org"); w.stage(own) != "" {
				t.Error("a person's new contact has no stage of itself")
			}
		})
	}
	if err := newWorld(t).SetAutomation(simulator.Automation{NewContact: "nonsense"}); !errors.Is(err, simulator.ErrInvalid) {
		t.Errorf("%v", err)
	}
}

func TestDealsMoveTheStageForwardOnly(t *testing.T) {
	w := newWorld(t)
	lead, ahead := w.contact("lifecyclestage", "lead"), w.contact("lifecyclestage", "evangelist")
	deal, err := w.CreateDeal(rep, lead, map[string]string{"dealname": "x"})
	must(t, err)
	if got := w.stage(lead); got != "opportunity" {
		t.Errorf("after the deal: %s", got)
	}
	must(t, w.WinDeal(rep, deal))
	if got := w.stage(lead); got != "customer" {
		t.Errorf("after it was won: %s", got)
	}
	must(t, w.MoveDeal(rep, deal, "qualifiedtobuy"))
	_, err = w.CreateDeal(rep, ahead, map[string]string{"dealname": "y"})
	must(t, err)
	if w.stage(lead) != "customer" || w.stage(ahead) != "evangelist" {
		t.Errorf("moved back: %s, %s", w.stage(lead), w.stage(ahead))
	}
	auto := w.Automation()
	auto.DealCreated, auto.DealWon = "", ""
	must(t, w.SetAutomation(auto))
	quiet := w.contact("lifecyclestage", "lead")
	_, err = w.CreateDeal(rep, quiet, map[string]string{"dealname": "z"})
	must(t, err)
	if got := w.stage(quiet); got != "lead" || w.prop("contacts", quiet, "num_associated_deals") != "1" {
		t.Errorf("switched off: %s", got)
	}
}

func TestCompanyStageIsCarriedToContacts(t *testing.T) {
	for carry, want := range map[bool]string{true: "opportunity", false: "lead"} {
		w := newWorld(t, func(o *simulator.Options) { o.NoCompanyStageSync = !carry })
		company, err := w.CreateCompany(rep, map[string]string{"name": "Pumpen AG"})
		must(t, err)
		colleague, customer := w.contact("lifecyclestage", "lead"), w.contact("lifecyclestage", "customer")
		for _, id := range []string{colleague, customer} {
			must(t, w.Associate(rep, "contacts", id, "companies", company))
		}
		must(t, w.Set(rep, "companies", company, map[string]string{"lifecyclestage": "salesqualifiedlead"}))
		_, err = w.Create(rep, "deals", map[string]string{"dealname": "x", "dealstage": "qualifiedtobuy", "pipeline": "default"}, simulator.Link{Type: "companies", ID: company})
		must(t, err)
		if got := w.prop("companies", company, "lifecyclestage"); got != "opportunity" {
			t.Errorf("company: %s", got)
		}
		if w.stage(colleague) != want || w.stage(customer) != "customer" {
			t.Errorf("carry %v: %s, %s", carry, w.stage(colleague), w.stage(customer))
		}
	}
}

func TestStageDates(t *testing.T) {
	for resets, want := range map[bool]string{false: "2026-11-02T09:00:00.000Z", true: ""} {
		w := newWorld(t, func(o *simulator.Options) { o.ClearingResetsDates = resets })
		id := w.contact("lifecyclestage", "marketingqualifiedlead")
		set := func(stage string) {
			w.now.add(time.Hour)
			w.ask(200, "PATCH", contacts+"/"+id, `{"properties":{"lifecyclestage":"`+stage+`"}}`)
		}
		set("lead")
		if got := w.stage(id); got != "marketingqualifiedlead" {
			t.Fatalf("the API moved a stage back to %s", got)
		}
		set("")
		for _, name := range []string{"hs_v2_date_entered_marketingqualifiedlead", "hs_lifecyclestage_marketingqualifiedlead_date"} {
			if got := w.prop("contacts", id, name); got != want {
				t.Errorf("resets %v: %s = %q", resets, name, got)
			}
		}
		set("lead")
		set("marketingqualifiedlead")
		set("salesqualifiedlead")
		for name, want := range map[string]string{
			"hs_v2_date_exited_marketingqualifiedlead":        "2026-11-02T14:00:00.000Z",
			"hs_v2_date_entered_marketingqualifiedlead":       "2026-11-02T13:00:00.000Z",
			"hs_v2_latest_time_in_marketingqualifiedlead":     "3600000",
			"hs_v2_cumulative_time_in_marketingqualifiedlead": "10800000",
			"hs_v2_date_entered_lead":                         "2026-11-02T12:00:00.000Z",
			"hs_v2_date_entered_current_stage":                "2026-11-02T14:00:00.000Z",
			"hs_date_entered_salesqualifiedlead":              "2026-11-02T14:00:00.000Z",
		} {
			if got := w.prop("contacts", id, name); got != want {
				t.Errorf("resets %v: %s = %q, want %q", resets, name, got, want)
			}
		}
	}
}
