package simulator_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"leadsync/connector/hubspot/simulator"
)

func TestTextsSurviveTheWire(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"Zoë — café ☕", `"quoted" \ back`, "two\nlines", "<b>&amp;</b>"} {
		id := w.contact("firstname", name)
		r := w.ask(200, "GET", contacts+"/"+id, "")
		if got := r.body["properties"].(map[string]any)["firstname"]; got != name {
			t.Errorf("got %q, want %q", got, name)
		}
	}
}

func TestMergeAndPrivacyDeleteByAPI(t *testing.T) {
	w := newWorld(t)
	x, y := w.contact("email", "x@example.org"), w.contact("email", "y@example.org")
	w.ask(400, "POST", contacts+"/merge", `{"primaryObjectId":"`+x+`","objectIdToMerge":"`+x+`"}`)
	w.ask(400, "POST", contacts+"/merge", `{"primaryObjectId":"`+x+`","objectIdToMerge":"1"}`)
	r := w.ask(200, "POST", contacts+"/merge", `{"primaryObjectId":"`+x+`","objectIdToMerge":"`+y+`"}`)
	id := r.body["id"].(string)
	if id == x || id == y || w.Count("contacts") != 1 {
		t.Errorf("merged into %s", id)
	}
	w.ask(204, "POST", contacts+"/gdpr-delete", `{"objectId":"x@example.org","idProperty":"email"}`)
	w.ask(204, "POST", contacts+"/gdpr-delete", `{"objectId":"1"}`)
	w.ask(404, "GET", contacts+"/"+id, "")
	w.ask(404, "GET", contacts+"/"+id+"?archived=true", "")
	if err := w.Restore(rep, "contacts", id); err == nil {
		t.Error("a privacy deletion was undone")
	}
}

func TestDealsTasksAndLinksOfPeople(t *testing.T) {
	w := newWorld(t)
	x := w.contact("email", "x@example.org")
	deal, err := w.CreateDeal(rep, x, map[string]string{"dealname": "Pumps"})
	must(t, err)
	must(t, w.LoseDeal(rep, deal))
	if w.prop("deals", deal, "dealstage") != "closedlost" || w.prop("deals", deal, "hs_is_closed_lost") != "true" || w.prop("contacts", x, "lifecyclestage") != "opportunity" {
		t.Error("a lost deal")
	}
	must(t, w.Disassociate(rep, "contacts", x, "deals", deal))
	if w.prop("contacts", x, "num_associated_deals") != "0" || len(w.Associations("deals", deal, "contacts")) != 0 {
		t.Error("still linked")
	}
	must(t, w.Associate(rep, "deals", deal, "contacts", x))
	if w.prop("contacts", x, "num_associated_deals") != "1" {
		t.Error("not linked")
	}
	task, err := w.Create(rep, "task", map[string]string{"hs_timestamp": "2026-11-04T09:00:00Z"}, simulator.Link{Type: "contact", ID: x, Kind: 204})
	must(t, err)
	must(t, w.EditTask(rep, task, map[string]string{"hs_timestamp": "2026-11-05T09:00:00Z"}))
	if got := w.prop("contacts", x, "notes_next_activity_date"); got != "2026-11-05T09:00:00.000Z" {
		t.Errorf("next activity %s", got)
	}
	id := w.CreateOwner("Olga Ost", "olga@example.org", true)
	if o := w.Owners(); len(o) != 1 || o[0].ID != id || o[0].ID == o[0].UserID || o[0].LastName != "Ost" {
		t.Errorf("owners %+v", o)
	}
}

func TestSettingsChangeWhileRunning(t *testing.T) {
	w := newWorld(t)
	w.SetLimits(simulator.Limits{General: simulator.Limit{Max: 1, Window: time.Second}})
	w.ask(200, "GET", contacts, "")
	w.ask(429, "GET", contacts, "")
	w.SetLimits(simulator.Limits{})
	w.ask(200, "GET", contacts, "")
	if n := w.Requests(); n != 3 || w.String() != "simulated HubSpot account 48000001" {
		t.Errorf("%d requests of %s", n, w)
	}
	w.SetSearchLag(time.Minute)
	w.contact()
	if n := w.Pending().Unindexed; n != 1 {
		t.Errorf("%d changes wait for the index, want 1", n)
	}
}

func TestUniquePropertiesAreFew(t *testing.T) {
	w := newWorld(t)
	define := func(i int) reply {
		return w.do("POST", "/crm/properties/2026-09/tasks", fmt.Sprintf(
			`{"groupName":"taskinformation","name":"key_%d","label":"k","type":"string","fieldType":"text","hasUniqueValue":true}`, i))
	}
	for i := range 10 {
		if r := define(i); r.status != 201 {
			t.Fatalf("%s", r.raw)
		}
	}
	if r := define(10); r.status != 400 || !strings.Contains(r.raw, "At most 10") {
		t.Errorf("%d %s", r.status, r.raw)
	}
	if r := w.ask(200, "GET", "/crm/properties/2026-09/tasks/groups", ""); len(r.list("results")) == 0 {
		t.Error("no groups")
	}
}

func TestBadAssociationsOfACreate(t *testing.T) {
	w := newWorld(t)
	x := w.contact()
	for name, links := range map[string]string{
		"no type":  `[{"to":{"id":"` + x + `"},"types":[]}]`,
		"category": `[{"to":{"id":"` + x + `"},"types":[{"associationCategory":"USER_DEFINED","associationTypeId":204}]}]`,
		"other":    `[{"to":{"id":"` + x + `"},"types":[{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":3}]}]`,
		"huge":     `[{"to":{"id":"` + x + `"},"types":[{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":65740}]}]`,
		"nobody":   `[{"to":{"id":"1"},"types":[{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":204}]}]`,
	} {
		if r := w.do("POST", tasks, `{"properties":{"hs_timestamp":"2026-11-04T09:00:00Z"},"associations":`+links+`}`); r.status != 400 {
			t.Errorf("%s: %d %s", name, r.status, r.raw)
		}
	}
	if w.Count("tasks") != 0 {
		t.Error("a refused task was made")
	}
}
