package simulator_test

import (
	"strings"
	"testing"

	"leadsync/connector/hubspot/simulator"
)

func TestDefinitionsLookLikeAnAccount(t *testing.T) {
	w := newWorld(t)
	r := w.ask(200, "GET", "/crm/properties/2026-09/contacts", "")
	seen := map[string]map[string]any{}
	for _, p := range r.list("results") {
		name := p["name"].(string)
		if seen[name] != nil {
			t.Errorf("%s is defined twice", name)
		}
		seen[name] = p
	}
	if n := len(seen); n < 350 || n > 450 {
		t.Errorf("%d definitions, want those of a real account", n)
	}
	for name, want := range map[string]string{
		"num_conversion_events": "number", "hs_email_last_click_date": "datetime", "jobtitle": "string", "lifecyclestage": "enumeration",
		"hs_email_optout": "bool", "hs_analytics_last_url": "string", "hs_v2_date_entered_customer": "datetime", "hs_buying_role": "enumeration",
	} {
		if seen[name]["type"] != want {
			t.Errorf("%s is a %v, want %s", name, seen[name]["type"], want)
		}
	}
	stages := seen["lifecyclestage"]["options"].([]any)
	if len(stages) != 8 || stages[2].(map[string]any)["value"] != "marketingqualifiedlead" || stages[7].(map[string]any)["displayOrder"] != 7.0 {
		t.Errorf("stages %v", stages)
	}
	if seen["num_conversion_events"]["modificationMetadata"].(map[string]any)["readOnlyValue"] != true {
		t.Error("a roll-up can be written")
	}
	for _, typ := range []string{"companies", "deals", "calls", "emails", "meetings", "notes", "tasks", "communications"} {
		names := map[string]bool{}
		for _, p := range w.Definitions(typ) {
			if names[p.Name] {
				t.Errorf("%s: %s is defined twice", typ, p.Name)
			}
			names[p.Name] = true
		}
		if !names["hs_lastmodifieddate"] || !names["hubspot_owner_id"] {
			t.Errorf("%s: %v", typ, names)
		}
	}
}

func TestPropertiesAreMade(t *testing.T) {
	w := newWorld(t)
	const path = "/crm/properties/2026-09/contacts"
	body := `{"groupName":"leadsync","name":"leadsync_score","label":"Score","type":"number","fieldType":"number"}`
	w.ask(400, "POST", path, body) // no group yet
	w.ask(201, "POST", path+"/groups", `{"name":"leadsync","label":"leadsync"}`)
	w.ask(409, "POST", path+"/groups", `{"name":"leadsync","label":"leadsync"}`)
	w.ask(201, "POST", path, body)
	if r := w.ask(409, "POST", path, body); r.body["category"] != "OBJECT_ALREADY_EXISTS" || r.body["subCategory"] != "Properties.PROPERTY_WITH_NAME_EXISTS" {
		t.Errorf("exists: %s", r.raw)
	}
	if r := w.ask(404, "GET", path+"/none", ""); r.body["category"] != "OBJECT_NOT_FOUND" {
		t.Errorf("unknown: %s", r.raw)
	}
	id := w.contact()
	w.ask(200, "PATCH", contacts+"/"+id, `{"properties":{"leadsync_score":"82"}}`)
	w.ask(204, "DELETE", path+"/leadsync_score", "")
	w.ask(400, "PATCH", contacts+"/"+id, `{"properties":{"leadsync_score":"83"}}`)
	w.ask(201, "POST", path, body)
	if r := w.ask(200, "GET", contacts+"/"+id+"?properties=leadsync_score", ""); !strings.Contains(r.raw, `"leadsync_score":"82"`) {
		t.Errorf("a restored property lost its values: %s", r.raw)
	}
	w.ask(400, "DELETE", path+"/email", "")
	w.ask(200, "PATCH", path+"/hs_lead_status", `{"options":[{"label":"Neu","value":"NEU","displayOrder":0,"hidden":false}]}`)
	w.ask(400, "PATCH", contacts+"/"+id, `{"properties":{"hs_lead_status":"NEW"}}`)
	for name, bad := range map[string]string{
		"pair":    `{"groupName":"leadsync","name":"a","type":"number","fieldType":"text"}`,
		"options": `{"groupName":"leadsync","name":"a","type":"enumeration","fieldType":"select"}`,
		"bool":    `{"groupName":"leadsync","name":"a","type":"bool","fieldType":"booleancheckbox"}`,
		"name":    `{"groupName":"leadsync","type":"string","fieldType":"text"}`,
		"unique":  `{"groupName":"leadsync","name":"a","type":"date","fieldType":"date","hasUniqueValue":true}`,
	} {
		if r := w.do("POST", path, bad); r.status != 400 {
			t.Errorf("%s: %d %s", name, r.status, r.raw)
		}
	}
	r := w.ask(207, "POST", path+"/batch/read", `{"inputs":[{"name":"email"},{"name":"none"}]}`)
	if len(r.list("results")) != 1 || r.list("results")[0]["name"] != "email" {
		t.Errorf("batch: %s", r.raw)
	}
	w.ask(200, "GET", path+"/groups/leadsync", "")
	w.ask(404, "GET", path+"/groups/none", "")
}

func TestOwners(t *testing.T) {
	w := newWorld(t)
	a, b := w.CreateOwner("Olga Ost", "olga@example.org", true), w.CreateOwner("Nils Nord", "nils@example.org", false)
	c := w.CreateOwner("Wim West", "wim@example.org", true)
	r := w.ask(200, "GET", "/crm/owners/2026-09?limit=1", "")
	if x := r.list("results"); len(x) != 1 || x[0]["id"] != a || x[0]["userId"] == nil || x[0]["type"] != "PERSON" || x[0]["firstName"] != "Olga" {
		t.Errorf("first page: %s", r.raw)
	}
	after := r.body["paging"].(map[string]any)["next"].(map[string]any)["after"].(string)
	if x := w.ask(200, "GET", "/crm/owners/2026-09?limit=1&after="+after, "").ids(); len(x) != 1 || x[0] != c {
		t.Errorf("second page: %v", x)
	}
	if x := w.ask(200, "GET", "/crm/owners/2026-09?email=WIM@example.org", "").ids(); len(x) != 1 || x[0] != c {
		t.Errorf("by email: %v", x)
	}
	if x := w.ask(200, "GET", "/crm/owners/2026-09?archived=true", "").list("results"); len(x) != 1 || x[0]["id"] != b || x[0]["userId"] != nil {
		t.Errorf("archived: %v", x)
	}
	w.ask(200, "GET", "/crm/owners/2026-09/"+a, "")
	w.ask(404, "GET", "/crm/owners/2026-09/"+b, "")
	must(t, w.SetOwnerActive(b, true))
	w.ask(200, "GET", "/crm/owners/2026-09/"+b, "")
}

func TestPipelinesAndAccount(t *testing.T) {
	w := newWorld(t, func(o *simulator.Options) { o.PortalID = 4711 })
	r := w.ask(200, "GET", "/crm/pipelines/2026-09/deals", "")
	p := r.list("results")
	if len(p) != 2 || p[0]["id"] != "default" || p[1]["id"] != "74230118" {
		t.Fatalf("%s", r.raw)
	}
	won := p[0]["stages"].([]any)[5].(map[string]any)
	if m := won["metadata"].(map[string]any); won["id"] != "closedwon" || m["isClosed"] != "true" || m["probability"] != "1.0" {
		t.Errorf("won stage %v", won)
	}
	w.ask(404, "GET", "/crm/pipelines/2026-09/deals/nope", "")
	must(t, w.AddPipeline(simulator.Pipeline{ID: "9", Label: "Renewals", Stages: []simulator.Stage{{ID: "91", Label: "Open", Metadata: map[string]string{"isClosed": "false", "probability": "0.5"}}}}))
	w.ask(201, "POST", "/crm/objects/2026-09/deals", `{"properties":{"dealname":"x","pipeline":"9","dealstage":"91"}}`)
	if r := w.ask(400, "POST", "/crm/objects/2026-09/deals", `{"properties":{"dealname":"x","pipeline":"9","dealstage":"closedwon"}}`); !strings.Contains(r.raw, "not a stage of pipeline") {
		t.Errorf("stray stage: %s", r.raw)
	}
	r = w.ask(200, "GET", "/account-info/2026-09/details", "")
	if r.body["portalId"] != 4711.0 || r.body["timeZone"] != "Europe/Berlin" || r.body["utcOffset"] != "+01:00" || r.body["utcOffsetMilliseconds"] != 3_600_000.0 {
		t.Errorf("details: %s", r.raw)
	}
	if r := w.ask(200, "GET", "/calling/v1/dispositions", ""); !strings.Contains(r.raw, simulator.CallNoAnswer) {
		t.Errorf("dispositions: %s", r.raw)
	}
}
