package simulator_test

import (
	"errors"
	"strings"
	"testing"

	"leadsync/connector/hubspot/simulator"
)

func TestConditionalRules(t *testing.T) {
	const deals = "/crm/objects/2026-09/deals"
	w := newWorld(t)
	rule := simulator.ConditionalRule{Type: "deals", When: "dealstage", In: []string{"closedlost", "contractsent"}, Require: []string{"closed_lost_reason"}}
	must(t, w.AddConditionalRule(rule))
	open := w.ask(201, "POST", deals, `{"properties":{"dealname":"x","dealstage":"qualifiedtobuy"}}`).body["id"].(string)
	const without = `{"properties":{"dealname":"x","dealstage":"closedlost"}}`
	for name, r := range map[string]reply{
		"create": w.ask(400, "POST", deals, without),
		"update": w.ask(400, "PATCH", deals+"/"+open, without),
		"batch":  w.ask(400, "POST", deals+"/batch/update", inputs(`{"id":"`+open+`","properties":{"dealstage":"closedlost"}}`)),
	} {
		e := r.list("errors")
		if len(e) != 1 || e[0]["code"] != "MISSING_CONDITIONAL_REQUIRED_PROPERTY" || r.body["category"] != "VALIDATION_ERROR" ||
			!strings.Contains(r.raw, `"context":{"propertyName":["closed_lost_reason"]}`) {
			t.Errorf("%s: %s", name, r.raw)
		}
	}
	w.ask(201, "POST", "/crm/objects/2026-03/deals", without) // the older version does not enforce it
	w.ask(200, "PATCH", deals+"/"+open, `{"properties":{"dealstage":"closedlost","closed_lost_reason":"price"}}`)
	w.ask(400, "PATCH", deals+"/"+open, `{"properties":{"closed_lost_reason":""}}`)
	must(t, w.Set(rep, "deals", open, map[string]string{"closed_lost_reason": ""})) // in the pages nobody was asked
	w.ask(200, "PATCH", deals+"/"+open, `{"properties":{"amount":"5"}}`)            // what touches neither is not asked
	w.ask(200, "PATCH", deals+"/"+open, `{"properties":{"dealstage":"qualifiedtobuy","closed_lost_reason":""}}`)
	for _, bad := range []simulator.ConditionalRule{
		{Type: "deals", When: "no_such_name", In: []string{"x"}, Require: []string{"amount"}},
		{Type: "deals", When: "dealstage", Require: []string{"amount"}},
		{Type: "dreams", When: "x"},
	} {
		if err := w.AddConditionalRule(bad); !errors.Is(err, simulator.ErrInvalid) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

func TestTracedBatchNamesTheRule(t *testing.T) {
	w := newWorld(t)
	w.RequireProperties("contacts", "jobtitle")
	r := w.ask(207, "POST", contacts+"/batch/create", inputs(
		`{"properties":{"email":"a@example.org","jobtitle":"CTO"},"objectWriteTraceId":"a"}`, `{"properties":{"email":"b@example.org"},"objectWriteTraceId":"b"}`))
	if e := r.list("errors"); len(r.ids()) != 1 || len(e) != 1 || !strings.Contains(r.raw, `"objectWriteTraceId":["b"]`) ||
		!strings.Contains(r.raw, `"code":"MISSING_REQUIRED_PROPERTY"`) {
		t.Errorf("%s", r.raw)
	}
	w.ask(200, "PATCH", contacts+"/"+r.ids()[0], `{"properties":{"jobtitle":""}}`) // the form's rule is about new records
}

func TestUpdateThatIgnoresTraces(t *testing.T) {
	w := newWorld(t, func(o *simulator.Options) { o.UpdateIgnoresTraces = true })
	x, y := w.contact(), w.contact()
	w.ask(400, "POST", contacts+"/batch/update", inputs(
		`{"id":"`+x+`","properties":{"firstname":"X"},"objectWriteTraceId":"a"}`, `{"id":"`+y+`","properties":{"hs_lead_status":"?"},"objectWriteTraceId":"b"}`))
	if w.prop("contacts", x, "firstname") != "" {
		t.Error("applied in part")
	}
}

// What the description says and what the live API sends, by option.
func TestAnswersAsDescribed(t *testing.T) {
	for described, want := range map[bool][2]string{
		false: {`"toObjectId":5`, `"subCategory":"crm.associations.NO_ASSOCIATIONS_FOUND"`},
		true:  {`"toObjectId":"5`, `"subCategory":{"name":"crm.associations.NO_ASSOCIATIONS_FOUND"}`},
	} {
		w := newWorld(t, func(o *simulator.Options) { o.AsDescribed, o.RecordURLs = described, described })
		id, alone := w.contact(), w.contact()
		call, err := w.LogCall(rep, id, simulator.Call{})
		must(t, err)
		want[0] = strings.TrimSuffix(want[0], "5") + call
		r := w.ask(207, "POST", "/crm/associations/2026-09/contacts/calls/batch/read", inputs(`{"id":"`+id+`"}`, `{"id":"`+alone+`"}`))
		for _, s := range want {
			if !strings.Contains(r.raw, s) {
				t.Errorf("described %v: no %s in %s", described, s, r.raw)
			}
		}
		one := w.ask(200, "GET", contacts+"/"+id, "")
		if url := "https://app.hubspot.com/contacts/48000001/record/0-1/" + id; (one.body["url"] == url) != described {
			t.Errorf("described %v: %s", described, one.raw)
		}
	}
}

// Paging links carry an older version of the path: following them is a mistake that shows.
func TestPagingLinkIsOld(t *testing.T) {
	w := newWorld(t)
	w.contact()
	w.contact()
	next := w.ask(200, "GET", contacts+"?limit=1", "").body["paging"].(map[string]any)["next"].(map[string]any)
	if !strings.Contains(next["link"].(string), "/crm/v3/objects/contacts?") || next["after"] == "" {
		t.Errorf("%v", next)
	}
}

func TestValuesOfTheWrongKind(t *testing.T) {
	w := newWorld(t)
	must(t, w.AddProperty("contacts", simulator.Property{Name: "renewal", Type: "date", FieldType: "date", GroupName: "contactinformation"}))
	must(t, w.AddProperty("contacts", simulator.Property{Name: "budget", Type: "number", FieldType: "number", GroupName: "contactinformation"}))
	must(t, w.AddStage("153180554", "Demo held", "lead"))
	id := w.contact("email", "ada@example.org")
	for property, c := range map[string]struct{ value, code string }{
		"budget": {"plenty", "INVALID_LONG"}, "renewal": {"soon", "INVALID_DATE"}, "lifecyclestage": {"153180555", "INVALID_OPTION"},
		"email": {"nobody", "INVALID_EMAIL"}, "hs_unique_creation_key": {"k", "READ_ONLY_VALUE"}, "num_associated_deals": {"4", "READ_ONLY_VALUE"},
		"hs_predictivecontactscore_v2": {"4", "READ_ONLY_VALUE"}, "no_such_name": {"x", "PROPERTY_DOESNT_EXIST"}, "createdate": {"1", "READ_ONLY_VALUE"},
		"jobtitle": {strings.Repeat("ß", 65_537), "INVALID_LENGTH"}, "hubspot_owner_id": {"1", "INVALID_OPTION"},
	} {
		r := w.ask(400, "PATCH", contacts+"/"+id, `{"properties":{"`+property+`":"`+c.value+`"}}`)
		message, _ := r.body["message"].(string)
		if !strings.HasPrefix(message, `Property values were not valid: [{"isValid":false,"message":`) || !strings.Contains(message, `"error":"`+c.code+`","name":"`+property+`"`) {
			t.Errorf("%s: %.400s", property, message)
		}
	}
	w.ask(200, "PATCH", contacts+"/"+id, `{"properties":{"jobtitle":"`+strings.Repeat("ß", 65_536)+`","lifecyclestage":"153180554"}}`)
}

// The same record twice in one batch is refused, by whatever name.
func TestOneRecordByTwoNames(t *testing.T) {
	w := newWorld(t)
	withKey(t, w)
	id := w.ask(201, "POST", tasks, keyed("k1", "")).body["id"].(string)
	r := w.ask(400, "POST", tasks+"/batch/update", inputs(
		`{"id":"`+id+`","properties":{"hs_task_subject":"a"}}`, `{"id":"k1","idProperty":"leadsync_key","properties":{"hs_task_subject":"b"}}`))
	if !strings.Contains(r.raw, "Duplicate IDs") || w.prop("tasks", id, "hs_task_subject") != "" {
		t.Errorf("%s", r.raw)
	}
}

// The modified time of contacts has another name than that of all others; the
// wrong one is no mistake, it finds nothing (hubspot-api 5.4).
func TestTheWrongModifiedTimeFindsNothing(t *testing.T) {
	w := newWorld(t)
	w.contact()
	_, err := w.CreateCompany(rep, map[string]string{"name": "Pumpen AG"})
	must(t, err)
	for _, c := range []struct {
		typ, property string
		want          float64
	}{{"contacts", "lastmodifieddate", 1}, {"contacts", "hs_lastmodifieddate", 0}, {"companies", "hs_lastmodifieddate", 1}, {"companies", "lastmodifieddate", 0}} {
		r := w.ask(200, "POST", "/crm/objects/2026-09/"+c.typ+"/search", `{"filterGroups":[{"filters":[{"propertyName":"`+c.property+`","operator":"GTE","value":"0"}]}]}`)
		if r.body["total"] != c.want {
			t.Errorf("%s by %s: %v, want %v", c.typ, c.property, r.body["total"], c.want)
		}
	}
}
