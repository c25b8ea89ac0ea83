package simulator_test

import (
	"strconv"
	"strings"
	"testing"

	"leadsync/connector/hubspot/simulator"
)

func TestLinksOfOneRecordInPages(t *testing.T) {
	w := newWorld(t)
	company, err := w.CreateCompany(rep, map[string]string{"name": "Example"})
	must(t, err)
	for range 3 {
		must(t, w.Associate(rep, "contacts", w.contact(), "companies", company))
	}
	for _, path := range []string{"/crm/objects/2026-03/", "/crm/v4/objects/"} {
		seen := map[float64]bool{}
		next := ""
		for range 3 {
			got := w.ask(200, "GET", path+"companies/"+company+"/associations/contacts?limit=1"+next, "")
			seen[got.list("results")[0]["toObjectId"].(float64)] = true // a number live
			if v, ok := at(got.body, "paging.next.after"); ok {
				next = "&after=" + v.(string)
			}
		}
		if len(seen) != 3 {
			t.Errorf("%s: %d contacts in three pages, want 3", path, len(seen))
		}
		w.ask(404, "GET", path+"companies/1/associations/contacts", "")
		w.ask(400, "GET", path+"companies/"+company+"/associations/birds", "")
		w.ask(400, "GET", path+"companies/"+company+"/associations/contacts?limit=501", "")
		w.ask(400, "GET", path+"companies/"+company+"/associations/contacts?after=x", "")
	}
	w.ask(404, "GET", "/crm/objects/2026-09/companies/"+company+"/associations/contacts", "") // no longer described (hubspot-api 1.2)
}

func TestBatchReadPagesPerInput(t *testing.T) {
	w := newWorld(t)
	company, err := w.CreateCompany(rep, map[string]string{"name": "Example"})
	must(t, err)
	small, err := w.CreateCompany(rep, map[string]string{"name": "Small"})
	must(t, err)
	must(t, w.Associate(rep, "contacts", w.contact(), "companies", small))
	must(t, w.Load(func(add func(string, map[string]string, ...simulator.Link) string) {
		for range 501 {
			add(simulator.Contacts, nil, simulator.Link{Type: simulator.Companies, ID: company})
		}
	}))
	got := w.ask(200, "POST", links+"companies/contacts/batch/read", inputs(`{"id":"`+company+`"},{"id":"`+small+`"}`))
	after := ""
	for _, one := range got.list("results") {
		from, _ := at(one, "from.id")
		next, more := at(one, "paging.next.after")
		if more != (from == company) {
			t.Errorf("company %v: more %v", from, more)
		}
		if more {
			after = next.(string)
		}
	}
	rest := w.ask(200, "POST", links+"companies/contacts/batch/read", inputs(`{"id":"`+company+`","after":"`+after+`"}`)).list("results")
	if to := rest[0]["to"].([]any); len(to) != 1 || rest[0]["paging"] != nil {
		t.Errorf("second page: %v", rest)
	}
}

func TestLinksArchive(t *testing.T) {
	w := newWorld(t)
	company, err := w.CreateCompany(rep, map[string]string{"name": "Example"})
	must(t, err)
	x, y := w.contact(), w.contact()
	pair := func(from string) string { return `"from":{"id":"` + from + `"},"to":{"id":"` + company + `"}` }
	typed := func(from string, kinds ...int) string {
		var s []string
		for _, k := range kinds {
			s = append(s, `{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":`+strconv.Itoa(k)+`}`)
		}
		return "{" + pair(from) + `,"types":[` + strings.Join(s, ",") + "]}"
	}
	got := w.ask(201, "POST", links+"contacts/companies/batch/create", inputs(typed(x, 1, 279)+","+typed(y, 279)))
	for _, one := range got.list("results") {
		if one["fromObjectTypeId"] != "0-1" || one["toObjectTypeId"] != "0-2" || strconv.FormatFloat(one["toObjectId"].(float64), 'f', 0, 64) != company {
			t.Errorf("created: %v", one)
		}
	}
	w.ask(204, "POST", links+"contacts/companies/batch/labels/archive", inputs(typed(x, 1)))
	if l := w.Associations("contacts", x, "companies"); len(l) != 1 || l[0].Kind != 279 {
		t.Errorf("after the label went: %v", l)
	}
	w.ask(204, "POST", links+"contacts/companies/batch/labels/archive", inputs(typed(x, 279)))
	if l := w.Associations("companies", company, "contacts"); len(l) != 1 || l[0].ID != y {
		t.Errorf("after the last kind went: %v", l)
	}
	w.ask(204, "POST", links+"contacts/companies/batch/archive", inputs(`{"from":{"id":"`+y+`"},"to":[{"id":"`+company+`"},{"id":"1"}]},{"from":{"id":"1"},"to":[]}`))
	if l := w.Associations("contacts", y, "companies"); len(l) != 0 {
		t.Errorf("after archive: %v", l)
	}
	for name, c := range map[string][2]string{
		"type of another pair":   {"batch/labels/archive", inputs(typed(x, 204))},
		"no type":                {"batch/labels/archive", inputs(typed(x))},
		"too many":               {"batch/archive", inputs(strings.TrimSuffix(strings.Repeat(`{"from":{"id":"1"},"to":[]},`, 2001), ","))},
		"not an array":           {"batch/archive", `{"inputs":{}}`},
		"one bad type fails all": {"batch/create", inputs(typed(x, 279) + "," + typed(y, 3))},
	} {
		w.ask(400, "POST", links+"contacts/companies/"+c[0], c[1])
		if len(w.Associations("contacts", x, "companies")) != 0 {
			t.Errorf("%s: something was linked", name)
		}
	}
}
