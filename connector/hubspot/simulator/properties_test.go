package simulator_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"leadsync/connector/hubspot/simulator"
)

const taskProps, contactProps = "/crm/properties/2026-09/tasks", "/crm/properties/2026-09/contacts"

func plainProperty(name, more string) string {
	return `{"groupName":"taskinformation","name":"` + name + `","label":"L","type":"string","fieldType":"text"` + more + `}`
}

// taskGroup is the group of the task definitions that come with the account.
func (w *world) taskGroup() {
	w.t.Helper()
	w.do("POST", taskProps+"/groups", `{"name":"taskinformation","label":"Task"}`) // 409 where it is there
}

func TestPropertiesRefuse(t *testing.T) {
	w := newWorld(t)
	w.taskGroup()
	w.ask(201, "POST", taskProps, plainProperty("taken", ""))
	hundred := strings.TrimSuffix(strings.Repeat(plainProperty("p", "")+",", 101), ",")
	field := func(typ, fieldType, more string) string {
		return `{"groupName":"taskinformation","name":"n","label":"L","type":"` + typ + `","fieldType":"` + fieldType + `"` + more + `}`
	}
	for _, c := range []struct {
		name, method, path, body string
		status                   int
	}{
		{"taken", "POST", "", plainProperty("taken", ""), 409},
		{"upper case", "POST", "", plainProperty("Taken2", ""), 400},
		{"begins with a digit", "POST", "", plainProperty("1st", ""), 400},
		{"space", "POST", "", plainProperty("a b", ""), 400},
		{"dash", "POST", "", plainProperty("a-b", ""), 400},
		{"too long", "POST", "", plainProperty(strings.Repeat("a", 101), ""), 400},
		{"no name", "POST", "", plainProperty("", ""), 400},
		{"no label", "POST", "", `{"groupName":"taskinformation","name":"n","type":"string","fieldType":"text"}`, 400},
		{"unknown group", "POST", "", `{"groupName":"g","name":"n","label":"L","type":"string","fieldType":"text"}`, 400},
		{"field type of another type", "POST", "", field("number", "text", ""), 400},
		{"unknown type", "POST", "", field("float", "number", ""), 400},
		{"enumeration without options", "POST", "", field("enumeration", "select", ""), 400},
		{"doubled option", "POST", "", field("enumeration", "select", `,"options":[{"label":"A","value":"a"},{"label":"B","value":"a"}]`), 400},
		{"option without a label", "POST", "", field("enumeration", "select", `,"options":[{"value":"a"}]`), 400},
		{"options of a number", "POST", "", field("number", "number", `,"options":[{"label":"A","value":"a"}]`), 400},
		{"bool without options", "POST", "", field("bool", "booleancheckbox", ""), 400},
		{"bool of yes and no", "POST", "", field("bool", "booleancheckbox", `,"options":[{"label":"Y","value":"yes"},{"label":"N","value":"no"}]`), 400},
		{"unique datetime", "POST", "", field("datetime", "date", `,"hasUniqueValue":true`), 400},
		{"malformed", "POST", "", `{`, 400},
		{"too many in a batch", "POST", "/batch/create", `{"inputs":[` + hundred + `]}`, 400},
		{"twice in a batch", "POST", "/batch/create", inputs(plainProperty("x", "") + "," + plainProperty("x", "")), 400},
		{"too many to read", "POST", "/batch/read", `{"inputs":[` + hundred + `]}`, 400},
		{"too many to archive", "POST", "/batch/archive", `{"inputs":[` + hundred + `]}`, 400},
		{"HubSpot's own", "DELETE", "/hs_task_subject", "", 400},
		{"HubSpot's own in a batch", "POST", "/batch/archive", inputs(`{"name":"taken"},{"name":"hs_task_subject"}`), 400},
		{"unknown to archive", "DELETE", "/nope", "", 404},
		{"unknown to change", "PATCH", "/nope", "{}", 404},
		{"another type", "PATCH", "/taken", `{"type":"number"}`, 400},
		{"field type of another", "PATCH", "/taken", `{"fieldType":"select"}`, 400},
		{"into an unknown group", "PATCH", "/taken", `{"groupName":"g"}`, 400},
		{"options for a string", "PATCH", "/taken", `{"options":[{"label":"A","value":"a"}]}`, 400},
		{"label of HubSpot's own", "PATCH", "/hs_task_subject", `{"label":"Mine"}`, 400},
		{"group taken", "POST", "/groups", `{"name":"taskinformation","label":"Task"}`, 409},
		{"group name", "POST", "/groups", `{"name":"My Group","label":"Task"}`, 400},
		{"group without a label", "POST", "/groups", `{"name":"g"}`, 400},
		{"unknown group to change", "PATCH", "/groups/g", `{"label":"x"}`, 404},
		{"group to nothing", "PATCH", "/groups/taskinformation", `{"label":""}`, 400},
		{"unknown group to archive", "DELETE", "/groups/g", "", 404},
		{"group in use", "DELETE", "/groups/taskinformation", "", 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.t = t
			w.ask(c.status, c.method, taskProps+c.path, c.body)
		})
	}
	w.t = t
	w.ask(200, "GET", taskProps+"/taken", "") // the refused batch archived nothing
	w.ask(404, "GET", taskProps+"/n", "")
}

func TestPropertyArchivedAndBroughtBack(t *testing.T) {
	w := newWorld(t)
	id := w.contact()
	body := `{"groupName":"contactinformation","name":"points","label":"Points","type":"number","fieldType":"number"}`
	w.ask(201, "POST", contactProps, body)
	w.ask(200, "PATCH", contacts+"/"+id, `{"properties":{"points":"7"}}`)
	w.ask(204, "DELETE", contactProps+"/points", "")
	w.ask(404, "GET", contactProps+"/points", "")
	w.ask(400, "PATCH", contacts+"/"+id, `{"properties":{"points":"8"}}`)
	w.ask(400, "POST", contacts+"/search", `{"filterGroups":[{"filters":[{"propertyName":"points","operator":"HAS_PROPERTY"}]}]}`)
	if got := w.ask(200, "GET", contactProps+"?archived=true", "").list("results"); len(got) != 1 || got[0]["name"] != "points" {
		t.Errorf("archived: %v", got)
	}
	if got := w.ask(200, "POST", contactProps+"/batch/read", `{"archived":true,"inputs":[{"name":"points"}]}`).list("results"); len(got) != 1 {
		t.Errorf("archived, in a batch: %v", got)
	}
	got := w.ask(201, "POST", contactProps, strings.Replace(body, `"number","fieldType":"number"`, `"string","fieldType":"text"`, 1))
	if got.body["type"] != "number" {
		t.Errorf("what comes back has another type: %s", got.raw)
	}
	if v, _ := at(w.ask(200, "GET", contacts+"/"+id+"?properties=points", "").body, "properties.points"); v != "7" {
		t.Errorf("value after it came back: %v", v)
	}
}

func TestPropertiesInUse(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"listed", "watched", "filled", "asked", "free"} {
		w.ask(201, "POST", contactProps, `{"groupName":"contactinformation","name":"`+name+`","label":"`+name+`","type":"string","fieldType":"text"}`)
	}
	_, err := w.CreateList(rep, simulator.List{Name: "L", Kind: simulator.Dynamic, Where: []simulator.ListCondition{{Property: "listed", Operator: "HAS_PROPERTY"}}})
	must(t, err)
	_, err = w.AddWorkflow(rep, simulator.Workflow{Name: "W", OnChange: []string{"watched"}, Sets: map[string]string{"filled": "x"}})
	must(t, err)
	_, err = w.AddForm(simulator.Form{Name: "F", Fields: []string{"email", "asked"}})
	must(t, err)
	for _, name := range []string{"listed", "watched", "filled", "asked"} {
		if got := w.ask(400, "DELETE", contactProps+"/"+name, ""); got.body["subCategory"] != "PropertyValidationError.CANNOT_DELETE_PROPERTY_IN_USE" {
			t.Errorf("%s: %s", name, got.raw)
		}
	}
	w.ask(204, "DELETE", contactProps+"/free", "")
}

func TestPropertyBatchCreateIsPartial(t *testing.T) {
	w := newWorld(t)
	w.taskGroup()
	w.ask(201, "POST", taskProps, plainProperty("taken", ""))
	got := w.ask(207, "POST", taskProps+"/batch/create", inputs(plainProperty("fresh", "")+","+plainProperty("taken", "")+","+plainProperty("Bad", "")))
	if r := got.list("results"); len(r) != 1 || r[0]["name"] != "fresh" || got.body["numErrors"] != 2.0 {
		t.Errorf("answer: %s", got.raw)
	}
	w.ask(204, "POST", taskProps+"/batch/archive", inputs(`{"name":"fresh"},{"name":"nope"}`))
	w.ask(404, "GET", taskProps+"/fresh", "")
}

func TestUniqueProperties(t *testing.T) {
	w := newWorld(t, func(o *simulator.Options) { o.RefuseUnique = []string{"deal"} })
	w.taskGroup()
	w.ask(400, "POST", "/crm/properties/2026-09/deals", `{"groupName":"dealinformation","name":"k","label":"K","type":"string","fieldType":"text","hasUniqueValue":true}`)
	w.ask(201, "POST", "/crm/properties/2026-09/deals", `{"groupName":"dealinformation","name":"k","label":"K","type":"string","fieldType":"text"}`)
	for i := range 10 {
		w.ask(201, "POST", taskProps, plainProperty(fmt.Sprint("key", i), `,"hasUniqueValue":true`))
	}
	w.ask(400, "POST", taskProps, plainProperty("key10", `,"hasUniqueValue":true`))
	w.ask(201, "POST", taskProps, plainProperty("key10", ""))
	w.ask(204, "DELETE", taskProps+"/key3", "")
	w.ask(201, "POST", taskProps, plainProperty("key11", `,"hasUniqueValue":true`)) // an archived one does not count
	must(t, w.SetUniqueAllowed("tasks", false))
	w.ask(204, "DELETE", taskProps+"/key4", "")
	if got := w.ask(400, "POST", taskProps, plainProperty("key12", `,"hasUniqueValue":true`)); !strings.Contains(got.raw, "cannot have unique values") {
		t.Errorf("answer: %s", got.raw)
	}
	must(t, w.SetUniqueAllowed("task", true))
	w.ask(201, "POST", taskProps, plainProperty("key12", `,"hasUniqueValue":true`))
	if err := w.SetUniqueAllowed("birds", true); !errors.Is(err, simulator.ErrInvalid) {
		t.Errorf("birds: %v", err)
	}
}

func TestPropertyGroups(t *testing.T) {
	w := newWorld(t)
	w.ask(201, "POST", contactProps+"/groups", `{"name":"ours","label":"Ours"}`)
	if got := w.ask(200, "PATCH", contactProps+"/groups/ours", `{"label":"Mine","displayOrder":3}`); got.body["label"] != "Mine" || got.body["displayOrder"] != 3.0 {
		t.Errorf("changed: %s", got.raw)
	}
	w.ask(201, "POST", contactProps, `{"groupName":"ours","name":"points","label":"P","type":"number","fieldType":"number","displayOrder":4,"hidden":true,"formField":true}`)
	got := w.ask(200, "PATCH", contactProps+"/points", `{"groupName":"contactinformation","description":"d","hidden":false}`)
	for name, want := range map[string]any{"groupName": "contactinformation", "description": "d", "hidden": false, "formField": true, "displayOrder": 4.0} {
		if got.body[name] != want {
			t.Errorf("%s = %v, want %v", name, got.body[name], want)
		}
	}
	w.ask(204, "DELETE", contactProps+"/groups/ours", "")
	w.ask(404, "GET", contactProps+"/groups/ours", "")
}
