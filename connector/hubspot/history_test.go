package hubspot_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/connector/hubspot"
)

// replayed plays cassettes to a client with more settings than the usual one.
func replayed(t *testing.T, set func(*hubspot.Config), names ...string) *hubspot.Client {
	t.Helper()
	_, p := documented(t, names...)
	cfg := quick(p)
	set(&cfg)
	return newClient(t, cfg)
}

func TestHistory(t *testing.T) {
	c := replayed(t, func(cfg *hubspot.Config) { cfg.AppID = "50780459" }, "history")
	got, err := c.History(t.Context(), connector.TypeContact, []connector.ObjectID{"101", "404", "150", "101"}, []string{"hs_lead_status", "num_notes"})
	if err != nil {
		t.Fatal(err)
	}
	want := connector.HistoryResult{
		Found: map[connector.ObjectID]connector.History{
			"101": {"hs_lead_status": {
				{Value: "BAD_TIMING", At: at(t, "2026-10-30T09:00:00Z"), Origin: connector.OriginUnknown, Source: "TEA_LEAVES"},
				{Value: "", At: at(t, "2026-10-31T09:00:00Z"), Origin: connector.OriginMachine, Source: "AUTOMATION_PLATFORM enrollmentId:1"},
				{Value: "NEW", At: at(t, "2026-11-01T09:00:00Z"), Origin: connector.OriginMachine, Source: "INTEGRATION 7000001"},
				{Value: "OPEN", At: at(t, "2026-11-02T09:00:00Z"), Origin: connector.OriginOwn, Source: "INTEGRATION"},
				{Value: "CONNECTED", At: at(t, "2026-11-03T09:00:00.25Z"), Origin: connector.OriginPerson, Source: "CRM_UI"},
			}},
			"150": {
				"hs_lead_status": {{Value: "NEW", At: at(t, "2026-11-01T09:00:00Z"), Origin: connector.OriginPerson, Source: "IMPORT"}},
				"num_notes":      {{Value: "2", At: at(t, "2026-11-01T09:00:00Z"), Origin: connector.OriginMachine, Source: "CALCULATED"}},
			},
		},
		Missing: []connector.ObjectID{"404"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
}

func TestHistoryReadsFiftyACall(t *testing.T) {
	var sizes []int
	c := newClient(t, quick(roundTrip(func(r *http.Request) (*http.Response, error) {
		in := bodyOf[wireInputs](t, r)
		sizes = append(sizes, len(in.Inputs))
		var results []string
		for _, i := range in.Inputs {
			results = append(results, `{"id":"`+i.ID+`","propertiesWithHistory":{"a":[{"value":"1","timestamp":"2026-11-01T09:00:00Z","sourceType":"MOBILE_IOS"}]}}`)
		}
		return answerWith(200, `{"results":[`+strings.Join(results, ",")+`]}`), nil
	})))
	ids := make([]connector.ObjectID, 101)
	for i := range ids {
		ids[i] = connector.ObjectID(fmt.Sprint(i + 1))
	}
	got, err := c.History(t.Context(), connector.TypeDeal, ids, []string{"a"})
	if diff := cmp.Diff([]int{50, 50, 1}, sizes); diff != "" || err != nil || len(got.Found) != 101 {
		t.Errorf("%d found, %v, sizes (-want +got):\n%s", len(got.Found), err, diff)
	}
	if v := got.Found["77"]["a"][0]; v.Origin != connector.OriginPerson {
		t.Errorf("a change on a phone is by %q", v.Origin)
	}
	if _, err := c.History(t.Context(), connector.TypeDeal, ids, nil); !errors.Is(err, connector.ErrInvalid) {
		t.Errorf("no property: %v", err)
	}
}

// TestOriginsOfTheDocuments: every source word that HubSpot's documents, specifications or recorded events name
// (hubspot-api 3.2, 3.6, 5.5) has a meaning here, in events and in history alike.
func TestOriginsOfTheDocuments(t *testing.T) {
	words := []struct {
		word, id string
		want     connector.Origin
	}{
		{"CRM", "", connector.OriginMachine}, // HubSpot's own system
		{"crm", "", connector.OriginMachine},
		{"CRM_UI", "userId:7", connector.OriginPerson},
		{"CRM_UI_BULK_ACTION", "userId:7", connector.OriginPerson},
		{"ACADEMY", "userId:111100000", connector.OriginPerson},
		{"IMPORT", "", connector.OriginPerson},
		{"MOBILE_ANDROID", "userId:7", connector.OriginPerson},
		{"INTEGRATION", "50780459", connector.OriginOwn},
		{"INTEGRATION", "99", connector.OriginMachine},
		{"INTEGRATION", "", connector.OriginMachine},
		{"API", "", connector.OriginMachine},
		{"DATA_ENRICHMENT", "", connector.OriginMachine},
		{"AUTOMATION_PLATFORM", "enrollmentId:1", connector.OriginMachine},
		{"CALCULATED", "", connector.OriginMachine},
		{"ANALYTICS", "", connector.OriginMachine},
		{"FORM", "", connector.OriginMachine},
		{"MERGE_OBJECTS", "", connector.OriginMachine},
		{"CRMX", "", connector.OriginUnknown},
		{"TEA_LEAVES", "userId:7", connector.OriginUnknown},
		{"", "", connector.OriginUnknown},
	}
	var versions []string
	for i := range words {
		w := words[len(words)-1-i] // newest first
		versions = append(versions, fmt.Sprintf(`{"value":"%d","timestamp":"%d","sourceType":%q,"sourceId":%q}`, len(words)-1-i, len(words)-i, w.word, w.id))
	}
	cfg := quick(roundTrip(func(*http.Request) (*http.Response, error) {
		return answerWith(200, `{"results":[{"id":"1","propertiesWithHistory":{"a":[`+strings.Join(versions, ",")+`]}}]}`), nil
	}))
	cfg.AppID = "50780459"
	got, err := newClient(t, cfg).History(t.Context(), connector.TypeContact, []connector.ObjectID{"1"}, []string{"a"})
	if err != nil || len(got.Found["1"]["a"]) != len(words) {
		t.Fatalf("%+v, %v", got, err)
	}
	for i, v := range got.Found["1"]["a"] {
		named := words[i].word // of another machine with its number
		if id := words[i].id; words[i].want == connector.OriginMachine && id != "" && !strings.HasPrefix(id, "userId:") {
			named += " " + id
		}
		if w := words[i]; v.Origin != w.want || v.Source != named {
			t.Errorf("%s by %q: origin %q of source %q, want %q", w.word, w.id, v.Origin, v.Source, w.want)
		}
	}
}

func TestHistoryWithoutATimeFails(t *testing.T) {
	c := newClient(t, quick(roundTrip(func(*http.Request) (*http.Response, error) {
		return answerWith(200, `{"results":[{"id":"1","propertiesWithHistory":{"a":[{"value":"1","timestamp":"soon"}]}}]}`), nil
	})))
	if _, err := c.History(t.Context(), connector.TypeContact, []connector.ObjectID{"1"}, []string{"a"}); !errors.Is(err, connector.ErrUnavailable) {
		t.Errorf("error %v", err)
	}
}

// TestBodiesAreNeverRequested goes through every way to name a property in a read.
func TestBodiesAreNeverRequested(t *testing.T) {
	c := newClient(t, quick(roundTrip(func(r *http.Request) (*http.Response, error) {
		t.Errorf("sent %s %s", r.Method, r.URL)
		return answerWith(200, `{"results":[]}`), nil
	})))
	one := []connector.ObjectID{"1"}
	for _, body := range []string{
		"hs_email_text", "hs_email_html", "hs_note_body", "hs_communication_body", "hs_call_body", "hs_meeting_body",
		"hs_task_body", "hs_body_preview", "hs_body_preview_html", "hs_email_headers", "HS_Note_Body", "hs_call_transcript",
		"hs_internal_meeting_notes",
	} {
		for _, typ := range []connector.ObjectType{connector.TypeEmail, connector.TypeNote, connector.TypeCommunication, connector.TypeTask, connector.TypeContact} {
			props := []string{"hs_timestamp", body}
			_, list := c.List(t.Context(), typ, "", props)
			_, read := c.Read(t.Context(), typ, one, props)
			_, history := c.History(t.Context(), typ, one, props)
			_, changed := c.Changed(t.Context(), connector.ChangedQuery{Type: typ, Since: at(t, "2026-11-01T00:00:00Z"), Properties: props})
			for way, err := range map[string]error{"list": list, "read": read, "history": history, "search": changed} {
				if !errors.Is(err, connector.ErrInvalid) || !strings.Contains(err.Error(), body) {
					t.Errorf("%s of %s with %s: %v", way, typ, body, err)
				}
			}
		}
	}
}

func TestOrdinaryPropertiesAreNotTakenForBodies(t *testing.T) {
	sent := 0
	c := newClient(t, quick(roundTrip(func(*http.Request) (*http.Response, error) {
		sent++
		return answerWith(200, `{"results":[]}`), nil
	})))
	for _, name := range []string{"hs_email_open", "hs_email_direction", "hs_timestamp", "hs_communication_channel_type", "hs_email_subject", "antibody", "num_notes"} {
		if _, err := c.List(t.Context(), connector.TypeEmail, "", []string{name}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if sent != 7 {
		t.Errorf("%d sent", sent)
	}
}

func TestNewKindsOnTheWire(t *testing.T) {
	var paths []string
	c := newClient(t, quick(roundTrip(func(r *http.Request) (*http.Response, error) {
		paths = append(paths, r.URL.Path)
		return answerWith(200, `{"results":[]}`), nil
	})))
	kinds := map[connector.ObjectType]string{connector.TypeEmail: "0-49", connector.TypeNote: "0-46", connector.TypeCommunication: "0-18"}
	for _, typ := range []connector.ObjectType{connector.TypeEmail, connector.TypeNote, connector.TypeCommunication} {
		if _, err := c.List(t.Context(), typ, "", nil); err != nil {
			t.Error(err)
		}
		for _, action := range []string{"creation", "deletion", "restore", "propertyChange"} {
			events, err := hubspot.DecodeEvents([]byte(`[{"portalId":33,"subscriptionType":"object.`+action+`","objectTypeId":"`+kinds[typ]+`","objectId":5,"occurredAt":1}]`), hubspot.EventLimits{})
			if err != nil || events[0].Type != typ || events[0].ID != "5" || events[0].Kind == connector.EventOther {
				t.Errorf("%s of %s: %+v, %v", action, typ, events, err)
			}
		}
		events, err := hubspot.DecodeEvents([]byte(`[{"portalId":33,"subscriptionType":"object.associationChange","fromObjectTypeId":"0-1","toObjectTypeId":"`+kinds[typ]+`","fromObjectId":5,"toObjectId":6}]`), hubspot.EventLimits{})
		if err != nil || !slices.Equal(events[0].Others, []connector.Ref{{Type: connector.TypeContact, ID: "5"}, {Type: typ, ID: "6"}}) {
			t.Errorf("association with %s: %+v, %v", typ, events, err)
		}
	}
	want := []string{"/crm/objects/2026-09/emails", "/crm/objects/2026-09/notes", "/crm/objects/2026-09/communications"}
	if diff := cmp.Diff(want, paths); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
}

// TestManyPropertiesOfAMergedRecord: a record that is asked alone must not come back emptier than the others.
func TestManyPropertiesOfAMergedRecord(t *testing.T) {
	props := make([]string, 400)
	for i := range props {
		props[i] = fmt.Sprintf("a_property_with_a_long_name_%04d", i)
	}
	gets := 0
	c := newClient(t, quick(roundTrip(func(r *http.Request) (*http.Response, error) {
		if r.Method == http.MethodPost {
			return answerWith(200, `{"results":[]}`), nil
		}
		gets++
		if len(r.URL.RawQuery) > 8000 {
			t.Errorf("an address of %d characters", len(r.URL.RawQuery))
		}
		values := []string{}
		for name := range strings.SplitSeq(r.URL.Query().Get("properties"), ",") {
			values = append(values, `"`+name+`":"x"`)
		}
		return answerWith(200, `{"id":"2","properties":{`+strings.Join(values, ",")+`}}`), nil
	})))
	got, err := c.Read(t.Context(), connector.TypeContact, []connector.ObjectID{"1"}, props)
	if err != nil || len(got.Found["1"].Properties) != 400 || gets < 2 {
		t.Errorf("%d properties in %d calls, %v", len(got.Found["1"].Properties), gets, err)
	}
}
