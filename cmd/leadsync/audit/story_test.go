package audit_test

import (
	"math"
	"strconv"
	"testing"
	"time"

	"leadsync/cmd/leadsync/audit"
	"leadsync/connector/hubspot/simulator"
)

const modelText = `
model: tested
grid: 1h
push_step: 5
facts:
  email:      {from: [contact.email]}
  domain:     {from: [contact.email@domain]}
  job_title:  {from: [contact.jobtitle]}
  employees:  {from: [company.numberofemployees], type: number}
  call_back:  {from: [contact.closedate], type: time}
  budget:     {from: [contact.annualrevenue], type: number}
  open_deals: {count: open_deals}
activities:
  form: {counter: contact.num_conversion_events, last: contact.recent_conversion_date, attributes: {name: contact.recent_conversion_event_name}}
  call: {object: call, attributes: {outcome: hs_call_disposition}}
scores:
  fit:
    rules:
      - {name: decision maker, when: 'has_word(job_title, "geschäftsführer*", "ceo")', points: 30}
      - {name: small, when: employees < 10, points: -12.5}
  engagement:
    maximum: 100
    rules:
      - {name: form, activity: form, points: 20, cap: 60, half_life: 30d}
grades:
  letter: {score: fit, A: 30, B: 10}
  number: {score: engagement, 1: 101}
tiers: {hot: [A1, A2]}
gates:
  no_rival: {requires: 'domain != "rival.example"', ask: "Whom?"}
lifecycle:
  - {stage: lead, when: known(email)}
  - {stage: mql, scores: {fit: 30, engagement: 15}, gates: [no_rival]}
  - {stage: sql, owner: sales, direct: 'count("call", outcome == "connected") >= 1'}
  - {stage: opportunity, when: open_deals >= 1}
  - {stage: other, side_track: true, when: domain == "partner.example"}
lead_status:
  - {status: new, on_stage: sql}
  - {status: attempted, activity: call, where: 'outcome == "no_answer"'}
  - {status: bad_timing}
  - {status: open_deal}
  - {status: unqualified}
follow_ups:
  - {name: first contact, on_status: new, task: {kind: call, due: 1wd, priority: high, subject: "First call: {name}"}}
  - {name: call again, on_status: attempted, task: {kind: call, due: 2d, subject: {en: "Call {name} again", de: "{name} erneut anrufen"}}}
  - {name: later, on_status: bad_timing, task: {kind: todo, due: 30d, due_fact: call_back, subject: "Ask {name} later"}}
  - {name: open deal, on_status: open_deal, deal: {name: "{company}: {name}", pipeline: sales, amount: budget, close_in: 60d}}
  - {name: close all, on_status: unqualified, close_tasks: true}
`

var (
	person   = simulator.Actor{Kind: simulator.User, ID: "7"}
	leadsync = simulator.Actor{Kind: simulator.API, ID: "1"}
)

// story is an account in which people do things, and in which the test does what leadsync should do, except
// where it is told to go wrong.
type story struct {
	t       *testing.T
	account *simulator.Account
	now     time.Time
	wrong   string // which of the deeds of leadsync goes wrong, see is
	met     bool   // the wrong deed was met
	goLive  int
	liveAt  time.Time
	owner   string
	gone    string // an owner who has left
	ada     string
	ben     string
	company string
	tasks   map[string]string // by subject, the last
	first   string            // the task of the first call
	keys    int
	forms   map[string][]time.Time
	steps   []time.Time
}

func newStory(t *testing.T, wrong string) *story {
	t.Helper()
	s := &story{t: t, wrong: wrong, now: at("2026-03-02 09:00"), tasks: map[string]string{}, forms: map[string][]time.Time{}}
	wall := at("2026-01-01 00:00")
	s.account = simulator.New(simulator.Options{
		Now:  func() time.Time { return s.now },
		Wall: func() time.Time { wall = wall.Add(time.Millisecond); return wall },
	})
	for _, name := range []string{"leadsync_fit", "leadsync_engagement", "leadsync_score"} {
		s.must(s.account.AddProperty(simulator.Contacts, simulator.Property{Name: name, Type: "number", FieldType: "number"}))
	}
	s.must(s.account.AddProperty(simulator.Contacts, simulator.Property{Name: "leadsync_reasons", Type: "string", FieldType: "text"}))
	for _, name := range []string{"leadsync_grade", "leadsync_tier"} {
		s.must(s.account.AddProperty(simulator.Contacts, simulator.Property{Name: name, Type: "string", FieldType: "text"}))
	}
	for _, typ := range []string{simulator.Tasks, simulator.Deals} {
		s.must(s.account.AddProperty(typ, simulator.Property{Name: "leadsync_key", Type: "string", FieldType: "text"}))
	}
	s.owner = s.account.CreateOwner("Rita Rep", "rita@our-company.example", true)
	s.gone = s.account.CreateOwner("Gus Gone", "gus@our-company.example", false)
	return s
}

func at(s string) time.Time {
	t, err := time.Parse("2006-01-02 15:04", s)
	if err != nil {
		panic(err)
	}
	return t
}

func (s *story) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// is reports whether this deed is the one that goes wrong.
func (s *story) is(deed string) bool {
	if s.wrong == deed {
		s.met = true
	}
	return s.wrong == deed
}

// load makes the account as it was before go-live.
func (s *story) load() {
	s.must(s.account.Load(func(add func(string, map[string]string, ...simulator.Link) string) {
		s.company = add(simulator.Companies, map[string]string{"name": "Muster GmbH", "numberofemployees": "200"})
		s.ada = add(simulator.Contacts, map[string]string{
			"email": "ada@muster.example", "firstname": "Ada", "lastname": "Beispiel", "jobtitle": "Geschaeftsfuehrerin",
			"lifecyclestage": "lead", "associatedcompanyid": s.company, "annualrevenue": "12000", "hubspot_owner_id": s.owner,
		}, simulator.Link{Type: simulator.Companies, ID: s.company})
		s.ben = add(simulator.Contacts, map[string]string{
			"email": "ben@partner.example", "firstname": "Ben", "lastname": "Probe", "lifecyclestage": "salesqualifiedlead",
			"hs_lead_status": "ATTEMPTED_TO_CONTACT",
		})
		add(simulator.Calls, map[string]string{"hs_timestamp": "2026-02-01T10:00:00Z", "hs_call_disposition": simulator.CallNoAnswer},
			simulator.Link{Type: simulator.Contacts, ID: s.ben})
	}))
	journal := s.account.Journal()
	s.goLive, s.liveAt = journal[len(journal)-1].Seq, s.now
}

func (s *story) form(contact string) {
	s.must(s.account.SubmitForm(contact, "Whitepaper", s.now))
	s.forms[contact] = append(s.forms[contact], s.now)
}

func (s *story) call(contact, outcome string) {
	_, err := s.account.LogCall(person, contact, simulator.Call{Disposition: outcome})
	s.must(err)
}

func (s *story) set(actor simulator.Actor, contact string, props map[string]string) {
	s.must(s.account.Set(actor, simulator.Contacts, contact, props))
}

// score writes the scores; the engagement is that of the forms, by the definition of a half-life.
func (s *story) score(contact string, fit int) {
	sum := 0.0
	for _, form := range s.forms[contact] {
		sum += 20 * math.Exp2(-math.Floor(s.now.Sub(form).Hours())/(30*24))
	}
	engagement := int(math.Round(sum))
	if s.is("score") && contact == s.ada && len(s.forms[contact]) > 0 {
		engagement++
	}
	s.set(leadsync, contact, map[string]string{
		"leadsync_fit": strconv.Itoa(fit), "leadsync_engagement": strconv.Itoa(engagement),
		"leadsync_score": strconv.Itoa(fit + engagement), "leadsync_reasons": "decision maker",
		"leadsync_grade": s.grade(fit), "leadsync_tier": s.tier(fit),
	})
}

func (s *story) grade(fit int) string {
	if s.is("grade") || fit < 10 {
		return "C2"
	}
	return map[bool]string{true: "A2", false: "B2"}[fit >= 30]
}

func (s *story) tier(fit int) string {
	if fit < 30 || s.is("tier") {
		return ""
	}
	return "hot"
}

type taskOf struct {
	contact, subject, kind, due, owner, priority string
}

func (s *story) task(x taskOf) string {
	props := map[string]string{
		"hs_task_subject": x.subject, "hs_task_type": x.kind, "hs_timestamp": x.due, "hubspot_owner_id": x.owner,
		"hs_task_status": "NOT_STARTED", "leadsync_key": s.key(),
	}
	if x.priority != "" {
		props["hs_task_priority"] = x.priority
	}
	id, err := s.account.Create(leadsync, simulator.Tasks, props, simulator.Link{Type: simulator.Contacts, ID: x.contact})
	s.must(err)
	s.tasks[x.subject] = id
	return id
}

// amend gives an open task the content of a new cause; what it keeps of the priority is up to the story.
func (s *story) amend(id string, x taskOf) {
	props := map[string]string{"hs_task_subject": x.subject, "hs_timestamp": x.due, "hubspot_owner_id": x.owner, "leadsync_key": s.key()}
	switch {
	case s.is("amended under the old key"):
		delete(props, "leadsync_key")
	case s.is("amended to a lower priority"):
		props["hs_task_priority"] = "MEDIUM"
	case s.is("amended without a subject"):
		delete(props, "hs_task_subject")
	case s.is("amended without a due date"):
		delete(props, "hs_timestamp")
	}
	s.must(s.account.Set(leadsync, simulator.Tasks, id, props))
	s.tasks[x.subject] = id
}

func (s *story) key() string {
	s.keys++
	if s.is("same key") && s.keys > 1 {
		return "key-1"
	}
	if s.is("no key") {
		return ""
	}
	return "key-" + strconv.Itoa(s.keys)
}

func (s *story) deal(contact, pipeline string, links ...simulator.Link) {
	props := map[string]string{
		"dealname": "Muster GmbH: Ada Beispiel", "pipeline": pipeline, "dealstage": "appointmentscheduled", "leadsync_key": s.key(),
		"amount": "12000", "hubspot_owner_id": s.owner, "closedate": s.now.AddDate(0, 0, 60).Format(time.RFC3339),
	}
	switch {
	case s.is("deal close date"):
		props["closedate"] = s.now.AddDate(0, 0, 61).Format(time.RFC3339)
	case s.is("deal name"):
		props["dealname"] = "Muster GmbH"
	case s.is("deal amount"):
		props["amount"] = "1200"
	case s.is("deal owner"):
		props["hubspot_owner_id"] = s.gone
	}
	if pipeline != "default" {
		props["dealstage"] = "147110231"
	}
	_, err := s.account.Create(leadsync, simulator.Deals, props, append(links, simulator.Link{Type: simulator.Contacts, ID: contact})...)
	s.must(err)
}

// owned makes a contact of an owner who is to be called, and the task of it for somebody.
func (s *story) owned(owner, taskOwner string) string {
	id, err := s.account.CreateContact(person, map[string]string{
		"email": "dora@muster.example", "firstname": "Dora", "lastname": "Neu", "hubspot_owner_id": owner, "lifecyclestage": "salesqualifiedlead",
	})
	s.must(err)
	s.set(leadsync, id, map[string]string{"hs_lead_status": "NEW"})
	s.score(id, 0)
	due := s.now.AddDate(0, 0, 1)
	for due.Weekday() == time.Saturday || due.Weekday() == time.Sunday {
		due = due.AddDate(0, 0, 1)
	}
	s.task(taskOf{id, "First call: Dora Neu", "CALL", due.Format(time.RFC3339), taskOwner, "HIGH"})
	return id
}

func (s *story) archive(task string) { s.must(s.account.Archive(leadsync, simulator.Tasks, task)) }

func (s *story) input(model string) audit.Input {
	return audit.Input{
		Model: []byte(model), Journal: s.account.Journal(), Account: s.account, GoLive: s.goLive, GoLiveAt: s.liveAt, Steps: s.steps,
		Mapping: audit.Mapping{
			Stages: map[string]string{
				"lead": "lead", "mql": "marketingqualifiedlead", "sql": "salesqualifiedlead", "opportunity": "opportunity", "other": "other",
			},
			Order: []string{"lead", "mql", "sql", "opportunity"},
			Statuses: map[string]string{
				"new": "NEW", "attempted": "ATTEMPTED_TO_CONTACT", "bad_timing": "BAD_TIMING", "open_deal": "OPEN_DEAL", "unqualified": "UNQUALIFIED",
			},
			Outcomes: map[string]string{simulator.CallConnected: "connected", simulator.CallNoAnswer: "no_answer"},
			Scores:   map[string]string{"fit": "leadsync_fit", "engagement": "leadsync_engagement", "total": "leadsync_score"},
			Grade:    "leadsync_grade", Tier: "leadsync_tier",
			ReasonsProperty: "leadsync_reasons", KeyProperty: "leadsync_key", Pipelines: map[string]string{"sales": "default"},
			Language: "en", FallbackOwner: s.owner,
		},
	}
}
