package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/workflows"
)

// told is a delivery of one event about a record: what it tells happened at a minute, and arrives a while later.
func told(kind connector.EventKind, ref connector.Ref, minute int, delay time.Duration) workflows.Delivery {
	at := business.Add(time.Duration(minute) * time.Minute)
	e := connector.Event{
		Portal: portal, Kind: kind, Type: ref.Type, ID: ref.ID, OccurredAt: at,
		Key: fmt.Sprint(kind, ref, minute), Raw: fmt.Appendf(nil, `{"objectId":%s}`, ref.ID),
	}
	d := delivery("d"+e.Key, e)
	d.At = at.Add(delay)
	return d
}

func record(t connector.ObjectType, id connector.ObjectID) connector.Ref {
	return connector.Ref{Type: t, ID: id}
}

// sweep is a page of contacts as a sweep finds them at a minute.
func sweep(minute int, objects ...connector.Object) workflows.PulledPage {
	return workflows.PulledPage{
		Feed: "sweep/contact", Type: connector.TypeContact, Objects: objects, Properties: []string{"city"}, HintOnly: true,
		Find: workflows.Find{By: workflows.SourceSweep, At: business.Add(time.Duration(minute) * time.Minute)},
	}
}

func (b *bench) completeness() workflows.Completeness {
	b.Helper()
	counts, err := b.store.Completeness(b.ctx, portal, business.Add(-24*time.Hour))
	b.must(err)
	return counts
}

// counted are the numbers that people see: events, not announced, announced late.
func (b *bench) counted() [3]int {
	b.Helper()
	c := b.completeness()
	return [3]int{c.Events(), c.Unannounced(), c.Late()}
}

func (b *bench) wantCounted(what string, events, unannounced, late int) {
	b.Helper()
	if diff := cmp.Diff([3]int{events, unannounced, late}, b.counted()); diff != "" {
		b.Errorf("%s: events, unannounced, late (-want +got):\n%s", what, diff)
	}
}

func TestWhatNobodyAnnouncedIsCounted(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.page(workflows.PulledPage{Type: connector.TypeContact, Objects: []connector.Object{person("1", 0), person("2", 0), person("3", 0)}, Quiet: true})
		b.wantCounted("a first load", 0, 0, 0)
		b.receive(told(connector.EventChanged, contact("1"), 5, 3*time.Second))
		b.wantCounted("one event", 1, 0, 0)
		page := sweep(8, person("1", 5, "city", "A"), person("2", 6, "city", "B"), person("3", 0))
		b.page(page)
		b.wantCounted("a sweep finds an announced change, another one and none", 1, 1, 0)
		b.page(page)
		b.wantCounted("the next sweep finds the same", 1, 1, 0)
		b.page(sweep(9, person("2", 7, "city", "C")))
		b.wantCounted("another change of a contact that is due already", 1, 1, 0)
		for _, row := range b.due() {
			b.page(workflows.PulledPage{Type: row.Type, Settle: []workflows.DueRow{row}})
		}
		b.page(sweep(11, person("2", 8, "city", "C")))
		b.wantCounted("another change after it was read", 1, 2, 0)
		b.receive(told(connector.EventChanged, contact("2"), 6, 90*time.Minute))
		b.wantCounted("the event comes after all", 2, 1, 1)
		b.receive(told(connector.EventChanged, contact("2"), 6, 91*time.Minute))
		b.wantCounted("a delivery that comes twice", 2, 1, 1)
		want := workflows.Completeness{
			{Source: workflows.SourceSweep, Type: connector.TypeContact, Within: 5 * time.Minute, Changes: 2, Late: 1},
			{Source: workflows.SourceWebhook, Type: connector.TypeContact, Changes: 1, Late: 1},
			{Source: workflows.SourceWebhook, Type: connector.TypeContact, Within: 5 * time.Second, Changes: 1},
		}
		if diff := cmp.Diff(want, b.completeness()); diff != "" {
			b.Error(diff)
		}
		if within, ok := b.completeness().KnownWithin(99); within != 5*time.Minute || !ok {
			b.Errorf("known within %s (%v)", within, ok)
		}
		if diff := cmp.Diff([]int{0, 1, 0, 0, 0, 2, 0, 0}, b.completeness().Delays()); diff != "" {
			b.Error(diff)
		}
		without := sweep(20, person("3", 11, "city", "D"))
		without.Find = workflows.Find{}
		b.page(without)
		b.wantCounted("a portal without webhooks", 2, 1, 1)
	})
}

// What we wrote ourselves is no gap: neither the values that we wrote nor a deal that we made.
func TestOurOwnDoingsAreNotCounted(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.plan("1", update("1", workflows.ClassStage, "city", "A"), update("1", workflows.ClassStatus, "status", "new"))
		b.take(workflows.KindUpdate, 10, nil) // sent, and not settled: the mirror does not have it yet
		own := told(connector.EventChanged, contact("1"), 1, time.Second)
		own.Events[0].Own, own.Events[0].Property, own.Events[0].Value = true, "city", "A"
		b.receive(own)
		b.page(sweep(2, person("1", 1, "city", "A")))
		b.wantCounted("our own write", 0, 0, 0)
		for _, row := range b.due() {
			b.page(workflows.PulledPage{Type: row.Type, Settle: []workflows.DueRow{row}})
		}
		b.page(sweep(3, person("1", 2, "city", "B")))
		b.wantCounted("another value", 0, 1, 0)
	})
}

// Whatever a sweep finds about a task of ours is no gap, be it new or amended; somebody else's task is one.
func TestOurOwnTasksAreNotCounted(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.plan("1", task("1", "k"), task("1", "l"))
		taken := b.take(workflows.KindTask, 10, nil).Entries
		for i, e := range taken {
			b.must(b.store.Settle(b.ctx, b.fence, []workflows.Settlement{{Key: e.Key, Attempt: e.Attempt, State: workflows.StateSettled, RemoteID: connector.ObjectID([]string{"7", "8"}[i])}}))
		}
		page := func(revision int, props ...string) {
			found := workflows.PulledPage{Feed: "sweep/task", Type: connector.TypeTask, Find: workflows.Find{By: workflows.SourceSweep, At: business.Add(time.Hour)}}
			for _, id := range []connector.ObjectID{"7", "8"} {
				found.Objects = append(found.Objects, object(connector.TypeTask, id, revision, props...))
			}
			b.page(found)
		}
		page(1)
		b.wantCounted("new tasks of ours", 0, 0, 0)
		page(2, "hs_task_priority", "HIGH")
		b.wantCounted("amended ones", 0, 0, 0)
		b.page(workflows.PulledPage{
			Feed: "sweep/task", Type: connector.TypeTask, Find: workflows.Find{By: workflows.SourceSweep, At: business.Add(time.Hour)},
			Objects: []connector.Object{object(connector.TypeTask, "9", 1)},
		})
		b.wantCounted("somebody's", 0, 1, 0)
	})
}

// A walk meets records; what it did not meet is asked for by id, and what is gone is counted unless an event said
// so.
func TestRepairFindsWhatIsGone(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		call := func(id connector.ObjectID) connector.Object { return object(connector.TypeCall, id, 0) }
		b.page(workflows.PulledPage{Type: connector.TypeContact, Objects: []connector.Object{person("1", 0), person("2", 0)}, Quiet: true})
		b.page(workflows.PulledPage{
			Type: connector.TypeCall, Objects: []connector.Object{call("7"), call("8"), call("9")}, Quiet: true,
			Links:     []connector.Link{link(connector.TypeCall, "7", "1"), link(connector.TypeCall, "8", "1"), link(connector.TypeCall, "9", "1")},
			LinkTypes: []connector.ObjectType{connector.TypeContact},
		})
		walk := business.Add(time.Hour)
		found := workflows.Find{By: workflows.SourceRepair, At: walk.Add(time.Minute)}
		page := workflows.PulledPage{
			Feed: "repair/call", Type: connector.TypeCall, Walk: walk, Find: found, Met: []connector.ObjectID{"7"},
			Objects: []connector.Object{call("7")}, Links: []connector.Link{link(connector.TypeCall, "7", "2")},
			LinkTypes: []connector.ObjectType{connector.TypeContact},
		}
		b.page(page)
		if diff := cmp.Diff([]string{"contact 1", "contact 2"}, b.dueIDs()); diff != "" {
			b.Errorf("after a call has moved: %s", diff)
		}
		b.wantCounted("a moved association", 0, 1, 0)
		unmet := func() []connector.ObjectID {
			ids, err := b.store.Unmet(b.ctx, portal, connector.TypeCall, walk, 10)
			b.must(err)
			return ids
		}
		if diff := cmp.Diff([]connector.ObjectID{"8", "9"}, unmet()); diff != "" {
			b.Errorf("not met: %s", diff)
		}
		b.receive(told(connector.EventDeleted, record(connector.TypeCall, "9"), 30, time.Second))
		b.page(workflows.PulledPage{
			Feed: "repair/call", Type: connector.TypeCall, Walk: walk, Find: found, Missing: []connector.ObjectID{"8", "9"},
			Met: []connector.ObjectID{"8", "9"},
		})
		b.wantCounted("one of two that are gone was announced", 1, 2, 0)
		if got := unmet(); got != nil {
			b.Errorf("still not met: %v", got)
		}
		b.receive(told(connector.EventDeleted, record(connector.TypeCall, "8"), 20, 2*time.Hour))
		b.wantCounted("the deletion is announced at last", 2, 1, 1)
		if got := b.lead("2").Activities; len(got) != 1 || got[0].ID != "7" {
			b.Errorf("the second contact has %v", got)
		}
		if got := b.lead("1").Activities; len(got) != 0 {
			b.Errorf("the first contact has %v", got)
		}
		later := object(connector.TypeCall, "10", 0)
		later.CreatedAt = walk.Add(time.Minute)
		b.page(workflows.PulledPage{Type: connector.TypeCall, Objects: []connector.Object{later}, Quiet: true})
		if got := unmet(); got != nil {
			b.Errorf("a record that is younger than the walk is asked for: %v", got)
		}
	})
}

// A lost link is found before its event comes, which may name the other end only.
func TestMovedLinkIsAnnouncedByEitherEnd(t *testing.T) {
	for _, end := range []connector.Ref{record(connector.TypeCall, "7"), contact("1"), contact("2")} {
		t.Run(string(end.Type)+string(end.ID), func(t *testing.T) {
			eachDatabase(t, func(b *bench) {
				b.page(workflows.PulledPage{
					Type: connector.TypeCall, Objects: []connector.Object{object(connector.TypeCall, "7", 0)}, Quiet: true,
					Links: []connector.Link{link(connector.TypeCall, "7", "1")}, LinkTypes: []connector.ObjectType{connector.TypeContact},
				})
				b.page(workflows.PulledPage{
					Feed: "sweep/call", Type: connector.TypeCall, Objects: []connector.Object{object(connector.TypeCall, "7", 0)},
					LinkTypes: []connector.ObjectType{connector.TypeContact},
					Find:      workflows.Find{By: workflows.SourceSweep, At: business.Add(10 * time.Minute)},
				})
				b.wantCounted("a lost link", 0, 1, 0)
				b.receive(told(connector.EventAssociation, end, 5, 20*time.Minute))
				if end.ID == "2" {
					b.wantCounted("the event of another contact", 1, 1, 0)
					return
				}
				b.wantCounted("its event comes after all", 1, 0, 1)
			})
		})
	}
}

// Merged companies and deals hand over what they had: the contacts, the ids that the outbox remembers.
func TestMergedRecordsFollow(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		company := func(id, contact connector.ObjectID) workflows.PulledPage {
			return workflows.PulledPage{
				Type: connector.TypeCompany, Objects: []connector.Object{object(connector.TypeCompany, id, 0, "name", "C"+string(id))}, Quiet: true,
				Links: []connector.Link{link(connector.TypeCompany, id, contact)}, LinkTypes: []connector.ObjectType{connector.TypeContact},
			}
		}
		b.plan("1", task("1", "k1"))
		b.page(company("77", "1"))
		b.page(company("78", "1"))
		for _, row := range b.due() {
			b.page(workflows.PulledPage{Type: row.Type, Settle: []workflows.DueRow{row}})
		}
		b.page(workflows.PulledPage{
			Type: connector.TypeCompany, Objects: []connector.Object{object(connector.TypeCompany, "90", 5, "name", "New")},
			Merged: map[connector.ObjectID]connector.ObjectID{"77": "90", "78": "90"},
		})
		if diff := cmp.Diff([]string{"contact 1"}, b.dueIDs()); diff != "" {
			b.Error(diff)
		}
		if got := b.lead("1").Companies; len(got) != 1 || got[0].ID != "90" {
			b.Errorf("companies after the merge: %v", got)
		}
		if n := b.count("SELECT COUNT(*) FROM record_aliases WHERE survivor = '90'"); n != 2 {
			b.Errorf("%d aliases, want 2", n)
		}
		b.page(workflows.PulledPage{
			Type: connector.TypeCompany, Objects: []connector.Object{object(connector.TypeCompany, "91", 6)},
			Merged: map[connector.ObjectID]connector.ObjectID{"90": "91"},
		})
		if n := b.count("SELECT COUNT(*) FROM record_aliases WHERE survivor = '91'"); n != 3 {
			b.Errorf("%d aliases lead to the last survivor, want 3", n)
		}
	})
}

// The story of a merged id is the survivor's, with the decisions about both.
func TestHistoryOfAMergedContact(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		decide := func(id connector.ObjectID, minute int) {
			b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{
				ID: id, Objects: []connector.Object{person(id, minute, "email", "p"+string(id)+"@example.org")},
				State:    workflows.LeadState{Root: id, Decisions: 1},
				Decision: &workflows.Decision{No: 1, At: business.Add(time.Duration(minute) * time.Minute)},
			}}))
		}
		decide("1", 1)
		decide("2", 2)
		b.merged()
		for _, text := range []string{"1", "2", "p1@example.org"} {
			ids, err := b.store.FindContact(b.ctx, portal, text)
			b.must(err)
			if want := []connector.ObjectID{"2"}; text != "p1@example.org" && !cmp.Equal(want, ids) || text == "p1@example.org" && len(ids) != 0 {
				b.Errorf("%s finds %v", text, ids)
			}
		}
		decisions, err := b.store.Decisions(b.ctx, portal, "2", 10)
		b.must(err)
		var got []string
		for _, d := range decisions {
			got = append(got, fmt.Sprintf("%s #%d", d.Contact, d.No))
		}
		if diff := cmp.Diff([]string{"2 #1", "1 #1"}, got); diff != "" {
			b.Error(diff)
		}
	})
}

// Both of two merged contacts had a task of one kind, whatever the rules: the rep keeps one. What moves the key of a task
// is sent before that task is closed.
func TestTwinTasksOfAKind(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		own := func(rule, key string, moved bool) workflows.OwnTask {
			return workflows.OwnTask{Rule: rule, Key: key, Was: connector.TaskPrint{Due: 5, Kind: "call"}, Moved: moved}
		}
		state := func(id connector.ObjectID, tasks map[string]workflows.OwnTask) workflows.LeadState {
			return workflows.LeadState{Root: id, Following: workflows.Following{Tasks: tasks, Rows: map[string]int{"again": len(tasks)}}}
		}
		amend := task("1", "k1")
		amend.Kind, amend.Payload = workflows.KindAmend, []byte(`{"task":{"Key":"k1"},"old":"k0"}`)
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{
			{ID: "1", State: state("1", map[string]workflows.OwnTask{"call": own("again", "k1", true), "email": own("mail", "k2", false)}), Entries: []workflows.OutboxEntry{amend, task("1", "k2")}},
			{ID: "2", State: state("2", map[string]workflows.OwnTask{"call": own("first", "k9", false)})},
		}))
		b.merged()
		b.merged() // the CRM says it twice
		want := workflows.Following{
			Tasks: map[string]workflows.OwnTask{"call": own("first", "k9", false), "email": own("mail", "k2", false)},
			Rows:  map[string]int{"again": 2}, Made: []workflows.OwnTask{own("again", "k1", true)},
		}
		if diff := cmp.Diff(want, b.lead("2").State.Following); diff != "" {
			b.Error(diff)
		}
		if e := b.entry("k1"); e.State != workflows.StateReady || e.Contact != "2" {
			b.Errorf("the amendment: %+v", e)
		}
		if n := b.count("SELECT COUNT(*) FROM outbox WHERE entry_key = 'close/k1' AND contact = '2' AND state = 'ready' AND waits_for = 'k1' AND payload LIKE '%\"due\":5%'"); n != 1 {
			b.Errorf("%d closings of the second task", n)
		}
	})
}

// Both of two merged contacts had a task of one rule: the rep keeps one.
func TestTwinTasksOfAMerge(t *testing.T) {
	for name, outcome := range map[string]workflows.EntryState{"not sent yet": "", "created": workflows.StateSettled, "sent, and nobody heard": workflows.StateSending} {
		t.Run(name, func(t *testing.T) {
			sent := outcome != ""
			eachDatabase(t, func(b *bench) {
				state := func(id connector.ObjectID, tasks map[string]string) workflows.LeadState {
					return workflows.LeadState{Root: id, OpenTasks: tasks}
				}
				b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{
					{ID: "1", State: state("1", map[string]string{"call": "k1", "mail": "k2"}), Entries: []workflows.OutboxEntry{task("1", "k1"), task("1", "k2")}},
					{ID: "2", State: state("2", map[string]string{"call": "k9"})},
				}))
				if sent {
					taken, err := b.store.Take(b.ctx, b.fence, workflows.Take{Kind: workflows.KindTask, Contacts: 10})
					b.must(err)
					for _, e := range taken.Entries {
						b.must(b.store.Settle(b.ctx, b.fence, []workflows.Settlement{{Key: e.Key, Attempt: e.Attempt, State: outcome, RemoteID: "5" + connector.ObjectID(e.Key), Wait: time.Second}}))
					}
				}
				b.merged()
				b.merged() // the CRM says it twice
				want := map[string]string{"call": "k9", "mail": "k2"}
				if diff := cmp.Diff(want, b.lead("2").State.OpenTasks); diff != "" {
					b.Error(diff)
				}
				closing := b.count("SELECT COUNT(*) FROM outbox WHERE entry_key = 'close/k1' AND contact = '2' AND state = 'ready'")
				switch e := b.entry("k1"); {
				case outcome == workflows.StateSettled && (closing != 1 || e.State != workflows.StateSettled):
					b.Errorf("%d closings, the task is %s", closing, e.State)
				case outcome == workflows.StateSending:
					if closing != 1 || e.State != workflows.StateCancelled {
						b.Errorf("%d closings, the task is %s", closing, e.State)
					}
					if early := b.quietly(workflows.KindClose); len(early) > 0 {
						b.Errorf("closed while it may still be made: %v", early)
					}
					b.pass(quietFor)
					if diff := cmp.Diff([]string{"close/k1"}, b.quietly(workflows.KindClose)); diff != "" {
						b.Errorf("afterwards (-want +got):\n%s", diff)
					}
					return
				case !sent && (closing != 0 || e.State != workflows.StateCancelled):
					b.Errorf("%d closings, the task is %s", closing, e.State)
				}
				if e := b.entry("k2"); !sent && (e.Contact != "2" || e.State != workflows.StateReady) {
					b.Errorf("the other task: %+v", e)
				}
			})
		})
	}
}

// Whoever is forgotten is forgotten under every id, whichever of them the CRM names.
func TestEraseUnderAnyID(t *testing.T) {
	for _, id := range []connector.ObjectID{"1", "2"} {
		t.Run(string(id), func(t *testing.T) {
			eachDatabase(t, func(b *bench) {
				for _, one := range []connector.ObjectID{"1", "2"} {
					b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{
						ID: one, Objects: []connector.Object{person(one, 0, "city", "Canary")}, State: workflows.LeadState{Root: one},
					}}))
				}
				b.merged()
				b.receive(told(connector.EventChanged, contact(id), 1, 0))
				b.must(b.store.Erase(b.ctx, portal, id))
				if n := b.count("SELECT COUNT(*) FROM objects") + b.count("SELECT COUNT(*) FROM leads") +
					b.count("SELECT COUNT(*) FROM aliases") + b.count("SELECT COUNT(*) FROM announcements"); n != 0 {
					b.Errorf("%d rows are left:\n%s", n, b.dump())
				}
				if n := b.count("SELECT COUNT(*) FROM erasures"); n != 2 {
					b.Errorf("%d marks, want 2", n)
				}
			})
		})
	}
}
