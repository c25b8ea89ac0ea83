package workflows_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

// trackingModel reads every kind of record that can be an activity, and a mail's body, which nobody gets.
func trackingModel(t *testing.T) *scoring.Model {
	t.Helper()
	m, err := scoring.Parse("tracking.yaml", []byte(`
model: tracking
facts: {email: {from: [contact.email]}}
activities:
  mail:    {object: email, attributes: {direction: hs_email_direction, text: hs_email_text, page: hs_email_html}}
  note:    {object: note}
  chat:    {object: communication, attributes: {channel: hs_communication_channel_type}}
  todo:    {object: task, attributes: {state: hs_task_status}}
  minutes: {counter: contact.minutes_on_site}
  webinar: {last: contact.last_webinar}
scores:
  engagement: {rules: [{name: mail, activity: mail, points: 5}, {name: todo, activity: todo, points: 5}]}
lifecycle: [{stage: lead, when: known(email)}, {stage: mql, scores: {engagement: 5}}]
`))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestPortal_everyKindOfActivity(t *testing.T) {
	m, p := trackingModel(t), newPortal()
	p.KeyProperty = "leadsync_key"
	for name, tc := range map[string]struct {
		off   []string
		types []connector.ObjectType
		props map[connector.ObjectType]string
	}{
		"all": {nil, []connector.ObjectType{connector.TypeEmail, connector.TypeNote, connector.TypeCommunication, connector.TypeTask}, map[connector.ObjectType]string{
			connector.TypeEmail: "hs_email_direction hs_timestamp", connector.TypeNote: "hs_timestamp",
			connector.TypeTask:          "hs_task_status hs_timestamp leadsync_key",
			connector.TypeCommunication: "hs_communication_channel_type hs_timestamp",
		}},
		"a kind of the model is off": {[]string{"mail", "chat"}, []connector.ObjectType{connector.TypeNote, connector.TypeTask}, nil},
		"a type of record is off":    {[]string{"email", "task", "note"}, []connector.ObjectType{connector.TypeCommunication}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			p.Off = tc.off
			if diff := cmp.Diff(tc.types, p.ActivityTypes(m)); diff != "" {
				t.Errorf("types (-want +got):\n%s", diff)
			}
			for typ, want := range tc.props {
				if got := strings.Join(p.Properties(m, typ), " "); got != want {
					t.Errorf("%s: %q, want %q", typ, got, want)
				}
			}
			for _, typ := range workflows.ReadTypes() {
				if want := slices.Contains(tc.types, typ) || typ == connector.TypeContact || typ == connector.TypeCompany || typ == connector.TypeDeal; p.Reads(m, typ) != want {
					t.Errorf("reads %s: %v", typ, !want)
				}
			}
		})
	}
	p.Off = []string{"minutes"}
	if props := p.ContactProperties(m); slices.Contains(props, "minutes_on_site") || !slices.Contains(props, "last_webinar") {
		t.Errorf("of a contact it reads %v", props)
	}
}

// Our own tasks never count as activity, and neither does what was switched off later.
func TestLeadOf_whatDoesNotCount(t *testing.T) {
	p := newPerson(t, map[string]string{"email": "p@example.org"})
	p.model, p.portal.KeyProperty = trackingModel(t), "leadsync_key"
	at := monday.Format(time.RFC3339)
	p.record.Activities = []connector.Object{
		{Type: connector.TypeTask, ID: "1", Properties: map[string]string{"hs_timestamp": at, "leadsync_key": "k1"}},
		{Type: connector.TypeTask, ID: "2", Properties: map[string]string{"hs_timestamp": at}},
		{Type: connector.TypeEmail, ID: "3", Properties: map[string]string{"hs_timestamp": at, "hs_email_direction": "INCOMING_EMAIL"}},
	}
	p.record.Observations = observations(workflows.KnownHistory, monday, "minutes_on_site", "2", "last_webinar", at)
	ids := func() string {
		var all []string
		for _, a := range workflows.LeadOf(p.portal, p.model, p.record).Activities {
			all = append(all, a.ID)
		}
		return strings.Join(all, " ")
	}
	if got := ids(); got != "email/3 task/2 minutes/1 minutes/2 webinar/1793610000000" {
		t.Errorf("counts %q", got)
	}
	p.portal.Off = []string{"email", "minutes"}
	if got := ids(); got != "task/2 webinar/1793610000000" {
		t.Errorf("with sources switched off %q counts", got)
	}
	if diff := cmp.Diff([]string{"mail", "minutes"}, p.portal.SwitchedOff(p.model)); diff != "" {
		t.Errorf("switched off (-want +got):\n%s", diff)
	}
}

// The first load reads the history of every contact if the portal wants it, fifty a call, and dates what it knows.
func TestPrepare_history(t *testing.T) {
	for name, on := range map[string]bool{"on": true, "off": false} {
		t.Run(name, func(t *testing.T) {
			b, w, c := historyBench(t)
			w.Reconciler.Portal.FirstLoadHistory = on
			b.crm.props["1"] = with(reach("lead"), "lifecyclestage", "lead", "num_conversion_events", "2", "recent_conversion_date", "2026-11-01T09:00:00Z")
			c.past["1"] = connector.History{
				"num_conversion_events":  {{Value: "1", At: monday.AddDate(0, -2, 0)}, {Value: "2", At: monday.AddDate(0, 0, -1)}},
				"recent_conversion_date": {{Value: "2026-09-02T08:59:00Z", At: monday.AddDate(0, -2, 0)}, {Value: "2026-11-01T09:00:00Z", At: monday.AddDate(0, 0, -1)}},
				"lifecyclestage":         {{Value: "customer", At: monday.AddDate(-1, 0, 0)}, {Value: "lead", At: monday.AddDate(0, -3, 0)}},
			}
			page := workflows.PulledPage{Type: connector.TypeContact, Objects: []connector.Object{{Type: connector.TypeContact, ID: "1", Properties: b.crm.props["1"], CreatedAt: monday.AddDate(-1, 0, 0)}}, Quiet: true}
			_, err := b.store.SavePage(t.Context(), b.fence, page)
			b.must(err)
			b.must(w.Reconciler.Baseline(t.Context(), b.fence, []connector.ObjectID{"1"}))
			records, err := b.store.Leads(t.Context(), portalID, []connector.ObjectID{"1"})
			b.must(err)
			lead := workflows.LeadOf(w.Reconciler.Portal, w.Reconciler.Model, records[0])
			first := lead.Activities[0]
			if on != (!first.Uncertain && first.At.Equal(time.Date(2026, 9, 2, 8, 59, 0, 0, time.UTC))) {
				t.Errorf("the first form: %+v", first)
			}
			if state := records[0].State; on != (state.Furthest == "customer") || on != state.StageSince.Equal(monday.AddDate(0, -3, 0)) || !state.Held {
				t.Errorf("state %+v", state)
			}
			if asked := c.take(); on != (len(asked) == 1) {
				t.Errorf("asked %v", asked)
			}
		})
	}
	if workflows.HistoryCalls(0) != 0 || workflows.HistoryCalls(50) != 1 || workflows.HistoryCalls(10001) != 201 {
		t.Error("the price is one call per fifty contacts")
	}
}

// A hint about a record that the portal does not track costs no call and does not stay due. Tasks are tracked, since
// they satisfy the rules of the model (rule 17), unless they are switched off.
func TestReconcile_untracked(t *testing.T) {
	b, w, _ := historyBench(t)
	w.Reconciler.Portal.Off = []string{"task"}
	b.must(b.store.Hint(t.Context(), portalID, []connector.Ref{{Type: connector.TypeTask, ID: "7"}, {Type: connector.TypeNote, ID: "8"}}))
	b.crm.asked()
	if _, err := w.Step(t.Context(), b.fence); err != nil {
		t.Fatal(err)
	}
	if asked := b.crm.asked(); len(asked) > 0 {
		t.Errorf("asked %v", asked)
	}
	rows, err := b.store.Due(t.Context(), portalID, b.clock, workflows.ReadTypes(), 10)
	b.must(err)
	if len(rows) != 0 {
		t.Errorf("still due: %+v", rows)
	}
}
