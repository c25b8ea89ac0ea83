package modeltest

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

const (
	// maxRounds is how often a plan is made again at one moment: it comes to rest after two or three.
	maxRounds = 20
	// maxLooks is how often time alone is looked at between two steps: with the finest grid once an hour for years.
	maxLooks = 50_000
)

// planned is one action with when it was planned and what was to be made.
type planned struct {
	workflows.Action
	at   time.Time
	task connector.Task
	deal connector.Deal
}

// player is one lead in an account of its own.
type player struct {
	file   *File
	portal *workflows.Portal
	record workflows.LeadRecord
	lookAt time.Time
	made   int
	band   string // tier or grade before there was a deal

	// since is what was planned since the last expectations were looked at.
	since      []planned
	evaluation scoring.Evaluation
	lead       scoring.Lead
	cover      *coverage
	// touched are the tasks that a rep edited.
	touched map[connector.ObjectID]bool
}

func newPlayer(f *File, names connector.Names, story Story, cover *coverage) *player {
	id := connector.ObjectID("1")
	p := &player{file: f, portal: portalOf(f, names), cover: cover}
	p.record = workflows.LeadRecord{
		ID:      id,
		Contact: connector.Object{Type: connector.TypeContact, ID: id, Properties: map[string]string{}},
	}
	if len(story.steps) > 0 {
		p.record.Contact.CreatedAt = story.steps[0].at.UTC()
	}
	p.set(story.facts)
	return p
}

// portalOf is the account that a model was written for: every name is its own value, and everything is on.
func portalOf(f *File, names connector.Names) *workflows.Portal {
	p := &workflows.Portal{
		ID: "1", Name: "stories", Language: f.language, Names: names, Modes: map[workflows.Class]workflows.Mode{},
		Stages: map[string]string{}, Statuses: map[string]string{}, Pipelines: map[string]workflows.Pipeline{}, Lists: map[string]string{},
		Calendar: f.calendar, DueAt: morning * time.Hour, KeyProperty: keyProperty, Queues: map[string]string{},
	}
	for _, class := range workflows.Classes() {
		p.Modes[class] = workflows.ModeOn
	}
	for _, s := range f.Model.Stages() {
		p.Stages[s.Name] = s.Name
		if !s.SideTrack {
			p.Order, p.CompanyOrder = append(p.Order, s.Name), append(p.CompanyOrder, s.Name)
		}
	}
	for _, s := range f.Model.Statuses() {
		p.Statuses[s] = s
	}
	for _, u := range f.Model.FollowUps() {
		if u.Deal != nil {
			mapPipelines(p, u.Deal.Pipelines)
		}
		if u.Lists != nil {
			for _, list := range append(append([]string(nil), u.Lists.Add...), u.Lists.Remove...) {
				p.Lists[list] = list
			}
		}
	}
	show(p, f.Model)
	reachOut(p, f.Model)
	return p
}

// step lets time pass until the step, lets its events happen, and plans until nothing is left to do.
func (p *player) step(s step) error {
	p.since = nil
	if err := p.pass(s.at); err != nil {
		return err
	}
	p.judge(s.at)
	p.happen(s)
	for _, d := range s.deeds {
		if err := p.do(d, s.at.UTC()); err != nil {
			return err
		}
	}
	defer func() { p.record.Told = false }() // the history is read with what it explains
	return p.settle(s.at)
}

// pass looks at the lead whenever a plan asked for it.
func (p *player) pass(until time.Time) error {
	for range maxLooks {
		at := p.lookAt
		if at.IsZero() || !at.Before(until) {
			return nil
		}
		if err := p.settle(at); err != nil {
			return err
		}
		if !p.lookAt.After(at) {
			p.lookAt = time.Time{}
		}
	}
	return fmt.Errorf("%d looks at the lead before %s: %w", maxLooks, until.Format(clockLayout), errRestless)
}

// settle evaluates, plans and carries the plan out until there is nothing left to do.
func (p *player) settle(now time.Time) error {
	now = now.UTC()
	for range maxRounds {
		p.lead = workflows.LeadOf(p.portal, p.file.Model, p.record)
		p.evaluation = p.file.Model.Evaluate(p.lead, now)
		plan := workflows.Plan(workflows.Situation{
			Portal: p.portal, Model: p.file.Model, Record: p.record, Lead: p.lead, Evaluation: p.evaluation, Now: now,
		})
		p.cover.see(p.evaluation)
		state := plan.State
		p.record.State, p.lookAt = &state, plan.LookAt
		effects := 0
		for _, e := range plan.Entries {
			if err := p.apply(e); err != nil {
				return err
			}
		}
		for _, a := range plan.Actions {
			if a.Mode == workflows.ModeOn {
				effects++
			}
			p.note(a, plan.Entries, now)
		}
		p.cover.stand(state.Stage, state.Status)
		if effects == 0 {
			return nil
		}
	}
	return fmt.Errorf("planned %d times at %s: %w", maxRounds, now.Format(clockLayout), errRestless)
}

// note remembers an action, what it makes included. Scores are written all the time; no story is about that.
func (p *player) note(a workflows.Action, entries []workflows.OutboxEntry, now time.Time) {
	p.cover.act(a)
	if a.Class == workflows.ClassScore || a.Mode != workflows.ModeOn && !unmade(a) {
		return
	}
	n := planned{Action: a, at: now}
	for _, e := range entries {
		if e.Key != a.Key || e.Kind != a.Kind {
			continue
		}
		var err error
		switch e.Kind {
		case workflows.KindTask:
			err = json.Unmarshal(e.Payload, &n.task)
		case workflows.KindAmend:
			var amend workflows.AmendPayload
			err = json.Unmarshal(e.Payload, &amend)
			n.task = amend.Task
		case workflows.KindDeal:
			err = json.Unmarshal(e.Payload, &n.deal)
		case workflows.KindUpdate, workflows.KindClose, workflows.KindBack, workflows.KindList, workflows.KindCompany, workflows.KindDelete:
		}
		if err != nil {
			panic(fmt.Sprintf("read payload of %s: %v", e.Key, err)) // the plan wrote it a moment ago
		}
	}
	p.since = append(p.since, n)
}

// apply does in the account what an entry of the outbox asks for.
func (p *player) apply(e workflows.OutboxEntry) error {
	switch e.Kind {
	case workflows.KindUpdate:
		var u workflows.UpdatePayload
		if err := json.Unmarshal(e.Payload, &u); err != nil {
			return fmt.Errorf("read payload of %s: %w", e.Key, err)
		}
		for property, value := range u.Properties {
			p.property(property, value)
		}
	case workflows.KindBack:
		var b workflows.BackPayload
		if err := json.Unmarshal(e.Payload, &b); err != nil {
			return fmt.Errorf("read payload of %s: %w", e.Key, err)
		}
		p.property(b.Property, b.To)
	case workflows.KindDeal:
		var d connector.Deal
		if err := json.Unmarshal(e.Payload, &d); err != nil {
			return fmt.Errorf("read payload of %s: %w", e.Key, err)
		}
		p.deal(opened(d), e.PlannedAt)
	case workflows.KindCompany:
		return p.moveCompany(e)
	case workflows.KindTask, workflows.KindAmend, workflows.KindClose:
		return p.doTask(e)
	case workflows.KindDelete: // only an operator orders it
	case workflows.KindList: // the account has no say in what follows from them
	}
	return nil
}

// happen lets the events of a step happen.
func (p *player) happen(s step) {
	p.set(s.facts)
	for _, a := range s.acts {
		p.act(a, s.at.UTC())
	}
	if s.deal.is != "" {
		p.deal(s.deal, s.at)
	}
	names := p.portal.Names
	if s.stage != nil {
		p.chooses(names.Stage, *s.stage, s.by, s.at.UTC())
	}
	if s.status != nil {
		p.chooses(names.Status, *s.status, s.by, s.at.UTC())
	}
}

func (p *player) property(name, value string) {
	if value == "" {
		delete(p.record.Contact.Properties, name)
		return
	}
	p.record.Contact.Properties[name] = value
}

// set gives facts their values, on the contact or on its company.
func (p *player) set(changes []factChange) {
	for _, c := range changes {
		kind, property, _ := strings.Cut(c.source, ".")
		if kind == "contact" {
			p.property(property, c.value)
			continue
		}
		p.company().Properties[property] = c.value
	}
}

// act lets something happen, the last time at the given moment and the others just before it.
func (p *player) act(a act, at time.Time) {
	for n := range a.times {
		when := at.Add(-time.Duration(a.times-1-n) * time.Millisecond)
		if a.kind.Counter != nil {
			p.count(a, when)
			continue
		}
		p.made++
		props := map[string]string{p.portal.Names.ActivityTime: when.Format(time.RFC3339Nano)}
		for attribute, value := range a.attributes {
			props[a.kind.Attributes[attribute]] = value
		}
		p.record.Activities = append(p.record.Activities, connector.Object{
			Type: connector.ObjectType(a.kind.Object), ID: connector.ObjectID(strconv.Itoa(p.made)), Properties: props, CreatedAt: when,
		})
	}
}

// count moves a roll-up of the contact on, with the history that the CRM keeps of it.
func (p *player) count(a act, when time.Time) {
	c, date := a.kind.Counter, when.Format(time.RFC3339Nano)
	write := func(property, value string) {
		if property == "" {
			return
		}
		p.property(property, value)
		p.record.Observations = append(p.record.Observations, workflows.Observation{
			Property: property, Value: value, At: when, Known: workflows.KnownHistory, Origin: connector.OriginMachine,
		})
	}
	if c.Property != "" {
		n, err := strconv.Atoi(p.record.Contact.Properties[c.Property])
		if err != nil {
			n = 0 // it never happened before
		}
		write(c.Property, strconv.Itoa(n+1))
	}
	write(c.LastProperty, date)
	if c.FirstProperty != "" && p.record.Contact.Properties[c.FirstProperty] == "" {
		write(c.FirstProperty, date)
	}
	for attribute, property := range a.kind.Attributes {
		write(property, a.attributes[attribute])
	}
}
