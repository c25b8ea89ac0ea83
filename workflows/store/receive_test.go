package store_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/workflows"
)

func event(key string, id connector.ObjectID, others ...connector.Ref) connector.Event {
	return connector.Event{
		Portal: portal, Kind: connector.EventChanged, Type: connector.TypeContact, ID: id, Others: others, Key: key,
		Raw: fmt.Appendf(nil, `{"objectId":%s,"eventId":"%s"}`, id, key),
	}
}

func delivery(key string, events ...connector.Event) workflows.Delivery {
	var raw []string
	for _, e := range events {
		raw = append(raw, string(e.Raw))
	}
	return workflows.Delivery{Portal: portal, Key: key, Body: []byte("[" + strings.Join(raw, ",") + "]"), Events: events}
}

func (b *bench) receive(d workflows.Delivery) workflows.Received {
	b.Helper()
	got, err := b.store.Receive(b.ctx, d)
	b.must(err)
	return got
}

func TestReceive(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		other, unread := event("e3", "3"), event("e4", "4")
		other.Kind, unread.Type = connector.EventOther, ""
		merged := event("e5", "5", contact("6"), connector.Ref{Type: connector.TypeCall, ID: "7"}, connector.Ref{ID: "8"},
			connector.Ref{Type: "ticket", ID: "10"}) // nobody reads tickets: such a row would stay due for ever
		first := delivery("d1", event("e1", "1"), event("e2", "1"), event("e2", "1"), other, unread, merged)
		if diff := cmp.Diff(workflows.Received{Fresh: 3, Duplicate: 1, Ignored: 2}, b.receive(first)); diff != "" {
			b.Error(diff)
		}
		if diff := cmp.Diff(workflows.Received{Duplicate: 6}, b.receive(first)); diff != "" {
			b.Errorf("the same delivery again: %s", diff)
		}
		again := delivery("d2", event("e1", "1"), event("e9", "9"))
		if diff := cmp.Diff(workflows.Received{Fresh: 1, Duplicate: 1}, b.receive(again)); diff != "" {
			b.Errorf("one event again: %s", diff)
		}
		var got []string
		for _, row := range b.due() {
			got = append(got, fmt.Sprintf("%s %s r%d %v", row.Type, row.ID, row.Revision, row.Hinted))
		}
		want := []string{"call 7 r1 true", "contact 1 r1 true", "contact 5 r1 true", "contact 6 r1 true", "contact 9 r1 true"}
		if diff := cmp.Diff(want, got); diff != "" {
			b.Error(diff)
		}
		if n := b.count("SELECT COUNT(*) FROM due"); int(n) != len(want) {
			b.Errorf("%d rows due, want %d", n, len(want))
		}
		if n := b.count("SELECT COUNT(*) FROM deliveries"); n != 2 {
			b.Errorf("%d deliveries kept, want 2", n)
		}
		hostile := delivery("d3", event("e\x00\xff", "10"))
		hostile.Body = []byte("[\"\xff\x00\"]")
		if got := b.receive(hostile); got.Fresh != 1 {
			b.Errorf("bytes that no text column takes: %+v", got)
		}
	})
}

func TestEchoOfOurOwnWrite(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.plan("1", update("1", workflows.ClassStage, "stage", "mql"))
		b.take(workflows.KindUpdate, 10, nil)
		n := 0
		mine := func(change func(*connector.Event)) workflows.Received {
			n++
			e := event(fmt.Sprint("e", n), "1")
			e.Own, e.Property, e.Value = true, "stage", "mql"
			change(&e)
			return b.receive(delivery(fmt.Sprint("d", n), e))
		}
		if got := mine(func(*connector.Event) {}); got.Echo != 1 || len(b.dueIDs()) != 0 {
			b.Errorf("an echo made something due: %+v %v", got, b.dueIDs())
		}
		for name, change := range map[string]func(*connector.Event){
			"another value":    func(e *connector.Event) { e.Value = "sql" },
			"another property": func(e *connector.Event) { e.Property = "status" },
			"another contact":  func(e *connector.Event) { e.ID = "2" },
			"another writer":   func(e *connector.Event) { e.Own = false },
			"a creation":       func(e *connector.Event) { e.Property = "" },
		} {
			if got := mine(change); got.Fresh != 1 {
				b.Errorf("%s was taken for an echo: %+v", name, got)
			}
		}
	})
}

func TestConcurrentReceive(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		const senders, rounds, contacts = 8, 15, 20
		var wg sync.WaitGroup
		errs := make(chan error, senders+1)
		for sender := range senders {
			wg.Go(func() {
				for round := range rounds {
					var events []connector.Event
					for i := range contacts {
						id := (i*7 + sender*3 + round) % contacts // the same contacts, in another order each time
						events = append(events, event(fmt.Sprintf("%d-%d-%d", sender, round, i), connector.ObjectID(fmt.Sprint(id))))
					}
					if _, err := b.store.Receive(b.ctx, delivery(fmt.Sprintf("%d-%d", sender, round), events...)); err != nil {
						errs <- err
						return
					}
				}
			})
		}
		wg.Go(func() { // the worker settles and postpones the same rows meanwhile
			for range rounds {
				var decided []workflows.Decided
				var postponed []workflows.Postponed
				for i := contacts - 1; i >= 0; i-- {
					id := connector.ObjectID(fmt.Sprint(i))
					decided = append(decided, workflows.Decided{ID: id, Gone: i%5 == 0, Survivor: connector.ObjectID(fmt.Sprint(i + 1))})
					postponed = append(postponed, workflows.Postponed{Type: connector.TypeContact, ID: id})
				}
				err := errors.Join(b.store.SaveDecisions(b.ctx, b.fence, decided), b.store.Postpone(b.ctx, b.fence, postponed))
				if err != nil {
					errs <- err
					return
				}
			}
		})
		wg.Wait()
		close(errs)
		for err := range errs {
			b.Error(err)
		}
		if n := b.count(fmt.Sprintf("SELECT COUNT(*) FROM due WHERE type = 'contact' AND revision < %d", senders*rounds)); n != 0 {
			b.Errorf("%d contacts lost a revision", n)
		}
		if n := b.count("SELECT COUNT(*) FROM due WHERE hinted_at IS NULL"); n != 0 {
			b.Errorf("%d hinted contacts are not due", n)
		}
	})
}

func TestRevisionRaisedWhileWorking(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.receive(delivery("d1", event("e1", "1"), event("e2", "2")))
		first := b.due()
		b.pass(time.Minute)
		b.receive(delivery("d2", event("e3", "1"))) // while the worker reads
		next := business.Add(time.Hour)
		var decided []workflows.Decided
		for _, row := range first {
			decided = append(decided, workflows.Decided{ID: row.ID, Revision: row.Revision, ChangesAt: next})
		}
		b.must(b.store.SaveDecisions(b.ctx, b.fence, decided))
		left := b.due()
		if len(left) != 1 || left[0].ID != "1" || left[0].Revision != 2 || !left[0].Hinted {
			b.Fatalf("due after the work %+v, want contact 1 at revision 2", left)
		}
		if !left[0].HintedAt.After(first[0].HintedAt) {
			b.Error("the settled hint still counts as the oldest")
		}
		if !b.lead("2").ChangesAt.Equal(next) {
			b.Errorf("next change %v, want %v", b.lead("2").ChangesAt, next)
		}
		later, err := b.store.Due(b.ctx, portal, next, []connector.ObjectType{connector.TypeContact}, 10)
		b.must(err)
		if len(later) != 2 || later[0].ID != "1" || later[1].ID != "2" || later[1].Hinted {
			b.Errorf("at the next change %+v, want the hinted one and then the one whose time has come", later)
		}
		// A stale settlement must not clear a newer hint, and must not bring back an old one.
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{ID: "1", Revision: 1}, {ID: "2", Revision: 0}}))
		if diff := cmp.Diff([]string{"contact 1"}, b.dueIDs()); diff != "" {
			b.Error(diff)
		}
	})
}

func TestPostpone(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.must(b.store.Hint(b.ctx, portal, []connector.Ref{contact("2"), contact("1"), contact("1")}))
		wait := workflows.Postponed{Type: connector.TypeContact, ID: "1", Wait: time.Minute, Error: "unavailable"}
		free := workflows.Postponed{Type: connector.TypeContact, ID: "2", Free: true}
		unknown := workflows.Postponed{Type: connector.TypeContact, ID: "99", Wait: time.Minute}
		b.must(b.store.Postpone(b.ctx, b.fence, []workflows.Postponed{free, wait, unknown}))
		b.must(b.store.Hint(b.ctx, portal, []connector.Ref{contact("1")})) // a hint does not end a backoff
		if diff := cmp.Diff([]string{"contact 2"}, b.dueIDs()); diff != "" {
			b.Error(diff)
		}
		backlog, err := b.store.Backlog(b.ctx, portal, business)
		b.must(err)
		b.pass(2 * time.Minute)
		rows := b.due()
		if backlog.Due != 1 || len(rows) != 2 || rows[0].ID != "1" || rows[0].Attempts != 1 || rows[1].Attempts != 0 || rows[0].Revision != 2 {
			b.Errorf("backlog %+v, due %+v", backlog, rows)
		}
		later, err := b.store.Backlog(b.ctx, portal, business)
		b.must(err)
		if later.OldestDue < 2*time.Minute || later.Due != 2 {
			b.Errorf("backlog later %+v", later)
		}
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{ID: "1", Revision: 2}}))
		b.must(b.store.Hint(b.ctx, portal, []connector.Ref{contact("1")}))
		if rows := b.due(); len(rows) != 2 || rows[1].Attempts != 0 {
			b.Errorf("attempts after success %+v", rows)
		}
		if found, err := b.store.Due(b.ctx, portal, business, []connector.ObjectType{connector.TypeCall}, 10); err != nil || len(found) != 0 {
			b.Errorf("other types %v %v", found, err)
		}
		if found, err := b.store.Due(b.ctx, portal, business, []connector.ObjectType{connector.TypeContact}, 1); err != nil || len(found) != 1 {
			b.Errorf("limit 1: %v %v", found, err)
		}
	})
}
