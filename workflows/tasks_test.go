package workflows_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

// watching is the portal of an account whose connector tells of tasks.
func watching() *workflows.Portal {
	p := newPortal()
	p.KeyProperty = "leadsync_key"
	n := &p.Names
	n.TaskKind, n.TaskStatus, n.TaskOwner, n.TaskPriority = "hs_task_type", "hs_task_status", "hubspot_owner_id", "hs_task_priority"
	n.TaskNew, n.TaskDone = "NOT_STARTED", "COMPLETED"
	n.MeetingOutcome, n.MeetingOff, n.Sequence = "hs_meeting_outcome", "CANCELED", "hs_sequences_is_enrolled"
	return p
}

func parsed(t *testing.T, text string) *scoring.Model {
	t.Helper()
	m, err := scoring.Parse("model.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// watchedModel has one task rule or none, and one kind of activity: calls.
func watchedModel(t *testing.T, followUps string) *scoring.Model {
	return parsed(t, `
model: watched
facts:
  email: {from: [contact.email]}
activities:
  call: {object: call, attributes: {outcome: hs_call_disposition}}
scores:
  engagement:
    rules:
      - {name: talked, activity: call, points: 20}
lifecycle:
  - {stage: lead, when: known(email)}
  - {stage: mql, scores: {engagement: 10}}
  - {stage: sql, scores: {engagement: 20}}
`+followUps)
}

const oneTaskRule = `follow_ups:
  - {name: call, on_stage: sql, task: {kind: call, due: 1d, subject: "Call {name}"}}
`

func TestTasks_areRead(t *testing.T) {
	kinds := func(m *scoring.Model) string {
		var names []string
		for _, k := range watching().Kinds(m) {
			names = append(names, k.Kind)
		}
		return strings.Join(names, " ")
	}
	with, without := watchedModel(t, oneTaskRule), watchedModel(t, "")
	off := watching()
	off.Off = []string{"task"}
	mute := watching()
	mute.Names.TaskKind = ""
	for name, tc := range map[string]struct {
		portal *workflows.Portal
		model  *scoring.Model
		types  []connector.ObjectType
		task   []string
		seq    bool
	}{
		"no task rule":             {watching(), without, []connector.ObjectType{connector.TypeCall}, []string{"hs_timestamp", "leadsync_key"}, false},
		"a task rule":              {watching(), with, []connector.ObjectType{connector.TypeCall, connector.TypeMeeting, connector.TypeTask}, []string{"hs_task_priority", "hs_task_status", "hs_task_type", "hs_timestamp", "hubspot_owner_id", "leadsync_key"}, true},
		"a CRM that does not tell": {mute, with, []connector.ObjectType{connector.TypeCall}, []string{"hs_timestamp", "leadsync_key"}, false},
		"tasks are switched off":   {off, with, []connector.ObjectType{connector.TypeCall, connector.TypeMeeting}, []string{"hs_timestamp", "leadsync_key"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.types, tc.portal.ActivityTypes(tc.model)); diff != "" {
				t.Errorf("types (-want +got):\n%s", diff)
			}
			if got := tc.portal.Reads(tc.model, connector.TypeTask); got != slices.Contains(tc.types, connector.TypeTask) {
				t.Errorf("tasks are read: %v", got)
			}
			if diff := cmp.Diff(tc.task, tc.portal.ActivityProperties(tc.model, connector.TypeTask)); diff != "" {
				t.Errorf("properties of tasks (-want +got):\n%s", diff)
			}
			if got := slices.Contains(tc.portal.ContactProperties(tc.model), "hs_sequences_is_enrolled"); got != tc.seq {
				t.Errorf("sequences are read: %v", got)
			}
			if got := kinds(tc.model); got != "call" {
				t.Errorf("kinds of activity: %s", got)
			}
		})
	}
	if got := watching().ActivityProperties(with, connector.TypeMeeting); !slices.Equal(got, []string{"hs_meeting_outcome", "hs_timestamp"}) {
		t.Errorf("properties of meetings: %v", got)
	}
}

// TestTasks_areNoEngagement: what is read for task rules changes neither what a lead has done nor that it is held.
func TestTasks_areNoEngagement(t *testing.T) {
	p, m := watching(), watchedModel(t, oneTaskRule)
	r := workflows.LeadRecord{ID: "1", Contact: connector.Object{Type: connector.TypeContact, ID: "1", Properties: map[string]string{"lifecyclestage": "lead"}}}
	state := workflows.Baseline(p, m, r, monday)
	r.State = &state
	r.Activities = []connector.Object{
		openTask("5", map[string]string{"leadsync_key": "ls-1"}), openTask("6", nil), meeting("7", monday.Add(time.Hour), ""),
	}
	lead := workflows.LeadOf(p, m, r)
	if len(lead.Activities) != 0 {
		t.Errorf("activities: %v", lead.Activities)
	}
	planned := workflows.Plan(workflows.Situation{
		Portal: p, Model: m, Record: r, Lead: lead, Evaluation: m.Evaluate(lead, monday), Now: monday,
	})
	if !planned.State.Held {
		t.Error("a task or meeting of somebody released the contact")
	}
}

func openTask(id connector.ObjectID, props map[string]string) connector.Object {
	all := map[string]string{"hs_task_type": "CALL", "hs_task_status": "NOT_STARTED", "hs_timestamp": "2026-11-04T09:00:00Z", "hs_task_priority": "NONE"}
	maps.Copy(all, props)
	return connector.Object{Type: connector.TypeTask, ID: id, Properties: all}
}

func meeting(id connector.ObjectID, at time.Time, outcome string) connector.Object {
	return connector.Object{Type: connector.TypeMeeting, ID: id, Properties: map[string]string{"hs_timestamp": at.Format(time.RFC3339), "hs_meeting_outcome": outcome}}
}

func TestOpenTasks(t *testing.T) {
	due := time.Date(2026, 11, 4, 9, 0, 0, 0, time.UTC)
	written := connector.PrintOf(connector.Task{Kind: connector.TaskCall, DueAt: due, Subject: "Call"})
	record := workflows.LeadRecord{Activities: []connector.Object{
		openTask("10", nil),
		openTask("9", map[string]string{"leadsync_key": "ls-1", "hs_task_type": "TODO", "hubspot_owner_id": "3", "hs_task_priority": "HIGH"}),
		openTask("11", map[string]string{"hs_task_status": "COMPLETED"}),
		openTask("12", map[string]string{"hs_task_status": "DEFERRED", "hs_task_type": "LINKED_IN_MESSAGE", "hs_timestamp": ""}),
		meeting("13", due, ""),
	}}
	want := []workflows.OpenTask{
		{ID: "9", Key: "ls-1", Kind: connector.TaskToDo, Own: true, DueAt: due, OwnerID: "3", Priority: "high"},
		{ID: "10", Kind: connector.TaskCall, DueAt: due},
		{ID: "12", Kind: "linked_in_message", Begun: true},
	}
	if diff := cmp.Diff(want, workflows.OpenTasks(watching(), record)); diff != "" {
		t.Errorf("tasks (-want +got):\n%s", diff)
	}
	mute := watching()
	mute.Names.TaskKind = ""
	if got := workflows.OpenTasks(mute, record); got != nil {
		t.Errorf("of a CRM that does not tell: %v", got)
	}
	// without keys, ours are told by what we wrote
	marked := watching()
	marked.Marked = map[connector.ObjectType]bool{connector.TypeTask: true}
	record.State = &workflows.LeadState{}
	record.State.Tasks = map[string]workflows.OwnTask{"call": {Key: "ls-2", Was: written}}
	record.Activities = []connector.Object{openTask("10", nil), openTask("14", map[string]string{"hs_task_priority": "LOW"})}
	want = []workflows.OpenTask{
		{ID: "10", Key: "ls-2", Kind: connector.TaskCall, Own: true, DueAt: due}, {ID: "14", Kind: connector.TaskCall, DueAt: due, Priority: "low"},
	}
	if diff := cmp.Diff(want, workflows.OpenTasks(marked, record)); diff != "" {
		t.Errorf("tasks without keys (-want +got):\n%s", diff)
	}
}

func TestOpenTask_Differs(t *testing.T) {
	was := connector.TaskPrint{Due: 100, Owner: "3", Priority: "high", Kind: connector.TaskCall, Subject: "hash"}
	same := workflows.OpenTask{Kind: connector.TaskCall, DueAt: time.Unix(100, 5), OwnerID: "3", Priority: "high"}
	if same.Differs(was) {
		t.Error("the same task differs")
	}
	for name, change := range map[string]func(*workflows.OpenTask){
		"kind": func(o *workflows.OpenTask) { o.Kind = connector.TaskToDo }, "due": func(o *workflows.OpenTask) { o.DueAt = time.Unix(101, 0) },
		"owner": func(o *workflows.OpenTask) { o.OwnerID = "" }, "priority": func(o *workflows.OpenTask) { o.Priority = "" },
		"begun": func(o *workflows.OpenTask) { o.Begun = true },
	} {
		other := same
		if change(&other); !other.Differs(was) {
			t.Errorf("%s: does not differ", name)
		}
	}
}

func TestMeetingAhead(t *testing.T) {
	for name, tc := range map[string]struct {
		meetings []connector.Object
		want     connector.ObjectID
	}{
		"none":           {nil, ""},
		"over":           {[]connector.Object{meeting("1", monday.Add(-time.Second), ""), meeting("2", monday, "")}, ""},
		"called off":     {[]connector.Object{meeting("1", monday.Add(time.Hour), "CANCELED")}, ""},
		"ahead":          {[]connector.Object{meeting("1", monday.Add(time.Hour), "SCHEDULED")}, "1"},
		"the next one":   {[]connector.Object{meeting("1", monday.Add(2*time.Hour), ""), meeting("2", monday.Add(time.Hour), ""), meeting("3", monday.Add(3*time.Hour), "")}, "2"},
		"no meeting":     {[]connector.Object{openTask("1", nil)}, ""},
		"without a time": {[]connector.Object{{Type: connector.TypeMeeting, ID: "1"}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got, ok := workflows.MeetingAhead(watching(), workflows.LeadRecord{Activities: tc.meetings}, monday); got != tc.want || ok != (tc.want != "") {
				t.Errorf("%q, %v; want %q", got, ok, tc.want)
			}
		})
	}
}

func TestInSequence(t *testing.T) {
	for value, want := range map[string]bool{"true": true, "false": false, "": false} {
		r := workflows.LeadRecord{Contact: connector.Object{Properties: map[string]string{"hs_sequences_is_enrolled": value}}}
		if got := workflows.InSequence(watching(), r); got != want {
			t.Errorf("%q: %v", value, got)
		}
	}
}

// A sweep keeps our own tasks where the model has task rules: whether a person edited one shows nowhere else. Where it
// has none they are left out, as they are no engagement.
func TestSweep_ownTasks(t *testing.T) {
	for name, tc := range map[string]struct {
		rules string
		want  []string
	}{"a task rule": {oneTaskRule, []string{"k own true"}}, "no task rule": {"", nil}} {
		t.Run(name, func(t *testing.T) {
			b := newTaskBench(t, false)
			p, m := watching(), watchedModel(t, tc.rules)
			b.plan(b.create("k"))
			b.pushed()
			puller := &workflows.Puller{CRM: b.client, Store: b.store, Portal: p, Model: m, Now: func() time.Time { return b.clock }, Overlap: time.Hour}
			_, err := puller.Sweep(b.Context(), b.fence, connector.TypeTask)
			b.must(err)
			records, err := b.store.Leads(b.Context(), portalID, []connector.ObjectID{b.contact})
			b.must(err)
			var got []string
			for _, o := range workflows.OpenTasks(p, records[0]) {
				got = append(got, fmt.Sprint(o.Key, " own ", o.Own))
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("open tasks (-want +got):\n%s", diff)
			}
		})
	}
}
