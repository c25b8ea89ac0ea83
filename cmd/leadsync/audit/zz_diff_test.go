package audit_test

import (
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strings"
	"testing"
	"time"

	"leadsync/cmd/leadsync/audit"
	"leadsync/connector"
	"leadsync/connector/hubspot/simulator"
	"leadsync/connector/hubspot/simulator/population"
	"leadsync/scoring"
	"leadsync/scoring/calendar"
	"leadsync/workflows"
)

type rec struct {
	state *workflows.LeadState
	obs   []workflows.Observation
	at    time.Time
	prev  string
}

func TestZZ(t *testing.T) {
	text, err := os.ReadFile("../../../fixtures/models/b2b.yaml")
	if err != nil {
		t.Fatal(err)
	}
	m, err := scoring.Parse("b2b", text)
	if err != nil {
		t.Fatal(err)
	}
	now := at("2026-03-02 08:00")
	wall := at("2026-01-01 00:00")
	a := simulator.New(simulator.Options{Seed: 7, Now: func() time.Time { return now }, Wall: func() time.Time { wall = wall.Add(time.Millisecond); return wall }})
	for _, n := range []string{"leadsync_fit", "leadsync_engagement", "leadsync_score"} {
		_ = a.AddProperty(simulator.Contacts, simulator.Property{Name: n, Type: "number", FieldType: "number"})
	}
	_ = a.AddProperty(simulator.Contacts, simulator.Property{Name: "leadsync_reasons", Type: "string", FieldType: "text"})
	for _, typ := range []string{simulator.Tasks, simulator.Deals} {
		_ = a.AddProperty(typ, simulator.Property{Name: "leadsync_key", Type: "string", FieldType: "text"})
	}
	w := population.Populate(a, population.Options{Seed: 7, Contacts: 500})
	fallback := a.Owners()[0].ID
	zone, _ := time.LoadLocation("Europe/Berlin")
	cal, err := calendar.New(calendar.Settings{Country: "DE", Zone: zone})
	if err != nil {
		t.Fatal(err)
	}
	stages := map[string]string{"subscriber": "subscriber", "lead": "lead", "mql": "marketingqualifiedlead", "sql": "salesqualifiedlead", "opportunity": "opportunity", "customer": "customer", "evangelist": "evangelist", "other": "other"}
	statuses := map[string]string{"new": "NEW", "attempted": "ATTEMPTED_TO_CONTACT", "bad_timing": "BAD_TIMING", "in_progress": "IN_PROGRESS", "open_deal": "OPEN_DEAL", "unqualified": "UNQUALIFIED"}
	outcomes := map[string]string{simulator.CallConnected: "connected", simulator.CallNoAnswer: "no_answer", simulator.CallBusy: "busy", simulator.CallLeftVoicemail: "voicemail", simulator.CallLeftMessage: "live_message", simulator.CallWrongNumber: "wrong_number"}
	order := []string{"subscriber", "lead", "mql", "sql", "opportunity", "customer", "evangelist"}
	scores := map[string]string{"fit": "leadsync_fit", "engagement": "leadsync_engagement", "total": "leadsync_score"}
	p := &workflows.Portal{ID: "1", Name: "x", Language: "en", Names: connector.Names{Stage: "lifecyclestage", Status: "hs_lead_status", Owner: "hubspot_owner_id", FirstName: "firstname", LastName: "lastname", Email: "email", Company: "company", CompanyID: "associatedcompanyid", CompanyName: "name", ActivityTime: "hs_timestamp", DealStage: "dealstage", DealPipeline: "pipeline", DealClosed: "hs_is_closed", DealWon: "hs_is_closed_won"},
		Modes:  map[workflows.Class]workflows.Mode{"score": "on", "stage": "on", "status": "on", "task": "on", "deal": "on"},
		Stages: stages, Order: order, Statuses: statuses, Outcomes: outcomes, Pipelines: map[string]workflows.Pipeline{"sales": {ID: "default", Stage: "appointmentscheduled"}},
		Written: workflows.Written{Scores: scores, Reasons: "leadsync_reasons"}, Calendar: cal, DueAt: 9 * time.Hour, FallbackOwner: fallback}
	owners := map[string]connector.Owner{}
	for _, o := range a.Owners() {
		owners[o.ID] = connector.Owner{ID: o.ID, Name: o.FirstName, Active: o.Active, Person: true}
	}
	recs := map[string]*rec{}
	keyTask := map[string]string{}
	conv := func(o simulator.Object, typ connector.ObjectType) connector.Object {
		return connector.Object{Type: typ, ID: connector.ObjectID(o.ID), Properties: o.Properties, CreatedAt: o.CreatedAt, UpdatedAt: o.UpdatedAt}
	}
	build := func(o simulator.Object) workflows.LeadRecord {
		r := recs[o.ID]
		if r == nil {
			r = &rec{}
			recs[o.ID] = r
		}
		lr := workflows.LeadRecord{ID: connector.ObjectID(o.ID), Contact: conv(o, connector.TypeContact), State: r.state}
		if id := o.Properties["associatedcompanyid"]; id != "" {
			if c, ok := a.Object(simulator.Companies, id); ok {
				lr.Companies = []connector.Object{conv(c, connector.TypeCompany)}
			}
		}
		for typ, ct := range map[string]connector.ObjectType{simulator.Calls: connector.TypeCall, simulator.Meetings: connector.TypeMeeting, simulator.Deals: connector.TypeDeal} {
			for _, l := range a.Associations(simulator.Contacts, o.ID, typ) {
				if x, ok := a.Object(typ, l.ID); ok && !x.Archived {
					if ct == connector.TypeDeal {
						lr.Deals = append(lr.Deals, conv(x, ct))
					} else {
						lr.Activities = append(lr.Activities, conv(x, ct))
					}
				}
			}
		}
		r.obs = append(r.obs, workflows.Readings(m, lr.Contact, r.obs, now)...)
		lr.Observations = r.obs
		return lr
	}
	api := leadsync
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	work := func(first bool) {
		todo := a.Objects(simulator.Contacts)
		for round := 0; len(todo) > 0 && round < 10; round++ {
			var next []simulator.Object
			for _, o := range todo {
				lr := build(o)
				r := recs[o.ID]
				if first && round == 0 {
					st := workflows.Baseline(p, m, lr, now)
					r.state = &st
					lr.State = r.state
				}
				lead := workflows.LeadOf(p, m, lr)
				ev := m.Evaluate(lead, now)
				pl := workflows.Plan(workflows.Situation{Portal: p, Model: m, Record: lr, Lead: lead, Evaluation: ev, Owners: owners, Now: now})
				if o.ID == "10000000819" && len(pl.Entries) > 0 {
					fmt.Println("PLAN", now, pl.Reason, pl.State.Status, pl.State.OpenTasks, pl.State.Episodes)
					for _, x := range pl.Actions {
						fmt.Println("   ", x)
					}
				}
				r.state = &pl.State
				for _, kind := range []workflows.EntryKind{workflows.KindUpdate, workflows.KindTask, workflows.KindDeal, workflows.KindClose} {
					for _, e := range pl.Entries {
						if e.Kind != kind {
							continue
						}
						switch kind {
						case workflows.KindUpdate:
							var u workflows.UpdatePayload
							must(json.Unmarshal(e.Payload, &u))
							must(a.Set(api, simulator.Contacts, o.ID, u.Properties))
						case workflows.KindTask:
							var x connector.Task
							must(json.Unmarshal(e.Payload, &x))
							id, err := a.Create(api, simulator.Tasks, map[string]string{"leadsync_key": x.Key, "hs_task_subject": x.Subject, "hs_task_type": strings.ToUpper(string(x.Kind)), "hs_task_status": "NOT_STARTED", "hs_task_priority": strings.ToUpper(x.Priority), "hs_timestamp": x.DueAt.UTC().Format(time.RFC3339), "hubspot_owner_id": x.OwnerID}, simulator.Link{Type: simulator.Contacts, ID: o.ID})
							must(err)
							keyTask[x.Key] = id
						case workflows.KindDeal:
							var x connector.Deal
							must(json.Unmarshal(e.Payload, &x))
							links := []simulator.Link{{Type: simulator.Contacts, ID: o.ID}}
							if x.Company != "" {
								links = append(links, simulator.Link{Type: simulator.Companies, ID: string(x.Company)})
							}
							props := map[string]string{"leadsync_key": x.Key, "dealname": x.Name, "pipeline": x.Pipeline, "dealstage": x.Stage, "amount": x.Amount, "hubspot_owner_id": x.OwnerID}
							_, err := a.Create(api, simulator.Deals, props, links...)
							must(err)
						case workflows.KindClose:
							if o.ID == "10000000819" {
								fmt.Println("CLOSE", now, string(e.Payload), e.Reason)
							}
							var x workflows.ClosePayload
							must(json.Unmarshal(e.Payload, &x))
							if o, ok := a.Object(simulator.Tasks, keyTask[x.TaskKey]); ok && !o.Archived && o.Properties["hs_task_status"] != "COMPLETED" {
								must(a.Archive(api, simulator.Tasks, o.ID))
							}
						}
					}
				}
				if len(pl.Entries) > 0 {
					if o2, ok := a.Object(simulator.Contacts, o.ID); ok {
						next = append(next, o2)
					}
				}
			}
			todo = next
		}
	}
	j := a.Journal()
	goLive, liveAt := j[len(j)-1].Seq, now
	work(true)
	var steps []time.Time
	for i := 0; i < 200; i++ {
		from := now
		now = now.Add(7 * time.Hour)
		steps = append(steps, now)
		w.Step(from, now)
		for _, o := range a.Owners() {
			owners[o.ID] = connector.Owner{ID: o.ID, Name: o.FirstName, Active: o.Active, Person: true}
		}
		work(false)
	}
	start := time.Now()
	report := audit.Run(audit.Input{Model: text, Journal: a.Journal(), Account: a, GoLive: goLive, GoLiveAt: liveAt, Steps: steps,
		Mapping: audit.Mapping{Stages: stages, Statuses: statuses, Order: order, Outcomes: outcomes, Scores: scores, ReasonsProperty: "leadsync_reasons", KeyProperty: "leadsync_key", Pipelines: map[string]string{"sales": "default"}, Language: "en", FallbackOwner: fallback}})
	t.Log("audit took", time.Since(start), len(a.Journal()))
	var b strings.Builder
	report.Write(&b)
	t.Log(b.String())
	for _, e := range a.Journal() {
		if (e.ID == "10000000819" && (e.Property == "lifecyclestage" || e.Property == "hs_lead_status")) || e.ID == "80000000089" {
			t.Log(e.Seq, e.At, e.Actor, e.Op, e.Type, e.Property, e.Old, "->", e.New)
		}
	}
	kinds := map[string]int{}
	for _, f := range report.Findings {
		kinds[f.What]++
	}
	var ks []string
	for k, n := range kinds {
		ks = append(ks, fmt.Sprint(k, " ", n))
	}
	sort.Strings(ks)
	t.Log(ks)
}
