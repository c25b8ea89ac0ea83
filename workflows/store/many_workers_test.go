package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/workflows"
	"leadsync/workflows/store"
)

func TestBeatAndLook(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.must(b.store.EnsurePortal(b.ctx, "4712", "hubspot", "Other"))
		asked := []store.Asked{{Portal: portal}, {Portal: "4712"}, {Portal: "unknown"}}
		beat := func(worker, fellowship string, held ...workflows.Fence) map[connector.PortalID]bool {
			b.Helper()
			renewed, err := b.store.Beat(b.ctx, store.Presence{Worker: worker, Fellowship: fellowship, TTL: time.Minute, Held: held})
			b.must(err)
			return renewed
		}
		look := func() store.Glance {
			b.Helper()
			g, err := b.store.Look(b.ctx, "f", asked)
			b.must(err)
			return g
		}
		stale := b.fence
		b.fence = b.acquire(worker)
		if got := beat(worker, "f", b.fence, workflows.Fence{Portal: "4712", Epoch: 1, Worker: worker}); !cmp.Equal(got, map[connector.PortalID]bool{portal: true}) {
			b.Errorf("renewed %v", got)
		}
		beat("worker-b", "f")
		beat("stranger", "g")
		if got := beat(worker, "f", stale); len(got) > 0 {
			b.Errorf("renewed a lease of an older epoch: %v", got)
		}
		want := store.Glance{
			Alive:  []string{worker, "worker-b"},
			Leases: map[connector.PortalID]store.Lease{portal: {Epoch: b.fence.Epoch, Worker: worker}, "4712": {Free: true}},
		}
		if diff := cmp.Diff(want, look()); diff != "" {
			b.Errorf("a look (-want +got):\n%s", diff)
		}
		b.pass(59 * time.Second)
		beat("worker-b", "f")
		b.pass(2 * time.Second) // worker-a has not renewed for longer than its lease
		want.Alive, want.Leases[portal] = []string{"worker-b"}, store.Lease{Epoch: b.fence.Epoch, Worker: worker, Free: true}
		if diff := cmp.Diff(want, look()); diff != "" {
			b.Errorf("a look after a minute (-want +got):\n%s", diff)
		}
		b.must(b.store.Leave(b.ctx, "worker-b"))
		if got := look().Alive; len(got) > 0 {
			b.Errorf("alive after everybody left: %v", got)
		}
		b.pass(time.Hour)
		beat("worker-c", "f")
		if n := b.count("SELECT COUNT(*) FROM workers"); n != 1 {
			b.Errorf("%d rows of workers: the dead are not forgotten", n)
		}
	})
}

// A look says that a portal is busy exactly when Due or Take would hand something out.
func TestLook_busy(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		busy := func(at time.Time) bool {
			b.Helper()
			g, err := b.store.Look(b.ctx, "f", []store.Asked{{Portal: portal, Business: at}, {Portal: "4712"}})
			b.must(err)
			return len(g.Busy) > 0
		}
		expect := func(what string, at time.Time, want bool) {
			b.Helper()
			if got := busy(at); got != want {
				b.Errorf("%s: busy %v, want %v", what, got, want)
			}
		}
		b.must(b.store.EnsurePortal(b.ctx, "4712", "hubspot", "Other"))
		b.must(b.store.Hint(b.ctx, "4712", []connector.Ref{contact("1")})) // not asked about
		expect("nothing", business, false)
		b.must(b.store.Hint(b.ctx, portal, []connector.Ref{contact("1")}))
		expect("a hint", business, true)
		b.must(b.store.Postpone(b.ctx, b.fence, []workflows.Postponed{{Type: connector.TypeContact, ID: "1", Wait: time.Hour}}))
		expect("a hint in backoff", business, false)
		b.pass(2 * time.Hour)
		expect("after the backoff", business, true)
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{
			ID: "1", Objects: []connector.Object{person("1", 0, "stage", "lead")}, Revision: 1, ChangesAt: business.Add(time.Hour),
			Entries: []workflows.OutboxEntry{update("1", workflows.ClassTask, "stage", "mql")},
		}}))
		expect("an entry", business, true)
		if _, err := b.store.Take(b.ctx, b.fence, workflows.Take{Kind: workflows.KindUpdate, Contacts: 10, Limits: map[workflows.Class]int{workflows.ClassTask: 0}}); err != nil {
			b.Fatal(err)
		}
		expect("an entry of a class that its limit has paused", business, false)
		expect("an hour later", business.Add(time.Hour), true)
	})
}

// A lease that a transaction is using cannot be renewed at this moment: the beat does not wait for it.
func TestBeat_waitsForNobody(t *testing.T) {
	if postgresAddress(t) == "" {
		return // SQLite has one writer at a time
	}
	eachDatabase(t, func(b *bench) {
		if !b.postgres {
			return
		}
		b.must(b.store.EnsurePortal(b.ctx, "4712", "hubspot", "Other"))
		other, ok, err := b.store.Acquire(b.ctx, "4712", worker, time.Minute)
		if err != nil || !ok {
			b.Fatal(ok, err)
		}
		tx, err := b.raw.BeginTx(b.ctx, nil)
		b.must(err)
		_, err = tx.ExecContext(b.ctx, fmt.Sprintf("SELECT epoch FROM leases WHERE portal = '%s' FOR SHARE", portal))
		b.must(err)
		renewed, err := b.store.Beat(b.ctx, store.Presence{Worker: worker, Fellowship: "f", TTL: time.Minute, Held: []workflows.Fence{b.fence, other}})
		b.must(err)
		if !cmp.Equal(renewed, map[connector.PortalID]bool{"4712": true}) {
			b.Errorf("renewed %v, want the one that nobody uses", renewed)
		}
		b.must(tx.Rollback())
		b.must(b.store.Renew(b.ctx, b.fence, time.Minute))
		b.fence = b.acquire(worker)
		if err := b.store.Renew(b.ctx, workflows.Fence{Portal: portal, Epoch: b.fence.Epoch - 1, Worker: worker}, time.Minute); !errors.Is(err, workflows.ErrFenced) {
			b.Errorf("a lost lease: %v", err)
		}
	})
}

// Leases are taken together as they are taken one by one: those that nobody has, that are over, or that are the worker's own.
func TestAcquireAll(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		for _, id := range []connector.PortalID{"free", "over", "held", "own"} {
			b.must(b.store.EnsurePortal(b.ctx, id, "hubspot", string(id)))
		}
		take := func(worker string, ttl time.Duration, portals ...connector.PortalID) []workflows.Fence {
			b.Helper()
			fences, err := b.store.AcquireAll(b.ctx, portals, worker, ttl)
			b.must(err)
			return fences
		}
		take("other", time.Minute, "over")
		b.pass(2 * time.Minute)
		take("other", time.Hour, "held")
		take("me", time.Hour, "own")
		got := take("me", time.Hour, "unknown", "held", "free", "own", "over")
		want := []workflows.Fence{{Portal: "free", Epoch: 1, Worker: "me"}, {Portal: "over", Epoch: 2, Worker: "me"}, {Portal: "own", Epoch: 2, Worker: "me"}}
		if diff := cmp.Diff(want, got); diff != "" {
			b.Errorf("taken (-want +got):\n%s", diff)
		}
		for _, f := range got {
			b.must(b.store.Renew(b.ctx, f, time.Hour))
		}
		if got := take("me", time.Hour); len(got) > 0 {
			b.Errorf("nothing asked for, taken %v", got)
		}
	})
}

// A clock that was wrong and is right again must not leave leases and announcements behind that last until it would have been
// right: a machine that started with a clock a year ahead, and died, is not waited for.
func TestClockThatWasAhead(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		ahead := b.clockNow().Add(365 * 24 * time.Hour).UnixMicro()
		b.exec(fmt.Sprintf(`UPDATE leases SET worker = 'dead', expires_at = %d`, ahead))
		b.exec(fmt.Sprintf(`INSERT INTO workers (worker, fellowship, joined_at, expires_at) VALUES ('dead', 'f', 0, %d)`, ahead))
		seen, err := b.store.Look(b.ctx, "f", []store.Asked{{Portal: portal}})
		b.must(err)
		if len(seen.Alive) > 0 || !seen.Leases[portal].Free {
			b.Errorf("a look shows %+v", seen)
		}
		fences, err := b.store.AcquireAll(b.ctx, []connector.PortalID{portal}, "living", time.Minute)
		b.must(err)
		if len(fences) != 1 {
			b.Errorf("the lease cannot be taken: %v", fences)
		}
		if _, ok, err := b.store.Acquire(b.ctx, portal, "third", time.Minute); err != nil || ok {
			b.Errorf("an ordinary lease was taken away: %t %v", ok, err)
		}
		b.must(func() error {
			_, err := b.store.Beat(b.ctx, store.Presence{Worker: "living", Fellowship: "f", TTL: time.Minute, Held: fences})
			return err
		}())
		if n := b.count(`SELECT COUNT(*) FROM workers WHERE worker = 'dead'`); n != 0 {
			b.Error("the announcement stays for ever")
		}
	})
}
