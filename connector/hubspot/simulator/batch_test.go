package simulator_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"leadsync/connector/hubspot/simulator"
)

func inputs(each ...string) string { return `{"inputs":[` + strings.Join(each, ",") + `]}` }

func sorted(s []string) []string {
	s = slices.Clone(s)
	slices.Sort(s)
	return s
}

func TestBatchRead(t *testing.T) {
	w := newWorld(t)
	x, y := w.contact("email", "x@example.org"), w.contact("email", "y@example.org")
	gone := w.contact("email", "gone@example.org")
	must(t, w.Archive(rep, "contacts", gone))
	r := w.ask(200, "POST", contacts+"/batch/read", inputs(`{"id":"`+x+`"}`, `{"id":`+y+`}`))
	if !slices.Equal(sorted(r.ids()), []string{x, y}) || r.body["status"] != "COMPLETE" || r.body["numErrors"] != nil {
		t.Errorf("all known: %s", r.raw)
	}
	r = w.ask(207, "POST", contacts+"/batch/read", inputs(`{"id":"`+x+`"}`, `{"id":"5"}`, `{"id":"`+gone+`"}`))
	e := r.list("errors")
	if !slices.Equal(r.ids(), []string{x}) || r.body["numErrors"] != 1.0 || len(e) != 1 || e[0]["category"] != "OBJECT_NOT_FOUND" ||
		e[0]["message"] != "Could not get some CONTACT objects, they may be deleted or not exist. Check that ids are valid." ||
		!strings.Contains(r.raw, `"context":{"ids":["5","`+gone+`"]}`) {
		t.Errorf("some unknown: %s", r.raw)
	}
	r = w.ask(200, "POST", contacts+"/batch/read?archived=true", inputs(`{"id":"`+gone+`"}`))
	if !slices.Equal(r.ids(), []string{gone}) {
		t.Errorf("archived: %s", r.raw)
	}
	r = w.ask(207, "POST", contacts+"/batch/read", `{"idProperty":"email","inputs":[{"id":"X@example.org"},{"id":"no@example.org"}]}`)
	if !slices.Equal(r.ids(), []string{x}) {
		t.Errorf("by email: %s", r.raw)
	}
	w.ask(400, "POST", contacts+"/batch/read", `{"idProperty":"firstname","inputs":[{"id":"x"}]}`)
}

func TestBatchBounds(t *testing.T) {
	w := newWorld(t)
	many := make([]string, 101)
	for i := range many {
		many[i] = fmt.Sprintf(`{"id":"%d","properties":{}}`, i+1)
	}
	for _, op := range []string{"read", "create", "update", "archive", "upsert"} {
		w.ask(400, "POST", contacts+"/batch/"+op, inputs(many...))
	}
	w.ask(400, "POST", contacts+"/batch/read", `{"propertiesWithHistory":["email"],`+inputs(many[:51]...)[1:])
	w.ask(400, "POST", contacts+"/batch/read", `{"inputs":`)
	x := w.contact()
	r := w.ask(400, "POST", contacts+"/batch/update", inputs(`{"id":"`+x+`","properties":{}}`, `{"id":"`+x+`","properties":{}}`))
	if !strings.Contains(r.raw, "Duplicate IDs") {
		t.Errorf("twice the same: %s", r.raw)
	}
}

func TestBatchUpdate(t *testing.T) {
	w := newWorld(t)
	x, y := w.contact("email", "x@example.org"), w.contact("email", "y@example.org")
	r := w.ask(207, "POST", contacts+"/batch/update", inputs(
		`{"id":"`+x+`","properties":{"firstname":"X"},"objectWriteTraceId":"a"}`, `{"id":"5","properties":{"firstname":"Z"},"objectWriteTraceId":"b"}`))
	if !slices.Equal(r.ids(), []string{x}) || r.list("results")[0]["objectWriteTraceId"] != "a" ||
		!strings.Contains(r.raw, `"context":{"ids":["5"],"objectWriteTraceId":["b"]}`) {
		t.Errorf("unknown id: %s", r.raw)
	}
	bad := []string{`{"id":"` + x + `","properties":{"firstname":"X2"}%s}`, `{"id":"` + y + `","properties":{"hs_lead_status":"ANGRY"}%s}`}
	r = w.ask(400, "POST", contacts+"/batch/update", inputs(fmt.Sprintf(bad[0], ""), fmt.Sprintf(bad[1], "")))
	if w.prop("contacts", x, "firstname") != "X" || !strings.Contains(r.raw, "INVALID_OPTION") {
		t.Errorf("without trace ids nothing may be applied: %s", r.raw)
	}
	r = w.ask(207, "POST", contacts+"/batch/update", inputs(fmt.Sprintf(bad[0], `,"objectWriteTraceId":"a"`), fmt.Sprintf(bad[1], `,"objectWriteTraceId":"b"`)))
	if w.prop("contacts", x, "firstname") != "X2" || !strings.Contains(r.raw, `"objectWriteTraceId":["b"]`) || r.list("errors")[0]["category"] != "VALIDATION_ERROR" {
		t.Errorf("with trace ids: %s", r.raw)
	}
	r = w.ask(400, "POST", contacts+"/batch/update", inputs(`{"id":"x@example.org","idProperty":"email","properties":{}}`))
	if r.body["message"] != "Unable to perform update/upsert by non-unique 0-1 property: email" {
		t.Errorf("by email: %s", r.raw)
	}
}

func withKey(t *testing.T, w *world) {
	t.Helper()
	must(t, w.AddProperty("tasks", simulator.Property{Name: "leadsync_key", Label: "Key", Type: "string", FieldType: "text", GroupName: "taskinformation", HasUniqueValue: true}))
}

func keyed(key, trace string) string {
	s := `{"properties":{"hs_timestamp":"2026-11-04T09:00:00Z","leadsync_key":"` + key + `"}`
	if trace != "" {
		s += `,"objectWriteTraceId":"` + trace + `"`
	}
	return s + `}`
}

func TestBatchCreateUnderAKey(t *testing.T) {
	w := newWorld(t)
	withKey(t, w)
	r := w.ask(201, "POST", tasks+"/batch/create", inputs(keyed("k1", "a"), keyed("k2", "b")))
	first := r.ids()
	r = w.ask(409, "POST", tasks+"/batch/create", inputs(keyed("k3", ""), keyed("k1", "")))
	if n := w.Count("tasks"); n != 2 || r.body["category"] != "CONFLICT" {
		t.Errorf("without trace ids: %d tasks, %s", n, r.raw)
	}
	r = w.ask(207, "POST", tasks+"/batch/create", inputs(keyed("k3", "a"), keyed("k1", "b"), keyed("k3", "c")))
	e := r.list("errors")
	if len(r.ids()) != 1 || len(e) != 2 || e[0]["category"] != "CONFLICT" || w.Count("tasks") != 3 || !strings.Contains(r.raw, `"objectWriteTraceId":["c"]`) {
		t.Errorf("with trace ids: %s", r.raw)
	}
	r = w.ask(200, "POST", tasks+"/batch/read", `{"idProperty":"leadsync_key","properties":["leadsync_key"],"inputs":[{"id":"k1"}]}`)
	if len(r.ids()) != 1 || !slices.Contains(first, r.ids()[0]) {
		t.Errorf("read back by key: %s", r.raw)
	}
	w.ask(409, "POST", tasks, keyed("k1", ""))
}

func TestArchivedKeys(t *testing.T) {
	for keep, status := range map[bool]int{true: 409, false: 201} {
		w := newWorld(t, func(o *simulator.Options) { o.ArchivedKeepUnique = keep })
		withKey(t, w)
		id := w.ask(201, "POST", tasks, keyed("k1", "")).body["id"].(string)
		must(t, w.DeleteTask(rep, id))
		w.ask(status, "POST", tasks, keyed("k1", ""))
		if err := w.Restore(rep, "tasks", id); (err != nil) != !keep {
			t.Errorf("keep %v: restore: %v", keep, err)
		}
	}
}

func TestBatchUpsert(t *testing.T) {
	w := newWorld(t)
	x := w.contact("email", "x@example.org")
	r := w.ask(200, "POST", contacts+"/batch/upsert", inputs(
		`{"id":"x@example.org","idProperty":"email","properties":{"firstname":"X"}}`, `{"id":"y@example.org","idProperty":"email","properties":{"firstname":"Y"}}`))
	news := map[string]any{}
	for _, one := range r.list("results") {
		news[one["properties"].(map[string]any)["firstname"].(string)] = one["new"]
	}
	if news["X"] != false || news["Y"] != true || w.prop("contacts", x, "firstname") != "X" {
		t.Errorf("%s", r.raw)
	}
	w.ask(400, "POST", contacts+"/batch/upsert", inputs(`{"id":"X","idProperty":"firstname","properties":{}}`))
	w.ask(400, "POST", contacts+"/batch/upsert", inputs(
		`{"id":"z@example.org","idProperty":"email","properties":{},"objectWriteTraceId":"a"}`,
		`{"id":"x@example.org","idProperty":"email","properties":{"hs_lead_status":"?"},"objectWriteTraceId":"b"}`))
	if w.Count("contacts") != 2 {
		t.Error("by email nothing may be applied in part")
	}
}

func TestRequiredPropertiesOfAdmins(t *testing.T) {
	w := newWorld(t)
	w.RequireProperties("deals", "amount", "closedate")
	r := w.ask(400, "POST", "/crm/objects/2026-09/deals", `{"properties":{"dealname":"x","amount":"1"}}`)
	if !strings.Contains(r.raw, `"code":"MISSING_REQUIRED_PROPERTY"`) || !strings.Contains(r.raw, `"propertyName":["closedate"]`) || strings.Contains(r.raw, `["amount"]`) {
		t.Errorf("%s", r.raw)
	}
	w.ask(201, "POST", "/crm/objects/2026-03/deals", `{"properties":{"dealname":"x"}}`)
}

func TestBatchArchive(t *testing.T) {
	w := newWorld(t)
	x := w.contact()
	w.ask(204, "POST", contacts+"/batch/archive", inputs(`{"id":"`+x+`"}`, `{"id":"5"}`))
	if w.Count("contacts") != 0 {
		t.Error("not archived")
	}
	w.ask(204, "DELETE", contacts+"/"+x, "")
	w.ask(404, "DELETE", contacts+"/5", "")
}

func TestHistoryAndDatesNormalised(t *testing.T) {
	w := newWorld(t)
	must(t, w.AddProperty("contacts", simulator.Property{Name: "renewal", Type: "date", FieldType: "date", GroupName: "contactinformation"}))
	x := w.contact("email", "x@example.org", "jobtitle", "CTO")
	r := w.ask(200, "PATCH", contacts+"/"+x, `{"properties":{"jobtitle":"CEO","renewal":"2026-12-24T17:30:00Z"}}`)
	if !strings.Contains(r.raw, `"category":"PROPERTY_VALUE_NORMALIZED"`) || !strings.Contains(r.raw, `"normalizedValue":"2026-12-24"`) {
		t.Errorf("warnings: %s", r.raw)
	}
	r = w.ask(200, "GET", contacts+"/"+x+"?propertiesWithHistory=jobtitle", "")
	h := r.body["propertiesWithHistory"].(map[string]any)["jobtitle"].([]any)
	if len(h) != 2 || h[0].(map[string]any)["value"] != "CEO" || h[0].(map[string]any)["sourceType"] != "INTEGRATION" || h[1].(map[string]any)["sourceId"] != "userId:7" {
		t.Errorf("history: %v", h)
	}
}

// TestEmptyBatchesAreRefused: HubSpot takes no batch without inputs.
func TestEmptyBatchesAreRefused(t *testing.T) {
	w := newWorld(t)
	for _, verb := range []string{"read", "create", "update", "upsert", "archive"} {
		for _, body := range []string{`{"inputs":[]}`, `{}`} {
			if r := w.ask(400, "POST", contacts+"/batch/"+verb, body); r.body["category"] != "VALIDATION_ERROR" {
				t.Errorf("%s with %s: %s", verb, body, r.raw)
			}
		}
	}
}
