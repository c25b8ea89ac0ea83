package simulator_test

import (
	"strings"
	"testing"
)

func TestControlOfCorrespondence(t *testing.T) {
	w := newWorld(t)
	do := controls(t, w)
	id := idOf(t, do(200, "POST", "contacts", `{"properties":{"email":"ada@example.org"}}`))
	mail := idOf(t, do(200, "POST", "emails", `{"contact":"`+id+`","subject":"Hello"}`))
	idOf(t, do(200, "POST", "emails", `{"contact":"`+id+`","direction":"INCOMING_EMAIL"}`))
	idOf(t, do(200, "POST", "notes", `{"contact":"`+id+`","text":"called back"}`))
	message := idOf(t, do(200, "POST", "messages", `{"contact":"`+id+`","channel":"SMS"}`))
	do(200, "POST", "marketing", `{"id":"`+mail+`","kind":"open"}`)
	do(200, "POST", "marketing", `{"id":"`+mail+`","kind":"click"}`)
	do(200, "POST", "marketing", `{"contact":"`+id+`","kind":"bounce"}`)
	do(200, "POST", "marketing", `{"contact":"`+id+`","kind":"opt-out"}`)
	do(400, "POST", "marketing", `{"contact":"`+id+`","kind":"bounce","reason":"FATE"}`)
	do(200, "POST", "archive", `{"type":"communications","id":"`+message+`"}`)
	do(200, "POST", "restore", `{"type":"communications","id":"`+message+`"}`)
	company := idOf(t, do(200, "POST", "companies", `{"properties":{"name":"Pumpen AG"}}`))
	do(200, "POST", "associate", `{"id":"`+id+`","links":[{"type":"companies","id":"`+company+`"}]}`)
	do(400, "POST", "associate", `{"id":"`+id+`"}`)
	deal := idOf(t, do(200, "POST", "deals", `{"contact":"`+id+`","properties":{"dealname":"Pumps"}}`))
	do(200, "POST", "deals/"+deal+"/lose", `{}`)
	for name, want := range map[string]string{
		"num_notes": "4", "num_contacted_notes": "2", "hs_email_bounce": "1", "hs_email_optout": "true", "associatedcompanyid": company,
		"hs_last_sales_activity_type": "EMAIL_CLICK", "lifecyclestage": "opportunity",
	} {
		if got := w.prop("contacts", id, name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	do(200, "POST", "disassociate", `{"id":"`+id+`","links":[{"type":"companies","id":"`+company+`"}]}`)
	if got := w.prop("contacts", id, "associatedcompanyid"); got != "" || w.prop("deals", deal, "hs_is_closed_lost") != "true" {
		t.Errorf("company %q", got)
	}
}

func TestControlOfTheMachinery(t *testing.T) {
	w := newWorld(t)
	do := controls(t, w)
	do(200, "POST", "script", `{"text":"on the first GET contacts: 503\non every event: lose"}`)
	if s := do(400, "POST", "script", `{"text":"on every GET contacts: sing"}`); !strings.Contains(s, "line 1") {
		t.Errorf("%s", s)
	}
	w.ask(503, "GET", contacts, "")
	do(200, "POST", "automation", `{"newContact":"subscriber"}`)
	do(400, "POST", "automation", `{"newContact":"nonsense"}`)
	if s := do(200, "GET", "automation", ""); s != `{"newContact":"subscriber","dealCreated":"opportunity","dealWon":"customer","companyToContacts":true,"clearingResetsDates":false}` {
		t.Errorf("%s", s)
	}
	do(200, "POST", "rules", `{"type":"deals","when":"dealstage","in":["closedlost"],"require":["closed_lost_reason"]}`)
	do(200, "POST", "rules", `{"type":"deals","require":["amount"]}`)
	do(400, "POST", "rules", `{"type":"deals","when":"mood","in":["bad"],"require":["amount"]}`)
	r := w.ask(400, "POST", "/crm/objects/2026-09/deals", `{"properties":{"dealname":"x","dealstage":"closedlost"}}`)
	if !strings.Contains(r.raw, "MISSING_REQUIRED_PROPERTY") || !strings.Contains(r.raw, "MISSING_CONDITIONAL_REQUIRED_PROPERTY") {
		t.Errorf("%s", r.raw)
	}
	do(200, "POST", "webhook", `{"url":"https://leadsync.test/hook","secret":"s","all":true,"calculated":0.5}`)
	do(400, "POST", "webhook", `{"url":"https://leadsync.test/hook","calculated":2}`)
	id := w.contact()
	if s := do(200, "GET", "lost", ""); !strings.Contains(s, `"kind":"object.creation","objectType":"contacts","objectId":"`+id+`"`) {
		t.Errorf("lost: %s", s)
	}
	if s := do(200, "GET", "webhook", ""); strings.Contains(s, `"lost":0`) {
		t.Errorf("report: %s", s)
	}
}

// TestControlOfTasks lets a salesperson edit and delete tasks. The key of a task can be moved, and stays unique.
func TestControlOfTasks(t *testing.T) {
	w := newWorld(t)
	do := controls(t, w)
	const tasks = "/crm/objects/2026-09/tasks"
	w.ask(201, "POST", "/crm/properties/2026-09/tasks", `{"name":"our_key","label":"k","type":"string","fieldType":"text","groupName":"task","hasUniqueValue":true}`)
	made := func(key string) string {
		return w.ask(201, "POST", tasks, `{"properties":{"our_key":"`+key+`","hs_timestamp":"2026-11-23T09:00:00Z","hs_task_subject":"Call"}}`).body["id"].(string)
	}
	one, two := made("a"), made("b")
	actor := `"actor":{"kind":"user","id":"7"}`
	do(200, "POST", "tasks/"+one+"/edit", `{`+actor+`,"properties":{"hs_task_subject":"Call in the afternoon","hs_timestamp":"2026-11-23T14:00:00Z","hs_task_priority":"HIGH"}}`)
	for name, want := range map[string]string{"hs_task_subject": "Call in the afternoon", "hs_timestamp": "2026-11-23T14:00:00.000Z", "hs_task_priority": "HIGH"} {
		if got := w.prop("tasks", one, name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	do(400, "POST", "tasks/"+one+"/edit", `{}`)
	do(404, "POST", "tasks/999999999999/edit", `{"properties":{"hs_task_subject":"x"}}`)
	w.ask(409, "PATCH", tasks+"/"+two, `{"properties":{"our_key":"a"}}`)
	w.ask(200, "PATCH", tasks+"/"+one, `{"properties":{"our_key":"c","hs_queue_membership_ids":"31;32"}}`)
	w.ask(200, "PATCH", tasks+"/"+two, `{"properties":{"our_key":"a"}}`) // it is free now
	if got := w.ask(200, "GET", tasks+"/c?idProperty=our_key", "").body["id"]; got != one {
		t.Errorf("the key finds %q, want %q", got, one)
	}
	if got := w.prop("tasks", one, "hs_queue_membership_ids"); got != "31;32" {
		t.Errorf("queues %q", got)
	}
	do(200, "POST", "tasks/"+one+"/delete", `{`+actor+`}`)
	w.ask(404, "GET", tasks+"/"+one, "")
}
