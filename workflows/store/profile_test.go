package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

// canary is what must not be in the database any more.
const canary = "canary"

// behaviour are the properties of these tests that tell what a contact did.
func behaviour() []string { return []string{"visits", "score", "stage"} }

// unprofiled is the decision that a contact must not be profiled.
func unprofiled(id connector.ObjectID, stopped bool, entries ...workflows.OutboxEntry) workflows.Decided {
	d := workflows.Decided{ID: id, State: workflows.LeadState{Root: id, EvaluatedAt: business}, Entries: entries}
	d.State.Unprofiled, d.Behaviour, d.Stopped = business, behaviour(), stopped
	return d
}

// call stores a call with its contacts, as a sweep does.
func (b *bench) call(id connector.ObjectID, outcome string, contacts ...connector.ObjectID) {
	b.Helper()
	page := workflows.PulledPage{
		Type: connector.TypeCall, Objects: []connector.Object{object(connector.TypeCall, id, 0, "outcome", outcome)}, Properties: []string{"outcome"},
		LinkTypes: []connector.ObjectType{connector.TypeContact},
	}
	for _, c := range contacts {
		page.Links = append(page.Links, connector.Link{FromType: connector.TypeCall, FromID: id, ToType: connector.TypeContact, ToID: c})
	}
	b.page(page)
}

// loadedAll stores contacts with all properties of these tests.
func (b *bench) loadedAll(people ...connector.Object) {
	b.Helper()
	b.page(workflows.PulledPage{
		Type: connector.TypeContact, Objects: people, Properties: []string{"email", "visits", "consent"}, Behaviour: behaviour(), Quiet: true,
	})
}

// watchedPast gives contact 1 a past in every table that has one. What tells of it has a canary in it.
func (b *bench) watchedPast() {
	b.Helper()
	b.observe("1", workflows.Observation{Property: "visits", Value: canary, At: business, Known: workflows.KnownReading})
	b.loadedAll(person("1", 1, "email", "ada@example.com", "visits", canary, "consent", "no"), person("2", 0, "email", "bob@example.com"))
	b.call("70", canary, "1")
	b.call("71", "shared", "1", "2")
	b.submit(connector.Submission{ID: canary, Email: "ada@example.com", At: business})
	b.must(b.store.SaveVisits(b.ctx, b.fence, workflows.VisitPage{
		Contact: "1", Next: "more", At: business, Visits: []connector.Occurrence{{ID: canary, At: business}},
	}))
	b.receive(delivery("d1", event(canary, "1"), event("harmless", "2")))
	reason := scoring.Reason{Code: "activity_sets_status", Params: map[string]string{"activity": canary}}
	text := task("1", "t1")
	text.Payload = fmt.Appendf(nil, `{"Key":"t1","Subject":%q,"BodyHTML":%q,"Contact":"1"}`, canary, canary)
	text.Reason = reason
	b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{
		ID: "1", State: workflows.LeadState{Root: "1"}, Entries: []workflows.OutboxEntry{
			update("1", workflows.ClassScore, "score", canary), update("1", workflows.ClassStage, "stage", canary), text, closing("close/t0", "t0"),
		},
		Decision: &workflows.Decision{
			Contact: "1", No: 1, At: business, Reason: scoring.Reason{Code: "planned", Params: map[string]string{"seen": canary}},
			Actions: []workflows.Action{{Class: workflows.ClassStatus, Rule: "call again", From: canary, To: canary, Reason: reason}},
		},
	}}))
	b.take(workflows.KindUpdate, 1, nil) // remembered as pushed
	settled := []workflows.Settlement{}
	for _, class := range []workflows.Class{workflows.ClassScore, workflows.ClassStage} {
		settled = append(settled, workflows.Settlement{Key: "contact/1/" + string(class), Attempt: 1, State: workflows.StateSettled})
	}
	b.must(b.store.Settle(b.ctx, b.fence, settled[:1]))
	b.must(b.store.Settle(b.ctx, b.fence, []workflows.Settlement{{Key: settled[1].Key, Attempt: 1, State: workflows.StateReady}}))
}

func TestUnprofiled_nothingIsLeft(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.watchedPast()
		if before := strings.Count(b.dump(), canary); before < 12 {
			b.Fatalf("the past has only %d canaries", before)
		}
		taking := update("1", workflows.ClassScore, "score", "")
		taking.Reason.Code = scoring.ReasonUnprofiled
		stop := unprofiled("1", true, taking, closing("close/t1", "t1"))
		stop.CancelKeys = []string{"t1"}
		b.decideRead(stop)
		for _, table := range b.tables() {
			if text := b.table(table); table != "event_keys" && strings.Contains(text, canary) {
				b.Errorf("%s keeps\n%s", table, text)
			}
		}
		lead := b.lead("1")
		if len(lead.Activities)+len(lead.Observations)+len(lead.Submissions)+len(lead.Visits) != 0 || len(b.wanted()) != 0 {
			b.Errorf("the contact has %+v", lead)
		}
		if diff := cmp.Diff(map[string]string{"email": "ada@example.com", "consent": "no"}, lead.Contact.Properties); diff != "" {
			b.Errorf("the mirror (-want +got):\n%s", diff)
		}
		if other := b.lead("2"); len(other.Activities) != 1 || other.Activities[0].Properties["outcome"] != "shared" {
			b.Errorf("the other contact has %+v", other.Activities)
		}
		if !strings.Contains(b.table("deliveries"), "harmless") {
			b.Error("events about others are gone too")
		}
		var states []string
		for _, key := range []string{"contact/1/score", "contact/1/stage", "t1", "close/t0", "close/t1"} {
			states = append(states, key+" "+string(b.entry(key).State))
		}
		want := []string{"contact/1/score ready", "contact/1/stage cancelled", "t1 cancelled", "close/t0 ready", "close/t1 ready"}
		if diff := cmp.Diff(want, states); diff != "" {
			b.Errorf("outbox (-want +got):\n%s", diff)
		}
		decisions, err := b.store.Decisions(b.ctx, portal, "1", 10)
		b.must(err)
		if got := decisions[0].Actions[0]; got.Rule != "call again" || got.Reason.Code != "activity_sets_status" || got.To != "…" {
			b.Errorf("what was decided is %+v", got)
		}
		// Looking once more leaves alone what takes back and was not sent yet.
		b.decideRead(unprofiled("1", false))
		if got := b.entry("contact/1/score"); got.State != workflows.StateReady || !strings.Contains(string(got.Payload), `"score":""`) {
			b.Errorf("the clearing is %s with %s", got.State, got.Payload)
		}
	})
}

// What is being sent may have arrived: it is left to its settlement.
func TestUnprofiled_sending(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.plan("1", task("1", "t1"))
		b.take(workflows.KindTask, 1, nil)
		b.decideRead(unprofiled("1", true))
		if got := b.entry("t1"); got.State != workflows.StateSending || !strings.Contains(string(got.Payload), "Call back") {
			b.Errorf("entry is %s with %s", got.State, got.Payload)
		}
	})
}

func TestUnprofiled_noFeedCollects(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.submit(connector.Submission{ID: "waits" + canary, Email: "new@example.com", At: business})
		b.loaded(person("1", 0, "email", "ada@example.com"), person("2", 0, "email", "bob@example.com"))
		b.decideRead(unprofiled("1", true))
		b.settleAll()
		for range 2 { // each feed shows it again and again
			b.call("70", canary, "1")
			b.call("71", "shared", "1", "2")
			b.submit(connector.Submission{ID: canary, Email: "ada@example.com", At: business})
			b.must(b.store.SaveVisits(b.ctx, b.fence, workflows.VisitPage{
				Contact: "1", Next: "more", At: business, Visits: []connector.Occurrence{{ID: canary, At: business}},
			}))
			b.loadedAll(person("1", 1, "email", "ada@example.com", "visits", canary)) // a first load that is walked again
		}
		b.loadedAll(person("1", 1, "email", "new@example.com", "visits", canary)) // a submission waits under this address
		// Known to a sweep and to the repair walk, a contact whose roll-ups alone have moved does not differ.
		count := b.page(workflows.PulledPage{
			Type: connector.TypeContact, Objects: []connector.Object{person("1", 2, "email", "new@example.com", "visits", canary)},
			Properties: []string{"email", "visits"}, Behaviour: behaviour(), HintOnly: true,
		})
		if count.Changed != 0 || count.Due != 0 {
			b.Errorf("it differs: %+v", count)
		}
		if text := b.dump(); strings.Contains(text, canary) {
			b.Errorf("collected:\n%s", text)
		}
		if other := b.lead("2").Activities; len(other) != 1 || other[0].Properties["outcome"] != "shared" {
			b.Errorf("the other contact has %+v", other)
		}
		if n := b.count("SELECT COUNT(*) FROM objects WHERE type = 'call'"); n != 2 {
			b.Errorf("%d calls are known to be there, want 2", n)
		}
		if got := b.dueIDs(); !slices.Equal(got, []string{"contact 2"}) {
			b.Errorf("due is %v, want the other contact of the shared call", got)
		}
		// An event may say that it is allowed again: it is worked on, but not kept.
		if got := b.receive(delivery("d1", event("e1"+canary, "1"), event("e2", "2"))); got.Fresh != 2 {
			b.Errorf("received %+v", got)
		}
		if text := b.table("deliveries"); strings.Contains(text, canary) || !strings.Contains(text, "e2") {
			b.Errorf("kept %s", text)
		}
		if got := b.dueIDs(); !slices.Contains(got, "contact 1") {
			b.Errorf("due is %v", got)
		}
	})
}

// Allowed again, the feeds collect as of any other contact.
func TestUnprofiled_allowedAgain(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.loaded(person("1", 0, "email", "ada@example.com"))
		b.decideRead(unprofiled("1", true))
		b.call("70", "no_answer", "1")
		b.decideRead(workflows.Decided{ID: "1", State: workflows.LeadState{Root: "1"}})
		b.call("70", "connected", "1")
		b.submit(sub("a", "ada@example.com", 1))
		if lead := b.lead("1"); len(lead.Activities) != 1 || lead.Activities[0].Properties["outcome"] != "connected" || len(lead.Submissions) != 1 {
			b.Errorf("collected %+v, %+v", lead.Activities, lead.Submissions)
		}
	})
}

// A decision from the mirror cannot allow it: the contact is read first.
func TestUnprofiled_again(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.loaded(person("1", 0))
		d := unprofiled("1", false)
		d.Again = true
		b.decideRead(d)
		if got := b.due(); len(got) != 1 || !got[0].Hinted {
			b.Errorf("due is %+v", got)
		}
	})
}

func TestUnprofiled_merges(t *testing.T) {
	for name, c := range map[string]struct {
		survivor bool // has a state
		private  connector.ObjectID
		want     int
	}{
		"the survivor must not be":                     {true, "2", 1},
		"the one merged away must not be":              {true, "1", 0},
		"the one merged away, and the survivor is new": {false, "1", 0},
	} {
		t.Run(name, func(t *testing.T) {
			eachDatabase(t, func(b *bench) {
				b.loaded(person("1", 0), person("2", 0))
				if c.survivor {
					b.decideRead(workflows.Decided{ID: "2", State: workflows.LeadState{Root: "2"}})
				}
				b.decideRead(workflows.Decided{ID: "1", State: workflows.LeadState{Root: "1", Episodes: map[string]int{"r": 1}}})
				b.decideRead(unprofiled(c.private, true))
				b.decideRead(workflows.Decided{ID: "1", Gone: true, Survivor: "2", State: b.state("1")})
				count, err := b.store.ProfileCount(b.ctx, portal)
				b.must(err)
				if private := !b.state("2").Unprofiled.IsZero(); count.Unprofiled != c.want || private != (c.want == 1) {
					b.Errorf("%d must not be profiled, the survivor: %v", count.Unprofiled, private)
				}
				b.call("70", "connected", "2")
				if n := len(b.lead("2").Activities); n != 1-c.want {
					b.Errorf("the survivor has %d activities", n)
				}
			})
		})
	}
}

func (b *bench) state(id connector.ObjectID) workflows.LeadState {
	b.Helper()
	if s := b.lead(id).State; s != nil {
		return *s
	}
	return workflows.LeadState{}
}

func TestViolations(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.loaded(person("1", 0), person("2", 0), person("3", 0))
		decide := func(id connector.ObjectID, minute int, names ...string) {
			d := workflows.Decided{ID: id, State: workflows.LeadState{Root: id}}
			for _, name := range names {
				d.State.Violations = append(d.State.Violations, workflows.Violation{Invariant: name, Since: business.Add(time.Duration(minute) * time.Minute)})
			}
			b.decideRead(d)
		}
		decide("1", 3, "a", "b")
		decide("2", 2, "a")
		decide("3", 1, "a")
		decide("3", 1)
		count, err := b.store.ProfileCount(b.ctx, portal)
		b.must(err)
		want := workflows.ProfileCount{Violations: []workflows.ViolationCount{
			{Invariant: "a", Contacts: 2, Since: business.Add(2 * time.Minute)}, {Invariant: "b", Contacts: 1, Since: business.Add(3 * time.Minute)},
		}}
		if diff := cmp.Diff(want, count); diff != "" {
			b.Errorf("counts (-want +got):\n%s", diff)
		}
		b.wantViolations("", 10, "a 2", "a 1", "b 1")
		b.wantViolations("a", 1, "a 2")
		b.wantViolations("b", 10, "b 1")
		b.decideRead(workflows.Decided{ID: "2", Gone: true})
		b.must(b.store.Erase(b.ctx, portal, "1"))
		b.wantViolations("", 10)
	})
}

func (b *bench) wantViolations(invariant string, limit int, want ...string) {
	b.Helper()
	found, err := b.store.Violations(b.ctx, portal, invariant, limit)
	b.must(err)
	var got []string
	for _, v := range found {
		got = append(got, v.Invariant+" "+string(v.Contact))
	}
	if !slices.Equal(got, want) {
		b.Errorf("violations of %q are %v, want %v", invariant, got, want)
	}
}

// Notes are records behind the plan's, and there once if the same unit is saved again.
func TestNotes(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.loaded(person("1", 0))
		d := workflows.Decided{ID: "1", State: workflows.LeadState{Root: "1", Decisions: 1, EvaluatedAt: business, Model: "m"}}
		d.Decision = &workflows.Decision{Contact: "1", No: 1, At: business, Model: "m", Reason: scoring.Reason{Code: "planned"}}
		for _, name := range []string{"a", "b"} {
			d.Notes = append(d.Notes, scoring.Reason{Code: workflows.ReasonInvariantBroken, Params: map[string]string{"invariant": name}})
		}
		b.decideRead(d)
		b.decideRead(d)
		d.Notes, d.Decision.No, d.Decision.At = nil, 2, business.Add(time.Hour) // counted without them
		b.decideRead(d)
		decisions, err := b.store.Decisions(b.ctx, portal, "1", 10)
		b.must(err)
		var got []string
		for _, one := range decisions {
			got = append(got, fmt.Sprintf("%d %s%s %s", one.No, one.Reason.Code, one.Reason.Params["invariant"], one.Model))
		}
		want := []string{"4 planned m", "3 invariant_brokenb m", "2 invariant_brokena m", "1 planned m"}
		if diff := cmp.Diff(want, got); diff != "" {
			b.Errorf("decisions (-want +got):\n%s", diff)
		}
	})
}
