package workflows_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"leadsync/connector"
	"leadsync/workflows"
)

func TestWeakness(t *testing.T) {
	all := workflows.Defences()
	if len(all) < 14 {
		t.Fatalf("%d defences", len(all))
	}
	names := map[string]bool{}
	for _, d := range all {
		if names[d.String()] || d.String() == fmt.Sprintf("defence %d", d) {
			t.Errorf("defence %d is called %q", d, d)
		}
		names[d.String()] = true
		one := workflows.Weaken(d)
		for _, other := range all {
			if one.Without(other) != (d == other) {
				t.Errorf("%s: without %q is %v", one, other, one.Without(other))
			}
		}
		if (workflows.Weakness{}).Without(d) {
			t.Errorf("the zero value is without %q", d)
		}
	}
	if got := workflows.Weaken(workflows.ReadBack, workflows.Sweep).String(); got != "without sweep, read-back" {
		t.Errorf("it is called %q", got)
	}
	if got := (workflows.Weakness{}).String(); got != "nothing switched off" {
		t.Errorf("the zero value is called %q", got)
	}
	if n := testing.AllocsPerRun(100, func() { _ = workflows.Weaken(workflows.Sweep).Without(workflows.Sweep) }); n != 0 {
		t.Errorf("asking allocates %v times", n)
	}
}

// asks is how often the changed records were asked for, and since when.
type asks struct {
	*crm
	since []time.Time
}

func (a *asks) Changed(_ context.Context, q connector.ChangedQuery) (connector.Page, error) {
	a.since = append(a.since, q.Since)
	return connector.Page{}, nil
}

// sweeps sweeps contacts of which the newest change was seen at nine.
func sweeps(b *bench, weak workflows.Weakness) []time.Time {
	b.Helper()
	w, a := newWorker(b), &asks{crm: b.crm}
	w.Weak, w.Puller.Weak, w.Puller.CRM = weak, weak, a
	sweep := workflows.SweepOf(connector.TypeContact)
	_, err := b.store.SavePage(b.Context(), b.fence, workflows.PulledPage{
		Feed: string(sweep), Type: connector.TypeContact, Next: workflows.FeedState{Seen: monday, Complete: true},
	})
	b.must(err)
	w.Schedule.Want(sweep)
	_, err = w.Step(b.Context(), b.fence)
	b.must(err)
	return a.since
}

// failing is an inbox that stores nothing.
type failing struct{}

func (failing) Receive(context.Context, workflows.Delivery) (workflows.Received, error) {
	return workflows.Received{}, errors.New("the disk is full")
}

func (failing) Erase(context.Context, connector.PortalID, connector.ObjectID) error { return nil }

// Every defence that lives in this package holds with the zero weakness, and does not once it is switched off.
func TestWeakness_workflows(t *testing.T) {
	for _, tc := range []struct {
		defence workflows.Defence
		holds   func(t *testing.T, weak workflows.Weakness) bool
	}{
		{workflows.StoreFirst, func(t *testing.T, weak workflows.Weakness) bool {
			r := &workflows.Receiver{Store: failing{}, Known: []connector.PortalID{portalID}, Wake: func(connector.PortalID) {}, Weak: weak}
			_, err := r.Receive(t.Context(), []byte("[]"), []connector.Event{{Portal: portalID, Kind: connector.EventChanged, Type: connector.TypeContact, ID: "1", Key: "e"}})
			return err != nil
		}},
		{workflows.Sweep, func(t *testing.T, weak workflows.Weakness) bool { return len(sweeps(newBench(t), weak)) == 1 }},
		{workflows.SweepOverlap, func(t *testing.T, weak workflows.Weakness) bool {
			return sweeps(newBench(t), weak)[0].Equal(monday.Add(-15 * time.Minute))
		}},
		{workflows.FirstLoad, func(t *testing.T, weak workflows.Weakness) bool {
			b := newBench(t)
			w := newWorker(b)
			w.Weak = weak
			_, err := b.store.SavePage(t.Context(), b.fence, workflows.PulledPage{
				Feed: "load/contact", Type: connector.TypeContact, Quiet: true, Next: workflows.FeedState{Complete: true, Done: 1},
				Objects: []connector.Object{{Type: connector.TypeContact, ID: "1", Properties: reach("sql"), UpdatedAt: monday}},
			})
			b.must(err)
			b.must(w.Prepare(t.Context(), b.fence))
			state := b.leadOf("1").State
			return state != nil && state.Held
		}},
		{workflows.History, func(t *testing.T, weak workflows.Weakness) bool {
			b, w, c := historyBench(t)
			w.Reconciler.Weak = weak
			b.crm.props["1"] = with(reach("lead"), "lifecyclestage", "lead")
			b.look(w, "1")
			b.crm.props["1"]["hs_lead_status"] = "BAD_TIMING"
			b.look(w, "1")
			return len(c.take()) > 0
		}},
		{workflows.GiveWay, func(t *testing.T, weak workflows.Weakness) bool {
			p := newPerson(t, reach("sql"))
			planned := p.plan()
			p.record.State = &planned.State
			p.record.Pending = map[string]string{"hs_lead_status": "NEW"}
			p.after(time.Hour).changed("hs_lead_status", "IN_PROGRESS", time.Minute, aPerson)
			lead := workflows.LeadOf(p.portal, p.model, p.record)
			planned = workflows.Plan(workflows.Situation{
				Portal: p.portal, Model: p.model, Record: p.record, Lead: lead, Evaluation: p.model.Evaluate(lead, p.now),
				Owners: p.owners, Now: p.now, Weak: weak,
			})
			return slices.Contains(planned.CancelKeys, "contact/101/status")
		}},
		{workflows.ReadBack, func(t *testing.T, weak workflows.Weakness) bool {
			b := newBench(t)
			b.pusher.Weak = weak
			b.plan(task("k", "1"))
			b.crash(workflows.KindTask)
			b.must(b.push())
			return b.crm.asked()[0] == "find k"
		}},
		{workflows.QuietPeriod, func(t *testing.T, weak workflows.Weakness) bool {
			b := newBench(t)
			l := newLoose(b)
			b.pusher.Weak = weak
			b.plan(task("k", "1"))
			b.crash(workflows.KindTask)
			b.must(b.push())
			return len(l.asked()) == 0
		}},
		{workflows.PauseRevoked, func(t *testing.T, weak workflows.Weakness) (stopped bool) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				w := newWorker(b)
				w.Weak = weak
				b.crm.fail["Owners"] = fault(connector.ErrUnauthorized)
				w.Schedule.Want(workflows.ChoreOwners)
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				stopped = errors.Is(w.Run(ctx, b.fence), connector.ErrUnauthorized)
			})
			return stopped
		}},
	} {
		t.Run(tc.defence.String(), func(t *testing.T) {
			if !tc.holds(t, workflows.Weakness{}) {
				t.Error("with the defence it breaks")
			}
			if tc.holds(t, workflows.Weaken(tc.defence)) {
				t.Error("without the defence it holds all the same")
			}
		})
	}
}
