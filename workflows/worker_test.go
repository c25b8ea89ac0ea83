package workflows_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/workflows"
)

// newWorker is a worker on the bench's store and CRM; business time and operating time are the bench's clock.
func newWorker(b *bench) *workflows.Worker {
	b.Helper()
	now := func() time.Time { return b.clock }
	m := parseModel(b)
	p := b.pusher.Portal
	return &workflows.Worker{
		Puller:     &workflows.Puller{CRM: b.crm, Store: b.store, Portal: p, Model: m, Now: now, Overlap: 15 * time.Minute},
		Reconciler: &workflows.Reconciler{CRM: b.crm, Store: b.store, Portal: p, Model: m, Now: now},
		Pusher:     b.pusher, Store: b.store, Baseline: b.store, Schedule: newSchedule(b.T, nil), Log: quiet(), Now: now,
		Jitter: func() float64 { return 0 }, Window: time.Second, Idle: time.Minute,
	}
}

// hint makes a contact due as a webhook does.
func (b *bench) hint(ids ...connector.ObjectID) {
	b.Helper()
	for _, id := range ids {
		b.must(b.store.Hint(b.Context(), portalID, []connector.Ref{{Type: connector.TypeContact, ID: id}}))
	}
}

func (b *bench) due() []workflows.DueRow {
	b.Helper()
	rows, err := b.store.Due(b.Context(), portalID, b.clock, []connector.ObjectType{connector.TypeContact}, 100)
	b.must(err)
	return rows
}

func TestWorker_step(t *testing.T) {
	b := newBench(t)
	w := newWorker(b)
	if worked, err := w.Step(t.Context(), b.fence); worked || err != nil {
		t.Fatalf("with nothing to do: %v, %v", worked, err)
	}
	b.crm.props["1"] = reach("sql")
	b.hint("1")
	if worked, err := w.Step(t.Context(), b.fence); !worked || err != nil {
		t.Fatalf("with a contact due: %v, %v", worked, err)
	}
	if got := b.crm.props["1"]; got["lifecyclestage"] != "salesqualifiedlead" || got["hs_lead_status"] != "NEW" || len(b.crm.things) != 1 {
		t.Errorf("contact %v, tasks %v", got, b.crm.things)
	}
	decisions, err := b.store.Decisions(t.Context(), portalID, "1", 10)
	b.must(err)
	if len(decisions) != 1 || decisions[0].Reason.Code != workflows.ReasonPlanned || decisions[0].No != 1 || len(decisions[0].Actions) != 4 {
		t.Errorf("decisions %+v", decisions)
	}
	b.hint("1") // the echo
	b.crm.asked()
	if _, err := w.Step(t.Context(), b.fence); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"read contact 1"}, b.crm.asked()); diff != "" {
		t.Errorf("the echo ends the loop (-want +got):\n%s", diff)
	}
}

func TestWorker_goneContact(t *testing.T) {
	b := newBench(t)
	w := newWorker(b)
	b.crm.props["1"] = reach("lead")
	b.hint("1")
	_, err := w.Step(t.Context(), b.fence)
	b.must(err)
	delete(b.crm.props, "1")
	b.hint("1")
	_, err = w.Step(t.Context(), b.fence)
	b.must(err)
	if rows := b.due(); len(rows) != 0 {
		t.Errorf("still due: %v", rows)
	}
	leads, err := b.store.Leads(t.Context(), portalID, []connector.ObjectID{"1"})
	b.must(err)
	if leads[0].Contact.ID != "" || leads[0].State == nil {
		t.Errorf("a deleted contact keeps its state, not its record: %+v", leads[0])
	}
}

// Records that cannot be read are postponed, not lost; what is not their fault is not counted.
func TestWorker_postpones(t *testing.T) {
	for name, tc := range map[string]struct {
		kind     error
		err      error
		wait     time.Duration
		attempts int
	}{
		"unavailable":  {connector.ErrUnavailable, nil, time.Second, 1},
		"forbidden":    {connector.ErrForbidden, nil, time.Second, 1},
		"throttled":    {connector.ErrThrottled, connector.ErrThrottled, 10 * time.Second, 0},
		"unauthorised": {connector.ErrUnauthorized, connector.ErrUnauthorized, time.Second, 0},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			w := newWorker(b)
			b.crm.props["1"] = reach("lead")
			b.hint("1")
			b.crm.fail["Read contact"] = fault(tc.kind)
			if _, err := w.Step(t.Context(), b.fence); !errors.Is(err, tc.err) {
				t.Fatalf("error %v, want %v", err, tc.err)
			}
			b.clock = b.clock.Add(tc.wait - time.Millisecond)
			if rows := b.due(); len(rows) != 0 {
				t.Errorf("due before its time: %+v", rows)
			}
			b.clock = b.clock.Add(2 * time.Millisecond)
			rows := b.due()
			if len(rows) != 1 || rows[0].Attempts != tc.attempts || !rows[0].Hinted {
				t.Errorf("due afterwards: %+v, want %d attempts", rows, tc.attempts)
			}
			clear(b.crm.fail)
			_, err := w.Step(t.Context(), b.fence)
			b.must(err)
			if got := b.crm.props["1"]["lifecyclestage"]; got != "lead" {
				t.Errorf("stage %q in the end", got)
			}
		})
	}
}

// One kind of record that cannot be read holds up no other kind: what was settled is not postponed.
func TestWorker_postponesTheKindThatFails(t *testing.T) {
	b := newBench(t)
	w := newWorker(b)
	refs := []connector.Ref{{Type: connector.TypeCall, ID: "7"}, {Type: connector.TypeDeal, ID: "8"}}
	others := []connector.ObjectType{connector.TypeCall, connector.TypeDeal}
	b.must(b.store.Hint(t.Context(), portalID, refs))
	b.crm.fail["Read call"] = fault(connector.ErrUnavailable)
	_, err := w.Step(t.Context(), b.fence)
	b.must(err)
	b.must(b.store.Hint(t.Context(), portalID, refs[1:])) // the deal changes again
	rows, err := b.store.Due(t.Context(), portalID, b.clock, others, 10)
	b.must(err)
	if len(rows) != 1 || rows[0].Type != connector.TypeDeal || rows[0].Attempts != 0 {
		t.Errorf("due at once: %+v, want the deal alone, without an attempt", rows)
	}
	b.clock = b.clock.Add(2 * time.Second)
	rows, err = b.store.Due(t.Context(), portalID, b.clock, others, 10)
	b.must(err)
	if len(rows) != 2 {
		t.Errorf("due after the wait: %+v, want both", rows)
	}
}

// What concerns the whole account leaves a chore and those behind it wanted.
func TestWorker_choresStayWanted(t *testing.T) {
	b := newBench(t)
	w := newWorker(b)
	b.crm.fail["Owners"] = fault(connector.ErrThrottled)
	sweep := workflows.SweepOf(connector.TypeDeal)
	w.Schedule.Want(workflows.ChoreOwners, workflows.ChorePrune, sweep)
	if worked, err := w.Step(t.Context(), b.fence); !worked || !errors.Is(err, connector.ErrThrottled) {
		t.Fatalf("worked %v, error %v", worked, err)
	}
	if n := w.Schedule.Pending(); n != 3 {
		t.Errorf("%d chores wanted, want all 3", n)
	}
	clear(b.crm.fail)
	b.crm.owners = []connector.Owner{{ID: "7", Name: "Jana", Active: true, Person: true}}
	_, err := w.Step(t.Context(), b.fence)
	b.must(err)
	owners, err := b.store.Owners(t.Context(), portalID)
	b.must(err)
	if w.Schedule.Pending() != 0 || len(owners) != 1 || !slices.Contains(b.crm.asked(), "Changed deal") {
		t.Errorf("%d pending, owners %v", w.Schedule.Pending(), owners)
	}
}

// A chore whose endpoint fails for ever waits, longer each time, however often it is wanted; contacts and the other chores
// do not wait for it.
func TestWorker_choreFailsForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		w := newWorker(b)
		b.crm.fail["Owners"] = fault(connector.ErrUnavailable)
		asked := map[string]int{}
		for minute := range 60 {
			if minute == 30 {
				b.crm.props["1"] = reach("sql")
				b.hint("1")
			}
			w.Schedule.Want(workflows.ChoreOwners, workflows.SweepOf(connector.TypeDeal))
			_, err := w.Step(t.Context(), b.fence)
			b.must(err)
			for _, call := range b.crm.asked() {
				asked[call]++
			}
			if minute == 30 && b.crm.props["1"]["lifecyclestage"] == "" {
				t.Error("the contact waits for the chore")
			}
			time.Sleep(time.Minute)
			synctest.Wait()
		}
		if asked["Changed deal"] != 60 || asked["Owners"] < 10 || asked["Owners"] > 20 {
			t.Errorf("asked %v; want 60 sweeps, and the owners 10 to 20 times", asked)
		}
		clear(b.crm.fail)
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		_, err := w.Step(t.Context(), b.fence)
		b.must(err)
		if w.Schedule.Pending() != 0 || !slices.Contains(b.crm.asked(), "Owners") {
			t.Errorf("%d chores pending", w.Schedule.Pending())
		}
		b.crm.fail["Owners"] = fault(connector.ErrUnavailable) // the wait is short again
		w.Schedule.Want(workflows.ChoreOwners)
		_, err = w.Step(t.Context(), b.fence)
		b.must(err)
		clear(b.crm.fail)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		_, err = w.Step(t.Context(), b.fence)
		b.must(err)
		if w.Schedule.Pending() != 0 {
			t.Error("the wait after the first failure is longer than 2 s")
		}
	})
}

func TestWorker_prepare(t *testing.T) {
	b := newBench(t)
	w := newWorker(b)
	b.crm.fail["List"] = fault(connector.ErrUnavailable)
	if err := w.Prepare(t.Context(), b.fence); !errors.Is(err, connector.ErrUnavailable) {
		t.Fatalf("error %v", err)
	}
	state, err := b.store.Portal(t.Context(), portalID)
	b.must(err)
	if !state.GoLiveAt.IsZero() || w.Schedule.Pending() != 0 {
		t.Errorf("live at %v although the load failed, %d chores", state.GoLiveAt, w.Schedule.Pending())
	}
	clear(b.crm.fail)
	b.must(w.Prepare(t.Context(), b.fence))
	state, err = b.store.Portal(t.Context(), portalID)
	b.must(err)
	want := []workflows.Chore{"sweep/call", "sweep/company", "sweep/contact", "sweep/deal", "sweep/meeting", "sweep/task"}
	if diff := cmp.Diff(want, w.Schedule.Take()); diff != "" || !state.GoLiveAt.Equal(b.clock) {
		t.Errorf("live at %v; wanted (-want +got):\n%s", state.GoLiveAt, diff)
	}
	b.crm.asked()
	b.clock = b.clock.Add(time.Hour)
	b.must(w.Prepare(t.Context(), b.fence))
	if again := b.crm.asked(); slices.Contains(again, "List") {
		t.Errorf("loaded twice: %v", again)
	}
	if state, err = b.store.Portal(t.Context(), portalID); err != nil || state.GoLiveAt.Equal(b.clock) {
		t.Errorf("went live twice, %v (%v)", state.GoLiveAt, err)
	}
}

// Run ends for what waiting here cannot mend, and goes on after everything else.
func TestWorker_run(t *testing.T) {
	for name, tc := range map[string]struct {
		fail map[string]error
		want error
	}{
		"unauthorised": {map[string]error{"Owners": fault(connector.ErrUnauthorized)}, connector.ErrUnauthorized},
		"throttled":    {map[string]error{"Owners": fault(connector.ErrThrottled)}, connector.ErrThrottled},
		"unavailable":  {map[string]error{"Owners": fault(connector.ErrUnavailable)}, context.DeadlineExceeded},
		"nothing":      {nil, context.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				w := newWorker(b)
				rested, worked := 0, 0
				w.Stepped = func(did bool) {
					if did {
						worked++
					} else {
						rested++
					}
				}
				b.crm.fail = tc.fail
				w.Schedule.Want(workflows.ChoreOwners)
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				if err := w.Run(ctx, b.fence); !errors.Is(err, tc.want) {
					t.Fatalf("error %v, want %v", err, tc.want)
				}
				asked := len(b.crm.asked())
				switch name {
				case "unavailable": // 1 s, 2 s, … up to ten minutes, of which half is jitter
					if asked < 12 || asked > 25 || w.Schedule.Pending() != 1 {
						t.Errorf("asked %d times within an hour", asked)
					}
				case "nothing":
					if asked != 1 || worked != 1 || rested < 59 || rested > 61 {
						t.Errorf("asked %d times, worked %d, rested %d within an hour", asked, worked, rested)
					}
				default:
					if asked != 1 || w.Schedule.Pending() != 1 {
						t.Errorf("asked %d times, %d chores wanted", asked, w.Schedule.Pending())
					}
				}
			})
		})
	}
}
