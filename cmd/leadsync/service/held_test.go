package service_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"leadsync/cmd/leadsync/service"
	"leadsync/connector"
	"leadsync/connector/hubspot/simulator"
)

// broader reads what the demo's model never read: properties of contacts and companies, a counter, a kind of
// activity and an attribute. Each of them alone makes an MQL.
func broader(more ...string) []string {
	when := `bant == "yes" or ability == "high" or count("seminar") >= 2 or count("note") >= 1 or count("call", duration == "60000") >= 1`
	facts := "\n  bant: {from: [contact.bant]}\n  ability: {from: [company.ability]}"
	for _, name := range more {
		when += fmt.Sprintf(` or %s == "yes"`, name)
		facts += fmt.Sprintf("\n  %s: {from: [contact.%s]}", name, name)
	}
	return []string{
		"\n  email:            {from: [contact.email]}", facts + "\n  email:            {from: [contact.email]}",
		"direction: hs_call_direction}}", "direction: hs_call_direction, duration: hs_call_duration}}\n" +
			"  note:        {object: note}\n  seminar:     {counter: contact.seminars, last: contact.last_seminar}",
		"    minimum: 0\n    rules:\n      - {name: decision maker,", "    minimum: 0\n    rules:\n      - {name: needs it, when: bant == \"yes\", points: 7}\n      - {name: decision maker,",
		"- {stage: mql, scores: {fit: 40, engagement: 25}, gates: [territory, several_interactions]}", "- {stage: mql, when: '" + when + "'}",
	}
}

// crew are the contacts of a first load: each fulfils the broader model in one way that the demo's never read.
type crew struct {
	*rig
	company                                      string
	bant, employed, seminar, noted, called, none string
	call                                         string
}

func newCrew(t *testing.T) *crew {
	t.Helper()
	c := &crew{rig: newRig(t, rigOptions{limits: "repair_calls_per_minute: 6000, ", bulk: true})}
	for _, name := range []string{"bant", "second", "third", "seminars", "last_seminar"} {
		c.property(contacts, name)
	}
	c.property(simulator.Companies, "ability")
	person := func(name string, pairs ...string) string {
		p := map[string]string{"email": name + "@example.org", "lastname": name, "lifecyclestage": "lead", "second": "yes", "third": "yes"}
		for i := 0; i < len(pairs); i += 2 {
			p[pairs[i]] = pairs[i+1]
		}
		return c.must(c.account.CreateContact(user(), p))
	}
	c.company = c.must(c.account.CreateCompany(user(), map[string]string{"name": "Nordlicht", "ability": "high"}))
	c.bant = person("bant", "bant", "yes")
	c.employed = person("employed")
	c.done(c.account.Associate(user(), contacts, c.employed, simulator.Companies, c.company))
	c.seminar = person("seminar", "seminars", "3", "last_seminar", "2026-10-30T10:00:00Z")
	c.noted = person("noted")
	c.must(c.account.AddNote(user(), c.noted, "text", c.world()))
	c.called = person("called")
	c.call = c.must(c.account.LogCall(user(), c.called, simulator.Call{At: c.world(), Disposition: noAnswer, Direction: "INBOUND", Duration: time.Minute}))
	c.none = person("none")
	return c
}

func (c *crew) property(typ, name string) {
	c.t.Helper()
	c.done(c.account.AddProperty(typ, simulator.Property{Name: name, Label: name, Type: "string"}))
}

func (c *crew) done(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *crew) everybody() []string {
	return []string{c.bant, c.employed, c.seminar, c.noted, c.called, c.none}
}

// moved are the contacts that leadsync moved, and how many tasks there are.
func (c *crew) moved() (ids []string, tasks int) {
	for _, e := range c.account.Journal() {
		if e.Actor.Kind == simulator.API && e.Property == "lifecyclestage" {
			ids = append(ids, e.ID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), len(c.account.Objects(simulator.Tasks))
}

func (c *crew) wantMoved(when string, want ...string) {
	c.t.Helper()
	slices.Sort(want)
	if ids, tasks := c.moved(); !slices.Equal(ids, want) || tasks != 0 {
		c.t.Fatalf("%s: moved %v and made %d tasks, want %v of %+v", when, ids, tasks, want, *c)
	}
}

func (c *crew) repaired() {
	c.t.Helper()
	c.advance(25 * time.Hour) // behind what the sweeps look at
	c.settle()
	c.svc.Runner("rig").Repair()
	c.eventually("repair walk", func() bool {
		walk, err := c.store.Feed(c.t.Context(), "48000001", "repair")
		return c.svc.Runner("rig").Wanted() == 0 && err == nil && walk.Complete
	})
	c.settle()
}

// Rule 1: another model is no change of a contact, whatever it reads that nobody has read before: not at the first
// reading, not at one that something else caused, not when the walk finds it, and not after several models. What
// both read releases as ever, and from then on what only the new one reads.
func TestStory_anotherModelReadsMore(t *testing.T) {
	c := newCrew(t)
	c.start()
	c.wantMoved("at first")
	c.remodel(broader()...)
	c.restart()
	c.settle()
	c.wantMoved("with another model")
	for _, id := range c.everybody() { // of no interest to either model
		c.set(id, "website", "https://example.org/"+id)
		c.set(id, "bant", c.prop(id, "bant"))
	}
	c.done(c.account.Set(user(), simulator.Companies, c.company, map[string]string{"phone": "+49 30 1"}))
	c.done(c.account.Set(user(), simulator.Calls, c.call, map[string]string{"hs_call_title": "Call"}))
	c.settle()
	c.wantMoved("after changes that nobody reads")
	c.repaired()
	c.wantMoved("after a repair walk")
	if got := c.prop(c.bant, "leadsync_fit"); got != "7" {
		t.Errorf("the score of what was never read before is %q, want 7", got)
	}
	c.remodel(broader("second")...)
	c.restart()
	c.eventually("working", func() bool { return c.svc.Runner("rig").State() == service.StateWorking })
	c.remodel(broader("second", "third")...) // before everybody was looked at with the second
	c.restart()
	c.settle()
	for _, id := range c.everybody() {
		c.set(id, "website", "https://example.net/"+id)
	}
	c.repaired()
	c.wantMoved("after two more models")
	c.set(c.none, "jobtitle", "Head of Cranes") // which all of them read
	c.settle()
	c.wantMoved("a fact that every model read", c.none)
	c.advance(time.Hour)
	c.set(c.bant, "bant", "")
	c.set(c.seminar, "seminars", "4")
	c.done(c.account.Set(user(), simulator.Companies, c.company, map[string]string{"ability": "higher"}))
	c.must(c.account.AddNote(user(), c.noted, "text", c.world()))
	c.done(c.account.Set(user(), simulator.Calls, c.call, map[string]string{"hs_call_duration": "70000"}))
	c.settle()
	c.wantMoved("what only the new ones read", c.everybody()...)
}

// What changes while nobody is there, and the model with it, is a change all the same.
func TestStory_changedWhileTheModelChanged(t *testing.T) {
	c := newCrew(t)
	c.start()
	c.stop()
	c.advance(time.Hour)
	c.set(c.none, "jobtitle", "Head of Cranes")
	c.must(c.account.LogCall(user(), c.called, simulator.Call{At: c.world(), Disposition: noAnswer, Direction: "INBOUND"}))
	c.done(c.account.Set(user(), simulator.Companies, c.company, map[string]string{"industry": "MACHINERY"}))
	c.remodel(broader("second")...)
	c.restart()
	c.settle()
	c.wantMoved("the fact, the call and the company", c.none, c.called, c.employed)
}

// People see how much was read of what the model reads now and nobody has read before.
func TestFill_isShown(t *testing.T) {
	c := newCrew(t)
	c.start()
	c.remodel(broader()...)
	c.restart()
	c.settle()
	fills, err := c.store.Fills(t.Context(), "48000001")
	if err != nil || len(fills) != 3 { // calls, companies, contacts
		t.Fatalf("%+v (%v)", fills, err)
	}
	for _, fill := range fills {
		if fill.UnderWay() || fill.Done != fill.Total || fill.Done == 0 {
			t.Errorf("%+v", fill)
		}
	}
	if strings.Contains(c.get("/readyz"), `"fills"`) {
		t.Error("what is over is shown")
	}
	c.stop()
	fence, ok, err := c.store.Acquire(t.Context(), "48000001", "test", time.Minute)
	if err != nil || !ok {
		t.Fatal(err)
	}
	_, err = c.store.BeginFill(t.Context(), fence, map[connector.ObjectType][]string{connector.TypeContact: {"email", "shoe_size"}}, "")
	c.done(err)
	var shown struct {
		Portals []struct{ Fills []service.Fill }
	}
	c.done(json.Unmarshal([]byte(c.get("/readyz")), &shown))
	const want = "0 of 6 records of type contact read under this model (never read before: shoe_size)"
	if f := shown.Portals[0].Fills; len(f) != 1 || f[0].Text() != want {
		t.Errorf("%+v", f)
	}
}
