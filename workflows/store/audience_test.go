package store_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/workflows"
)

// withdrawn is a removal that no limit holds up.
func withdrawn(id connector.ObjectID) workflows.OutboxEntry {
	e := membership(id, false)
	e.Released = true
	return e
}

// What takes back where consent is missing passes the limit and its pause, and counts for neither.
func TestReleasedByThePlan(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		limits := map[workflows.Class]int{workflows.ClassList: 1}
		b.plan("1", membership("1", true))
		b.plan("2", membership("2", true))
		b.plan("3", withdrawn("3"))
		if first := b.take(workflows.KindList, 10, limits); len(first.Paused) != 1 || len(first.Entries) != 1 || first.Entries[0].Contact != "3" {
			b.Fatalf("over the limit: %v, paused %v", keys(first.Entries), first.Paused)
		}
		b.plan("2", withdrawn("2"))
		b.plan("4", membership("4", false))
		b.plan("5", membership("5", false))
		b.plan("5", withdrawn("5")) // the same removal, for another reason
		second := b.take(workflows.KindList, 10, limits)
		// The third is being sent, and handed out again.
		if diff := cmp.Diff([]string{"contact/2/list/11", "contact/3/list/11", "contact/5/list/11"}, slices.Sorted(slices.Values(keys(second.Entries)))); diff != "" {
			b.Errorf("in the pause (-want +got):\n%s", diff)
		}
		b.plan("2", membership("2", true)) // consent was given again: an addition like any other
		for _, e := range b.take(workflows.KindList, 10, limits).Entries {
			if e.Contact == "2" {
				b.Errorf("an addition passes the pause: %+v", e)
			}
		}
	})
}

// Of a contact that must not be profiled a place that was planned is cancelled; that it loses one is sent.
func TestRemovalsAreNotWithheld(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.plan("1", membership("1", false))
		b.plan("2", membership("2", true))
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{unprofiled("1", true), unprofiled("2", true)}))
		for key, want := range map[string]workflows.EntryState{"contact/1/list/11": workflows.StateReady, "contact/2/list/11": workflows.StateCancelled} {
			if e := b.entry(key); e.State != want {
				b.Errorf("%s is %s, want %s", key, e.State, want)
			}
		}
	})
}

// The survivor of a merge has the places of both.
func TestSurvivorInheritsAudiences(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		place := func(id, list string) workflows.Membership {
			return workflows.Membership{List: list, Key: "contact/" + id + "/list/" + list}
		}
		state := func(id connector.ObjectID, o workflows.Outreach) workflows.Decided {
			return workflows.Decided{ID: id, Objects: []connector.Object{person(id, 0)}, State: workflows.LeadState{Root: id, Outreach: o}}
		}
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{
			state("1", workflows.Outreach{Addressed: true, Audiences: map[string]workflows.Membership{"best": place("1", "12"), "nurture": place("1", "11")}}),
			state("2", workflows.Outreach{Audiences: map[string]workflows.Membership{"best": place("2", "12")}}),
		}))
		b.merged()
		want := workflows.Outreach{Addressed: true, Audiences: map[string]workflows.Membership{"best": place("2", "12"), "nurture": place("1", "11")}}
		if diff := cmp.Diff(want, b.lead("2").State.Outreach); diff != "" {
			b.Errorf("(-want +got):\n%s", diff)
		}
	})
}
