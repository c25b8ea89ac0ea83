package store_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

func TestLeads(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		state := workflows.LeadState{
			FactsHash: "h", Stage: "mql", StageSince: business, Episodes: map[string]int{"call": 2},
			Pushed: map[string]int64{"fit": 30}, Root: "1", Decisions: 1, Model: "v1", EvaluatedAt: business,
		}
		observations := []workflows.Observation{
			seen("forms", "1", business),
			{Property: "forms", Value: "3", At: business.Add(time.Minute), Known: workflows.KnownHistory, Origin: connector.OriginPerson, Source: "CRM_UI"},
			seen("last_form", "", business.Add(time.Minute)),
		}
		decision := workflows.Decision{
			Contact: "1", No: 1, At: business, Model: "v1", Reason: scoring.Reason{Code: "criteria_met", Params: map[string]string{"stage": "mql"}},
			Actions: []workflows.Action{{Class: workflows.ClassStage, Mode: workflows.ModeOn, Kind: workflows.KindUpdate, Key: "contact/1/stage", From: "lead", To: "mql"}},
		}
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{
			ID: "1", Objects: []connector.Object{person("1", 0, "email", "ada@example.com")}, Observations: observations,
			State: state, Decision: &decision, ChangesAt: business.Add(time.Hour),
		}}))
		b.page(calls([]connector.Link{link(connector.TypeCall, "7", "1")}, object(connector.TypeCall, "7", 0, "title", "x")))
		b.page(workflows.PulledPage{
			Type: connector.TypeDeal, Objects: []connector.Object{object(connector.TypeDeal, "9", 0)},
			Links: []connector.Link{link(connector.TypeDeal, "9", "1")}, LinkTypes: []connector.ObjectType{connector.TypeContact},
		})
		got, err := b.store.Leads(b.ctx, portal, []connector.ObjectID{"2", "1", "2"})
		b.must(err)
		want := []workflows.LeadRecord{{ID: "2"}, {
			ID: "1", Contact: person("1", 0, "email", "ada@example.com"), Observations: observations, State: &state,
			Activities: []connector.Object{object(connector.TypeCall, "7", 0, "title", "x")},
			Deals:      []connector.Object{object(connector.TypeDeal, "9", 0)}, ChangesAt: business.Add(time.Hour),
		}, {ID: "2"}}
		if diff := cmp.Diff(want, got); diff != "" {
			b.Error(diff)
		}
		stored := decision
		stored.Worker = b.fence.Worker
		decisions, err := b.store.Decisions(b.ctx, portal, "1", 5)
		b.must(err)
		if diff := cmp.Diff([]workflows.Decision{stored}, decisions); diff != "" {
			b.Error(diff)
		}
		for text, want := range map[string][]connector.ObjectID{
			"ADA@example.com": {"1"}, "1": {"1"}, "bob@example.com": nil, "": nil,
		} {
			ids, err := b.store.FindContact(b.ctx, portal, " "+text)
			b.must(err)
			if diff := cmp.Diff(want, ids); diff != "" {
				b.Errorf("find %q: %s", text, diff)
			}
		}
	})
}

func TestGone(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.plan("1", task("1", "k1"), update("1", workflows.ClassStage, "stage", "mql"))
		b.plan("2")
		b.page(calls([]connector.Link{link(connector.TypeCall, "7", "1")}, object(connector.TypeCall, "7", 0)))
		b.take(workflows.KindUpdate, 1, nil)
		rows := b.due()
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{
			ID: "1", Gone: true, Revision: rows[0].Revision, ChangesAt: business.Add(-time.Hour),
		}}))
		got := b.lead("1")
		if got.Contact.ID != "" || got.Activities != nil || got.State == nil || !got.ChangesAt.IsZero() {
			b.Errorf("what is left of the contact: %+v", got)
		}
		if ids := b.dueIDs(); ids != nil {
			b.Errorf("still due: %v", ids)
		}
		if one, two := b.entry("k1"), b.entry("contact/1/stage"); one.State != workflows.StateCancelled || two.State != workflows.StateCancelled {
			b.Errorf("outbox: %s and %s, want both cancelled", one.State, two.State)
		}
		ids, err := b.store.Contacts(b.ctx, portal, "", 10)
		b.must(err)
		backlog, err := b.store.Backlog(b.ctx, portal, business)
		b.must(err)
		if diff := cmp.Diff([]connector.ObjectID{"2"}, ids); diff != "" || backlog.Contacts != 1 {
			b.Errorf("contacts that are there: %v, counted %d", ids, backlog.Contacts)
		}
	})
}

// merged saves what is known after the CRM answered for contact 1 with contact 2.
func (b *bench) merged() {
	b.Helper()
	b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{ID: "1", Gone: true, Survivor: "2", Revision: 9}}))
}

func TestSurvivorInheritsEverything(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		state := workflows.LeadState{Stage: "mql", Root: "1", Decisions: 4, OpenTasks: map[string]string{"call": "k1"}}
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{
			ID: "1", Objects: []connector.Object{person("1", 0)}, State: state,
			Observations: []workflows.Observation{seen("forms", "1", business)},
			Entries:      []workflows.OutboxEntry{task("1", "k1"), update("1", workflows.ClassStage, "stage", "mql")},
		}}))
		b.page(calls([]connector.Link{link(connector.TypeCall, "7", "1")}, object(connector.TypeCall, "7", 0)))
		b.settleAll()
		b.merged()
		got := b.lead("2")
		if got.State == nil || got.State.Root != "1" || got.State.Stage != "mql" || got.State.Decisions != 0 ||
			len(got.Activities) != 1 || len(got.Observations) != 1 {
			b.Errorf("the survivor has %+v, state %+v", got, got.State)
		}
		if diff := cmp.Diff([]string{"contact 2"}, b.dueIDs()); diff != "" {
			b.Error(diff)
		}
		// The state says that the task exists, so the task must come, for the contact that is there.
		e := b.entry("k1")
		var payload connector.Task
		b.must(json.Unmarshal(e.Payload, &payload))
		if e.State != workflows.StateReady || e.Contact != "2" || payload.Contact != "2" || payload.Subject != "Call back" {
			b.Errorf("the open task: %+v, payload %+v", e, payload)
		}
		if e := b.entry("contact/1/stage"); e.State != workflows.StateCancelled {
			b.Errorf("an update of a contact that is gone: %+v", e)
		}
		ids, err := b.store.FindContact(b.ctx, portal, "1")
		b.must(err)
		if diff := cmp.Diff([]connector.ObjectID{"2"}, ids); diff != "" {
			b.Error(diff)
		}
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{ID: "2", Gone: true, Survivor: "3"}}))
		if n := b.count("SELECT COUNT(*) FROM aliases WHERE survivor = '3'"); n != 2 {
			b.Errorf("%d aliases lead to the last survivor, want 2", n)
		}
		if got := b.lead("3"); got.State == nil || got.State.Root != "1" {
			b.Errorf("the second survivor has %+v", got.State)
		}
	})
}

func TestSurvivorWithItsOwnHistory(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{
			{
				ID: "1", State: workflows.LeadState{
					Stage: "lead", Root: "1", Episodes: map[string]int{"call": 3, "mail": 1}, OpenTasks: map[string]string{"call": "k1", "mail": "k2"},
				},
				Observations: []workflows.Observation{seen("forms", "8", business)},
				Entries:      []workflows.OutboxEntry{task("1", "k1")},
			},
			{
				ID: "2", State: workflows.LeadState{
					Stage: "mql", Root: "2", Decisions: 2, Episodes: map[string]int{"call": 1, "visit": 2}, OpenTasks: map[string]string{"call": "k9"},
				},
				Observations: []workflows.Observation{seen("forms", "1", business)},
			},
		}))
		b.merged()
		got := b.lead("2")
		want := workflows.LeadState{
			Stage: "mql", Root: "1", Decisions: 2, Episodes: map[string]int{"call": 3, "mail": 1, "visit": 2},
			OpenTasks: map[string]string{"call": "k9", "mail": "k2"},
		}
		if diff := cmp.Diff(&want, got.State); diff != "" {
			b.Error(diff)
		}
		both := []workflows.Observation{seen("forms", "1", business), seen("forms", "8", business)}
		if diff := cmp.Diff(both, got.Observations); diff != "" {
			b.Errorf("observations: %s", diff)
		}
		if e := b.entry("k1"); e.State != workflows.StateCancelled {
			b.Errorf("a task of the one that is gone: %+v", e)
		}
	})
}

func TestErase(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		secret := event("e1", "815")
		secret.Raw = []byte(`{"objectId":815,"propertyValue":"canary"}`)
		other := event("e2", "8150")
		b.receive(delivery("d1", secret, other))
		for _, id := range []connector.ObjectID{"815", "2"} {
			e := update(id, workflows.ClassStage, "note", "canary")
			if id == "2" {
				e = update(id, workflows.ClassStage, "note", "kept")
			}
			b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{
				ID: id, Objects: []connector.Object{person(id, 0, "email", strings.Replace("X@example.com", "X", "canary"+string(id), 1))},
				State: workflows.LeadState{Root: id, Status: "canary" + string(id)}, Entries: []workflows.OutboxEntry{e},
				Observations: []workflows.Observation{seen("form_name", "canary"+string(id), business)},
				Decision:     &workflows.Decision{No: 1, Model: "canary" + string(id)},
			}}))
		}
		own, shared := object(connector.TypeCall, "7", 0, "title", "canary815"), object(connector.TypeCall, "8", 0, "title", "shared")
		b.page(calls([]connector.Link{
			link(connector.TypeCall, "7", "815"), link(connector.TypeCall, "8", "815"), link(connector.TypeCall, "8", "2"),
		}, own, shared))
		b.take(workflows.KindUpdate, 10, nil)
		b.must(b.store.Erase(b.ctx, portal, "815"))
		b.must(b.store.Erase(b.ctx, portal, "815"))

		// Whatever was under way must not bring it back.
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{
			ID: "815", Objects: []connector.Object{person("815", 9, "email", "canary815@example.com")}, State: workflows.LeadState{Status: "canary815"},
			Entries: []workflows.OutboxEntry{task("815", "canary815")},
		}}))
		b.page(workflows.PulledPage{
			Type: connector.TypeContact, Objects: []connector.Object{person("815", 9, "email", "canary815@example.com")}, Properties: []string{"email"},
		})
		b.page(calls(nil, own))
		late := event("e3", "815")
		late.Raw = []byte(`{"objectId":815,"propertyValue":"canary815"}`)
		if got := b.receive(delivery("d2", late, event("e4", "3"))); got.Fresh != 1 || got.Ignored != 1 {
			b.Errorf("a late event: %+v", got)
		}
		text := b.dump()
		for _, gone := range []string{"canary\"", "canary815"} {
			if at := strings.Index(text, gone); at >= 0 {
				b.Errorf("left behind: %s", text[max(0, at-200):min(len(text), at+50)])
			}
		}
		for _, kept := range []string{"canary2@example.com", "kept", "8150", "shared"} {
			if !strings.Contains(text, kept) {
				b.Errorf("erased too much: %q is missing", kept)
			}
		}
	})
}

func TestPrune(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.receive(delivery("d1", event("e1", "1")))
		b.plan("1", update("1", workflows.ClassStage, "stage", "mql"), update("1", workflows.ClassScore, "score", "1"), task("1", "k1"))
		for _, kind := range []workflows.EntryKind{workflows.KindUpdate, workflows.KindTask} {
			for _, e := range b.take(kind, 10, nil).Entries {
				if e.Class != workflows.ClassScore {
					b.must(b.store.Settle(b.ctx, b.fence, []workflows.Settlement{{Key: e.Key, Attempt: 1, State: workflows.StateSettled}}))
				}
			}
		}
		b.pass(48 * time.Hour)
		b.receive(delivery("d2", event("e2", "1")))
		n, err := b.pruneAll(24 * time.Hour)
		b.must(err)
		// One delivery, one event key, the settled update and task, and the ledger of both.
		if n != 6 {
			b.Errorf("pruned %d rows, want 6", n)
		}
		if got := b.receive(delivery("d3", event("e2", "1"))); got.Duplicate != 1 {
			b.Errorf("a young event key is gone: %+v", got)
		}
		left, err := b.store.Outbox(b.ctx, portal, "", "1", 10)
		b.must(err)
		if len(left) != 1 {
			b.Errorf("left %v, want the update that is not settled", keys(left))
		}
	})
}
