package hubspot_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"leadsync/connector"
	"leadsync/connector/hubspot"
	"leadsync/fixtures/hostile"
)

func TestDecodeEvents(t *testing.T) {
	ref := func(typ connector.ObjectType, id connector.ObjectID) connector.Ref {
		return connector.Ref{Type: typ, ID: id}
	}
	const common = `"eventId":1,"subscriptionId":2,"portalId":33,"appId":4,"occurredAt":1790000000123`
	tests := []struct {
		name, event string
		want        connector.Event
	}{
		{
			"classic property", `"subscriptionType":"contact.propertyChange","objectId":874716779721,"propertyName":"firstname","propertyValue":"Zoë ☕","changeSource":"CRM_UI","sourceId":"userId:1"`,
			connector.Event{Kind: connector.EventChanged, Type: connector.TypeContact, ID: "874716779721", Property: "firstname", Value: "Zoë ☕"},
		},
		{
			"own write", `"subscriptionType":"contact.propertyChange","objectId":5,"propertyName":"email","propertyValue":"","changeSource":"INTEGRATION","sourceId":"4"`,
			connector.Event{Kind: connector.EventChanged, Type: connector.TypeContact, ID: "5", Property: "email", Own: true},
		},
		{
			"another app", `"subscriptionType":"contact.creation","objectId":5,"changeSource":"INTEGRATION","sourceId":"44"`,
			connector.Event{Kind: connector.EventCreated, Type: connector.TypeContact, ID: "5"},
		},
		{
			"own id from another source", `"subscriptionType":"contact.creation","objectId":5,"changeSource":"IMPORT","sourceId":"4"`,
			connector.Event{Kind: connector.EventCreated, Type: connector.TypeContact, ID: "5"},
		},
		{
			"documented name of the type", `"eventType":"deal.deletion","objectId":6`,
			connector.Event{Kind: connector.EventDeleted, Type: connector.TypeDeal, ID: "6"},
		},
		{
			"privacy", `"subscriptionType":"contact.privacyDeletion","objectId":6`,
			connector.Event{Kind: connector.EventPrivacy, Type: connector.TypeContact, ID: "6"},
		},
		{
			"restore", `"subscriptionType":"company.restore","objectId":"6"`,
			connector.Event{Kind: connector.EventRestored, Type: connector.TypeCompany, ID: "6"},
		},
		{
			"generic contact", `"subscriptionType":"object.creation","objectTypeId":"0-1","objectId":7`,
			connector.Event{Kind: connector.EventCreated, Type: connector.TypeContact, ID: "7"},
		},
		{
			"generic company", `"subscriptionType":"object.creation","objectTypeId":"0-2","objectId":7`,
			connector.Event{Kind: connector.EventCreated, Type: connector.TypeCompany, ID: "7"},
		},
		{
			"generic deal", `"subscriptionType":"object.creation","objectTypeId":"0-3","objectId":7`,
			connector.Event{Kind: connector.EventCreated, Type: connector.TypeDeal, ID: "7"},
		},
		{
			"generic call", `"subscriptionType":"object.propertyChange","objectTypeId":"0-48","objectId":7,"propertyName":"hs_call_status","propertyValue":"BUSY","isSensitive":false`,
			connector.Event{Kind: connector.EventChanged, Type: connector.TypeCall, ID: "7", Property: "hs_call_status", Value: "BUSY"},
		},
		{
			"generic meeting", `"subscriptionType":"object.deletion","objectTypeId":"0-47","objectId":7`,
			connector.Event{Kind: connector.EventDeleted, Type: connector.TypeMeeting, ID: "7"},
		},
		{
			"generic task", `"subscriptionType":"object.propertyChange","objectTypeId":"0-27","objectId":7`,
			connector.Event{Kind: connector.EventChanged, Type: connector.TypeTask, ID: "7"},
		},
		{
			"kind of record that nobody reads", `"subscriptionType":"object.creation","objectTypeId":"2-1234","objectId":7`,
			connector.Event{Kind: connector.EventOther, ID: "7"},
		},
		{"ticket", `"subscriptionType":"ticket.creation","objectId":7`, connector.Event{Kind: connector.EventOther, ID: "7"}},
		{
			"unknown action", `"subscriptionType":"contact.levitation","objectId":7`,
			connector.Event{Kind: connector.EventOther, Type: connector.TypeContact, ID: "7"},
		},
		{
			"no record", `"subscriptionType":"contact.privacyDeletion"`,
			connector.Event{Kind: connector.EventOther, Type: connector.TypeContact},
		},
		{
			"merge", `"subscriptionType":"contact.merge","objectId":10,"primaryObjectId":10,"mergedObjectIds":[11,12],"newObjectId":99,"numberOfPropertiesMoved":3`,
			connector.Event{Kind: connector.EventMerged, Type: connector.TypeContact, ID: "99", Others: []connector.Ref{
				ref("contact", "99"), ref("contact", "10"), ref("contact", "11"), ref("contact", "12"),
			}},
		},
		{
			"merge that names no new record", `"subscriptionType":"object.merge","objectTypeId":"0-1","objectId":10,"primaryObjectId":10,"mergedObjectIds":[11]`,
			connector.Event{Kind: connector.EventMerged, Type: connector.TypeContact, ID: "10", Others: []connector.Ref{ref("contact", "10"), ref("contact", "11")}},
		},
		{
			"classic association", `"subscriptionType":"contact.associationChange","associationType":"CONTACT_TO_COMPANY","fromObjectId":20,"toObjectId":21,"associationRemoved":true,"isPrimaryAssociation":true`,
			connector.Event{Kind: connector.EventAssociation, Type: connector.TypeContact, ID: "20", Others: []connector.Ref{ref("contact", "20"), ref("company", "21")}},
		},
		{
			"generic association", `"subscriptionType":"object.associationChange","objectTypeId":"0-48","fromObjectTypeId":"0-48","toObjectTypeId":"0-1","fromObjectId":22,"toObjectId":23,"associationTypeId":194,"associationCategory":"HUBSPOT_DEFINED"`,
			connector.Event{Kind: connector.EventAssociation, Type: connector.TypeCall, ID: "22", Others: []connector.Ref{ref("call", "22"), ref("contact", "23")}},
		},
		{
			"association with a ticket", `"subscriptionType":"contact.associationChange","associationType":"TICKET_TO_CONTACT","fromObjectId":24,"toObjectId":25`,
			connector.Event{Kind: connector.EventAssociation, Type: connector.TypeContact, ID: "25", Others: []connector.Ref{ref("contact", "25")}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			raw := "{" + common + "," + tt.event + "}"
			got, err := hubspot.DecodeEvents([]byte("["+raw+"]"), hubspot.EventLimits{})
			if err != nil || len(got) != 1 {
				t.Fatalf("%d events, %v", len(got), err)
			}
			tt.want.Portal, tt.want.Raw, tt.want.OccurredAt = "33", []byte(raw), time.UnixMilli(1790000000123).UTC()
			if diff := cmp.Diff(tt.want, got[0], cmpopts.IgnoreFields(connector.Event{}, "Key")); diff != "" {
				t.Errorf("event (-want +got):\n%s", diff)
			}
			if len(got[0].Key) != 32 {
				t.Errorf("key %q", got[0].Key)
			}
		})
	}
}

func TestDecodeEventsVectors(t *testing.T) {
	for _, body := range []string{body1, body2, body3, "[]"} {
		if _, err := hubspot.DecodeEvents([]byte(body), hubspot.EventLimits{}); err != nil {
			t.Errorf("%.40s: %v", body, err)
		}
	}
}

func TestEventKey(t *testing.T) {
	base := map[string]string{
		"eventId": "1", "subscriptionId": "2", "portalId": "33", "objectId": "5", "subscriptionType": `"contact.propertyChange"`,
		"propertyName": `"email"`, "occurredAt": "1790000000000", "attemptNumber": "0", "propertyValue": `"a"`,
	}
	key := func(field, value string) string {
		fields := make([]string, 0, len(base))
		for k, v := range base {
			if k == field {
				v = value
			}
			fields = append(fields, fmt.Sprintf("%q:%s", k, v))
		}
		events, err := hubspot.DecodeEvents([]byte("[{"+strings.Join(fields, ",")+"}]"), hubspot.EventLimits{})
		if err != nil {
			t.Fatal(err)
		}
		return events[0].Key
	}
	first := key("", "")
	if key("attemptNumber", "3") != first {
		t.Error("a redelivery has another key")
	}
	for field, other := range map[string]string{
		"eventId": "9", "subscriptionId": "9", "portalId": "9", "objectId": "9", "subscriptionType": `"contact.creation"`,
		"propertyName": `"phone"`, "occurredAt": "1790000000001",
	} {
		if key(field, other) == first {
			t.Errorf("another %s has the same key", field)
		}
	}
}

// TestEventKeyOfLinks: everything by which two events about links or merges differ is in the key.
func TestEventKeyOfLinks(t *testing.T) {
	key := func(event string) string {
		events, err := hubspot.DecodeEvents([]byte(`[{"eventId":1,"subscriptionId":2,"portalId":33,"occurredAt":1790000000000,`+event+`}]`), hubspot.EventLimits{})
		if err != nil {
			t.Fatal(err)
		}
		return events[0].Key
	}
	link := func(more string) string {
		return key(`"subscriptionType":"object.associationChange","fromObjectId":5,"toObjectId":6,` + more)
	}
	merge := func(more string) string { return key(`"subscriptionType":"contact.merge","objectId":5,` + more) }
	seen := map[string]string{}
	for name, k := range map[string]string{
		"made":             link(`"associationTypeId":279,"associationRemoved":false,"fromObjectTypeId":"0-1","toObjectTypeId":"0-2"`),
		"removed":          link(`"associationTypeId":279,"associationRemoved":true,"fromObjectTypeId":"0-1","toObjectTypeId":"0-2"`),
		"another label":    link(`"associationTypeId":1,"associationRemoved":false,"fromObjectTypeId":"0-1","toObjectTypeId":"0-2"`),
		"another kind":     link(`"associationTypeId":279,"associationRemoved":false,"fromObjectTypeId":"0-1","toObjectTypeId":"0-3"`),
		"merge":            merge(`"primaryObjectId":5,"mergedObjectIds":[6]`),
		"another loser":    merge(`"primaryObjectId":5,"mergedObjectIds":[7]`),
		"another winner":   merge(`"primaryObjectId":8,"mergedObjectIds":[6]`),
		"another survivor": merge(`"primaryObjectId":5,"mergedObjectIds":[6],"newObjectId":9`),
	} {
		if other, twice := seen[k]; twice {
			t.Errorf("%q has the key of %q", name, other)
		}
		seen[k] = name
	}
	if link(`"associationRemoved":true,"attemptNumber":0`) != link(`"associationRemoved":true,"attemptNumber":4`) {
		t.Error("a redelivery has another key")
	}
}

// TestBothNamesOfTheType: HubSpot's documentation says eventType, real payloads say subscriptionType
// (hubspot-api 3.2); a word that nobody knows never blocks the others.
func TestBothNamesOfTheType(t *testing.T) {
	tests := []struct {
		name, fields string
		want         connector.EventKind
	}{
		{"as delivered", `"subscriptionType":"contact.creation"`, connector.EventCreated},
		{"as documented", `"eventType":"contact.creation"`, connector.EventCreated},
		{"both", `"subscriptionType":"contact.creation","eventType":"contact.creation"`, connector.EventCreated},
		{"both, and they differ", `"subscriptionType":"contact.creation","eventType":"contact.deletion"`, connector.EventCreated},
		{"the other means something else", `"subscriptionType":"contact.creation","eventType":7`, connector.EventCreated},
		{"the delivered one is empty", `"subscriptionType":"","eventType":"contact.creation"`, connector.EventCreated},
		{"an unknown version of it", `"subscriptionType":"contact.creation.v5"`, connector.EventOther},
		{"an unknown family", `"subscriptionType":"contacts2027.creation"`, connector.EventOther},
		{"an unknown word", `"subscriptionType":"crm.object.created"`, connector.EventOther},
		{"one word", `"subscriptionType":"creation"`, connector.EventOther},
		{"an unknown word beside a known one", `"subscriptionType":"object.created","eventType":"contact.creation"`, connector.EventOther},
	}
	keys := map[string]string{}
	for _, tt := range tests {
		events, err := hubspot.DecodeEvents([]byte(`[{"portalId":33,"objectId":5,"occurredAt":1,`+tt.fields+`},{"portalId":33,"objectId":6,"subscriptionType":"contact.creation"}]`), hubspot.EventLimits{})
		if err != nil || len(events) != 2 || events[0].Kind != tt.want || events[1].Kind != connector.EventCreated {
			t.Errorf("%s: %+v, %v", tt.name, events, err)
			continue
		}
		keys[tt.name] = events[0].Key
	}
	if keys["as delivered"] != keys["as documented"] || keys["as delivered"] != keys["both"] {
		t.Error("the name of the field changes the key")
	}
}

func TestDecodeEventsRefuses(t *testing.T) {
	const good = `{"portalId":33,"subscriptionType":"contact.creation","objectId":5}`
	tests := map[string]string{
		"nothing": "", "space": "  ", "no JSON": "hello", "object": good, "null": "null", "number": "[1]", "null event": "[null]",
		"second value": "[" + good + "] []", "cut off": "[" + good, "array in array": "[[" + good + "]]",
		"no portal": `[{"subscriptionType":"contact.creation","objectId":5}]`, "portal zero": `[{"portalId":0,"subscriptionType":"contact.creation"}]`,
		"no type": `[{"portalId":33,"objectId":5}]`, "fraction": `[{"portalId":33,"subscriptionType":"contact.creation","objectId":1.5}]`,
		"exponent":          `[{"portalId":3e1,"subscriptionType":"contact.creation","objectId":1}]`,
		"id beyond 64 bits": `[{"portalId":33,"subscriptionType":"contact.creation","objectId":9223372036854775808}]`,
		"bad among good":    "[" + good + `,{"portalId":true}]`, "not UTF-8": "[{\"portalId\":33,\"subscriptionType\":\"contact.\xff\"}]",
		"deep":            nested(7),
		"very deep":       strings.Repeat("[", 500_000),
		"too many events": "[" + strings.Repeat(good+",", 1000) + good + "]",
		"too large":       "[" + strings.Repeat(" ", 1<<20) + "]",
	}
	for name, body := range tests {
		t.Run(name, func(t *testing.T) {
			events, err := hubspot.DecodeEvents([]byte(body), hubspot.EventLimits{})
			if !errors.Is(err, hubspot.ErrMalformed) || events != nil {
				t.Errorf("%d events, %v", len(events), err)
			}
			if err != nil && strings.Contains(err.Error(), "contact.") {
				t.Errorf("error %q shows content", err)
			}
		})
	}
	if events, err := hubspot.DecodeEvents([]byte(nested(6)), hubspot.EventLimits{}); err != nil || len(events) != 1 {
		t.Errorf("as deep as allowed: %d, %v", len(events), err)
	}
	full := "[" + strings.Repeat(good+",", 999) + good + "]"
	if events, err := hubspot.DecodeEvents([]byte(full), hubspot.EventLimits{}); err != nil || len(events) != 1000 {
		t.Errorf("1,000 events: %d, %v", len(events), err)
	}
}

// nested is an event with a field nested n deep in its two levels; brackets in a string do not count.
func nested(n int) string {
	return `[{"portalId":33,"subscriptionType":"contact.creation","objectId":5,"extra":` +
		strings.Repeat("[", n) + `"[[[{\"[["` + strings.Repeat("]", n) + `}]`
}

func FuzzDecodeEvents(f *testing.F) {
	for _, seed := range []string{body1, body2, body3, "[]", `[{"portalId":1,"eventType":"contact.merge","mergedObjectIds":[1,2]}]`, `["\"]`} {
		f.Add([]byte(seed))
	}
	w := hostile.New(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		w.Run(t, func() { decodes(t, body) })
	})
}

// decodes holds what DecodeEvents makes of a body against what any JSON reader makes of it.
func decodes(t *testing.T, body []byte) {
	t.Helper()
	events, err := hubspot.DecodeEvents(body, hubspot.EventLimits{Events: 50})
	if err != nil {
		if events != nil || !errors.Is(err, hubspot.ErrMalformed) || len(err.Error()) > 200 {
			t.Fatalf("%d events with error %v", len(events), err)
		}
		return
	}
	var plain []map[string]any
	reader := json.NewDecoder(bytes.NewReader(body))
	reader.UseNumber()
	if err := reader.Decode(&plain); err != nil || len(plain) != len(events) || len(events) > 50 {
		t.Fatalf("%d events of %d objects, %v", len(events), len(plain), err)
	}
	for i, e := range events {
		if e.Portal == "" || len(e.Key) != 32 || len(e.Raw) == 0 || e.Kind == "" {
			t.Fatalf("incomplete event %+v", e)
		}
		if e.Kind != connector.EventOther && (e.Type == "" || e.ID == "" || e.ID[0] == '-') {
			t.Fatalf("event without a record %+v", e)
		}
		again, err := hubspot.DecodeEvents([]byte("["+string(e.Raw)+"]"), hubspot.EventLimits{})
		if err != nil || cmp.Diff(e, again[0]) != "" {
			t.Fatalf("event does not decode to itself: %v", err)
		}
		agrees(t, e, plain[i])
	}
}

// agrees compares the fields that decide with those of the plain object, unless a name is there in two spellings.
func agrees(t *testing.T, e connector.Event, plain map[string]any) {
	t.Helper()
	spellings := map[string]int{}
	for name := range plain {
		spellings[strings.ToLower(name)]++
	}
	for name, got := range map[string]string{"portalId": string(e.Portal), "propertyName": e.Property, "propertyValue": e.Value} {
		value, there := plain[name]
		if !there || spellings[strings.ToLower(name)] != 1 || value == nil {
			continue
		}
		want, ok := value.(string)
		if n, is := value.(json.Number); is {
			want, ok = n.String(), true
		}
		if !ok {
			continue // as its JSON
		}
		if name == "portalId" {
			if n, err := strconv.ParseInt(want, 10, 64); err == nil {
				want = strconv.FormatInt(n, 10)
			}
		}
		if got != want {
			t.Fatalf("%s is %q, not %q", name, got, want)
		}
	}
}
