package population_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"leadsync/connector/hubspot/simulator"
	"leadsync/connector/hubspot/simulator/population"
)

func options(a *simulator.Account, typ, property string) []string {
	var out []string
	for _, p := range a.Definitions(typ) {
		if p.Name != property {
			continue
		}
		for _, o := range p.Options {
			out = append(out, o.Value)
		}
	}
	return out
}

func TestStagesAndStatusesAreTheAccounts(t *testing.T) {
	s := open(t, population.Options{Seed: 21})
	check := func(when string, all bool) {
		found := map[string]int{}
		for property, values := range map[string][]string{
			"lifecyclestage": options(s.account, simulator.Contacts, "lifecyclestage"),
			"hs_lead_status": options(s.account, simulator.Contacts, "hs_lead_status"),
		} {
			for _, o := range s.account.Objects(simulator.Contacts) {
				v := o.Properties[property]
				found[v]++
				if v != "" && !slices.Contains(values, v) {
					t.Errorf("%s: %s %q of %s is no option", when, property, v, o.ID)
				}
			}
			for _, v := range values {
				if all && found[v] == 0 {
					t.Errorf("%s: nobody has the %s %q", when, property, v)
				}
			}
		}
	}
	check("at go-live", true)
	if n := s.account.Count(simulator.Contacts); n != 500 {
		t.Errorf("%d contacts by default", n)
	}
	s.live(3*24*time.Hour, 4*time.Hour, nil)
	check("after three days", false)
}

func TestCustomPropertiesAreAddedOnce(t *testing.T) {
	a := simulator.New(simulator.Options{Now: start, Wall: start})
	own := simulator.Property{Name: "budget", Label: "Jahresbudget", Type: "number", FieldType: "number", GroupName: "contactinformation"}
	if err := a.AddProperty(simulator.Contacts, own); err != nil {
		t.Fatal(err)
	}
	if w := population.Populate(a, population.Options{Seed: 1, Contacts: 50}); w.Refused() != 0 {
		t.Errorf("%d refused", w.Refused())
	}
	want := map[string]string{"budget": "number", "decision_authority": "enumeration", "newsletter_consent": "bool", "call_back_on": "date"}
	for _, p := range a.Definitions(simulator.Contacts) {
		if typ, ok := want[p.Name]; ok {
			if p.Type != typ {
				t.Errorf("%s is a %s, want %s", p.Name, p.Type, typ)
			}
			if p.Name == "budget" && p.Label != "Jahresbudget" {
				t.Errorf("the account's own budget became %q", p.Label)
			}
			delete(want, p.Name)
		}
	}
	if len(want) > 0 {
		t.Errorf("not defined: %v", want)
	}
}

// The roll-ups that Populate writes are what HubSpot would calculate from the
// activities and deals that it writes.
func TestRollupsAgreeWithActivities(t *testing.T) {
	s := open(t, population.Options{Seed: 22, Contacts: 800})
	talked, kinds := 0, map[string]int{}
	for _, c := range s.account.Objects(simulator.Contacts) {
		n, touches, last, first := 0, 0, "", ""
		for _, typ := range []string{simulator.Calls, simulator.Meetings, simulator.Emails, simulator.Notes} {
			for _, l := range s.account.Associations(simulator.Contacts, c.ID, typ) {
				o, _ := s.account.Object(typ, l.ID)
				at := o.Properties["hs_timestamp"]
				n++
				kinds[typ]++
				if typ == simulator.Notes || o.Properties["hs_email_direction"] == "INCOMING_EMAIL" {
					continue // not something that sales did with the contact
				}
				touches, last = touches+1, max(last, at)
				if first == "" || at < first {
					first = at
				}
			}
		}
		count, touched := "", ""
		if n > 0 {
			count, touched = strconv.Itoa(n), strconv.Itoa(touches)
			talked++
		}
		for property, want := range map[string]string{
			"num_notes": count, "num_contacted_notes": touched, "notes_last_contacted": last, "hs_sa_first_engagement_date": first,
		} {
			if got := c.Properties[property]; got != want {
				t.Errorf("%s of %s is %q, want %q", property, c.ID, got, want)
			}
		}
	}
	if kinds[simulator.Emails] < 20 || kinds[simulator.Notes] < 8 {
		t.Errorf("too few to show anything: %v", kinds)
	}
	if talked < 80 {
		t.Errorf("only %d contacts of 800 ever talked to sales", talked)
	}
}

// History is consistent: nothing after go-live, nothing before its contact, no
// deal before SQL (S17), deals behind opportunities and customers (S13, S14).
func TestHistoryIsConsistent(t *testing.T) {
	s := open(t, population.Options{Seed: 23, Contacts: 800})
	dates := []string{
		"hs_analytics_last_timestamp", "recent_conversion_date", "first_conversion_date", "hs_email_last_open_date",
		"hs_email_last_click_date", "hs_email_last_reply_date", "notes_last_contacted", "hs_v2_date_entered_current_stage", "lastmodifieddate",
	}
	for _, c := range s.account.Objects(simulator.Contacts) {
		p := c.Properties
		for _, name := range dates {
			if v := p[name]; v != "" && (v > start().Format("2006-01-02T15:04:05.000Z") || v < p["createdate"]) {
				t.Errorf("%s of %s is %s; created %s", name, c.ID, v, p["createdate"])
			}
			if p[name] > p["lastmodifieddate"] {
				t.Errorf("%s of %s is after its last change", name, c.ID)
			}
		}
		won, deals := false, s.account.Associations(simulator.Contacts, c.ID, simulator.Deals)
		for _, l := range deals {
			d, _ := s.account.Object(simulator.Deals, l.ID)
			won = won || d.Properties["hs_is_closed_won"] == "true"
		}
		switch stage := p["lifecyclestage"]; stage {
		case "opportunity":
			if len(deals) == 0 {
				t.Errorf("opportunity %s has no deal", c.ID)
			}
		case "customer", "evangelist":
			if !won {
				t.Errorf("%s %s never won a deal", stage, c.ID)
			}
		default:
			if len(deals) > 0 {
				t.Errorf("%s %s has a deal", stage, c.ID)
			}
		}
		if want := len(deals); want > 0 && p["num_associated_deals"] != strconv.Itoa(want) {
			t.Errorf("%s deals of %s, want %d", p["num_associated_deals"], c.ID, want)
		}
	}
}

// The account has the gaps and the odd people that a real one has.
func TestAccountIsBelievable(t *testing.T) {
	s := open(t, population.Options{Seed: 24})
	count := map[string]int{}
	left := map[string]bool{}
	for _, o := range s.account.Owners() {
		if !o.Active {
			left[o.ID] = true
		}
	}
	for _, c := range s.account.Objects(simulator.Contacts) {
		p := c.Properties
		for what, is := range map[string]bool{
			"e-mail only":             p["firstname"] == "" && p["lastname"] == "" && p["jobtitle"] == "",
			"without first name":      p["firstname"] == "" && p["lastname"] != "",
			"without budget":          p["budget"] == "",
			"with budget":             p["budget"] != "",
			"without authority":       p["decision_authority"] == "",
			"with authority":          p["decision_authority"] != "",
			"without phone":           p["phone"] == "",
			"without company":         p["associatedcompanyid"] == "",
			"with company":            p["associatedcompanyid"] != "",
			"own employee":            p["hs_email_domain"] == population.OwnDomain,
			"competitor":              p["hs_email_domain"] == population.CompetitorDomain,
			"partner":                 p["hs_email_domain"] == population.PartnerDomain,
			"prize-draw entrant":      p["recent_conversion_event_name"] == "Messe-Gewinnspiel",
			"free mail":               p["hs_email_domain"] == "example.org",
			"of an owner who left":    left[p["hubspot_owner_id"]],
			"newsletter consent":      p["newsletter_consent"] == "true",
			"no newsletter consent":   p["newsletter_consent"] == "false",
			"opted out":               p["hs_email_optout"] == "true",
			"to be called back":       p["call_back_on"] != "",
			"linked but not by field": p["associatedcompanyid"] != "" && len(s.account.Associations(simulator.Contacts, c.ID, simulator.Companies)) != 1,
		} {
			if is {
				count[what]++
			}
		}
		if p["recent_conversion_event_name"] == "Messe-Gewinnspiel" && (p["hs_analytics_num_page_views"] != "" || p["hs_email_click"] != "" || p["num_conversion_events"] != "1") {
			t.Errorf("prize-draw entrant %s did more than that (S35)", c.ID)
		}
	}
	if n := count["linked but not by field"]; n > 0 {
		t.Errorf("%d contacts have a company id but not that link", n)
	}
	delete(count, "linked but not by field")
	if len(count) != 19 {
		t.Errorf("some sort of contact is missing: %v", count)
	}
	if n := s.account.Count(simulator.Companies); n < 150 || n > 190 {
		t.Errorf("%d companies for 500 contacts", n)
	}
	if len(s.account.Owners()) != 10 || len(left) != 2 {
		t.Errorf("%d owners, %d of them left", len(s.account.Owners()), len(left))
	}
}
