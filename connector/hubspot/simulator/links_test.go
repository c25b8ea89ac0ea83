package simulator_test

import (
	"fmt"
	"strings"
	"testing"

	"leadsync/connector/hubspot/simulator"
)

const links = "/crm/associations/2026-09/"

func TestLinksRead(t *testing.T) {
	w := newWorld(t)
	x, lonely := w.contact(), w.contact()
	call, err := w.LogCall(rep, x, simulator.Call{Disposition: simulator.CallBusy})
	must(t, err)
	r := w.ask(207, "POST", links+"contacts/calls/batch/read", inputs(`{"id":"`+x+`"}`, `{"id":"`+lonely+`"}`))
	want := `"results":[{"from":{"id":"` + x + `"},"to":[{"toObjectId":` + call + `,"associationTypes":[{"category":"HUBSPOT_DEFINED","typeId":193,"label":null}]}]}]`
	if !strings.Contains(r.raw, want) || !strings.Contains(r.raw, `"subCategory":"crm.associations.NO_ASSOCIATIONS_FOUND"`) || !strings.Contains(r.raw, `"fromObjectId":["`+lonely+`"]`) {
		t.Errorf("%s", r.raw)
	}
	r = w.ask(200, "POST", links+"0-48/0-1/batch/read", inputs(`{"id":"`+call+`"}`))
	if !strings.Contains(r.raw, `"toObjectId":`+x) || !strings.Contains(r.raw, `"typeId":194`) {
		t.Errorf("the other way: %s", r.raw)
	}
	many := make([]string, 1001)
	for i := range many {
		many[i] = `{"id":"1"}`
	}
	w.ask(400, "POST", links+"contacts/calls/batch/read", inputs(many...))
}

func TestLinksPage(t *testing.T) {
	w := newWorld(t)
	x := w.contact()
	for range 501 {
		_, err := w.Create(rep, "notes", map[string]string{"hs_timestamp": "2026-11-01T00:00:00Z"}, simulator.Link{Type: "contacts", ID: x})
		must(t, err)
	}
	read := func(after string) (n int, next string) {
		r := w.ask(200, "POST", links+"contacts/notes/batch/read", inputs(`{"id":"`+x+`","after":"`+after+`"}`))
		one := r.list("results")[0]
		if p, ok := one["paging"].(map[string]any); ok {
			next = p["next"].(map[string]any)["after"].(string)
		}
		return len(one["to"].([]any)), next
	}
	n, next := read("")
	if n != 500 || next == "" {
		t.Fatalf("first page: %d, next %q", n, next)
	}
	if n, next = read(next); n != 1 || next != "" {
		t.Errorf("second page: %d, next %q", n, next)
	}
}

func TestLinksCreate(t *testing.T) {
	w := newWorld(t)
	x := w.contact()
	company, err := w.CreateCompany(rep, map[string]string{"name": "Pumpen AG", "domain": "pumpen.example.com"})
	must(t, err)
	for _, c := range []struct {
		from, to string
		kind     int
	}{{"tasks", "contacts", 204}, {"tasks", "companies", 192}, {"calls", "contacts", 194}, {"meetings", "contacts", 200}, {"contacts", "tasks", 203}} {
		from, to := w.contact(), x
		if c.from != "contacts" {
			from = w.ask(201, "POST", "/crm/objects/2026-09/"+c.from, `{"properties":{"hs_timestamp":"2026-11-04T09:00:00Z"}}`).body["id"].(string)
		}
		switch c.to {
		case "companies":
			to = company
		case "tasks":
			to = w.ask(201, "POST", tasks, `{"properties":{"hs_timestamp":"2026-11-04T09:00:00Z"}}`).body["id"].(string)
		}
		pair := fmt.Sprintf(`{"from":{"id":%q},"to":{"id":%q},"types":[{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":%d}]}`, from, to, c.kind)
		w.ask(201, "POST", links+c.from+"/"+c.to+"/batch/create", inputs(pair))
		n := len(w.Journal())
		w.ask(200, "POST", links+c.from+"/"+c.to+"/batch/associate/default", inputs(pair))
		w.ask(200, "PUT", "/crm/objects/2026-09/"+c.from+"/"+from+"/associations/default/"+c.to+"/"+to, "")
		if l := w.Associations(c.from, from, c.to); len(l) != 1 || l[0].Kind != c.kind || len(w.Journal()) != n {
			t.Errorf("%s to %s: %v", c.from, c.to, l)
		}
	}
	w.ask(400, "POST", links+"tasks/contacts/batch/create", inputs(`{"from":{"id":"` + company + `"},"to":{"id":"1"},"types":[]}`)[:30])
	w.ask(207, "POST", links+"contacts/companies/batch/associate/default", inputs(`{"from":{"id":"`+x+`"},"to":{"id":"1"}}`))
	w.ask(404, "PUT", contacts+"/"+x+"/associations/default/companies/1", "")
	w.ask(201, "PUT", contacts+"/"+x+"/associations/companies/"+company, `[{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":1}]`)
	w.ask(400, "PUT", contacts+"/"+x+"/associations/companies/"+company, `[{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":5}]`)
	if w.prop("contacts", x, "associatedcompanyid") != company {
		t.Error("the contact does not name its company")
	}
	r := w.ask(200, "GET", contacts+"/"+x+"?associations=companies", "")
	if !strings.Contains(r.raw, `"associations":{"companies":{"results":[{"id":"`+company+`","type":"contact_to_company"}]}}`) {
		t.Errorf("associations of a read: %s", r.raw)
	}
	w.ask(204, "DELETE", contacts+"/"+x+"/associations/companies/"+company, "")
	if len(w.Associations("companies", company, "contacts")) != 0 || w.prop("contacts", x, "associatedcompanyid") != "" {
		t.Error("still linked")
	}
	if r := w.ask(200, "GET", links+"contacts/companies/labels", ""); !strings.Contains(r.raw, `"typeId":279,"label":null`) || !strings.Contains(r.raw, `"label":"Primary"`) {
		t.Errorf("labels: %s", r.raw)
	}
}
