package starter_test

import (
	"strings"
	"testing"

	"leadsync/cmd/leadsync/config"
	"leadsync/cmd/leadsync/starter"
	"leadsync/connector"
	"leadsync/scoring"
)

func options(pairs ...string) []connector.Option {
	var out []connector.Option
	for i := 0; i+1 < len(pairs); i += 2 {
		out = append(out, connector.Option{Value: pairs[i], Label: pairs[i+1], Order: i})
	}
	return out
}

func usual() starter.Found {
	return starter.Found{
		Name: "acme", Account: connector.Account{ID: "12345678", TimeZone: "Europe/Berlin"}, TokenEnv: "ACME_TOKEN", Language: "en",
		Stages: options("subscriber", "Subscriber", "lead", "Lead", "marketingqualifiedlead", "MQL", "153180554", "Sales accepted: yes!",
			"salesqualifiedlead", "SQL", "opportunity", "Opportunity", "customer", "Customer", "other", "Other"),
		Statuses: options("NEW", "New", "ATTEMPTED_TO_CONTACT", "Attempted", "CONNECTED", "Connected", "BAD_TIMING", "Bad timing",
			"OPEN_DEAL", "Open deal", "UNQUALIFIED", "Unqualified", "4711", "Rückfrage"),
		Dispositions: options("f240bbac", "Connected", "73a0d17f", "No answer", "aa", "Gatekeeper", "ab", "connected"),
		Pipelines: []connector.Pipeline{
			{ID: "default", Label: "Sales", Stages: []connector.PipelineStage{{ID: "appointmentscheduled", Label: "Appointment"}}},
			{ID: "887", Label: "Sales", Stages: []connector.PipelineStage{{ID: "9", Label: "First"}}},
			{ID: "1", Label: "empty"},
		},
		Owners: []connector.Owner{{ID: "77", Name: "Ada Berg", Active: true, Person: true}, {ID: "78", Name: "Left", Person: true}, {ID: "79", Name: "Queue", Active: true}},
		Forms:  []connector.Form{{Name: `Request a "demo" it's free`}, {Name: "Newsletter"}, {Name: "Old contact form", Archived: true}},
		Contact: []connector.Property{
			{Name: "email", Type: "string"},
			{Name: "phone", Type: "string"},
			{Name: "jobtitle", Type: "string"},
			{Name: "budget_2026", Label: "Budget", Type: "number"},
			{Name: "num_conversion_events", Type: "number"},
			{Name: "recent_conversion_date", Type: "datetime"},
			{Name: "first_conversion_date", Type: "datetime"},
			{Name: "recent_conversion_event_name", Type: "string"},
			{Name: "favourite_line", Label: "Favourite\nline", Type: "string"},
			{Name: "rarely", Type: "string"},
			{Name: "hs_email_click", Type: "number"},
			{Name: "hs_email_last_click_date", Type: "datetime"},
		},
		Company: []connector.Property{{Name: "numberofemployees", Type: "number"}, {Name: "industry", Type: "enumeration"}},
		Filled:  map[string]int{"contact.jobtitle": 120, "contact.favourite_line": 50, "contact.rarely": 3, "company.industry": 90}, Sampled: 200,
	}
}

// parse makes sure that both files are what the program itself accepts.
func parse(t *testing.T, f starter.Found) (string, string, *config.Config, *scoring.Model) {
	t.Helper()
	c, m, err := starter.Files(f)
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Parse("leadsync.yaml", c)
	if err != nil {
		t.Fatalf("%v\n%s", err, c)
	}
	model, err := scoring.Parse("model.yaml", m)
	if err != nil {
		t.Fatalf("%v\n%s", err, m)
	}
	return string(c), string(m), cfg, model
}

func TestFiles(t *testing.T) {
	c, m, cfg, model := parse(t, usual())
	p := cfg.Portals[0]
	if p.Account != "12345678" || p.FallbackOwner != "77" || p.Stages["sales_accepted_yes"] != "153180554" || p.Statuses["rueckfrage"] != "4711" {
		t.Errorf("the portal is %+v", p)
	}
	if _, ok := p.Stages["evangelist"]; ok {
		t.Error("a stage that the account does not have is mapped")
	}
	if _, ok := p.Dispositions["busy"]; ok || len(p.Dispositions["connected"]) != 2 || p.Pipelines["sales"].ID != "default" || p.Pipelines["sales_2"].Stage != "9" {
		t.Errorf("outcomes %v, pipelines %v", p.Dispositions, p.Pipelines)
	}
	// An account that is in use gets a model without a doubt.
	if findings, err := scoring.Lint("model.yaml", []byte(m), scoring.LintOptions{}); err != nil || len(findings) > 0 {
		t.Errorf("%v %v", err, findings)
	}
	var order []string
	for _, s := range model.Stages() {
		order = append(order, s.Name)
	}
	if got := strings.Join(order, " "); got != "subscriber lead mql sales_accepted_yes sql opportunity customer other" {
		t.Errorf("stages are %s", got)
	}
	for _, want := range []string{
		`count("form", name in ["Request a \"demo\" it''s free"]) >= 1`, "budget: {from: [contact.budget_2026], type: number}",
		"interaction: {any_of: [form, email_click, talk, appointment]}", "hs_email_last_click_date, machine: {times: 4, within: 1m}", "gates: [several_days]}",
		"known of 60 % of 200 contacts", "#   contact.favourite_line (string, Favourite line): known of 25 % of 200 contacts", "pipeline: sales",
	} {
		if !strings.Contains(m, want) {
			t.Errorf("the model lacks %q:\n%s", want, m)
		}
	}
	for _, unwanted := range []string{"contact.rarely", "email_open", "hs_buying_role", "Old contact form\"", "country"} {
		if strings.Contains(m, unwanted) {
			t.Errorf("the model has %q", unwanted)
		}
	}
	if !strings.Contains(c, "Left (78)") || strings.Contains(c, "Queue") {
		t.Errorf("the owners in the configuration are wrong:\n%s", c)
	}
}

func TestFilesOfAnEmptyAccount(t *testing.T) {
	f := starter.Found{
		Name: "empty", Account: connector.Account{ID: "1", TimeZone: "UTC"}, TokenKey: "it's a file", Language: "de", BaseURL: "https://api.example.com",
		Stages: options("marketingqualifiedlead", "MQL"), Contact: []connector.Property{{Name: "email", Type: "string"}},
	}
	c, _, cfg, _ := parse(t, f)
	p := cfg.Portals[0]
	if len(p.Stages) != 1 || len(p.Statuses) != 0 || !strings.HasSuffix(p.Token.File, "it's a file") || p.BaseURL != "https://api.example.com" {
		t.Errorf("the portal is %+v\n%s", p, c)
	}
}

// TestFilesFromHostileLabels: whatever people wrote into their account, the files stay two files.
func TestFilesFromHostileLabels(t *testing.T) {
	f := usual()
	evil := "x\nportals: []\u2028# '\" {{.}} }}"
	f.Stages = append(f.Stages, connector.Option{Value: "a'b", Label: evil, Order: 99})
	f.Forms = append(f.Forms, connector.Form{Name: "contact " + evil + `\`})
	f.Owners[0].Name, f.Pipelines[0].Label, f.Contact[8].Label = evil, evil, evil
	_, _, cfg, _ := parse(t, f)
	if len(cfg.Portals) != 1 {
		t.Error("a label made a portal")
	}
}
