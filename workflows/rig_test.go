package workflows_test

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strconv"
	"time"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/scoring/calendar"
	"leadsync/workflows"
)

const portalID = connector.PortalID("48000001")

// monday is the business time at which stories begin: 2 November 2026, a working day.
var monday = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// fail is what helpers need of a test; rapid has one of its own.
type fail interface {
	Helper()
	Fatalf(format string, args ...any)
}

func parseModel(t fail) *scoring.Model {
	t.Helper()
	const path = "testdata/model.yaml"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v", err)
	}
	m, err := scoring.Parse(path, text)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return m
}

func names() connector.Names {
	return connector.Names{
		Stage: "lifecyclestage", Status: "hs_lead_status", Owner: "hubspot_owner_id", FirstName: "firstname", LastName: "lastname",
		Email: "email", Company: "company", CompanyID: "associatedcompanyid", CompanyName: "name", CompanyStage: "lifecyclestage", ActivityTime: "hs_timestamp",
		DealStage: "dealstage", DealPipeline: "pipeline", DealClosed: "hs_is_closed", DealWon: "hs_is_closed_won",
		TaskKind: "hs_task_type", TaskStatus: "hs_task_status", TaskOwner: "hubspot_owner_id", TaskPriority: "hs_task_priority", TaskNew: "NOT_STARTED", TaskDone: "COMPLETED",
		MeetingOutcome: "hs_meeting_outcome", MeetingOff: "CANCELED", Sequence: "hs_sequences_is_enrolled",
		Submissions: "num_conversion_events", PageVisits: "hs_analytics_num_page_views", VisitEvent: "e_visited_page",
	}
}

func allOn() map[workflows.Class]workflows.Mode {
	return map[workflows.Class]workflows.Mode{
		workflows.ClassScore: workflows.ModeOn, workflows.ClassStage: workflows.ModeOn, workflows.ClassStatus: workflows.ModeOn,
		workflows.ClassTask: workflows.ModeOn, workflows.ClassDeal: workflows.ModeOn,
	}
}

func newPortal() *workflows.Portal {
	return &workflows.Portal{
		ID: portalID, Name: "rig", Language: "en", Names: names(), Modes: allOn(),
		Stages: map[string]string{
			"lead": "lead", "mql": "marketingqualifiedlead", "sql": "salesqualifiedlead", "opportunity": "opportunity",
			"customer": "customer", "evangelist": "evangelist", "other": "other",
		},
		Order: []string{"lead", "mql", "sql", "opportunity", "customer", "evangelist"},
		Statuses: map[string]string{
			"new": "NEW", "attempted": "ATTEMPTED_TO_CONTACT", "bad_timing": "BAD_TIMING", "in_progress": "IN_PROGRESS",
			"open_deal": "OPEN_DEAL", "unqualified": "UNQUALIFIED",
		},
		Outcomes:  map[string]string{"guid-connected": "connected", "guid-no-answer": "no_answer"},
		Pipelines: map[string]workflows.Pipeline{"sales": {ID: "default", Stage: "appointmentscheduled"}},
		Written: workflows.Written{
			Scores:  map[string]string{workflows.TotalScore: "leadsync_score", "fit": "leadsync_fit", "engagement": "leadsync_engagement"},
			Reasons: "leadsync_reasons", ScoredAt: "leadsync_scored_at",
		},
		Calendar: calendar.Calendar{}, DueAt: 9 * time.Hour, FallbackOwner: "fallback", KeyProperty: "leadsync_key",
	}
}

// person is one contact under test: what the store would know about it, and the clock.
type person struct {
	t      fail
	portal *workflows.Portal
	model  *scoring.Model
	owners map[string]connector.Owner
	record workflows.LeadRecord
	now    time.Time
	serial int
	last   workflows.Planned // where a test wants to look at it again
}

// newPerson is a contact that leadsync has never planned for: it was created after go-live.
func newPerson(t fail, props map[string]string) *person {
	t.Helper()
	p := &person{t: t, portal: newPortal(), model: parseModel(t), now: monday, owners: map[string]connector.Owner{
		"jana": {ID: "jana", Active: true, Person: true}, "left": {ID: "left", Person: true}, "queue": {ID: "queue", Active: true},
	}}
	p.record = workflows.LeadRecord{ID: "101", Contact: connector.Object{
		Type: connector.TypeContact, ID: "101", Properties: map[string]string{}, CreatedAt: monday.AddDate(-1, 0, 0),
	}}
	p.set(props)
	return p
}

// loaded is a contact that the first load brought.
func loaded(t fail, props map[string]string) *person {
	p := newPerson(t, props)
	state := workflows.Baseline(p.portal, p.model, p.record, p.now)
	p.record.State = &state
	return p
}

// set is somebody changing the contact in the CRM; an empty value clears.
func (p *person) set(props map[string]string) *person {
	fresh := maps.Clone(p.record.Contact.Properties)
	for k, v := range props {
		if fresh[k] = v; v == "" {
			delete(fresh, k)
		}
	}
	p.record.Contact.Properties = fresh
	return p
}

func (p *person) status(value string) *person {
	return p.set(map[string]string{"hs_lead_status": value})
}

func (p *person) stage(value string) *person {
	return p.set(map[string]string{"lifecyclestage": value})
}

func (p *person) after(d time.Duration) *person {
	p.now = p.now.Add(d)
	return p
}

// call logs an outbound call with the account's own outcome value, so long before now.
func (p *person) call(outcome string, ago time.Duration) *person {
	p.serial++
	p.record.Activities = append(slices.Clone(p.record.Activities), connector.Object{
		Type: connector.TypeCall, ID: connector.ObjectID(strconv.Itoa(500 + p.serial)),
		Properties: map[string]string{"hs_timestamp": p.now.Add(-ago).Format(time.RFC3339Nano), "hs_call_disposition": outcome, "hs_call_direction": "OUTBOUND"},
	})
	return p
}

func (p *person) deal(closed, won bool) *person {
	p.serial++
	p.record.Deals = append(slices.Clone(p.record.Deals), connector.Object{
		Type: connector.TypeDeal, ID: connector.ObjectID(strconv.Itoa(700 + p.serial)),
		Properties: map[string]string{"hs_is_closed": strconv.FormatBool(closed), "hs_is_closed_won": strconv.FormatBool(won)},
	})
	return p
}

// plan evaluates and plans without carrying anything out.
func (p *person) plan() workflows.Planned {
	p.t.Helper()
	lead := workflows.LeadOf(p.portal, p.model, p.record)
	return workflows.Plan(workflows.Situation{
		Portal: p.portal, Model: p.model, Record: p.record, Lead: lead, Evaluation: p.model.Evaluate(lead, p.now), Owners: p.owners, Now: p.now,
	})
}

// step plans, remembers the state and carries the updates out, as if they had arrived in the CRM.
func (p *person) step() workflows.Planned {
	p.t.Helper()
	planned := p.plan()
	p.record.State = &planned.State
	for _, e := range planned.Entries {
		if e.Kind == workflows.KindUpdate && e.State == workflows.StateReady {
			p.set(decoded[workflows.UpdatePayload](p.t, e).Properties)
		}
	}
	return planned
}

func decoded[T any](t fail, e workflows.OutboxEntry) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(e.Payload, &v); err != nil {
		t.Fatalf("payload of %q: %v", e.Key, err)
	}
	return v
}

// brief tells the actions in short, scores left out: "stage sql", "status new", "task first contact",
// "amend call again", "close first contact", "deal open the deal"; "(shadow)" and "(off)" where they are not on.
func brief(planned workflows.Planned) []string {
	out := []string{}
	for _, a := range planned.Actions {
		text := string(a.Class) + " " + a.To
		switch a.Kind {
		case workflows.KindTask, workflows.KindDeal, workflows.KindAmend:
			text = string(a.Kind) + " " + a.Rule
		case workflows.KindClose:
			text = "close " + a.Rule
		case workflows.KindUpdate, workflows.KindBack, workflows.KindList, workflows.KindCompany, workflows.KindDelete:
		}
		if a.Mode != workflows.ModeOn {
			text += " (" + string(a.Mode) + ")"
		}
		if a.Class != workflows.ClassScore {
			out = append(out, text)
		}
	}
	return out
}

// entryOf finds the one entry of a kind and rule or class in a plan.
func entryOf(t fail, planned workflows.Planned, kind workflows.EntryKind, class workflows.Class) workflows.OutboxEntry {
	t.Helper()
	for _, e := range planned.Entries {
		if e.Kind == kind && e.Class == class {
			return e
		}
	}
	t.Fatalf("the plan has no %s of class %s: %v", kind, class, brief(planned))
	return workflows.OutboxEntry{}
}

const (
	demo      = "Demo request"
	noAnswer  = "guid-no-answer"
	connected = "guid-connected"
)

// reach are properties with which the model's stage is the given one.
func reach(stage string) map[string]string {
	props := map[string]string{"email": "p@example.org", "firstname": "Petra", "lastname": "Wolf"}
	switch stage {
	case "mql":
		props["budget"] = "10000"
	case "sql":
		props["vip"] = "true"
	case "other":
		props["email"] = "p@competitor.example"
	}
	return props
}

func with(props map[string]string, pairs ...string) map[string]string {
	props = maps.Clone(props)
	for i := 0; i+1 < len(pairs); i += 2 {
		props[pairs[i]] = pairs[i+1]
	}
	return props
}
