package store_test

import (
	"errors"
	"testing"

	"leadsync/connector"
	"leadsync/workflows"
	"leadsync/workflows/store"
)

// Every defence that lives in the store holds with the zero weakness, and does not once it is switched off.
func TestWeakness(t *testing.T) {
	for _, tc := range []struct {
		defence workflows.Defence
		holds   func(b *bench) bool
	}{
		{workflows.EventDedup, func(b *bench) bool {
			b.receive(delivery("d1", event("e1", "1")))
			return b.receive(delivery("d1", event("e1", "1"))).Fresh == 0
		}},
		{workflows.DueRevision, func(b *bench) bool {
			b.receive(delivery("d1", event("e1", "1")))
			read := b.due()
			b.receive(delivery("d2", event("e2", "1"))) // between reading and saving
			b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{ID: "1", Revision: read[0].Revision}}))
			return len(b.due()) == 1
		}},
		{workflows.EchoByValue, func(b *bench) bool {
			b.plan("1", update("1", workflows.ClassStage, "stage", "mql"))
			b.take(workflows.KindUpdate, 1, nil)
			stale := event("e1", "1")
			stale.Own, stale.Property, stale.Value = true, "stage", "lead"
			return b.receive(delivery("d1", stale)).Echo == 0
		}},
		{workflows.FeedWithPage, func(b *bench) bool {
			page := workflows.PulledPage{
				Feed: "sweep/contact", Type: connector.TypeContact, Objects: []connector.Object{person("1", 0)},
				Links:     []connector.Link{{FromType: connector.TypeContact, FromID: "1", ToType: connector.TypeCompany, ToID: "2"}},
				LinkTypes: []connector.ObjectType{connector.TypeCompany}, Next: workflows.FeedState{Cursor: "9"},
			}
			b.exec("ALTER TABLE objects RENAME TO objects_away") // the page cannot be stored
			_, err := b.store.SavePage(b.ctx, b.fence, page)
			b.exec("ALTER TABLE objects_away RENAME TO objects")
			state, ferr := b.store.Feed(b.ctx, portal, page.Feed)
			b.must(ferr)
			return err != nil && state.Cursor == ""
		}},
		{workflows.NewerReading, func(b *bench) bool {
			for _, o := range []connector.Object{object("call", "7", 2, "outcome", "new"), object("call", "7", 1, "outcome", "old")} {
				_, err := b.store.SavePage(b.ctx, b.fence, workflows.PulledPage{
					Feed: "sweep/call", Type: connector.TypeCall, Objects: []connector.Object{o}, Properties: []string{"outcome"},
				})
				b.must(err)
			}
			return b.count("SELECT COUNT(*) FROM objects WHERE properties LIKE '%new%'") == 1
		}},
		{workflows.MergeLineage, func(b *bench) bool {
			b.plan("1", task("1", "k1"))
			b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{ID: "1", Gone: true, Survivor: "2"}}))
			return b.lead("2").State != nil && b.entry("k1").Contact == "2"
		}},
		{workflows.Tombstone, func(b *bench) bool {
			b.plan("1")
			b.must(b.store.Erase(b.ctx, portal, "1"))
			b.receive(delivery("d1", event("e1", "1")))
			return len(b.due()) == 0
		}},
		{workflows.EpochFence, func(b *bench) bool {
			stale := b.fence
			b.acquire(worker)
			err := b.store.SaveDecisions(b.ctx, stale, []workflows.Decided{{ID: "1", State: workflows.LeadState{Root: "1"}}})
			return errors.Is(err, workflows.ErrFenced) && b.lead("1").State == nil
		}},
		{workflows.LastWins, func(b *bench) bool {
			b.plan("1", update("1", workflows.ClassScore, "score", "40"))
			b.quietly(workflows.KindUpdate)
			b.plan("1", update("1", workflows.ClassScore, "score", "50"))
			return len(b.quietly(workflows.KindUpdate)) == 0
		}},
		{workflows.WriteAhead, func(b *bench) bool {
			b.plan("1", task("1", "k1"))
			b.take(workflows.KindTask, 1, nil)
			again := b.take(workflows.KindTask, 1, nil) // after a crash
			b.must(b.store.Settle(b.ctx, b.fence, []workflows.Settlement{{Key: "k1", Attempt: again.Entries[0].Attempt, State: workflows.StateSettled}}))
			if e := b.entry("k1"); e.State != workflows.StateSettled { // late, but it is settled
				b.Errorf("%s in the end", e.State)
			}
			return again.Entries[0].Unknown
		}},
		{workflows.InOrder, func(b *bench) bool {
			b.plan("1", task("1", "k1"), closing("close/k1", "k1"))
			return len(b.take(workflows.KindClose, 1, nil).Entries) == 0
		}},
	} {
		t.Run(tc.defence.String(), func(t *testing.T) {
			eachDatabase(t, func(b *bench) {
				if !tc.holds(b) {
					b.Error("with the defence it breaks")
				}
			})
			eachDatabase(t, func(b *bench) {
				b.store = b.another(store.Options{Weak: workflows.Weaken(tc.defence)})
				if tc.holds(b) {
					b.Error("without the defence it holds all the same")
				}
			})
		})
	}
}

// A commit that fails is an error, unless that is switched off.
func TestWeakness_commitUnknown(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		if !b.postgres {
			return // SQLite's commits cannot be made to fail from beside
		}
		b.exec(`CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'no'; END $$ LANGUAGE plpgsql`)
		b.exec(`CREATE CONSTRAINT TRIGGER refused AFTER INSERT ON due DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse()`)
		weak := b.another(store.Options{Weak: workflows.Weaken(workflows.CommitUnknown)})
		if err := b.store.Hint(b.ctx, portal, []connector.Ref{contact("1")}); !errors.Is(err, store.ErrCommitUnknown) {
			b.Errorf("with the defence: %v", err)
		}
		if err := weak.Hint(b.ctx, portal, []connector.Ref{contact("1")}); err != nil {
			b.Errorf("without the defence: %v", err)
		}
		if n := b.count("SELECT COUNT(*) FROM due"); n != 0 {
			b.Errorf("%d rows", n)
		}
	})
}
