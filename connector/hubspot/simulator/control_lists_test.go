package simulator_test

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestControlListsAndWorkflows(t *testing.T) {
	w := newWorld(t)
	do := controls(t, w)
	id := w.contact("email", "ada@example.com")
	list := idOf(t, do(200, "POST", "lists", `{"name":"Hot leads"}`))
	buyers := idOf(t, do(200, "POST", "lists", `{"name":"Buyers","kind":"DYNAMIC","where":[{"property":"jobtitle","operator":"EQ","value":"Buyer"}],"actor":{"kind":"user","id":"4"}}`))
	if got := do(200, "POST", "lists/"+list+"/add", `{"ids":["`+id+`"]}`); got != `{"members":["`+id+`"]}` {
		t.Errorf("added: %s", got)
	}
	if got := do(200, "POST", "lists/"+list+"/remove", `{"ids":["`+id+`"],"actor":{"kind":"integration","id":"9"}}`); got != `{"members":[]}` {
		t.Errorf("removed: %s", got)
	}
	flow := idOf(t, do(200, "POST", "workflows", `{"name":"Nurture","onChange":["jobtitle"],"sets":{"company":"Nurtured"}}`))
	if got := do(200, "POST", "workflows/"+flow, `{"enabled":true}`); got != `{"enabled":true}` {
		t.Errorf("switched: %s", got)
	}
	do(200, "POST", "set", `{"id":"`+id+`","properties":{"jobtitle":"Buyer"}}`)
	if got := do(200, "GET", "lists/"+buyers, ""); got != `{"members":["`+id+`"]}` {
		t.Errorf("buyers: %s", got)
	}
	if got := w.prop("contacts", id, "company"); got != "Nurtured" {
		t.Errorf("company = %q, want what the workflow sets", got)
	}
	var all []struct {
		ID       string `json:"id"`
		Enabled  bool   `json:"enabled"`
		Enrolled int    `json:"enrolled"`
	}
	must(t, json.Unmarshal([]byte(do(200, "GET", "workflows", "")), &all))
	if len(all) != 1 || all[0].ID != flow || !all[0].Enabled || all[0].Enrolled != 1 {
		t.Errorf("workflows: %+v", all)
	}
	if got := do(200, "GET", "lists", ""); strings.Count(got, `"name"`) != 2 {
		t.Errorf("lists: %s", got)
	}
	do(200, "POST", "unique", `{"type":"tasks","allowed":false}`)
	w.ask(400, "POST", taskProps, plainProperty("k", `,"hasUniqueValue":true`))
	do(200, "POST", "unique", `{"type":"tasks","allowed":true}`)
	w.taskGroup()
	w.ask(201, "POST", taskProps, plainProperty("k", `,"hasUniqueValue":true`))
	for _, c := range [][3]string{
		{"POST", "lists", `{"name":"hot leads"}`},
		{"POST", "lists", `{"name":"X","nope":1}`},
		{"POST", "lists", `{"name":"X","actor":{"kind":"api"}}`},
		{"POST", "lists/" + buyers + "/add", `{"ids":["` + id + `"]}`},
		{"POST", "lists/" + list + "/add", `[]`},
		{"POST", "workflows", `{"name":"W"}`},
		{"POST", "workflows", `{"name":"W","actor":{"kind":"api"}}`},
		{"POST", "workflows/" + flow, `{"enabled":1}`},
		{"POST", "unique", `{"type":"birds"}`},
		{"POST", "unique", `[]`},
	} {
		if got := do(400, c[0], c[1], c[2]); !strings.Contains(got, `"error"`) {
			t.Errorf("%v: %s", c, got)
		}
	}
	for _, c := range [][3]string{
		{"GET", "lists/99", ""}, {"POST", "lists/" + list + "/add", `{"ids":["1"]}`}, {"POST", "workflows/1", `{"enabled":true}`},
	} {
		do(404, c[0], c[1], c[2])
	}
}
