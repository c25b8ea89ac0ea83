package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/workflows"
)

func TestStaleFenceChangesNothing(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.must(b.store.Hint(b.ctx, portal, []connector.Ref{contact("1")}))
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{
			ID: "1", Objects: []connector.Object{person("1", 0, "stage", "lead")},
			Entries: []workflows.OutboxEntry{update("1", workflows.ClassStage, "stage", "mql")}, Revision: 1,
		}}))
		stale := b.fence
		b.fence = b.acquire(worker) // the same worker, started again
		before := b.dump()
		for name, call := range map[string]func() error{
			"Renew":     func() error { return b.store.Renew(b.ctx, stale, time.Minute) },
			"Release":   func() error { return b.store.Release(b.ctx, stale) },
			"SetGoLive": func() error { return b.store.SetGoLive(b.ctx, stale, business) },
			"SetModel": func() error {
				_, err := b.store.SetModel(b.ctx, stale, "v9", []byte("x"))
				return err
			},
			"RecordModes": func() error {
				_, err := b.store.RecordModes(b.ctx, stale, map[workflows.Class]workflows.Mode{workflows.ClassTask: workflows.ModeOn})
				return err
			},
			"Pause": func() error {
				_, err := b.store.Pause(b.ctx, stale, 0, "x")
				return err
			},
			"Resume": func() error {
				_, err := b.store.Resume(b.ctx, stale)
				return err
			},
			"SavePage": func() error {
				_, err := b.store.SavePage(b.ctx, stale, workflows.PulledPage{
					Feed: "contacts", Type: connector.TypeContact, Objects: []connector.Object{person("2", 0)},
				})
				return err
			},
			"BeginReevaluation": func() error {
				_, _, err := b.store.BeginReevaluation(b.ctx, stale, "basis")
				return err
			},
			"SaveReevaluated": func() error {
				return b.store.SaveReevaluated(b.ctx, stale, nil, workflows.Reevaluation{Basis: "basis"}, true)
			},
			"SaveDecisions": func() error {
				return b.store.SaveDecisions(b.ctx, stale, []workflows.Decided{{ID: "1", Gone: true}})
			},
			"Postpone": func() error {
				return b.store.Postpone(b.ctx, stale, []workflows.Postponed{{Type: "contact", ID: "1", Wait: time.Hour}})
			},
			"Take": func() error {
				_, err := b.store.Take(b.ctx, stale, workflows.Take{Kind: workflows.KindUpdate, Contacts: 10})
				return err
			},
			"Settle": func() error {
				return b.store.Settle(b.ctx, stale, []workflows.Settlement{{Key: "contact/1/stage", State: workflows.StateParked}})
			},
			"SaveOwners": func() error {
				return b.store.SaveOwners(b.ctx, stale, []connector.Owner{{ID: "1"}})
			},
		} {
			if err := call(); !errors.Is(err, workflows.ErrFenced) {
				b.Errorf("%s with a stale fence: %v, want ErrFenced", name, err)
			}
		}
		if diff := cmp.Diff(before, b.dump()); diff != "" {
			b.Errorf("a stale worker changed something (-before +after):\n%s", diff)
		}
	})
}

func TestLease(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.must(b.store.Renew(b.ctx, b.fence, time.Minute))
		if _, ok, err := b.store.Acquire(b.ctx, portal, "worker-b", time.Minute); ok || err != nil {
			b.Fatalf("a second worker got the lease: %v %v", ok, err)
		}
		b.pass(2 * time.Minute)
		// Expired, but nobody took it: the holder may still write and renew.
		if _, err := b.store.Resume(b.ctx, b.fence); err != nil {
			b.Fatal(err)
		}
		fence, ok, err := b.store.Acquire(b.ctx, portal, "worker-b", time.Minute)
		if err != nil || !ok || fence.Epoch != b.fence.Epoch+1 {
			b.Fatalf("an expired lease was not taken: %+v %v %v", fence, ok, err)
		}
		if err := b.store.Renew(b.ctx, b.fence, time.Minute); !errors.Is(err, workflows.ErrFenced) {
			b.Fatalf("renewed a lost lease: %v", err)
		}
		b.must(b.store.Release(b.ctx, fence))
		if err := b.store.Release(b.ctx, fence); !errors.Is(err, workflows.ErrFenced) {
			b.Fatalf("released twice: %v", err)
		}
		third := b.acquire("worker-c")
		if third.Epoch != fence.Epoch+1 {
			b.Errorf("epoch %d after %d", third.Epoch, fence.Epoch)
		}
		if _, _, err := b.store.Acquire(b.ctx, "0815", worker, time.Minute); !errors.Is(err, workflows.ErrNoRecord) {
			b.Errorf("acquired an unknown portal: %v", err)
		}
	})
}

func TestPortalState(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.must(b.store.SetGoLive(b.ctx, b.fence, business))
		first, err := b.store.Pause(b.ctx, b.fence, time.Minute, "unauthorized")
		b.must(err)
		again, err := b.store.Pause(b.ctx, b.fence, time.Hour, "still unauthorized")
		b.must(err)
		if !first || again {
			b.Errorf("first pause %v, second %v", first, again)
		}
		state, err := b.store.Portal(b.ctx, portal)
		b.must(err)
		if state.PausedUntil.Sub(state.PausedSince) < time.Hour || state.PauseReason != "still unauthorized" ||
			!state.GoLiveAt.Equal(business) || state.Name != "Example Ltd" {
			b.Errorf("state %+v", state)
		}
		b.pass(2 * time.Hour)
		if first, err = b.store.Pause(b.ctx, b.fence, 0, "again"); err != nil || !first {
			b.Errorf("a pause after one that is over is a first one: %v %v", first, err)
		}
		if state, err = b.store.Portal(b.ctx, portal); err != nil || !state.PausedUntil.IsZero() {
			b.Errorf("paused for good, but until %v (%v)", state.PausedUntil, err)
		}
		was, err := b.store.Resume(b.ctx, b.fence)
		b.must(err)
		not, err := b.store.Resume(b.ctx, b.fence)
		b.must(err)
		if !was || not {
			b.Errorf("resumed %v, again %v", was, not)
		}
		if _, err := b.store.Portal(b.ctx, "0815"); !errors.Is(err, workflows.ErrNoRecord) {
			b.Errorf("an unknown portal: %v", err)
		}
	})
}

func TestModelsModesAndOwners(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		for _, step := range []struct {
			version string
			changed bool
		}{{"v1", true}, {"v1", false}, {"v2", true}, {"v1", true}} {
			changed, err := b.store.SetModel(b.ctx, b.fence, step.version, []byte("model "+step.version))
			b.must(err)
			if changed != step.changed {
				b.Errorf("model %s changed: %v", step.version, changed)
			}
		}
		if n := b.count("SELECT COUNT(*) FROM models"); n != 2 {
			b.Errorf("%d models kept, want 2", n)
		}
		modes := map[workflows.Class]workflows.Mode{workflows.ClassTask: workflows.ModeShadow, workflows.ClassDeal: workflows.ModeOff}
		before, err := b.store.RecordModes(b.ctx, b.fence, modes)
		b.must(err)
		after, err := b.store.RecordModes(b.ctx, b.fence, map[workflows.Class]workflows.Mode{workflows.ClassTask: workflows.ModeOn})
		b.must(err)
		if len(before) != 0 || cmp.Diff(modes, after) != "" {
			b.Errorf("modes before %v, then %v", before, after)
		}
		b.must(b.store.SaveOwners(b.ctx, b.fence, []connector.Owner{{ID: "8", Name: "gone"}}))
		want := []connector.Owner{
			{ID: "1", Name: "Ada Example", Email: "ada@example.com", Active: true, Person: true}, {ID: "2", Name: "Queue"},
		}
		b.must(b.store.SaveOwners(b.ctx, b.fence, want))
		owners, err := b.store.Owners(b.ctx, portal)
		b.must(err)
		if diff := cmp.Diff(want, owners); diff != "" {
			b.Error(diff)
		}
	})
}
